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
--         give_up    payload id letter payload  stored for an operator, with a payload;
--                    deleted where there are MAX_DEAD dead letters already
--
-- Returns  { { payload, ... }, ms until the next is due, or -1, deleted }
--   what Redis refuses because it is full is settled by nobody, and comes back
--   deleted: how many were given up without a letter
-- Commands  EVAL and TIME; a settlement ZREM, and 2 (retry) or 4 (give_up) more; a claim
-- ZRANGE, and ZADD when something is due

local deliveries = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function whole(number) return string.format('%.0f', number) end

-- With so many dead letters there is no room for those of deliveries: whoever chooses
-- addresses must not fill Redis with them.
local MAX_DEAD = 20000

-- What a write that Redis may refuse answers; `nil` where it is refused.
local function try(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then return nil end
  return reply
end

-- The same for bytes that only change their place, and for a retry, which is longer by a
-- sentence: without it the receiver would be told each minute. A full Redis refuses the
-- first write of a script if it could need memory, but not one that follows a write that
-- cannot, such as this ZREM of nothing.
local function move(...)
  local reply = try(...)
  if not reply then
    redis.pcall('ZREM', deliveries, '')
    reply = try(...)
  end
  return reply
end

local deleted = 0

-- Stores a letter and its payload, or neither. Returns whether the delivery is settled.
local function bury(id, letter, payload)
  if redis.call('HLEN', KEYS[2]) >= MAX_DEAD then
    deleted = deleted + 1
    return true
  end
  local added = try('HSET', KEYS[2], id, letter)
  if not added then return false end
  if try('HSET', KEYS[3], id, payload) then return true end
  if added == 1 then redis.call('HDEL', KEYS[2], id) end
  return false
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
        moved = move('ZADD', deliveries, whole(now + tonumber(ARGV[at + 2])), new)
      else
        moved = bury(ARGV[at + 2], new, ARGV[at + 4])
      end
      if moved and not (kind == 'retry' and new == payload) then redis.call('ZREM', deliveries, payload) end
    end
    at = at + (kind == 'retry' and 4 or 5)
  end
end

local want = tonumber(ARGV[1])
if want == 0 then return { {}, -1, deleted } end
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
  if not move('ZADD', deliveries, 'XX', unpack(scores)) then return { {}, -1, deleted } end
end
return { payloads, next_in, deleted }
