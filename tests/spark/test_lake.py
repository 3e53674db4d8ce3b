"""Dated scans of several lists in one tree (`--layout hive`): Spark, DuckDB, Polars and `stscan stats` count the same."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import stscan
from stscan import spark

#: Lists, each with its dates and the names of each: a name that no folder can have as it is, lists that share names, one date of both.
SCANS = {
    "tranco top": {"2026-11-14": range(600), "2026-11-21": range(100, 700)},
    "a/b=c %20": {"2026-11-21": range(400, 900), "2026-11-28": range(50)},
}
KEYS = ["list", "date", "posture", "delivery"]
#: The columns of table P2, as conditions on a row.
HAS_MX = "mx_state = 'present'"
HAS_RECORD = f"{HAS_MX} AND sts_state IN ('valid', 'invalid', 'multiple')"
P2 = {"domains": "true", "mx": HAS_MX, "sts": None, "enforce": None, "testing": None, "none": None, "broken": None}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake")
    for name, dates in SCANS.items():
        for date, numbers in dates.items():
            (folder / "names").write_text("".join(f"d{number}.example.com\n" for number in numbers))
            command = [stscan.binary(), "scan", str(folder / "names"), "--list-name", name, "--layout=hive", "-o", str(folder / "tree")]
            before = set((folder / "tree").glob("list=*/date=*"))
            subprocess.run([*command, "--lab=census", "--part-rows=250"], check=True, capture_output=True)
            (made,) = set((folder / "tree").glob("list=*/date=*")) - before
            # As if it had been made on that day.
            made.rename(made.with_name(f"date={date}"))
    return folder / "tree"
