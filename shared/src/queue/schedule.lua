-- Schedules a submission: it stands behind the leases until its due time, and is
-- then claimed as on its first attempt.
--
-- KEYS  1 inflight  HASH token -> payload
--       2 leases    ZSET token -> 2^50 + due time (ms, Redis's time); work.lua says why
-- ARGV  1 token     0.lane.uid
--       2 payload
--       3 "at" or "in"
--       4 the due time (ms since 1970), or in how many ms
--
-- Returns   the due time, ms since 1970
-- Commands  EVAL 1, HSET, ZADD; TIME for "in"

local due = tonumber(ARGV[4])
if ARGV[3] == 'in' then
  local time = redis.call('TIME')
  due = due + time[1] * 1000 + math.floor(time[2] / 1000)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], string.format('%.0f', 2 ^ 50 + due), ARGV[1])
return string.format('%.0f', due)
