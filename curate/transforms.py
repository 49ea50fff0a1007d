"""The transforms of a stage on one shard: looked up where an earlier run has done them, done where not."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.guard import ContractBroken, Failures, Watch, guarded
from curate.pipeline import Stage
from curate.schema import Batch
from curate.store import MARKS, BatchWriter, Cursor, TextStore

HEAD_BYTES = 200


class StageText:
    """Gives every row it is asked for after the stage's transforms, with the columns of `MARKS`.

    Rows keep their places: one that left in a transform is still there, marked, without text. `cpu` adds up CPU
    seconds by step number.
    """

    def __init__(self, stage: Stage, store: TextStore, watch: Watch, cpu: dict[int, float]) -> None:
        self.stage, self.store, self.watch, self.cpu = stage, store, watch, cpu
        self._cursor = Cursor(store.paths) if store.generations else None
        self._writer: BatchWriter | None = None

    def of(self, batch: Batch) -> Batch:
        """The rows of `batch`, stored or done now; what is done now is stored for the next run."""
        rows = batch.column("row").to_numpy()
        found = self._cursor.take(rows) if self._cursor else None
        if found is not None and found.num_rows == len(rows):
            return found
        if found is None and not len(rows) and self.store.generations:
            return self.store.nothing()
        if found is None:
            return self.fresh(batch)
        missing = ~np.isin(rows, found.column("row").to_numpy())
        done = self.fresh(batch.filter(pa.array(missing)))
        table = pa.Table.from_batches([found.select(done.schema.names).cast(done.schema), done])
        return table.sort_by("row").combine_chunks().to_batches()[0]

    def fresh(self, batch: Batch) -> Batch:
        """`batch` after the transforms, and stored. It may bring marks of its own: rows that could not be read."""
        rows = batch.column("row").to_numpy()
        left = np.full(len(rows), -1, np.int16)
        errors: Failures = {}
        heads: dict[int, bytes] = {}
        staying = batch
        if "_step" in batch.schema.names:
            left, errors, heads = _marks_of(batch)
            staying = batch.filter(pa.array(left < 0)).drop_columns(MARKS.names)
        sizes = np.zeros((len(self.stage.transforms), len(rows)), np.int64)
        for k, numbered in enumerate(self.stage.transforms):
            entering = staying
            at = np.searchsorted(rows, entering.column("row").to_numpy())
            sizes[k, at] = row_bytes(entering)
            cpu = time.process_time()
            staying, failures = guarded(self.watch, numbered.number, numbered.step, entering)
            self.cpu[numbered.number] = self.cpu.get(numbered.number, 0.0) + time.process_time() - cpu
            gone = ~np.isin(entering.column("row").to_numpy(), staying.column("row").to_numpy())
            left[at[gone]] = k + 1
            errors.update(failures)
            heads.update(_heads(entering, failures))
        out = _with_marks(_rejoined(staying, batch, left), left, errors, heads, sizes)
        if self._writer is None:
            self._writer = BatchWriter(self.store.next_path, out.schema).__enter__()
        if out.schema != self._writer.schema:
            raise ContractBroken(self._columns_changed(out.schema, self._writer.schema))
        self._writer.write(out)
        return out

    def _columns_changed(self, now: pa.Schema, before: pa.Schema) -> str:
        names = [n for n in {*now.names, *before.names} if _type(now, n) != _type(before, n)]
        changes = ", ".join(f"`{n}` was {_type(before, n)} and is {_type(now, n)}" for n in sorted(names))
        steps = ", ".join(f"{t.number} `{t.name}`" for t in self.stage.transforms) or "the source"
        return f"the columns after {steps} changed from batch to batch: {changes}; give every batch the same types"

    def close(self, notes: dict[str, str] | None = None, error: BaseException | None = None) -> None:
        """Keep what was done now, or on an error leave no trace of it."""
        if self._cursor is not None:
            self._cursor.close()
        if self._writer is not None:
            self._writer.notes = notes or {}
            self._writer.__exit__(type(error) if error else None, error, None)


def _type(schema: pa.Schema, name: str) -> str:
    return str(schema.field(name).type) if name in schema.names else "not there"


def staying(batch: Batch) -> Batch:
    """The rows that have not left, without marks."""
    marks = [n for n in batch.schema.names if n in MARKS.names or n.startswith("_in_")]
    return batch.filter(pc.is_null(batch.column("_step"))).drop_columns(marks)


def row_bytes(batch: Batch) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Per row, the UTF-8 bytes of `text` and, before there is any, of `html`."""
    total = np.zeros(batch.num_rows, np.int64)
    for name in ("text", "html"):
        if name in batch.schema.names:
            total += pc.binary_length(batch.column(name)).cast(pa.int64()).fill_null(0).to_numpy()
    return total


