"""A dataset of stscan in DuckDB, and the tables that the cells of a notebook define.

A cell that begins with `%%sql` defines something; one that begins with `%%table T2` is the table T2. What stands below the first line is
plain SQL for DuckDB. The first column of a table may be `place`, by which rows are sorted and which is not shown; `group` and `row` say what
is counted; every other column holds a number, or what the macro `share` makes: {n, whole, share, low, high}.
"""

import json
import os

import duckdb
import pandas
import pyarrow.parquet
from IPython.display import Markdown, display


class Dataset:
    """One dataset, or several that belong together, with earlier scans of the same list."""

    def __init__(self, folders, earlier=(), third_party=50, self_managed=5, one_administrator=90, top=20, rank_bin=10_000):
        self.folders = [folders] if isinstance(folders, (str, os.PathLike)) else list(folders)
        self.earlier = list(earlier)
        self.tables = {}
        self.rows = {}
        self.definitions = []
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        variables = {"third_party": third_party, "self_managed": self_managed, "one_administrator": one_administrator, "top": top, "rank_bin": rank_bin}
        for name, value in variables.items():
            self.connection.execute(f"SET VARIABLE {name} = {int(value)}")
        self.manifests = [manifest(folder) for folder in self.folders]
        runs = [run(folder) for folder in [*self.earlier, *self.folders]]
        self.connection.register("runs", pandas.DataFrame(runs))
        self.connection.execute(f"CREATE VIEW domains AS {rows(self.folders)}")
        series = " UNION ALL ".join(f"SELECT '{quoted(run['scan'])}' AS scan, * FROM ({rows([run['folder']])})" for run in runs)
        self.connection.execute(f"CREATE VIEW scans AS {series}")

    def define(self, sql):
        """Runs a cell that defines something."""
        self.connection.execute(sql)
        self.definitions.append(sql)

    def table(self, name, sql):
        """The rows of a table, each a dict; the cell is kept, so that other datasets can be asked the same."""
        self.tables[name] = sql
        result = self.connection.execute(sql)
        columns = [column[0] for column in result.description]
        found = [dict(zip(columns, values)) for values in result.fetchall()]
        if "place" in columns:
            found.sort(key=lambda row: row.pop("place"))
        self.rows[name] = found
        return found

    def cell(self, table, row, column, group=None):
        """One figure of a table that has been made."""
        return next((found[column] for found in self.rows[table] if found["row"] == row and found.get("group") == group), None)

    def again(self, other, *tables):
        """Gives this dataset the definitions, and the named tables, of another one."""
        for sql in other.definitions:
            self.define(sql)
        return {name: self.table(name, other.tables[name]) for name in tables}

    def notebook(self):
        """Makes this the dataset that `%%sql` and `%%table` ask."""
        from IPython.core.magic import register_cell_magic

        register_cell_magic("sql")(lambda line, cell: self.define(cell))
        register_cell_magic("table")(lambda line, cell: display(frame(self.table(line.strip(), cell))))
        return self

    def query(self, sql):
        """The answer to a question, as a pandas DataFrame."""
        return self.connection.execute(sql).df()

    def carried(self, wanted=()):
        """The carried columns as identifiers of SQL: those that are wanted, or all, those with fewest values first."""
        counts = self.connection.execute(
            "SELECT one.name, count(DISTINCT one.value) AS n, count(DISTINCT domain) AS domains FROM (SELECT domain, unnest(carried) AS one FROM domains) GROUP BY 1 ORDER BY n, 1"
        ).fetchall()
        # Another value for each domain says which domain it is, not whose.
        known = [name for name, n, domains in counts if n < domains or n < 10]
        missing = [name for name in wanted if name not in [name for name, *_ in counts]]
        if missing:
            raise SystemExit(f"STSCAN_BY: there is no carried column {', '.join(missing)}; there are {', '.join(name for name, *_ in counts) or 'none'}")
        return [identifier(f"carried.{name}") for name in wanted or known]

    def carried_columns(self, columns):
        """The cells of these columns for a SELECT; what no cell says is nobody's."""
        cell = "coalesce(list_filter(carried, lambda one: one.name = '{}')[1].value, '(nobody)')"
        names = [column[1:-1].replace('""', '"').removeprefix("carried.") for column in columns]
        return "".join(f", {cell.format(quoted(name))} AS {column}" for name, column in zip(names, columns))

    def describe(self):
        """What is to be known of the scan, from its manifest."""
        lines = []
        for of in self.manifests:
            sums, identifier = of["accounting"], f" (id {of['list']['id']})" if of["list"]["id"] else ""
            left_out = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in sums.items() if n and name not in ("lines", "rows"))
            state = "" if of["finished_at"] else "; **the scan is unfinished**"
            lines.append(
                f"List \"{of['list']['name']}\"{identifier}: {sums['lines']:,} lines, {sums['rows']:,} domains{f', {left_out}' if left_out else ''}; "
                f"scanned {of['started_at'][:10]} by stscan {of['tool']['version']}, catalogue {of['catalogue_version']}{state}."
            )
        if self.earlier:
            lines.append(f"Earlier scans: {', '.join(self.days()[: len(self.earlier)])}.")
        return "\n\n".join(lines)

    def days(self):
        """The days of all scans, the earlier ones first."""
        return [manifest(folder)["started_at"][:10] for folder in [*self.earlier, *self.folders]]

    def source(self):
        """What stands below every plot: which scan this is."""
        first = self.manifests[0]
        domains = sum(manifest["counts"]["rows"] for manifest in self.manifests)
        return f"Data: stscan, list \"{first['list']['name']}\", {domains:,} domains, scanned {first['started_at'][:10]}"


