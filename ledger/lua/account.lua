-- The account as the scripts see it: read from its hash, brought up to date, written back.
-- Owns the cycle roll-forward (contract rules 1, 2 and 4) and the cost of the last local days. Time zones are not known
-- here: the hash carries the next cycle ends and local days, computed by the worker; when they are used up the account is
-- `stale`, or where the day matters to nothing yet `dayStale` alone.

-- What every commit needs of an account is one field, `state`: these numbers, packed as doubles (which hold every
-- integer up to 2^53), because a field a number would cost a commit over many accounts more than its events do.
-- Behind them stands the ring of the last days' cost. The lists are fields of their own, read only when a cycle or a day
-- ends. ledger/account.ts reads the same, gate.lua the first eleven.
local STATE = '<dddddddddddddddddddddddddddddd'
local STATE_BYTES = 30 * 8
local STATE_NAMES = {
  'v', 'closed', 'plan', 'cycle', 'start', 'stop', 'today', 'tomorrow', 'granted', 'monthly', 'bonus', 'uncovered',
  'left', 'before', 'events', 'cost', 'sequence',
  -- Whether nothing was left when the platform was last told, and whether the owner was told so by mail; what spares events
  -- a look at the alerts; how many platform events, mails, unsent mails, watched servers and runway alerts there are; the
  -- first local day of usage (-1: none), the cycle whose expiry was told, the first day of the week whose digest was made,
  -- how many servers have a limit.
  'empty', 'toldDepleted', 'floor', 'ceiling', 'told', 'mailed', 'unsent', 'watched', 'runways', 'firstDay',
  'expiring', 'digest', 'limits',
}
-- What an account has that was written before alerts were decided here, behind its first seventeen numbers: its next step
-- looks at everything.
local FIRST_STATE_BYTES = 17 * 8
local FIRST_STATE_REST = struct.pack('<ddddddddddddd', 0, 0, math.huge, math.huge, 0, 0, 0, 0, 0, -1, -1, -1, 0)
-- Values of one command: Lua hands over some thousands at most, and an account may have a thousand servers.
local VALUES_MAX = 1000
-- The ring: the first of its days, then what each of them cost. It reaches from nine days before today (a changed zone can
-- take the date back by two) to two days after it (events are stamped ahead a little).
local RING_DAYS, RING_BACK = 12, 9
local RING = '<dddddddddddd'

-- Reads one account; false when it is not known. `state` may have been read already.
local function readAccount(key, id, state)
  state = state or redis.call('HGET', key, 'state')
  if not state then return false end
  local isOld = #state == FIRST_STATE_BYTES
  if isOld then state = state .. FIRST_STATE_REST end
  local v, closed, plan, cycle, start, stop, today, tomorrow, granted, monthly, bonus, uncovered, left, before, events, cost,
    sequence, empty, toldDepleted, floor, ceiling, told, mailed, unsent, watched, runways, firstDay, expiring, digest,
    limits =
    struct.unpack(STATE, state)
  -- One constructor, so that the table is made in its size: grown field by field it costs more than all else here.
  local a = {
    key = key, id = id, fields = {}, servers = {}, ring = string.sub(state, STATE_BYTES + 1), pending = 0, changed = false,
    v = v, closed = closed == 1, plan = plan, cycle = cycle, start = start, stop = stop, today = today, tomorrow = tomorrow,
    granted = granted, monthly = monthly, bonus = bonus, uncovered = uncovered, left = left, before = before,
    events = events, cost = cost, sequence = sequence, empty = empty == 1, toldDepleted = toldDepleted == 1, floor = floor,
    ceiling = ceiling, told = told, mailed = mailed, unsent = unsent, watched = watched, runways = runways,
    firstDay = firstDay, expiring = expiring, digest = digest,
    limitsCount = limits,
  }
  if isOld then a.empty = monthly + bonus == 0 end
  return a
end

local function readLists(a)
  if not a.ends then
    local lists = redis.call('HMGET', a.key, 'ends', 'days')
    a.ends = lists[1] or ''; a.days = lists[2] or ''
  end
end

