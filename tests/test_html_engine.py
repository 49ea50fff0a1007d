"""What the kernel engine makes of blocks: judged by trees, chosen by the page's threshold, written as text."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.extract.kernel import MODEL, STRINGENCY, Page, all_text, load_model, main_text
from curate.kernels.html.blocks import UNITS
from curate.kernels.html.features import PAD, QUESTIONS, ROWS
from curate.kernels.html.trees import choose, judge
from tests.bombs import BOMBS, FIRST, page
from trainers.extractor.labels import (
    MAIN_TEXT,
    NO_LABEL,
    Annotation,
    agreement,
    block_sum,
    labels_of_annotation,
    labels_of_reference,
    read_annotations,
)
from trainers.extractor.scores import shingle_f1, token_f1
from trainers.extractor.train import Trees, judged

OUTPUTS = json.loads((Path(__file__).parent / "output_cases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", OUTPUTS, ids=[case["markup"][:40] for case in OUTPUTS])
def test_text_and_markdown(case: dict[str, str]) -> None:
    assert all_text(case["markup"]) == case["text"]
    assert all_text(case["markup"], markdown=True) == case["markdown"]


@pytest.mark.parametrize("name", [n for n in BOMBS if n.startswith(("nested", "empty", "definitions"))])
def test_output_has_room_for_whatever_is_written(name: str) -> None:
    for markdown in (False, True):
        assert FIRST[:40] in all_text(page(BOMBS[name](0.2)), markdown=markdown)


def test_trees_say_what_their_slow_twin_says() -> None:
    dice = np.random.default_rng(3)
    trees = Trees(
        dice.integers(0, len(QUESTIONS), (7, 6)).astype(np.uint8),
        dice.integers(0, 256, (7, 6)).astype(np.uint8),
        dice.normal(size=(7, 64)).astype(np.float32),
        0.25,
    )
    for blocks in (1, 31, 500):
        rows = dice.integers(0, 256, (len(ROWS), blocks + 2 * PAD)).astype(np.uint8)
        answers = np.stack([rows[row, PAD + shift : PAD + shift + blocks] for row, shift in QUESTIONS], axis=1)
        odds = np.full(blocks, trees.bias, np.float32)
        model = trees.model()
        judge(rows, blocks, model.asked, model.borders, model.values, odds)
        assert np.allclose(odds, judged(trees, answers), atol=1e-4)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-8, 8, width=32), st.integers(1, 5000)), min_size=1, max_size=30))
def test_half_the_expected_f1_is_the_threshold_that_maximises_it(given_blocks: list[tuple[float, int]]) -> None:
    """Where 0.1 to 0.9 allow it, no other threshold promises a better F1."""
    odds = np.array([o for o, _ in given_blocks], np.float32)
    blocks = np.zeros((UNITS + 1, len(odds)), np.int32)
    blocks[UNITS] = units = np.array([u for _, u in given_blocks], np.int32)
    chosen = np.zeros(len(odds), np.uint8)
    threshold = choose(blocks, len(odds), odds, 0.5, chosen)
    likely = odds.astype(float)

    def promised(taken: np.ndarray) -> float:
        return float(2 * (likely * units * taken).sum() / ((units * taken).sum() + (likely * units).sum()))

    best = max(promised(likely >= border) for border in likely)
    assert np.array_equal(chosen, odds >= np.float32(threshold))
    if 0.11 < threshold < 0.89:
        assert promised(chosen) > best - 0.03


ARTICLE = """<html><head><title>The reading room opens</title></head><body>
<nav><ul><li><a href=/>Home</a><li><a href=/n>News</a><li><a href=/c>Contact</a></ul></nav>
<div class=post><h1>The reading room opens</h1><p class=byline>By the editors, 3 May</p>
<p>The harbour office opened its new reading room on Monday, and visitors came all day long to see it.</p>
<p>Old charts hang on the walls, and each of them says who drew it, when it was drawn, and what it was for.</p>
<p>Admission is free until the end of the month; groups are asked to write to the office beforehand.</p></div>
<div class=related><h3>Related articles</h3>
<ul><li><a href=/1>The bridge is closed</a><li><a href=/2>A new boat</a></ul></div>
<footer><p>Copyright 2024 The Harbour. All rights reserved.</p><a href=/p>Privacy policy</a></footer></body></html>"""


def test_main_text_without_its_surroundings() -> None:
    text = main_text(ARTICLE).text
    assert text.splitlines()[0] == "The reading room opens"
    assert all(part in text for part in ("Old charts hang", "Admission is free", "came all day"))
    assert not any(part in text for part in ("Home", "Related", "bridge", "Copyright", "Privacy"))


def test_a_fragment_is_taken_as_it_stands() -> None:
    assert main_text("<p>abc</p><p>def <a href=x>ghi</a></p><nav>menu</nav>").text == "abc\ndef ghi"
    assert main_text("<noscript>You need to enable JavaScript to run this app.</noscript>").text == ""
    assert main_text("<nav><ul>" + "<li><a href=/>Home</a>" * 9).text == ""


def test_focus_is_ordered() -> None:
    """What precision keeps, balanced keeps, and what balanced keeps, recall keeps."""
    assert list(STRINGENCY) == ["precision", "balanced", "recall"]
    for markup in (ARTICLE, page("<ul>" + "<li><a href=x>link</a>" * 30 + "</ul>")):
        lengths = [len(main_text(markup, focus).text) for focus in STRINGENCY]
        assert lengths == sorted(lengths)


def test_tables_can_be_left_out() -> None:
    markup = ARTICLE.replace(
        "</div>\n<div class=related", "<table><tr><td>Charts<td>42</table></div>\n<div class=related"
    )
    kept, left = main_text(markup, "recall").text, main_text(markup, "recall", tables=False).text
    assert "Charts | 42" in kept
    assert "Charts | 42" not in left and "Old charts" in left


def test_a_page_made_by_scripts_gives_what_its_data_holds() -> None:
    body = "The whole story stands in the data of the page. " * 30
    data = json.dumps({"@type": "NewsArticle", "headline": "The story", "articleBody": body})
    markup = f'<html><body><div id=app></div><script type="application/ld+json">{data}</script></body></html>'
    assert main_text(markup).text == f"The story\n{body.strip()}"


def test_threads_have_arrays_of_their_own() -> None:
    pages = [ARTICLE.replace("harbour", word * 50) for word in ("one", "two", "three", "four")]
    alone = [main_text(p).text for p in pages]
    found: dict[int, set[str]] = {i: set() for i in range(len(pages))}

    def work(i: int) -> None:
        for _ in range(50):
            found[i].add(main_text(pages[i]).text)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(pages))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(len(pages))] == [{text} for text in alone]


def test_a_model_of_other_features_is_refused(tmp_path: Path) -> None:
    with np.load(MODEL, allow_pickle=False) as stored:
        arrays = dict(stored)
    np.savez(tmp_path / "old.npz", **{**arrays, "rows": arrays["rows"][:-1]})
    with pytest.raises(ValueError, match="trained on other features"):
        load_model(tmp_path / "old.npz")


def test_the_arrays_grow_with_the_page_and_keep_what_is_right() -> None:
    reader = Page()
    small = ARTICLE.encode()
    large = (ARTICLE + "<p>more text to read</p>" * 20_000).encode()
    for markup, blocks in ((small, 13), (large, 20_013), (small, 13)):
        assert reader.read(np.frombuffer(markup, np.uint8)) == blocks


# ---- labels ---------------------------------------------------------------------------------------------------------


def test_labels_from_a_reference() -> None:
    texts = ["Home", "By the editors of it", "The reading room", "Visitors came all day long", "More", "Old charts"]
    reference = "The reading room\nVisitors came all day long to see it.\nOld charts"
    assert labels_of_reference(texts, reference).tolist() == [0, 0, 1, 1, 0, 1]
    assert labels_of_reference(["一二三四五六", "七八"], "一二三四五\n七八").tolist() == pytest.approx([2 / 3, 1])


def test_letters_stay_with_their_blocks_when_others_come() -> None:
    annotation = Annotation("s", "i", "article", [block_sum(t) for t in ("a", "b c", "d")], "NTB", "NBR")
    assert labels_of_annotation(annotation, ["a", "new", "b  c", "d"]).tolist() == [0, NO_LABEL, 1, 0.5]


def test_the_annotated_pages_agree_and_hold_no_text() -> None:
    annotations = read_annotations()
    assert len(annotations) == 201
    assert all(len(a.sums) == len(a.first) == len(a.second) for a in annotations)
    assert agreement(annotations)["kappa"] > 0.97
    assert sum(letter in MAIN_TEXT for a in annotations for letter in a.first) > 8_000


def test_scores() -> None:
    assert token_f1("", "") == 1
    assert token_f1("a", "") == token_f1("", "a") == 0
    assert token_f1("a b b c", "b c d") == pytest.approx(2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4))
    assert token_f1("我们去", "我们") == pytest.approx(0.8)
    assert shingle_f1([("a b c d e", "a b c d"), ("x", "x")]) == pytest.approx(2 * 1 * 0.75 / 1.75)
