-- commit-events: the atomic step of a group of usage events of many jobs.
-- Dedupes, brings accounts up to date, splits over monthly and bonus, counts server days, parks, records dead
-- letters, takes the next sequence number and appends one entry to the outbox; or leaves an event for a resend.
-- An event that was voided before it came, or while it was parked, is accepted and costs nothing: two rows, of which the
-- second takes the first one back.
--
-- KEYS  1 meta, 2 outbox, 3 accounts, 4 parked index, 5 dead letters in doubt, 6 outbox of platform events, 7 mails due,
--       8 midnights, then accounts, dedupe buckets, lists that a record names, and last the list that is released, if any.
-- ARGV  1 ledger id, 2 highest sequence seen, 3 ACCEPT ms, 4 future ms, 5 parked max, 6 dedupe directory,
--       7 counts (struct: accounts, buckets, lists, names), 8 records (struct, 67 bytes an event), 9 bodies,
--       10 accounts (struct, for each a double: its profile version, 0 when believed unknown, and an I2: how many
--       names it has), 11 items of the page that is released (0: none), 12 their sha1, 13 place of the page in its list
--       (0: at the front), 14 ms an item may be parked, 15 last forgotten day when ids were looked up, then account ids,
--       names of servers (`s:<id>`, account by account), payloads.
-- Record: kind B, account H, server H, bucket H, list H, key c16, body hash c4, cost d, occurredAt d, queuedAt d
--       (released: first arrival), day i4, offset I4, length I4, payload H (0: none; all count from 1, a server within
--       its account). Kinds: 0 usage, 1 dead letter, 2 to be parked, 3 an identity to be freed (the key, with a line for
--       the outbox; or with a list, which is a hash then, the field in the payload), 4 seen (looked up: the same),
--       5 dead letter that is in doubt no more (looked up: new), 7 a dead letter that was applied after all;
--       +8 released, +16 looked up.
-- Returns {clock, sequence (or the last one), outcomes, waiting rows, directory, last forgotten day (-1: none)}: one
--       letter an event: a accepted, d duplicate, c conflict, t too late, f future, p parked, l parked letters full,
--       D dead letter recorded, e recorded before, F freed, R redrive recorded; and of those that nothing was done for, to be sent again:
--       s stale profile, o its id may be forgotten here: look it up, w it waited too long for a release: expire it.
--       An error reply FENCE … when the ledger is another one or went back in time; RELEASED when the page moved on.

local RECORD_BYTES, OFFSET_IN_RECORD = 67, 57
-- Items of a list that are moved to close it up: some 50 µs.
local SHORT_LIST = 1000

local m, refused = open(KEYS[1], ARGV[1], ARGV[2])
if not m then return refused end
if m.directory ~= ARGV[6] then return { text(m.clock), text(m.sequence), 'x', text(m.waiting), m.directory } end

local clock = m.clock
commit.clock = clock
local tooLate, future, parkedMax = clock - tonumber(ARGV[3]), clock + tonumber(ARGV[4]), tonumber(ARGV[5])
local nAccounts, nBuckets, nLists, nNames = struct.unpack('<I2I2I2I2', ARGV[7])
local records, bodies = ARGV[8], ARGV[9]
local released, place, parkedMs = tonumber(ARGV[11]), tonumber(ARGV[13]), tonumber(ARGV[14])
local accountBase = 15
local nameBase = accountBase + nAccounts
local payloadBase = nameBase + nNames
local accountKey, bucketKey = 8, 8 + nAccounts
local listKey = bucketKey + nBuckets
local releasedKey = KEYS[listKey + nLists + 1]

-- The whole page is compared: its head alone may stand there again, parked anew, with others behind it.
local leaving = 0 -- empty places in the page are items that left it before
if released > 0 then
  local page = redis.call('LRANGE', releasedKey, place, place + released - 1)
  if #page < released or redis.sha1hex(table.concat(page)) ~= ARGV[12] then
    return redis.error_reply('RELEASED another worker released this page')
  end
  if releasedKey ~= KEYS[5] then
    for i = 1, released do if page[i] ~= '' then leaving = leaving + 1 end end
  end
end
redis.call('XLEN', KEYS[2]); redis.call('ZCARD', KEYS[3]); redis.call('ZCARD', KEYS[4])
redis.call('XLEN', KEYS[6]); redis.call('ZCARD', KEYS[7]); redis.call('ZCARD', KEYS[8])

