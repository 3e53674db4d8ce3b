#!/usr/bin/env python3
"""Opens a dataset in DuckDB, Polars, pandas, DataFusion and fastparquet without any option and checks that each sees the same table.

usage: check_readers.py DIR SCHEMA
needs: pip install duckdb polars pandas pyarrow pytz datafusion fastparquet (DuckDB gives times with a zone to Python by pytz)
One line a reader on standard output; exit status 1 if one of them disagrees with the manifest or with the documented columns.
"""

import datetime
import json
import pathlib
import sys

# The columns that are documented, by `stscan schema --json`, and those of them that are structs or lists of structs.
COLUMNS, NESTED = [], []


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def check_time(value):
    """Times have a zone, and it is UTC."""
    check(isinstance(value, datetime.datetime), f"scanned_at is {type(value)}")
    check(value.utcoffset() is not None, "scanned_at has no time zone")
    check(value.astimezone(datetime.timezone.utc).year > 2020, f"scanned_at is {value}")


def check_evidence(evidence, domain):
    """Structs, lists of structs and lists of lists of bytes arrive as such."""
    check(evidence["sts_txt"]["name"] is None, f"question is {evidence['sts_txt']['name']}, which follows from domain")
    if evidence["host_a"] is not None:
        check(evidence["host_a"]["name"] == f"mta-sts.{domain}", f"question is {evidence['host_a']['name']}")
    for name in ("mx", "sts_txt", "tlsrpt_txt"):
        check(isinstance(evidence[name]["outcome"], str), f"outcome of {name}")
    for record in evidence["sts_txt"]["records"]:
        for string in record:
            check(isinstance(bytes(string), bytes), "TXT strings are not bytes")
    for record in evidence["mx"]["records"]:
        check(isinstance(record["exchange"], str) and 0 <= record["preference"] < 65536, f"MX {record}")
    fetch = evidence["fetch"]
    if fetch is not None and fetch["body"] is not None:
        check(isinstance(bytes(fetch["body"]), bytes), "the body is not bytes")


def check_table(columns, ordinals, postures, manifest):
    check(list(columns) == COLUMNS, f"columns are {list(columns)}")
    check(len(ordinals) == manifest["counts"]["rows"], f"{len(ordinals)} rows, the manifest has {manifest['counts']['rows']}")
    check(sorted(ordinals) == list(ordinals), "the rows are not sorted by ordinal")
    check(postures == manifest["counts"]["posture"], f"postures are {postures}, the manifest has {manifest['counts']['posture']}")


