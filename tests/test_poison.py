"""A document that kills, stops or blocks its worker costs that document and nothing else."""

from __future__ import annotations

import ctypes
import os
import resource
import signal as signals
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from curate import Local, Pipeline, parquet
from curate.schema import Batch
from curate.worker import Limits
from curate.write import verify
from tests.memory_source import Memory

LIMITS = Limits(cpu_s=1.0, stopped_s=1.0, silent_s=3.0)


def spin() -> None:
    while True:
        pass


def dive(depth: int = 0) -> None:
    dive(depth + 1)


def fork_away() -> None:
    """A child that outlives its parent's patience, with the parent waiting for it."""
    child = os.fork()
    if child == 0:
        time.sleep(5)
        os._exit(0)
    os.waitpid(child, 0)


def lose_stdout() -> None:
    os.close(1)
    os.write(1, b"gone")


# What the document does to its worker, and what its reason says.
POISONS: dict[str, tuple[Callable[[], Any], str]] = {
    "raises": (lambda: 1 // 0, "ZeroDivisionError"),
    "sys.exit": (lambda: sys.exit(3), "SystemExit: 3"),
    "os._exit": (lambda: os._exit(3), "left with exit status 3"),
    "SIGKILL": (lambda: os.kill(os.getpid(), signals.SIGKILL), "killed by SIGKILL"),
    "SIGSEGV": (lambda: ctypes.string_at(0), "killed by SIGSEGV"),
    "an endless loop": (spin, "used more than 1 s of CPU"),
    "a loop that holds the interpreter's lock": (lambda: sum(range(10**13)), "used more than 1 s of CPU"),
    "20 GB": (lambda: np.ones(20 << 27), "MemoryError"),
    "recursion": (dive, "RecursionError"),
    "a closed output": (lose_stdout, "Bad file descriptor"),
    "SIGSTOP": (lambda: os.kill(os.getpid(), signals.SIGSTOP), "was stopped for more than 1 s"),
    "waiting for a child": (fork_away, "did not come back within 3 s"),
}


DOCUMENTS = 40


def poisoned(kind: str, document: int) -> Callable[[Batch], Batch]:
    def step(batch: Batch) -> Batch:
        if any(f"number {document} " in (text or "") for text in batch.column("text").to_pylist()):
            POISONS[kind][0]()
        return batch

    return step


def check(out: Path, kind: str, document: int, workers: int) -> None:
    """One run with one poisonous document: it alone is in quarantine, with its reason."""
    rows = tuple(f"a tale of number {i} and more" for i in range(DOCUMENTS))
    pipeline = Pipeline(Memory(rows, shard_rows=20), poisoned(kind, document), write=parquet(str(out)))
    report = pipeline.run(on=Local(workers, LIMITS))
    assert (report["documents"], report["kept"], report["quarantined"]) == (DOCUMENTS, DOCUMENTS - 1, 1)
    lost = pq.read_table(out / "quarantine").to_pylist()
    assert [row["id"] for row in lost] == [f"d{document:06d}"]
    assert POISONS[kind][1] in lost[0]["reason"]
    assert report["reproducible"] == ("killed since" not in lost[0]["reason"])
    assert verify(out) == []


@pytest.mark.parametrize("kind", POISONS)
def test_a_poisonous_document_is_quarantined_alone(tmp_path: Path, kind: str) -> None:
    check(tmp_path / "out", kind, document=17, workers=2)


def test_a_worker_that_is_slow_but_moves_on_is_left_alone(tmp_path: Path) -> None:
    """The limits hold for one call of a step, and a batch over them is only taken row by row."""

    def slow(batch: Batch) -> Batch:
        until = time.process_time() + 0.3 * batch.num_rows
        while time.process_time() < until:
            pass
        return batch

    memory = Memory(tuple(f"text {i}" for i in range(7)), batch_rows=7)
    report = Pipeline(memory, slow, write=parquet(str(tmp_path / "out"))).run(on=Local(1, LIMITS))
    assert report["kept"] == 7


def test_the_memory_limit_is_the_workers_alone() -> None:
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY
