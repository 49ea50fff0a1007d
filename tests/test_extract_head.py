"""What a page's head says of it, and the columns that carry it."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.extract import extract_html
from curate.extract.head import LONGEST_DESCRIPTION, Head, head_of


def head(markup: str) -> Head:
    return head_of(f"<!doctype html><html>{markup}<body><p>x".encode())


@pytest.mark.parametrize(
    ("markup", "field", "value"),
    [
        ('<meta name="description" content=" A  short &amp; plain one. ">', "description", "A short & plain one."),
        ('<META NAME=description CONTENT="x">', "description", "x"),
        ('<meta content="og" property="og:description"><meta name=description content="own">', "description", "own"),
        ('<meta property="og:description" content="港口办公室">', "description", "港口办公室"),
        ('<meta name=description content="">', "description", None),
        ('<meta property="og:locale" content="zh_CN">', "page_language", "zh_CN"),
        ('<link rel="canonical" href="https://a.example/b?c=d">', "canonical_url", "https://a.example/b?c=d"),
        ('<link rel="canonical" href="/b">', "canonical_url", None),
        ('<link rel=canonical href=/b><meta property=og:url content="http://a.example/">', "canonical_url", "http://a.example/"),
        ('<link rel=canonical href="javascript:alert(1)">', "canonical_url", None),
        ('<meta property="article:published_time" content="2024-05-03T10:00:00+08:00">', "published", "2024-05-03"),
        ('<script>{"datePublished" : "2024-5-3"}</script>', "published", "2024-05-03"),
        ('<meta name="PubDate" content="2024年5月3日 10:00">', "published", "2024-05-03"),
        ('<meta name="date" content="20240503">', "published", "2024-05-03"),
        ('<meta name="date" content="2024-13-45">', "published", None),
        ('<meta name="date" content="yesterday">', "published", None),
        ("<time class=x datetime='2024-05-03'>", "published", "2024-05-03"),
    ],
)  # fmt: skip
def test_what_a_head_says(markup: str, field: str, value: str | None) -> None:
    assert getattr(head(markup), field) == value
    assert head(markup) == Head(**{field: value})


def test_the_language_of_the_page_itself_comes_first() -> None:
    assert head_of(b'<html lang="en-GB"><meta property=og:locale content=de>').page_language == "en-GB"


def test_tags_in_the_body_say_nothing_and_long_values_are_cut() -> None:
    assert head("<body><meta name=description content=x>") == Head()
    assert len(head(f'<meta name=description content="{"a" * 3000}">').description or "") == LONGEST_DESCRIPTION


@settings(deadline=None)
@given(st.lists(st.sampled_from(
    ["<meta ", "content=", '"', "'", ">", "name=description", "2024-05-03", "<link rel=canonical href=", "<html lang=",
     "datePublished", '"datePublished":"', "<time datetime=", "\0", "é", "http://a.example", "<body"]
), max_size=30).map("".join))  # fmt: skip
def test_any_bytes_give_plain_values(markup: str) -> None:
    for value in head_of(markup.encode()):
        assert value is None or (isinstance(value, str) and value)


def test_columns_are_filled_where_they_are_null() -> None:
    page = "<html lang=en><meta name=description content=theirs><body><article><h1>T</h1><p>A sentence of the page.</p>"
    batch = pa.record_batch({"html": [page, page, None], "description": pa.array([None, "ours", None], pa.string())})
    out = extract_html()(batch)
    assert out["description"].to_pylist() == ["theirs", "ours", None]
    assert out["page_language"].to_pylist() == ["en", "en", None]


def test_the_outline_are_the_chosen_headings() -> None:
    body = "The harbour office opened its new reading room on Monday, and visitors came all day long to see it. " * 3
    page = (
        f"<html><body><nav><h2>Menu</h2></nav><article><h1>Top</h1><h1>Top</h1><p>{body}</p><h2>Part</h2><p>{body}</p>"
    )
    out = extract_html()(pa.record_batch({"html": [page]}))
    assert out["outline"].to_pylist() == [["# Top", "## Part"]]
    assert out["capped"].to_pylist() == [None]


def test_a_cap_is_a_column_and_a_line_in_the_report(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from curate import Pipeline, parquet
    from curate.launch import Local
    from curate.read.html import html

    body = (
        "<p>The harbour office opened its new reading room on Monday, and visitors came all day long to see it.</p>" * 3
    )
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.html").write_text(f"<html><body><article>{'<div>' * 600}{body}")
    (tmp_path / "in" / "b.html").write_text(f"<html><body><article>{body}")
    report = Pipeline(html(str(tmp_path / "in")), extract_html(), write=parquet(str(tmp_path / "out"))).run(on=Local(0))
    assert report.data["capped"] == {"depth": 1}
    assert any("1 documents were read up to a cap only" in warning for warning in report.data["warnings"])
