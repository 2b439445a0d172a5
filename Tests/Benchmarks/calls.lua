-- What wrk sends: GET of one path, or JSON-RPC calls taken at random from a file with one body per line.
--
-- The requests are made once, before the clock runs, so that the client costs the same whatever it sends.
-- Arguments after "--": the file with the bodies, or "-"; the bearer token, or "-".

local requests = {}

function init(arguments)
    math.randomseed(tonumber(tostring({}):sub(8)) or os.time())
    local bodies, token = arguments[1], arguments[2]
    if bodies == "-" then
        requests[1] = wrk.format("GET")
        return
    end
    local headers = {["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token}
    for line in io.lines(bodies) do
        requests[#requests + 1] = wrk.format("POST", nil, headers, line)
    end
end

function request()
    return requests[math.random(#requests)]
end

function done(summary, latency)
    io.write(string.format(
        '\nfigures {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "statuses": %d, "broken": %d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        summary.errors.status,
        summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
