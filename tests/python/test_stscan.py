"""The Python package as its users have it: installed from its wheel, against the built-in lab, without a packet beyond loopback."""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import blocks
import stscan


def names(count: int) -> Iterator[str]:
    return (f"d{number}.example.com" for number in range(count))


def scanned(given: object, **options: object) -> pa.Table:
    with stscan.scan(given, lab="census", **options) as rows:
        return rows.read_all()


def child(reader: stscan.ScanReader) -> int:
    return reader._output._child.pid


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def expect_gone(pid: int) -> None:
    for _ in range(100):
        if is_gone(pid):
            return
        time.sleep(0.05)
    raise AssertionError(f"{pid} still runs")


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scans")
    (folder / "list.txt").write_text("".join(f"{name}\n" for name in names(500)))
    command = [stscan.binary(), "scan", str(folder / "list.txt"), "--lab=census", "--part-rows", "200", "-o", str(folder / "out")]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "out"


def test_the_package_is_the_wheels() -> None:
    folder = Path(stscan.__file__).parent
    assert "site-packages" in str(folder), "installed, and not the sources"
    assert (folder / "py.typed").exists()
    if "STSCAN_BINARY" not in os.environ:
        assert Path(stscan.binary()).parent == Path(sys.executable).parent
    assert stscan.version().count(".") == 2


@pytest.mark.parametrize(
    "column",
    [
        lambda: ["a.example", "b.example"],
        lambda: ("a.example", "b.example"),
        lambda: (name for name in ["a.example", "b.example"]),
        lambda: pa.array(["a.example", "b.example"]),
        lambda: pa.array(["a.example", "b.example"], pa.large_string()),
        lambda: pa.array(["a.example", "b.example"], pa.string_view()),
        lambda: pa.array(["a.example", "b.example"]).dictionary_encode(),
        lambda: pa.chunked_array([["a.example"], [], ["b.example"]]),
        lambda: pa.table({"domain": ["a.example", "b.example"]}),
        lambda: pa.table({"domain": ["a.example", "b.example"]}).to_reader(),
        lambda: pd.Series(["a.example", "b.example"]),
        lambda: pd.Series(["a.example", "b.example"], dtype=object),
        lambda: pd.Series(["a.example", "b.example"], dtype="category"),
        lambda: pd.DataFrame({"x": [1, 2], "domain": ["a.example", "b.example"]})["domain"],
        lambda: pl.Series(["a.example", "b.example"]),
        lambda: pl.DataFrame({"domain": ["a.example", "b.example"]}),
        lambda: pl.DataFrame({"x": [1, 2], "domain": ["a.example", "b.example"]})["domain"],
        lambda: ["a.example\n", "b.example\r\n"],
    ],
)
def test_names_come_from_wherever_they_are(column: object) -> None:
    assert scanned(column())["domain"].to_pylist() == ["a.example", "b.example"]


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        (["a.example", None], ValueError, "name 1 is null; drop nulls first"),
        ([float("nan")], ValueError, "name 0 is null"),
        ([pd.NA], ValueError, "name 0 is null"),
        (pa.chunked_array([["a.example"], ["b.example", None]]), ValueError, "name 2 is null"),
        (pd.Series(["a.example", None]), ValueError, "name 1 is null"),
        (pd.Series(["a.example", None], dtype=object), ValueError, "name 1 is null"),
        (pl.Series(["a.example", None]), ValueError, "name 1 is null"),
        (["a.example", 7], TypeError, "name 1 is 7 of type int"),
        ([b"a.example"], TypeError, "of type bytes"),
        (pa.array([1, 2]), TypeError, "a column of int64"),
        (pd.Series([1, 2]), TypeError, "a column of int64"),
        (pl.Series([1.0]), TypeError, "a column of double"),
        ("a.example", TypeError, "give a list of names"),
        (b"a.example", TypeError, "give a list of names"),
        (5, TypeError, "names is of type int"),
        (None, TypeError, "names is of type NoneType"),
        (pd.DataFrame({"a": ["a.example"], "b": ["x"]}), TypeError, "2 columns (a, b)"),
        ([], ValueError, "there is no name"),
        (pa.array([], pa.string()), ValueError, "there is no name"),
        (["a.example", "b\nc.example"], ValueError, "control characters"),
        (["a.example", ""], ValueError, "name 1 is empty"),
    ],
)
def test_what_is_no_name_is_told_at_its_place(given: object, error: type[Exception], said: str) -> None:
    with pytest.raises(error) as raised:
        scanned(given)
    assert said in str(raised.value)


