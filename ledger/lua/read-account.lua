-- read-account: brings one account up to date to the clock and returns it (contract rule 4).
-- KEYS  1 meta, 2 outbox, 3 accounts, 4 account
-- ARGV  1 ledger id, 2 highest sequence seen, 3 account id
-- Returns {clock, stale ('1' when the lists of ends or days are used up), schedule, profile, numbers of the state as
-- text, in their order …}; {clock} when unknown.

local m, refused = open(KEYS[1], ARGV[1], ARGV[2])
if not m then return refused end
redis.call('XLEN', KEYS[2]); redis.call('ZCARD', KEYS[3])
local index = 0
local function nextIndex() index = index + 1; return index - 1 end
local entries = {}
local a = readAccount(KEYS[4], ARGV[3])
if not a then return { text(m.clock) } end
advance(a, m.clock, entries, nextIndex)

-- The write half.
if a.changed then
  local sequence = m.sequence
  if #entries > 0 then
    sequence = sequence + 1
    redis.call('XADD', KEYS[2], text(sequence) .. '-0', 'at', text(m.clock), 'entries', table.concat(entries, '\n'))
    redis.call('HSET', KEYS[1], 'sequence', text(sequence))
    a.sequence = sequence
    writeAccount(a, KEYS[3], sequence)
  else
    writeAccount(a, KEYS[3], a.sequence)
  end
end
local texts = redis.call('HMGET', KEYS[4], 'schedule', 'profile')
local reply = { text(m.clock), a.stale and '1' or '0', texts[1], texts[2] }
a.closed = a.closed and 1 or 0
for i, name in ipairs(STATE_NAMES) do reply[4 + i] = text(a[name]) end
return reply
