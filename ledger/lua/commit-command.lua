-- commit-command: the atomic step of one account command, and of the parked commands that its first upsert releases.
-- KEYS  1 meta, 2 outbox, 3 accounts, 4 parked index, 5 account, 6 commands, 7 purchases, 8 parked commands, 9 voids,
--       10 outbox of platform events, 11 mails due, 12 midnights, then the dedupe buckets of the events that are voided
-- ARGV  1 ledger id, 2 highest sequence seen, 3 account id, 4 JSON:
--       {v, cycle: what an upsert was computed for (v 0: account believed unknown),
--        released: how many of the commands come from the parked list, page: sha1 of its items, parkedMs: how long they
--        may wait, park: text to park, parkedMax, directory: the dedupe directory that the buckets are of (with voids),
--        commands: [{id, hash, type, at, history, contacts?, …what its type needs in micro-credits and ms; of the parked
--        ones also released: line for the outbox, parkedAt, isSetAside: it was refused and is a dead letter by now}]},
--       5 the usage row of a void whose event is charged: its body with the length in front, or empty
-- Returns {clock, sequence, outcome of the first command, its detail}: applied, duplicate, conflict, stale, parked, full,
--       no-purchase, too-much, void-too-much. Or, and then nothing was done: {clock, sequence, 'retry'}: the account or
--       its parked list moved on, read them again; {…, 'directory', the one in force}; {…, 'charge', 'seen' or '', last
--       forgotten day}: the event to be voided is charged, or may be ('') on a day that is forgotten here: find its row;
--       {…, 'refused', outcomes …}: parked commands are refused that no dead letter keeps yet. Errors as in commit-events.

local m, fence = open(KEYS[1], ARGV[1], ARGV[2])
if not m then return fence end
local input = cjson.decode(ARGV[4])
local index = 0
local w = {
  id = ARGV[3], clock = m.clock, forgotten = m.forgotten, entries = {}, purchases = {},
  voids = {}, marks = {}, usage = {}, splits = {}, body = ARGV[5],
  accountKey = KEYS[5], purchasesKey = KEYS[7], voidsKey = KEYS[9],
  nextIndex = function() index = index + 1; return index - 1 end,
}
commit.clock = m.clock
local moved = { text(m.clock), text(m.sequence), 'retry' }
redis.call('XLEN', KEYS[2]); redis.call('ZCARD', KEYS[3]); redis.call('ZCARD', KEYS[4])
redis.call('HLEN', KEYS[7]); redis.call('XLEN', KEYS[10]); redis.call('ZCARD', KEYS[11]); redis.call('ZCARD', KEYS[12])
w.account = readAccount(KEYS[5], w.id)
local known = w.account and true
local waiting = redis.call('LLEN', KEYS[8])
if input.directory and input.directory ~= m.directory then
  return { text(m.clock), text(m.sequence), 'directory', m.directory }
end
if w.account then advance(w.account, w.clock, w.entries, w.nextIndex, watch) end
if w.account and (w.account.stale or w.account.dayStale) then return moved end

