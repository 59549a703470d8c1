-- Keeps a submission for later: it lies among the leases until its time has come,
-- and is then claimed with no attempt counted before.
--
-- KEYS  1 inflight  HASH handle -> payload
--       2 leases    ZSET handle -> 2^50 + when it is due (ms, Redis's time); work.lua says why
-- ARGV  1 handle    0.lane.uid
--       2 payload
--       3 "at" or "in"
--       4 when (ms since 1970) or in how many ms
--
-- Returns   when it is due, ms since 1970
-- Commands  EVAL 1, HSET, ZADD; TIME for "in"

local due = tonumber(ARGV[4])
if ARGV[3] == 'in' then
  local time = redis.call('TIME')
  due = due + time[1] * 1000 + math.floor(time[2] / 1000)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], string.format('%.0f', 2 ^ 50 + due), ARGV[1])
return string.format('%.0f', due)
