"""Signals are columns computed from other columns: measuring, apart from deciding.

    @signal
    def exclamations(text: str) -> float:
        "Exclamation marks per 1,000 characters."
        return 1000 * text.count("!") / max(len(text), 1)

A signal is known by its name and version. Comparing one gives a `Rule` (`exclamations < 5`).
"""

from __future__ import annotations

import importlib
import math
import sys
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.keys import fingerprint
from curate.rules import Rule, compare, written
from curate.schema import Batch, normalised_strings

# What a function's return annotation means as a column type. Floats are 64 bit: a 32-bit 0.65 is below 0.65.
COLUMN_TYPES: dict[Any, pa.DataType] = {
    float: pa.float64(),
    int: pa.int64(),
    bool: pa.bool_(),
    str: pa.string(),
    list[str]: pa.list_(pa.string()),
    pa.DoubleArray: pa.float64(),
    pa.Int64Array: pa.int64(),
    pa.BooleanArray: pa.bool_(),
    pa.StringArray: pa.string(),
    pa.ListArray: pa.list_(pa.string()),
}


@dataclass(frozen=True, eq=False)
class Signal:
    """A column computed from other columns.

    `compute` takes one Arrow array per entry of `reads` (a stored column's name, or another signal) and returns
    one array of type `dtype` and of the same length. Null means "not known"; NaN and infinities become null. A
    `piece` (counts, a guess at the language) is shared by other signals: computed once per batch, never written.
    `options` are the literals a parametrised signal was made with: they belong to its identity.
    """

    name: str
    reads: tuple[Signal | str, ...]
    dtype: pa.DataType
    compute: Callable[..., pa.Array] | None = field(repr=False)
    about: str = ""
    source: str = ""  # paper and section, where there is one
    version: str = ""
    module: str = ""
    piece: bool = False
    options: tuple[Any, ...] = ()

    def column(self, batch: Batch) -> pa.Array:
        """The column for this batch: taken from it when already there, computed otherwise."""
        at = batch.schema.get_field_index(self.name)
        if at >= 0:
            return batch.column(at)
        if self.compute is None:
            raise KeyError(f"no column named {self.name!r}; the batch has {batch.schema.names}")
        inputs = [_input(read, batch) for read in self.reads]
        if self.piece and batch.num_rows == 0:  # proving a configuration needs no kernels: half a second to import
            return pa.array([], self.dtype)
        out = self.compute(*inputs)
        if isinstance(out, pa.ChunkedArray):
            out = out.combine_chunks()
        if len(out) != batch.num_rows or out.type != self.dtype:
            raise TypeError(
                f"signal {self.name}: promised {batch.num_rows} x {self.dtype}, gave {len(out)} x {out.type}"
            )
        if pa.types.is_floating(out.type):
            out = pc.if_else(pc.is_finite(out), out, pa.scalar(None, out.type))
        return out

    def __lt__(self, value: float | str) -> Rule:
        return compare(self, "<", value)

    def __le__(self, value: float | str) -> Rule:
        return compare(self, "<=", value)

    def __gt__(self, value: float | str) -> Rule:
        return compare(self, ">", value)

    def __ge__(self, value: float | str) -> Rule:
        return compare(self, ">=", value)

    def __eq__(self, value: object) -> Rule:  # type: ignore[override]
        return compare(self, "==", value)

    def __ne__(self, value: object) -> Rule:  # type: ignore[override]
        return compare(self, "!=", value)

    __hash__ = object.__hash__

    def between(self, low: float, high: float) -> Rule:
        """`low <= signal <= high`, both ends included."""
        return written(f"{low!r} <= {self.name} <= {high!r}", (self >= low) & (self <= high))

    def isin(self, values: list[Any] | tuple[Any, ...]) -> Rule:
        """Whether the value is one of `values`."""
        if isinstance(values, str):
            raise TypeError(f"{self.name}.isin({values!r}): give a list, as in isin([{values!r}])")
        return compare(self, "in", tuple(values))

    def __invert__(self) -> Rule:
        return written(f"not {self.name}", compare(self, "==", False))

    def __bool__(self) -> bool:
        raise TypeError(f"signal `{self.name}` has one value per row; compare it: `{self.name} >= …`")

    def __reduce__(self) -> tuple[Any, ...]:
        """Of an importable module it travels by name (its function's name is taken by the signal), else by value."""
        from cloudpickle import list_registry_pickle_by_value

        importable = self.module != "__main__" and self.module not in list_registry_pickle_by_value()
        if importable and getattr(sys.modules.get(self.module), self.name, None) is self:
            return _load, (self.module, self.name)
        return Signal, (
            self.name, self.reads, self.dtype, self.compute, self.about, self.source, self.version,
            self.module, self.piece, self.options,
        )  # fmt: skip

    @cached_property
    def key(self) -> object:
        """What this signal's values depend on, as plain data: name, version, options, and what it reads."""
        return {
            "signal": self.name,
            "version": self.version or fingerprint(self.compute),
            "options": fingerprint(self.options),
            "reads": [read if isinstance(read, str) else read.key for read in self.reads],
        }

    def __str__(self) -> str:
        return self.name


