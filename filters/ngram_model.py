"""fastText models without a vocabulary, read from their file and scored by a compiled kernel: several times the speed
of the library, and numpy arrays in and out.

Such a model (`-minCount` above every count) knows a word by its n-grams of letters only. Its probability vector is
softmax(output · mean of the n-gram vectors) (arXiv 1607.01759, section 2; n-grams: arXiv 1607.04606, section 3.2).
"""

from __future__ import annotations

import functools
import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.kernels import kernel, string_buffers

MAGIC, VERSION = 793_712_314, 12  # fasttext.cc
SUPERVISED, SOFTMAX = 3, 3
WORD_BEGIN, WORD_END = 60, 62  # "<" and ">", put around each word

U32 = np.uint32
HASH_START, HASH_PRIME = U32(2_166_136_261), U32(16_777_619)  # 32-bit FNV-1a


@dataclass(frozen=True)
class NgramModel:
    """The numbers of a model: `ngrams` float32 (rows, dim), `output` float32 (labels, dim).

    `row_of`, int32 of shape (buckets,), says which row an n-gram's hash leads to; -1 where it was pruned.
    """

    labels: tuple[str, ...]
    row_of: npt.NDArray[np.int32]
    ngrams: npt.NDArray[np.float32]
    output: npt.NDArray[np.float32]
    shortest: int
    longest: int

    def probabilities(self, texts: pa.StringArray) -> npt.NDArray[np.float32]:
        """Float32 of shape (n, labels), rows adding to 1; all zero for a text without a word. Spaces separate words."""
        offsets, data = string_buffers(texts)
        out = np.zeros((len(offsets) - 1, len(self.labels)), np.float32)
        if len(out):
            _score(offsets, data, self.row_of, self.ngrams, self.output, self.shortest, self.longest, out)
        return out


class _File:
    """The bytes of a model file, read in order."""

    def __init__(self, path: Path) -> None:
        self.path, self.data, self.at = path, path.read_bytes(), 0

    def numbers(self, layout: str) -> tuple[int, ...]:
        """Little-endian numbers, as `struct` writes their layout."""
        layout = "<" + layout
        self.need(struct.calcsize(layout))
        found = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return found

    def array(self, dtype: str, count: int) -> npt.NDArray[np.generic]:
        size = np.dtype(dtype).itemsize * count
        self.need(size)
        self.at += size
        return np.frombuffer(self.data, dtype, count, self.at - size)

    def text(self) -> str:
        end = self.data.find(b"\0", self.at)
        self.need(end - self.at if end >= 0 else len(self.data))
        found = self.data[self.at : end].decode()
        self.at = end + 1
        return found

    def need(self, size: int) -> None:
        if size < 0 or self.at + size > len(self.data):
            raise ValueError(f"{self.path} ends in the middle (byte {len(self.data)}); copy or train it again")


@functools.cache
def read_ngram_model(path: str, sha256: str) -> NgramModel:
    """The model in this file, which must be a supervised softmax model without words, with this digest.

    Raises ValueError for any other file, FileNotFoundError for none.
    """
    file = _File(Path(path))
    found = hashlib.sha256(file.data).hexdigest()
    if found != sha256:
        raise ValueError(f"{path} is damaged or another file: its sha256 is {found}, expected {sha256}")
    if file.numbers("ii") != (MAGIC, VERSION):
        raise ValueError(f"{path} is no fastText model; expected a .bin or .ftz file of version {VERSION}")
    dim, _, _, _, _, word_ngrams, loss, kind, buckets, shortest, longest, _ = file.numbers("12i")
    file.numbers("d")
    size, words, labels, _, pruned = file.numbers("iiiqq")
    if kind != SUPERVISED or loss != SOFTMAX or words or word_ngrams > 1 or pruned == 0:
        raise ValueError(
            f"{path}: expected a supervised softmax model of letters alone, without words or word n-grams "
            f"(has {words} words); use filters.fasttext_models for any other"
        )
    names = []
    for _ in range(size):
        names.append(file.text().removeprefix("__label__"))
        file.numbers("qb")
    row_of = np.arange(buckets, dtype=np.int32)
    if pruned > 0:
        pairs = file.array("<i4", 2 * pruned).reshape(-1, 2)
        row_of[:] = -1
        if pairs.min() < 0 or pairs[:, 0].max() >= buckets or pairs[:, 1].max() >= pruned:
            raise ValueError(f"{path}: its table of n-grams leads outside of the model; copy or train it again")
        row_of[pairs[:, 0]] = pairs[:, 1]
    (quantised,) = file.numbers("?")
    ngrams = _quantised_matrix(file) if quantised else _matrix(file)
    (quantised_output,) = file.numbers("?")
    output = _quantised_matrix(file) if quantised and quantised_output else _matrix(file)
    rows = pruned if pruned > 0 else buckets
    if ngrams.shape != (rows, dim) or output.shape != (labels, dim) or len(names) != labels:
        raise ValueError(f"{path}: matrices of shape {ngrams.shape} and {output.shape} do not fit its header")
    return NgramModel(tuple(names), row_of, ngrams, output, shortest, longest)


