"""One shard through one phase: read or look up, transform, measure, decide, and hand on.

Rows stream through in batches; what is kept of a shard in memory is a few numbers a row. A run that finds text and
signals of an earlier one takes them from there, and does only what is missing.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate import tally
from curate.decisions import Decisions
from curate.groups import judge, measured
from curate.guard import Failures, Watch, guarded
from curate.keys import digest
from curate.pipeline import Group, Pipeline, Stage, with_verdict
from curate.read import InputMissing, Seen, Shard, missing_id
from curate.schema import Batch, empty, set_column
from curate.signals import Signal
from curate.store import Cursor, SignalStore, TextStore, WorkDamaged
from curate.tally import StepTally, Tally
from curate.transforms import StageText, row_bytes, staying, unreadable
from curate.work import Folder

LOOKUP_ROWS = 512


class ShardRows:
    """The state of one shard in one phase while it runs. `run` yields the batches that survive the phase."""

    def __init__(self, pipeline: Pipeline, folder: Folder, phase: int, shard: Shard, watch: Watch) -> None:
        self.pipeline, self.folder, self.number, self.shard, self.watch = pipeline, folder, phase, shard, watch
        self.phase = pipeline.phases[phase]
        self.shard_key = shard_key(shard)
        self.seen = Seen()
        self.cpu: dict[int, float] = {}
        self.tally = Tally(steps=step_tallies(pipeline, phase))
        self._steps = {s.number: s for s in self.tally.steps}
        self.decisions = Decisions(np.empty(0, np.int64))
        self._parts: list[Decisions] = []
        self.stores = {stage.key: self._signal_store(stage.key) for stage in self.phase.stages}
        self._texts: dict[str, StageText] = {}

    # -- the way through

    def run(self, before: Decisions | None, verdicts: list[pa.Table]) -> Iterator[Batch]:
        """Push the shard through; `before` and `verdicts` are what the phases before decided about it."""
        error: BaseException | None = None
        try:
            if before is None:
                for documents in self._documents():
                    yield self._through(documents, first=True)
                self.decisions = Decisions.joined(self._parts)
            else:
                self.decisions = before
                for batch in self._survivors(verdicts):
                    yield self._through(batch, first=False)
        except BaseException as raised:
            error = raised
            raise
        finally:
            for text in self._texts.values():
                text.close(self._notes(), error)
        for store in self.stores.values():
            store.save()
        if self.number == 0:
            for name in tally.STORED:
                setattr(self.tally, name, getattr(self.seen, name))
        self._check()

    def _through(self, batch: Batch, first: bool) -> Batch:
        for stage in self.phase.stages:
            if first:
                batch, first = self._admitted(stage, batch), False
            elif stage.transforms:
                batch = self._transformed(stage, batch)
            for group in stage.groups:
                batch = self._judged(stage, group, batch)
        if self.phase.sweep:
            size = int(row_bytes(batch).sum())
            step = self._steps[self.phase.sweep.number]
            step.rows_in += batch.num_rows
            step.rows_out += batch.num_rows
            step.bytes_in += size
            step.bytes_out += size
        return batch

    # -- what enters

    def _documents(self) -> Iterator[Batch]:
        """Every document after the first stage's transforms, marked: as an earlier run left it, or read now."""
        store = self._text_store(self.phase.stages[0])
        if store.generations:
            self._recall(store.notes())
            yield from store.batches()
            return
        text = self._text(self.phase.stages[0])
        source = self.pipeline.read
        read = 0
        for batch in self._timed(source.read(self.shard, self.seen)):
            documents = self._counted(batch)
            if documents.num_rows:
                read += documents.num_rows
                yield text.fresh(unreadable(documents))
        if not read:
            yield text.fresh(unreadable(empty(source.schema)))

    def _timed(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """`batches`, with the CPU seconds that reading them takes counted as step 0."""
        while True:
            cpu = time.process_time()
            with readable(self.shard):
                batch = next(batches, None)
            self.cpu[0] = self.cpu.get(0, 0.0) + time.process_time() - cpu
            if batch is None:
                return
            yield batch

    def _counted(self, batch: Batch) -> Batch:
        """Count the records and those skipped; the documents."""
        skipped = batch.column("skipped")
        self.tally.records += batch.num_rows
        for pair in pc.value_counts(skipped.drop_null()).to_pylist():
            self.tally.skipped[pair["values"]] = self.tally.skipped.get(pair["values"], 0) + pair["counts"]
        documents = batch.filter(pc.is_null(skipped))
        return _named(documents, self.shard.source) if documents.column("id").null_count else documents

    def _notes(self) -> dict[str, str]:
        """What the reading found besides documents, kept with the text for runs that do not read again."""
        import json

        reading = {"records": self.tally.records, "skipped": self.tally.skipped, "seen": asdict(self.seen)}
        return {"reading": json.dumps(reading)}

    def _recall(self, notes: dict[str, str]) -> None:
        import json

        reading = json.loads(notes["reading"])
        self.tally.records, self.tally.skipped = reading["records"], reading["skipped"]
        self.seen = Seen(**reading["seen"])

    def _survivors(self, verdicts: list[pa.Table]) -> Iterator[Batch]:
        """What the phases before kept, with the columns of the sweeps' verdicts."""
        schemas = [p.sweep.step.verdict for p in self.pipeline.phases[: self.number] if p.sweep]
        store = self._text_store(self._latest_text())
        cursor = Cursor(store.paths)
        alive = self.decisions.alive
        for start in range(0, max(len(alive), 1), LOOKUP_ROWS):  # at least one batch, so that columns are known
            rows = alive[start : start + LOOKUP_ROWS]
            found = cursor.take(rows)
            if found is None:
                found = store.nothing()
            if found.num_rows != len(rows):
                raise WorkDamaged(f"{store.paths[0]} lacks rows; remove the folder {self.folder.work} and run again")
            batch = staying(found)
            for schema, settled in zip(schemas, verdicts, strict=True):
                batch = with_verdict(batch, schema, settled)
            yield batch
        cursor.close()

    # -- transforms

    def _admitted(self, stage: Stage, marked: Batch) -> Batch:
        """Open the decisions on documents seen for the first time."""
        self.decisions = Decisions(marked.column("row").to_numpy())
        self._parts.append(self.decisions)
        self.tally.documents += marked.num_rows
        return self._left(stage, marked, reading=True)

    def _transformed(self, stage: Stage, batch: Batch) -> Batch:
        """`batch` after the stage's transforms. Signals measured on the earlier text are set aside as `~name`."""
        aside = [n for n in batch.schema.names if n.startswith("~") or n in self._not_stored()]
        marked = self._text(stage).of(batch.drop_columns(aside))
        out = self._left(stage, marked, reading=False)
        still = batch.filter(pa.array(np.isin(batch.column("row").to_numpy(), out.column("row").to_numpy())))
        verdicts = {n for p in self.pipeline.phases[: self.number] if p.sweep for n in p.sweep.step.verdict.names}
        for name in aside:
            kept = name if name in verdicts or name.startswith("~") else f"~{name}"
            if kept not in out.schema.names:
                out = out.append_column(pa.field(kept, still.schema.field(name).type), still.column(name))
        return out

    def _left(self, stage: Stage, marked: Batch, reading: bool) -> Batch:
        """Count what entered and left each transform; the rows that are still there."""
        left = marked.column("_step").fill_null(-1).to_numpy()
        rows = marked.column("row").to_numpy()
        failed = marked.column("_error").is_valid().to_numpy(zero_copy_only=False)
        out = staying(marked)
        if reading and "capped" in out.schema.names:
            for counted in out.column("capped").drop_null().value_counts().to_pylist():
                name = counted["values"]
                self.tally.capped[name] = self.tally.capped.get(name, 0) + counted["counts"]
        self.decisions.weigh(out.column("row").to_numpy(), row_bytes(out))
        numbers = [0] * reading + [t.number for t in stage.transforms]
        entering = marked.num_rows
        sizes = [int(marked.column(f"_in_{k}").to_numpy().sum()) for k in range(1, len(stage.transforms) + 1)]
        sizes.append(int(row_bytes(out).sum()))
        for k, number in enumerate(numbers, start=0 if reading else 1):
            step, here = self._steps[number], left == k
            self._quarantine(step, marked.filter(pa.array(here & failed)))
            dropped = here & ~failed
            self.decisions.drop(rows[dropped], number)
            step.rows_in += entering
            step.dropped += int(dropped.sum())
            entering -= int(here.sum())
            step.rows_out += entering
            step.bytes_in += sizes[max(k - 1, 0)]
            step.bytes_out += sizes[k]
        return out

    def _quarantine(self, step: StepTally, marked: Batch) -> None:
        rows = marked.column("row").to_pylist()
        failures = dict(zip(rows, marked.column("_error").to_pylist(), strict=True))
        heads = dict(zip(rows, (h or b"" for h in marked.column("_head").to_pylist()), strict=True))
        self._count_failures(step, failures, heads)

    def _count_failures(self, step: StepTally, failures: Failures, heads: dict[int, bytes]) -> None:
        self.decisions.quarantine(failures, step.number, heads)
        step.quarantined += len(failures)
        for reason in failures.values():
            kind = reason.split(":")[0]
            step.errors[kind] = step.errors.get(kind, 0) + 1

    # -- groups

    def _judged(self, stage: Stage, group: Group, batch: Batch) -> Batch:
        step = self._steps[group.number]
        step.rows_in += batch.num_rows
        step.bytes_in += int(row_bytes(batch).sum())
        self.decisions.enter(batch.column("row").to_numpy(), group.number)
        cpu = time.process_time()
        batch, failures = self._measured(stage, group, batch)
        self.cpu[group.number] = self.cpu.get(group.number, 0.0) + time.process_time() - cpu
        self._count_failures(step, failures, {})
        failed, unknown = judge(group.keep.rules, batch)
        dropped = failed.any(axis=0)
        first = np.where(dropped, failed.argmax(axis=0), -1) if len(failed) else np.full(batch.num_rows, -1)
        alone = failed.sum(axis=0) == 1
        for r, rule in enumerate(step.rules):
            rule.first += int((first == r).sum())
            rule.any += int(failed[r].sum())
            rule.only += int((failed[r] & alone).sum())
            rule.undecided += int(unknown[r].sum())
        self.decisions.drop(batch.column("row").to_numpy()[dropped], group.number, first[dropped])
        self._note(step, batch, first)
        out = batch.filter(pa.array(~dropped))
        step.dropped += int(dropped.sum())
        step.rows_out += out.num_rows
        step.bytes_out += int(row_bytes(out).sum())
        return out

    def _measured(self, stage: Stage, group: Group, batch: Batch) -> tuple[Batch, Failures]:
        """`batch` with the group's signals as columns: looked up where they are known, measured where not."""
        signals = tuple(s for s in group.keep.signals if s.compute and s.name not in batch.schema.names)
        if not signals:
            return batch, {}
        store, rows = self.stores[stage.key], batch.column("row").to_numpy()
        known = store.known(signals, rows)
        parts: list[Batch] = []
        failures: Failures = {}
        if known.any():
            old = batch.filter(pa.array(known))
            parts.append(_with_columns(old, signals, [store.values(s, rows[known]) for s in signals]))
        if not known.all() or not len(rows):
            fresh = batch.filter(pa.array(~known))
            fresh, failures = guarded(
                self.watch, group.number, lambda b: _with_columns(b, signals, measured(b, signals)), fresh
            )
            store.add(fresh.column("row").to_numpy(), {s.name: fresh.column(s.name) for s in signals})
            parts.append(fresh)
        if len(parts) == 1:
            return parts[0], failures
        return pa.Table.from_batches(parts).sort_by("row").combine_chunks().to_batches()[0], failures

    def _note(self, step: StepTally, batch: Batch, first: np.ndarray[Any, Any]) -> None:
        """The deciding values of every dropped row, and samples of them."""
        index = np.flatnonzero(first >= 0)
        rows = batch.column("row").to_numpy()
        hashes = tally.hashes(batch.column("id").take(pa.array(index, pa.int64())))
        columns = {n: batch.column(n) for rule in step.rules for n in rule.reads if n in batch.schema.names}
        for i, hashed in zip(index.tolist(), hashes.tolist(), strict=True):
            rule = step.rules[int(first[i])]
            values = {n: tally.plain(columns[n][i].as_py()) for n in rule.reads if n in columns}
            self.decisions.value[int(rows[i])] = ", ".join(f"{n} = {v}" for n, v in values.items())
            self.tally.sample(f"{step.number}/{rule.rule}", hashed, batch, i, values)

    # -- small parts

    def _text(self, stage: Stage) -> StageText:
        if stage.key not in self._texts:
            self._texts[stage.key] = StageText(stage, self._text_store(stage), self.watch, self.cpu)
        return self._texts[stage.key]

    def _text_store(self, stage: Stage) -> TextStore:
        return TextStore(lambda generation: self.folder.text(self.shard_key, stage.key, generation))

    def _signal_store(self, stage_key: str) -> SignalStore:
        """One store per text; stages of several phases share it where only a sweep stands between them."""
        return signal_store(self.pipeline, self.folder, self.shard_key, stage_key)

    def _latest_text(self) -> Stage:
        """The last stage before this phase that has a text of its own."""
        stages = [s for p in self.pipeline.phases[: self.number] for s in p.stages]
        return next((s for s in reversed(stages) if s.transforms), stages[0])

    def _not_stored(self) -> set[str]:
        verdicts = {n for p in self.pipeline.phases if p.sweep for n in p.sweep.step.verdict.names}
        return verdicts | {s.name for s in self.pipeline.signals if s.compute}

    def _check(self) -> None:
        """The identities, at each commit: every stored byte is read, damaged or blank; records = skipped + documents;
        in = out + dropped + quarantined."""
        counted, seen = self.tally, self.seen
        where = f"{self.shard.source} at {self.shard.start}"
        if seen.bytes and seen.first is not None and seen.end is not None and seen.bytes != seen.end - seen.first:
            raise AssertionError(f"{where}: {seen.bytes} bytes are counted, of {seen.end - seen.first}")
        if self.number == 0 and counted.records != sum(counted.skipped.values()) + counted.documents:
            raise AssertionError(f"{where}: {counted.records} records are not skipped + documents")
        for step in counted.steps:
            if step.rows_in != step.rows_out + step.dropped + step.quarantined:
                raise AssertionError(f"{where}: step {step.number} {step.name}: in is not out + dropped + quarantined")
        if len(np.unique(self.decisions.rows)) != len(self.decisions.rows):
            raise AssertionError(f"{where}: a row was counted twice")


def _named(documents: Batch, source: str) -> Batch:
    """`documents` with an id for those that have none."""
    places = zip(documents.column("id").to_pylist(), documents.column("offset").to_pylist(), strict=True)
    ids = [i if i is not None else missing_id(source, offset or 0) for i, offset in places]
    return set_column(documents, "id", pa.array(ids, pa.string()))


@contextlib.contextmanager
def readable(shard: Shard) -> Iterator[None]:
    """Turns what the system says of an input file that cannot be read, or is gone since it was listed, into words."""
    try:
        yield
    except OSError as error:
        raise InputMissing(
            f"the input {shard.source} cannot be read: {error}; put it back, or leave it out, and run again: what is "
            "finished is kept"
        ) from error


def shard_key(shard: Shard) -> str:
    """What of the input a shard's text depends on: its file or files as they stand, and its range."""
    files = [(f.source, f.size, f.mtime_ns) for f in shard.files]
    parts = (shard.source, shard.size, shard.mtime_ns, shard.start, shard.stop, shard.begin, files)
    return digest(*(str(p) for p in parts))


def signal_store(pipeline: Pipeline, folder: Folder, shard: str, stage_key: str) -> SignalStore:
    """The signals of one shard on one stage's text."""
    return SignalStore(folder.signals(shard, stage_key), stage_signals(pipeline, stage_key))


def stage_signals(pipeline: Pipeline, stage_key: str) -> tuple[Signal, ...]:
    """Every computed signal that some group measures on the text of `stage_key`."""
    found = [s for _, stage, g in pipeline.groups() if stage.key == stage_key for s in g.keep.signals if s.compute]
    return tuple({s.name: s for s in found}.values())


def step_tallies(pipeline: Pipeline, phase: int) -> list[StepTally]:
    """Empty tallies of the steps that run in `phase`; the reading is step 0 of the first."""
    steps = [StepTally(0, "read", "read")] if phase == 0 else []
    for stage in pipeline.phases[phase].stages:
        steps += [StepTally(t.number, t.name, "transform") for t in stage.transforms]
        steps += [tally.group_tally(g.number, g.keep) for g in stage.groups]
    sweep = pipeline.phases[phase].sweep
    return steps + ([StepTally(sweep.number, sweep.name, "sweep")] if sweep else [])


def _with_columns(batch: Batch, signals: tuple[Signal, ...], values: list[pa.Array]) -> Batch:
    for found, column in zip(signals, values, strict=True):
        batch = batch.append_column(pa.field(found.name, found.dtype), column)
    return batch
