"""Pretraining: a run's clean Parquet becomes a GPT.

    llmsapp tokenizer train OUT
    llmsapp pretrain CONFIG

Read it from `pretrain` on. What it writes into the folder `out`: `latest` and `best`, two checkpoints; `log.jsonl`; and
`tokens/`, the texts as ids, which can be made again at any time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import Strict, model_validator

from trainers.checkpoint import Checkpoint, has_checkpoint, open_checkpoint, save_checkpoint
from trainers.config import FolderPath, Section
from trainers.data import Run, open_run
from trainers.errors import ConfigurationError, InputError
from trainers.generate import Sampling, ends, generate, pieces
from trainers.model import GPT, Shape
from trainers.optim import OptimizerSection, adamw
from trainers.packing import Packing, Tokens, tokenize, windows
from trainers.tokenizer import Tokenizer, load_tokenizer
from trainers.training import (
    Batch,
    EvaluationSection,
    Journal,
    Progress,
    Sample,
    TrainingSection,
    changed,
    device_of,
    environment,
    fit,
    restored,
    sample_of,
    say,
    say_resumed,
)


class ModelSection(Section):
    """`model:` of a configuration: a `Shape` without the vocabulary, which is the tokenizer's."""

    layers: int = Shape.layers
    width: int = Shape.width
    heads: int = Shape.heads
    key_value_heads: int = Shape.key_value_heads
    head_width: int = Shape.head_width
    feed_forward: int = Shape.feed_forward
    context: int = Shape.context
    tied: bool = Shape.tied
    rope_base: float = Shape.rope_base

    def shape(self, vocabulary: int) -> Shape:
        """The whole shape. Raises ConfigurationError where the numbers do not fit together."""
        return Shape(vocabulary, **self.model_dump())

    @model_validator(mode="after")
    def _fits(self) -> ModelSection:
        try:
            self.shape(vocabulary=1)
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        return self


class PretrainConfiguration(Section):
    """The file that `llmsapp pretrain` takes."""

    data: FolderPath  # a finished run of `llmsapp run`
    tokenizer: FolderPath | None = None  # null: the folder `tokenizer` in `data`, where `llmsapp tokenizer` puts it
    out: FolderPath
    model: ModelSection = ModelSection()
    training: TrainingSection = TrainingSection()
    optimizer: OptimizerSection = OptimizerSection()
    evaluation: EvaluationSection = EvaluationSection()
    prompts: Annotated[tuple[str, ...], Strict(False)] = ("The", "我们")  # continued at the end, to be looked at


def pretrain(configuration: PretrainConfiguration) -> Progress:
    """Train the model of a configuration, or go on where an earlier training of it stopped.

    Raises InputError where data, tokenizer or an earlier checkpoint cannot be used, before anything is written.
    """
    run = open_run(configuration.data)
    run.require("train")
    run.require("validation")
    tokenizer = load_tokenizer(configuration.tokenizer or configuration.data / "tokenizer")
    shape = configuration.model.shape(tokenizer.size)
    latest = configuration.out / "latest"
    earlier = open_checkpoint(latest) if has_checkpoint(latest) else None
    if earlier:
        _refuse_another(earlier, shape, tokenizer, run)
    progress = restored(earlier.state["progress"]) if earlier else Progress()
    training = configuration.training
    if progress.step >= training.steps:
        say(f"{configuration.out}: all {progress.step:,} steps are done; raise training.steps to go on")
        return progress

    tokens = {split: _tokens(run, split, tokenizer, configuration.out) for split in ("train", "validation")}
    packing = Packing(tokens["train"], shape.context, training.seed)
    samples = {split: _sample(tokens[split], shape, configuration.evaluation.tokens, tokenizer) for split in tokens}
    device = device_of(training.device)
    model = GPT(shape, training.dropout, training.seed).to(device)
    optimizer = adamw(model, configuration.optimizer)
    if earlier:
        earlier.restore(model, optimizer)
        say_resumed(earlier.state, configuration, device)
    _say_size(model, tokens, training, device)

    def batches(step: int) -> Batch:
        rows = torch.as_tensor(packing.rows(step * training.rows, training.rows))
        return Batch(rows[:, :-1], rows[:, 1:])

    def save(name: str, progress: Progress) -> None:
        state = _state(configuration, progress, run, device)
        kept = optimizer if name == "latest" else None
        save_checkpoint(configuration.out / name, model, tokenizer, state, kept)

    configuration.out.mkdir(parents=True, exist_ok=True)
    progress = fit(
        model,
        optimizer,
        batches,
        samples,
        save,
        progress,
        Journal(configuration.out, progress, training.steps),
        training=training,
        evaluation=configuration.evaluation,
        optimizing=configuration.optimizer,
    )
    say(f"best on the validation sample: step {progress.best_step:,}, in {configuration.out / 'best'}")
    for text in continued(open_checkpoint(configuration.out / "best"), configuration.prompts):
        print(text)
    return progress


