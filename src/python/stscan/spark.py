"""Scans on Apache Spark: every partition of a data frame of names is a scan by a child of its own, with Spark's scheduling and retries.

>>> from stscan import spark
>>> df = spark.session().read.text("names.txt").withColumnRenamed("value", "domain")
>>> rows = spark.scan(df, column="domain", resolver="192.0.2.53", contact="https://example.org/scan")
>>> rows.write.parquet("week-47")

The package has to be installed in the same version on the driver and on every executor. Other readers take the Parquet files best with
``spark.sql.parquet.outputTimestampType=TIMESTAMP_MICROS``.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

try:
    from pyspark import __version__ as _pyspark_version

    if int(_pyspark_version.split(".", 1)[0]) < 4:
        raise ImportError(f"it is {_pyspark_version}")
    from pyspark import TaskContext
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.types import from_arrow_schema
    from pyspark.sql.types import ArrayType, DataType, StringType, StructField, StructType
except ImportError as error:  # pragma: no cover -- depends on what is installed
    raise ImportError(f"stscan.spark needs pyspark 4, which cannot be imported ({error}); pip install 'stscan[spark]'") from error

from stscan import _program
from stscan._scan import scan as scan_names
from stscan._scan import start

#: Events per second in all of a whole scan, unless given: they are divided by the number of tasks, as are those to a single host.
_RATES: dict[str, float] = {"rate": 1000, "fetch_rate": 200, "host_rate": 10, "smtp_rate": 20, "smtp_host_rate": 0.5}
#: Rates that may be given only, or need not be whole.
_DERIVED = ("resolver_rate",)
_DECIMAL = ("smtp_rate", "smtp_host_rate")
#: Partitions for each task that runs at the same time.
_PARTITIONS_PER_TASK = 4
#: Ordinals of a partition: the number of the partition stands above these bits.
_PARTITION_BITS = 33
#: Seconds without rows after which a task tries whether Spark still listens.
_QUIET = 0.5
#: The oldest Java that Spark 4 runs on.
_OLDEST_JAVA = 17


def session(master: str = "local[*,4]", *, settings: Mapping[str, str] | None = None) -> SparkSession:
    """A session of Spark on this machine, set up as scans need it: on loopback only, with a second try for tasks that fail.

    ``master`` is ``local[N,TRIES]`` or ``local-cluster[EXECUTORS,CORES,MEGABYTES]``; ``settings`` are added to those that are made here, or take
    their place. Whoever has a session, or a cluster, does not need this.
    """
    if not master.startswith("local"):
        raise ValueError(f"master is {master!r}; sessions of a cluster are made by SparkSession.builder or spark-submit, and this makes local ones")
    _expect_java()
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master(master).appName("stscan")
    made = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        # Snappy's library does not load where musl is installed beside the C library that Java uses.
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.ui.enabled": "false",
    }
    for name, value in {**made, **(settings or {})}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _expect_java() -> None:
    """Raises where Spark would only say that its gateway exited."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=os.path.join(home, "bin") if home else None)
    where = f"in JAVA_HOME ({home})" if home else "on the PATH"
    hint = f"install Java {_OLDEST_JAVA} or newer (Debian: apt-get install openjdk-17-jre-headless)"
    if java is None:
        raise RuntimeError(f"Spark needs Java, and there is no java {where}; {hint}")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    if version is None:
        raise RuntimeError(f"Spark needs Java, and {java} does not say which version it is; {hint}")
    if int(version[1]) < _OLDEST_JAVA:
        raise RuntimeError(f"Spark needs Java {_OLDEST_JAVA} or newer, and {java} is Java {version[1]}; {hint}")


