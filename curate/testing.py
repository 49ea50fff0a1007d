"""Whether a signal, step or sweep keeps its contract: one call in a test of your own, as we do in ours.

from curate.testing import check_signal
def test_exclamations():
    check_signal(exclamations)
"""

from __future__ import annotations

import itertools

import cloudpickle
import numpy as np
import pyarrow as pa

from curate.awkward import TEXTS
from curate.pipeline import Step, addressed, readable, stored_schema
from curate.schema import READ_SCHEMA, Batch, empty
from curate.signals import Signal
from curate.sweep import Sweep

__all__ = ["TEXTS", "batch_of", "check_signal", "check_step", "check_sweep"]


def batch_of(texts: list[str | None], **columns: list[object]) -> Batch:
    """A batch with these texts, ids `0`, `1`, …, and the other columns every source gives."""
    ids = pa.array([str(i) for i in range(len(texts))], pa.string())
    given = {name: pa.array(values) for name, values in columns.items()}
    return readable(pa.RecordBatch.from_pydict({"id": ids, "text": pa.array(texts, pa.string()), **given}))


def check_signal(signal: Signal, texts: tuple[str, ...] = TEXTS) -> None:
    """Assert that `signal` keeps its promises on awkward texts.

    One value per row of the promised type; null for a null text; no NaN; the same values for a batch cut anywhere, in
    another order, or repeated; a typed empty column for an empty batch; and the same after pickling.
    """
    batch = batch_of([*texts, None])
    values = signal.column(batch)
    assert len(values) == batch.num_rows, f"{signal}: {len(values)} values for {batch.num_rows} rows"
    assert values.type == signal.dtype, f"{signal}: promised {signal.dtype}, gave {values.type}"
    assert values[-1].as_py() is None, f"{signal}: a null text has no value, it gave {values[-1].as_py()!r}"
    if pa.types.is_floating(values.type):
        assert not np.isnan(values.drop_null().to_numpy()).any(), f"{signal}: NaN; give null for what is not known"
    assert signal.column(batch).equals(values), f"{signal}: measuring twice gave two results"
    for cut in (1, batch.num_rows // 2, batch.num_rows - 1):
        parts = [signal.column(batch.slice(0, cut)), signal.column(batch.slice(cut))]
        assert pa.concat_arrays(parts).equals(values), f"{signal}: the values depend on how rows are batched"
    backwards = pa.array(range(batch.num_rows - 1, -1, -1))
    turned = signal.column(batch.take(backwards))
    assert turned.equals(values.take(backwards)), f"{signal}: a row's value depends on other rows"
    nothing = signal.column(empty(batch.schema))
    assert len(nothing) == 0, f"{signal}: values for an empty batch"
    assert nothing.type == signal.dtype, f"{signal}: an empty batch gives {nothing.type}, not {signal.dtype}"
    travelled = cloudpickle.loads(cloudpickle.dumps(signal))
    assert travelled.column(batch).equals(values), f"{signal}: it gives other values after pickling"


def check_step(step: Step, texts: tuple[str, ...] = TEXTS) -> None:
    """Assert that `step` keeps its promises: rows leave or change, but none is invented, reordered or mixed.

    The same rows for a batch cut anywhere; an empty batch comes out empty with the same columns; `error` is a string
    column where there is one; and the same after pickling.
    """
    batch = batch_of(list(texts), html=[f"<html><body><p>{t}</p></body></html>" for t in texts])
    whole = step(batch)
    rows = whole.column("row").to_pylist()
    assert rows == sorted(set(rows)), f"{step.name}: rows were repeated or reordered"
    assert set(rows) <= set(batch.column("row").to_pylist()), f"{step.name}: rows were invented"
    assert "text" in whole.schema.names, f"{step.name}: it lost the column `text`"
    if "error" in whole.schema.names:
        assert pa.types.is_string(whole.schema.field("error").type), f"{step.name}: `error` is text"
    for cut in (1, batch.num_rows // 2):
        parts = [step(batch.slice(0, cut)), step(batch.slice(cut))]
        joined = pa.Table.from_batches(parts).combine_chunks()
        assert joined.equals(pa.Table.from_batches([whole])), f"{step.name}: the result depends on how rows are batched"
    nothing = step(empty(batch.schema))
    assert nothing.num_rows == 0, f"{step.name}: rows from an empty batch"
    assert nothing.schema.equals(whole.schema), f"{step.name}: an empty batch comes out with other columns"
    travelled = cloudpickle.loads(cloudpickle.dumps(step))
    assert travelled(batch).equals(whole), f"{step.name}: it gives another result after pickling"


def check_sweep(sweep: Sweep, texts: tuple[str, ...] = TEXTS) -> None:
    """Assert that `sweep` gives one verdict per corpus, however the corpus is cut into batches and shards."""
    batch = batch_of([*texts, *texts])
    verdicts = []
    for cuts in ([0, batch.num_rows], [0, 1, batch.num_rows // 3, batch.num_rows]):
        pieces = [batch.slice(a, b - a) for a, b in itertools.pairwise(cuts)]
        sketch = pa.concat_tables([addressed(sweep.sketch(p), p, 0) for p in pieces])
        verdicts.append(_settled(sweep, sketch))
    assert verdicts[0].equals(verdicts[1]), f"{sweep.name}: the verdict depends on how rows are batched"
    nothing = addressed(sweep.sketch(empty(stored_schema(READ_SCHEMA))), empty(stored_schema(READ_SCHEMA)), 0)
    assert _settled(sweep, nothing).num_rows == 0, f"{sweep.name}: a verdict about an empty corpus"
    travelled = cloudpickle.loads(cloudpickle.dumps(sweep))
    again = _settled(travelled, addressed(travelled.sketch(batch), batch, 0))
    assert again.equals(verdicts[0]), f"{sweep.name}: another verdict after pickling"


def _settled(sweep: Sweep, sketch: pa.Table) -> pa.Table:
    order = [("shard", "ascending"), ("row", "ascending")]
    parts = sketch["part"].to_numpy()
    assert ((parts >= 0) & (parts < sweep.parts)).all(), f"{sweep.name}: a part outside 0 … {sweep.parts - 1}"
    matches = [sweep.match(sketch.filter(pa.array(parts == p)).sort_by(order)) for p in range(sweep.parts)]
    settled = sweep.settle(pa.concat_tables(matches)).sort_by(order).combine_chunks()
    names = ["shard", "row", *sweep.verdict.names]
    assert settled.schema.names == names, f"{sweep.name}: settle gives {settled.schema.names}, not {names}"
    return settled
