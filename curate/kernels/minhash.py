"""MinHash signatures of word n-grams (Broder 1997), and their band keys.

A document is the set of its n-grams of words. A permutation is `a * h + b` modulo 2**32 with odd `a` over the mixed
32-bit hash of an n-gram: the scheme that datasketch 2 calls affine32, number for number, so that its indexes can be
queried with our signatures.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.kernels import kernel
from curate.kernels.hashing import Integer, hash_words

U32, U64 = np.uint32, np.uint64

SHINGLE_MULTIPLIER = U64(0xD6E8FEB86659FD93)
BAND_MULTIPLIER = U64(0x9E3779B97F4A7C15)
NO_MINIMUM = U32(0xFFFFFFFF)  # the signature of a document without words, in every place
BLOCK = 4096  # n-grams hashed before the permutations run over them: 16 KB, which stay in the first-level cache


def permutations(count: int, seed: int) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """`count` pairs (a, b), each uint32 of shape (count,), drawn as `datasketch.MinHash(count, seed)` draws them."""
    draw = np.random.RandomState(seed)
    a = draw.randint(0, 1 << 31, count, dtype=np.uint32) * U32(2) + U32(1)
    return a, draw.randint(0, 1 << 32, count, dtype=np.uint32)


@kernel
def mix32(value: np.uint32) -> np.uint32:
    """The finaliser of MurmurHash3, 32 bit: one-to-one, every input bit reaches every output bit."""
    x = U32(value)
    x = U32(x ^ (x >> U32(16)))
    x = U32(x * U32(0x85EBCA6B))
    x = U32(x ^ (x >> U32(13)))
    x = U32(x * U32(0xC2B2AE35))
    return U32(x ^ (x >> U32(16)))


@kernel
def mix64(value: np.uint64) -> np.uint64:
    """The finaliser of SplitMix64: one-to-one, every input bit reaches every output bit."""
    x = value
    x = (x ^ (x >> U64(30))) * U64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> U64(27))) * U64(0x94D049BB133111EB)
    return x ^ (x >> U64(31))


@kernel
def lower_minima(
    hashes: npt.NDArray[np.uint32],
    count: Integer,
    a: npt.NDArray[np.uint32],
    b: npt.NDArray[np.uint32],
    minima: npt.NDArray[np.uint32],
) -> None:
    """Lower `minima` (shape of `a`) to what the first `count` mixed `hashes` reach under each permutation."""
    for k in range(a.shape[0]):  # permutations outside, n-grams inside: the minimum stays in vector registers
        factor, shift, least = a[k], b[k], minima[k]
        for i in range(count):
            least = min(least, U32(factor * hashes[i] + shift))
        minima[k] = least


@kernel
def signatures(
    offsets: npt.NDArray[np.int32],
    data: npt.NDArray[np.uint8],
    ngram: int,
    a: npt.NDArray[np.uint32],
    b: npt.NDArray[np.uint32],
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Signatures, uint32 of shape (texts, permutations), and word counts, int64 of shape (texts,).

    A text of fewer than `ngram` words is one n-gram of all its words; without words its signature is NO_MINIMUM
    throughout and means nothing. Time is linear in bytes; memory is four bytes per byte of the longest text.
    """
    texts = offsets.shape[0] - 1
    minima = np.full((texts, a.shape[0]), NO_MINIMUM, np.uint32)
    counts = np.zeros(texts, np.int64)
    longest = np.int64(0)
    for text in range(texts):
        longest = max(longest, np.int64(offsets[text + 1]) - np.int64(offsets[text]))
    words = np.empty(longest // 2 + 1, np.uint64)
    block = np.empty(BLOCK, np.uint32)
    for text in range(texts):
        count = hash_words(data, np.int64(offsets[text]), np.int64(offsets[text + 1]), words)
        counts[text] = count
        if count == 0:
            continue
        size = min(ngram, count)
        rolling = U64(0)  # sum of words[i] * SHINGLE_MULTIPLIER ** (size - 1 - i), modulo 2**64
        oldest = U64(1)  # SHINGLE_MULTIPLIER ** size: what the word that leaves is multiplied by
        for i in range(size - 1):
            rolling = rolling * SHINGLE_MULTIPLIER + words[i]
        for _ in range(size):
            oldest *= SHINGLE_MULTIPLIER
        filled = np.int64(0)
        for i in range(size - 1, count):
            rolling = rolling * SHINGLE_MULTIPLIER + words[i]
            if i >= size:
                rolling -= words[i - size] * oldest
            block[filled] = mix32(U32(mix64(rolling) >> U64(32)))
            filled += 1
            if filled == BLOCK:
                lower_minima(block, filled, a, b, minima[text])
                filled = np.int64(0)
        lower_minima(block, filled, a, b, minima[text])
    return minima, counts


@kernel
def band_keys(minima: npt.NDArray[np.uint32], bands: int, rows: int) -> npt.NDArray[np.uint64]:
    """One key per band and document, uint64 of shape (bands, documents): equal where all `rows` minima are.

    Chance makes two different bands equal once in 2**64 pairs.
    """
    keys = np.empty((bands, minima.shape[0]), np.uint64)
    for document in range(minima.shape[0]):
        for band in range(bands):
            value = U64(0)
            for k in range(band * rows, (band + 1) * rows):
                value = (value ^ U64(minima[document, k])) * BAND_MULTIPLIER
                value ^= value >> U64(32)
            keys[band, document] = mix64(value)
    return keys


@kernel
def count_equal(
    minima: npt.NDArray[np.uint8], left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """In how many places row `left[i]` of `minima` equals row `right[i]`, int64 of shape (pairs,)."""
    out = np.zeros(left.shape[0], np.int64)
    for pair in range(left.shape[0]):
        equal = 0
        for k in range(minima.shape[1]):
            equal += minima[left[pair], k] == minima[right[pair], k]
        out[pair] = equal
    return out
