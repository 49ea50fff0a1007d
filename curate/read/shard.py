"""What a source is: input files, cut into shards, read as batches.

Shards are cut from the input and not from the workers: at multiples of a configured size, so that adding a file
changes no other shard. A shard owns what *starts* in its range.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import pyarrow as pa


class InputMissing(FileNotFoundError):
    """A pattern, file or folder of the input that is not there."""


class InputClash(ValueError):
    """Two input files that would have one name in ids and in the ledger."""


class SchemaMismatch(ValueError):
    """Columns that do not fit: not the same in all files, not of a type that can be read, or named like ours."""


@dataclass(frozen=True)
class Input:
    """One file of the input, as it stood when it was listed."""

    path: str
    source: str  # relative, '/'-separated
    size: int  # bytes as stored
    mtime_ns: int


@dataclass(frozen=True)
class Shard:
    """A part of the input that one task reads: a range of a file, or several small files."""

    path: str  # how to open it (several files: the first)
    source: str  # relative name, never absolute: used in ids and in the ledger (several files: the first's)
    start: (
        int  # range [start, stop) of the stored bytes (Parquet: of row groups; several files: of all, laid end to end)
    )
    stop: int
    size: int  # stored bytes of the whole file (several files: of all)
    mtime_ns: int  # several files: the latest
    begin: int | None = None  # where the first record starts, proved by the left neighbour; None: find it in the range
    files: tuple[Input, ...] = ()  # the files, where the shard is made of several; else empty


@dataclass
class Seen:
    """What a reader found at the edges of its shard, and what became of the bytes between; it fills this in as it runs.

    When `end` of one shard is not `first` of the next (or of the next that has any), the next was entered at a
    look-alike, or at damage, and is read again with `begin` set to that `end`.
    """

    first: int | None = None  # offset of the first record that starts in the range; None: no record starts here
    end: int | None = None  # offset after the last record read, where the right neighbour begins; None: none was read
    read_bytes: int = 0  # stored bytes of records that could be read, whatever became of them
    damaged_bytes: int = 0  # of places that could not, an error row each: damage up to the next record, or too large
    blank_bytes: int = 0  # line ends and padding that belong to no record

    @property
    def bytes(self) -> int:
        """All of them: `end` - `first` where these are counted in bytes; those of all shards, the size of the file."""
        return self.read_bytes + self.damaged_bytes + self.blank_bytes

    def charge(self, stored: int, good: int, bad: int) -> None:
        """Count `stored` bytes that hold records in the proportion `good` to `bad`; neither: as blank."""
        damaged = -(-stored * bad // max(good + bad, 1))
        self.damaged_bytes += damaged
        if good:
            self.read_bytes += stored - damaged
        else:
            self.blank_bytes += stored - damaged

    def close(self, good: int, bad: int, damage: int | None = None) -> None:
        """Count what lies between `first` and `end`, as `charge` does; from `damage` on nothing could be read."""
        if self.first is None or self.end is None:
            return
        stop = self.end if damage is None else damage
        self.charge(stop - self.first, good, bad)
        self.damaged_bytes += self.end - stop


class Source(Protocol):
    """Where documents come from. A frozen dataclass, so that it can be sent to workers."""

    @property
    def schema(self) -> pa.Schema:
        """READ_SCHEMA, then this source's own columns."""
        ...

    def shards(self) -> list[Shard]:
        """The whole input, in input order. Raises InputMissing."""
        ...

    def read(self, shard: Shard, seen: Seen) -> Iterator[pa.RecordBatch]:
        """Every record that starts in `shard`, one row each. Raises OSError when the file cannot be read at all."""
        ...


