-- The account as the scripts see it: read from its hash, brought up to date, written back.
-- Owns the cycle roll-forward (contract rules 1, 2 and 4). Time zones are not known here: the hash carries
-- the next cycle ends and local days, computed by the worker; when they are used up the account is `stale`.

-- What every commit needs of an account is one field, `state`: these numbers, packed as doubles (which hold every
-- integer up to 2^53), because a field a number would cost a commit over many accounts more than its events do.
-- The lists are fields of their own, read only when a cycle or a day ends. ledger/account-state.ts reads the same.
local STATE = '<ddddddddddddddddd'
local STATE_NAMES = {
  'v', 'closed', 'plan', 'cycle', 'start', 'stop', 'today', 'tomorrow', 'granted', 'monthly', 'bonus', 'uncovered',
  'left', 'before', 'events', 'cost', 'sequence',
}

-- Reads one account; false when it is not known. `state` may have been read already.
local function readAccount(key, id, state)
  state = state or redis.call('HGET', key, 'state')
  if not state then return false end
  local a = { key = key, id = id, fields = {} }
  a.v, a.closed, a.plan, a.cycle, a.start, a.stop, a.today, a.tomorrow, a.granted, a.monthly, a.bonus, a.uncovered,
    a.left, a.before, a.events, a.cost, a.sequence = struct.unpack(STATE, state)
  a.closed = a.closed == 1
  return a
end

local function readLists(a)
  if not a.ends then
    local lists = redis.call('HMGET', a.key, 'ends', 'days')
    a.ends = lists[1] or ''; a.days = lists[2] or ''
  end
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

-- Ends every cycle whose end has passed, one at a time: what is left expires, the plan's credits are granted.
-- The bonus balance is never touched. The note of each entry is the instant of the boundary.
-- Sets a.stale when the list of ends or of local days does not reach the clock.
local function advance(a, clock, lines, next)
  while clock >= a.stop do
    readLists(a)
    local stop, rest = shift(a.ends)
    if not stop then a.stale = true; return end
    local boundary = text(a.stop)
    local expired = a.monthly
    a.monthly = 0
    if expired > 0 then enter(lines, next, a, 'expiry', a.cycle, -expired, 0, 0, '', boundary) end
    a.left = expired; a.before = a.start; a.uncovered = 0
    a.cycle = a.cycle + 1; a.start = a.stop; a.stop = stop; a.ends = rest
    a.granted = 0
    if not a.closed then
      a.granted = a.plan; a.monthly = a.plan
      enter(lines, next, a, 'grant', a.cycle, a.plan, 0, a.monthly, '', boundary)
    end
    a.changed = true; a.rolled = true
  end
  while clock >= a.tomorrow do
    readLists(a)
    local day, tomorrow, rest = string.match(a.days, '^(-?%d+):(%d+),?(.*)$')
    if not day then a.stale = true; return end
    a.today = tonumber(day); a.tomorrow = tonumber(tomorrow); a.days = rest
    a.changed = true
  end
end

-- Adds a field to what is written of an account.
local function put(a, name, value)
  local n = #a.fields
  a.fields[n + 1] = name; a.fields[n + 2] = value
end

-- The write half of an account: one command that cannot fail.
local function writeAccount(a, accountsKey, sequence)
  put(a, 'state', struct.pack(STATE, a.v, a.closed and 1 or 0, a.plan, a.cycle, a.start, a.stop, a.today, a.tomorrow,
    a.granted, a.monthly, a.bonus, a.uncovered, a.left, a.before, a.events, a.cost, sequence))
  if a.ends then put(a, 'ends', a.ends); put(a, 'days', a.days) end
  redis.call('HSET', a.key, unpack(a.fields))
  if a.rolled then redis.call('ZADD', accountsKey, text(a.stop), a.id) end
end