def duckdb(files, glob, manifest):
    import duckdb as reader

    connection = reader.connect()
    connection.execute("SET TimeZone = 'UTC'")
    columns = {row[0]: row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM '{glob}'").fetchall()}
    ordinals = [row[0] for row in connection.execute(f"SELECT ordinal FROM '{glob}'").fetchall()]
    postures = dict(connection.execute(f"SELECT posture, count(*) FROM '{glob}' GROUP BY ALL").fetchall())
    check_table(columns, ordinals, postures, manifest)
    check(columns["scanned_at"] == "TIMESTAMP WITH TIME ZONE", f"scanned_at is {columns['scanned_at']}")
    nested = f"SELECT domain, evidence.mx.outcome, evidence.sts_txt.records[1], findings[1].code FROM '{glob}' LIMIT 5"
    check(all(row[1] for row in connection.execute(nested).fetchall()), "nested fields")
    rich = f"SELECT domain, evidence FROM '{glob}' ORDER BY evidence.fetch IS NULL, ordinal LIMIT 1000"
    for domain, evidence in connection.execute(rich).fetchall():
        check_evidence(evidence, domain)
    codes = f"SELECT finding.code, count(DISTINCT ordinal) FROM (SELECT ordinal, unnest(findings) AS finding FROM '{glob}') GROUP BY ALL"
    found = dict(connection.execute(codes).fetchall())
    check(found == manifest["counts"]["findings"], f"findings are {found}, the manifest has {manifest['counts']['findings']}")
    return reader.__version__


def polars(files, glob, manifest):
    import polars as reader

    table = reader.read_parquet(glob)
    postures = dict(table.group_by("posture").len().rows())
    check_table(table.columns, table["ordinal"].to_list(), postures, manifest)
    check(table.schema["scanned_at"] == reader.Datetime("us", "UTC"), f"scanned_at is {table.schema['scanned_at']}")
    outcomes = table.select(reader.col("evidence").struct.field("mx").struct.field("outcome")).to_series()
    check(outcomes.null_count() == 0, "nested fields")
    fetched = table.filter(reader.col("evidence").struct.field("fetch").is_not_null())
    for row in reader.concat([fetched.head(1000), table.head(100)]).iter_rows(named=True):
        check_time(row["scanned_at"])
        check_evidence(row["evidence"], row["domain"])
    return reader.__version__


def pandas(files, glob, manifest):
    import pandas as reader

    table = reader.concat([reader.read_parquet(file) for file in files], ignore_index=True)
    postures = {posture: int(rows) for posture, rows in table["posture"].value_counts().items()}
    check_table(table.columns, table["ordinal"].tolist(), postures, manifest)
    check(str(table["scanned_at"].dtype) == "datetime64[us, UTC]", f"scanned_at is {table['scanned_at'].dtype}")
    fetched = table[[evidence["fetch"] is not None for evidence in table["evidence"]]]
    for row in reader.concat([fetched.head(1000), table.head(100)]).itertuples():
        check_time(row.scanned_at.to_pydatetime())
        check_evidence(row.evidence, row.domain)
    return reader.__version__


def datafusion(files, glob, manifest):
    import datafusion as reader

    context = reader.SessionContext()
    context.register_parquet("domains", str(files[0].parent))
    columns = [field.name for field in context.table("domains").schema()]
    table = context.sql("SELECT ordinal, posture, evidence['host_a']['name'] AS name, domain FROM domains ORDER BY ordinal").to_pydict()
    check_table(columns, table["ordinal"], {word: table["posture"].count(word) for word in set(table["posture"])}, manifest)
    check(all(name in (None, f"mta-sts.{domain}") for name, domain in zip(table["name"], table["domain"])), "nested fields")
    check(any(table["name"]), "no nested field has a value")
    return reader.__version__


def fastparquet(files, glob, manifest):
    """It knows fewer encodings than the others and no nested lists of structs: the flat columns alone."""
    import fastparquet as reader
    import pandas

    flat = [name for name in COLUMNS if name not in NESTED]
    tables = [reader.ParquetFile(str(file)).to_pandas(columns=flat) for file in files]
    table = pandas.concat(tables, ignore_index=True)
    postures = {posture: int(rows) for posture, rows in table["posture"].value_counts().items()}
    check_table(sorted([*table.columns, *NESTED], key=COLUMNS.index), table["ordinal"].tolist(), postures, manifest)
    check(table["domain"].notna().all() and table["org_domain"].str.contains(".", regex=False).any(), "names")
    # It gives times without their zone.
    check(table["scanned_at"].dt.year.min() > 2020, f"scanned_at is {table['scanned_at'].dtype}")
    return reader.__version__


def one_domain(files, glob, manifest):
    """Who looks for a domain is spared the parts without it: their Bloom filters are read and not their names."""
    import duckdb
    import pyarrow.parquet

    def bytes_read(domain):
        connection = duckdb.connect()
        connection.execute("SET enable_external_file_cache = false")
        with open("/proc/self/io") as io:
            before = int(io.readline().split()[1])
        rows = connection.execute(f"SELECT domain FROM read_parquet('{glob}') WHERE domain = ?", [domain]).fetchall()
        with open("/proc/self/io") as io:
            return int(io.readline().split()[1]) - before, len(rows)

    for file in files:
        column = pyarrow.parquet.ParquetFile(file).metadata.row_group(0).column(1)
        check(column.path_in_schema == "domain" and column.bloom_filter_offset, f"{file} has no Bloom filter on domain")
    read, rows = bytes_read("no-such-domain.example")
    of = sum(file.stat().st_size for file in files)
    check(rows == 0 and read < of / 2, f"{rows} rows and {read} of {of} bytes read of a domain that there is not")
    return f"{read} of {of} bytes read"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    columns = json.loads(pathlib.Path(sys.argv[2]).read_text())["columns"]
    COLUMNS.extend(column["name"] for column in columns)
    NESTED.extend(column["name"] for column in columns if "fields" in column)
    folder = pathlib.Path(sys.argv[1])
    manifest = json.loads((folder / "manifest.json").read_text())
    files = [folder / part["file"] for part in manifest["parts"]]
    glob = str(folder / "domains" / "*.parquet")
    failed = False
    for read in (duckdb, polars, pandas, datafusion, fastparquet):
        try:
            print(f"{read.__name__} {read(files, glob, manifest)}: {manifest['counts']['rows']} rows, {len(COLUMNS)} columns, as documented")
        except Exception as error:  # Every reader gets its line.
            print(f"{read.__name__}: {type(error).__name__}: {error}")
            failed = True
    print(f"a domain that there is not: {one_domain(files, glob, manifest)}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
