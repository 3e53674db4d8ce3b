"""`stscan.spark` with a real Spark, against the built-in lab: every name once and every column as one machine has it, whatever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import blocks
import stscan
from stscan import spark

NAMES = int(os.environ.get("STSCAN_SPARK_NAMES", "100000"))
#: Patient, so that a busy machine changes no row: one that stood still for 42 s made `unknown` of fetches that had 40. In this lab no fetch takes
#: all of its time, so that patience with them costs none; what never answers on DNS takes `dns_timeout`, a few times over.
OPTIONS: dict[str, Any] = {"lab": "census", "dns_timeout": 3, "connect_timeout": 20, "fetch_timeout": 600, "fetch_concurrency": 32}
#: What depends on the machine, the moment or the place in a list, wherever it stands; and all that ends in _ms.
OWN = {"ordinal", "file", "line", "scanned_at", "rtt_us", "attempts", "resolver"}
#: The lab signs for a few weeks around the moment.
OWN_OF_CERTIFICATES = {"not_before", "not_after", "sha256"}
OWN_COLUMNS = OWN | {"cert_not_after"}
MASTERS = ["local[2,4]", "local-cluster[2,1,1024]"]


@pytest.fixture(scope="module", params=MASTERS)
def engine(request: pytest.FixtureRequest) -> Iterator[SparkSession]:
    settings = {"spark.task.maxFailures": "4", "spark.executor.memory": "768m", "spark.default.parallelism": "2", "spark.ui.showConsoleProgress": "false"}
    made = spark.session(request.param, settings=settings)
    made.sparkContext.setLogLevel("OFF")
    yield made
    made.stop()


@pytest.fixture(scope="session")
def truth(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """The dataset of one machine."""
    folder = tmp_path_factory.mktemp("truth")
    (folder / "names").write_text("".join(f"{name}\n" for name in names(NAMES)))
    typed = [f"--{name.replace('_', '-')}={value}" for name, value in OPTIONS.items()]
    command = [stscan.binary(), "scan", str(folder / "names"), "--list-name=names", "-o", str(folder / "out"), *typed]
    begun = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    print(f"one process, to files: {NAMES} names in {time.monotonic() - begun:.1f} s")
    return stscan.open(folder / "out").dataset.to_table().sort_by("domain")


def names(count: int) -> Iterator[str]:
    return (f"d{number}.example.com" for number in range(count))


def frame(engine: SparkSession, given: list[Any], column: str = "domain") -> Any:
    return engine.createDataFrame([(name,) for name in given], f"{column} string")


def children() -> list[int]:
    """Scans that run below Spark."""
    found = subprocess.run(["pgrep", "-f", f"^{stscan.binary()} scan - "], capture_output=True, text=True).stdout
    return [int(pid) for pid in found.split()]


def kill_when(find: Any, after: float, killed: list[int]) -> threading.Thread:
    """Kills the first process that is found, once it has run for some seconds."""

    def work() -> None:
        deadline = time.monotonic() + 900
        while time.monotonic() < deadline:
            found = find()
            if found:
                time.sleep(after)
                try:
                    os.kill(found[0], signal.SIGKILL)
                except ProcessLookupError:
                    continue
                killed.append(found[0])
                return
            time.sleep(0.02)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def executors() -> list[int]:
    found = subprocess.run(["pgrep", "-f", "CoarseGrainedExecutorBackend"], capture_output=True, text=True).stdout
    return [int(pid) for pid in found.split()]


def stripped(array: Any, of: str = "") -> Any:
    """A column, or what is in it, without what is a machine's own."""
    if pa.types.is_struct(array.type):
        own = OWN | (OWN_OF_CERTIFICATES if of == "certificate" else set())
        kept = [field.name for field in array.type if field.name not in own and not field.name.endswith("_ms")]
        inside = [stripped(array.field(name), name) for name in kept]
        return pa.StructArray.from_arrays(inside, names=kept, mask=array.is_null())
    if pa.types.is_list(array.type):
        return pa.ListArray.from_arrays(array.offsets, stripped(array.values, of), mask=array.is_null())
    return array


def is_hurried(finding: Any) -> bool:
    """Whether it is the one finding that is of the machine's speed."""
    return isinstance(finding, dict) and finding.get("code") == "sts-fetch-slow"


def unhurried(value: Any) -> Any:
    return [one for one in value if not is_hurried(one)] if isinstance(value, list) else value


def differences(found: pa.Table, truth: pa.Table) -> list[tuple[str, str, Any, Any]]:
    """What differs, by domain and column. Columns that are equal as a whole are not looked at row by row."""
    told = []
    # The worst of findings of which one is the machine's; those that are left are compared, with their severities.
    slow = {row["domain"] for table in (found, truth) for row in table.select(["domain", "findings"]).to_pylist() if any(map(is_hurried, row["findings"] or []))}
    for name in truth.column_names:
        if name in OWN_COLUMNS or name.endswith("_ms"):
            continue
        one, other = (stripped(table[name].combine_chunks(), name) for table in (found, truth))
        if not one.equals(other):
            rows = zip(truth["domain"].to_pylist(), one.to_pylist(), other.to_pylist(), strict=True)
            told += [(domain, name, here, there) for domain, here, there in rows if unhurried(here) != unhurried(there) and not (name == "worst" and domain in slow)]
    return told


