"""A scan as a stream: names go to the program from a thread of their own, and its record batches are read as they come."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import logging
import select
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from stscan import _names, _program

_LOG = logging.getLogger("stscan")
#: Lines of standard error that are kept for the sentence of a failure.
_KEPT_LINES = 20
#: Seconds that a program has to end by itself, before it is killed.
_GRACE = 5.0
#: Octets that are read ahead.
_BUFFER = 1 << 18
#: Options that this module gives itself.
_OWN = ("out", "format", "progress", "column", "restart", "part_rows")


class _Output(io.RawIOBase):
    """The program's standard output. At its end it knows whether the program did all of its work; when it is closed, the program is."""

    def __init__(self, names: Iterator[bytes], arguments: list[str], dies_with_parent: bool) -> None:
        super().__init__()
        #: What became of the names, once all rows came.
        self.accounting: dict[str, int] | None = None
        self._is_over = False
        self._child = subprocess.Popen(
            [_program.binary(), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_program.environment(),
            preexec_fn=_die_with_parent if dies_with_parent and sys.platform == "linux" else None,
        )
        # Neither thread knows this object, so that it goes when its reader does.
        self._told = _Told()
        self._listener = threading.Thread(target=self._told.listen, args=(self._child.stderr,), name="stscan-messages", daemon=True)
        self._listener.start()
        threading.Thread(target=_feed, args=(self._child, names, self._told), name="stscan-names", daemon=True).start()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.closed:
            return 0
        assert self._child.stdout is not None
        count = self._child.stdout.readinto1(memoryview(buffer).cast("B"))  # type: ignore[attr-defined]
        if count == 0:
            # The stream has not had its end mark, or nobody would read on.
            self.expect_success(cut=True)
        return int(count)

    def is_quiet(self, seconds: float) -> bool:
        if self._is_over or sys.platform == "win32":
            return False  # Pipes of Windows cannot be asked.
        assert self._child.stdout is not None
        poll = select.poll()
        poll.register(self._child.stdout, select.POLLIN)
        return not poll.poll(seconds * 1000)

    def expect_success(self, cut: bool = False) -> None:
        """Waits for the end of the program and raises where it failed, or names could not be had."""
        if self._is_over:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(_GRACE if cut else None)
        status = self._child.poll()
        self._end()
        if self._told.failure is not None:
            raise self._told.failure
        if status != 0:
            raise _program.ScanError(_program.last_sentence(self._told.said, status or 0), status)
        if cut:
            raise _program.ScanError("the stream ended before its end mark", status)
        self.accounting = self._told.accounting

    def close(self) -> None:
        if not self.closed:
            self._end()
        super().close()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()

    def _end(self) -> None:
        """Ends the program if it still runs, and what belongs to it."""
        if self._is_over:
            return
        self._is_over = True
        if self._child.poll() is None:
            self._told.is_cancelled = True
            self._child.kill()
            self._child.wait()
        self._listener.join(_GRACE)
        if self._child.stdout is not None:
            self._child.stdout.close()


def _die_with_parent() -> None:
    """Runs in the child: where the thread that began it is killed, it is killed, too."""
    import ctypes

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class _Told:
    """What the program said, and why its names could not be had."""

    def __init__(self) -> None:
        self.said: deque[str] = deque(maxlen=_KEPT_LINES)
        self.accounting: dict[str, int] | None = None
        self.failure: BaseException | None = None
        self.is_cancelled = False

    def listen(self, messages: Any) -> None:
        with messages:
            for line in io.TextIOWrapper(messages, errors="replace"):
                if line.startswith("{"):
                    self._progress(line)
                elif line.strip():
                    self.said.append(line.rstrip("\n"))

    def _progress(self, line: str) -> None:
        try:
            said = json.loads(line)
        except ValueError:
            self.said.append(line)
            return
        if "note" in said:
            _LOG.info("%s", said["note"])
        elif said.get("accounting"):
            self.accounting = said["accounting"]


def _feed(child: subprocess.Popen[bytes], names: Iterator[bytes], told: _Told) -> None:
    """Writes all names. Where one cannot be had, the program is killed: the list must not seem to end there."""
    assert child.stdin is not None
    try:
        for block in names:
            if told.is_cancelled:
                return
            child.stdin.write(block)
    except BrokenPipeError:
        pass  # The program ended; it says why.
    except BaseException as error:  # noqa: BLE001 -- whatever it is, it is told to the reader.
        told.failure = error
        child.kill()
    finally:
        with contextlib.suppress(OSError):
            child.stdin.close()
        close = getattr(names, "close", None)
        if close is not None:
            with contextlib.suppress(Exception):
                close()


class ScanReader(pa.ipc.RecordBatchStreamReader):  # type: ignore[misc]
    """The rows of a scan as they come: a :class:`pyarrow.RecordBatchReader` that ends the program when it is closed.

    ``accounting`` says, once all rows came, what became of the names: ``rows``, ``rejected`` (no domain names), ``duplicates``,
    ``excluded``, ``not_selected``; ``lines`` and ``blank`` count the line above the names, too.
    """

    def __init__(self, output: _Output) -> None:
        self._output = output
        # Arrow takes a short read for the end of the stream.
        super().__init__(io.BufferedReader(output, _BUFFER))

    @property
    def accounting(self) -> dict[str, int] | None:
        """What became of the names; None until all rows came."""
        return self._output.accounting

    def read_next_batch(self) -> Any:
        """The next rows."""
        try:
            return super().read_next_batch()
        except StopIteration:
            self._output.expect_success()
            raise

    def is_quiet(self, seconds: float) -> bool:
        """Whether the program writes nothing for so long. What it wrote before may not have been read yet."""
        return self._output.is_quiet(seconds)

    def read_all(self) -> Any:
        """All rows that are still to come, as a table."""
        table = super().read_all()
        self._output.expect_success()
        return table

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return self.read_next_batch()

    def iter_batches_with_custom_metadata(self) -> Iterator[Any]:
        """The rows with metadata, of which there are none."""
        yield from super().iter_batches_with_custom_metadata()
        self._output.expect_success()

    def close(self) -> None:
        """Ends the scan. Rows that did not come are lost."""
        self._output.close()
        super().close()


def scan(
    names: object,
    *,
    lab: str | bool | None = None,
    resolver: str | Sequence[str] | None = None,
    rate: int | None = None,
    **options: object,
) -> ScanReader:
    """Scans names and returns a reader of the rows, in the order of the names.

    ``names`` is any iterable of strings, or a column of Arrow, pandas or Polars. ``options`` are those of ``stscan scan``, with ``_`` for
    ``-``: ``contact="https://example.org/scan"``, ``smtp="adopters"``, ``top=1000``. Names are copied to a file in ``TMPDIR`` before the
    first is scanned, so that memory stays small on either side.

    Raises ValueError or TypeError for what is no name (null, not a string), and :class:`ScanError`, here or while rows are read, where the
    program fails. Closing the reader ends the scan::

        with stscan.scan(names, resolver="192.0.2.53", rate=500) as rows:
            for batch in rows:
                ...
    """
    return start(names, {"lab": lab, "resolver": resolver, "rate": rate, **options})


def start(names: object, options: Mapping[str, object], dies_with_parent: bool = False) -> ScanReader:
    """As :func:`scan`; where told so, the child is killed with the thread that begins it."""
    own = [name for name in _OWN if name in options]
    if own:
        raise TypeError(f"{own[0]} cannot be given here: rows come as a stream; use `stscan scan` for a folder")
    given = _program.options({"list_name": "names", **options})
    blocks = _names.lines(names)
    first = next(blocks, None)
    if first is None:
        raise ValueError("there is no name to be scanned: names is empty")
    lines = itertools.chain([_names.HEADER, first], blocks)
    fixed = ["--out=-", "--format=arrow-stream", "--progress=json", "--column=domain"]
    output = _Output(lines, ["scan", "-", *fixed, *given], dies_with_parent)
    try:
        return ScanReader(output)
    except BaseException:
        output.close()
        raise
