-- The first part of work.lua, which includes it and says what everything here is:
-- settles the jobs of its arguments.

local arguments = { complete = 10, replace = 10, dead_letter = 9, retry = 4, release = 2, continue = 3, isolate = 2, snooze = 3 }
local settled = { complete = {}, dead_letter = {}, retry = {}, release = {}, continue = {}, isolate = {}, snooze = {} }
settled.replace = settled.complete
-- The counters of each job that came to its end, and the lists that now live longer.
local ended, moved_on, at = {}, {}, 12
while at <= #ARGV do
  local kind = ARGV[at]
  table.insert(settled[kind], at)
  at = at + arguments[kind]
end

-- Lists are only indexes of results: one that cannot be written, because its key
-- has another type, keeps no job from its end. One that is as long as what was put
-- in was not there before: whatever the Worker knows, it has no end yet.
local function note_all(lists, notes)
  for _, list in ipairs(lists) do
    local new = notes[list]
    local length = redis.pcall('LPUSH', list, unpack(new))
    if type(length) == 'number' then
      if length == #new or not string.find(ARGV[10], ' ' .. list .. ' ', 1, true) then
        redis.call('EXPIRE', list, ARGV[11])
        table.insert(moved_on, list)
      end
      -- Trimmed only when 20 % too long; readers ask for the newest only.
      if length > new.most * 1.2 then redis.call('LTRIM', list, 0, new.most - 1) end
    end
  end
end

-- Notes that somebody is to be told of an end, due at once. Returns the refusal, if any.
local function announce(delivery)
  if delivery ~= '' then return refusal('ZADD', deliveries, whole(now()), delivery) end
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
      refused = reply and (reply.err and reply or announce(ARGV[op + 9]))
      if refused then
        if not reply.err and ARGV[op] == 'complete' then redis.call('DEL', ARGV[op + 2]) end
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
  local function note(list, item, most)
    if list == '' then return end
    if not notes[list] then
      notes[list] = { most = most }
      table.insert(lists, list)
    end
    table.insert(notes[list], item)
  end
  for i, op in ipairs(tried) do
    local key = ARGV[op + 2]
    if all_ours or redis.call('ZREM', leases, tokens[i]) == 1 then
      table.insert(ended, ARGV[op + 8])
      forget_failures(tokens[i])
      if stored[op] then
        note(ARGV[op + 5], ARGV[op + 6], 100)
        note(ARGV[op + 7], key, 10000)
      end
    elseif stored[op] then
      redis.call('DEL', key)
      if ARGV[op + 9] ~= '' then redis.call('ZREM', deliveries, ARGV[op + 9]) end
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
          or announce(ARGV[op + 8])
        if refused then
          redis.pcall('HDEL', KEYS[7], id)
          redis.pcall('HDEL', KEYS[8], id)
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
