"""Rules: what they answer, how they print, and what they refuse."""

from __future__ import annotations

import pickle

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.expressions import RuleError, parse_rule
from curate.groups import judge, keep
from curate.pipeline import Pipeline, PipelineError
from curate.rules import Rule, by, comparisons, known
from curate.signals import Signal, column, signal
from tests.memory_source import Memory


@signal
def length(text: str) -> int:
    """Characters."""
    return len(text)


@signal
def first_letter(text: str) -> str:
    """The first character; null for an empty text."""
    return text[0] if text else None  # type: ignore[return-value]


@signal
def shouting(text: str) -> bool:
    """Whether the text has no small letter."""
    return text == text.upper()


SIGNALS = {s.name: s for s in (length, first_letter, shouting)}
BATCH = pa.record_batch({"text": ["", "a", "abc", "ABCDEF", None]})


def parsed(text: str) -> Rule:
    return parse_rule(text, SIGNALS.get, {})


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("length >= 3", [False, False, True, True, None]),
        ("1 <= length < 6", [False, True, True, False, None]),
        ("first_letter == 'a' or length > 5", [None, True, True, True, None]),
        ("first_letter == 'a' and length > 5", [False, False, False, False, None]),
        ("not shouting", [False, True, True, False, None]),
        ("first_letter in ['a', 'b']", [None, True, True, False, None]),
        ("first_letter not in ['a']", [None, False, False, True, None]),
        ("known(first_letter)", [False, True, True, True, False]),
        ("known(first_letter) and first_letter == 'a'", [False, True, True, False, False]),
        ("6 == length", [False, False, False, True, None]),
    ],
)
def test_written_rules_answer_as_they_are_read(text: str, answers: list[bool | None]) -> None:
    rule = parsed(text)
    assert rule.test(BATCH).to_pylist() == answers
    assert str(rule) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lenght > 3", "no signal named `lenght`"),
        ("length > first_letter", "with a constant, not with another signal"),
        ("length > 'three'", "is compared with a number"),
        ("first_letter == 3", "is compared with text in quotes"),
        ("length + 1 > 3", "expected the name of a signal"),
        ("length is None", "known(signal)"),
        ("__import__('os').system('true') == 0", "expected the name of a signal"),
        ("open('x') > 1", "no function `open`"),
        ("length >", "not a rule"),
        ("length in 3", "takes a list"),
    ],
)
def test_wrong_rules_say_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(RuleError, match=said.replace("(", r"\(").replace(")", r"\)")):
        parsed(text)


def test_python_and_text_make_the_same_rule() -> None:
    in_python = (length >= 3) & ~(first_letter == "a")
    assert str(in_python) == "length >= 3 and not (first_letter == 'a')"
    assert parsed(str(in_python)).test(BATCH).equals(in_python.test(BATCH))


def test_or_inside_and_keeps_its_brackets() -> None:
    rule = ((length > 1) | (length < 1)) & (length != 3)
    assert parsed(str(rule)).test(BATCH).equals(rule.test(BATCH))


def test_a_rule_has_no_single_truth() -> None:
    with pytest.raises(TypeError, match="between"):
        bool(1 <= length <= 3)
    with pytest.raises(TypeError, match="another signal"):
        length > first_letter  # noqa: B015


def test_thresholds_per_branch_are_lines_of_their_own() -> None:
    rule = by(first_letter, {"a": length >= 3, "A": length >= 10}, otherwise=length >= 1)
    lines = [str(r) for r in keep(rule).rules]
    assert lines == [
        "first_letter == 'a': length >= 3",
        "first_letter == 'A': length >= 10",
        "first_letter not in ['a', 'A']: length >= 1",
    ]
    failed, unknown = judge(keep(rule).rules, BATCH)
    assert failed.tolist() == [[False, True, False, False, False], [False, False, False, True, False], [False] * 5]
    assert unknown[2].tolist() == [True, False, False, False, True]


def test_rules_travel() -> None:
    rule = parsed("1 <= length < 6 and first_letter in ['a']")
    assert str(pickle.loads(pickle.dumps(rule))) == str(rule)


def test_a_null_answer_keeps_the_row() -> None:
    batch = pa.record_batch({"text": ["", "b"], "id": ["1", "2"]})
    assert keep(first_letter == "a")(batch).column("id").to_pylist() == ["1"]
    assert keep(known(first_letter) & (first_letter == "b"))(batch).column("id").to_pylist() == ["2"]


@given(
    st.lists(st.one_of(st.none(), st.booleans()), min_size=1, max_size=5), st.lists(st.one_of(st.none(), st.booleans()))
)
def test_joining_follows_kleene(a: list[bool | None], b: list[bool | None]) -> None:
    n = min(len(a), len(b))
    batch = pa.record_batch({"a": pa.array(a[:n], pa.bool_()), "b": pa.array(b[:n], pa.bool_())})
    x, y = column("a", pa.bool_()) == True, column("b", pa.bool_()) == True  # noqa: E712
    for i, (p, q) in enumerate(zip(a[:n], b[:n], strict=True)):
        both = False if p is False or q is False else None if p is None or q is None else True
        either = True if p is True or q is True else None if p is None or q is None else False
        assert (x & y).test(batch)[i].as_py() is both
        assert (x | y).test(batch)[i].as_py() is either


def test_comparisons_inside_a_rule_are_found() -> None:
    assert [(c.op, c.value) for c in comparisons(parsed("1 <= length < 6 or shouting"))] == [
        (">=", 1),
        ("<", 6),
        ("==", True),
    ]


def test_two_signals_of_one_name_are_refused() -> None:
    other = Signal("length", ("text",), pa.int64(), lambda text: pa.array([0] * len(text)), version="2")
    with pytest.raises(PipelineError, match="both named 'length'"):
        Pipeline(Memory(("a",)), keep(length > 1), keep(other > 1))


def test_a_signal_becomes_null_where_it_would_be_nan() -> None:
    @signal
    def nothing(text: str) -> float:
        """Not a number."""
        return float("nan")

    assert nothing.column(BATCH).to_pylist() == [None] * 5


def test_a_signal_without_an_annotation_is_refused() -> None:
    with pytest.raises(TypeError, match="annotate what it returns"):

        @signal
        def silent(text):  # type: ignore[no-untyped-def]
            """Nothing."""
            return 1
