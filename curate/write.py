"""The sink: clean Parquet by split, ledger and quarantine beside it, a manifest that is written last.

    OUT/data/train-00000.parquet …  OUT/ledger/  OUT/quarantine/  OUT/manifest.json  OUT/report.html  OUT/README.md

No manifest, no finished run. Same input and configuration: the same bytes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curate import tally, work
from curate.keys import digest
from curate.ledger import last_measured
from curate.pipeline import Pipeline
from curate.proved import DAMAGED
from curate.schema import Batch
from curate.store import ROW_GROUP, BatchWriter
from curate.work import Folder, whole

# zstd 3: higher levels cost four times the writing for a tenth of the size. No dictionary on free text. Row groups of
# 1,024 rows cost nothing and let a reader shuffle. Page sums are the only thing that notices a flipped bit.
PARQUET: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "use_dictionary": False,
    "write_statistics": True,
    "data_page_version": "1.0",
    "version": "2.6",
}
PART_BYTES = 100_000_000  # small neighbours are packed up to about this
SPLITS = ("train", "validation")
NOT_WRITTEN = ("row", "offset", "html", "content_type", "charset", "charset_evidence")


@dataclass(frozen=True)
class Sink:
    """Where the run goes. `validation`: the share of documents, chosen by a hash of their id, kept apart to test on;
    `max_quarantine`: the share of documents in quarantine above which a run counts as over budget."""

    folder: str
    validation: float = 0.01
    max_quarantine: float = 0.01


def parquet(folder: str, validation: float = 0.01, max_quarantine: float = 0.01) -> Sink:
    """Clean Parquet in `folder`, with ledger, report and manifest. `validation`: share of documents in that split.

    `max_quarantine`: share of documents that may end in quarantine. Above it the run finishes, warns, and the command
    exits with 4. Skipped records are no documents.
    """
    if not 0 <= validation < 1:
        raise ValueError(f"validation is the share of documents kept apart, 0 <= validation < 1, not {validation}")
    if not 0 <= max_quarantine <= 1:
        raise ValueError(f"max_quarantine is a share of the documents, from 0 to 1, not {max_quarantine}")
    return Sink(folder, validation, max_quarantine)


def output_schema(pipeline: Pipeline) -> pa.Schema:
    """The columns of the data: id, url, date, text, what the source brought besides, and every measured signal."""
    checked = pipeline.check()
    verdicts = {f.name for p in pipeline.phases if p.sweep for f in p.sweep.step.verdict}
    signals = {s.name: s.dtype for s in last_measured(pipeline)}
    pieces = {s.name for found in signals_read(pipeline) for s in found if s.piece}
    first = ["id", "url", "date", "text"]
    stored = [f for f in checked if f.name not in (*NOT_WRITTEN, *first, *verdicts, *signals, *pieces)]
    fields = [checked.field(n) for n in first] + stored
    return pa.schema(fields + [pa.field(n, t) for n, t in signals.items()])


def signals_read(pipeline: Pipeline) -> Iterator[list[Any]]:
    """For each measured signal, the signals it reads, near and far."""
    for found in pipeline.signals:
        reads, waiting = [], list(found.reads)
        while waiting:
            read = waiting.pop()
            if not isinstance(read, str):
                reads.append(read)
                waiting += read.reads
        yield reads


class DataWriter:
    """The clean rows of one shard, a file per split. `finished` maps split -> path, rows, text bytes, digest."""

    def __init__(self, pipeline: Pipeline, folder: Folder, key: str) -> None:
        self.schema = output_schema(pipeline)
        self.sink = pipeline.write or Sink("")
        self.paths = {split: folder.part(split, key) for split in SPLITS}
        self._writers = {split: BatchWriter(path, self.schema, PARQUET) for split, path in self.paths.items()}
        self._content: dict[str, list[str]] = {split: [] for split in SPLITS}
        self.finished: dict[str, dict[str, Any]] = {}
        self._text_bytes = dict.fromkeys(SPLITS, 0)

    def __enter__(self) -> DataWriter:
        with contextlib.ExitStack() as opened:
            for writer in self._writers.values():
                opened.enter_context(writer)
            self._open = opened.pop_all()
        return self

    def write(self, batch: Batch, hashes: np.ndarray[Any, np.dtype[np.uint64]]) -> None:
        """`batch` with the columns of `schema`; `hashes` of the ids choose the split."""
        held_out = (hashes >> np.uint64(11)) < np.uint64(int(self.sink.validation * (1 << 53)))
        for split, mask in (("train", ~held_out), ("validation", held_out)):
            part = batch.select(self.schema.names).filter(pa.array(mask))
            self._writers[split].write(part)
            ids, texts = part.column("id").to_pylist(), part.column("text").to_pylist()
            self._content[split] += [digest(i or "", t or "") for i, t in zip(ids, texts, strict=True)]
            self._text_bytes[split] += sum(len((t or "").encode()) for t in texts)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._open.__exit__(kind, error, trace)
        for split, writer in self._writers.items():
            self.finished[split] = {
                "rows": writer.rows,
                "text_bytes": self._text_bytes[split],
                "content": digest(*self._content[split]),
            }


def pack(folder: Folder, kind: str, files: dict[Path, str], names: Any) -> dict[Path, str]:
    """Put finished parts under their visible names: neighbours joined up to `PART_BYTES`, the rest linked.

    `files` maps each part to the sha256 its record has. `names(i)` gives the i-th name. What is joined depends on the
    sizes alone. Gives each with its sha256 when it was proved, so that the manifest never has the sum of later damage.
    """
    out: dict[Path, str] = {}
    for i, group in enumerate(_neighbours(list(files))):
        target = names(i)
        made, sha256 = group[0], files[group[0]]
        if len(group) > 1:
            made, sha256 = _joined(folder, kind, group, [files[path] for path in group])
        with whole(target) as temporary:
            try:
                os.link(made, temporary)
            except OSError:  # a file system without hard links
                shutil.copyfile(made, temporary)
        out[target] = sha256
    return out


def _neighbours(files: list[Path]) -> Iterator[list[Path]]:
    group: list[Path] = []
    size = 0
    for path in files:
        bytes_ = path.stat().st_size
        if group and size + bytes_ > PART_BYTES:
            yield group
            group, size = [], 0
        group.append(path)
        size += bytes_
    if group:
        yield group


def _joined(folder: Folder, kind: str, group: list[Path], sums: list[str]) -> tuple[Path, str]:
    """The files of `group` as one, made once for their contents, and its sha256, which its record says."""
    kind, key = f"{kind}-packed", digest(*sums)
    path = folder.part(kind, key)
    record = work.finished(folder, kind, key)
    name = str(path.relative_to(folder.root))
    if record is None or work.sha256(path) != record["outputs"][name]["sha256"]:
        with BatchWriter(path, pq.read_schema(group[0]).remove_metadata(), PARQUET) as writer:
            for member in group:
                with pq.ParquetFile(member, page_checksum_verification=True) as file:
                    for batch in file.iter_batches(ROW_GROUP, use_threads=False):
                        writer.write(batch)
        record = work.finish(folder, kind, key, [path], {})
    return path, str(record["outputs"][name]["sha256"])


def write_table(table: pa.Table, path: Path) -> None:
    """A table in the output's own format, in row groups of 1,024."""
    with BatchWriter(path, table.schema.remove_metadata(), PARQUET) as writer:
        for batch in table.combine_chunks().to_batches():
            writer.write(batch)