local index = 0
local function nextIndex() index = index + 1; return index - 1 end

-- What was sent of each account: its version and where its names stand.
local versions, names = {}, {}
do
  local at, first = 1, nameBase + 1
  for i = 1, nAccounts do
    local count
    versions[i], count, at = struct.unpack('<dI2', ARGV[10], at)
    names[i] = { first, first + count - 1 }
    first = first + count
  end
end

local accounts, fresh = {}, {}
local entries, splits, parks, dead, parkedLines, releasedLines, redrivenLines = {}, {}, {}, {}, {}, {}, {}
local outcomes, accepted, duplicates, parkedNow = {}, 0, 0, m.parked
-- Rows, and by the offset of a voided event's body the one that takes it back.
local rows, backs = 0, {}
-- What the write half remembers: bucket, key, value, side by side, because a table an event costs more than the event.
local rememberedIn, rememberedKey, rememberedValue, remembered = {}, {}, {}, 0
local freed, kept, freedKeys = {}, {}, 0
local today = struct.pack('<I2', m.day)
-- An event stamped before this may have been committed on a forgotten day: events may be ahead of the clock a little.
local oldBefore = m.forgotten < 0 and -math.huge or (m.forgotten + 1) * DAY_MS + tonumber(ARGV[4])
local isLookedUp = tonumber(ARGV[15]) >= m.forgotten
local doubtful, left, anyLeft = {}, {}, false
local pack, unpackRecord, call = struct.pack, struct.unpack, redis.call

-- An account and the servers of this group, read with one command, brought up to date.
local function accountOf(i)
  local a = accounts[i]
  if a == nil then
    local first, last = names[i][1], names[i][2]
    local values = call('HMGET', KEYS[accountKey + i], 'state', unpack(ARGV, first, last))
    a = values[1] and readAccount(KEYS[accountKey + i], ARGV[accountBase + i], values[1])
    if a then
      advance(a, clock, entries, nextIndex, watch)
      a.values = values
    end
    accounts[i] = a
  end
  return a
end

-- What an event may have changed beside its account's balances: alerts, and its server's limit. Most change nothing, and
-- are told so by the numbers at hand.
local function decide(a, field, s, bodies, offset)
  local remaining = a.monthly + a.bonus
  if remaining <= a.floor or remaining >= a.ceiling or (remaining == 0) ~= a.empty then
    local id = eventIdAt(bodies, offset)
    reviewEmptiness(a, 'event', id, false)
    review(a, 'event', id, false)
  end
  if s and s.limit >= 0 then reviewServer(a, string.sub(field, 3), s, 'event', eventIdAt(bodies, offset), false) end
end

-- Remembers a key for this group and the write half; the day lets old keys be found again. `mark`: seen.lua.
local function remember(key, bucket, hash, mark)
  local value = hash .. today
  if mark then value = value .. mark end
  fresh[key] = value
  remembered = remembered + 1
  rememberedIn[remembered] = bucketKey + bucket
  rememberedKey[remembered] = key
  rememberedValue[remembered] = value
end

