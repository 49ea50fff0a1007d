"""Looking for bytes, and telling names apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.kernels import kernel, part

Bytes = npt.NDArray[np.uint8]

BLANK, BANG, DOUBLE_QUOTE, HASH, AMPERSAND, QUOTE, HYPHEN, SLASH = 32, 33, 34, 35, 38, 39, 45, 47
SEMICOLON, LESS, EQUALS, GREATER, QUESTION = 59, 60, 61, 62, 63
LINE_FEED = 10

LONGEST_NAME = 40  # bytes of a name in an end tag, or of a role
CHUNK = 64  # bytes looked at without a jump, which LLVM turns into vector instructions: 20 times as fast

# A name is told from others by its last eight bytes and its length, a word by its last eight bytes alone: one shift a
# byte, where a hash would cost a multiplication. Long names differ in their ends.
LENGTH_MULTIPLIER = 0xD6E8FEB86659FD93
SLOT_MULTIPLIER = 0x9E3779B97F4A7C15
MASK = 0xFFFFFFFFFFFFFFFF


HASH_START, HASH_MULTIPLIER = 0xCBF29CE484222325, 0x100000001B3  # FNV-1a, where ends do not tell names apart


def hash_of(raw: bytes) -> int:
    """As `hashed` makes it, byte by byte."""
    key = HASH_START
    for byte in raw:
        key = ((key ^ byte) * HASH_MULTIPLIER) & MASK
    return key


def name_key(name: str) -> int:
    """The number by which a name is looked up; in lower case."""
    raw = name.encode()
    return (int.from_bytes(raw[-8:], "big") ^ (len(raw) * LENGTH_MULTIPLIER)) & MASK


def key_table(values: dict[int, int], bits: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
    """Keys and values of an open-addressing table of 2**bits slots, for `look_up`; a key of 0 is a free slot."""
    keys, found = np.zeros(1 << bits, np.uint64), np.zeros(1 << bits, np.int32)
    for key, value in values.items():
        slot = (key * SLOT_MULTIPLIER & MASK) >> (64 - bits)
        while keys[slot]:
            slot = (slot + 1) % len(keys)
        keys[slot], found[slot] = key, value
    return keys, found


def name_table(values: dict[str, int], bits: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
    """A `key_table` by names."""
    return key_table({name_key(name): value for name, value in values.items()}, bits)


@part
def hashed(key: np.uint64, byte: int) -> np.uint64:
    """`key` with one more byte; begin with HASH_START."""
    return np.uint64((key ^ np.uint64(byte)) * np.uint64(HASH_MULTIPLIER))


@part
def followed(key: np.uint64, byte: int) -> np.uint64:
    """`key` with one more byte of the name or word; begin with 0."""
    return np.uint64((key << np.uint64(8)) | np.uint64(byte))


@part
def named(key: np.uint64, length: int) -> np.uint64:
    """The key of a name from its bytes, `followed` one by one, and their number."""
    return np.uint64(key ^ (np.uint64(length) * np.uint64(LENGTH_MULTIPLIER)))


@part
def slot_of(key: np.uint64, bits: int) -> np.uint64:
    """Where a table of 2**bits slots begins to look for `key`."""
    return np.uint64((key * np.uint64(SLOT_MULTIPLIER)) >> np.uint64(64 - bits))


@part
def look_up(keys: npt.NDArray[np.uint64], values: npt.NDArray[np.int32], bits: int, key: np.uint64) -> int:
    """The value of `key` in a `key_table`, 0 where it is not in it."""
    slot = slot_of(key, bits)
    while keys[slot] != 0:
        if keys[slot] == key:
            return int(values[slot])
        slot = (slot + np.uint64(1)) & np.uint64((1 << bits) - 1)
    return 0


@part
def is_in(keys: npt.NDArray[np.uint64], bits: int, key: np.uint64) -> bool:
    """Whether `key` is in a table of keys."""
    slot = slot_of(key, bits)
    while keys[slot] != 0:
        if keys[slot] == key:
            return True
        slot = (slot + np.uint64(1)) & np.uint64((1 << bits) - 1)
    return False


@part
def find(page: Bytes, at: int, byte: int) -> int:
    """Where `byte` stands next, from `at` on; the length of the page where it does not."""
    end = len(page)
    while at + CHUNK <= end:
        seen = np.uint8(0)
        base = np.uint64(at)
        for i in range(CHUNK):
            seen |= np.uint8(page[base + np.uint64(i)] == np.uint8(byte))
        if seen:
            break
        at += CHUNK
    while at < end and page[np.uint64(at)] != byte:
        at += 1
    return at


@kernel
def occurs(page: Bytes, needle: Bytes) -> bool:
    """Whether `needle`, of two bytes or more, stands anywhere in the page."""
    size = len(needle)
    first, last = needle[0], needle[size - 1]
    at, end = 0, len(page) - size + 1
    while at < end:
        if at + CHUNK <= end:
            seen = np.uint8(0)
            base, ahead = np.uint64(at), np.uint64(at + size - 1)
            for i in range(CHUNK):
                seen |= np.uint8(page[base + np.uint64(i)] == first) & np.uint8(page[ahead + np.uint64(i)] == last)
            if not seen:
                at += CHUNK
                continue
        for i in range(at, min(at + CHUNK, end)):
            if page[i] == first and page[i + size - 1] == last:
                k = 1
                while k < size - 1 and page[i + k] == needle[k]:
                    k += 1
                if k >= size - 1:
                    return True
        at += CHUNK
    return False


@kernel
def has_c1(page: Bytes) -> bool:
    """Whether UTF-8 holds U+0080 to U+009F, which only mojibake leaves; U+0085 is a line end and does not count."""
    at, end = 0, len(page) - 1
    while at < end:
        if at + CHUNK <= end:
            seen = np.uint8(0)
            base, ahead = np.uint64(at), np.uint64(at + 1)
            for i in range(CHUNK):
                lead = np.uint8(page[base + np.uint64(i)] == np.uint8(0xC2))
                seen |= lead & np.uint8(page[ahead + np.uint64(i)] < np.uint8(0xA0))
            if not seen:
                at += CHUNK
                continue
        for i in range(at, min(at + CHUNK, end)):
            if page[i] == 0xC2 and page[i + 1] < 0xA0 and page[i + 1] != 0x85:
                return True
        at += CHUNK
    return False


@kernel
def count_byte(page: Bytes, byte: int) -> int:
    """How often `byte` occurs."""
    found = 0
    for i in range(len(page)):
        found += page[np.uint64(i)] == np.uint8(byte)
    return found


@part
def find_end_tag(page: Bytes, at: int) -> int:
    """Where `</` stands next; the length of the page where it does not."""
    end = len(page)
    while True:
        at = find(page, at, LESS)
        if at + 1 >= end:
            return end
        if page[np.uint64(at + 1)] == SLASH:
            return at
        at += 1


@part
def is_letter(byte: int) -> bool:
    """An ASCII letter."""
    return 97 <= (byte | 32) <= 122


@part
def lowered(byte: int) -> int:
    """An ASCII capital as its small letter, any other byte as it is."""
    return byte | 32 if 65 <= byte <= 90 else byte


@part
def end_of_name(page: Bytes, at: int) -> tuple[np.uint64, int, bool]:
    """The key of the tag name that starts at `at`, where it ends, and whether it has a hyphen."""
    key = np.uint64(0)
    hyphen = False
    start, end = at, len(page)
    while at < end:
        byte = int(page[np.uint64(at)])
        if byte <= BLANK or byte in (GREATER, SLASH):
            break
        hyphen |= byte == HYPHEN
        key = followed(key, lowered(byte))
        at += 1
    return named(key, at - start), at, hyphen


@part
def end_of_element(page: Bytes, at: int, key: np.uint64) -> int:
    """Where the end tag of the name with `key` begins, from `at` on; the length of the page where there is none."""
    end = len(page)
    while True:
        at = find_end_tag(page, at)
        if at >= end:
            return end
        found = np.uint64(0)
        i = at + 2
        while i < end and i < at + LONGEST_NAME and is_letter(int(page[np.uint64(i)])):
            found = followed(found, int(page[np.uint64(i)]) | 32)
            i += 1
        if named(found, i - at - 2) == key:
            return at
        at += 2
