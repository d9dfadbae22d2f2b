-- mail-mark: says of claimed mails of one account that they are being sent from now on: whoever finds one so after a crash
-- does not know whether it went out.
-- KEYS  1 meta, 2 lease, 3 account, 4 mails due
-- ARGV  1 ledger id, 2 highest sequence seen, 3 token of the lease, 4 account id, 5 number of the mail
-- Returns 1; 0 when the mail is not claimed by this token any more. Errors: LEASE …, FENCE ….

local m, refused = open(KEYS[1], ARGV[1], ARGV[2])
if not m then return refused end
if redis.call('GET', KEYS[2]) ~= ARGV[3] then return redis.error_reply('LEASE lost') end
redis.call('ZCARD', KEYS[4])
local a = readAccount(KEYS[3], ARGV[4])
for _, mail in ipairs(a and mailsOf(a) or {}) do
  if text(mail.n) == ARGV[5] and mail.status == 'claimed' and mail.token == ARGV[3] then
    mail.status = 'sending'
    a.mailsChanged = true
    writeMails(a, KEYS[4])
    return 1
  end
end
return 0
