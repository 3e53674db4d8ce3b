#!/usr/bin/env python3
"""Computes from a dataset what a scan of very many names takes: machines, hours, queries to the busiest name servers, storage.

usage: benches/plan.py DATASET --names N [--names N]... [options]        (--help lists them; needs nothing but Python)

Queries, fetches and bytes per name are those of the dataset. What a dataset does not know is an option, and the table says which were assumed.
The seconds of a scan are played: names come in the order of the list, each asks its top-level domain's servers and its hoster's, and the
busiest second is the one reported.
"""

import argparse
import json
import math
import pathlib
import random

SECONDS_PLAYED = 600
DAY = 86_400


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=pathlib.Path, help="folder of a finished scan")
    parser.add_argument("--names", type=float, action="append", required=True, help="names of the list, as 100e6; repeat it for more columns")
    parser.add_argument("--rate", type=float, default=1000, help="queries per second of one machine, as given to scan (default %(default)s)")
    parser.add_argument("--resolver", type=float, default=5000, help="queries per second that one resolver answers (default %(default)s)")
    parser.add_argument("--days", type=float, default=6, help="days that a scan may take (default %(default)s: a weekly one)")
    parser.add_argument("--tld", type=float, default=0.75, help="share of the names in the busiest top-level domain (default %(default)s)")
    parser.add_argument("--hoster", type=float, default=0.25, help="share of the names at the busiest operator of name servers (default %(default)s)")
    parser.add_argument("--delegation", type=float, default=2, help="queries per name to its TLD: delegation, and DS where the resolver validates (default %(default)s)")
    parser.add_argument("--cpu", type=float, default=21, help="CPU of a name in microseconds (default %(default)s: benches/dns_cost.sh)")
    parser.add_argument("--weeks", type=int, default=52, help="scans that are kept (default %(default)s)")
    parser.add_argument("--price-hour", type=float, help="price of a machine per hour")
    parser.add_argument("--price-gb", type=float, help="price of storage per GB and month")
    return parser.parse_args()


def measured(dataset):
    """Queries, fetches and bytes per name of a dataset, retries left out."""
    manifest = json.loads((dataset / "manifest.json").read_text())
    rows = manifest["counts"]["rows"]
    if not manifest["finished_at"] or not rows:
        raise SystemExit(f"plan: {dataset}: a finished scan with rows is needed")
    activity = manifest["activity"]
    return {
        "queries": (activity["dns_queries"] - activity["dns_retries"]) / rows,
        "retries": activity["dns_retries"] / rows,
        "fetches": activity["fetches"] / rows,
        "bytes": sum(part["bytes"] for part in manifest["parts"]) / rows,
    }


def busiest(names_per_second, share, queries_per_name, chance):
    """Queries in the busiest second at servers that a share of the names asks, the names being in random order."""
    most = 0
    for _ in range(SECONDS_PLAYED):
        names = int(names_per_second + chance.random())
        hits = sum(chance.random() < share for _ in range(names))
        most = max(most, hits)
    return most * queries_per_name


def plan(per_name, names, options):
    queries = names * (per_name["queries"] + per_name["retries"])
    rate = min(options.rate, options.resolver)
    alone = queries / rate / DAY
    machines = math.ceil(alone / options.days)
    total = rate * machines
    per_second = total / (per_name["queries"] + per_name["retries"])
    chance = random.Random(1)
    own = per_name["queries"] - per_name["fetches"]
    rows = {
        "queries, millions": f"{queries / 1e6:,.0f}",
        f"days with one machine at {rate:,.0f} queries per second": f"{alone:,.1f}",
        f"machines for a scan in {options.days:g} days": f"{machines}",
        "hours of the scan": f"{queries / total / 3600:,.0f}",
        "queries per second in all": f"{total:,.0f}",
        "resolvers": f"{math.ceil(total / options.resolver)}",
        "names per second": f"{per_second:,.0f}",
        "busiest TLD, queries in the busiest second": f"{busiest(per_second, options.tld, options.delegation, chance):,.0f}",
        "the same, the list in the order of TLDs": f"{per_second * options.delegation:,.0f}",
        "busiest operator of name servers, busiest second": f"{busiest(per_second, options.hoster, own, chance):,.0f}",
        "policies fetched": f"{names * per_name['fetches']:,.0f}",
        "CPU of stscan, hours": f"{names * options.cpu / 1e6 / 3600:,.1f}",
        "a scan, GB": f"{names * per_name['bytes'] / 1e9:,.1f}",
        f"{options.weeks} scans, GB": f"{options.weeks * names * per_name['bytes'] / 1e9:,.0f}",
    }
    if options.price_hour is not None:
        rows["machines, price per scan"] = f"{machines * queries / total / 3600 * options.price_hour:,.2f}"
    if options.price_gb is not None:
        rows[f"storage of {options.weeks} scans, price per month"] = f"{options.weeks * names * per_name['bytes'] / 1e9 * options.price_gb:,.2f}"
    return rows


def limits(per_name, options):
    """At how many names per scan each thing gives out on one machine, the first one first."""
    queries = per_name["queries"] + per_name["retries"]
    seconds = options.days * DAY
    found = [
        (options.rate * seconds / queries, f"the rate of one machine ({options.rate:,.0f} queries per second)"),
        (options.resolver * seconds / queries, f"one resolver ({options.resolver:,.0f} queries per second)"),
        (seconds / (options.cpu / 1e6), "one core of stscan"),
        (2**31, "ranks, which are 32-bit numbers"),
    ]
    return sorted(found)


def main():
    options = arguments()
    per_name = measured(options.dataset)
    print(
        f"per name: {per_name['queries']:.2f} queries and {per_name['retries']:.2f} again, {per_name['fetches']:.4f} fetches, "
        f"{per_name['bytes']:.0f} bytes (measured); share of the busiest TLD {options.tld:.0%}, of the busiest operator {options.hoster:.0%} (assumed)\n"
    )
    columns = [plan(per_name, names, options) for names in options.names]
    print("| names | " + " | ".join(f"{names / 1e6:,.0f} million" for names in options.names) + " |")
    print("|---|" + "---|" * len(columns))
    for name in columns[0]:
        print(f"| {name} | " + " | ".join(column[name] for column in columns) + " |")
    print(f"\nwhat gives out first within {options.days:g} days:")
    for names, what in limits(per_name, options):
        print(f"  {names / 1e6:>10,.0f} million names: {what}")


if __name__ == "__main__":
    main()
