"""The report page and the terminal summary: nothing from the data becomes markup, and no figure is lost."""

from __future__ import annotations

import base64
import copy
import doctest
import hashlib
import io
import json
import re
import unicodedata
from html.parser import HTMLParser
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from curate.page import charts, figures, print_summary, render, render_page, visible, write_page
from curate.page.labels import LABELS
from tests import page_fixture

HOSTILE = [
    "</script><script>alert(1)</script>",
    "</style></title></textarea></svg><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x=\'',
    "' autofocus onfocus=alert(1) '",
    "<svg/onload=alert(1)><!--",
    "--><iframe srcdoc='<b>'>",
    "]]>&lt;b&gt;&#60;i&#62;&amp;",
    "javascript:alert(1) {{ 7 * 7 }}{% raw %}",
    "<base href=//evil.example><meta http-equiv=refresh content=0>",
    "\u2028\u2029\u202e\u2066\u200f\ufeff\u200b",
    "\x00\x07\x1b[31m\x1b]0;title\x07\x7f\x9b",
    "\ud800\udfff\U000e0041\ufffe",
    ']}\\"\\u003c/script\\u003e',
    "[red]markup[/red] \\[link=x]",
]


class Page(HTMLParser):
    """A parsed page: every element with its attributes in order (chips apart), all text, and the inline blocks."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.chips: list[str] = []
        self.text = ""
        self.blocks: dict[str, str] = {}
        self._inside = ""
        self._chip = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._chip = attrs == [("class", "chip")] and tag == "b"
        if not self._chip:
            self.elements.append((tag, tuple(attrs)))
        self._inside = {"style": "style", "script": "data" if ("id", "data") in attrs else "script"}.get(tag, "")

    def handle_endtag(self, tag: str) -> None:
        self._inside, self._chip = "", False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.blocks[self._inside] = self.blocks.get(self._inside, "") + data
        elif self._chip:
            self.chips.append(data)
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"the page has no comments, but here is {data!r}")


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    return page_fixture.report()


@pytest.fixture(scope="module")
def page(report: dict[str, Any]) -> Page:
    return Page(render_page(report))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_in_every_field_adds_no_element_and_no_attribute(
    report: dict[str, Any], page: Page, hostile: str
) -> None:
    rendered = render_page(page_fixture.mapped(report, lambda text: hostile + text))
    found = Page(rendered)
    assert found.elements == page.elements
    assert all(found.blocks[key] == page.blocks[key] for key in ("style", "script", "data"))
    rendered.encode("utf-8")  # lone surrogates are gone
    assert not visible._HIDDEN.search(rendered)
    shown, _ = next(visible.pieces(hostile, 1000))
    assert found.text.count(shown) + found.chips.count(shown) > 150  # it is shown, inert, wherever there is data


def test_a_hostile_operator_of_a_threshold_is_inert(report: dict[str, Any], page: Page) -> None:
    changed = copy.deepcopy(report)
    changed["signals"][2]["thresholds"][0]["op"] = "<b>&"
    assert Page(render_page(changed)).elements == page.elements


def test_hidden_characters_are_shown_by_name_and_joiners_stay() -> None:
    report = {"version": 1, "name": "a\u202eb\r\nc\rd\u200d\u200ce\x1bf\ufffd"}
    page = Page(render_page(report))
    assert [chip for chip in page.chips if chip != "RLO"] == ["U+000D", "U+001B"]
    assert "ab\ncd\u200d\u200cef\ufffd" in page.text
    assert "a⟨RLO⟩b c⟨U+000D⟩d" in page.text  # the title cannot hold chips


def test_which_characters_are_hidden_is_what_unicode_says() -> None:
    reordering = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    for character in map(chr, [*range(0x10000), *range(0xE0000, 0xE0080), *map(ord, "😀𠮷")]):
        category = unicodedata.category(character)
        must_show = category in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(character) in reordering
        [(_, hidden)] = visible.pieces(character, 1)
        assert hidden >= (must_show and character not in "\t\n"), hex(ord(character))
        # Nothing that has a shape of its own, and neither joiner nor combining mark, is taken for hidden.
        assert not hidden or category in ("Cc", "Cs", "Zl", "Zp", "Cf", "Cn"), hex(ord(character))


def test_the_policy_admits_exactly_our_style_and_script(page: Page) -> None:
    [policy] = [
        dict(attrs)["content"] for _, attrs in page.elements if ("http-equiv", "Content-Security-Policy") in attrs
    ]
    for kind in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.blocks[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in str(policy)
    assert str(policy).startswith("default-src 'none';")
    assert "unsafe" not in str(policy)


def test_nothing_is_loaded_and_nothing_is_inline(page: Page) -> None:
    for tag, attrs in page.elements:
        for name, value in attrs:
            assert name not in ("style", "src", "srcset", "action", "xlink:href"), (tag, value)
            assert not name.startswith("on"), (tag, name)
            assert name != "href" or str(value).startswith("#"), value
    assert not re.search(r"url\(|@import|https?:", page.blocks["style"] + page.blocks["script"])
    assert not re.search(r"innerHTML|insertAdjacentHTML|\beval\b|document\.write|Function\(", page.blocks["script"])


def test_links_in_the_page_lead_somewhere(page: Page) -> None:
    ids = [dict(attrs)["id"] for _, attrs in page.elements if "id" in dict(attrs)]
    links = [str(dict(attrs)["href"])[1:] for tag, attrs in page.elements if tag == "a"]
    assert len(ids) == len(set(ids))
    assert links
    assert set(links) <= set(ids)


def test_the_data_block_is_json_that_any_script_element_can_hold(report: dict[str, Any], page: Page) -> None:
    assert not re.search(r"[<>&\u2028\u2029]", page.blocks["data"])
    data = json.loads(page.blocks["data"])
    assert data["labels"] == {key: chinese for key, (_, chinese) in LABELS.items()}
    numeric = [signal for signal in report["signals"] if signal["kind"] == "number" and sum(signal["kept"])]
    for chart, signal in zip(data["charts"], numeric, strict=True):
        assert (sum(chart["kept"]), sum(chart["dropped"])) == (sum(signal["kept"]), sum(signal["dropped"]))
    drawn = [dict(attrs)["data-chart"] for tag, attrs in page.elements if "data-chart" in dict(attrs)]
    assert drawn == [str(index) for index in range(len(data["charts"]))]


@example(["</script>", "<!--", "&amp;", "\u2028\ud800"])
@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_the_data_block_round_trips(data: Any) -> None:
    block = render.data_block(data)
    assert json.loads(block) == data
    assert not re.search(r"[<>&]|[^\x00-\x7f]", block)


def test_every_figure_of_the_report_is_on_the_page(report: dict[str, Any], page: Page) -> None:
    written = set(re.findall(r"[\w.,:−<>-]+(?: (?:%|B|[kMGT]B|s|min \d+ s))?", page.text.replace("\n", " ")))
    tokens = written | {token.lstrip("−") for token in written} | set(page.text.split())

    def check(value: Any, path: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                check(inner, f"{path}.{key}")
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                check(inner, f"{path}.{index}")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            ways = [figures.value(value), figures.size(value), figures.seconds(value), figures.size(value * 1_000_000)]
            assert any(way in tokens or way in page.text for way in ways), f"{path} = {value}"

    for key, value in report.items():
        if key not in ("version", "signals"):
            check(value, key)
    for signal in report["signals"]:
        if signal["kind"] == "category":
            check([row[1:] for row in signal["values"]] + signal["other"], signal["name"])
        elif sum(signal["kept"]):
            for total in (sum(signal["kept"]), sum(signal["dropped"])):
                assert figures.count(total) in tokens
        for threshold in signal["thresholds"]:
            sign = charts.SIGNS.get(threshold["op"], threshold["op"])
            assert f"{sign} {figures.short(threshold['value'])}" in page.text


def test_every_text_of_the_report_is_on_the_page(report: dict[str, Any], page: Page) -> None:
    texts: list[str] = []
    shown = {key: value for key, value in report.items() if key not in ("signals", "timings")}
    page_fixture.mapped(shown, lambda text: texts.append(text) or text)
    # What a rule reads is used, not shown, but is a signal's name all the same.
    read = {name for step in report["steps"] for rule in step["rules"] for name in rule["reads"]}
    assert {text for text in texts if text not in page.text} - read == set()


@pytest.mark.parametrize("missing", [*render.EMPTY, "everything"])
def test_a_report_with_missing_parts_renders(report: dict[str, Any], missing: str) -> None:
    changed = {"version": 1} if missing == "everything" else {k: v for k, v in report.items() if k != missing}
    page = Page(render_page(changed))
    print_summary(changed, Console(file=io.StringIO()))
    assert page.text.strip()


def test_other_versions_and_things_that_are_no_numbers_are_refused(report: dict[str, Any]) -> None:
    for version in ({}, {"version": 2}):
        with pytest.raises(ValueError, match="shows version 1"):
            render_page(version)
    with pytest.raises(TypeError, match="'<b>' where a finite number"):
        render_page({**report, "documents": "<b>"})
    signal = {**report["signals"][0], "kept": [1, 2]}
    with pytest.raises(ValueError, match=r"word_count.*one more than counts"):
        render_page({**report, "signals": [signal]})


def test_the_report_is_left_as_it_was(report: dict[str, Any]) -> None:
    before = copy.deepcopy(report)
    render_page(report)
    assert report == before


def test_write_page_writes_the_bytes_of_the_page(report: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_page(report, path)
    assert path.read_bytes() == render_page(report).encode("utf-8")


@pytest.mark.parametrize("text", ["文" * 600, "<&\u202e" * 200, "short"])
def test_the_page_stays_below_its_size(report: dict[str, Any], text: str) -> None:
    sample = page_fixture.report()["samples"]["kept"][0]
    dropped = [{**sample, "text": text, "rule": f"rule {k % 7}"} for k in range(1900)]
    many = {**report, "samples": {"dropped": dropped, "kept": [{**sample, "text": text} for _ in range(300)]}}
    rendered = render_page(many)
    assert len(rendered.encode("utf-8")) <= render.PAGE_BYTES
    shown = rendered.count('<article class="sample')
    if text == "short":
        assert shown == render.SAMPLES
        # As many as of each of the seven rules.
        assert rendered.count('<article class="sample k') == render.SAMPLES // 8
    else:
        assert shown >= render.SAMPLES // 8
        assert len(rendered.encode("utf-8")) >= 0.6 * render.PAGE_BYTES  # and does not cut more than it must


def test_long_lists_are_cut_and_the_page_says_how_much_is_left(report: dict[str, Any]) -> None:
    skipped = {f"reason {k}": 1000 - k for k in range(render.ROWS["reasons"] + 23)}
    page = Page(render_page({**report, "skipped": skipped}))
    assert "reason 0" in page.text
    assert f"reason {render.ROWS['reasons']}" not in page.text
    assert "+23 more in report.json" in page.text
    assert figures.count(sum(skipped.values())) in page.text  # the total counts them all


def test_the_shipped_files_are_small() -> None:
    files = resources.files("curate.page")
    assert sum(len(files.joinpath(name).read_bytes()) for name in ("template.html", "page.css", "page.js")) <= 40_000


def test_labels_are_complete_and_used(page: Page) -> None:
    source = "".join(
        resources.files("curate.page").joinpath(name).read_text("utf-8")
        for name in ("template.html", "page.js", "render.py")
    )
    assert {key for key in LABELS if f'"{key}"' not in source and f"labels.{key}" not in source} == set()
    for key, (english, chinese) in LABELS.items():
        assert english.isascii(), key
        assert english.strip(), key
        assert chinese.strip(), key
    assert {dict(attrs)["data-t"] for _, attrs in page.elements if "data-t" in dict(attrs)} <= set(LABELS)


# ---- samples ----


def test_samples_are_grouped_by_rule_and_the_deciding_value_comes_first(report: dict[str, Any]) -> None:
    view = render._view(render.complete(report), 100, 100)
    keys = [(group["kept"], group["step"], group["rule"]) for group in view["groups"]]
    assert keys == [
        (False, "gopher_quality", "50 <= word_count <= 100_000"),
        (False, "gopher_quality", "3 <= mean_word_length <= 10"),
        (False, "keep", "toxicity < 0.5"),
        (False, "drop_duplicates(minhash)", None),
        (True, "", None),
    ]
    assert [name for name, _ in view["groups"][0]["samples"][0]["deciding"]] == ["word_count"]
    near = {**report["samples"]["kept"][0], "near": "toxicity < 0.5"}
    [group] = render._view(render.complete({**report, "samples": {"kept": [near]}}), 100, 100)["groups"]
    assert [name for name, _ in group["samples"][0]["deciding"]] == ["toxicity"]


def test_the_second_step_of_a_name_takes_the_second_timing() -> None:
    timings = {"steps": [{"name": "keep", "cpu_s": 1.0}, {"name": "keep", "cpu_s": 2.0}]}
    steps = [{"name": "keep"}, {"name": "other"}, {"name": "keep"}, {"name": "keep"}]
    assert render.step_seconds({"steps": steps, "timings": timings}) == [1.0, None, 2.0, None]


# ---- charts ----

counts = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), min_size=1, max_size=200)


def signal_of(pairs: list[tuple[int, int]], edges: list[float], log: bool, *thresholds: float) -> dict[str, Any]:
    return {"name": "s", "edges": edges, "kept": [k for k, _ in pairs], "dropped": [d for _, d in pairs], "log": log,
            "thresholds": [{"op": ">=", "value": value, "rule": "r"} for value in thresholds]}  # fmt: skip


def heights(path: str) -> list[float]:
    return [float(height) for height in re.findall(r"v-([\d.]+)", path)]


@given(counts, st.booleans(), st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_a_histogram_draws_every_count_inside_its_box(
    pairs: list[tuple[int, int]], log: bool, low: float, step: float
) -> None:
    edges = [low + step * k for k in range(len(pairs) + 1)]
    if any(a >= b for a, b in pairwise(edges)):
        return
    drawn = charts.histogram(signal_of(pairs, edges, log, low + step / 2, low - 5 * step))
    if not any(k + d for k, d in pairs):
        assert drawn is None
        return
    assert drawn is not None
    assert sum(drawn.bins["kept"]) == sum(k for k, _ in pairs)
    assert sum(drawn.bins["dropped"]) == sum(d for _, d in pairs)
    assert len(drawn.bins["kept"]) <= charts.BARS
    xs = drawn.bins["x"]
    assert xs == sorted(xs)
    assert xs[0] == charts.LEFT
    assert xs[-1] == charts.RIGHT
    assert all(charts.LEFT <= x <= charts.RIGHT for x, _, _ in drawn.ticks)
    assert all(charts.LEFT <= line.x <= charts.RIGHT for line in drawn.lines)
    assert len(heights(drawn.kept)) == sum(k > 0 for k in drawn.bins["kept"])
    assert max(heights(drawn.kept) + heights(drawn.dropped)) <= charts.BOTTOM - charts.TOP + 0.6


def test_heights_are_proportional_and_a_spike_is_cut_and_named() -> None:
    drawn = charts.histogram(signal_of([(50, 50), (25, 0), (10, 40)], [0, 1, 2, 3], False))
    assert drawn is not None
    assert drawn.cuts == []
    assert heights(drawn.kept) == [54, 27, 10.8]
    assert heights(drawn.dropped) == [54, 43.2]
    spiked = charts.histogram(signal_of([(3000, 1000), (100, 0), (0, 50)], [0, 1, 2, 3], False))
    assert spiked is not None
    assert [label for _, label in spiked.cuts] == ["4,000"]
    assert heights(spiked.kept) == [81, 80]
    assert heights(spiked.dropped)[0] == 27


@pytest.mark.parametrize(
    ("edges", "drawn_edges", "drawn_kept"),
    [
        ([0, 0, 1, 1, 2], [0, 1, 2], [6, 4]),
        ([0, 1, 1, 1, 2], [0, 1, 2], [6, 4]),
        ([3, 3, 3, 3, 3], [3, 4], [10]),
        ([0, 1, 2, 2, 2], [0, 1, 2], [1, 9]),
    ],
)
def test_edges_rounded_to_the_same_number_lose_no_document(
    edges: list[float], drawn_edges: list[float], drawn_kept: list[int]
) -> None:
    drawn = charts.histogram(signal_of([(1, 0), (2, 0), (3, 0), (4, 1)], edges, False))
    assert drawn is not None
    assert drawn.bins["edges"] == drawn_edges
    assert drawn.bins["kept"] == drawn_kept


def test_thresholds_stand_between_the_right_bins() -> None:
    drawn = charts.histogram(signal_of([(1, 1)] * 10, [10.0**k for k in range(11)], True, 1000.0, 1e9))
    assert drawn is not None
    edges = drawn.bins["edges"]
    assert [line.x for line in drawn.lines] == [drawn.bins["x"][edges.index(1e3)], drawn.bins["x"][edges.index(1e9)]]
    assert drawn.rules == [("≥ 1k, ≥ 1G", "r")]


def test_threshold_labels_do_not_cover_one_another() -> None:
    drawn = charts.histogram(signal_of([(1, 1)] * 10, [k / 10 for k in range(11)], False, 0.5, 0.51, 0.52, 0.95))
    assert drawn is not None
    assert [line.row for line in drawn.lines] == [0, 1, 2, 0]
    assert [line.anchor for line in drawn.lines] == ["start", "start", "start", "end"]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=6))
def test_segments_fill_the_bar_in_order_and_show_what_is_few(parts: list[int]) -> None:
    whole = sum(parts)
    drawn = charts.segments([(str(i), part) for i, part in enumerate(parts)], whole)
    assert [name for name, _, _ in drawn] == [str(i) for i, part in enumerate(parts) if part]
    for name, x, width in drawn:
        assert x >= 0
        assert x + width <= 1000.11
        assert width >= min(2.0, 1000)
        assert abs(width - max(1000 * parts[int(name)] / whole, 2.0)) < 0.1


# ---- terminal ----


def printed(report: dict[str, Any], **console: Any) -> str:
    file = io.StringIO()
    print_summary(report, Console(file=file, **console), Path("out") / "web" / "report.html")
    return file.getvalue()


def test_the_summary_is_plain_aligned_and_80_columns_wide(report: dict[str, Any]) -> None:
    text = printed(report, width=80)
    lines = text.splitlines()
    assert "\x1b" not in text
    assert max(map(len, lines)) <= 80
    head = next(line for line in lines if line.startswith("step"))
    at = head.index("remaining") + len("remaining")
    for step in report["steps"]:
        line = next(line for line in lines if line.startswith(step["name"] + " "))
        assert line[:at].endswith(" " + figures.count(step["rows_out"])), line
        assert not step["dropped"] or f"-{step['dropped']:,}" in line
    assert "50 <= word_count <= 100_000" in text
    assert "1,204" in text
    assert "377  redirect" in text
    assert lines[-1] == f"report  {Path('out') / 'web' / 'report.html'}"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_summary_passes_on_no_control_and_no_markup(report: dict[str, Any], hostile: str) -> None:
    text = printed(page_fixture.mapped(report, lambda given: hostile + given), width=400)
    assert not visible._HIDDEN.search(text)
    assert " ".join(visible.plain(hostile, 1000).split()) in text


def test_a_path_is_never_wrapped(report: dict[str, Any]) -> None:
    file = io.StringIO()
    path = Path("a" * 150) / "report.html"
    print_summary(report, Console(file=file, width=60), path)
    assert str(path) in file.getvalue()


def test_terminals_of_another_encoding_get_what_they_can_write(report: dict[str, Any]) -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    print_summary({**report, "name": "中文"}, Console(file=file, width=80))
    file.flush()
    text = raw.getvalue().decode("ascii")
    assert "\\u4e2d\\u6587" in text
    assert "####" in text
    assert "7,831" in text


def test_a_terminal_gets_colour(report: dict[str, Any]) -> None:
    assert "\x1b[" in printed(report, force_terminal=True, color_system="standard", width=80)


@pytest.mark.parametrize("module", [figures, charts, render, visible])
def test_examples_in_the_docstrings_are_true(module: Any) -> None:
    assert doctest.testmod(module).failed == 0
