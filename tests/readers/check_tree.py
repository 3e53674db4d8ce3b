#!/usr/bin/env python3
"""Opens a tree of `--layout hive` in DuckDB, Polars and pyarrow as partitions, and the files of `--metrics-file` by Prometheus' own parser; each
has to see what the manifests say.

usage: check_tree.py TREE METRICS      needs: pip install duckdb polars pyarrow prometheus_client
"""

import json
import pathlib
import sys
from urllib.parse import unquote


def truth(tree):
    """Rows by list, date and posture, by the manifests."""
    counts = {}
    for path in tree.glob("list=*/date=*/_manifest.json"):
        manifest = json.loads(path.read_text())
        date = path.parent.name.removeprefix("date=")
        assert unquote(path.parent.parent.name.removeprefix("list=")) == manifest["list"]["name"], path
        for posture, rows in manifest["counts"]["posture"].items():
            counts[(manifest["list"]["name"], date, posture)] = rows
    assert len({key[0] for key in counts}) == 2 and len({key[1] for key in counts}) == 2, counts
    return counts


def duckdb(tree):
    import duckdb as reader

    table = f"read_parquet('{tree}/**/*.parquet', hive_partitioning = true)"
    rows = reader.sql(f"SELECT list, date::VARCHAR, posture, count(*) FROM {table} GROUP BY ALL").fetchall()
    return reader.__version__, {tuple(row[:3]): row[3] for row in rows}


def polars(tree):
    import polars as reader

    # The folder itself, since what lies beside the parts is hidden from engines.
    table = reader.scan_parquet(str(tree), hive_partitioning=True, hidden_file_prefix=["_", "."])
    rows = table.group_by("list", reader.col("date").cast(reader.String), "posture").len().collect().rows()
    return reader.__version__, {tuple(row[:3]): row[3] for row in rows}


def pyarrow(tree):
    import pyarrow
    import pyarrow.compute as compute
    import pyarrow.dataset as reader

    kinds = pyarrow.schema([("list", pyarrow.string()), ("date", pyarrow.string())])
    dataset = reader.dataset(tree, partitioning=reader.partitioning(kinds, flavor="hive"))
    counts = {}
    for fragment in dataset.get_fragments():
        keys = reader.get_partition_keys(fragment.partition_expression)
        postures = compute.value_counts(fragment.to_table(columns=["posture"])["posture"]).to_pylist()
        for each in postures:
            key = (keys["list"], keys["date"], each["values"])
            counts[key] = counts.get(key, 0) + each["counts"]
    return pyarrow.__version__, counts


def prometheus_client(folder):
    from prometheus_client.parser import text_string_to_metric_families as parse

    seen = {}
    for path in sorted(folder.iterdir()):
        for family in parse(path.read_text()):
            assert family.type == "gauge" and family.documentation, family
            for sample in family.samples:
                key = (sample.name, *sorted(sample.labels.items()))
                assert key not in seen and "list" in sample.labels, key
                seen[key] = sample.value
    return seen


def check(name, found, expected):
    if found == expected:
        return True
    print(f"{name}: {found} and not {expected}")
    return False


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    tree, metrics = (pathlib.Path(argument) for argument in sys.argv[1:])
    expected = truth(tree)
    right = True
    for read in (duckdb, polars, pyarrow):
        try:
            version, counts = read(tree)
            if check(read.__name__, counts, expected):
                print(f"{read.__name__} {version}: {sum(counts.values())} rows of a tree of two lists and two dates, as the manifests say")
                continue
        except Exception as error:  # Every reader gets its line.
            print(f"{read.__name__}: {type(error).__name__}: {error}")
        right = False
    seen = prometheus_client(metrics)
    last = max(key[1] for key in expected)
    postures = sorted(rows for key, rows in expected.items() if key[1] == last and rows)
    found = sorted(int(rows) for key, rows in seen.items() if key[0] == "stscan_portfolio_posture_domains" and rows)
    right &= check("prometheus_client", found, postures)
    print(f"prometheus_client: {len(seen)} samples of two scans")
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
