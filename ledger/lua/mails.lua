-- The mails of an account that are not sent yet (intents): decided in the step that causes them, each with the numbers of
-- that moment, frozen. The field `mails` of the account's hash holds one a line, tab-separated:
--   number, kind, about, status, token of its claim, attempts, due (ms), decided at (ms), by, ref, snapshot (JSON)
-- Status: waiting ──claim──> claimed ──mark──> sending ──conclude──> gone, or waiting again later.
-- One that is not being sent yet may be superseded; one that is being sent is marked by a due of 0: it does not wait again.

-- An account with this many unsent mails is given no more words: the oldest that waits is superseded.
local UNSENT_MAX = 50

local function mailsOf(a)
  if not a.mails then
    a.mails = {}
    if a.unsent > 0 then
      for line in string.gmatch(redis.call('HGET', a.key, 'mails') or '', '[^\n]+') do
        local f, i = {}, 0
        for value in string.gmatch(line .. '\t', '([^\t]*)\t') do i = i + 1; f[i] = value end
        a.mails[#a.mails + 1] = {
          n = tonumber(f[1]), kind = f[2], about = f[3], status = f[4], token = f[5], attempts = tonumber(f[6]),
          due = tonumber(f[7]), at = tonumber(f[8]), by = f[9], ref = f[10], snapshot = f[11],
        }
      end
    end
  end
  return a.mails
end

-- One step in the life of a mail, for its history. `words` is JSON, quotes included.
local function mailStep(a, mail, status, words, snapshot)
  commit.mails[#commit.mails + 1] = table.concat({
    '{"accountId":"', a.id, '","intentId":"', a.id, ':mail:', text(mail.n), '","kind":"', mail.kind, '","status":"', status,
    '","about":"', mail.about, '","by":"', mail.by, '","ref":"', mail.ref, '","snapshot":', snapshot or '""',
    ',"words":', words or '""', ',"attempts":', text(mail.attempts), '}',
  })
  a.mailsChanged = true
  a.changed = true
end

-- Takes back the mails that `which` names.
local function supersede(a, which)
  if a.unsent == 0 then return end
  local kept = {}
  for _, mail in ipairs(mailsOf(a)) do
    local isOver = which(mail)
    if isOver and mail.status ~= 'sending' then mailStep(a, mail, 'superseded') else kept[#kept + 1] = mail end
    if isOver and mail.status == 'sending' then mail.due = 0; a.mailsChanged = true; a.changed = true end
  end
  a.mails = kept
  a.unsent = #kept
end

local function everyMail() return true end

local function supersedeKind(a, kind) supersede(a, function(mail) return mail.kind == kind end) end

-- What every mail says of its account: the balances, and what a forecast is made of.
local function numbers(a)
  local days, spent = pace(a)
  return table.concat({
    '"at":', text(commit.clock), ',"monthly":', text(a.monthly), ',"bonus":', text(a.bonus), ',"granted":', text(a.granted),
    ',"plan":', text(a.closed and 0 or a.plan), ',"uncovered":', text(a.uncovered), ',"cycle":', text(a.cycle),
    ',"start":', text(a.start), ',"stop":', text(a.stop), ',"days":', text(days), ',"spent":', text(spent or -1),
  })
end

-- Decides a mail. `more`: what its kind says beside the numbers, as JSON behind a comma, or ''.
local function addMail(a, kind, about, by, ref, more)
  local list = mailsOf(a)
  if #list >= UNSENT_MAX then
    local oldest
    for _, mail in ipairs(list) do if not oldest and mail.status == 'waiting' then oldest = mail end end
    if oldest then supersede(a, function(mail) return mail == oldest end); list = a.mails end
  end
  a.mailed = a.mailed + 1
  local mail = {
    n = a.mailed, kind = kind, about = about, status = 'waiting', token = '', attempts = 0, due = commit.clock,
    at = commit.clock, by = by, ref = ref, snapshot = '{' .. numbers(a) .. more .. '}',
  }
  list[#list + 1] = mail
  a.unsent = #list
  mailStep(a, mail, 'decided', nil, mail.snapshot)
end

-- A mail of a kind of which only the newest says something.
local function replaceMail(a, kind, by, ref, more)
  supersedeKind(a, kind)
  addMail(a, kind, '', by, ref, more)
end

-- The field as it is written, and when the first that waits is due (nil: none does).
local function writtenMails(a)
  local lines, due = {}, nil
  for i, mail in ipairs(a.mails) do
    lines[i] = table.concat({
      text(mail.n), mail.kind, mail.about, mail.status, mail.token, text(mail.attempts), text(mail.due), text(mail.at),
      mail.by, mail.ref, mail.snapshot,
    }, '\t')
    if mail.status == 'waiting' and (not due or mail.due < due) then due = mail.due end
  end
  return table.concat(lines, '\n'), due
end

-- The write half: when the notifier has to look at the account again.
local function indexMails(a, dueKey, due)
  if due then redis.call('ZADD', dueKey, text(due), a.id) else redis.call('ZREM', dueKey, a.id) end
end

-- The write half of an account of which nothing else is written.
local function writeMails(a, dueKey)
  if not a.mailsChanged then return end
  local field, due = writtenMails(a)
  if field == '' then redis.call('HDEL', a.key, 'mails') else redis.call('HSET', a.key, 'mails', field) end
  indexMails(a, dueKey, due)
end
