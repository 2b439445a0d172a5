#!/usr/bin/env python3
"""What rights cost: the first page of a sorted list for people who see all, nearly all, some and few of the records.

Accounts are private; each person sees the contacts of subordinates and own ones. Every answer is compared with what the
sample says that the person must see; then the same list is asked for again and again over one connection, in turn.
"""
import argparse
import os
import shutil
import sqlite3
import statistics
import tempfile

import benchmark
import sample
from client import Client, Series, body

FEW, SOME, TEAM = 100, 10_000, 10


class Rights(benchmark.Benchmark):
    SORTS = {"default order": None, "newest first": ["-modified_at"]}

    def run(self):
        self.crm.start()
        try:
            self.client = Client(self.crm)
            self.token = self.client.log_in("admin", self.crm.PASSWORD)
            if self.options.again:
                self.find_people()
            else:
                self.make_people()
                self.make_records()
            for name, sort in self.SORTS.items():
                self.measure(name, sort)
        finally:
            self.crm.stop()

    def make_records(self):
        seconds, spent = self.fill("contact", self.options.records, self.contacts, self.contact)
        self.row(f"import of {self.options.records:,} contacts", f"{self.options.records / seconds:,.0f}/s",
                 spent / self.options.records * 1e6, "")
        self.client.call("sharing.set_default", entity="account", sharing="private")

    # People

    def find_people(self):
        """Those whom an earlier run has made."""
        def agent(position):
            wanted = ["username", "=", sample.user(position)["username"]]
            return self.client.call("record.list", entity="user", filter=wanted)["records"][0]["id"]

        self.few, self.head, self.leader = agent(0), agent(1), agent(2)
        self.team = [agent(3 + self.options.people + position) for position in range(TEAM)]

    def make_people(self):
        """Head office above the crowd and the team's leader; the few beside them, below nobody who is measured."""
        root = self.client.call("record.list", entity="role", limit=1)["records"][0]["id"]

        def role(name, above):
            return self.client.call("role.create", name=name, reports_to=above)["id"]

        head = role("Head office", root)
        leader = role("Leader", head)
        self.people = 0
        self.few = self.person(role("Apart", root))
        self.head = self.person(head)
        self.leader = self.person(leader)
        crowd = role("Crowd", head)
        team = role("Team", leader)
        self.crowd = [self.person(crowd) for _ in range(self.options.people)]
        self.team = [self.person(team) for _ in range(TEAM)]
        accounts = []
        self.fill("account", sample.ACCOUNTS, accounts, sample.account)
        self.sample = sample.Sample(self.crowd, accounts)

    def person(self, role):
        values = sample.user(self.people) | {"role": role}
        self.people += 1
        return self.client.call("record.create", entity="user", values=values)["id"]

    def contact(self, position):
        """One owner after the other in steps that spread the few and the team over the whole sort."""
        step = self.options.records // FEW
        values = self.sample.contact(position)
        if position % step == 0 and position // step < FEW:
            return values | {"owner": self.few}
        step = self.options.records // SOME
        if position % step == 1 and position // step < SOME:
            return values | {"owner": self.team[position // step % TEAM]}
        return values

    # Lists

    def measure(self, name, sort):
        query = dict(entity="contact", fields=["first_name", "last_name", "email", "owner"])
        if sort:
            query["sort"] = sort
        total = self.options.records
        callers = {"all (administrator)": (self.token, total)}
        for title, user, seen in [(f"all but {FEW}", self.head, total - FEW), (f"{SOME:,}", self.leader, SOME),
                                  (f"{FEW}", self.few, FEW)]:
            key = self.client.call("api_key.create", name="benchmark", user=user)
            callers[title] = (key["token"], seen)
        for title, (token, seen) in callers.items():
            count = Client(self.crm, token).call("record.count", entity="contact")["count"]
            benchmark.expect(count == seen, f"{title}: {count} records, not {seen}")
            self.check_page(title, token, query)
        loads = {title: [] for title in callers}
        # In turn, so that all see the same machine.
        for _ in range(self.options.rounds):
            for title, (self.token, _) in callers.items():
                loads[title].append(self.load(title, [body("record.list", **query)], 1, "record.list"))
        self.token = callers["all (administrator)"][0]
        first = loads["all (administrator)"]
        for title, own in loads.items():
            ratio = statistics.median(one.p50 / all_.p50 for one, all_ in zip(own, first))
            series = Series(own)
            self.row(f"{name}: sees {title}", f"{series.rate:,.0f}/s", series.cost,
                     f"**{ratio:.2f} × the administrator's time**; p50 {series.p50:.2f} ms")

    def check_page(self, title, token, query):
        """Compares the first page with the records as they lie in the file."""
        owners = {f"all but {FEW}": f"owner <> {self.few}", f"{FEW}": f"owner = {self.few}",
                  f"{SOME:,}": f"owner IN ({', '.join(map(str, self.team))})"}.get(title, "1")
        order = "modified_at DESC, id DESC" if "sort" in query else None
        found = [record["id"] for record in Client(self.crm, token).call("record.list", **query)["records"]]
        if order:
            with sqlite3.connect(f"file:{self.crm.data / 'kernel' / 'crm.sqlite'}?mode=ro", uri=True) as file:
                wanted = [row[0] for row in file.execute(
                    f"SELECT id FROM e_contact WHERE deleted_at IS NULL AND {owners} ORDER BY {order} LIMIT 50")]
            benchmark.expect(found == wanted, f"{title}: {found}")
        benchmark.expect(len(found) == 50, f"{title}: {len(found)} records")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", required=True, help="the folder with crm and the others")
    parser.add_argument("--records", type=int, default=1_000_000, help="contacts; at least 20,000")
    parser.add_argument("--people", type=int, default=200, help="owners of all the other contacts")
    parser.add_argument("--seconds", type=int, default=2, help="of each round")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="a folder for data and logs, which stays")
    parser.add_argument("--again", action="store_true", help="measure what an earlier run with --keep has left")
    options = parser.parse_args()
    folder = options.keep or tempfile.mkdtemp(prefix="crm-benchmark-")
    os.makedirs(folder, exist_ok=True)
    rights = Rights(options, folder)
    try:
        rights.run()
    finally:
        if rights.rows:
            print(f"\n{benchmark.machine()}\n\n{rights.table()}")
        if not options.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
