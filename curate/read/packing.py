"""Compressed files: gzip, zstd and lz4 as parts that each begin anew, inflated in bounded blocks.

A *part* is a gzip member, a zstd frame, or of lz4 all that follows. After damage, reading can go on at a later part.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from curate.read.stored import BLOCK, Damage, Window

GZIP_MAGIC = b"\x1f\x8b\x08"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ZSTD_DICTIONARY = b"\x5d\x2a\x4d\x18"  # the skippable frame that opens a .warc.zst and holds its dictionary
LZ4_MAGIC = b"\x04\x22\x4d\x18"
HEAD = 64 << 10  # inflated bytes at the start of a part that tell whether a record begins there


class Part(Protocol):
    """The part that begins at `start`."""

    start: int
    end: int  # the byte after it once `blocks` is exhausted; before, how far it was read

    def blocks(self) -> Iterator[bytes]:
        """Inflated bytes. Raises Damage where they are broken or end early; the blocks before are good."""
        ...


class Packing(Protocol):
    """How a file is compressed."""

    magic: bytes  # what a part begins with
    start: int  # where the first part begins

    def begins(self, at: int) -> bool:
        """Whether the bytes at `at` are the first of a part."""
        ...

    def part(self, at: int) -> Part: ...

    def head(self, at: int) -> bytes:
        """Up to HEAD inflated bytes of the part at `at`; b"" where there is none."""
        ...

    def retry(self, part: Part) -> int:
        """Where to look for the next part when `part` is damaged."""
        ...


def packing_of(window: Window) -> Packing | None:
    """By the first bytes of the file, since names are not to be trusted; None: not compressed.

    Raises Damage where the dictionary of a .warc.zst is broken, without which nothing in it can be read.
    """
    head = bytes(window.view(0, 4))
    if head.startswith(GZIP_MAGIC[:2]):
        return Gzip(window)
    if head.startswith((ZSTD_MAGIC, ZSTD_DICTIONARY)):
        return Zstd(window)
    return Lz4(window) if head.startswith(LZ4_MAGIC) else None


def packing_by_name(window: Window) -> Packing | None:
    """By the file's name, for one that is damaged where it begins. Raises Damage, as `packing_of` does."""
    kinds: dict[str, Callable[[Window], Packing]] = {".gz": Gzip, ".zst": Zstd, ".lz4": Lz4}
    kind = kinds.get(os.path.splitext(window.path)[1].lower())
    return kind(window) if kind else None


def packed(window: Window) -> bool:
    """Whether the file is compressed, by its first bytes."""
    head = bytes(window.view(0, 4))
    return head.startswith((GZIP_MAGIC[:2], ZSTD_MAGIC, ZSTD_DICTIONARY, LZ4_MAGIC))


def inflated(window: Window) -> Iterator[bytes]:
    """The whole file from its start, decompressed as its first bytes say. Raises Damage."""
    packing = packing_of(window)
    if not packing:
        yield from window.blocks(0)
        return
    at = packing.start
    while at < window.size and padding(window, at) < window.size:
        if not packing.begins(at):
            raise Damage(f"damaged: nothing compressed begins at byte {at:,}, where what is before ends", at)
        part = packing.part(at)
        yield from part.blocks()
        at = part.end


def padding(window: Window, at: int) -> int:
    """Where the zero bytes at `at` end: tapes and some disks pad with them."""
    while bytes(window.view(at, 1)) == b"\0":
        piece = bytes(window.view(at, BLOCK))
        rest = piece.lstrip(b"\0")
        at += len(piece) - len(rest)
        if rest:
            break
    return at


class Gzip:
    """Members, one after another (RFC 1952)."""

    magic = GZIP_MAGIC
    start = 0

    def __init__(self, window: Window) -> None:
        self._window = window

    def begins(self, at: int) -> bool:
        return bytes(self._window.view(at, 2)) == GZIP_MAGIC[:2]

    def part(self, at: int) -> GzipMember:
        return GzipMember(self._window, at)

    def head(self, at: int) -> bytes:
        """b"" where nothing comes of its first kilobyte: a look-alike must not cost more, its name may have no end."""
        if bytes(self._window.view(at + 3, 1)) > b"\x1f":  # flag bits that no member sets (RFC 1952, 2.3.1)
            return b""
        inflate = zlib.decompressobj(wbits=31)
        try:
            data = inflate.decompress(self._window.view(at, 1024), HEAD)
            if data and not inflate.eof and b"\n\r\n" not in data and b"\n\n" not in data:
                data += inflate.decompress(inflate.unconsumed_tail + bytes(self._window.view(at + 1024, HEAD)), HEAD)
        except zlib.error:
            return b""
        return data

    def retry(self, part: Part) -> int:
        return part.start + 1


