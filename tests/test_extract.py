"""Extraction: the engines against their libraries, pages built to break parsers, and the step's promises."""

from __future__ import annotations

import logging
import pickle
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.extract import ExtractHtml, extract_html
from curate.extract.engines import ENGINES, Options, TooComplex, markup_work, well_formed
from curate.read.charset import decode_page

DATA = Path(__file__).parents[2] / "shared" / "data"

METADATA = ("title", "qa", "description", "page_language", "published", "canonical_url", "outline")
ENGLISH = (
    "The harbour office opened its new reading room on Monday, and visitors came all day long to see it.",
    "Old charts of the coast hang along the walls, each with a short note on who drew it and when.",
    "Admission is free until the end of the month; groups are asked to write to the office beforehand.",
)
CHINESE = (
    "港务局的新阅览室星期一正式开放，许多市民一早就赶来参观，馆内整天都非常热闹。",
    "墙上挂着沿海的旧地图，每一张旁边都写着绘图人的姓名和年代，方便读者了解它们的来历。",
    "本月底以前免费入场；团体参观请提前写信联系，以便工作人员安排时间和讲解。",
)


def page(paragraphs: tuple[str, ...], charset: str = "utf-8", more: str = "") -> str:
    body = "".join(f"<p>{p}</p>" for p in paragraphs)
    return (
        f'<!DOCTYPE html>\n<html><head><meta charset="{charset}"><title>Page</title></head><body>'
        '<nav><a href="/">Home</a><a href="/a">About us</a></nav>'
        f"<article><h1>News</h1>{body}{more}</article><footer>Imprint and contact</footer></body></html>"
    )


