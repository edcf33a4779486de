#!/usr/bin/env python3
"""What a month costs: prices, model, and the tables of docs/cost-and-scale.md. Standard library only.

    python3 tests/tools/costs.py                                     prints the tables
    python3 tests/tools/costs.py --check docs/cost-and-scale.md      exits 1 if the tables there are others
    python3 tests/tools/costs.py --write docs/cost-and-scale.md      puts them there
    python3 tests/tools/costs.py --log-line-bytes                    prints how long the two log lines are taken to be
"""

import sys
from pathlib import Path

BEGIN, END = "<!-- costs:begin -->", "<!-- costs:end -->"

# --- Prices: US dollars, East US or East US 2, pay as you go, November 2026.

# Where to look a price up.
PAGES = {
    "functions": "https://azure.microsoft.com/pricing/details/functions/",
    "key-vault": "https://azure.microsoft.com/pricing/details/key-vault/",
    "blobs": "https://azure.microsoft.com/pricing/details/storage/blobs/",
    "monitor": "https://azure.microsoft.com/pricing/details/monitor/",
    "private-link": "https://azure.microsoft.com/pricing/details/private-link/",
    "dns": "https://azure.microsoft.com/pricing/details/dns/",
    "bandwidth": "https://azure.microsoft.com/pricing/details/bandwidth/",
}

# Where it was found: label, grade, date, address. Grades: V, a page of the vendor; A, a third party that says when it asked
# the vendor's Retail Prices API; T, another third party.
EXAMPLE = ("example", "V", "undated", "https://learn.microsoft.com/azure/azure-functions/functions-consumption-costs")
DANCE = (
    "dance",
    "A",
    "2026-10-05",
    "https://github.com/michaelsrichter/long-island-dance-events/blob/main/docs/proposals/postgres-live-site.md",
)
WORDPRESS = ("wordpress", "A", "2026-10-03", "https://github.com/agenticcodingops/azure-wordpress/blob/main/docs/cost.md")
ONEUPTIME = (
    "oneuptime",
    "T",
    "2026-02-16",
    "https://oneuptime.com/blog/post/2026-02-16-how-to-reduce-azure-data-transfer-costs-with-private-endpoints-and-service-endpoints/view",
)
EGRESS = ("c3x", "T", "undated", "https://c3x.dev/blog/azure-egress-bandwidth-cost/")

# name: (price, how many units it is for, units free each month, words, where it was found, where to look it up)
PRICES = {
    "demand_gb_s": (0.000026, 1, 100_000, "on demand: execution time, GB-s", (EXAMPLE, DANCE), "functions"),
    "demand_executions": (0.40, 1_000_000, 250_000, "on demand: million executions", (EXAMPLE, DANCE), "functions"),
    "ready_baseline_gb_s": (0.000004, 1, 0, "always ready: baseline, GB-s", (DANCE,), "functions"),
    "ready_gb_s": (0.000016, 1, 0, "always ready: execution time, GB-s", (DANCE,), "functions"),
    "ready_executions": (0.40, 1_000_000, 0, "always ready: million executions", (DANCE,), "functions"),
    "vault_operations": (0.03, 10_000, 0, "Key Vault Standard: 10,000 operations", (WORDPRESS,), "key-vault"),
    "blob_reads": (0.004, 10_000, 0, "Blob, hot, LRS: 10,000 reads", (WORDPRESS,), "blobs"),
    "blob_writes": (0.05, 10_000, 0, "Blob, hot, LRS: 10,000 writes", (WORDPRESS,), "blobs"),
    "blob_gb": (0.0208, 1, 0, "Blob, hot, LRS: GB-month", (WORDPRESS,), "blobs"),
    "log_gb": (2.30, 1, 5, "Analytics Logs: GB taken in", (WORDPRESS,), "monitor"),
    "log_alert": (1.50, 1, 0, "log search alert every 5 minutes: rule", (WORDPRESS,), "monitor"),
    "metric_series": (0.10, 1, 10, "metric alert: time series", (WORDPRESS,), "monitor"),
    "endpoint_hours": (0.01, 1, 0, "private endpoint: hour", (ONEUPTIME,), "private-link"),
    "endpoint_gb": (0.01, 1, 0, "private endpoint: GB, either way", (ONEUPTIME,), "private-link"),
    "dns_zones": (0.50, 1, 0, "private DNS zone: month", (WORDPRESS,), "dns"),
    "egress_gb": (0.087, 1, 100, "traffic to the internet: GB", (EGRESS,), "bandwidth"),
}

# --- The model. What is a guess says so in the page.

