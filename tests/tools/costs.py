#!/usr/bin/env python3
"""The cost and scale model behind docs/cost-and-scale.md. Needs only Python's standard library.

    python3 tests/tools/costs.py                                   print the tables
    python3 tests/tools/costs.py --check docs/cost-and-scale.md    exit 1 if the page differs from the model
    python3 tests/tools/costs.py --write docs/cost-and-scale.md    update the page
    python3 tests/tools/costs.py --assumptions                     print what the model assumes about Evergrant, as JSON
"""

import json
import sys
from math import exp
from pathlib import Path
from typing import NamedTuple

# --- Prices: US dollars, East US or East US 2, pay as you go, November 2026.

# Microsoft's page, undated; it calls the prices an example.
EXAMPLE = "https://learn.microsoft.com/azure/azure-functions/functions-consumption-costs"
# Third parties that asked Azure's Retail Prices API on 2026-10-05 and 2026-10-03.
DANCE = "https://github.com/michaelsrichter/long-island-dance-events/blob/main/docs/proposals/postgres-live-site.md"
WORDPRESS = "https://github.com/agenticcodingops/azure-wordpress/blob/main/docs/cost.md"
# Other third parties: 2026-02-16, and undated.
ONEUPTIME = (
    "https://oneuptime.com/blog/post/"
    "2026-02-16-how-to-reduce-azure-data-transfer-costs-with-private-endpoints-and-service-endpoints/view"
)
EGRESS = "https://c3x.dev/blog/azure-egress-bandwidth-cost/"


class Price(NamedTuple):
    dollars: float
    units: int  # how many units the price is for
    free: int  # units that are free each month
    sources: tuple[str, ...]


PRICES = {
    "demand_gb_s": Price(0.000026, 1, 100_000, (EXAMPLE, DANCE)),
    "demand_executions": Price(0.40, 1_000_000, 250_000, (EXAMPLE, DANCE)),
    # Microsoft's pages describe the baseline in two ways: all the time, or only while an instance is idle. The model
    # takes the first, which costs more.
    "ready_baseline_gb_s": Price(0.000004, 1, 0, (DANCE,)),
    "ready_gb_s": Price(0.000016, 1, 0, (DANCE,)),
    "ready_executions": Price(0.40, 1_000_000, 0, (DANCE,)),
    "vault_operations": Price(0.03, 10_000, 0, (WORDPRESS,)),
    "blob_reads": Price(0.004, 10_000, 0, (WORDPRESS,)),
    "blob_writes": Price(0.05, 10_000, 0, (WORDPRESS,)),
    "blob_gb": Price(0.0208, 1, 0, (WORDPRESS,)),
    "log_gb": Price(2.30, 1, 5, (WORDPRESS,)),
    "log_alert": Price(1.50, 1, 0, (WORDPRESS,)),
    "metric_series": Price(0.10, 1, 10, (WORDPRESS,)),
    "endpoint_hours": Price(0.01, 1, 0, (ONEUPTIME,)),
    "endpoint_gb": Price(0.01, 1, 0, (ONEUPTIME,)),
    "dns_zones": Price(0.50, 1, 0, (WORDPRESS,)),
    "egress_gb": Price(0.087, 1, 100, (EGRESS,)),
}

# --- Evergrant.

TOKEN_LIFE = 3600  # seconds; set by DocuSign
RENEW_SOON = 600  # seconds before the end; src/docusign/tokens/freshness.rs
RENEW_NOW = 300  # seconds before the end; same file
CYCLE = TOKEN_LIFE - RENEW_SOON  # seconds between two mints
VAULT_CALLS_PER_START = 5  # two challenges, two public keys, one signature for the sealing secret; the first mint is extra
AUDIT_LINE_BYTES = 645  # the line of a refresh; tests/api/costs.rs measures it
MINT_LINE_BYTES = 275  # tests/api/costs.rs measures it

# --- Traffic.

