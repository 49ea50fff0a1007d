"""Training: schedule, steps, checkpoints that are whole or not there, and going on as if nothing had happened."""

from __future__ import annotations

import itertools
import json
import math
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.trainers_fixture import TRAINING, VALIDATION, small_tokenizer, tiny_model, tiny_shape, write_run
from trainers import checkpoint as module
from trainers import training
from trainers.chat import JINJA
from trainers.checkpoint import find_checkpoint, open_checkpoint, save_checkpoint
from trainers.errors import Busy, InputError
from trainers.model import GPT, IGNORED
from trainers.optim import OptimizerSection, adamw, learning_rate
from trainers.packing import Tokens, windows
from trainers.pretrain import PretrainConfiguration, estimated_memory, pretrain
from trainers.tokenizer import train_tokenizer
from trainers.training import Batch, Diverged, Journal, Progress, evaluate, sample_of, train_step

STATE = {"step": 5, "progress": {"step": 5}}
SETTINGS = OptimizerSection(learning_rate=1e-2, warmup=2)


def batch(seed: int, rows: int = 4) -> Batch:
    ids = torch.randint(0, 400, (rows, 17), generator=torch.Generator().manual_seed(seed))
    return Batch(ids[:, :-1], ids[:, 1:])


def test_the_learning_rate_is_a_function_of_the_step() -> None:
    settings = OptimizerSection(learning_rate=2.0, warmup=4, final=0.1)
    rates = [learning_rate(step, 101, settings) for step in range(101)]
    assert rates[:5] == [0.5, 1.0, 1.5, 2.0, 2.0]
    assert rates[52] == pytest.approx(2.0 * (0.1 + 0.9 * 0.5))  # half-way down
    assert rates[100] == pytest.approx(0.2)
    assert all(a >= b for a, b in itertools.pairwise(rates[4:]))
    assert learning_rate(0, 1, OptimizerSection(learning_rate=2.0, warmup=0)) == 2.0


def test_only_matrices_decay() -> None:
    model = GPT(tiny_shape())
    groups = adamw(model, OptimizerSection(weight_decay=0.3)).param_groups
    assert {g["weight_decay"]: {p.ndim for p in g["params"]} for g in groups} == {0.3: {2}, 0.0: {1}}
    assert sum(p.numel() for g in groups for p in g["params"]) == model.weights()


def test_rows_at_once_change_memory_not_learning() -> None:
    """The mean is over the targets that count, wherever the rows are cut; clipping acts on the whole gradient."""
    inputs, targets = batch(1)
    targets = targets.clone()
    targets[0, 2:] = IGNORED
    results = []
    for rows_at_once in (None, 3, 1):
        model = tiny_model().train()
        optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
        told = train_step(model, optimizer, Batch(inputs, targets), clip=0.5, rows_at_once=rows_at_once)
        results.append((*told, model.model.embed_tokens.weight.detach().clone()))
    loss, norm, weights = results[0]
    assert loss == pytest.approx(float(tiny_model().loss(inputs, targets).detach()), rel=1e-5)
    start = tiny_model().model.embed_tokens.weight.detach()
    assert norm > 0.5
    assert 0.1 < float((weights - start).norm()) <= 0.5
    for other in results[1:]:
        assert other[:2] == pytest.approx((loss, norm), rel=1e-4)
        assert torch.allclose(other[2], weights, atol=1e-5)


def test_bits_per_byte_by_hand() -> None:
    """Documents `a中` and `b`: the loss of their targets over the five bytes they stand for; BOS is not foretold."""
    tokenizer = small_tokenizer()
    documents = [[tokenizer.bos, *tokenizer.encode(text)] for text in ("a中", "b")]
    ids = torch.tensor([i for document in documents for i in document])
    tokens = Tokens(ids.numpy(), torch.tensor([0, len(documents[0]), len(ids)]).numpy())
    model = tiny_model(vocabulary=tokenizer.size)
    sample = sample_of(*windows(tokens, 32, 100, tokenizer.bos), tokenizer.byte_lengths)
    score = evaluate(model, sample)
    with torch.no_grad():
        log_probabilities = torch.log_softmax(model(ids[None])[0], -1)
    counted = [t for t in range(1, len(ids)) if ids[t] != tokenizer.bos]
    nats = -sum(float(log_probabilities[t - 1, ids[t]]) for t in counted)
    assert sample.bytes == 5
    assert score.loss == pytest.approx(nats / len(counted), rel=1e-5)
    assert score.bpb == pytest.approx(nats / math.log(2) / 5, rel=1e-5)
    assert model.training


