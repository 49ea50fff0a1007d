"""Instruction examples from curated pages: the question/answer pairs of a run folder that stand alone, told once.

Pairs come from the column `qa`, which curation fills from a page's markup, and from the form of its text. Needs no
model. Each example keeps the page it came from (`url`), how it was found (`method`) and its language, and each
pair that was found and not taken is counted under its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pyarrow as pa

from trainers.data import open_run
from trainers.instruct.examples import ASSISTANT, USER, Example, to_table
from trainers.instruct.pairs import METHODS, Pair, declared, pairs_of, script_of
from trainers.instruct.self_contained import pair_fault, same_key

COLUMNS = ("text", "url", "lang", "qa")
TRAIN = "train"  # the split to learn from


class Document(NamedTuple):
    """What is read of a document: its text, and null where the run has no such column; `qa` as curation stores it."""

    text: str
    url: str | None
    lang: str | None
    qa: list[dict[str, str]] | None


class Candidate(NamedTuple):
    """A pair with its page; `order` is its place in the corpus."""

    order: int
    pair: Pair
    url: str | None
    lang: str | None


@dataclass(frozen=True)
class Mined:
    """What mining found. documents and pairs are counts; pairs = examples + all of dropped.

    `dropped` says per reason how many pairs were left, `methods` and `languages` how the examples divide.
    """

    examples: pa.Table
    documents: int
    pairs: int
    dropped: dict[str, int]
    methods: dict[str, int]
    languages: dict[str, int]


def mine(data: Path, *, per_site: int | None = 200) -> Mined:
    """The examples of a run folder, in the order of its documents.

    `per_site` is how many examples one host may give, None for any number: frequent questions are the marketing of
    shops as often as knowledge. Of pairs with the same question, or the same answer, one is kept: by method in the
    order of `METHODS`, then the longer answer, then the first. Raises InputError where there is no finished run with
    documents in it.
    """
    dropped: Counter[str] = Counter()
    candidates: list[Candidate] = []
    documents = found = 0
    for document in documents_of(data):
        documents += 1
        for pair in [*declared(document.qa), *pairs_of(document.text)]:
            fault = pair_fault(pair.question, pair.answer)
            if fault:
                dropped[fault] += 1
            else:
                candidates.append(Candidate(found, pair, document.url, document.lang))
            found += 1
    kept = _told_once(candidates, dropped)
    if per_site is not None:
        kept = _capped(kept, per_site, dropped)
    examples = [
        Example(
            ((USER, c.pair.question), (ASSISTANT, c.pair.answer)),
            source=_site(c),
            url=c.url,
            method=c.pair.method,
            lang=_language(c),
        )
        for c in kept
    ]
    return Mined(
        to_table(examples),
        documents,
        found,
        dict(dropped.most_common()),
        dict(Counter(c.pair.method for c in kept)),
        dict(Counter(_language(c) for c in kept)),
    )


def _language(candidate: Candidate) -> str:
    """The page's language; between English and Chinese, which share pages about programming, that of the question."""
    if candidate.lang not in (None, "en", "zh"):
        return str(candidate.lang)
    return script_of(candidate.pair.question)


def _site(candidate: Candidate) -> str | None:
    """The host of the page; None where it has no address that can be read."""
    try:
        return urlsplit(candidate.url or "").hostname
    except ValueError:  # such as http://[half
        return None


def documents_of(data: Path) -> Iterator[Document]:
    """Every document to learn from. Those kept apart to validate models on are not among them."""
    run = open_run(data)
    run.require(TRAIN)
    for batch in run.batches(TRAIN, list(COLUMNS)):
        for text, url, lang, qa in zip(*(batch[name].to_pylist() for name in COLUMNS), strict=True):
            yield Document(text or "", url, lang, qa)


def _told_once(candidates: list[Candidate], dropped: Counter[str]) -> list[Candidate]:
    best_first = sorted(candidates, key=lambda c: (METHODS.index(c.pair.method), -len(c.pair.answer), c.order))
    questions: set[str] = set()
    answers: set[str] = set()
    kept: list[Candidate] = []
    for candidate in best_first:
        question, answer = same_key(candidate.pair.question), same_key(candidate.pair.answer)
        if question in questions:
            dropped["same_question"] += 1
        elif answer in answers:
            dropped["same_answer"] += 1
        else:
            questions.add(question)
            answers.add(answer)
            kept.append(candidate)
    return sorted(kept, key=lambda c: c.order)


def _capped(candidates: list[Candidate], per_site: int, dropped: Counter[str]) -> list[Candidate]:
    taken: Counter[str] = Counter()
    kept: list[Candidate] = []
    for candidate in candidates:
        site = _site(candidate)
        if site and taken[site] >= per_site:
            dropped["over_site_cap"] += 1
            continue
        taken[site or ""] += 1
        kept.append(candidate)
    return kept
