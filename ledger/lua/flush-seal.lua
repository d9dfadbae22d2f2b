-- flush-seal: writes down what one block is, before any of it is sent; or which of its rows were refused since.
-- KEYS  1 meta, 2 lease, 3 seal
-- ARGV  1 ledger id, 2 lease token, 3 block, 4 hash, 5 block before it, 6 first sequence (5 and 6 empty: amend the
--       seal that is there), then the fields and values of the seal to write
-- Returns 1, also when just this seal is there already (a reply that was lost). Errors: LEASE …, FENCE …, SEAL …
-- (another seal is there, or the block is not the next one).

local meta = redis.call('HMGET', KEYS[1], 'id', 'block', 'flushed')
local seal = redis.call('HMGET', KEYS[3], 'block', 'hash')
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return redis.error_reply('LEASE lost') end
if meta[1] ~= ARGV[1] then return redis.error_reply('FENCE this Redis holds another ledger, or none') end
if ARGV[5] == '' then
  if seal[1] ~= ARGV[3] or seal[2] ~= ARGV[4] then return redis.error_reply('SEAL the seal to amend is not there') end
else
  if seal[1] == ARGV[3] and seal[2] == ARGV[4] then return 1 end
  if seal[1] then return redis.error_reply('SEAL block ' .. seal[1] .. ' is sealed and not flushed yet') end
  if meta[2] and meta[2] ~= ARGV[5] then return redis.error_reply('SEAL the last block is ' .. meta[2]) end
  if tonumber(meta[3] or '0') >= tonumber(ARGV[6]) then
    return redis.error_reply('SEAL sequence ' .. meta[3] .. ' is flushed already')
  end
end

redis.call('HSET', KEYS[3], unpack(ARGV, 7))
return 1
