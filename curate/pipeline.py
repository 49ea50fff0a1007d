"""A pipeline is a source, a list of steps and sweeps, and a sink; one `run`.

stage   transforms (steps that make or change stored columns), then groups of rules over signals of that text
phase   stages up to a sweep: shards may run in any order, anywhere; a sweep sees them all before the next phase
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.groups import Keep, joined
from curate.keys import describe, digest
from curate.schema import READ_SCHEMA, READING_ONLY, Batch, empty, set_column
from curate.secrets import Secrets
from curate.signals import Signal
from curate.sweep import Sweep
from curate.versions import versions

if TYPE_CHECKING:
    from curate.launch import Local
    from curate.read import Source
    from curate.report import Report
    from curate.write import Sink

# Names of the ledger's own columns and of what every source gives; a signal of such a name would hide one.
RESERVED = {*READ_SCHEMA.names, "source", "text_bytes", "fate", "step", "rule", "value", "reason", "reached", "domain"}


class Step(Protocol):
    """A batch in, a batch out. A plain function will do.

    Rows may leave, columns may come and change; rows are never invented or reordered. A row that fails gets its
    reason in the string column `error` and is quarantined; a row that the step leaves out is dropped by it. An empty
    batch comes out empty, with the same columns as a full one. Steps see stored columns, not signals.
    """

    @property
    def name(self) -> str: ...

    def __call__(self, batch: Batch) -> Batch: ...


@dataclass(frozen=True)
class Numbered:
    """A step with its place in the run: 0 is the reading, 1… the steps in order."""

    number: int
    name: str
    step: Any


@dataclass(frozen=True)
class Group:
    """A `Keep` with its place."""

    number: int
    keep: Keep

    @property
    def name(self) -> str:
        return self.keep.name


@dataclass(frozen=True)
class Stage:
    """Transforms, then groups that ask about their result.

    `key` addresses the text of this stage: it depends on the transforms up to here and on no rule, so that a
    changed threshold finds the text, and the signals measured on it, again.
    """

    transforms: tuple[Numbered, ...]
    groups: tuple[Group, ...]
    key: str


@dataclass(frozen=True)
class Phase:
    """Stages that run shard by shard, ended by a sweep or by the sink."""

    stages: tuple[Stage, ...]
    sweep: Numbered | None


@dataclass(frozen=True)
class Written:
    """The configuration that a pipeline was read from, so that it can be read again: empty for one made in Python."""

    text: str = ""
    overrides: tuple[str, ...] = ()  # "read.warc=x.warc.gz", as given after --set
    signals: tuple[str, ...] = ()  # names, without folders, of the files given after --signals

    def __str__(self) -> str:
        return self.text + "".join(f"# --set {override}\n" for override in self.overrides)


class PipelineError(ValueError):
    """The steps do not fit together; found before any work begins."""


class Pipeline:
    """`Pipeline(warc("crawl/*.warc.gz"), extract_html(), normalize(), keep(lang == "en"), write=parquet("out"))`.

    Called on a batch, it pushes that batch through every step, as a trial in a notebook; `run` does the whole corpus.
    """

    def __init__(
        self,
        read: Source,
        *steps: Step | Sweep | Keep | tuple[Any, ...],
        write: Sink | None = None,
        config: Written = Written(),
        name: str = "run",
        secrets: Secrets | None = None,
    ) -> None:
        self.read = read
        self.write = write
        self.config = config
        self.name = name
        self.secrets = secrets or Secrets()  # what the configuration took from the environment: never written
        self.steps: list[Any] = [s for given in steps for s in (given if isinstance(given, tuple) else (given,))]
        self.numbered = _numbered(self.steps, self.secrets)
        self.phases = _phases(self.numbered, describe(read_key(read)))
        _refuse_names(self.signals, self.phases)
        _refuse_two_of_one_name(self.signals)
        _refuse_two_verdicts_of_one_name(self.phases)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Every signal that is measured, in order; one of them may be measured in several stages."""
        return tuple(s for _, _, group in self.groups() for s in group.keep.signals)

    def groups(self) -> Iterator[tuple[int, Stage, Group]]:
        """(phase number, stage, group) in order."""
        for p, phase in enumerate(self.phases):
            for stage in phase.stages:
                for group in stage.groups:
                    yield p, stage, group

    def __call__(self, batch: Batch) -> Batch:
        """Push a batch through every step, sweeps included: they see this batch as the whole corpus."""
        batch = readable(batch)
        for numbered in self.numbered:
            batch = through(numbered.step, batch, self.measured_names())
        return batch

    def measured_names(self) -> set[str]:
        """The columns that are no stored ones, and that transforms do not see: signals and verdicts."""
        verdicts = {n for p in self.phases if p.sweep for n in p.sweep.step.verdict.names}
        return verdicts | {s.name for s in self.signals if s.compute is not None}

    def check(self) -> pa.Schema:
        """Push an empty batch through every step: proves names, columns and types. Gives the columns of the output.

        Raises PipelineError naming the step that does not fit.
        """
        batch = empty(stored_schema(self.read.schema))
        _refuse_columns(batch.schema, self.measured_names())
        for numbered in self.numbered:
            step = numbered.step
            try:
                if isinstance(step, Sweep):
                    out = with_verdict(batch, step.verdict, None)
                elif isinstance(step, Keep):
                    out = step(batch)
                else:
                    out = applied(step, batch, self.measured_names())
            except Exception as error:
                raise PipelineError(
                    f"step {numbered.number} `{numbered.name}` does not take the columns it is given "
                    f"({', '.join(batch.schema.names)}): {error}"
                ) from error
            if not isinstance(out, pa.RecordBatch):
                raise PipelineError(f"step {numbered.number} `{numbered.name}` gave {type(out).__name__}, not a batch")
            lost = [n for n in REQUIRED if n not in out.schema.names]
            if lost:
                raise PipelineError(f"step {numbered.number} `{numbered.name}` lost the column `{'`, `'.join(lost)}`")
            if not isinstance(step, (Keep, Sweep)):
                _refuse_columns(out.schema, self.measured_names())
            batch = out
        return batch.schema

    def explain(self) -> str:
        """The phases, and the columns that each step brings."""
        lines, batch = [f"read  {self.read}"], empty(stored_schema(self.read.schema))
        lines.append("      " + ", ".join(batch.schema.names))
        for numbered in self.numbered:
            step = numbered.step
            before = set(batch.schema.names)
            if isinstance(step, Sweep):
                batch = with_verdict(batch, step.verdict, None)
                lines.append(f"{numbered.number:>4}  {numbered.name}  (a sweep: every shard is seen before going on)")
            else:
                batch = step(batch) if isinstance(step, Keep) else applied(step, batch, self.measured_names())
                lines.append(f"{numbered.number:>4}  {numbered.name}")
            if isinstance(step, Keep):
                lines += [f"        {rule}" for rule in step.rules]
            new = [n for n in batch.schema.names if n not in before]
            if new:
                lines.append(f"        + {', '.join(new)}")
        lines.append(f"write {self.write}" if self.write else "no sink")
        return "\n".join(lines)

    def run(
        self,
        *,
        on: Local | None = None,
        progress: Callable[[Any], None] | None = None,
        retry_quarantined: bool = False,
    ) -> Report:
        """Curate the whole corpus into the sink's folder and say what happened.

        Finished work found there is used again where nothing it depends on has changed; with `retry_quarantined` not
        that of the shards with quarantined documents.
        """
        from curate.launch import Local, launch

        if self.write is None:
            raise PipelineError("this pipeline has no sink: give write=parquet('out/folder') to run it")
        return launch(self, on or Local(), progress, retry_quarantined)

    def rows_key(self, phase: int) -> str:
        """What the decisions up to the end of `phase` depend on, besides the shard: every step, rules included."""
        last = self.phases[phase]
        stop = last.sweep.number if last.sweep else len(self.numbered) + 1
        steps = [f"{n.number} {n.name} {describe(n.step)}" for n in self.numbered if n.number <= stop]
        sink = [] if last.sweep or self.write is None else [describe(self.write.validation)]
        return digest(describe(read_key(self.read)), *steps, *sink)


