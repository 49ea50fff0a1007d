"""What of a text tells its language: some of its letters, and how many of them belong to each script.

Compiled; import it inside the function that needs it.
"""

from __future__ import annotations

import functools
import unicodedata

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.kernels import kernel, string_buffers
from curate.kernels.words import code_point

# First and last code point of the letters of each script, marks and digits between them aside. Scripts that no
# language code below stands for are left to OTHER.
SCRIPTS: dict[str, tuple[tuple[int, int], ...]] = {
    "other": (),
    "Latin": ((0x41, 0x24F), (0x250, 0x2AF), (0x1E00, 0x1EFF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF), (0xFF21, 0xFF5A)),
    "Cyrillic": ((0x400, 0x52F), (0x1C80, 0x1C8F), (0x2DE0, 0x2DFF), (0xA640, 0xA69F)),
    "Arabic": ((0x600, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC)),
    "Devanagari": ((0x900, 0x97F), (0xA8E0, 0xA8FF)),
    "Ethiopic": ((0x1200, 0x139F), (0x2D80, 0x2DDF), (0xAB00, 0xAB2F)),
    "Han": ((0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF)),
    "Kana": ((0x3041, 0x309F), (0x30A1, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9D)),
    "Hangul": ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF)),
    "Greek": ((0x370, 0x3FF), (0x1F00, 0x1FFF)),
    "Hebrew": ((0x590, 0x5FF), (0xFB1D, 0xFB4F)),
    "Armenian": ((0x530, 0x58F), (0xFB13, 0xFB17)),
    "Georgian": ((0x10A0, 0x10FF), (0x1C90, 0x1CBF), (0x2D00, 0x2D2F)),
    "Bengali": ((0x980, 0x9FF),),
    "Gurmukhi": ((0xA00, 0xA7F),),
    "Gujarati": ((0xA80, 0xAFF),),
    "Odia": ((0xB00, 0xB7F),),
    "Tamil": ((0xB80, 0xBFF),),
    "Telugu": ((0xC00, 0xC7F),),
    "Kannada": ((0xC80, 0xCFF),),
    "Malayalam": ((0xD00, 0xD7F),),
    "Sinhala": ((0xD80, 0xDFF),),
    "Thai": ((0xE00, 0xE7F),),
    "Lao": ((0xE80, 0xEFF),),
    "Tibetan": ((0xF00, 0xFFF),),
    "Burmese": ((0x1000, 0x109F), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F)),
    "Khmer": ((0x1780, 0x17FF),),
    "Thaana": ((0x780, 0x7BF),),
}
SCRIPT_NAMES = tuple(SCRIPTS)
LATIN = SCRIPT_NAMES.index("Latin")

# What a character is, where it is no letter: letters have SCRIPT_0 + the number of their script.
SEPARATOR, MARK, DIGIT, JOINER, SCRIPT_0 = 0, 1, 2, 3, 8
TABLE_SIZE = 0x323B0

LETTERS = 1_000  # code points looked at: more change no answer that matters (see langid.md), fewer lose Chinese


@functools.cache
def letter_tables() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """The kind of each code point, uint8 of shape (TABLE_SIZE,), and its lower case, int32 of shape (0x10000,)."""
    kinds = np.zeros(TABLE_SIZE, np.uint8)
    lower = np.arange(0x10000, dtype=np.int32)
    scripts = np.zeros(TABLE_SIZE, np.uint8)
    for number, ranges in enumerate(SCRIPTS.values()):
        for first, last in ranges:
            scripts[first : last + 1] = number
    for code in range(TABLE_SIZE):
        c = chr(code)
        if c.isalpha() or c in "々〇":
            kinds[code] = SCRIPT_0 + scripts[code]
            if code < 0x10000 and len(c.lower()) == 1 and len(c.lower().encode()) <= len(c.encode()):
                lower[code] = ord(c.lower())
        elif c.isdigit():
            kinds[code] = DIGIT
        elif unicodedata.category(c)[0] == "M" or c in "\u200c\u200d":  # vowel signs; the joiners of Persian, Sinhala
            kinds[code] = MARK
    for c in "'’ʼ":  # don't, l’école
        kinds[ord(c)] = JOINER
    return kinds, lower


def letters_of(text: pa.Array, lower_case: bool) -> tuple[pa.StringArray, npt.NDArray[np.int32]]:
    """The letters of each text that tell its language, and how many there are of each script.

    At most LETTERS code points: words separated by single spaces, without URLs, mail addresses, digits, words with
    digits in them, and punctuation. Of a long text a third each comes from its beginning, middle and end, in each
    from the longest line on, for menus are made of short ones. Counts are int32 of shape (n, len(SCRIPT_NAMES)).
    A null text gives an empty string.
    """
    offsets, data = string_buffers(text)
    n = len(offsets) - 1
    scripts = np.zeros((n, len(SCRIPT_NAMES)), np.int32)
    sizes = np.minimum(np.diff(offsets), 4 * (LETTERS + 8)) + 8
    room = np.zeros(n + 1, np.int64)
    np.cumsum(sizes, out=room[1:])
    out = np.empty(room[-1], np.uint8)
    ends = np.zeros(n + 1, np.int32)
    if n:
        _select(offsets, data, *letter_tables(), lower_case, out, ends, scripts)
    size = int(ends[-1])
    return pa.StringArray.from_buffers(n, pa.py_buffer(ends), pa.py_buffer(out[: max(size, 1)])), scripts


