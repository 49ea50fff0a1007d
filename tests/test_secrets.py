"""Values of the environment reach the steps and nothing that is written or said."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curate.config import ConfigError, parse
from curate.launch import Local
from curate.pipeline import Pipeline
from curate.schema import Batch
from curate.secrets import Secrets
from curate.write import parquet
from tests.memory_source import Memory
from tests.test_cli import llmsapp

CANARY = "canary-4711-xyz"
CONFIG = """
read: {jsonl: "${env:CANARY}/*.jsonl"}
steps:
  - replace: {pattern: "${env:CANARY}", with: it}
write: {parquet: "out"}
"""


def everything_in(folder: Path) -> bytes:
    """All files below `folder`, Parquet as text too: compressed, a value could not be seen."""
    files = [p for p in folder.rglob("*") if p.is_file()]
    tables = [repr(pq.read_table(p).to_pylist()).encode() for p in files if p.suffix == ".parquet"]
    metadata = [repr(pq.read_metadata(p).metadata).encode() for p in files if p.suffix == ".parquet"]
    return b"\n".join([p.read_bytes() for p in files] + tables + metadata)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_canary_is_used_and_nowhere_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    monkeypatch.setenv("CANARY", CANARY)
    (tmp_path / CANARY).mkdir()
    (tmp_path / CANARY / "a.jsonl").write_text(f'{{"text": "say {CANARY} twice: {CANARY}"}}\n{{broken\n')
    (tmp_path / "run.yaml").write_text(CONFIG)
    said = ""
    for command in ("check", "plan", "run"):
        done = llmsapp(command, "run.yaml", *(["-j", workers] if command == "run" else []), cwd=tmp_path)
        assert done.returncode in (0, 4), done.stderr
        said += done.stdout + done.stderr
    assert pq.read_table(tmp_path / "out" / "data")["text"].to_pylist() == ["say it twice: it"]
    (tmp_path / CANARY).rename(tmp_path / "away")
    gone = llmsapp("run", "run.yaml", cwd=tmp_path)
    assert (gone.returncode, "no file matches '${env:CANARY}/*.jsonl'" in gone.stderr) == (3, True), gone.stderr
    assert CANARY not in said + gone.stdout + gone.stderr
    assert CANARY.encode() not in everything_in(tmp_path / "out")
    assert b"${env:CANARY}" in (tmp_path / "out" / "manifest.json").read_bytes()


def test_what_a_step_says_of_it_is_hidden(tmp_path: Path) -> None:
    secrets = Secrets({CANARY: "${env:CANARY}"})

    def refuse(batch: Batch) -> Batch:
        if batch.num_rows:
            raise ValueError(f"no answer from https://user:{CANARY}@host/")
        return batch

    out = tmp_path / "out"
    Pipeline(Memory(("a", "b")), refuse, write=parquet(str(out)), secrets=secrets).run(on=Local(0))
    assert pq.read_table(out / "quarantine")["reason"][0].as_py().endswith("user:${env:CANARY}@host/")
    assert CANARY.encode() not in everything_in(out)


def test_errors_of_a_configuration_name_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no variable 'CANARY'; set it"):
        parse(CONFIG)
    monkeypatch.setenv("CANARY", f"({CANARY}")
    with pytest.raises(ConfigError) as caught:
        parse(CONFIG)
    assert CANARY not in str(caught.value)
    with pytest.raises(ConfigError, match="a rule is shown in the report"):
        parse('read: {jsonl: in}\nsteps: [keep: "word_count > ${env:CANARY}"]\nwrite: {parquet: out}\n')