# Columns that every step hands on: what a document is called, where it came from, what it says.
REQUIRED = tuple(n for n in READ_SCHEMA.names if n not in (*READING_ONLY, "error", "html"))


def through(step: Any, batch: Batch, measured: set[str]) -> Batch:
    """`batch` pushed through one step; a sweep sees it as the whole corpus."""
    if isinstance(step, Keep):
        return step(batch)
    return swept(step, batch) if isinstance(step, Sweep) else applied(step, batch, measured)


def applied(step: Step, batch: Batch, measured: set[str]) -> Batch:
    """A transform on the stored columns of `batch`, without the rows it gives an `error` for."""
    out = step(batch.select([n for n in batch.schema.names if n not in measured]))
    if isinstance(out, pa.RecordBatch) and "error" in out.schema.names:
        out = out.filter(pc.is_null(out.column("error"))).drop_columns(["error"])
    return out


def read_key(read: Source) -> object:
    """What of a source shapes its rows; where its files lie does not."""
    options = {k: v for k, v in vars(read).items() if k not in ("paths", "folder")}
    return {"source": type(read).__name__, "options": options, "schema": str(read.schema), "versions": versions()}


def stored_schema(read: pa.Schema) -> pa.Schema:
    """The columns steps see: those of the source without what only the reading needs."""
    return pa.schema([f for f in read if f.name not in (*READING_ONLY, "error")])