def column(name: str, dtype: pa.DataType | None = None) -> Signal:
    """A stored column (one the source or a sweep brings) to be used in rules like any signal."""
    return Signal(name, (), dtype or pa.null(), None, "a stored column", version="stored")


def _input(read: Signal | str, batch: Batch) -> pa.Array:
    if isinstance(read, Signal):
        return read.column(batch)
    values = batch.column(read)
    return normalised_strings(values) if pa.types.is_string(values.type) else values


def _row_by_row(function: Callable[..., Any], dtype: pa.DataType) -> Callable[..., pa.Array]:
    """A column function from a function of one document. A null input gives null without a call."""

    def compute(*columns: pa.Array) -> pa.Array:
        rows = zip(*(c.to_pylist() for c in columns), strict=True)
        values = [None if any(v is None for v in row) else function(*row) for row in rows]
        if pa.types.is_floating(dtype):
            values = [None if v is None or not math.isfinite(v) else v for v in values]
        return pa.array(values, dtype)

    compute.__wrapped__ = function  # type: ignore[attr-defined]  # the fingerprint is the user's code, not this wrapper
    return compute


def _make(
    reads: tuple[Signal | str, ...],
    as_column: Callable[[Callable[..., Any], pa.DataType], Callable[..., pa.Array]],
    **about: Any,
) -> Callable[[Callable[..., Any]], Signal]:
    def decorate(function: Callable[..., Any]) -> Signal:
        annotation = typing.get_type_hints(function).get("return")
        if annotation not in COLUMN_TYPES:
            allowed = ", ".join(getattr(t, "__name__", str(t)) for t in COLUMN_TYPES)
            raise TypeError(f"signal {function.__name__}: annotate what it returns (-> …), one of {allowed}")
        dtype = COLUMN_TYPES[annotation]
        return Signal(
            function.__name__,
            reads or ("text",),
            dtype,
            as_column(function, dtype),
            about=" ".join((function.__doc__ or "").split()),
            module=function.__module__,
            **about,
        )

    return decorate


class _SignalDecorator:
    """`@signal`: one document at a time. `@signal.batch`: one column at a time.

    Bare, the function reads `text`; `@signal(words, "url")` reads those columns instead, one argument for each.
    """

    def __call__(self, *reads: Any, **about: Any) -> Any:
        return self._decorator(_row_by_row, reads, about)

    def batch(self, *reads: Any, **about: Any) -> Any:
        return self._decorator(lambda function, dtype: function, reads, about)

    @staticmethod
    def _decorator(as_column: Any, reads: tuple[Any, ...], about: dict[str, Any]) -> Any:
        bare = len(reads) == 1 and not about and not isinstance(reads[0], (Signal, str))
        return _make((), as_column)(reads[0]) if bare else _make(reads, as_column, **about)


def _load(module: str, name: str) -> Signal:
    found = getattr(importlib.import_module(module), name)
    assert isinstance(found, Signal), f"{module}.{name} is no signal"
    return found


signal = _SignalDecorator()
