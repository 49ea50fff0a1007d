"""Title, questions and answers from a page's markup: as sites write them, and as nobody should."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.extract import extract_html
from curate.extract.markup import (
    LONGEST_ANSWER,
    LONGEST_SCRIPT,
    MOST_PAIRS,
    QA,
    TITLE,
    Pair,
    plain,
    questions_of,
    title_of,
)
from curate.normalization import normalize_text

DATA = Path(__file__).parents[2] / "shared" / "data"


def script(data: Any, kind: str = "application/ld+json") -> str:
    body = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return f'<html><head><script type="{kind}">{body}</script></head><body><p>Text.</p></body></html>'


def question(name: Any, answer: Any, **more: Any) -> dict[str, Any]:
    return {"@type": "Question", "name": name, "acceptedAnswer": {"@type": "Answer", "text": answer}, **more}


FAQ = {
    "@context": "https://schema.org",
    "@type": "FAQPage",
    "mainEntity": [
        question("How deep should a bulb lie?", "Three times as deep as it is tall."),
        question("球根要埋多深？", "埋到它自身高度的三倍。"),
    ],
}
PAIRS = [
    Pair("How deep should a bulb lie?", "Three times as deep as it is tall.", "json_ld"),
    Pair("球根要埋多深？", "埋到它自身高度的三倍。", "json_ld"),
]


# ---- title


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ('<title>B | Site</title><meta property="og:title" content="A &amp;amp; “b”">', "A & “b”"),
        ("<title>B | Site</title><meta content='It\"s > all' property='og:title' />", 'It"s > all'),
        ('<meta property="og:title" content=""><TITLE lang="zh">\n 春天  的花&nbsp;\n</TITLE>', "春天 的花"),
        ("<title></title><h1><img alt=logo></h1><h1 class=x>Real <b>heading</b></h1>", "Real heading"),
        ("<title>Use &lt;b&gt; well</title>", "Use <b> well"),
        ("<title>caf\u0065\u0301 \u200bau lait</title>", "café au lait"),
        ("<title>å\x88\x86ç±» - Java</title>", "分类 - Java"),
        (f"<title>{'long ' * 300}</title><h1>Short</h1>", "Short"),
        ("<p>og:title</p>", None),
        ("<titles>no</titles><h10>no</h10>", None),
        ("", None),
    ],
)
def test_title(head: str, title: str | None) -> None:
    assert title_of(head) == title


# ---- questions


def test_faq_page_and_graph() -> None:
    assert questions_of(script(FAQ)) == PAIRS
    assert questions_of(script({"@graph": [{"@type": "WebSite"}, FAQ]})) == PAIRS
    assert questions_of(script([FAQ, FAQ])) == PAIRS  # each once
    other_names = json.dumps(FAQ).replace('"Question"', '["http://schema.org/Question", "Thing"]')
    assert questions_of(script(other_names)) == PAIRS


def test_of_several_answers_the_accepted_one_then_the_one_with_most_votes() -> None:
    votes = {"Wait.": 3, "Pull.": 8, "Cut.": 8}
    suggested = [{"text": text, "upvoteCount": count} for text, count in votes.items()]
    asked = {"@type": "Question", "name": "And now?", "text": "It is stuck.", "suggestedAnswer": suggested}
    page = {"@type": "QAPage", "mainEntity": asked}
    assert questions_of(script(page)) == [Pair("And now?\n\nIt is stuck.", "Pull.", "json_ld")]
    asked["acceptedAnswer"] = {"text": "Push."}
    assert questions_of(script(page))[0].answer == "Push."
    asked |= {"acceptedAnswer": {"text": " "}, "text": "And now?"}
    assert questions_of(script(page)) == [Pair("And now?", "Pull.", "json_ld")]


def test_answers_are_plain_text() -> None:
    markup = "<p>First&nbsp;<b>this</b>.</p>\n\n<ul>\n <li><p>one</p></li>\n <li>two</li></ul>And<br>then<br><br>rest"
    text = "First this.\n\n- one\n\n- two\nAnd\nthen\n\nrest"
    for written in (markup, markup.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")):
        assert questions_of(script({"@type": "Question", "name": "Q?", "acceptedAnswer": {"text": written}})) == [
            Pair("Q?", text, "json_ld")
        ]
    assert questions_of(script(question("Q?", "one\ntwo\n\nthree")))[0].answer == "one\ntwo\n\nthree"
    assert questions_of(script(question("Q?", ["one", "two", 3])))[0].answer == "one\ntwo"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("a<script>x</script>b<style>y</style><!-- c -->d<svg><title>e</title></svg>", "abd"),
        ("<pre>  if x:\n      y\n</pre> z", "  if x:\n      y\n\nz"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n3"),
        ("1 < 2 and 2 > 1", "1 < 2 and 2 > 1"),
        ("Use &lt;div&gt; here.", "Use <div> here."),
        ("a\u200b &#8220;b&#8221; \t c", "a “b” c"),
        ("<!-- open", ""),
        ("<script>open", ""),
    ],
)
def test_plain(markup: str, text: str) -> None:
    assert plain(markup) == text


@pytest.mark.parametrize(
    "broken",
    [
        json.dumps(FAQ, ensure_ascii=False) + ";",
        json.dumps(FAQ, ensure_ascii=False) + "}",
        "\n//<![CDATA[\n" + json.dumps(FAQ, ensure_ascii=False) + "\n//]]>",
        "<!--\n" + json.dumps(FAQ, ensure_ascii=False) + "\n-->",
        json.dumps(FAQ, ensure_ascii=False).replace("Three times as", "Three times\n\tas"),
    ],
)
def test_json_that_breaks_the_rules_as_sites_do(broken: str) -> None:
    found = questions_of(script(broken))
    assert [p.question for p in found] == [p.question for p in PAIRS]
    assert " ".join(found[0].answer.split()) == PAIRS[0].answer


def test_the_script_type_may_be_escaped_and_in_capitals() -> None:
    for kind in ("application/ld&#43;json", "application/ld&#x2B;json"):
        assert questions_of(script(FAQ, kind)) == PAIRS
    assert questions_of(script(FAQ).replace("<script type", "<SCRIPT data-x='1' TYPE")) == PAIRS
    assert questions_of(script(FAQ, "application/json")) == []


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{",
        '"Question"',
        {"@type": "Question"},
        {"@type": "Question", "name": None, "acceptedAnswer": None},
        {"@type": "Question", "name": 7, "acceptedAnswer": [1, None, {"text": {"text": "x"}}]},
        {"@type": "Question", "name": "Q?", "suggestedAnswer": [{"text": "", "upvoteCount": "many"}]},
        {"@type": [None, {"Question": 1}, ["Question"]], "name": "Q?", "acceptedAnswer": {"text": "A."}},
        question("Q?", "x" * (LONGEST_ANSWER + 1)),
        question("Q" * 5000 + "?", "A."),
        question("<i></i>", "A."),
        '{"@type": "Question", "name": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"@type":"Question","name":' * 5_000 + "1" + "}" * 5_000,
        '{"@type": "Question", "name": "Q?", "acceptedAnswer": {"text": "' + "a " * LONGEST_SCRIPT + '"}}',
        '{"@type": "Question", "name": "\\ud800", "acceptedAnswer": {"text": "' + "</p" * 100 + '"}',
    ],
)
def test_what_cannot_be_read_says_nothing(data: Any) -> None:
    assert questions_of(script(data)) == []


def test_the_number_of_pairs_is_bounded() -> None:
    many = [question(f"Is {n} odd?", f"See whether {n} is one more than twice a number.") for n in range(1000)]
    assert len(questions_of(script(many))) == MOST_PAIRS


MICRODATA = """
<div itemscope itemtype="https://schema.org/FAQPage">
 <div itemscope itemprop="mainEntity" itemtype="https://schema.org/Question">
  <h3 itemprop="name"><button>May I   come\n in?</button></h3>
  <div itemscope itemprop="acceptedAnswer" itemtype="https://schema.org/Answer">
   <div itemprop="text"><div>Yes, <b>do</b>.</div><div>Mind the\n step.</div></div></div></div>
 <div itemscope itemprop="mainEntity" itemtype="https://schema.org/Question">
  <meta itemprop="name" content="可以进来吗？">
  <p itemprop="text">门开着。</p>
  <div itemscope itemprop="suggestedAnswer" itemtype="https://schema.org/Answer"><p itemprop="text">不知道。</p></div>
  <div itemprop="acceptedAnswer" itemscope itemtype="http://schema.org/Answer/"><span itemprop="name">某人</span>
   <p itemprop="text">请进。</p></div>
  <div itemscope itemprop="suggestedAnswer" itemtype="https://schema.org/Answer">
   <p itemprop="text">别进。</p></div></div>
 <div itemscope itemprop="mainEntity" itemtype="https://schema.org/Question"><h3 itemprop="name">Unanswered?</h3></div>