def unreadable(batch: Batch) -> Batch:
    """Documents as a source gives them, with `error` and `head` turned into marks of step 0."""
    bad = pc.is_valid(batch.column("error"))
    step = pc.if_else(bad, pa.scalar(0, pa.int16()), pa.scalar(None, pa.int16()))
    marks = [step, batch.column("error"), batch.column("head")]
    stored = batch.drop_columns(["skipped", "error", "head"])
    for field, values in zip(MARKS, marks, strict=True):
        stored = stored.append_column(field, values)
    return stored


def _marks_of(batch: Batch) -> tuple[np.ndarray[Any, np.dtype[np.int16]], Failures, dict[int, bytes]]:
    left = batch.column("_step").fill_null(-1).to_numpy().copy()
    bad = pa.array(left >= 0)
    rows = batch.column("row").filter(bad).to_pylist()
    errors = batch.column("_error").filter(bad).to_pylist()
    heads = batch.column("_head").filter(bad).to_pylist()
    return left, dict(zip(rows, errors, strict=True)), dict(zip(rows, (h or b"" for h in heads), strict=True))


def _heads(batch: Batch, failures: Failures) -> dict[int, bytes]:
    """The first bytes of the rows that failed, of their markup or text."""
    heads: dict[int, bytes] = {}
    if failures:
        rows = batch.column("row").to_numpy()
        for row in failures:
            i = int(np.searchsorted(rows, row))
            found = [batch.column(n)[i].as_py() for n in ("html", "text") if n in batch.schema.names]
            heads[row] = next((f for f in found if f), "")[:HEAD_BYTES].encode()[:HEAD_BYTES]
    return heads


def _rejoined(staying: Batch, batch: Batch, left: np.ndarray[Any, Any]) -> Batch:
    """`staying` with the rows of `batch` that left put back in place: what describes them, and null for the rest."""
    if not (left >= 0).any():
        return staying
    gone = batch.filter(pa.array(left >= 0))
    columns = []
    for field in staying.schema:
        same = field.name in gone.schema.names and gone.schema.field(field.name).type == field.type
        keep = same and field.name not in ("text", "html")
        columns.append(gone.column(field.name) if keep else pa.nulls(gone.num_rows, field.type))
    back = pa.RecordBatch.from_arrays(columns, schema=staying.schema)
    table = pa.Table.from_batches([staying, back]).sort_by("row").combine_chunks()
    return table.to_batches()[0]


def _with_marks(
    batch: Batch,
    left: np.ndarray[Any, Any],
    errors: Failures,
    heads: dict[int, bytes],
    sizes: np.ndarray[Any, np.dtype[np.int64]],
) -> Batch:
    rows = batch.column("row").to_pylist()
    columns = [
        pa.array(left, pa.int16(), mask=left < 0),
        pa.array([errors.get(r) for r in rows], pa.string()) if errors else pa.nulls(len(rows), pa.string()),
        pa.array([heads.get(r) for r in rows], pa.binary()) if heads else pa.nulls(len(rows), pa.binary()),
    ]
    for field, values in zip(MARKS, columns, strict=True):
        batch = batch.append_column(field, values)
    for k, entered in enumerate(sizes, start=1):
        batch = batch.append_column(pa.field(f"_in_{k}", pa.int64()), pa.array(entered))
    return batch
