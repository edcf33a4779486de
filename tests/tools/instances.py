#!/usr/bin/env python3
"""What the number of instances changes: the model and the tables of docs/many-instances.md. Standard library only, and costs.py.

    python3 tests/tools/instances.py                                     prints the tables
    python3 tests/tools/instances.py --check docs/many-instances.md      exits 1 if the tables there are others
    python3 tests/tools/instances.py --write docs/many-instances.md      puts them there
    python3 tests/tools/instances.py --seconds                           prints a token's life, and when before its end it is renewed
"""

import sys
from math import exp
from pathlib import Path

sys.dont_write_bytecode = True
import costs  # noqa: E402

# --- Limits that vendors document. docs/cost-and-scale.md names the pages.

REGION_MB = 512_000  # of instances in a region and subscription: 250 cores
SIZES_MB = (4096, 2048, 512)
VAULT_SOFTWARE = 4_000  # operations in 10 s, RSA 2048
VAULT_HARDWARE = 2_000
# Not documented: what an unofficial page says of DocuSign's token endpoint, exchanges an hour and app in production.
UNOFFICIAL = 5_000

# --- The model.

TOKEN_LIFE = costs.TOKEN_LIFE
CYCLE = costs.REFRESH_EVERY  # from a mint to when the first request starts the next, in seconds
WAIT_BEFORE_END = 300  # seconds; RENEW_NOW in src/docusign/tokens/freshness.rs
GRACE = costs.RENEWED_BEFORE_END - WAIT_BEFORE_END  # seconds in which a mint is started and nobody waits for it
CALLS_PER_START = costs.VAULT_CALLS_PER_START + 1  # with the first mint

INSTANCES = (1, 8, 40, 100, 250, 1000)
USERS = 1_000
ASKS = (1, 10, 100, 1_000)  # requests of one user in 3,000 s
LOADS = (300, 3_000, 30_000)  # requests for one token in 3,000 s: 0.1, 1 and 10 a second
# users, requests of each in 3,000 s, instances
CASES = (
    (1, 3_000, 1000),
    (100, 100, 40),
    (1_000, 10, 40),
    (1_000, 100, 100),
    (4_000, 100, 40),
    (5_000, 1, 40),
)


def mints(pairs, asks, instances):
    """An hour, at most: one per pair, instance and 3,000 s, and never more than requests."""
    return pairs * min(asks, instances) * 3600 / CYCLE


def starts_mint(asks, instances):
    """The share of requests that start a mint, if requests come and go at random."""
    return 1 / (1 + asks / instances)


def waits(asks, instances):
    """The share that waits for one: nobody came in the time in which a renewal is made behind."""
    each = asks / instances
    return exp(-each * GRACE / CYCLE) / (1 + each)


def unit(name):
    dollars, per, *_ = costs.PRICES[name]
    return dollars / per


def mint_dollars():
    """Key Vault, its log line, its traffic; nothing free."""
    line = (costs.MINT_LINE_BYTES + costs.ENVELOPE_BYTES) / 1e9 * unit("log_gb")
    return unit("vault_operations") + line + costs.EXCHANGE_BYTES / 1e9 * unit("egress_gb")


def spared(pairs, asks, instances):
    """Dollars a month, of a cache in Blob storage: a read for each token an instance lacks, a write for each mint."""
    alone, shared = mints(pairs, asks, instances), mints(pairs, asks, 1)
    paid = alone * unit("blob_reads") + shared * unit("blob_writes")
    return costs.HOURS * ((alone - shared) * mint_dollars() - paid)


# --- The tables.


def memory(instances):
    return next(size for size in SIZES_MB if instances * size <= REGION_MB)


def amount(number):
    return costs.whole(number) if number >= 10 else f"{number:.1f}"


def percent(share):
    if share < 0.0001:
        return "< 0.01 %"
    return f"{share * 100:.2f} %" if share < 0.1 else f"{share * 100:.0f} %"


