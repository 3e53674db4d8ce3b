"""A dataset folder: its manifest, and its rows for DuckDB, Polars, pandas and Arrow."""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path
from typing import Any

from stscan import _program

#: The version of the layout and of the columns that this module knows.
_SCHEMA_VERSION = 2


class Dataset:
    """A dataset of stscan, finished or not: the parts that its manifest lists, and no other file."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        if "://" in os.fspath(folder):
            raise ValueError(f"{os.fspath(folder)}: in an object store; `stscan merge {os.fspath(folder)} -o FOLDER` brings it here")
        self.folder = Path(folder)
        path = self._manifest_path()
        try:
            manifest = json.loads(path.read_bytes())
        except ValueError as error:
            raise ValueError(f"{path} is no JSON ({error}); `stscan verify` says more") from None
        if not isinstance(manifest, dict) or "schema_version" not in manifest:
            raise ValueError(f"{path} is no manifest of stscan")
        if "table" in manifest:
            raise ValueError(f"{self.folder}: TLS reports, not a scan; read its parts with pyarrow.dataset")
        if manifest["schema_version"] != _SCHEMA_VERSION:
            raise ValueError(
                f"{self.folder}: a dataset of schema version {manifest['schema_version']}, and this module reads version {_SCHEMA_VERSION}; "
                "install the version of stscan that wrote it"
            )
        #: What ``manifest.json`` says: the run, its options and versions, the accounting, counts, and the parts.
        self.manifest: dict[str, Any] = manifest

    def _manifest_path(self) -> Path:
        # In the trees of `--layout hive` other readers are to leave it alone.
        for name in ("manifest.json", "_manifest.json"):
            if (self.folder / name).is_file():
                return self.folder / name
        dated = sorted(self.folder.glob("list=*/date=*"))
        hint = f"a tree of scans: name one of them, such as {dated[-1]}" if dated else "name the folder given to `stscan scan -o`"
        raise FileNotFoundError(f"{self.folder}: no manifest.json here, so this is no dataset; {hint}")

    def __repr__(self) -> str:
        state = "finished" if self.is_finished else "unfinished"
        return f"<stscan dataset {str(self.folder)!r}: {self.manifest['list']['name']!r}, {len(self)} rows, {state}>"

    def __len__(self) -> int:
        return int(self.manifest["counts"]["rows"])

    @property
    def is_finished(self) -> bool:
        """Whether the scan came to its end; what it has so far is whole in either case."""
        return self.manifest["finished_at"] is not None

    @property
    def files(self) -> list[str]:
        """The Parquet files of the parts, in the order of the list."""
        return [str(self.folder.joinpath(*part["file"].split("/"))) for part in self.manifest["parts"]]

    @cached_property
    def dataset(self) -> Any:
        """The rows as a :class:`pyarrow.dataset.Dataset`, which DuckDB, Polars and pandas take as it is."""
        import pyarrow.dataset as ds

        return ds.dataset(self._some_files(), format="parquet")

    def duckdb(self, connection: Any = None) -> Any:
        """The rows as a relation of DuckDB."""
        import duckdb

        return (duckdb if connection is None else connection).read_parquet(self._some_files())

    def polars(self) -> Any:
        """The rows as a lazy frame of Polars."""
        import polars

        return polars.scan_parquet(self._some_files())

    def pandas(self, columns: list[str] | None = None) -> Any:
        """The rows, or some columns of them, as a data frame of pandas."""
        return self.dataset.to_table(columns=columns).to_pandas()

    def verify(self) -> dict[str, Any]:
        """What ``stscan verify --json`` says: whether the dataset is whole, and what is wrong with which file."""
        return _program.run_json(["verify", "--json", "--", str(self.folder)], good=(0, 4))

    def _some_files(self) -> list[str]:
        if not self.files:
            raise ValueError(f"{self.folder}: no part is finished yet, so there are no rows")
        return self.files


def open(folder: str | os.PathLike[str]) -> Dataset:
    """Opens a dataset folder."""
    return Dataset(folder)