def batch_of(*pages: str | None) -> pa.RecordBatch:
    return pa.record_batch({"id": [str(i) for i in range(len(pages))], "html": pa.array(pages, pa.string())})


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("paragraphs", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_main_text_without_navigation(engine: str, paragraphs: tuple[str, ...]) -> None:
    out = extract_html(engine)(batch_of(page(paragraphs)))
    text = out["text"][0].as_py()
    assert all(p in text for p in paragraphs)
    assert "About us" not in text
    assert "Imprint" not in text
    assert out.schema.names == ["id", "text", *METADATA, *(["capped"] if engine == "kernel" else []), "error"]
    assert (out["title"].to_pylist(), out["qa"].to_pylist()) == (["Page"], [None])
    assert out["error"].null_count == 1


def test_gbk_page_from_bytes_to_text() -> None:
    raw = page(CHINESE, charset="gb2312").encode("gbk")
    decoded = decode_page(raw, "ISO-8859-1", markup=True)
    text = extract_html()(batch_of(decoded.text))["text"][0].as_py()
    assert decoded.charset == "gb18030"
    assert all(p in text for p in CHINESE)


@pytest.mark.parametrize("focus", ["precision", "balanced", "recall"])
def test_same_as_trafilatura_on_its_own(focus: str) -> None:
    """Our tree (`huge_tree`, cleaned) changes nothing on real pages."""
    path = DATA / "html" / "wcxb_dev.parquet"
    if not path.exists():
        pytest.skip(f"needs {path.name} from the shared data beside the repository")
    import pyarrow.parquet as pq
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    pages = pq.ParquetFile(path).read(columns=["html"])["html"].to_pylist()
    short = [p for p in pages if len(p) < 60_000]
    chosen = short[:: len(short) // 50][:50] if focus == "balanced" else short[:5]
    texts = 0
    for raw in chosen:
        html = decode_page(raw, None, markup=True).text
        own = trafilatura.extract(
            html,
            favor_precision=focus == "precision",
            favor_recall=focus == "recall",
            include_comments=False,
            include_tables=True,
        )
        ours = ENGINES["trafilatura"](html, Options(focus=focus))
        assert ours == (own or "")
        texts += bool(ours)
    assert texts >= 0.9 * len(chosen)


def test_step_keeps_text_that_is_there_and_the_place_of_every_row() -> None:
    batch = pa.record_batch(
        {
            "html": pa.array([page(ENGLISH), None, page(CHINESE), None], pa.string()),
            "text": pa.array([None, "given", "kept", None], pa.string()),
        }
    )
    out = extract_html()(batch)
    assert out.schema.names == ["text", *METADATA, "capped", "error"]
    assert out["text"].to_pylist()[1:] == ["given", "kept", None]
    assert ENGLISH[0] in out["text"][0].as_py()
    again = extract_html()(batch.slice(1, 2))
    assert again["text"].to_pylist() == ["given", "kept"]
    empty = extract_html()(batch.slice(0, 0))
    assert empty.schema == out.schema
    assert empty.num_rows == 0


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("html", ["", "  \n", "<!doctype html>", "<!-- only this -->", "<html></html>", "<frameset/>"])
def test_page_without_text_is_empty_and_no_error(engine: str, html: str) -> None:
    out = extract_html(engine)(batch_of(html))
    assert (out["text"].to_pylist(), out["error"].to_pylist()) == ([""], [None])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "piece",
    ["&#xD800;", "&#x110000;", "&#0;", "&#55296", "&#" + "9" * 5000 + ";", "\0", "&#x" + "f" * 5000 + ";"],
    ids=lambda piece: ascii(piece[:9]),
)
def test_characters_that_do_not_exist_cost_nothing_but_themselves(engine: str, piece: str) -> None:
    html = page((ENGLISH[0], f"before {piece} after, in a sentence of some length.", *CHINESE))
    text = ENGINES[engine](html, Options())
    assert all(part in text for part in (ENGLISH[0], "before", "after", *CHINESE))


@given(st.text(st.sampled_from("&#x;0dD89ea<>\ud800\0中"), max_size=40))
def test_well_formed(html: str) -> None:
    clean = well_formed(html)
    clean.encode("utf-8")
    assert "\0" not in clean
    assert well_formed(clean) == clean


@pytest.mark.parametrize("engine", ENGINES)
def test_text_node_above_ten_megabytes(engine: str) -> None:
    long = "word " * 2_100_000
    assert len(ENGINES[engine](page(ENGLISH, more=f"<p>{long}</p>"), Options())) > 10_000_000


BOMBS = {
    "elements nested": "<div>" * 2_000 + "x" + "</div>" * 2_000,
    "unclosed formatting": "<b>x" * 2_000,
    "attributes in one tag": "<p " + " ".join(f"a{i}='>'" for i in range(3_000)) + ">x</p>",
    "paragraphs": "<p>word" * 30_000,
    "line breaks": "word<br>" * 50_000,
    "tags": "<i>x</i>" * 200_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_pages_beyond_a_cap_get_a_reason(name: str) -> None:
    out = extract_html("trafilatura")(batch_of(page(ENGLISH), page(ENGLISH, more=BOMBS[name]), page(CHINESE)))
    reason = out["error"][1].as_py()
    assert out["text"][1].as_py() is None
    assert reason.startswith("too complex for trafilatura: ")
    assert ("elements nested" if name == "unclosed formatting" else name) in reason
    assert out["error"][0].as_py() is None
    assert CHINESE[0] in out["text"][2].as_py()


def test_caps_leave_room_for_real_pages() -> None:
    """Code samples, comments and scripts are full of what looks like tags and quotes."""
    script = "<script>" + "if (a<b) s += '<div><div>\"';" * 5_000 + "</script>"
    comment = "<!--" + "<div>" * 5_000 + "-->"
    stray = '<div class="a""> it\'s <b>5" wide</b> ' + '<p>don\'t say "no".</p>' * 300 + "</div>"
    unclosed_items = "<ul>" + "<li>item" * 1_000 + "</ul><table>" + "<tr><td>x" * 1_000 + "</table>"
    work = markup_work(page(ENGLISH, more=script + comment + stray + unclosed_items).encode())
    assert work.depth is not None
    assert work.depth < 10
    assert work.attributes is not None
    assert work.attributes < 5
    text = ENGINES["trafilatura"](page(ENGLISH, more=script + comment), Options())
    assert all(p in text for p in ENGLISH)


@pytest.mark.parametrize(
    "unit", ["<", "<a ", '<a b="', "<a b='", "<!--", "<script>", "</", "<a =", '"', "<textarea>", "<x y=' ", "&#"]
)
def test_counting_is_linear_whatever_is_unclosed(unit: str) -> None:
    """Quadratic time would take minutes here."""
    assert markup_work(unit.encode() * 300_000).bytes == len(unit) * 300_000


@settings(max_examples=200)
@given(st.lists(st.sampled_from(["<div>", "</div>", "<p>", "<br>", "<b a=1>", "</b>", "x", "<br/>", "<img a b>"])))
def test_counts(pieces: list[str]) -> None:
    """The slow twin: the pieces are known, so the counts are."""
    depth = deepest = 0
    for piece in pieces:
        depth = depth + 1 if piece in ("<div>", "<b a=1>") else max(depth - 1, 0) if piece[:2] == "</" else depth
        deepest = max(deepest, depth)
    work = markup_work("".join(pieces).encode())
    assert work.tags == sum(p.startswith("<") and p[1] != "/" for p in pieces)
    assert (work.paragraphs, work.breaks) == (pieces.count("<p>"), pieces.count("<br>") + pieces.count("<br/>"))
    assert work.depth == deepest
    assert work.attributes == (2 if "<img a b>" in pieces else 1 if "<b a=1>" in pieces else 0)


def test_an_engine_that_raises_costs_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def touchy(html: bytes, options: Options) -> str:
        if b"bad" in html:
            raise RecursionError("too deep")
        if b"big" in html:
            raise TooComplex("5 tags, 4 are the limit")
        return html.decode()

    monkeypatch.setitem(ENGINES, "resiliparse", touchy)
    out = extract_html("resiliparse")(batch_of("good", "bad", "big", "good"))
    assert out["text"].to_pylist() == ["good", None, None, "good"]
    assert out["error"].to_pylist() == [
        None,
        "resiliparse failed: RecursionError: too deep",
        "too complex for resiliparse: 5 tags, 4 are the limit",
        None,
    ]


def test_names_are_checked_and_the_step_is_plain_data() -> None:
    with pytest.raises(ValueError, match="kernel, trafilatura, resiliparse"):
        extract_html("trafilature")
    with pytest.raises(ValueError, match="precision, balanced, recall"):
        extract_html(focus="high")
    with pytest.raises(ValueError, match="column `html`"):
        extract_html()(pa.record_batch({"text": ["a"]}))
    step = extract_html(focus="recall")
    assert pickle.loads(pickle.dumps(step)) == step == ExtractHtml("kernel", "recall", False, True, "text", True)
    assert step.depends[0].startswith("numba ")


def test_mojibake_is_repaired_while_it_can_be() -> None:
    """UTF-8 read as windows-1252 needs C1 controls to be undone, and engines drop them."""
    said = "“A gate,” she wrote, “is a question.” " * 8 + "他说：“门是一个问题。”" * 8
    raw = said.encode()
    garbled = "".join(
        raw[n : n + 1].decode("cp1252", "replace").replace("\ufffd", chr(raw[n])) for n in range(len(raw))
    )
    markup = f"<html><body><article><p>{garbled}</p></article></body></html>"
    batch = batch_of(markup)
    assert extract_html()(batch).column("text")[0].as_py().strip() == said.strip()