@kernel
def _put(out: npt.NDArray[np.uint8], at: int, code: int) -> int:
    """Writes one code point as UTF-8; returns the position after it."""
    if code < 0x80:
        out[at] = code
        return at + 1
    if code < 0x800:
        out[at] = 0xC0 | code >> 6
        out[at + 1] = 0x80 | code & 0x3F
        return at + 2
    if code < 0x10000:
        out[at] = 0xE0 | code >> 12
        out[at + 1] = 0x80 | code >> 6 & 0x3F
        out[at + 2] = 0x80 | code & 0x3F
        return at + 3
    out[at] = 0xF0 | code >> 18
    out[at + 1] = 0x80 | code >> 12 & 0x3F
    out[at + 2] = 0x80 | code >> 6 & 0x3F
    out[at + 3] = 0x80 | code & 0x3F
    return at + 4


@kernel
def _address_end(data: npt.NDArray[np.uint8], at: int, end: int) -> int:
    """Where the run of printable ASCII that starts at `at` ends, if it holds a URL or a mail address; else `at`."""
    last, address = at, False
    while last < end and 32 < data[last] < 0x7F:
        b = data[last]
        address |= b == 64 and last > at  # @
        address |= b == 58 and last + 2 < end and data[last + 1] == 47 and data[last + 2] == 47  # ://
        if b == 46 and last - at == 3:  # www.
            address |= data[at] | 32 == 119 and data[at + 1] | 32 == 119 and data[at + 2] | 32 == 119
        last += 1
    return last if address else at


@kernel
def _longest_line(data: npt.NDArray[np.uint8], start: int, end: int) -> tuple[int, int]:
    """Where the longest line in this range starts, and its bytes; the range's edges cut lines."""
    best, best_size, line = start, -1, start
    for at in range(start, end + 1):
        if at == end or data[at] == 10:
            if at - line > best_size:
                best, best_size = line, at - line
            line = at + 1
    while best < end and data[best] & 0xC0 == 0x80:
        best += 1
    return best, best_size


@kernel
def _select(
    offsets: npt.NDArray[np.int32],
    data: npt.NDArray[np.uint8],
    kinds: npt.NDArray[np.uint8],
    lower: npt.NDArray[np.int32],
    lower_case: bool,
    out: npt.NDArray[np.uint8],
    ends: npt.NDArray[np.int32],
    scripts: npt.NDArray[np.int32],
) -> None:
    written = 0
    starts, sizes = np.empty(3, np.int64), np.empty(3, np.int64)
    for row in range(len(offsets) - 1):
        start, end = int(offsets[row]), int(offsets[row + 1])
        first_written = written
        windows, longest = 1, 0
        starts[0], sizes[0] = start, end - start
        if end - start > 3 * LETTERS:
            third = (end - start) // 3
            for window in range(3):
                first = start + window * third
                starts[window], sizes[window] = _longest_line(data, first, first + third)
                longest = max(longest, sizes[window])
            windows = 0
            for window in range(3):
                windows += 4 * sizes[window] >= longest
        for window in range(3 if longest else 1):
            if 4 * sizes[window] < longest:
                continue  # a menu
            at = starts[window]
            budget = LETTERS // windows
            word = written  # where the word that is being written starts
            letters = 0  # how many it has
            ascii_word, skipping, fresh = True, False, True  # fresh: an address may start here
            while at < end and budget > 0:
                code, width = int(data[at]), 1
                if code >= 0x80:
                    code, width = code_point(data, at)
                    fresh = True
                elif fresh and code > 32:
                    after = _address_end(data, at, end)
                    fresh = False
                    if after > at:
                        if written > word:
                            written = _put(out, written, 32)
                            budget -= 1
                            word = written
                        letters, at = 0, after
                        continue
                elif code <= 32:
                    fresh = True
                kind = int(kinds[code]) if code < len(kinds) else SEPARATOR
                at += width
                if kind >= SCRIPT_0:
                    if code < 0x80:
                        if skipping:
                            continue
                    else:
                        ascii_word, skipping = False, False
                    if lower_case and code < 0x10000:
                        code = lower[code]
                    written = _put(out, written, code)
                    scripts[row, kind - SCRIPT_0] += 1
                    letters += 1
                    budget -= 1
                elif kind in (MARK, JOINER):
                    if written > word and not skipping:  # never at the start of a word
                        written = _put(out, written, 39 if kind == JOINER else code)
                        budget -= 1
                elif kind == DIGIT:
                    if ascii_word:  # x86, mp3, base64: the letters go too
                        scripts[row, LATIN] -= letters
                        budget += written - word
                        written, skipping, letters = word, True, 0
                    elif written > word:
                        written = _put(out, written, 32)
                        budget -= 1
                        word, ascii_word, letters = written, True, 0
                else:
                    skipping = False
                    if written > word:
                        written = _put(out, written, 32)
                        budget -= 1
                        word = written
                    ascii_word, letters = True, 0
            if written > word:
                written = _put(out, written, 32)
        if written > first_written:
            written -= 1  # the last space
        ends[row + 1] = written
