-- dedupe-sweep: forgets the ids of days that are all in ClickHouse, a page of buckets a call.
-- A round goes over all buckets from the first to the last. It begins by writing down the last day it forgets: from that
-- moment on every commit has older ids looked up, and none files an id under such a day; only then are ids removed.
-- Splits under way do no harm: they move ids to buckets further on.
-- Ids that are parked, and marks of voids (seen.lua), have values of another length: they stay.
-- KEYS  1 meta, 2 outbox, 3 flush seal, 4 dead letters in doubt, then the buckets of the page
-- ARGV  1 ledger id, 2 highest sequence seen, 3 days that ids are kept, 4 first bucket of the page ('' when no round is
--       under way: one begins if there is a day to forget, and the page is empty)
-- Returns {first bucket of the next page ('' when no round is under way), dedupe directory, last forgotten day (-1:
--       none), ids removed}; when another process is further, where that one is, and nothing was done.

local m, refused = open(KEYS[1], ARGV[1], ARGV[2])
if not m then return refused end
local at = redis.call('HGET', KEYS[1], 'sweep') or ''
local function answer(next, removed) return { next, m.directory, text(m.forgotten), text(removed) } end
if at ~= ARGV[4] then return answer(at, 0) end

-- The last day before a clock.
local function dayBefore(ms) return math.floor(ms / DAY_MS) - 1 end

if at == '' then
  local last = dayBefore(m.clock) - tonumber(ARGV[3])
  -- What was committed on the day of the oldest commit in the outbox, or later, may not be in ClickHouse yet.
  local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
  if oldest then
    for i = 1, #oldest[2], 2 do
      if oldest[2][i] == 'at' then last = math.min(last, dayBefore(tonumber(oldest[2][i + 1]))) end
    end
  end
  -- A sealed block is in the outbox until ClickHouse has it: a seal without its commits is a fault, and no time to forget.
  local sealed = redis.call('HGET', KEYS[3], 'firstSequence')
  if sealed and not (oldest and tonumber(string.match(oldest[1], '^%d+')) <= tonumber(sealed)) then return answer('', 0) end
  local letter = redis.call('LINDEX', KEYS[4], 0)
  if letter then last = math.min(last, dayBefore(tonumber(string.match(letter, '^%d+')))) end
  if last <= m.forgotten then return answer('', 0) end
  redis.call('HSET', KEYS[1], 'forgotten', text(last), 'sweep', '0')
  m.forgotten = last
  return answer('0', 0)
end

local gone, removed = {}, 0
for i = 5, #KEYS do
  local all, keys = redis.call('HGETALL', KEYS[i]), {}
  for j = 2, #all, 2 do
    if #all[j] == 6 then
      local low, high = string.byte(all[j], 5, 6)
      if low + high * 256 <= m.forgotten then keys[#keys + 1] = all[j - 1] end
    end
  end
  gone[i] = keys
end

-- The write half. `unpack` takes under 8,000 values.
for i, keys in pairs(gone) do
  for j = 1, #keys, 4000 do
    removed = removed + redis.call('HDEL', KEYS[i], unpack(keys, j, math.min(j + 3999, #keys)))
  end
end
if removed > 0 then redis.call('HINCRBY', KEYS[1], 'remembered', -removed) end
local level, split = string.match(m.directory, '^(%d+):(%d+)$')
local next = tonumber(at) + #KEYS - 4
if next >= 2 ^ tonumber(level) + tonumber(split) then
  redis.call('HDEL', KEYS[1], 'sweep')
  return answer('', removed)
end
redis.call('HSET', KEYS[1], 'sweep', text(next))
return answer(text(next), removed)
