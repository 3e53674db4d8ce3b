"""The figures that Ashiq, Fiebig and Chung published (IMC 2025), from published-imc2025.csv, beside those of a dataset.

A figure is the sum of some columns of a row. Shares (those with `digits`) are in per cent and compared as printed: rounded to as many digits.
What stands in the last column is why a scan of the lab's world of the study need not show the figure.
"""

import csv
import math
import os

import pandas

PUBLISHED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "published-imc2025.csv")


def figures():
    """The published figures, a dict each."""
    with open(PUBLISHED, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def counted(figure, dataset):
    """The same figure of a dataset; None if it has no such figure."""
    columns = figure["columns"].split()
    found = [dataset.cell(figure["table"], figure["row"], column, figure["group"] or None) for column in columns]
    if figure["group"]:
        found = [one or {"n": 0, "whole": 0} for one in found]  # A group without domains has no row.
    if not found or None in found:
        return None
    n = sum(one["n"] for one in found)
    if not figure["digits"]:
        return n
    whole = int(figure["whole"]) if figure["whole"] else sum(one["whole"] for one in found)
    unit = 10 ** int(figure["digits"])
    return math.floor(n * 100 * unit / whole + 0.5) / unit if whole else None


def beside(dataset):
    """Published, counted, and by how much more is counted: a row a figure."""
    rows = []
    for figure in figures():
        digits = int(figure["digits"] or 0)
        published = float(figure["published"]) if digits else int(figure["published"])
        ours = counted(figure, dataset)
        rows.append({
            "table": figure["table"], "key": figure["key"], "figure": figure["figure"], "published": published, "counted": ours,
            "difference": None if ours is None else round(ours - published, digits), "not fixed because": figure["not fixed because"],
        })
    return pandas.DataFrame(rows, dtype=object)
