"""However the input is cut, the records are the same; adding a file changes no other shard."""

from __future__ import annotations

import gzip
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.read import InputClash, InputMissing, Source, missing_id
from curate.read.html import html
from curate.read.jsonl import jsonl
from curate.read.shard import Input, find_inputs, grouped
from curate.read.text import text
from curate.read.warc import warc
from tests.archives import packed, pages, record, response, rows_of

SIZES = [0.001, 0.0013, 0.002, 0.0037, 0.01, 0.1]  # MB


def inner_archive() -> list[bytes]:
    """Pages of which one holds a whole archive, plain and packed: headers at which no shard may begin."""
    parts = pages(30)
    inside = b"".join(pages(12))
    parts[7] = record(block=response(b"<p>plain\n" + inside), number=700)
    parts[15] = record(block=response(b"<p>packed\n" + packed(pages(12))), number=1500)
    return parts


def warc_files() -> dict[str, bytes]:
    parts, nested = pages(40), inner_archive()
    damaged = [gzip.compress(p, mtime=0) for p in pages(40)]
    damaged[9] = damaged[9][:50] + b"\0" * 3000
    damaged[20] = b"no member" * 400
    return {
        "members.warc.gz": packed(parts),
        "plain.warc": b"".join(parts),
        "one.warc.gz": gzip.compress(b"".join(parts)),
        "blocks.warc.gz": b"".join(
            gzip.compress(b"".join(parts)[k : k + 1500]) for k in range(0, len(b"".join(parts)), 1500)
        ),
        "nested.warc": b"".join(nested),
        "nested stored.warc.gz": b"".join(gzip.compress(p, 0) for p in nested),
        "damaged.warc.gz": b"".join(damaged),
        "damaged.warc": b"".join([*parts[:5], b"#" * 2500 + b"\n", *parts[6:], parts[0][:90]]),
    }


def json_lines() -> bytes:
    rng = random.Random(3)
    lines = [json.dumps({"id": k, "text": "灯 lamp " * rng.randrange(1, 60)}, ensure_ascii=False) for k in range(80)]
    lines[11] = "not json"
    lines[30] = json.dumps({"text": "x" * 5000})
    lines[50:52] = ["", "   "]
    return "\r\n".join(lines).encode()


def placed(source: Source) -> list[Any]:
    return [(r["offset"], r["id"], r["skipped"], r["error"], r["text"], r["html"]) for r in rows_of(source)]


@pytest.mark.parametrize("name", warc_files())
def test_archives_are_the_same_however_they_are_cut(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(warc_files()[name])
    expected = placed(warc(str(path), shard_mb=100))
    assert len(expected) >= 30
    for size in SIZES:
        assert placed(warc(str(path), shard_mb=size)) == expected, size


@pytest.mark.parametrize("size", [0.00001, *SIZES])
def test_lines_are_the_same_however_they_are_cut(tmp_path: Path, size: float) -> None:
    path = tmp_path / "a.jsonl"
    for data in (json_lines(), json_lines() + b"\r\n", b"\n\n\n", b'{"text":"a"}'):
        path.write_bytes(data)
        expected = placed(jsonl(str(path), shard_mb=100))
        assert [e[0] for e in expected] == [0, *(k + 1 for k, b in enumerate(data[:-1]) if b == 10)]
        assert placed(jsonl(str(path), shard_mb=size)) == expected


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(st.sampled_from([b"", b"a", b"==", b"===", b"====", "七盏灯".encode(), b"x" * 40]), max_size=30),
    end=st.sampled_from([b"\n", b"\r\n"]),
    last=st.booleans(),
    size=st.integers(1, 120),
)
def test_separated_text_is_the_same_however_it_is_cut(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], end: bytes, last: bool, size: int
) -> None:
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_bytes(end.join(lines) + end * last)
    expected = placed(text(str(path), separator="===", shard_mb=100))
    assert placed(text(str(path), separator="===", shard_mb=size / 1e6)) == expected
    found = [e[4] for e in expected if e[4] is not None]
    plain = (end.join(lines) + end * last).decode().replace("\r\n", "\n").split("\n")
    joined = "\n".join("\0" if line == "===" else line for line in plain).split("\0")
    assert [f.replace("\r\n", "\n").strip() for f in found] == [j.strip() for j in joined if j.strip()]


def test_compressed_lines_are_one_shard_with_the_same_rows(tmp_path: Path) -> None:
    import zstandard

    (tmp_path / "a.jsonl").write_bytes(json_lines())
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(json_lines()))
    (tmp_path / "c.jsonl.zst").write_bytes(zstandard.compress(json_lines()))
    plain, *others = [[p[2:] for p in placed(jsonl(str(p), shard_mb=0.001))] for p in sorted(tmp_path.iterdir())]
    assert all(other == plain for other in others)
    assert len(jsonl(str(tmp_path / "b.jsonl.gz"), shard_mb=0.001).shards()) == 1


def test_a_cut_gzip_says_so_after_its_good_lines(tmp_path: Path) -> None:
    rng = random.Random(0)
    data = b"".join(b'{"text": "%d"}\n' % rng.getrandbits(256) for _ in range(3000))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(data)[:-2000])
    rows = rows_of(jsonl(str(tmp_path)))
    assert len(rows) > 2000 and "cut off" in rows[-1]["error"]
    assert not any(r["error"] for r in rows[:-1])


