"""Train the block model and write it as plain arrays.

    python -m trainers.extractor.train --pages FOLDER -o curate/extract/models/main_text.npz

FOLDER holds `html/SET.parquet` (columns id, url, html, text, extra) and `crawl/SET.warc.gz`. The model learns from the
sets whose labels may ship (`SHIPPED_SETS`) and from our own letters (`labels.jsonl`). The trees are CatBoost's, six
questions deep and the same at each depth, about bytes (`curate.kernels.html.features`). A label is the share of a block
that is main text, so the loss is cross-entropy. A page weighs as much as any other, a block in it by its length.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from curate.extract.kernel import Model
from trainers.extractor.pages import OWN, Example, read_annotated, read_set

SHIPPED_SETS = ("wcxb_dev", "readability")

TREES = 800
LEARNING_RATE = 0.07
MOST_BLOCKS = 300  # of one page, drawn at random: long lists would crowd out the rest
LENGTH_POWER = 0.7  # a block weighs by its tokens to this power
REST_WEIGHT = 0.3  # of a page's weight, how much the blocks that are no main text have besides those that are
OPTIONS = {
    "learning_rate": LEARNING_RATE,
    "depth": 6,
    "loss_function": "CrossEntropy",
    "l2_leaf_reg": 5,
    "rsm": 0.35,
    "bootstrap_type": "Bernoulli",
    "subsample": 0.7,
    "border_count": 64,
    "boosting_type": "Plain",
    "random_seed": 1,
    "verbose": 0,
    "allow_writing_files": False,
}


class Trees(NamedTuple):
    """Numbers of questions (trees, 6), borders above which the answer is yes (trees, 6), values (trees, 64)."""

    questions: npt.NDArray[np.uint8]
    borders: npt.NDArray[np.uint8]
    values: npt.NDArray[np.float32]
    bias: float

    def model(self) -> Model:
        """As the engine wants them."""
        from curate.kernels.html.features import QUESTIONS

        return Model(np.array(QUESTIONS, np.int32)[self.questions], self.borders, self.values, self.bias)


def fit(examples: Iterable[Example], trees: int = TREES, threads: int = 2) -> Trees:
    """A model of `examples`; their order matters for the draw of blocks."""
    from catboost import CatBoostClassifier, Pool  # type: ignore[import-untyped,unused-ignore]

    questions, labels, weights = _sampled(examples)
    boosted = CatBoostClassifier(iterations=trees, thread_count=threads, **OPTIONS)
    boosted.fit(Pool(questions, labels, weight=weights))
    model = _exported(boosted)
    differs = np.abs(
        judged(model, questions[:1000]) - boosted.predict(questions[:1000], prediction_type="RawFormulaVal")
    )
    assert differs.max() < 1e-3, f"the exported trees differ from CatBoost's by {differs.max()}"
    return model


def _sampled(examples: Iterable[Example]) -> tuple[npt.NDArray[np.float32], ...]:
    dice = np.random.default_rng(0)
    questions, labels, weights = [], [], []
    for example in examples:
        if not example.trains:
            continue
        known = np.flatnonzero(example.labels >= 0)
        drawn = known if len(known) <= MOST_BLOCKS else np.sort(dice.choice(known, MOST_BLOCKS, replace=False))
        length = np.maximum(example.sizes, 1) ** LENGTH_POWER
        main = example.labels >= 0.5
        length = length / (length[main].sum() + REST_WEIGHT * length[~main].sum() + 1e-6)
        questions.append(example.questions[:, drawn].T)
        labels.append(example.labels[drawn])
        weights.append(length[drawn] * len(known) / len(drawn) * 100)
    return np.concatenate(questions).astype(np.float32), np.concatenate(labels), np.concatenate(weights)


def _exported(boosted: Any) -> Trees:
    """The arrays, from the only format in which CatBoost writes its trees out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        boosted.save_model(str(path), format="json")
        stored = json.loads(path.read_text())
    features = [f["feature_index"] for f in stored["features_info"]["float_features"]]
    trees = stored["oblivious_trees"]
    asked, borders, values = [], [], []
    scale, bias = stored["scale_and_bias"]
    for tree in trees:
        splits = tree["splits"]
        assert all(split["split_type"] == "FloatFeature" for split in splits)
        spare = 6 - len(splits)  # a tree that ended early asks the rest in vain: nothing is above 255
        asked.append([features[s["float_feature_index"]] for s in splits] + [0] * spare)
        borders.append([int(np.floor(s["border"])) for s in splits] + [255] * spare)
        leaves = np.zeros(64, np.float32)
        leaves[: len(tree["leaf_values"])] = tree["leaf_values"]
        values.append(leaves * scale)
    halves = np.array(values, np.float16).astype(np.float32)  # as they are stored
    return Trees(np.array(asked, np.uint8), np.array(borders, np.uint8), halves, float(bias[0]))


def judged(trees: Trees, answers: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The log odds of blocks from their answers, shape (blocks, questions): the slow twin of the engine's kernel."""
    odds = np.full(len(answers), trees.bias)
    for asked, borders, values in zip(trees.questions, trees.borders, trees.values, strict=True):
        places = ((answers[:, asked] > borders) << np.arange(len(asked))).sum(axis=1)
        odds += values[places]
    return odds


def save(trees: Trees, path: Path) -> None:
    """Write the arrays, with the names of the rows that they ask about."""
    from curate.kernels.html.features import ROWS

    path.parent.mkdir(parents=True, exist_ok=True)
    values = trees.values.astype(np.float16)
    arrays: dict[str, Any] = {
        "questions": trees.questions,
        "borders": trees.borders,
        "values": values,
        "bias": np.float32(trees.bias),
    }
    np.savez_compressed(path, allow_pickle=False, rows=np.array(ROWS), **arrays)


def training_examples(folder: Path) -> list[Example]:
    """What a model that ships learns from."""
    return [e for name in SHIPPED_SETS for e in read_set(folder / "html" / f"{name}.parquet")] + read_annotated(folder)


def without(examples: Iterable[Example], sources: frozenset[str], set_: str = "") -> list[Example]:
    """`examples` less those of a set and less those that are, under whatever set, one of `sources`."""
    return [e for e in examples if e.set != set_ and not e.sources & sources]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--trees", type=int, default=TREES)
    options = parser.parse_args()
    examples = training_examples(options.pages)
    for name in (*SHIPPED_SETS, OWN):
        own = [e for e in examples if e.set == name]
        print(f"{name}: {len(own)} pages, {sum(e.trains for e in own)} used, {sum(len(e.texts) for e in own)} blocks")
    trees = fit(examples, options.trees)
    save(trees, options.output)
    print(f"{options.output}: {len(trees.questions)} trees, {options.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
