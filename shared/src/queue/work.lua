-- Settles jobs that are finished, then claims the next ones: one atomic step.
--
-- Payloads and documents are opaque here: nothing is decoded or written anew.
--
-- KEYS  1..3  the lanes, most urgent first: problems:high problems problems:low
--       4     inflight   HASH  handle -> payload
--       5     leases     ZSET  handle -> when the lease ends (ms, Redis's time), or
--                        2^50 + when it is due for what waits for its time
--       6     history    HASH  uid -> what went wrong before, JSON objects with commas between
--       7     dead       HASH  id -> dead letter
--       8     dead:payload HASH id -> payload
--       9     stats:{hour} HASH minute -> done + failed * 2^32
--
-- ARGV  1 want       how many to claim at most; 0 claims nothing
--       2 cap        how many may be in flight in the whole system
--       3 lease_ms   how long a lease lasts
--       4 nonce      names the claims of this call; no colon in it
--       5 minute     field of the statistics
--       6..          settlements, each a kind, a handle and what the kind takes:
--         done  handle key ttl_s document index_key summary kept_key   ("" for no list)
--         dead  handle key ttl_s document id letter
--         retry handle delay_ms entry      not before then; the attempt counts
--         back  handle                     to its old place; the attempt does not count
--         alone handle                     at once and by itself; the attempt does not count
--         later handle delay_ms            not before then; the attempt does not count,
--                                          and what is known of earlier ones stays
--
-- Returns  { state, { handle, payload, history, ... } }
--   state  "open"   the lists may hold more
--          "short"  fewer than wanted: the lane they came from is empty now
--          "empty"  nothing was waiting
--          "full"   as many as allowed are in flight already
--          "paused"
--
-- Commands  EVAL 1; n settled as done: HDEL, ZREM, n SET (and 2 a list that one
-- of them is noted in); statistics 1 (and 1 more in a new minute); a claim 2 when there is
-- nothing, 5 when there is something. A settlement whose handle is not leased
-- any more changes nothing: it was settled before, or somebody else has the job.

local lanes = { high = KEYS[1], normal = KEYS[2], low = KEYS[3] }
local lane_of_key = { [KEYS[1]] = 'high', [KEYS[2]] = 'normal', [KEYS[3]] = 'low' }
local inflight, leases, history = KEYS[4], KEYS[5], KEYS[6]
-- Lua hands a command a few thousand arguments at most, and would find out only
-- after the jobs have left their lane.
local want = math.min(tonumber(ARGV[1]), 1000)
local cap, lease_ms = tonumber(ARGV[2]), tonumber(ARGV[3])

-- What waits for its time does not run and must not count as running. So it
-- stands this much higher, behind all leases.
local WAITING = 2 ^ 50

local clock, instant
local function now()
  if not clock then
    local time = redis.call('TIME')
    clock = time[1] * 1000 + math.floor(time[2] / 1000)
    instant = time[1] .. '-' .. time[2]
  end
  return clock
end

-- Redis's microsecond as well: a call that is sent again with its old nonce must
-- not overwrite what it claimed the first time.
local function mark_of_claim()
  now()
  return ARGV[4] .. '-' .. instant
end

-- tostring() would write large numbers with an exponent.
local function whole(number) return string.format('%.0f', number) end

-- A handle is attempt[!].lane.uid[:claim]; "!" asks to be run by itself. No two
-- claims give the same handle, so nobody settles what another one holds.
local function parse(handle)
  local attempt, mark, lane, uid = string.match(handle, '^(%d+)(!?)%.(%a+)%.([^:]+)')
  return tonumber(attempt), mark, lane, uid
end

local function release(handle)
  redis.call('HDEL', inflight, handle)
  return redis.call('ZREM', leases, handle) == 1
end

local function forget(handle)
  local attempt, _, _, uid = parse(handle)
  if attempt > 1 then redis.call('HDEL', history, uid) end
end

-- 1. Settle ------------------------------------------------------------------

local takes = { done = 8, dead = 7, retry = 4, back = 2, alone = 2, later = 3 }
local settled = { done = {}, dead = {}, retry = {}, back = {}, alone = {}, later = {} }
local done, dead = 0, 0
local at = 6
while at <= #ARGV do
  local kind = ARGV[at]
  table.insert(settled[kind], at)
  at = at + takes[kind]
end

if #settled.done > 0 then
  local handles = {}
  for i, op in ipairs(settled.done) do handles[i] = ARGV[op + 1] end
  local all_ours = redis.call('HDEL', inflight, unpack(handles)) == #handles
  if all_ours then redis.call('ZREM', leases, unpack(handles)) end
  local lists, notes = {}, {}
  local function note(list, item, ttl, most)
    if list == '' then return end
    if not notes[list] then
      notes[list] = { ttl = ttl, most = most }
      table.insert(lists, list)
    end
    table.insert(notes[list], item)
  end
  for i, op in ipairs(settled.done) do
    if all_ours or redis.call('ZREM', leases, handles[i]) == 1 then
      done = done + 1
      forget(handles[i])
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
    -- Trimmed now and then, not each time; a reader asks for the newest only.
    if length > new.most * 1.2 then redis.call('LTRIM', list, 0, new.most - 1) end
  end
end

for _, op in ipairs(settled.dead) do
  local handle = ARGV[op + 1]
  local payload = redis.call('HGET', inflight, handle)
  if payload and release(handle) then
    dead = dead + 1
    forget(handle)
    redis.call('SET', ARGV[op + 2], ARGV[op + 4], 'NX', 'EX', ARGV[op + 3])
    redis.call('HSET', KEYS[7], ARGV[op + 5], ARGV[op + 6])
    redis.call('HSET', KEYS[8], ARGV[op + 5], payload)
  end
end

for _, op in ipairs(settled.retry) do
  local handle, entry = ARGV[op + 1], ARGV[op + 3]
  local ends = redis.call('ZSCORE', leases, handle)
  -- In the upper range it has been settled so before.
  if ends and tonumber(ends) < WAITING then
    local _, _, _, uid = parse(handle)
    local before = redis.call('HGET', history, uid)
    redis.call('HSET', history, uid, before and (before .. ',' .. entry) or entry)
    redis.call('ZADD', leases, whole(WAITING + now() + tonumber(ARGV[op + 2])), handle)
  end
end

-- From the youngest to the oldest: the oldest ends up as the next to be taken.
for i = #settled.back, 1, -1 do
  local handle = ARGV[settled.back[i] + 1]
  local payload = redis.call('HGET', inflight, handle)
  if payload then
    local attempt, mark, lane, uid = parse(handle)
    release(handle)
    if attempt > 1 or mark ~= '' then
      -- A lane knows no attempts, so what has some stays leased, due at once.
      local again = whole(attempt - 1) .. mark .. '.' .. lane .. '.' .. uid
      redis.call('HSET', inflight, again, payload)
      redis.call('ZADD', leases, whole(now()), again)
    else
      redis.call('RPUSH', lanes[lane], payload)
    end
  end
end

-- Keeps a job leased, as one that has not had this attempt. Without a mark of its
-- own it keeps the one it has.
local function lay_again(handle, mark, when)
  local payload = redis.call('HGET', inflight, handle)
  if not payload then return end
  local attempt, old_mark, lane, uid = parse(handle)
  release(handle)
  local again = whole(attempt - 1) .. (mark or old_mark) .. '.' .. lane .. '.' .. uid
  redis.call('HSET', inflight, again, payload)
  redis.call('ZADD', leases, whole(when), again)
end

for _, op in ipairs(settled.alone) do lay_again(ARGV[op + 1], '!', now()) end

-- Lies among the leases then as a submission for later does.
for _, op in ipairs(settled.later) do
  lay_again(ARGV[op + 1], nil, WAITING + now() + tonumber(ARGV[op + 2]))
end

if done + dead > 0 then
  local counted = done + dead * 2 ^ 32
  local sum = redis.call('HINCRBY', KEYS[9], ARGV[5], whole(counted))
  if sum == counted then redis.call('EXPIRE', KEYS[9], 7200) end
end

-- 2. Claim -------------------------------------------------------------------

if want == 0 then return { 'open', {} } end

local leased = redis.call('ZRANGE', leases, 0, cap, 'WITHSCORES')
if leased[1] == 'paused' then return { 'paused', {} } end

local running, due = 0, {}
local last = 0
for i = 1, #leased, 2 do
  last = tonumber(leased[i + 1])
  local waits = last >= WAITING
  if last - (waits and WAITING or 0) <= now() then
    table.insert(due, leased[i])
  elseif not waits then
    running = running + 1
  end
end

-- More leases than were looked at: not all that run were among them.
if #leased / 2 > cap and last < WAITING then
  running = redis.call('ZCOUNT', leases, '(' .. whole(now()), '(' .. whole(WAITING))
end

local room = math.min(want, cap - running)
if room <= 0 then return { 'full', {} } end

local jobs, fields, scores = {}, {}, {}
local function lease(handle, payload, past)
  for _, value in ipairs({ handle, payload, past }) do table.insert(jobs, value) end
  for _, value in ipairs({ handle, payload }) do table.insert(fields, value) end
  for _, value in ipairs({ whole(now() + lease_ms), handle }) do table.insert(scores, value) end
end

local by_itself = false
for _, old in ipairs(due) do
  local attempt, mark, lane, uid = parse(old)
  local alone = mark ~= '' or attempt > 0
  -- What may have brought a Worker down is taken by itself.
  if #jobs >= room * 3 or by_itself or (alone and #jobs > 0) then break end
  local payload = redis.call('HGET', inflight, old)
  release(old)
  if payload then
    local past = attempt > 0 and redis.call('HGET', history, uid) or ''
    local handle = whole(attempt + 1) .. (alone and '!' or '') .. '.' .. lane .. '.' .. uid
    lease(handle .. ':' .. mark_of_claim(), payload, past or '')
    by_itself = alone
  end
end

local state = 'open'
local missing = room - #jobs / 3
if missing > 0 and not by_itself then
  local popped = redis.call('LMPOP', 3, KEYS[1], KEYS[2], KEYS[3], 'RIGHT', 'COUNT', missing)
  if popped then
    local lane = lane_of_key[popped[1]]
    for i, payload in ipairs(popped[2]) do
      lease('1.' .. lane .. '.' .. mark_of_claim() .. '-' .. i, payload, '')
    end
    if #popped[2] < missing then state = 'short' end
  elseif #jobs == 0 then
    state = 'empty'
  else
    state = 'short'
  end
end

if #jobs > 0 then
  redis.call('HSET', inflight, unpack(fields))
  redis.call('ZADD', leases, unpack(scores))
end
return { state, jobs }
