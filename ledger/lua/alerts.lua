-- Low-credit alerts (contract rule 9): where each stands, when it fires, when it is armed again, and what is mailed of it.
-- core/thresholds.ts says the same of one alert, and core/forecast.ts of the pace; numbers are exact here too.
-- The field `alerts` holds one a line, tab-separated: armed (1, 0), built-in (1, 0), kind, id, number (µcr, or hundredths
-- of a percent or of a day). Two numbers of the state spare events the reading of it: nothing can change while `remaining`
-- is above `floor` and below `ceiling`.

local CREDIT = 1000000
local HUNDRED_PERCENT = 10000

-- a × b ÷ c, rounded down, exact where a × b would not be: b × c stays below 2^53.
local function share(a, b, c)
  local whole = math.floor(a / c)
  return whole * b + math.floor((a - whole * c) * b / c)
end

-- Whether a × b < c × d, exact for whole numbers below 2^53 of which one in each product is below 2^52: compared in limbs
-- of 26 bits.
local LIMB = 67108864
local function limbs(a, b)
  local a1, b1 = math.floor(a / LIMB), math.floor(b / LIMB)
  local a0, b0 = a - a1 * LIMB, b - b1 * LIMB
  local low, left, right = a0 * b0, a1 * b0, a0 * b1
  local high = a1 * b1 + math.floor(left / LIMB) + math.floor(right / LIMB)
  local middle = left % LIMB + right % LIMB + math.floor(low / LIMB)
  return high + math.floor(middle / LIMB), middle % LIMB, low % LIMB
end
local function isProductLess(a, b, c, d)
  local h, m, l = limbs(a, b)
  local h2, m2, l2 = limbs(c, d)
  if h ~= h2 then return h < h2 end
  if m ~= m2 then return m < m2 end
  return l < l2
end

local function percentOf(n, percent) return share(n, percent, HUNDRED_PERCENT) end

local function rearmLevel(threshold)
  return threshold + math.max(CREDIT, math.ceil(threshold / 20))
end

-- Where an alert stands: its threshold (nil: it is off) and whether it may fire.
local function levelOf(a, alert)
  if alert.kind == 'absolute' then return alert.number, true end
  if alert.kind == 'percent' then
    if a.granted == 0 then return nil end
    return percentOf(a.granted, alert.number), true
  end
  local days, spent = pace(a)
  if not spent then return nil end
  local left = a.stop - commit.clock
  return share(spent, alert.number, days * 100),
    spent > 0 and left > 0 and isProductLess(a.monthly + a.bonus, days * DAY_MS, left, spent)
end

-- One that is set where `remaining` already is at or below it starts as fired, silently.
local function startAlert(a, builtIn, kind, id, number)
  local alert = { builtIn = builtIn, kind = kind, id = id, number = number }
  local threshold, mayFire = levelOf(a, alert)
  alert.armed = not (threshold and mayFire and a.monthly + a.bonus <= threshold)
  return alert
end

