"""Crawls as WARC, ARC or WET files: which records are documents, and why the others are not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from curate.read.archive import Stored, stored_records
from curate.read.batches import HEAD_BYTES, MAX_DOCUMENT, Record, batches, failed
from curate.read.http import BrokenBody, Message, decoded_body, parse_content_type, parse_message
from curate.read.shard import Seen, Shard, cut, find_inputs, missing_id, shard_bytes, whole
from curate.read.stored import Window
from curate.schema import READ_SCHEMA

SUFFIXES = tuple(
    f".{kind}{packed}" for kind in ("warc", "arc", "warc.wet", "wet") for packed in ("", ".gz", ".zst", ".lz4")
)
REDIRECTS = (301, 302, 303, 307, 308)
HTML_TYPES = ("text/html", "application/xhtml+xml")
UNKNOWN_TYPES = (None, "unknown/unknown", "application/unknown", "*/*")  # WHATWG MIME Sniffing, section 7

_MARKUP = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*<\0?[!?a-zA-Z]")
_HTML = re.compile(rb"<!doctype html|<html[\s>]", re.I)
_DATE = re.compile(r"(\d{4})-?(\d\d)?-?(\d\d)?[T ]?(\d\d)?:?(\d\d)?:?(\d\d)?(?:\.\d+)?Z?$", re.A)
_NEVER_TEXT = bytes([*range(1, 9), 11, *range(14, 27), *range(28, 32)])  # WHATWG MIME Sniffing, 3; zero apart
_BINARY = {
    b"%PDF-": "application/pdf",
    b"PK\x03\x04": "application/zip",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n": "image/png",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


@dataclass(frozen=True)
class Warc:
    """The documents of crawl archives. Made by `warc`."""

    paths: tuple[str, ...]
    shard_mb: float

    @property
    def schema(self) -> pa.Schema:
        return READ_SCHEMA

    def shards(self) -> list[Shard]:
        files = find_inputs(self.paths, SUFFIXES)
        step = shard_bytes(self.shard_mb)
        return [s for f in files for s in ([whole(f)] if f.path.endswith((".zst", ".lz4")) else cut(f, step))]

    def read(self, shard: Shard, seen: Seen) -> Iterator[pa.RecordBatch]:
        with Window(shard.path) as window:
            records = (_record(stored, shard.source) for stored in stored_records(window, shard, seen))
            yield from batches(records, self.schema, shard.source)


def warc(paths: str | list[str], shard_mb: float = 16) -> Warc:
    """Crawl archives: WARC 1.x, ARC 1 and 2, and WET; plain, .gz, .zst or .lz4, told apart by their bytes.

    `paths`     a file, a folder, a pattern such as "crawl/*.warc.gz", or a list of these
    `shard_mb`  megabytes as stored that one task reads; a .zst or .lz4 file is one task whatever its size

    Documents are responses with status 2xx of HTML, XHTML or plain text, resources of these types, and the conversion
    records of WET files. Everything else is skipped, with a reason that can be counted: "redirect", "http 404",
    "content type image/png", "empty body", "robots.txt", "dns", "request", "revisit", "warcinfo", "metadata".
    A record that is damaged, cut off, or larger than 64 MB is an error row; the records after it are read.
    Columns: `id` is the WARC-Record-ID without its urn:uuid:, `date` the WARC-Date (null where malformed).
    """
    return Warc((paths,) if isinstance(paths, str) else tuple(paths), shard_mb)


def _record(stored: Stored, source: str) -> Record:
    """The row of one record."""
    header = stored.header
    name = header.get("warc-record-id", "").strip("<> ").removeprefix("urn:uuid:")
    base = Record(
        stored.offset,
        id=name or missing_id(source, stored.offset, stored.within),
        url=header.get("warc-target-uri", "").strip("<> ") or None,
        date=parse_date(header.get("warc-date", "")),
    )
    if stored.problem:
        return failed(stored.offset, stored.problem, stored.block, base)
    kind = header.get("warc-type", "").lower()
    if kind in ("response", "resource", "conversion"):
        if header.get("warc-segment-number"):
            return failed(stored.offset, "segmented: the rest of it is in other records", stored.block, base)
        return _RESPONSES[kind](base, header, stored.block)
    if kind in ("warcinfo", "request", "revisit", "metadata", "continuation"):
        return base._replace(skipped=kind)
    return base._replace(skipped=f"record type {kind[:40]}" if kind else "no record type")


def _response(base: Record, header: dict[str, str], block: bytes) -> Record:
    """A server's answer; what is no document is told by status and type, before any body is decoded."""
    mime, charset = parse_content_type(header.get("content-type", ""))
    scheme = (base.url or "").partition(":")[0].lower()
    if mime == "text/dns" or scheme == "dns":
        return base._replace(content_type=mime, skipped="dns")
    if not block:
        return base._replace(skipped="empty body")
    if mime and not mime.startswith("application/http"):  # a response, but not of HTTP (ftp, whois, an ARC's)
        return _document(base, mime, charset, Message(None, {}, block))
    message = parse_message(block)
    mime, charset = message.content_type
    status = message.status
    if status is not None and not 200 <= status < 300:
        return base._replace(content_type=mime, skipped="redirect" if status in REDIRECTS else f"http {status}")
    if base.url and base.url.endswith("/robots.txt") and base.url.count("/") == 3:
        return base._replace(content_type=mime, skipped="robots.txt")
    return _document(base, mime, charset, message)