-- Parks an item with the clock of its first arrival in front of it.
local function park(list, item, arrival)
  parks[#parks + 1] = { KEYS[listKey + list], item, text(arrival) }
  parkedNow = parkedNow + 1
end

-- A dead letter uses no identity up: that of one that was parked is freed. The mark of a void stays.
local function free(bucket, list, key, payload)
  local hash, field = KEYS[bucketKey + bucket], key
  if list > 0 then hash = KEYS[listKey + list]; field = ARGV[payloadBase + payload] end
  local value = call('HGET', hash, field)
  if list == 0 and isVoided(value) then
    kept[#kept + 1] = { hash, field }
  elseif value then
    freed[#freed + 1] = { hash, field }
    if list == 0 then freedKeys = freedKeys + 1 end
  end
  if list == 0 then releasedLines[#releasedLines + 1] = ARGV[payloadBase + payload] end
  return 'F'
end

-- A dead letter that is recorded now; or, where it may have been recorded on a forgotten day, put in doubt: ClickHouse is
-- asked before it is recorded. One that was in doubt is remembered anew, until its record is in ClickHouse.
local function bury(kind, bucket, key, hash, payload)
  remember(key, bucket, hash)
  local letters = (kind == 5 or m.forgotten < 0) and dead or doubtful
  letters[#letters + 1] = ARGV[payloadBase + payload]
  return 'D'
end

-- What the commit decided of one row.
local function row(a, previous, monthly, bonus, uncovered, events)
  rows = rows + 1
  splits[rows] = pack('<I2i8i8i8i8i8i8i4i1',
    nextIndex(), previous, monthly, bonus, uncovered, a.monthly, a.bonus, a.cycle, events)
end

local function one(kind, isReleased, isOld, ai, si, bucket, list, key, hash, cost, occurredAt, queuedAt, day, offset, length, payload)
  if kind == 3 then return free(bucket, list, key, payload) end
  if kind == 4 then duplicates = duplicates + 1; return 'd' end
  if kind == 5 then return bury(kind, bucket, key, hash, payload) end
  local known = fresh[key] or call('HGET', KEYS[bucketKey + bucket], key)
  if not isReleased then
    if isSeen(known) then
      if kind == 1 or kind == 7 then return 'e' end
      if string.sub(known, 1, 4) ~= hash then return 'c' end
      duplicates = duplicates + 1
      return 'd'
    end
    if kind == 1 then return bury(kind, bucket, key, hash, payload) end
    if kind == 7 then
      remember(key, bucket, hash)
      redrivenLines[#redrivenLines + 1] = ARGV[payloadBase + payload]
      return 'R'
    end
    -- With it every later event of the same id: none may overtake it.
    if isOld or (anyLeft and left[key]) then
      left[key] = true; anyLeft = true
      return 'o'
    end
  elseif clock - queuedAt > parkedMs then
    return 'w'
  end
  local a = accountOf(ai)
  local version = versions[ai]
  -- Left out before anything is decided: a later event of the same id must not overtake this one.
  if (a and a.v or 0) ~= version or (a and (a.stale or a.dayStale)) then return 's' end
  if not isReleased then
    if occurredAt < tooLate then return 't' end
    if occurredAt > future then return 'f' end
  end
  if kind == 2 then
    local item = ARGV[payloadBase + payload]
    if isReleased then
      park(list, item, tonumber(string.match(item, '^%d+')))
    else
      if parkedNow >= parkedMax then return 'l' end
      remember(key, bucket, hash, isVoided(known) and VOIDED or PARKED)
      parkedLines[#parkedLines + 1] = item
      park(list, text(clock) .. ' ' .. item, clock)
    end
    return 'p'
  end
  remember(key, bucket, hash)
  if isReleased then queuedAt = clock; releasedLines[#releasedLines + 1] = ARGV[payloadBase + payload] end
  accepted = accepted + 1
  if isVoided(known) then
    backs[offset] = takenBack(bodies, offset, length)
    a.changed = true
    row(a, 0, 0, 0, 0, 1)
    row(a, 0, 0, 0, 0, -1)
    countDay(a, day, 0)
    decide(a, nil, nil, bodies, offset)
    return 'a'
  end
  local previous, monthly, bonus, uncovered = charge(a, clock, cost, occurredAt, queuedAt, bodies, offset, entries, nextIndex)
  local field = ARGV[names[ai][1] + si - 1]
  local s = serverOf(a, field, a.values[1 + si])
  countServer(s, day, cost)
  countDay(a, day, cost)
  row(a, previous, monthly, bonus, uncovered, 1)
  decide(a, field, s, bodies, offset)
  return 'a'
end

local at, n = 1, 0
while at <= #records do
  local kind, ai, si, bucket, list, key, hash, cost, occurredAt, queuedAt, day, offset, length, payload, after =
    unpackRecord('<BI2I2I2I2c16c4dddi4I4I4I2', records, at)
  at = after; n = n + 1
  local isOld, isReleased = occurredAt < oldBefore, false
  if kind >= 16 then kind = kind - 16; isOld = isOld and not isLookedUp end
  if kind >= 8 then kind = kind - 8; isReleased = true end
  outcomes[n] = one(kind, isReleased, isOld, ai, si, bucket, list, key, hash, cost, occurredAt, queuedAt, day, offset,
    length, payload)
end
local letters = table.concat(outcomes)
local function answer(sequence, waiting)
  return { text(clock), text(sequence), letters, text(waiting), m.directory, text(m.forgotten) }
end

-- A released page goes whole or not at all.
if released > 0 and string.find(letters, '[sw]') then return answer(m.sequence, m.waiting) end

-- The bodies go on as they came; those of events that were not accepted are cut out, what takes one back follows it.
local usage = bodies
if accepted > 0 and (accepted < n or rows > accepted) then
  local parts = {}
  for i = 1, n do
    if outcomes[i] == 'a' then
      local offset, length = struct.unpack('<I4I4', records, (i - 1) * RECORD_BYTES + OFFSET_IN_RECORD + 1)
      parts[#parts + 1] = string.sub(bodies, offset + 1, offset + length)
      parts[#parts + 1] = backs[offset]
    end
  end
  usage = table.concat(parts)
end

for _, a in pairs(accounts) do if a and a.fired then settle(a) end end
local changed = #entries > 0 or remembered > 0 or #freed > 0 or #kept > 0 or released > 0
for _, a in pairs(accounts) do if a and a.changed then changed = true end end
for _, p in ipairs(parks) do redis.call('LLEN', p[1]) end
if #doubtful > 0 then redis.call('LLEN', KEYS[5]) end

-- The write half.
if not changed then
  if duplicates > 0 then redis.call('HINCRBY', KEYS[1], 'duplicates', duplicates) end
  return answer(m.sequence, m.waiting)
end
local sequence = m.sequence + 1
local fields = { 'at', text(clock) }
local function add(name, value) fields[#fields + 1] = name; fields[#fields + 1] = value end
if accepted > 0 then add('usage', usage); add('splits', table.concat(splits)) end
if #entries > 0 then add('entries', table.concat(entries, '\n')) end
if #dead > 0 then add('dead', table.concat(dead, '\n')) end
if #parkedLines > 0 then add('parked', table.concat(parkedLines, '\n')) end
if #releasedLines > 0 then add('released', table.concat(releasedLines, '\n')) end
if #redrivenLines > 0 then add('redriven', table.concat(redrivenLines, '\n')) end
publish(KEYS[6], sequence, add)
redis.call('XADD', KEYS[2], text(sequence) .. '-0', unpack(fields))
redis.call('HSET', KEYS[1], 'sequence', text(sequence), 'day', text(m.day))
if duplicates > 0 then redis.call('HINCRBY', KEYS[1], 'duplicates', duplicates) end
if accepted > 0 then
  redis.call('HINCRBY', KEYS[1], 'accepted', accepted)
  redis.call('HINCRBY', KEYS[1], 'rows', rows)
end
if #dead > 0 then redis.call('HINCRBY', KEYS[1], 'dead', #dead) end
if parkedNow - leaving ~= m.parked then redis.call('HINCRBY', KEYS[1], 'parked', parkedNow - leaving - m.parked) end
for _, a in pairs(accounts) do
  if a and a.changed then
    putServers(a)
    writeWatched(a, KEYS[3], KEYS[7], KEYS[8], sequence)
  end
end
local added = -freedKeys
for i = 1, remembered do added = added + call('HSET', KEYS[rememberedIn[i]], rememberedKey[i], rememberedValue[i]) end
if added ~= 0 then redis.call('HINCRBY', KEYS[1], 'remembered', added) end
for _, f in ipairs(freed) do call('HDEL', f[1], f[2]) end
for _, f in ipairs(kept) do call('HSET', f[1], f[2], VOIDED) end
for _, letter in ipairs(doubtful) do redis.call('RPUSH', KEYS[5], text(clock) .. ' ' .. letter) end
if released > 0 then
  if place == 0 then redis.call('LTRIM', releasedKey, released, -1)
  else
    -- From the middle: the places stay, empty, and leave with those before them; a short list is closed up at once.
    for i = place, place + released - 1 do redis.call('LSET', releasedKey, i, '') end
    if redis.call('LLEN', releasedKey) <= SHORT_LIST then redis.call('LREM', releasedKey, 0, '') end
  end
  -- The score of a list that stays is too low now at most: parked-overdue puts it right.
  if redis.call('EXISTS', releasedKey) == 0 then redis.call('ZREM', KEYS[4], releasedKey) end
end
for _, p in ipairs(parks) do
  redis.call('RPUSH', p[1], p[2])
  redis.call('ZADD', KEYS[4], 'LT', p[3], p[1])
end
return answer(sequence, m.waiting + rows)
