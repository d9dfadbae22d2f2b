-- refresh-account: gives an account its next cycle ends and local days, computed by a worker in its time zone.
-- KEYS  1 meta, 2 account
-- ARGV  1 ledger id, 2 highest sequence seen, 3 profile version and 4 running cycle they were computed for,
--       5 ends after the running cycle's, 6 today and the days after it as day:end. The day itself is moved on by the next
--       commit, which decides what depends on it.
-- Returns 1, or 0 when the account moved on and nothing was changed.

local m, refused = open(KEYS[1], ARGV[1], ARGV[2])
if not m then return refused end
local a = readAccount(KEYS[2], '')
if not a or text(a.v) ~= ARGV[3] or text(a.cycle) ~= ARGV[4] then return 0 end

-- The write half.
a.ends = ARGV[5]; a.days = ARGV[6]
writeAccount(a, '', a.sequence)
return 1
