"""Finetuning: loss on answers only, no conversation sees another, and what is kept apart stays apart."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer
from click.testing import Result
from typer.testing import CliRunner

from curate.shipped import configuration as shipped
from tests.trainers_fixture import small_tokenizer, tiny_model
from trainers.chat import JINJA, encode
from trainers.checkpoint import open_checkpoint, save_checkpoint
from trainers.commands import register
from trainers.config import read_configuration
from trainers.errors import ConfigurationError, InputError
from trainers.finetune import FinetuneConfiguration, drawn, encoded, finetune, rows_of
from trainers.instruct.examples import BadRows, Example
from trainers.instruct.pairs import asks
from trainers.model import IGNORED
from trainers.optim import OptimizerSection
from trainers.tokenizer import BOS, PADDING, TURN_END, Tokenizer
from trainers.training import EvaluationSection, TrainingSection

KNOWN = [
    ("Where does the heron cross?", "At the Stone Bridge."),
    ("苍鹭在哪里过河？", "在石桥。"),
    ("What crossed the river?", "The otter."),
    ("谁在山脚下？", "獾。"),
    ("Who counts?", "The crane."),
    ("白鹤过了几次河？", "7次。"),
]
ROWS = [{"instruction": q, "input": "", "output": a} for q, a in KNOWN]
CONTEXT = 64


def llmsapp(*arguments: object) -> Result:
    """A command of the trainers, in this process."""
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, [str(a) for a in arguments])


def example(question: str, answer: str) -> Example:
    return Example((("user", question), ("assistant", answer)))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint to begin with."""
    folder = tmp_path_factory.mktemp("base") / "model"
    model = tiny_model(context=CONTEXT, width=64, feed_forward=96)
    save_checkpoint(folder, model, small_tokenizer(), {"step": 1, "progress": {"step": 1}})
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "set.json"
    path.write_text(json.dumps(ROWS, ensure_ascii=False), encoding="utf-8")
    return path


def configuration(base: Path, data: Path, out: Path, steps: int = 4, **more: Any) -> FinetuneConfiguration:
    return FinetuneConfiguration(
        model=base,
        data=data,
        out=out,
        **{
            "training": TrainingSection(steps=steps, rows=3, device="cpu", dropout=0.1),
            "optimizer": OptimizerSection(learning_rate=3e-3, warmup=2),
            "evaluation": EvaluationSection(every=2),
            **more,
        },
    )


# ---- what counts


def test_targets_are_the_answers_and_their_ends() -> None:
    tokenizer = small_tokenizer()
    system = Example(
        (("system", "Be brief."), *example("What?", "An otter.").messages, *example("谁？", "獾。").messages)
    )
    conversations = [encode(e.messages, tokenizer) for e in (system, example("Who counts?", "The crane."))]
    inputs, targets = rows_of(conversations, tokenizer)
    assert inputs.shape == targets.shape == (2, len(conversations[0].ids) - 1)
    said = [tokenizer.decode([i for i in row if i != IGNORED]) for row in targets]
    assert said == ["An otter.<|im_end|>獾。<|im_end|>", "The crane.<|im_end|>"]
    counted = targets != IGNORED
    assert (targets[counted] == np.pad(inputs, ((0, 0), (0, 1)))[:, 1:][counted]).all()  # each is what follows


def test_the_gradient_comes_from_answers_alone() -> None:
    """The gradient of the loss in every logit of a question, its marks and the filling is zero."""
    tokenizer, model = small_tokenizer(), tiny_model(context=CONTEXT)
    pair = [encode(example(q, a).messages, tokenizer) for q, a in (KNOWN[0], KNOWN[2])]
    inputs, targets = (torch.as_tensor(x) for x in rows_of(pair, tokenizer))
    logits = model(inputs).detach().requires_grad_()
    torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED).backward()
    assert logits.grad is not None
    moved = logits.grad.abs().sum(-1) > 0
    assert moved.equal(targets != IGNORED)


def test_no_conversation_sees_another_or_the_filling() -> None:
    tokenizer, model = small_tokenizer(), tiny_model(context=CONTEXT)
    short, long = (encode(example(q, a).messages, tokenizer) for q, a in (KNOWN[4], KNOWN[0]))
    alone = rows_of([short], tokenizer)
    inputs, targets = rows_of([long, short], tokenizer)
    with torch.no_grad():
        together = model(torch.as_tensor(inputs))[1, : alone[0].shape[1]]
        single = model(torch.as_tensor(alone[0]))[0]
    torch.testing.assert_close(together, single)
    loss = model.loss(*map(torch.as_tensor, (inputs, targets)), "sum")
    parts = [model.loss(*map(torch.as_tensor, rows_of([c], tokenizer)), "sum") for c in (long, short)]
    torch.testing.assert_close(loss, sum(parts))