HOURS = 730  # of a month, as Azure's pricing pages count
SECONDS = HOURS * 3600
TOKEN_LIFE = 3600  # seconds; DocuSign's
RENEWED_BEFORE_END = 600  # seconds; RENEW_SOON in src/docusign/tokens/freshness.rs
REFRESH_EVERY = TOKEN_LIFE - RENEWED_BEFORE_END
BILLED_PER_EXECUTION = 1  # second; the least that is billed
VAULT_CALLS_PER_START = 5  # two challenges, two public keys, the signature of the sealing secret; the mint comes extra
AUDIT_LINE_BYTES = 645  # of a refresh; measured in the sandbox, see tests/api/costs.rs
MINT_LINE_BYTES = 275  # the same
ENVELOPE_BYTES = 900  # guess: what Application Insights adds to a trace
REQUEST_RECORD_BYTES = 1_500  # guess: the host's record of a request
HOST_TRACES = 0  # host.json keeps the host's own "Executing" and "Executed" out
HOST_TRACE_BYTES = 200 + ENVELOPE_BYTES  # guess
ANSWER_BYTES = 4_000  # guess: answer and TLS, per refresh
EXCHANGE_BYTES = 5_000  # guess: request to DocuSign and TLS, per mint
STORE_EXCHANGE_BYTES = 3_000  # guess: one call to storage or Key Vault, both ways
STORED_GB = 0.1  # packages and records
ENDPOINTS, ZONES = 2, 2  # Key Vault and Blob
LOG_ALERTS, METRIC_SERIES = 2, 1

# connections: (instances at a time, process starts a month)
SIZES = {1: (1, None), 100: (1, HOURS), 10_000: (4, 4 * HOURS)}
SUBJECTS = ("integration_user", "signed_in_user")
MEMORIES = (512, 2048)


def price(name, amount):
    """What `amount` of a meter costs in a month, less what is free."""
    dollars, per, free, *_ = PRICES[name]
    return max(0, amount - free) / per * dollars


def refreshes(connections):
    return connections * SECONDS // REFRESH_EVERY


def instances(connections):
    return SIZES[connections][0]


def starts(connections):
    """One connection finds no process alive when it comes, at the worst."""
    known = SIZES[connections][1]
    return refreshes(connections) if known is None else known


def finds_no_process(connections):
    return starts(connections) >= refreshes(connections)