def saved(folder: Path, seed: int = 3, **changes: Any) -> tuple[GPT, torch.optim.AdamW]:
    """A checkpoint of a model that has taken two steps."""
    model = tiny_model(seed, **changes).train()
    optimizer = adamw(model, SETTINGS)
    for step in range(2):
        train_step(model, optimizer, batch(step), clip=1.0)
    save_checkpoint(folder, model, small_tokenizer(), STATE, optimizer)
    return model, optimizer


def equal(one: GPT, other: GPT) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_a_checkpoint_gives_back_what_was_saved(tmp_path: Path) -> None:
    for tied in (True, False):
        model, optimizer = saved(tmp_path / "c", tied=tied)
        checkpoint = open_checkpoint(tmp_path / "c")
        other = GPT(checkpoint.shape, seed=9)
        fresh = adamw(other, SETTINGS)
        checkpoint.restore(other, fresh)
        for trained, by in ((model, optimizer), (other, fresh)):
            train_step(trained, by, batch(7), clip=1.0)
        assert equal(model, other)
        assert checkpoint.state["step"] == 5
        assert checkpoint.tokenizer.digest == small_tokenizer().digest
        assert ("lm_head.weight" in load_file(tmp_path / "c" / "model.safetensors")) is not tied
    assert {p.name for p in tmp_path.iterdir()} == {"c"}


def test_a_model_that_chats_ends_at_the_end_of_a_turn(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "c", tiny_model(), small_tokenizer(), STATE, chat_template=JINJA)
    told = json.loads((tmp_path / "c" / "tokenizer_config.json").read_text())
    assert (told["chat_template"], told["eos_token"]) == (JINJA, "<|im_end|>")
    assert json.loads((tmp_path / "c" / "config.json").read_text())["eos_token_id"] == 398


class Killed(BaseException):
    """Stands for a kill: nothing that comes after runs, not even what tidies up."""


STAGES = ["save_file", "write_json", "_flush", "rename", "rmtree"]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_kill_while_saving_leaves_a_whole_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, times: int
) -> None:
    old, _ = saved(tmp_path / "c", seed=3)
    calls = 0
    home: Any = {"rename": os, "rmtree": shutil}.get(stage, module)
    real: Callable[..., Any] = getattr(home, stage)

    def killed(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == times:
            raise Killed
        return real(*arguments, **named)

    monkeypatch.setattr(home, stage, killed)
    new = tiny_model(seed=4)
    try:
        save_checkpoint(tmp_path / "c", new, small_tokenizer(), STATE, None)
        finished = True
    except Killed:
        finished = False
    monkeypatch.undo()
    left = open_checkpoint(find_checkpoint(tmp_path / "c")).model()
    assert equal(left, new) or (not finished and equal(left, old))
    save_checkpoint(tmp_path / "c", new, small_tokenizer(), STATE)  # and the next one is saved as if nothing had been
    assert equal(open_checkpoint(tmp_path / "c").model(), new)
    assert {p.name for p in tmp_path.iterdir()} == {"c"}


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def other_tokenizer(folder: Path) -> None:
    train_tokenizer(TRAINING, 399).save(folder)


def relist(folder: Path) -> None:
    """Someone puts another tokenizer in and makes the list of files agree."""
    other_tokenizer(folder)
    state = json.loads((folder / "state.json").read_text())
    for name, told in state["files"].items():
        told |= {"bytes": (folder / name).stat().st_size, "sha256": module.sha256(folder / name)}
    (folder / "state.json").write_text(json.dumps(state))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda c: flip(c / "model.safetensors"), "model.safetensors is not the file that was written"),
        (lambda c: (c / "model.safetensors").unlink(), "model.safetensors is missing"),
        (lambda c: (c / "state.json").write_text('{"format": 1'), "state.json is damaged"),
        (lambda c: (c / "state.json").write_text('{"format": 2}'), "has format 2; this version reads 1"),
        (lambda c: (c / "state.json").unlink(), "is no checkpoint of llmsapp"),
        (other_tokenizer, "tokenizer.json is not the file that was written"),
        (relist, "holds another tokenizer than the one its model was trained with"),
        (shutil.rmtree, "there is no checkpoint"),
    ],
    ids=["flipped", "missing", "cut off", "newer", "no state", "another tokenizer", "swapped with care", "none"],
)
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, damage: Callable[[Path], object], words: str) -> None:
    saved(tmp_path / "c")
    damage(tmp_path / "c")
    with pytest.raises(InputError, match=words):
        open_checkpoint(tmp_path / "c")


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    saved(tmp_path / "c")
    checkpoint = open_checkpoint(tmp_path / "c")
    for changes, words in (
        ({"layers": 3}, "the weight model.layers.2.input_layernorm.weight is missing"),
        ({"layers": 1}, "it has a weight model.layers.1.input_layernorm.weight too many"),
        ({"width": 40}, r"has shape \(32,\), expected \(40,\)|has shape \(400, 32\), expected \(400, 40\)"),
    ):
        with pytest.raises(InputError, match=words):
            checkpoint.restore(GPT(tiny_shape(**changes)))
    save_checkpoint(tmp_path / "c", tiny_model(), small_tokenizer(), STATE)
    model = tiny_model()
    with pytest.raises(InputError, match="keeps no state of the optimiser"):
        open_checkpoint(tmp_path / "c").restore(model, adamw(model, SETTINGS))


