"""The loop that pretraining and finetuning share: steps, evaluation, checkpoints, and how to stop and go on.

A step is a pure function of its number: its rows, its learning rate and its dropout are drawn from the seed and that
number alone. A training that is killed and resumed from a checkpoint therefore does what it would have done: on a CPU
with the same number of threads, to the last bit.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import math
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import torch
from pydantic import Field
from safetensors.torch import save_file
from torch import Tensor

from curate.work import whole, write_text
from trainers.config import Section
from trainers.errors import TERMINATED, Busy, ConfigurationError, TrainerError
from trainers.model import GPT, IGNORED
from trainers.optim import OptimizerSection, learning_rate, set_learning_rate
from trainers.packing import Ids


class TrainingSection(Section):
    """`training:` of a configuration."""

    steps: Annotated[int, Field(ge=1)] = 1000
    rows: Annotated[int, Field(ge=1)] = 16  # per step
    rows_at_once: Annotated[int | None, Field(ge=1)] = None  # null: all; fewer need less memory and learn the same
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0  # right where the text is seen many times
    precision: Literal["float32", "bfloat16"] = "float32"  # of products; weights and sums are always float32
    device: Literal["auto", "cpu", "cuda"] = "auto"  # auto: cuda where there is one
    seed: Annotated[int, Field(ge=0, lt=1 << 31)] = 1


class EvaluationSection(Section):
    """`evaluation:` of a configuration."""

    every: Annotated[int, Field(ge=1)] = 100  # steps; checkpoints are written as often
    tokens: Annotated[int, Field(ge=1)] = 20_000  # most tokens of each split that are evaluated


class Batch(NamedTuple):
    """int64 of shape (rows, positions): what is read, and what follows each position, or IGNORED."""

    inputs: Tensor
    targets: Tensor


def in_parts(batch: Batch, rows: int) -> Iterator[Batch]:
    """A batch, at most `rows` rows at a time."""
    for start in range(0, len(batch.inputs), rows):
        yield Batch(batch.inputs[start : start + rows], batch.targets[start : start + rows])


@dataclass(frozen=True)
class Sample:
    """Fixed rows to evaluate on. `bytes`: of text, in the targets that count; special tokens are no text."""

    batch: Batch
    bytes: int


def sample_of(inputs: Ids, targets: Ids, byte_lengths: Ids) -> Sample:
    """A sample of arrays as `packing.windows` gives them; `byte_lengths` is the tokenizer's."""
    size = int(byte_lengths[targets[targets != IGNORED]].sum())
    return Sample(Batch(torch.as_tensor(inputs), torch.as_tensor(targets)), size)


class Score(NamedTuple):
    """How well a model foretells a sample.

    `loss`: nats per token, whatever a token is. `bpb`: bits per byte of text, which compares models whose tokenizers
    differ.
    """

    loss: float
    bpb: float


@torch.no_grad()
def evaluate(model: GPT, sample: Sample, rows_at_once: int = 32) -> Score:
    """The model's score on a sample, without dropout and in float32."""
    model.eval()
    device = model.lm_head.weight.device
    nats = 0.0
    for inputs, targets in in_parts(sample.batch, rows_at_once):
        nats += float(model.loss(inputs.to(device), targets.to(device), "sum"))
    model.train()
    counted = int((sample.batch.targets != IGNORED).sum())
    return Score(nats / counted, nats / math.log(2) / max(sample.bytes, 1))


@dataclass
class Progress:
    """How far training has come; kept in `state.json`."""

    step: int = 0  # steps done
    tokens: int = 0  # targets learnt from
    seconds: float = 0.0  # spent in steps
    best_step: int | None = None  # where the loss on the validation sample was lowest; null before any evaluation
    best_loss: float | None = None


class Diverged(TrainerError):
    """A loss or a gradient is no number any more. Raised before the weights are touched."""