-- The two that every account has, and of one that was set before alerts were decided here its own.
local function firstAlerts(a, set)
  local list = { startAlert(a, true, 'percent', 'low', 2000), startAlert(a, true, 'absolute', 'depleted', 0) }
  for _, one in ipairs(set and cjson.decode(set) or {}) do
    local number = one.credits and tonumber(one.credits) or math.floor((one.percent or one.days) * 100 + 0.5)
    list[#list + 1] = startAlert(a, false, one.kind, one.id, number)
  end
  a.alertsChanged = true
  return list
end

local function alertsOf(a)
  if not a.alerts then
    local kept = redis.call('HGET', a.key, 'alerts')
    if not kept or string.sub(kept, 1, 1) == '[' then
      a.alerts = firstAlerts(a, kept)
      return a.alerts
    end
    a.alerts = {}
    for armed, builtIn, kind, id, number in string.gmatch(kept, '(%d)\t(%d)\t(%a+)\t([^\t\n]+)\t(%d+)') do
      a.alerts[#a.alerts + 1] = {
        armed = armed == '1', builtIn = builtIn == '1', kind = kind, id = id, number = tonumber(number),
      }
    end
  end
  return a.alerts
end

local function alertName(alert) return (alert.builtIn and 'built-in:' or 'own:') .. alert.id end

local function writtenAlerts(a)
  local lines = {}
  for i, alert in ipairs(a.alerts) do
    lines[i] = table.concat({
      alert.armed and '1' or '0', alert.builtIn and '1' or '0', alert.kind, alert.id, text(alert.number),
    }, '\t')
  end
  return table.concat(lines, '\n')
end

-- No credits above this run out before the reset at the pace known, and time only makes it less. A little more than exact.
local function runsOutFrom(a)
  local days, spent = pace(a)
  if not spent or spent == 0 then return -1 end
  return math.floor(math.max(0, a.stop - commit.clock) / (days * DAY_MS) * spent) + 1
end

-- What events are spared: the highest threshold of an armed alert, the lowest level at which a fired one is armed again.
local function boundAlerts(a)
  a.floor, a.ceiling, a.runways = -1, math.huge, 0
  for _, alert in ipairs(alertsOf(a)) do
    local threshold, mayFire = levelOf(a, alert)
    if alert.kind == 'runway' then a.runways = a.runways + 1 end
    if threshold then
      if alert.armed then a.floor = math.max(a.floor, mayFire and threshold or math.min(threshold, runsOutFrom(a)))
      else a.ceiling = math.min(a.ceiling, rearmLevel(threshold)) end
    end
  end
end

local function alertChange(a, alert, threshold, by, ref, silent)
  commit.alerts[#commit.alerts + 1] = table.concat({
    '{"accountId":"', a.id, '","alertId":"', alert.id, '","builtIn":', alert.builtIn and 'true' or 'false',
    ',"kind":"', alert.kind, '","number":"', text(alert.number), '","state":"', alert.armed and 'armed' or 'fired',
    '","threshold":', text(threshold), ',"remaining":', text(a.monthly + a.bonus), ',"granted":', text(a.granted),
    ',"by":"', by, '","ref":"', ref, '","silent":', silent and 'true' or 'false', '}',
  })
  a.alertsChanged = true
  a.changed = true
end

local function ruleOf(alert)
  return table.concat({ '"kind":"', alert.kind, '","number":"', text(alert.number), '","builtIn":', alert.builtIn and 'true' or 'false', ',' })
end

-- Takes back the unsent mail about an alert that is armed again, or gone. What else was crossed with it, and still is, is
-- told anew at the end of the commit.
local function takeBack(a, alert)
  local rule = ruleOf(alert)
  supersede(a, function(mail)
    if mail.kind ~= 'low-credits' and mail.kind ~= 'depleted' then return false end
    if not string.find(string.match(mail.snapshot, '"alert":(%b{})') or '', rule, 1, true) then return false end
    for crossed in string.gmatch(mail.status ~= 'sending' and string.match(mail.snapshot, '"others":(%b[])') or '', '%b{}') do
      for _, other in ipairs(alertsOf(a)) do
        if not other.armed and string.find(crossed, ruleOf(other), 1, true) then
          a.fired = a.fired or {}
          a.fired[#a.fired + 1] = {
            alert = other, threshold = tonumber(string.match(crossed, '"threshold":(%d+)')), by = mail.by, ref = mail.ref,
          }
          break
        end
      end
    end
    return true
  end)
end

