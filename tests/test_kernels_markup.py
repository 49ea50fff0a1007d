"""The kernel that counts markup equals its slow twin, and what goes before it changes nothing that it should not."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.extract.engines import Work, _repaired, markup_work, well_formed
from curate.kernels import markup as kernel
from tests import reference_markup
from tests.test_extract import BOMBS, CHINESE, ENGLISH, page

WCXB = Path(__file__).parents[2] / "shared" / "data" / "html" / "wcxb_dev.parquet"

PIECES = [
    "<", ">", "/", "=", "'", '"', "-", "!", "?", "a", "é", "中", "\0", "\t", "\n", "\r", "\f", "\v", " ", " = ",
    "</", "<!", "<!--", "-->", "--!>", "/>", "<p", "<P>", "<br", "<br/>", "<div", "<div>", "<DIV/>", "</div>", "</b>",
    "<html", "<body", " a", " b='", ' c="', "id=x", "<p-x", "<svg:g>", "<noframesx>", "</br>", "<input>", "<scripts>",
    "<script", "<script>", "</script", "</SCRIPT>", "<style>", "</style>", "<title", "</title ", "<textarea/>",
    "</textarea>", "<xmp>", "</xmpx>",
]  # fmt: skip
SOUP = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)

# What the HTML standard says of malformed markup: start tags, attributes, depth, <p>, <br>.
CASES = {
    "<p class=a id='b' hidden>": (1, 3, 0, 1, 0),
    "<p a = b c= 'd>' e =f>": (1, 3, 0, 1, 0),
    '<b class="a""> <b x="a>b"c=d>': (2, 2, 2, 0, 0),
    "<b =a=b / c/d>": (1, 3, 1, 0, 0),
    "<b a=x\"y>z'>": (1, 1, 1, 0, 0),
    "<p-x><a-b></a-b><br-c>": (3, 0, 2, 0, 0),
    "<div/><div /><div/ ><div a=b/>": (4, 1, 2, 0, 0),
    "<!--><b>": (1, 0, 1, 0, 0),
    "<!---><b><!----!><b><!---!><b>-->": (2, 0, 2, 0, 0),
    "<!doctype a <b> <? <i> </ <u> < s> <3": (0, 0, 0, 0, 0),
    "<script><b></scripts></SCRIPT\n><b>": (2, 0, 1, 0, 0),
    "<script><!--<script></script><b></script><b>": (2, 0, 1, 0, 0),
    "<script><!--<script>--></script><b>": (2, 0, 1, 0, 0),
    "<script><!-- <b> </script><b>": (2, 0, 1, 0, 0),
    "<title><b></title><textarea></title><b>": (2, 0, 0, 0, 0),
    "<div><script></script><div><img></img></br><div>": (5, 0, 3, 0, 0),
    "</div x y z><html a><html b c><body d><BODY e f g>": (4, 4, 0, 0, 0),
    "<br><br/><BR x><p><P>": (5, 1, 0, 2, 3),
    "<b": (1, 0, 1, 0, 0),
    "<b a='": (1, 1, 1, 0, 0),
    "<": (0, 0, 0, 0, 0),
    "</": (0, 0, 0, 0, 0),
    "": (0, 0, 0, 0, 0),
}


def agree(markup: bytes) -> Work:
    work = markup_work(markup)
    assert work == reference_markup.markup_work(markup)
    return work


@pytest.mark.parametrize("markup", CASES)
def test_malformed_markup_as_the_standard_reads_it(markup: str) -> None:
    assert agree(markup.encode())[1:] == CASES[markup]


@settings(max_examples=800, deadline=None)
@given(SOUP)
def test_tag_soup(markup: str) -> None:
    agree(markup.encode())


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes(markup: bytes) -> None:
    agree(markup)


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name: str) -> None:
    agree(page(ENGLISH, more=BOMBS[name]).encode())


@pytest.mark.parametrize("paragraphs", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_a_page(paragraphs: tuple[str, ...]) -> None:
    assert agree(page(paragraphs).encode())[1:] == (14, 1, 2, 3, 0)


def test_every_name_of_the_lists_is_found() -> None:
    """The twin has lists of its own; a name one letter longer or other at either end is an ordinary element."""
    for name in sorted(reference_markup.VOID | reference_markup.SELF_ENDING | reference_markup.RAW):
        for tag in (name, name.upper(), name + b"x", b"x" + name, name[:-1] + b"q"):
            agree(b"<" + tag + b"><i></i></" + tag + b"><u><s>")


def test_real_pages_as_they_are_and_damaged() -> None:
    if not WCXB.exists():
        pytest.skip(f"needs {WCXB.name} from the shared data beside the repository")
    import pyarrow.parquet as pq

    pages = pq.ParquetFile(WCXB).read(columns=["html"])["html"].to_pylist()
    pages = sorted(pages, key=len)[: len(pages) // 2 : 2]  # the twin takes its time over the larger half
    assert len(pages) >= 300
    chance = random.Random(1)
    for raw in pages:
        agree(raw)
        damaged = bytearray(raw)
        for _ in range(20):
            at = chance.randrange(len(damaged) + 1)
            damaged[at : at + chance.randrange(4)] = chance.choice(PIECES).encode()
        agree(bytes(damaged))


@pytest.mark.parametrize(
    "unit", ["<script><!--<", "<a", "</a", "<script><!--</", "<!-", "<html a", "--!>", "<title></"]
)
def test_counting_is_linear(unit: str) -> None:
    """Quadratic time would take minutes here."""
    for markup in (unit * 300_000, unit + unit[-1] * 1_000_000, unit[:-1] + unit[-2:] * 300_000):
        assert markup_work(markup.encode()).bytes == len(markup)


def test_it_is_compiled_for_one_type_only() -> None:
    """Each further one would cost seconds in every worker."""
    for markup in (b"", b"<p>", b"<p>" * 1_000, memoryview(b"<p><b>")[3:].tobytes()):
        markup_work(markup)
    assert len(kernel._count.signatures) == 1  # type: ignore[attr-defined]


HEADS = [
    "<!DOCTYPE html>", "<! doctype", "<!doctype a '/b'>", "<html>", "<html/>", "<html a='b' />", "<HTML/>", "\n", "\r",
    "\r\n", "\x85", "\x0b", "\x1c", "\u2028", "\ufffe", "\uffff", "\ufffd", "/>", ">", "/", "x 中",
]  # fmt: skip
CODES = st.integers(0, 0x120000) | st.sampled_from(
    [0, 1, 9, 0x7F, 0xD7FF, 0xD800, 0xDFFF, 0xE000, 999_999, 1_000_000, 0x10FFFF, 0x110000, 10**9, 16**9]
)


@given(
    CODES, st.sampled_from(["", "0", "000000000"]), st.sampled_from(["{}", "x{:x}", "X{:X}"]), st.sampled_from(";x ")
)
def test_references_that_name_no_character_are_replaced(code: int, zeros: str, form: str, end: str) -> None:
    digits = form.format(code)
    mark = digits[0] if digits[0] in "xX" else ""
    reference = f"&#{mark}{zeros}{digits[len(mark) :]}"
    exists = 0 < code < 0xD800 or 0xE000 <= code < 0x110000
    expected = reference + end if exists else "\N{REPLACEMENT CHARACTER}" + end.replace(";", "")
    assert well_formed(f"中{reference}{end}") == f"中{expected}"


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(["", " ", "中", "<!--" + "é" * 5_000 + "\n-->"]),
    st.lists(st.sampled_from(HEADS), max_size=12).map("".join),
    st.sampled_from(["", "\n<p>" + "long " * 5_000, "<html/>" * 600]),
)
def test_repair_is_left_out_only_where_it_changes_nothing(before: str, middle: str, behind: str) -> None:
    from trafilatura.utils import repair_faulty_html

    markup = before + middle + behind
    assert _repaired(markup.encode()).decode() == repair_faulty_html(markup, markup[:50].lower())
