"""The whole road, shortened: from the sample crawl to a model that was asked something."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curate.config import load
from curate.launch import Local
from curate.sample import sample_crawl
from curate.shipped import configuration
from trainers.road import walk


def test_from_the_sample_crawl_to_an_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = tmp_path / "demo", tmp_path / "demo-train"
    load(configuration("demo"), [f"read.warc={sample_crawl()}", f"write.parquet.folder={data}"]).run(on=Local(2))
    walk(data, out, configuration, steps=2)
    for checkpoint in ("gpt/best", "gpt/latest", "chat/best", "chat/latest"):
        assert (out / checkpoint / "model.safetensors").is_file()
    pairs = json.loads((out / "instruct.json").read_text(encoding="utf-8"))
    assert {pair["lang"] for pair in pairs} == {"en", "zh"}
    assert all(pair["instruction"] and pair["output"] for pair in pairs)
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) >= 4  # two texts continued, two questions answered
    walk(data, out, configuration, steps=2)  # again: what is done is used
    assert "all 2 steps are done" in capsys.readouterr().err
