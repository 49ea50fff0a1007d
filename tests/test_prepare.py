"""The classic preparation, line by line: each line of `prepare_en.yaml` and `prepare_zh.yaml` does its work when it is
on, and leaves the text alone when it is switched off in the configuration."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from curate.config import load, parse
from curate.launch import Local
from curate.pipeline import Pipeline
from curate.shipped import configuration
from curate.testing import batch_of

DATA = Path(__file__).parents[2] / "shared" / "data" / "corpora"

# Long enough to be kept, and nothing in it that any line would change.
BODY = {
    "en": "the ferry was late, as it had been on every monday of that year, and the three passengers had given up "
    "pretending to mind. one of them read a newspaper from the week before.",
    "zh": "渡船又晚了，这一年的每个星期一都是这样，三个等船的人早已不再装作着急。其中一个在看上个星期的报纸。",
}


def tree(lang: str) -> dict[str, Any]:
    return YAML(typ="safe", pure=True).load(configuration(f"prepare_{lang}").read_text(encoding="utf-8"))


def pipeline(lang: str, step: str = "", options: dict[str, Any] | None = None, at: int = 0) -> Pipeline:
    """The configuration for `lang`; with other `options` of `step` (the one at `at` of several), None taking it out."""
    config = tree(lang)
    if step:
        places = [i for i, line in enumerate(config["steps"]) if step in line]
        line = config["steps"].pop(places[at])
        if options is not None:
            config["steps"].insert(places[at], {step: {**line[step], **options}})
    return parse(json.dumps(config))  # JSON is YAML


def prepared(given: Pipeline, *texts: str) -> list[str]:
    return given(batch_of(list(texts))).column("text").to_pylist()


class Line(NamedTuple):
    """What a line of the preparation makes of a text, and what the text becomes with the line switched off."""

    lang: str
    step: str
    off: dict[str, Any] | None  # options that switch it off; None: the step is taken out
    text: str
    made: str
    left: str


def drop_all_but(kind: str) -> dict[str, Any]:
    kinds = ["navigation", "sharing", "account", "legal", "advertising", "template"]
    return {"kinds": [k for k in kinds if k != kind]}


EN_JSON, ZH_JSON = (f'{{"text": "{BODY[lang]}"}}' for lang in ("en", "zh"))
EN_ESCAPED, ZH_ESCAPED = r"she said \"late\".\nagain caf\u00e9.", r"他说\"晚了\"。\n\u4f60\u597d"
EN_HTML, ZH_HTML = "<p>one<br/>two</p> <b>three</b>", "<p>一<br/>二</p><b>三</b>"
LINES = [
    Line("en", "strip_json", {"wrappers": False}, EN_JSON, BODY["en"], EN_JSON),
    Line("zh", "strip_json", {"wrappers": False}, ZH_JSON, BODY["zh"], ZH_JSON),
    Line("en", "strip_json", {"escapes": False}, EN_ESCAPED, 'she said "late".\nagain café.', EN_ESCAPED),
    Line("zh", "strip_json", {"escapes": False}, ZH_ESCAPED, '他说"晚了"。\n你好', ZH_ESCAPED),
    Line("en", "strip_tags", None, EN_HTML, "one\ntwo\n three", EN_HTML),
    Line("zh", "strip_tags", None, ZH_HTML, "一\n二\n三", ZH_HTML),
    Line("en", "strip_tags", {"entities": False}, "one&lt;br/&gt;two", "one\ntwo", "one<br/>two"),
    Line("zh", "strip_tags", {"entities": False}, "一&lt;br/&gt;二", "一\n二", "一<br/>二"),
    Line("en", "normalize", {"ftfy": False}, "a cafÃ© it wasnâ€™t", "a café it wasn’t", "a cafã© it wasnâ€™t"),
    Line("zh", "normalize", {"ftfy": False}, "这家店叫 CafÃ© Lune", "这家店叫 Café Lune", "这家店叫 CafÃ© Lune"),
    Line("en", "normalize", {"emoji": "keep"}, "late again 😀👍🏽", "late again", "late again 😀👍🏽"),
    Line("zh", "normalize", {"emoji": "keep"}, "又晚了😀👍🏽！", "又晚了！", "又晚了😀👍🏽！"),
    Line("en", "normalize", {"spaces": False}, "one   two\u00a0three ", "one two three", "one   two\u00a0three "),
    Line("zh", "normalize", {"spaces": False}, "\u3000一\u3000\u3000二 ", "一 二", "\u3000一\u3000\u3000二 "),
    Line("en", "normalize", {"blank_lines": False}, "one\n\n\n\ntwo", "one\n\ntwo", "one\n\n\n\ntwo"),
    Line("zh", "normalize", {"blank_lines": False}, "一\n\n\n\n二", "一\n\n二", "一\n\n\n\n二"),
    Line("en", "normalize", {"lower": False}, "The Ferry at DOVER", "the ferry at dover", "The Ferry at DOVER"),
    Line("zh", "normalize", {"lower": True}, "GDP 的增长", "GDP 的增长", "gdp 的增长"),
    Line("en", "drop_boilerplate", drop_all_but("navigation"), "next page »", "", "next page »"),
    Line("zh", "drop_boilerplate", drop_all_but("navigation"), "上一页 | 返回目录", "", "上一页 | 返回目录"),
    Line("en", "drop_boilerplate", drop_all_but("sharing"), "share this on facebook", "", "share this on facebook"),
    Line("zh", "drop_boilerplate", drop_all_but("sharing"), "分享到：微信 微博", "", "分享到：微信 微博"),
    Line("en", "drop_boilerplate", drop_all_but("account"), "log in to comment", "", "log in to comment"),
    Line("zh", "drop_boilerplate", drop_all_but("account"), "请先登录后再发表评论", "", "请先登录后再发表评论"),
    Line("en", "drop_boilerplate", drop_all_but("legal"), "© 2024 example inc.", "", "© 2024 example inc."),
    Line("zh", "drop_boilerplate", drop_all_but("legal"), "版权所有 侵权必究", "", "版权所有 侵权必究"),
    Line("en", "drop_boilerplate", drop_all_but("advertising"), "buy now!", "", "buy now!"),
    Line("zh", "drop_boilerplate", drop_all_but("advertising"), "请收藏本站：a.com", "", "请收藏本站：a.com"),
    Line("en", "drop_boilerplate", drop_all_but("template"), "related articles", "", "related articles"),
    Line("zh", "drop_boilerplate", drop_all_but("template"), "相关阅读", "", "相关阅读"),
]


@pytest.mark.parametrize("line", LINES, ids=[f"{n.step} {n.off} ({n.lang})" for n in LINES])
def test_lines_that_change_a_text(line: Line) -> None:
    tail = "" if BODY[line.lang] in line.text else "\n" + BODY[line.lang]
    assert prepared(pipeline(line.lang), line.text + tail) == [(line.made + tail).strip()]
    assert prepared(pipeline(line.lang, line.step, line.off), line.text + tail) == [line.left + tail]


class Rule(NamedTuple):
    """Texts of which a line of the preparation keeps the first only; switched off, it keeps them all."""

    lang: str
    step: str
    at: int  # which of several lines of that name
    off: dict[str, Any] | None
    texts: tuple[str, ...]


EN_AD = (
    "buy now and save 50% today! limited time offer, free shipping on all orders, call us now at 555-0142 or visit our "
    "website to order your miracle cure. 100% guaranteed, money back guarantee, act now while supplies last!"
)
ZH_AD = (
    "全国包邮，限时特价优惠，立即抢购！加微信 abc12345 咨询客服，正品保证，厂家直销，"
    "买一送一，货到付款，欢迎来电订购，先到先得！"
)
EN_ABUSE = (
    "hardcore porn videos, xxx porn movies, free porn and sex videos for adults only. i will kill you, you bastard, "
    "you stupid whore, and i will kill your whole family, you worthless piece of shit."
)
ZH_ABUSE = "免费成人色情视频，无码黄片，裸聊一夜情，激情裸聊。傻逼，老子要杀了你全家，贱人去死吧，混蛋王八蛋。"
RULES = [
    Rule("en", "min_length", 0, None, (BODY["en"], "too short", "")),
    Rule("zh", "min_length", 0, None, (BODY["zh"], "太短了。", "")),
    Rule("en", "keep", 0, None, (BODY["en"], EN_AD)),
    Rule("zh", "keep", 0, None, (BODY["zh"], ZH_AD)),
    Rule("en", "keep", 1, None, (BODY["en"], EN_ABUSE)),
    Rule("zh", "keep", 1, None, (BODY["zh"], ZH_ABUSE)),
]


@pytest.mark.parametrize("rule", RULES, ids=[f"{r.step} {r.at} ({r.lang})" for r in RULES])
def test_lines_that_drop_a_text(rule: Rule) -> None:
    assert prepared(pipeline(rule.lang), *rule.texts) == [rule.texts[0]]
    assert len(prepared(pipeline(rule.lang, rule.step, rule.off, rule.at), *rule.texts)) == len(rule.texts)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_duplicates(lang: str) -> None:
    """Exact copies are near ones as well, so the exact line is seen with the other one switched off."""
    other = {"en": "a quite different text about a mill by the river, where nobody ever came and nothing was ground, "
             "for as long as anyone in the village could remember.", "zh": "另一篇完全不同的文章讲的是河边的一座磨坊，"
             "谁也没有去过，什么也没有磨过，村里的人记事以来一直如此。"}  # fmt: skip
    near = BODY[lang].replace("newspaper", "letter").replace("报纸", "信")
    base = f"{BODY[lang]}\n{other[lang]}"
    texts = [base, base, base.replace(BODY[lang], near), other[lang] * 2]
    assert prepared(pipeline(lang), *texts) == [texts[0], texts[3]]
    exact_only = pipeline(lang, "drop_duplicates", None, at=1)
    assert prepared(exact_only, *texts) == [texts[0], texts[2], texts[3]]
    neither = tree(lang)
    neither["steps"] = [line for line in neither["steps"] if "drop_duplicates" not in line]
    assert prepared(parse(json.dumps(neither)), *texts) == texts


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_example_of_the_documentation(lang: str) -> None:
    page = (Path(__file__).parents[1] / "docs" / "prepare.md").read_text(encoding="utf-8")
    before, after = (
        re.findall(rf"<!-- {name}: {lang} -->\n```text\n(.*?)\n```", page, re.DOTALL)[0] for name in ("before", "after")
    )
    assert prepared(pipeline(lang), before) == [after]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_html_to_text(lang: str) -> None:
    page = batch_of([None], html=[f"<html><body><article><p>{BODY[lang]}</p></article></body></html>"])
    assert pipeline(lang)(page).column("text").to_pylist() == [BODY[lang]]
    assert pipeline(lang, "extract_html", None)(page).column("text").to_pylist() == [None]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_commented_lines_work_when_they_are_taken_in(lang: str) -> None:
    text = configuration(f"prepare_{lang}").read_text(encoding="utf-8")
    opened, count = re.subn(r"(?m)^  # (- \w+: )", r"  \1", text)
    assert count == 4
    longer = {
        "en": f"{BODY['en'].replace('mind.', 'mind [12].')}\n\nTranscribed by nobody\n\n[ad]x\ny[/ad]\n\nshort",
        "zh": f"{BODY['zh']}（本章完）\n\n作者有话说：谢谢\n\n【广告】买\n买【/广告】\n\n短",
    }
    body = BODY["en"].replace("mind.", "mind .") if lang == "en" else BODY["zh"]
    assert prepared(parse(opened), longer[lang]) == [body]


@pytest.mark.parametrize(("lang", "charset"), [("zh", "gb18030"), ("zh", "big5"), ("en", "windows-1252")])
def test_a_folder_of_pages_becomes_utf8_text(lang: str, charset: str, tmp_path: Path) -> None:
    """HTML to text, whatever the charset, from the command's `--set read.html=…`."""
    body = "café — " + BODY["en"] if lang == "en" else "渡船又晚了，三個等船的人都不著急。" * 4
    page = f"<html><head><meta charset={charset}><title>x</title></head><body><article><p>{body}</p></article></body>"
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.html").write_bytes(page.encode(charset))
    given = [f"read.html={tmp_path / 'pages'}", f"write.parquet={tmp_path / 'out'}"]
    report = load(configuration(f"prepare_{lang}"), given).run(on=Local(0))
    assert (report["documents"], report["kept"]) == (1, 1)
    assert pq.read_table(tmp_path / "out" / "data")["text"].to_pylist() == [body]


