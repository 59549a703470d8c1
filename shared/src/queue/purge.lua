-- Deletes the jobs that have waited longest in a lane, 1,000 at most. Each that has
-- one of our ids gets a result that says `purged`, unless it has a result.
--
-- Payloads are opaque here: an id is read only where it stands first, as submit-fn
-- writes it.
--
-- KEYS  1 the lane  LIST
-- ARGV  1 ttl_s     how long a result is stored
--
-- Returns   how many were deleted: fewer than 1,000 when the lane is empty now
-- Commands  EVAL 1; LRANGE, LTRIM for each 100; SET for each of our ids

-- Fewer at once than are deleted: a payload may have hundreds of kilobytes.
local CHUNK, MOST = 100, 1000
local purged = 0
while purged < MOST do
  local payloads = redis.call('LRANGE', KEYS[1], -CHUNK, -1)
  for _, payload in ipairs(payloads) do
    local id = string.match(payload, '^{"id":"(%x+)"')
    if id and #id == 48 then
      -- The first 48 bits of an id are the time of its submission.
      local document = string.format('{"id":"%s","status":"purged","submittedAtMs":%.0f}', id, tonumber(string.sub(id, 1, 12), 16))
      redis.call('SET', 'result:' .. id, document, 'NX', 'EX', ARGV[1])
    end
  end
  if #payloads > 0 then redis.call('LTRIM', KEYS[1], 0, -#payloads - 1) end
  purged = purged + #payloads
  if #payloads < CHUNK then break end
end
return purged
