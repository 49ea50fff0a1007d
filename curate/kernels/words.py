"""What a text is made of, counted in one pass over its bytes: words, lines, letters, marks and stop words.

A word is

- where words are spaced: a run of characters without white space, as `str.split()` cuts them, marks included
  ("Hello," is one word);
- a Han character or kana: always a word by itself. What stands between them in the same run is one more word if it
  holds a letter or a digit; marks alone belong to their neighbours. 我用 GPT-4，你呢？ is 我 用 GPT-4， 你 呢: five
  words, as a reader counts. Korean is spaced and counts as Latin does.

A line ends at a line feed and nowhere else (texts are normalised); one at the end of the text opens no further line.
Blank lines count.
"""

from __future__ import annotations

import functools
import unicodedata

import numpy as np
import numpy.typing as npt

from curate.kernels import kernel

# One row of the result per count, in this order.
COUNTS = (
    "characters",  # Unicode code points
    "words",
    "plain_words",  # words with at least one character that is no punctuation mark
    "plain_word_characters",  # code points of those
    "alpha_words",  # words with at least one letter
    "hashes",  # "#"
    "ellipses",  # "…" and non-overlapping "..."
    "lines",
    "bullet_lines",  # that begin with "•" or "-"
    "ellipsis_lines",  # that end with "…" or "..."
    "letters",  # code points that are letters, Han included
    "han",
    "english_stop_words",  # distinct ones present
    "chinese_stop_words",
)

SPACE, PLAIN, LETTER, ALPHANUMERIC, HAN, KANA, SPECIAL = 1, 2, 4, 8, 16, 32, 64

# Gopher (arXiv 2112.11446, A1.1); lower case only, as every implementation compares them.
ENGLISH_STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
# The characters FineWeb-2 asks for in Mandarin (configs cmn_Hani), both scripts; without its "·", which is no word.
CHINESE_STOP_WORDS = "的年在月是和日了於為有被人中为他與後也而由"

# Marks of a word that is "only punctuation", where they differ from Unicode's category P. For code points below
# U+0300 and in U+2000-2FFF these are all of them, so that English counts equal datatrove's (its list comes from CCNet):
# a lone "•" or "©" is a word there. Everywhere else category P counts (؟ । 、 。), and these besides.
WESTERN_PUNCTUATION = "«»´–—’“”„…‼‽⁇⁈⁉∶━►⸮⸼⹓⹔"
OTHER_PUNCTUATION = "１～"

LAST_LETTER = 0x323B0  # no assigned letter, space or mark has a code point this high
LINE_FEED, DOT, HASH, HYPHEN = 10, 46, 35, 45
BULLET, ELLIPSIS = 0x2022, 0x2026


@functools.cache
def character_classes() -> npt.NDArray[np.uint8]:
    """The class bits of each code point, uint8 of shape (LAST_LETTER,), from Python's own Unicode tables."""
    classes = np.zeros(LAST_LETTER, np.uint8)
    for code in range(LAST_LETTER):
        c = chr(code)
        bits = 0 if _is_punctuation(code, c) else PLAIN
        if c.isalnum():
            bits |= ALPHANUMERIC | (LETTER if c.isalpha() else 0)
        elif c.isspace():
            bits |= SPACE
        classes[code] = bits
    ideograph = PLAIN | LETTER | ALPHANUMERIC
    for first, last in (
        (0x3005, 0x3005), (0x3007, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF),
    ):  # fmt: skip
        classes[first : last + 1] = ideograph | HAN
    for first, last in ((0x3041, 0x3096), (0x309D, 0x309F), (0x30A1, 0x30FA), (0x30FC, 0x30FF), (0x31F0, 0x31FF),
                        (0xFF66, 0xFF9D)):  # fmt: skip
        classes[first : last + 1] = ideograph | KANA
    for c in CHINESE_STOP_WORDS + ".#…":
        classes[ord(c)] |= SPECIAL
    return classes


def _is_punctuation(code: int, c: str) -> bool:
    if code < 0x80:
        return not c.isalnum() and c not in "\t\n "
    if code < 0xA0:  # C1 controls
        return True
    if code < 0x300 or 0x2000 <= code < 0x3000:
        return c in WESTERN_PUNCTUATION
    return c in OTHER_PUNCTUATION or unicodedata.category(c)[0] == "P"


def packed_word(word: str) -> int:
    """An ASCII word of at most four letters as one number, the way the kernel reads it: the 1 says where it begins."""
    return int.from_bytes(b"\1" + word.encode(), "big")


STOP_WORD_NUMBERS = np.array([packed_word(w) for w in ENGLISH_STOP_WORDS], np.uint64)
STOP_CHARACTERS = np.array([ord(c) for c in CHINESE_STOP_WORDS], np.int32)


