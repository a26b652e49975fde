-- Sends the requests of a file one after another, again and again, and prints what came of them in one line.
-- The file has for each request its length, a line feed and its bytes. Of a second file, every twentieth request is
-- taken, a write whose twelve @ give way to a number that no other write has.
-- There is no `response`, which would make wrk copy every answer; wrk counts by itself what is no 2xx or 3xx.
local requests, write, next_one, written, sent, number = {}, nil, 0, 0, 0, ""

local function read(name)
    local file, all = assert(io.open(name, "rb")), {}
    local text = file:read("*a")
    file:close()
    local at = 1
    while at <= #text do
        local length, begin = text:match("^(%d+)\n()", at)
        at = begin + tonumber(length)
        all[#all + 1] = text:sub(begin, at - 1)
    end
    return all
end

function init(args)
    requests = read(args[1])
    if args[2] then
        write, number = read(args[2])[1], args[3]
    end
end

function request()
    sent = sent + 1
    if write and sent % 20 == 0 then
        written = written + 1
        return (write:gsub("@@@@@@@@@@@@", string.format("%s%07d", number, written)))
    end
    next_one = next_one % #requests + 1
    return requests[next_one]
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format("done %d %d %d %d %d %.3f\n", summary.requests, summary.duration, e.status,
        e.connect + e.read + e.write, e.timeout, os.clock()))
end