def train_step(
    model: GPT,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    *,
    clip: float,
    rows_at_once: int | None = None,
    precision: str = "float32",
) -> tuple[float, float]:
    """One step on a batch: the loss in nats per target that counts, and the length of the gradient before clipping.

    Raises Diverged where either is infinite or not a number.
    """
    device = model.lm_head.weight.device
    counted = int((batch.targets != IGNORED).sum())
    optimizer.zero_grad(set_to_none=True)
    nats = torch.zeros((), device=device)
    for inputs, targets in in_parts(batch, rows_at_once or len(batch.inputs)):
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            loss = model.loss(inputs.to(device), targets.to(device), "sum") / max(counted, 1)
        torch.autograd.backward(loss)
        nats += loss.detach()
    trained = [p for p in model.parameters() if p.requires_grad]
    loss_value, norm = float(nats), float(torch.nn.utils.clip_grad_norm_(trained, clip))
    if not (math.isfinite(loss_value) and math.isfinite(norm)):
        raise Diverged(f"the loss is {loss_value}, the length of the gradient {norm}")
    optimizer.step()
    return loss_value, norm


def fit(
    model: GPT,
    optimizer: torch.optim.Optimizer,
    batches: Callable[[int], Batch],
    samples: Mapping[str, Sample],
    save: Callable[[str, Progress], None],
    progress: Progress,
    journal: Journal,
    *,
    training: TrainingSection,
    evaluation: EvaluationSection,
    optimizing: OptimizerSection,
) -> Progress:
    """Train from `progress.step` to `training.steps`.

    `batches(step)`: the rows of a step, a function of its number alone. `samples`: what to evaluate on; the one named
    `validation` decides which weights are best. `save(name, progress)`: write the checkpoint `latest` or `best`.

    Told to stop, it ends the step, saves `latest`, and raises KeyboardInterrupt (Ctrl-C) or SystemExit (SIGTERM).
    Raises Diverged with the batch saved beside the log, `latest` is then left as it was; and Busy where another
    training is writing into the same folder.
    """
    model.train()
    clock = time.perf_counter
    with journal.alone(progress), stopping() as stop:
        if progress.step == 0:
            _evaluate(model, samples, progress, journal, save)
        while progress.step < training.steps and not stop:
            started = clock()
            rate = learning_rate(progress.step, training.steps, optimizing)
            set_learning_rate(optimizer, rate)
            torch.manual_seed(training.seed * 1_000_003 + progress.step)  # for dropout
            batch = batches(progress.step)
            try:
                loss, norm = train_step(
                    model,
                    optimizer,
                    batch,
                    clip=optimizing.clip,
                    rows_at_once=training.rows_at_once,
                    precision=training.precision,
                )
            except Diverged as error:
                raise _told(error, batch, progress.step, journal.folder) from None
            progress.step += 1
            progress.tokens += int((batch.targets != IGNORED).sum())
            progress.seconds += clock() - started
            journal.step(progress, loss, norm, rate)
            if progress.step % evaluation.every == 0 or progress.step == training.steps:
                _evaluate(model, samples, progress, journal, save)
                save("latest", progress)
        if stop:
            save("latest", progress)
            journal.say(f"stopped after step {progress.step:,}; the same command goes on from there")
            raise SystemExit(TERMINATED) if stop[0] == signal.SIGTERM else KeyboardInterrupt
    return progress


def _evaluate(
    model: GPT,
    samples: Mapping[str, Sample],
    progress: Progress,
    journal: Journal,
    save: Callable[[str, Progress], None],
) -> None:
    scores = {name: evaluate(model, sample) for name, sample in samples.items()}
    journal.evaluation(progress, scores)
    loss = scores["validation"].loss
    if progress.step and (progress.best_loss is None or loss < progress.best_loss):
        progress.best_step, progress.best_loss = progress.step, loss
        save("best", progress)


def _told(error: Diverged, batch: Batch, step: int, folder: Path) -> Diverged:
    path = folder / f"diverged-step-{step}.safetensors"
    with whole(path) as beside:
        save_file({name: ids.clone() for name, ids in batch._asdict().items()}, beside)  # they share their memory
    return Diverged(
        f"training diverged in step {step:,}: {error}. The batch is in {path}; checkpoints are as they were. "
        "A lower optimizer.learning_rate or a longer optimizer.warmup is the usual cure"
    )


