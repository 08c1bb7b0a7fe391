-- Sends the requests of a file in their order, again and again:
--   wrk ... -s replay.lua URL -- FILE FIRST ['Name: value' ...]
--
-- A line is "METHOD PATH" or "METHOD PATH<tab>BODY". Eight at-signs in it are replaced by a number, FIRST for the first
-- request and one more for each further one, so that every request is another.
local plain, parts, at, number = {}, {}, 0, 0
local MARK = "@@@@@@@@"

function init(args)
  number = tonumber(args[2])
  local headers = {}
  for i = 3, #args do
    local name, value = args[i]:match("^([^:]+): (.*)$")
    headers[name] = value
  end
  for line in io.lines(args[1]) do
    local head, body = line:match("^([^\t]*)\t(.*)$")
    local method, path = (head or line):match("^(%S+) (%S+)$")
    local text = wrk.format(method, path, headers, body)
    plain[#plain + 1] = text
    if text:find(MARK, 1, true) then
      local pieces, from = {}, 1
      while true do
        local first, last = text:find(MARK, from, true)
        pieces[#pieces + 1] = text:sub(from, first and first - 1)
        if not first then break end
        from = last + 1
      end
      parts[#plain] = pieces
    end
  end
end

function request()
  at = at % #plain + 1
  local pieces = parts[at]
  if not pieces then return plain[at] end
  number = number + 1
  return table.concat(pieces, string.format("%08d", number - 1))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