</div>
"""


def test_microdata() -> None:
    assert questions_of(MICRODATA) == [
        Pair("May I come in?", "Yes, do.\nMind the step.", "microdata"),
        Pair("可以进来吗？\n\n门开着。", "请进。", "microdata"),
    ]


def test_details_ask_together_or_not_at_all() -> None:
    one = "<details open><summary>Is it <i>far</i>?</summary><p>No.</p></details>"
    other = "<details><summary>远吗？</summary>不远。<script>x()</script></details>"
    settings_ = "<details><summary>Settings</summary>Colour</details>"
    outer = f"<details><summary>What is here?</summary>{settings_}</details>"
    assert questions_of(one) == questions_of(one + settings_) == questions_of(one + outer) == []
    assert questions_of(one + settings_ + other) == [
        Pair("Is it far?", "No.", "details"),
        Pair("远吗？", "不远。", "details"),
    ]


def test_the_most_trusted_mark_wins() -> None:
    page = MICRODATA + script(question("May I come in?", "Of course."))
    assert [(p.question, p.method) for p in questions_of(page)] == [
        ("May I come in?", "json_ld"),
        ("可以进来吗？\n\n门开着。", "microdata"),
    ]


# ---- whatever stands there

PIECES = st.sampled_from(
    ["<script type=application/ld+json>", "</script>", '{"@type":"Question","name":"q","acceptedAnswer":{"text":"a"}}',
     "<summary>", "</summary>", "<details>", "</details>", "?", "<p itemprop='name'>", "<p itemprop=text>", "</p>",
     "<div itemscope itemtype=https://schema.org/Question>", "<a itemprop=acceptedAnswer>", "<title>", "<h1>", "</h1>",
     "<meta property=og:title content=", "'", '"', "<", ">", "&lt;/p&gt;", "\ud800", "\0", "中", " ", "<!--", "-->"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=40))
@example(["<script type=application/ld+json>", '{"@type":"Question"', "</script>"])
def test_any_markup_gives_clean_pairs(pieces: list[str]) -> None:
    html = "".join(pieces)
    texts = [t for pair in questions_of(html) for t in (pair.question, pair.answer)]
    title = title_of(html)
    for text in [*texts, *([] if title is None else [title])]:
        assert text.strip()
        text.encode("utf-8")
        assert normalize_text(text) == text


@pytest.mark.parametrize(
    "unit",
    ["<script type=application/ld+json>Question", "<a itemprop=text Question>", "<a itemprop=text ", "<title",
     "<details><summary>", "<summary>?</summary>",
     "<div itemprop itemtype=/Question>", "<h1>", "og:title ", "<meta og:title a=' "],
)  # fmt: skip
def test_reading_is_linear_whatever_is_unclosed(unit: str) -> None:
    """Quadratic time would take minutes here."""
    html = "ld+json itemprop Question <summary" + unit * (2_000_000 // len(unit))
    assert questions_of(html) == []
    title_of(html)


# ---- the columns


def test_columns_of_the_step() -> None:
    pages = [f"<title>Bulbs</title>{script(FAQ)}", None, "<p>nothing</p>"]
    batch = pa.record_batch({"html": pa.array(pages, pa.string()), "text": pa.array([None, "given", None])})
    out = extract_html("resiliparse")(batch)
    assert out.schema.field("title").type == TITLE
    assert out.schema.field("qa").type == QA
    assert out["title"].to_pylist() == ["Bulbs", None, None]
    assert out["qa"].to_pylist() == [[p._asdict() for p in PAIRS], None, None]
    assert extract_html("resiliparse")(batch.slice(0, 0)).schema == out.schema
    assert extract_html("resiliparse", metadata=False)(batch).schema.names == ["text", "error"]


def test_try_shows_them() -> None:
    from curate.trial import try_step

    shown = try_step("extract_html", f"<title>Bulbs</title>{script(FAQ)}".encode(), [])
    assert "title: Bulbs\n" in shown
    assert PAIRS[1].answer in shown


def test_what_the_source_brought_stays() -> None:
    page = f"<title>Bulbs</title>{script(FAQ)}"
    own = [{"question": "Own?", "answer": "Own.", "method": "source"}]
    batch = pa.record_batch({"html": [page, page], "title": pa.array(["Given", None]), "qa": pa.array([own, None], QA)})
    out = extract_html("resiliparse")(batch)
    assert out["title"].to_pylist() == ["Given", "Bulbs"]
    assert [len(qa) for qa in out["qa"].to_pylist()] == [1, 2]
    with pytest.raises(ValueError, match=r"fills column `qa`.*metadata: false"):
        extract_html("resiliparse")(pa.record_batch({"html": [page], "qa": ["a string"]}))


def test_large_answers_count_where_row_groups_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.parquet as pq

    from curate import store

    monkeypatch.setattr(store, "GROUP_BYTES", 1000)
    qa = [[{"question": "Q?", "answer": "x" * 390, "method": "json_ld"}] * 2, None, [], [None], None]
    batch = pa.record_batch({"id": list("abcde"), "qa": pa.array(qa, QA)})
    for name, slices in (("whole", [batch]), ("cut", [batch.slice(0, 1), batch.slice(1, 3), batch.slice(4)])):
        with store.BatchWriter(tmp_path / name, batch.schema) as writer:
            for part in [*slices, *slices]:
                writer.write(part)
    groups = pq.read_metadata(tmp_path / "whole")
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [5, 5]
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "cut").read_bytes()
    assert pq.read_table(tmp_path / "whole").slice(0, 5).to_pylist() == batch.to_pylist()


def test_real_pages() -> None:
    """What 400 annotated pages hold; a change that loses pairs shows here."""
    path = DATA / "html" / "wcxb_dev.parquet"
    if not path.exists():
        pytest.skip(f"needs {path.name} from the shared data beside the repository")
    import pyarrow.parquet as pq

    pages = next(pq.ParquetFile(path).iter_batches(400, columns=["html"]))["html"].to_pylist()
    decoded = [page.decode("utf-8", "replace") for page in pages]
    methods = [pair.method for page in decoded for pair in questions_of(page)]
    assert {m: methods.count(m) for m in ("json_ld", "microdata", "details")} == {
        "json_ld": 192,
        "microdata": 14,
        "details": 11,
    }
    assert sum(title_of(page) is not None for page in decoded) == len(pages)
