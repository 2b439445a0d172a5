#!/usr/bin/env python3
"""Measures the platform beside nginx: what is run, in which order, and what is looked at in the answers.

One run on one folder: fill 1,000 records, measure the lists, fill all records (which is the import's figure), measure
everything, start the kernel again on what is there. Every answer is checked: the contents of some by comparing them with
the sample, the outcomes of all by the kernel's own counters.
"""
import argparse
import collections
import concurrent.futures
import decimal
import json
import os
import pathlib
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import sample
from client import Client, Load, Series, body
from servers import Nginx, Platform, cpu_seconds, memory_megabytes

FEW = 1000
ROWS_PER_CALL = 500
# Calls of an import that are under way at once, each on a connection of its own.
IMPORT_CALLS = 32
# Half of them are read while the other half is written and committed together.
ROWS_PER_COMMIT = ROWS_PER_CALL * IMPORT_CALLS // 2
CONTACT_COLUMNS = ["first_name", "last_name", "title", "account", "email", "phone", "owner"]
POTENTIAL_COLUMNS = ["potential_name", "related_to", "sales_stage", "amount", "closing_date", "owner"]


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def expect(condition, text):
    if not condition:
        raise RuntimeError(f"a wrong answer: {text}")


class Benchmark:
    def __init__(self, options, folder):
        self.options = options
        self.folder = pathlib.Path(folder)
        self.crm = Platform(options.programs, folder)
        self.random = random.Random(options.seed)
        self.rows = []
        self.contacts = []
        self.potentials = []

    # What is run

    def run(self):
        self.crm.start()
        try:
            self.prepare()
            self.fill("contact", FEW, self.contacts, self.sample.contact)
            self.fill("potential", FEW, self.potentials, self.sample.potential)
            few = self.lists()
            say(f"importing {self.options.records} records of each kind")
            self.measure_imports()
            self.check_records()
            many = self.lists()
            self.report_lists(few, many)
            self.measure_get()
            self.measure_search()
            self.measure_scans()
            self.measure_create()
            self.check_log()
            busy = [memory_megabytes(pid) for pid in (self.crm.kernel, self.crm.endpoint)]
            self.crm.stop()
            self.measure_ceilings()
            self.measure_start(busy)
        finally:
            self.crm.stop()

    def prepare(self):
        self.crm.console("module", "enable", "sales")
        self.client = Client(self.crm)
        self.token = self.client.log_in("admin", self.crm.PASSWORD)
        role = self.client.call("record.list", entity="role", limit=1)["records"][0]["id"]
        users = [self.client.call("record.create", entity="user",
                                  values=sample.user(position) | {"role": role})["id"]
                 for position in range(sample.USERS)]
        accounts = []
        self.fill("account", sample.ACCOUNTS, accounts, sample.account)
        self.sample = sample.Sample(users, accounts)

    # Import

    def fill(self, entity, upto, ids, values):
        """Makes the records from `len(ids)` on, over several connections; answers seconds and CPU seconds."""
        first = len(ids)
        calls = []
        for start in range(first, upto, ROWS_PER_CALL):
            rows = [{"line": position, "values": values(position)}
                    for position in range(start, min(start + ROWS_PER_CALL, upto))]
            calls.append(body("import.rows", entity=entity, mode="create", rows=rows))
        clients = [Client(self.crm, self.token) for _ in range(IMPORT_CALLS)]
        pids = [self.crm.kernel, self.crm.endpoint]
        before = sum(map(cpu_seconds, pids))
        started = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
            shares = [pool.submit(lambda client, share: [client.send(call) for call in share],
                                  client, calls[index::len(clients)])
                      for index, client in enumerate(clients)]
            answers = [share.result() for share in shares]
        seconds = time.monotonic() - started
        spent = sum(map(cpu_seconds, pids)) - before
        made = {}
        for answer in sum(answers, []):
            for row in Client.result(answer)["rows"]:
                expect(row["outcome"] == "created", row)
                made[row["line"]] = row["id"]
        ids.extend(made[position] for position in range(first, upto))
        return seconds, spent

    def measure_imports(self):
        for entity, ids, values in [("contact", self.contacts, self.sample.contact),
                                    ("potential", self.potentials, self.sample.potential)]:
            count = self.options.records - len(ids)
            seconds, spent = self.fill(entity, self.options.records, ids, values)
            self.row(f"import of {count:,} {entity}s", f"{count / seconds:,.0f}/s", spent / count * 1e6,
                     "every row checked, numbered and in the change log")

    # Answers

    def check_records(self):
        """The contents of some records, chosen at random."""
        for position in self.random.sample(range(self.options.records), 200):
            wanted = self.sample.contact(position)
            record = self.client.call("record.get", id=self.contacts[position])
            for name, value in wanted.items():
                found = record[name]["id"] if name in ("account", "owner") else record[name]
                expect(found == value, f"contact {position}: {name} is {found!r}, not {value!r}")
            expect(record["contact_no"] and record["version"] == 1, record)

    def check_log(self):
        report = json.loads(self.crm.console("log", "verify", "--json"))
        say(f"the change log is whole: {report}")

    def load(self, name, bodies, connections, method=None, once=False):
        """One run of wrk with these calls, at random or each once; all must have succeeded."""
        path = self.folder / "calls.txt"
        path.write_bytes(b"\n".join(bodies) + b"\n")
        before = self.client.outcomes(method)
        run = Load(f"https://127.0.0.1:{self.crm.port}/rpc", connections, self.options.seconds,
                   [self.crm.kernel, self.crm.endpoint], str(path), self.token, once)
        after = self.client.outcomes(method)
        refused = {outcome: count for outcome, count in after.items()
                   if outcome != "ok" and count != before.get(outcome, 0)}
        # Calls whose client went when wrk stopped are cancelled: at most one on each connection.
        cancelled = refused.pop("unavailable", 0) - before.get("unavailable", 0)
        expect(not refused and cancelled <= connections, f"{name}: {refused}, {cancelled} cancelled")
        answered = after["ok"] - before.get("ok", 0)
        # What was under way when wrk stopped has been answered and not counted there.
        expect(run.requests <= answered <= run.requests + connections, f"{name}: {answered} of {run.requests}")
        return run

    def series(self, name, bodies, connections, method):
        say(name)
        return Series([self.load(name, bodies, connections, method) for _ in range(self.options.rounds)])

    # One record, beside nginx

    def measure_get(self):
        bodies = [body("record.get", id=self.random.choice(self.contacts)) for _ in range(1000)]
        size = statistics.median(len(self.client.send(call)) for call in bodies[:100])
        nginx = Nginx(self.folder, self.crm.certificate)
        try:
            url = nginx.serve("record.json", int(size))
            time.sleep(0.3)
            for connections in (1, 16):
                ours, theirs = [], []
                # In turn, so that both see the same machine.
                say(f"record.get and nginx, {connections} connections")
                for _ in range(self.options.rounds):
                    theirs.append(Load(url, connections, self.options.seconds, nginx.workers))
                    ours.append(self.load("record.get", bodies, connections, "record.get"))
                ours, theirs = Series(ours), Series(theirs)
                ratio = statistics.median(our.rate / their.rate for our, their in zip(ours.loads, theirs.loads))
                self.row(f"nginx, a file of {size:.0f} bytes, {connections} conn.", f"{theirs.rate:,.0f}/s",
                         theirs.cost, f"p50 {theirs.p50:.2f} ms, p99 {theirs.p99:.2f} ms")
                self.row(f"record.get of a contact, {connections} conn.", f"{ours.rate:,.0f}/s", ours.cost,
                         f"**{ratio:.2f} × nginx**; p50 {ours.p50:.2f} ms, p99 {ours.p99:.2f} ms; "
                         f"kernel {ours.costs_of(0):.0f}, endpoint {ours.costs_of(1):.0f} µs")
        finally:
            nginx.stop()

    # Lists

    def lists(self):
        queries = {
            "50 contacts, default order": dict(entity="contact", fields=CONTACT_COLUMNS),
            "50 contacts, all fields": dict(entity="contact"),
            "50 contacts, newest first": dict(entity="contact", fields=CONTACT_COLUMNS, sort=["-modified_at"]),
            "50 potentials of a stage, by closing date": dict(
                entity="potential", fields=POTENTIAL_COLUMNS, filter=["sales_stage", "=", "qualification"],
                sort=["closing_date"]),
            "20 contacts by prefix of the last name": dict(
                entity="contact", fields=CONTACT_COLUMNS, filter=["last_name", "starts with", "Ols"], limit=20),
        }
        self.check_lists(queries)
        return {name: self.series(f"{name} of {len(self.contacts)}", [body("record.list", **query)], 1,
                                  "record.list")
                for name, query in queries.items()}

    def check_lists(self, queries):
        contacts = [self.sample.contact(position) for position in range(len(self.contacts))]
        potentials = [self.sample.potential(position) for position in range(len(self.potentials))]
        answers = {name: self.client.call("record.list", **query)["records"] for name, query in queries.items()}

        wanted = sorted(contact["last_name"].lower() for contact in contacts)[:50]
        for name in ["50 contacts, default order", "50 contacts, all fields"]:
            found = [record["last_name"].lower() for record in answers[name]]
            expect(found == wanted, f"{name}: {found}")
        newest = [record["id"] for record in answers["50 contacts, newest first"]]
        expect(len(newest) == 50 and newest == sorted(newest, reverse=True), newest)
        wanted = sorted(deal["closing_date"] for deal in potentials if deal["sales_stage"] == "qualification")[:50]
        deals = answers["50 potentials of a stage, by closing date"]
        expect([deal["closing_date"] for deal in deals] == wanted, deals)
        expect(all(deal["sales_stage"] == "qualification" for deal in deals), deals)
        olsens = answers["20 contacts by prefix of the last name"]
        some = sum(contact["last_name"].startswith("Ols") for contact in contacts)
        expect(len(olsens) == min(20, some), olsens)
        expect(all(record["last_name"].startswith("Ols") for record in olsens), olsens)

    def report_lists(self, few, many):
        for name, series in many.items():
            slower = few[name].rate / series.rate
            dearer = series.cost / few[name].cost
            self.row(name, f"{series.rate:,.0f}/s", series.cost,
                     f"**{slower:.2f} × the time** at {FEW:,} records ({dearer:.2f} × the CPU); "
                     f"p50 {series.p50:.2f} ms, p99 {series.p99:.2f} ms")

    # Search

    def measure_search(self):
        """By words of which the last is a beginning: one that many share, two, and one that a single record has."""
        rare = next(position for position in range(len(self.contacts) - 1, 0, -1) if position % 3 == 0)
        name = self.sample.contact(rare)["last_name"]
        for title, text, words in [("a beginning that many share", "ols", ["ols"]),
                                   ("two words", "ada ols", ["ada", "ols"]), ("one record's name", name, name.lower().split())]:
            query = dict(text=text, limit=20)
            hits = self.client.call("record.search", **query)["hits"]
            found_texts = [" ".join(field["text"] for field in hit["fields"]).lower() for hit in hits]
            expect(hits and all(word in found for found in found_texts for word in words), f"{text}: {found_texts}")
            if words == name.lower().split():
                expect([hit["id"] for hit in hits] == [self.contacts[rare]], f"{text}: {hits}")
            series = self.series(f"search by {title}", [body("record.search", **query)], 1, "record.search")
            self.row(f"search by {title}", f"{series.rate:,.0f}/s", series.cost,
                     f"20 of the newest; **{series.costs_of(0) / 1000:.2f} ms in the kernel**; "
                     f"p50 {series.p50:.2f} ms, p99 {series.p99:.2f} ms")

    # Scans and sums

    def measure_scans(self):
        potentials = [self.sample.potential(position) for position in range(len(self.potentials))]
        amount = [{"op": "sum", "field": "amount", "as": "total"}, {"op": "count", "as": "count"}]
        count = dict(entity="contact", filter=["do_not_call", "=", True])
        owners = dict(entity="potential", group_by=["owner"], measures=amount)
        months = dict(entity="potential", group_by=[{"field": "closing_date", "by": "month", "as": "month"}],
                      measures=amount)

        wanted = sum(position % 10 == 0 for position in range(len(self.contacts)))
        expect(self.client.call("record.count", **count)["count"] == wanted, "count")
        self.check_groups(owners, potentials, lambda group: group["owner"]["id"], lambda deal: deal["owner"])
        self.check_groups(months, potentials, lambda group: group["month"], lambda deal: deal["closing_date"][:7])

        records = f"{self.options.records:,}"
        for name, method, query in [(f"count of {records} contacts, one condition", "record.count", count),
                                    (f"sum of {records} amounts by owner", "record.aggregate", owners),
                                    (f"sum of {records} amounts by month", "record.aggregate", months)]:
            series = self.series(name, [body(method, **query)], 1, method)
            self.row(name, f"{series.rate:,.1f}/s", series.cost, f"p50 {series.p50:.1f} ms, p99 {series.p99:.1f} ms")

    def check_groups(self, query, deals, key_of_group, key_of_deal):
        wanted = collections.Counter()
        for deal in deals:
            wanted[key_of_deal(deal)] += decimal.Decimal(deal["amount"])
        groups = self.client.call("record.aggregate", **query)["groups"]
        found = {key_of_group(group): decimal.Decimal(group["total"]["amount"]) for group in groups}
        expect(found == dict(wanted), f"{query}: {found}")
        expect(sum(group["count"] for group in groups) == len(deals), "the counts of all groups")

    def settled(self, method):
        """The successes of a method, once two looks a quarter of a second apart agree."""
        last = None
        while True:
            count = self.client.outcomes(method).get("ok", 0)
            if count == last:
                return count
            last = count
            time.sleep(0.25)

    # Creating

    def new_contacts(self):
        """More creations than a round can make, of contacts that are not there yet: a second one would be a duplicate."""
        first = self.made_up
        self.made_up += 6000 * self.options.seconds
        return [body("record.create", entity="contact", values=self.sample.contact(position))
                for position in range(first, self.made_up)]

    def measure_create(self):
        self.made_up = 10**7
        for connections in (1, 64):
            before = self.client.call("record.count", entity="contact")["count"]
            outcomes = self.client.outcomes("record.create").get("ok", 0)
            say(f"record.create, {connections} connections")
            series = Series([self.load("record.create", self.new_contacts(), connections, "record.create", once=True)
                             for _ in range(self.options.rounds)])
            # The last unit may have left the queue and not yet be stored: then its success is still to be counted.
            answered = self.settled("record.create") - outcomes
            made = self.client.call("record.count", entity="contact")["count"] - before
            expect(made == answered, f"{answered} creations answered, {made} records made")
            self.row(f"record.create of a contact, {connections} conn.", f"{series.rate:,.0f}/s", series.cost,
                     f"durable before the answer; p50 {series.p50:.2f} ms, p99 {series.p99:.2f} ms")

    # What SQLite alone needs

    def measure_ceilings(self):
        """The same SQL through the C API, on this run's own database."""
        program = self.folder / "ceiling"
        subprocess.run(["cc", "-O2", "-o", program, pathlib.Path(__file__).with_name("ceiling.c"), "-lsqlite3"],
                       check=True)
        say("the same SQL through the C API")
        runs = [json.loads(subprocess.run(
            [program, self.crm.data / "kernel" / "crm.sqlite", self.folder / "ceiling.sqlite", str(ROWS_PER_COMMIT)],
            check=True, capture_output=True, text=True).stdout) for _ in range(self.options.rounds)]
        for name, title, remark in [
                ("import", "a contact's import", f"in commits of {ROWS_PER_COMMIT:,}; table, 10 indexes, label, change log, search, duplicate keys"),
                ("get", "`record.get`", "the row and two labels"),
                ("list", "a list of 50", "default order, with two labels each"),
                ("search", "a search that many share", "20 of the newest, with labels")]:
            microseconds = statistics.median(run[name] for run in runs)
            self.row(f"only the SQL of {title}, through the C API", f"{1e6 / microseconds:,.0f}/s", microseconds,
                     f"one thread, nothing checked, hashed or encoded; {remark}")

    # Start and memory

    def measure_start(self, busy):
        size = (self.crm.data / "kernel" / "crm.sqlite").stat().st_size
        starts = [self.crm.kernel_start_seconds() for _ in range(max(3, self.options.rounds))]
        self.row("start of the kernel on this database", f"{statistics.median(starts) * 1000:.0f} ms", None,
                 f"of {size / 2**20:.0f} MiB, to the first answer")
        self.crm.start()
        time.sleep(2)
        for name, pid, after in zip(("kernel", "endpoint"), (self.crm.kernel, self.crm.endpoint), busy):
            self.row(f"memory of the {name}, idle (PSS)", f"{memory_megabytes(pid):.0f} MB", None,
                     f"{after:.0f} MB after all of the above")

    # The table

    def row(self, name, figure, microseconds, remark):
        self.rows.append((name, figure, "" if microseconds is None else f"{microseconds:,.0f}", remark))
        say(f"{name}: {figure}, {self.rows[-1][2]} µs; {remark}")

    def table(self):
        lines = ["| | measured | server CPU, µs each | |", "|---|---|---|---|"]
        return "\n".join(lines + [f"| {' | '.join(row)} |" for row in self.rows])


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
                 platform.machine())
    return f"{os.cpu_count()} cores, {model}; {platform.system()} {platform.release()}; load {os.getloadavg()[0]:.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", required=True, help="the folder with crm and the others")
    parser.add_argument("--records", type=int, default=100_000, help="contacts, and potentials")
    parser.add_argument("--seconds", type=int, default=3, help="of each round")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="a folder for data and logs, which stays")
    options = parser.parse_args()
    folder = options.keep or tempfile.mkdtemp(prefix="crm-benchmark-")
    os.makedirs(folder, exist_ok=True)
    benchmark = Benchmark(options, folder)
    try:
        benchmark.run()
    finally:
        if benchmark.rows:
            print(f"\n{machine()}\n\n{benchmark.table()}")
        if not options.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
