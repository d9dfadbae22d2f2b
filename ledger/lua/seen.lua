-- What the dedupe memory says of an event: hash of its body (4 bytes), the day it was filed under (2), and behind them
-- one byte while it is parked, so that a void finds out without asking anybody. An event that was voided before it came
-- has that byte alone: no event was seen yet, but the next one costs nothing.

local PARKED, VOIDED = 'p', 'v'
local MARK_AT = 7

-- Whether an event of this id is charged or parked; a mark alone is neither.
local function isSeen(value) return value and #value > 1 end

local function isVoided(value) return value and (value == VOIDED or string.sub(value, MARK_AT) == VOIDED) end
