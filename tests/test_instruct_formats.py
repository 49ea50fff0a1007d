"""Alpaca, LIMA and messages: exact schemas, every fault of a row, and nothing lost between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from trainers.errors import ConfigurationError
from trainers.instruct.convert import read_examples
from trainers.instruct.examples import SCHEMA, BadRows, Example, from_table, to_table
from trainers.instruct.formats import FORMATS, WrongRow, format_named, written

DATA = Path(__file__).parents[2] / "shared" / "data" / "instruct"

TEXT = st.text(st.sampled_from('ab问答 \n?？"\\é😀'), min_size=1, max_size=8).filter(str.strip)
ANY_TEXT = st.text(st.sampled_from("ab问\n "), max_size=4)
PLAIN = st.none() | st.booleans() | st.integers(-5, 5) | ANY_TEXT
# Keys that mean something somewhere, with values that do and do not; and keys that mean nothing anywhere.
MORE = st.dictionaries(
    st.sampled_from(["url", "method", "lang", "id", "extra", "role", "score"]),
    PLAIN | st.lists(PLAIN, max_size=2) | st.dictionaries(ANY_TEXT, PLAIN, max_size=2),
    max_size=3,
)
TURNS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3)


@st.composite
def alpaca_rows(draw: st.DrawFn) -> dict[str, Any]:
    *earlier, (instruction, output) = draw(TURNS)
    row = {"instruction": instruction, "input": draw(ANY_TEXT), "output": output}
    if earlier:
        row["history"] = [list(pair) for pair in earlier]
    return (
        row
        | draw(MORE)
        | draw(st.fixed_dictionaries({}, optional={"source": TEXT, "system": ANY_TEXT, "history": st.just([])}))
        | row
    )


@st.composite
def lima_rows(draw: st.DrawFn) -> dict[str, Any]:
    turns = [text for pair in draw(TURNS) for text in pair]
    row = {"conversations": turns, "source": draw(ANY_TEXT)}
    return row | draw(MORE) | draw(st.fixed_dictionaries({}, optional={"input": ANY_TEXT, "system": ANY_TEXT})) | row


@st.composite
def messages_rows(draw: st.DrawFn) -> dict[str, Any]:
    turns = [(role, text) for pair in draw(TURNS) for role, text in zip(("user", "assistant"), pair, strict=True)]
    if draw(st.booleans()):
        turns.insert(0, ("system", draw(TEXT)))
    row = {"messages": [{"role": role, "content": content} for role, content in turns]}
    return row | draw(MORE) | draw(st.fixed_dictionaries({}, optional={"source": ANY_TEXT, "system": PLAIN})) | row


MESSAGES = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
ROWS = {"alpaca": alpaca_rows(), "lima": lima_rows(), "messages": messages_rows()}


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
def test_a_row_comes_back_as_it_was(name: str, data: st.DataObject) -> None:
    row = data.draw(ROWS[name])
    assert written(FORMATS[name].read(dict(row)), name) == (row, [])


@pytest.mark.parametrize("there", FORMATS)
@pytest.mark.parametrize("here", FORMATS)
@given(data=st.data())
def test_a_row_survives_the_way_there_and_back_or_is_refused(here: str, there: str, data: st.DataObject) -> None:
    """A blank source or input is the same as none. Everything else comes back."""
    row = data.draw(ROWS[here])
    try:
        between, _ = written(FORMATS[here].read(dict(row)), there)
    except WrongRow as error:
        event(str(error))
        return
    back, _ = written(FORMATS[there].read(dict(between)), here)
    assert saying_something(back) == saying_something(row)


def test_a_system_key_means_a_system_turn_where_it_does() -> None:
    with pytest.raises(WrongRow, match="`system` has a meaning in lima"):
        written(FORMATS["messages"].read({**MESSAGES, "system": "Be brief."}), "lima")
    assert written(FORMATS["messages"].read({**MESSAGES, "system": " "}), "lima")[0]["system"] == " "


def saying_something(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in ("source", "input") or (value or "").strip()}


@settings(deadline=None)
@given(st.lists(st.sampled_from(list(FORMATS)).flatmap(lambda name: ROWS[name].map(FORMATS[name].read)), max_size=4))
def test_examples_survive_the_table(examples: list[Example]) -> None:
    table = to_table(examples)
    assert table.schema == SCHEMA
    assert list(from_table(table)) == examples


def test_what_each_format_says() -> None:
    """By the letter of the data releases."""
    row = {"instruction": "Name one.", "input": "A river.", "output": "The Po."}
    example = FORMATS["alpaca"].read(dict(row))
    assert example.messages == (("user", "Name one.\n\nA river."), ("assistant", "The Po."))
    lima, _ = written(example, "lima", exact=True)
    assert lima == {"conversations": ["Name one.\n\nA river.", "The Po."], "source": ""}
    several = FORMATS["lima"].read({"conversations": ["a", "b", "c", "d"], "source": "wiki"})
    assert written(several, "messages", exact=True)[0] == {
        "messages": [
            {"role": role, "content": text} for role, text in zip(("user", "assistant") * 2, "abcd", strict=True)
        ]
    }
    assert written(several, "alpaca")[0] == {
        "instruction": "c", "input": "", "output": "d", "history": [["a", "b"]], "source": "wiki"
    }  # fmt: skip


def test_exact_writes_the_formats_own_keys_and_says_what_it_left_out() -> None:
    row = {"instruction": "a", "input": "", "output": "b", "url": "u", "id": 7}
    example = FORMATS["alpaca"].read(dict(row))
    assert written(example, "alpaca", exact=True) == (
        {"instruction": "a", "input": "", "output": "b"},
        ["url", "id"],
    )
    several = FORMATS["lima"].read({"conversations": ["a", "b", "c", "d"], "source": ""})
    with pytest.raises(WrongRow, match="has earlier turns, for which alpaca has no key of its own"):
        written(several, "alpaca", exact=True)
    briefed = FORMATS["alpaca"].read({"instruction": "a", "input": "", "output": "b", "system": "Be brief."})
    with pytest.raises(WrongRow, match="has a system turn, for which lima has no key"):
        written(briefed, "lima", exact=True)


def test_a_key_with_two_meanings_is_refused() -> None:
    row = {"conversations": ["a", "b"], "source": "", "instruction": "other"}
    with pytest.raises(WrongRow, match="`instruction` has a meaning in alpaca and another value in the row"):
        written(FORMATS["lima"].read(row), "alpaca")
    with pytest.raises(WrongRow, match="`history`"):
        written(FORMATS["lima"].read({"conversations": ["a", "b"], "source": "", "history": [["c", "d"]]}), "alpaca")


@pytest.mark.parametrize(
    ("name", "row", "faults"),
    [
        ("alpaca", {}, ["`instruction` is missing", "`output` is missing", "`input` is missing"]),
        ("alpaca", {"instruction": " ", "input": None, "output": 3},
         ["`instruction` is empty", "`output` is a number", "`input` is null"]),
        ("alpaca", {"instruction": ["a"], "input": "", "output": {}},
         ["`instruction` is a list", "`output` is an object"]),
        ("alpaca", {"instruction": "a", "input": "", "output": "b", "history": [["x"]], "system": 3},
         ["`history` is not a list of", "`system` is a number"]),
        ("alpaca", {"instruction": "a", "input": "", "output": "b", "history": [["x", ""], [1, "y"]]},
         ["answer 0 of `history` is empty", "question 1 of `history` is a number"]),
        ("lima", {}, ["`conversations` is missing", "`source` is missing"]),
        ("lima", {"conversations": "a", "source": None}, ["`conversations` is text, not a list", "`source` is null"]),
        ("lima", {"conversations": [], "source": ""}, ["there are no turns"]),
        ("lima", {"conversations": ["a"], "source": ""}, ["the answer is missing"]),
        ("lima", {"conversations": ["a", "", 3, "d", "e"], "source": ""},
         ["turn 2 (assistant) is empty", "turn 3 (user) is a number", "the last turn is the user's"]),
        ("lima", {"conversations": [{"from": "human", "value": "a"}], "source": ""}, ["`conversations` holds objects"]),
        ("messages", {}, ["`messages` is missing"]),
        ("messages", {"messages": {}}, ["`messages` is an object, not a list"]),
        ("messages", {"messages": ["a", {"role": "user"}, {"role": "user", "content": "a", "name": "x"}]},
         ["turn 1 is text", "turn 2 has no `content`", "turn 3 has keys besides `role` and `content`: name"]),
        ("messages", {"messages": [{"role": "assistant", "content": "a"}, {"role": "system", "content": "b"},
                                   {"role": "tool", "content": "c"}]},
         ["turn 1 is the assistant's where the user's", "turn 2 is the system's", "turn 3 has role 'tool'"]),
        ("messages", {"messages": [{"role": "system", "content": "a"}]}, ["the last turn is the system's"]),
    ],
)  # fmt: skip
def test_every_fault_of_a_row_is_named(name: str, row: dict[str, Any], faults: list[str]) -> None:
    with pytest.raises(WrongRow) as caught:
        FORMATS[name].read(row)
    assert len(caught.value.found) == len(faults)
    for fault, found in zip(faults, caught.value.found, strict=True):
        assert fault in found


def test_an_unknown_format_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ConfigurationError, match="there is no format `sharegpt`; there are alpaca, lima, messages"):
        format_named("sharegpt")


@pytest.mark.parametrize("name", ["alpaca_en_dev", "alpaca_zh_dev", "llamafactory_demo"])
def test_real_sets_come_back_from_every_format(name: str) -> None:
    import pyarrow.parquet as pq

    path = DATA / f"{name}.parquet"
    if not path.exists():
        pytest.skip(f"needs {path.name} from the shared data beside the repository")
    rows = pq.read_table(path).slice(0, 2000).to_pylist()
    good = [row for row in rows if row["output"].strip()]
    assert len(rows) - len(good) == (2 if "alpaca" in name else 0)  # the released set has rows without an answer
    for row in good:
        example = FORMATS["alpaca"].read(dict(row))
        for there in FORMATS:
            between, _ = written(example, there)
            assert written(FORMATS[there].read(dict(between)), "alpaca")[0] == row


def test_a_real_set_names_its_bad_rows() -> None:
    path = DATA / "alpaca_en_dev.parquet"
    if not path.exists():
        pytest.skip(f"needs {path.name} from the shared data beside the repository")
    with pytest.raises(BadRows) as caught:
        read_examples(path, "alpaca")
    assert len(caught.value.problems) == 43
    assert {problem.message for problem in caught.value.problems} == {"`output` is empty"}
    assert str(caught.value).startswith(f"{path}: 43 rows are not as they must be\n  row 1108: `output` is empty")
