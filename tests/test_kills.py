"""A run that is killed loses nothing, repeats nothing, and shows no half-written file."""

from __future__ import annotations

from pathlib import Path

from tests.kills import Killer, small_corpus

KILLS = 20


def test_twenty_kills_leave_whole_files_and_end_as_a_quiet_run(tmp_path: Path) -> None:
    killer = Killer(tmp_path, small_corpus(tmp_path), seed=1)
    killer.quiet()
    assert len(killer.points) > 50, killer.points
    killer.kill(KILLS)
    assert killer.failures == []
    assert len(killer.hit) > KILLS / 2