def test_a_failure_far_in_is_told_and_ends_the_child() -> None:
    def failing() -> Iterator[str]:
        yield from names(20_000)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        scanned(failing())

    def with_null() -> Iterator[object]:
        yield from names(20_000)
        yield None

    with pytest.raises(ValueError, match="name 20000 is null"):
        scanned(with_null())


def test_every_name_is_accounted_for() -> None:
    given = ["a.example", "A.example", "no name", "#comment", "1,rank.example", 'quote".example', "b.example"]
    with stscan.scan(given, lab="census") as rows:
        assert rows.accounting is None
        table = rows.read_all()
    assert table["domain"].to_pylist() == ["a.example", "b.example"]
    accounting = rows.accounting
    assert accounting is not None
    assert (accounting["rows"], accounting["duplicates"], accounting["rejected"]) == (2, 1, 4)
    assert accounting["lines"] == len(given) + accounting["blank"] and accounting["blank"] == 1


def test_rows_are_the_commands(dataset: Path) -> None:
    table = scanned(names(500))
    there = stscan.open(dataset).dataset.to_table()
    assert table.schema.names == there.schema.names
    for column in ["ordinal", "domain", "tld", "org_domain", "sts_state", "mx_hosts", "findings"]:
        assert table[column].to_pylist() == there[column].to_pylist(), column
    assert set(table["list"].to_pylist()) == {"names"}


def test_options_are_those_of_the_command() -> None:
    assert scanned(names(50), top=3).num_rows == 3
    assert scanned(names(50), top=3, skip=None, registrable=True)["domain"].to_pylist() == ["example.com"]
    for options, said in [({"foo": 1}, "unexpected argument '--foo'"), ({"rate": -1}, "--rate -1: a whole number"), ({"lab": "mars"}, "mars")]:
        with pytest.raises(stscan.ScanError, match=said) as raised:
            stscan.scan(["a.example"], **options).read_all()
        assert raised.value.status == 2
    with pytest.raises(stscan.ScanError, match="no resolver address"):
        stscan.scan(["a.example"], resolver="nonsense").read_all()
    with pytest.raises(stscan.ScanError) as raised:
        scanned(["no name"])
    assert raised.value.status == 3 and "yields no domain name" in str(raised.value)
    with pytest.raises(TypeError, match="out cannot be given"):
        stscan.scan(["a.example"], out="folder")
    with pytest.raises(TypeError, match="option top is of type object"):
        stscan.scan(["a.example"], top=object())
    assert pickle.loads(pickle.dumps(raised.value)).status == 3


def test_closing_the_reader_ends_the_scan() -> None:
    reader = stscan.scan(names(100_000), lab="census", rate=20_000)
    assert isinstance(reader, pa.RecordBatchReader)
    reader.read_next_batch()
    pid = child(reader)
    reader.close()
    assert is_gone(pid)
    reader.close()
    with stscan.scan(names(100_000), lab="census", rate=20_000) as reader:
        pid = child(reader)
    assert is_gone(pid)
    reader = stscan.scan(names(100_000), lab="census", rate=20_000)
    pid = child(reader)
    del reader
    gc.collect()
    expect_gone(pid)


def test_endless_names_are_cancelled_too() -> None:
    stop = threading.Event()
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while not stop.is_set():
            taken += 1
            yield f"d{taken}.example.com"

    threading.Timer(1.0, stop.set).start()
    reader = stscan.scan(endless(), lab="census", top=100)
    assert reader.read_all().num_rows == 100
    assert taken > 1000


