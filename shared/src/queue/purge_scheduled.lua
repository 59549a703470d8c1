-- Deletes scheduled submissions that were never claimed, the first due first. Each
-- that has one of our ids gets a result that says `purged`. Jobs that wait for
-- another attempt stay.
--
-- KEYS  1 inflight  HASH token -> payload
--       2 leases    ZSET token -> 2^50 + due time; work.lua says why
-- ARGV  1 ttl_s     how long a result is stored
--       2 skip      how many scheduled jobs stayed in the calls before
--
-- Returns   { how many were deleted, how many stayed of those that were looked at },
--           1,000 together unless these were the last
-- Commands  EVAL 1, ZRANGE, a SET for each, HDEL, ZREM

local scheduled = string.format('%.0f', 2 ^ 50)
local tokens = redis.call('ZRANGE', KEYS[2], scheduled, '+inf', 'BYSCORE', 'LIMIT', ARGV[2], 1000)
local deleted = {}
for _, token in ipairs(tokens) do
  -- The uid of a job that was claimed before has hyphens.
  local id = string.match(token, '^0%.%a+%.([^:%-]+)$')
  if id then
    if string.match(id, '^%x+$') and #id == 48 then
      local document = string.format('{"id":"%s","status":"purged","submittedAtMs":%.0f}', id, tonumber(string.sub(id, 1, 12), 16))
      redis.call('SET', 'result:' .. id, document, 'NX', 'EX', ARGV[1])
    end
    table.insert(deleted, token)
  end
end
if #deleted > 0 then
  redis.call('HDEL', KEYS[1], unpack(deleted))
  redis.call('ZREM', KEYS[2], unpack(deleted))
end
return { #deleted, #tokens - #deleted }
