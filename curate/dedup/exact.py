"""Exact copies: texts that are equal once white space and the case of ASCII letters are set aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.dedup.columns import names, strings
from curate.schema import Batch

PARTS = 16  # by the first four bits of the hash: 10 million documents are 0.6 million, about 45 MB, per part


@dataclass(frozen=True)
class Exact:
    """A sweep that finds documents whose column `by` repeats that of an earlier document.

    Compared is a 128-bit hash (xxh3) of the text with each run of white space, U+3000 included, as one space, none at
    the ends, and A-Z as a-z; punctuation and everything else count. Of 110,995 blocks of web pages 5,715 repeat an
    earlier one byte for byte and 77 more in this way; ignoring punctuation would add 102, which are MinHash's matter.

    A text that is null or has nothing but white space is a duplicate of nothing: an empty page is another rule's.

    Verdict: `exact_duplicate_of`, the id of the first document with that text (its address where it has no id), and
    null for a document that is kept.
    """

    by: str = "text"
    version: ClassVar[str] = "1"

    @property
    def name(self) -> str:
        return "drop_duplicates(exact)"

    @property
    def parts(self) -> int:
        return PARTS

    @property
    def verdict(self) -> pa.Schema:
        return pa.schema([("exact_duplicate_of", pa.string())])

    def sketch(self, batch: Batch) -> pa.Table:
        """Per document with text: the two halves of its hash, `high` and `low` (uint64), and its id."""
        index, hashes = text_hashes(strings(batch, self.by))
        return pa.table(
            {
                "part": (hashes[:, 0] >> np.uint64(64 - (PARTS - 1).bit_length())).astype(np.int32),
                "index": index,
                "high": np.ascontiguousarray(hashes[:, 0]),
                "low": np.ascontiguousarray(hashes[:, 1]),
                "id": strings(batch, "id").take(pa.array(index)),
            }
        )

    def match(self, sketches: pa.Table) -> pa.Table:
        """The later copies in this part, each with what `verdict` says of it."""
        from curate.kernels.clusters import repeats

        later, first = repeats(sketches["high"].to_numpy(), sketches["low"].to_numpy())
        kept = sketches.select(["shard", "row", "id"]).take(pa.array(first))
        copies = sketches.select(["shard", "row"]).take(pa.array(later))
        return copies.append_column("exact_duplicate_of", names(kept, kept["id"]))

    def settle(self, matches: pa.Table) -> pa.Table:
        """Every later copy, in input order, with what `verdict` says of it."""
        found = matches.select(["shard", "row", *self.verdict.names])
        return found.sort_by([("shard", "ascending"), ("row", "ascending")])


def text_hashes(texts: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    """The rows that have text, int64 of shape (n,), and their hashes, uint64 of shape (n, 2), high half first."""
    from xxhash import xxh3_128_digest

    from curate.kernels import string_buffers
    from curate.kernels.hashing import fold_spaces_and_case

    offsets, data = string_buffers(texts)
    folded = np.empty(len(data), np.uint8)
    bounds = fold_spaces_and_case(offsets, data, folded)
    rows = np.flatnonzero(np.diff(bounds))
    view = memoryview(folded.data)
    digests = b"".join(
        [xxh3_128_digest(view[a:b]) for a, b in zip(bounds[rows].tolist(), bounds[rows + 1].tolist(), strict=True)]
    )
    return rows, np.frombuffer(digests, ">u8").astype(np.uint64).reshape(-1, 2)
