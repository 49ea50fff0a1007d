"""The road from clean Parquet to a model that answers, in one go: what `llmsapp demo --train` walks behind curation.

Each stretch is the program of that name with its configuration, as a command of its own would run it: what is done is
used again, and what was stopped goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

VOCABULARY = 2048  # the sample is 130 kB of text, in which 4,096 tokens are seen too seldom to be learnt


def walk(data: Path, out: Path, shipped: Callable[[str], Path], steps: int | None = None) -> None:
    """From the finished run `data` to a finetuned model below `out`; prints what the models say.

    `shipped` gives the path of a configuration by its name. `steps` shortens both trainings, for a quick look.
    Raises TrainerError, with what to do about it.
    """
    from trainers.config import read_configuration
    from trainers.data import open_run
    from trainers.finetune import FinetuneConfiguration, finetune
    from trainers.instruct.convert import write_examples
    from trainers.instruct.mine import mine
    from trainers.pretrain import PretrainConfiguration, pretrain
    from trainers.tokenizer import save_new, train_tokenizer
    from trainers.training import say

    shorter = [f"training.steps={steps}"] if steps else []
    tokenizer, model, pairs = out / "tokenizer", out / "gpt", out / "instruct.json"
    pretraining = read_configuration(
        shipped("pretrain_demo"),
        PretrainConfiguration,
        [f"data={data}", f"tokenizer={tokenizer}", f"out={model}", *shorter],
    )
    finetuning = read_configuration(
        shipped("finetune_demo"),
        FinetuneConfiguration,
        [f"model={model}", f"data={pairs}", f"out={out / 'chat'}", *shorter],
    )

    say(f"\ntokenizer: {tokenizer}")
    run = open_run(data)
    run.require("train")
    save_new(train_tokenizer(run.texts("train"), VOCABULARY), tokenizer)
    say(f"\npretraining: {model}")
    pretrain(pretraining)
    say(f"\nquestions and answers from the pages: {pairs}")
    found = mine(data)
    write_examples(found.examples, pairs, "alpaca")
    say(f"{found.examples.num_rows:,} pairs that stand alone, of {found.pairs:,} found")
    say(f"\nfinetuning: {out / 'chat'}")
    finetune(finetuning)
