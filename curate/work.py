"""Files of a run that appear whole or not at all, and the records that say which work is done.

A file is written under a temporary name in its own folder, flushed to the disk, read back and proved, and renamed. A
record is the completion mark of a task and its statistics in one; its name is the digest of all the task depends on, so
that a change of input, configuration or code finds no record and the work is done again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SEAL = "sha256"  # the last key of a sealed JSON file


@dataclass(frozen=True)
class Folder:
    """Where the parts of a run lie under its output folder."""

    root: Path

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger"

    @property
    def quarantine(self) -> Path:
        return self.root / "quarantine"

    @property
    def manifest(self) -> Path:
        return self.root / "manifest.json"

    @property
    def report(self) -> Path:
        return self.root / "report.json"

    @property
    def page(self) -> Path:
        return self.root / "report.html"

    def record(self, kind: str, key: str) -> Path:
        return self.work / "records" / f"{kind}-{key}.json"

    def part(self, kind: str, key: str) -> Path:
        return self.work / "parts" / f"{kind}-{key}.parquet"

    def text(self, shard_key: str, stage_key: str, generation: int) -> Path:
        return self.work / "text" / f"{stage_key}-{shard_key}.{generation}.parquet"

    def signals(self, shard_key: str, stage_key: str) -> Path:
        return self.work / "signals" / f"{stage_key}-{shard_key}.parquet"


@contextlib.contextmanager
def whole(path: Path, prove: Callable[[Path], None] | None = None) -> Iterator[Path]:
    """`with whole(path) as temporary`: `path` appears when the block ends well, and not at all when it does not.

    `prove` reads the file back under its temporary name, and raises where it is not what was to be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with open(temporary, "rb+") as handle:
            os.fsync(handle.fileno())
        if prove is not None:
            prove(temporary)
        os.replace(temporary, path)
        keep_names(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def keep_names(folder: Path) -> None:
    """Flush a folder itself: a rename in it, or a name removed from it, then outlives a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def left_over(folder: Path) -> list[Path]:
    """Temporary files that killed runs have left below `folder`."""
    return [path for path in folder.rglob(".*.[0-9]*.tmp") if path.is_file()]


def write_text(path: Path, text: str) -> None:
    with whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    write_text(path, _as_text(value))


def write_sealed(path: Path, value: dict[str, Any]) -> None:
    """JSON that ends with the sha256 of itself, so that a change of it is noticed: see `sealed`."""
    write_json(path, {**value, SEAL: hashlib.sha256(_as_text(value).encode()).hexdigest()})


def sealed(path: Path) -> bool:
    """Whether the JSON of `path` is, byte for byte, what `write_sealed` wrote."""
    found = read_json(path)
    if not isinstance(found, dict):
        return False
    value = {k: v for k, v in found.items() if k != SEAL}
    whole_value = {**value, SEAL: hashlib.sha256(_as_text(value).encode()).hexdigest()}
    return path.read_bytes() == _as_text(whole_value).encode()


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=False) + "\n"


def read_json(path: Path) -> Any | None:
    """The JSON of `path`; None where there is none, or none that can be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def sha256(path: Path) -> str:
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def finish(folder: Folder, kind: str, key: str, outputs: list[Path], record: dict[str, Any]) -> dict[str, Any]:
    """Write the record of a finished task, with the size and sha256 of each file it made."""
    record["kind"], record["key"] = kind, key
    record["outputs"] = {
        str(path.relative_to(folder.root)): {"bytes": path.stat().st_size, "sha256": sha256(path)} for path in outputs
    }
    write_json(folder.record(kind, key), record)
    return record


def finished(folder: Folder, kind: str, key: str) -> dict[str, Any] | None:
    """The record of a task that is done and whose files are still there in full, else None."""
    record = read_json(folder.record(kind, key))
    if not isinstance(record, dict):
        return None
    for name, output in record.get("outputs", {}).items():
        try:
            if (folder.root / name).stat().st_size != output["bytes"]:
                return None
        except OSError:
            return None
    return record


def why_unfinished(folder: Folder, kind: str, key: str) -> str:
    """In words, what `finished` missed."""
    record = read_json(folder.record(kind, key))
    if not isinstance(record, dict):
        return "not done yet, or something it depends on has changed"
    for name, output in record.get("outputs", {}).items():
        path = folder.root / name
        if not path.exists():
            return f"{name} is missing"
        if path.stat().st_size != output["bytes"]:
            return f"{name} has {path.stat().st_size} bytes, its record says {output['bytes']}"
    return "done"


def tidy(folder: Path, keep: Callable[[Path], bool]) -> None:
    """Remove the files below `folder` that `keep` does not want."""
    if folder.is_dir():
        for path in folder.rglob("*"):
            if path.is_file() and not keep(path):
                path.unlink()
