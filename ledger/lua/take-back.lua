-- The row that takes back the row of an event that was voided before it came, so that both come to nothing in every
-- rollup: the same body with its counts and its cost negative. Knows the layout of schema/usage-body.ts.

-- Where the text that begins here ends: its length is one byte, or two above 127.
local function textEnd(bodies, at)
  local length = string.byte(bodies, at)
  if length > 127 then return at + 2 + length - 128 + 128 * string.byte(bodies, at + 1) end
  return at + 1 + length
end

-- The body at `offset`, of `length` bytes with its length in front, taken back.
local function takenBack(bodies, offset, length)
  local at = offset + 5
  for _ = 1, 4 do at = textEnd(bodies, at) end -- event, account, server, model
  local counts = at + 9 -- behind key source and time
  local input, output, read, write, attributes = struct.unpack('<i4i4i4i4', bodies, counts)
  at = attributes + 1
  for _ = 1, 2 * string.byte(bodies, attributes) + 2 do at = textEnd(bodies, at) end -- then model and price version
  local cost, rest = struct.unpack('<i8', bodies, at)
  return table.concat({
    string.sub(bodies, offset + 1, counts - 1), struct.pack('<i4i4i4i4', -input, -output, -read, -write),
    string.sub(bodies, attributes, at - 1), struct.pack('<i8', -cost), string.sub(bodies, rest, offset + length),
  })
end