def scan(
    df: DataFrame,
    column: str = "domain",
    *,
    tasks: int | None = None,
    partitions: int | None = None,
    lab: str | bool | None = None,
    **options: object,
) -> DataFrame:
    """The rows of a scan of the names in a column, each name once; nothing is scanned before the rows are asked for.

    ``options`` are those of ``stscan scan``, with ``_`` for ``-``. All rates (``rate``, ``resolver_rate``, ``fetch_rate``, ``host_rate``,
    ``smtp_rate``, ``smtp_host_rate``, given or by default) are those of the whole scan and are divided by ``tasks``, the number of tasks that run
    at the same time: by default ``sparkContext.defaultParallelism``. Names are dealt out to ``partitions`` by their hash, by default four times
    as many: a partition is what is scanned again where a task fails.

    A name that is there twice is scanned once, also in capitals or with a dot at its end; only one that is there both in Unicode and as ``xn--`` may
    have two rows. ``ordinal`` has the partition above its lowest 33 bits, so that it is unique and says nothing of the place in the data frame;
    ``file`` and ``line`` are null. A task whose child fails, or whose rows do not account for its names, fails and is tried
    again by Spark (``spark.task.maxFailures``; ``local[N]`` never tries again, ``local[N,4]`` does).
    """
    _expect_strings(df, column)
    if "shard" in options or "sample" in options or "top" in options or "skip" in options:
        raise TypeError("shard, sample, top and skip are of a whole list, and a task has a part of it; choose the names by Spark")
    at_once = _tasks(df, tasks)
    if partitions is not None and partitions < 1:
        raise ValueError(f"partitions is {partitions}; at least 1 is expected")
    # All spellings of a name go to one child, which scans it once.
    spelling = F.lower(F.rtrim(F.trim(F.col("domain")), F.lit(".")))
    names = df.select(df[column].alias("domain")).repartition(partitions or _PARTITIONS_PER_TASK * at_once, spelling)
    divided = _divided(options, at_once, is_lab=lab is not None)
    arrow = _schema()
    build = _program.build()
    given: dict[str, object] = {"lab": lab, **divided}

    def of_partition(batches: Iterable[Any]) -> Iterator[Any]:
        return _scan_partition(batches, given, build, arrow)

    return names.mapInArrow(of_partition, _spark_schema(arrow))


def _expect_strings(df: DataFrame, column: str) -> None:
    if column not in df.columns:
        raise ValueError(f"the data frame has no column {column!r}; it has {', '.join(df.columns)}")
    kind = df.schema[column].dataType
    if not isinstance(kind, StringType):
        raise TypeError(f"column {column} is of type {kind.simpleString()}; a column of strings is expected")


def _tasks(df: DataFrame, tasks: int | None) -> int:
    """How many tasks run at the same time, at most."""
    if tasks is not None:
        if tasks < 1:
            raise ValueError(f"tasks is {tasks}; at least 1 is expected")
        return tasks
    try:
        return max(1, int(df.sparkSession.sparkContext.defaultParallelism))
    except Exception as error:
        raise ValueError(f"Spark does not say how many tasks run at the same time ({error}); give tasks=") from error


def _divided(options: dict[str, object], tasks: int, *, is_lab: bool) -> dict[str, object]:
    """The options of each task."""
    divided = dict(options)
    for name in [*_RATES, *_DERIVED]:
        # Nobody has to be spared in the lab, nor on SMTP ports that are not asked.
        default = None if is_lab or name.startswith("smtp") and options.get("smtp") in (None, "none") else _RATES.get(name)
        whole = options.get(name, default)
        if whole is None:
            continue
        if isinstance(whole, bool) or not isinstance(whole, (int, float)):
            raise TypeError(f"{name} is {whole!r}; a number is expected")
        if whole == 0:
            continue  # No limit.
        share = whole / tasks
        if name not in _DECIMAL and share < 1:
            raise ValueError(f"{name} is {whole} per second for {tasks} tasks at the same time, less than 1 for each; give fewer tasks, or a higher {name}")
        divided[name] = round(share, 4) if name in _DECIMAL else int(share)
    return divided


def _schema() -> Any:
    """The columns, as the program streams them."""
    with scan_names(["example.com"], lab="census") as reader:
        return reader.schema


