"""Any fastText model file, and a signal that scores texts with one.

    fasttext("quality.ftz") >= 0.5                 # a model of two labels: the positive one
    fasttext("topics.bin", label="science") >= 0.2

A file is loaded at its first use, once per process.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.signals import Signal

LABEL_PREFIX = "__label__"
NEGATIVE_LABELS = frozenset({"0", "neg", "negative", "no", "not", "lq", "low", "bad", "clean", "ham", "cc", "other"})
SCORED_CHARACTERS = 100_000  # of each text, so that no text takes seconds


class FastTextModel:
    """A fastText classifier in memory."""

    def __init__(self, path: str | Path) -> None:
        import fasttext_pybind  # the compiled half of fasttext; its Python half fails on single strings with numpy 2

        if not Path(path).is_file():
            raise FileNotFoundError(f"no fastText model at {path}; expected a .bin or .ftz file")
        self.path = str(path)
        self._model = fasttext_pybind.fasttext()
        try:
            self._model.loadModel(self.path)
        except (ValueError, RuntimeError, MemoryError) as error:
            raise ValueError(f"{path} is no fastText model ({error}); expected a .bin or .ftz file") from error
        labels, _ = self._model.getLabels("strict")
        self.labels: tuple[str, ...] = tuple(label.removeprefix(LABEL_PREFIX) for label in labels)
        if str(self._model.getArgs().model) != "model_name.supervised":
            raise ValueError(f"{path} holds word vectors and no classifier; train it with `fasttext supervised`")

    def best(self, texts: Sequence[str], count: int) -> list[tuple[list[str], npt.NDArray[np.float32]]]:
        """For each text its `count` likeliest labels and their probabilities; line feeds are read as spaces.

        A text in which the model finds nothing it knows has no labels.
        """
        lines = [text.replace("\n", " ") + "\n" for text in texts]
        if not lines:
            return []
        labels, scores = self._model.multilinePredict(lines, count, 0.0, "strict")
        bare = [[name.removeprefix(LABEL_PREFIX) for name in names] for names in labels]
        return list(zip(bare, (np.minimum(s, 1.0) for s in scores), strict=True))

    def probabilities(self, texts: Sequence[str], label: str) -> list[float | None]:
        """The probability of `label` for each text; None where the model finds nothing that it knows."""
        found = self.best(texts, len(self.labels))
        return [float(scores[names.index(label)]) if label in names else None for names, scores in found]


@functools.cache
def load(path: str, sha256: str) -> FastTextModel:
    """The model of this file, which must have this digest: it has not changed since the run was planned."""
    found = file_digest(path)
    if found != sha256:
        raise ValueError(f"{path} has changed: its sha256 is {found}, {sha256} was expected; plan the run again")
    return FastTextModel(path)


def file_digest(path: str | Path) -> str:
    """The sha256 of a file, in hexadecimal digits."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"no fastText model at {path}; expected a .bin or .ftz file")
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Score:
    """The column function of `fasttext`: text to the probability of one label."""

    path: str
    sha256: str
    label: str

    def __call__(self, text: pa.StringArray) -> pa.DoubleArray:
        worded = pc.fill_null(pc.match_substring_regex(text, r"\S"), False)
        values = pc.utf8_slice_codeunits(text.filter(worded), 0, SCORED_CHARACTERS).to_pylist()
        scores = pa.array(load(self.path, self.sha256).probabilities(values, self.label), pa.float64())
        return pc.replace_with_mask(pa.nulls(len(text), pa.float64()), worded, scores)


def fasttext(path: str, label: str | None = None, name: str | None = None) -> Signal:
    """The probability, 0 to 1, that the model in `path` gives to `label`; null for a null text or one without a word.

    `label` is written without "__label__". It may be left out where the model has two labels of which exactly one is
    a usual name of the negative class (0, neg, lq, bad, cc …): the other is meant. The column is called `name`, or
    `fasttext_` and the file's stem. Line feeds are read as spaces; the first 100,000 characters are scored.
    The file's sha256, not its place, is the signal's identity. Raises FileNotFoundError, ValueError.
    """
    sha256 = file_digest(path)
    chosen = _choose(load(path, sha256), label)
    return Signal(
        name or "fasttext_" + re.sub(r"\W+", "_", Path(path).stem),
        ("text",),
        pa.float64(),
        Score(path, sha256, chosen),
        about=f"Probability of {chosen!r} by the fastText model {Path(path).name}.",
        source="fastText (arXiv 1607.01759)",
        version="1",
        options=(sha256, chosen),
    )


def _choose(model: FastTextModel, label: str | None) -> str:
    labels = list(model.labels)
    if label is not None:
        wanted = label.removeprefix(LABEL_PREFIX)
        if wanted not in labels:
            raise ValueError(f"{model.path} has no label {label!r}; it has {_some(labels)}")
        return wanted
    positive = [name for name in labels if name.lower() not in NEGATIVE_LABELS]
    if len(labels) == 2 and len(positive) == 1:
        return positive[0]
    raise ValueError(f"{model.path} has the labels {_some(labels)}: say which, as in fasttext(…, label={labels[0]!r})")


def _some(labels: list[str]) -> str:
    return ", ".join(labels[:20]) + (f" and {len(labels) - 20} more" if len(labels) > 20 else "")


def argument(model: FastTextModel, name: str) -> Any:
    """One training argument of a model (dim, minn, maxn, bucket …), as its file records it."""
    return getattr(model._model.getArgs(), name)
