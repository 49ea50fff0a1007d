"""The contract between curation and training: a finished run's folder, read as texts.

A finished run has a `manifest.json`, which lists its Parquet files with split, rows and size. Only what the manifest
lists is read, and only if it is there in full, so a model is never trained on half a run without anybody noticing.
Needs nothing but pyarrow; knows nothing of how the run came about.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from trainers.errors import InputError

MANIFEST_FORMAT = 1


@dataclass(frozen=True)
class Run:
    """A finished run. `files`: the Parquet files per split, in input order; `content`: a digest of each split."""

    folder: Path
    files: dict[str, tuple[Path, ...]]
    content: dict[str, str]

    def batches(self, split: str, columns: list[str], rows: int = 1024) -> Iterator[pa.RecordBatch]:
        """The named columns of a split, in order; a column that a file lacks is null throughout."""
        for path in self.files[split]:
            try:
                with pq.ParquetFile(path) as file:
                    present = [c for c in columns if c in file.schema_arrow.names]
                    if "text" in columns and "text" not in present:
                        there = ", ".join(file.schema_arrow.names)
                        raise InputError(f"{path} has no column `text`; it has {there}")
                    for batch in file.iter_batches(rows, columns=present):
                        missing = pa.nulls(batch.num_rows, pa.string())
                        yield pa.record_batch(
                            {c: batch[c] if c in present else missing for c in columns},
                        )
            except (pa.ArrowInvalid, pa.ArrowIOError) as error:
                raise InputError(f"{path} is damaged ({error}): `llmsapp verify {self.folder}` says more") from error

    def texts(self, split: str) -> Iterator[str]:
        """The texts of a split, in order; a null text is an empty one, so that documents can be counted."""
        for batch in self.batches(split, ["text"]):
            for text in batch["text"].to_pylist():
                yield text or ""

    def require(self, split: str) -> None:
        """Raise unless the split holds documents."""
        if self.files.get(split):
            return
        advice = "; the run kept none apart: set `write.parquet.validation` to 0.01 or more" if split != "train" else ""
        raise InputError(f"{self.folder} holds no {split} documents{advice}")


def open_run(folder: Path) -> Run:
    """The finished run in `folder`.

    Raises InputError where there is no folder, no manifest (the run never came to its end), or where a listed file is
    missing or has another size than the manifest says.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}")
    path = folder / "manifest.json"
    if not path.is_file():
        raise InputError(f"{folder} holds no finished run (no manifest.json): run it to its end first")
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        listed = [(str(f["path"]), str(f["split"]), int(f["rows"]), int(f["bytes"])) for f in manifest["data"]]
        content = {split: str(manifest["content"][split]) for _, split, _, _ in listed}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is not the manifest of a run ({type(error).__name__}: {error})") from error
    if manifest.get("format") != MANIFEST_FORMAT:
        raise InputError(f"{path} has format {manifest.get('format')}; this version reads {MANIFEST_FORMAT}")
    files: dict[str, list[Path]] = {}
    for relative, split, rows, size in listed:
        file = folder / relative
        found = file.stat().st_size if file.is_file() else None
        if found != size:
            state = "is missing" if found is None else f"has {found:,} bytes where the manifest says {size:,}"
            raise InputError(f"{file} {state}: `llmsapp verify {folder}` says more; running again repairs it")
        if rows:
            files.setdefault(split, []).append(file)
    return Run(folder, {split: tuple(paths) for split, paths in files.items()}, content)