def test_nothing_else_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="is no checkpoint; nothing was overwritten"):
        save_checkpoint(tmp_path / "c", tiny_model(), small_tokenizer(), STATE)
    assert (tmp_path / "c" / "thesis.txt").read_text() == "years of work"
    with pytest.raises(InputError, match=r"neither state.json, nor `best`, nor `latest`"):
        find_checkpoint(tmp_path / "c")


def configuration(folder: Path, out: str = "gpt", **changes: Any) -> PretrainConfiguration:
    """A training of eight steps on a run that `write_run` made."""
    data = folder / "run"
    if not data.exists():
        write_run(data, {"train": TRAINING, "validation": VALIDATION})
        small_tokenizer().save(data / "tokenizer")
    shape = {"layers": 2, "width": 32, "heads": 4, "key_value_heads": 2, "head_width": 8, "feed_forward": 48}
    sections: dict[str, Any] = {
        "model": shape | {"context": 32},
        "training": {"steps": 8, "rows": 3, "dropout": 0.1},
        "optimizer": {"learning_rate": 1e-2, "warmup": 3},
        "evaluation": {"every": 4, "tokens": 500},
    }
    for name, values in changes.items():
        sections[name] = sections[name] | values
    return PretrainConfiguration.model_validate({"data": data, "out": folder / out, **sections})


