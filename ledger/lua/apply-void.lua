-- usage.void (contract rule 7), on Lua tables only, as the other commands in apply-command.lua. What is undone depends on
-- what the dedupe memory says of the event (seen.lua): charged, parked, or not seen.
-- The mark of a void belongs to the event: the hash of voids holds every event that was voided, and the command that did.

local function unhex(text)
  return (string.gsub(text, '..', function(two) return string.char(tonumber(two, 16)) end))
end

-- Gives each part back to where it came from: bonus to bonus; monthly to its cycle while that runs; what the cycle before
-- paid for a late event nowhere. The row that takes the event's row back is its exact opposite.
local function giveBack(w, c)
  local a, charged = w.account, c.charged
  if a.bonus + charged.bonus > AMOUNT_MAX then return false end
  local isOpen = charged.payingCycle == a.cycle
  local monthly = isOpen and charged.monthly or 0
  a.bonus = a.bonus + charged.bonus
  a.monthly = amount(a.monthly + monthly, 'monthly')
  if isOpen then a.uncovered = amount(a.uncovered - charged.uncovered, 'uncovered') end
  a.events = amount(a.events - 1, 'the events of an account')
  a.cost = amount(a.cost - charged.cost, 'the cost of an account')
  enter(w.entries, w.nextIndex, a, 'void', charged.payingCycle, monthly, charged.bonus, isOpen and a.monthly or 0, c.id,
    c.eventId, 0 - charged.uncovered)
  lowerServer(serverOf(a, 's:' .. charged.serverId), charged.day, charged.cost)
  countDay(a, charged.day, -charged.cost)
  w.usage[#w.usage + 1] = w.body
  w.splits[#w.splits + 1] = struct.pack('<I2i8i8i8i8i8i8i4i1', w.nextIndex(), 0 - charged.previous, 0 - charged.monthly,
    0 - charged.bonus, 0 - charged.uncovered, a.monthly, a.bonus, charged.payingCycle, -1)
  return true
end

-- Answers 'charge' as its outcome when it has to know what the event cost, and was not told: nothing is done then.
apply['usage.void'] = function(w, c)
  if w.voids[c.eventId] or redis.call('HEXISTS', w.voidsKey, c.eventId) == 1 then return 'applied', 'already-voided' end
  local bucket, key = KEYS[c.bucket], unhex(c.key)
  local value = redis.call('HGET', bucket, key)
  local isParked = value and string.sub(value, MARK_AT) == PARKED
  -- Before an account's first upsert nothing of it was charged; and what is not remembered was not, unless ids are
  -- forgotten: then ClickHouse is asked (`lookedUpDay`: the last forgotten day when it was).
  local isCharged = isSeen(value) and not isParked and not w.isReleasing
  local isDoubtful = not value and not w.isReleasing and w.forgotten >= 0 and (c.lookedUpDay or -1) < w.forgotten
  if (isCharged or isDoubtful) and not c.charged then return 'charge', isCharged and 'seen' or '' end
  if c.charged and (isCharged or (not value and w.forgotten >= 0)) then
    if not giveBack(w, c) then return 'void-too-much', '' end
    w.voids[c.eventId] = c.id
    return 'applied', 'voided'
  end
  w.voids[c.eventId] = c.id
  w.marks[#w.marks + 1] = { bucket, key, isSeen(value) and string.sub(value, 1, MARK_AT - 1) .. VOIDED or VOIDED }
  return 'applied', 'remembered'
end
