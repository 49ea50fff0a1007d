"""Near-duplicates: documents whose sets of word n-grams overlap, found by MinHash and bands (Leskovec, Rajaraman,
Ullman, *Mining of Massive Datasets*, section 3.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.dedup.columns import addresses, names, strings
from curate.schema import Batch

# What `match` gives and `settle` takes: a pair of documents that share a band, or a document with its sketch.
MATCHES = pa.schema(
    [
        ("shard", pa.int32()),
        ("row", pa.int64()),
        ("first_shard", pa.int32()),  # a pair: the first document with the same band; null for a document
        ("first_row", pa.int64()),
        ("id", pa.string()),
        ("minima", pa.binary()),  # a document: the lowest byte of each minimum; null for a pair
    ]
)


@dataclass(frozen=True)
class MinHash:
    """A sweep that finds documents which nearly repeat an earlier one.

    Two documents are a pair when all `rows` minima of one of the `bands` agree; documents that pairs connect, however
    long the chain, are one cluster, and its first in input order is kept. At similarity J (the share of `ngram`-word
    sequences that two documents have in common) a pair is found with probability 1 - (1 - J**rows)**bands: with 14
    bands of 8, FineWeb's setting, that is 0.05 at J = 0.5, 0.56 at 0.7, 0.92 at 0.8. Where 5 to 15 %
    of the words were edited (J of 0.34 to 0.63) it found 0.10 of the copies, 20 bands of 5 found 0.43. More is found,
    chance pairs included, as `rows` falls; `similarity` keeps those out: a pair, which is a document and the first
    with the same band, counts only if its estimated similarity reaches it (None: every pair counts).

    Words are what `curate.kernels.hashing` says: runs of letters and digits, one character each in Chinese. A text of
    fewer than `ngram` words is one sequence. **A text without words is a duplicate of nothing.**

    Verdict, null for a document that is kept:
    `near_duplicate_of`          the id of the document kept in its place (its address where it has no id)
    `near_duplicate_similarity`  estimated similarity with that one, 0 to 1; standard error about 0.04 for 112 minima

    The sketch is one row per document and band, a part per band, and one more part with every document's id and the
    lowest byte of each minimum, from which similarity is estimated (b-bit minwise hashing, Li and König 2010).
    Measured for a million documents of 112 minima, a fifth of them copies: `match` of a band 0.14 CPU s, `settle`
    1.7 CPU s on 0.28 GB of matches with 0.24 GB of its own; all of it grows in proportion.
    """

    ngram: int = 5  # words
    bands: int = 14
    rows: int = 8
    seed: int = 1
    similarity: float | None = None
    version: ClassVar[str] = "1"

    def __post_init__(self) -> None:
        for name in ("ngram", "bands", "rows"):
            value = getattr(self, name)
            if value < 1:
                raise ValueError(f"drop_duplicates: {name}={value!r}; it is a count, at least 1")
        if not 0 <= self.seed < 1 << 32:
            raise ValueError(f"drop_duplicates: seed={self.seed!r}; it is a number from 0 to 4294967295")
        if self.similarity is not None and not 0 < self.similarity <= 1:
            raise ValueError(f"drop_duplicates: similarity={self.similarity!r}; it is above 0 and at most 1, or null")

    @property
    def name(self) -> str:
        return "drop_duplicates(minhash)"

    @property
    def parts(self) -> int:
        return self.bands + 1

    @property
    def verdict(self) -> pa.Schema:
        return pa.schema([("near_duplicate_of", pa.string()), ("near_duplicate_similarity", pa.float64())])

    def sketch(self, batch: Batch) -> pa.Table:
        """A `key` (uint64) per document and band; in the last part the `id` and the `minima` of each document."""
        from curate.kernels import string_buffers
        from curate.kernels.minhash import band_keys, permutations, signatures

        offsets, data = string_buffers(strings(batch, "text"))
        minima, words = signatures(offsets, data, self.ngram, *permutations(self.bands * self.rows, self.seed))
        index = np.flatnonzero(words)
        minima, n = minima[index], len(index)
        keys = pa.array(band_keys(minima, self.bands, self.rows).reshape(-1))
        ids = strings(batch, "id").take(pa.array(index))
        return pa.table(
            {
                "part": np.repeat(np.arange(self.parts, dtype=np.int32), n),
                "index": np.tile(index, self.parts),
                "key": pa.concat_arrays([keys, pa.nulls(n, pa.uint64())]),
                "id": pa.concat_arrays([pa.nulls(n * self.bands, pa.string()), ids]),
                "minima": pa.concat_arrays([pa.nulls(n * self.bands, pa.binary()), low_bytes(minima)]),
            }
        )

    def match(self, sketches: pa.Table) -> pa.Table:
        """Of a band: each document whose key is not new, with the first that had it. Of the last part: all of it."""
        n = sketches.num_rows
        if sketches["key"].null_count == n:
            none = {"first_shard": pa.nulls(n, pa.int32()), "first_row": pa.nulls(n, pa.int64())}
            return pa.table({f: none[f] if f in none else sketches[f] for f in MATCHES.names}, schema=MATCHES)
        from curate.kernels.clusters import repeats

        later, first = repeats(sketches["key"].to_numpy())
        shard, row = sketches["shard"].to_numpy(), sketches["row"].to_numpy()
        pairs = {"shard": shard[later], "row": row[later], "first_shard": shard[first], "first_row": row[first]}
        none = {"id": pa.nulls(len(later), pa.string()), "minima": pa.nulls(len(later), pa.binary())}
        return pa.table(pairs | none, schema=MATCHES)

    def settle(self, matches: pa.Table) -> pa.Table:
        """Every document that is not the first of its cluster, in input order, with what `verdict` says of it."""
        from curate.kernels.clusters import first_of_cluster

        where = np.flatnonzero(matches["minima"].is_valid().to_numpy())  # the documents among the matches
        documents = matches.select(["shard", "row"]).take(pa.array(where))
        pairs = matches.select(MATCHES.names[:4]).filter(pc.is_valid(matches["first_row"]))
        minima = byte_rows(matches["minima"], self.bands * self.rows)
        stride = (pc.max(documents["row"]).as_py() or 0) + 1
        address = addresses(documents, "shard", "row", stride)
        order = np.argsort(address)  # documents by address: clusters speak of positions in this order
        address = address[order]
        left = np.searchsorted(address, addresses(pairs, "first_shard", "first_row", stride))
        right = np.searchsorted(address, addresses(pairs, "shard", "row", stride))
        if self.similarity is not None:
            alike = estimated_similarity(minima, order[left], order[right]) >= self.similarity
            left, right = left[alike], right[alike]
        first = first_of_cluster(len(address), left, right)
        later = np.flatnonzero(first != np.arange(len(first)))
        gone, kept = order[later], order[first[later]]
        found = documents.take(pa.array(gone))
        ids = names(documents.take(pa.array(kept)), matches["id"].take(pa.array(where[kept])))
        found = found.append_column("near_duplicate_of", ids)
        return found.append_column("near_duplicate_similarity", pa.array(estimated_similarity(minima, gone, kept)))


def estimated_similarity(
    minima: npt.NDArray[np.uint8], left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Estimated Jaccard similarity of rows `left[i]` and `right[i]`, 0 to 1, from the lowest byte of each minimum.

    Bytes of unequal minima agree once in 256, which is taken off (Li and König 2010, equation 5, for large sets).
    """
    from curate.kernels.minhash import count_equal

    equal = count_equal(minima, left, right) / minima.shape[1]
    return np.asarray(np.maximum((equal - 1 / 256) / (1 - 1 / 256), 0.0))


def low_bytes(minima: npt.NDArray[np.uint32]) -> pa.Array:
    """The lowest byte of each minimum, one `pa.binary()` value per document."""
    documents, width = minima.shape
    offsets = np.arange(documents + 1, dtype=np.int32) * np.int32(width)
    data = np.ascontiguousarray(minima.astype(np.uint8))  # keeps the lowest byte
    return pa.Array.from_buffers(pa.binary(), documents, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def byte_rows(column: pa.ChunkedArray, width: int) -> npt.NDArray[np.uint8]:
    """The values of a binary column that are not null, `width` bytes each, as uint8 of shape (values, width)."""
    pieces = []
    for chunk in column.chunks:
        if chunk.null_count < len(chunk):  # nulls take no bytes
            _, offsets, data = chunk.buffers()
            bounds = np.frombuffer(offsets, np.int32)
            pieces.append(np.frombuffer(data, np.uint8)[bounds[chunk.offset] : bounds[chunk.offset + len(chunk)]])
    flat = pieces[0] if len(pieces) == 1 else np.concatenate([np.zeros(0, np.uint8), *pieces])
    flat.flags.writeable = False  # always, so that the kernel is compiled once
    return flat.reshape(-1, width)
