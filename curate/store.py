"""What has been measured of one shard, kept so that it is never measured twice.

`TextStore`    the text of every document after a stage's transforms; later runs add rows that a looser rule admits
`SignalStore`  the signals measured on that text, row by row, with a flag "measured" so that null keeps its meaning
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.keys import fingerprint
from curate.proved import DAMAGED, parquet_file
from curate.schema import Batch
from curate.signals import Signal

Rows = np.ndarray[Any, np.dtype[np.int64]]

# How a row left a stage's transforms. `_step`: null for a row that is still there, 0 where it could not be read, k
# where it left in the stage's k-th transform (relative, so that steps elsewhere may come and go); `_error`: why it is
# quarantined, null for a row that the step dropped; `_head`: first bytes of what could not be processed. A column
# `_in_k` besides holds the UTF-8 bytes with which the row entered the k-th transform.
MARKS = pa.schema([("_step", pa.int16()), ("_error", pa.string()), ("_head", pa.binary())])

# Work files are read back once or twice: light compression.
WORK_PARQUET: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": False,
    "write_statistics": False,
}
ROW_GROUP = 1024
GROUP_BYTES = 16_000_000  # a row group ends earlier where its rows hold more than this: large documents stay apart


class WorkDamaged(RuntimeError):
    """A file of earlier work that a record promises is not whole."""


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns what Arrow says of a damaged work file into what to do about it."""
    try:
        yield
    except DAMAGED as error:
        raise WorkDamaged(
            f"{path} is damaged ({error}); remove the folder {path.parent.parent} and run again"
        ) from error


def write_work(table: pa.Table, path: Path) -> None:
    """A table of a phase, as a work file."""
    with parquet_file(path, table.schema, WORK_PARQUET) as file:
        file.write(table)


def read_work(path: Path, columns: list[str] | None = None) -> pa.Table:
    """A work file, its sums checked. Raises WorkDamaged."""
    with reading(path):
        return pq.read_table(path, columns=columns, use_threads=False, page_checksum_verification=True)


class BatchWriter:
    """Writes batches as one Parquet file in row groups of 1,024 rows, or of 16 MB if that is reached before.

    The file is the same however the rows were batched, and appears whole or not at all. Use as a context manager.
    """

    def __init__(self, path: Path, schema: pa.Schema, options: dict[str, Any] = WORK_PARQUET) -> None:
        self.path, self.schema, self.options = path, schema, options
        self.rows = 0
        self.notes: dict[str, str] = {}  # key-value metadata, written on closing
        self._waiting: list[Batch] = []
        self._group_rows = self._group_bytes = 0

    def __enter__(self) -> BatchWriter:
        self._opened = parquet_file(self.path, self.schema, self.options)
        self._file = self._opened.__enter__()
        return self

    def write(self, batch: Batch) -> None:
        self.rows += batch.num_rows
        batch = batch.select(self.schema.names).cast(self.schema)
        sizes = _row_sizes(batch)
        start = 0
        for i in range(batch.num_rows):  # borders depend on the rows alone, not on how they were batched
            if self._group_rows == ROW_GROUP or (self._group_rows and self._group_bytes + sizes[i] > GROUP_BYTES):
                self._waiting.append(batch.slice(start, i - start))
                self._flush()
                start = i
            self._group_rows += 1
            self._group_bytes += int(sizes[i])
        if start < batch.num_rows:
            self._waiting.append(batch.slice(start))

    def _flush(self) -> None:
        # One chunk per row group: page boundaries depend on chunks, and bytes must not depend on how rows arrived.
        table = pa.Table.from_batches(self._waiting, self.schema).combine_chunks()
        self._file.write(table)
        self._waiting.clear()
        self._group_rows = self._group_bytes = 0

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            if kind is None and self._group_rows:
                self._flush()
            if kind is None and self.notes:
                self._file.note(self.notes)
        except BaseException as failed:  # as when the disk is full: a file without its end must not appear
            self._opened.__exit__(type(failed), failed, failed.__traceback__)
            raise
        self._opened.__exit__(kind, error, trace)


