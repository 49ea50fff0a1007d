"""The ledger: one row per input document, saying what was measured, what was decided, by which rule, at what value.

Null in a signal's column means that it has no value or was not measured: a document is measured up to the group it
reached (column `reached`, the number of the last group it entered) and no further.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.decisions import ALIVE, DROPPED, QUARANTINED, Decisions
from curate.pipeline import Pipeline, Stage, with_verdict
from curate.signals import Signal
from curate.store import Rows, SignalStore, TextStore, read_work
from curate.work import Folder

DESCRIBES = ("id", "url", "date", "offset", "content_type", "charset", "charset_evidence")

OWN = pa.schema(
    [
        ("id", pa.string()),
        ("url", pa.string()),
        ("date", pa.timestamp("s", "UTC")),
        ("source", pa.string()),
        ("row", pa.int64()),
        ("offset", pa.int64()),
        ("content_type", pa.string()),
        ("charset", pa.string()),
        ("charset_evidence", pa.string()),
        ("text_bytes", pa.int64()),  # UTF-8 bytes of the text it had last
        ("fate", pa.string()),  # kept, dropped or quarantined
        ("step", pa.string()),  # the step where it left; null for a document that was kept
        ("rule", pa.string()),  # the first rule that dropped it
        ("value", pa.string()),  # what that rule read: "word_count = 12"
        ("reason", pa.string()),  # why it is quarantined
        ("reached", pa.int16()),  # number of the last group of rules it entered
    ]
)
FATES = {ALIVE: "kept", DROPPED: "dropped", QUARANTINED: "quarantined"}


def ledger_schema(pipeline: Pipeline) -> pa.Schema:
    """`OWN`, a column per measured signal, and the columns of every sweep's verdict."""
    fields = list(OWN)
    fields += [pa.field(s.name, s.dtype) for s in last_measured(pipeline)]
    fields += [f for p in pipeline.phases if p.sweep for f in p.sweep.step.verdict]
    return pa.schema(fields)


def last_measured(pipeline: Pipeline) -> dict[Signal, Stage]:
    """Each measured signal once, with the last stage that measures it."""
    found: dict[str, tuple[Signal, Stage]] = {}
    for _, stage, group in pipeline.groups():
        found |= {s.name: (s, stage) for s in group.keep.signals if s.compute is not None}
    return dict(found.values())


def ledger_of(
    pipeline: Pipeline,
    folder: Folder,
    shard_key: str,
    source: str,
    decisions: Decisions,
    stores: dict[str, SignalStore],
    verdicts: list[pa.Table],
    several_files: bool = False,
) -> pa.Table:
    """The ledger of one shard."""
    first = pipeline.phases[0].stages[0]
    described = _described(TextStore(lambda g: folder.text(shard_key, first.key, g)))
    columns: dict[str, Any] = {name: described[name] for name in DESCRIBES}
    several = several_files and "file" in described.column_names  # each row knows its own
    n = len(decisions.rows)
    step_names, rule_names = _names(pipeline)
    left = decisions.fate != ALIVE
    columns |= {
        "source": described["file"]
        if several
        else pa.array([source], pa.string()).take(pa.array(np.zeros(n, np.int32))),
        "row": pa.array(decisions.rows, pa.int64()),
        "text_bytes": pa.array(decisions.text_bytes),
        "fate": pa.array([FATES[f] for f in decisions.fate.tolist()], pa.string()),
        "step": pa.array([step_names[s] if x else None for s, x in zip(decisions.step.tolist(), left, strict=True)]),
        "rule": pa.array(
            [rule_names.get(k) for k in zip(decisions.step.tolist(), decisions.rule.tolist(), strict=True)]
        ),
        "value": decisions.notes("value"),
        "reason": decisions.notes("error"),
        "reached": pa.array(decisions.reached),
    }
    tables = {key: store.table() for key, store in stores.items()}
    for _, stage, group in pipeline.groups():
        reached = decisions.reached >= group.number  # a tightened rule keeps what it drops from being shown further on
        for s in group.keep.signals:
            if s.compute is not None:
                columns[s.name] = _shown(tables[stage.key], s, decisions.rows, reached, columns.get(s.name))
    own = pa.table({name: _column(columns[name]) for name in columns})
    sweeps = [p.sweep.step.verdict for p in pipeline.phases if p.sweep]
    batch = own.combine_chunks().to_batches()[0] if n else pa.RecordBatch.from_pylist([], schema=own.schema)
    for schema, settled in zip(sweeps, verdicts, strict=True):
        batch = with_verdict(batch, schema, settled)
    schema = ledger_schema(pipeline)
    return pa.Table.from_batches([batch]).select(schema.names).cast(schema)


def _column(values: Any) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _described(store: TextStore) -> pa.Table:
    """What describes every document, without its text."""
    several = ["file"] if "file" in pq.read_schema(store.paths[0]).names else []
    tables = [read_work(p, ["row", *DESCRIBES, *several]) for p in store.paths]
    return pa.concat_tables(tables).sort_by("row")


def _shown(table: pa.Table, found: Signal, rows: Rows, reached: Any, before: pa.Array | None) -> pa.Array:
    """The values of `found` for the `rows` that reached its group; for the others what an earlier group measured."""
    before = pa.nulls(len(rows), found.dtype) if before is None else before
    have = table["row"].to_numpy()
    if not len(have) or not len(rows):
        return before
    at = np.searchsorted(have, rows).clip(0, len(have) - 1)
    values = table[found.name].combine_chunks().take(pa.array(at, mask=have[at] != rows))
    return pc.if_else(pa.array(reached & (have[at] == rows)), values, before)


def _names(pipeline: Pipeline) -> tuple[dict[int, str], dict[tuple[int, int], str]]:
    """Step numbers and (step, rule) numbers in words."""
    steps = {0: "read", -1: ""} | {n.number: n.name for n in pipeline.numbered}
    rules = {(g.number, i): str(rule) for _, _, g in pipeline.groups() for i, rule in enumerate(g.keep.rules)}
    return steps, rules


def find(folder: Folder, wanted: str) -> list[dict[str, Any]]:
    """The ledger rows whose id or URL is `wanted`, or, when none is, whose URL contains it (at most 20)."""
    exact: list[dict[str, Any]] = []
    near: list[dict[str, Any]] = []
    for path in sorted(folder.ledger.glob("*.parquet")):
        table = pq.read_table(path)
        same = pc.or_kleene(pc.equal(table["id"], wanted), pc.equal(table["url"], wanted))
        exact += table.filter(same.fill_null(False)).to_pylist()
        if len(near) < 20:
            near += table.filter(pc.match_substring(table["url"], wanted).fill_null(False)).slice(0, 20).to_pylist()
    return exact or near[:20]


def parts(folder: Path) -> list[Path]:
    """The ledger's files in input order."""
    return sorted(folder.glob("*.parquet"))