def identifier(name):
    """A name as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def frame(rows):
    """A table as a person reads it: n (share; 95 % interval)."""
    shown = pandas.DataFrame([{column: text(value) for column, value in row.items()} for row in rows])
    if "group" in shown and "row" in shown and set(shown["row"]) == {"all"}:
        shown = shown.drop(columns="row")
    if "group" in shown:
        shown["group"] = shown["group"].replace("", "(all)")
    named = [column for column in ("group", "row") if column in shown]
    return shown.set_index(named) if named else shown


def text(value):
    """A figure in words."""
    if value is None:
        return ""
    if isinstance(value, dict) and "whole" in value:
        if value["whole"] is None:
            return f"{value['n']:,}"
        return f"{value['n']:,} ({percent(value['share'])} %; {percent(value['low'])}–{percent(value['high'])})" if value["whole"] else "0 of 0"
    if isinstance(value, bool) or isinstance(value, str):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def percent(share):
    """A share in per cent, with as many digits as mean something."""
    share = 100 * share
    return f"{share:.0f}" if share in (0, 100) else f"{share:.1f}" if share >= 10 else f"{share:.2f}" if share >= 0.1 else f"{share:.3f}"


def columns_of(folders, names):
    """The meaning of columns, as the dataset's own schema states it."""
    first = os.path.join(folders[0], manifest(folders[0])["parts"][0]["file"])
    schema = pyarrow.parquet.read_schema(first)
    found = {name: schema.field(name).metadata for name in names if name in schema.names}
    rows = [f"| `{name}` | {(of or {}).get(b'comment', b'').decode()}{unit(of)} |" for name, of in found.items()]
    return Markdown("\n".join(["| column | meaning |", "|---|---|", *rows]))


def unit(metadata):
    named = (metadata or {}).get(b"unit", b"").decode()
    return f" Unit: {named}." if named else ""


def manifest(folder):
    """The manifest of a dataset."""
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
        return json.load(file)


def run(folder):
    """A dataset and its manifest; called as `stscan stats --series` calls it."""
    of = manifest(folder)
    name = os.path.basename(os.path.normpath(folder))
    return {"scan": f"{of['started_at'][:10]} {name}", "name": name, "folder": str(folder), "day": of["started_at"][:10], "manifest": json.dumps(of)}


def rows(folders):
    """SQL for all rows: a part that no manifest lists does not exist."""
    parts = [os.path.join(folder, part["file"]) for folder in folders for part in manifest(folder)["parts"]]
    return f"SELECT * FROM read_parquet([{', '.join(quote(part) for part in parts)}])"


def quote(text):
    """A text as SQL."""
    return f"'{quoted(text)}'"


def quoted(text):
    return str(text).replace("'", "''")


def cells(path):
    """The SQL of a notebook: definitions in their order, and tables by name."""
    with open(path, encoding="utf-8") as file:
        notebook = json.load(file)
    definitions, tables = [], {}
    for cell in notebook["cells"]:
        first, _, sql = "".join(cell["source"]).partition("\n")
        words = first.split()
        if cell["cell_type"] == "code" and words[:1] == ["%%sql"]:
            definitions.append(sql)
        elif cell["cell_type"] == "code" and words[:1] == ["%%table"]:
            tables[words[1]] = sql
    return definitions, tables
