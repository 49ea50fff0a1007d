"""Words and their 64-bit hashes, and text folded for exact comparison, both straight from UTF-8 bytes.

What a word is here, for near-duplicates, in every language alike:

- a run of letters and digits, ASCII lower-cased, other letters as they are written (é, ж, 한);
- in scripts written without spaces (Han, kana, Thai, Lao, Khmer, Burmese) each character by itself;
- everything else separates: ASCII punctuation and `_`, “ ” … — ， 。, symbols, emoji, zero-width characters.

ASCII is read eight bytes at a time: 1.8 times the speed of a table look-up per byte on English.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.extending import intrinsic  # type: ignore[import-untyped,unused-ignore]

from curate.kernels import kernel

U64 = np.uint64
Integer: TypeAlias = Any  # int64 once compiled; numpy's scalar types would need a conversion at each turn

ONES = U64(0x0101010101010101)
HIGH_BITS = U64(0x8080808080808080)
WORD_SEED = U64(0xA0761D6478BD642F)  # so that no ordinary eight bytes begin a word at 0, where multiplying is lost
WORD_MULTIPLIER = U64(0x9E3779B97F4A7C15)

SEPARATOR, LETTER, ALONE = 0, 1, 2  # what a character is to the words: between them, part of one, one by itself


def _load_eight(_context: Any, array: Any, at: Any) -> Any:
    """Eight bytes of a uint8 array from any position, as a little-endian uint64; `at + 8 <= len(array)`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        pointer = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(64).as_pointer())
        value = builder.load(pointer)
        value.align = 1
        return value

    return types.uint64(array, types.int64), generate


