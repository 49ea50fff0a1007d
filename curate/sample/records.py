"""WARC 1.1 records as bytes, and the file they make: one gzip member each, nothing in it that depends on the clock."""

from __future__ import annotations

import base64
import gzip
import hashlib
import uuid
import zlib
from typing import NamedTuple

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://sample-crawl.example/")


class Record(NamedTuple):
    """A record before it is compressed. `damaged`: one byte of its compressed form will be flipped."""

    data: bytes
    damaged: bool = False


def record(kind: str, url: str | None, date: str, block: bytes, *, mime: str, fields: tuple[tuple[str, str], ...] = (),
           damaged: bool = False) -> Record:  # fmt: skip
    """One record: `kind` is its WARC-Type, `mime` the Content-Type of the block; the id comes from kind and url."""
    lines = [
        ("WARC-Type", kind),
        ("WARC-Record-ID", f"<urn:uuid:{record_id(kind, url)}>"),
        ("WARC-Date", date),
        *([("WARC-Target-URI", url)] if url else []),
        *fields,
        ("Content-Type", mime),
        ("Content-Length", str(len(block))),
    ]
    head = "WARC/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines)
    return Record(head.encode() + b"\r\n" + block + b"\r\n\r\n", damaged)


def record_id(kind: str, url: str | None) -> str:
    """The id of a record, the same in every run: a uuid5 of its kind and url."""
    return str(uuid.uuid5(NAMESPACE, f"{kind} {url or ''}"))


def response(status: str, headers: tuple[tuple[str, str], ...], body: bytes) -> bytes:
    """An HTTP response as it came over the wire."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1") + body


def chunked(body: bytes, size: int = 1000) -> bytes:
    """The body in HTTP/1.1 chunks."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def deflated(body: bytes, *, raw: bool) -> bytes:
    """The body as `Content-Encoding: deflate`: with the zlib wrapper the standard asks for, or raw, as some send it."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15 if raw else 15)
    return squeeze.compress(body) + squeeze.flush()


def gzipped(body: bytes) -> bytes:
    """A gzip member without a time in it."""
    return gzip.compress(body, 9, mtime=0)


def digest(data: bytes) -> str:
    """The digest WARC files use: SHA-1 in base32."""
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode("ascii")


def member(one: Record) -> bytes:
    """The record as it stands in the file."""
    stored = gzipped(one.data)
    if one.damaged:
        middle = len(stored) // 2
        stored = stored[:middle] + bytes([stored[middle] ^ 0xFF]) + stored[middle + 1 :]
    return stored
