-- Deletes a dead letter. The result that says `dead` says `purged` from then on.
--
-- KEYS  1 dead          HASH id -> dead letter
--       2 dead:payload  HASH id -> payload
--       3 result:{id}   STRING
-- ARGV  1 id
--       2 purged        the document that takes the place of the dead one
--
-- Returns   1, or 0 when there is no such dead letter
-- Commands  EVAL 1, HDEL, HDEL, and GETRANGE, SET when it is there

local found = redis.call('HDEL', KEYS[1], ARGV[1]) + redis.call('HDEL', KEYS[2], ARGV[1])
if found == 0 then return 0 end
-- The beginning of every dead document. Another result is one that an earlier
-- judgement left, and stays.
local dead = '{"id":"' .. ARGV[1] .. '","status":"dead"'
if redis.call('GETRANGE', KEYS[3], 0, #dead - 1) == dead then
  redis.call('SET', KEYS[3], ARGV[2], 'XX', 'KEEPTTL')
end
return 1
