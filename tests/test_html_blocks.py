"""The pass over a page: blocks as in the golden cases, as lxml reads well-formed pages, and something for any input."""

from __future__ import annotations

import html
import json
import re
from html.entities import html5
from pathlib import Path

import lxml.html
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.extract.kernel import Page, all_text
from curate.kernels.html import blocks as fields
from curate.kernels.html.names import FLAGS, IN_PRE
from tests.bombs import BOMBS, LAST, page

CASES = json.loads((Path(__file__).parent / "html_cases.json").read_text(encoding="utf-8"))
READER = Page()


def read(markup: str) -> list[str]:
    READER.read(np.frombuffer(markup.encode("utf-8", "replace") or b" ", np.uint8))
    return READER.block_texts()


@pytest.mark.parametrize(("markup", "blocks"), CASES, ids=[case[0][:40] for case in CASES])
def test_golden_cases(markup: str, blocks: list[str]) -> None:
    assert read(markup) == blocks


def test_every_named_reference() -> None:
    """As Python's own `html.unescape`; characters that are not kept as they are (blanks, soft hyphens) are left out."""
    for name in sorted(html5):
        expected = html5[name]
        if expected.isspace() or set(expected) & set("\u00ad\u200b\u2060") or not expected.strip():
            continue
        (found,) = read(f"<p>x&{name} y")
        assert found.replace(" ", "") == html.unescape(f"x&{name} y").replace(" ", ""), name


@settings(deadline=None)
@given(st.integers(0x21, 0x10FFFF))
def test_every_number_is_its_character(code: int) -> None:
    expected = html.unescape(f"&#{code};")
    if not expected or expected.isspace() or expected in "\u00ad\u200b\ufeff\u007f<" or (code < 0xA0 and code > 0x7E):
        return
    assert read(f"x&#{code};y") == [f"x{expected}y"] == read(f"x&#x{code:x};y")


INLINE, BLOCK = ("b", "i", "span", "em", "a", "font"), ("div", "p", "section", "li", "blockquote", "td")
TEXT = st.text("abc 我的&<", min_size=1, max_size=8).map(html.escape)


def element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    inside = st.lists(children, max_size=4).map("".join)
    attributes = st.sampled_from(["", ' class="a b"', " id=x", ' title="a > b"', " data-x='<p>'"])
    return st.builds(
        lambda tag, attribute, body: f"<{tag}{attribute}>{body}</{tag}>",
        st.sampled_from(("div", "section", "b", "span", "h2", "ul", "figure")),
        attributes,
        inside,
    )


@settings(deadline=None)
@given(st.recursive(TEXT, element, max_leaves=20))
def test_no_character_is_lost_or_invented_as_lxml_reads_it(markup: str) -> None:
    tree = lxml.html.fromstring(f"<html><body>{markup}</body></html>")
    expected = re.sub(r"\s+", "", tree.text_content())
    assert re.sub(r"\s+", "", "".join(read(f"<html><body>{markup}</body></html>"))) == expected


PIECES = st.sampled_from(
    ["<p>", "</p>", "<div class=x", ">", "<", "&", "&amp", ";", "<!--", "-->", "<script>", "</script>", '"', "'", "=",
     "<table><tr><td>", "</table>", "<li>", "<br>", "<a href=x>", "</a>", "<title>", "<pre>", "文字", "word ", "\0",
     "&#x10FFFF;", "&#999999999999;", "<svg>", "<plaintext>", "<xmp>", "\ud800", "<x-y>", "</", "<?", "<!x", "é"]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=40).map("".join))
def test_any_markup_gives_clean_blocks_that_partition_the_text(markup: str) -> None:
    texts = read(markup)
    raw = READER.text[: int(READER.state[fields.S_LENGTH])].tobytes()
    assert "".join(texts).encode() == raw  # blocks follow each other without a gap; decoding has not failed
    assert all(text == text.strip("\n").rstrip(" ") and text for text in texts)  # code may begin with blanks
    assert "\0" not in "".join(texts)
    assert read(markup) == texts  # nothing is left over from the page before


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_and_lose_nothing(name: str) -> None:
    text = all_text(page(BOMBS[name](0.3)))
    assert LAST in text


def test_caps_are_flagged_and_what_is_beneath_is_kept() -> None:
    reader = Page()
    reader.read(np.frombuffer(("<div>" * 500 + "deep</div>" + "<p>after").encode(), np.uint8))
    assert reader.capped == "depth"
    assert reader.block_texts() == ["deep", "after"]
    small = Page()
    small.blocks = small.blocks[:, :3].copy()
    small.read(np.frombuffer(("<p>x" * 10).encode(), np.uint8))
    assert (small.capped, small.block_texts()) == ("blocks", ["x", "x", "x"])


def test_where_a_block_stands() -> None:
    """Flags come from elements, roles, and what hides."""
    flags = {name: 1 << i for i, name in enumerate(FLAGS)}
    for markup, expected in (
        ("<nav>x", flags["nav"]),
        ("<div role=navigation>x", flags["nav"]),
        ("<main><article><ul><li>x", flags["main"] | flags["article"] | flags["list"]),
        ("<div hidden>x", flags["hidden"]),
        ("<div aria-hidden=true>x", flags["hidden"]),
        ("<div aria-hidden=false>x", 0),
        ("<div style='color: red; display: none'>x", flags["hidden"]),
        ("<div style='display:block'>x", 0),
        ("<div style='visibility:hidden'>x", flags["hidden"]),
        ("<noscript>x", flags["noscript"]),
        ("<pre>x", IN_PRE),
        ("<nav>y</nav>x", 0),
    ):
        n = READER.read(np.frombuffer(markup.encode(), np.uint8))
        assert READER.blocks[fields.STANDS, n - 1] == expected, markup


def test_counts_of_a_block() -> None:
    READER.read(np.frombuffer("<p>The Cat, 42 的了 <a href=x>link</a>.</p>".encode(), np.uint8))
    found = {name: int(READER.blocks[getattr(fields, name), 0]) for name in (
        "WORDS", "IDEOGRAPHS", "UNITS", "LINKED", "STOPS", "COMMAS", "SENTENCES", "CAPITALS", "DIGITS", "ANCHORS"
    )}  # fmt: skip
    assert found == {
        "WORDS": 4, "IDEOGRAPHS": 2, "UNITS": 52, "LINKED": 10, "STOPS": 24, "COMMAS": 1, "SENTENCES": 1,
        "CAPITALS": 2, "DIGITS": 2, "ANCHORS": 1,
    }  # fmt: skip
