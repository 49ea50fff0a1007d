"""The same input and configuration give the same bytes, whoever does the work, in whatever order."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curate import launch
from tests.kills import ROOT, small_corpus
from tests.test_engine import digests, pipeline, run


def test_workers_hash_seeds_and_time_zones_do_not_show(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(small_corpus(tmp_path))
    found = []
    for workers, seed, zone in ((1, "0", "UTC"), (2, "1", "Asia/Shanghai"), (3, "random", "UTC"), (8, "random", "UTC")):
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        command = [
            sys.executable,
            "-P",
            "-c",
            "from curate.cli import main; main()",
            "run",
            "run.yaml",
            "-j",
            str(workers),
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "TZ": zone}
        subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)
        found.append(digests(tmp_path / "out"))
    assert all(other == found[0] for other in found[1:])


@pytest.mark.parametrize("seed", range(3))
def test_the_order_in_which_tasks_end_does_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    run(pipeline(tmp_path / "quiet"))
    real, dice = launch._Runner._done, random.Random(seed)

    def shuffled(self: Any, tasks: list[Any]) -> Iterator[tuple[int, Any]]:
        order = list(range(len(tasks)))
        dice.shuffle(order)
        for at, record in real(self, [tasks[i] for i in order]):
            yield order[at], record

    monkeypatch.setattr(launch._Runner, "_done", shuffled)
    run(pipeline(tmp_path / "out"))
    assert digests(tmp_path / "out") == digests(tmp_path / "quiet")
