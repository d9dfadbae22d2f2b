-- mail-conclude: writes down what became of a mail that this notifier claimed; or, with the number 0, what is left of every
-- claim of others on the account: a mail that was not being sent yet waits again, of one that was it is not known.
-- Its own claim is what entitles to conclude a mail, also when the lease was lost meanwhile: what is known is written down.
-- KEYS  1 meta, 2 outbox, 3 accounts, 4 lease, 5 mails due, 6 claimed, 7 account, 8 outbox of platform events
-- ARGV  1 ledger id, 2 highest sequence seen, 3 token of the lease, 4 account id, 5 number of the mail (0: see above),
--       6 sent, failed, unknown, suppressed, retry (an attempt more) or release (no attempt was made),
--       7 words (JSON, quotes included), 8 how long it waits from now on (ms; -1: of an unknown one, it is not sent again;
--       of a released one, it stays due as it was)
-- Returns how many mails it was about. Errors: LEASE … (number 0 alone), FENCE ….

-- A mail that is left unknown again and again waits longer each time, and for a day at most: whoever dies of sending it
-- at every start must not write to its owner at every start.
local AGAIN_MS_FIRST, AGAIN_MS_LAST = 30000, 3600000

local m, refused = open(KEYS[1], ARGV[1], ARGV[2])
if not m then return refused end
if redis.call('GET', KEYS[4]) ~= ARGV[3] and ARGV[5] == '0' then return redis.error_reply('LEASE lost') end
commit.clock = m.clock
redis.call('XLEN', KEYS[2]); redis.call('ZCARD', KEYS[3]); redis.call('ZCARD', KEYS[5]); redis.call('SCARD', KEYS[6])
redis.call('XLEN', KEYS[8])
local a = readAccount(KEYS[7], ARGV[4])
local wait = tonumber(ARGV[8])
local kept, about, isClaimed, restores = {}, 0, false, false

-- Whether the mail goes on waiting, by what became of it.
local function conclude(mail, outcome, words)
  about = about + 1
  if outcome ~= 'release' then mail.attempts = mail.attempts + 1 end
  if outcome ~= 'retry' and outcome ~= 'release' then mailStep(a, mail, outcome, words) end
  if mail.kind == 'depleted' and (outcome == 'sent' or outcome == 'unknown') then
    -- There may be credits again since it was handed over.
    if a.empty then a.toldDepleted = true else restores = not a.closed end
  end
  local goesOn = outcome == 'retry' or outcome == 'release'
    or (outcome == 'unknown' and wait >= 0 and m.clock - mail.at < DAY_MS)
  if goesOn and mail.due == 0 then
    if outcome ~= 'unknown' then mailStep(a, mail, 'superseded') end
    return false
  end
  if goesOn then
    mail.status = 'waiting'; mail.token = ''
    if outcome ~= 'release' or (wait >= 0 and ARGV[5] ~= '0') then mail.due = m.clock + wait end
    if ARGV[5] == '0' and outcome == 'unknown' and mail.attempts > 1 then
      mail.due = mail.due + math.min(AGAIN_MS_LAST, AGAIN_MS_FIRST * 2 ^ math.min(mail.attempts - 2, 20))
    end
  end
  return goesOn
end

for _, mail in ipairs(a and mailsOf(a) or {}) do
  local keeps = true
  if ARGV[5] == '0' then
    if mail.status ~= 'waiting' and mail.token ~= ARGV[3] then
      keeps = conclude(mail, mail.status == 'claimed' and 'release' or 'unknown', ARGV[7])
    end
  elseif text(mail.n) == ARGV[5] and mail.status ~= 'waiting' and mail.token == ARGV[3] then
    keeps = conclude(mail, ARGV[6], ARGV[7])
  end
  if keeps then
    kept[#kept + 1] = mail
    isClaimed = isClaimed or mail.status ~= 'waiting'
  end
end

-- The write half.
if not isClaimed then redis.call('SREM', KEYS[6], ARGV[4]) end
if about == 0 then return 0 end
a.mails = kept; a.unsent = #kept; a.mailsChanged = true
if restores then replaceMail(a, 'restored', 'job', '', '') end
local sequence = a.sequence
if hasTold() then
  sequence = m.sequence + 1
  local fields = { 'at', text(m.clock) }
  publish(KEYS[8], sequence, function(name, value) fields[#fields + 1] = name; fields[#fields + 1] = value end)
  redis.call('XADD', KEYS[2], text(sequence) .. '-0', unpack(fields))
  redis.call('HSET', KEYS[1], 'sequence', text(sequence))
end
writeAccount(a, KEYS[3], sequence)
writeMails(a, KEYS[5])
return about