-- What a command may have changed beside its account's balances; each ends its account's mail by itself.
local function decide(c, isFirst)
  local a, silent = w.account, given(c.silent) and c.silent
  if isFirst then return end -- its alerts start as the account stands
  reviewEmptiness(a, 'command', c.id, silent)
  review(a, 'command', c.id, silent)
  local fields = {}
  for field in pairs(a.servers) do fields[#fields + 1] = field end
  table.sort(fields)
  for _, field in ipairs(fields) do
    reviewServer(a, string.sub(field, 3), a.servers[field], 'command', c.id, silent)
  end
  settle(a)
end

local outcomes, history, contacts, remember, forget, parks = {}, {}, {}, {}, {}, false
local releasedLines, refused, firstDetail = {}, false, ''
local at = redis.call('HMGET', KEYS[5], 'atUpsert', 'atAlerts')
local lastAt = { ['account.upsert'] = tonumber(at[1] or '0'), ['alerts.set'] = tonumber(at[2] or '0') }

for i, c in ipairs(input.commands) do
  local isReleased = i > #input.commands - input.released
  local seen = not isReleased and redis.call('HGET', KEYS[6], c.id)
  local outcome, detail
  if isReleased and w.clock - c.parkedAt > input.parkedMs then return moved end
  if isReleased and not w.account then
    outcome = 'waiting' -- its upsert was refused
  elseif c.isSetAside then
    outcome = 'set-aside'
  elseif seen then
    outcome = seen == c.hash and 'duplicate' or 'conflict'
  elseif not w.account and c.type ~= 'account.upsert' then
    if m.parked >= input.parkedMax or waiting >= input.parkedCommandsMax then outcome = 'full'
    else outcome = 'parked'; parks = true end
  elseif lastAt[c.type] and c.at < lastAt[c.type] then
    outcome, detail = 'stale', ''
    decide(c, false)
  else
    if c.type == 'account.upsert' then
      local a = w.account
      if (a and a.v or 0) ~= input.v or (a and a.cycle ~= input.cycle) then return moved end
      if not a and (w.clock >= c.stop or w.clock >= c.tomorrow) then return moved end
      if not a and redis.sha1hex(table.concat(redis.call('LRANGE', KEYS[8], 0, -1))) ~= input.page then return moved end
    end
    w.isReleasing = isReleased
    local isFirst = not w.account
    outcome, detail = apply[c.type](w, c)
    if outcome == 'charge' then return { text(m.clock), text(m.sequence), outcome, detail, text(m.forgotten) } end
    if REFUSALS[outcome] then detail = nil; refused = refused or isReleased
    elseif lastAt[c.type] then lastAt[c.type] = c.at end
    decide(c, isFirst)
  end
  outcomes[i] = outcome
  if i == 1 then firstDetail = detail or '' end
  if detail then
    history[#history + 1] = string.sub(c.history, 1, -2) .. ',"outcome":"' .. outcome .. '","detail":"' .. detail .. '"}'
    if given(c.contacts) and outcome == 'applied' then contacts[#contacts + 1] = c.contacts end
    if isReleased then releasedLines[#releasedLines + 1] = c.released end
  end
  if detail or outcome == 'parked' then
    remember[#remember + 1] = c.id; remember[#remember + 1] = c.hash
  elseif isReleased and w.account then
    forget[#forget + 1] = c.id -- refused after all: as a dead letter it does not use its id up
  end
end
if refused then return { text(m.clock), text(m.sequence), 'refused', unpack(outcomes) } end

if w.account then settle(w.account) end

-- The write half.
local released = known and 0 or (w.account and input.released or 0)
local changed = (w.account and w.account.changed) or hasTold() or #history > 0 or parks
if not changed then return { text(m.clock), text(m.sequence), outcomes[1], firstDetail } end
local sequence = m.sequence + 1
local row = { 'at', text(w.clock) }
local function field(name, value) row[#row + 1] = name; row[#row + 1] = value end
local function add(name, lines) if #lines > 0 then field(name, table.concat(lines, '\n')) end end
if #w.usage > 0 then
  row[#row + 1] = 'usage'; row[#row + 1] = table.concat(w.usage)
  row[#row + 1] = 'splits'; row[#row + 1] = table.concat(w.splits)
end
add('entries', w.entries); add('history', history); add('contacts', contacts)
if parks then add('parked', { input.parkedLine }) end
add('released', releasedLines)
publish(KEYS[10], sequence, field)
redis.call('XADD', KEYS[2], text(sequence) .. '-0', unpack(row))
redis.call('HSET', KEYS[1], 'sequence', text(sequence))
if #w.usage > 0 then redis.call('HINCRBY', KEYS[1], 'rows', #w.usage) end
if parks then
  redis.call('RPUSH', KEYS[8], text(w.clock) .. ' ' .. input.park)
  redis.call('ZADD', KEYS[4], 'LT', text(w.clock), KEYS[8])
  redis.call('HINCRBY', KEYS[1], 'parked', 1)
end
if w.account then
  putServers(w.account)
  writeWatched(w.account, KEYS[3], KEYS[11], KEYS[12], sequence)
  for id, value in pairs(w.purchases) do redis.call('HSET', KEYS[7], id, value) end
end
for event, command in pairs(w.voids) do redis.call('HSET', KEYS[9], event, command) end
local marked = 0
for _, mark in ipairs(w.marks) do marked = marked + redis.call('HSET', mark[1], mark[2], mark[3]) end
if marked > 0 then redis.call('HINCRBY', KEYS[1], 'remembered', marked) end
for _, id in ipairs(forget) do redis.call('HDEL', KEYS[6], id) end
for i = 1, #remember, 2 do redis.call('HSET', KEYS[6], remember[i], remember[i + 1]) end
if released > 0 then
  redis.call('DEL', KEYS[8]); redis.call('ZREM', KEYS[4], KEYS[8])
  redis.call('HINCRBY', KEYS[1], 'parked', -released)
end
return { text(m.clock), text(sequence), outcomes[1], firstDetail }
