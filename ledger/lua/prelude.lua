-- Shared by every script of the ledger: it stands before each of them.
-- Money is an integer count of micro-credits from 0 to 2^53-1; numbers become text only through text().
-- Every script has two halves: the first only reads, computes and asserts; the second only writes,
-- with commands that cannot fail, because Redis does not roll a script back.

local AMOUNT_MAX = 9007199254740991
local DAY_MS = 86400000

local function text(n) return string.format('%.0f', n) end

-- Micro-credits as credits: a decimal text without trailing zeros.
local function credits(n)
  local whole = math.floor(n / 1000000)
  local fraction = string.gsub(string.format('%06.0f', n - whole * 1000000), '0+$', '')
  return text(whole) .. (fraction == '' and '' or '.' .. fraction)
end

local function amount(n, what)
  if n ~= n or n < 0 or n > AMOUNT_MAX or n ~= math.floor(n) then
    error('AMOUNT ' .. what .. ' would be outside 0 to 2^53-1 micro-credits')
  end
  return n
end

-- Opens the partition: checks the fence and reads the one clock of this commit.
-- Returns a table, or nil and an error reply when the ledger is another one or went back in time.
local function open(metaKey, ledgerId, seenSequence)
  local m = redis.call('HMGET', metaKey, 'id', 'sequence', 'clock', 'directory', 'parked', 'rows', 'flushedRows',
    'forgotten', 'day')
  if not m[1] then return nil, redis.error_reply('FENCE empty: this Redis holds no ledger') end
  if m[1] ~= ledgerId then return nil, redis.error_reply('FENCE other: this Redis holds the ledger ' .. m[1]) end
  local sequence = tonumber(m[2] or '0')
  if sequence < tonumber(seenSequence) then
    return nil, redis.error_reply('FENCE back: the sequence is ' .. text(sequence) .. ' and was ' .. seenSequence)
  end
  local clock = tonumber(m[3] or '')
  if not clock then
    local now = redis.call('TIME')
    clock = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
  end
  -- The dedupe memory's days (UTC): the last one whose ids may be forgotten (-1: none), and the one this commit files
  -- its ids under. That one never goes back, whatever the clock does: an id filed later never seems to be older.
  local forgotten = tonumber(m[8] or '-1')
  local day = math.max(math.floor(clock / DAY_MS), tonumber(m[9] or '0'), forgotten + 1)
  return {
    sequence = sequence, clock = clock, directory = m[4] or '', parked = tonumber(m[5] or '0'),
    waiting = tonumber(m[6] or '0') - tonumber(m[7] or '0'), forgotten = forgotten, day = day,
  }
end