def test_a_child_that_is_killed_raises() -> None:
    reader = stscan.scan(names(100_000), lab="census", rate=20_000)
    reader.read_next_batch()
    os.kill(child(reader), 9)
    with pytest.raises(stscan.ScanError, match="killed by signal 9") as raised:
        for _ in reader:
            pass
    assert raised.value.status == -9
    reader = stscan.scan(names(100_000), lab="census", rate=20_000)
    os.kill(child(reader), 15)
    with pytest.raises(stscan.ScanError, match="stopped after .* no end mark") as raised:
        reader.read_all()
    assert raised.value.status == 5
    # Readers that know nothing of us learn of it, too.
    reader = stscan.scan(names(100_000), lab="census", rate=20_000)
    os.kill(child(reader), 9)
    with pytest.raises(Exception, match="killed by signal 9"):
        duckdb.sql("SELECT count(*) FROM reader").fetchall()


def test_engines_take_the_stream() -> None:
    reader = stscan.scan(names(3000), lab="census")
    assert duckdb.sql("SELECT count(*), count(DISTINCT domain) FROM reader").fetchall() == [(3000, 3000)]
    assert pl.from_arrow(stscan.scan(names(300), lab="census")).height == 300
    assert stscan.scan(names(300), lab="census").read_pandas().shape[0] == 300


