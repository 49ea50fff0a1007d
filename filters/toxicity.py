"""How toxic a text is, by the phrases it has: pornography, obscenities and insults, hatred, threats.

Lists see words and no meaning: they find pages that are full of such phrases, not a harmful thought in polite words,
and quotations count as well. `docs/safety.md` has the figures. Each signal is null for a null text.
"""

from __future__ import annotations

import pyarrow as pa

from curate.signals import signal
from filters.densities import density, found_in, score
from filters.phrases import phrase_counts
from filters.pieces import text_counts

# What a phrase of each group weighs: 1 where it alone says what the text is, less where good texts have it too.
WEIGHTS = {
    "sexual": 1.0,
    "suggestive": 0.2,
    "profane": 0.5,
    "insulting": 0.3,
    "rude": 0.1,
    "hateful": 1.0,
    "violent": 0.7,
}
HALF = 3.0  # weighted phrases per 1,000 words at which `toxicity` is 0.5


@signal.batch(phrase_counts, text_counts)
def sexual_phrases(phrases: pa.StructArray, counts: pa.StructArray) -> pa.DoubleArray:
    """Pornographic and suggestive phrases per 1,000 words (2,000 Han characters); null without words."""
    return density(found_in(phrases, "sexual", "suggestive"), counts)


@signal.batch(phrase_counts, text_counts)
def profane_words(phrases: pa.StructArray, counts: pa.StructArray) -> pa.DoubleArray:
    """Obscenities and insults per 1,000 words (2,000 Han characters); null without words."""
    return density(found_in(phrases, "profane", "insulting", "rude"), counts)


@signal.batch(phrase_counts, text_counts)
def hateful_phrases(phrases: pa.StructArray, counts: pa.StructArray) -> pa.DoubleArray:
    """Slurs and phrases of hatred against groups of people, per 1,000 words (2,000 Han characters); null without
    words."""
    return density(found_in(phrases, "hateful"), counts)


@signal.batch(phrase_counts, text_counts)
def violent_phrases(phrases: pa.StructArray, counts: pa.StructArray) -> pa.DoubleArray:
    """Threats, incitement, and weapons, drugs or forgeries on offer, per 1,000 words (2,000 Han characters); null
    without words."""
    return density(found_in(phrases, "violent"), counts)


@signal.batch(phrase_counts, text_counts)
def toxicity(phrases: pa.StructArray, counts: pa.StructArray) -> pa.DoubleArray:
    """How much of a text toxic phrases are, 0 to 1: d / (d + 3), d being weighted phrases per 1,000 words (2,000 Han
    characters), 100 words added; null for a null text."""
    return score(phrases, counts, WEIGHTS, HALF)
