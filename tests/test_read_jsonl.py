"""JSON lines: what a line becomes, and that a bad one is an error row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.read.batches import BATCH_ROWS
from curate.read.jsonl import jsonl
from curate.schema import READ_SCHEMA
from tests.archives import rows_of


def rows(tmp_path: Path, *lines: bytes | str, **options: Any) -> list[dict[str, Any]]:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(line.encode() if isinstance(line, str) else line for line in lines))
    return rows_of(jsonl(str(path), **options))


def test_a_line_in_full(tmp_path: Path) -> None:
    line = {
        "text": "一盏灯",
        "id": "x",
        "url": "u",
        "date": "2024-05-01",
        "score": 2,
        "tags": "a",
        "more": {"k": [1, 2.5]},
    }
    (row,) = rows(tmp_path, json.dumps(line, ensure_ascii=False), columns={"score": "float", "tags": "str"})
    assert (row["text"], row["id"], row["url"], row["date"].day) == ("一盏灯", "x", "u", 1)
    assert (row["score"], row["tags"], json.loads(row["metadata"])) == (2.0, "a", {"more": {"k": [1, 2.5]}})
    assert row["error"] is None and row["charset"] is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "a"', "not JSON: "),
        (b"{'text': 1}", "at column 2"),
        (b'"string"', "not a JSON object but a string"),
        (b"[1]", "one object per line"),
        (b"null", "but a null"),
        (b"{}", "no text: 'text' is missing"),
        (b'{"text": null}', "no text: 'text' is null"),
        (b'{"text": 3}', "'text' is a number, a string is expected"),
        (b'{"text": ["a"]}', "'text' is a list"),
        (b'{"text": "\\ud800"}', "not JSON: "),
        (b'{"text": "\xff"}', "not JSON: "),
        (b'{"text": NaN}', "not JSON: "),
        (b'{"text": "a", "id": true}', "'id' is a boolean"),
        (b'{"text": "a", "id": [1]}', "'id' is a list"),
        (b'{"text": "a", "url": 1}', "'url' is a number"),
        (b'{"text": "a", "n": "7"}', "'n' is '7', a int is expected"),
        (b'{"text": "a", "n": 1.5}', "'n' is '1.5'"),
        (b'{"text": "a", "n": 1e300}', "a int is expected"),
        (b'{"text": "a"} {"text": "b"}', "not JSON: "),
        (b'{"text": "a", "id": ' + b"9" * 400 + b"}", "not JSON: "),
        (b'{"a":' * 3000 + b"1" + b"}" * 3000, "not JSON: "),
    ],
)
def test_a_bad_line_is_an_error_row_and_the_rest_is_read(tmp_path: Path, line: bytes, reason: str) -> None:
    found = rows(tmp_path, '{"text": "before"}', line, '{"text": "后"}', columns={"n": "int"})
    assert [r["text"] for r in found] == ["before", None, "后"]
    assert reason in found[1]["error"] and found[1]["head"] == line[:200] and found[1]["offset"] == 19


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("9007199254740993", "9007199254740993"),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551617", "18446744073709551617"),
        ("-12345678901234567890123", "-12345678901234567890123"),
        ("9" * 300, "9" * 300),
        ("1.50", "1.5"),
        ('"007"', "007"),
    ],
)
def test_ids_keep_every_digit(tmp_path: Path, value: str, expected: str) -> None:
    (row,) = rows(tmp_path, f'{{"text": "a", "id": {value}, "kept": {value}}}')
    assert row["id"] == expected
    assert value.strip('"') in row["metadata"].replace("1.5", "1.50")


def test_missing_ids_are_unlike(tmp_path: Path) -> None:
    found = rows(tmp_path, '{"text": "a"}', '{"text": "a", "id": null}', '{"text": "a", "id": ""}')
    assert len({r["id"] for r in found}) == 3 and all(len(r["id"]) == 32 for r in found)


def test_blank_lines_and_byte_order_mark(tmp_path: Path) -> None:
    found = rows(tmp_path, b'\xef\xbb\xbf{"text": "a"}\r', b"", b" \t\r", b'{"text": "b"}')
    assert [r["text"] for r in found] == ["a", None, None, "b"]
    assert [r["skipped"] for r in found] == [None, "blank line", "blank line", None]


def test_markup_first_and_text_where_there_is_none(tmp_path: Path) -> None:
    found = rows(tmp_path, '{"page": "<p>a", "text": "t"}', '{"page": null, "text": "t"}', "{}", html="page")
    assert [(r["html"], r["text"]) for r in found] == [("<p>a", None), (None, "t"), (None, None)]
    assert json.loads(found[0]["metadata"] or "{}") == {}
    assert found[2]["error"]


def test_a_date_that_is_none_stays_in_the_metadata(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, '{"text": "a", "date": "last spring"}')
    assert row["date"] is None and json.loads(row["metadata"]) == {"date": "last spring"}


def test_a_line_above_the_cap(tmp_path: Path) -> None:
    found = rows(tmp_path, '{"text": "a"}', '{"text": "' + "x" * (65 << 20) + '"}', '{"text": "b"}')
    assert [r["text"] for r in found] == ["a", None, "b"]
    assert found[1]["error"].startswith("too large") and len(found[1]["head"]) == 200


def test_batches_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a"}\n' * 1100 + f'{{"text": "{"y" * 3_000_000}"}}\n' * 7)
    source = jsonl(str(path), shard_mb=100)
    from curate.read import Seen

    sizes = [(b.num_rows, b.nbytes) for b in source.read(source.shards()[0], Seen())]
    assert sum(n for n, _ in sizes) == 1107 and max(n for n, _ in sizes) == BATCH_ROWS
    assert max(size for _, size in sizes) < 13_000_000


@pytest.mark.parametrize("columns", [{"n": "integer"}, {"url": "str"}, {"metadata": "str"}, {"row": "int"}])
def test_columns_that_cannot_be(columns: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="columns"):
        jsonl("x", columns=columns)


def test_schema_is_ours_then_its_own() -> None:
    schema = jsonl("x", columns={"a": "int", "b": "bool"}).schema
    assert schema == pa.schema([*READ_SCHEMA, ("a", pa.int64()), ("b", pa.bool_()), ("metadata", pa.string())])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**25), 10**25) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), min_size=1, max_size=5))
def test_other_keys_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, objects: list[dict[str, Any]]
) -> None:
    taken = {"text", "id", "url", "date"}
    objects = [{k: v for k, v in o.items() if k not in taken} for o in objects]
    path = tmp_path_factory.mktemp("json") / "a.jsonl"
    path.write_text("\n".join(json.dumps({**o, "text": "a"}, ensure_ascii=False) for o in objects))
    assert [json.loads(r["metadata"] or "{}") for r in rows_of(jsonl(str(path)))] == objects
