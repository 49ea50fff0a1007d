"""`keep` is the step that decides: the rows for which a rule is false leave.

Adjacent `keep`s form one group. Every rule of a group is asked of every row that enters it, so that "dropped first",
"dropped by any" and "dropped by this one alone" are exact within the group.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from curate.keys import describe
from curate.rules import By, Rule, compare, unique_signals, written
from curate.schema import Batch
from curate.signals import Signal


@dataclass(frozen=True)
class Keep:
    """A step: rules that a row must not fail, and signals to measure besides.

    As a plain step it adds the columns of the signals and drops the rows for which a rule is false. A null answer
    keeps the row. `presets` says, rule by rule, which preset it came from ("" for none). `alone` keeps the step from
    being joined with its neighbours.
    """

    rules: tuple[Rule, ...]
    presets: tuple[str, ...]
    measures: tuple[Signal, ...] = ()
    alone: bool = False

    @property
    def name(self) -> str:
        named = dict.fromkeys(p or "keep" for p in self.presets)
        return ", ".join(named) if named else "measure"

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        """Everything that must be measured before the rules can be asked."""
        return unique_signals([s for rule in self.rules for s in rule.reads] + list(self.measures))

    def __call__(self, batch: Batch) -> Batch:
        for found in self.signals:
            batch = with_column(batch, found)
        failed, _ = judge(self.rules, batch)
        return batch.filter(pa.array(~failed.any(axis=0)))

    @property
    def key(self) -> object:
        rules = [(str(r), describe(r), p) for r, p in zip(self.rules, self.presets, strict=True)]
        return {"keep": rules, "measures": [s.key for s in self.measures], "alone": self.alone}


def keep(*rules: Rule | Signal, alone: bool = False, preset: str = "") -> Keep:
    """Keep the rows for which no rule is false. A boolean signal is a rule by itself."""
    lines: list[Rule] = []
    for rule in rules:
        if isinstance(rule, Signal):
            rule = written(rule.name, compare(rule, "==", True))
        if not isinstance(rule, Rule):
            raise TypeError(f"keep takes rules such as `word_count >= 50`, not {rule!r}")
        lines += rule.lines() if isinstance(rule, By) else [rule]
    return Keep(tuple(lines), (preset,) * len(lines), alone=alone)


def measure(*signals: Signal) -> Keep:
    """Measure signals without deciding anything: they become columns of the output and the ledger."""
    return Keep((), (), tuple(signals))


def joined(keeps: list[Keep]) -> list[Keep]:
    """Adjacent keeps as groups."""
    groups: list[Keep] = []
    for k in keeps:
        if groups and not k.alone and not groups[-1].alone:
            last = groups.pop()
            k = Keep(last.rules + k.rules, last.presets + k.presets, last.measures + k.measures)
        groups.append(k)
    return groups


def judge(rules: tuple[Rule, ...], batch: Batch) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Two boolean arrays of shape (rules, rows): where a rule is false, and where it has no answer."""
    failed = np.zeros((len(rules), batch.num_rows), bool)
    unknown = np.zeros_like(failed)
    for i, rule in enumerate(rules):
        answer = rule.test(batch)
        if isinstance(answer, pa.ChunkedArray):
            answer = answer.combine_chunks()
        unknown[i] = answer.is_null().to_numpy(zero_copy_only=False)
        failed[i] = ~answer.fill_null(True).to_numpy(zero_copy_only=False)
    return failed, unknown


def with_column(batch: Batch, found: Signal) -> Batch:
    """`batch` with column `found`, and the signals it reads, so that they are computed once."""
    if found.name in batch.schema.names:
        return batch
    for upstream in found.reads:
        if isinstance(upstream, Signal):
            batch = with_column(batch, upstream)
    return batch.append_column(pa.field(found.name, found.dtype), found.column(batch))


def measured(batch: Batch, signals: tuple[Signal, ...]) -> list[pa.Array]:
    """One array per signal; what they share is computed once and thrown away."""
    for found in signals:
        batch = with_column(batch, found)
    return [batch.column(found.name) for found in signals]
