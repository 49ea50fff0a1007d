"""Hostile records, lines and tables, one at a time between two good ones: what becomes of each is told in a table.

Containers and their damage: `test_read_warc` and `test_read_mutations`. Bombs: `test_read_bombs`.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from pathlib import Path
from random import Random
from typing import Any

import brotli
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from curate.read import SchemaMismatch
from curate.read.jsonl import jsonl
from curate.read.parquet import parquet
from curate.read.warc import warc
from tests.archives import packed, pages, read, record, response, rows_of

PAGE = "<html><p>Seven lamps, 七盏灯.</p></html>".encode() * 20
NOISE = Random(0).randbytes(800)
HTML = "Content-Type: text/html"
CHUNKED = "\nTransfer-Encoding: chunked"


def fate(row: dict[str, Any]) -> str:
    """`document`, or the reason: of errors and skipped records alike."""
    return row["error"] or row["skipped"] or "document"


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def coded(coding: str, body: bytes, more: str = "") -> bytes:
    return response(body, f"{HTML}\nContent-Encoding: {coding}{more}")


def typed(content_type: str, body: bytes = PAGE) -> bytes:
    return response(body, f"Content-Type: {content_type}")


# What a server sent -> what becomes of it. An error's text is given up to where details begin.
HTTP = {
    "br": (coded("br", brotli.compress(PAGE)), "document"),
    "br, not valid": (coded("br", b"\x8b\xff\x00\x01" * 50), "br body: cut off or damaged"),
    "gzip declared, not there": (coded("gzip", PAGE), "document"),
    "gzip, cut": (coded("gzip", gzip.compress(NOISE + PAGE)[:-30]), "compressed body: cut off"),
    "gzip, then junk": (coded("gzip", gzip.compress(PAGE) + b"junk"), "document"),
    "zstd": (coded("zstd", zstandard.compress(PAGE)), "document"),
    "gzip twice": (coded("gzip", gzip.compress(gzip.compress(PAGE))), "document"),
    "gzip in br": (coded("gzip, br", brotli.compress(gzip.compress(PAGE))), "document"),
    "deflate with zlib's frame": (coded("deflate", zlib.compress(PAGE)), "document"),
    "deflate, bare": (coded("deflate", raw_deflate(PAGE)), "document"),
    "x-gzip": (coded("x-gzip", gzip.compress(PAGE)), "document"),
    "identity, gzip": (coded("identity, gzip", gzip.compress(PAGE)), "document"),
    "five codings": (coded("gzip,gzip,gzip,gzip,gzip", PAGE), "content encoding: 5 of them"),
    "compress": (coded("compress", b"\x1f\x9d\x90" + NOISE), "content encoding 'compress' is not known"),
    "chunked declared, not there": (coded("identity", PAGE, CHUNKED), "document"),
    "chunk of 2^64": (coded("", b"ffffffffffffffff\r\n" + PAGE, CHUNKED), "chunked body: cut off"),
    "chunk of -5": (coded("", b"-5\r\n" + PAGE, CHUNKED), "chunked body: no chunk size"),
    "chunk of 2 GB": (coded("", b"7fffffff\r\n" + PAGE, CHUNKED), "chunked body: cut off"),
    "latin-1 in fields": (b"HTTP/1.1 200 OK\r\nX-\xe9: \xff\r\nContent-Type: text/html\r\n\r\n" + PAGE, "document"),
    "fields without status": (b"Content-Type: text/html\r\n\r\n" + PAGE, "no content type"),
    "blank head": (b"\r\n\r\n" + PAGE, "document"),
    "status of one digit": (b"HTTP/1.1 2 OK\r\n\r\n" + PAGE, "no content type"),
    "status 999": (response(PAGE, status="999 Request denied"), "http 999"),
    "status 206": (response(PAGE, status="206 Partial Content"), "document"),
    "status 204": (response(b"", status="204 No Content"), "empty body"),
    "100 alone": (b"HTTP/1.1 100 Continue\r\n\r\n", "http 100"),
    "103 before 200": (b"HTTP/1.1 103 Early Hints\r\n\r\n" + response(PAGE), "document"),
    "HTTP/2": (b"HTTP/2 200\r\n:status: 200\r\ncontent-type:text/html\r\n\r\n" + PAGE, "document"),
    "HTTP/0.9": (PAGE, "document"),
    "100,000 fields": (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100_000 + HTML.encode() + b"\r\n\r\n" + PAGE, "document"),
    "a field of 5 MB": (response(PAGE, f"X: {'a' * 5_000_000}\n{HTML}"), "document"),
    "folded type": (response(PAGE, "Content-Type:\n text/html"), "document"),
    "two types": (response(PAGE, f"Content-Type: image/png\n{HTML}"), "document"),
    "type in quotes": (typed('"text/html"; charset="utf-8"'), "document"),
    "type of control bytes": (typed("\x01\x02"), "document"),
    "charset none": (typed("text/html; charset=none"), "document"),
    "charset unknown": (typed("text/html; charset=x-lamps"), "document"),
    "PDF as HTML": (typed("text/html", b"%PDF-1.7 " + NOISE), "content type application/pdf"),
    "ZIP as HTML": (typed("text/html", b"PK\x03\x04" + NOISE), "content type application/zip"),
    "JPEG as HTML": (typed("text/html", b"\xff\xd8\xff\xe0" + NOISE), "content type image/jpeg"),
    "WebP as HTML": (typed("text/html", b"RIFF\x24\0\0\0WEBPVP8 " + NOISE), "binary data"),
    "program as text": (typed("text/plain", b"\x7fELF" + bytes(300)), "binary data"),
    "zeros as HTML": (typed("text/html", bytes(5000)), "binary data"),
    "UTF-16 without a mark": (
        typed("text/plain; charset=utf-16le", "Seven lamps. ".encode("utf-16-le") * 9),
        "document",
    ),
    "MHTML": (typed("multipart/related"), "content type multipart/related"),
}


@pytest.mark.parametrize("name", HTTP)
def test_what_servers_send(tmp_path: Path, name: str) -> None:
    block, expected = HTTP[name]
    first, last = pages(2)
    (tmp_path / "a.warc").write_bytes(first + record(block=block, number=9) + last)
    before, row, after = rows_of(warc(str(tmp_path)))
    assert fate(row).startswith(expected) and fate(before) == fate(after) == "document"
    if expected == "document" and "16" not in name:
        assert (row["html"] or row["text"]).strip() == PAGE.decode()


def tar(data: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        info = tarfile.TarInfo("a.warc")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


TWO = pages(2)
PLAIN = b"".join(TWO)
GOOD = ["document"] * 2
MILLION = b"WARC/1.0\r\n" + b"A: b\r\n" * 10**6 + b"\r\n"
TOO_LONG = "the header has no end within 65,536 bytes"
SEGMENT = record(block=response(PAGE)).replace(b"WARC-Type", b"WARC-Segment-Number: 1\r\nWARC-Type")

# A file -> the fates of its rows.
FILES = {
    "tar": (tar(PLAIN), ["no WARC header here", *GOOD]),
    "gzip, then zstd": (packed(TWO) + zstandard.compress(PLAIN), [*GOOD, "damaged: nothing compressed begins"]),
    "gzip, then zeros": (packed(TWO) + bytes(600), GOOD),
    "gzip, then garbage": (packed(TWO) + b"garbage", [*GOOD, "damaged: nothing compressed begins"]),
    "zstd, then a skippable frame": (zstandard.compress(PLAIN) + b"\x50\x2a\x4d\x18\x04\0\0\0abcd", GOOD),
    "zeros": (bytes(5000), ["no record in the file"]),
    "zeros in gzip": (gzip.compress(bytes(5000)), ["no record in the file"]),
    "a million fields": (MILLION.join(TWO), ["document", TOO_LONG, "document"]),
    "lower case": (PLAIN.replace(b"WARC/1.0", b"warc/1.0"), ["no WARC header here"]),
    "two lengths": (PLAIN.replace(b"Content-Length", b"Content-Length: 5\r\nContent-Length", 1), GOOD),
    "a header cut off": (TWO[0][:120] + PLAIN, ["cut off in the header", *GOOD]),
    "segments": (SEGMENT + record("continuation", b"x"), ["segmented", "continuation"]),
    "one id for all": (TWO[0] * 2, GOOD),
    "another script in the header": (record(block=response(PAGE), url="http://例え.jp/灯"), ["document"]),
    "not UTF-8 in the header": (PLAIN.replace(b"example.org", b"ex\xe9mple.org"), GOOD),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_odd_files(tmp_path: Path, name: str) -> None:
    data, expected = FILES[name]
    (tmp_path / "a.warc").write_bytes(data)
    found = [fate(row) for row in rows_of(warc(str(tmp_path)))]
    assert len(found) == len(expected) and all(f.startswith(e) for f, e in zip(found, expected, strict=True)), found


# A line -> what becomes of it. What is no grammar is in `test_read_jsonl`.
LINES = {
    "a million lists": (b'{"text":"a","x":' + b"[" * 10**6 + b"]" * 10**6 + b"}", "not JSON: depth limit exceeded"),
    "100,000 objects": (b'{"a":' * 10**5 + b"1" + b"}" * 10**5, "not JSON: depth limit exceeded"),
    "500 lists": (b'{"text":"a","x":' + b"[" * 500 + b"]" * 500 + b"}", "nested too deep: more than 254"),
    "900 lists, long number": (
        b'{"text":"a","id":123456789012345678901,"x":' + b"[" * 900 + b"]" * 900 + b"}",
        "nested too deep",
    ),
    "200 lists": (b'{"text":"a","x":' + b"[" * 200 + b"]" * 200 + b"}", "document"),
    "100,000 keys": (b'{"text":"a",' + b",".join(b'"k%d":1' % k for k in range(10**5)) + b"}", "document"),
    "not a number": (b'{"text":"a","x":NaN}', "not JSON"),
    "5,000 digits": (b'{"text":"a","id":' + b"1" * 5000 + b"}", "not JSON"),
    "one key twice": (b'{"text":"a","text":"b"}', "document"),
    "half a pair": (b'{"text":"a","url":"\\ud83d"}', "not JSON"),
    "half a pair in a key": (b'{"text":"a","\\udc00":1}', "not JSON"),
    "half a line": (b'{"text":"a', "not JSON"),
    "two on a line": (b'{"text":"a"}{"text":"b"}', "not JSON"),
    "CR between": (b'{"text":"a"}\r{"text":"b"}', "not JSON"),
    "a comma too many": (b'{"text":"a",}', "not JSON"),
    "UTF-16": ('{"text":"a"}'.encode("utf-16-le"), "not JSON"),
    "GBK": ('{"text":"古老的灯塔"}'.encode("gbk"), "not JSON"),
    "zero, escaped": (b'{"text":"a\\u0000b"}', "document"),
    "zero, bare": (b'{"text":"a\0b"}', "not JSON"),
    "an object as id": (b'{"text":"a","id":{}}', "wrong type: 'id'"),
}


@pytest.mark.parametrize("name", LINES)
def test_odd_lines(tmp_path: Path, name: str) -> None:
    line, expected = LINES[name]
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "before"}\n' + line + b'\n{"text": "after"}\n')
    before, row, after = rows_of(jsonl(str(tmp_path)))
    assert fate(row).startswith(expected), fate(row)
    assert (before["text"], after["text"]) == ("before", "after")


def from_bytes(values: list[bytes]) -> pa.Array:
    """Strings that nobody has checked."""
    binary = pa.array(values, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(binary), binary.buffers())


TABLES = {
    "no UTF-8": (pa.table({"text": from_bytes([b"a", b"\xff\xfe", b"b"])}), ["document", "damaged: row 1", "document"]),
    "no UTF-8 beside the text": (
        pa.table({"text": ["a", "b"], "tags": pa.ListArray.from_arrays([0, 1, 2], from_bytes([b"\xc0", b"c"]))}),
        ["damaged: row 0", "document"],
    ),
    "text of nulls": (pa.table({"text": pa.nulls(2)}), ["no text", "no text"]),
    "one id for all": (pa.table({"text": ["a", "b"], "id": ["x", "x"]}), ["document"] * 2),
    "a year beyond the calendar": (
        pa.table({"text": ["a"], "date": pa.array([2**62], pa.timestamp("us"))}),
        ["document"],
    ),
    "a dot in a name": (pa.table([["a"], ["b"]], names=["text", "a.b"]), ["document"]),
    "nested columns": (
        pa.table({"text": ["a"], "m": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int32())), "s": [{"x": 1}]}),
        ["document"],
    ),
    "500 columns": (pa.table({"text": ["a"], **{f"c{k}": [k] for k in range(500)}}), ["document"]),
    "a list as text": (pa.table({"text": [["a"]]}), SchemaMismatch),
    "bytes as text": (pa.table({"text": [b"a"]}), SchemaMismatch),
    "two columns of one name": (pa.table([["a"], ["b"]], names=["text", "text"]), SchemaMismatch),
    "a column without a name": (pa.table([["a"], ["b"]], names=["text", ""]), SchemaMismatch),
}


@pytest.mark.parametrize("name", TABLES)
def test_odd_tables(tmp_path: Path, name: str) -> None:
    table, expected = TABLES[name]
    pq.write_table(table, tmp_path / "a.parquet")
    if isinstance(expected, type):
        with pytest.raises(expected, match=r"a\.parquet"):
            parquet(str(tmp_path)).shards()
        return
    found = [fate(row) for row in rows_of(parquet(str(tmp_path)))]
    assert len(found) == len(expected) and all(f.startswith(e) for f, e in zip(found, expected, strict=True)), found


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PAR1" + b"x" * 100 + (2**31 - 1).to_bytes(4, "little") + b"PAR1", "footer"),
        (b"PARE" + b"x" * 100 + (20).to_bytes(4, "little") + b"PARE", "encrypted"),
        (b"<html>", "smaller than"),
    ],
)
def test_what_is_no_table_is_one_error_row(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "a.parquet").write_bytes(data)
    source = parquet(str(tmp_path))
    seen, (row,) = read(source, source.shards()[0])
    assert reason in row["error"] and seen.damaged_bytes == len(data)


def test_the_bytes_of_all_row_groups_and_the_rest_are_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [f"row {k} " * 9 for k in range(300)], "n": range(300)}), path, row_group_size=50)
    source = parquet(str(path), shard_mb=0.001)
    shards = source.shards()
    assert len(shards) == 6
    assert sum(read(source, shard)[0].bytes for shard in shards) == path.stat().st_size


def test_an_extension_type_runs_no_code(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    pickled = f"cos\nsystem\n(S'touch {canary}'\ntR.".encode()
    field = pa.field("kind", pa.string(), metadata={
        b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": pickled
    })  # fmt: skip
    table = pa.table([["a"], ["b"]], schema=pa.schema([("text", pa.string()), field]))
    pq.write_table(table, tmp_path / "a.parquet")
    assert [fate(row) for row in rows_of(parquet(str(tmp_path)))] == ["document"]
    assert not canary.exists()
