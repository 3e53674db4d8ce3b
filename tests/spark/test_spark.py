"""`stscan.spark` with a real Spark, against the built-in lab: every name once and every column as one machine has it, whatever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

import stscan
from stscan import spark

NAMES = int(os.environ.get("STSCAN_SPARK_NAMES", "100000"))
#: Patient, so that a busy machine changes no row.
OPTIONS: dict[str, Any] = {"lab": "census", "dns_timeout": 5, "fetch_timeout": 10, "fetch_concurrency": 64}
#: What depends on the machine, the moment or the place in a list.
OWN = {"ordinal", "scanned_at", "elapsed_ms", "evidence", "findings"}
MASTERS = ["local[2,4]", "local-cluster[2,1,1024]"]


def session(master: str) -> SparkSession:
    builder = SparkSession.builder.master(master).appName("stscan")
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.task.maxFailures": "4",
        "spark.executor.memory": "768m",
        "spark.default.parallelism": "2",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    made.sparkContext.setLogLevel("OFF")
    return made


@pytest.fixture(scope="module", params=MASTERS)
def engine(request: pytest.FixtureRequest) -> Iterator[SparkSession]:
    made = session(request.param)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def truth(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """The dataset of one machine."""
    folder = tmp_path_factory.mktemp("truth")
    (folder / "names").write_text("".join(f"{name}\n" for name in names(NAMES)))
    typed = [f"--{name.replace('_', '-')}={value}" for name, value in OPTIONS.items()]
    command = [stscan.binary(), "scan", str(folder / "names"), "--list-name=names", "-o", str(folder / "out"), *typed]
    subprocess.run(command, check=True, capture_output=True)
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


def without_own(table: pa.Table) -> pa.Table:
    return table.select([name for name in table.column_names if name not in OWN])


def codes(table: pa.Table) -> list[list[tuple[str, str, str]]]:
    # How fast a busy machine fetches is the machine's.
    return [[(f["code"], f["severity"], f["subject"]) for f in row if f["code"] != "sts-fetch-slow"] for row in table["findings"].to_pylist()]


def expect_same(written: Path, truth: pa.Table) -> None:
    found = pq.read_table(written).sort_by("domain")
    assert found.num_rows == truth.num_rows and len(set(found["domain"].to_pylist())) == found.num_rows, "each name exactly once"
    assert found.column_names == truth.column_names
    assert len(set(found["ordinal"].to_pylist())) == found.num_rows
    one, other = without_own(found), without_own(truth)
    for name in one.column_names:
        assert one[name].to_pylist() == other[name].to_pylist(), name
    assert codes(found) == codes(truth)
    for lookup in ["mx", "sts_txt"]:
        outcomes = [[row[lookup]["outcome"] if row[lookup] else None for row in table["evidence"].to_pylist()] for table in (found, truth)]
        assert outcomes[0] == outcomes[1], lookup


def test_rows_are_those_of_one_machine_whatever_is_killed(engine: SparkSession, truth: pa.Table, tmp_path: Path) -> None:
    killed: list[int] = []
    # Twice a name is one name.
    given = list(names(NAMES)) + ["d1.example.com"]
    # Slow enough that there is time to kill something: three questions a name.
    rows = spark.scan(frame(engine, given), partitions=6, list_name="names", rate=max(200, NAMES // 10), **OPTIONS)
    assert all(field.nullable for field in rows.schema.fields)
    threads = [kill_when(children, 0.5, killed)]
    if engine.sparkContext.master.startswith("local-cluster"):
        threads.append(kill_when(executors, 15.0, killed))
    begun = time.monotonic()
    rows.write.parquet(str(tmp_path / "rows"))
    print(f"{engine.sparkContext.master}: {NAMES} names in {time.monotonic() - begun:.1f} s, {len(killed)} processes killed")
    for thread in threads:
        thread.join(1)
    assert len(killed) == len(threads), "something was killed in the midst of it"
    expect_same(tmp_path / "rows", truth)


def test_cancelled_jobs_leave_no_child(engine: SparkSession) -> None:
    rows = spark.scan(frame(engine, list(names(50_000))), partitions=2, lab="census", rate=2000)
    timer = threading.Timer(8.0, engine.sparkContext.cancelAllJobs)
    timer.start()
    with pytest.raises(Exception, match="(?i)cancel"):
        rows.count()
    for _ in range(200):
        if not children():
            break
        time.sleep(0.1)
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
    # More partitions than names: most of them are empty.
    assert spark.scan(frame(engine, ["a.example", "no name", "A.EXAMPLE"]), "domain", partitions=1, lab="census").count() == 1
    assert spark.scan(frame(engine, ["a.example", "b.example"], "host"), "host", partitions=16, lab="census").count() == 2
    assert spark.scan(frame(engine, []), lab="census").count() == 0
    # Another version on the executors.
    monkeypatch.setattr(stscan._program, "version", lambda: "0.0.1")
    rows = spark.scan(frame(engine, ["a.example"]), partitions=1, lab="census")
    monkeypatch.undo()
    with pytest.raises(Exception, match="and the driver 0.0.1; install one version everywhere"):
        rows.count()
