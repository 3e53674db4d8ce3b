"""Runs every statement of SQL in the README and the manual with DuckDB: check_manual.py DATASET, which stands for every dataset they name."""

import pathlib
import re
import sys

import duckdb

dataset = sys.argv[1]
statements = 0
for document in [pathlib.Path("README.md"), *sorted(pathlib.Path("src/manual").glob("*.md"))]:
    for block in re.findall(r"^```sql\n(.*?)^```", document.read_text(), re.MULTILINE | re.DOTALL):
        for statement in duckdb.extract_statements(re.sub(r"'[\w-]+/domains/", f"'{dataset}/domains/", block)):
            try:
                rows = duckdb.execute(statement).fetchall()
            except duckdb.Error as error:
                sys.exit(f"{document}: {statement.query.strip()}\n{error}")
            assert rows, f"{document}: no row by {statement.query.strip()}"
            statements += 1
assert statements > 3, statements
print(f"{statements} statements of the README and the manual run")
