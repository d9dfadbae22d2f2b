-- What a commit tells beside its rows, gathered here and written by `publish`: platform events, and the lines of the
-- alerts' and the mails' history. A platform event carries the whole state of its account at its own moment.
-- Ids need no escaping in JSON: they cannot hold a quote, a backslash or a control character.

local commit = { clock = 0, events = {}, alerts = {}, mails = {} }

-- The servers of an account that its days are watched for, by id: a text of `l` (limited), `w` (its warning is reached)
-- and `n` (it has used of the day after). Kept in the field `limits`, a server a line.
local function limitsOf(a)
  if not a.limits then
    a.limits = {}
    if a.watched > 0 then
      for id, flags in string.gmatch(redis.call('HGET', a.key, 'limits') or '', '([^\t\n]+)\t(%a+)') do a.limits[id] = flags end
    end
  end
  return a.limits
end

-- Made once for all that is told at one moment.
local function limitedServers(a)
  if a.watched == 0 then return '' end
  if not a.limitedText then
    local ids = {}
    for id, flags in pairs(limitsOf(a)) do
      if string.find(flags, 'l', 1, true) then ids[#ids + 1] = '"' .. id .. '"' end
    end
    table.sort(ids)
    a.limitedText = table.concat(ids, ',')
  end
  return a.limitedText
end

local function tell(a, kind, serverId)
  a.told = a.told + 1
  a.changed = true
  commit.events[#commit.events + 1] = table.concat({
    '{"id":"', a.id, ':', text(a.told), '","type":"', kind, '","accountId":"', a.id,
    serverId and '","serverId":"' .. serverId or '', '","sequence":', text(a.told), ',"at":', text(commit.clock),
    ',"state":{"monthly":"', credits(a.monthly), '","bonus":"', credits(a.bonus), '","cycle":', text(a.cycle),
    ',"closed":', a.closed and 'true' or 'false', ',"limitedServers":[', limitedServers(a), ']}}',
  })
end

-- Whether the commit has something that only this file's lists hold.
local function hasTold() return #commit.events + #commit.alerts + #commit.mails > 0 end

-- The write half: the platform events as one entry of their outbox, and the fields of the outbox of rows.
local function publish(eventsKey, sequence, add)
  if #commit.alerts > 0 then add('alerts', table.concat(commit.alerts, '\n')) end
  if #commit.mails > 0 then add('mails', table.concat(commit.mails, '\n')) end
  if #commit.events > 0 then redis.call('XADD', eventsKey, text(sequence) .. '-0', 'events', table.concat(commit.events, '\n')) end
end
