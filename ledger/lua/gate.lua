-- gate: the facts of one gate check, of an account as an up-to-date one would have them (contract rules 4 and 10).
-- Reads only, so a check costs no durable write and a platform may ask before every call.
-- This is the ordinary case, an account whose cycle and local day still run. It stands before the shared functions,
-- because making those anew at each call would cost more than all it does; gate-ended.lua behind them does the rest.
-- KEYS  1 meta, 2 account
-- ARGV  1 field of the server's record (s:<server id>)
-- Returns {} when the account is not known; {1} when its lists of ends or days are used up: renew them, ask again;
--       else {0, closed (1, 0), monthly plus bonus, cost of the server's events today, its limit (-1: none), the clock
--       (-1: it is simulated), until when the state in Redis says all of this by itself (ms; 0: it does not)}.

local values = redis.call('HMGET', KEYS[2], 'state', ARGV[1])
local state, server = values[1], values[2]
if not state then return {} end
local clock, told = tonumber(redis.call('HGET', KEYS[1], 'clock') or ''), -1
if not clock then
  local now = redis.call('TIME')
  clock = now[1] * 1000 + math.floor(now[2] / 1000)
  told = clock
end
do
  -- The first eleven numbers of the state, in the order of account.lua, and the first four of server-day.lua's record.
  local _, closed, _, _, _, stop, today, tomorrow, _, monthly, bonus = struct.unpack('<ddddddddddd', state)
  local till = math.min(stop, tomorrow)
  if closed == 1 then return { 0, 1, 0, 0, -1, told, till } end -- whatever its cycle: nothing is granted while it is closed
  if clock < till then
    if not server then return { 0, 0, monthly + bonus, 0, -1, told, till } end
    local day, used, _, limit = struct.unpack('<dddd', server)
    if day == today then return { 0, 0, monthly + bonus, used, limit, told, till } end
  end
end
