-- dedupe-split: doubles a run of dedupe buckets in place, so that each stays small enough to be compact.
-- The directory is a linear hash: bucket = h mod 2^level, or h mod 2^(level+1) where that is below `next`,
-- with h the first four bytes of the key, little endian.
-- KEYS  1 meta, then the buckets next … next+n-1, then their images (+ 2^level)
-- ARGV  1 ledger id, 2 highest sequence seen, 3 directory expected ("level:next"), 4 directory afterwards
-- Returns the directory now in force.

local m, refused = open(KEYS[1], ARGV[1], ARGV[2])
if not m then return refused end
if m.directory ~= ARGV[3] then return m.directory end
local level, first = string.match(ARGV[3], '^(%d+):(%d+)$')
local modulus = 2 ^ (tonumber(level) + 1)
local n = (#KEYS - 1) / 2
local from, to = {}, {}
for i = 1, n do
  local bucket = tonumber(first) + i - 1
  local all = redis.call('HGETALL', KEYS[1 + i])
  redis.call('HLEN', KEYS[1 + n + i])
  local keys, pairs = {}, {}
  for j = 1, #all, 2 do
    if struct.unpack('<I4', all[j]) % modulus ~= bucket then
      keys[#keys + 1] = all[j]
      pairs[#pairs + 1] = all[j]; pairs[#pairs + 1] = all[j + 1]
    end
  end
  from[i] = keys; to[i] = pairs
end

-- The write half. In strides, because `unpack` fails above some 8,000 values: a bucket that nobody could split for long
-- may hold more.
local STRIDE = 2000
local function inStrides(command, key, values)
  for i = 1, #values, STRIDE do redis.call(command, key, unpack(values, i, math.min(i + STRIDE - 1, #values))) end
end
for i = 1, n do
  inStrides('HSET', KEYS[1 + n + i], to[i])
  inStrides('HDEL', KEYS[1 + i], from[i])
end
redis.call('HSET', KEYS[1], 'directory', ARGV[4])
return ARGV[4]