def readable(batch: Batch) -> Batch:
    """`batch` with the columns every source gives, null where it has none."""
    for field in stored_schema(READ_SCHEMA):
        if field.name not in batch.schema.names:
            values = pa.array(range(batch.num_rows)) if field.name == "row" else pa.nulls(batch.num_rows, field.type)
            batch = batch.append_column(field, values.cast(field.type))
    return batch


def with_verdict(batch: Batch, verdict: pa.Schema, settled: pa.Table | None) -> Batch:
    """`batch` with the columns of a sweep's verdict, joined by `row`; null where `settled` says nothing."""
    if settled is None or settled.num_rows == 0:
        for field in verdict:
            batch = set_column(batch, field.name, pa.nulls(batch.num_rows, field.type))
        return batch
    known = settled["row"].to_numpy()
    rows = batch.column("row").to_numpy()
    at = np.searchsorted(known, rows).clip(0, len(known) - 1)
    index = pa.array(at, mask=known[at] != rows)
    for field in verdict:
        batch = set_column(batch, field.name, settled[field.name].combine_chunks().take(index))
    return batch


def swept(sweep: Sweep, batch: Batch) -> Batch:
    """A sweep over one batch as if it were the whole corpus."""
    sketch = addressed(sweep.sketch(batch), batch, 0)
    parts = [sweep.match(_ordered(sketch.filter(pa.array(sketch["part"].to_numpy() == p)))) for p in range(sweep.parts)]
    return with_verdict(batch, sweep.verdict, sweep.settle(pa.concat_tables(parts)).sort_by("row"))


def addressed(sketch: pa.Table | Batch, batch: Batch, shard: int) -> pa.Table:
    """A sketch with `shard` and `row` in place of `index`."""
    table = sketch if isinstance(sketch, pa.Table) else pa.Table.from_batches([sketch])
    rows = batch.column("row").take(table["index"].combine_chunks())
    table = table.drop_columns(["index"]).append_column("row", rows)
    return table.append_column("shard", pa.array(np.full(len(rows), shard, np.int32)))


def _ordered(table: pa.Table) -> pa.Table:
    return table.sort_by([("shard", "ascending"), ("row", "ascending")])


