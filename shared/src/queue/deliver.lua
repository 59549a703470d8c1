-- Settles deliveries, then claims the next ones that are due.
--
-- A delivery is its payload, a member of a ZSET by its due time. A claim moves that
-- time on, so that a delivery whose Worker was lost comes back. Whoever settles one
-- that is not there any more, because another Worker did, changes nothing.
--
-- KEYS  1 deliveries    ZSET  payload -> due time (ms, Redis's time)
--       2 dead          HASH  id -> dead letter
--       3 dead:payload  HASH  id -> payload
--
-- ARGV  1 want      how many to claim at most; 0 claims nothing
--       2 lease_ms  how long they belong to the claim
--       3..         settlements, each a kind, the payload and the kind's own arguments
--         delivered  payload
--         retry      payload delay_ms payload   due after the delay, with a new payload
--         give_up    payload id letter payload  stored for an operator, with a payload
--
-- Returns  { { payload, ... }, ms until the next is due, or -1 }
--   what Redis refuses because it is full is settled by nobody, and comes back
-- Commands  EVAL 1; a settlement ZREM, and 1 (retry) or 3 (give_up) more; a claim
-- TIME, ZRANGE, and ZADD when something is due

local deliveries = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function whole(number) return string.format('%.0f', number) end

local function works(...)
  local reply = redis.pcall(...)
  return not (type(reply) == 'table' and reply.err)
end

local at = 3
while at <= #ARGV do
  local kind, payload = ARGV[at], ARGV[at + 1]
  if kind == 'delivered' then
    redis.call('ZREM', deliveries, payload)
    at = at + 2
  else
    -- Its new place first.
    local new = ARGV[at + 3]
    if redis.call('ZSCORE', deliveries, payload) then
      local moved
      if kind == 'retry' then
        moved = works('ZADD', deliveries, whole(now + tonumber(ARGV[at + 2])), new)
      else
        moved = works('HSET', KEYS[2], ARGV[at + 2], new) and works('HSET', KEYS[3], ARGV[at + 2], ARGV[at + 4])
      end
      if moved and not (kind == 'retry' and new == payload) then redis.call('ZREM', deliveries, payload) end
    end
    at = at + (kind == 'retry' and 4 or 5)
  end
end

local want = tonumber(ARGV[1])
if want == 0 then return { {}, -1 } end
local payloads, scores, next_in = {}, {}, -1
local first = redis.call('ZRANGE', deliveries, 0, want, 'WITHSCORES')
for i = 1, #first, 2 do
  local due = tonumber(first[i + 1])
  if due > now or #payloads == want then
    next_in = math.max(due - now, 0)
    break
  end
  table.insert(payloads, first[i])
  table.insert(scores, whole(now + tonumber(ARGV[2])))
  table.insert(scores, first[i])
end
if #payloads > 0 then
  -- A full Redis refuses it although it needs no memory: then nothing is claimed.
  if not works('ZADD', deliveries, 'XX', unpack(scores)) then return { {}, -1 } end
end
return { payloads, next_in }
