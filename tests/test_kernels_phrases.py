"""The phrase automaton equals its slow twin; borders, folding, overlaps and exceptions are as its page says."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.awkward import TEXTS
from curate.kernels import string_buffers
from curate.kernels.phrases import EXCEPTION, automaton, count_phrases
from tests import reference_phrases

ALPHABET = "aabAB9 0.\n\t*性交通é한かÄ\U00020000\U0001f642"
PHRASE = st.text(st.sampled_from("aab9 .性交通é한か\U00020000"), min_size=1, max_size=5).filter(str.strip)
MARKED = st.builds(lambda p, left, right: "*" * left + p + "*" * right, PHRASE, st.booleans(), st.booleans())
LISTS = st.dictionaries(MARKED, st.integers(EXCEPTION, 2), max_size=8)


def count(texts: list[str], phrases: dict[str, int], groups: int = 3) -> list[list[list[int]]]:
    counts = count_phrases(*string_buffers(pa.array(texts, pa.string())), automaton(phrases), groups)
    return [counts[:, :, i].tolist() for i in range(len(texts))]


def found(text: str, *phrases: str, innocent: tuple[str, ...] = ()) -> int:
    return count([text], dict.fromkeys(phrases, 0) | dict.fromkeys(innocent, EXCEPTION))[0][0][0]


def distinct(phrases: dict[str, int]) -> dict[str, int]:
    """Of phrases that read the same, one."""
    return dict({reference_phrases.folded(p.strip("*")): (p, g) for p, g in phrases.items()}.values())


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from(ALPHABET), max_size=40), max_size=4), LISTS)
def test_kernel_equals_its_slow_twin(texts: list[str], phrases: dict[str, int]) -> None:
    phrases = distinct(phrases)
    assert count(texts, phrases) == [reference_phrases.counts(text, phrases, 3) for text in texts]


def test_kernel_equals_its_slow_twin_on_awkward_texts() -> None:
    texts = [text[:2_000] for text in TEXTS]
    phrases = {
        "ferry": 0,
        "a": 1,
        "*e": 2,
        "the the": 0,
        "the the the*": 1,
        "哈哈": 0,
        "哈": 2,
        "\0": 1,
        "一天": -1,
        "。": 0,
    }
    assert count(texts, phrases) == [reference_phrases.counts(text, phrases, 3) for text in texts]


def test_thousands_of_matches_in_one_text_leave_nothing_behind_for_the_next() -> None:
    phrases = {"a b": 0, "b a b": 1, "哈": 2}
    texts = ["a b " * 5_000 + "哈" * 3_000, "a b", "哈", ""]
    assert count(texts, phrases) == [
        [[0, 2_500, 3_000], [0, 1, 1]], [[1, 0, 0], [1, 0, 0]], [[0, 0, 1], [0, 0, 1]], [[0, 0, 0], [0, 0, 0]]
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["ass", "ASS!", "“ass”", "我是ass吗", "ass\nhole", "ass…", "-ass-", "'ass'"])
def test_a_phrase_stands_between_word_borders(text: str) -> None:
    assert found(text, "ass") == 1


@pytest.mark.parametrize("text", ["class", "assess", "assé", "éass", "ass9", "1ass", "Ａss", "한ass", "", "as s"])
def test_a_phrase_inside_a_word_does_not_count(text: str) -> None:
    assert found(text, "ass") == 0


def test_open_ends() -> None:
    assert found("fucking motherfuckers", "fuck*") == 1
    assert found("fucking motherfuckers", "*fuck*") == 2
    assert found("windfuck fuckwind", "*fuck") == 1


def test_any_digit_stands_for_any_digit_and_numbers_have_borders() -> None:
    assert found("12.5元 3.5元 3.元", "1.1元") == 1
    assert found("$9 $19", "$1") == 1
    assert found("$9 $19", "$1*") == 2
    assert found("call 5550142 now", "0000000") == 1


def test_line_feeds_read_as_spaces_and_letters_beyond_ascii_as_they_are() -> None:
    assert found("buy\nnow Buy\tNOW", "buy now") == 2
    assert found("ÄRGER ärger", "ärger") == 1
    assert found("ＱＱ", "qq") == 0


def test_the_longest_of_overlapping_matches_counts() -> None:
    assert count(["black cock robin"], {"black cock": 0, "cock robin": 1, "cock": 2})[0][0] == [1, 0, 0]
    assert count(["abc bc d"], {"abc bc": 0, "bc d": 1})[0][0] == [1, 0, 0]
    assert count(["哈哈哈"], {"哈哈": 0})[0][0] == [1, 0, 0]


def test_an_exception_hides_what_is_no_longer_than_itself() -> None:
    assert found("一次性交通费", "性交", innocent=("交通",)) == 0
    assert found("性交易", "性交易", innocent=("交易",)) == 1
    assert found("操作，操", "操", innocent=("操作",)) == 1
    assert found("Moby Dick, dick", "dick", innocent=("moby dick",)) == 1


def test_different_phrases_are_counted_once_per_text() -> None:
    assert count(["a a b", "a"], {"a": 0, "b": 0}) == [[[3, 0, 0], [2, 0, 0]], [[1, 0, 0], [1, 0, 0]]]


def test_empty_lists_columns_slices_and_nulls() -> None:
    assert count(["a"], {}) == [[[0, 0, 0], [0, 0, 0]]]
    assert count([], {"a": 0}) == []
    column = pa.array(["a", None, "b a", "a a"], pa.string()).slice(1)
    assert count_phrases(*string_buffers(column), automaton({"a": 0}), 1)[0, 0].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("phrases", "said"),
    [
        ({"*": 0}, "expected some text"),
        ({" ": 0}, "expected some text"),
        ({"a": -2}, "group of -1 or more"),
        ({"Ab": 0, "ab*": 1}, "'Ab' and 'ab\\*' read the same"),
        ({"5元": 0, "9元": 0}, "read the same"),
    ],
)
def test_lists_that_make_no_sense_are_refused(phrases: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        automaton(phrases)