def continued(checkpoint: Checkpoint, prompts: Iterable[str], tokens: int = 60) -> Iterator[str]:
    """Each prompt with what the model makes of it."""
    model, tokenizer = checkpoint.model(), checkpoint.tokenizer
    for prompt in prompts:
        ids = generate(model, [tokenizer.bos, *tokenizer.encode(prompt)], Sampling(tokens, 0.5), ends(tokenizer))
        yield prompt + "".join(pieces(ids, tokenizer))


def _tokens(run: Run, split: str, tokenizer: Tokenizer, out: Path) -> Tokens:
    return tokenize(run.texts(split), tokenizer, out / "tokens" / f"{split}.bin", run.content[split])


def _sample(tokens: Tokens, shape: Shape, limit: int, tokenizer: Tokenizer) -> Sample:
    inputs, targets = windows(tokens, shape.context, limit, tokenizer.bos)
    return sample_of(inputs, targets, tokenizer.byte_lengths)


def _state(configuration: PretrainConfiguration, progress: Progress, run: Run, device: torch.device) -> dict[str, Any]:
    return {
        "step": progress.step,
        "progress": dataclasses.asdict(progress),
        "seed": configuration.training.seed,
        "content": run.content,
        "configuration": configuration.model_dump(mode="json"),
        "environment": environment(device),
    }


def _refuse_another(earlier: Checkpoint, shape: Shape, tokenizer: Tokenizer, run: Run) -> None:
    """Raise InputError where a training cannot go on from the checkpoint that lies in its place."""
    place, advice = earlier.folder, "choose another `out`, or move that one away"
    if earlier.tokenizer.digest != tokenizer.digest:
        raise InputError(f"{place} was trained with another tokenizer than the one given: {advice}")
    if earlier.shape != shape:
        was, now = dataclasses.asdict(earlier.shape), dataclasses.asdict(shape)
        changes = ", ".join(changed(was, now, "model."))
        raise InputError(f"{place} holds a model of another shape ({changes}): {advice}")
    if earlier.state.get("content") != run.content:
        raise InputError(f"{place} was trained on other data than {run.folder} holds now: {advice}")


def _say_size(model: GPT, tokens: Mapping[str, Tokens], training: TrainingSection, device: torch.device) -> None:
    shape = model.shape
    per_step = training.rows * shape.context
    held, epochs = len(tokens["train"].ids), training.steps * per_step / len(tokens["train"].ids)
    memory = estimated_memory(shape, model.weights(), training.rows_at_once or training.rows)
    say(
        f"{model.weights():,} weights, {held:,} training tokens of {tokens['train'].documents:,} documents; "
        f"{training.steps:,} steps of {per_step:,} tokens, {epochs:.1f} epochs; on {device.type}, "
        f"about {memory / 1e6:,.0f} MB for training"
    )


def estimated_memory(shape: Shape, weights: int, rows: int) -> int:
    """Bytes that training takes at its peak, on top of Python and torch; measured ones were within a fifth of it.

    Weights, gradients and AdamW's two moments; per token what backpropagation keeps: per layer some 8 vectors of the
    model's width, 8 of its heads', 5 of its feed-forward layer; 3 of the vocabulary; and 100 MB to work in.
    """
    per_layer = 8 * shape.width + 8 * shape.heads * shape.head_width + 5 * shape.feed_forward
    per_token = shape.layers * per_layer + 3 * shape.vocabulary
    return 4 * (4 * weights + rows * shape.context * per_token) + 100_000_000
