"""The columns every part of a run agrees on, and the one word for a table of documents: Batch.

There is no document class. A document is a row of a `pyarrow.RecordBatch`, and what is known of it are columns.
"""

from __future__ import annotations

from typing import TypeAlias

import pyarrow as pa

Batch: TypeAlias = pa.RecordBatch

# What a source yields: one row per record of the input, so that nothing can be lost unseen.
#   a document   `skipped` and `error` are null
#   skipped      `skipped` says why (a redirect, an image, a blank line); counted by reason, in no ledger
#   quarantined  `error` says why it cannot be used; `head` holds its first bytes
READ_SCHEMA = pa.schema(
    [
        ("row", pa.int64()),  # ordinal of the record in its shard, skipped and quarantined records included
        ("offset", pa.int64()),  # where the record starts: byte of the stored file (Parquet: row of the file)
        ("id", pa.string()),  # as the input names it, else a hash of (source, offset)
        ("url", pa.string()),
        ("date", pa.timestamp("s", "UTC")),
        ("content_type", pa.string()),  # mime type in lower case, without parameters
        ("charset", pa.string()),  # what the bytes were decoded with
        ("charset_evidence", pa.string()),  # bom, http, meta, utf-8 or detector
        ("html", pa.string()),  # markup still to be extracted; null where `text` is given
        ("text", pa.string()),
        ("skipped", pa.string()),
        ("error", pa.string()),
        ("head", pa.binary()),  # the first bytes of a record that is quarantined, else null
    ]
)

# Columns of the reading that never travel further than the first task.
READING_ONLY = ("skipped", "head")

# What a document's end can be. The identity, checked at every commit:
#   records = skipped + documents;  documents = kept + dropped + quarantined
KEPT, DROPPED, QUARANTINED = "kept", "dropped", "quarantined"


def empty(schema: pa.Schema) -> Batch:
    """A batch of no rows with every column of `schema`."""
    return pa.RecordBatch.from_arrays([pa.array([], f.type) for f in schema], schema=schema)


def set_column(batch: Batch, name: str, values: pa.Array) -> Batch:
    """`batch` with column `name` replaced, or added at the end."""
    at = batch.schema.get_field_index(name)
    field = pa.field(name, values.type)
    return batch.append_column(field, values) if at < 0 else batch.set_column(at, field, values)


def normalised_strings(column: pa.Array) -> pa.Array:
    """`column` as zero-offset `pa.string()` with a data buffer: what the kernels may assume.

    Arrow allows the data buffer of a string array to be missing when all strings are empty, and slices to carry
    an offset; both have crashed code that reads the buffers.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    if column.offset or column.buffers()[2] is None:
        column = pa.concat_arrays([column, pa.array([""], pa.string())]).slice(0, len(column))
        if column.offset or column.buffers()[2] is None:  # still no bytes at all: give it one that no offset uses
            column = pa.Array.from_buffers(
                pa.string(), len(column), [column.buffers()[0], column.buffers()[1], pa.py_buffer(b"\0")]
            )
    return column
