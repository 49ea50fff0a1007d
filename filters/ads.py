"""How much a text is an advert, by the phrases it has: calls to action, offers, ways to get in touch, self-praise, and
trades that live by spam.

Articles about trade, product pages with prose and notes on where to buy have a few; an advert is made of them.
`docs/safety.md` has the figures. Each signal is null for a null text.
"""

from __future__ import annotations

import pyarrow as pa

from curate.signals import signal
from filters.densities import density, found_in, score
from filters.phrases import AD_GROUPS, phrase_counts
from filters.pieces import text_counts

# What a phrase of each group weighs; figures are prices and telephone numbers, which shops and clinics list too.
WEIGHTS = {"luring": 1.0, "offer": 0.5, "figures": 0.1, "contact": 0.5, "boasting": 0.5, "shady": 1.5, "trade": 0.3}
HALF = 12.0  # weighted phrases per 1,000 words at which `ad_score` is 0.5


@signal.batch(phrase_counts, text_counts)
def ad_phrases(phrases: pa.StructArray, counts: pa.StructArray) -> pa.DoubleArray:
    """Phrases of advertising of every kind per 1,000 words (2,000 Han characters); null without words."""
    return density(found_in(phrases, *AD_GROUPS), counts)


@signal.batch(phrase_counts, text_counts)
def contact_phrases(phrases: pa.StructArray, counts: pa.StructArray) -> pa.DoubleArray:
    """Invitations to get in touch (加微信, 在线客服, "call us now", "WhatsApp") per 1,000 words (2,000 Han characters);
    null without words."""
    return density(found_in(phrases, "contact"), counts)


@signal.batch(phrase_counts, text_counts)
def ad_score(phrases: pa.StructArray, counts: pa.StructArray) -> pa.DoubleArray:
    """How much of a text is advertising, 0 to 1: d / (d + 12), d being weighted phrases per 1,000 words (2,000 Han
    characters), 100 words added; null for a null text."""
    return score(phrases, counts, WEIGHTS, HALF)
