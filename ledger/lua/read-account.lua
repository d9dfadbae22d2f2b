-- read-account: brings one account up to date to the clock and returns it (contract rule 4).
-- KEYS  1 meta, 2 outbox, 3 accounts, 4 account, 5 outbox of platform events, 6 mails due, 7 midnights
-- ARGV  1 ledger id, 2 highest sequence seen, 3 account id
-- Returns {clock, stale ('1' when the lists of ends or days are used up), schedule, profile, the first 17 numbers of the state as
-- text, in their order …}; {clock} when unknown.

local m, refused = open(KEYS[1], ARGV[1], ARGV[2])
if not m then return refused end
commit.clock = m.clock
redis.call('XLEN', KEYS[2]); redis.call('ZCARD', KEYS[3])
redis.call('XLEN', KEYS[5]); redis.call('ZCARD', KEYS[6]); redis.call('ZCARD', KEYS[7])
local index = 0
local function nextIndex() index = index + 1; return index - 1 end
local entries = {}
local a = readAccount(KEYS[4], ARGV[3])
if not a then return { text(m.clock) } end
advance(a, m.clock, entries, nextIndex, watch)
settle(a)

-- The write half.
if a.changed then
  if #entries > 0 or hasTold() then
    a.sequence = m.sequence + 1
    local fields = { 'at', text(m.clock) }
    local function add(name, value) fields[#fields + 1] = name; fields[#fields + 1] = value end
    if #entries > 0 then add('entries', table.concat(entries, '\n')) end
    publish(KEYS[5], a.sequence, add)
    redis.call('XADD', KEYS[2], text(a.sequence) .. '-0', unpack(fields))
    redis.call('HSET', KEYS[1], 'sequence', text(a.sequence))
  end
  putServers(a)
  writeWatched(a, KEYS[3], KEYS[6], KEYS[7], a.sequence)
end
local texts = redis.call('HMGET', KEYS[4], 'schedule', 'profile')
local reply = { text(m.clock), (a.stale or a.dayStale) and '1' or '0', texts[1], texts[2] }
a.closed = a.closed and 1 or 0
for i = 1, 17 do reply[4 + i] = text(a[STATE_NAMES[i]]) end
return reply
