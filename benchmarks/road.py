"""The whole road on the sample crawl: curate it, train a tokenizer and a small GPT, and see what the GPT has learnt.

    python benchmarks/road.py [--quick] [--out DIR] [--threads N]

The measure is bits per byte on the validation documents, which training never reads: before training, after it, and
that of a trigram model on the same tokens. The trigram model is interpolated Kneser-Ney with Ney's discounts, estimated
on all training tokens. Tokens that begin a document are foretold by neither. Everything is done as the commands do it,
with `configs/pretrain_demo.yaml`. `--quick` trains for a tenth of the steps, too few to pass the trigram model. The
last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class Trigram:
    """Interpolated Kneser-Ney over ids, below it unigrams and the uniform distribution over `size` ids.

    Sources: Kneser and Ney, Improved backing-off for m-gram language modeling, 1995; the interpolated form and the
    discounts n1 / (n1 + 2 n2) from Chen and Goodman, An empirical study of smoothing techniques, 1998, section 4.
    """

    def __init__(self, ids: Iterable[int], size: int) -> None:
        ids = list(ids)
        trigrams = Counter(zip(ids, ids[1:], ids[2:], strict=False))
        bigrams = Counter(trigram[1:] for trigram in trigrams)  # after how many different ids
        unigrams = Counter(bigram[1:] for bigram in bigrams)
        self.size = size
        self.orders = [_Order(counts) for counts in (unigrams, bigrams, trigrams)]

    def probability(self, before: tuple[int, int], wanted: int) -> float:
        """The probability of `wanted` after two ids."""
        below = 1 / self.size
        for length, order in enumerate(self.orders):
            below = order.probability(before[2 - length :], wanted, below)
        return below

    def nats(self, ids: Iterable[int], bos: int) -> float:
        """The sum over all of `ids` but BOS."""
        ids = [bos, *ids]
        return sum(
            -math.log(self.probability((a, b), c)) for a, b, c in zip(ids, ids[1:], ids[2:], strict=False) if c != bos
        )


class _Order:
    """Counts of one length of context, with their discount."""

    def __init__(self, counts: Counter[Any]) -> None:
        self.counts = counts
        frequency = Counter(counts.values())
        self.discount = frequency[1] / (frequency[1] + 2 * frequency[2]) if frequency[1] else 0.5
        self.total: Counter[Any] = Counter()
        self.followers: Counter[Any] = Counter()
        for ids, count in counts.items():
            self.total[ids[:-1]] += count
            self.followers[ids[:-1]] += 1

    def probability(self, context: tuple[int, ...], wanted: int, below: float) -> float:
        total = self.total.get(context)
        if not total:
            return below
        kept = max(self.counts.get((*context, wanted), 0) - self.discount, 0)
        return (kept + self.discount * self.followers[context] * below) / total


def road(out: Path, quick: bool) -> dict[str, Any]:
    """Go the road below `out`; its figures."""
    from curate.config import load
    from curate.launch import Local
    from curate.sample import sample_crawl
    from curate.shipped import configuration
    from trainers.config import read_configuration
    from trainers.data import open_run
    from trainers.packing import tokenize
    from trainers.pretrain import PretrainConfiguration, pretrain
    from trainers.road import VOCABULARY
    from trainers.tokenizer import save_new, train_tokenizer

    started = time.perf_counter()
    folder = out / "demo"
    load(configuration("demo"), [f"read.warc={sample_crawl()}", f"write.parquet.folder={folder}"]).run(on=Local(0))
    curated = time.perf_counter()
    recipe = configuration("pretrain_demo")
    wanted = read_configuration(recipe, PretrainConfiguration, [f"data={folder}", f"out={out / 'gpt'}"])
    run = open_run(folder)
    tokenizer = train_tokenizer(run.texts("train"), VOCABULARY)
    save_new(tokenizer, folder / "tokenizer")
    if quick:
        training = wanted.training.model_copy(update={"steps": wanted.training.steps // 10})
        wanted = wanted.model_copy(update={"training": training})
    progress = pretrain(wanted)
    ended = time.perf_counter()

    rows = [json.loads(line) for line in (out / "gpt" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    scores = [row["validation"]["bpb"] for row in rows if row["kind"] == "evaluation"]
    ids = {
        split: tokenize(run.texts(split), tokenizer, out / "gpt" / "tokens" / f"{split}.bin", run.content[split]).ids
        for split in ("train", "validation")
    }
    size = int(tokenizer.byte_lengths[ids["validation"]].sum())
    trigram = Trigram(ids["train"].tolist(), tokenizer.size)
    return {
        "bpb_start": round(scores[0], 4),
        "bpb_end": round(scores[-1], 4),
        "bpb_best": round(min(scores), 4),
        "bpb_trigram": round(trigram.nats(ids["validation"].tolist(), tokenizer.bos) / math.log(2) / size, 4),
        "tokens_per_s": round(progress.tokens / progress.seconds),
        "road_s": round(ended - started, 1),
        "curate_s": round(curated - started, 1),
        "steps": progress.step,
        "train_tokens": len(ids["train"]),
        "validation_bytes": size,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the steps")
    parser.add_argument("--out", type=Path, help="keep the result there (default: a temporary folder)")
    parser.add_argument("--threads", type=int, help="of torch (default: one per core)")
    options = parser.parse_args()
    if options.threads:
        import torch

        torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as temporary:
        figures = road(options.out or Path(temporary), options.quick)
    for name in ("start", "end", "trigram"):
        print(f"{name:<8} {figures[f'bpb_{name}']:.4f} bits per byte", file=sys.stderr)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
