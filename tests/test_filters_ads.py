"""Adverts: articles about trade and products stay, pages that only sell go, in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curate.signals import Signal
from curate.testing import batch_of, check_signal
from filters.ads import HALF, WEIGHTS, ad_phrases, ad_score, contact_phrases
from filters.densities import MARGIN, VARIETY

TEXTS = json.loads((Path(__file__).parent / "phrase_texts.json").read_text(encoding="utf-8"))


def of(text: str, signal: Signal = ad_score) -> float:
    value = signal.column(batch_of([text]))[0].as_py()
    assert isinstance(value, float)
    return value


@pytest.mark.parametrize("signal", [ad_phrases, contact_phrases, ad_score], ids=str)
def test_contract(signal: Signal) -> None:
    check_signal(signal)
    assert "null" in signal.about


@pytest.mark.parametrize("name", [*TEXTS["keep"], *(n for n in TEXTS["toxic"] if n != "色情")])
def test_articles_stay(name: str) -> None:
    assert of((TEXTS["keep"] | TEXTS["toxic"])[name]) < 0.5


@pytest.mark.parametrize("name", TEXTS["adverts"])
def test_adverts_go(name: str) -> None:
    assert of(TEXTS["adverts"][name]) > 0.6


def test_an_article_that_ends_with_an_offer_stays() -> None:
    article = "\n".join(TEXTS["keep"][name] for name in ("history, en", "book review, en", "recipe, en"))
    assert of(article + "\nSubscribe now and save 20%. Click here. Call us at 800-555-0142.") < 0.5
    article = "\n".join(TEXTS["keep"][name] for name in ("历史", "菜谱", "商店小记", "社会新闻"))
    assert of(article + "\n关注公众号，扫码进群，点击链接领取优惠券。") < 0.5


def test_densities() -> None:
    assert of("buy now, call us " + "word " * 96, ad_phrases) == pytest.approx(20.0)
    assert of("buy now, call us " + "word " * 96, contact_phrases) == pytest.approx(10.0)
    assert of("加微信，" + "字" * 1997, contact_phrases) == pytest.approx(1.0)


def test_the_score_is_the_documented_combination() -> None:
    heap = WEIGHTS["luring"] + WEIGHTS["offer"] + WEIGHTS["contact"]
    dense = 1000 * heap * 3 / VARIETY / (100 + MARGIN)
    text = "buy now, free shipping, call us " + "word " * 94
    assert of(text) == pytest.approx(dense / (dense + HALF))
