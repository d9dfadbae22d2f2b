-- Daily limits (contract rule 8) as they are told: a server becomes limited or is released, its warning is reached. The
-- gate decides by the same numbers without this. core/daily-limits.ts says the same of one server.

-- What was told of a server, in its record: the sum of these. A server with any of them is watched: its account is looked
-- at when the local day ends.
local LIMITED, WARNED, USED_AHEAD = 1, 2, 4
local LETTERS = { [LIMITED] = 'l', [WARNED] = 'w', [USED_AHEAD] = 'n' }

local function has(flags, flag) return flags % (2 * flag) >= flag end

local function limitMail(a, kind, id, s, by, ref)
  addMail(a, kind, id, by, ref, table.concat({
    ',"serverId":"', id, '","used":', text(s.used), ',"limit":', text(s.limit), ',"warn":', string.format('%.14g', s.warn),
    ',"until":', text(a.tomorrow),
  }))
end

local function supersedeLimit(a, kind, id)
  supersede(a, function(mail) return mail.kind == kind and mail.about == id end)
end

-- Decides a server after its day's use, its limit or the day changed. Returns what was told of it before, or nil when
-- that is still so.
local function decideServer(a, id, s)
  local now = 0
  if s.limit >= 0 then
    if s.used >= s.limit then now = now + LIMITED end
    if s.warn >= 0 and s.used >= percentOf(s.limit, math.floor(s.warn * 100 + 0.5)) then now = now + WARNED end
    if s.next > 0 then now = now + USED_AHEAD end
  end
  local before = s.flags
  if now == before then return nil end
  local letters = ''
  for flag, letter in pairs(LETTERS) do if has(now, flag) then letters = letters .. letter end end
  limitsOf(a)[id] = now > 0 and letters or nil
  if before == 0 then a.watched = a.watched + 1 elseif now == 0 then a.watched = a.watched - 1 end
  s.flags = now
  s.isChanged = true
  a.limitedText = nil
  a.limitsChanged = true
  a.changed = true
  return before
end

-- Tells of a server what has changed since `before`.
local function tellServer(a, id, s, before, by, ref, silent)
  local quiet = silent or a.closed
  local wasLimited, wasWarned = has(before, LIMITED), has(before, WARNED)
  local limited, warned = has(s.flags, LIMITED), has(s.flags, WARNED)
  if wasWarned and not warned then supersedeLimit(a, 'limit-warning', id) end
  if limited and not wasLimited then
    tell(a, 'server.limited', id)
    supersedeLimit(a, 'limit-warning', id)
    if not quiet then limitMail(a, 'limit-reached', id, s, by, ref) end
    return
  end
  if wasLimited and not limited then
    tell(a, 'server.released', id)
    supersedeLimit(a, 'limit-reached', id)
  end
  if warned and not wasWarned and not quiet then limitMail(a, 'limit-warning', id, s, by, ref) end
end

local function reviewServer(a, id, s, by, ref, silent)
  local before = decideServer(a, id, s)
  if before then tellServer(a, id, s, before, by, ref, silent) end
end

-- Decides every watched server anew after the local day has changed, and then tells of all: each says how all of them stand.
local function reviewDay(a)
  if a.watched == 0 then return end
  local ids, before = {}, {}
  for id in pairs(limitsOf(a)) do ids[#ids + 1] = id end
  table.sort(ids)
  for i, id in ipairs(ids) do before[i] = decideServer(a, id, serverOf(a, 's:' .. id)) or false end
  for i, id in ipairs(ids) do
    if before[i] then tellServer(a, id, a.servers['s:' .. id], before[i], 'reset', '', false) end
  end
end

local function writtenLimits(a)
  local lines = {}
  for id, flags in pairs(a.limits) do lines[#lines + 1] = id .. '\t' .. flags end
  table.sort(lines)
  return table.concat(lines, '\n')
end
