-- flush-backlog: how much waits to be flushed, as of one moment. Reads only.
-- KEYS  1 meta, 2 outbox
-- Returns entries, usage rows, bytes in Redis's memory (0: it does not say), age of the oldest in ms, and the last
-- sequence flushed and the last one waiting (0: none), all as text.

local meta = redis.call('HMGET', KEYS[1], 'rows', 'flushedRows', 'flushed', 'clock')
local entries = redis.call('XLEN', KEYS[2])
if entries == 0 then return { '0', '0', '0', '0', meta[3] or '0', '0' } end
local bytes = redis.pcall('MEMORY', 'USAGE', KEYS[2])
if type(bytes) ~= 'number' then bytes = 0 end
local clock = tonumber(meta[4] or '')
if not clock then
  local now = redis.call('TIME')
  clock = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
end
local fields = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1][2]
local at = clock
for i = 1, #fields, 2 do
  if fields[i] == 'at' then at = tonumber(fields[i + 1]) break end
end
local newest = string.match(redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1][1], '^%d+')
local rows = math.max(0, tonumber(meta[1] or '0') - tonumber(meta[2] or '0'))
local function text(n) return string.format('%.0f', n) end
return { text(entries), text(rows), text(bytes), text(math.max(0, clock - at)), meta[3] or '0', newest }
