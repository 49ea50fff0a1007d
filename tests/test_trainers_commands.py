"""The commands tokenizer, pretrain and generate: what they say, their exit codes, and that bad input harms nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from curate.shipped import configuration
from tests.trainers_fixture import TRAINING, VALIDATION, small_tokenizer, write_run
from trainers.checkpoint import open_checkpoint
from trainers.commands import register
from trainers.config import parse_configuration, read_configuration
from trainers.errors import ConfigurationError
from trainers.pretrain import PretrainConfiguration

CONFIGURATION = """\
data: run
out: gpt
model: {layers: 1, width: 32, heads: 2, key_value_heads: 1, head_width: 16, feed_forward: 48, context: 32}
training:
  steps: 6
  rows: 2
evaluation: {every: 3}
prompts: [The heron, 白鹤]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a finished run and a configuration."""
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "run", {"train": TRAINING, "validation": VALIDATION})
    (tmp_path / "gpt.yaml").write_text(CONFIGURATION, encoding="utf-8")
    return tmp_path


def llmsapp(*arguments: object) -> Result:
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, [str(a) for a in arguments])


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_from_a_run_to_a_generated_text(folder: Path) -> None:
    trained = llmsapp("tokenizer", "train", "run", "--vocab", 400)
    assert (trained.exit_code, "400 ids" in trained.stdout) == (0, True), trained.output
    assert llmsapp("tokenizer", "train", "run", "--vocab", 400).exit_code == 0  # the same again: nothing changes
    pretrained = llmsapp("pretrain", "gpt.yaml", "--set", "training.steps=4")
    assert pretrained.exit_code == 0, pretrained.output
    assert pretrained.stdout.startswith("The heron")
    assert "bits per byte" in pretrained.stderr
    assert open_checkpoint(folder / "gpt" / "latest").state["step"] == 4
    longer = llmsapp("pretrain", "gpt.yaml")
    assert "goes on from step 4" in longer.stderr
    options = ("-p", "白鹤", "--tokens", 12, "--top-k", 20)
    one, same, other = (llmsapp("generate", "gpt", *options, "--seed", seed) for seed in (1, 1, 2))
    assert (one.exit_code, one.stdout[:2]) == (0, "白鹤"), one.output
    assert one.stdout == same.stdout != other.stdout
    answer = llmsapp("generate", "gpt/latest", *options, "--chat")
    assert (answer.exit_code, "白鹤" in answer.stdout[:2]) == (0, False)


def without_manifest(folder: Path) -> None:
    (folder / "run" / "manifest.json").unlink()


def empty(folder: Path) -> None:
    write_run(folder / "run", {"train": [], "validation": []}, data=[])


def without_validation(folder: Path) -> None:
    write_run(folder / "run", {"train": TRAINING})


def without_text(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "run" / "data" / "train-00000.parquet"
    pq.write_table(pa.table({"content": ["x"]}), path)
    listed = [{"path": "data/train-00000.parquet", "split": "train", "rows": 1, "bytes": path.stat().st_size}]
    (folder / "run" / "manifest.json").write_text(json.dumps({"format": 1, "data": listed, "content": {"train": ""}}))


@pytest.mark.parametrize(
    ("harm", "code", "words"),
    [
        (without_manifest, 3, "error: run holds no finished run (no manifest.json): run it to its end first"),
        (empty, 3, "error: run holds no train documents"),
        (without_text, 3, "has no column `text`; it has content"),
    ],
)
def test_no_tokenizer_from_what_is_no_run(folder: Path, harm: Callable[[Path], None], code: int, words: str) -> None:
    harm(folder)
    before = files(folder)
    done = llmsapp("tokenizer", "train", "run", "--vocab", 400)
    assert (done.exit_code, words in done.stderr) == (code, True), done.output
    assert done.stderr.count("error:") == 1
    assert files(folder) == before


def test_another_vocabulary_does_not_replace_a_tokenizer(folder: Path) -> None:
    assert llmsapp("tokenizer", "train", "run", "--vocab", 400).exit_code == 0
    before = files(folder)
    for vocabulary, words in ((350, "holds another tokenizer"), (90_000, "at most"), (100, "too small")):
        done = llmsapp("tokenizer", "train", "run", "--vocab", vocabulary)
        assert (done.exit_code, words in done.stderr) == (2, True), done.output
    assert files(folder) == before


@pytest.mark.parametrize(
    ("harm", "settings", "code", "words"),
    [
        (without_manifest, [], 3, "holds no finished run"),
        (empty, [], 3, "holds no train documents"),
        (without_validation, [], 3, "holds no validation documents; the run kept none apart: set `write.parquet.valid"),
        (
            None,
            ["tokenizer=elsewhere"],
            3,
            "elsewhere holds no tokenizer (no tokenizer.json): `llmsapp tok",
        ),
        (None, ["model.context=9000"], 2, "too few for one row of model.context + 1 = 9,001"),
        (None, ["model.heads=3", "model.key_value_heads=2"], 2, "must be a multiple of model.key_value_heads (2)"),
        (None, ["training.device=cuda"], 2, "training.device is cuda, and this machine shows no CUDA device"),
    ],
)
def test_pretraining_refuses(
    folder: Path, harm: Callable[[Path], None] | None, settings: list[str], code: int, words: str
) -> None:
    if "cuda" in str(settings):
        import torch

        if torch.cuda.is_available():
            pytest.skip("this machine has a CUDA device")
    small_tokenizer().save(folder / "run" / "tokenizer")
    if harm:
        harm(folder)
    done = llmsapp("pretrain", "gpt.yaml", *(part for setting in settings for part in ("--set", setting)))
    assert (done.exit_code, words in done.stderr) == (code, True), done.output
    assert not (folder / "gpt" / "latest").exists()


def test_a_checkpoint_of_another_tokenizer(folder: Path) -> None:
    small_tokenizer().save(folder / "run" / "tokenizer")
    assert llmsapp("pretrain", "gpt.yaml").exit_code == 0
    before = files(folder / "gpt")
    assert llmsapp("tokenizer", "train", "run", "-o", "other", "--vocab", 390).exit_code == 0
    done = llmsapp("pretrain", "gpt.yaml", "--set", "tokenizer=other", "--set", "training.steps=9")
    assert (done.exit_code, "another tokenizer" in done.stderr) == (3, True), done.output
    assert files(folder / "gpt") == before


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("generate", "nowhere"), 3, "there is no folder nowhere"),
        (("generate", "run"), 3, "holds no checkpoint"),
        (("generate", "run", "--temperature", "-1"), 2, "temperature is -1.0"),
        (("pretrain", "nowhere.yaml"), 2, "there is no configuration nowhere.yaml"),
        (("tokenizer", "train", "nowhere"), 3, "there is no folder nowhere"),
    ],
)
def test_what_is_not_there(folder: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = llmsapp(*arguments)
    assert (done.exit_code, words in done.stderr) == (code, True), done.output


def test_a_missing_package_is_a_matter_of_installing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", None)
    done = llmsapp("tokenizer", "train", "run", "--vocab", 400)
    assert (done.exit_code, "pip install 'llmsapp[train]'" in done.stderr) == (5, True), done.output


def test_all_errors_of_a_configuration_at_once_with_their_places() -> None:
    text = """\
