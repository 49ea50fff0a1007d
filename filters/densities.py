"""From counts of phrases to signals: how many there are per 1,000 words, and one score of several groups of them.

Two Han characters count as one word here: by this, Chinese compares with English.
"""

from __future__ import annotations

import functools

import pyarrow as pa
import pyarrow.compute as pc

from filters.length import field

# Of a group at most so many times its different phrases count, so that an article about one word is no heap of it.
REPEATS = 5
VARIETY = 4.0  # different phrases, below which one word may be the subject
MARGIN = 100.0  # words by which a text is taken to be longer: in a short one a phrase says little


def spaced_words(counts: pa.StructArray) -> pa.DoubleArray:
    """Words, a Han character being half a one; null where the text is."""
    return pc.subtract(field(counts, "plain_words").cast(pa.float64()), pc.divide(field(counts, "han"), 2.0))


def density(found: pa.Array, counts: pa.StructArray) -> pa.DoubleArray:
    """What was found per 1,000 words (2,000 Han characters); null for a null text or one without words."""
    words = spaced_words(counts)
    known = pc.if_else(pc.greater(words, 0.0), words, pa.scalar(None, pa.float64()))
    return pc.divide(pc.multiply(found.cast(pa.float64()), 1000.0), known)


def found_in(phrases: pa.StructArray, *groups: str) -> pa.Array:
    """How often phrases of these groups occur, int32; null where the text is."""
    return functools.reduce(pc.add, (pc.struct_field(phrases, f"{group}_found") for group in groups))


def score(phrases: pa.StructArray, counts: pa.StructArray, weights: dict[str, float], half: float) -> pa.DoubleArray:
    """How much of a text its phrases are, 0 to 1: d / (d + half), d being weighted phrases per 1,000 words.

    Of each group at most REPEATS times its different phrases count. With fewer different phrases than VARIETY d
    shrinks in proportion, for one word may be the subject. MARGIN words are added to the text's own. Null for a null
    text.
    """
    heap = functools.reduce(pc.add, (pc.multiply(_capped(phrases, g), weight) for g, weight in weights.items()))
    different = functools.reduce(pc.add, (pc.struct_field(phrases, f"{g}_different") for g in weights))
    varied = pc.min_element_wise(pc.divide(different.cast(pa.float64()), VARIETY), 1.0, skip_nulls=False)
    dense = pc.divide(pc.multiply(pc.multiply(heap, varied), 1000.0), pc.add(spaced_words(counts), MARGIN))
    return pc.divide(dense, pc.add(dense, half))


def _capped(phrases: pa.StructArray, group: str) -> pa.DoubleArray:
    found, different = (pc.struct_field(phrases, f"{group}_{what}") for what in ("found", "different"))
    return pc.min_element_wise(found, pc.multiply(different, REPEATS), skip_nulls=False).cast(pa.float64())
