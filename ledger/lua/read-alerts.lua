-- read-alerts: the alerts of an account and its mails that are not sent yet, as they are. Reads only: the account is brought
-- up to date before it by read-account.
-- KEYS  1 meta, 2 account
-- ARGV  1 ledger id, 2 highest sequence seen, 3 account id
-- Returns {clock} when unknown; else {clock, remaining, then of each alert: built-in (1, 0), armed (1, 0), kind, id, number,
--       threshold ('' while it is off), then '', then of each mail: number, kind, status, about, decided at, due, attempts}.

local m, refused = open(KEYS[1], ARGV[1], ARGV[2])
if not m then return refused end
commit.clock = m.clock
local a = readAccount(KEYS[2], ARGV[3])
if not a then return { text(m.clock) } end
local reply = { text(m.clock), text(a.monthly + a.bonus) }
local function tellAll(...) for _, value in ipairs({ ... }) do reply[#reply + 1] = value end end
for _, alert in ipairs(alertsOf(a)) do
  local threshold = levelOf(a, alert)
  tellAll(alert.builtIn and '1' or '0', alert.armed and '1' or '0', alert.kind, alert.id, text(alert.number),
    threshold and text(threshold) or '')
end
tellAll('')
for _, mail in ipairs(mailsOf(a)) do
  tellAll(text(mail.n), mail.kind, mail.status, mail.about, text(mail.at), text(math.max(mail.due, mail.at)), text(mail.attempts))
end
return reply
