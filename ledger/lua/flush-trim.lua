-- flush-trim: forgets exactly the range of the seal, after ClickHouse has said yes to all of it.
-- KEYS  1 meta, 2 lease, 3 seal, 4 outbox
-- ARGV  1 ledger id, 2 lease token, 3 block, 4 hash
-- Returns the last sequence that is flushed now, also when the block is trimmed already (a reply that was lost).
-- Errors: LEASE …, FENCE …, SEAL … (another seal is there, or none).

local meta = redis.call('HMGET', KEYS[1], 'id', 'block', 'flushed')
local seal = redis.call('HMGET', KEYS[3], 'block', 'hash', 'lastSequence', 'usageRows')
redis.call('XLEN', KEYS[4])
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return redis.error_reply('LEASE lost') end
if meta[1] ~= ARGV[1] then return redis.error_reply('FENCE this Redis holds another ledger, or none') end
if not seal[1] and meta[2] == ARGV[3] then return meta[3] end
if seal[1] ~= ARGV[3] or seal[2] ~= ARGV[4] then return redis.error_reply('SEAL the seal to trim is not there') end
local last, rows = tonumber(seal[3]), tonumber(seal[4])
if not last or not rows then return redis.error_reply('SEAL its range cannot be read') end

-- The write half. `=` is exact: without it Redis may leave entries that would be flushed again.
redis.call('XTRIM', KEYS[4], 'MINID', '=', string.format('%.0f', last + 1))
redis.call('HSET', KEYS[1], 'flushed', seal[3], 'block', seal[1])
redis.call('HINCRBY', KEYS[1], 'flushedRows', seal[4])
redis.call('DEL', KEYS[3])
return seal[3]