class GzipMember:
    """The gzip member that starts at `at`."""

    def __init__(self, window: Window, at: int) -> None:
        self.start = self.end = at
        self._window = window
        self._inflate = zlib.decompressobj(wbits=31)

    def blocks(self) -> Iterator[bytes]:
        """Inflated bytes in blocks of at most BLOCK. Raises Damage."""
        inflate, fed = self._inflate, self.start
        step = 1 << 15  # most pages fit; zlib copies what it was given too much, so the first piece is small
        while not inflate.eof:
            piece: bytes | memoryview = inflate.unconsumed_tail or self._window.view(self.end, step)
            if not len(piece):
                raise Damage(f"cut off: the gzip member at byte {self.start:,} goes on after the end of the file", fed)
            if not inflate.unconsumed_tail:
                fed = self.end
                self.end += len(piece)
                step = 1 << 17
            try:
                data = inflate.decompress(piece, BLOCK)
            except zlib.error as error:
                raise Damage(f"damaged: the gzip member at byte {self.start:,}, {_plain(error)}", fed) from None
            if data:
                yield data
        self.end -= len(inflate.unused_data)


def _plain(error: zlib.error) -> str:
    return str(error).split(": ")[-1]  # without "Error -3 while decompressing data"


class Zstd:
    """Frames, one after another (RFC 8878), in archives after one with the dictionary of all others.

    (IIPC, WARC File Compression with Zstandard, section 3)
    """

    magic = ZSTD_MAGIC

    def __init__(self, window: Window) -> None:
        self._window = window
        self.start, self._dictionary = _zstd_dictionary(window)

    def begins(self, at: int) -> bool:
        head = bytes(self._window.view(at, 4))
        return head == ZSTD_MAGIC or _is_skippable(head)

    def part(self, at: int) -> ZstdFrame:
        return ZstdFrame(self._window, at, self._dictionary)

    def head(self, at: int) -> bytes:
        data = b""
        try:
            for block in self.part(at).blocks():
                data += block[:HEAD]
                if len(data) >= HEAD or b"\n\r\n" in data or b"\n\n" in data:
                    break
        except Damage:
            return data
        return data

    def retry(self, part: Part) -> int:
        return part.start + 1


class ZstdFrame:
    """The zstd frame that starts at `at`; one that is skippable has no blocks."""

    def __init__(self, window: Window, at: int, dictionary: Any) -> None:
        self.start = self.end = at
        self._window = window
        self._dictionary = dictionary

    def blocks(self) -> Iterator[bytes]:
        """Raises Damage. A kilobyte is fed at a time: 4 stored bytes can stand for a block of 128 kB."""
        import zstandard

        head = bytes(self._window.view(self.start, 8))
        if _is_skippable(head):
            self.end = min(self.start + 8 + int.from_bytes(head[4:], "little"), self._window.size)
            return
        inflate, fed = zstandard.ZstdDecompressor(dict_data=self._dictionary).decompressobj(), self.start
        while not inflate.eof:
            piece = bytes(self._window.view(self.end, 1024))
            if not piece:
                raise Damage(f"cut off: the zstd frame at byte {self.start:,} goes on after the end of the file", fed)
            fed = self.end
            self.end += len(piece)
            try:
                data = inflate.decompress(piece)
            except zstandard.ZstdError as error:
                raise Damage(f"damaged: the zstd frame at byte {self.start:,}, {error}", fed) from None
            if data:
                yield data
        self.end -= len(inflate.unused_data)


def _is_skippable(head: bytes) -> bool:
    return head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5  # RFC 8878, 3.1.2


def _zstd_dictionary(window: Window) -> tuple[int, Any]:
    """Where the frames begin, and the dictionary of a .warc.zst or None. Raises Damage."""
    import zstandard

    head = bytes(window.view(0, 8))
    if not head.startswith(ZSTD_DICTIONARY):
        return 0, None
    length = int.from_bytes(head[4:8], "little")
    stored = bytes(window.view(8, min(length, BLOCK * 8)))
    try:
        if stored.startswith(ZSTD_MAGIC):
            stored = zstandard.ZstdDecompressor().decompress(stored, max_output_size=BLOCK * 8)
        return 8 + length, zstandard.ZstdCompressionDict(stored)
    except (zstandard.ZstdError, ValueError) as error:
        raise Damage(f"damaged: the dictionary at the start of the file, {error}") from None


class Lz4:
    """Frames whose ends are not told: what follows a place is one part."""

    magic = LZ4_MAGIC
    start = 0

    def __init__(self, window: Window) -> None:
        self._window = window

    def begins(self, at: int) -> bool:
        return bytes(self._window.view(at, 4)) == LZ4_MAGIC

    def part(self, at: int) -> Lz4Frames:
        return Lz4Frames(self._window, at)

    def head(self, at: int) -> bytes:
        try:
            return next(self.part(at).blocks(), b"")[:HEAD]
        except Damage:
            return b""

    def retry(self, part: Part) -> int:
        return part.end  # not in what was read ahead, so that no record comes twice


class Lz4Frames:
    """All lz4 frames from `at` to the end of the file."""

    def __init__(self, window: Window, at: int) -> None:
        self.start = self.end = at
        self._window = window

    def blocks(self) -> Iterator[bytes]:
        """Raises Damage."""
        from fastwarc.stream_io import Lz4Reader

        source: Any = self
        stream = Lz4Reader(source)
        try:
            while block := stream.read(BLOCK):
                yield block
        except (OSError, ValueError) as error:
            raise Damage(f"damaged: the lz4 frame before byte {self.end:,}, {error}", self.end) from None
        self.end = self._window.size

    def read(self, length: int) -> bytes:
        """The file that the decompressor asks for."""
        data = bytes(self._window.view(self.end, length))
        self.end += len(data)
        return data

    def tell(self) -> int:
        return self.end
