-- Settles finished jobs, then claims the next ones: one atomic step.
--
-- Payloads and documents are opaque here: nothing is decoded or encoded again.
--
-- KEYS  1..3  the lanes, most urgent first: problems:high problems problems:low
--       4     inflight   HASH  token -> payload
--       5     leases     ZSET  token -> end of the lease (ms, Redis's time), or
--                        2^50 + due time for a scheduled job
--       6     history    HASH  uid -> failed attempts, JSON objects with commas between
--       7     dead       HASH  id -> dead letter
--       8     dead:payload HASH id -> payload
--       9     stats:{hour} HASH minute -> completed + dead * 2^32
--
-- ARGV  1 want       how many jobs to claim at most; 0 claims nothing
--       2 cap        how many jobs may be leased in the whole system
--       3 lease_ms   how long a lease lasts
--       4 nonce      names the claims of this call; no colon in it
--       5 minute     field of the statistics
--       6..          settlements, each a kind, a token and the kind's own arguments:
--         complete    token key ttl_s document index_key summary archive_key   ("" for no list)
--         dead_letter token key ttl_s document id letter
--         retry       token delay_ms entry   due after the delay; the attempt counts
--         release     token                  to its old place; the attempt does not count
--         isolate     token                  due at once, and alone; the attempt does not count
--         snooze      token delay_ms         due after the delay; the attempt does not count,
--                                            and earlier failed attempts stay
--
-- Returns  { status, { token, payload, failed attempts, ... } }
--   status "more"     the lists may hold more
--          "drained"  fewer than wanted: the lane they came from is empty now
--          "empty"    no job was waiting
--          "capacity" as many jobs as allowed are leased already
--          "paused"
--
-- Commands  EVAL 1; n completed: HDEL, ZREM, n SET (and 2 a list that one of them
-- is noted in); statistics 1 (and 1 more in a new minute); a claim 2 when there is
-- nothing, 5 when there is something. A settlement whose token is not leased any
-- more changes nothing: the job was settled before, or another Worker holds it.

local lanes = { high = KEYS[1], normal = KEYS[2], low = KEYS[3] }
local lane_of_key = { [KEYS[1]] = 'high', [KEYS[2]] = 'normal', [KEYS[3]] = 'low' }
local inflight, leases, history = KEYS[4], KEYS[5], KEYS[6]
-- A Lua call takes a few thousand arguments at most. With more, it would fail
-- only after the jobs have left their lane.
local want = math.min(tonumber(ARGV[1]), 1000)
local cap, lease_ms = tonumber(ARGV[2]), tonumber(ARGV[3])

-- Scheduled jobs do not run and must not count as running. So their scores are
-- this much higher than those of leases.
local SCHEDULED = 2 ^ 50

local clock, instant
local function now()
  if not clock then
    local time = redis.call('TIME')
    clock = time[1] * 1000 + math.floor(time[2] / 1000)
    instant = time[1] .. '-' .. time[2]
  end
  return clock
end

-- Contains Redis's microsecond: a call that is sent again with its old nonce must
-- not overwrite what it claimed the first time.
local function claim_name()
  now()
  return ARGV[4] .. '-' .. instant
end

-- tostring() would write large numbers with an exponent.
local function whole(number) return string.format('%.0f', number) end

-- A token is attempt[!].lane.uid[:claim]; "!" marks an isolated job. No two claims
-- make the same token, so no Worker settles what another one holds.
local function parse(token)
  local attempt, mark, lane, uid = string.match(token, '^(%d+)(!?)%.(%a+)%.([^:]+)')
  return tonumber(attempt), mark, lane, uid
end

local function release(token)
  redis.call('HDEL', inflight, token)
  return redis.call('ZREM', leases, token) == 1
end

local function forget_failures(token)
  local attempt, _, _, uid = parse(token)
  if attempt > 1 then redis.call('HDEL', history, uid) end
end

-- 1. Settle ------------------------------------------------------------------

local arguments = { complete = 8, dead_letter = 7, retry = 4, release = 2, isolate = 2, snooze = 3 }
local settled = { complete = {}, dead_letter = {}, retry = {}, release = {}, isolate = {}, snooze = {} }
local completed, dead = 0, 0
local at = 6
while at <= #ARGV do
  local kind = ARGV[at]
  table.insert(settled[kind], at)
  at = at + arguments[kind]
end

if #settled.complete > 0 then
  local tokens = {}
  for i, op in ipairs(settled.complete) do tokens[i] = ARGV[op + 1] end
  local all_ours = redis.call('HDEL', inflight, unpack(tokens)) == #tokens
  if all_ours then redis.call('ZREM', leases, unpack(tokens)) end
  local lists, notes = {}, {}
  local function note(list, item, ttl, most)
    if list == '' then return end
    if not notes[list] then
      notes[list] = { ttl = ttl, most = most }
      table.insert(lists, list)
    end
    table.insert(notes[list], item)
  end
  for i, op in ipairs(settled.complete) do
    if all_ours or redis.call('ZREM', leases, tokens[i]) == 1 then
      completed = completed + 1
      forget_failures(tokens[i])
      local key, ttl = ARGV[op + 2], ARGV[op + 3]
      redis.call('SET', key, ARGV[op + 4], 'NX', 'EX', ttl)
      note(ARGV[op + 5], ARGV[op + 6], ttl, 100)
      note(ARGV[op + 7], key, ttl, 10000)
    end
  end
  for _, list in ipairs(lists) do
    local new = notes[list]
    local length = redis.call('LPUSH', list, unpack(new))
    redis.call('EXPIRE', list, new.ttl)
    -- Trimmed only when 20 % too long; readers ask for the newest only.
    if length > new.most * 1.2 then redis.call('LTRIM', list, 0, new.most - 1) end
  end
end

for _, op in ipairs(settled.dead_letter) do
  local token = ARGV[op + 1]
  local payload = redis.call('HGET', inflight, token)
  if payload and release(token) then
    dead = dead + 1
    forget_failures(token)
    redis.call('SET', ARGV[op + 2], ARGV[op + 4], 'NX', 'EX', ARGV[op + 3])
    redis.call('HSET', KEYS[7], ARGV[op + 5], ARGV[op + 6])
    redis.call('HSET', KEYS[8], ARGV[op + 5], payload)
  end
end

for _, op in ipairs(settled.retry) do
  local token, entry = ARGV[op + 1], ARGV[op + 3]
  local ends = redis.call('ZSCORE', leases, token)
  -- A score in the upper range means that this retry was settled before.
  if ends and tonumber(ends) < SCHEDULED then
    local _, _, _, uid = parse(token)
    local before = redis.call('HGET', history, uid)
    redis.call('HSET', history, uid, before and (before .. ',' .. entry) or entry)
    redis.call('ZADD', leases, whole(SCHEDULED + now() + tonumber(ARGV[op + 2])), token)
  end
end

-- Schedules a job anew; the attempt does not count. Without `mark` an isolated job
-- stays isolated.
local function reschedule(token, mark, due)
  local payload = redis.call('HGET', inflight, token)
  if not payload then return end
  local attempt, old_mark, lane, uid = parse(token)
  release(token)
  local again = whole(attempt - 1) .. (mark or old_mark) .. '.' .. lane .. '.' .. uid
  redis.call('HSET', inflight, again, payload)
  redis.call('ZADD', leases, whole(due), again)
end

-- From the youngest to the oldest, so that the oldest is the next to be claimed.
for i = #settled.release, 1, -1 do
  local token = ARGV[settled.release[i] + 1]
  local attempt, mark, lane = parse(token)
  if attempt > 1 or mark ~= '' then
    -- A list cannot hold an attempt number, so the job stays leased, due at once.
    reschedule(token, nil, now())
  else
    local payload = redis.call('HGET', inflight, token)
    if payload then
      release(token)
      redis.call('RPUSH', lanes[lane], payload)
    end
  end
end

for _, op in ipairs(settled.isolate) do reschedule(ARGV[op + 1], '!', now()) end

for _, op in ipairs(settled.snooze) do
  reschedule(ARGV[op + 1], nil, SCHEDULED + now() + tonumber(ARGV[op + 2]))
end

if completed + dead > 0 then
  local counted = completed + dead * 2 ^ 32
  local sum = redis.call('HINCRBY', KEYS[9], ARGV[5], whole(counted))
  if sum == counted then redis.call('EXPIRE', KEYS[9], 7200) end
end

-- 2. Claim -------------------------------------------------------------------

if want == 0 then return { 'more', {} } end

local leased = redis.call('ZRANGE', leases, 0, cap, 'WITHSCORES')
if leased[1] == 'paused' then return { 'paused', {} } end

local running, due = 0, {}
local last = 0
for i = 1, #leased, 2 do
  last = tonumber(leased[i + 1])
  local scheduled = last >= SCHEDULED
  if last - (scheduled and SCHEDULED or 0) <= now() then
    table.insert(due, leased[i])
  elseif not scheduled then
    running = running + 1
  end
end

-- More leases than were read: count the rest.
if #leased / 2 > cap and last < SCHEDULED then
  running = redis.call('ZCOUNT', leases, '(' .. whole(now()), '(' .. whole(SCHEDULED))
end

local room = math.min(want, cap - running)
if room <= 0 then return { 'capacity', {} } end

local jobs, fields, scores = {}, {}, {}
local function lease(token, payload, failures)
  for _, value in ipairs({ token, payload, failures }) do table.insert(jobs, value) end
  for _, value in ipairs({ token, payload }) do table.insert(fields, value) end
  for _, value in ipairs({ whole(now() + lease_ms), token }) do table.insert(scores, value) end
end

local isolated = false
for _, old in ipairs(due) do
  local attempt, mark, lane, uid = parse(old)
  local alone = mark ~= '' or attempt > 0
  -- A job that may have brought its Worker down is claimed alone.
  if #jobs >= room * 3 or isolated or (alone and #jobs > 0) then break end
  local payload = redis.call('HGET', inflight, old)
  release(old)
  if payload then
    local failures = attempt > 0 and redis.call('HGET', history, uid) or ''
    local token = whole(attempt + 1) .. (alone and '!' or '') .. '.' .. lane .. '.' .. uid
    lease(token .. ':' .. claim_name(), payload, failures or '')
    isolated = alone
  end
end

local status = 'more'
local missing = room - #jobs / 3
if missing > 0 and not isolated then
  local popped = redis.call('LMPOP', 3, KEYS[1], KEYS[2], KEYS[3], 'RIGHT', 'COUNT', missing)
  if popped then
    local lane = lane_of_key[popped[1]]
    for i, payload in ipairs(popped[2]) do
      lease('1.' .. lane .. '.' .. claim_name() .. '-' .. i, payload, '')
    end
    if #popped[2] < missing then status = 'drained' end
  elseif #jobs == 0 then
    status = 'empty'
  else
    status = 'drained'
  end
end

if #jobs > 0 then
  redis.call('HSET', inflight, unpack(fields))
  redis.call('ZADD', leases, unpack(scores))
end
return { status, jobs }
