"""How near an extracted text is to the reference, as the public benchmarks count.

A token is a word, or one character of Chinese and Japanese.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

TOKEN = re.compile(r"[぀-ヿ㐀-䶿一-鿿]|[^\W぀-ヿ㐀-䶿一-鿿]+")
SHINGLE = 4


def tokens(text: str) -> list[str]:
    """The tokens of `text`, in lower case."""
    return TOKEN.findall(text.lower())


def token_f1(reference: str, found: str) -> float:
    """F1 of the tokens as multisets; of two empty texts 1, of one empty text 0."""
    wanted, got = Counter(tokens(reference)), Counter(tokens(found))
    if not wanted or not got:
        return float(not wanted and not got)
    hits = (wanted & got).total()
    return _f1(hits / got.total(), hits / wanted.total())


def shingle_f1(pairs: Iterable[tuple[str, str]]) -> float:
    """F1 of the mean precision and the mean recall of 4-grams over (reference, found) pairs.

    As in scrapinghub/article-extraction-benchmark: precision over pages where something was found, recall over those
    where something was to be found.
    """
    precisions, recalls = [], []
    for reference, found in pairs:
        wanted, got = _shingles(reference), _shingles(found)
        if not wanted and not got:
            precisions.append(1.0)
            recalls.append(1.0)
            continue
        hits = (wanted & got).total()
        if got:
            precisions.append(hits / got.total())
        if wanted:
            recalls.append(hits / wanted.total())
    return _f1(sum(precisions) / max(1, len(precisions)), sum(recalls) / max(1, len(recalls)))


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = TOKEN.findall(text)
    if len(words) < SHINGLE:
        return Counter([tuple(words)]) if words else Counter()
    return Counter(zip(*(words[i:] for i in range(SHINGLE)), strict=False))


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
