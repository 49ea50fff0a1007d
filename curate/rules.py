"""Rules are yes/no questions about columns: deciding, apart from measuring.

A rule is plain data. It pickles, prints as it is written, and its text is its line in the report. Answers follow
Kleene's logic: a null signal gives a null answer unless the other side settles it, and a null answer keeps the row
(counted as `undecided`); to drop the unknown, write `known(x) and …`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.keys import describe
from curate.schema import Batch

if TYPE_CHECKING:
    from curate.signals import Signal

COMPARISONS = {
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
    "==": pc.equal,
    "!=": pc.not_equal,
}


class Rule:
    """A yes/no question about each row."""

    @property
    def reads(self) -> tuple[Signal, ...]:
        """The signals the answer depends on, each once, in the order they are named."""
        raise TypeError(f"{type(self).__name__} does not say what it reads")

    def test(self, batch: Batch) -> pa.BooleanArray:
        """One answer per row; null where it cannot be told."""
        raise TypeError(f"{type(self).__name__} has no test")

    def __and__(self, other: Rule) -> Rule:
        return Joined("and", (*_flat("and", self), *_flat("and", other)))

    def __or__(self, other: Rule) -> Rule:
        return Joined("or", (*_flat("or", self), *_flat("or", other)))

    def __invert__(self) -> Rule:
        return Not(self)

    def __repr__(self) -> str:
        return f"<rule {self}>"

    def __bool__(self) -> bool:
        raise TypeError(
            f"`{self}` has one answer per row, so `and`, `or`, `not` and `a < x < b` cannot be used on it; "
            "join rules with & | ~ and write signal.between(low, high)"
        )


@dataclass(frozen=True, repr=False)
class Comparison(Rule):
    """One signal against one constant."""

    signal: Signal
    op: str
    value: Any

    @property
    def reads(self) -> tuple[Signal, ...]:
        return (self.signal,)

    def test(self, batch: Batch) -> pa.BooleanArray:
        values = self.signal.column(batch)
        if self.op in ("in", "not in"):
            found = pc.is_in(values, value_set=pa.array(self.value, values.type))
            found = pc.if_else(pc.is_valid(values), found, pa.scalar(None, pa.bool_()))
            return found if self.op == "in" else pc.invert(found)
        return COMPARISONS[self.op](values, pa.scalar(self.value))

    def __str__(self) -> str:
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return f"{self.signal.name} {self.op} {value!r}"


@dataclass(frozen=True, repr=False)
class Joined(Rule):
    """Several rules joined by `and` or by `or`."""

    word: str
    rules: tuple[Rule, ...]

    @property
    def reads(self) -> tuple[Signal, ...]:
        return unique_signals(r for rule in self.rules for r in rule.reads)

    def test(self, batch: Batch) -> pa.BooleanArray:
        join = pc.and_kleene if self.word == "and" else pc.or_kleene
        answer = self.rules[0].test(batch)
        for rule in self.rules[1:]:
            answer = join(answer, rule.test(batch))
        return answer

    def __str__(self) -> str:
        return f" {self.word} ".join(_bracketed(rule, self.word) for rule in self.rules)


@dataclass(frozen=True, repr=False)
class Not(Rule):
    rule: Rule

    @property
    def reads(self) -> tuple[Signal, ...]:
        return self.rule.reads

    def test(self, batch: Batch) -> pa.BooleanArray:
        return pc.invert(self.rule.test(batch))

    def __str__(self) -> str:
        return f"not ({self.rule})"


@dataclass(frozen=True, repr=False)
class Known(Rule):
    """Whether a signal has a value at all. Its answer is never null."""

    signal: Signal

    @property
    def reads(self) -> tuple[Signal, ...]:
        return (self.signal,)

    def test(self, batch: Batch) -> pa.BooleanArray:
        return pc.is_valid(self.signal.column(batch))

    def __str__(self) -> str:
        return f"known({self.signal.name})"


@dataclass(frozen=True, repr=False)
class Written(Rule):
    """A rule under the words it was written with."""

    words: str
    rule: Rule

    @property
    def reads(self) -> tuple[Signal, ...]:
        return self.rule.reads

    def test(self, batch: Batch) -> pa.BooleanArray:
        return self.rule.test(batch)

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, repr=False)
class By(Rule):
    """A rule of its own for each value of one signal; rows of any other value pass, unless `otherwise` says more.

    Each branch is a line of its own in the report: `lang == 'zh': mean_word_length <= 5`.
    """

    signal: Signal
    branches: tuple[tuple[Any, Rule], ...]
    otherwise: Rule | None = None

    @property
    def reads(self) -> tuple[Signal, ...]:
        rules = [rule for _, rule in self.branches] + ([self.otherwise] if self.otherwise else [])
        return unique_signals([self.signal, *(r for rule in rules for r in rule.reads)])

    def lines(self) -> tuple[Rule, ...]:
        """One rule per branch, each true for the rows it does not concern."""
        named = tuple(value for value, _ in self.branches)
        lines: list[Rule] = [
            Written(f"{self.signal.name} == {value!r}: {rule}", ~Comparison(self.signal, "==", value) | rule)
            for value, rule in self.branches
        ]
        if self.otherwise is not None:
            other = Comparison(self.signal, "in", named) | self.otherwise
            lines.append(Written(f"{self.signal.name} not in {list(named)!r}: {self.otherwise}", other))
        return tuple(lines)

    def test(self, batch: Batch) -> pa.BooleanArray:
        return Joined("and", self.lines()).test(batch)

    def __str__(self) -> str:
        return "; ".join(str(line) for line in self.lines())


def by(signal: Signal, branches: Mapping[Any, Rule], otherwise: Rule | None = None) -> By:
    """`by(lang, {'en': word_count >= 50, 'zh': word_count >= 100})`: thresholds per language, or per anything."""
    return By(signal, tuple(branches.items()), otherwise)


def known(signal: Signal) -> Rule:
    """Whether `signal` has a value; the way to drop what could not be measured: `known(lang) & (lang == 'en')`."""
    return Known(signal)


def compare(signal: Signal, op: str, value: Any) -> Rule:
    if hasattr(value, "compute"):
        raise TypeError(f"`{signal} {op} {value}`: compare a signal with a constant, not with another signal")
    if isinstance(value, float) and math.isnan(value):
        raise TypeError(f"`{signal} {op} nan`: no number compares with NaN")
    return Comparison(signal, op, value)


def written(words: str, rule: Rule) -> Rule:
    """`rule`, printed and reported as `words`."""
    return Written(words, rule)


def unique_signals(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """Each signal once, in order. Two of one name stay two: a pipeline refuses them."""
    return tuple({(s.name, describe(s.key)): s for s in signals}.values())


def comparisons(rule: Rule) -> list[Comparison]:
    """Every comparison with a number inside `rule`: where a report draws its threshold lines."""
    match rule:
        case Comparison():
            return [rule]
        case Written(rule=inner) | Not(rule=inner):
            return comparisons(inner)
        case Joined(rules=rules):
            return [c for r in rules for c in comparisons(r)]
        case By():
            return [c for line in rule.lines() for c in comparisons(line)]
    return []


def _flat(word: str, rule: Rule) -> tuple[Rule, ...]:
    return rule.rules if isinstance(rule, Joined) and rule.word == word else (rule,)


def _bracketed(rule: Rule, inside: str) -> str:
    inner = rule
    while isinstance(inner, Written):
        inner = inner.rule
    return f"({rule})" if isinstance(inner, Joined) and inner.word != inside else str(rule)
