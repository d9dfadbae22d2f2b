-- check-fence: whether this Redis still holds the ledger, no older than it was seen.
-- KEYS  1 meta
-- ARGV  1 ledger id, 2 highest sequence seen
-- Returns the sequence, or an error reply FENCE …

local m, refused = open(KEYS[1], ARGV[1], ARGV[2])
if not m then return refused end
return text(m.sequence)
