"""Slow twins, in plain Python, of the kernels for duplicates: what each must equal, number for number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MASK32, MASK64 = (1 << 32) - 1, (1 << 64) - 1
ASCII_LETTERS_AND_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

# First and last code point. What is in neither table is a letter.
ALONE = [
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3040, 0x9FFF),
    (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x20000, 0x3FFFF),
]  # fmt: skip
SEPARATORS = [
    (0x80, 0xA9), (0xAB, 0xB4), (0xB6, 0xB9), (0xBB, 0xBF), (0xD7, 0xD7), (0xF7, 0xF7), (0x60C, 0x60C), (0x61B, 0x61B),
    (0x61F, 0x61F), (0x6D4, 0x6D4), (0x964, 0x965), (0x2000, 0x2BFF), (0x2E00, 0x2E7F), (0x2FE0, 0x3004),
    (0x3008, 0x303F), (0xE000, 0xF8FF), (0xFE00, 0xFE6F), (0xFEFF, 0xFF0F), (0xFF1A, 0xFF20), (0xFF3B, 0xFF40),
    (0xFF5B, 0xFF65), (0xFFDD, 0xFFFF), (0x1F000, 0x1FAFF), (0xE0000, 0x10FFFF),
]  # fmt: skip


def among(ranges: list[tuple[int, int]], character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in ranges)


def words(text: str) -> list[str]:
    """The words of a text as near-duplicate search sees them."""
    spaced = ""
    for c in text:
        if c < "\x80":
            spaced += c.lower() if c.lower() in ASCII_LETTERS_AND_DIGITS else " "
        elif among(ALONE, c):
            spaced += f" {c} "
        else:
            spaced += " " if among(SEPARATORS, c) else c
    return [word for word in spaced.split(" ") if word]


def word_hash(word: str) -> int:
    pieces: list[bytes | int] = []
    for c in word:
        if c >= "\x80":
            pieces.append(ord(c))
        elif pieces and isinstance(last := pieces[-1], bytes) and len(last) < 8:
            pieces[-1] = last + c.encode()
        else:
            pieces.append(c.encode())
    value = 0xA0761D6478BD642F
    for piece in pieces:
        number = piece if isinstance(piece, int) else int.from_bytes(piece, "little")
        value = (value ^ number) * 0x9E3779B97F4A7C15 & MASK64
        value ^= value >> 32
    return value ^ len(word.encode())


def mix64(x: int) -> int:
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & MASK64
    x = (x ^ x >> 27) * 0x94D049BB133111EB & MASK64
    return x ^ x >> 31


def mix32(x: int) -> int:
    x = (x ^ x >> 16) * 0x85EBCA6B & MASK32
    x = (x ^ x >> 13) * 0xC2B2AE35 & MASK32
    return x ^ x >> 16


def ngrams(text: str, ngram: int) -> list[tuple[str, ...]]:
    found = words(text)
    size = min(ngram, len(found))
    return [tuple(found[i : i + size]) for i in range(len(found) - size + 1)] if found else []


def ngram_hash(ngram: Sequence[str]) -> int:
    """32 bits of one sequence of words."""
    value = 0
    for word in ngram:
        value = (value * 0xD6E8FEB86659FD93 + word_hash(word)) & MASK64
    return mix64(value) >> 32


def signature(hashes: Iterable[int], a: Sequence[int], b: Sequence[int]) -> list[int]:
    mixed = [mix32(h) for h in hashes]
    return [
        min(((factor * h + shift) & MASK32 for h in mixed), default=MASK32) for factor, shift in zip(a, b, strict=True)
    ]


def band_key(minima: Sequence[int]) -> int:
    value = 0
    for least in minima:
        value = (value ^ least) * 0x9E3779B97F4A7C15 & MASK64
        value ^= value >> 32
    return mix64(value)


def folded(text: str) -> bytes:
    """White space as one space, none at the ends; ASCII letters in lower case."""
    return " ".join(text.split()).encode().lower()


def first_of_cluster(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    cluster = [{row} for row in range(count)]
    for x, y in pairs:
        together = cluster[x] | cluster[y]
        for row in together:
            cluster[row] = together
    return [min(c) for c in cluster]


def first_of_equal(keys: Sequence[object]) -> list[int]:
    """For each row the first row with an equal key."""
    return [keys.index(key) for key in keys]


def jaccard(left: set[object], right: set[object]) -> float:
    return len(left & right) / len(left | right)
