-- Deletes dead letters. The results that say `dead` say `purged` from then on.
--
-- KEYS  1 dead          HASH id -> dead letter
--       2 dead:payload  HASH id -> payload
-- ARGV  of each letter:
--         id
--         result:{id}
--         purged        the document that takes the place of the dead one
--
-- Returns   how many there were
-- Commands  EVAL 1; of each letter HDEL, HDEL, and GETRANGE, SET when it is there

local deleted = 0
for i = 1, #ARGV, 3 do
  local id, result, purged = unpack(ARGV, i, i + 2)
  if redis.call('HDEL', KEYS[1], id) + redis.call('HDEL', KEYS[2], id) > 0 then
    deleted = deleted + 1
    -- The beginning of every dead document. Another result is one that an earlier
    -- judgement left, and stays.
    local dead = '{"id":"' .. id .. '","status":"dead"'
    if redis.call('GETRANGE', result, 0, #dead - 1) == dead then
      redis.call('SET', result, purged, 'XX', 'KEEPTTL')
    end
  end
end
return deleted