def test_json_lines_instead_of_pages(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": f"{BODY['zh']}\n上一页"}) + "\n", encoding="utf-8")
    given = [f"read.jsonl={tmp_path / 'in.jsonl'}", f"write.parquet={tmp_path / 'out'}"]
    assert load(configuration("prepare_zh"), given).run(on=Local(0))["kept"] == 1
    assert pq.read_table(tmp_path / "out" / "data")["text"].to_pylist() == [BODY["zh"]]


# ---- clean books and laws come through ------------------------------------------------------------------------------


def chapters(name: str, every: int) -> list[str]:
    """Each `every`-th text of a corpus; books cut at their headings."""
    path = DATA / f"{name}.parquet"
    if not path.exists():
        pytest.skip(f"needs {path.name} from the shared data beside the repository")
    texts = pq.read_table(path, columns=["text"])["text"].to_pylist()
    if name == "books_en":
        texts = [part for text in texts for part in re.split(r"(?m)^(?=#+ )", text)]
    return [text for text in texts if len(text.strip()) >= 200][::every]


@pytest.mark.parametrize(
    ("name", "lang", "every"), [("laws_zh", "zh", 12), ("classical_modern_zh", "zh", 16), ("books_en", "en", 40)]
)
def test_clean_chapters_come_through(name: str, lang: str, every: int) -> None:
    """At least 99 % of chapters survive, and 99 % of the characters of those that do, white space and case aside."""
    given = pipeline(lang)
    before = chapters(name, every)
    assert len(before) >= 80
    batch = given(batch_of(list(before)))
    assert batch.num_rows >= 0.99 * len(before)
    same = characters = 0
    for row, text in zip(batch.column("row").to_pylist(), batch.column("text").to_pylist(), strict=True):
        was = squeezed(html.unescape(re.sub("(?s)<!--.*?-->", "", before[row])))
        same += (Counter(was) & Counter(squeezed(text))).total()
        characters += max(len(was), len(squeezed(text)))
    assert same >= 0.99 * characters


def squeezed(text: str) -> str:
    return "".join(text.split()).lower()
