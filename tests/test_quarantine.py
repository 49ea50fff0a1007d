"""What could not be processed: its budget, how it is shown, and how it is tried again."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curate.config import load
from curate.launch import Local
from curate.pipeline import PipelineError
from curate.quarantine import listed, replay, shown
from curate.work import Folder
from curate.write import verify
from tests.test_cli import llmsapp
from tests.test_engine import digests, pipeline, run

SIGNALS = """
import pathlib
from curate import signal


@signal
def looked_up(text: str) -> int:
    "Reads a file that may be missing."
    return len(pathlib.Path("model.txt").read_text()) if "model" in text else 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three shards: one is well, one has broken lines, one a text whose signal needs a file that is not there."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text(
        "".join(f'{{"id": "a{i}", "text": "a plain text {i}"}}\n' for i in range(9))
    )
    (tmp_path / "in" / "b.jsonl").write_text('{"id": "b0", "text": "whole"}\n{\x1b[31m\u202e broken\n')
    (tmp_path / "in" / "c.jsonl").write_text(
        '{"id": "c0", "text": "needs the model"}\n{"id": "c1", "text": "does not"}\n'
    )
    (tmp_path / "own.py").write_text(SIGNALS)
    (tmp_path / "run.yaml").write_text("read: {jsonl: nowhere}\nsteps: [keep: looked_up > 0]\nwrite: {parquet: out}\n")
    return tmp_path


def command(folder: Path, *more: str) -> tuple[int, str, str]:
    done = llmsapp(*more, "--signals", "own.py", "-j", 0, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def test_the_budget_is_a_share_of_the_documents_and_the_run_finishes(folder: Path) -> None:
    start = ("run", "run.yaml", "--set", "read.jsonl=in")
    code, _, said = command(folder, *start)
    assert (code, "over budget: 2 of 13 documents" in said) == (4, True), said
    report = json.loads((folder / "out" / "report.json").read_text())
    assert any("over budget" in warning for warning in report["warnings"])
    code, _, said = command(folder, *start, "--set", "write.parquet.max_quarantine=0.2")
    assert (code, said) == (0, "")
    assert verify(folder / "out") == []


def test_it_is_listed_shown_and_tried_again(folder: Path) -> None:
    """`--replay` finds the configuration of the run, and does only the shards again that lack something."""
    command(folder, "run", "run.yaml", "--set", "read.jsonl=in")
    told = llmsapp("quarantine", "out", cwd=folder).stdout
    assert "FileNotFoundError  (step keep)\n         c0  c.jsonl at 0" in told
    assert "2 documents in quarantine" in told
    broken = next(r for r in pq.read_table(folder / "out" / "quarantine").to_pylist() if r["source"] == "b.jsonl")
    told = llmsapp("quarantine", "out", broken["id"], cwd=folder).stdout
    assert "b.jsonl at 30, row 1" in told
    assert "⟨" in told
    assert not {"\x1b", "\u202e"} & set(told)
    assert llmsapp("quarantine", "out", "nobody", cwd=folder).returncode == 3

    done = llmsapp("quarantine", "out", "--replay", cwd=folder)
    assert (done.returncode, "give --signals with the path of own.py" in done.stderr) == (2, True), done.stderr
    (folder / "model.txt").write_text("four")
    before = {p.name: p.stat().st_mtime_ns for p in (folder / "out" / "work" / "text").iterdir()}
    code, told, said = command(folder, "quarantine", "out", "--replay")
    assert "of 2 documents in quarantine 1 are well now (1 kept, 0 dropped), 1 are there again" in told, said
    assert code == 4
    after = {p.name: p.stat().st_mtime_ns for p in (folder / "out" / "work" / "text").iterdir()}
    assert [before[name] == after[name] for name in before].count(True) == 1
    assert verify(folder / "out") == []
    command(folder, "run", "run.yaml", "--set", "read.jsonl=in", "--set", "write.parquet=fresh")
    assert {k: v for k, v in digests(folder / "out").items() if k != "report"} == {
        k: v for k, v in digests(folder / "fresh").items() if k != "report"
    }


def test_a_run_made_in_python_says_how_to_try_again(tmp_path: Path) -> None:
    run(pipeline(tmp_path / "out"))
    assert "ValueError  (step keep)" in listed(Folder(tmp_path / "out"))
    with pytest.raises(PipelineError, match="retry_quarantined=True"):
        replay(Folder(tmp_path / "out"), [], Local(0))
    before = digests(tmp_path / "out")
    pipeline(tmp_path / "out").run(on=Local(0), retry_quarantined=True)
    assert digests(tmp_path / "out") == before


def test_settings_of_the_command_line_are_part_of_what_is_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.jsonl").write_text('{"text": "whole"}\n{broken\n')
    Path("run.yaml").write_text("read: {jsonl: nowhere}\nsteps: []\nwrite: {parquet: out}\n")
    load(Path("run.yaml"), ["read.jsonl=in.jsonl", "write.parquet.validation=0.5"]).run(on=Local(0))
    os.rename("out", "moved")
    assert str(replay(Folder(Path("moved")), [], Local(0))).endswith("1 are there again")
    assert "broken" in shown(Folder(Path("moved")), pq.read_table("moved/quarantine")["id"][0].as_py())
    assert not Path("out").exists()
