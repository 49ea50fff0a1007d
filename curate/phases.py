"""The tasks of a run. Tasks of one phase may run in any order, anywhere; each ends by writing its record.

rows    one per shard   through the stages of a phase -> decisions and sketch, or data and ledger
match   one per part    the sketches of all shards -> candidate pairs
settle  one             pairs -> verdict
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curate import tally, work
from curate.decisions import Decisions
from curate.guard import Watch
from curate.keys import describe, digest
from curate.ledger import last_measured, ledger_of
from curate.pipeline import Pipeline, addressed
from curate.proved import parquet_file
from curate.read import Shard
from curate.rows import ShardRows, readable, shard_key, signal_store, stage_signals
from curate.schema import Batch
from curate.store import WORK_PARQUET, SignalStore, read_work, reading, write_work
from curate.work import Folder, finish
from curate.write import DataWriter, write_table

ADDRESS = [("shard", "ascending"), ("row", "ascending")]
Record = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """What every task of a run shares."""

    pipeline: Pipeline
    folder: Folder


@dataclass(frozen=True)
class RowsTask:
    """One shard through one phase."""

    key: str
    phase: int
    shard: Shard
    ordinal: int  # place of the shard in the input
    before: str = ""  # key of this shard's task in the phase before
    verdicts: tuple[Path, ...] = ()  # settled tables of the sweeps before

    kind = "rows"

    @property
    def name(self) -> str:
        return f"{self.shard.source} at {self.shard.start:,}"

    def finished(self, context: Context) -> Record | None:
        """The record of this task, if it is done and what later phases read of it is still there."""
        record = work.finished(context.folder, self.kind, self.key)
        key = shard_key(self.shard)
        for stage in context.pipeline.phases[self.phase].stages:
            signals = stage_signals(context.pipeline, stage.key)
            if not SignalStore.holds(context.folder.signals(key, stage.key), signals):
                return None
            owns_text = stage.transforms or stage is context.pipeline.phases[0].stages[0]
            if owns_text and not context.folder.text(key, stage.key, 0).exists():
                return None
        return record

    def __call__(self, context: Context, watch: Watch) -> Record:
        cpu = time.process_time()
        folder, pipeline = context.folder, context.pipeline
        rows = ShardRows(pipeline, folder, self.phase, self.shard, watch)
        before = Decisions.load(folder.part("decisions", self.before)) if self.before else None
        verdicts = [verdict_slice(read_work(p), self.ordinal) for p in self.verdicts]
        batches = rows.run(before, verdicts)
        if rows.phase.sweep:
            sketch = _Sketches(rows.phase.sweep.step, rows.phase.sweep.number)
            for batch in batches:
                sketch.write(batch, watch)
            rows.cpu[rows.phase.sweep.number] = sketch.cpu
            more: Record = {}
            outputs = [sketch.save(folder.part("sketch", self.key))]
            decisions = folder.part("decisions", self.key)
            rows.decisions.save(decisions)
            outputs.append(decisions)
        else:
            outputs, more = self._data(context, rows, batches, verdicts)
        record = {
            "source": self.shard.source,
            "start": self.shard.start,
            "first": rows.seen.first,
            "end": rows.seen.end,
            "tally": rows.tally.plain(),
            **more,
        }
        if self.phase == 0:
            with readable(self.shard):
                record["input_sha256"] = input_sha256(self.shard)
        steps = {str(k): v for k, v in sorted(rows.cpu.items())}
        record["timings"] = {"cpu_s": time.process_time() - cpu, "steps": steps}
        return finish(folder, self.kind, self.key, outputs, record)

    def _data(
        self, context: Context, rows: ShardRows, batches: Any, verdicts: list[pa.Table]
    ) -> tuple[list[Path], Record]:
        """The last phase: clean rows, ledger and quarantine of the shard."""
        folder, pipeline = context.folder, context.pipeline
        measured = last_measured(pipeline)
        key = shard_key(self.shard)
        stages = {stage.key for _, stage, _ in pipeline.groups()}
        stores = {k: rows.stores.get(k) or signal_store(pipeline, folder, key, k) for k in sorted(stages)}
        writer = DataWriter(pipeline, folder, self.key)
        with writer:
            for batch in batches:
                batch = _with_signals(batch, measured, stores)
                hashes = tally.hashes(batch.column("id"))
                writer.write(batch, hashes)
                names = [s.name for s in measured]
                for i in rows.tally.smallest("kept", hashes):
                    values = {n: tally.plain(batch.column(n)[i].as_py()) for n in names}
                    rows.tally.sample("kept", int(hashes[i]), batch, i, values)
        source, several = self.shard.source, bool(self.shard.files)
        ledger = ledger_of(pipeline, folder, key, source, rows.decisions, stores, verdicts, several)
        paths = [*writer.paths.values(), folder.part("ledger", self.key), folder.part("quarantine", self.key)]
        write_table(ledger, paths[-2])
        quarantined = ledger.append_column("head", rows.decisions.notes("head"))
        quarantined = quarantined.filter(pa.compute.equal(quarantined["fate"], "quarantined"))
        columns = ["source", "offset", "row", "id", "url", "step", "reason", "head"]
        write_table(quarantined.select(columns), paths[-1])
        return paths, {"data": writer.finished}


class _OfSweep:
    """What the tasks of a sweep share: nothing but their record says that they are done."""

    kind: str
    key: str

    def finished(self, context: Context) -> Record | None:
        return work.finished(context.folder, self.kind, self.key)


@dataclass(frozen=True)
class MatchTask(_OfSweep):
    """One part of a sweep, over the sketches of all shards."""

    key: str
    sweep: Any
    number: int  # of the sweep among the steps
    part: int
    sketches: tuple[Path, ...] = field(repr=False)  # in shard order

    kind = "match"

    @property
    def name(self) -> str:
        return f"{self.sweep.name}, part {self.part}"

    def __call__(self, context: Context, watch: Watch) -> Record:
        cpu = time.process_time()
        tables = [_sketch_part(path, self.part, ordinal) for ordinal, path in enumerate(self.sketches)]
        ordered = pa.concat_tables(tables).sort_by(ADDRESS).combine_chunks()
        path = context.folder.part("match", self.key)
        write_work(self.sweep.match(ordered), path)
        return finish(context.folder, self.kind, self.key, [path], {"timings": _sweep_timings(self, cpu)})


@dataclass(frozen=True)
class SettleTask(_OfSweep):
    """The verdict of a sweep."""

    key: str
    sweep: Any
    number: int
    matches: tuple[Path, ...] = field(repr=False)

    kind = "settle"

    @property
    def name(self) -> str:
        return f"{self.sweep.name}, settling"

    def __call__(self, context: Context, watch: Watch) -> Record:
        cpu = time.process_time()
        matches = pa.concat_tables([read_work(p) for p in self.matches])
        path = context.folder.part("settle", self.key)
        write_work(self.sweep.settle(matches.combine_chunks()).sort_by(ADDRESS), path)
        return finish(context.folder, self.kind, self.key, [path], {"timings": _sweep_timings(self, cpu)})


Task = RowsTask | MatchTask | SettleTask


def rows_tasks(
    context: Context, phase: int, shards: list[Shard], before: list[RowsTask], settled: list[Path]
) -> list[RowsTask]:
    """A task per shard; its key holds all its result depends on, of other shards only the verdict on its own rows."""
    rules = context.pipeline.rows_key(phase)
    tables = [read_work(path) for path in settled]
    tasks = []
    for ordinal, shard in enumerate(shards):
        previous = before[ordinal].key if before else ""
        slices = [describe(verdict_slice(table, ordinal).to_pydict()) for table in tables]
        key = digest(rules, shard_key(shard), previous, *slices)
        tasks.append(RowsTask(key, phase, shard, ordinal, previous, tuple(settled)))
    return tasks


def match_tasks(context: Context, phase: int, rows: list[RowsTask], records: list[Record]) -> list[MatchTask]:
    """A task per part of the sweep that ends `phase`."""
    sweep, number = _sweep(context, phase)
    paths = tuple(context.folder.part("sketch", task.key) for task in rows)
    names = [str(p.relative_to(context.folder.root)) for p in paths]
    sums = [record["outputs"][name]["sha256"] for record, name in zip(records, names, strict=True)]
    return [MatchTask(digest(describe(sweep), str(p), *sums), sweep, number, p, paths) for p in range(sweep.parts)]


def settle_task(context: Context, phase: int, matches: list[MatchTask], records: list[Record]) -> SettleTask:
    """The one task that turns matches into a verdict."""
    sweep, number = _sweep(context, phase)
    sums = [output["sha256"] for record in records for output in record["outputs"].values()]
    paths = tuple(context.folder.part("match", task.key) for task in matches)
    return SettleTask(digest(describe(sweep), "settle", *sums), sweep, number, paths)


def verdict_slice(settled: pa.Table, ordinal: int) -> pa.Table:
    """The rows of a verdict that concern one shard, sorted by row."""
    shards = settled["shard"].to_numpy()
    start, stop = np.searchsorted(shards, [ordinal, ordinal + 1])
    return settled.slice(int(start), int(stop - start)).drop_columns(["shard"])


def input_sha256(shard: Shard) -> str:
    """The sha256 of the stored bytes of the shard's range; of whole files where it has several or counts row groups."""
    if shard.path.endswith(".parquet") and shard.start > 0:
        return ""  # ranges count row groups: the first shard answers for the file
    if shard.files or shard.path.endswith(".parquet"):
        paths = [file.path for file in shard.files] or [shard.path]
        sums = [work.sha256(Path(path)) for path in paths]
        return sums[0] if len(sums) == 1 else digest(*sums)
    total = hashlib.sha256()
    with open(shard.path, "rb") as handle:
        handle.seek(shard.start)
        left = shard.stop - shard.start
        while left > 0 and (block := handle.read(min(left, 1 << 20))):
            total.update(block)
            left -= len(block)
    return total.hexdigest()


