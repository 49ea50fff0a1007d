"""The counts that other signals read: made once per batch by one compiled pass over the text, shared, never written.

What a word, a line and a letter are is said in `curate.kernels.words`.
"""

from __future__ import annotations

import pyarrow as pa

from curate.signals import Signal

# The names of `curate.kernels.words.COUNTS`, written out so that this module imports without the compiler.
COUNT_NAMES = (
    "characters",
    "words",
    "plain_words",
    "plain_word_characters",
    "alpha_words",
    "hashes",
    "ellipses",
    "lines",
    "bullet_lines",
    "ellipsis_lines",
    "letters",
    "han",
    "english_stop_words",
    "chinese_stop_words",
)
COUNTS_TYPE = pa.struct([pa.field(name, pa.int32()) for name in COUNT_NAMES])


def _count(text: pa.StringArray) -> pa.StructArray:
    from curate.kernels import string_buffers
    from curate.kernels.words import count_text

    rows = count_text(*string_buffers(text))
    return pa.StructArray.from_arrays([pa.array(row) for row in rows], fields=list(COUNTS_TYPE), mask=text.is_null())


text_counts = Signal(
    "text_counts",
    ("text",),
    COUNTS_TYPE,
    _count,
    about="Counts of characters, words, lines, letters, marks and stop words of a text; null for a null text.",
    version="1",  # raise when the kernel counts anything differently: the fingerprint does not look into it
    module=__name__,
    piece=True,
)
