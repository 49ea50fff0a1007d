"""A sweep is a step that must see the whole corpus before it can judge one row.

Three small functions; the runner does the reading, writing and joining between them.

    sketch per batch  ->  match per part  ->  settle once  ->  verdict columns, joined to the rows
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import pyarrow as pa

from curate.schema import Batch


@runtime_checkable
class Sweep(Protocol):
    """What drop_duplicates, templates and decontamination are made of.

    A row is addressed by (`shard`: int32, `row`: int64); the order of addresses is the order of the input, so "the
    first of a cluster" is the smallest address. The verdict is joined back as ordinary columns, null where `settle`
    says nothing, and a `keep` rule then does the dropping as for any other column.
    """

    @property
    def name(self) -> str: ...

    @property
    def parts(self) -> int:
        """How many `match` calls may run side by side."""

    @property
    def verdict(self) -> pa.Schema:
        """The columns this sweep adds."""

    def sketch(self, batch: Batch) -> pa.Table:
        """Per batch. Columns: `part` (int32, 0 <= part < parts), `index` (int64, row in this batch), and what
        `match` needs. The runner replaces `index` by `shard` and `row`."""

    def match(self, sketches: pa.Table) -> pa.Table:
        """Per part, on all sketches of that part, ordered by (shard, row). Whatever columns `settle` wants."""

    def settle(self, matches: pa.Table) -> pa.Table:
        """Once, on the matches of all parts. Columns: `shard`, `row` and those of `verdict`."""
