"""Small archives to test readers with, written here byte by byte, and a way to read shards as the engine does."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any

import pyarrow as pa

from curate.read import Seen, Source

PAGES = [
    ("https://example.org/en", "<html><body><p>A quiet street, seven lamps.</p></body></html>"),
    ("https://example.org/zh", "<html><body><p>安静的街道，七盏灯。</p></body></html>"),
]


def record(
    kind: str = "response",
    block: bytes = b"",
    *,
    number: int = 0,
    url: str = "https://example.org/",
    content_type: str = "application/http; msgtype=response",
    length: str | None = None,
    end: str = "\r\n",
    drop: tuple[str, ...] = (),
) -> bytes:
    """One WARC record; `length` overrides Content-Length, `drop` leaves header fields out."""
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-4000-8000-{number:012d}>",
        "WARC-Date": "2024-05-01T10:20:30Z",
        "WARC-Target-URI": url,
        "Content-Type": content_type,
        "Content-Length": str(len(block)) if length is None else length,
    }
    head = end.join(["WARC/1.0", *(f"{k}: {v}" for k, v in fields.items() if k not in drop)])
    return f"{head}{end}{end}".encode() + block + f"{end}{end}".encode()


def response(body: bytes, fields: str = "Content-Type: text/html; charset=utf-8", status: str = "200 OK") -> bytes:
    """An HTTP response as a crawler stores it."""
    lines = [f"HTTP/1.1 {status}", *filter(None, fields.split("\n"))]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def pages(count: int, size: int = 300) -> list[bytes]:
    """`count` records of one page each, of uneven lengths around `size` bytes."""
    made = []
    for k in range(count):
        url, page = PAGES[k % 2]
        filler = "".join(f"<p>{(k * 7919 + j * 104729) % 99991}</p>" for j in range(size // 14 + k % 7))
        made.append(record(block=response((page + filler).encode()), number=k, url=f"{url}/{k}"))
    return made


def packed(records: list[bytes]) -> bytes:
    """A .warc.gz: one member per record."""
    return b"".join(gzip.compress(r, mtime=0) for r in records)


def rows_of(source: Source) -> list[dict[str, Any]]:
    """All rows, read shard by shard."""
    return rows_and_seen(source)[0]


def rows_and_seen(source: Source) -> tuple[list[dict[str, Any]], list[Seen]]:
    """All rows, and what was seen of each shard; one that did not begin where its left neighbour ended is read again.

    Checks that every byte of each shard is counted.
    """
    rows: list[dict[str, Any]] = []
    all_seen: list[Seen] = []
    ends: dict[str, int] = {}
    for shard in source.shards():
        seen, found = read(source, shard)
        end = ends.get(shard.source)
        if end is not None and seen.first != end and (end < shard.stop or seen.first is not None):
            seen, found = read(source, replace(shard, begin=end))
        if seen.end is not None:
            ends[shard.source] = seen.end
        rows += found
        all_seen.append(seen)
        assert seen.first is None or seen.end is None or seen.bytes == seen.end - seen.first
    return rows, all_seen


def read(source: Source, shard: Any) -> tuple[Seen, list[dict[str, Any]]]:
    seen = Seen()
    batches = list(source.read(shard, seen))
    for batch in batches:
        assert batch.schema == source.schema
        batch.validate(full=True)
    rows = pa.Table.from_batches(batches, schema=source.schema).to_pylist()
    assert [row["row"] for row in rows] == list(range(len(rows)))
    return seen, rows