def card(manifest: dict[str, Any]) -> str:
    """The dataset card at the root of OUT: `datasets.load_dataset(OUT)` reads it and loads `data/` by split."""
    splits = [s for s in SPLITS if any(f["split"] == s for f in manifest["data"])]
    lines = ["---", "configs:", "- config_name: default", "  data_files:"]
    for split in splits:
        lines += [f"  - split: {split}", f"    path: data/{split}-*.parquet"]
    counts = ", ".join(f"{sum(f['rows'] for f in manifest['data'] if f['split'] == s):,} in {s}" for s in splits)
    lines += ["---", "", f"# {manifest['name']}", "", f"{manifest['kept']:,} documents ({counts}), curated by llmsapp."]
    lines += [
        "",
        "What was dropped and why: `report.html`; each document's way: `ledger/`; the files: `manifest.json`.",
    ]
    return "\n".join(lines) + "\n"


def verify(root: Path) -> list[str]:
    """What is wrong with a finished run, in words: re-reads every file against the manifest. Empty when all is well."""
    folder = Folder(root)
    manifest = work.read_json(folder.manifest)
    if not isinstance(manifest, dict):
        return [f"{folder.manifest} is missing or unreadable: the run did not finish (run it again to resume)"]
    if not work.sealed(folder.manifest):
        return [f"{folder.manifest} has changed: its sha256 is not what it says of itself"]
    problems: list[str] = []
    rows: dict[str, int] = {}
    for section in ("data", "ledger", "quarantine", "pages"):
        for entry in manifest[section]:
            path = root / entry["path"]
            if not path.exists():
                problems.append(f"{entry['path']} is missing")
                continue
            if work.sha256(path) != entry["sha256"]:
                problems.append(f"{entry['path']} has changed: its sha256 is not the manifest's")
            if path.suffix == ".parquet":
                problems += _unreadable(path, entry)
                rows[section] = rows.get(section, 0) + entry["rows"]
    listed = {e["path"] for section in ("data", "ledger", "quarantine") for e in manifest[section]}
    for section in ("data", "ledger", "quarantine"):
        for path in sorted((root / section).glob("*")):
            if str(path.relative_to(root)) not in listed:
                problems.append(f"{path.relative_to(root)} is not in the manifest")
    for section, figure in (("data", "kept"), ("ledger", "documents"), ("quarantine", "quarantined")):
        if rows.get(section, 0) != manifest[figure]:
            problems.append(
                f"{section}/ has {rows.get(section, 0)} rows, the manifest's `{figure}` is {manifest[figure]}"
            )
    if manifest["documents"] != manifest["kept"] + manifest["dropped"] + manifest["quarantined"]:
        problems.append("documents are not kept + dropped + quarantined")
    if not problems:
        problems += _ledger_against_data(folder, manifest)
    return problems


