-- Adds a submission to its lane once for an idempotency key.
--
-- KEYS  1 idempotency:{hash}  STRING, the record of the first submission
--       2 the lane            LIST
-- ARGV  1 record   the submission's id and a hash of its body
--       2 ttl_s    how long the key is remembered
--       3 payload
--
-- Returns   { 1, length } when it was added; { 0, record } of the first otherwise
-- Commands  EVAL 1, SET, LPUSH or GET

if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2]) then
  return { 1, redis.call('LPUSH', KEYS[2], ARGV[3]) }
end
return { 0, redis.call('GET', KEYS[1]) }