class Journal:
    """What training says: lines on standard error, and a row of JSON per line in `log.jsonl` of `folder`.

    Rows of steps after `progress.step` are of a training that was killed before it saved them; they are removed.
    """

    def __init__(self, folder: Path, progress: Progress, steps: int, every: int = 10) -> None:
        self.folder, self.steps, self.every = folder, steps, every
        self.path = folder / "log.jsonl"
        self._mark = (progress.tokens, progress.seconds)

    @contextlib.contextmanager
    def alone(self, progress: Progress) -> Iterator[None]:
        """The folder is this training's until the block ends, and the log goes on from where training does.

        Raises Busy where another process has it: two that took turns at `latest` would each undo the other's work.
        """
        with (self.folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(
                    f"another training writes into {self.folder}: wait for it, or choose another `out`"
                ) from None
            rows = _rows(self.path) if progress.step else []
            write_text(self.path, "".join(json.dumps(r) + "\n" for r in rows if r["step"] <= progress.step))
            yield

    def say(self, line: str) -> None:
        """A line for people only."""
        say(line)

    def step(self, progress: Progress, loss: float, norm: float, rate: float) -> None:
        """Note every tenth step."""
        if progress.step % self.every and progress.step != self.steps:
            return
        tokens, seconds = self._mark
        speed = (progress.tokens - tokens) / max(progress.seconds - seconds, 1e-9)
        self._mark = (progress.tokens, progress.seconds)
        row = {"loss": loss, "gradient": norm, "learning_rate": rate, "tokens_per_s": speed, **_counts(progress)}
        self._write({"step": progress.step, "kind": "step", **row})
        self.say(
            f"step {progress.step:>6,}/{self.steps:,}  loss {loss:.4f}  gradient {norm:.2f}  "
            f"learning rate {rate:.2e}  {speed:,.0f} tokens/s"
        )

    def evaluation(self, progress: Progress, scores: Mapping[str, Score]) -> None:
        """Note an evaluation."""
        row = {name: score._asdict() for name, score in scores.items()}
        self._write({"step": progress.step, "kind": "evaluation", **_counts(progress), **row})
        told = "   ".join(f"{name} loss {s.loss:.4f}, {s.bpb:.4f} bits per byte" for name, s in scores.items())
        self.say(f"step {progress.step:>6,}/{self.steps:,}  {told}")

    def _write(self, row: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")


def _counts(progress: Progress) -> dict[str, Any]:
    return {"tokens": progress.tokens, "seconds": round(progress.seconds, 3)}


def _rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a log; a last line that was cut off by a kill is left out."""
    rows = []
    with contextlib.suppress(OSError, ValueError), path.open(encoding="utf-8") as log:
        for line in log:
            rows.append(json.loads(line))
    return rows


@contextlib.contextmanager
def stopping() -> Iterator[list[int]]:
    """A list that is empty until the process is told to stop (SIGINT, SIGTERM); told twice, it stops at once."""
    told: list[int] = []

    def remember(number: int, frame: Any) -> None:
        if told:
            raise KeyboardInterrupt
        told.append(number)

    try:
        before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread, which alone hears signals
        yield told
        return
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def device_of(name: str) -> torch.device:
    """The device a configuration names. Raises ConfigurationError where there is none."""
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigurationError("training.device is cuda, and this machine shows no CUDA device: use auto or cpu")
    cuda = name != "cpu" and torch.cuda.is_available()
    return torch.device("cuda" if cuda else "cpu")


def restored(kept: Mapping[str, Any]) -> Progress:
    """The progress that `state.json` keeps."""
    return Progress(**{f.name: kept[f.name] for f in dataclasses.fields(Progress)})


def environment(device: torch.device) -> dict[str, Any]:
    """What the last bits of the weights depend on, apart from the configuration and the data."""
    return {"torch": torch.__version__, "threads": torch.get_num_threads(), "device": device.type}


def changed(was: Mapping[str, Any], now: Mapping[str, Any], name: str = "") -> Iterator[str]:
    """`training.steps 100 -> 200` for every value that differs."""
    for key, value in now.items():
        if isinstance(value, dict):
            yield from changed(was.get(key) or {}, value, f"{name}{key}.")
        elif was.get(key) != value:
            yield f"{name}{key} {was.get(key)} -> {value}"


def say_resumed(state: Mapping[str, Any], configuration: Section, device: torch.device) -> None:
    """Say from which step training goes on, and what is otherwise than it was."""
    say(f"goes on from step {state['step']:,}")
    changes = [
        *changed(state["configuration"], configuration.model_dump(mode="json")),
        *changed(state["environment"], environment(device)),
    ]
    if changes:
        say(f"otherwise than before, so the result is not that of a training in one go: {', '.join(changes)}")


def say(line: str) -> None:
    """A line for people, on standard error."""
    print(line, file=sys.stderr, flush=True)
