"""How often the phrases of a list occur in each text: one pass over the bytes, however long the list.

An Aho-Corasick automaton (Aho and Corasick 1975, CACM 18:6) over UTF-8 bytes. What matches:

- ASCII letters in either case. Other letters as the list writes them: upper-case Ä or full-width Ａ are other letters.
- A digit in a phrase stands for any digit: "9元" finds 5元. A tab or a line feed is read as a space.
- At a letter or digit of a spaced script a phrase begins and ends only where a word does: "ass" is not in "class", "9"
  not in "90". A `*` at either end takes this back: "fuck*" finds "fucking". Han, kana and the scripts without spaces
  have no such border (`curate.kernels.hashing.character_kind` says which character is what).
- Of matches that overlap the longest counts; of equally long ones an exception, else the first. An exception counts
  for nothing: it hides what it overlaps, as 交通 hides 性交 in 一次性交通费.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curate.kernels import kernel, part
from curate.kernels.hashing import LETTER, Integer, character_kind

EXCEPTION = -1  # the group of phrases that are innocent
ANY_END = "*"
BEGINS_WORD, ENDS_WORD = 1, 2  # bits of `Automaton.borders`
UNUSED = 0  # the symbol of every byte that stands in no phrase
LENGTH_SHIFT, EXCEPTION_SHIFT = 32, 31  # of the number by which overlapping matches are ordered


@dataclass(frozen=True)
class Automaton:
    """A list of phrases, ready to be looked for. State 0 is the beginning; p and s number phrases and states."""

    symbols: npt.NDArray[np.uint8]  # (256,): the symbol that a byte is read as
    moves: npt.NDArray[np.int32]  # (s, symbols): the next state
    ends: npt.NDArray[np.uint8]  # (s,): whether any phrase ends here
    phrase: npt.NDArray[np.int32]  # (s,): the phrase that this state spells, or -1
    shorter: npt.NDArray[np.int32]  # (s,): the state of the next shorter phrase that ends here, or 0
    lengths: npt.NDArray[np.int32]  # (p,): bytes
    groups: npt.NDArray[np.int32]  # (p,): EXCEPTION, or 0 and more
    borders: npt.NDArray[np.uint8]  # (p,): BEGINS_WORD, ENDS_WORD


def folded(text: str) -> bytes:
    """Text as the automaton reads it: ASCII letters in lower case, digits as 0, tabs and line feeds as spaces."""
    return text.encode().translate(FOLDING)


def _folding() -> bytes:
    table = bytearray(range(256)).lower()
    for byte in b"0123456789":
        table[byte] = ord("0")
    for byte in b"\t\n\r\v\f":
        table[byte] = ord(" ")
    return bytes(table)


FOLDING = _folding()


def automaton(phrases: Mapping[str, int]) -> Automaton:
    """The automaton of these phrases, each with its group: EXCEPTION, or 0, 1, ….

    Raises ValueError for a phrase of nothing, a group below EXCEPTION, and for two phrases that read the same.
    """
    texts, borders = [], []
    seen: dict[bytes, str] = {}
    for written, group in phrases.items():
        bare = written.removeprefix(ANY_END).removesuffix(ANY_END)
        text = folded(bare)
        if not text.strip() or group < EXCEPTION:
            raise ValueError(f"phrase {written!r} of group {group}: expected some text, and a group of -1 or more")
        if text in seen:
            raise ValueError(f"the phrases {seen[text]!r} and {written!r} read the same; keep one of them")
        seen[text] = written
        texts.append(text)
        begins = BEGINS_WORD if _is_letter(bare[0]) and not written.startswith(ANY_END) else 0
        ends = ENDS_WORD if _is_letter(bare[-1]) and not written.endswith(ANY_END) else 0
        borders.append(begins | ends)
    symbols = _symbols(texts)
    moves, phrase, fallback, order = _states([text.translate(symbols.tobytes()) for text in texts], int(symbols.max()))
    shorter = np.zeros(len(moves), np.int32)
    for state in order:
        below = fallback[state]
        shorter[state] = below if phrase[below] >= 0 else shorter[below]
    return Automaton(
        symbols,
        moves,
        ((phrase >= 0) | (shorter > 0)).astype(np.uint8),
        phrase,
        shorter,
        np.array([len(text) for text in texts], np.int32),
        np.array(list(phrases.values()), np.int32),
        np.array(borders, np.uint8),
    )


def _is_letter(character: str) -> bool:
    """Whether it is a letter or a digit of a spaced script."""
    return character.isalnum() if character.isascii() else character_kind(ord(character)) == LETTER


def _symbols(texts: list[bytes]) -> npt.NDArray[np.uint8]:
    """The bytes that occur, numbered from 1; every byte that is read as one of them has its number."""
    used = sorted(set(b"".join(texts)))
    numbers = {byte: i for i, byte in enumerate(used, 1)}
    return np.array([numbers.get(FOLDING[byte], UNUSED) for byte in range(256)], np.uint8)


def _states(texts: list[bytes], last: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], list[int], list[int]]:
    """Moves, phrase that ends, fallback (the state of the longest suffix that begins a phrase) of each state, and the
    states but the first in order of depth."""
    children: list[dict[int, int]] = [{}]
    ending = [-1]
    for number, text in enumerate(texts):
        state = 0
        for symbol in text:
            if symbol not in children[state]:
                children[state][symbol] = len(children)
                children.append({})
                ending.append(-1)
            state = children[state][symbol]
        ending[state] = number
    moves = np.zeros((len(children), last + 1), np.int32)
    fallback = [0] * len(children)
    order: list[int] = []
    waiting = deque([0])
    while waiting:
        state = waiting.popleft()
        if state:
            moves[state] = moves[fallback[state]]
            order.append(state)
        for symbol, child in children[state].items():
            fallback[child] = int(moves[state, symbol]) if state else 0
            moves[state, symbol] = child
            waiting.append(child)
    return moves, np.array(ending, np.int32), fallback, order


def count_phrases(
    offsets: npt.NDArray[np.int32], data: npt.NDArray[np.uint8], phrases: Automaton, groups: int
) -> npt.NDArray[np.int32]:
    """What is found in each string of an Arrow column: int32 of shape (2, groups, n).

    First how often phrases of a group occur, then how many different ones do.
    """
    counts = np.zeros((2, groups, max(len(offsets) - 1, 0)), np.int32)
    if counts.shape[2] and len(phrases.lengths):
        _count_all(
            offsets, data, phrases.symbols, phrases.moves, phrases.ends, phrases.phrase, phrases.shorter,
            phrases.lengths, phrases.groups, phrases.borders, np.zeros(int(np.diff(offsets).max()), np.bool_),
            np.full(len(phrases.lengths), -1, np.int32), counts,
        )  # fmt: skip
    return counts


@kernel
def is_letter_at(data: npt.NDArray[np.uint8], at: Integer, start: Integer, end: Integer) -> bool:
    """Whether the character that holds the byte `at` of the text `data[start:end]` is a letter or a digit of a spaced
    script. Outside of the text there is none."""
    if at < start or at >= end:
        return False
    first = np.int64(data[at])
    if first < 0x80:
        return bool(0x30 <= first <= 0x39 or 0x41 <= first <= 0x5A or 0x61 <= first <= 0x7A)
    begin = np.int64(at)
    while begin > start and data[begin] & 0xC0 == 0x80:
        begin -= 1
    first = np.int64(data[begin])
    width = np.int64(2 if first < 0xE0 else 3 if first < 0xF0 else 4)
    point = first & (0x7F >> width)
    for k in range(1, min(width, end - begin)):
        point = point << 6 | (np.int64(data[begin + k]) & 0x3F)
    return bool(character_kind(point) == LETTER)


@kernel
def _count_all(
    offsets: npt.NDArray[np.int32],
    data: npt.NDArray[np.uint8],
    symbols: npt.NDArray[np.uint8],
    moves: npt.NDArray[np.int32],
    ends: npt.NDArray[np.uint8],
    phrase: npt.NDArray[np.int32],
    shorter: npt.NDArray[np.int32],
    lengths: npt.NDArray[np.int32],
    groups: npt.NDArray[np.int32],
    borders: npt.NDArray[np.uint8],
    covered: npt.NDArray[np.bool_],
    last_row: npt.NDArray[np.int32],
    counts: npt.NDArray[np.int32],
) -> None:
    """`covered`: bytes of a text that matches before took; `last_row`: where each phrase was counted last.

    Loops stand here for what numpy says in a word (`concatenate`, `argsort`, a slice set to one value): of 8 s that
    this took to compile those were 5.
    """
    room = 64  # matches of one text, which wait until the text is read
    matched = np.empty(room, np.int64)
    ranks = np.empty(room, np.int64)
    for row in range(offsets.shape[0] - 1):
        start, end = np.int64(offsets[row]), np.int64(offsets[row + 1])
        state = np.int64(0)
        matches = 0
        for at in range(start, end):
            state = np.int64(moves[state, symbols[data[at]]])
            if not ends[state]:
                continue
            here = state if phrase[state] >= 0 else np.int64(shorter[state])
            while here:
                found = phrase[here]
                begin = at + 1 - lengths[found]
                inside = (borders[found] & BEGINS_WORD and is_letter_at(data, begin - 1, start, end)) or (
                    borders[found] & ENDS_WORD and is_letter_at(data, at + 1, start, end)
                )
                if not inside:
                    if matches == room:
                        room *= 2
                        matched, ranks = _copied(matched, room), _copied(ranks, room)
                    length, counted = np.int64(lengths[found]), np.int64(groups[found] >= 0)
                    matched[matches] = found
                    ranks[matches] = (-length << LENGTH_SHIFT) | (counted << EXCEPTION_SHIFT) | (begin - start)
                    matches += 1
                here = np.int64(shorter[here])
        if matches == 0:
            continue
        _resolve(matches, matched, ranks, lengths, groups, covered, last_row, row, counts)


@part
def _copied(numbers: npt.NDArray[np.int64], room: int) -> npt.NDArray[np.int64]:
    copy = np.empty(room, np.int64)
    for i in range(numbers.shape[0]):
        copy[i] = numbers[i]
    return copy


@part
def _order(ranks: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """The places of the first `count` ranks, the lowest first, equal ones in the order they stand: a merge sort."""
    order, spare = np.empty(count, np.int64), np.empty(count, np.int64)
    for i in range(count):
        order[i] = i
    width = 1
    while width < count:
        left = 0
        while left < count:
            middle, right = min(left + width, count), min(left + 2 * width, count)
            a, b = left, middle
            for k in range(left, right):
                if a < middle and (b >= right or ranks[order[a]] <= ranks[order[b]]):
                    spare[k] = order[a]
                    a += 1
                else:
                    spare[k] = order[b]
                    b += 1
            left = right
        order, spare = spare, order
        width *= 2
    return order


@part
def _resolve(
    count: int,
    matched: npt.NDArray[np.int64],
    ranks: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int32],
    groups: npt.NDArray[np.int32],
    covered: npt.NDArray[np.bool_],
    last_row: npt.NDArray[np.int32],
    row: int,
    counts: npt.NDArray[np.int32],
) -> None:
    """Count the matches of one text by rank: longest, exceptions, first. One that overlaps a taken one is left out."""
    order = _order(ranks, count)
    for at in range(count):
        i = order[at]
        found = matched[i]
        length = np.int64(lengths[found])
        begin = ranks[i] & ((np.int64(1) << EXCEPTION_SHIFT) - 1)
        if covered[begin] or covered[begin + length - 1]:  # what was taken before is as long or longer
            matched[i] = -1
            continue
        for byte in range(begin, begin + length):
            covered[byte] = True
        group = groups[found]
        if group >= 0:
            counts[0, group, row] += 1
            if last_row[found] != row:
                last_row[found] = row
                counts[1, group, row] += 1
    for i in range(count):
        if matched[i] >= 0:
            begin = ranks[i] & ((np.int64(1) << EXCEPTION_SHIFT) - 1)
            for byte in range(begin, begin + np.int64(lengths[matched[i]])):
                covered[byte] = False
