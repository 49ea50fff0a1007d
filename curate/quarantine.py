"""Documents that could not be processed: listed by reason, one shown in full, all tried again."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from curate import work
from curate.config import parse
from curate.explain import DocumentMissing
from curate.launch import Local, Progress
from curate.pipeline import PipelineError
from curate.report import Report
from curate.work import Folder

PLACES = 5  # shown per reason


def listed(folder: Folder) -> str:
    """The reasons, the most frequent first, each with its step, its count, and the first places."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for row in _rows(folder):
        by_reason.setdefault((row["reason"].split(":")[0], row["step"]), []).append(f"{row['id']}  {_place(row)}")
    lines = []
    for (reason, step), places in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
        lines.append(f"{len(places):>7,}  {_safe(reason)}  (step {step})")
        lines += [f"{'':9}{place}" for place in places[:PLACES]]
        if len(places) > PLACES:
            lines.append(f"{'':9}and {len(places) - PLACES:,} more: {folder.quarantine}")
    total = sum(map(len, by_reason.values()))
    return "\n".join([*lines, "", f"{total:,} documents in quarantine"]).lstrip("\n")


def shown(folder: Folder, wanted: str) -> str:
    """One document in full, by its id or URL: place, step, reason, first bytes. Raises DocumentMissing."""
    found = [row for row in _rows(folder) if wanted in (row["id"], row["url"])]
    if not found:
        raise DocumentMissing(f"no document with the id or URL {wanted!r} in {folder.quarantine}")
    return "\n\n".join(
        "\n".join(
            [
                _safe(row["url"] or row["id"]),
                f"  id          {_safe(row['id'])}",
                f"  place       {_place(row)}, row {row['row']:,}",
                f"  step        {row['step']}",
                f"  reason      {_safe(row['reason'], 2000)}",
                f"  first bytes {_safe((row['head'] or b'').decode('utf-8', 'backslashreplace'), 2000) or 'none'}",
            ]
        )
        for row in found
    )


@dataclasses.dataclass(frozen=True)
class Replayed:
    """What became of the documents that were in quarantine."""

    report: Report
    fates: Counter[str]

    def __str__(self) -> str:
        well = self.fates["kept"] + self.fates["dropped"]
        return (
            f"of {self.fates.total():,} documents in quarantine {well:,} are well now ({self.fates['kept']:,} kept, "
            f"{self.fates['dropped']:,} dropped), {self.fates['quarantined']:,} are there again"
        )


def replay(
    folder: Folder, signals: list[Path], on: Local, progress: Callable[[Progress], None] | None = None
) -> Replayed:
    """Do the work on every shard with a quarantined document again, by the configuration of the run.

    Raises PipelineError where that is not known, ConfigError where it cannot be read any more, and what a run raises.
    """
    manifest = work.read_json(folder.manifest) or {}
    written = manifest.get("configuration", {})
    if not written.get("text"):
        raise PipelineError(
            f"the run in {folder.root} was made in Python, and only its script knows its steps: there, say "
            "pipeline.run(retry_quarantined=True)"
        )
    lacking = [name for name in written["signals"] if name not in {path.name for path in signals}]
    if lacking:
        raise PipelineError(
            f"the run in {folder.root} used signals of your own: give --signals with the path of {', '.join(lacking)}"
        )
    origin = f"the configuration in {folder.manifest}"
    pipeline = parse(written["text"], manifest["name"], origin, written["overrides"], signals)
    assert pipeline.write is not None
    pipeline.write = dataclasses.replace(pipeline.write, folder=str(folder.root))
    before = {row["id"] for row in _rows(folder)}
    report = pipeline.run(on=on, progress=progress, retry_quarantined=True)
    fates: Counter[str] = Counter()
    for path in sorted(folder.ledger.glob("*.parquet")):
        table = pq.read_table(path, columns=["id", "fate"])
        pairs = zip(table["id"].to_pylist(), table["fate"].to_pylist(), strict=True)
        fates.update(fate for name, fate in pairs if name in before)
    return Replayed(report, fates)


def _rows(folder: Folder) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.quarantine.glob("*.parquet")):
        yield from pq.read_table(path).to_pylist()


def _place(row: dict[str, Any]) -> str:
    return f"{_safe(row['source'])} at {row['offset']:,}" if row["offset"] is not None else _safe(row["source"])


def _safe(text: str, limit: int = 200) -> str:
    """Text from the data, with nothing in it that a terminal would obey."""
    from curate.page.visible import plain

    return plain(text, limit)