data: run
modle: {layers: 2}
model:
  layers: two
  widht: 64
training: {steps: 0, dropout: 1.5}
optimizer:
  learning_rate: yes
"""
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(text, PretrainConfiguration, ["training.rows=many", "nonsense"], "gpt.yaml")
    told = str(caught.value)
    for words in (
        "--set nonsense: expected KEY=VALUE",
        "`out` is missing",
        "there is no `modle`; did you mean `model`? (there are data, tokenizer, out, model,",
        "--> gpt.yaml:2:1\n   2 | modle: {layers: 2}\n       ^",
        "`model.layers`: input should be a valid integer, not 'two'",
        "--> gpt.yaml:4:3\n   4 |   layers: two\n         ^",
        "there is no `model.widht`; did you mean `width`?",
        "`training.steps`: input should be greater than or equal to 1, not 0",
        "`training.dropout`: input should be less than 1, not 1.5",
        "`training.rows`: input should be a valid integer, not 'many'",
        "`optimizer.learning_rate`: input should be a valid number, not 'yes'",
    ):
        assert words in told, words
    assert told.count("error: ") == 8


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data: [", "not YAML"),
        ("- a list", "is no configuration"),
        ("", "is no configuration"),
        ("data: !!python/object:os.system x\nout: y", "`data`"),
        ("data: a\ndata: b\nout: c", "not YAML"),
    ],
)
def test_what_is_no_configuration(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        parse_configuration(text, PretrainConfiguration)


def test_shipped_configurations_are_read() -> None:
    read = read_configuration(configuration("pretrain_demo"), PretrainConfiguration, ["out=elsewhere"])
    assert read.out == Path("elsewhere")


def test_defaults_stand_in_one_place() -> None:
    from trainers.model import Shape

    read = parse_configuration("data: a\nout: b", PretrainConfiguration)
    assert read.model.shape(1000) == Shape(1000)
