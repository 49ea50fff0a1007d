"""The lists that ship: what must count, what must not (Scunthorpe, in both languages); lists of one's own."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from curate.testing import batch_of, check_signal
from filters.phrases import (
    AD_GROUPS,
    SHIPPED_GROUPS,
    SHIPPED_SHA256,
    TOXIC_GROUPS,
    digest,
    own_automaton,
    phrase_counts,
    phrases,
    read_list,
    shipped_files,
)

CASES = json.loads((Path(__file__).parent / "phrase_cases.json").read_text(encoding="utf-8"))
MARKED_SOURCES = {
    "ldnoobw": ("creativecommons.org/licenses/by/4.0", "Changes:"),
    "sensitive_lexicon": ("Copyright (c) 2024~2099 Konsheng", "Changes:"),
}


def found(text: str, groups: tuple[str, ...]) -> dict[str, int]:
    """How often phrases of these groups occur in one text, those that do not left out."""
    counts: dict[str, Any] = phrase_counts.column(batch_of([text]))[0].as_py()
    return {group: counts[f"{group}_found"] for group in groups if counts[f"{group}_found"]}


@pytest.mark.parametrize("text", CASES["innocent"])
def test_innocent_words_do_not_count(text: str) -> None:
    assert found(text, TOXIC_GROUPS) == {}


@pytest.mark.parametrize("case", CASES["toxic"], ids=lambda case: case["text"])
def test_toxic_phrases_count(case: dict[str, Any]) -> None:
    assert found(case["text"], TOXIC_GROUPS) == {k: v for k, v in case.items() if k != "text"}


@pytest.mark.parametrize("case", CASES["adverts"], ids=lambda case: case["text"])
def test_advertising_phrases_count(case: dict[str, Any]) -> None:
    assert found(case["text"], AD_GROUPS) == {k: v for k, v in case.items() if k != "text"}


def test_different_phrases_are_told_from_repeated_ones() -> None:
    counts = phrase_counts.column(batch_of(["moron, moron, dumbass", None])).to_pylist()
    assert (counts[0]["insulting_found"], counts[0]["insulting_different"]) == (3, 2)
    assert counts[1] is None


def test_the_digest_is_that_of_the_lists() -> None:
    """It is the identity of every signal that reads them: where a list was edited, write the new digest down."""
    assert digest(*shipped_files()) == SHIPPED_SHA256


def test_lists_name_their_source_and_hold_known_groups() -> None:
    groups = set()
    for path in shipped_files():
        head = path.read_text(encoding="utf-8").split("[")[0]
        groups |= set(read_list(path).values())
        marks = next((marks for part, marks in MARKED_SOURCES.items() if part in path.name), ("for this project",))
        assert all(mark in head for mark in marks), path.name
    assert groups == {*SHIPPED_GROUPS, "innocent"}
    licence = shipped_files()[0].parent / "LICENSE-Sensitive-lexicon.txt"
    assert "The above copyright notice and this permission notice shall be included" in licence.read_text()


def test_every_shipped_phrase_is_found_alone() -> None:
    """A list's phrase that its own words, or an exception, hide would do nothing."""
    for path in shipped_files():
        for phrase, group in read_list(path).items():
            if group != "innocent":
                alone = phrase.strip("*")
                assert found(alone, SHIPPED_GROUPS) == {group: 1}, f"{path.name}: {phrase}"


def test_a_list_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "my birds.txt"
    path.write_text("# birds\nrobin\n麻雀\n[innocent]\nrobin hood\n", encoding="utf-8")
    signal = phrases(str(path))
    assert signal.name == "phrases_my_birds"
    texts = ["a robin and a Robin", "robin hood", "看麻雀飞", "", None]
    assert signal.column(batch_of(texts)).to_pylist() == [400.0, 0.0, 500.0, None, None]
    check_signal(signal)
    assert pickle.loads(pickle.dumps(signal)).key == signal.key
    path.write_text("robin\n", encoding="utf-8")
    assert phrases(str(path), name="birds").key != signal.key
    own_automaton.cache_clear()  # as in a worker that starts later
    with pytest.raises(ValueError, match="has changed"):
        signal.column(batch_of(["robin"]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[a]\nfoo\n[b]\nfoo\n", r"line 4: 'foo' stands in \[a\] and in \[b\]"),
        (b"\xff\xfe\n", "UTF-8"),
        (b"[a]\nfoo\nFOO\n", "read the same"),
    ],
)
def test_lists_that_cannot_be_used(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=said):
        phrases(str(path))


def test_a_list_that_is_not_there_or_names_no_group(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="a phrase per line"):
        phrases(str(tmp_path / "nothing.txt"))
    (tmp_path / "bare.txt").write_text("foo\n")
    with pytest.raises(ValueError, match="line 1: 'foo' stands in no group"):
        read_list(tmp_path / "bare.txt")


def test_the_counts_are_one_column_of_structs() -> None:
    column = phrase_counts.column(batch_of(["a", None]))
    assert pa.types.is_struct(column.type)
    assert column.null_count == 1
