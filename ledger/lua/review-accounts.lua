-- review-accounts: brings a page of accounts up to date and decides what may have changed without a debit: cycles that
-- ended, limits and run-out forecasts of a new day, credits about to expire (contract rules 1, 2, 4, 8 and 9).
-- Whoever does it first wins; done again it finds nothing.
-- KEYS  1 meta, 2 outbox, 3 accounts, 4 outbox of platform events, 5 mails due, 6 midnights, then accounts
-- ARGV  1 ledger id, 2 highest sequence seen, 3 `reset` (the cycles alone), `check` (alerts too), `digest` (last week's),
--       4 ms before a cycle's end in which what is left is about to expire (0: not looked at), then account ids
-- Returns {clock, sequence, a letter an account: c changed, i nothing to do, s its lists are used up (renew them, ask
--       again), w not looked at yet (ask again), u unknown; the cycles that were ended of each account, with commas}.

local EXPIRING_SHARE = 5 -- a fifth of the grant or more is worth a mail
-- Once a call has ended as many cycles, the accounts that are left wait for the next: one that missed a year costs as
-- much as a dozen that missed none, and nobody else is served meanwhile.
local CYCLES_MAX = 50

-- A page of accounts says the same numbers again and again (the clock, ends of cycles, plans): each is made a text once,
-- which is a quarter of what a reset costs.
local asText, texts = text, {}
text = function(n)
  local known = texts[n]
  if not known then
    known = n == 0 and '0' or asText(n)
    texts[n] = known
  end
  return known
end

local m, refused = open(KEYS[1], ARGV[1], ARGV[2])
if not m then return refused end
commit.clock = m.clock
redis.call('XLEN', KEYS[2]); redis.call('ZCARD', KEYS[3])
redis.call('XLEN', KEYS[4]); redis.call('ZCARD', KEYS[5]); redis.call('ZCARD', KEYS[6])
local mode, expiringMs = ARGV[3], tonumber(ARGV[4])
watch.isDayOptional = mode == 'reset'
local index, entries, letters, found, looked, cycles, ended = 0, {}, {}, {}, {}, 0, {}
local function nextIndex() index = index + 1; return index - 1 end

-- From a Monday to the Wednesday after it, one mail about the week before, where that week has cost something.
local function reviewDigest(a)
  local sinceMonday = (a.today + 3) % 7 -- 1970-01-01 was a Thursday
  local first = a.today - sinceMonday - 7
  if a.closed or sinceMonday > 2 or a.digest >= first then return end
  local d, spent = daysOf(a), 0
  for day = first, first + 6 do spent = spent + (d[day - d[0] + 1] or 0) end
  if spent == 0 then return end
  a.digest = first
  replaceMail(a, 'digest', 'job', '', ',"firstDay":' .. text(first))
end

-- Whether an account whose days are used up has cost anything lately: only then are its days worth renewing.
local function hasSpent(a)
  local d, recent, spent = daysOf(a), math.floor(m.clock / DAY_MS) - RING_DAYS, 0
  for at = 1, RING_DAYS do if d[0] + at - 1 >= recent then spent = spent + d[at] end end
  return spent > 0
end

local function reviewExpiry(a)
  if a.closed or a.cycle < 1 or a.expiring == a.cycle or m.clock < a.stop - expiringMs then return end
  if a.monthly == 0 or a.monthly * EXPIRING_SHARE < a.granted then return end
  a.expiring = a.cycle
  replaceMail(a, 'expiring', 'job', '', '')
end

-- Decides the alerts; an account of which that changed nothing is not written for it.
local function reviewAlerts(a)
  local changed, floor, ceiling = a.changed, a.floor, a.ceiling
  review(a, 'job', '', false)
  a.changed = changed or a.alertsChanged or a.floor ~= floor or a.ceiling ~= ceiling
end

-- Decides one account; returns its letter and how many of its cycles were ended.
local function reviewOne(a)
  local before = a.cycle
  advance(a, m.clock, entries, nextIndex, watch)
  local count, letter = a.cycle - before, 'i'
  if a.dayStale and mode == 'digest' and not hasSpent(a) then letter = 'i'
  elseif a.stale or (a.dayStale and not (watch.isDayOptional and a.watched == 0 and a.runways == 0)) then letter = 's'
  elseif mode == 'digest' then reviewDigest(a)
  elseif mode == 'check' then
    reviewAlerts(a)
    if expiringMs > 0 then reviewExpiry(a) end
    looked[#looked + 1] = a
  end
  settle(a)
  if not a.changed then return letter, count end
  found[#found + 1] = a
  return letter == 'i' and 'c' or letter, count
end

local gone = {}
for i = 7, #KEYS do
  local id, letter, count = ARGV[i - 2], 'w', 0
  if cycles < CYCLES_MAX then
    local a = readAccount(KEYS[i], id)
    if a then letter, count = reviewOne(a) else letter = 'u'; gone[#gone + 1] = id end
  end
  cycles = cycles + count
  letters[#letters + 1] = letter
  ended[#ended + 1] = text(count)
end

-- The write half.
local sequence = m.sequence
if #entries > 0 or hasTold() then
  sequence = sequence + 1
  local fields = { 'at', text(m.clock) }
  local function add(name, value) fields[#fields + 1] = name; fields[#fields + 1] = value end
  if #entries > 0 then add('entries', table.concat(entries, '\n')) end
  publish(KEYS[4], sequence, add)
  redis.call('XADD', KEYS[2], text(sequence) .. '-0', unpack(fields))
  redis.call('HSET', KEYS[1], 'sequence', text(sequence))
end
for _, a in ipairs(found) do
  putServers(a)
  writeWatched(a, KEYS[3], KEYS[5], KEYS[6], sequence > m.sequence and sequence or a.sequence)
end
-- Whoever goes by the midnights finds none of them twice, whatever stood there.
for _, a in ipairs(looked) do
  if a.watched > 0 or a.runways > 0 then redis.call('ZADD', KEYS[6], text(a.tomorrow), a.id)
  else redis.call('ZREM', KEYS[6], a.id) end
end
for _, id in ipairs(gone) do redis.call('ZREM', KEYS[6], id) end
return { text(m.clock), text(sequence), table.concat(letters), table.concat(ended, ',') }
