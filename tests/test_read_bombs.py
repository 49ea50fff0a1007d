"""Bombs: a few stored bytes that stand for very many. Each is an error row, its neighbours are read, memory is bounded.

With 1 GB instead of 200 MB: `pytest -m soak tests/test_read_bombs.py`.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from tests.archives import pages, record, response

MB = 1 << 20
# Reads a source in a process of its own; prints each row's fate and how many MB its memory grew at most. (VmHWM, since
# `ru_maxrss` of a child begins at its parent's.)
CHILD = r"""
import json, re, sys
from curate.read import Seen
from curate.read.{module} import {module}
import pyarrow.parquet, zstandard, brotli
peak = lambda: int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]) // 1024
source, before, fates = {module}(sys.argv[1]), peak(), []
for shard in source.shards():
    for batch in source.read(shard, Seen()):
        fates += [e.split(":")[0] if e else "read" for e in batch.column("error").to_pylist()]
print(json.dumps([fates, peak() - before]))
"""


def blocks(size: int) -> Iterator[bytes]:
    for _ in range(size // MB):
        yield b"a" * MB


def gzipped(size: int, before: bytes = b"", after: bytes = b"") -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    parts = [packer.compress(part) for part in (before, *blocks(size), after)]
    return b"".join(parts) + packer.flush()


def brotlied(size: int) -> bytes:
    packer = brotli.Compressor(quality=1)
    return b"".join(packer.process(part) for part in blocks(size)) + packer.finish()


def zstandarded(size: int, before: bytes = b"") -> bytes:
    packer = zstandard.ZstdCompressor(1).compressobj()
    return b"".join(packer.compress(part) for part in (before, *blocks(size))) + packer.flush()


def archive(bomb: bytes) -> bytes:
    first, last = pages(2)
    return first + bomb + last


def body(coding: str, data: bytes) -> bytes:
    return archive(record(block=response(data, f"Content-Type: text/html\nContent-Encoding: {coding}")))


def large_record(size: int) -> bytes:
    return record(block=b"", length=str(size)).removesuffix(b"\r\n\r\n")


def write_values(path: Path, values: list[str], **options: Any) -> None:
    pq.write_table(pa.table({"text": ["first"]}), path.with_name("0.parquet"))
    pq.write_table(pa.table({"text": values}), path, compression="zstd", write_statistics=False, **options)
    pq.write_table(pa.table({"text": ["last"]}), path.with_name("z.parquet"))


def write(folder: Path, kind: str, size: int) -> tuple[str, list[str]]:
    """Put the bomb into `folder`; the reader it is for, and the fates of its rows."""
    first, last = (gzip.compress(page) for page in pages(2))
    fates = ["read", "too large", "read"]
    path = folder / "a.warc"
    if kind == "gzip body":
        path.write_bytes(body("gzip", gzipped(size)))
    elif kind == "br body":
        path.write_bytes(body("br", brotlied(size)))
    elif kind == "zstd body":
        path.write_bytes(body("zstd", zstandarded(size)))
    elif kind == "gzip in gzip":
        path.write_bytes(body("gzip, gzip", gzip.compress(gzipped(size))))
    elif kind == "gzip record":
        path.write_bytes(first + gzipped(size, large_record(size), b"\r\n\r\n") + last)
    elif kind == "zstd record":
        frames = [zstandard.compress(page) for page in pages(2)]
        path = folder / "a.warc.zst"
        path.write_bytes(frames[0] + zstandarded(size, large_record(size)) + frames[1])
    elif kind == "header line":
        with path.open("wb") as file:
            first, last = pages(2)
            file.write(first + b"WARC/1.0\r\nX: ")
            file.writelines(blocks(size))
            file.write(b"\r\n\r\n" + last)
        fates[1] = "the header has no end within 65,536 bytes"
    elif kind == "zeros":
        with path.open("wb") as file:
            file.truncate(size)
        fates = ["no record in the file"]
    elif kind == "line":
        lines = [json.dumps({"text": text}).encode() + b"\n" for text in ("first", "last")]
        (folder / "a.jsonl.gz").write_bytes(gzipped(size, lines[0] + b'{"text": "', b'"}\n' + lines[1]))
        return "jsonl", fates
    elif kind == "text file":
        (folder / "a.txt").write_text("first")
        (folder / "b.txt.gz").write_bytes(gzipped(size))
        (folder / "c.txt").write_text("last")
        return "text", fates
    elif kind == "Parquet page":
        write_values(folder / "a.parquet", ["a" * size], use_dictionary=False)
        return "parquet", fates
    elif kind == "Parquet page of many":
        write_values(folder / "a.parquet", ["a" * MB] * (size // MB), use_dictionary=False)
        return "parquet", fates if size > 256 * MB else ["read"] * (size // MB + 2)
    elif kind == "Parquet dictionary":
        write_values(folder / "a.parquet", ["a" * MB] * (size // MB))
        return "parquet", ["read"] * (size // MB + 2)
    return "warc", fates


pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
KINDS = (
    "gzip body",
    "br body",
    "zstd body",
    "gzip in gzip",
    "gzip record",
    "zstd record",
    "header line",
    "zeros",
    "line",
    "text file",
    "Parquet page",
    "Parquet page of many",
    "Parquet dictionary",
)


def grown(folder: Path, kind: str, size: int) -> int:
    """MB that reading the bomb takes at most."""
    module, expected = write(folder, kind, size)
    child = [sys.executable, "-c", CHILD.format(module=module), str(folder)]
    done = subprocess.run(child, capture_output=True, text=True, timeout=300, check=True)
    fates, grew = json.loads(done.stdout)
    assert fates == expected
    return int(grew)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bomb_is_an_error_row_and_takes_little_memory(tmp_path: Path, kind: str) -> None:
    grew = grown(tmp_path, kind, 200 * MB)
    print(f"{kind}: {grew} MB")
    assert grew < (520 if "Parquet" in kind else 180)  # a page of up to 256 MB is read, and held twice


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_a_gigabyte(tmp_path: Path, kind: str) -> None:
    grew = grown(tmp_path, kind, 1024 * MB)
    print(f"{kind}: {grew} MB")
    assert grew < 700  # a worker holds about 300 MB before it reads anything
