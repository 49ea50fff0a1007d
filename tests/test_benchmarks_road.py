"""The trigram model that the road's GPT is measured against."""

from __future__ import annotations

import math

import pytest

from benchmarks.road import Trigram

IDS = [0, 1, 2, 3, 1, 2, 4, 0, 1, 2, 3, 5, 0, 1, 2, 3]


def test_probabilities_add_up() -> None:
    model = Trigram(IDS, size=7)
    for before in ((1, 2), (3, 1), (6, 2), (2, 6), (6, 6)):  # contexts seen whole, in part, and never
        assert sum(model.probability(before, i) for i in range(7)) == pytest.approx(1)
        assert all(model.probability(before, i) > 0 for i in range(7))


def test_kneser_ney_by_hand() -> None:
    """After 1 2 came 3 twice and 4 once; one trigram occurs once and three twice: discount 1 / (1 + 2 * 3)."""
    model = Trigram([1, 2, 3, 1, 2, 3, 1, 2, 4], size=5)
    trigrams = {(1, 2, 3): 2, (2, 3, 1): 2, (3, 1, 2): 2, (1, 2, 4): 1}
    discount = 1 / (1 + 2 * 3)
    # Bigrams count the different ids before them: each was seen after one, so that Ney's discount is 1.
    # Unigrams count likewise: 1, 2, 3 and 4 each follow one id; again the discount is 1, and all is uniform.
    below = 1 / 5
    wanted = (trigrams[1, 2, 3] - discount) / 3 + discount * 2 / 3 * below
    assert model.probability((1, 2), 3) == pytest.approx(wanted)
    assert model.nats([1, 2, 3], bos=0) == pytest.approx(
        -math.log(model.probability((0, 1), 2)) - math.log(model.probability((1, 2), 3))
    )


def test_repetition_is_foretold_better_than_chance() -> None:
    nats = Trigram(IDS * 5, size=7).nats(IDS, bos=0) / sum(i != 0 for i in IDS[1:])
    assert nats < 0.5 * math.log(7)
