"""Instruction sets as files: every bad row by its line, all at once, and nothing written unless it is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from trainers.commands import register
from trainers.errors import ConfigurationError, InputError
from trainers.instruct.convert import convert, read_examples, write_examples
from trainers.instruct.examples import SCHEMA, BadRows
from trainers.instruct.files import rows_of

GOOD = [
    {"instruction": "Name a river.", "input": "", "output": "The Po.", "id": 1},
    {"instruction": "说出一条河。", "input": "在意大利", "output": "波河。", "url": "https://a.example/1"},
]


def llmsapp(*arguments: object) -> Result:
    """A command of the trainers, in this process."""
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, [str(a) for a in arguments])


def put(path: Path, *lines: str | bytes) -> Path:
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    """What a JSON file of ours holds."""
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]


def problems(path: Path) -> list[tuple[int, int | None, str]]:
    with pytest.raises(BadRows) as caught:
        read_examples(path, "alpaca")
    return [(p.row, p.line, p.message) for p in caught.value.problems]


# ---- ways a row can be no object


def test_bad_lines_are_named_and_the_others_read(tmp_path: Path) -> None:
    good = json.dumps(GOOD[1], ensure_ascii=False)
    path = put(
        tmp_path / "set.jsonl", good, "", '{"instruction": "a" "input"}', "[1]", '{"a": 1, "a": 2}', b'{"a": "\xff"}',
        '{"a": "\\ud83d"}', '{"a": NaN}', '{"a": ' + "[" * 100_000, '{"a": ' + "9" * 5000 + "}", '{"output": 1}', good,
    )  # fmt: skip
    found = problems(path)
    assert [(row, line) for row, line, _ in found] == [
        (1, 3), (2, 4), (3, 5), (4, 6), (5, 7), (6, 8), (7, 9), (8, 10), (9, 11), (9, 11), (9, 11)
    ]  # fmt: skip
    words = ["no JSON (Expecting ',' delimiter at column 21)", "a list where an object was expected",
             "holds `a` more than once", "not UTF-8 at byte 7 of the line", "half of a surrogate pair",
             "a value that JSON cannot say", "nested too deeply", "no JSON (", "`instruction` is missing",
             "`output` is a number", "`input` is missing"]  # fmt: skip
    for expected, (_, _, message) in zip(words, found, strict=True):
        assert expected in message


def test_an_array_is_read_up_to_where_it_breaks(tmp_path: Path) -> None:
    pretty = json.dumps(GOOD, ensure_ascii=False, indent=2)
    path = put(tmp_path / "set.json", pretty.replace('"output": "波河。"', '"output" "波河。"'))
    line = pretty[: pretty.index('{\n    "instruction": "说')].count("\n") + 1
    assert problems(path) == [(1, line, "no JSON from here on (Expecting ':' delimiter at line 11, column 14)")]
    cut = put(tmp_path / "cut.json", pretty[:-1])
    assert problems(cut) == [(2, pretty.count("\n") + 1, "the array has no end")]
    behind = put(tmp_path / "behind.json", pretty, "[]")
    assert problems(behind)[0][2] == "text behind the end of the array"
    comma = put(tmp_path / "comma.json", json.dumps(GOOD)[:-1] + ",]")
    assert "no JSON from here on" in problems(comma)[0][2]
    missing = put(tmp_path / "missing.json", json.dumps(GOOD).replace("}, {", "} {"))
    assert problems(missing) == [(1, 1, "expected a comma or the end of the array")]


def test_a_row_with_a_key_twice_does_not_hide_those_behind_it(tmp_path: Path) -> None:
    twice = '{"instruction": "a", "input": "", "output": "b", "output": "c"}'
    path = put(tmp_path / "set.json", "[", json.dumps(GOOD[0]) + ",", twice + ",", '{"instruction": 3}', "]")
    assert [(row, line) for row, line, _ in problems(path)] == [(1, 3), (2, 4), (2, 4), (2, 4)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"[]", "holds no rows"),
        (b"\x1f\x8b\x08abc", "is not UTF-8 text"),
        (b"\xff\xfe{\0}\0", "is not UTF-8 text"),
        (b'{\n "instruction": "a"\n}\n', "one JSON object over many lines"),
    ],
)
def test_what_is_no_set_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_examples(put(tmp_path / "set.json", content), "alpaca")
    with pytest.raises(InputError, match="there is no file"):
        read_examples(tmp_path / "none.json", "alpaca")
    with pytest.raises(InputError, match="no Parquet file that can be read"):
        read_examples(put(tmp_path / "set.parquet", content), "alpaca")


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    lines = "\r\n".join(json.dumps(row, ensure_ascii=False) for row in GOOD)
    path = put(tmp_path / "set.jsonl", b"\xef\xbb\xbf" + lines.encode() + b"\r\n")
    assert [found.value for found in rows_of(path)] == GOOD


# ---- conversion


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
@pytest.mark.parametrize("between", ["alpaca", "lima", "messages"])
def test_conversion_and_back(tmp_path: Path, between: str, suffix: str) -> None:
    source = put(tmp_path / "set.json", json.dumps(GOOD))
    convert(source, "alpaca", tmp_path / f"between{suffix}", between)
    convert(tmp_path / f"between{suffix}", between, tmp_path / "back.jsonl", "alpaca")
    back = rows(tmp_path / "back.jsonl")
    assert [{k: v for k, v in row.items() if k != "source"} for row in back] == GOOD
    assert len((tmp_path / f"between{suffix}").read_text().splitlines()) == len(GOOD) + 2 * (suffix == ".json")


def test_conversion_through_parquet(tmp_path: Path) -> None:
    source = put(tmp_path / "set.json", json.dumps(GOOD))
    convert(source, "alpaca", tmp_path / "set.parquet", "messages")
    table = pq.read_table(tmp_path / "set.parquet")
    assert table.schema == SCHEMA
    assert table["url"].to_pylist() == [None, "https://a.example/1"]
    convert(tmp_path / "set.parquet", "messages", tmp_path / "back.json", "alpaca")
    assert rows(tmp_path / "back.json") == GOOD


def test_parquet_of_others_is_read_by_its_columns(tmp_path: Path) -> None:
    table = pa.table({"instruction": ["a", "b"], "input": ["", None], "output": ["c", "d"], "score": [1.5, None]})
    pq.write_table(table, tmp_path / "set.parquet")
    assert problems(tmp_path / "set.parquet") == [(1, None, "`input` is null, not text")]
    with pytest.raises(BadRows, match="row 1: `input` is null"):
        read_examples(tmp_path / "set.parquet", "alpaca")


def test_nothing_is_written_where_a_row_is_bad(tmp_path: Path) -> None:
    source = put(tmp_path / "set.jsonl", json.dumps(GOOD[0]), "{", json.dumps({**GOOD[1], "history": [["a", "b"]]}))
    target = put(tmp_path / "out.json", "as it was")
    with pytest.raises(BadRows) as caught:
        convert(source, "alpaca", target, "lima", exact=True)
    assert [p.line for p in caught.value.problems] == [2]
    assert target.read_text() == "as it was"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.json", "set.jsonl"]
    done = convert(source, "alpaca", target, "lima", rejects=tmp_path / "bad.jsonl")
    assert (done.rows, done.rejected) == (2, 1)
    (rejected,) = rows(tmp_path / "bad.jsonl")
    assert (rejected["row"], rejected["line"], rejected["text"]) == (1, 2, "{")


def test_rejected_rows_keep_what_they_were_and_their_order(tmp_path: Path) -> None:
    several = {"conversations": ["a", "b", "c", "d"], "source": ""}
    good = {"conversations": ["a", "b"], "source": ""}
    source = put(tmp_path / "set.jsonl", *map(json.dumps, [several, {"source": ""}, good]))
    done = convert(source, "lima", tmp_path / "out.json", "alpaca", exact=True, rejects=tmp_path / "bad.jsonl")
    assert (done.rows, done.rejected) == (1, 2)
    first, second = rows(tmp_path / "bad.jsonl")
    assert (first["line"], first["value"]) == (1, several)
    assert "earlier turns" in first["problems"][0]
    assert (second["line"], second["problems"]) == (2, ["`conversations` is missing"])


def test_a_file_that_breaks_off_is_refused_even_so(tmp_path: Path) -> None:
    source = put(tmp_path / "set.json", json.dumps(GOOD)[:-5])
    with pytest.raises(BadRows, match="no JSON from here on"):
        convert(source, "alpaca", tmp_path / "out.json", "lima", rejects=tmp_path / "bad.jsonl")
    assert not (tmp_path / "out.json").exists()


def test_a_set_without_a_good_row_gives_no_file(tmp_path: Path) -> None:
    source = put(tmp_path / "set.jsonl", "{}", "[]")
    with pytest.raises(InputError, match=r"none of the 2 rows .* can be converted"):
        convert(source, "alpaca", tmp_path / "out.json", "lima", rejects=tmp_path / "bad.jsonl")
    assert len(rows(tmp_path / "bad.jsonl")) == 2
    assert not (tmp_path / "out.json").exists()


def test_a_target_that_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    source = put(tmp_path / "set.json", json.dumps(GOOD))
    for target, to, rejects, words in [
        (source, "lima", None, "is the source itself"),
        (tmp_path / "out.json", "lima", source, "is the source or the target itself"),
        (tmp_path / "out.json", "lima", tmp_path / "out.json", "is the source or the target itself"),
        (tmp_path / "out.txt", "lima", None, r"no ending that says how to write it; use \.json, \.jsonl, \.parquet"),
        (tmp_path / "out.parquet", "alpaca", None, "Parquet holds the format messages"),
    ]:
        with pytest.raises(ConfigurationError, match=words):
            convert(source, "alpaca", target, to, rejects=rejects)
    assert rows(source) == GOOD


def test_writing_examples_names_what_a_format_cannot_say(tmp_path: Path) -> None:
    source = put(tmp_path / "set.json", json.dumps([{"conversations": ["a", "b", "c", "d"], "source": "x"}]))
    table = read_examples(source, "lima")
    with pytest.raises(BadRows, match="earlier turns"):
        write_examples(table, tmp_path / "out.json", "alpaca", exact=True)
    assert write_examples(table, tmp_path / "out.json", "messages", exact=True) == {"source": 1}
    assert set(rows(tmp_path / "out.json")[0]) == {"messages"}


# ---- the command


def test_convert_says_what_it_did(tmp_path: Path) -> None:
    source = put(tmp_path / "set.jsonl", *map(json.dumps, GOOD))
    command = ("instruct", "convert", source, "--from", "alpaca", "--to", "lima")
    done = llmsapp(*command, "-o", tmp_path / "a.json", "--exact")
    assert (done.exit_code, done.stdout) == (0, f"wrote 2 examples to {tmp_path / 'a.json'}\n")
    assert done.stderr == "left out, for --exact: id (1 rows), input (1 rows), url (1 rows)\n"
    put(source, json.dumps(GOOD[0]), "{}")
    refused = llmsapp(*command, "-o", tmp_path / "b.json")
    assert refused.exit_code == 3
    assert f"error: {source}: 1 row is not as they must be\n  line 2: `instruction` is missing" in refused.stderr
    assert "`--rejects FILE` puts these rows there" in refused.stderr
    assert not (tmp_path / "b.json").exists()
    split = llmsapp(*command, "-o", tmp_path / "b.json", "--rejects", tmp_path / "bad.jsonl")
    assert (split.exit_code, split.stderr) == (0, f"rejected 1 rows, see {tmp_path / 'bad.jsonl'}\n")
    unknown = llmsapp("instruct", "convert", source, "--from", "alpacca", "--to", "lima", "-o", tmp_path / "c.json")
    assert (unknown.exit_code, "there is no format `alpacca`" in unknown.stderr) == (2, True)
