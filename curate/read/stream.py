"""The bytes of an archive's unit, looked at ahead of where a record is taken from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from curate.read.stored import BLOCK, Damage, Window

GAP = b"\r\n \t\0"  # between records; only line ends are right, zeros are padding
GAPS = re.compile(rb"[\r\n \t\0]*")


class Stream:
    """The bytes of a unit, with as much look-ahead as is asked for.

    `None` among the blocks is a soft end, the end of a gzip member: passed only when a record needs what comes after
    it. A stream over a plain file is given its `window`, and can go anywhere in it.
    """

    def __init__(self, blocks: Iterator[bytes | None], offset: int = 0, window: Window | None = None) -> None:
        self._blocks = blocks
        self._window = window
        self._data = b""
        self._at = 0
        self._base = offset
        self._soft = False
        self.damage: Damage | None = None

    @classmethod
    def plain(cls, window: Window, at: int) -> Stream:
        return cls(window.blocks(at), at, window)

    @property
    def offset(self) -> int:
        """Where the next byte stands, counted from the start of the unit (plain: of the file)."""
        return self._base + self._at

    def _more(self, need: bool) -> bytes:
        """The next block; b"" at the end, and at a soft end unless bytes are needed."""
        while need or not self._soft:
            try:
                block = next(self._blocks, b"")
            except Damage as damage:
                self.damage, self._blocks, block = damage, iter(()), b""
            if block is not None:
                self._soft = False
                return block
            self._soft = True
        return b""

    def look(self, length: int, need: bool = False) -> tuple[bytes, int]:
        """(buffer, place of the next byte in it) with at least `length` bytes ahead unless the unit ends."""
        have = len(self._data) - self._at
        if have < length:
            parts = [self._data[self._at :]]
            while have < length and (block := self._more(need)):
                parts.append(block)
                have += len(block)
            self._base += self._at
            self._data, self._at = b"".join(parts), 0
        return self._data, self._at

    def take(self, length: int) -> bytes:
        """The next `length` bytes, fewer only at the end of the unit."""
        data, at = self.look(length, need=True)
        taken = data[at : at + length]
        self._at += len(taken)
        return taken

    def skip(self, length: int) -> int:
        """Pass `length` bytes without keeping them; how many there were."""
        start = self.offset
        if self._window and length > BLOCK:
            self._go(min(start + length, self._window.size))
        else:
            while self.offset - start < length and self.take(min(start + length - self.offset, BLOCK)):
                pass
        return self.offset - start

    def back(self, offset: int, taken: bytes) -> None:
        """To `offset` again, from where `taken` and then line ends were read. Without `taken`, only if plain."""
        if self._window:
            self._go(offset)
        elif taken:
            gap = b"\n" * (self.offset - offset - len(taken))
            self._data, self._at, self._base = taken + gap + self._data[self._at :], 0, offset

    def _go(self, offset: int) -> None:
        assert self._window
        self._blocks, self._data, self._at, self._base = self._window.blocks(offset), b"", 0, offset

    def pass_gap(self) -> bool:
        """Pass what stands between records; whether anything follows before the (soft) end."""
        while True:
            data, at = self.look(1)
            if at >= len(data):
                return False
            gap = GAPS.match(data, at)
            self._at = gap.end() if gap else at
            if self._at < len(data):
                return True
