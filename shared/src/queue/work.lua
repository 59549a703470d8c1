-- Settles finished jobs, then claims the next ones: one atomic step.
--
-- Payloads and documents are opaque here: nothing is decoded or encoded again.
-- A job is written to its new place before it is deleted from its old one: Redis
-- may refuse a write at any point, and then the job is still where it was.
--
-- KEYS  1..3  the lanes, most urgent first: problems:high problems problems:low
--       4     inflight   HASH  token -> payload
--       5     leases     ZSET  token -> end of the lease (ms, Redis's time), or
--                        2^50 + due time for a scheduled job; before them, below
--                        zero, paused and catalog -> the stamp of the problems
--       6     history    HASH  uid -> failed attempts, JSON objects with commas between
--       7     dead       HASH  id -> dead letter
--       8     dead:payload HASH id -> payload
--       9     statistics:{hour} STRING of 32-bit counters; statistics.rs names them
--       10    deliveries ZSET  delivery -> due time (ms, Redis's time)
--       11    catalog    HASH  problem id -> entry
--
-- ARGV  1 want       how many jobs to claim at most; 0 claims nothing
--       2 cap        how many jobs may be leased in the whole system
--       3 lease_ms   how long a lease lasts
--       4 nonce      names the claims of this call; no colon and no hyphen in it
--       5 commands   how many commands the Worker made that are not counted yet
--       6 counter    of the commands of this minute; that of the hour is #0
--       7 options    words: "again" when the call was sent before and its answer was
--                    lost, "low" when this claim takes from the lane low first,
--                    "urgent" when it takes nothing from there, "others" when it is to
--                    be told how many jobs other Workers find
--       8 stamp      under which the Worker knows problems, or ""
--       9 ids        of those problems, with a space before and behind each
--       10 lasting   lists whose end need not be moved on, in the same way
--       11 list_ttl_s how long a list is stored from when its end is moved on
--       12..         settlements, each a kind, a token and the kind's own arguments.
--                    counters: what it is counted in, with spaces between: #8 is raised by
--                    1, #9+250 by 250; delivery: who is told of the end, or ""
--         complete    token key ttl_s document index_key summary archive_key counters
--                     delivery   ("" for no list)
--         replace     the same; the document takes the place of an earlier result
--         dead_letter token key ttl_s document id letter counters delivery   ("" for no
--                    key: the earlier result of a rejudged job stays)
--         retry       token delay_ms entry   due after the delay; the attempt counts
--         release     token                  to its old place; the attempt does not count
--         continue    token payload          due at once, with the new payload; the attempt
--                                            does not count
--         isolate     token                  due at once, and alone; the attempt does not count
--         snooze      token delay_ms         due after the delay; the attempt does not count
--
-- Returns  { status, { token, payload, failed attempts, ... }, stamp, { problem id,
--            entry or nothing, ... }, { list, ... }, commands, made, others }
--   status "more"     the lists may hold more
--          "drained"  fewer than wanted: the lane they came from is empty now
--          "empty"    no job was waiting
--          "capacity" as many jobs as allowed are leased already
--          "paused"
--   stamp: of the problems, where there are jobs; "0" where none was changed yet
--   entries: of the jobs' problems that the Worker does not know under this stamp, as
--            far as their ids stand where Job::encode writes them
--   lists: those whose end was moved on
--   commands: how many of ARGV 5 and of this call are not counted yet
--   made: how many this call made, itself among them
--   others: how many further jobs of the lane of these could be leased at once; 0
--           without "others"
--   or an error, when Redis refused a result, a dead letter or a retry. Then those
--   before it are settled, and all others are leased as they were.
--
-- With "again", the jobs that the same nonce has claimed and still holds are
-- returned, if there are any, and nothing else is claimed.
--
-- Jobs of which one answer has enough, after 2 MB of payloads, stay in their lane, and the
-- status is "more".
--
-- The lane low gets at most half of the cap, so that jobs of the other lanes always
-- find room soon, and its jobs that are due again come after the other lanes. A
-- scheduled submission that falls due goes to the end of its lane.
--
-- Commands  EVALSHA 1; n completed: HDEL, ZREM, n SET (and 1 a list that one of them is
-- noted in, 1 where its end is moved on, 1 where one replaces a result, 2 a delivery);
-- statistics 1 (and 1 more in a new hour); a claim 2 when there is nothing, 5 when there
-- is something, 1 where the Worker does not know a job's problem; 4 for all
-- submissions of a lane that fall due; 1 while less than `want` is left of the
-- share of the lane low, or a job of it is due again; 1 with "others", where the cap has
-- room for others; 1 for each job that stays because of its size. A settlement whose token is not
-- leased any more changes nothing: the job was settled before, or another Worker holds it.

-- Upstash bills each call of Redis, so they are counted.
local server, calls = redis, 0
local function counting(name)
  return function(...) calls = calls + 1 return server[name](...) end
end
local redis = { call = counting('call'), pcall = counting('pcall') }

local lanes = { high = KEYS[1], normal = KEYS[2], low = KEYS[3] }
local lane_of_key = { [KEYS[1]] = 'high', [KEYS[2]] = 'normal', [KEYS[3]] = 'low' }
local inflight, leases, history, deliveries = KEYS[4], KEYS[5], KEYS[6], KEYS[10]
-- A Lua call takes a few thousand arguments at most. With more, it would fail
-- only after the jobs have left their lane.
local want = math.min(tonumber(ARGV[1]), 1000)
local cap, lease_ms, nonce = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local asked_again = string.find(ARGV[7], 'again', 1, true)
local low_first = string.find(ARGV[7], 'low', 1, true)
local urgent = string.find(ARGV[7], 'urgent', 1, true)
local asks_others = string.find(ARGV[7], 'others', 1, true)

-- Scheduled jobs do not run and must not count as running. So their scores are
-- this much higher than those of leases.
local SCHEDULED = 2 ^ 50

-- The bytes of payloads in one answer, beyond the first one's: a Worker has little memory,
-- and reads an answer whole.
local MOST_BYTES = 2000000

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
local function claim_name(number)
  now()
  return nonce .. '-' .. instant .. '-' .. number
end

-- tostring() would write large numbers with an exponent.
local function whole(number) return string.format('%.0f', number) end

-- A token is attempt[!].lane.uid[:claim]; "!" marks an isolated job. No two claims
-- make the same token, so no Worker settles what another one holds.
local function parse(token)
  local attempt, mark, lane, uid = string.match(token, '^(%d+)(!?)%.(%a+)%.([^:]+)')
  return tonumber(attempt), mark, lane, uid
end

-- The uid of a scheduled submission that was never claimed is its id; any other
-- is the name of a claim, which has hyphens.
local function never_claimed(token)
  local attempt, mark, _, uid = parse(token)
  return attempt == 0 and mark == '' and not string.find(uid, '-', 1, true)
end

-- The job's place among those that this nonce claimed, if it did. A token without
-- a claim that is on its first attempt is named by its uid.
local function place_in_claim(token)
  local name = string.match(token, ':(.+)$') or string.match(token, '^1%.%a+%.(.+)$')
  if name and string.sub(name, 1, #nonce + 1) == nonce .. '-' then
    return tonumber(string.match(name, '%d+$'))
  end
end

-- Makes a write that Redis may refuse. Returns the refusal, if it is one.
local function refusal(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then return reply end
end

-- The same for bytes that only change their place. A full Redis refuses the first
-- write of a script if it could need memory, but not one that follows a write that
-- cannot, such as this HDEL of nothing.
local function move(...)
  local refused = refusal(...)
  if refused then
    redis.pcall('HDEL', inflight, '')
    refused = refusal(...)
  end
  return refused
end

local function release(token)
  redis.call('HDEL', inflight, token)
  redis.call('ZREM', leases, token)
end

local function forget_failures(token)
  local attempt, _, _, uid = parse(token)
  if attempt > 1 then redis.call('HDEL', history, uid) end
end

-- 1. Settle ------------------------------------------------------------------

-- include settle.lua

-- 2. Claim -------------------------------------------------------------------

local stamp = '0'

-- What stands in the first bytes of a payload is only asked for: the Worker goes by the
-- id that it reads itself.
local function unknown_problems(jobs)
  local ids, seen = {}, {}
  for i = 2, #jobs, 3 do
    local id = string.match(string.sub(jobs[i] or '', 1, 400), '"problemId"%s*:%s*"([%w._-]+)"')
    local known = id and stamp == ARGV[8] and string.find(ARGV[9], ' ' .. id .. ' ', 1, true)
    if id and not known and not seen[id] then
      seen[id] = true
      table.insert(ids, id)
    end
  end
  if #ids == 0 then return {} end
  -- The jobs are leased already: they must be returned whatever this comes to.
  local entries, found = redis.pcall('HMGET', KEYS[11], unpack(ids)), {}
  for i, id in ipairs(entries.err and {} or ids) do
    table.insert(found, id)
    table.insert(found, entries[i])
  end
  return found
end

local function answer(status, jobs, others)
  local entries = unknown_problems(jobs)
  stamp = #jobs > 0 and stamp or ''
  return { status, jobs, stamp, entries, moved_on, unreported(), calls + 1, others or 0 }
end

if want == 0 then return answer('more', {}) end

-- The two that are no jobs come before all others.
local leased = redis.call('ZRANGE', leases, 0, cap + 2, 'WITHSCORES')
local first = 1
local paused = leased[1] == 'paused'
if paused then first = 3 end
if leased[first] == 'catalog' then
  stamp = leased[first + 1]
  first = first + 2
end
local stop = math.min(#leased, first + 2 * cap + 1)

if asked_again then
  local mine, jobs = {}, {}
  for i = first, stop, 2 do
    local place, ends = place_in_claim(leased[i]), tonumber(leased[i + 1])
    if place and ends < SCHEDULED and ends > now() then
      table.insert(mine, { place = place, token = leased[i] })
    end
  end
  table.sort(mine, function(a, b) return a.place < b.place end)
  for _, job in ipairs(mine) do
    local attempt, _, _, uid = parse(job.token)
    local failures = attempt > 1 and redis.call('HGET', history, uid) or ''
    for _, value in ipairs({ job.token, redis.call('HGET', inflight, job.token), failures }) do
      table.insert(jobs, value)
    end
  end
  if #mine > 0 then return answer('more', jobs) end
end

if paused then return answer('paused', {}) end

local running, running_low, due, due_low, first_due = 0, 0, {}, false, {}
local last = 0
for i = first, stop, 2 do
  local token = leased[i]
  last = tonumber(leased[i + 1])
  local scheduled = last >= SCHEDULED
  local _, _, lane = parse(token)
  if last - (scheduled and SCHEDULED or 0) <= now() then
    if scheduled and never_claimed(token) then
      first_due[lane] = first_due[lane] or {}
      table.insert(first_due[lane], token)
    else
      table.insert(due, token)
      due_low = due_low or lane == 'low'
    end
  elseif not scheduled then
    running = running + 1
    if lane == 'low' then running_low = running_low + 1 end
  end
end

-- More leases than were read: count the rest.
if (stop - first + 1) / 2 > cap and last < SCHEDULED then
  running = redis.call('ZCOUNT', leases, '(' .. whole(now()), '(' .. whole(SCHEDULED))
end

local room = math.min(want, cap - running)
if room <= 0 then return answer('capacity', {}) end

for lane, tokens in pairs(first_due) do
  local payloads = {}
  for _, payload in ipairs(redis.call('HMGET', inflight, unpack(tokens))) do
    if payload then table.insert(payloads, payload) end
  end
  refused = #payloads > 0 and move('LPUSH', lanes[lane], unpack(payloads))
  if refused then return refused end
  redis.call('HDEL', inflight, unpack(tokens))
  redis.call('ZREM', leases, unpack(tokens))
end

local jobs, tokens, fields, scores = {}, {}, {}, {}
local function lease(prefix, payload, failures)
  local token = prefix .. claim_name(#tokens + 1)
  table.insert(tokens, token)
  for _, value in ipairs({ token, payload, failures }) do table.insert(jobs, value) end
  for _, value in ipairs({ token, payload }) do table.insert(fields, value) end
  for _, value in ipairs({ whole(now() + lease_ms), token }) do table.insert(scores, value) end
end

local low_room = urgent and 0 or math.max(math.floor(cap / 2), 1) - running_low
local isolated, old_tokens = false, {}
local function lease_due(is_wanted)
  for _, old in ipairs(due) do
    local attempt, mark, lane, uid = parse(old)
    if is_wanted(lane) and (lane ~= 'low' or low_room > 0) then
      local alone = mark ~= '' or attempt > 0
      -- A job that may have brought its Worker down is claimed alone.
      if #tokens >= room or isolated or (alone and #tokens > 0) then return end
      local payload = redis.call('HGET', inflight, old)
      table.insert(old_tokens, old)
      if payload then
        local failures = attempt > 0 and redis.call('HGET', history, uid) or ''
        lease(whole(attempt + 1) .. (alone and '!' or '') .. '.' .. lane .. '.' .. uid .. ':', payload, failures or '')
        isolated = alone
        if lane == 'low' then low_room = low_room - 1 end
      end
    end
  end
end

local popped, asked
local function lease_waiting(count, ...)
  if popped or isolated or count <= 0 then return end
  local names = { ... }
  asked = count
  for _, word in ipairs({ 'RIGHT', 'COUNT', count }) do table.insert(names, word) end
  popped = redis.call('LMPOP', #names - 3, unpack(names))
  if not popped then return end
  local lane, bytes, fitting = lane_of_key[popped[1]], 0, 0
  for i, payload in ipairs(popped[2]) do
    bytes = bytes + #payload
    if i == 1 or bytes <= MOST_BYTES then fitting = i end
  end
  -- What is too much for one answer goes back to where it was.
  for i = #popped[2], fitting + 1, -1 do
    if move('RPUSH', popped[1], popped[2][i]) then break end
    popped[2][i], asked = nil, i - 1
  end
  for _, payload in ipairs(popped[2]) do lease('1.' .. lane .. '.', payload, '') end
end

local function missing() return room - #tokens end
local function low_missing() return math.min(missing(), low_room) end

if low_first then
  lease_due(function() return true end)
  if low_room < missing() then
    lease_waiting(low_missing(), KEYS[3])
    lease_waiting(missing(), KEYS[1], KEYS[2])
  else
    lease_waiting(missing(), KEYS[3], KEYS[1], KEYS[2])
  end
else
  lease_due(function(lane) return lane ~= 'low' end)
  if due_low or low_room < missing() then
    lease_waiting(missing(), KEYS[1], KEYS[2])
    if not popped then lease_due(function(lane) return lane == 'low' end) end
    lease_waiting(low_missing(), KEYS[3])
  else
    lease_waiting(missing(), KEYS[1], KEYS[2], KEYS[3])
  end
end

local status, others = 'more', 0
if popped then
  if #popped[2] < asked then
    status = 'drained'
  elseif asks_others then
    local spare = cap - running - #tokens
    if popped[1] == KEYS[3] then spare = math.min(spare, low_room - #popped[2]) end
    others = spare > 0 and math.min(spare, redis.call('LLEN', popped[1])) or 0
  end
elseif missing() > 0 and not isolated then
  status = #tokens > 0 and 'drained' or low_room > 0 and 'empty' or 'capacity'
end

if #tokens > 0 then
  refused = move('ZADD', leases, unpack(scores)) or move('HSET', inflight, unpack(fields))
  if refused then
    redis.call('ZREM', leases, unpack(tokens))
    for i = popped and #popped[2] or 0, 1, -1 do move('RPUSH', popped[1], popped[2][i]) end
    return refused
  end
end
if #old_tokens > 0 then
  redis.call('HDEL', inflight, unpack(old_tokens))
  redis.call('ZREM', leases, unpack(old_tokens))
end
return answer(status, jobs, others)
