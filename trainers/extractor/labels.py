"""One label per block of a page: from its reference text, or from the letters that readers gave it.

The letters are those of docs/extraction-convention.md. `labels.jsonl` beside this file has a line per page: the set and
the id by which its owner knows it, for every block the first digits of a sum over its text without blanks, and two
strings of letters, given independently. Texts are not in it. Blocks that have changed since have no label.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainers.extractor.scores import tokens

LABELS = Path(__file__).parent / "labels.jsonl"
MAIN_TEXT = frozenset("BTCPI")
LETTERS = "BTCPIMAKRN"
SUM_DIGITS = 6
NO_LABEL = -1.0

# Blocks of fewer tokens than this are labelled by their neighbours, within so many blocks: further where the block is
# a line of the reference.
SHORT, NEAR, NEAR_A_LINE = 4, 5, 12


class Annotation(NamedTuple):
    """A page read by two readers; `sums`, `first` and `second` have an entry per block."""

    set: str
    id: str
    type: str
    sums: list[str]
    first: str
    second: str


def block_sum(text: str) -> str:
    """By which a block is known again, in spite of changes in blanks."""
    return hashlib.sha256("".join(text.split()).encode()).hexdigest()[:SUM_DIGITS]


def read_annotations(path: Path = LABELS) -> list[Annotation]:
    """All annotated pages."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        row["sums"] = re.findall("." * SUM_DIGITS, row["sums"])
        found.append(Annotation(**row))
    return found


def write_annotations(annotations: Iterable[Annotation], path: Path = LABELS) -> None:
    """A line per page."""
    rows = [{**a._asdict(), "sums": "".join(a.sums)} for a in annotations]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def labels_of_annotation(annotation: Annotation, texts: list[str]) -> npt.NDArray[np.float32]:
    """For each block the share of readers who call it main text, NO_LABEL where they did not see it."""
    labels = np.full(len(texts), NO_LABEL, np.float32)
    sums = [block_sum(text) for text in texts]
    matcher = difflib.SequenceMatcher(None, annotation.sums, sums, autojunk=False)
    for match in matcher.get_matching_blocks():
        for i in range(match.size):
            letters = annotation.first[match.a + i], annotation.second[match.a + i]
            labels[match.b + i] = sum(letter in MAIN_TEXT for letter in letters) / 2
    return labels


def labels_of_reference(texts: list[str], reference: str) -> npt.NDArray[np.float32]:
    """For each block the share of its 4-grams that stand in `reference`; a short block goes with its neighbours."""
    wanted = tokens(reference)
    grams = [set(zip(*(wanted[i:] for i in range(n)), strict=False)) for n in range(SHORT + 1)]
    lines = {tuple(tokens(line)) for line in reference.split("\n")}
    found = [tuple(tokens(text)) for text in texts]
    labels = np.zeros(len(texts), np.float32)
    long = [i for i, words in enumerate(found) if len(words) >= SHORT]
    for i in long:
        windows = [found[i][k : k + SHORT] for k in range(len(found[i]) - SHORT + 1)]
        labels[i] = sum(window in grams[SHORT] for window in windows) / len(windows)
    for i, words in enumerate(found):
        if not 0 < len(words) < SHORT or words not in grams[len(words)]:
            continue
        at = int(np.searchsorted(long, i))
        is_line = words in lines
        near = [
            labels[k] >= 0.5
            for k in (*long[max(at - 1, 0) : at], *long[at : at + 1])
            if abs(k - i) <= (NEAR_A_LINE if is_line else NEAR)
        ]
        if near and (all(near) or (is_line and any(near))):
            labels[i] = 1
    return labels


def agreement(annotations: list[Annotation]) -> dict[str, float]:
    """Of the two readers: equal letters, equal verdicts on main text, and Cohen's kappa of these."""
    pairs = [pair for a in annotations for pair in zip(a.first, a.second, strict=True)]
    verdicts = np.array([[letter in MAIN_TEXT for letter in pair] for pair in pairs])
    same = float((verdicts[:, 0] == verdicts[:, 1]).mean())
    yes = verdicts.mean(axis=0)
    chance = float(yes.prod() + (1 - yes).prod())
    letters = sum(a == b for a, b in pairs) / len(pairs)
    return {"letters": letters, "verdicts": same, "kappa": (same - chance) / (1 - chance)}
