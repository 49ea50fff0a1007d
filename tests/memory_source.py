"""A source of rows held in memory, in shards of its own: for tests of the engine without files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from curate.read import Seen, Shard
from curate.schema import READ_SCHEMA, Batch


@dataclass(frozen=True)
class Memory:
    """`texts`, one document each; None stands for a record that is skipped, and bytes for one that cannot be read."""

    texts: tuple[str | bytes | None, ...]
    shard_rows: int = 100
    batch_rows: int = 7
    home: str = ""  # a file that exists, since shards are hashed as files

    @property
    def schema(self) -> pa.Schema:
        return READ_SCHEMA

    def shards(self) -> list[Shard]:
        starts = range(0, max(len(self.texts), 1), self.shard_rows)
        return [
            Shard(
                self.home or __file__,
                f"memory-{s:05d}",
                s,
                s + self.shard_rows,
                len(self.texts),
                len(repr(self._rows(s))),
            )
            for s in starts
        ]

    def read(self, shard: Shard, seen: Seen) -> Iterator[Batch]:
        rows = self._rows(shard.start)
        seen.first, seen.end = (shard.start if rows else None), shard.start + len(rows)
        for at in range(0, len(rows), self.batch_rows):
            part = rows[at : at + self.batch_rows]
            columns: dict[str, list[object]] = {name: [None] * len(part) for name in READ_SCHEMA.names}
            columns["row"] = list(range(at, at + len(part)))
            columns["offset"] = [shard.start + at + i for i in range(len(part))]
            columns["id"] = [f"d{shard.start + at + i:06d}" for i in range(len(part))]
            columns["url"] = [f"https://site{(at + i) % 3}.example/{at + i}" for i in range(len(part))]
            columns["text"] = [t if isinstance(t, str) else None for t in part]
            columns["skipped"] = ["blank" if t is None else None for t in part]
            columns["error"] = ["broken: not text" if isinstance(t, bytes) else None for t in part]
            columns["head"] = [t if isinstance(t, bytes) else None for t in part]
            yield pa.RecordBatch.from_pydict(columns, schema=READ_SCHEMA)

    def _rows(self, start: int) -> tuple[str | bytes | None, ...]:
        return self.texts[start : start + self.shard_rows]
