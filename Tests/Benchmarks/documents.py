#!/usr/bin/env python3
"""What trading costs: quotes of 5 and of 200 lines made and converted, recurring invoices, sums over stock movements.

Every figure that the platform computes for these documents is computed here again, from the prices that were set, and
compared; after the conversions and the invoices the numbers of documents are counted.
"""
import argparse
import decimal
import os
import shutil
import sqlite3
import tempfile
import time

import benchmark
from client import Client, body
from servers import cpu_seconds

PRODUCTS = 500
TWO_PLACES = decimal.Decimal("0.01")


def price(position):
    return decimal.Decimal(199 + position * 37 % 99_000) / 100


class Documents(benchmark.Benchmark):
    def run(self):
        self.crm.start()
        try:
            self.crm.console("module", "enable", "inventory")
            self.client = Client(self.crm)
            self.token = self.client.log_in("admin", self.crm.PASSWORD)
            self.account = self.make("account", account_name="Fabrikam")
            self.currency = self.client.call("record.list", entity="currency")["records"][0]["id"]
            self.products = []
            self.fill("product", PRODUCTS, self.products, lambda position: {
                "product_name": f"Part {position:04}", "unit_price": str(price(position))})
            for lines in (5, 200):
                self.measure_documents(lines)
            self.measure_recurring()
            self.measure_stock()
            self.check_log()
        finally:
            self.crm.stop()

    def make(self, entity, **values):
        return self.client.call("record.create", entity=entity, values=values)["id"]

    def timed(self, work, count):
        """Runs the work count times over one connection; answers the results, the rate and the CPU of each."""
        pids = [self.crm.kernel, self.crm.endpoint]
        before = sum(map(cpu_seconds, pids))
        started = time.monotonic()
        results = [work(position) for position in range(count)]
        seconds = time.monotonic() - started
        return results, count / seconds, (sum(map(cpu_seconds, pids)) - before) / count * 1e6

    # Documents

    def lines(self, document, count):
        return [{"item": self.products[(document * 7 + line) % PRODUCTS], "quantity": str(line % 9 + 1)}
                for line in range(count)]

    def total(self, document, count):
        amounts = [price((document * 7 + line) % PRODUCTS) * (line % 9 + 1) for line in range(count)]
        return sum(amount.quantize(TWO_PLACES, decimal.ROUND_HALF_UP) for amount in amounts)

    def measure_documents(self, lines):
        count = max(5, self.options.documents * 5 // lines)
        quotes, rate, cost = self.timed(lambda position: self.client.call(
            "record.create", entity="quote", values={
                "subject": f"Offer {position}", "account": self.account, "currency": self.currency,
                "lines": self.lines(position, lines)}), count)
        for position, quote in enumerate(quotes):
            found = decimal.Decimal(quote["grand_total"]["amount"])
            benchmark.expect(found == self.total(position, lines), f"quote {quote['id']}: {found}")
        self.row(f"quote of {lines} lines made", f"{rate:,.0f}/s", cost, "priced, computed, durable")
        orders, rate, cost = self.timed(lambda position: self.client.call(
            "inventory.quote_to_order", quote=quotes[position]["id"]), count)
        self.row(f"quote of {lines} lines made an order", f"{rate:,.0f}/s", cost,
                 "all lines copied, what is taken noted on the quote")
        made = self.client.call("record.count", entity="sales_order",
                                filter=["quote", "in", [quote["id"] for quote in quotes]])["count"]
        benchmark.expect(made == count, f"{made} orders of {count}")

    # Invoices that come again

    def measure_recurring(self):
        count = self.options.invoices
        orders = []
        self.fill("sales_order", count, orders, lambda position: {
            "subject": f"Rent {position}", "account": self.account, "currency": self.currency,
            "lines": self.lines(position, 5)})
        today = time.strftime("%Y-%m-%d", time.gmtime())
        before = self.client.call("record.count", entity="invoice")["count"]
        for order in orders:
            self.client.call("record.update", id=order, values={
                "enable_recurring": True, "recurring_frequency": "yearly", "start_period": today,
                "end_period": str(int(today[:4]) + 5) + today[4:7] + "-01"})
        # The hourly job runs when it is due; at a start of the kernel it looks at once.
        self.make_due("inventory.recurring_invoices")
        started = time.monotonic()
        while self.client.call("record.count", entity="invoice")["count"] - before < count:
            benchmark.expect(time.monotonic() - started < 600, "the invoices are not made")
            time.sleep(0.1)
        seconds = time.monotonic() - started
        self.row(f"{count:,} recurring invoices of 5 lines", f"{count / seconds:,.0f}/s",
                 cpu_seconds(self.crm.kernel) / count * 1e6, "each a unit of its own, by the hourly job")
        time.sleep(2)
        made = self.client.call("record.count", entity="invoice")["count"] - before
        benchmark.expect(made == count, f"{made} invoices of {count}")

    def make_due(self, job):
        """Sets the job's clock back, as an hour would."""
        self.crm.stop()
        with sqlite3.connect(self.crm.data / "kernel" / "crm.sqlite") as file:
            file.execute("UPDATE crm_job SET due_at = 0 WHERE name = ?", [job])
        self.crm.start()
        self.client = Client(self.crm, self.token)

    # Stock

    def measure_stock(self):
        count = self.options.movements
        product = self.make("product", product_name="Screw")
        made = []
        seconds, spent = self.fill("stock_movement", count, made, lambda position: {
            "product": product if position % 100 == 0 else self.products[position % PRODUCTS],
            "quantity": str(position % 7 + 1), "reason": "receipt"})
        self.row(f"import of {count:,} stock movements", f"{count / seconds:,.0f}/s", spent / count * 1e6,
                 "each adds to its product's stock in the same unit")
        wanted = sum(position % 7 + 1 for position in range(0, count, 100))
        found = self.client.call("record.get", id=product)["quantity_in_stock"]
        benchmark.expect(decimal.Decimal(found) == wanted, f"{found} screws in stock, not {wanted}")
        measure = [{"op": "sum", "field": "quantity", "as": "total"}]
        whole = dict(entity="stock_movement", group_by=["product"], measures=measure)
        one = dict(entity="stock_movement", filter=["product", "=", product], measures=measure)
        for name, query in [(f"sum of {count:,} movements by product", whole),
                            (f"sum of the {count // 100:,} movements of one product", one)]:
            groups = self.client.call("record.aggregate", **query)["groups"]
            totals = {(group.get("product") or {"id": product})["id"]: group["total"] for group in groups}
            benchmark.expect(decimal.Decimal(totals[product]) == wanted, f"{name}: {totals[product]}")
            series = self.series(name, [body("record.aggregate", **query)], 1, "record.aggregate")
            self.row(name, f"{series.rate:,.1f}/s", series.cost, f"p50 {series.p50:.1f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", required=True, help="the folder with crm and the others")
    parser.add_argument("--documents", type=int, default=400, help="of 5 lines; of 200 a fortieth")
    parser.add_argument("--invoices", type=int, default=1_000, help="recurring ones")
    parser.add_argument("--movements", type=int, default=1_000_000, help="of stock")
    parser.add_argument("--seconds", type=int, default=3, help="of each round")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="a folder for data and logs, which stays")
    options = parser.parse_args()
    folder = options.keep or tempfile.mkdtemp(prefix="crm-benchmark-")
    os.makedirs(folder, exist_ok=True)
    documents = Documents(options, folder)
    try:
        documents.run()
    finally:
        if documents.rows:
            print(f"\n{benchmark.machine()}\n\n{documents.table()}")
        if not options.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