def test_memory_is_bounded() -> None:
    """Tens of thousands of names in, and rows out one batch at a time: neither side piles up."""
    program = """
import resource, stscan
with stscan.scan((f"nothing-{number}.example" for number in range(40_000)), lab="census") as rows:
    count = sum(batch.num_rows for batch in rows)
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    count, megabytes = map(int, done.stdout.split())
    print(f"{count} names: the Python process took {megabytes} MB at most")
    assert count == 40_000 and megabytes < 300


def test_a_domain_is_checked() -> None:
    answer = stscan.check("redirect-301.test", lab="zoo")
    assert answer["domain"] == "redirect-301.test"
    codes = [finding["code"] for finding in answer["assessment"]["findings"]]
    assert "sts-fetch-redirect" in codes
    assert stscan.check("enforce.test", lab="zoo", smtp="none")["assessment"]["posture"] == "enforce"
    for wrong in ["no name", "--help"]:
        with pytest.raises(stscan.ScanError, match="is no domain name"):
            stscan.check(wrong, lab="zoo")
    with pytest.raises(TypeError, match="a domain is a string"):
        stscan.check(None)  # type: ignore[arg-type]


def test_texts_are_linted() -> None:
    assert stscan.lint("v=STSv1; id=20261128;", "record")["valid"] is True
    answer = stscan.lint(b"version: STSv1\nmode: enforce\nmx: a.example\n", "policy")
    assert answer["valid"] is False and answer["findings"][0]["line"] >= 1
    assert stscan.lint("v=TLSRPTv1; rua=mailto:a@example.com")["kind"] == "tlsrpt"
    with pytest.raises(ValueError, match="record, tlsrpt and policy are possible"):
        stscan.lint("x", "dmarc")  # type: ignore[arg-type]


def test_a_dataset_is_opened(dataset: Path) -> None:
    scan = stscan.open(dataset)
    assert len(scan) == 500 and scan.is_finished and len(scan.files) == 3
    assert scan.manifest["accounting"]["rows"] == 500 and "500 rows, finished" in repr(scan)
    counted = dict(scan.duckdb().aggregate("posture, count(*)").fetchall())
    assert counted == scan.manifest["counts"]["posture"]
    assert dict(scan.polars().group_by("posture").len().collect().iter_rows()) == counted
    assert scan.pandas(["posture"])["posture"].value_counts().to_dict() == counted
    rows = scan.dataset
    assert duckdb.sql("SELECT posture, count(*) FROM rows GROUP BY ALL").fetchall() and rows.count_rows() == 500
    assert pl.scan_pyarrow_dataset(rows).select(pl.len()).collect().item() == 500
    assert scan.verify() == {"whole": True, "finished": True, "parts": 3, "rows": 500, "problems": []}
    # What the manifest does not list is no part.
    stray = dataset / "domains" / "part-00009.parquet"
    stray.write_bytes(Path(scan.files[0]).read_bytes())
    try:
        again = stscan.open(dataset)
        assert again.dataset.count_rows() == 500 and again.verify()["whole"] is False
    finally:
        stray.unlink()


@pytest.mark.parametrize("block", [pytest.param(block, id=block.place) for block in blocks.blocks() if not block.is_sparks])
def test_code_of_the_documents_runs(block: blocks.Block, tmp_path: Path) -> None:
    blocks.run(block, stscan.binary(), tmp_path)


def test_code_is_found_and_can_fail(tmp_path: Path) -> None:
    places = [block.place.split(":")[0] for block in blocks.blocks()]
    assert places.count("src/manual/machines.md") >= 2 and places.count("src/python/README.md") >= 2
    assert {"src/python/stscan/__init__.py", "src/python/stscan/spark.py"} <= set(places)
    assert blocks.run(blocks.Block("here", 'import stscan; print(stscan.check("example.com", resolver="192.0.2.53")["domain"])'), stscan.binary(), tmp_path) == "example.com\n"
    (tmp_path / "another").mkdir()
    with pytest.raises(AssertionError, match="(?s)here: .*NameError: name 'frame'"):
        blocks.run(blocks.Block("here", "frame['domain']"), stscan.binary(), tmp_path / "another")


def test_a_scan_of_a_tree_is_opened(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("".join(f"{name}\n" for name in names(50)))
    command = [stscan.binary(), "scan", str(tmp_path / "list.txt"), "--lab=census", "--layout=hive", "-o", str(tmp_path / "tree")]
    subprocess.run([*command, "--part-rows=20"], check=True, capture_output=True)
    (dated,) = (tmp_path / "tree").glob("list=*/date=*")
    scan = stscan.open(dated)
    assert len(scan) == 50 and len(scan.files) == 3 and scan.dataset.count_rows() == 50 and scan.verify()["whole"]
    assert scan.duckdb().aggregate("count(*)").fetchall() == [(50,)] and scan.polars().collect().height == 50
    with pytest.raises(FileNotFoundError, match="no manifest.json here, .* name one of them, such as .*/date="):
        stscan.open(tmp_path / "tree")
    with pytest.raises(ValueError, match="s3://scans/week-47: in an object store; `stscan merge s3://scans/week-47 -o FOLDER`"):
        stscan.open("s3://scans/week-47")


def test_folders_that_are_no_datasets_are_refused(tmp_path: Path) -> None:
    for folder in [tmp_path, tmp_path / "nowhere"]:
        with pytest.raises(FileNotFoundError, match="no manifest.json here"):
            stscan.open(folder)
    for text, said in [("{", "is no JSON"), ("[]", "is no manifest"), ('{"schema_version": 99}', "schema version 99"), ('{"schema_version": 1, "table": "reports"}', "TLS reports")]:
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(ValueError, match=said):
            stscan.open(tmp_path)


def test_without_the_program_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STSCAN_BINARY", str(tmp_path / "stscan"))
    with pytest.raises(stscan.ScanError, match="STSCAN_BINARY names .* no program that can be run"):
        stscan.scan(["a.example"])
    monkeypatch.delenv("STSCAN_BINARY")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sysconfig.get_path", lambda *_: str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(stscan.ScanError, match="install the wheel again"):
        stscan.check("a.example")


def test_without_pyspark_one_sentence_says_so() -> None:
    with pytest.raises(ImportError) as raised:
        importlib.import_module("stscan.spark")
    assert str(raised.value) == "stscan.spark needs pyspark 4, which cannot be imported (No module named 'pyspark'); pip install 'stscan[spark]'"
