"""Folders of small files: one document per file, many files per shard."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from curate.read.batches import HEAD_BYTES, MAX_DOCUMENT, Record
from curate.read.packing import inflated
from curate.read.shard import Input, Seen, Shard, missing_id
from curate.read.stored import Damage, Window
from curate.read.warc import decoded

FILE = pa.field("file", pa.string())  # relative name of the file a row is from: a shard holds several


def file_records(shard: Shard, seen: Seen, *, markup: bool, content_type: str | None) -> Iterator[Record]:
    """One record per file of `shard`, decompressed and decoded. `offset` counts as if the files were laid end to end.

    Raises OSError, which names the file, where one is gone or may not be read.
    """
    seen.first = 0
    offset = 0
    for file in shard.files:
        record = _file_record(file, offset, markup, content_type)
        if record.error:
            seen.damaged_bytes += file.size
        else:
            seen.read_bytes += file.size
        yield record
        offset += file.size
    seen.end = shard.size


def _file_record(file: Input, offset: int, markup: bool, content_type: str | None) -> Record:
    base = Record(offset, id=missing_id(file.source, 0), content_type=content_type, extra=(file.source,))
    with Window(file.path, buffer=1 << 16) as window:
        parts: list[bytes] = []
        total = 0
        try:
            for block in inflated(window):
                parts.append(block)
                total += len(block)
                if total > MAX_DOCUMENT:
                    error = f"too large: more than {MAX_DOCUMENT:,} bytes"
                    return base._replace(error=error, head=parts[0][:HEAD_BYTES])
        except Damage as damage:
            return base._replace(error=str(damage), head=b"".join(parts)[:HEAD_BYTES])
    body = b"".join(parts)
    if not body.strip():
        return base._replace(skipped="empty file")
    return decoded(base, body, None, markup=markup)
