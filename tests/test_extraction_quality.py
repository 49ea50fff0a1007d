"""Extraction stays as good and as fast as it was: the floors of `floors.json`, and the ratchet that raises them."""

from __future__ import annotations

import html
import re
from collections import Counter

import pytest

from tests.extraction_quality import (
    COMMITTED,
    ENGINES_OF,
    LabelledPage,
    committed_pages,
    f1_by_page,
    mean,
    pages_of,
    times_faster,
)
from tests.pin_floors import Fallen, pinned, read_floors
from trainers.extractor.scores import tokens

FLOORS = read_floors()
WORST = 8  # pages shown when a floor is missed


@pytest.mark.parametrize(("name", "engine"), [(name, engine) for name in ENGINES_OF for engine in ENGINES_OF[name]])
def test_f1_is_above_its_floor(name: str, engine: str) -> None:
    pages = pages_of(name)
    if pages is None:
        pytest.skip(f"needs {name}.parquet from the shared data beside the repository")
    floor = FLOORS["extraction"][name][engine]
    scores = f1_by_page(engine, pages)
    worst = "\n".join(f"  {scores[page]:.3f} {page}" for page in sorted(scores, key=scores.__getitem__)[:WORST])
    assert mean(scores) >= floor, (
        f"{engine} on {name}: mean F1 {mean(scores):.4f} is below the floor {floor}; the worst pages are\n{worst}\n"
        'floors are lowered on purpose only: python -m tests.pin_floors --lower "REASON"'
    )


def test_kernel_is_many_times_faster_than_trafilatura() -> None:
    floor = FLOORS["times_faster"]["kernel than trafilatura"]
    assert times_faster("kernel", "trafilatura", committed_pages()) >= floor


@pytest.mark.parametrize("page", committed_pages(), ids=lambda page: page.name)
def test_main_text_is_on_its_page(page: LabelledPage) -> None:
    """Who edits a page edits its text as well."""
    shown = html.unescape(re.sub(r"<[^>]*>|\\n", " ", page.html))  # JSON writes a line's end as \n
    assert not Counter(tokens(page.text)) - Counter(tokens(shown))
    assert 6_000 <= len(page.html.encode()) <= 40_000


def test_both_languages_have_as_many_pages() -> None:
    assert Counter(page.name[:3] for page in committed_pages()) == {"en_": 12, "zh_": 12}


def test_floors_rise_to_what_is_measured_less_the_margin() -> None:
    floors = {"extraction": {COMMITTED: {"kernel": 0.8, "resiliparse": 0.7}}, "times_faster": {"a": 10}}
    new = pinned(floors, [(COMMITTED, "kernel", 0.95), (COMMITTED, "resiliparse", 0.705), ("more", "trafilatura", 0.9)])
    assert new == {
        "extraction": {COMMITTED: {"kernel": 0.94, "resiliparse": 0.7}, "more": {"trafilatura": 0.89}},
        "times_faster": {"a": 10},
    }
    assert floors["extraction"][COMMITTED]["kernel"] == 0.8


def test_a_floor_is_lowered_with_a_reason_only_which_stands_beside_it_until_it_is_made_good() -> None:
    floors = {"extraction": {COMMITTED: {"trafilatura": 0.9}}}
    with pytest.raises(Fallen, match=r"trafilatura on committed: measured 0\.8500, floor 0\.9.*--lower"):
        pinned(floors, [(COMMITTED, "trafilatura", 0.85)])
    lower = pinned(floors, [(COMMITTED, "trafilatura", 0.85)], "its new release keeps captions: all of them")
    assert lower["extraction"][COMMITTED] == {
        "trafilatura": 0.84,
        "trafilatura_lowered": "from 0.9: its new release keeps captions: all of them",
    }
    half = pinned(lower, [(COMMITTED, "trafilatura", 0.88)])
    assert half["extraction"][COMMITTED]["trafilatura_lowered"].startswith("from 0.9:")
    assert pinned(half, [(COMMITTED, "trafilatura", 0.92)])["extraction"][COMMITTED] == {"trafilatura": 0.91}
