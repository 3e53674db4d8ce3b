"""Names from wherever they are, as lines that the program cannot mistake for anything else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

#: The line above the names.
HEADER = b"domain\n"
#: Names that are written at once.
_BLOCK = 4096
_CONTROL = frozenset(map(chr, [*range(32), 127]))


def lines(names: object) -> Iterator[bytes]:
    """Blocks of lines, a name in quotes each.

    Raises where something is no name; what it says names the place, from 0. What can be told of a whole column is told at once.
    """
    return _blocks(_texts(names))


def _texts(names: object) -> Iterable[object]:
    if isinstance(names, (str, bytes)):
        raise TypeError(f"names is one {type(names).__name__}; give a list of names, as [{names!r}]")
    if isinstance(names, (pa.Array, pa.ChunkedArray)):
        return _of_column(names)
    if hasattr(names, "__arrow_c_stream__"):
        # Tables and readers have columns, also those of Polars, pandas and DuckDB; a single column is one of Polars or pandas.
        is_table = isinstance(names, pa.RecordBatchReader) or hasattr(names, "columns")
        return _of_table(pa.RecordBatchReader.from_stream(names)) if is_table else _of_column(pa.chunked_array(names))
    if hasattr(names, "__arrow_c_array__"):
        return _of_table(pa.record_batch(names)) if hasattr(names, "columns") else _of_column(pa.array(names))
    dimensions = getattr(names, "ndim", 1)
    if dimensions != 1:
        raise TypeError(f"names has {dimensions} dimensions; give one column, as names['domain']")
    if not isinstance(names, Iterable):
        raise TypeError(f"names is of type {type(names).__name__}; give an iterable of strings, or a column of Arrow, pandas or Polars")
    return names


def _of_table(table: Any) -> Iterable[object]:
    columns = table.schema.names
    if len(columns) != 1:
        raise TypeError(f"names has {len(columns)} columns ({', '.join(columns)}); give one of them, as names['domain']")
    _expect_text(table.schema.field(0).type)
    batches = [table] if isinstance(table, pa.RecordBatch) else table
    return (text for batch in batches for text in _values(batch.column(0)))


def _of_column(column: Any) -> Iterable[object]:
    _expect_text(column.type)
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    if column.null_count:
        place = 0
        for chunk in chunks:
            if chunk.null_count:
                place += chunk.is_null().index(True).as_py()
                break
            place += len(chunk)
        raise ValueError(f"name {place} is null, one of {column.null_count}; drop nulls first")
    return (text for chunk in chunks for text in _values(chunk))


def _values(column: Any) -> Iterator[object]:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    for start in range(0, len(column), _BLOCK):
        yield from column.slice(start, _BLOCK).to_pylist()


def _expect_text(kind: Any) -> None:
    of = kind.value_type if pa.types.is_dictionary(kind) else kind
    is_view = getattr(pa.types, "is_string_view", None)
    if not (pa.types.is_string(of) or pa.types.is_large_string(of) or (is_view is not None and is_view(of))):
        raise TypeError(f"names is a column of {kind}; a column of strings is expected")


def _blocks(names: Iterable[object]) -> Iterator[bytes]:
    block: list[str] = []
    for place, name in enumerate(names):
        block.append('"' + _text(place, name).replace('"', '""') + '"\n')
        if len(block) >= _BLOCK:
            yield "".join(block).encode(errors="surrogatepass")
            block.clear()
    if block:
        yield "".join(block).encode(errors="surrogatepass")


def _text(place: int, name: object) -> str:
    if isinstance(name, str):
        text = name.rstrip("\r\n")  # Lines of a file are names, too.
        if text and _CONTROL.isdisjoint(text):
            return text
        raise ValueError(f"name {place} is {f'{name!r}, which has control characters in it' if text else 'empty'}")
    # NaN is not equal to itself, and NA not even to be asked.
    if name is None or type(name).__name__ == "NAType" or (isinstance(name, float) and name != name):
        raise ValueError(f"name {place} is null; drop nulls first")
    raise TypeError(f"name {place} is {name!r} of type {type(name).__name__}; a string is expected")
