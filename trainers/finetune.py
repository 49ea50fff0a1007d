"""Finetuning: a pretrained model learns to answer, from an instruction set.

    llmsapp finetune CONFIG
    llmsapp generate OUT --chat -p "…"

Every example is a row of its own, as the chat template lays it out: rows are padded to the longest of a step, never
packed, so that no conversation sees another, and only what the assistant says is a target. Some examples are kept apart
to evaluate on. What is written into the folder `out`: `latest` and `best`, two checkpoints, and `log.jsonl`.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import torch
from pydantic import Field, Strict

from trainers.chat import JINJA, Encoded, encode, prompt, turn_marks
from trainers.checkpoint import WEIGHTS, Checkpoint, find_checkpoint, has_checkpoint, open_checkpoint, save_checkpoint
from trainers.config import FolderPath, Section
from trainers.errors import InputError
from trainers.generate import Sampling, ends, generate, pieces
from trainers.instruct.convert import read_examples
from trainers.instruct.examples import Example, from_table
from trainers.model import IGNORED
from trainers.optim import OptimizerSection, adamw
from trainers.packing import Ids
from trainers.tokenizer import Tokenizer
from trainers.training import (
    Batch,
    EvaluationSection,
    Journal,
    Progress,
    Sample,
    TrainingSection,
    device_of,
    environment,
    fit,
    restored,
    sample_of,
    say,
    say_resumed,
)


class FinetuneConfiguration(Section):
    """The file that `llmsapp finetune` takes."""

    model: FolderPath  # a checkpoint, or the `out` of a training
    data: FolderPath  # an instruction set: a file
    format: Literal["alpaca", "lima", "messages"] = "alpaca"
    out: FolderPath
    validation: Annotated[float, Field(gt=0, lt=1)] = 0.1  # share of the examples kept apart to evaluate on
    training: TrainingSection = TrainingSection()
    optimizer: OptimizerSection = OptimizerSection()
    evaluation: EvaluationSection = EvaluationSection()
    questions: Annotated[tuple[str, ...], Strict(False)] = ()  # asked of `latest` at the end, to look at it


class Conversations(NamedTuple):
    """The examples of an instruction set as ids, by what they are for; `too_long` did not fit into the context."""

    train: list[Encoded]
    validation: list[Encoded]
    too_long: int

    @property
    def content(self) -> str:
        """A digest of all of it."""
        parts = [repr([c.ids for c in conversations]) for conversations in (self.train, self.validation)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def finetune(configuration: FinetuneConfiguration) -> Progress:
    """Train the model of a configuration to answer, or go on where an earlier training of it stopped.

    Raises InputError where model, data or an earlier checkpoint cannot be used, before anything is written.
    """
    base = open_checkpoint(find_checkpoint(configuration.model))
    turn_marks(base.tokenizer)
    examples = list(from_table(read_examples(configuration.data, configuration.format)))
    conversations = encoded(examples, base.tokenizer, base.shape.context, configuration.validation)
    latest = configuration.out / "latest"
    earlier = open_checkpoint(latest) if has_checkpoint(latest) else None
    if earlier:
        _refuse_another(earlier, base, conversations)
    progress = restored(earlier.state["progress"]) if earlier else Progress()
    training = configuration.training
    if progress.step >= training.steps:
        say(f"{configuration.out}: all {progress.step:,} steps are done; raise training.steps to go on")
        return progress

    device = device_of(training.device)
    model = base.model(training.dropout).to(device)
    optimizer = adamw(model, configuration.optimizer)
    if earlier:
        earlier.restore(model, optimizer)
        say_resumed(earlier.state, configuration, device)
    _say_size(conversations, base, training)

    def batches(step: int) -> Batch:
        chosen = drawn(len(conversations.train), training.seed, step * training.rows, training.rows)
        inputs, targets = rows_of([conversations.train[i] for i in chosen], base.tokenizer)
        return Batch(torch.as_tensor(inputs), torch.as_tensor(targets))

    def save(name: str, progress: Progress) -> None:
        state = _state(configuration, progress, base, conversations, device)
        kept = optimizer if name == "latest" else None
        save_checkpoint(configuration.out / name, model, base.tokenizer, state, kept, chat_template=JINJA)

    tokens = configuration.evaluation.tokens
    configuration.out.mkdir(parents=True, exist_ok=True)
    progress = fit(
        model,
        optimizer,
        batches,
        {
            "train": _sample(conversations.train, base.tokenizer, tokens),
            "validation": _sample(conversations.validation, base.tokenizer, tokens),
        },
        save,
        progress,
        Journal(configuration.out, progress, training.steps),
        training=training,
        evaluation=configuration.evaluation,
        optimizing=configuration.optimizer,
    )
    best = configuration.out / "best"
    say(f"best on the examples kept apart: step {progress.best_step:,}, in {best}; the last step: {latest}")
    for question, answer in answered(open_checkpoint(latest), configuration.questions):
        print(f"{question}\n  {answer}")
    return progress


def encoded(examples: Sequence[Example], tokenizer: Tokenizer, context: int, validation: float) -> Conversations:
    """`examples` as ids, those that fit into the context, and which of them are kept apart.

    The share `validation` is chosen by a hash of the first question, so that the same question is never on both sides
    and adding examples moves none; at least one is kept apart. Raises InputError where either side would be empty.
    """
    fitting: list[tuple[float, Encoded]] = []
    for example in examples:
        conversation = encode(example.messages, tokenizer)
        if len(conversation.ids) <= context + 1:  # the last id is a target only
            fitting.append((_place(example), conversation))
    if not fitting:
        raise InputError(f"none of the {len(examples):,} examples fits into the model's context of {context:,} tokens")
    border = max(validation, min(place for place, _ in fitting))
    train = [conversation for place, conversation in fitting if place > border]
    if not train:
        raise InputError("all examples ask the same question, so that none is left to evaluate on: give others besides")
    return Conversations(train, [c for place, c in fitting if place <= border], len(examples) - len(fitting))


def _place(example: Example) -> float:
    """Where an example stands between 0 and 1, by its first question."""
    question = next(content for role, content in example.messages if role == "user")
    return int(hashlib.sha256(question.encode()).hexdigest()[:13], 16) / 16**13


def drawn(count: int, seed: int, first: int, rows: int) -> list[int]:
    """Which of `count` examples the rows `first` and following are: each once per epoch, in an order of its own."""
    chosen: list[int] = []
    while len(chosen) < rows:
        epoch, at = divmod(first + len(chosen), count)
        order = np.random.Generator(np.random.Philox(key=[seed, epoch])).permutation(count)
        chosen += order[at : at + rows - len(chosen)].tolist()
    return chosen


def rows_of(conversations: Sequence[Encoded], tokenizer: Tokenizer) -> tuple[Ids, Ids]:
    """Inputs and targets, int64 of shape (conversations, longest - 1), one conversation per row.

    Targets are IGNORED but where the assistant speaks. A row is filled up at its end, which no position before it can
    see: the model looks back only.
    """
    longest = max(len(conversation.ids) for conversation in conversations)
    ids = np.full((len(conversations), longest), tokenizer.bos, np.int64)
    targets = np.full((len(conversations), longest), IGNORED, np.int64)
    for row, conversation in enumerate(conversations):
        length = len(conversation.ids)
        ids[row, :length] = conversation.ids
        targets[row, :length] = np.where(conversation.counted, conversation.ids, IGNORED)
    return ids[:, :-1], targets[:, 1:]


def answered(checkpoint: Checkpoint, questions: Iterable[str], tokens: int = 100) -> Iterator[tuple[str, str]]:
    """Each question with the model's likeliest answer."""
    model, tokenizer = checkpoint.model(), checkpoint.tokenizer
    for question in questions:
        ids = generate(model, prompt([("user", question)], tokenizer), Sampling(tokens, 0.0), ends(tokenizer))
        yield question, "".join(pieces(ids, tokenizer))