-- The cost of each day of the ring, from its first on; days[0] is which day that is.
local function daysOf(a)
  if not a.daily then
    if a.ring == '' then
      a.daily = { [0] = a.today - RING_BACK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
    else
      a.daily = { struct.unpack(RING, a.ring, 9) }
      a.daily[RING_DAYS + 1] = nil -- where the unpacking ended
      a.daily[0] = struct.unpack('<d', a.ring)
    end
  end
  local d = a.daily
  for _ = 1, math.min(RING_DAYS, a.today - RING_BACK - d[0]) do
    table.remove(d, 1)
    d[RING_DAYS] = 0
  end
  d[0] = math.max(d[0], a.today - RING_BACK)
  if a.pending > 0 then
    local at = a.today - d[0] + 1
    d[at] = d[at] + a.pending
    a.pending = 0
  end
  return d
end

-- Notes what an event of a local day cost, or with a negative cost that it was voided. A day before today moves the mean
-- that runway alerts go by, so they are looked at. What today's events cost is only added up until somebody asks.
local function countDay(a, day, cost)
  if day == a.today and a.firstDay >= 0 and a.firstDay <= day and cost >= 0 then
    a.pending = a.pending + cost
    return
  end
  if (a.firstDay < 0 or day < a.firstDay) and cost >= 0 then
    a.firstDay = day
    if a.runways > 0 then a.floor = math.huge end
  end
  if cost == 0 then return end
  local d = daysOf(a)
  local at = day - d[0] + 1
  if at >= 1 and at <= RING_DAYS then d[at] = math.max(0, d[at] + cost) end
  if day < a.today and a.runways > 0 then a.floor = math.huge end
end

-- The ring as it is written: where only today's cost changed, its eight bytes are.
local function ringOf(a)
  if not a.daily and a.pending == 0 then return a.ring end
  if not a.daily and a.ring ~= '' and struct.unpack('<d', a.ring) == a.today - RING_BACK then
    local before = 8 + 8 * RING_BACK
    return string.sub(a.ring, 1, before) .. struct.pack('<d', struct.unpack('<d', a.ring, before + 1) + a.pending)
      .. string.sub(a.ring, before + 9)
  end
  local d = daysOf(a)
  return struct.pack('<d', d[0]) .. struct.pack(RING, unpack(d, 1, RING_DAYS))
end

-- As core/forecast.ts has them.
local FORECAST_DAYS_MAX, FORECAST_DAYS_MIN = 7, 2

-- The complete local days of data before today, at most seven, and what they cost together (nil: too few of them).
local function pace(a)
  if a.dayStale then return 0, nil end -- which day it is, is not known
  local days = a.firstDay < 0 and 0 or math.max(0, math.min(FORECAST_DAYS_MAX, a.today - a.firstDay))
  if days < FORECAST_DAYS_MIN then return days, nil end
  local d, spent = daysOf(a), 0
  local today = a.today - d[0] + 1
  for at = today - days, today - 1 do spent = spent + (d[at] or 0) end
  return days, spent
end

-- Appends one ledger entry to `lines`; the balances after it are those of the account as it is now. Usage is told by its
-- rows, so of all entries only a void's changes what is uncovered.
local function enter(lines, next, a, kind, cycle, monthly, bonus, monthlyAfter, ref, note, uncovered)
  lines[#lines + 1] = table.concat({
    a.id, text(next()), kind, text(cycle), text(monthly), text(bonus), text(uncovered or 0),
    text(monthlyAfter), text(a.bonus), text(a.uncovered), ref, note,
  }, '\t')
  a.changed = true
end

-- Takes the first number off a comma-separated list: returns it (or nil) and the rest.
local function shift(list)
  local head, rest = string.match(list, '^(-?%d+),?(.*)$')
  return tonumber(head), rest or ''
end

-- Moves on to the local day of the clock. Returns whether the day changed; sets a.dayStale when the list does not reach it.
local function advanceDay(a, clock)
  local before = a.today
  while clock >= a.tomorrow do
    readLists(a)
    local day, tomorrow, rest = string.match(a.days, '^(-?%d+):(%d+),?(.*)$')
    if not day then a.dayStale = true; break end
    a.today = tonumber(day); a.tomorrow = tonumber(tomorrow); a.days = rest
    a.changed = true
  end
  if a.today == before then return false end
  a.reindex = a.watched > 0 or a.runways > 0
  if a.runways > 0 then a.floor = math.huge end -- the mean is of other days now
  return true
end

-- Ends every cycle whose end has passed, one at a time: what is left expires, the plan's credits are granted.
-- The bonus balance is never touched. The note of each entry is the instant of the boundary. `watch` decides what is told
-- of it; without one (a copy is brought up to date) nothing is told, and the day need not be known.
-- Sets a.stale when the list of ends does not reach the clock, a.dayStale when that of local days does not.
local function advance(a, clock, lines, next, watch)
  local isNewDay = advanceDay(a, clock)
  if a.dayStale and watch and not (watch.isDayOptional and a.watched == 0 and a.runways == 0) then return end
  while clock >= a.stop do
    readLists(a)
    local stop, rest = shift(a.ends)
    if not stop then a.stale = true; return end
    local boundary = text(a.stop)
    local ended = { cycle = a.cycle, start = a.start, granted = a.granted, uncovered = a.uncovered, expired = a.monthly }
    a.monthly = 0
    if ended.expired > 0 then enter(lines, next, a, 'expiry', a.cycle, -ended.expired, 0, 0, '', boundary) end
    a.left = ended.expired; a.before = a.start; a.uncovered = 0
    a.cycle = a.cycle + 1; a.start = a.stop; a.stop = stop; a.ends = rest
    a.granted = 0
    if not a.closed then
      a.granted = a.plan; a.monthly = a.plan
      enter(lines, next, a, 'grant', a.cycle, a.plan, 0, a.monthly, '', boundary)
    end
    a.changed = true; a.rolled = true
    if watch then watch.reset(a, ended) end
  end
  if isNewDay and watch then watch.day(a) end
end

-- Adds a field to what is written of an account.
local function put(a, name, value)
  local n = #a.fields
  a.fields[n + 1] = name; a.fields[n + 2] = value
end

-- The write half of an account: one command that cannot fail.
local function writeAccount(a, accountsKey, sequence)
  put(a, 'state', struct.pack(STATE, a.v, a.closed and 1 or 0, a.plan, a.cycle, a.start, a.stop, a.today, a.tomorrow,
    a.granted, a.monthly, a.bonus, a.uncovered, a.left, a.before, a.events, a.cost, sequence, a.empty and 1 or 0,
    a.toldDepleted and 1 or 0, a.floor, a.ceiling, a.told, a.mailed, a.unsent, a.watched, a.runways, a.firstDay,
    a.expiring, a.digest, a.limitsCount)
    .. ringOf(a))
  if a.ends then put(a, 'ends', a.ends); put(a, 'days', a.days) end
  for from = 1, #a.fields, VALUES_MAX do
    redis.call('HSET', a.key, unpack(a.fields, from, math.min(from + VALUES_MAX - 1, #a.fields)))
  end
  if a.rolled then redis.call('ZADD', accountsKey, text(a.stop), a.id) end
end
