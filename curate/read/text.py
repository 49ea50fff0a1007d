"""Plain text files: a document each, or several with a line between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from curate.read.batches import MAX_DOCUMENT, Record, batches, failed
from curate.read.files import FILE, file_records
from curate.read.lines import Line, damage_text, one_shard, split
from curate.read.packing import inflated, packed
from curate.read.shard import Seen, Shard, cut, find_inputs, grouped, missing_id, shard_bytes, whole
from curate.read.stored import Damage, Window
from curate.read.warc import decoded
from curate.schema import READ_SCHEMA

SUFFIXES = tuple(f".{kind}{packing}" for kind in ("txt", "md") for packing in ("", ".gz", ".zst"))


@dataclass(frozen=True)
class Text:
    """The documents of text files. Made by `text`."""

    paths: tuple[str, ...]
    separator: str | None
    shard_mb: float

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([*READ_SCHEMA, FILE])

    def shards(self) -> list[Shard]:
        files = find_inputs(self.paths, SUFFIXES)
        step = shard_bytes(self.shard_mb)
        if self.separator is None:
            return grouped(files, step)
        return [s for f in files for s in ([whole(f)] if one_shard(f.path) else cut(f, step))]

    def read(self, shard: Shard, seen: Seen) -> Iterator[pa.RecordBatch]:
        if self.separator is None:
            records = file_records(shard, seen, markup=False, content_type="text/plain")
            yield from batches(records, self.schema, shard.source)
            return
        with Window(shard.path) as window:
            yield from batches(_separated(window, shard, seen, self.separator), self.schema, shard.source)


def text(paths: str | list[str], separator: str | None = None, shard_mb: float = 16) -> Text:
    """Plain text and Markdown: .txt and .md, plain, .gz or .zst, in any encoding.

    `paths`      a file, a folder, a pattern such as "books/*.txt", or a list of these
    `separator`  a line that stands between documents, as "<|endoftext|>" or "====="; None: each file is one document
    `shard_mb`   megabytes that one task reads; without a separator on average, by whole files

    The column `file` is the file's name relative to the folder or pattern; ids are hashes of it and of the place.
    An empty file, or nothing between two separators, is skipped; a document is at most 64 MB.
    """
    if separator is not None and (not separator or "\n" in separator or "\r" in separator):
        raise ValueError(f"separator is {separator!r}; it is one whole line, without its line end, and not empty")
    return Text((paths,) if isinstance(paths, str) else tuple(paths), separator, shard_mb)


def _separated(window: Window, shard: Shard, seen: Seen, separator: str) -> Iterator[Record]:
    """The documents between separator lines that start in `shard`; a packed file is read whole."""
    marks = tuple({separator.encode("utf-8"), separator.encode("gb18030")})  # text in GBK has its separator in GBK
    is_packed = packed(window)
    if is_packed:
        if shard.start or not shard.size:
            return
        rest, start, stop = split(inflated(window), 0, None, MAX_DOCUMENT), 0, None
    else:
        start = shard.start if shard.begin is None else shard.begin
        stop = shard.stop
        rest = split(window.blocks(start), start, None, MAX_DOCUMENT)
        if start and shard.begin is None:
            after = _after_separator(window, start, stop, marks)
            if after is None:
                return
            start = after
            rest = split(window.blocks(start), start, None, MAX_DOCUMENT)
    size = window.size
    good = bad = 0
    damaged: int | None = None
    while (stop is None or start < stop) and (is_packed or start < size):
        document = _Document(start)
        try:
            ended = document.fill(rest, marks)
        except Damage as damage:
            damaged = damage.at
            seen.first = seen.first or 0
            yield failed(start, damage_text(damage), document.body(), Record(start, extra=(shard.source,)))
            break
        if not document.stop:  # nothing after the last separator
            break
        if seen.first is None:
            seen.first = start
        record = document.record(shard.source)
        if record.error:
            bad += document.stop - start
        else:
            good += document.stop - start
        yield record
        start = document.stop
        if not ended:
            break
    seen.end = size if is_packed else min(start, size)
    seen.close(good, bad, damaged)


class _Document:
    """The lines from `start` to the next separator."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.stop = 0  # after the separator; 0: there was nothing to read
        self.length = 0
        self.lines: list[bytes] = []

    def fill(self, rest: Iterator[Line], marks: tuple[bytes, ...]) -> bool:
        """Take lines up to a separator; whether there was one."""
        for line in rest:
            self.stop = line.offset + line.length + 1
            if line.data.removesuffix(b"\r") in marks:
                return True
            self.length += line.length + 1
            if self.length <= MAX_DOCUMENT + 1:
                self.lines.append(line.data)
        return False

    def body(self) -> bytes:
        return b"\n".join(self.lines)

    def record(self, source: str) -> Record:
        body = self.body()
        base = Record(self.start, id=missing_id(source, self.start), content_type="text/plain", extra=(source,))
        if self.length > MAX_DOCUMENT + 1:
            return base._replace(error=f"too large: {self.length - 1:,} bytes up to the separator", head=body[:200])
        if not body.strip():
            return base._replace(skipped="empty document")
        return decoded(base, body, None, markup=False)


def _after_separator(window: Window, start: int, stop: int, marks: tuple[bytes, ...]) -> int | None:
    """Where the first document begins in [start, stop): after a separator line that may stand just before it."""
    back = max(start - max(map(len, marks)) - 3, 0)  # a separator that ends at `start` begins after this
    if back:
        back = window.find(b"\n", back, stop) + 1
        if not back:
            return None
    for line in split(window.blocks(back), back, stop, MAX_DOCUMENT):
        after = line.offset + line.length + 1
        if start <= after < min(stop, window.size) and line.data.removesuffix(b"\r") in marks:
            return after
    return None
