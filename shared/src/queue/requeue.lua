-- Puts judged submissions into the lane low, to be judged again. Their results stay
-- until the new ones take their place, each with a line that says for which version
-- it waits. A result that was changed since it was read is left alone: another call
-- put its submission into the lane, or it has been judged again.
--
-- KEYS  1 problems:low  LIST
-- ARGV  1 version       the version of the problem
--       2..             of each submission: result:{id}, the length of the result as it
--                       was read, and the payload
--
-- Returns   how many were put into the lane
-- Commands  EVAL 1; a STRLEN for each; LPUSH, and an APPEND for each that it pushed

local results, payloads = {}, {}
for i = 2, #ARGV, 3 do
  if redis.call('STRLEN', ARGV[i]) == tonumber(ARGV[i + 1]) then
    table.insert(results, ARGV[i])
    table.insert(payloads, ARGV[i + 2])
  end
end
if #payloads == 0 then return 0 end
redis.call('LPUSH', KEYS[1], unpack(payloads))
for _, result in ipairs(results) do
  redis.call('APPEND', result, '\nrequeued ' .. ARGV[1])
end
return #payloads