def _row_sizes(batch: Batch) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Bytes per row of the columns of strings, within lists and structs too, which are what can be large."""
    total = np.zeros(batch.num_rows, np.int64)
    for column in batch.columns:
        total += _value_sizes(column)
    return total


def _value_sizes(column: pa.Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
        return pc.binary_length(column).cast(pa.int64()).fill_null(0).to_numpy()
    total = np.zeros(len(column), np.int64)
    if pa.types.is_struct(column.type):
        for child in column.flatten():
            total += _value_sizes(child)
    elif pa.types.is_list(column.type):
        np.add.at(total, pc.list_parent_indices(column).to_numpy(), _value_sizes(pc.list_flatten(column)))
    return total


class TextStore:
    """The rows of one shard after one stage's transforms, in generations of files sorted by row.

    Generation 0 holds what the first run saw; each later one the rows that were newly admitted.
    """

    def __init__(self, generation_path: Any) -> None:
        self._path = generation_path  # generation number -> Path
        self.generations = 0
        while self._path(self.generations).exists():
            self.generations += 1

    @property
    def next_path(self) -> Path:
        return Path(self._path(self.generations))

    @property
    def paths(self) -> list[Path]:
        return [Path(self._path(g)) for g in range(self.generations)]

    def notes(self) -> dict[str, str]:
        """The key-value metadata of the first generation."""
        metadata = pq.read_metadata(self._path(0)).metadata or {}
        return {k.decode(): v.decode() for k, v in metadata.items() if k != b"ARROW:schema"}

    def batches(self, columns: list[str] | None = None) -> Iterator[Batch]:
        """Every row in order (of one generation: later ones are looked up with a cursor)."""
        with reading(self._path(0)), pq.ParquetFile(self._path(0), page_checksum_verification=True) as file:
            yield from file.iter_batches(ROW_GROUP // 2, columns=columns, use_threads=False)

    def nothing(self) -> Batch:
        """No rows, with every column."""
        schema = pq.read_schema(self._path(0)).remove_metadata()
        return pa.RecordBatch.from_arrays([pa.array([], f.type) for f in schema], schema=schema)


class Cursor:
    """Looks rows up in sorted files; the rows asked for only ever grow."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        with reading(paths[0]):
            self._files = [pq.ParquetFile(p, page_checksum_verification=True) for p in paths]
        self._streams = [f.iter_batches(ROW_GROUP // 2, use_threads=False) for f in self._files]
        self._ahead: list[Batch | None] = [self._next(i) for i in range(len(paths))]

    def _next(self, i: int) -> Batch | None:
        with reading(self._paths[i]):
            return next(self._streams[i], None)

    def take(self, rows: Rows) -> Batch | None:
        """The stored ones among `rows` (sorted), in order; None when there are none."""
        found: list[Batch] = []
        for i in range(len(self._streams)):
            batch = self._ahead[i]
            while batch is not None and len(rows):
                have = batch.column("row").to_numpy()
                found.append(batch.filter(pa.array(np.isin(have, rows))))
                if len(have) and have[-1] > rows[-1]:
                    break
                batch = self._next(i)
            self._ahead[i] = batch
        found = [b for b in found if b.num_rows]
        if not found:
            return None
        table = pa.Table.from_batches(found)
        return (table.sort_by("row") if len(self._files) > 1 else table).combine_chunks().to_batches()[0]

    def close(self) -> None:
        for file in self._files:
            file.close()


class SignalStore:
    """The signals measured so far on one shard's text after one stage.

    Columns whose signal has changed since (another version, options or inputs) are forgotten on loading.
    """

    def __init__(self, path: Path, signals: tuple[Signal, ...]) -> None:
        self.path = path
        self.signals = {s.name: s for s in signals}
        self._keys = {s.name: fingerprint(s.key) for s in signals}
        self._added: list[tuple[Rows, dict[str, pa.Array]]] = []
        self._rows: Rows = np.empty(0, np.int64)
        self._measured: dict[str, np.ndarray[Any, np.dtype[np.bool_]]] = {}
        self._values: dict[str, pa.Array] = {}
        if path.exists():
            try:
                self._load()
            except DAMAGED:  # damaged: what it held is measured again
                self._rows, self._values, self._measured = np.empty(0, np.int64), {}, {}
                path.unlink()

    @staticmethod
    def holds(path: Path, signals: tuple[Signal, ...]) -> bool:
        """Whether the file at `path` has a column for each of `signals` as they are now."""
        try:
            stored = pq.read_schema(path).metadata or {}
        except DAMAGED:
            return False
        return all(stored.get(s.name.encode()) == fingerprint(s.key).encode() for s in signals)

    def _load(self) -> None:
        table = pq.read_table(self.path, use_threads=False, page_checksum_verification=True)
        keys = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
        self._rows = table["row"].to_numpy()
        for name, key in self._keys.items():
            if keys.get(name) == key and name in table.column_names:
                self._values[name] = table[name].combine_chunks()
                self._measured[name] = table[f"{name}#"].to_numpy()

    def known(self, signals: tuple[Signal, ...], rows: Rows) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """For each of `rows`, whether every one of `signals` was measured in an earlier run."""
        if not len(self._rows) or any(s.name not in self._values for s in signals):
            return np.zeros(len(rows), bool)
        at = np.searchsorted(self._rows, rows).clip(0, len(self._rows) - 1)
        mask = self._rows[at] == rows
        for found in signals:
            mask &= self._measured[found.name][at]
        return mask

    def values(self, found: Signal, rows: Rows) -> pa.Array:
        """The stored values of `found` for `rows`, all of them known."""
        if found.name not in self._values:
            raise WorkDamaged(
                f"{self.path} lacks {found.name!r}; remove the folder {self.path.parent.parent} and run again"
            )
        return self._values[found.name].take(pa.array(np.searchsorted(self._rows, rows)))

    def add(self, rows: Rows, values: dict[str, pa.Array]) -> None:
        """Values measured now, one array per signal."""
        if len(rows):
            self._added.append((rows, values))

    def table(self) -> pa.Table:
        """Every row measured so far: `row`, each signal, and `name#`, true where it was measured."""
        sources = [(self._rows, self._values, self._measured)] + [(r, v, {}) for r, v in self._added]
        rows = np.unique(np.concatenate([r for r, _, _ in sources]))
        columns: dict[str, pa.Array] = {"row": pa.array(rows, pa.int64())}
        for name, found in self.signals.items():
            index = np.full(len(rows), -1, np.int64)
            chunks, offset = [], 0
            for source_rows, values, measured in sources:
                if name not in values:
                    continue
                at = np.searchsorted(rows, source_rows)
                mask = measured.get(name, np.ones(len(source_rows), bool))
                index[at[mask]] = offset + np.flatnonzero(mask)
                chunks.append(values[name])
                offset += len(values[name])
            whole_column = pa.concat_arrays(chunks) if chunks else pa.array([], found.dtype)
            columns[name] = whole_column.take(pa.array(index, mask=index < 0))
            columns[f"{name}#"] = pa.array(index >= 0)
        return pa.table(columns)

    def save(self) -> None:
        """Write what is new, if anything is."""
        if self._added or not self.path.exists():
            write_work(self.table().replace_schema_metadata(self._keys), self.path)
