-- relay-trim: forgets platform events that the relay has passed on, or that are too many to be kept.
-- KEYS  1 meta, 2 lease, 3 outbox of platform events
-- ARGV  1 ledger id, 2 highest sequence seen, 3 token of the lease, 4 the first sequence that stays,
--       5 how many events are dropped by it without having been passed on
-- Returns the entries that are gone. Errors: LEASE …, FENCE ….

local m, refused = open(KEYS[1], ARGV[1], ARGV[2])
if not m then return refused end
if redis.call('GET', KEYS[2]) ~= ARGV[3] then return redis.error_reply('LEASE lost') end
redis.call('XLEN', KEYS[3])

-- The write half.
if ARGV[5] ~= '0' then redis.call('HINCRBY', KEYS[1], 'eventsDropped', ARGV[5]) end
return redis.call('XTRIM', KEYS[3], 'MINID', '=', ARGV[4] .. '-0')
