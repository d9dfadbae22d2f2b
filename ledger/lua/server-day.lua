-- A server's record, the field `s:<server id>` of its account's hash: what its events cost on the account's running local day and on the next one, and its limit.
-- Seven numbers, packed as doubles: day, used, next, limit, warnAtPercent, when the limit was decided (ms), and what was
-- told of it (limits.lua); -1 where there is no limit or no warning.
-- Events of earlier days change the rollups, not this record: only the running day can limit a server.

local function readServer(value, today)
  local s = { day = today, used = 0, next = 0, limit = -1, warn = -1, at = 0, flags = 0 }
  if value then
    local day, used, after
    day, used, after, s.limit, s.warn, s.at = struct.unpack('<dddddd', value)
    if #value > 48 then s.flags = struct.unpack('<d', value, 49) end -- six numbers: nothing was told yet
    if day == today then s.used = used; s.next = after
    elseif day + 1 == today then s.used = after
    elseif day - 1 == today then s.next = used end -- a changed zone can take the date back
  end
  return s
end

-- The record of a field, for this commit and its write half. `value` may have been read already.
local function serverOf(a, field, value)
  local s = a.servers[field]
  if not s then
    if value == nil then value = redis.call('HGET', a.key, field) end
    s = readServer(value, a.today)
    a.servers[field] = s
  end
  return s
end

local function countServer(s, day, cost)
  s.isChanged = true
  if day == s.day then s.used = amount(s.used + cost, "the server's day")
  elseif day == s.day + 1 then s.next = amount(s.next + cost, "the server's day") end
end

-- Takes back what one of its events cost. Never below zero: of a day that a changed zone brought back, the record may
-- not have all events.
local function lowerServer(s, day, cost)
  s.isChanged = true
  if day == s.day then s.used = math.max(0, s.used - cost)
  elseif day == s.day + 1 then s.next = math.max(0, s.next - cost) end
end

local function serverRecord(s)
  return struct.pack('<ddddddd', s.day, s.used, s.next, s.limit, s.warn, s.at, s.flags)
end

-- Adds the records that this commit has changed to what is written of the account.
local function putServers(a)
  for field, s in pairs(a.servers) do if s.isChanged then put(a, field, serverRecord(s)) end end
end
