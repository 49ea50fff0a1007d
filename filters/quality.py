"""Gopher's signs of prose, and how much of a text is Han.

Definitions equal datatrove's GopherQualityFilter with `str.split()` words on texts without ideographs, but for two
things: a line ends only at a line feed (`str.splitlines` also breaks at U+2028 and its like), and below U+0300 and in
U+2000-2FFF the punctuation is the same, while elsewhere all of Unicode's category P is punctuation. Each is null for a
null text.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from curate.signals import signal
from filters.length import GOPHER, field, ratio
from filters.pieces import text_counts


@signal.batch(text_counts, source=GOPHER)
def hash_word_ratio(counts: pa.StructArray) -> pa.DoubleArray:
    """Hash signs per word; null without words."""
    return ratio(counts, "hashes", "words")


@signal.batch(text_counts, source=GOPHER)
def ellipsis_word_ratio(counts: pa.StructArray) -> pa.DoubleArray:
    """Ellipses ("…" and "...") per word; null without words. A Chinese …… is two."""
    return ratio(counts, "ellipses", "words")


@signal.batch(text_counts, source=GOPHER)
def symbol_word_ratio(counts: pa.StructArray) -> pa.DoubleArray:
    """Hash signs and ellipses together, per word; null without words. Gopher's rule looks at each alone."""
    return pc.add(ratio(counts, "hashes", "words"), ratio(counts, "ellipses", "words"))


@signal.batch(text_counts, source=GOPHER)
def bullet_line_ratio(counts: pa.StructArray) -> pa.DoubleArray:
    """Share of lines, blank ones included, whose first character is "•" or "-"; null for an empty text."""
    return ratio(counts, "bullet_lines", "lines")


@signal.batch(text_counts, source=GOPHER)
def ellipsis_line_ratio(counts: pa.StructArray) -> pa.DoubleArray:
    """Share of lines, blank ones included, that end with "…" or "..."; null for an empty text."""
    return ratio(counts, "ellipsis_lines", "lines")


@signal.batch(text_counts, source=GOPHER)
def alpha_word_ratio(counts: pa.StructArray) -> pa.DoubleArray:
    """Share of words with at least one letter, Han characters being letters; null without words."""
    return ratio(counts, "alpha_words", "words")


@signal.batch(text_counts, source=GOPHER + "; for Chinese FineWeb-2 (arXiv 2506.20920), configuration cmn_Hani")
def stop_word_count(counts: pa.StructArray) -> pa.Int64Array:
    """How many different stop words occur: of Gopher's eight, lower case only, or of FineWeb-2's 21 Chinese characters,
    whichever are more. The words of other languages are not counted."""
    # Not those of the script with more letters: in Chinese pages about programming most letters are code.
    return pc.max_element_wise(field(counts, "english_stop_words"), field(counts, "chinese_stop_words"))


@signal.batch(text_counts)
def han_ratio(counts: pa.StructArray) -> pa.DoubleArray:
    """Share of Han characters among the letters; null without letters."""
    return ratio(counts, "han", "letters")
