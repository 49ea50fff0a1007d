"""Compiled loops straight on Arrow buffers: arrays in, arrays out, no policy.

Each kernel has a slow twin in plain Python (`tests/reference.py`) that it must equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba  # type: ignore[import-untyped,unused-ignore]
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.schema import normalised_strings

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """`function`, compiled by numba at its first call and kept on disk beside its source.

    Bounds are not checked and the interpreter lock is let go, so a kernel reads only inside the arrays it is given.
    What is kept is renewed when the kernel's own file changes, not when a kernel it calls in another file does: after
    editing one, touch the files that call it. Integers wrap; mixing int64 and uint64 silently gives float64, hence
    `np.uint64` on every constant.
    """
    compiled = numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")(function)
    return cast(F, compiled)


def string_buffers(column: pa.Array) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """The two arrays of a string column: offsets, int32 of shape (n + 1,), and the UTF-8 bytes.

    String i is `data[offsets[i]:offsets[i + 1]]`. A null reads as the empty string: ask the column itself which
    rows are null. Both are read-only, whatever Arrow says of its buffers, for numba compiles anew where arrays can be
    written. Nothing is copied where the column is already a zero-offset `pa.string()` without nulls.
    """
    column = normalised_strings(pc.fill_null(column, "") if column.null_count else column)
    _, offsets, data = column.buffers()
    if len(column) == 0:  # Arrow may leave the buffers of an empty column out
        offsets, data = bytes(4), b"\0"
    arrays = np.frombuffer(offsets, np.int32)[: len(column) + 1], np.frombuffer(data, np.uint8)
    for array in arrays:
        array.flags.writeable = False
    return arrays


def part(function: F) -> F:
    """A kernel that only kernels call: it compiles faster without what Python would need to call it."""
    compiled = numba.njit(
        cache=True, nogil=True, boundscheck=False, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
    )(function)
    return cast(F, compiled)
