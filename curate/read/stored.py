"""Stored bytes: a file read in pieces by position.

Never memory-mapped: a file that shrinks while it is mapped kills the process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import TracebackType

BLOCK = 1 << 20  # bytes inflated at a time: no compressed file can ask for more memory than this


class Damage(ValueError):
    """Stored bytes that are not what their format says. The message says what is wrong, `at` from where on."""

    def __init__(self, message: str, at: int = 0) -> None:
        super().__init__(message)
        self.at = at


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
