"""Published sets of rules, ready for `keep(*rules)`: each a function that returns rules, one per line of the report.

English thresholds are the paper's. Chinese has its own, for which a word is one character; any other language gets only
rules that need no word of it. No English threshold is ever put to a Chinese text.
"""

from __future__ import annotations

from dataclasses import dataclass

from curate.rules import Rule, by
from filters import length
from filters.language import lang
from filters.length import mean_word_length, word_count
from filters.quality import (
    alpha_word_ratio,
    bullet_line_ratio,
    ellipsis_line_ratio,
    ellipsis_word_ratio,
    hash_word_ratio,
    stop_word_count,
)


@dataclass(frozen=True)
class GopherThresholds:
    """What Gopher's rules ask of one language; None leaves a rule out. Ranges include both ends."""

    word_count: tuple[int, int]
    mean_word_length: tuple[float, float] | None
    alpha_word_ratio: float  # at least
    stop_word_count: int  # at least


GOPHER_THRESHOLDS = {
    # Gopher (arXiv 2112.11446), A1.1, as in datatrove's GopherQualityFilter.
    "en": GopherThresholds((50, 100_000), (3, 10), 0.8, 2),
    # A Chinese word has 1.5 to 2 characters, each of which counts as a word here: both bounds are doubled. The length
    # of such words says nothing. FineWeb-2 (cmn_Hani) asks for a letter in 0.735 of its segmenter's words, marks among
    # them; ours leave marks out, and what is left to fail on is numbers. Stop words are FineWeb-2's.
    "zh": GopherThresholds((100, 200_000), None, 0.735, 2),
}
# Fifty words of five letters and a space come to 300 characters, of Chinese or Japanese to 100; 150 is OLMo-3's floor.
OTHER_CHARACTERS = (150, 1_000_000)
# Gopher's, each at most; the same in every language.
HASH_WORD_RATIO = 0.1
ELLIPSIS_WORD_RATIO = 0.1  # where words are counted: in unspaced Thai one "…" may stand beside few runs
BULLET_LINE_RATIO = 0.9
ELLIPSIS_LINE_RATIO = 0.3


def gopher_quality() -> tuple[Rule, ...]:
    """Gopher's quality rules: enough words, of ordinary length, few symbols, bullets and ellipses, real words.

    English decisions equal datatrove's GopherQualityFilter with words cut by white space (differences:
    `filters.quality`). Chinese has thresholds of its own (`GOPHER_THRESHOLDS`); other languages are held to a number of
    characters, hash signs, bullet lines and ellipsis lines only, because words cannot be told by white space in all of
    them and stop words are known of none. A document without words keeps its ratios unknown, and falls to the length.
    """
    table = GOPHER_THRESHOLDS.items()
    word_lengths = {code: t.mean_word_length for code, t in table if t.mean_word_length is not None}
    return (
        by(
            lang,
            {code: word_count.between(*t.word_count) for code, t in table},
            otherwise=length.characters.between(*OTHER_CHARACTERS),
        ),
        by(lang, {code: mean_word_length.between(*ends) for code, ends in word_lengths.items()}),
        hash_word_ratio <= HASH_WORD_RATIO,
        by(lang, {code: ellipsis_word_ratio <= ELLIPSIS_WORD_RATIO for code, _ in table}),
        bullet_line_ratio <= BULLET_LINE_RATIO,
        ellipsis_line_ratio <= ELLIPSIS_LINE_RATIO,
        by(lang, {code: alpha_word_ratio >= t.alpha_word_ratio for code, t in table}),
        by(lang, {code: stop_word_count >= t.stop_word_count for code, t in table}),
    )


def min_length(characters: int | None = None, words: int | None = None) -> tuple[Rule, ...]:
    """At least so many characters, or words (in Chinese and Japanese: characters), or both. Raises ValueError for
    neither."""
    given = (("characters", characters), ("words", words))
    if all(value is None for _, value in given):
        raise ValueError("min_length: say how long, as in min_length(characters=200) or min_length(words=50)")
    for name, value in given:
        if value is not None and value < 0:
            raise ValueError(f"min_length: {name}={value}; a length is 0 or more")
    rules: list[Rule] = []
    if characters is not None:
        rules.append(length.characters >= characters)
    if words is not None:
        rules.append(word_count >= words)
    return tuple(rules)