def _resource(base: Record, header: dict[str, str], block: bytes) -> Record:
    """A file without a server. Plain text must have an address: crawlers keep their logs as resources."""
    mime, charset = parse_content_type(header.get("content-type", ""))
    scheme = (base.url or "").partition(":")[0].lower()
    if mime in HTML_TYPES or (mime == "text/plain" and scheme in ("http", "https", "ftp", "file")):
        return _document(base, mime, charset, Message(None, {}, block))
    return base._replace(content_type=mime, skipped=f"resource: {mime or 'no type'}")


def _conversion(base: Record, header: dict[str, str], block: bytes) -> Record:
    """Text that somebody else extracted."""
    mime, charset = parse_content_type(header.get("content-type", ""))
    return _document(base, mime or "text/plain", charset, Message(None, {}, block))


_RESPONSES = {"response": _response, "resource": _resource, "conversion": _conversion}


def _document(base: Record, mime: str | None, charset: str | None, message: Message) -> Record:
    """A document, if its type and its body allow it."""
    base = base._replace(content_type=mime)
    sniffed = mime in UNKNOWN_TYPES
    if not (sniffed or mime in HTML_TYPES or mime in ("text/plain", "text/xml", "application/xml")):
        return base._replace(skipped=f"content type {(mime or '')[:80]}")
    if not message.body:
        return base._replace(skipped="empty body")
    try:
        body = decoded_body(message)
    except BrokenBody as error:
        return base._replace(error=str(error), head=message.body[:HEAD_BYTES])
    if len(body) > MAX_DOCUMENT:
        return base._replace(error=f"too large: a body of {len(body):,} bytes", head=body[:HEAD_BYTES])
    if not body.strip():
        return base._replace(skipped="empty body")
    if sniffed and not _MARKUP.match(body):
        return base._replace(skipped="no content type")
    if mime in ("text/xml", "application/xml") and not _HTML.search(body, 0, 1024):
        return base._replace(skipped=f"content type {mime}")
    found = next((kind for magic, kind in _BINARY.items() if body.startswith(magic)), None)
    if found:
        return base._replace(skipped=f"content type {found}")
    if _is_binary(body):
        return base._replace(skipped="binary data")
    return decoded(base, body, charset, markup=mime != "text/plain")


def _is_binary(body: bytes) -> bool:
    """Whether the start of `body` is neither markup nor text: one byte in twenty is one that no text has.

    In UTF-16 and UTF-32 every second byte, or three of four, may be zero: there zeros stand mostly in the same places.
    """
    head = body[:4096]
    if _MARKUP.match(head):
        return False
    odd = len(head) - len(head.translate(None, _NEVER_TEXT))
    zeros = sorted(head[k::2].count(0) for k in (0, 1))
    if zeros[0] * 4 > zeros[1] and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        odd += sum(zeros)
    return odd * 20 > len(head)


def decoded(base: Record, body: bytes, charset: str | None, *, markup: bool) -> Record:
    """`base` with the text of `body`, or with the reason why there is none."""
    from curate.read.charset import UndecodableBytes, decode_page

    try:
        text, charset, evidence = decode_page(body, charset, markup=markup)
    except UndecodableBytes as error:
        return base._replace(error=f"charset: {error}", head=body[:HEAD_BYTES])
    html, plain = (text, None) if markup else (None, text)
    return base._replace(html=html, text=plain, charset=charset, charset_evidence=evidence)


def parse_date(text: str) -> int | None:
    """Seconds since 1970 of a WARC-Date, or of the 14 digits of an ARC. Short dates mean their first instant.

    None where it is malformed. (ISO 28500:2017, 5.4: from a year to fractions of a second, always UTC.)
    """
    found = _DATE.match(text)
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part) if part else None for part in found.groups())
    try:
        when = datetime(year or 0, month or 1, day or 1, hour or 0, minute or 0, min(second or 0, 59), tzinfo=UTC)
    except ValueError:
        return None
    return int(when.timestamp())
