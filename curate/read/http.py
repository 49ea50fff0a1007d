"""HTTP messages as crawlers store them: status and fields, and the body as it was before it was sent.

Bodies are decoded here and not by the archive reader, because three things must hold at once: what a page expands to
is bounded, an encoding that is declared but absent is no fault (crawlers often store the decoded body under the old
header), and a body that is cut or broken is an error of that one record.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from curate.read.batches import MAX_DOCUMENT

MAX_RATIO = 200  # decoded to stored bytes; real pages stay below 60
RATIO_FROM = 8 << 20  # decoded bytes from which MAX_RATIO counts: a table of 2 MB may well repeat itself
MAX_CODINGS = 4  # nested encodings that are unwrapped; more is no server's doing

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})(?!\d)", re.I)
_HEAD_END = re.compile(rb"\r{0,2}\n\r{0,2}\n")
_CHUNK = re.compile(rb"[ \t]*([-+]?[0-9a-fA-F]+)[ \t]*(?:;[^\r\n]*)?(?:\r\n|\n)")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


class BrokenBody(ValueError):
    """A body that cannot be decoded; the message says how far and why."""


class TooLarge(BrokenBody):
    """A body that decodes to more than any page is."""


class Message(NamedTuple):
    """An HTTP response. Field names are in lower case; a field given twice is a list of two values."""

    status: int | None  # None: no status line, as HTTP/0.9 sent them
    fields: dict[str, list[str]]
    body: bytes

    @property
    def content_type(self) -> tuple[str | None, str | None]:
        """(mime type in lower case, charset), each None where it is not given. The last well-formed field counts."""
        for value in reversed(self.fields.get("content-type", [])):
            mime, charset = parse_content_type(value)
            if mime:
                return mime, charset
        return None, None


def parse_content_type(value: str) -> tuple[str | None, str | None]:
    """(mime type in lower case, charset) of a Content-Type; None for what is missing or malformed."""
    mime, _, parameters = value.partition(";")
    mime = mime.split(",")[0].strip(" \t\"'").lower()
    found = re.search(r"charset\s*=\s*[\"']?\s*([^\s\"';,]+)", parameters, re.I) if parameters else None
    return (mime if "/" in mime else None), (found[1] if found else None)


def parse_message(block: bytes) -> Message:
    """The last response in `block`, after any 1xx that came before it."""
    at = 0
    while True:
        status = _STATUS.match(block, at)
        if not status:
            return Message(None, {}, block[at:])
        end = _HEAD_END.search(block, at)
        head = block[at : end.start()] if end else block[at:]
        at = end.end() if end else len(block)
        code = int(status[1])
        if code >= 200 or not _STATUS.match(block, at):
            return Message(code, _fields(head), block[at:])


def _fields(head: bytes) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    last: list[str] | None = None
    for line in head.decode("latin-1").split("\n")[1:]:
        if last and line[:1] in (" ", "\t"):  # folded: a continuation of the line before
            last[-1] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        if colon:
            last = fields.setdefault(name.strip().lower(), [])
            last.append(value.strip())
    return fields


def decoded_body(message: Message) -> bytes:
    """The body of `message` without transfer and content encodings. Raises BrokenBody."""
    body = message.body
    if "chunked" in ",".join(message.fields.get("transfer-encoding", [])).lower():
        body = unchunked(body)
    names = [n.strip().lower() for value in message.fields.get("content-encoding", []) for n in value.split(",")]
    codings = [n for n in names if n not in ("", "identity", "none", "utf-8")]
    if len(codings) > MAX_CODINGS:
        raise BrokenBody(f"content encoding: {len(codings)} of them, at most {MAX_CODINGS} are unwrapped")
    for coding in reversed(codings):
        body = _without(coding, body)
    for _ in range(MAX_CODINGS):  # compressed twice, or compressed and not declared: no text begins with these bytes
        if not body.startswith(b"\x1f\x8b\x08"):
            break
        body = _joined("gzip", _inflate(body, 31), len(body))
    return body


def unchunked(body: bytes) -> bytes:
    """`body` without chunk sizes and trailers; unchanged where it is not chunked. Raises BrokenBody."""
    if not _CHUNK.match(body):
        return body
    parts: list[bytes] = []
    at = 0
    while True:
        line = _CHUNK.match(body, at)
        if not line or line[1][:1] in b"+-":
            raise BrokenBody(f"chunked body: no chunk size at byte {at:,} of {len(body):,}")
        size = int(line[1], 16)
        if not size:
            return b"".join(parts)
        start = line.end()
        if start + size > len(body):
            raise BrokenBody(f"chunked body: cut off in the chunk at byte {at:,} of {len(body):,}")
        parts.append(body[start : start + size])
        at = start + size
        at += 2 if body.startswith(b"\r\n", at) else int(body.startswith(b"\n", at))


def _without(coding: str, body: bytes) -> bytes:
    """`body` with one content encoding taken off, or as it is where the encoding is declared but absent."""
    if not body:
        return body
    if coding in ("gzip", "x-gzip"):
        return _joined("gzip", _inflate(body, 31), len(body)) if body.startswith(b"\x1f\x8b") else _as_is(coding, body)
    if coding == "zstd":
        return (
            _joined("zstd", _unzstd(body), len(body)) if body.startswith(b"\x28\xb5\x2f\xfd") else _as_is(coding, body)
        )
    if coding == "deflate":  # RFC 9110 means zlib; some servers send the bare deflate stream
        zlib_header = len(body) > 1 and body[0] & 15 == 8 and not (body[0] << 8 | body[1]) % 31
        try:
            return _joined("deflate", _inflate(body, 15 if zlib_header else -15), len(body))
        except TooLarge:
            raise
        except BrokenBody:
            return _as_is(coding, body)
    if coding == "br":
        try:
            return _joined("br", _unbrotli(body), len(body))
        except TooLarge:
            raise
        except BrokenBody:
            return _as_is(coding, body)
    if _looks_textual(body):
        return body
    raise BrokenBody(f"content encoding {coding[:40]!r} is not known")


def _as_is(coding: str, body: bytes) -> bytes:
    """`body`, which is not in `coding`, if it can be the page itself. Raises BrokenBody otherwise."""
    if _looks_textual(body):
        return body
    raise BrokenBody(f"{coding} body: cut off or damaged")


def _looks_textual(body: bytes) -> bool:
    """Whether the first bytes can be text of 8-bit units: it has no control characters, 200 compressed bytes always do.

    A shorter body without any must be a tag or UTF-8, since 12 compressed bytes may well have none.
    """
    head = body[:512]
    if _CONTROL.search(head):
        return False
    return len(head) >= 200 or head.startswith(b"<") or _is_utf8(head)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _joined(coding: str, blocks: Iterator[bytes], stored: int) -> bytes:
    """The decoded blocks in one, within bounds."""
    parts: list[bytes] = []
    total = 0
    for block in blocks:
        parts.append(block)
        total += len(block)
        if total > MAX_DOCUMENT:
            raise TooLarge(f"too large: the {coding} body of {stored:,} bytes decodes to more than {MAX_DOCUMENT:,}")
        if total > RATIO_FROM and total > stored * MAX_RATIO:
            raise TooLarge(
                f"too large: the {coding} body of {stored:,} bytes decodes to more than {MAX_RATIO} times that"
            )
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _inflate(body: bytes, wbits: int) -> Iterator[bytes]:
    """zlib, gzip (several members too) or raw deflate, in blocks of at most 4 MB."""
    while body:
        inflate = zlib.decompressobj(wbits)
        rest = body
        while not inflate.eof:
            try:
                block = inflate.decompress(rest, 4 << 20)
            except zlib.error as error:
                raise BrokenBody(f"compressed body: {str(error).split(': ')[-1]}") from None
            rest = inflate.unconsumed_tail
            if not block and not rest and not inflate.eof:
                raise BrokenBody("compressed body: cut off")
            yield block
        body = inflate.unused_data if wbits == 31 and inflate.unused_data.startswith(b"\x1f\x8b") else b""


def _unbrotli(body: bytes) -> Iterator[bytes]:
    import brotli

    decompressor = brotli.Decompressor()
    rest = body
    try:
        while not decompressor.is_finished():
            block = decompressor.process(rest, output_buffer_limit=4 << 20)
            rest = b""
            if not block and decompressor.can_accept_more_data() and not decompressor.is_finished():
                raise BrokenBody("br body: cut off")
            yield block
    except brotli.error:
        raise BrokenBody("br body: damaged") from None


def _unzstd(body: bytes) -> Iterator[bytes]:
    import zstandard

    at = 0
    while body.startswith(b"\x28\xb5\x2f\xfd", at):
        inflate = zstandard.ZstdDecompressor(max_window_size=128 << 20).decompressobj()
        try:
            while not inflate.eof:
                piece = body[at : at + 1024]  # 4 stored bytes can stand for 128 kB: pieces bound a block to 32 MB
                if not piece:
                    raise BrokenBody("zstd body: cut off")
                yield inflate.decompress(piece)
                at += len(piece)
        except zstandard.ZstdError as error:
            raise BrokenBody(f"zstd body: {error}") from None
        at -= len(inflate.unused_data)
