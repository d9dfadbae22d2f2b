-- flush-lease: takes, keeps or gives back the right to read one outbox of a partition.
-- KEYS  1 lease
-- ARGV  1 token of the caller, 2 time to live in ms (0: give it back), 3 'keep': only if the caller has it, else ''
-- Returns 1 when the lease is (with 0: was) the caller's, else 0. A lease of another caller is never touched; one that
-- ran out is not kept, because somebody else may have had it in between.

local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
if not holder and ARGV[3] == 'keep' then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
