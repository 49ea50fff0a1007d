"""Records, gathered into batches of READ_SCHEMA.

A reader yields one `Record` for everything it meets, usable or not; here they are numbered, named and put in columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa

from curate.read.shard import missing_id

BATCH_ROWS = 512
BATCH_BYTES = 8_000_000  # of html and text: what a step holds of a batch stays far below a worker's memory
MAX_DOCUMENT = 64 << 20  # bytes of one document, stored or decoded; above it is no page, and kernels count in int32
HEAD_BYTES = 200  # of a quarantined record, kept to recognise it by


class Record(NamedTuple):
    """One record of the input; the fields are those of READ_SCHEMA."""

    offset: int
    id: str | None = None  # None: a hash of source and offset
    url: str | None = None
    date: int | None = None  # seconds since 1970, UTC
    content_type: str | None = None
    charset: str | None = None
    charset_evidence: str | None = None
    html: str | None = None
    text: str | None = None
    skipped: str | None = None
    error: str | None = None
    head: bytes | None = None
    extra: tuple[Any, ...] = ()  # the source's own columns; () where there are none to tell


def batches(records: Iterable[Record], schema: pa.Schema, source: str) -> Iterator[pa.RecordBatch]:
    """`records` in batches of at most BATCH_ROWS rows and about BATCH_BYTES bytes of payload, whichever comes first."""
    rows: list[Record] = []
    first = size = 0
    for record in records:
        rows.append(record)
        size += len(record.html or record.text or "")
        if len(rows) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield _batch(rows, first, schema, source)
            first, size, rows = first + len(rows), 0, []
    if rows:
        yield _batch(rows, first, schema, source)


def _batch(rows: list[Record], first: int, schema: pa.Schema, source: str) -> pa.RecordBatch:
    columns: list[Any] = [list(column) for column in zip(*rows, strict=True)]
    offsets, ids, extras = columns[0], columns[1], columns[12]
    if None in ids:
        columns[1] = [
            missing_id(source, at) if given is None else given for given, at in zip(ids, offsets, strict=True)
        ]
    own = len(schema) - 13
    values = [range(first, first + len(rows)), *columns[:12]]
    values += [[extra[k] if extra else None for extra in extras] for k in range(own)]
    try:
        arrays = [pa.array(v, field.type) for v, field in zip(values, schema, strict=True)]
    except UnicodeEncodeError:
        if len(rows) == 1:
            return _batch([_unencodable(rows[0])], first, schema, source)
        return _batch([_storable(row) for row in rows], first, schema, source)
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _storable(row: Record) -> Record:
    try:
        for value in (*row[:12], *row.extra):
            if isinstance(value, str):
                value.encode()
    except UnicodeEncodeError:
        return _unencodable(row)
    return row


def _unencodable(row: Record) -> Record:
    """A lone surrogate is no character: it cannot be stored as UTF-8, so the row cannot be a document."""
    head = (row.html or row.text or "")[:HEAD_BYTES].encode("utf-8", "replace")
    return Record(row.offset, error="lone surrogate: a part of the record is not valid Unicode", head=head[:HEAD_BYTES])


def failed(offset: int, error: str, data: bytes = b"", base: Record | None = None) -> Record:
    """A record that cannot be used, with its first bytes and what else is known of it."""
    return (base or Record(offset))._replace(offset=offset, error=error, head=bytes(data[:HEAD_BYTES]))
