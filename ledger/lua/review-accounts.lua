-- review-accounts: brings a page of accounts up to date and decides what may have changed without a debit: cycles that
-- ended, limits and run-out forecasts of a new day, credits about to expire (contract rules 1, 2, 4, 8 and 9).
-- Whoever does it first wins; done again it finds nothing.
-- KEYS  1 meta, 2 outbox, 3 accounts, 4 outbox of platform events, 5 mails due, 6 midnights, then accounts
-- ARGV  1 ledger id, 2 highest sequence seen, 3 `reset` (the cycles alone), `check` (alerts too), `digest` (last week's),
--       4 ms before a cycle's end in which what is left is about to expire (0: not looked at), then account ids
-- Returns {clock, sequence, a letter an account: c changed, i nothing to do, s its lists are used up (renew them, ask
--       again), u unknown, cycles that were ended}.

local EXPIRING_SHARE = 5 -- a fifth of the grant or more is worth a mail

local m, refused = open(KEYS[1], ARGV[1], ARGV[2])
if not m then return refused end
commit.clock = m.clock
redis.call('XLEN', KEYS[2]); redis.call('ZCARD', KEYS[3])
redis.call('XLEN', KEYS[4]); redis.call('ZCARD', KEYS[5]); redis.call('ZCARD', KEYS[6])
local mode, expiringMs = ARGV[3], tonumber(ARGV[4])
watch.isDayOptional = mode == 'reset'
local index, entries, letters, found, cycles = 0, {}, {}, {}, 0
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

for i = 7, #KEYS do
  local a = readAccount(KEYS[i], ARGV[i - 2])
  local letter = 'u'
  if a then
    local before = a.cycle
    advance(a, m.clock, entries, nextIndex, watch)
    cycles = cycles + a.cycle - before
    letter = 'i'
    if a.dayStale and mode == 'digest' and not hasSpent(a) then letter = 'i'
    elseif a.stale or (a.dayStale and not (watch.isDayOptional and a.watched == 0 and a.runways == 0)) then letter = 's'
    elseif mode == 'digest' then reviewDigest(a)
    elseif mode == 'check' then
      review(a, 'job', '', false)
      if expiringMs > 0 then reviewExpiry(a) end
      a.reindex = true
    end
    settle(a)
    if a.changed then
      found[#found + 1] = a
      if letter == 'i' then letter = 'c' end
    end
  end
  letters[#letters + 1] = letter
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
return { text(m.clock), text(sequence), table.concat(letters), text(cycles) }