def mints(connections, subject):
    """Per instance and (user, scope) one every 3,000 s, never more than refreshes; and one at each start."""
    if subject == "signed_in_user" or finds_no_process(connections):
        return refreshes(connections)
    return min(refreshes(connections), instances(connections) * SECONDS // REFRESH_EVERY) + starts(connections)


def vault_operations(connections, subject):
    return mints(connections, subject) + VAULT_CALLS_PER_START * starts(connections)


def blob_reads(connections):
    """One for the grant, since refreshes are more than a minute apart; one a minute and process for the client."""
    return refreshes(connections) + min(refreshes(connections), instances(connections) * HOURS * 60)


def functions(connections, memory, ready=0, overlap=False):
    """Execution time, executions and baseline. `overlap`: executions share one instance that is busy all month at most."""
    executions, gb = refreshes(connections), memory / 1024
    active = executions * BILLED_PER_EXECUTION
    if overlap:
        active = min(active, SECONDS)
    on_ready = min(active, ready * SECONDS)
    share = on_ready / active
    cost = price("ready_baseline_gb_s", ready * SECONDS * gb) + price("ready_gb_s", on_ready * gb)
    cost += price("ready_executions", executions * share)
    return cost + price("demand_gb_s", (active - on_ready) * gb) + price("demand_executions", executions * (1 - share))


def vault(connections, subject):
    return price("vault_operations", vault_operations(connections, subject))


def storage(connections):
    """The code of each connection is used up once."""
    return price("blob_reads", blob_reads(connections)) + price("blob_writes", connections) + price("blob_gb", STORED_GB)


def bytes_per_refresh():
    return AUDIT_LINE_BYTES + ENVELOPE_BYTES + REQUEST_RECORD_BYTES + HOST_TRACES * HOST_TRACE_BYTES


def log_gb(connections, subject):
    of_mints = mints(connections, subject) * (MINT_LINE_BYTES + ENVELOPE_BYTES)
    return (refreshes(connections) * bytes_per_refresh() + of_mints) / 1e9


def logs(connections, subject):
    return price("log_gb", log_gb(connections, subject))


def egress_gb(connections, subject):
    return (refreshes(connections) * ANSWER_BYTES + mints(connections, subject) * EXCHANGE_BYTES) / 1e9


def egress(connections, subject):
    return price("egress_gb", egress_gb(connections, subject))


def base(connections, subject, memory, ready=0, overlap=False):
    parts = vault(connections, subject) + storage(connections) + logs(connections, subject) + egress(connections, subject)
    return functions(connections, memory, ready, overlap) + parts


def network(connections, subject):
    calls = blob_reads(connections) + vault_operations(connections, subject)
    data = price("endpoint_gb", calls * STORE_EXCHANGE_BYTES / 1e9)
    return price("endpoint_hours", ENDPOINTS * HOURS) + price("dns_zones", ZONES) + data


def alerts():
    return price("log_alert", LOG_ALERTS) + price("metric_series", METRIC_SERIES)


# --- The tables.


def money(dollars):
    if 0 < dollars < 0.005:
        return "< $0.01"
    return f"${dollars:,.2f}"


def whole(number):
    return f"{number:,.0f}"


def table(heads, rows):
    """Numbers to the right, words to the left."""
    is_number = [all(str(row[column])[:1] in "0123456789$<−" for row in rows) for column in range(len(heads))]
    lines = [heads, ["---:" if right else "---" for right in is_number], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def prices():
    rows, sources = [], {}
    for dollars, _, free, words, found, page in PRICES.values():
        amount = f"${dollars:.6f}".rstrip("0")
        amount += "0" * max(0, 2 - len(amount.partition(".")[2]))
        sources |= {source[0]: source for source in found}
        places = ", ".join(f"[{label}] ({grade}, {date})" for label, grade, date, _ in found)
        rows.append([words, amount, whole(free) if free else "0", places, f"[page][{page}]"])
    links = [f"[{label}]: {address}" for label, _, _, address in sources.values()]
    links += [f"[{label}]: {address}" for label, address in PAGES.items()]
    return table(["a unit", "costs", "free a month", "found at (grade, date)", "look up"], rows) + "\n\n" + "\n".join(links)


def traffic():
    heads = ["connections", "subject", "refreshes = executions", "a second", "process starts", "mints", "Key Vault operations",
             "Blob reads", "log, GB", "traffic out, GB"]
    rows = [
        [whole(c), f"`{s}`", whole(refreshes(c)), f"{refreshes(c) / SECONDS:.4f}", whole(starts(c)), whole(mints(c, s)),
         whole(vault_operations(c, s)), whole(blob_reads(c)), f"{log_gb(c, s):.3f}", f"{egress_gb(c, s):.3f}"]
        for c in SIZES for s in SUBJECTS
    ]
    return table(heads, rows)


def plan():
    heads = ["connections", "memory, MB", "each execution alone", "overlapping on one instance", "with one always ready: alone",
             "with one always ready: overlapping"]
    rows = [
        [whole(c), whole(m)] + [money(functions(c, m, ready, overlap)) for ready in (0, 1) for overlap in (False, True)]
        for c in SIZES for m in MEMORIES
    ]
    return table(heads, rows)


def around():
    heads = ["connections", "subject", "Key Vault", "Blob storage", "logs", "traffic out"]
    rows = [
        [whole(c), f"`{s}`", money(vault(c, s)), money(storage(c)), money(logs(c, s)), money(egress(c, s))]
        for c in SIZES for s in SUBJECTS
    ]
    return table(heads, rows)


def totals():
    heads = ["connections", "subject", "memory, MB", "without options", "one always ready", "private network", "alerts", "all three"]
    rows = []
    for c in SIZES:
        for s in SUBJECTS:
            for m in MEMORIES:
                none, ready, more = base(c, s, m), base(c, s, m, ready=1), network(c, s)
                sums = [none, ready, none + more, none + alerts(), ready + more + alerts()]
                rows.append([whole(c), f"`{s}`", whole(m)] + [money(dollars) for dollars in sums])
    return table(heads, rows)


def scale():
    heads = ["instances", "mints an hour, one user and scope", "mints an hour, 100 users", "mints an hour, 10,000 users",
             "Key Vault calls when all start", "blob reads an hour for one client"]
    rows = []
    for count in (1, 4, 10, 40, 100):
        most = [min(count * pairs, pairs if pairs > 1 else count) * 3600 / REFRESH_EVERY for pairs in (1, 100, 10_000)]
        rows.append([whole(count)] + [whole(amount) if amount >= 10 else f"{amount:.1f}" for amount in most]
                    + [whole(count * (VAULT_CALLS_PER_START + 1)), whole(count * 60)])
    return table(heads, rows)


def tables():
    parts = [
        ("Prices", prices()),
        ("What the model comes to, in a month", traffic()),
        ("The plan: execution time, executions, baseline", plan()),
        ("What is around it", around()),
        ("All of it, each execution billed alone", totals()),
        ("What the number of instances changes", scale()),
    ]
    return "\n\n".join(f"### {title}\n\n{text}" for title, text in parts)


def split(text):
    """What stands before, between and after the marks."""
    before, begin, rest = text.partition(BEGIN)
    between, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"costs.py: {BEGIN} or {END} is missing")
    return before, between, after


def main(arguments):
    match arguments:
        case []:
            print(tables())
        case ["--log-line-bytes"]:
            print(AUDIT_LINE_BYTES, MINT_LINE_BYTES)
        case ["--check", page]:
            before, between, _ = split(Path(page).read_text(encoding="utf-8"))
            if f"{AUDIT_LINE_BYTES} bytes for the audit line of a refresh and {MINT_LINE_BYTES} for" not in before:
                sys.exit(f"costs.py: {page} tells other lengths of log lines than the model")
            if between.strip() != tables():
                sys.exit(f"costs.py: the tables of {page} are not those of the model: run it with --write {page}")
        case ["--write", page]:
            before, _, after = split(Path(page).read_text(encoding="utf-8"))
            Path(page).write_text(f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}", encoding="utf-8")
        case _:
            print(__doc__, file=sys.stderr)
            sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