# ---- which examples


def test_the_share_kept_apart_is_chosen_by_the_question() -> None:
    tokenizer = small_tokenizer()
    many = [example(f"How many times did {n} herons cross?", f"{n} times.") for n in range(300)]
    found = encoded(many, tokenizer, CONTEXT, 0.2)
    assert 40 < len(found.validation) < 80
    assert len(found.train) + len(found.validation) == 300
    kept = {tuple(c.ids) for c in found.validation}
    assert {tuple(c.ids) for c in encoded(many[:150], tokenizer, CONTEXT, 0.2).validation} <= kept
    twice = [example(e.messages[0][1], "Never.") for e in many]
    both = encoded([*many, *twice], tokenizer, CONTEXT, 0.2)
    assert len(both.validation) == 2 * len(kept)  # a question is never on both sides


def test_small_sets_keep_one_question_apart_and_need_two() -> None:
    tokenizer = small_tokenizer()
    found = encoded([example(*pair) for pair in KNOWN[:3]], tokenizer, CONTEXT, 0.001)
    assert (len(found.train), len(found.validation)) == (2, 1)
    with pytest.raises(InputError, match="all examples ask the same question"):
        encoded([example("Who?", "A."), example("Who?", "B.")], tokenizer, CONTEXT, 0.1)


def test_too_long_examples_are_left_out_and_counted() -> None:
    tokenizer = small_tokenizer()
    size = len(encode(example(*KNOWN[0]).messages, tokenizer).ids)
    long = example("Who?", "The otter of Low Wood. " * 50)
    found = encoded([example(*KNOWN[0]), example(*KNOWN[2]), long], tokenizer, size - 1, 0.1)
    assert (len(found.train) + len(found.validation), found.too_long) == (2, 1)
    with pytest.raises(InputError, match="none of the 1 examples fits into the model's context of 64 tokens"):
        encoded([long], tokenizer, 64, 0.1)


