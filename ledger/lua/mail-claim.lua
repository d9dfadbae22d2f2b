-- mail-claim: takes mails that are due, for the notifier that holds the lease.
-- KEYS  1 meta, 2 lease, 3 mails due, 4 claimed, then accounts
-- ARGV  1 ledger id, 2 highest sequence seen, 3 token of the lease, 4 mails to take at most, 5 only mails decided by then
--       (ms; '' for all), then account ids
-- Returns {clock, then of each mail: account id, number, kind, about, attempts, decided at, by, ref, snapshot, profile …}.
-- Errors: LEASE …, FENCE ….

local m, refused = open(KEYS[1], ARGV[1], ARGV[2])
if not m then return refused end
if redis.call('GET', KEYS[2]) ~= ARGV[3] then return redis.error_reply('LEASE lost') end
commit.clock = m.clock
redis.call('ZCARD', KEYS[3]); redis.call('SCARD', KEYS[4])
local room, latest = tonumber(ARGV[4]), tonumber(ARGV[5]) or math.huge
local reply, changed, gone = { text(m.clock) }, {}, {}
for i = 5, #KEYS do
  local a = room > 0 and readAccount(KEYS[i], ARGV[i + 1])
  if room > 0 and not a then gone[#gone + 1] = ARGV[i + 1] end
  if a then
    local profile
    for _, mail in ipairs(mailsOf(a)) do
      if room > 0 and mail.status == 'waiting' and mail.due <= m.clock and mail.at <= latest then
        room = room - 1
        mail.status = 'claimed'; mail.token = ARGV[3]
        a.mailsChanged = true; a.isClaimed = true
        profile = profile or redis.call('HGET', a.key, 'profile')
        for _, value in ipairs({ a.id, text(mail.n), mail.kind, mail.about, text(mail.attempts), text(mail.at), mail.by,
          mail.ref, mail.snapshot, profile }) do reply[#reply + 1] = value end
      end
    end
    a.mailsChanged = true -- also where nothing was due: its place among the due is put right
    changed[#changed + 1] = a
  end
end

-- The write half.
for _, id in ipairs(gone) do redis.call('ZREM', KEYS[3], id) end
for _, a in ipairs(changed) do
  writeMails(a, KEYS[3])
  if a.isClaimed then redis.call('SADD', KEYS[4], a.id) end
end
return reply
