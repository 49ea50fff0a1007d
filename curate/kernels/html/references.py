"""Character references, as the standard resolves them (WHATWG HTML, 13.2.5.72 to 13.2.5.80)."""

from __future__ import annotations

from html.entities import html5

import numpy as np

from curate.kernels import part
from curate.kernels.html.scan import (
    AMPERSAND,
    HASH,
    HASH_START,
    LONGEST_NAME,
    SEMICOLON,
    Bytes,
    hash_of,
    hashed,
    is_letter,
    key_table,
    look_up,
)

# What the names stand for, one after another as UTF-8: that of name i is EXPANSIONS[START[i - 1]:START[i]].
_NAMES = sorted(name.removesuffix(";") for name in html5 if name.endswith(";"))
EXPANSIONS = np.frombuffer("".join(html5[f"{n};"] for n in _NAMES).encode(), np.uint8)
EXPANSION_START = np.cumsum([0] + [len(html5[f"{n};"].encode()) for n in _NAMES]).astype(np.int32)
NAME_BITS = 13
NAME_KEYS, NAME_VALUES = key_table({hash_of(n.encode()): i + 1 for i, n in enumerate(_NAMES)}, NAME_BITS)
# Names that old pages may leave without their semicolon.
_BARE = {n: _NAMES.index(n) + 1 for n in html5 if not n.endswith(";")}
LONGEST_BARE = max(map(len, _BARE))
BARE_BITS = 8
BARE_KEYS, BARE_VALUES = key_table({hash_of(n.encode()): i for n, i in _BARE.items()}, BARE_BITS)

# References to 128 to 159 mean what these bytes are in windows-1252.
WINDOWS = np.array([ord(bytes([b]).decode("cp1252", "ignore") or chr(b)) for b in range(128, 160)], np.int32)
REPLACEMENT = 0xFFFD
LAST = 0x10FFFF


@part
def reference(page: Bytes, at: int) -> tuple[int, int, int]:
    """The reference whose `&` stands at `at`: a code point, or 0 and the number of a name, and where it ends.

    An ampersand that begins none is itself: (38, 0, at + 1).
    """
    end = len(page)
    i = at + 1
    if i < end and page[i] == HASH:
        code, ends = _number(page, i + 1)
        return (code, 0, ends) if ends else (AMPERSAND, 0, at + 1)
    key = np.uint64(HASH_START)
    bare, bare_end = 0, 0
    while i < end and i - at <= LONGEST_NAME:
        byte = int(page[i])
        if not (is_letter(byte) or 48 <= byte <= 57):
            break
        key = hashed(key, byte)
        i += 1
        if i - at - 1 <= LONGEST_BARE:
            found = look_up(BARE_KEYS, BARE_VALUES, BARE_BITS, key)
            if found:
                bare, bare_end = found, i
    if i < end and page[i] == SEMICOLON:
        found = look_up(NAME_KEYS, NAME_VALUES, NAME_BITS, key)
        if found:
            return 0, found, i + 1
    if bare:
        return 0, bare, bare_end
    return AMPERSAND, 0, at + 1


@part
def _number(page: Bytes, at: int) -> tuple[int, int]:
    """A code point and where its reference ends, 0 where there are no digits; `at` is behind the `#`."""
    end = len(page)
    base = 10
    if at < end and (page[at] | 32) == 120:  # x
        base = 16
        at += 1
    code, start = 0, at
    while at < end:
        byte = int(page[at]) | 32
        if 48 <= int(page[at]) <= 57:
            digit = int(page[at]) - 48
        elif base == 16 and 97 <= byte <= 102:
            digit = byte - 87
        else:
            break
        code = min(code * base + digit, LAST + 1)
        at += 1
    if at == start:
        return 0, 0
    if at < end and page[at] == SEMICOLON:
        at += 1
    if 128 <= code < 160:
        code = int(WINDOWS[code - 128])
    if code == 0 or code > LAST or 0xD800 <= code < 0xE000:
        code = REPLACEMENT
    return code, at