def count_text(offsets: npt.NDArray[np.int32], data: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """The counts of each string of an Arrow column: int32 of shape (len(COUNTS), n), a row per count."""
    counts = np.zeros((len(COUNTS), max(len(offsets) - 1, 0)), np.int32)
    if counts.shape[1]:
        _count_all(offsets, data, character_classes(), STOP_WORD_NUMBERS, STOP_CHARACTERS, counts)
    return counts


@kernel
def code_point(data: npt.NDArray[np.uint8], at: int) -> tuple[int, int]:
    """The character of two to four bytes that starts at `at`, and its length in bytes. The text is valid UTF-8."""
    b = int(data[at])
    if b < 0xE0:
        return ((b & 0x1F) << 6) | (int(data[at + 1]) & 0x3F), 2
    c = (int(data[at + 1]) & 0x3F) << 6 | (int(data[at + 2]) & 0x3F)
    if b < 0xF0:
        return ((b & 0xF) << 12) | c, 3
    return ((b & 7) << 18) | c << 6 | (int(data[at + 3]) & 0x3F), 4


@kernel
def class_of(code: int, classes: npt.NDArray[np.uint8]) -> int:
    return int(classes[code]) if code < len(classes) else PLAIN


@kernel
def begins_with_bullet(data: npt.NDArray[np.uint8], start: int, end: int, classes: npt.NDArray[np.uint8]) -> bool:
    """Whether the first character of a line that is no white space is "•" or "-"."""
    at = start
    while at < end:
        if data[at] < 0x80:
            if classes[data[at]] & SPACE:
                at += 1
                continue
            return bool(data[at] == HYPHEN)
        code, length = code_point(data, at)
        if class_of(code, classes) & SPACE:
            at += length
            continue
        return bool(code == BULLET)
    return False


@kernel
def ends_with_ellipsis(data: npt.NDArray[np.uint8], start: int, end: int, classes: npt.NDArray[np.uint8]) -> bool:
    """Whether a line without its trailing white space ends with "…" or "..."."""
    at = end
    while at > start:
        if data[at - 1] < 0x80:
            if classes[data[at - 1]] & SPACE:
                at -= 1
                continue
            return bool(at - start >= 3 and data[at - 1] == DOT and data[at - 2] == DOT and data[at - 3] == DOT)
        first = at - 1
        while data[first] & 0xC0 == 0x80:
            first -= 1
        code, _ = code_point(data, first)
        if class_of(code, classes) & SPACE:
            at = first
            continue
        return bool(code == ELLIPSIS)
    return False


@kernel
def _count_all(
    offsets: npt.NDArray[np.int32],
    data: npt.NDArray[np.uint8],
    classes: npt.NDArray[np.uint8],
    stop_words: npt.NDArray[np.uint64],
    stop_characters: npt.NDArray[np.int32],
    counts: npt.NDArray[np.int32],
) -> None:
    for row in range(len(offsets) - 1):
        start, end = int(offsets[row]), int(offsets[row + 1])
        continuation = words = plain_words = plain_characters = alpha_words = 0
        hashes = ellipses = lines = bullets = ellipsis_lines = letters = han = 0
        english = chinese = np.uint32(0)  # one bit per stop word seen
        line_start = at = start
        while at < end:
            # One run without white space: a word, or several where it holds ideographs.
            has_ideograph = False
            inside = 0  # class bits of the stretch since the last ideograph, joined
            length = 0  # its code points
            packed = np.uint64(1)  # its bytes, as in `packed_word`; a character outside ASCII is 0xFF
            while True:
                bits = SPACE  # the end of the text ends the run
                code, width = 0, 1
                if at < end:
                    code = int(data[at])
                    if code < 0x80:
                        bits = int(classes[code])
                        if not bits & (SPACE | SPECIAL):
                            inside |= bits
                            letters += (bits >> 2) & 1
                            length += 1
                            packed = (packed << np.uint64(8)) | np.uint64(code)
                            at += 1
                            continue
                    else:
                        code, width = code_point(data, at)
                        bits = class_of(code, classes)
                        continuation += width - 1
                if bits & SPECIAL:
                    if code == DOT:
                        if at == start or data[at - 1] != DOT:
                            last = at + 1
                            while last < end and data[last] == DOT:
                                last += 1
                            ellipses += (last - at) // 3
                    elif code == HASH:
                        hashes += 1
                    elif code == ELLIPSIS:
                        ellipses += 1
                    else:
                        for i in range(len(stop_characters)):
                            if stop_characters[i] == code:
                                chinese |= np.uint32(1) << np.uint32(i)
                                break
                if not bits & (SPACE | HAN | KANA):
                    inside |= bits
                    letters += (bits >> 2) & 1
                    length += 1
                    packed = (packed << np.uint64(8)) | np.uint64(code if code < 0x80 else 0xFF)
                    at += width
                    continue
                ideograph = bits & (HAN | KANA) != 0
                if length and (inside & ALPHANUMERIC or not (has_ideograph or ideograph)):
                    words += 1
                    alpha_words += (inside >> 2) & 1
                    if inside & PLAIN:
                        plain_words += 1
                        plain_characters += length
                    if length <= 4:
                        for i in range(len(stop_words)):
                            if stop_words[i] == packed:
                                english |= np.uint32(1) << np.uint32(i)
                if not ideograph:
                    break
                words += 1
                alpha_words += 1
                plain_words += 1
                plain_characters += 1
                letters += 1
                han += (bits >> 4) & 1
                has_ideograph, inside, length, packed = True, 0, 0, np.uint64(1)
                at += width
            if at < end:
                if code == LINE_FEED:
                    lines += 1
                    bullets += begins_with_bullet(data, line_start, at, classes)
                    ellipsis_lines += ends_with_ellipsis(data, line_start, at, classes)
                    line_start = at + 1
                at += width
        if line_start < end:
            lines += 1
            bullets += begins_with_bullet(data, line_start, end, classes)
            ellipsis_lines += ends_with_ellipsis(data, line_start, end, classes)
        english_count = chinese_count = 0
        for i in range(32):
            english_count += int((english >> np.uint32(i)) & np.uint32(1))
            chinese_count += int((chinese >> np.uint32(i)) & np.uint32(1))
        counts[0, row] = end - start - continuation
        counts[1, row] = words
        counts[2, row] = plain_words
        counts[3, row] = plain_characters
        counts[4, row] = alpha_words
        counts[5, row] = hashes
        counts[6, row] = ellipses
        counts[7, row] = lines
        counts[8, row] = bullets
        counts[9, row] = ellipsis_lines
        counts[10, row] = letters
        counts[11, row] = han
        counts[12, row] = english_count
        counts[13, row] = chinese_count
