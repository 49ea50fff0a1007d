"""Stored bytes: a file read in pieces by position, and compressed files as streams of bounded blocks.

Read by position and never memory-mapped: a file that shrinks while it is mapped kills the process.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from types import TracebackType
from typing import Any

BLOCK = 1 << 20  # bytes inflated at a time: no compressed file can ask for more memory than this
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ZSTD_DICTIONARY = b"\x5d\x2a\x4d\x18"  # the skippable frame that opens a .warc.zst and holds its dictionary
LZ4_MAGIC = b"\x04\x22\x4d\x18"
GZIP_MAGIC = b"\x1f\x8b\x08"


class Damage(ValueError):
    """Stored bytes that are not what their format says. The message says what is wrong."""


class Window:
    """A file read by position through one buffer. `view` is cheap when positions ascend."""

    def __init__(self, path: str, buffer: int = 4 << 20) -> None:
        self.path = path
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 - closed by __exit__
        self.size = os.fstat(self._file.fileno()).st_size
        self._length = buffer
        self._start = 0
        self._bytes = b""
        self._data = memoryview(self._bytes)

    def __enter__(self) -> Window:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def view(self, at: int, length: int) -> memoryview:
        """Up to `length` bytes from `at`; fewer only at the end of the file."""
        offset = at - self._start
        if offset < 0 or offset + length > len(self._data):
            if offset >= 0 and self._start + len(self._data) >= self.size:
                return self._data[offset : offset + length]
            data = bytearray()
            want = max(length, self._length)
            while len(data) < want:
                piece = os.pread(self._file.fileno(), want - len(data), at + len(data))
                if not piece:
                    self.size = min(self.size, at + len(data)) if at + len(data) < self.size else self.size
                    break
                data += piece
            self._start, self._bytes, offset = at, bytes(data), 0
            self._data = memoryview(self._bytes)
        return self._data[offset : offset + length]

    def blocks(self, at: int, length: int = BLOCK) -> Iterator[bytes]:
        """The file from `at` to its end."""
        while piece := bytes(self.view(at, length)):
            yield piece
            at += len(piece)

    def find(self, pattern: bytes, start: int, stop: int) -> int:
        """The first place in [start, stop) where `pattern` begins, or -1."""
        while start < stop and len(self.view(start, len(pattern))) == len(pattern):
            found = self._bytes.find(
                pattern, start - self._start
            )  # in the buffer itself: a copy for each find is quadratic
            if found >= 0:
                return self._start + found if self._start + found < stop else -1
            start = self._start + len(self._bytes) - len(pattern) + 1
        return -1


def kind_of(head: bytes) -> str:
    """`gzip`, `zstd`, `lz4` or `plain`, by the first bytes of the file: names are not to be trusted."""
    if head.startswith(GZIP_MAGIC[:2]):
        return "gzip"
    if head.startswith((ZSTD_MAGIC, ZSTD_DICTIONARY)):
        return "zstd"
    return "lz4" if head.startswith(LZ4_MAGIC) else "plain"


def inflated(window: Window) -> Iterator[bytes]:
    """The whole file from its start, decompressed as its first bytes say, in blocks of at most BLOCK bytes.

    Raises Damage where the compressed bytes are broken or end early; the blocks before are good.
    """
    read = {"gzip": _gunzip, "zstd": _unzstd, "lz4": _unlz4}.get(kind_of(bytes(window.view(0, 4))))
    return read(window) if read else window.blocks(0)


def _gunzip(window: Window) -> Iterator[bytes]:
    at = 0
    while at < window.size:
        if bytes(window.view(at, 2)) != GZIP_MAGIC[:2]:
            rest = bytes(window.view(at, BLOCK))
            if rest.strip(b"\0") or len(rest) == BLOCK:  # tapes and some disks pad with zeros; nothing else may follow
                raise Damage(f"bytes that are not gzip follow at byte {at:,}")
            return
        member = GzipMember(window, at)
        yield from member.blocks()
        at = member.end


class GzipMember:
    """The gzip member that starts at `at`, as `blocks`; `end` is the byte after it once they are exhausted."""

    def __init__(self, window: Window, at: int) -> None:
        self.start = self.end = at
        self._window = window
        self._inflate = zlib.decompressobj(wbits=31)

    def blocks(self, length: int = BLOCK) -> Iterator[bytes]:
        """Inflated bytes in blocks of at most `length`. Raises Damage."""
        inflate, at = self._inflate, self.start
        step = 1 << 15  # most pages fit; zlib copies what it was given too much, so the first piece is small
        while not inflate.eof:
            piece: bytes | memoryview = inflate.unconsumed_tail or self._window.view(at, step)
            if not len(piece):
                raise Damage(f"the gzip member at byte {self.start:,} is cut off by the end of the file")
            if not inflate.unconsumed_tail:
                at += len(piece)
                step = 1 << 17
            try:
                data = inflate.decompress(piece, length)
            except zlib.error as error:
                raise Damage(f"the gzip member at byte {self.start:,} is damaged: {_plain(error)}") from None
            if data:
                yield data
        self.end = at - len(inflate.unused_data)


def _plain(error: zlib.error) -> str:
    return str(error).split(": ")[-1]  # without "Error -3 while decompressing data"


def _unzstd(window: Window) -> Iterator[bytes]:
    import zstandard

    at, dictionary = _zstd_dictionary(window)
    decompressor = zstandard.ZstdDecompressor(dict_data=dictionary)
    while at < window.size:
        start, inflate = at, decompressor.decompressobj()
        while not inflate.eof:
            # The output of this call has no bound but its input: 4 bytes can stand for a block of 128 kB.
            piece = bytes(window.view(at, 1024))
            if not piece:
                raise Damage(f"the zstd frame at byte {start:,} is cut off by the end of the file")
            try:
                data = inflate.decompress(piece)
            except zstandard.ZstdError as error:
                raise Damage(f"the zstd frame at byte {start:,} is damaged: {error}") from None
            at += len(piece)
            if data:
                yield data
        at -= len(inflate.unused_data)


def _zstd_dictionary(window: Window) -> tuple[int, Any]:
    """Where the frames begin, and the dictionary of a .warc.zst or None.

    (IIPC, WARC File Compression with Zstandard, section 3)
    """
    import zstandard

    head = bytes(window.view(0, 8))
    if not head.startswith(ZSTD_DICTIONARY):
        return 0, None
    length = int.from_bytes(head[4:8], "little")
    stored = bytes(window.view(8, min(length, BLOCK * 8)))
    if stored.startswith(ZSTD_MAGIC):
        try:
            stored = zstandard.ZstdDecompressor().decompress(stored, max_output_size=BLOCK * 8)
        except zstandard.ZstdError as error:
            raise Damage(f"the dictionary at the start of the file is damaged: {error}") from None
    return 8 + length, zstandard.ZstdCompressionDict(stored)


def _unlz4(window: Window) -> Iterator[bytes]:
    from fastwarc.stream_io import Lz4Reader

    source: Any = _Positioned(window)
    stream = Lz4Reader(source)
    try:
        while block := stream.read(BLOCK):
            yield block
    except (OSError, ValueError) as error:
        raise Damage(f"the lz4 frame before byte {source.at:,} is damaged: {error}") from None


class _Positioned:
    """A window as the file object that a decompressor asks for."""

    def __init__(self, window: Window) -> None:
        self.window, self.at = window, 0

    def read(self, length: int) -> bytes:
        data = bytes(self.window.view(self.at, length))
        self.at += len(data)
        return data

    def tell(self) -> int:
        return self.at
