"""Where the tasks of a run are done, and the order: phase by phase, each waiting for all tasks of the one before."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate import work
from curate.finalise import finalise, has_quarantined
from curate.guard import Watch
from curate.keys import describe
from curate.phases import Context, Record, RowsTask, match_tasks, rows_tasks, settle_task
from curate.pipeline import Pipeline
from curate.read import Shard
from curate.report import Report
from curate.rows import shard_key
from curate.store import WorkDamaged
from curate.work import Folder
from curate.worker import Crew, Limits


@dataclass(frozen=True)
class Local:
    """This machine. `workers`: processes side by side; None for one per core, 0 to work in this very process, where
    a crash of a step is a crash of yours but a debugger reaches everything. `limits` is what a worker may use before
    it counts as stuck."""

    workers: int | None = None
    limits: Limits = Limits()


@dataclass(frozen=True)
class Progress:
    """Tasks done in the phase that is running."""

    phase: str
    done: int
    tasks: int
    records: int
    kept: int


class OutputRefused(RuntimeError):
    """The output folder holds something that this run must not touch."""


class OutputBusy(RuntimeError):
    """Another run is working on the same output folder."""


def launch(
    pipeline: Pipeline,
    on: Local,
    progress: Callable[[Progress], None] | None = None,
    retry_quarantined: bool = False,
) -> Report:
    """Run `pipeline` to its end and give the report. Work that an earlier run finished is used again; with
    `retry_quarantined` not that of shards with quarantined documents."""
    assert pipeline.write is not None
    pipeline.check()
    shards = pipeline.read.shards()
    folder = Folder(Path(pipeline.write.folder))
    started = time.monotonic()
    with _claimed(folder, pipeline):
        context = Context(pipeline, folder)
        if retry_quarantined:
            _forget_quarantined(context, shards)

        def once() -> Report:
            with contextlib.closing(_Runner(context, on, progress)) as runner:
                tasks, records, sweeps = _all_phases(context, runner, shards)
            wall_s = round(time.monotonic() - started, 2)
            timings = {"wall_s": wall_s, "workers": runner.workers, "peak_mb": runner.peak_mb}
            return finalise(context, tasks, records, sweeps, timings)

        try:
            return once()
        except WorkDamaged:  # what an earlier run made has changed on the disk since; it is gone now, and made again
            return once()


def planned(pipeline: Pipeline) -> list[tuple[str, str]]:
    """(task, why) for each task of the first phase, and of later ones as far as what they depend on is known."""
    assert pipeline.write is not None
    pipeline.check()
    context = Context(pipeline, Folder(Path(pipeline.write.folder)))
    shards = _with_proved_borders(context, pipeline.read.shards())
    lines: list[tuple[str, str]] = []
    before: list[RowsTask] = []
    settled: list[Path] = []
    for number, phase in enumerate(pipeline.phases):
        tasks = rows_tasks(context, number, shards, before, settled)
        done = [t.finished(context) for t in tasks]
        for task, record in zip(tasks, done, strict=True):
            why = "reuse" if record else f"do: {work.why_unfinished(context.folder, task.kind, task.key)}"
            lines.append((f"phase {number + 1}, {task.name}", why))
        finished = [r for r in done if r is not None]
        if len(finished) < len(tasks):
            break
        before = tasks
        if phase.sweep:
            matches = match_tasks(context, number, tasks, finished)
            found = [t.finished(context) for t in matches]
            if any(r is None for r in found):
                lines.append((f"{phase.sweep.name}", "do: what it compares has changed"))
                break
            task_ = settle_task(context, number, matches, [r for r in found if r is not None])
            if not task_.finished(context):
                lines.append((f"{phase.sweep.name}", "do: not settled yet"))
                break
            lines.append((f"{phase.sweep.name}", "reuse"))
            settled.append(context.folder.part("settle", task_.key))
    return lines


def _all_phases(
    context: Context, runner: _Runner, shards: list[Shard]
) -> tuple[list[RowsTask], list[list[Record]], list[Record]]:
    """The tasks of the last phase, the records of every phase in shard order, and those of the sweeps."""
    before: list[RowsTask] = []
    settled: list[Path] = []
    records: list[list[Record]] = []
    sweeps: list[Record] = []
    for number, phase in enumerate(context.pipeline.phases):
        tasks = rows_tasks(context, number, shards, before, settled)
        done = runner.run(f"phase {number + 1} of {len(context.pipeline.phases)}", tasks)
        while number == 0 and (mended := _borders(shards, done)) != shards:
            # A shard began at what only looked like a record; its left neighbour knows where the record really is.
            shards = mended
            tasks = rows_tasks(context, number, shards, before, settled)
            done = runner.run("borders of shards", tasks)
        records.append(done)
        before = tasks
        if phase.sweep:
            matches = match_tasks(context, number, tasks, done)
            found = runner.run(f"{phase.sweep.name}: matching", matches)
            task = settle_task(context, number, matches, found)
            sweeps += [*found, *runner.run(f"{phase.sweep.name}: settling", [task])]
            settled.append(context.folder.part("settle", task.key))
    return before, records, sweeps


class _Runner:
    """Does lists of tasks, those that have no record yet, here or in worker processes."""

    def __init__(self, context: Context, on: Local, progress: Callable[[Progress], None] | None) -> None:
        self.context, self.progress, self.limits = context, progress, on.limits
        self.workers = (os.cpu_count() or 1) if on.workers is None else on.workers
        self.peak_mb = 0.0
        self._crew: Crew | None = None

    def run(self, phase: str, tasks: list[Any]) -> list[Record]:
        """The records of `tasks`, in their order."""
        records: list[Record | None] = [t.finished(self.context) for t in tasks]
        missing = [i for i, record in enumerate(records) if record is None]
        self._report(phase, records)
        for index, record in self._done([tasks[i] for i in missing]):
            records[missing[index]] = record
            self._report(phase, records)
        return [r for r in records if r is not None]

    def _done(self, tasks: list[Any]) -> Iterator[tuple[int, Record]]:
        if not tasks:
            return
        if self.workers == 0:
            for index, task in enumerate(tasks):
                yield index, task(self.context, Watch(hidden=self.context.pipeline.secrets.hidden))
            self.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            return
        if self._crew is None:
            self._crew = Crew(self.context, self.workers, self.limits)
        for index, record, peak_mb in self._crew.run(tasks):
            self.peak_mb = max(self.peak_mb, round(peak_mb, 1))
            yield index, record

    def _report(self, phase: str, records: list[Record | None]) -> None:
        if self.progress is not None:
            tallies = [r["tally"] for r in records if r and "tally" in r]
            kept = sum(t["steps"][-1]["rows_out"] for t in tallies if t["steps"])
            done = sum(r is not None for r in records)
            self.progress(Progress(phase, done, len(records), sum(t["records"] for t in tallies), kept))

    def close(self) -> None:
        if self._crew is not None:
            self._crew.close()


def _borders(shards: list[Shard], records: list[Record]) -> list[Shard]:
    """The shards, with `begin` set where a shard did not start where its left neighbour ended."""
    out = list(shards)
    end: int | None = None
    for i, (shard, record) in enumerate(zip(shards, records, strict=True)):
        follows = i > 0 and shards[i - 1].path == shard.path and shards[i - 1].stop == shard.start
        if follows and end is not None:
            expected = end if end < shard.stop else None
            if record["first"] != expected and shard.begin != end:
                out[i] = dataclasses.replace(shard, begin=end)
        end = record["end"] if record["end"] is not None else (end if follows else None)
    return out


def _with_proved_borders(context: Context, shards: list[Shard]) -> list[Shard]:
    """The shards as the last run left them: with the borders it had to correct, as far as its records tell."""
    while True:
        tasks = rows_tasks(context, 0, shards, [], [])
        records = [t.finished(context) for t in tasks]
        if any(r is None for r in records):
            return shards
        mended = _borders(shards, [r for r in records if r is not None])
        if mended == shards:
            return shards
        shards = mended


def _forget_quarantined(context: Context, shards: list[Shard]) -> None:
    """Remove the work on every shard that has a document in quarantine, so that it is done again."""
    folder = context.folder
    found = {path: work.read_json(path) for path in (folder.work / "records").glob(f"{RowsTask.kind}-*.json")}
    places = {path: (record["source"], record["start"]) for path, record in found.items() if record}
    lacking = {places[path] for path, record in found.items() if record and has_quarantined(record)}
    keys = {shard_key(s) for s in _with_proved_borders(context, shards) if (s.source, s.start) in lacking}
    work.tidy(folder.work / "records", lambda path: places.get(path) not in lacking)
    for kind in ("text", "signals"):
        work.tidy(folder.work / kind, lambda path: path.name.split("-")[1].split(".")[0] not in keys)


@contextlib.contextmanager
def _claimed(folder: Folder, pipeline: Pipeline) -> Iterator[None]:
    """Hold the output folder alone; refuse one that belongs to something else."""
    run = folder.work / "run.json"
    if folder.root.exists() and not folder.root.is_dir():
        raise OutputRefused(f"{folder.root} is a file; give a folder to write.parquet")
    known = work.read_json(run)
    mine = {"read": pipeline.secrets.hidden(describe({"paths": _paths(pipeline.read)}))}
    ours = folder.manifest.exists() or (folder.work / "lock").exists()  # work/ may have been removed, or not begun
    if known is None and not ours and any(path.is_file() for path in folder.root.rglob("*")):
        raise OutputRefused(
            f"{folder.root} is not empty and holds no run of llmsapp; give another folder, or empty this one yourself"
        )
    if known is not None and known.get("read") != mine["read"]:
        raise OutputRefused(
            f"{folder.root} holds a run that read {known.get('read')}, this one reads {mine['read']}; "
            "give another folder to write.parquet, or remove this one"
        )
    folder.work.mkdir(parents=True, exist_ok=True)
    with open(folder.work / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OutputBusy(f"another run is working on {folder.root}; wait for it or give another folder") from error
        for path in work.left_over(folder.root):
            path.unlink(missing_ok=True)
        if known is None:
            work.write_json(run, mine)
        folder.manifest.unlink(missing_ok=True)  # no manifest: unfinished
        work.keep_names(folder.root)
        yield


def _paths(read: Any) -> Any:
    return {k: v for k, v in vars(read).items() if k in ("paths", "folder")}
