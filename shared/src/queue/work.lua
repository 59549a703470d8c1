-- Settles finished jobs, then claims the next ones: one atomic step.
--
-- Payloads and documents are opaque here: nothing is decoded or encoded again.
-- A job is written to its new place before it is deleted from its old one: Redis
-- may refuse a write at any point, and then the job is still where it was.
--
-- KEYS  1..3  the lanes, most urgent first: problems:high problems problems:low
--       4     inflight   HASH  token -> payload
--       5     leases     ZSET  token -> end of the lease (ms, Redis's time), or
--                        2^50 + due time for a scheduled job
--       6     history    HASH  uid -> failed attempts, JSON objects with commas between
--       7     dead       HASH  id -> dead letter
--       8     dead:payload HASH id -> payload
--       9     statistics:{hour} STRING of 32-bit counters; statistics.rs names them
--
-- ARGV  1 want       how many jobs to claim at most; 0 claims nothing
--       2 cap        how many jobs may be leased in the whole system
--       3 lease_ms   how long a lease lasts
--       4 nonce      names the claims of this call; no colon and no hyphen in it
--       5 commands   how many commands the Worker made that are not counted yet
--       6 counter    of the commands of this minute; that of the hour is #0
--       7 options    words: "again" when the call was sent before and its answer was
--                    lost, "low" when this claim takes from the lane low first,
--                    "urgent" when it takes nothing from there
--       8..          settlements, each a kind, a token and the kind's own arguments.
--                    counters: what it is counted in, with spaces between: #8 is raised by
--                    1, #9+250 by 250
--         complete    token key ttl_s document index_key summary archive_key counters
--                     ("" for no list)
--         replace     the same; the document takes the place of an earlier result
--         dead_letter token key ttl_s document id letter counters   ("" for no key: the
--                    earlier result of a rejudged job stays)
--         retry       token delay_ms entry   due after the delay; the attempt counts
--         release     token                  to its old place; the attempt does not count
--         continue    token payload          due at once, with the new payload; the attempt
--                                            does not count
--         isolate     token                  due at once, and alone; the attempt does not count
--         snooze      token delay_ms         due after the delay; the attempt does not count
--
-- Returns  { status, { token, payload, failed attempts, ... }, commands, made }
--   status "more"     the lists may hold more
--          "drained"  fewer than wanted: the lane they came from is empty now
--          "empty"    no job was waiting
--          "capacity" as many jobs as allowed are leased already
--          "paused"
--   commands: how many of ARGV 5 and of this call are not counted yet
--   made: how many this call made, itself among them
--   or an error, when Redis refused a result, a dead letter or a retry. Then those
--   before it are settled, and all others are leased as they were.
--
-- With "again", the jobs that the same nonce has claimed and still holds are
-- returned, if there are any, and nothing else is claimed.
--
-- The lane low gets at most half of the cap, so that jobs of the other lanes always
-- find room soon, and its jobs that are due again come after the other lanes. A
-- scheduled submission that falls due goes to the end of its lane.
--
-- Commands  EVAL 1; n completed: HDEL, ZREM, n SET (and 2 a list that one of them
-- is noted in, 1 where one replaces a result); statistics 1 (and 1 more in a new
-- hour); a claim 2 when there is nothing, 5 when there is something; 4 for all
-- submissions of a lane that fall due; 1 while less than `want` is left of the
-- share of the lane low, or a job of it is due again. A settlement whose token is not
-- leased any more changes nothing: the job was settled before, or another Worker holds it.

-- Upstash bills each call of Redis, so they are counted.
local server, calls = redis, 0
local function counting(name)
  return function(...) calls = calls + 1 return server[name](...) end
end
local redis = { call = counting('call'), pcall = counting('pcall') }

local lanes = { high = KEYS[1], normal = KEYS[2], low = KEYS[3] }
local lane_of_key = { [KEYS[1]] = 'high', [KEYS[2]] = 'normal', [KEYS[3]] = 'low' }
local inflight, leases, history = KEYS[4], KEYS[5], KEYS[6]
-- A Lua call takes a few thousand arguments at most. With more, it would fail
-- only after the jobs have left their lane.
local want = math.min(tonumber(ARGV[1]), 1000)
local cap, lease_ms, nonce = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local asked_again = string.find(ARGV[7], 'again', 1, true)
local low_first = string.find(ARGV[7], 'low', 1, true)
local urgent = string.find(ARGV[7], 'urgent', 1, true)

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

local arguments = { complete = 9, replace = 9, dead_letter = 8, retry = 4, release = 2, continue = 3, isolate = 2, snooze = 3 }
local settled = { complete = {}, dead_letter = {}, retry = {}, release = {}, continue = {}, isolate = {}, snooze = {} }
settled.replace = settled.complete
local ended, at = {}, 8 -- the counters of each job that came to its end
while at <= #ARGV do
  local kind = ARGV[at]
  table.insert(settled[kind], at)
  at = at + arguments[kind]
end

-- Lists are only indexes of results: one that cannot be written, because its key
-- has another type, keeps no job from its end.
local function note_all(lists, notes)
  for _, list in ipairs(lists) do
    local new = notes[list]
    local length = redis.pcall('LPUSH', list, unpack(new))
    if type(length) == 'number' then
      redis.call('EXPIRE', list, new.ttl)
      -- Trimmed only when 20 % too long; readers ask for the newest only.
      if length > new.most * 1.2 then redis.call('LTRIM', list, 0, new.most - 1) end
    end
  end
end

-- Results are stored before it is known whether this Worker still holds the jobs:
-- HDEL tells it for nothing. What was stored for a job of another Worker is deleted
-- again, unseen. Where that cannot undo it, ZMSCORE asks before: a result that was
-- replaced would be gone, and of two jobs with one id the other may be this Worker's.
local function complete_all()
  local ask, keys, tokens = false, {}, {}
  for i, op in ipairs(settled.complete) do
    tokens[i] = ARGV[op + 1]
    ask = ask or ARGV[op] == 'replace' or keys[ARGV[op + 2]]
    keys[ARGV[op + 2]] = true
  end
  local held = ask and redis.call('ZMSCORE', leases, unpack(tokens))
  local refused
  local tried, stored = {}, {}
  tokens = {}
  for i, op in ipairs(settled.complete) do
    if not ask or held[i] then
      local set = { 'SET', ARGV[op + 2], ARGV[op + 4], 'EX', ARGV[op + 3] }
      if ARGV[op] == 'complete' then table.insert(set, 'NX') end
      local reply = redis.pcall(unpack(set))
      if reply and reply.err then
        refused = reply
        break
      end
      table.insert(tried, op)
      table.insert(tokens, ARGV[op + 1])
      stored[op] = reply
    end
  end
  if #tried == 0 then return refused end
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
  for i, op in ipairs(tried) do
    local key, ttl = ARGV[op + 2], ARGV[op + 3]
    if all_ours or redis.call('ZREM', leases, tokens[i]) == 1 then
      table.insert(ended, ARGV[op + 8])
      forget_failures(tokens[i])
      if stored[op] then
        note(ARGV[op + 5], ARGV[op + 6], ttl, 100)
        note(ARGV[op + 7], key, ttl, 10000)
      end
    elseif stored[op] then
      redis.call('DEL', key)
    end
  end
  note_all(lists, notes)
  return refused
end

local function dead_letter_all()
  for _, op in ipairs(settled.dead_letter) do
    local token, key, id = ARGV[op + 1], ARGV[op + 2], ARGV[op + 5]
    local payload = redis.call('HGET', inflight, token)
    if payload then
      local stored = key == '' or redis.pcall('SET', key, ARGV[op + 4], 'NX', 'EX', ARGV[op + 3])
      if type(stored) == 'table' and stored.err then return stored end
      -- Where there is a result already, the job has its end.
      if stored then
        local refused = refusal('HSET', KEYS[7], id, ARGV[op + 6]) or refusal('HSET', KEYS[8], id, payload)
        if refused then
          redis.call('HDEL', KEYS[7], id)
          if key ~= '' then redis.call('DEL', key) end
          return refused
        end
        table.insert(ended, ARGV[op + 7])
      end
      release(token)
      forget_failures(token)
    end
  end
end

-- The commands that were made until now, this call among them, and are not counted.
local reported = 0
local function unreported() return tonumber(ARGV[5]) + 1 + calls - reported end
local function count_ends()
  if #ended == 0 then return end
  local commands = unreported() + 1
  local sums = { [ARGV[6]] = commands }
  for _, offsets in ipairs(ended) do
    for counter, by in string.gmatch(offsets, '(#%d+)%+?(%d*)') do
      sums[counter] = (sums[counter] or 0) + (tonumber(by) or 1)
    end
  end
  local bitfield = { 'BITFIELD', KEYS[9], 'INCRBY', 'u32', '#0', whole(commands) }
  for counter, sum in pairs(sums) do
    for _, word in ipairs({ 'INCRBY', 'u32', counter, whole(sum) }) do table.insert(bitfield, word) end
  end
  local counted = redis.pcall(unpack(bitfield))
  if counted.err then return end
  reported = commands
  -- The first call of the hour. A day is summed up by hours.
  if counted[1] == commands then redis.call('EXPIRE', KEYS[9], 93600) end
end

local refused = #settled.complete > 0 and complete_all() or dead_letter_all()
count_ends()
if refused then return refused end

for _, op in ipairs(settled.retry) do
  local token, entry = ARGV[op + 1], ARGV[op + 3]
  local ends = redis.call('ZSCORE', leases, token)
  -- A score in the upper range means that this retry was settled before.
  if ends and tonumber(ends) < SCHEDULED then
    local _, _, _, uid = parse(token)
    redis.call('ZADD', leases, whole(SCHEDULED + now() + tonumber(ARGV[op + 2])), token)
    local before = redis.call('HGET', history, uid)
    redis.call('HSET', history, uid, before and (before .. ',' .. entry) or entry)
  end
end

-- Schedules a job anew, with a new payload if one is given; the attempt does not
-- count. Without `mark` an isolated job stays isolated. Returns the refusal, if any.
local function reschedule(token, mark, due, new_payload)
  local payload = redis.call('HGET', inflight, token)
  if not payload then return end
  payload = new_payload or payload
  local attempt, old_mark, lane, uid = parse(token)
  local again = whole(attempt - 1) .. (mark or old_mark) .. '.' .. lane .. '.' .. uid
  local refused = move('ZADD', leases, whole(due), again) or move('HSET', inflight, again, payload)
  release(refused and again or token)
  return refused
end

-- To the end of its list that is claimed next.
local function return_to_lane(token, lane)
  local payload = redis.call('HGET', inflight, token)
  if not payload then return end
  local refused = move('RPUSH', lanes[lane], payload)
  if not refused then release(token) end
  return refused
end

-- From the youngest to the oldest, so that the oldest is the next to be claimed.
for i = #settled.release, 1, -1 do
  local token = ARGV[settled.release[i] + 1]
  local attempt, mark, lane = parse(token)
  if attempt > 1 or mark ~= '' then
    -- A list cannot hold an attempt number, so the job stays leased, due at once.
    refused = reschedule(token, nil, now())
  else
    refused = return_to_lane(token, lane)
  end
  if refused then return refused end
end

for _, op in ipairs(settled.continue) do
  refused = reschedule(ARGV[op + 1], nil, now(), ARGV[op + 2])
  if refused then return refused end
end

for _, op in ipairs(settled.isolate) do
  refused = reschedule(ARGV[op + 1], '!', now())
  if refused then return refused end
end

for _, op in ipairs(settled.snooze) do
  refused = reschedule(ARGV[op + 1], nil, SCHEDULED + now() + tonumber(ARGV[op + 2]))
  if refused then return refused end
end

-- 2. Claim -------------------------------------------------------------------

if want == 0 then return { 'more', {}, unreported(), calls + 1 } end

local leased = redis.call('ZRANGE', leases, 0, cap, 'WITHSCORES')

if asked_again then
  local mine, jobs = {}, {}
  for i = 1, #leased, 2 do
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
  if #mine > 0 then return { 'more', jobs, unreported(), calls + 1 } end
end

if leased[1] == 'paused' then return { 'paused', {}, unreported(), calls + 1 } end

local running, running_low, due, due_low, first_due = 0, 0, {}, false, {}
local last = 0
for i = 1, #leased, 2 do
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
if #leased / 2 > cap and last < SCHEDULED then
  running = redis.call('ZCOUNT', leases, '(' .. whole(now()), '(' .. whole(SCHEDULED))
end

local room = math.min(want, cap - running)
if room <= 0 then return { 'capacity', {}, unreported(), calls + 1 } end

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
  local lane = lane_of_key[popped[1]]
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

local status = 'more'
if popped then
  if #popped[2] < asked then status = 'drained' end
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
return { status, jobs, unreported(), calls + 1 }
