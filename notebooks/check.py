"""Holds the SQL of the notebook against `stscan stats`: every cell of every table of a dataset, by group, row and column.

Usage: check.py STSCAN DATASET [EARLIER ...]     (earlier scans are for the table P2, a series)
"""

import json
import math
import os
import subprocess
import sys

from dataset import Dataset, cells

NOTEBOOK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "adoption.ipynb")
NUMBERS = ["n", "of", "share", "low", "high"]


def stats(stscan, folders, *options):
    """The tables of `stscan stats` by their names."""
    output = subprocess.run([stscan, "stats", *folders, "--format", "json", *options], check=True, stdout=subprocess.PIPE).stdout
    return {table["id"]: table for table in json.loads(output)["tables"]}


def of_stats(cell):
    """The numbers of a cell of `stats`."""
    if cell is None:
        return {}
    return {"n": cell["value"]} if "value" in cell else {name: cell[name] for name in NUMBERS if cell.get(name) is not None}


def of_sql(value):
    """The numbers of a cell of a table of the notebook."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        return {"n": value}
    named = {"of" if name == "whole" else name: number for name, number in value.items()}
    return {name: number for name, number in named.items() if number is not None}


def differences(name, table, found):
    """A sentence for each number of a table that is not the same."""
    rows = {(row["group"], row["key"]): row["cells"] for row in table["rows"]}
    ours = {(row.pop("group", None), row.pop("row")): row for row in found}
    for group, row in sorted(rows.keys() ^ ours.keys(), key=str):
        where = "stats, not in SQL" if (group, row) in rows else "SQL, not in stats"
        yield f"{name}, row {row!r}{f' of {group!r}' if group else ''}: only in {where}"
    for key in rows.keys() & ours.keys():
        group, row = key
        for column in rows[key].keys() | ours[key].keys():
            place = f"{name}, row {row!r}{f' of {group!r}' if group else ''}, column {column!r}"
            if column not in rows[key] or column not in ours[key]:
                yield f"{place}: only in {'stats' if column in rows[key] else 'SQL'}"
                continue
            theirs, mine = of_stats(rows[key][column]), of_sql(ours[key][column])
            for number in NUMBERS:
                a, b = theirs.get(number), mine.get(number)
                same = a is b or (a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12))
                if not same:
                    yield f"{place}, {number}: stats has {a}, SQL has {b}"


def compare(stscan, folder, earlier, options, **thresholds):
    """Compares all tables; the number of cells compared, and the differences."""
    dataset = Dataset(folder, **thresholds)
    definitions, tables = cells(NOTEBOOK)
    for sql in definitions:
        dataset.define(sql)
    theirs = stats(stscan, [folder], "--table", "all", *options)
    if earlier:
        theirs |= stats(stscan, [*earlier, folder], "--series", *options)
        dataset.connection.close()
        dataset = Dataset(folder, earlier, **thresholds)
        for sql in definitions:
            dataset.define(sql)
    else:
        del theirs["P2"]  # Of a single scan it has no groups.
    if earlier:
        del theirs["T23-run"]  # It has a row for each scan, and stats was asked for the last one.
    compared, found = 0, []
    lacking = sorted(theirs.keys() - tables.keys())
    found.extend(f"{name}: a table of stats without SQL in the notebook" for name in lacking)
    for name in sorted(theirs.keys() & tables.keys()):
        found.extend(differences(name, theirs[name], dataset.table(name, tables[name])))
        compared += sum(len(row["cells"]) for row in theirs[name]["rows"])
    return compared, found


def main(stscan, folder, *earlier):
    usual = {}
    other = {"third_party": 20, "self_managed": 2, "top": 4}
    options = ["--third-party", "20", "--self-managed", "2", "--top", "4"]
    failed = False
    for named, words, thresholds in [("as usual", [], usual), ("with " + " ".join(options), options, other)]:
        compared, found = compare(stscan, folder, earlier, words, **thresholds)
        label = os.path.basename(os.path.normpath(folder))
        for sentence in found[:40]:
            print(f"{label}, {named}: {sentence}", file=sys.stderr)
        print(f"{label}, {named}: {compared} cells of stats, {len(found)} differences")
        failed = failed or bool(found) or compared == 0
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
