"""How long a text is: in characters, words and lines, and how long its words are.

All are null for a null text.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from curate.signals import signal
from filters.pieces import text_counts

GOPHER = "Gopher (arXiv 2112.11446), A1.1"


def field(counts: pa.StructArray, name: str) -> pa.Array:
    """One count as int64; null where the text is."""
    return pc.struct_field(counts, name).cast(pa.int64())


def ratio(counts: pa.StructArray, part: str, whole: str) -> pa.DoubleArray:
    """One count divided by another; null where the text is, or where the divisor is 0."""
    total = pc.struct_field(counts, whole)
    total = pc.if_else(pc.equal(total, 0), pa.scalar(None, pa.int32()), total)
    return pc.divide(pc.struct_field(counts, part).cast(pa.float64()), total.cast(pa.float64()))


@signal.batch(text_counts)
def characters(counts: pa.StructArray) -> pa.Int64Array:
    """Unicode code points, white space included."""
    return field(counts, "characters")


@signal.batch(text_counts, source=GOPHER)
def word_count(counts: pa.StructArray) -> pa.Int64Array:
    """Words, those of nothing but punctuation left out; in Chinese and Japanese each character is a word."""
    return field(counts, "plain_words")


@signal.batch(text_counts)
def line_count(counts: pa.StructArray) -> pa.Int64Array:
    """Lines, blank ones included; the line feed at the very end opens no further line."""
    return field(counts, "lines")


@signal.batch(text_counts, source=GOPHER)
def mean_word_length(counts: pa.StructArray) -> pa.DoubleArray:
    """Mean characters per word, punctuation attached to a word included; near 1 in Chinese; null without words."""
    return ratio(counts, "plain_word_characters", "plain_words")
