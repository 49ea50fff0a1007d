"""Parquet: types that may come, files that differ, files that are damaged."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.read import SchemaMismatch, Seen
from curate.read.parquet import parquet
from tests.archives import read, rows_of


def write(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(columns), path, **options)
    return path


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
)
def test_strings_of_every_kind(tmp_path: Path, kind: pa.DataType) -> None:
    path = write(tmp_path / "a.parquet", {"text": pa.array(["灯", "", None], pa.string()).cast(kind), "n": [1, 2, 3]})
    rows = rows_of(parquet(str(path)))
    assert [r["text"] for r in rows] == ["灯", "", None]
    assert [r["error"] for r in rows] == [None, None, "no text: 'text' is null"]
    assert [(r["n"], r["offset"]) for r in rows] == [(1, 0), (2, 1), (3, 2)]


def test_roles_types_and_dates(tmp_path: Path) -> None:
    stamp = datetime.datetime(2024, 5, 1, 10, 0, 0, 123456)
    columns = {
        "body": ["a", "b"],
        "key": pa.array([2**63 + 5, None], pa.uint64()),
        "link": ["u", None],
        "date": pa.array([stamp, None], pa.timestamp("us")),
        "tags": [["x"], []],
        "lang": pa.array(["en", "zh"]).dictionary_encode(),
    }
    source = parquet(str(write(tmp_path / "a.parquet", columns)), text="body", id="key", url="link")
    assert source.schema.field("lang").type == pa.string() and source.schema.field("tags").type == pa.list_(pa.string())
    rows = rows_of(source)
    assert rows[0]["id"] == str(2**63 + 5) and len(rows[1]["id"]) == 32
    assert rows[0]["date"] == datetime.datetime(2024, 5, 1, 10, tzinfo=datetime.UTC) and rows[1]["date"] is None
    assert [(r["text"], r["url"], r["tags"], r["lang"]) for r in rows] == [
        ("a", "u", ["x"], "en"),
        ("b", None, [], "zh"),
    ]


@pytest.mark.parametrize(
    "dates",
    [["2024-05-01T00:00:00Z"], [datetime.date(2024, 5, 1)], pa.array([1714521600000], pa.timestamp("ms", "UTC"))],
)
def test_dates_of_every_kind(tmp_path: Path, dates: Any) -> None:
    (row,) = rows_of(parquet(str(write(tmp_path / "a.parquet", {"text": ["a"], "date": dates}))))
    assert row["date"] == datetime.datetime(2024, 5, 1, tzinfo=datetime.UTC)


def test_markup_as_bytes_is_decoded(tmp_path: Path) -> None:
    pages = ["<meta charset=gbk><p>古老的灯塔</p>".encode("gb18030"), None, None, bytes(range(256)) * 9]
    path = write(tmp_path / "a.parquet", {"page": pages, "text": ["x", "y", None, "z"]})
    rows = rows_of(parquet(str(path), html="page"))
    assert [(r["html"], r["text"]) for r in rows[:3]] == [
        ("<meta charset=gbk><p>古老的灯塔</p>", None),
        (None, "y"),
        (None, None),
    ]
    assert rows[0]["charset"] == "gb18030" and rows[2]["error"] and rows[3]["error"]


@pytest.mark.parametrize("group", [1, 7, 100])
@pytest.mark.parametrize("size", [0.0001, 0.001, 100])
def test_row_groups_however_they_are_cut(tmp_path: Path, group: int, size: float) -> None:
    texts = [f"row {k} " * (k % 9) for k in range(100)]
    path = write(tmp_path / "a.parquet", {"text": texts}, row_group_size=group, compression="none")
    source = parquet(str(path), shard_mb=size)
    rows = rows_of(source)
    assert [(r["offset"], r["text"]) for r in rows] == list(enumerate(texts))
    assert len({r["id"] for r in rows}) == 100
    assert (len(source.shards()) > 1) is (size < 1 and group < 100)


def test_large_rows_come_in_small_batches(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", {"text": ["y" * 1_000_000] * 64})  # a dictionary of one: 1 MB stored
    source = parquet(str(path))
    sizes = [b.nbytes for b in source.read(source.shards()[0], Seen())]
    assert sum(sizes) > 64_000_000 and max(sizes) < 9_000_000


@pytest.mark.parametrize("keep", [0, 3, 200, -1])
def test_a_cut_file_is_one_error_row(tmp_path: Path, keep: int) -> None:
    write(tmp_path / "a.parquet", {"text": ["a"] * 9})
    path = write(tmp_path / "b.parquet", {"text": ["b"] * 9})
    path.write_bytes(path.read_bytes()[:keep])
    rows = rows_of(parquet(str(tmp_path)))
    assert [r["text"] for r in rows] == ["a"] * 9 + [None]
    assert "Parquet" in rows[-1]["error"] and rows[-1]["head"] == path.read_bytes()[:200]


def test_a_damaged_row_group_costs_itself_alone(tmp_path: Path) -> None:
    texts = [f"text number {k}" for k in range(300)]
    path = write(
        tmp_path / "a.parquet",
        {"text": texts},
        row_group_size=100,
        write_page_checksum=True,
        use_dictionary=False,
        compression="none",
    )
    data = bytearray(path.read_bytes())
    data[data.index(b"text number 150")] ^= 1
    path.write_bytes(data)
    source = parquet(str(path))
    seen, rows = read(source, source.shards()[0])
    errors = [r for r in rows if r["error"]]
    assert [r["text"] for r in rows if not r["error"]] == texts[:100] + texts[200:]
    assert len(errors) == 1 and "100 rows from row 100" in errors[0]["error"] and errors[0]["offset"] == 100
    assert seen.damaged_bytes > 0


def test_files_must_agree(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", {"text": ["a"], "score": [1.0], "n": [1]})
    for columns in ({"text": ["a"], "score": ["1.0"], "n": [1]}, {"text": ["a"], "n": [1]}):
        path = write(tmp_path / "b.parquet", columns)
        with pytest.raises(SchemaMismatch) as raised:
            parquet(str(tmp_path)).shards()
        assert "'score'" in str(raised.value) and str(path) in str(raised.value) and "double" in str(raised.value)
        assert len(rows_of(parquet(str(tmp_path), columns=["n"]))) == 2
    write(tmp_path / "b.parquet", {"n": [1], "score": [1.0], "text": ["b"]})  # another order is no difference
    assert [r["text"] for r in rows_of(parquet(str(tmp_path)))] == ["a", "b"]


@pytest.mark.parametrize(
    ("columns", "options", "words"),
    [
        ({"content": ["a"]}, {}, ["'text'", "'content'"]),
        ({"text": ["a"], "offset": [1]}, {}, ["'offset'", "columns"]),
        ({"text": ["a"], "html": ["<p>"]}, {}, ["'html'"]),
        ({"text": [1]}, {}, ["'text'", "int64", "strings"]),
        ({"text": ["a"], "id": [1.5]}, {}, ["'id'", "double"]),
        ({"text": ["a"]}, {"url": "link"}, ["'link'"]),
        ({"text": ["a"]}, {"columns": ["lang"]}, ["'lang'"]),
        ({"text": ["a"], "contents": ["b"]}, {"text": "content"}, ["did you mean 'contents'"]),
    ],
)
def test_columns_that_do_not_fit(
    tmp_path: Path, columns: dict[str, Any], options: dict[str, Any], words: list[str]
) -> None:
    path = write(tmp_path / "a.parquet", columns)
    with pytest.raises(SchemaMismatch) as raised:
        parquet(str(path), **options).shards()
    assert all(word in str(raised.value) for word in words), str(raised.value)


def test_no_rows(tmp_path: Path) -> None:
    source = parquet(str(write(tmp_path / "a.parquet", {"text": pa.array([], pa.string())})))
    assert len(source.shards()) == 1 and rows_of(source) == []


def test_a_footer_whose_names_are_no_utf8_is_damage(tmp_path: Path) -> None:
    """Arrow says so with a UnicodeDecodeError, which is none of its own errors."""
    path = write(tmp_path / "a.parquet", {"text": ["灯"], "url": ["x"]})
    path.write_bytes(path.read_bytes().replace(b"url", b"u\xe3l"))
    (row,) = rows_of(parquet(str(path)))
    assert row["text"] is None and "not a readable Parquet file" in row["error"]
