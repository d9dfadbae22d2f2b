-- What is decided when an account is brought up to date by a commit that writes: the mail and the alerts of each reset, the
-- limits of the new day. And the ends of a commit for an account: its one mail, its fields, its places in the indexes.

local watch = {
  reset = function(a, ended)
    if not a.closed then tell(a, 'credits.reset') end
    reviewEmptiness(a, 'reset', '', false)
    supersedeKind(a, 'expiring')
    if not a.closed and (ended.expired > 0 or a.plan > 0) then
      replaceMail(a, 'monthly-reset', 'reset', '', table.concat({
        ',"expired":', text(ended.expired), ',"ended":{"cycle":', text(ended.cycle), ',"start":', text(ended.start),
        ',"granted":', text(ended.granted), ',"uncovered":', text(ended.uncovered), '}',
      }))
    end
    -- At the same grant no level moved: between the two bounds nothing has changed.
    local remaining = a.monthly + a.bonus
    if a.granted ~= ended.granted or a.runways > 0 or remaining <= a.floor or remaining >= a.ceiling then
      review(a, 'reset', '', false)
    end
  end,
  day = reviewDay,
}

-- Keys of the indexes that a commit keeps beside the accounts: when the notifier looks at one, and when its day ends.
local function writeWatched(a, accountsKey, dueKey, midnightsKey, sequence)
  if a.alertsChanged then put(a, 'alerts', writtenAlerts(a)) end
  if a.limitsChanged then put(a, 'limits', writtenLimits(a)) end
  local mails, due
  if a.mailsChanged then
    mails, due = writtenMails(a)
    if mails ~= '' then put(a, 'mails', mails) end
  end
  writeAccount(a, accountsKey, sequence)
  if mails then
    if mails == '' then redis.call('HDEL', a.key, 'mails') end
    indexMails(a, dueKey, due)
  end
  if a.watched > 0 or a.runways > 0 then
    if a.reindex or a.limitsChanged or a.alertsChanged then redis.call('ZADD', midnightsKey, text(a.tomorrow), a.id) end
  elseif a.limitsChanged or a.alertsChanged then redis.call('ZREM', midnightsKey, a.id) end
end
