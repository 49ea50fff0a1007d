"""Calls a step so that one bad row costs that row: what raises is found by halving and named with its error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.schema import Batch

Failures = dict[int, str]  # row -> reason
# How the reason begins where a clock decided and not the document: another run may find it well.
BY_CLOCK = "worker died: killed since it "


@dataclass
class Watch:
    """Where a task stands, for whoever watches it from outside; and what it was told to beware of.

    `at(step, first row, last row)` is called before each call of a step. `careful`: ranges (step, first, last) of rows
    that the step takes one by one, since a worker died somewhere in them. `poison`: (step, row) that killed a worker,
    with the reason; the step does not touch the row again, which is quarantined. `hidden`: what a step said, without
    what may not be written.
    """

    at: Callable[[int, int, int], None] = lambda step, first, last: None
    careful: list[tuple[int, int, int]] = field(default_factory=list)
    poison: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden: Callable[[str], str] = str


def guarded(watch: Watch, number: int, step: Callable[[Batch], Batch], batch: Batch) -> tuple[Batch, Failures]:
    """What `step` makes of `batch`, and the rows that failed: those it raised on or gave an `error` for."""
    failures: Failures = {}
    parts: list[Batch] = []
    for part in _cautious(watch, number, batch, failures):
        _halving(watch, number, step, part, parts, failures)
    out = _concatenated(parts or [step(batch.slice(0, 0))])
    watch.at(number, -1, -1)  # a death from here on is no row's fault
    _keeps_contract(number, batch, out)
    at = out.schema.get_field_index("error")
    if at >= 0:
        reasons = out.column(at)
        bad = reasons.is_valid()
        said = [watch.hidden(reason) for reason in reasons.filter(bad).to_pylist()]
        failures.update(zip(out.column("row").filter(bad).to_pylist(), said, strict=True))
        out = out.filter(pc.is_null(reasons)).drop_columns(["error"])
    return out, failures


class ContractBroken(TypeError):
    """A step gave rows or columns that no step may give; the run ends, since every row is in doubt."""


def _keeps_contract(number: int, batch: Batch, out: Batch) -> None:
    """Rows may leave; none may come, come twice or change places."""
    rows = out.column("row").to_numpy() if "row" in out.schema.names else np.empty(0, np.int64)
    if "row" not in out.schema.names or out.num_rows != len(rows):
        raise ContractBroken(f"step {number} lost the column `row`, which tells where each row came from")
    if len(rows) and ((np.diff(rows) <= 0).any() or not np.isin(rows, batch.column("row").to_numpy()).all()):
        raise ContractBroken(
            f"step {number} repeated, reordered or invented rows; a step may change rows and leave rows out, and must "
            "give the others in the order they came"
        )


def _halving(
    watch: Watch,
    number: int,
    step: Callable[[Batch], Batch],
    batch: Batch,
    parts: list[Batch],
    failures: Failures,
) -> None:
    rows = batch.column("row")
    if batch.num_rows:
        watch.at(number, rows[0].as_py(), rows[-1].as_py())
    try:
        parts.append(step(batch))
    except (
        Exception,
        SystemExit,
    ) as error:  # steps are the users' own; whatever one raises concerns the row, not the run
        if batch.num_rows == 0:
            raise
        if batch.num_rows == 1:
            failures[rows[0].as_py()] = watch.hidden(f"{type(error).__name__}: {error}")
            return
        half = batch.num_rows // 2
        _halving(watch, number, step, batch.slice(0, half), parts, failures)
        _halving(watch, number, step, batch.slice(half), parts, failures)


def _cautious(watch: Watch, number: int, batch: Batch, failures: Failures) -> Iterator[Batch]:
    """`batch` without its poison, in one piece; row by row where a worker has died in this step."""
    careful = [(first, last) for step, first, last in watch.careful if step == number]
    poison = {row: reason for (step, row), reason in watch.poison.items() if step == number}
    if not (careful or poison) or not batch.num_rows:
        yield batch
        return
    rows = batch.column("row").to_numpy()
    poisoned = np.isin(rows, list(poison))
    failures.update({row: poison[row] for row in rows[poisoned].tolist()})
    batch = batch.filter(pa.array(~poisoned))
    rows = rows[~poisoned]
    if len(rows) and any(first <= rows[-1] and last >= rows[0] for first, last in careful):
        yield from (batch.slice(i, 1) for i in range(batch.num_rows))
    else:
        yield batch


def _concatenated(parts: list[Batch]) -> Batch:
    if len(parts) == 1:
        return parts[0]
    table = pa.concat_tables([pa.Table.from_batches([p]) for p in parts], promote_options="permissive")
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else parts[0].slice(0, 0)
