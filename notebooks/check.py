"""Holds the SQL of the notebook against `stscan stats`: every cell of every table of a dataset, by group, row and column.

Usage: check.py STSCAN DATASET [EARLIER ...]     (earlier scans are for the table P2, a series)
"""

import json
import math
import os
import subprocess
import sys

import study
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


def only(table, rows, columns):
    """A part of a table of `stats`, as a plot needs it."""
    cells = lambda row: {column: row["cells"][column] for column in columns}
    return {**table, "rows": [{**row, "cells": cells(row)} for row in table["rows"] if rows(row)]}


def tables_of_stats(stscan, folder, earlier, options):
    """All tables, and the parts of them that are plotted by rank and by scan."""
    tables = stats(stscan, [folder], "--table", "all", *options)
    ranks = stats(stscan, [folder], "--table", "T2", "--by", "rank", *options)["T2"]
    tables["P1"] = only(ranks, lambda row: (row["group"] or "(")[0] != "(", ["mx", "sts", "tlsrpt"])
    series = stats(stscan, [*earlier, folder], "--series", "--table", "P2,T5,T23-run", *options)
    tables["P2"], tables["T23-run"] = series["P2"], series["T23-run"]
    tables["P4"] = only(series["T5"], lambda row: row["group"] and row["key"] in ("dns", "tcp", "tls", "http", "syntax"), ["all"])
    return tables


def compare(stscan, folder, earlier, options, **thresholds):
    """Compares all tables; the number of cells compared, and the differences."""
    dataset = Dataset(folder, earlier, **thresholds)
    definitions, tables = cells(NOTEBOOK)
    for sql in definitions:
        dataset.define(sql)
    theirs = tables_of_stats(stscan, folder, earlier, options)
    compared, found = 0, [f"{name}: a table of stats without SQL in the notebook" for name in sorted(theirs.keys() - tables.keys())]
    for name in sorted(theirs.keys() & tables.keys()):
        found.extend(differences(name, theirs[name], [dict(row) for row in dataset.table(name, tables[name])]))
        compared += sum(len(row["cells"]) for row in theirs[name]["rows"])
    if not thresholds:
        published = stats(stscan, [folder], "--compare", "imc2025")
        rows = {(name, row["key"]): row["cells"] for name, table in published.items() for row in table["rows"]}
        compared += 3 * len(rows)
        found.extend(published_differences(rows, study.beside(dataset)))
    return compared, found


def published_differences(rows, ours):
    """The same for the figures of the study, which are one list in the notebook."""
    ours = {(f"imc2025-{row.table.removeprefix('study-')}", row.key): row for row in ours.itertuples()}
    for place in sorted(rows.keys() ^ ours.keys()):
        yield f"{place[0]}, figure {place[1]!r}: only in {'stats' if place in rows else 'published-imc2025.csv'}"
    for place in sorted(rows.keys() & ours.keys()):
        for column in ("published", "counted", "difference"):
            a, b = of_stats(rows[place][column]).get("n"), getattr(ours[place], column)
            if (a is None) != (b is None) or (a is not None and not math.isclose(a, b, abs_tol=1e-9)):
                yield f"{place[0]}, figure {place[1]!r}, column {column!r}: stats has {a}, the notebook has {b}"


def main(stscan, folder, *earlier):
    other = {"third_party": 20, "self_managed": 2, "one_administrator": 60, "top": 4}
    words = [word for name, value in other.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    failed = False
    for options, thresholds in [([], {}), (words, other)]:
        compared, found = compare(stscan, folder, earlier, options, **thresholds)
        label = f"{os.path.basename(os.path.normpath(folder))}, {' '.join(options) or 'no options'}"
        for sentence in found[:40]:
            print(f"{label}: {sentence}", file=sys.stderr)
        print(f"{label}: {compared:,} cells of stats, {len(found)} differ in SQL")
        failed = failed or bool(found) or compared == 0
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