def missing_id(source: str, offset: int, within: int = 0) -> str:
    """The id of a record that has none: 128 bits of a hash of where it stands, as 32 hexadecimal digits.

    `within` tells apart records that share one stored offset, as all records of one large gzip member do.
    """
    place = f"{source}\0{offset}\0{within}" if within else f"{source}\0{offset}"
    return blake2b(place.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def find_inputs(paths: str | Sequence[str], suffixes: tuple[str, ...]) -> list[Input]:
    """The files that `paths` names: a file, a folder (searched for `suffixes`, deeply), a glob pattern, or several.

    Sorted by name. A name is relative to the folder given, or to the part of a pattern before its first wildcard.
    Raises InputMissing for each entry without a file, and InputClash where two files would have one name.
    """
    entries = [paths] if isinstance(paths, str) else list(paths)
    if not entries:
        raise InputMissing(
            "no input: `paths` is an empty list; name a file, a folder or a pattern such as 'crawl/*.gz'"
        )
    found: dict[str, Input] = {}
    for entry in entries:
        for path, source in _matches(os.path.expanduser(entry), suffixes):
            known = found.get(source)
            if known and os.path.realpath(known.path) != os.path.realpath(path):
                raise InputClash(
                    f"two input files would both be named {source!r}: {known.path} and {path}. Names stand in ids and "
                    "in the ledger; name the folder above both, or one pattern that begins above both"
                )
            info = os.stat(path)
            found[source] = Input(path, source, info.st_size, info.st_mtime_ns)
    return [found[source] for source in sorted(found)]


def _matches(entry: str, suffixes: tuple[str, ...]) -> list[tuple[str, str]]:
    """(path, source) of each file one entry of `paths` names."""
    if os.path.isdir(entry):
        root, paths = entry, list(_walk(entry, suffixes))
        if not paths:
            raise InputMissing(
                f"the folder {entry!r} holds no {' '.join(suffixes)} file; files of another name are read when they "
                f"are named by a pattern, as in {os.path.join(entry, '*')!r}"
            )
    elif os.path.lexists(entry):
        if not stat.S_ISREG(os.stat(entry).st_mode):
            raise InputMissing(f"{entry!r} is not a regular file: a pipe or device cannot be read again after a stop")
        root, paths = os.path.dirname(entry), [entry]
    else:
        root = _fixed_part(entry)
        paths = [p for p in glob.glob(entry, recursive=True) if os.path.isfile(p)]
        if not paths:
            raise InputMissing(
                f"no file matches {entry!r}, seen from {os.getcwd()}; check the pattern, or give an absolute path"
            )
    return [(p, Path(os.path.relpath(p, root or ".")).as_posix()) for p in paths]


def _walk(folder: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Regular files under `folder` with one of `suffixes`; hidden names and linked folders are left out."""
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = os.path.join(where, name)
            if name.lower().endswith(suffixes) and not name.startswith(".") and os.path.isfile(path):
                yield path


def _fixed_part(pattern: str) -> str:
    """The folders of `pattern` before the first one with a wildcard."""
    parts = Path(pattern).parts[:-1]
    fixed = next((i for i, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    return str(Path(*parts[:fixed])) if fixed else ""


def shard_bytes(shard_mb: float) -> int:
    """`shard_mb` in bytes (1 MB = 1,000,000), checked."""
    if not shard_mb > 0:
        raise ValueError(f"shard_mb is {shard_mb}; a shard needs a size above 0, in megabytes (the default is 16)")
    return max(int(shard_mb * 1_000_000), 1)


def cut(file: Input, step: int) -> list[Shard]:
    """`file` at multiples of `step` bytes; one shard for an empty file."""
    edges = [*range(0, file.size, step), file.size] if file.size else [0, 0]
    return [Shard(file.path, file.source, start, stop, file.size, file.mtime_ns) for start, stop in pairwise(edges)]


def whole(file: Input) -> Shard:
    """`file` in one shard: for formats that can only be read from their start."""
    return Shard(file.path, file.source, 0, file.size, file.size, file.mtime_ns)


def grouped(files: Iterable[Input], step: int) -> list[Shard]:
    """Small files, several to a shard of about `step` bytes; one file more changes only the shard it falls into.

    A file ends its shard when a number in [0, 1) from the hash of its name is below its size / `step`: every byte is as
    likely as any other to be the last, and the mean shard is `step` bytes. A shard that reaches 4 x `step` without such
    luck ends there; a cut of that kind moves with its neighbours, but only up to the next cut by name.
    """
    shards: list[Shard] = []
    group: list[Input] = []
    total = 0
    for file in files:
        group.append(file)
        total += file.size
        chance = int.from_bytes(blake2b(file.source.encode("utf-8", "surrogatepass"), digest_size=8).digest()) / 2**64
        if chance < file.size / step or total >= 4 * step:
            shards.append(_group_shard(group))
            group, total = [], 0
    return [*shards, _group_shard(group)] if group else shards


def _group_shard(group: list[Input]) -> Shard:
    total, latest = sum(f.size for f in group), max(f.mtime_ns for f in group)
    return Shard(group[0].path, group[0].source, 0, total, total, latest, files=tuple(group))