-- Decides every alert of the account after `remaining` or a level changed.
local function review(a, by, ref, silent)
  local remaining = a.monthly + a.bonus
  for _, alert in ipairs(alertsOf(a)) do
    local threshold, mayFire = levelOf(a, alert)
    if threshold and alert.armed and mayFire and remaining <= threshold then
      alert.armed = false
      alertChange(a, alert, threshold, by, ref, silent or a.closed)
      a.fired = a.fired or {}
      a.fired[#a.fired + 1] = { alert = alert, threshold = threshold, by = by, ref = ref, silent = silent or a.closed }
      if alert.builtIn and alert.id == 'low' and remaining > 0 then tell(a, 'credits.low') end
    elseif threshold and not alert.armed and remaining >= rearmLevel(threshold) then
      alert.armed = true
      alertChange(a, alert, threshold, by, ref, silent or a.closed)
      for i = #(a.fired or {}), 1, -1 do if a.fired[i].alert == alert then table.remove(a.fired, i) end end
      takeBack(a, alert)
    end
  end
  boundAlerts(a)
  a.changed = true
end

-- `alerts.set`: the whole list. An alert of the same kind and number keeps its state, whatever it is called now; the others
-- start anew, and those that are gone take their unsent mails with them.
local function replaceAlerts(a, wanted)
  local before, list, kept, isUsed, rules = alertsOf(a), {}, {}, {}, {}
  for _, alert in ipairs(before) do if alert.builtIn then list[#list + 1] = alert end end
  local function keep(i, isSame)
    for _, alert in ipairs(before) do
      if not kept[i] and not alert.builtIn and not isUsed[alert] and alert.kind == wanted[i].kind
        and alert.number == wanted[i].number and isSame(alert) then
        isUsed[alert] = true
        kept[i] = alert
      end
    end
  end
  for i, one in ipairs(wanted) do keep(i, function(alert) return alert.id == one.id end) end
  for i, one in ipairs(wanted) do
    keep(i, function() return true end)
    if kept[i] then kept[i].id = one.id end
    list[#list + 1] = kept[i] or startAlert(a, false, one.kind, one.id, one.number)
  end
  a.alerts = list
  a.alertsChanged = true
  for _, alert in ipairs(list) do rules[ruleOf(alert)] = true end
  for _, alert in ipairs(before) do if not rules[ruleOf(alert)] then takeBack(a, alert) end end
end

local function isWorse(one, other)
  if one.threshold ~= other.threshold then return one.threshold < other.threshold end
  return one.alert.kind ~= 'runway' and other.alert.kind == 'runway'
end

local function crossedJson(fired)
  local alert = fired.alert
  return table.concat({
    '{"id":"', alert.id, '","kind":"', alert.kind, '","number":"', text(alert.number), '","builtIn":',
    alert.builtIn and 'true' or 'false', ',"threshold":', text(fired.threshold), '}',
  })
end

-- Ends a commit for an account: what it fired makes at most one mail, of the most severe, which supersedes unsent ones.
local function settle(a)
  local fired = a.fired
  a.fired = nil
  if not fired or a.closed then return end
  local loud = {}
  for _, one in ipairs(fired) do
    if not one.silent then
      local at = #loud + 1
      while at > 1 and isWorse(one, loud[at - 1]) do at = at - 1 end
      table.insert(loud, at, one)
    end
  end
  if #loud == 0 then return end
  local others = {}
  for i = 2, #loud do others[i - 1] = crossedJson(loud[i]) end
  supersede(a, function(mail) return mail.kind == 'low-credits' or mail.kind == 'depleted' end)
  local worst = loud[1]
  addMail(a, worst.threshold == 0 and 'depleted' or 'low-credits', alertName(worst.alert), worst.by, worst.ref,
    ',"alert":' .. crossedJson(worst) .. ',"others":[' .. table.concat(others, ',') .. ']')
end

-- Tells when `remaining` reaches or leaves zero. By mail its owner hears that there are credits again only after a mail
-- that said there were none; not after a reset, whose own mail says it.
local function reviewEmptiness(a, by, ref, silent)
  local empty = a.monthly + a.bonus == 0
  if empty == a.empty then return end
  a.empty = empty
  tell(a, empty and 'credits.depleted' or 'credits.restored')
  if empty then return supersedeKind(a, 'restored') end
  if a.toldDepleted and by ~= 'reset' and not silent and not a.closed then replaceMail(a, 'restored', by, ref, '') end
  a.toldDepleted = false
end
