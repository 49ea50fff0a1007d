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
    """`function`, compiled by numba at its first call and kept on disk: see `curate.kernels.cache`.

    Bounds are not checked and the interpreter lock is let go, so a kernel reads only inside the arrays it is given.
    Kept code is found again as long as no kernel source changes, whatever file it is in; one outside of this package is
    renewed when its own file changes, not when one changes that it calls from. Integers wrap; mixing int64 and uint64
    silently gives float64, hence `np.uint64` on every constant.
    """
    return cast(F, _compiled(function))


def part(function: F) -> F:
    """A kernel that only kernels call: compiled without what Python would need to call it."""
    return cast(F, _compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True))


def _compiled(function: Callable[..., Any], **wrappers: bool) -> Any:
    compiled = numba.njit(nogil=True, boundscheck=False, error_model="numpy", **wrappers)(function)
    try:
        from curate.kernels.cache import KernelCache
    except (ImportError, AttributeError):  # a version of numba that is built differently: its own cache will do
        compiled.enable_caching()
        return compiled
    compiled._cache = KernelCache(function)
    compiled.get_call_template = _of_any_value(compiled.get_call_template)
    return compiled


def _of_any_value(template: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """How a kernel is found for the types it is called with by another one: constants count as their types.

    numba would compile it anew for each constant that it is given, `find(page, at, 60)` and `find(page, at, 62)`:
    a quarter of all compilation. LLVM still sees the constants where it inlines the call.
    """
    from numba.core.types import unliteral  # type: ignore[attr-defined,import-untyped,unused-ignore]

    def get_call_template(args: Any, kws: Any) -> Any:
        return template([unliteral(a) for a in args], {name: unliteral(a) for name, a in kws.items()})

    return get_call_template


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
