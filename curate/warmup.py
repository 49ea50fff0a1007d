"""Before the first row: modules imported, kernels loaded or compiled, models read.

Kernels are compiled once per machine and version and found on disk from then on (`curate.kernels.cache`). When one is
missing, the steps of the pipeline compile side by side, each on a sample of its own, in processes forked for that; then
everything is loaded here. What is compiled is what the steps call, so there is no list of kernels or types to keep.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from curate.compiling import NotCompiled, only_loading
from curate.schema import Batch, empty

if TYPE_CHECKING:
    from curate.pipeline import Pipeline

COLD_CPU_S = 30  # to compile what configs/web.yaml needs
TEXTS = ("The quick brown fox jumps over the lazy dog, and that is all of it.", "从前有一座山，山里有一座庙。")
PAGES = tuple(f"<html><body><article><p>{text * 5}</p></article></body></html>" for text in TEXTS)


def warm_up(pipeline: Pipeline, say: Callable[[str], None]) -> None:
    """Push two short documents through every step; `say` is told when that means compiling.

    A step that raises here raises again on real rows, and is reported there.
    """
    try:
        with only_loading():
            _push(pipeline)
        return
    except NotCompiled:
        lanes = _cores()
        say(f"compiling kernels, once: about {round(COLD_CPU_S / min(lanes, 2))} s")
    from curate.kernels.cache import folder

    if folder() is not None:  # else a process of its own would compile for itself
        side_by_side(step_samples(pipeline), lanes)
    _push(pipeline)


def step_samples(pipeline: Pipeline) -> list[Callable[[], object]]:
    """Per step a call of it alone, on a sample of the columns that it is given.

    A step with much to compile may give calls of its own that share no kernel, `warm_ups()`, in place of that one.
    """
    from curate.groups import Keep
    from curate.pipeline import applied, stored_schema, through, with_verdict
    from curate.sweep import Sweep

    measured = pipeline.measured_names()
    batch = empty(stored_schema(pipeline.read.schema))
    calls: list[Callable[[], object]] = []
    for numbered in pipeline.numbered:
        step = numbered.step
        alone = partial(through, step, _sample(batch.schema), measured)
        calls += getattr(step, "warm_ups", list)() or [alone]
        if isinstance(step, Sweep):
            batch = with_verdict(batch, step.verdict, None)
        else:
            batch = step(batch) if isinstance(step, Keep) else applied(step, batch, measured)
    return calls


def side_by_side(calls: list[Callable[[], object]], lanes: int) -> None:
    """Make each call once, in `lanes` forked processes; what they raise is lost. No other thread may be running."""
    waiting, given = os.pipe()  # a byte per call, which one of the lanes reads
    os.write(given, bytes(range(min(len(calls), 256))))
    os.close(given)
    children = [_forked(partial(_lane, calls, waiting)) for _ in range(min(lanes, len(calls)))]
    os.close(waiting)
    for child in children:
        os.waitpid(child, 0)


def die_with_parent() -> None:
    """On Linux, ask the kernel to end this process with its parent."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _forked(call: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            die_with_parent()
            call()
        finally:
            os._exit(0)
    return child


def _lane(calls: list[Callable[[], object]], waiting: int) -> None:
    gc.disable()  # a twentieth of the time, for a process that soon ends
    while number := os.read(waiting, 1):
        with contextlib.suppress(Exception):
            calls[number[0]]()


def _push(pipeline: Pipeline) -> None:
    batch = pa.record_batch({"id": ["1", "2"], "html": PAGES, "text": pa.nulls(2, pa.string())})
    with contextlib.suppress(Exception):
        pipeline(batch)


def _sample(schema: pa.Schema) -> Batch:
    """Four documents with these columns, two of them markup and two text; the other columns are null."""
    none = pa.nulls(2, pa.string())
    known = {
        "id": pa.array(["1", "2", "3", "4"]),
        "row": pa.array([0, 1, 2, 3]),
        "html": pa.concat_arrays([pa.array(PAGES), none]),
        "text": pa.concat_arrays([none, pa.array(TEXTS)]),
    }
    columns = [known.get(field.name, pa.nulls(4)).cast(field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
