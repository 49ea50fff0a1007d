"""Archives changed at random: every record that the damage does not touch is read, and every byte is accounted for.

Where each byte of a changed archive came from is kept beside it, so the records that must come out are known exactly.
More of the same, with other seeds: `pytest -m soak tests/test_read_mutations.py`.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import zstandard

from curate.read import Seen
from curate.read.warc import warc
from tests.archives import pages, record, response, rows_and_seen

RECORDS = 24
FOREIGN = -1  # a byte that was not in the archive

CONTAINERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "plain": ("a.warc", bytes),
    "gzip": ("a.warc.gz", lambda part: gzip.compress(part, mtime=0)),
    "gzip, stored": ("a.warc.gz", lambda part: gzip.compress(part, 0, mtime=0)),
    # Without a checksum a changed byte goes unseen in zstd, as it does in a plain file.
    "zstd": ("a.warc.zst", zstandard.ZstdCompressor(write_checksum=True).compress),
}


class Archive:
    """Bytes, where each came from, and the parts that hold a record each: (start, stop, id and page)."""

    def __init__(self, rng: Random, pack: Callable[[bytes], bytes]) -> None:
        parts = pages(RECORDS, rng.choice([100, 1500, 6000]))
        parts[3] = record(block=response(rng.randbytes(3000), "Content-Type: image/png"), number=3)
        self.parts: list[tuple[int, int, str]] = []
        stored = b""
        for k, part in enumerate(map(pack, parts)):
            self.parts.append((len(stored), len(stored) + len(part), f"00000000-0000-4000-8000-{k:012d}"))
            stored += part
        self.bytes = np.frombuffer(stored, np.uint8)
        self.origin = np.arange(len(stored))

    def replace(self, start: int, stop: int, data: Any, origin: Any) -> None:
        self.bytes = np.concatenate([self.bytes[:start], data, self.bytes[stop:]])
        self.origin = np.concatenate([self.origin[:start], origin, self.origin[stop:]])

    def untouched(self) -> Counter[str]:
        """The ids of the parts that are still there from their first byte to their last, with how often."""
        found: Counter[str] = Counter()
        for start, stop, name in self.parts:
            for at in np.flatnonzero(self.origin == start):
                run = self.origin[at : at + stop - start]
                found[name] += len(run) == stop - start and bool((run == np.arange(start, stop)).all())
        return +found


def flip(archive: Archive, rng: Random) -> None:
    at = rng.randrange(len(archive.bytes))
    archive.replace(at, at + 1, archive.bytes[at : at + 1] ^ np.uint8(1 << rng.randrange(8)), [FOREIGN])


def cut(archive: Archive, rng: Random) -> None:
    archive.replace(*_range(archive, rng), np.empty(0, np.uint8), np.empty(0, np.int64))


def insert(archive: Archive, rng: Random) -> None:
    at = rng.choice([rng.randrange(len(archive.bytes)), rng.choice(archive.parts)[0]])
    data = rng.choice(
        [rng.randbytes(rng.randrange(1, 3000)), b"\0" * 700, b"some text\n" * 30, b"\x1f\x8b\x08 WARC/1.0"]
    )
    archive.replace(at, at, np.frombuffer(data, np.uint8), np.full(len(data), FOREIGN))


def duplicate(archive: Archive, rng: Random) -> None:
    start, stop = _range(archive, rng)
    at = rng.randrange(len(archive.bytes))
    archive.replace(at, at, archive.bytes[start:stop], archive.origin[start:stop])


def swap(archive: Archive, rng: Random) -> None:
    a, b, c, d = sorted(rng.sample(range(len(archive.bytes)), 4))
    for name in ("bytes", "origin"):
        old = getattr(archive, name)
        setattr(archive, name, np.concatenate([old[:a], old[c:d], old[b:c], old[a:b], old[d:]]))


def _range(archive: Archive, rng: Random) -> tuple[int, int]:
    start = rng.randrange(len(archive.bytes))
    return start, min(start + rng.choice([1, 10, 500, 8000]), len(archive.bytes))


Mutation = Callable[[Archive, Random], None]
MUTATIONS: tuple[Mutation, ...] = (flip, cut, insert, duplicate, swap)


def read(path: Path, archive: Archive, shard_mb: float) -> tuple[list[dict[str, Any]], Seen]:
    """The rows of the archive as it is now, and the bytes of all its shards."""
    path.write_bytes(archive.bytes.tobytes())
    rows, parts = rows_and_seen(warc(str(path), shard_mb=shard_mb))
    total = Seen()
    for seen in parts:
        total.read_bytes += seen.read_bytes
        total.damaged_bytes += seen.damaged_bytes
        total.blank_bytes += seen.blank_bytes
    return rows, total


def good(rows: list[dict[str, Any]]) -> Counter[tuple[str, str | None]]:
    return Counter((r["id"], r["html"] or r["skipped"]) for r in rows if not r["error"])


def check(folder: Path, container: str, seed: int, change: Mutation | None = None) -> None:
    """Change an archive, by `change` or at random, and read it before and after."""
    name, pack = CONTAINERS[container]
    rng = Random(f"{container} {seed}")
    archive = Archive(rng, pack)
    shard_mb = rng.choice([0.004, 0.03, 100])
    rows, total = read(folder / name, archive, shard_mb)
    whole = good(rows)
    assert len(whole) == RECORDS and total.bytes == total.read_bytes == len(archive.bytes)

    for mutation in [change] if change else rng.choices(MUTATIONS, k=rng.choice([1, 1, 2, 3])):
        mutation(archive, rng)
    rows, total = read(folder / name, archive, shard_mb)
    found, expected = good(rows), archive.untouched()
    for identity, content in whole:
        assert found[identity, content] >= expected[identity], f"{identity} is whole and was not read"
    assert total.bytes == len(archive.bytes)
    assert total.read_bytes >= sum((stop - start) * expected[name] for start, stop, name in archive.parts)
    assert bool(total.damaged_bytes) == any(r["error"] for r in rows)
    if container != "plain":  # compressed parts have checksums: what is read is what was written
        assert set(found) <= set(whole)


@pytest.mark.parametrize("container", CONTAINERS)
def test_what_damage_does_not_touch_is_read(tmp_path: Path, container: str) -> None:
    for seed in range(25):
        check(tmp_path, container, seed)


@pytest.mark.parametrize("container", CONTAINERS)
def test_damage_where_the_file_begins_hides_nothing(tmp_path: Path, container: str) -> None:
    def first_byte(archive: Archive, rng: Random) -> None:
        archive.replace(0, 1, archive.bytes[:1] ^ np.uint8(1), [FOREIGN])

    def other_magic(archive: Archive, rng: Random) -> None:
        magic = b"\x28\xb5\x2f\xfd" if "gzip" in container else b"\x1f\x8b\x08\0"
        archive.replace(0, 0, np.frombuffer(magic, np.uint8), [FOREIGN] * 4)

    for change in (first_byte, other_magic):
        check(tmp_path, container, 0, change)


@pytest.mark.soak
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("start", range(1000, 2000, 50))
def test_many_more(tmp_path: Path, container: str, start: int) -> None:
    for seed in range(start, start + 50):
        check(tmp_path, container, seed)