def _trailing_zeros(_context: Any, value: Any) -> Any:
    """How many of the lowest bits of a uint64 are zero; 64 for zero."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate


load_eight: Callable[[npt.NDArray[np.uint8], Integer], np.uint64] = cast(Any, intrinsic(_load_eight))
trailing_zeros: Callable[[np.uint64], Integer] = cast(Any, intrinsic(_trailing_zeros))


@kernel
def character_kind(c: Integer) -> int:
    """SEPARATOR, LETTER or ALONE for a code point of 0x80 and above, by block, the frequent ones first."""
    if 0x3040 <= c <= 0x9FFF:  # kana, bopomofo, Han
        return ALONE
    if c < 0x2000:
        if c < 0xC0:  # Latin-1 punctuation, no-break space; ª µ º are letters
            return LETTER if c in (0xAA, 0xB5, 0xBA) else SEPARATOR
        if c in (0xD7, 0xF7):  # × ÷
            return SEPARATOR
        if c in (0x60C, 0x61B, 0x61F, 0x6D4, 0x964, 0x965):  # ، ؛ ؟ ۔ । ॥
            return SEPARATOR
        if 0xE00 <= c <= 0xEFF or 0x1000 <= c <= 0x109F or 0x1780 <= c <= 0x17FF:  # Thai and Lao, Burmese, Khmer
            return ALONE
        return LETTER
    if c < 0x2C00:  # punctuation, currency, arrows, mathematics, boxes, dingbats
        return SEPARATOR
    if c < 0x3040:
        if 0x2E80 <= c < 0x2FE0 or 0x3005 <= c <= 0x3007:  # radicals; 々 〆 〇
            return ALONE
        return LETTER if c < 0x2E00 else SEPARATOR  # Coptic, Georgian, Ethiopic …; then punctuation
    if c < 0xE000:  # Yi, Hangul …
        return LETTER
    if c < 0x10000:
        if 0xF900 <= c <= 0xFAFF or 0xFF66 <= c <= 0xFF9F:  # Han once more, half-width kana
            return ALONE
        if 0xFB00 <= c <= 0xFDFF or 0xFE70 <= c <= 0xFEFE:  # ligatures, Arabic forms
            return LETTER
        if 0xFF10 <= c <= 0xFF19 or 0xFF21 <= c <= 0xFF3A or 0xFF41 <= c <= 0xFF5A or 0xFFA0 <= c <= 0xFFDC:
            return LETTER  # full-width digits and letters, half-width Hangul
        return SEPARATOR  # private use (icon fonts), variation selectors, full-width punctuation, byte order mark
    if 0x20000 <= c <= 0x3FFFF:  # Han, the rare ones
        return ALONE
    return SEPARATOR if 0x1F000 <= c <= 0x1FAFF or c >= 0xE0000 else LETTER  # emoji and pictures, tags


@kernel
def hash_words(data: npt.NDArray[np.uint8], start: Integer, end: Integer, out: npt.NDArray[np.uint64]) -> int:
    """Hash the words of `data[start:end]` (UTF-8) into `out` and say how many there are.

    `out` needs room for `(end - start) // 2 + 1` words. A word's hash depends on its own characters only.
    """
    count = 0
    value = WORD_SEED
    length = 0  # bytes of the word so far; 0 between words
    at: Integer = start
    while at < end:
        if at + 8 <= data.shape[0]:
            eight = load_eight(data, at)
        else:
            eight = U64(0)
            for k in range(data.shape[0] - at):
                eight |= U64(data[at + k]) << U64(8 * k)
        if end - at < 8:  # what follows the text reads as NUL, which separates
            eight &= (U64(1) << U64(8 * (end - at))) - U64(1)
        # The high bit of each byte answers a question about it; seven-bit bytes cannot carry into their neighbours.
        seven = eight & ~HIGH_BITS
        folded = seven | (U64(0x20) * ONES)
        digit = (seven + U64(0x80 - 0x30) * ONES) & ~(seven + U64(0x80 - 0x3A) * ONES)
        letter = (folded + U64(0x80 - 0x61) * ONES) & ~(folded + U64(0x80 - 0x7B) * ONES) & ~eight & HIGH_BITS
        inside = (digit & ~eight & HIGH_BITS) | letter
        outside = inside ^ HIGH_BITS
        run = 8 if outside == U64(0) else trailing_zeros(outside) >> 3
        if run > 0:
            piece = eight | (letter >> U64(2))
            if run < 8:
                piece &= (U64(1) << U64(8 * run)) - U64(1)
            value = (value ^ piece) * WORD_MULTIPLIER
            value ^= value >> U64(32)
            length += run
            at += run
            if run == 8:
                continue
            if at >= end:
                break
        if data[at] < 0x80:
            if length > 0:
                out[count] = value ^ U64(length)
                count += 1
                value = WORD_SEED
                length = 0
            rest = (inside | (eight & HIGH_BITS)) >> U64(8 * run)  # what is no ASCII separator
            at += 8 - run if rest == U64(0) else trailing_zeros(rest) >> 3
            continue
        while at < end and data[at] >= 0x80:
            first = np.int64(data[at])
            width: Integer = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
            if at + width > end:  # not UTF-8, which Arrow promises; never read past the text
                width = end - at
            point: Integer = first & (0x7F >> width)
            for k in range(1, width):
                point = point << 6 | (np.int64(data[at + k]) & 0x3F)
            at += width
            kind = character_kind(point)
            if kind != LETTER and length > 0:
                out[count] = value ^ U64(length)
                count += 1
                value = WORD_SEED
                length = 0
            if kind != SEPARATOR:
                value = (value ^ U64(point)) * WORD_MULTIPLIER
                value ^= value >> U64(32)
                length += width
            if kind == ALONE:
                out[count] = value ^ U64(length)
                count += 1
                value = WORD_SEED
                length = 0
    if length > 0:
        out[count] = value ^ U64(length)
        count += 1
    return count


@kernel
def is_space(c: Integer) -> Any:
    """Whether the code point is white space as Python's `str.isspace` has it."""
    if c < 0x80:
        return c == 0x20 or 0x09 <= c <= 0x0D or 0x1C <= c <= 0x1F
    return 0x2000 <= c <= 0x200A or c in (0x3000, 0xA0, 0x2028, 0x2029, 0x202F, 0x205F, 0x85, 0x1680)


@kernel
def fold_spaces_and_case(
    offsets: npt.NDArray[np.int32], data: npt.NDArray[np.uint8], out: npt.NDArray[np.uint8]
) -> npt.NDArray[np.int64]:
    """Write every text to `out` with runs of white space as one space, none at the ends, and ASCII in lower case.

    `out` is uint8 and as long as the texts together. Gives offsets into it, int64 of shape (n + 1,).
    """
    texts = offsets.shape[0] - 1
    bounds = np.zeros(texts + 1, np.int64)
    used = 0
    for text in range(texts):
        begin = used
        gap = False
        at: Integer = np.int64(offsets[text])
        end = np.int64(offsets[text + 1])
        while at < end:
            first = np.int64(data[at])
            width: Integer = 1 if first < 0x80 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
            if at + width > end:
                width = end - at
            point: Integer = first
            if width == 2:
                point = (first & 0x1F) << 6 | (np.int64(data[at + 1]) & 0x3F)
            elif width == 3:
                point = (first & 0xF) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6 | (np.int64(data[at + 2]) & 0x3F)
            if is_space(point):
                gap = True
            else:
                if gap and used > begin:
                    out[used] = 0x20
                    used += 1
                gap = False
                if 0x41 <= first <= 0x5A:
                    out[used] = first | 0x20
                    used += 1
                else:
                    for k in range(width):
                        out[used] = data[at + k]
                        used += 1
            at += width
        bounds[text + 1] = used
    return bounds