def dollars(number):
    return f"−{costs.money(-number)}" if number < 0 else costs.money(number)


def one_user():
    heads = ["instances", "largest memory, MB", "mints an hour", "exchanges when all start", "Key Vault calls when all start",
             "of its limit in 10 s, software keys", "hardware keys"]
    rows = [
        [costs.whole(i), costs.whole(memory(i)), amount(mints(1, i, i)), costs.whole(i), costs.whole(i * CALLS_PER_START),
         f"{i * CALLS_PER_START / VAULT_SOFTWARE:.1%}".replace("%", " %"),
         f"{i * CALLS_PER_START / VAULT_HARDWARE:.1%}".replace("%", " %")]
        for i in INSTANCES
    ]
    return costs.table(heads, rows)


def many_users():
    heads = ["requests of each in 3,000 s"] + [f"{costs.whole(i)} instance{'s' if i > 1 else ''}" for i in INSTANCES]
    rows = [[costs.whole(asks)] + [costs.whole(mints(USERS, asks, i)) for i in INSTANCES] for asks in ASKS]
    return costs.table(heads, rows)


def latency():
    heads = ["instances"]
    for asks in LOADS:
        heads += [f"{asks / CYCLE:g}/s: start a mint", "wait for it"]
    rows = [
        [costs.whole(i)] + [percent(share(asks, i)) for asks in LOADS for share in (starts_mint, waits)]
        for i in INSTANCES
    ]
    return costs.table(heads, rows)


def break_even():
    heads = ["users", "requests of each in 3,000 s", "instances", "mints an hour, each for itself", "shared", "spared a month",
             "below 5,000 an hour: each for itself", "shared"]
    rows = []
    for users, asks, instances in CASES:
        alone, shared = mints(users, asks, instances), mints(users, asks, 1)
        fits = ["yes" if number <= UNOFFICIAL else "no" for number in (alone, shared)]
        rows.append([costs.whole(users), costs.whole(asks), costs.whole(instances), amount(alone), amount(shared),
                     dollars(spared(users, asks, instances)), *fits])
    return costs.table(heads, rows)


def tables():
    """Each under the name that its marks have in the page."""
    return {"one-user": one_user(), "many-users": many_users(), "latency": latency(), "break-even": break_even()}


def told():
    """What the page says in sentences."""
    starts = f"so {VAULT_SOFTWARE // CALLS_PER_START} or {VAULT_HARDWARE // CALLS_PER_START} starts"
    an_hour = f"{costs.whole(VAULT_SOFTWARE * 360)} an hour, or {costs.whole(VAULT_HARDWARE * 360)} in hardware"
    pairs = f"is {costs.whole(UNOFFICIAL * CYCLE // 3600)}:"
    prices = [f"${mint_dollars():.7f}", f"${unit('blob_reads'):.7f}", f"${unit('blob_writes'):.6f}"]
    return [starts, an_hour, pairs, *prices]


def written(page):
    """The page with the tables between its marks."""
    for name, text in tables().items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            sys.exit(f"instances.py: {begin} or {end} is missing")
        page = f"{before}{begin}\n{text}\n{end}{after}"
    return page


def main(arguments):
    match arguments:
        case []:
            print("\n\n".join(tables().values()))
        case ["--seconds"]:
            print(TOKEN_LIFE, costs.RENEWED_BEFORE_END, WAIT_BEFORE_END)
        case ["--check", path]:
            page = Path(path).read_text(encoding="utf-8")
            for words in told():
                if words not in page:
                    sys.exit(f"instances.py: {path} does not say: {words}")
            if page != written(page):
                sys.exit(f"instances.py: the tables of {path} are not those of the model: run it with --write {path}")
        case ["--write", path]:
            page = Path(path).read_text(encoding="utf-8")
            Path(path).write_text(written(page), encoding="utf-8")
        case _:
            print(__doc__, file=sys.stderr)
            sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
