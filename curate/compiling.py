"""Whether a kernel may be compiled now, asked and said without importing the compiler."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_allowed = ContextVar("compiling_allowed", default=True)


class NotCompiled(BaseException):
    """A kernel is not on disk yet. No `Exception`: what a step does about its own errors must not hide it."""


@contextlib.contextmanager
def only_loading() -> Iterator[None]:
    """Within, a kernel that would have to be compiled raises NotCompiled instead."""
    before = _allowed.set(False)
    try:
        yield
    finally:
        _allowed.reset(before)


def is_allowed() -> bool:
    """Whether a kernel that is not on disk may be compiled."""
    return _allowed.get()
