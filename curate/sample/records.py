"""WARC 1.1 records as bytes, and the file they make: one gzip member each, nothing in it that depends on the clock."""

from __future__ import annotations

import base64
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
    blocks = _stored_blocks(body)
    return blocks if raw else b"\x78\x01" + blocks + zlib.adler32(body).to_bytes(4, "big")


def gzipped(body: bytes) -> bytes:
    """The body as `Content-Encoding: gzip`."""
    return _gzip(_stored_blocks(body), body)


def digest(data: bytes) -> str:
    """The digest WARC files use: SHA-1 in base32."""
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode("ascii")


def member(one: Record) -> bytes:
    """The record as it stands in the file."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    stored = _gzip(squeeze.compress(one.data) + squeeze.flush(), one.data)
    if one.damaged:
        middle = len(stored) // 2
        stored = stored[:middle] + bytes([stored[middle] ^ 0xFF]) + stored[middle + 1 :]
    return stored


def _stored_blocks(body: bytes) -> bytes:
    """The body as deflate blocks that are stored, not squeezed.

    What a body is compressed to would depend on the build of zlib, and with it the record; stored blocks do not, and
    the gzip member around the record squeezes them anyway.
    """
    pieces = [body[start : start + 0xFFFF] for start in range(0, len(body), 0xFFFF)] or [b""]
    blocks = b""
    for number, piece in enumerate(pieces, 1):
        last, length = number == len(pieces), len(piece)
        blocks += bytes([last]) + length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little") + piece
    return blocks


def _gzip(deflate: bytes, data: bytes) -> bytes:
    """A gzip member of no name, no time and no known system (`gzip.compress` of Python 3.13 changed that last byte)."""
    head = b"\x1f\x8b\x08\x00" + bytes(4) + b"\x00\xff"
    return head + deflate + zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")