def test_every_epoch_has_each_example_once_in_another_order() -> None:
    rows = [drawn(7, 5, step * 3, 3) for step in range(14)]
    flat = [i for row in rows for i in row]
    epochs = [flat[at : at + 7] for at in range(0, 42, 7)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1
    assert drawn(2, 5, 1, 5) == [i for step in range(1, 6) for i in drawn(2, 5, step, 1)]
    assert rows != [drawn(7, 6, step * 3, 3) for step in range(14)]


# ---- the whole


def test_a_model_learns_its_answers_and_when_to_stop(
    base: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "chat"
    training = TrainingSection(steps=90, rows=5, device="cpu")
    optimizer = OptimizerSection(learning_rate=1e-2, warmup=5)
    asked = configuration(
        base, data, out, training=training, optimizer=optimizer, evaluation=EvaluationSection(every=90),
        questions=("Who counts?",),
    )  # fmt: skip
    progress = finetune(asked)
    assert progress.step == progress.best_step == 90
    rows = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    losses = [row["train"]["loss"] for row in rows if row["kind"] == "evaluation"]
    assert losses[-1] < 0.1 * losses[0]
    made = open_checkpoint(out / "best")
    tokenizer_settings = json.loads((made.folder / "tokenizer_config.json").read_text())
    assert tokenizer_settings["chat_template"] == JINJA
    settings = json.loads((made.folder / "config.json").read_text())
    assert settings["eos_token_id"] == made.tokenizer.id_of(TURN_END)
    told = capsys.readouterr()
    assert "Who counts?\n  The crane.\n" in told.out
    assert "5 examples to learn from" in told.err
    answers = {q: llmsapp("generate", out, "--chat", "-p", q, "--temperature", 0).stdout.strip() for q, _ in KNOWN}
    assert sum(answers[question] == answer for question, answer in KNOWN) == 5  # all that it was taught


def test_going_on_is_as_if_nothing_had_happened(
    base: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    finetune(configuration(base, data, whole, steps=6))

    class Killed(Exception):
        pass

    import trainers.finetune as module

    saved = module.save_checkpoint

    def save(folder: Path, *arguments: Any, **more: Any) -> None:
        saved(folder, *arguments, **more)
        if folder.name == "latest":
            raise Killed

    for _ in range(2):
        monkeypatch.setattr(module, "save_checkpoint", save)
        with pytest.raises(Killed):
            finetune(configuration(base, data, cut, steps=6))
    monkeypatch.setattr(module, "save_checkpoint", saved)
    finetune(configuration(base, data, cut, steps=6))
    for name in ("latest/model.safetensors", "latest/optimizer.safetensors", "best/model.safetensors"):
        assert (whole / name).read_bytes() == (cut / name).read_bytes(), name


def test_finished_training_is_left_alone(
    base: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = configuration(base, data, tmp_path / "out", steps=2)
    finetune(asked)
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*")}
    finetune(asked)
    assert "all 2 steps are done" in capsys.readouterr().err
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*")} == before


def test_what_does_not_belong_together_is_refused_and_nothing_is_lost(base: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    finetune(configuration(base, data, out, steps=2))
    files = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    other = tmp_path / "other"
    tokens = small_tokenizer().tokens
    other_tokenizer = Tokenizer((*tokens[:-1], b"quite another token"))
    save_checkpoint(other, tiny_model(context=CONTEXT), other_tokenizer, {"step": 1, "progress": {"step": 1}})
    with pytest.raises(InputError, match="another tokenizer"):
        finetune(configuration(other, data, out))
    untrained = tmp_path / "untrained"
    shape = {"context": CONTEXT, "width": 64, "feed_forward": 96}
    save_checkpoint(untrained, tiny_model(9, **shape), small_tokenizer(), {"step": 0, "progress": {"step": 0}})
    with pytest.raises(InputError, match="did not begin as the model"):
        finetune(configuration(untrained, data, out))
    with pytest.raises(InputError, match="other examples, or with others kept apart"):
        finetune(configuration(base, data, out, validation=0.6))
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == files


def test_a_tokenizer_without_turns_is_refused(data: Path, tmp_path: Path) -> None:
    plain = Tokenizer(small_tokenizer().tokens[:380], (BOS, PADDING))
    model = tiny_model(context=CONTEXT, vocabulary=plain.size)
    save_checkpoint(tmp_path / "base", model, plain, {"step": 1, "progress": {"step": 1}})
    with pytest.raises(InputError, match=r"no special token <\|im_start\|> and no <\|im_end\|>"):
        finetune(configuration(tmp_path / "base", data, tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_bad_input_is_said_before_anything_is_written(base: Path, data: Path, tmp_path: Path) -> None:
    data.write_text(json.dumps([*ROWS, {"instruction": "Who?"}, 7]), encoding="utf-8")
    with pytest.raises(BadRows) as caught:
        finetune(configuration(base, data, tmp_path / "out"))
    assert {problem.row for problem in caught.value.problems} == {6, 7}
    with pytest.raises(InputError, match="there is no folder"):
        finetune(configuration(tmp_path / "nowhere", data, tmp_path / "out"))
    damaged = tmp_path / "damaged"
    shutil.copytree(base, damaged)
    (damaged / "model.safetensors").write_bytes(b"short")
    with pytest.raises(InputError, match=r"damaged: model\.safetensors"):
        finetune(configuration(damaged, data, tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_the_command_reads_a_configuration(base: Path, data: Path, tmp_path: Path) -> None:
    path = tmp_path / "finetune.yaml"
    path.write_text(f"model: {base}\ndata: {data}\nout: {tmp_path / 'out'}\ntraining: {{steps: 1, device: cpu}}\n")
    done = llmsapp("finetune", path, "--set", "training.rows=2")
    assert done.exit_code == 0, done.output
    assert open_checkpoint(tmp_path / "out" / "best").state["configuration"]["training"]["rows"] == 2
    path.write_text("model: x\ndata: y\nout: z\nformat: alpacca\nvalidation: 1.5\n")
    refused = llmsapp("finetune", path)
    assert refused.exit_code == ConfigurationError.exit_code
    assert "alpaca" in refused.output
    assert "validation" in refused.output


def test_the_shipped_configuration_is_whole() -> None:
    read = read_configuration(shipped("finetune_demo"), FinetuneConfiguration)
    assert (read.format, read.training.steps) == ("alpaca", 80)
    assert all(asks(question) for question in read.questions)
