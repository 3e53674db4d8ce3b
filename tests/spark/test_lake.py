"""Dated scans of several lists in one tree (`--layout hive`): Spark, DuckDB, Polars and `stscan stats` count the same."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from pyspark.sql import SparkSession

import stscan
from stscan import spark

#: Lists, each with its dates and the names of each: a name that no folder can have as it is, lists that share names, one date of both.
SCANS = {
    "tranco top": {"2026-11-14": range(600), "2026-11-21": range(100, 700)},
    "a/b=c %20": {"2026-11-21": range(400, 900), "2026-11-28": range(50)},
}
#: What every engine is asked, in the words that all of them understand.
COUNTED = "SELECT list, date, posture, delivery, count(*) AS n FROM rows GROUP BY list, date, posture, delivery"
HAS_MX = "mx_state = 'present'"
HAS_RECORD = f"{HAS_MX} AND sts_state IN ('valid', 'invalid', 'multiple')"
#: Cells of table P2 of `stscan stats`, and which rows they count.
CELLS = {
    "domains": "ordinal >= 0",
    "mx": HAS_MX,
    "sts": HAS_RECORD,
    "tlsrpt": f"{HAS_MX} AND tlsrpt_state IN ('valid', 'invalid', 'multiple')",
    **{posture: f"{HAS_RECORD} AND posture = '{posture}'" for posture in ("enforce", "testing", "none", "broken")},
    "unknown": f"{HAS_MX} AND sts_state = 'unknown'",
}
SUMS = ", ".join(f"sum(CASE WHEN {rows} THEN 1 ELSE 0 END) AS n{place}" for place, rows in enumerate(CELLS.values()))
SERIES = f"SELECT list, date, {SUMS} FROM rows GROUP BY list, date"


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


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    made = spark.session("local[2,4]", settings={"spark.ui.showConsoleProgress": "false"})
    made.sparkContext.setLogLevel("OFF")
    yield made
    made.stop()


def by_spark(tree: Path, query: str, session: SparkSession) -> list[Any]:
    session.read.option("basePath", str(tree)).parquet(f"{tree}/list=*/date=*/part-*.parquet").createOrReplaceTempView("rows")
    return [tuple(row) for row in session.sql(query).collect()]


def by_spark_as_a_whole(tree: Path, query: str, session: SparkSession) -> list[Any]:
    session.read.parquet(str(tree)).createOrReplaceTempView("rows")
    return [tuple(row) for row in session.sql(query).collect()]


def by_duckdb(tree: Path, query: str, _: SparkSession) -> list[Any]:
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW rows AS FROM read_parquet('{tree}/list=*/date=*/part-*.parquet', hive_partitioning = true)")
    return connection.sql(query).fetchall()


def by_polars(tree: Path, query: str, _: SparkSession) -> list[Any]:
    rows = pl.scan_parquet(f"{tree}/list=*/date=*/part-*.parquet", hive_partitioning=True)
    return list(pl.SQLContext(rows=rows).execute(query).collect().iter_rows())


ENGINES = {"Spark": by_spark, "Spark, the tree": by_spark_as_a_whole, "DuckDB": by_duckdb, "Polars": by_polars}


def series(folder: Path) -> dict[str, list[int]]:
    """What `stscan stats --series` counts, by date."""
    command = [stscan.binary(), "stats", "--series", str(folder), "--table=P2", "--format=json"]
    (table,) = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["tables"]
    # A group is named for when the scan was made and for its folder.
    return {row["group"].split()[-1]: [row["cells"][cell]["n"] for cell in CELLS] for row in table["rows"]}


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_count_what_the_program_counts(engine: str, tree: Path, session: SparkSession) -> None:
    query = ENGINES[engine]
    found = {(name, str(date)): list(counts) for name, date, *counts in query(tree, SERIES, session)}
    assert set(found) == {(name, date) for name, dates in SCANS.items() for date in dates}
    # Of all lists at once, and of each.
    folders = {stscan.open(dates[0]).manifest["list"]["name"]: dates[0].parent for dates in (sorted(one.iterdir()) for one in tree.iterdir())}
    truth = {(name, date): counts for name, folder in folders.items() for date, counts in series(folder).items()}
    assert found == truth and all(counts[0] == len(SCANS[name][date]) for (name, date), counts in found.items())
    assert sum(counts[2] for counts in truth.values()) > 10, "there are records to be counted"
    # By posture and by delivery, beside what the manifests say.
    counted = query(tree, COUNTED, session)
    for name, date in truth:
        said = stscan.open(folders[name] / f"date={date}").manifest
        for place, column in ((2, "posture"), (3, "delivery")):
            sums: dict[str, int] = {}
            for row in counted:
                if (row[0], str(row[1])) == (name, date):
                    sums[row[place]] = sums.get(row[place], 0) + row[4]
            assert sums == {word: count for word, count in said["counts"][column].items() if count}


def test_engines_count_the_same(tree: Path, session: SparkSession) -> None:
    for query in (COUNTED, SERIES):
        told = {name: sorted(map(str, engine(tree, query, session))) for name, engine in ENGINES.items()}
        assert all(rows == told["Spark"] for rows in told.values()) and len(told["Spark"]) >= 4
