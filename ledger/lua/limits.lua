-- Daily limits (contract rule 8) as they are told: a server becomes limited or is released, its warning is reached. The
-- gate decides by the same numbers without this. core/daily-limits.ts says the same of one server.

local function isIn(flags, flag) return flags ~= nil and string.find(flags, flag, 1, true) ~= nil end

local function limitMail(a, kind, id, s, by, ref)
  addMail(a, kind, id, by, ref, table.concat({
    ',"serverId":"', id, '","used":', text(s.used), ',"limit":', text(s.limit), ',"warn":', string.format('%.14g', s.warn),
    ',"until":', text(a.tomorrow),
  }))
end

local function supersedeLimit(a, kind, id) supersedeAbout(a, kind, id) end

-- Decides one server after its day's use, its limit or the day changed.
local function reviewServer(a, id, s, by, ref, silent)
  local flags = limitsOf(a)[id] or ''
  local wasLimited, wasWarned = isIn(flags, 'l'), isIn(flags, 'w')
  local limited, warned = false, false
  if s.limit >= 0 then
    limited = s.used >= s.limit
    warned = s.warn >= 0 and s.used >= percentOf(s.limit, math.floor(s.warn * 100 + 0.5))
  end
  local now = (limited and 'l' or '') .. (warned and 'w' or '') .. (s.limit >= 0 and s.next > 0 and 'n' or '')
  if now == flags then return end
  if flags == '' then a.watched = a.watched + 1 end
  if now == '' then a.watched = a.watched - 1 end
  a.limits[id] = now ~= '' and now or nil
  a.limitsChanged = true
  a.changed = true
  local quiet = silent or a.closed
  if wasWarned and not warned then supersedeLimit(a, 'limit-warning', id) end
  if limited and not wasLimited then
    tell(a, 'server.limited', id)
    supersedeLimit(a, 'limit-warning', id)
    if not quiet then limitMail(a, 'limit-reached', id, s, by, ref) end
  elseif wasLimited and not limited then
    tell(a, 'server.released', id)
    supersedeLimit(a, 'limit-reached', id)
  elseif warned and not wasWarned and not quiet then
    limitMail(a, 'limit-warning', id, s, by, ref)
  end
end

-- Decides every watched server anew, after the local day has changed.
local function reviewDay(a)
  if a.watched == 0 then return end
  local ids = {}
  for id in pairs(limitsOf(a)) do ids[#ids + 1] = id end
  table.sort(ids)
  for _, id in ipairs(ids) do reviewServer(a, id, serverOf(a, 's:' .. id), 'reset', '', false) end
end

local function writtenLimits(a)
  local lines = {}
  for id, flags in pairs(a.limits) do lines[#lines + 1] = id .. '\t' .. flags end
  table.sort(lines)
  return table.concat(lines, '\n')
end
