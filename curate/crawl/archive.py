"""The WARC of a crawl: written exchange by exchange, known again after a kill.

Every record is one gzip member, and the records of an exchange are written with one call, so a kill can only leave the
last of them unfinished. Opening the file again reads it through, cuts such a remainder off and remembers where each
address stands. Nothing else is ever cut: a file with damage in its middle, or of another program's making, is refused
and left as it is.

WARC 1.1: ISO 28500:2017. WARC-Block-Digest is over the whole block, WARC-Payload-Digest over what follows its head, as
sent (sha1 in base 32, as crawlers write it and warcio checks it). The records are put together here because warcio's
writer spells header fields anew: a Location in raw GBK, common on Chinese sites, comes out as another address.
"""

from __future__ import annotations

import base64
import fcntl
import gzip
import hashlib
import os
import re
import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple

SUFFIX = ".warc.gz"
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_READ = 1 << 20
_MAX_HEAD = 64 << 10


class ArchiveRefused(ValueError):
    """A file that cannot be continued; it is left as it is."""


class ArchiveBusy(OSError):
    """Another crawl is writing this file."""


class Place(NamedTuple):
    """Where a record stands in the file, in stored bytes."""

    offset: int
    size: int


class Kept(NamedTuple):
    """A response that stands in the archive. `cut`: its body was left with the server, since it is no page."""

    url: str
    date: datetime
    block: bytes  # head and body
    cut: bool


