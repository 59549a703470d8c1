-- Replays a dead letter: the job waits again at the end of its lane, on its first
-- attempt, and the result that says `dead` is deleted.
--
-- KEYS  1 dead          HASH id -> dead letter
--       2 dead:payload  HASH id -> payload
--       3 the lane      LIST
--       4 result:{id}   STRING
-- ARGV  1 id
--
-- Returns   the lane's length, or 0 when there is no such dead letter
-- Commands  EVAL 1, HGET, and LPUSH, HDEL, HDEL, DEL when it is there

local payload = redis.call('HGET', KEYS[2], ARGV[1])
if not payload then return 0 end
local length = redis.call('LPUSH', KEYS[3], payload)
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[4])
return length
