"""JSON-RPC over one TLS connection, and wrk over many."""
import http.client
import json
import os
import pathlib
import re
import statistics
import subprocess
import time

from servers import cpu_seconds

LUA = pathlib.Path(__file__).with_name("calls.lua")


class Client:
    """One keep-alive connection. Every answer is looked at: an error is raised, whatever its HTTP status."""

    # The endpoint closes connections that say nothing for longer than some seconds.
    IDLE_SECONDS = 5

    def __init__(self, platform, token=None):
        self.connection = http.client.HTTPSConnection(
            "127.0.0.1", platform.port, context=platform.tls, timeout=60)
        self.token = token
        self.last_use = time.monotonic()

    def log_in(self, username, password):
        self.token = self.call("auth.login", username=username, password=password)["token"]
        return self.token

    def call(self, method, **params):
        return self.result(self.send(body(method, **params)))

    def send(self, encoded):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return self.exchange("POST", "/rpc", encoded, headers)

    def exchange(self, verb, path, content=None, headers={}):
        if time.monotonic() - self.last_use > self.IDLE_SECONDS:
            self.connection.close()
        self.connection.request(verb, path, content, headers)
        answer = self.connection.getresponse().read()
        self.last_use = time.monotonic()
        return answer

    @staticmethod
    def result(answer):
        reply = json.loads(answer)
        if "error" in reply:
            raise RuntimeError(f"call refused: {reply['error']}")
        return reply["result"]

    def outcomes(self, method):
        """How many calls of a method there have been, by outcome."""
        text = self.exchange("GET", "/metrics").decode()
        pattern = rf'crm_calls_total{{method="{re.escape(method)}",outcome="(\w+)"}} (\d+)'
        return {outcome: int(count) for outcome, count in re.findall(pattern, text)}


def body(method, **params):
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return json.dumps(call, ensure_ascii=False, separators=(",", ":")).encode()


class Load:
    """One run of wrk, with what it cost the servers. Bodies are taken at random, or each is sent once."""

    def __init__(self, url, connections, seconds, pids, bodies="-", token="-", once=False):
        before = [cpu_seconds(pid) for pid in pids]
        threads = min(connections, os.cpu_count() or 1)
        done = subprocess.run(
            ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", LUA, url,
             "--", bodies, token, str(threads if once else 0)], check=True, capture_output=True, text=True)
        spent = [cpu_seconds(pid) - start for pid, start in zip(pids, before)]
        figures = json.loads(re.search(r"^figures (.*)$", done.stdout, re.MULTILINE)[1])
        if figures["statuses"] or figures["broken"]:
            raise RuntimeError(f"{figures['statuses']} answers with an error's status, {figures['broken']} broken")
        self.requests = figures["requests"]
        self.rate = self.requests / figures["microseconds"] * 1e6
        self.p50 = figures["p50"] / 1000
        self.p99 = figures["p99"] / 1000
        # Microseconds of each process, and of all, per request.
        self.costs = [seconds / self.requests * 1e6 for seconds in spent]
        self.cost = sum(self.costs)


class Series:
    """Rounds of one load; its figures are medians."""

    def __init__(self, loads):
        self.loads = loads

    def __getattr__(self, name):
        return statistics.median(getattr(load, name) for load in self.loads)

    def costs_of(self, index):
        return statistics.median(load.costs[index] for load in self.loads)
