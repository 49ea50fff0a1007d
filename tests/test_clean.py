"""Editing inside texts: patterns, leftover HTML and JSON, boilerplate. What goes, what stays, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate import drop_between, drop_boilerplate, drop_lines, drop_short_paragraphs, replace, strip_json, strip_tags
from curate.clean.boilerplate import KINDS, LISTS, phrases
from curate.config import ConfigError, parse
from curate.keys import describe
from curate.pipeline import Step
from curate.testing import batch_of, check_step

HERE = Path(__file__).parent
TAGS = json.loads((HERE / "tags_cases.json").read_text(encoding="utf-8"))
JSON_MARKS = json.loads((HERE / "json_marks_cases.json").read_text(encoding="utf-8"))
BOILERPLATE = json.loads((HERE / "boilerplate_cases.json").read_text(encoding="utf-8"))

STEPS: list[Step] = [
    replace(r"([a-z\p{Han}]) ", r"<\1>"),
    drop_lines("a|广告"),
    drop_between("a", "b|。"),
    drop_short_paragraphs(3),
    strip_tags(),
    strip_json(),
    drop_boilerplate(),
]


def edited(step: Step, text: str | None) -> str | None:
    return step(batch_of([text])).column("text")[0].as_py()


# ---- every step -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS, ids=lambda s: s.name)
def test_steps_keep_their_contract(step: Step) -> None:
    check_step(step)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(st.sampled_from("ab广告。首页|\n <>/&;\"\\nu4e2d{}[]:'`"), max_size=40), max_size=4))
def test_rows_do_not_depend_on_each_other(texts: list[str]) -> None:
    for step in STEPS:
        together = step(batch_of([*texts, None])).column("text").to_pylist()
        assert together == [*(edited(step, text) for text in texts), None]


def test_a_text_can_become_empty_and_null_stays_null() -> None:
    for step in (replace("(?s).*", ""), drop_lines("a"), drop_between("a", "a"), drop_short_paragraphs(9)):
        assert step(batch_of(["aa", None, ""])).column("text").to_pylist() == ["", None, ""]


HOSTILE = (
    "<" * 300_000,
    "<b " * 100_000,
    '<b a="' * 100_000,
    "<!--" * 100_000,
    "<b><!--<script></script>" * 20_000,
    "`" * 300_001,
    "<b a = " + "b " * 200_000 + ">",
    "</b" * 100_000,
    '\\"' * 200_000,
    "\\u4e2d" * 60_000,
    "\\" * 300_001,
    ".\\n" * 100_000,
    ". " + " " * 300_000 + "\\t",
    '{"text":' + "[" * 200_000,
    '{"text":"' * 50_000 + "}",
    "首页 " * 100_000,
    "首页\n" * 100_000,
    "|" * 300_000,
    "a" * 300_000,
    "\n" * 300_000,
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:8]))
def test_hostile_texts_come_to_an_end(text: str) -> None:
    """Quadratic time anywhere would take minutes here."""
    for step in STEPS:
        edited(step, text)


# ---- patterns of one's own --------------------------------------------------------------------------------------

# Patterns and templates that RE2 and Python's `re` both know and mean alike; none matches the empty text, where they
# differ: RE2 finds no empty match at the end of another one.
SHARED = (
    (r"a+", "-"),
    (r"(a)(b)?", r"\2\1"),
    (r"(?P<first>[ab])c", r"\g<first>\g<0>"),
    (r"a|ab|abc", "<>"),
    (r"(?i)A.c", "\\\\"),
    (r"(?s)a.*?b", r"\n"),
    (r"(?m)^a|b$", "·"),
    (r"[^a-c\n]", ""),
    (r"\d{2,3}", r"\g<0>\t"),
    (r"中(文)?", r"[\1]"),
    (r"\bab\b", "x"),
)


@pytest.mark.parametrize(("pattern", "template"), SHARED)
@settings(max_examples=60, deadline=None)
@given(text=st.text(st.sampled_from("abcABC 012\n中文é\\"), max_size=30))
def test_replace_does_what_python_does(pattern: str, template: str, text: str) -> None:
    assert edited(replace(pattern, template), text) == re.sub(pattern, template, text, flags=re.ASCII)


def test_drop_lines() -> None:
    assert edited(drop_lines("广告$"), "一\n这是广告\n广告之后\n二") == "一\n广告之后\n二"
    assert edited(drop_lines("(?i)^ad:"), "Ad: buy\nbad: no\nAD: x\nend") == "bad: no\nend"
    assert edited(drop_lines("x"), "no match\n\n\n") == "no match\n\n\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("one\n\nx\n\ntwo", "one\n\ntwo"),
        ("x\n\none", "one"),
        ("one\n\nx", "one"),
        ("one\nx\ntwo", "one\ntwo"),
        ("one\n\nx\nx\n\n\ntwo", "one\n\ntwo"),
        ("one\n\n\ntwo\nx", "one\n\n\ntwo"),
        ("one\n\nx\ntwo", "one\n\ntwo"),
    ],
)
def test_paragraphs_keep_their_distance_where_a_line_goes(before: str, after: str) -> None:
    assert edited(drop_lines("^x$"), before) == after


def test_drop_between() -> None:
    ads = drop_between(r"\Q[ad]\E", r"\Q[/ad]\E")
    assert edited(ads, "甲[ad]买\n买[/ad]乙[ad]买[/ad]丙") == "甲乙丙"
    assert edited(ads, "one [/ad] two [ad] three") == "one [/ad] two [ad] three"
    assert edited(ads, "[ad] a [ad] b [/ad] c [/ad]") == " c [/ad]"
    assert edited(drop_between("(?i)begin", "end|$"), "x BEGIN y") == "x "
    assert edited(drop_between("a|b", "c"), "1b2c3") == "13"


def test_drop_short_paragraphs() -> None:
    assert edited(drop_short_paragraphs(4), "长的段落\n短\n另一个段落") == "长的段落\n另一个段落"
    assert edited(drop_short_paragraphs(4), "a b\nc d\n\n  x  \n\nlong enough") == "a b\nc d\n\nlong enough"
    with pytest.raises(ValueError, match="at least 1"):
        drop_short_paragraphs(0)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("foo(?=bar)", r"'foo\(\?=bar\)', character 4: look-ahead"),
        ("(?<!x)y", "character 1: negative look-behind"),
        (r"(a)\1", r"character 4: the back reference \\1"),
        ("(?P<n>a)(?P=n)", "character 9: a back reference"),
        ("(?>a)", "an atomic group"),
        ("ba*+", r"character 3: the possessive \*\+"),
        (r"x\Z", r"the end of the text is \\z"),
        (r"\u4e2d", r"by its number is \\x\{4e2d\}"),
        (r"a\C", "half a character"),
        ("(a", r"'\(a': missing \)"),
        ("[a", r"missing \]"),
        ("*a", "no argument for repetition"),
        (r"\p{Klingon}", "invalid character class"),
        ("a{2000}", "invalid repetition size"),
        ("", "empty"),
    ],
)
def test_patterns_that_re2_does_not_know_are_refused_with_their_place(pattern: str, said: str) -> None:
    for make in (drop_lines, lambda p: replace(p, ""), lambda p: drop_between(p, "b"), lambda p: drop_between("a", p)):
        with pytest.raises(ValueError, match=said):
            make(pattern)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (r"\2", "no group 2; there are 1, n"),
        (r"\g<m>", "no group m"),
        (r"\q", r"write \\\\ for"),
        ("\\", "character 1"),
    ],
)
def test_templates_that_name_no_group_are_refused(template: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace("(?P<n>a)", template)


def test_a_step_shows_what_it_does_and_is_told_from_another() -> None:
    assert replace("foo", "bar").name == "replace('foo', 'bar')"
    assert drop_between("a" * 50, "b").name == f"drop_between('{'a' * 39}…', 'b')"
    made = [*STEPS, replace("a", "b"), replace("a", "c"), drop_lines("b"), drop_boilerplate(kinds=["legal"])]
    assert len({describe(step) for step in made}) == len(made)
    assert describe(replace("a", "b")) == describe(replace("a", "b"))


def test_patterns_in_a_configuration() -> None:
    """`with` is a word of Python, and in YAML it is written plainly."""
    text = "read: {jsonl: x}\nsteps:\n  - replace: {pattern: '第(\\d+)页', with: 'p. \\1'}\n  - drop_lines: 广告\n"
    pipeline = parse(text)
    assert pipeline(batch_of(["第12页\n广告"])).column("text").to_pylist() == ["p. 12"]
    with pytest.raises(ConfigError) as caught:
        parse(text.replace("'第(\\d+)页'", "'(?=x)'").replace("with", "width"))
    assert [(p.line, p.column) for p in caught.value.problems] == [(3, 33), (3, 5)]
    with pytest.raises(ConfigError, match="`replace`: `pattern` '\\(\\?=x\\)', character 1: look-ahead"):
        parse(text.replace("'第(\\d+)页'", "'(?=x)'"))


# ---- leftover HTML and JSON -------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", TAGS, ids=[f"{c['label']} ({c['lang']})" for c in TAGS])
def test_strip_tags(case: dict[str, object]) -> None:
    step = strip_tags(**case.get("options", {}))  # type: ignore[arg-type]
    assert edited(step, str(case["original"])) == case["stripped"]


@pytest.mark.parametrize("case", JSON_MARKS, ids=[f"{c['label']} ({c['lang']})" for c in JSON_MARKS])
def test_strip_json(case: dict[str, object]) -> None:
    step = strip_json(**case.get("options", {}))  # type: ignore[arg-type]
    assert edited(step, str(case["original"])) == case["stripped"]


PROSE = st.text(st.sampled_from("abc ABC，。.?!中文\n\t\"'‘“”/é\U0001f600"), min_size=1, max_size=60)


@settings(max_examples=200, deadline=None)
@given(PROSE, st.booleans())
def test_what_json_wraps_comes_back(text: str, ascii_only: bool) -> None:
    wrapped = json.dumps({"text": text}, ensure_ascii=ascii_only)
    assert edited(strip_json(escapes=False), wrapped) == text


@settings(max_examples=200, deadline=None)
@given(PROSE, st.booleans())
def test_escapes_are_undone_whole_or_not_at_all(text: str, ascii_only: bool) -> None:
    """The inside of a JSON string becomes what it stood for; where it does not show what it is, it stays."""
    inside = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
    assert edited(strip_json(), inside) in (text, inside)


# ---- boilerplate ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_boilerplate_lines_go_and_sentences_stay(kind: str) -> None:
    step = drop_boilerplate(kinds=[kind])
    for line in BOILERPLATE[kind]["drop"]:
        assert edited(step, f"正文。\n{line}\nText.") == "正文。\nText.", line
    for line in BOILERPLATE[kind]["keep"]:
        assert edited(drop_boilerplate(), f"正文。\n{line}\nText.") == f"正文。\n{line}\nText.", line


def test_a_bar_of_one_word_a_line() -> None:
    bar = "正文。\n首页\n\n- 新闻\n- 体育\n登录\n另一段。"
    assert edited(drop_boilerplate(), bar) == "正文。\n\n另一段。"
    assert edited(drop_boilerplate(), "新闻\n体育\n正文。\n健康\n教育\n") == "新闻\n体育\n正文。\n健康\n教育\n"
    two = drop_boilerplate()(batch_of(["体育\n新闻", "健康\n教育"])).column("text").to_pylist()
    assert two == ["体育\n新闻", "健康\n教育"], "a bar does not reach over two texts"


def test_long_lines_are_prose() -> None:
    notice = "版权所有，" + "翻印必究。" * 60
    assert edited(drop_boilerplate(), notice) == notice


def test_every_pattern_of_the_lists_is_one() -> None:
    for kind, patterns in phrases().items():
        for pattern in patterns:
            drop_lines(pattern)  # raises for what RE2 does not know
            assert not re.fullmatch(pattern.replace(r"\p{Z}", " "), ""), f"{kind}: {pattern} is any empty line"
    assert len(LISTS) == 2


def test_kinds_are_checked() -> None:
    with pytest.raises(ValueError, match="navigation, sharing, account, legal, advertising, template"):
        drop_boilerplate(kinds=["navigations"])
    with pytest.raises(ValueError, match="kinds"):
        drop_boilerplate(kinds=[])