def expect_same(written: Path, truth: pa.Table) -> None:
    found = pq.read_table(written).sort_by("domain")
    assert found.column_names == truth.column_names
    assert found["domain"].to_pylist() == truth["domain"].to_pylist(), "each name exactly once"
    assert len(set(found["ordinal"].to_pylist())) == found.num_rows
    assert found["file"].null_count == found["line"].null_count == found.num_rows
    different = differences(found, truth)
    rows = sorted({domain for domain, *_ in different})
    assert not different, f"{len(rows)} rows differ, as {rows[:5]}: {[one for one in different if one[0] in rows[:3]]}"


def test_differences_are_seen() -> None:
    """Of one value, at whatever depth; and none where only a machine's own differ."""
    certificate = {"serial": "1", "sha256": "a"}
    row = {"domain": "a.example", "posture": "enforce", "worst": "low", "evidence": {"rtt_us": 5, "answers": [{"value": "x", "took_ms": 7, "certificate": certificate}]}}
    slow = [{"code": "sts-fetch-slow"}, {"code": "other"}]

    def table(**changed: Any) -> pa.Table:
        return pa.Table.from_pylist([{**row, "findings": slow, "cert_not_after": 1, **changed}, {"domain": "b.example"}])

    def inside(**changed: Any) -> Any:
        return {"rtt_us": 6, "answers": [{"value": "x", "took_ms": 8, "certificate": {"serial": "1", "sha256": "b"}, **changed}]}

    assert differences(table(evidence=inside(), findings=slow[1:], worst="info", cert_not_after=2), table()) == []
    assert differences(table(findings=slow[1:], worst="info"), table(findings=slow[1:])) != []
    for changed in [{"posture": "none"}, {"findings": slow[:1]}, {"findings": None}, {"evidence": None}, {"evidence": inside(value="y")}, {"evidence": inside(value=None)}]:
        assert [(domain, name) for domain, name, *_ in differences(table(**changed), table())] == [("a.example", next(iter(changed)))], changed
    wrong = inside(certificate={"serial": "2", "sha256": "a"})
    assert [name for _, name, *_ in differences(table(evidence=wrong), table())] == ["evidence"]