def _matrix(file: _File) -> npt.NDArray[np.float32]:
    rows, columns = file.numbers("qq")
    return file.array("<f4", rows * columns).reshape(rows, columns).astype(np.float32)


def _quantised_matrix(file: _File) -> npt.NDArray[np.float32]:
    """A product-quantised matrix, written out: one byte stands for `part` neighbouring numbers of a row."""
    normed, rows, columns, size = file.numbers("?qqi")
    codes = file.array("u1", size).reshape(rows, -1)
    out = _decoded(file, codes, columns)
    if normed:
        norm_codes = file.array("u1", rows).reshape(rows, 1)
        out *= _decoded(file, norm_codes, 1)
    return out


def _decoded(file: _File, codes: npt.NDArray[np.generic], columns: int) -> npt.NDArray[np.float32]:
    dim, parts, part, last = file.numbers("4i")
    if dim != columns or codes.shape[1] != parts:
        raise ValueError(f"{file.path}: {parts} codes of {dim} numbers do not fit a matrix of {columns} columns")
    centroids = file.array("<f4", dim * 256)
    out = np.empty((len(codes), columns), np.float32)
    for i in range(parts):
        width = last if i == parts - 1 else part
        table = centroids[i * 256 * part : i * 256 * part + 256 * width].reshape(256, width)
        out[:, i * part : i * part + width] = table[codes[:, i]]
    return out


@kernel
def _hashed(value: np.uint32, byte: int) -> np.uint32:
    """One step of FNV-1a; fastText reads bytes as signed."""
    return U32(U32(U32(value) ^ U32(np.int8(byte))) * HASH_PRIME)


@kernel
def _score(
    offsets: npt.NDArray[np.int32],
    data: npt.NDArray[np.uint8],
    row_of: npt.NDArray[np.int32],
    ngrams: npt.NDArray[np.float32],
    output: npt.NDArray[np.float32],
    shortest: int,
    longest: int,
    out: npt.NDArray[np.float32],
) -> None:
    buckets, dim = U32(len(row_of)), ngrams.shape[1]
    hidden = np.empty(dim, np.float32)
    longest_word = 0
    for row in range(len(offsets) - 1):
        longest_word = max(longest_word, int(offsets[row + 1]) - int(offsets[row]))
    word = np.empty(longest_word + 2, np.uint8)
    for row in range(len(offsets) - 1):
        at, end = int(offsets[row]), int(offsets[row + 1])
        hidden[:] = np.float32(0)
        features = 0
        while at < end:
            if data[at] == 32:
                at += 1
                continue
            word[0] = WORD_BEGIN
            size = 1
            while at < end and data[at] != 32:
                word[size] = data[at]
                size += 1
                at += 1
            word[size] = WORD_END
            size += 1
            for first in range(size):
                if word[first] & 0xC0 == 0x80:
                    continue
                value = HASH_START
                last, length = first, 1
                while last < size and length <= longest:
                    value = _hashed(value, word[last])
                    last += 1
                    while last < size and word[last] & 0xC0 == 0x80:
                        value = _hashed(value, word[last])
                        last += 1
                    if length >= shortest and not (length == 1 and (first == 0 or last == size)):
                        ngram = np.int64(row_of[np.int64(value % buckets)])
                        if ngram >= 0:
                            for i in range(dim):
                                hidden[i] += ngrams[ngram, i]
                            features += 1
                    length += 1
        if features == 0:
            continue
        most = np.float32(-np.inf)
        for label in range(len(output)):
            logit = np.float32(0)
            for i in range(dim):
                logit += output[label, i] * hidden[i]
            logit /= np.float32(features)
            out[row, label] = logit
            most = max(most, logit)
        total = np.float32(0)
        for label in range(len(output)):
            out[row, label] = np.exp(out[row, label] - most)
            total += out[row, label]
        for label in range(len(output)):
            out[row, label] /= total