def _numbered(steps: Sequence[Any], secrets: Secrets) -> tuple[Numbered, ...]:
    out: list[Numbered] = []
    keeps: list[Keep] = []

    def flush() -> None:
        for group in joined(keeps):
            out.append(Numbered(len(out) + 1, group.name, group))
        keeps.clear()

    for step in steps:
        if isinstance(step, Keep):
            keeps.append(step)
            continue
        flush()
        if not callable(step) and not isinstance(step, Sweep):
            raise PipelineError(f"{step!r} is neither a step (a callable) nor a sweep nor `keep(...)`")
        name = getattr(step, "name", None) or getattr(step, "__name__", type(step).__name__)
        out.append(Numbered(len(out) + 1, secrets.hidden(str(name)), step))  # a name may hold its options
    flush()
    return tuple(out)


def _phases(numbered: tuple[Numbered, ...], source: str) -> tuple[Phase, ...]:
    phases: list[Phase] = []
    stages: list[Stage] = []
    transforms: list[Numbered] = []
    groups: list[Group] = []
    key = digest(source)

    def end_stage() -> None:
        nonlocal key
        if transforms or groups or not (stages or phases):
            first = not (stages or phases)  # the only stage that holds every row: its text is nobody else's
            if first or transforms:
                key = digest("first" if first else "later", key, *(describe(t.step) for t in transforms))
            stages.append(Stage(tuple(transforms), tuple(groups), key))
        transforms.clear()
        groups.clear()

    for n in numbered:
        if isinstance(n.step, Keep):
            groups.append(Group(n.number, n.step))
        elif isinstance(n.step, Sweep):
            end_stage()
            phases.append(Phase(tuple(stages), n))
            stages.clear()
        else:
            if groups:
                end_stage()
            transforms.append(n)
    end_stage()
    phases.append(Phase(tuple(stages), None))
    return tuple(phases)


def _refuse_names(signals: Sequence[Signal], phases: Sequence[Phase]) -> None:
    """Names the ledger has for itself, and signals that would read what a sweep only decides later."""
    verdicts = {n for p in phases if p.sweep for n in p.sweep.step.verdict.names}
    for found in signals:
        if found.compute is None:
            continue
        if found.name in RESERVED or found.name in verdicts or not found.name.isidentifier() or found.name[0] == "_":
            raise PipelineError(f"a signal cannot be named {found.name!r}: that name is the ledger's own; rename it")
        read = next((name for name in _columns_read(found) if name in verdicts), None)
        if read:
            raise PipelineError(
                f"signal {found.name!r} reads {read!r}, which a sweep decides for the corpus as a whole; a rule may "
                "use that column (`known(column(...))`), a signal is kept for other runs and may not"
            )


def _columns_read(found: Signal) -> Iterator[str]:
    for read in found.reads:
        if isinstance(read, str):
            yield read
        else:
            yield from _columns_read(read)


def _refuse_columns(schema: pa.Schema, measured: set[str]) -> None:
    """Stored columns that would be taken for a signal, a verdict or the engine's own marks."""
    for name in schema.names:
        if name in measured:
            raise PipelineError(f"the stored column {name!r} has the name of a signal or verdict; rename one of them")
        if name in ("_step", "_error", "_head") or name.startswith(("_in_", "~")):
            raise PipelineError(f"the stored column {name!r} has a name that the engine needs; rename it")


def _refuse_two_of_one_name(signals: Sequence[Signal]) -> None:
    seen: dict[str, Signal] = {}
    for found in signals:
        other = seen.setdefault(found.name, found)
        if describe(other.key) != describe(found.key):
            raise PipelineError(
                f"two different signals are both named {found.name!r} (from {other.module or '?'} and "
                f"{found.module or '?'}); rename one, or give it a `name`"
            )


def _refuse_two_verdicts_of_one_name(phases: Sequence[Phase]) -> None:
    seen: dict[str, Numbered] = {}
    for sweep in (p.sweep for p in phases if p.sweep):
        for name in sweep.step.verdict.names:
            if name in seen:
                raise PipelineError(
                    f"steps {seen[name].number} and {sweep.number}, both `{sweep.name}`, would write "
                    f"the same column {name!r}"
                )
            seen[name] = sweep