def evaluations(folder: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [row for row in rows if row["kind"] == "evaluation"]


def test_training_teaches_and_is_logged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = pretrain(configuration(tmp_path, training={"steps": 40}))
    rows = evaluations(tmp_path / "gpt")
    assert [row["step"] for row in rows] == list(range(0, 41, 4))
    assert rows[-1]["train"]["bpb"] < 0.7 * rows[0]["train"]["bpb"]
    assert rows[-1]["validation"]["bpb"] < rows[0]["validation"]["bpb"]
    assert progress.best_loss == min(row["validation"]["loss"] for row in rows[1:])
    assert rows[-1]["tokens"] == progress.tokens == 40 * 3 * 32
    assert open_checkpoint(tmp_path / "gpt" / "best").state["step"] == progress.best_step
    captured = capsys.readouterr()
    assert "40 steps of 96 tokens" in captured.err
    assert captured.out.startswith("The")
    assert "\n我们" in captured.out
    pretrain(configuration(tmp_path, training={"steps": 40}))
    assert "all 40 steps are done; raise training.steps to go on" in capsys.readouterr().err


def copy_after_step(monkeypatch: pytest.MonkeyPatch, step: int, place: Path) -> None:
    """Keep a copy of the output folder as it is when the checkpoint of `step` has been written."""
    real = save_checkpoint

    def saving(folder: Path, *arguments: Any, **named: Any) -> None:
        real(folder, *arguments, **named)
        if folder.name == "latest" and arguments[2]["step"] == step:
            shutil.copytree(folder.parent, place)

    monkeypatch.setattr("trainers.pretrain.save_checkpoint", saving)


def test_resumed_it_ends_where_it_would_have_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight steps, and the same stopped after four: equal to the last bit, dropout and all, and so is the log."""
    copy_after_step(monkeypatch, 4, tmp_path / "resumed")
    whole = pretrain(configuration(tmp_path))
    monkeypatch.undo()
    with (tmp_path / "resumed" / "log.jsonl").open("a") as log:
        log.write('{"step": 7, "kind": "step"}\n{"step": 8, "ki')  # what a training logged before it was killed
    resumed = pretrain(configuration(tmp_path, "resumed"))
    for name in ("model.safetensors", "optimizer.safetensors"):
        one, other = ((tmp_path / out / "latest" / name).read_bytes() for out in ("gpt", "resumed"))
        assert one == other, name
    assert (whole.best_step, whole.best_loss, whole.tokens) == (
        resumed.best_step,
        resumed.best_loss,
        resumed.tokens,
    )
    one, other = (
        [(row["step"], row["validation"]) for row in evaluations(tmp_path / out)] for out in ("gpt", "resumed")
    )
    assert one == other


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c, _: c.model_copy(update={"model": c.model.model_copy(update={"layers": 3})}), r"model.layers 2 -> 3"),
        (lambda c, _: train_tokenizer(TRAINING, 390).save(c.data / "tokenizer"), "trained with another tokenizer"),
        (lambda c, f: write_run(c.data, {"train": TRAINING[:40], "validation": VALIDATION}), "trained on other data"),
        (lambda c, f: flip(f / "gpt" / "latest" / "optimizer.safetensors"), "optimizer.safetensors is not the file"),
    ],
    ids=["shape", "tokenizer", "data", "damage"],
)
def test_another_training_does_not_go_on_from_a_checkpoint(
    tmp_path: Path, change: Callable[[PretrainConfiguration, Path], Any], words: str
) -> None:
    wanted = configuration(tmp_path)
    pretrain(wanted)
    before = {p: p.read_bytes() for p in (tmp_path / "gpt").rglob("*") if p.is_file()}
    longer = configuration(tmp_path, training={"steps": 12})
    changed = change(longer, tmp_path)
    if changed is None:  # what was damaged on purpose is not what "nothing lost" is about
        before = {p: p.read_bytes() for p in before}
    with pytest.raises(InputError, match=words):
        pretrain(changed if isinstance(changed, PretrainConfiguration) else longer)
    assert {p: p.read_bytes() for p in (tmp_path / "gpt").rglob("*") if p.is_file()} == before


def test_other_settings_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pretrain(configuration(tmp_path))
    pretrain(configuration(tmp_path, training={"steps": 10}, optimizer={"learning_rate": 5e-3}))
    told = capsys.readouterr().err
    assert "step 8\n" in told
    assert "training.steps 8 -> 10, optimizer.learning_rate 0.01 -> 0.005" in told


def test_divergence_stops_before_harm_is_done(tmp_path: Path) -> None:
    with pytest.raises(Diverged, match=r"diverged in step \d+: .* lower optimizer.learning_rate"):
        pretrain(configuration(tmp_path, optimizer={"learning_rate": 1e30, "clip": 1e30}))
    (batch_file,) = (tmp_path / "gpt").glob("diverged-step-*.safetensors")
    assert load_file(batch_file)["inputs"].shape == (3, 32)
    model = tiny_model().train()
    with torch.no_grad():
        model.model.norm.weight[0] = math.nan
    before = model.model.embed_tokens.weight.detach().clone()
    with pytest.raises(Diverged):
        train_step(model, adamw(model, SETTINGS), batch(1), clip=1.0)
    assert torch.equal(model.model.embed_tokens.weight, before)


def test_two_trainings_do_not_share_a_folder(tmp_path: Path) -> None:
    wanted = configuration(tmp_path)
    pretrain(wanted)
    before = {p: p.read_bytes() for p in (tmp_path / "gpt").rglob("*") if p.is_file()}
    with (
        Journal(wanted.out, Progress(step=8), 8).alone(Progress(step=8)),
        pytest.raises(Busy, match="another training"),
    ):
        pretrain(configuration(tmp_path, training={"steps": 12}))
    assert {p: p.read_bytes() for p in (tmp_path / "gpt").rglob("*") if p.is_file()} == before
    assert pretrain(configuration(tmp_path, training={"steps": 12})).step == 12


@pytest.mark.parametrize(
    ("number", "leaves", "code"), [(signal.SIGINT, KeyboardInterrupt, None), (signal.SIGTERM, SystemExit, 143)]
)
def test_interrupted_it_saves_and_goes_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
    leaves: Any,
    code: int | None,
) -> None:
    """Told to stop it ends the step, saves and leaves; the same command then ends where an uninterrupted one does."""
    pretrain(configuration(tmp_path))
    before = signal.getsignal(number)
    real, steps = training.train_step, []

    def stepping(*arguments: Any, **named: Any) -> tuple[float, float]:
        steps.append(1)
        if len(steps) == 3:
            signal.getsignal(number)(number, None)  # type: ignore[operator,misc] # as the signal itself would
        return real(*arguments, **named)

    monkeypatch.setattr(training, "train_step", stepping)
    with pytest.raises(leaves) as left:
        pretrain(configuration(tmp_path, "stopped"))
    monkeypatch.undo()
    assert getattr(left.value, "code", None) == code
    assert signal.getsignal(number) is before
    assert "stopped after step 3; the same command goes on from there" in capsys.readouterr().err
    assert open_checkpoint(tmp_path / "stopped" / "latest").state["step"] == 3
    pretrain(configuration(tmp_path, "stopped"))
    one, other = ((tmp_path / out / "latest" / "model.safetensors").read_bytes() for out in ("gpt", "stopped"))
    assert one == other


def test_the_memory_estimate_grows_with_weights_and_rows() -> None:
    shape = tiny_shape()
    one, two = (estimated_memory(shape, 1_000_000, rows) for rows in (1, 2))
    assert two - one > 4 * shape.context * shape.vocabulary  # the logits alone
    assert estimated_memory(shape, 3_000_000, 1) - one == 4 * 4 * 2_000_000
