-- What wrk sends: GET of one path, or JSON-RPC calls from a file with one body per line: taken at random, or each once.
--
-- The requests are made once, before the clock runs, so that the client costs the same whatever it sends.
-- Arguments after "--": the file with the bodies, or "-"; the bearer token, or "-"; the number of threads among which the
-- bodies are divided so that each is sent once, or 0 for at random.

local requests = {}
local threads = 0
local position

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(arguments)
    math.randomseed(tonumber(tostring({}):sub(8)) or os.time())
    local bodies, token, shares = arguments[1], arguments[2], tonumber(arguments[3])
    if bodies == "-" then
        requests[1] = wrk.format("GET")
        return
    end
    local headers = {["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token}
    local line_number = 0
    for line in io.lines(bodies) do
        if shares == 0 or line_number % shares == number then
            requests[#requests + 1] = wrk.format("POST", nil, headers, line)
        end
        line_number = line_number + 1
    end
    if shares > 0 then position = 0 end
end

function request()
    if not position then return requests[math.random(#requests)] end
    position = position + 1
    return requests[position]
end

function done(summary, latency)
    io.write(string.format(
        '\nfigures {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "statuses": %d, "broken": %d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        summary.errors.status,
        summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
