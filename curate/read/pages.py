"""How much memory a Parquet row group asks for: a few hundred stored bytes can stand for gigabytes.

Sizes are read where pages begin, since a footer may say anything: a page's header opens with its kind and its inflated
size. (Apache Parquet format, PageHeader in parquet.thrift; Thrift compact protocol)
"""

from __future__ import annotations

import os
from typing import Any

from curate.read.batches import BATCH_BYTES, BATCH_ROWS, MAX_DOCUMENT

MAX_PAGE = 4 * MAX_DOCUMENT  # inflated bytes; writers end pages at about 1 MB, unless one value is larger
MAX_RATIO = 200  # inflated to stored, of columns that are inflated larger than a page may be

_I32_AFTER_ONE = 0x15  # a Thrift field header: the next field, an integer


def oversized(path: str, group: Any, columns: list[str]) -> str | None:
    """Why the row group is not to be read, if it holds a page of `columns` that no document needs."""
    for column in _wanted(group, columns):
        inflated, stored = column.total_uncompressed_size, max(column.total_compressed_size, 1)
        page = max(_page_bytes(path, column.dictionary_page_offset), _page_bytes(path, column.data_page_offset))
        if page > MAX_PAGE or (inflated > MAX_PAGE and inflated > MAX_RATIO * stored):
            return (
                f"column {column.path_in_schema!r} has {stored:,} stored bytes that stand for {max(page, inflated):,}"
            )
    return None


def rows_at_once(path: str, group: Any, columns: list[str]) -> int:
    """How many rows to decode together: each may repeat the largest value of a dictionary, for two stored bytes."""
    each = max(group.total_byte_size // max(group.num_rows, 1), 1)
    repeated = sum(_page_bytes(path, c.dictionary_page_offset) for c in _wanted(group, columns))
    return int(max(min(BATCH_ROWS, BATCH_BYTES // each, MAX_DOCUMENT // max(repeated, 1)), 1))


def _wanted(group: Any, columns: list[str]) -> list[Any]:
    names = set(columns)
    found = [group.column(c) for c in range(group.num_columns)]
    return [c for c in found if c.path_in_schema in names or c.path_in_schema.split(".")[0] in names]


def _page_bytes(path: str, at: int | None) -> int:
    """Inflated bytes of the page that begins at `at`; 0 where there is none, or none that can be told."""
    if at is None:
        return 0
    with open(path, "rb") as file:
        head = os.pread(file.fileno(), 16, max(at, 0))
    if head[:1] != bytes([_I32_AFTER_ONE]):
        return 0
    _, at = _varint(head, 1)
    if head[at : at + 1] != bytes([_I32_AFTER_ONE]):
        return 0
    return _varint(head, at + 1)[0] >> 1  # zigzag


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 128:
            break
    return value, at