def _spark_schema(arrow: Any) -> StructType:
    """The same for Spark, all nullable; refuses what it cannot take."""
    for field in arrow:
        _expect_spark_type(field.name, field.type)
    schema = _nullable(from_arrow_schema(arrow))
    assert isinstance(schema, StructType)
    return schema


def _expect_spark_type(path: str, kind: Any) -> None:
    types = pa.types
    if types.is_struct(kind):
        for place in range(kind.num_fields):
            _expect_spark_type(f"{path}.{kind.field(place).name}", kind.field(place).type)
    elif types.is_list(kind):
        _expect_spark_type(f"{path}[]", kind.value_type)
    elif types.is_dictionary(kind) or types.is_unsigned_integer(kind) or types.is_timestamp(kind) and kind.unit != "us":
        raise _program.ScanError(f"column {path} is of type {kind}, which Spark cannot take; use the version of this package that belongs to the program")


def _nullable(kind: DataType) -> DataType:
    if isinstance(kind, StructType):
        return StructType([StructField(field.name, _nullable(field.dataType), True) for field in kind.fields])
    if isinstance(kind, ArrayType):
        return ArrayType(_nullable(kind.elementType), True)
    return kind


class _Counted:
    """The names of a partition, counted as they go."""

    def __init__(self, batches: Iterable[Any], partition: int) -> None:
        self.count = 0
        self._batches = batches
        self._partition = partition

    def __iter__(self) -> Iterator[str]:
        for batch in self._batches:
            column = batch.column(0)
            if column.null_count:
                place = self.count + column.is_null().index(True).as_py()
                raise ValueError(f"name {place} of partition {self._partition} is null, one of {column.null_count}; drop nulls first")
            for name in column.to_pylist():
                self.count += 1
                yield name


def _scan_partition(batches: Iterable[Any], options: dict[str, object], build: str, schema: Any) -> Iterator[Any]:
    """The rows of a partition. Raises, so that Spark tries it again, unless all names are accounted for."""
    context = TaskContext.get()
    partition = context.partitionId() if context is not None else 0
    counted = _Counted(batches, partition)
    names = iter(counted)
    first = next(names, None)
    if first is None:
        return  # An empty partition has no rows.
    here = _program.build()
    if here != build:
        raise _program.ScanError(
            f"the executor of partition {partition} has stscan {_first_line(here)}, and the driver {_first_line(build)}; install one version everywhere"
        )
    rows = 0
    reader = start(itertools.chain([first], names), options, dies_with_parent=True)
    try:
        if not reader.schema.equals(schema):
            raise _program.ScanError(f"the executor of partition {partition} has a stscan with other columns; install one version everywhere")
        nothing = pa.RecordBatch.from_pylist([], schema=schema)
        while True:
            # A task learns that it was cancelled only when it writes.
            while reader.is_quiet(_QUIET):
                yield nothing
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                break
            rows += batch.num_rows
            yield _placed(batch, partition)
    finally:
        reader.close()
    accounting = reader.accounting or {}
    lines = accounting.get("lines", 0) - accounting.get("blank", 0)
    if lines != counted.count or rows != accounting.get("rows"):
        raise _program.ScanError(f"partition {partition} had {counted.count} names, and {rows} rows came of {lines} of them ({accounting})")


def _placed(batch: Any, partition: int) -> Any:
    """Rows that say nothing of a place in a file, since names were dealt out; their ordinals are those of all partitions."""
    ordinals = pc.call_function("add", [batch.column("ordinal"), pa.scalar(partition << _PARTITION_BITS, pa.int64())])
    columns = {"ordinal": ordinals, **{name: pa.nulls(batch.num_rows, batch.schema.field(name).type) for name in ("file", "line")}}
    return pa.RecordBatch.from_arrays([columns.get(name, batch.column(name)) for name in batch.schema.names], schema=batch.schema)


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0]
