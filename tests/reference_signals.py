"""Slow twins of the counting kernel and of the signals, in plain Python: read these to know what is meant."""

from __future__ import annotations

import unicodedata

from curate.kernels.words import (
    CHINESE_STOP_WORDS,
    ENGLISH_STOP_WORDS,
    OTHER_PUNCTUATION,
    WESTERN_PUNCTUATION,
)

HAN_BLOCKS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))
KANA_BLOCKS = (
    (0x3041, 0x3096), (0x309D, 0x309F), (0x30A1, 0x30FA), (0x30FC, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9D),
)  # fmt: skip


def is_han(c: str) -> bool:
    return c in "々〇" or any(a <= ord(c) <= b for a, b in HAN_BLOCKS)


def is_ideograph(c: str) -> bool:
    return is_han(c) or any(a <= ord(c) <= b for a, b in KANA_BLOCKS)


def is_letter(c: str) -> bool:
    return c.isalpha() or is_ideograph(c)


def is_punctuation(c: str) -> bool:
    if is_ideograph(c):
        return False
    if ord(c) < 0xA0:
        return not c.isalnum() and c not in "\t\n "
    if ord(c) < 0x300 or 0x2000 <= ord(c) < 0x3000:
        return c in WESTERN_PUNCTUATION
    return c in OTHER_PUNCTUATION or unicodedata.category(c).startswith("P")


def words(text: str) -> list[str]:
    """`str.split()`; inside a run ideographs one by one, and the stretches between that hold a letter or a digit."""
    found: list[str] = []
    for run in text.split():
        if not any(map(is_ideograph, run)):
            found.append(run)
            continue
        spaced = "".join(f" {c} " if is_ideograph(c) else c for c in run)
        found += [w for w in spaced.split() if any(c.isalnum() or is_ideograph(c) for c in w)]
    return found


def lines(text: str) -> list[str]:
    found = text.split("\n")
    return found[:-1] if found[-1] == "" else found


def counts(text: str) -> dict[str, int]:
    """Every field of `curate.kernels.words.COUNTS`."""
    plain = [w for w in words(text) if not all(map(is_punctuation, w))]
    return {
        "characters": len(text),
        "words": len(words(text)),
        "plain_words": len(plain),
        "plain_word_characters": sum(map(len, plain)),
        "alpha_words": sum(any(map(is_letter, w)) for w in words(text)),
        "hashes": text.count("#"),
        "ellipses": text.count("...") + text.count("…"),
        "lines": len(lines(text)),
        "bullet_lines": sum(line.lstrip().startswith(("•", "-")) for line in lines(text)),
        "ellipsis_lines": sum(line.rstrip().endswith(("...", "…")) for line in lines(text)),
        "letters": sum(map(is_letter, text)),
        "han": sum(map(is_han, text)),
        "english_stop_words": len(set(words(text)) & set(ENGLISH_STOP_WORDS)),
        "chinese_stop_words": len(set(text) & set(CHINESE_STOP_WORDS)),
    }


def signals(text: str) -> dict[str, float | None]:
    """Every signal of `filters.length` and `filters.quality` by name."""
    n = counts(text)

    def ratio(part: str, whole: str) -> float | None:
        return n[part] / n[whole] if n[whole] else None

    return {
        "characters": n["characters"],
        "word_count": n["plain_words"],
        "line_count": n["lines"],
        "mean_word_length": ratio("plain_word_characters", "plain_words"),
        "hash_word_ratio": ratio("hashes", "words"),
        "ellipsis_word_ratio": ratio("ellipses", "words"),
        "symbol_word_ratio": n["hashes"] / n["words"] + n["ellipses"] / n["words"] if n["words"] else None,
        "bullet_line_ratio": ratio("bullet_lines", "lines"),
        "ellipsis_line_ratio": ratio("ellipsis_lines", "lines"),
        "alpha_word_ratio": ratio("alpha_words", "words"),
        "stop_word_count": max(n["chinese_stop_words"], n["english_stop_words"]),
        "han_ratio": ratio("han", "letters"),
    }
