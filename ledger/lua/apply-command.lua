-- What each account command does to its account, on Lua tables only (contract: account commands; rules 2, 6, 8).
-- Every function takes the state `w` of the commit (clock, entries, nextIndex, writes) and the command `c`,
-- and returns the command's outcome and a detail for its record; a refusal leaves everything as it was.

local apply = {}
-- Outcomes of commands that cannot apply to the account as it stands: dead letters, which use no id up.
local REFUSALS = { ['no-purchase'] = true, ['too-much'] = true, ['void-too-much'] = true, ['too-many-limits'] = true }
-- Servers of an account with a limit: what is told of one says which of the others are limited.
local LIMITS_MAX = 1000

local function given(value) return value ~= nil and value ~= cjson.null end

-- Raises the cycle's grant to the plan's: counted from what the cycle was granted so far, never in cycle 0.
local function raise(w, a, commandId)
  if a.cycle < 1 or a.closed then return end
  local by = a.plan - a.granted
  if by <= 0 then return end
  a.granted = a.plan
  a.monthly = amount(a.monthly + by, 'monthly')
  enter(w.entries, w.nextIndex, a, 'grant', a.cycle, by, 0, a.monthly, commandId, '')
end

apply['account.upsert'] = function(w, c)
  local a = w.account
  if not a then
    a = {
      key = w.accountKey, id = w.id, fields = {}, v = 0, closed = false, cycle = c.open.cycle, start = c.open.start,
      granted = 0, monthly = 0, bonus = 0, uncovered = 0, left = 0, before = c.open.start, events = 0, cost = 0,
      empty = false, toldDepleted = false, floor = -1, ceiling = math.huge, told = 0, mailed = 0, unsent = 0, watched = 0,
      runways = 0, firstDay = -1, expiring = -1, digest = -1, limitsCount = 0, servers = {}, ring = '', pending = 0, rolled = true, changed = true,
    }
    w.account = a
    a.plan = c.plan
    if a.cycle > 0 then
      a.granted = a.plan; a.monthly = a.plan
      enter(w.entries, w.nextIndex, a, 'grant', a.cycle, a.plan, 0, a.monthly, c.id, text(a.start))
    end
    if given(c.opening) then
      local monthly, bonus = c.opening.monthly - a.monthly, c.opening.bonus
      a.monthly = amount(c.opening.monthly, 'monthly'); a.bonus = amount(bonus, 'bonus')
      enter(w.entries, w.nextIndex, a, 'opening', a.cycle, monthly, bonus, a.monthly, c.id, '')
    end
    a.empty = a.monthly + a.bonus == 0
    a.today = c.today
    a.alerts = firstAlerts(a)
    boundAlerts(a)
  else
    a.closed = false
    a.plan = c.plan
    raise(w, a, c.id)
  end
  a.v = c.v; a.ends = c.ends; a.today = c.today; a.tomorrow = c.tomorrow; a.days = c.days
  a.stop = c.stop; a.changed = true; a.rolled = true; a.reindex = true
  put(a, 'atUpsert', text(c.at)); put(a, 'profile', c.profile); put(a, 'schedule', c.schedule)
  return 'applied', ''
end

apply['account.close'] = function(w, _)
  w.account.closed = true; w.account.changed = true
  supersede(w.account, everyMail)
  return 'applied', ''
end

apply['credits.purchase'] = function(w, c)
  local a = w.account
  if a.bonus + c.credits > AMOUNT_MAX then return 'too-much', '' end
  a.bonus = amount(a.bonus + c.credits, 'bonus')
  enter(w.entries, w.nextIndex, a, 'purchase', a.cycle, 0, c.credits, a.monthly, c.id, c.note)
  w.purchases[c.id] = text(c.credits) .. ' 0'
  if not (given(c.silent) and c.silent) and not a.closed then
    addMail(a, 'receipt', '', 'command', c.id, ',"purchase":' .. c.receipt)
  end
  return 'applied', ''
end

apply['credits.refund'] = function(w, c)
  local a = w.account
  local bought = w.purchases[c.purchaseId] or redis.call('HGET', w.purchasesKey, c.purchaseId)
  if not bought then return 'no-purchase', '' end
  local bonus, refunded = string.match(bought, '^(%d+) (%d+)$')
  local taken = math.min(c.credits, tonumber(bonus) - tonumber(refunded), a.bonus)
  a.bonus = a.bonus - taken
  w.purchases[c.purchaseId] = bonus .. ' ' .. text(tonumber(refunded) + taken)
  local detail = 'asked ' .. credits(c.credits) .. ', taken ' .. credits(taken)
  enter(w.entries, w.nextIndex, a, 'refund', a.cycle, 0, -taken, a.monthly, c.id, detail)
  return 'applied', detail
end

apply['server.limit'] = function(w, c)
  local s = serverOf(w.account, 's:' .. c.serverId)
  if c.at < s.at then return 'stale', '' end
  local before = s.limit >= 0 and 1 or 0
  local after = given(c.limit) and (c.limit >= 0 and 1 or 0) or before
  if after > before and w.account.limitsCount >= LIMITS_MAX then return 'too-many-limits', '' end
  w.account.limitsCount = w.account.limitsCount + after - before
  s.at = c.at
  s.isChanged = true
  if given(c.limit) then s.limit = c.limit end
  if given(c.warn) then s.warn = c.warn end
  w.account.changed = true
  return 'applied', ''
end

apply['alerts.set'] = function(w, c)
  put(w.account, 'atAlerts', text(c.at))
  replaceAlerts(w.account, c.alerts)
  w.account.changed = true
  return 'applied', ''
end