def _unreadable(path: Path, entry: dict[str, Any]) -> list[str]:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            rows = sum(b.num_rows for b in file.iter_batches(ROW_GROUP, use_threads=False))
    except DAMAGED as error:
        return [f"{entry['path']} cannot be read: {error}"]
    return [] if rows == entry["rows"] else [f"{entry['path']} has {rows} rows, the manifest says {entry['rows']}"]


def _ledger_against_data(folder: Folder, manifest: dict[str, Any]) -> list[str]:
    """Whether the ledger's kept documents are the data's, its quarantined ones those of quarantine/, id by id."""
    by_fate: dict[str, list[str]] = {"kept": [], "dropped": [], "quarantined": []}
    for entry in manifest["ledger"]:
        table = pq.read_table(folder.root / entry["path"], columns=["id", "fate"])
        for fate, ids in by_fate.items():
            ids += table.filter(pa.compute.equal(table["fate"], fate))["id"].to_pylist()
    problems = [
        f"the ledger has {len(ids)} documents {fate}, the manifest says {manifest[fate]}"
        for fate, ids in by_fate.items()
        if len(ids) != manifest[fate]
    ]
    for section, fate in (("data", "kept"), ("quarantine", "quarantined")):
        paths = [folder.root / entry["path"] for entry in manifest[section]]
        written = [i for path in paths for i in pq.read_table(path, columns=["id"])["id"].to_pylist()]
        if sorted(by_fate[fate]) != sorted(written):
            problems.append(f"the ids in {section}/ are not those the ledger calls {fate}")
    return problems


def describe_file(root: Path, path: Path, sha256: str = "", **more: Any) -> dict[str, Any]:
    """A file's line in the manifest. `sha256`: of the file when it was proved, where that is known."""
    rows = {"rows": pq.read_metadata(path).num_rows} if path.suffix == ".parquet" else {}
    return {
        "path": str(path.relative_to(root)),
        **more,
        **rows,
        "bytes": path.stat().st_size,
        "sha256": sha256 or work.sha256(path),
    }


__all__ = [
    "PARQUET", "SPLITS", "DataWriter", "Sink", "card", "describe_file", "output_schema", "pack", "parquet", "tally",
    "verify", "whole", "write_table",
]  # fmt: skip
