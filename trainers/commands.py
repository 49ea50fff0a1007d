"""The trainers' commands of `llmsapp`. What is heavy is imported inside them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from trainers.errors import EXTRA, reported

tokenizer = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Tokenizers: train one on a run's texts, for tiktoken and Hugging Face alike.",
)

Overrides = Annotated[
    list[str], typer.Option("--set", metavar="KEY=VALUE", help="Change a value: --set training.steps=100")
]


def register(app: typer.Typer) -> None:
    """Add the trainers' commands to `app`."""
    from trainers.instruct.command import instruct

    app.add_typer(tokenizer, name="tokenizer")
    app.command()(pretrain)
    app.add_typer(instruct, name="instruct")
    app.command()(finetune)
    app.command()(generate)


@tokenizer.callback()
def _tokenizer() -> None:
    """A command with a single subcommand would lose its name without this."""


@tokenizer.command()
def train(
    data: Annotated[Path, typer.Argument(metavar="OUT", help="The output folder of a run.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FOLDER", help="Where it goes; OUT/tokenizer if not given.")
    ] = None,
    vocabulary: Annotated[int, typer.Option("--vocab", metavar="N", help="Ids, special tokens included.")] = 4096,
) -> None:
    """Train a byte-level BPE on the training texts of a run: tokenizer.json and tiktoken ranks, with equal ids."""
    with reported():
        from itertools import islice

        from trainers.data import open_run
        from trainers.tokenizer import bytes_per_token, save_new, train_tokenizer

        run = open_run(data)
        run.require("train")
        folder = out or data / "tokenizer"
        trained = train_tokenizer(run.texts("train"), vocabulary)
        save_new(trained, folder)
        rate = bytes_per_token(trained, islice(run.texts("train"), 1000))
        typer.echo(f"{folder}: {trained.size:,} ids, {rate:.2f} bytes per token")


def pretrain(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A configuration, such as pretrain_demo.yaml.")],
    overrides: Overrides = [],  # noqa: B006 -- typer reads the default, nothing changes it
) -> None:
    """Train a GPT on the texts of a run. The same command goes on where an earlier one stopped."""
    with reported():
        from trainers.config import read_configuration
        from trainers.pretrain import PretrainConfiguration
        from trainers.pretrain import pretrain as trained

        trained(read_configuration(config, PretrainConfiguration, overrides))


def finetune(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A configuration, such as finetune_demo.yaml.")],
    overrides: Overrides = [],  # noqa: B006
) -> None:
    """Teach a trained GPT to answer, from an instruction set. The same command goes on where an earlier one stopped."""
    with reported():
        from trainers.config import read_configuration
        from trainers.finetune import FinetuneConfiguration
        from trainers.finetune import finetune as trained

        trained(read_configuration(config, FinetuneConfiguration, overrides))


def generate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A checkpoint, or the `out` of a training.")],
    prompt: Annotated[str, typer.Option("-p", "--prompt", help="What the model continues.")] = "",
    tokens: Annotated[int, typer.Option("--tokens", metavar="N", help="At most so many.")] = 200,
    temperature: Annotated[float, typer.Option("--temperature", metavar="T", help="0: always the likeliest.")] = 0.8,
    top_k: Annotated[int | None, typer.Option("--top-k", metavar="K", help="Draw from the K likeliest only.")] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Equal seeds, equal texts.")] = 1,
    chat: Annotated[bool, typer.Option("--chat", help="The prompt is a question; print the answer.")] = False,
) -> None:
    """Continue a prompt, or with --chat answer a question, with a trained model."""
    with reported():
        from trainers.chat import prompt as question
        from trainers.checkpoint import find_checkpoint, open_checkpoint
        from trainers.generate import Sampling, ends, pieces
        from trainers.generate import generate as generated

        sampling = Sampling(tokens, temperature, top_k, seed)
        checkpoint = open_checkpoint(find_checkpoint(model))
        known = checkpoint.tokenizer
        ids = question([("user", prompt)], known) if chat else [known.bos, *known.encode(prompt)]
        if not chat:
            typer.echo(prompt, nl=False)
        for piece in pieces(generated(checkpoint.model(), ids, sampling, ends(known)), known):
            sys.stdout.write(piece)
            sys.stdout.flush()
        typer.echo()


def require_extra() -> None:
    """Stop with a sentence where a package that training needs is not installed."""
    from importlib.util import find_spec

    with reported():
        for package in EXTRA:
            if find_spec(package) is None:
                raise ModuleNotFoundError(name=package)


def walk_road(data: Path, out: Path, shipped: Callable[[str], Path]) -> None:
    """What `llmsapp demo --train` does behind curation; see `trainers.road`."""
    with reported():
        from trainers.road import walk

        walk(data, out, shipped)
