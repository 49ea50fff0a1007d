"""Progress on standard error: a live line on a terminal, a plain line every 30 seconds elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curate.launch import Progress

PLAIN_EVERY_S = 30.0


@contextlib.contextmanager
def shown() -> Iterator[Callable[[Progress], None]]:
    """A function to call with each `Progress`."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.status import Status

        with Status("planning", console=Console(stderr=True)) as status:
            yield lambda p: status.update(_line(p))
        return
    last = [time.monotonic()]

    def plain(p: Progress) -> None:
        if time.monotonic() - last[0] >= PLAIN_EVERY_S:
            last[0] = time.monotonic()
            print(_line(p), file=sys.stderr, flush=True)

    yield plain


def _line(p: Progress) -> str:
    share = f", {p.kept / p.records:.0%} kept" if p.records else ""
    return f"{p.phase}: {p.done} of {p.tasks} tasks, {p.records:,} records{share}"
