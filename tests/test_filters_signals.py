"""The counting kernel equals its slow twin; each signal is what its docstring says."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.awkward import TEXTS as AWKWARD
from curate.kernels import string_buffers
from curate.kernels.words import COUNTS, character_classes, count_text
from curate.signals import Signal
from filters import length, quality
from filters.pieces import COUNT_NAMES, text_counts
from tests import reference_signals

SIGNALS: dict[str, Signal] = {
    name: value
    for module in (length, quality)
    for name, value in vars(module).items()
    if isinstance(value, Signal) and not value.piece
}
CASES = json.loads((Path(__file__).parent / "signal_cases.json").read_text(encoding="utf-8"))
MARKS = "ab the of.. …#-• 的年中，。々〇かカ１９\n\t\u3000\x1c\x85\u2028©–’\U00020000\U0001f642한é।\0\u0301"
CHARACTERS = st.sampled_from(MARKS)
TEXTS = st.lists(st.text(CHARACTERS | st.characters(exclude_categories=["Cs"]), max_size=40), max_size=5)


def column(texts: list[str | None]) -> pa.RecordBatch:
    return pa.record_batch({"text": pa.array(texts, pa.string())})


def kernel_counts(texts: list[str]) -> list[dict[str, int]]:
    rows = count_text(*string_buffers(pa.array(texts, pa.string())))
    return [dict(zip(COUNTS, map(int, row), strict=True)) for row in rows.T]


@settings(deadline=None)
@given(TEXTS)
def test_kernel_equals_its_slow_twin(texts: list[str]) -> None:
    assert kernel_counts(texts) == [reference_signals.counts(text) for text in texts]


def test_kernel_equals_its_slow_twin_on_awkward_texts() -> None:
    texts = [text[:5_000] for text in AWKWARD]  # the twin is slow
    assert kernel_counts(texts) == [reference_signals.counts(text) for text in texts]
    assert kernel_counts(list(AWKWARD))[-1] == kernel_counts([AWKWARD[-1]])[0]


@pytest.mark.parametrize("word", ["the", "with", "\0be", "éto", "xthe", "t", "andd", "🙂be"])
def test_stop_words_are_whole_words(word: str) -> None:
    assert kernel_counts([word])[0]["english_stop_words"] == int(word in ("the", "with"))


def test_piece_has_the_kernels_fields() -> None:
    assert COUNT_NAMES == COUNTS


def test_classes_agree_with_the_twin_on_every_code_point() -> None:
    classes = character_classes()
    for code in range(len(classes)):
        c = chr(code)
        bits = int(classes[code])
        assert bool(bits & 1) == c.isspace(), hex(code)
        assert bool(bits & 4) == reference_signals.is_letter(c), hex(code)
        assert bool(bits & 2) == (not reference_signals.is_punctuation(c)), hex(code)


@settings(deadline=None)
@given(TEXTS)
def test_signals_equal_their_slow_twins(texts: list[str]) -> None:
    batch = column([*texts, None])
    expected = [reference_signals.signals(text) for text in texts]
    assert set(SIGNALS) == set(reference_signals.signals("a"))
    for name, signal in SIGNALS.items():
        assert signal.column(batch).to_pylist() == [*(row[name] for row in expected), None]


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["text"])[:30])
def test_cases(case: dict[str, Any]) -> None:
    batch = column([case["text"]])
    measured = {name: SIGNALS[name].column(batch)[0].as_py() for name in case if name != "text"}
    assert measured == pytest.approx({name: value for name, value in case.items() if name != "text"})


def test_slices_and_empty_batches() -> None:
    whole = column(["one two", None, "三 四", ""])
    for signal in SIGNALS.values():
        assert signal.column(whole.slice(2)).to_pylist() == signal.column(whole).to_pylist()[2:]
        assert signal.column(whole.slice(0, 0)).type == signal.dtype
    assert text_counts.column(whole).null_count == 1


def test_signals_are_documented_and_travel_by_name() -> None:
    for signal in SIGNALS.values():
        assert "null" in signal.about or signal.name in ("characters", "word_count", "line_count", "stop_word_count")
        assert pickle.loads(pickle.dumps(signal)) is signal