HOURS = 730  # in a month, as on Azure's pricing pages
SECONDS = HOURS * 3600
BILLED_PER_EXECUTION = 1  # second, the minimum
ENVELOPE_BYTES = 900  # guess: what Application Insights adds to a log line
REQUEST_RECORD_BYTES = 1_500  # guess: the Functions host's record of a request
ANSWER_BYTES = 4_000  # guess: answer and TLS, per refresh
EXCHANGE_BYTES = 5_000  # guess: request to DocuSign and TLS, per mint
STORE_EXCHANGE_BYTES = 3_000  # guess: one call to storage or Key Vault, both ways
STORED_GB = 0.1  # packages and records
ENDPOINTS, ZONES = 2, 2  # Key Vault and Blob storage
LOG_ALERTS, METRIC_SERIES = 3, 1

# connections: (instances, process starts a month); None means one start per refresh, the worst case
SIZES = {1: (1, None), 100: (1, HOURS), 10_000: (4, 4 * HOURS)}
SUBJECTS = ("integration_user", "signed_in_user")
MEMORIES = (512, 2048)

# --- Scale.

VAULT_LIMIT = 4_000  # operations in 10 s, RSA 2048 in software
EXCHANGE_LIMIT = 5_000  # an hour; unofficial
INSTANCES = (1, 8, 40, 250, 1000)
USERS = 1_000
REQUESTS = (10, 100)  # of each user in one cycle
STEADY_REQUESTS = CYCLE // 10  # for one token in one cycle: one every 10 s

# --- Model.


def price(name, amount):
    """Dollars for `amount` units in a month, after the free units."""
    meter = PRICES[name]
    return max(0, amount - meter.free) / meter.units * meter.dollars


def refreshes(connections):
    return connections * SECONDS // CYCLE


def starts(connections):
    fixed = SIZES[connections][1]
    return refreshes(connections) if fixed is None else fixed


