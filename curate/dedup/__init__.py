"""Duplicates: of documents that are the same, or nearly, the first in input order is kept.

`exact` compares whole texts, `minhash` sets of word n-grams. Both are sweeps: every shard is sketched, the sketches of
the whole corpus are matched, and each later copy learns the id of the document that is kept in its place.
"""

from __future__ import annotations

from curate.dedup.documents import drop_duplicates
from curate.dedup.exact import Exact
from curate.dedup.minhash import MinHash

__all__ = ["Exact", "MinHash", "drop_duplicates"]
