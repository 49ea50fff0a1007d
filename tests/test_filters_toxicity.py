"""Toxicity: articles about grave matters stay, pages of abuse and pornography go, in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curate.signals import Signal
from curate.testing import batch_of, check_signal
from filters.densities import MARGIN, REPEATS, VARIETY
from filters.toxicity import (
    HALF,
    WEIGHTS,
    hateful_phrases,
    profane_words,
    sexual_phrases,
    toxicity,
    violent_phrases,
)

TEXTS = json.loads((Path(__file__).parent / "phrase_texts.json").read_text(encoding="utf-8"))
SIGNALS = (sexual_phrases, profane_words, hateful_phrases, violent_phrases, toxicity)


def of(text: str, signal: Signal = toxicity) -> float:
    value = signal.column(batch_of([text]))[0].as_py()
    assert isinstance(value, float)
    return value


@pytest.mark.parametrize("signal", SIGNALS, ids=str)
def test_contract(signal: Signal) -> None:
    check_signal(signal)
    assert "null" in signal.about


@pytest.mark.parametrize("name", [*TEXTS["keep"], *TEXTS["adverts"]])
def test_articles_about_grave_matters_stay(name: str) -> None:
    assert of((TEXTS["keep"] | TEXTS["adverts"])[name]) < 0.5


@pytest.mark.parametrize("name", TEXTS["toxic"])
def test_toxic_pages_go(name: str) -> None:
    assert of(TEXTS["toxic"][name]) > 0.6


def test_one_toxic_comment_does_not_condemn_a_long_page() -> None:
    names = ("medicine, en", "product with prose, en", "shop description in an article, en")
    article = "\n".join(TEXTS["keep"][name] for name in names)
    assert of(f"{article}\nYou are an idiot and a fucking moron.") < 0.5
    article = "\n".join(TEXTS["keep"][name] for name in ("医学", "菜谱", "商店小记"))
    assert of(f"{article}\n你这个傻逼，脑残，滚出去。") < 0.5


def test_densities() -> None:
    text = "idiot fuck " + "word " * 98
    assert of(text, profane_words) == pytest.approx(20.0)
    assert of("傻逼" + "字" * 1998, profane_words) == pytest.approx(1.0)
    assert of(text, sexual_phrases) == 0.0
    assert of("faggots " * 2 + "word " * 998, hateful_phrases) == pytest.approx(2.0)
    assert of("i will kill you " + "word " * 996, violent_phrases) == pytest.approx(1.0)
    assert profane_words.column(batch_of(["", " ", "。"])).to_pylist() == [None, None, None]


def test_the_score_is_the_documented_combination() -> None:
    heap = 2 * WEIGHTS["profane"] + WEIGHTS["rude"] + WEIGHTS["insulting"] + WEIGHTS["hateful"]
    dense = 1000 * heap / (100 + MARGIN)
    assert of("fuck shit idiot moron faggots " + "word " * 95) == pytest.approx(dense / (dense + HALF))
    assert of("") == 0.0


def test_one_word_repeated_is_a_subject_and_no_heap() -> None:
    dense = 1000 * REPEATS * WEIGHTS["profane"] / VARIETY / (100 + MARGIN)
    assert of("cunt " * 50 + "word " * 50) == pytest.approx(dense / (dense + HALF))
