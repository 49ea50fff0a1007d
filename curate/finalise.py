"""The end of a run: parts under their visible names, the report, and last of all the manifest."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from curate import tally, work
from curate.keys import digest
from curate.phases import Context, Record, RowsTask
from curate.pipeline import Pipeline
from curate.report import Report, build_report
from curate.rows import shard_key
from curate.store import WorkDamaged
from curate.versions import versions
from curate.work import Folder
from curate.write import SPLITS, card, describe_file, pack


def finalise(
    context: Context, tasks: list[RowsTask], records: list[list[Record]], sweeps: list[Record], timings: dict[str, Any]
) -> Report:
    """Publish what the tasks of the last phase made. Figures come from the records, so that a run killed ten times
    and a quiet one report the same. Raises WorkDamaged where a part is no longer what its record says."""
    from curate.page.render import write_page

    folder = context.folder
    last = records[-1]
    _still_whole(folder, last)
    data: dict[str, dict[Path, str]] = {}
    for split in SPLITS:
        full = [record for record in last if record["data"][split]["rows"]]
        if split == "train":
            full = full or last[:1]  # an empty corpus still has its columns
        data[split] = pack(folder, split, _parts(folder, split, full), _numbered(folder.data, split))
    ledger = pack(folder, "ledger", _parts(folder, "ledger", last), _numbered(folder.ledger))
    lacking = [record for i, record in enumerate(last) if any(has_quarantined(phase[i]) for phase in records)]
    quarantine = pack(folder, "quarantine", _parts(folder, "quarantine", lacking), _numbered(folder.quarantine))
    for section, named in (
        (folder.data, [*data["train"], *data["validation"]]),
        (folder.ledger, ledger),
        (folder.quarantine, quarantine),
    ):
        work.tidy(section, set(named).__contains__)

    total = _total(records)
    report = build_report(
        context.pipeline,
        total,
        list(ledger),
        list(quarantine),
        inputs_of(tasks, records[0]),
        _timings(records, sweeps, timings),
    )
    work.write_json(folder.report, report.data)
    write_page(report.data, folder.page)
    manifest = _manifest(context.pipeline, report, folder.root, data, ledger, quarantine, last)
    work.write_text(folder.root / "README.md", card(manifest))
    manifest["pages"] = [describe_file(folder.root, p) for p in (folder.page, folder.report, folder.root / "README.md")]
    _forget_other_work(context, tasks, records, sweeps)
    work.write_sealed(folder.manifest, manifest)
    report.folder = folder.root
    return report


def inputs_of(tasks: list[RowsTask], records: list[Record]) -> list[dict[str, Any]]:
    """The input files: stored bytes, records, and a digest of their contents."""
    files: dict[str, dict[str, Any]] = {}
    for task, record in zip(tasks, records, strict=True):
        entry = files.setdefault(
            task.shard.source, {"source": task.shard.source, "bytes": task.shard.size, "records": 0, "sums": []}
        )
        entry["records"] += record["tally"]["records"]
        entry["sums"] += [record["input_sha256"]] if record["input_sha256"] else []
    for entry in files.values():
        sums = entry.pop("sums")
        entry["sha256"] = sums[0] if len(sums) == 1 else f"of {len(sums)} shards: {digest(*sums)}"
    return list(files.values())


def _total(records: list[list[Record]]) -> tally.Tally:
    """One tally of all phases: shards add up, phases follow one another."""
    whole = tally.Tally()
    for number, phase in enumerate(records):
        parts = [tally.from_plain(r["tally"]) for r in phase]
        total = parts[0]
        for part in parts[1:]:
            total = tally.add(total, part)
        if number == 0:
            whole.records, whole.documents = total.records, total.documents
            whole.skipped, whole.capped = total.skipped, total.capped
            for name in tally.STORED:
                setattr(whole, name, getattr(total, name))
        whole.steps += total.steps
        whole.samples |= total.samples
    return whole


def _timings(records: list[list[Record]], sweeps: list[Record], timings: dict[str, Any]) -> dict[str, Any]:
    """CPU seconds of the whole and per step; of work used again, those it cost when it was done."""
    steps: dict[str, float] = {}
    everything = [*(r for phase in records for r in phase), *sweeps]
    for record in everything:
        for number, seconds in record["timings"]["steps"].items():
            steps[number] = steps.get(number, 0.0) + seconds
    cpu = sum(r["timings"]["cpu_s"] for r in everything)
    return {
        "cpu_s": round(cpu, 2),
        **timings,
        "steps": {k: round(v, 3) for k, v in sorted(steps.items(), key=lambda kv: int(kv[0]))},
    }


def has_quarantined(record: Record) -> bool:
    """Whether the task of one phase put a row of its shard into quarantine."""
    return any(step["quarantined"] for step in record["tally"]["steps"])


def _still_whole(folder: Folder, records: list[Record]) -> None:
    """Whether every part is still what its record says; one that is not is removed, so that it is made again."""
    outputs = {folder.root / name: output for record in records for name, output in record["outputs"].items()}
    damaged = [path for path, output in outputs.items() if work.sha256(path) != output["sha256"]]
    for path in damaged:
        path.unlink()
    if damaged:
        raise WorkDamaged(f"{damaged[0]} had changed since it was written and is removed; run again to make it anew")


def _parts(folder: Folder, kind: str, records: list[Record]) -> dict[Path, str]:
    """What the tasks of `records` made of one kind, each with the sha256 it had then."""
    paths = [folder.part(kind, record["key"]) for record in records]
    names = [str(path.relative_to(folder.root)) for path in paths]
    return {p: r["outputs"][name]["sha256"] for p, name, r in zip(paths, names, records, strict=True)}


def _numbered(folder: Path, name: str = "part") -> Any:
    return lambda i: folder / f"{name}-{i:05d}.parquet"


def _manifest(
    pipeline: Pipeline,
    report: Report,
    root: Path,
    data: dict[str, dict[Path, str]],
    ledger: dict[Path, str],
    quarantine: dict[Path, str],
    last: list[Record],
) -> dict[str, Any]:
    content = {split: digest(*(r["data"][split]["content"] for r in last)) for split in SPLITS}
    figures = {name: report.data[name] for name in ("records", "documents", "kept", "dropped", "quarantined")}
    return {
        "format": 1,
        "name": pipeline.name,
        **figures,
        "content": content,
        "data": [describe_file(root, p, s, split=split) for split in SPLITS for p, s in data[split].items()],
        "ledger": [describe_file(root, p, s) for p, s in ledger.items()],
        "quarantine": [describe_file(root, p, s) for p, s in quarantine.items()],
        "inputs": report.data["inputs"],
        "configuration": dataclasses.asdict(pipeline.config),
        "steps": [n.name for n in pipeline.numbered],
        "versions": versions(),
    }


def _forget_other_work(
    context: Context, tasks: list[RowsTask], records: list[list[Record]], sweeps: list[Record]
) -> None:
    """Remove the work of configurations and inputs that this run did not use: a folder holds one run's work."""
    folder = context.folder
    everything = [*(r for phase in records for r in phase), *sweeps]
    used = {str(folder.root / name) for r in everything for name in r["outputs"]}
    used |= {str(folder.record(r["kind"], r["key"])) for r in everything}
    shards = {shard_key(t.shard) for t in tasks}
    stages = {stage.key for phase in context.pipeline.phases for stage in phase.stages}
    parts = folder.work / "parts"
    work.tidy(parts, lambda p: str(p) in used or ("-packed-" in p.name and p.stat().st_nlink > 1))
    packed = {folder.work / "records" / f"{p.stem}.json" for p in parts.glob("*-packed-*")}
    work.tidy(folder.work / "records", lambda p: str(p) in used or p in packed)
    for kind in ("text", "signals"):
        work.tidy(
            folder.work / kind,
            lambda p: p.name.split("-")[0] in stages and p.name.split("-")[1].split(".")[0] in shards,
        )
