"""The lines of a file, plain or compressed, with the place where each begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from curate.read.batches import MAX_DOCUMENT
from curate.read.packing import inflated, packed
from curate.read.shard import Seen, Shard
from curate.read.stored import Damage, Window


class Line(NamedTuple):
    """A line without its line feed. `length` counts all its bytes; above the cap `data` is only how it begins."""

    offset: int  # in the stored file; in a compressed one, in the inflated bytes
    data: bytes
    length: int


def one_shard(path: str) -> bool:
    """Whether a file of this name is compressed, and so read from its start by one shard."""
    return path.lower().endswith((".gz", ".zst", ".lz4"))


def lines(window: Window, shard: Shard, seen: Seen, cap: int = MAX_DOCUMENT) -> Iterator[Line]:
    """The lines that start in `shard`. Compressed files are read whole by the shard at their start.

    Fills `seen`. Raises Damage, after all lines before it, where compressed bytes are broken.
    """
    if packed(window):
        if shard.start == 0:
            seen.first = 0 if shard.size else None
            yield from split(inflated(window), 0, None, cap)
            seen.end = window.size
        return
    start = shard.start if shard.begin is None else shard.begin
    if start and shard.begin is None:
        line_end = window.find(b"\n", start - 1, shard.stop - 1)  # a line starts in the range if the one before ends so
        if line_end < 0:
            return
        start = line_end + 1
    if start < min(shard.stop, window.size):
        seen.first = start
    seen.end = start
    for line in split(window.blocks(start), start, shard.stop, cap):
        seen.end = min(line.offset + line.length + 1, window.size)
        yield line


def split(blocks: Iterator[bytes], at: int, stop: int | None, cap: int) -> Iterator[Line]:
    """The lines of `blocks` that start before `stop`; `at` is where the first block stands."""
    head: list[bytes] = []  # of a line that goes on in the next block
    length = 0
    for block in blocks:
        start = 0
        while (end := block.find(b"\n", start)) >= 0:
            if stop is not None and at >= stop:
                return
            if head:
                length += end - start
                if length <= cap:
                    head.append(block[start:end])
                yield Line(at, b"".join(head)[:cap], length)
                at += length + 1
                head, length = [], 0
            else:
                yield Line(at, block[start:end][:cap], end - start)
                at += end - start + 1
            start = end + 1
        if stop is not None and at >= stop:
            return
        if start < len(block):
            length += len(block) - start
            if length <= cap or not head:
                head.append(block[start:])
            else:
                del head[1:]
    if length:
        yield Line(at, b"".join(head)[:cap], length)


def damage_text(damage: Damage) -> str:
    """The reason of the error row that stands for everything after `damage`."""
    return f"{damage}; what follows cannot be read"
