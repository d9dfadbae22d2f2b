-- found: mints the ledger of an empty partition, once; a second call finds the first one's.
-- KEYS  1 meta
-- ARGV  1 ledger id to mint, 2 partition, 3 partitions, 4 dedupe directory, 5 simulated clock (ms, or '')
-- Returns {id, partitions, sequence, '1' when minted now}.

local m = redis.call('HMGET', KEYS[1], 'id', 'partitions', 'sequence')
if m[1] then return { m[1], m[2], m[3] or '0', '0' } end

-- The write half.
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'partition', ARGV[2], 'partitions', ARGV[3], 'sequence', '0',
  'directory', ARGV[4], 'parked', '0', 'rows', '0', 'flushedRows', '0', 'flushed', '0', 'block', '0')
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'clock', ARGV[5]) end
return { ARGV[1], ARGV[3], '0', '1' }