def test_adding_a_file_changes_one_shard_of_a_folder() -> None:
    files = [Input(f"/x/{k:05}.html", f"{k:05}.html", 1000 + k, 1) for k in range(3000)]
    before = grouped(files, 50_000)
    assert [f for s in before for f in s.files] == files
    sizes = [s.size for s in before]
    assert max(sizes) < 4 * 50_000 + 4000 and 25_000 < sum(sizes) / len(sizes) < 100_000
    for k in (0, 777, 2999):
        more = sorted([*files, Input(f"/x/{k:05}a.html", f"{k:05}a.html", 1500, 1)], key=lambda f: f.source)
        assert len({s.files for s in grouped(more, 50_000)} - {s.files for s in before}) <= 4


def test_many_small_pages(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/one.html").write_bytes("<p>古老的灯塔照亮了海面。</p>".encode("gb18030") * 9)
    (tmp_path / "a/b/two.HTM").write_text("<p>two</p>")
    (tmp_path / "a/b/empty.xhtml").write_text(" ")
    (tmp_path / "a/b/note.txt").write_text("not a page")
    rows = rows_of(html(str(tmp_path), shard_mb=0.00002))
    assert [(r["file"], r["skipped"]) for r in rows] == [
        ("a/b/empty.xhtml", "empty file"),
        ("a/b/two.HTM", None),
        ("a/one.html", None),
    ]
    assert rows[2]["html"].startswith("<p>古老的灯塔") and rows[1]["id"] == missing_id("a/b/two.HTM", 0)


def test_text_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("古老的灯塔".encode("utf-16"))
    (tmp_path / "b.md.gz").write_bytes(gzip.compress(b"# A lighthouse"))
    (tmp_path / "c.txt").write_bytes(bytes(range(256)) * 20)
    rows = rows_of(text(str(tmp_path)))
    assert [r["text"] for r in rows] == ["古老的灯塔", "# A lighthouse", None]
    assert rows[2]["error"] and rows[2]["head"]


def test_separator_of_other_encodings(tmp_path: Path) -> None:
    body = "古老的灯塔照亮了海面，渔船慢慢地回到港口。\n———\n第二篇文章讲的是山里的茶园和采茶的人。\n"
    for name in ("utf-8", "gb18030"):
        (tmp_path / "a.txt").write_bytes(body.encode(name))
        assert [r["text"].strip() for r in rows_of(text(str(tmp_path), separator="———"))] == [
            part.strip() for part in body.split("———")
        ]


# Which files are meant.


def test_names_are_relative_and_sorted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b/2.jsonl", "a/1.jsonl", "a/.hidden.jsonl", "a/3.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    monkeypatch.chdir(tmp_path)
    cases = {
        str(tmp_path): ["a/1.jsonl", "b/2.jsonl"],
        "a": ["1.jsonl"],
        "*/*.jsonl": ["a/1.jsonl", "b/2.jsonl"],
        "a/*": ["1.jsonl", "3.txt"],
        "**/2.*": ["b/2.jsonl"],
        "b/2.jsonl": ["2.jsonl"],
    }
    for pattern, names in cases.items():
        assert [f.source for f in find_inputs(pattern, (".jsonl",))] == names, pattern
    assert [f.source for f in find_inputs(["b", "b/*.jsonl", "a"], (".jsonl",))] == ["1.jsonl", "2.jsonl"]


def test_missing_input_teaches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.jsonl")
    for pattern, words in (
        ("crawl/*.gz", ["crawl/*.gz", str(tmp_path)]),
        ("empty", ["empty", ".jsonl"]),
        ("pipe.jsonl", ["regular file"]),
    ):
        with pytest.raises(InputMissing) as raised:
            jsonl(pattern).shards()
        assert all(word in str(raised.value) for word in words)
    with pytest.raises(InputMissing):
        jsonl([]).shards()


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in "ab":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.jsonl").write_text("{}")
    with pytest.raises(InputClash, match="above both"):
        jsonl([str(tmp_path / "a"), str(tmp_path / "b")]).shards()


def test_a_vanished_file_is_named(tmp_path: Path) -> None:
    for name, source in (("a.html", html), ("a.jsonl", jsonl), ("a.warc", warc), ("a.txt", text)):
        path = tmp_path / name
        path.write_text("x")
        made = source(str(path))
        shards = made.shards()
        path.unlink()
        from curate.read import Seen

        with pytest.raises(FileNotFoundError, match=name):
            list(made.read(shards[0], Seen()))


@pytest.mark.parametrize("size", [0, -1, float("nan")])
def test_shard_size_must_be_one(tmp_path: Path, size: float) -> None:
    (tmp_path / "a.jsonl").write_text("{}")
    with pytest.raises(ValueError, match="shard_mb"):
        jsonl(str(tmp_path), shard_mb=size).shards()


@pytest.mark.parametrize("name", ["members.warc.gz", "plain.warc", "lines.jsonl", "lines.jsonl.gz", "rows.parquet"])
def test_no_mutation_raises_and_none_depends_on_the_cut(tmp_path: Path, name: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from curate.read.parquet import parquet

    path = tmp_path / name
    table = pa.table({"text": [f"row {k}" for k in range(200)]})
    pq.write_table(table, tmp_path / "rows.parquet", row_group_size=50, write_page_checksum=True)
    data = {
        **warc_files(),
        "lines.jsonl": json_lines(),
        "lines.jsonl.gz": gzip.compress(json_lines()),
        "rows.parquet": (tmp_path / "rows.parquet").read_bytes(),
    }[name]
    source = warc if "warc" in name else parquet if "parquet" in name else jsonl
    rng = random.Random(7)
    for _ in range(25):
        changed = bytearray(data)
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(changed))
            changed[at : at + rng.choice([1, 1, 40])] = rng.randbytes(rng.choice([0, 1, 1, 60]))
        path.write_bytes(changed)
        expected = placed(source(str(path), shard_mb=100))
        assert expected
        assert placed(source(str(path), shard_mb=0.002)) == expected