class Archive:
    """A WARC to append to, with what stands in it already. A context manager: it holds a lock on the file.

    `path` ends in .warc.gz. Raises ArchiveRefused for a file that is not of our making, ArchiveBusy for one in use.
    `cut` is how many bytes of a half-written record were cut off at the end.
    """

    def __init__(self, path: Path, about: dict[str, str]) -> None:
        if not path.name.endswith(SUFFIX):
            raise ArchiveRefused(f"{path}: a crawl is written to a name that ends in {SUFFIX}")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.cut = 0
        self._responses: dict[str, Place] = {}
        self._file = path.open("a+b", buffering=0)  # nothing waits in a buffer when a kill or a full disk comes
        try:
            self._lock()
            self._recover()
            if not self._end:
                lines = "".join(f"{name}: {value}\r\n" for name, value in about.items())
                fields = {"WARC-Record-ID": record_id(), "Content-Type": "application/warc-fields"}
                self._append(_member(record("warcinfo", fields, lines.encode(), datetime.now(UTC))))
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def response(self, url: str) -> Kept | None:
        """The newest response of `url` in the archive, or None."""
        place = self._responses.get(url)
        return self._kept(place) if place else None

    def write(self, url: str, address: str | None, request: bytes, response: bytes, cut: bool = False) -> None:
        """Append a request and the response to it. They stand in the file when this returns.

        `address` is the network address that was asked, None where it is not known. With `cut` the response is a head
        whose body was not fetched.
        """
        now = datetime.now(UTC)
        name = record_id()
        fields = {
            "WARC-Record-ID": name,
            "WARC-Target-URI": url,
            **({"WARC-IP-Address": address} if address else {}),
            **({"WARC-Truncated": "length"} if cut else {}),
            "Content-Type": "application/http; msgtype=response",
            "WARC-Payload-Digest": digest(_payload(response)),
        }
        member = _member(record("response", fields, response, now))
        place = Place(self._end, len(member))
        fields = {
            "WARC-Record-ID": record_id(),
            "WARC-Target-URI": url,
            "WARC-Concurrent-To": name,
            "Content-Type": "application/http; msgtype=request",
        }
        self._append(member + _member(record("request", fields, request, now)))
        self._responses[url] = place

    def _append(self, members: bytes) -> None:
        rest = memoryview(members)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:  # a full disk: what came of the records is taken back, so that the file stays whole
            os.ftruncate(self._file.fileno(), self._end)
            raise
        self._end += len(members)

    def _kept(self, place: Place) -> Kept:
        self._file.seek(place.offset)
        data = gzip.decompress(self._file.read(place.size))
        fields, body = _parsed(data)
        date = datetime.strptime(fields["warc-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        block = data[body : body + int(fields["content-length"])]
        return Kept(fields.get("warc-target-uri", ""), date, block, "warc-truncated" in fields)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ArchiveBusy(f"another crawl is writing {self.path}; wait for it or give another name") from error

    def _recover(self) -> None:
        """Learn what stands in the file, and cut off what was not finished."""
        self._end = 0
        size = self._file.seek(0, os.SEEK_END)
        for place, fields in _members(self._file, self.path):
            self._end = place.offset + place.size
            url = fields.get("warc-target-uri", "").strip("<>")
            if fields.get("warc-type") == "response":
                self._responses[url] = place
        if self._end < size:
            _refuse_unless_cut(self._file, self._end, self.path)
            self.cut = size - self._end
            os.ftruncate(self._file.fileno(), self._end)


def record(kind: str, fields: dict[str, str], block: bytes, date: datetime) -> bytes:
    """One record of a WARC, not compressed."""
    lines = {
        "WARC-Type": kind,
        "WARC-Date": date.strftime("%Y-%m-%dT%H:%M:%SZ"),
        **fields,
        "WARC-Block-Digest": digest(block),
        "Content-Length": str(len(block)),
    }
    head = "WARC/1.1\r\n" + "".join(f"{name}: {_line(value)}\r\n" for name, value in lines.items())
    return head.encode() + b"\r\n" + block + b"\r\n\r\n"


def record_id() -> str:
    """A new name for a record."""
    return f"<urn:uuid:{uuid.uuid4()}>"


def digest(data: bytes) -> str:
    """`sha1:` and the digest in base 32."""
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def _member(data: bytes) -> bytes:
    return gzip.compress(data, 6, mtime=0)


def _payload(block: bytes) -> bytes:
    head = _HEAD_END.search(block)
    return block[head.end() :] if head else b""


def _line(text: str) -> str:
    """`text` on one line: a field cannot add fields."""
    return " ".join(text.split())


def _parsed(data: bytes) -> tuple[dict[str, str], int]:
    """(fields with names in lower case, where the block begins) of a record. Raises ValueError where it is none."""
    end = _HEAD_END.search(data, 0, _MAX_HEAD)
    if not end or not data.startswith(b"WARC/1."):
        raise ValueError("no record of a WARC")
    lines = data[: end.start()].decode().split("\r\n")[1:]
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if not fields.get("content-length", "").isascii() or not fields.get("content-length", "").isdigit():
        raise ValueError("a record without a length")
    return fields, end.end()


def _members(file: BinaryIO, path: Path) -> Iterator[tuple[Place, dict[str, str]]]:
    """The whole records from the start of the file up to the first that is not. Raises ArchiveRefused for others."""
    at = 0
    while True:
        found = _inflated(file, at)
        if found is None:
            return
        size, head, inflated = found
        try:
            fields, body = _parsed(head)
            whole = inflated == body + int(fields["content-length"]) + 4
        except (ValueError, UnicodeDecodeError):
            whole = False
        if not whole:
            raise ArchiveRefused(
                f"{path} holds something else at byte {at:,} than records of a crawl of ours, one to a gzip member; "
                "give another name"
            )
        yield Place(at, size), fields
        at += size


def _inflated(file: BinaryIO, at: int) -> tuple[int, bytes, int] | None:
    """(stored size, first inflated bytes, inflated size) of the gzip member at `at`; None if it is not there whole."""
    file.seek(at)
    inflate = zlib.decompressobj(31)
    head = b""
    size = inflated = 0
    while not inflate.eof:
        block = file.read(_READ)
        if not block:
            return None
        size += len(block)
        try:
            while block:
                data = inflate.decompress(block, _READ)
                inflated += len(data)
                if len(head) < _MAX_HEAD:
                    head += data[:_MAX_HEAD]
                block = inflate.unconsumed_tail
        except zlib.error:
            return None
    return size - len(inflate.unused_data), head, inflated


def _refuse_unless_cut(file: BinaryIO, at: int, path: Path) -> None:
    """Raises ArchiveRefused unless the bytes from `at` on are the beginning of one record and nothing more."""
    file.seek(at)
    rest = file.read()
    start = zlib.decompressobj(31)
    try:
        head = start.decompress(rest[:4096], 64)
    except zlib.error:
        head = b"?"
    if not (head.startswith(b"WARC/1.") or b"WARC/1.".startswith(head[:7])) and rest.strip(b"\0"):
        raise ArchiveRefused(
            f"{path} is no crawl that can be continued: at byte {at:,} it is not a WARC; give another name"
        )
    for found in re.finditer(rb"\x1f\x8b\x08", rest[1:]):
        try:
            behind = zlib.decompressobj(31).decompress(rest[1 + found.start() :][:4096], 16)
        except zlib.error:
            continue
        if behind.startswith(b"WARC/1."):
            raise ArchiveRefused(
                f"{path} is damaged at byte {at:,}, with whole records behind it; it is left as it is: "
                "give another name, and let `llmsapp run` read this one around the damage"
            )
