-- gate-ended: the end of gate.lua, for an account or a server whose cycle or local day has ended since its last commit.
-- It is brought up to date on the copy in hand; the entries of that are left to the next commit.

local a = readAccount(KEYS[2], '', state)
local till = math.min(a.stop, a.tomorrow)
if clock >= till then till = 0 end
advance(a, clock, {}, function() return 0 end, nil)
local s = readServer(server, a.today)
if a.stale or (a.dayStale and s.limit >= 0) then return { 1 } end -- the day matters to a limit alone
return { 0, 0, a.monthly + a.bonus, s.used, s.limit, told, till }
