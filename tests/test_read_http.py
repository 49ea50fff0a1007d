"""HTTP bodies: every encoding that is declared, absent, wrong, cut, stacked or explosive."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from curate.read.http import BrokenBody, TooLarge, decoded_body, parse_content_type, parse_message, unchunked
from tests.archives import response

PAGE = "<html><p>Seven lamps, 七盏灯.</p></html>".encode() * 40


def deflated(data: bytes, wbits: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return packer.compress(data) + packer.flush()


def chunked(data: bytes, size: int = 100, end: bytes = b"\r\n") -> bytes:
    parts = [data[k : k + size] for k in range(0, len(data), size)]
    return b"".join(b"%x;name=value%s%s%s" % (len(p), end, p, end) for p in parts) + b"0%s%s" % (end, end)


ENCODED = {
    "gzip": gzip.compress(PAGE),
    "x-gzip": gzip.compress(PAGE),
    "GZIP": gzip.compress(PAGE[:500]) + gzip.compress(PAGE[500:]),
    "deflate": deflated(PAGE, 15),
    "Deflate": deflated(PAGE, -15),
    "br": brotli.compress(PAGE),
    "zstd": zstandard.compress(PAGE),
    "gzip, br": brotli.compress(gzip.compress(PAGE)),
    "identity, gzip": gzip.compress(PAGE),
    "gzip,gzip": gzip.compress(gzip.compress(PAGE)),
    "utf-8": PAGE,
    "": PAGE,
}


def body(data: bytes, encoding: str, more: str = "") -> bytes:
    return decoded_body(parse_message(response(data, f"Content-Encoding: {encoding}{more}")))


@pytest.mark.parametrize("encoding", ENCODED)
def test_content_encodings(encoding: str) -> None:
    assert body(ENCODED[encoding], encoding) == PAGE
    assert body(chunked(ENCODED[encoding]), encoding, "\nTransfer-Encoding: chunked") == PAGE


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, br", "shrink"])
def test_declared_but_absent(encoding: str) -> None:
    assert body(PAGE, encoding) == PAGE
    assert body(PAGE, encoding, "\nTransfer-Encoding: chunked") == PAGE


def test_compressed_but_not_declared() -> None:
    assert body(gzip.compress(PAGE), "") == PAGE
    assert body(gzip.compress(gzip.compress(PAGE)), "gzip") == PAGE


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "Deflate", "br", "zstd", "gzip, br"])
def test_a_cut_body_is_an_error(encoding: str) -> None:
    stored = ENCODED[encoding]
    for length in (len(stored) - 1, len(stored) // 2, 12):
        with pytest.raises(BrokenBody):
            body(stored[:length], encoding)


def test_an_unknown_encoding_of_binary_is_an_error() -> None:
    with pytest.raises(BrokenBody, match="shrink"):
        body(b"\x00\x01\x02binary", "shrink")


@pytest.mark.parametrize("pack", [gzip.compress, brotli.compress, zstandard.compress, lambda b: deflated(b, -15)])
def test_bombs(pack: Any) -> None:
    name = {gzip.compress: "gzip", brotli.compress: "br", zstandard.compress: "zstd"}.get(pack, "deflate")
    with pytest.raises(TooLarge, match="too large"):
        body(pack(bytes(12 << 20)), name)


@given(st.binary(max_size=400), st.integers(1, 200), st.sampled_from([b"\r\n", b"\n"]))
def test_chunks_join(data: bytes, size: int, end: bytes) -> None:
    assert unchunked(chunked(data, size, end)) == data
    assert unchunked(chunked(data, size, end) + b"Trailer: x\r\n\r\n") == data


@pytest.mark.parametrize(
    "data", [b"ffffffffffffffff\r\nabc", b"-5\r\nabc", b"7fffffff\r\nabc\r\n0\r\n", b"3\r\nabc\r\nxyz", b"3\r\nabc"]
)
def test_broken_chunks(data: bytes) -> None:
    with pytest.raises(BrokenBody, match="chunk"):
        unchunked(data)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text/html", ("text/html", None)),
        ("Text/HTML; Charset=UTF-8", ("text/html", "UTF-8")),
        ('text/html;charset="gbk"', ("text/html", "gbk")),
        ("text/html; foo; charset = 'big5' ;x", ("text/html", "big5")),
        ("text/html, text/plain", ("text/html", None)),
        ("html", (None, None)),
        ("; charset=utf-8", (None, "utf-8")),
        ("", (None, None)),
    ],
)
def test_content_types(value: str, expected: tuple[str | None, str | None]) -> None:
    assert parse_content_type(value) == expected


@pytest.mark.parametrize(
    ("block", "status", "rest"),
    [
        (b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nrest", 200, b"rest"),
        (b"HTTP/2 200\nA: b\n\nrest", 200, b"rest"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 206 Partial\r\n\r\nrest", 206, b"rest"),
        (b"HTTP/1.0 302 \r\r\nA: b\r\r\n\r\r\nrest", 302, b"rest"),
        (b"HTTP/1.1 200 OK", 200, b""),
        (b"HTTP/1.1 abc\r\n\r\nrest", None, b"HTTP/1.1 abc\r\n\r\nrest"),
        (b"<html>", None, b"<html>"),
        (b"", None, b""),
    ],
)
def test_messages(block: bytes, status: int | None, rest: bytes) -> None:
    message = parse_message(block)
    assert (message.status, message.body) == (status, rest)


def test_fields_folded_repeated_and_foreign() -> None:
    block = b"HTTP/1.1 200 OK\r\n:status: 200\r\nX: a\r\n  b\r\nContent-Type: nonsense\r\nno colon\r\n"
    message = parse_message(block + b"CONTENT-TYPE: text/plain\r\nContent-Type: \xff\r\n\r\n")
    assert message.fields["x"] == ["a b"]
    assert message.content_type == ("text/plain", None)