def _sample(conversations: Sequence[Encoded], tokenizer: Tokenizer, limit: int) -> Sample:
    """The first conversations, as many as have `limit` tokens together; at least one."""
    sizes = np.cumsum([len(conversation.ids) for conversation in conversations])
    count = max(int(np.searchsorted(sizes, limit, side="right")), 1)
    inputs, targets = rows_of(conversations[:count], tokenizer)
    return sample_of(inputs, targets, tokenizer.byte_lengths)


def _state(
    configuration: FinetuneConfiguration,
    progress: Progress,
    base: Checkpoint,
    conversations: Conversations,
    device: torch.device,
) -> dict[str, Any]:
    return {
        "step": progress.step,
        "progress": dataclasses.asdict(progress),
        "seed": configuration.training.seed,
        "base": base.state["files"][WEIGHTS]["sha256"],
        "content": conversations.content,
        "configuration": configuration.model_dump(mode="json"),
        "environment": environment(device),
    }


def _refuse_another(earlier: Checkpoint, base: Checkpoint, conversations: Conversations) -> None:
    """Raise InputError where a training cannot go on from the checkpoint that lies in its place."""
    place, advice = earlier.folder, "choose another `out`, or move that one away"
    if earlier.tokenizer.digest != base.tokenizer.digest:
        raise InputError(f"{place} was trained with another tokenizer than {base.folder} has: {advice}")
    if earlier.state.get("base") != base.state["files"][WEIGHTS]["sha256"]:
        raise InputError(f"{place} did not begin as the model that {base.folder} holds now: {advice}")
    if earlier.state.get("content") != conversations.content:
        raise InputError(f"{place} was trained on other examples, or with others kept apart: {advice}")


def _say_size(conversations: Conversations, base: Checkpoint, training: TrainingSection) -> None:
    train, kept, too_long = len(conversations.train), len(conversations.validation), conversations.too_long
    if too_long:
        say(f"{too_long:,} examples are longer than the model's context of {base.shape.context:,} tokens and left out")
    counted = sum(sum(conversation.counted) for conversation in conversations.train)
    say(
        f"{train:,} examples to learn from, {counted:,} tokens of answers; {kept:,} kept apart; {training.steps:,} "
        f"steps of {training.rows:,}, {training.steps * training.rows / train:.1f} epochs"
    )
