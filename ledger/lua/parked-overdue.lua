-- parked-overdue: the items in a part of one parked list that have waited for longer than they may.
-- A list is nearly in the order of first arrivals, but what waited for its account first stands behind younger ones.
-- On the way empty places at the front are let go, and where the part is the whole list its score is put right.
-- KEYS  1 meta, 2 parked index, 3 list
-- ARGV  1 ledger id, 2 highest sequence seen, 3 ms an item may wait, 4 place where the part begins, 5 places in it
-- Returns {length of the list, then of each overdue item its place and the item …}.

local m, refused = open(KEYS[1], ARGV[1], ARGV[2])
if not m then return refused end
local first = tonumber(ARGV[4])
local part = redis.call('LRANGE', KEYS[3], first, first + tonumber(ARGV[5]) - 1)
local length = redis.call('LLEN', KEYS[3])
redis.call('ZCARD', KEYS[2])

local empty, oldest, overdue = 0, math.huge, {}
for i, item in ipairs(part) do
  local arrival = tonumber(string.match(item, '^%d+'))
  if not arrival then
    if first == 0 and empty == i - 1 then empty = i end
  else
    oldest = math.min(oldest, arrival)
    if m.clock - arrival > tonumber(ARGV[3]) then
      overdue[#overdue + 1] = text(first + i - 1 - empty); overdue[#overdue + 1] = item
    end
  end
end
table.insert(overdue, 1, text(length - empty))

-- The write half.
if empty > 0 then redis.call('LTRIM', KEYS[3], empty, -1) end
if length == empty then redis.call('ZREM', KEYS[2], KEYS[3])
elseif first == 0 and #part == length then redis.call('ZADD', KEYS[2], 'XX', text(oldest), KEYS[3]) end
return overdue
