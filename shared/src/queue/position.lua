-- Finds the place of a submission in its lane: 1 for the next that is claimed.
--
-- An id begins with the time of its submission, and a lane is in that order but for
-- a few places, so a binary search comes near it. Jobs that were delayed, replayed
-- or released may be elsewhere: of those the place is unknown, and never guessed.
-- Of a payload, which may have hundreds of kilobytes, nothing is kept.
--
-- KEYS  1… lanes, the likeliest first  LIST
-- ARGV  1 id
--
-- Returns   { the place, or 0 where it is not found; how many commands it took }
-- Commands  EVAL 1; for each lane LINDEX, and where its next job is not younger by half
--           a second LLEN, log2(length / 8) LINDEX and LRANGE

-- From so few places on, all are read at once, with SPREAD more at both ends for
-- those that came out of order.
local FEW, SPREAD = 8, 4
local commands = 1
-- So far two submissions are out of order, in milliseconds.
local DISORDER_MS = 500

local function id_of(payload)
  return payload and string.match(payload, '^{"id":"(%x+)"')
end
local function time_of(id)
  return tonumber(string.sub(id, 1, 12), 16) or 0
end
local id = ARGV[1]
local time = time_of(id)

local function call(...)
  commands = commands + 1
  return redis.call(...)
end

local function search(lane)
  local first = call('LINDEX', lane, -1)
  local first_id = id_of(first)
  if first_id == id then return 1 end
  if not first or (first_id and time_of(first_id) > time + DISORDER_MS) then return 0 end
  local low, high = 1, call('LLEN', lane)
  while high - low >= FEW do
    local middle = math.floor((low + high) / 2)
    local other = id_of(call('LINDEX', lane, -middle))
    -- A foreign producer's job has no id to go by.
    if not other then return 0 end
    if other == id then return middle end
    if time_of(other) < time then low = middle else high = middle end
  end
  local from = math.max(low - SPREAD, 1)
  local payloads = call('LRANGE', lane, -high - SPREAD, -from)
  for index, payload in ipairs(payloads) do
    if id_of(payload) == id then return from + #payloads - index end
  end
  return 0
end

for _, lane in ipairs(KEYS) do
  local place = search(lane)
  if place > 0 then return { place, commands } end
end
return { 0, commands }
