-- Adds a submission to its lane once for an idempotency key. A key whose first
-- submission was purged is taken anew.
--
-- KEYS  1 idempotency:{hash}  STRING, the record of the first submission
--       2 the lane            LIST
-- ARGV  1 record   the submission's id, a space, and a hash of its body
--       2 ttl_s    how long the key is remembered
--       3 payload
--
-- Returns   { 1, length } when it was added; { 0, record } of the first otherwise
-- Commands  EVAL 1, SET, LPUSH; for a used key SET, GET, GETRANGE, and SET, LPUSH
--           where its submission was purged

local function add()
  local length = redis.pcall('LPUSH', KEYS[2], ARGV[3])
  if type(length) == 'number' then return { 1, length } end
  -- Without the submission, its key must not be taken.
  redis.call('DEL', KEYS[1])
  return length
end

if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2]) then return add() end
local record = redis.call('GET', KEYS[1])
local id = string.match(record, '^[^ ]*')
-- As purge.lua writes it.
local purged = '{"id":"' .. id .. '","status":"purged"'
if redis.call('GETRANGE', 'result:' .. id, 0, #purged - 1) ~= purged then return { 0, record } end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return add()
