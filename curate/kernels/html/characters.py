"""What a character is to a reader, by rough classes that suffice to count words, marks and blanks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.kernels import part
from curate.kernels.html.scan import Bytes, followed, key_table

# The classes. INVISIBLE ones are copied and count for nothing (joiners, marks of direction, private use).
DROPPED, SPACE, LETTER, SENTENCE, COMMA, SYMBOL, IDEOGRAPH, APOSTROPHE, INVISIBLE = range(9)


def _ascii_classes() -> npt.NDArray[np.uint8]:
    classes = np.full(128, SYMBOL, np.uint8)
    classes[:33] = SPACE
    classes[0] = classes[127] = DROPPED
    for code in range(128):
        if chr(code).isalnum():
            classes[code] = LETTER
    for mark in ".!?":
        classes[ord(mark)] = SENTENCE
    for mark in ",;:":
        classes[ord(mark)] = COMMA
    classes[ord("'")] = APOSTROPHE
    return classes


ASCII_CLASS = _ascii_classes()
IS_LETTER = np.zeros(256, np.uint8)  # ASCII letters and digits
IS_LETTER[:128] = ASCII_CLASS == LETTER

# Three counters in one number: characters, digits, capitals. One addition per letter instead of three.
CHARACTER, DIGIT, CAPITAL = 1 << 40, 1 << 20, 1
COUNTER_MASK = (1 << 20) - 1
COUNTED = np.array(
    [CHARACTER + DIGIT * chr(c).isdigit() + CAPITAL * ("A" <= chr(c) <= "Z") for c in range(128)] + [CHARACTER] * 128,
    np.int64,
)

# Frequent words and characters by which running text is told from labels, in the languages with most pages.
_STOP_WORDS = """
the of and to in a is that for it as was with be by on not he this are or his from at which but have an had they you
were their one all we can her has there been if more when will would who so no what up its about into than them only
some could these two may then do first any my now such like our over your most just also how after should because
very each did way many through where much where before between being those under der die und den von zu das mit sich
des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch
wie einem über einen zum war haben nur oder aber vor zur bis mehr durch man sein wurde de la le et les un du une que
est pour qui dans par plus pas au sur ne se ce il sont avec son aux cette ont ses mais comme ou été leur nous vous
elle el los las del por con para su al lo más pero sus este ya entre cuando muy sin sobre también hay donde desde
todo di che non per sono della ha da gli nel alla dei anche più delle questo o uma os em não dos com mas foi ao das
pela seu sua isso w z się nie jest jak po za od dla są ale tym i och att det som är av för med inte till om var ett
и в не на что он с как это из у от к для бы так же то все был его το της η με που την στο από het van een niet zijn
op te
"""
STOP_WORDS = _STOP_WORDS.split()
STOP_IDEOGRAPHS = np.array([ord(c) for c in "的了是在不和有这中人一也のにはを"], np.int32)
STOP_BITS = 11
LONGEST_STOP_WORD = 8  # bytes: as many as a word's key holds


def _key_of(word: str) -> int:
    """As `word_key`."""
    return int.from_bytes(bytes(byte | 32 for byte in word.encode()[-8:]), "big")


_SHORT = {word for word in STOP_WORDS if len(word.encode()) <= LONGEST_STOP_WORD}
STOP_KEYS, _ = key_table({_key_of(word): 1 for word in _SHORT}, STOP_BITS)


@part
def word_key(text: Bytes, start: int, end: int) -> np.uint64:
    """The last eight bytes of a word, the same in capitals (of ASCII, and of most letters with accents)."""
    key = np.uint64(0)
    for i in range(max(start, end - 8), end):
        key = followed(key, int(text[np.uint64(i)]) | 32)
    return key


@part
def class_of(code: int) -> int:
    """The class of a code point from 128 on."""
    if code < 0x2000:
        if code in (0xA0, 0x1680, 0x85):
            return SPACE
        if code == 0xAD:
            return DROPPED  # a soft hyphen, which shows only at the end of a line
        if code < 0xA0 or code in (0x61C, 0x180E):
            return INVISIBLE
        if code < 0xC0:
            return LETTER if code in (0xAA, 0xB5, 0xBA) else SYMBOL
        if code in (0x964, 0x6D4, 0x61F):
            return SENTENCE
        if code in (0x60C, 0x61B):
            return COMMA
        return APOSTROPHE if code == 0x2BC else LETTER
    if code < 0x2070:
        if code == 0x200B:
            return DROPPED  # where a line may break
        if code <= 0x200A or code in (0x2028, 0x2029, 0x202F, 0x205F):
            return SPACE
        if code <= 0x200F or 0x202A <= code <= 0x202E or code >= 0x2060:
            return INVISIBLE
        if code == 0x2019:
            return APOSTROPHE
        return SENTENCE if code == 0x2026 else SYMBOL
    if code < 0x2C00:
        return SYMBOL if code >= 0x20A0 else LETTER
    if code < 0x3040:
        if code < 0x3000:
            return LETTER
        if code == 0x3000:
            return SPACE
        if code == 0x3002:
            return SENTENCE
        return COMMA if code == 0x3001 else SYMBOL
    if code < 0xA000:
        return IDEOGRAPH if code < 0x3100 or code >= 0x3400 else LETTER
    if 0xE000 <= code < 0xF900 or 0xFE00 <= code <= 0xFE0F:
        return INVISIBLE
    if code == 0xFEFF:
        return DROPPED
    if 0xF900 <= code < 0xFB00 or 0x20000 <= code < 0x32000:
        return IDEOGRAPH
    if 0xFF00 <= code < 0xFFF0:
        if code in (0xFF0C, 0xFF1A, 0xFF1B):
            return COMMA
        if code in (0xFF01, 0xFF1F, 0xFF0E, 0xFF61):
            return SENTENCE
        if 0xFF10 <= code < 0xFF1A or 0xFF21 <= code < 0xFF3B or 0xFF41 <= code < 0xFF5B or code >= 0xFF66:
            return LETTER
        return SYMBOL
    return SYMBOL if code >= 0x1F000 else LETTER
