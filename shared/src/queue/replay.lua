-- Replays dead letters: the jobs (and deliveries) wait again, each at the end of its lane, on their
-- first attempt, and the results that say `dead` are deleted.
--
-- KEYS  1 dead          HASH id -> dead letter
--       2 dead:payload  HASH id -> payload
--       3 deliveries    ZSET of deliveries by due time
-- ARGV  of each letter:
--         id
--         the lane's key; that of the deliveries for one of them
--         result:{id}, or "" where the result is one that an earlier judgement left
--         the payload as it is stored; where it is not any more, nothing is replayed
--         the payload that waits
--
-- Returns   of each letter: the lane's length, or 0
-- Commands  EVAL 1; of each letter HGET, and LPUSH or ZADD, HDEL, HDEL, DEL when it is there

local lengths = {}
for i = 1, #ARGV, 5 do
  local id, lane, result, stored, payload = unpack(ARGV, i, i + 4)
  local length = 0
  if redis.call('HGET', KEYS[2], id) == stored then
    if lane == KEYS[3] then
      -- Due since ever.
      length = 1
      redis.call('ZADD', lane, 0, payload)
    else
      length = redis.call('LPUSH', lane, payload)
    end
    redis.call('HDEL', KEYS[1], id)
    redis.call('HDEL', KEYS[2], id)
    if result ~= '' then redis.call('DEL', result) end
  end
  table.insert(lengths, length)
end
return lengths