def mints_a_month(connections, subject):
    """One per instance and cycle, and one per start; a signed-in user needs one per refresh."""
    if subject == "signed_in_user" or starts(connections) >= refreshes(connections):
        return refreshes(connections)
    instances = SIZES[connections][0]
    return min(refreshes(connections), instances * SECONDS // CYCLE) + starts(connections)


def vault_operations(connections, subject):
    return mints_a_month(connections, subject) + VAULT_CALLS_PER_START * starts(connections)


def blob_reads(connections):
    """One per refresh for the grant, and at most one per minute and instance for the client."""
    return refreshes(connections) + min(refreshes(connections), SIZES[connections][0] * HOURS * 60)


def execution(connections, memory, ready=0):
    """Always-ready instances take as much of the load as they can; each execution counts alone."""
    executions, gb = refreshes(connections), memory / 1024
    active = executions * BILLED_PER_EXECUTION
    on_ready = min(active, ready * SECONDS)
    share = on_ready / active
    cost = price("ready_baseline_gb_s", ready * SECONDS * gb) + price("ready_gb_s", on_ready * gb)
    cost += price("ready_executions", executions * share)
    return cost + price("demand_gb_s", (active - on_ready) * gb) + price("demand_executions", executions * (1 - share))


def logs(connections, subject):
    refresh_bytes = AUDIT_LINE_BYTES + ENVELOPE_BYTES + REQUEST_RECORD_BYTES
    mint_bytes = MINT_LINE_BYTES + ENVELOPE_BYTES
    total = refreshes(connections) * refresh_bytes + mints_a_month(connections, subject) * mint_bytes
    return price("log_gb", total / 1e9)


def other(connections, subject):
    """Key Vault, storage and traffic. Each connection writes one record, for its code."""
    out = refreshes(connections) * ANSWER_BYTES + mints_a_month(connections, subject) * EXCHANGE_BYTES
    storage = price("blob_reads", blob_reads(connections)) + price("blob_writes", connections) + price("blob_gb", STORED_GB)
    return price("vault_operations", vault_operations(connections, subject)) + storage + price("egress_gb", out / 1e9)


def network(connections):
    """With signed-in users, who need the most Key Vault operations."""
    calls = blob_reads(connections) + vault_operations(connections, "signed_in_user")
    data = price("endpoint_gb", calls * STORE_EXCHANGE_BYTES / 1e9)
    return price("endpoint_hours", ENDPOINTS * HOURS) + price("dns_zones", ZONES) + data


def alerts():
    return price("log_alert", LOG_ALERTS) + price("metric_series", METRIC_SERIES)


def mints_an_hour(users, requests, instances):
    """One per user, instance and cycle at most, and never more than requests."""
    return users * min(requests, instances) * 3600 / CYCLE


def waiting_share(requests, instances):
    """Requests that wait for a mint, if they come at random: none came while the old token could still be used."""
    each = requests / instances
    return exp(-each * (RENEW_SOON - RENEW_NOW) / CYCLE) / (1 + each)


# --- Tables.


def money(dollars):
    if 0 < dollars < 0.005:
        return "< $0.01"
    return f"{'−' if dollars < 0 else ''}${abs(dollars):,.2f}"


def number(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def percent(share):
    if share < 0.0001:
        return "< 0.01%"
    return f"{share:.2%}" if share < 0.1 else f"{share:.0%}"


def table(heads, rows):
    """Aligns columns of numbers to the right."""
    numeric = [all(str(row[column])[:1] in "0123456789$<−" for row in rows) for column in range(len(heads))]
    lines = [heads, ["---:" if right else "---" for right in numeric], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def bill():
    rows = []
    for connections in SIZES:
        for subject in SUBJECTS:
            parts = [logs(connections, subject), other(connections, subject)]
            totals = [execution(connections, memory) + sum(parts) for memory in MEMORIES]
            rows.append([f"{connections:,}", f"`{subject}`", *map(money, [*totals, *parts])])
    return table(["connections", "subject", *(f"total, {memory:,} MB" for memory in MEMORIES), "logs", "other"], rows)


def options():
    def ready(memory):
        return [money(execution(connections, memory, ready=1) - execution(connections, memory)) for connections in SIZES]

    rows = [[f"one always-ready instance, {memory:,} MB", *ready(memory)] for memory in MEMORIES]
    rows.append(["private network", *(money(network(connections)) for connections in SIZES)])
    rows.append(["alerts", *(money(alerts()) for _ in SIZES)])
    return table(["option", *(f"{size:,} connection{'s' if size > 1 else ''}" for size in SIZES)], rows)


def instances():
    rows = []
    for count in INSTANCES:
        mints = [mints_an_hour(1, count, count), *(mints_an_hour(USERS, requests, count) for requests in REQUESTS)]
        rows.append([f"{count:,}", *map(number, mints), percent(waiting_share(STEADY_REQUESTS, count))])
    groups = [f"{USERS:,} users, {requests} requests each" for requests in REQUESTS]
    heads = ["instances", "mints an hour, one user", *groups, "requests that wait"]
    return table(heads, rows)


TABLES = {"bill": bill, "options": options, "instances": instances}


def claims():
    """Figures that the page has in its sentences."""
    return [
        f"${PRICES['demand_gb_s'].dollars:.6f} per GB-s",
        *(money(PRICES[name].dollars) for name in ("demand_executions", "vault_operations", "log_gb")),
        f"{AUDIT_LINE_BYTES} bytes",
        f"{MINT_LINE_BYTES} bytes",
        f"{VAULT_LIMIT // (VAULT_CALLS_PER_START + 1)} instances",
        f"{EXCHANGE_LIMIT * CYCLE // 3600:,} users",
    ]


def updated(page):
    """The page with each table between its markers."""
    for name, make in TABLES.items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            sys.exit(f"costs.py: the page lacks {begin} or {end}")
        page = f"{before}{begin}\n{make()}\n{end}{after}"
    return page


def main(arguments):
    match arguments:
        case []:
            print("\n\n".join(make() for make in TABLES.values()))
        case ["--assumptions"]:
            names = ("TOKEN_LIFE", "RENEW_SOON", "RENEW_NOW", "AUDIT_LINE_BYTES", "MINT_LINE_BYTES")
            print(json.dumps({name.lower(): globals()[name] for name in names}))
        case ["--check", path]:
            page = Path(path).read_text(encoding="utf-8")
            for claim in claims():
                if claim not in page:
                    sys.exit(f"costs.py: {path} does not say {claim}")
            if page != updated(page):
                sys.exit(f"costs.py: the tables in {path} differ from the model; run costs.py --write {path}")
        case ["--write", path]:
            page = Path(path).read_text(encoding="utf-8")
            Path(path).write_text(updated(page), encoding="utf-8")
        case _:
            print(__doc__, file=sys.stderr)
            sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
