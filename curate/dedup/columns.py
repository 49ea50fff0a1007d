"""What the duplicate sweeps read of a batch, and how they call the document that is kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.schema import Batch, normalised_strings


def strings(batch: Batch, name: str) -> pa.Array:
    """Column `name` as zero-offset `pa.string()`.

    Raises KeyError where the batch has no such column, TypeError where it does not hold strings.
    """
    at = batch.schema.get_field_index(name)
    if at < 0:
        raise KeyError(f"drop_duplicates reads the column {name!r}; the batch has {', '.join(batch.schema.names)}")
    values = batch.column(at)
    kind = values.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)):
        raise TypeError(f"drop_duplicates reads the column {name!r} as text, but it holds {kind}")
    return normalised_strings(values)


def names(documents: pa.Table, ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """`ids`, with an address for each null: a duplicate must be known as one even if what it repeats has no id.

    `documents` holds the addresses, columns `shard` and `row`, in the order of `ids`.
    """
    if not ids.null_count:
        return ids
    shard, row = (documents[c].cast(pa.string()) for c in ("shard", "row"))
    return pc.if_else(pc.is_valid(ids), ids, pc.binary_join_element_wise("shard", shard, "row", row, " "))


def addresses(table: pa.Table, shard: str, row: str, stride: int) -> npt.NDArray[np.int64]:
    """Columns `shard` and `row` as one int64 each, in input order; every row is below `stride`."""
    shards = table[shard].to_numpy().astype(np.int64)
    if len(shards) and (int(shards.max()) + 1) * stride >= 1 << 63:
        raise OverflowError(
            f"{int(shards.max()) + 1} shards of up to {stride} rows cannot be addressed in 63 bits; use smaller shards"
        )
    return np.asarray(shards * stride + table[row].to_numpy())