def test_rows_are_those_of_one_machine_whatever_is_killed(engine: SparkSession, truth: pa.Table, tmp_path: Path) -> None:
    killed: list[int] = []
    # A name that is there twice, or in other letters, is one name.
    given = engine.range(NAMES).select(F.format_string("d%d.example.com", "id").alias("domain")).union(frame(engine, ["d1.example.com", "D2.Example.COM."]))
    # Slow enough that there is time to kill something: three questions a name.
    rows = spark.scan(given, partitions=4, list_name="names", rate=max(200, NAMES // 10), **OPTIONS)
    assert all(field.nullable for field in rows.schema.fields)
    threads = [kill_when(children, 3.0, killed)]
    if engine.sparkContext.master.startswith("local-cluster"):
        threads.append(kill_when(executors, 15.0, killed))
    begun = time.monotonic()
    rows.write.parquet(str(tmp_path / "rows"))
    print(f"{engine.sparkContext.master}: {NAMES} names in {time.monotonic() - begun:.1f} s, {len(killed)} processes killed")
    for thread in threads:
        thread.join(1)
    assert len(killed) == len(threads), "something was killed in the midst of it"
    expect_same(tmp_path / "rows", truth)


@pytest.mark.parametrize("engine", MASTERS[:1], indirect=True)
def test_nothing_is_lost_at_full_speed(engine: SparkSession, truth: pa.Table, tmp_path: Path) -> None:
    begun = time.monotonic()
    given = engine.range(NAMES).select(F.format_string("d%d.example.com", "id").alias("domain"))
    spark.scan(given, partitions=2, list_name="names", **OPTIONS).write.parquet(str(tmp_path / "rows"))
    print(f"{engine.sparkContext.master}: {NAMES} names in {time.monotonic() - begun:.1f} s, nothing killed, no rate")
    expect_same(tmp_path / "rows", truth)


def test_cancelled_jobs_leave_no_child(engine: SparkSession) -> None:
    given = engine.range(50_000).select(F.format_string("d%d.example.com", "id").alias("domain"))
    rows = spark.scan(given, partitions=2, lab="census", rate=400)

    def cancel() -> None:
        while not children():
            time.sleep(0.1)
        time.sleep(2)
        engine.sparkContext.cancelAllJobs()

    threading.Thread(target=cancel, daemon=True).start()
    with pytest.raises(Exception, match="(?i)cancel"):
        rows.count()
    begun = time.monotonic()
    while children() and time.monotonic() < begun + 60:
        time.sleep(0.05)
    print(f"{engine.sparkContext.master}: the children are gone {time.monotonic() - begun:.1f} s after the job was cancelled")
    assert children() == []


def test_rates_are_divided() -> None:
    divided = spark._divided({"rate": 1000, "smtp": "adopters"}, 4, is_lab=False)
    assert divided == {"rate": 250, "smtp": "adopters", "fetch_rate": 50, "host_rate": 2, "smtp_rate": 5.0, "smtp_host_rate": 0.125}
    assert spark._divided({}, 4, is_lab=True) == {} and spark._divided({"rate": 0}, 4, is_lab=True) == {"rate": 0}
    assert "smtp_rate" not in spark._divided({}, 2, is_lab=False)
    with pytest.raises(ValueError, match="host_rate is 10 per second for 100 tasks"):
        spark._divided({"rate": 100_000, "fetch_rate": 1000}, 100, is_lab=False)
    with pytest.raises(TypeError, match="rate is '5'"):
        spark._divided({"rate": "5"}, 1, is_lab=True)


@pytest.mark.parametrize("engine", MASTERS[:1], indirect=True)
def test_what_cannot_be_scanned_is_told(engine: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = engine.range(3).withColumnRenamed("id", "domain")
    with pytest.raises(TypeError, match="column domain is of type bigint; a column of strings is expected"):
        spark.scan(numbers, lab="census")
    with pytest.raises(ValueError, match="no column 'name'; it has domain"):
        spark.scan(numbers, "name", lab="census")
    with pytest.raises(TypeError, match="choose the names by Spark"):
        spark.scan(frame(engine, ["a.example"]), lab="census", top=5)
    with pytest.raises(ValueError, match="tasks is 0"):
        spark.scan(frame(engine, ["a.example"]), lab="census", tasks=0)
    with pytest.raises(Exception, match="is null, one of 1; drop nulls first"):
        spark.scan(frame(engine, ["a.example", None]), partitions=1, lab="census").count()
    with pytest.raises(Exception, match="unexpected argument '--foo'"):
        spark.scan(frame(engine, ["a.example"]), partitions=1, lab="census", foo=1).count()
    assert spark.scan(frame(engine, ["a.example", "a.example.", " A.example"]), partitions=8, lab="census").count() == 1
    # More partitions than names: most of them are empty.
    assert spark.scan(frame(engine, ["a.example", "no name", "A.EXAMPLE"]), "domain", partitions=1, lab="census").count() == 1
    assert spark.scan(frame(engine, ["a.example", "b.example"], "host"), "host", partitions=16, lab="census").count() == 2
    assert spark.scan(frame(engine, []), lab="census").count() == 0
    # Another version on the executors.
    monkeypatch.setattr(stscan._program, "build", lambda: "0.0.1\ncatalogue 0.1")
    rows = spark.scan(frame(engine, ["a.example"]), partitions=1, lab="census")
    monkeypatch.undo()
    with pytest.raises(Exception, match="and the driver 0.0.1; install one version everywhere"):
        rows.count()


@pytest.mark.parametrize("block", [pytest.param(block, id=block.place) for block in blocks.blocks() if block.is_sparks])
def test_code_of_the_documents_runs(block: blocks.Block, tmp_path: Path) -> None:
    blocks.run(block, stscan.binary(), tmp_path)
    (written,) = tmp_path.glob("week-4*")
    assert pq.read_table(written).num_rows == 50


def python(program: str, **environment: str) -> str:
    """The last line of what a Python process of its own says on standard error."""
    kept = {name: os.environ[name] for name in ("PYTHONPATH", "STSCAN_BINARY") if name in os.environ}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env={**kept, **environment})
    return (done.stderr.strip().splitlines() or [""])[-1]


def test_without_java_one_sentence_says_so(tmp_path: Path) -> None:
    program = "from stscan import spark; spark.session()"
    hint = "install Java 17 or newer"
    assert f"Spark needs Java, and there is no java on the PATH; {hint}" in python(program, PATH=str(tmp_path))
    assert f"Spark needs Java, and there is no java in JAVA_HOME ({tmp_path}); {hint}" in python(program, PATH=os.environ["PATH"], JAVA_HOME=str(tmp_path))
    for said, told in [('openjdk version "1.8.0_392"', "is Java 8"), ('openjdk version "11.0.2" 2019-01-15', "is Java 11"), ("hello", "does not say which version it is")]:
        (tmp_path / "java").write_text(f"#!/bin/sh\necho '{said}' >&2\n")
        (tmp_path / "java").chmod(0o755)
        sentence = python(program, PATH=f"{tmp_path}:{os.environ['PATH']}")
        assert told in sentence and hint in sentence, sentence
    with pytest.raises(ValueError, match="sessions of a cluster are made by SparkSession.builder or spark-submit"):
        spark.session("spark://127.0.0.1:7077")
    # A pyspark that is too old.
    (tmp_path / "pyspark").mkdir()
    (tmp_path / "pyspark" / "__init__.py").write_text("__version__ = '3.5.1'\n")
    old = python("import stscan.spark", PATH=os.environ["PATH"], PYTHONPATH=f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    assert "stscan.spark needs pyspark 4, which cannot be imported (it is 3.5.1); pip install 'stscan[spark]'" in old, old
