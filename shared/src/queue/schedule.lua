-- Schedules a submission: it stands behind the leases until its due time, and then
-- goes to the end of its lane.
--
-- KEYS  1 inflight  HASH token -> payload
--       2 leases    ZSET token -> 2^50 + due time (ms, Redis's time); work.lua says why
-- ARGV  1 token     0.lane.uid
--       2 payload
--       3 "at" or "in"
--       4 the due time (ms since 1970), or in how many ms
--
-- Returns   { the due time (ms since 1970), how many jobs are scheduled now }
-- Commands  EVAL 1, HSET, ZADD, ZCOUNT; TIME for "in"

local due = tonumber(ARGV[4])
if ARGV[3] == 'in' then
  local time = redis.call('TIME')
  due = due + time[1] * 1000 + math.floor(time[2] / 1000)
end
-- A refused second write leaves a lease without a payload, which a claim removes.
redis.call('ZADD', KEYS[2], string.format('%.0f', 2 ^ 50 + due), ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
local scheduled = redis.call('ZCOUNT', KEYS[2], string.format('%.0f', 2 ^ 50), '+inf')
return { string.format('%.0f', due), scheduled }
