"""Presets: English prose and Chinese prose pass, junk does not, thresholds hold at their exact borders."""

from __future__ import annotations

import pyarrow as pa
import pytest

from curate.rules import Rule
from filters.presets import GOPHER_THRESHOLDS, gopher_quality, min_length

ENGLISH = (
    "The harbour was quiet when the boats came back that morning. Fishermen carried their baskets up the steps and "
    "sold what they had to the people waiting on the wall, who knew each of them by name. Nobody was in a hurry. "
    "By noon the nets were hung to dry, and the children of the village ran between them with sticks, to be chased "
    "away by an old man who had once been a captain.\nHe told everyone that he would have gone to sea again."
)
CHINESE = (
    "清晨的港口很安静，渔船一条接一条地回来了。渔民们把篮子搬上台阶，卖给在堤上等候的人，大家彼此都叫得出名字，谁也不着急。"
    "到了中午，渔网挂起来晒干，村里的孩子拿着木棍在网中间跑来跑去，被一位当过船长的老人赶走。\n"
    "他对每个人都说，如果身体还好，他一定会再出海，因为海上的日子是他一生中最自由的日子，也是他最想念的时光。"
)
TRADITIONAL = (
    "清晨的港口很安靜，漁船一條接一條地回來了。漁民們把籃子搬上臺階，賣給在堤上等候的人，大家彼此都叫得出名字，誰也不著急。"
    "到了中午，漁網掛起來曬乾，村裡的孩子拿著木棍在網中間跑來跑去，被一位當過船長的老人趕走。\n"
    "他對每個人都說，如果身體還好，他一定會再出海，因為海上的日子是他一生中最自由的日子，也是他最想念的時光。"
)


def answers(rules: tuple[Rule, ...], **columns: list[object]) -> list[list[bool | None]]:
    batch = pa.record_batch({name: pa.array(values) for name, values in columns.items()})
    return [rule.test(batch).to_pylist() for rule in rules]


def failed(text: str | None) -> list[str]:
    batch = pa.record_batch({"text": pa.array([text], pa.string())})
    return [str(rule) for rule in gopher_quality() if rule.test(batch)[0].as_py() is False]


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, TRADITIONAL], ids=["en", "zh", "zh-Hant"])
def test_prose_passes(text: str) -> None:
    assert failed(text) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (ENGLISH[:60], "word_count"),
        (CHINESE[:40], "word_count"),
        ("\n".join("- " + line for line in ENGLISH.replace("\n", " ").split(". ") * 3), "bullet_line_ratio"),
        ("\n".join(line + "……" for line in CHINESE.split("。") * 3), "ellipsis_line_ratio"),
        (ENGLISH.replace(" ", " 12 "), "alpha_word_ratio"),
        (ENGLISH.replace("e", "# "), "hash_word_ratio"),
    ],
)
def test_what_each_rule_drops(text: str, line: str) -> None:
    assert any(line in rule for rule in failed(text))


def test_unknown_text_is_kept_and_empty_text_is_not() -> None:
    assert failed(None) == []
    assert any("characters" in rule for rule in failed(""))


COLUMNS: dict[str, list[object]] = {
    "word_count": [100], "mean_word_length": [5.0], "hash_word_ratio": [0.1], "ellipsis_word_ratio": [0.1],
    "bullet_line_ratio": [0.9], "ellipsis_line_ratio": [0.3], "alpha_word_ratio": [0.8], "stop_word_count": [2],
    "characters": [150],
}  # fmt: skip


@pytest.mark.parametrize(
    ("lang", "name", "inside", "outside"),
    [
        ("en", "word_count", 50, 49),
        ("en", "word_count", 100_000, 100_001),
        ("zh", "word_count", 100, 99),
        ("zh", "word_count", 200_000, 200_001),
        ("en", "mean_word_length", 3.0, 2.999),
        ("en", "mean_word_length", 10.0, 10.001),
        ("en", "alpha_word_ratio", 0.8, 0.799),
        ("zh", "alpha_word_ratio", 0.735, 0.734),
        ("en", "stop_word_count", 2, 1),
        ("zh", "stop_word_count", 2, 1),
        ("en", "hash_word_ratio", 0.1, 0.1001),
        ("zh", "ellipsis_word_ratio", 0.1, 0.1001),
        ("de", "bullet_line_ratio", 0.9, 0.901),
        ("th", "ellipsis_line_ratio", 0.3, 0.301),
        ("th", "characters", 150, 149),
        ("und", "characters", 1_000_000, 1_000_001),
    ],
)
def test_borders(lang: str, name: str, inside: float, outside: float) -> None:
    for value, kept in ((inside, True), (outside, False)):
        columns = {**COLUMNS, "lang": [lang], name: [value]}
        assert all(row[0] for row in answers(gopher_quality(), **columns)) is kept


def test_no_english_threshold_reaches_another_language() -> None:
    worst: dict[str, list[object]] = {**COLUMNS, "mean_word_length": [1.0], "word_count": [100], "lang": ["zh"]}
    assert all(row[0] for row in answers(gopher_quality(), **worst))
    thai: dict[str, list[object]] = {
        **COLUMNS, "word_count": [3], "mean_word_length": [60.0], "alpha_word_ratio": [0.2], "stop_word_count": [0],
        "lang": ["th"],
    }  # fmt: skip
    assert all(row[0] for row in answers(gopher_quality(), **thai))
    assert set(GOPHER_THRESHOLDS) == {"en", "zh"}


def test_min_length() -> None:
    rules = min_length(characters=3, words=2)
    assert [str(rule) for rule in rules] == ["characters >= 3", "word_count >= 2"]
    assert answers(rules, text=["ab", "a b", "你好", "abc"]) == [[False, True, False, True], [False, True, True, False]]
    with pytest.raises(ValueError, match="say how long"):
        min_length()
    with pytest.raises(ValueError, match="words=-1"):
        min_length(words=-1)
