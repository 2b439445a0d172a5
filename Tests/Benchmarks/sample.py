"""The records of a run. Everything follows from the position of a record, so that every answer can be foretold."""
import datetime
import decimal
import random

FIRST_NAMES = ["Ada", "Björn", "Chloé", "Dmitri", "Elif", "Fatima", "Grace", "Haruki", "Inês", "Jürgen", "Katya",
               "Łukasz", "Mary", "Noor", "Owen", "Priya", "Quinn", "Rosa", "Søren", "Thomas"]
LAST_NAMES = ["Ashworth", "Brooks", "Carter", "Dalton", "Ellis", "Foster", "Grant", "Hayes", "Ingram", "Jennings",
              "Kerr", "Lowell", "Mercer", "Norris", "Olsen", "Palmer", "Quigley", "Reed", "Stone", "Thistle",
              "Underhill", "Vance", "Walsh", "Xavier", "Yates", "Zimmer"]
CITIES = [("Leeds", "United Kingdom"), ("Köln", "Germany"), ("Łódź", "Poland"), ("Austin", "United States"),
          ("Belém", "Brazil"), ("Nîmes", "France"), ("横浜", "Japan"), ("Umeå", "Sweden")]
TITLES = ["Buyer", "Head of Purchasing", "Engineer", "CFO", "Office Manager", "Owner"]
SOURCES = ["cold_call", "partner", "conference", "trade_show", "web_site", "word_of_mouth"]
OPEN_STAGES = ["prospecting", "qualification", "needs_analysis", "value_proposition"]

USERS = 20
ACCOUNTS = 1000


class Sample:
    """Contacts and potentials by position, once the ids of users and accounts are known."""

    def __init__(self, users, accounts):
        self.users = users
        self.accounts = accounts

    def contact(self, position):
        chance = random.Random(position)
        city, country = chance.choice(CITIES)
        return {
            "salutation": chance.choice(["mr", "ms", "dr"]),
            "first_name": chance.choice(FIRST_NAMES),
            # A third of the names are ones that few share.
            "last_name": chance.choice(LAST_NAMES) + ("" if position % 3 else f" {position}"),
            "account": chance.choice(self.accounts),
            "title": chance.choice(TITLES),
            "department": "Department " + str(chance.randrange(12)),
            "email": f"contact.{position}@example.org",
            "phone": f"+44 20 {chance.randrange(10**8):08}",
            "mobile": f"+44 77 {chance.randrange(10**8):08}",
            "lead_source": chance.choice(SOURCES),
            "birthday": str(datetime.date(1950, 1, 1) + datetime.timedelta(chance.randrange(18000))),
            "do_not_call": position % 10 == 0,
            "mailing_street": f"{chance.randrange(1, 200)} Long Lane",
            "mailing_city": city,
            "mailing_postal_code": f"{chance.randrange(100000):05}",
            "mailing_country": country,
            "description": "Met at the fair; asked for an offer and a call back before the end of the month.",
            "owner": chance.choice(self.users),
        }

    def potential(self, position):
        chance = random.Random(-position - 1)
        return {
            "potential_name": f"Deal {position}",
            "related_to": chance.choice(self.accounts),
            "opportunity_type": chance.choice(["existing_business", "new_business"]),
            "lead_source": chance.choice(SOURCES),
            "amount": str(decimal.Decimal(chance.randrange(100, 100_000_00)) / 100),
            "closing_date": str(datetime.date(2026, 1, 1) + datetime.timedelta(chance.randrange(730))),
            "sales_stage": chance.choice(OPEN_STAGES),
            "next_step": "Send the offer",
            "owner": chance.choice(self.users),
        }


def user(position):
    return {"username": f"agent{position:02}", "first_name": "Agent", "last_name": f"Number {position:02}"}


def account(position):
    city, country = CITIES[position % len(CITIES)]
    return {"account_name": f"Company {position:04}", "billing_city": city, "billing_country": country}
