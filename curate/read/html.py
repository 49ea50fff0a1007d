"""Saved web pages: a folder of HTML files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from curate.read.batches import batches
from curate.read.files import FILE, file_records
from curate.read.shard import Seen, Shard, find_inputs, grouped, shard_bytes
from curate.schema import READ_SCHEMA

SUFFIXES = (".html", ".htm", ".xhtml")


@dataclass(frozen=True)
class Html:
    """The documents of a folder of pages. Made by `html`."""

    paths: tuple[str, ...]
    shard_mb: float

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([*READ_SCHEMA, FILE])

    def shards(self) -> list[Shard]:
        return grouped(find_inputs(self.paths, SUFFIXES), shard_bytes(self.shard_mb))

    def read(self, shard: Shard, seen: Seen) -> Iterator[pa.RecordBatch]:
        records = file_records(shard, seen, markup=True, content_type="text/html")
        yield from batches(records, self.schema, shard.source)


def html(folder: str | list[str], shard_mb: float = 16) -> Html:
    """Saved pages: .html, .htm and .xhtml files, one document each.

    `folder`    a folder, searched deeply, or a file, a pattern such as "saved/**/*.html", or a list of these
    `shard_mb`  megabytes that one task reads, on average; which files share a task depends on their names alone,
                so that a file more changes no other task than the one it falls into

    The column `file` is the name relative to `folder`; the id is a hash of it. `url` is null: files do not know theirs.
    """
    return Html((folder,) if isinstance(folder, str) else tuple(folder), shard_mb)
