"""Articles made of sentence templates: a subject knows its paragraphs, an article is one walk through them.

A subject's text is written in four marks: a blank line begins a paragraph, `*` begins a sentence, `|` begins another
way to put the same sentence, and a line without a mark goes on with the one above. `{name}` is a slot. Every article
of a subject takes its own value for each slot and its own choice among the ways, so that articles of one subject
agree in their order of thought and differ in their words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Subject:
    """What the articles of one subject are made of.

    `titles` and `text` hold slots; `slots` gives each slot its values; `joint` stands between two sentences (a space
    in English, nothing in Chinese).
    """

    name: str
    titles: tuple[str, ...]
    slots: dict[str, tuple[str, ...]]
    text: str
    joint: str = " "

    @cached_property
    def paragraphs(self) -> list[list[list[str]]]:
        """The text as paragraphs of sentences, each sentence a list of the ways to put it."""
        paragraphs: list[list[list[str]]] = [[]]
        for line in self.text.strip().splitlines():
            mark, words = line[:2], line[2:]
            if not line:
                paragraphs.append([])
            elif mark == "* ":
                paragraphs[-1].append([words])
            elif mark == "| ":
                paragraphs[-1][-1].append(words)
            else:
                paragraphs[-1][-1][-1] += self.joint + line
        return paragraphs


@dataclass(frozen=True)
class Article:
    """One walk through a subject: `chosen[p][s]` is the way taken in sentence `s` of paragraph `p`; None: left out."""

    subject: Subject
    number: int
    chosen: tuple[tuple[int | None, ...], ...]
    slots: tuple[tuple[str, str], ...]

    @property
    def title(self) -> str:
        titles = self.subject.titles
        return _capital(titles[self.number % len(titles)].format(**dict(self.slots)))

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs as they are read."""
        filling = dict(self.slots)
        filled = []
        for sentences, ways in zip(self.subject.paragraphs, self.chosen, strict=True):
            taken = [sentence[way] for sentence, way in zip(sentences, ways, strict=True) if way is not None]
            filled.append(self.subject.joint.join(taken).format(**filling))
        return [_capital(paragraph) for paragraph in filled if paragraph]


def collection(subject: Subject, count: int, seed: str, longer_than: int = 0) -> list[Article]:
    """So many articles of a subject, as unlike each other as its sentences allow; the same seed, the same articles.

    Each one is the best of forty drafts of more than `longer_than` characters: the one that shares fewest sentences
    with any article before it. Chance alone lets a pair share half of its 5-word shingles.
    """
    articles: list[Article] = []
    for number in range(count):
        drafts = [_draft(subject, number, f"{seed}/{attempt}") for attempt in range(40)]
        long_enough = [draft for draft in drafts if sum(map(len, draft.paragraphs)) > longer_than] or drafts
        likeness = [max((_shared(draft, other) for other in articles), default=0) for draft in long_enough]
        articles.append(long_enough[likeness.index(min(likeness))])
    return articles


def _draft(subject: Subject, number: int, seed: str) -> Article:
    """One draft: in one paragraph of three a sentence is left out, and each slot goes round its values by number."""
    dice = Random(f"{seed}/{subject.name}/{number}")
    chosen = []
    for sentences in subject.paragraphs:
        ways: list[int | None] = [int(dice.random() * len(sentence)) for sentence in sentences]
        if len(ways) >= 3 and dice.random() < 1 / 3:
            ways[1 + int(dice.random() * (len(ways) - 1))] = None
        chosen.append(tuple(ways))
    slots = []
    for slot, values in sorted(subject.slots.items()):
        turned = shuffled(values, Random(f"{subject.name}/{slot}"))
        slots.append((slot, turned[number % len(turned)]))
    return Article(subject, number, tuple(chosen), tuple(slots))


def _shared(one: Article, other: Article) -> int:
    """How many characters of template two articles of a subject have in common."""
    total = 0
    for sentences, ways, theirs in zip(one.subject.paragraphs, one.chosen, other.chosen, strict=True):
        for sentence, way, their in zip(sentences, ways, theirs, strict=True):
            if way is not None and way == their:
                total += len(sentence[way])
    return total


def reworded(article: Article, sentences: int, dice: Random) -> Article:
    """The article with so many of its sentences put another way: what an editor's second version looks like."""
    places = [
        (p, s)
        for p, ways in enumerate(article.chosen)
        for s, way in enumerate(ways)
        if way is not None and len(article.subject.paragraphs[p][s]) > 1
    ]
    chosen = [list(ways) for ways in article.chosen]
    for p, s in shuffled(places, dice)[:sentences]:
        count = len(article.subject.paragraphs[p][s])
        way = chosen[p][s]
        assert way is not None
        chosen[p][s] = (way + 1 + int(dice.random() * (count - 1))) % count
    return replace(article, chosen=tuple(tuple(ways) for ways in chosen))


def pick(items: Sequence[T], dice: Random) -> T:
    """One of the items. Built on `Random.random`, the one method whose sequence Python promises never to change."""
    return items[int(dice.random() * len(items))]


def shuffled(items: Sequence[T], dice: Random) -> list[T]:
    """The items in another order, likewise built on `Random.random` alone."""
    return [item for _, item in sorted(((dice.random(), item) for item in items), key=_first)]


def typographic(text: str) -> str:
    """English with the quotation marks, apostrophes and dashes of a printed page, which mojibake turns to rubble."""
    curled, inside = [], False
    for char in text:
        inside ^= char == '"'
        curled.append({'"': "“" if inside else "”"}.get(char, char))
    return "".join(curled).replace("'", "’").replace(" - ", " — ").replace("cafe", "café")


def each(paragraphs: Sequence[str], change: Callable[[str], str]) -> list[str]:
    """The paragraphs, each one changed."""
    return [change(paragraph) for paragraph in paragraphs]


def _first(pair: tuple[float, T]) -> float:
    return pair[0]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