class _Sketches:
    """The sketches of one shard, saved with one row group per part so that a part is read alone."""

    def __init__(self, sweep: Any, number: int) -> None:
        self.sweep, self.number = sweep, number
        self.cpu = 0.0
        self.tables: list[pa.Table] = []

    def write(self, batch: Batch, watch: Watch) -> None:
        started = time.process_time()
        watch.at(-1, -1, -1)  # a death in here is the sweep's fault, not a row's
        self.tables.append(addressed(self.sweep.sketch(batch), batch, 0).drop_columns(["shard"]))
        self.cpu += time.process_time() - started

    def save(self, path: Path) -> Path:
        table = pa.concat_tables(self.tables).combine_chunks()
        parts = table["part"].to_numpy()
        table = table.drop_columns(["part"])
        groups = []
        with parquet_file(path, table.schema, WORK_PARQUET) as file:
            for part in range(self.sweep.parts):
                rows = table.filter(pa.array(parts == part)).combine_chunks()
                if rows.num_rows:
                    file.write(rows)
                    groups.append(part)
            file.note({"parts": ",".join(map(str, groups))})
        return path


def _sketch_part(path: Path, part: int, ordinal: int) -> pa.Table:
    with reading(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        listed = (file.metadata.metadata or {}).get(b"parts", b"").decode()
        groups = [int(p) for p in listed.split(",") if p]
        if part in groups:
            table = file.read_row_group(groups.index(part), use_threads=False)
        else:
            table = file.schema_arrow.empty_table()
    return table.append_column("shard", pa.array(np.full(table.num_rows, ordinal, np.int32))).replace_schema_metadata()


def _sweep(context: Context, phase: int) -> tuple[Any, int]:
    numbered = context.pipeline.phases[phase].sweep
    assert numbered is not None
    return numbered.step, numbered.number


def _sweep_timings(task: MatchTask | SettleTask, started: float) -> Record:
    seconds = time.process_time() - started
    return {"cpu_s": seconds, "steps": {str(task.number): seconds}}


def _with_signals(batch: Batch, measured: dict[Any, Any], stores: dict[str, SignalStore]) -> Batch:
    """`batch` with every measured signal under its own name: from the batch itself, or as an earlier phase left it."""
    rows = batch.column("row").to_numpy()
    for found, stage in measured.items():
        if found.name not in batch.schema.names:
            aside = batch.schema.get_field_index(f"~{found.name}")
            values = batch.column(aside) if aside >= 0 else stores[stage.key].values(found, rows)
            batch = batch.append_column(pa.field(found.name, found.dtype), values)
    return batch
