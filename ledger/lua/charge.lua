-- What one priced event does to its account (contract rules 3 and 5), on Lua tables only.
-- Returns what was paid from the cycle before, from this cycle's monthly credits, from bonus, and what nothing covered.

-- The id of an event stands at the front of its body, behind the body's length and its own (one byte, two above 127).
local function eventIdAt(bodies, offset)
  local length, start = string.byte(bodies, offset + 5), offset + 6
  if length > 127 then
    length = length - 128 + 128 * string.byte(bodies, offset + 6)
    start = offset + 7
  end
  return string.sub(bodies, start, start + length - 1)
end

local function charge(a, clock, cost, occurredAt, queuedAt, bodies, offset, lines, next)
  local previous = 0
  local counted = math.min(occurredAt, clock)
  if a.left > 0 and cost > 0 and counted < a.start and counted >= a.before and queuedAt < a.start + DAY_MS then
    previous = math.min(cost, a.left)
    a.left = a.left - previous
    enter(lines, next, a, 'expiry-reversed', a.cycle - 1, previous, 0, previous, eventIdAt(bodies, offset), '')
  end
  local rest = cost - previous
  local monthly = math.min(rest, a.monthly)
  a.monthly = a.monthly - monthly
  rest = rest - monthly
  local bonus = math.min(rest, a.bonus)
  a.bonus = a.bonus - bonus
  local uncovered = rest - bonus
  a.uncovered = amount(a.uncovered + uncovered, 'uncovered')
  a.events = a.events + 1
  a.cost = amount(a.cost + cost, 'the cost of an account')
  a.changed = true
  return previous, monthly, bonus, uncovered
end
