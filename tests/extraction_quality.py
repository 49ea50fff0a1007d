"""How well and how fast the engines of extraction are, on pages of our own and on development sets where they are.

`extraction_pages/NAME.html` are pages of our own, written as content management systems write them, and `NAME.txt` is
their main text by docs/extraction-convention.md: a block per line, the cells of a table's row joined by " | ". The
texts were written with the pages, before any engine had seen them. Whether a text is right is for the convention to
say, and never for what an engine makes of the page.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from curate.extract.engines import ENGINES, Options
from trainers.extractor.scores import token_f1

PAGES = Path(__file__).parent / "extraction_pages"
DATA = Path(__file__).parents[2] / "shared" / "data" / "html"

COMMITTED = "committed"
# The development sets are large: a sample of them, and only the fast engine, keep the suite quick.
ENGINES_OF = {COMMITTED: ("kernel", "trafilatura", "resiliparse"), "wcxb_dev": ("kernel",), "daniel_zh": ("kernel",)}
SAMPLE = 60


class LabelledPage(NamedTuple):
    """A page and its main text."""

    name: str
    html: str
    text: str


def pages_of(name: str) -> list[LabelledPage] | None:
    """The pages of a set of `ENGINES_OF`; None where a development set is absent."""
    return committed_pages() if name == COMMITTED else development_pages(name)


def committed_pages() -> list[LabelledPage]:
    """All pages of the repository, by name."""
    return [
        LabelledPage(path.stem, path.read_text(encoding="utf-8"), path.with_suffix(".txt").read_text(encoding="utf-8"))
        for path in sorted(PAGES.glob("*.html"))
    ]


def development_pages(name: str) -> list[LabelledPage] | None:
    """The `SAMPLE` pages whose ids have the lowest sums, so that the choice stays when a set grows a little."""
    path = DATA / f"{name}.parquet"
    if not path.exists():
        return None
    import pyarrow.parquet as pq

    from curate.read.charset import decode_page

    ids = pq.read_table(path, columns=["id"])["id"].to_pylist()
    chosen = sorted(range(len(ids)), key=lambda row: hashlib.sha256(ids[row].encode()).digest())[:SAMPLE]
    rows = pq.read_table(path, columns=["id", "html", "text"]).take(chosen).to_pylist()
    return [LabelledPage(row["id"], decode_page(row["html"], None, markup=True).text, row["text"]) for row in rows]


def f1_by_page(engine: str, pages: list[LabelledPage]) -> dict[str, float]:
    """F1 of tokens for each page by name, as the public benchmarks count."""
    extract = ENGINES[engine]
    return {page.name: token_f1(page.text, extract(page.html, Options())) for page in pages}


def measured_f1() -> Iterator[tuple[str, str, float]]:
    """(set, engine, mean F1) of every set that is here."""
    for name, engines in ENGINES_OF.items():
        pages = pages_of(name)
        for engine in engines if pages is not None else ():
            yield name, engine, mean(f1_by_page(engine, pages or []))


def mean(scores: dict[str, float]) -> float:
    """The mean over pages."""
    return sum(scores.values()) / len(scores)


def times_faster(engine: str, than: str, pages: list[LabelledPage], repeats: int = 3) -> float:
    """How many times less CPU `engine` needs than `than`: the best of some repeats in this process.

    A ratio says the same on every machine, and CPU seconds do not see what else a machine does.
    """
    cpu_seconds(engine, pages, 1)  # compiles
    cpu_seconds(than, pages[:1], 1)  # imports
    return max(cpu_seconds(than, pages, 1) / cpu_seconds(engine, pages, 10) for _ in range(repeats))


def cpu_seconds(engine: str, pages: list[LabelledPage], rounds: int) -> float:
    """CPU seconds for all pages once, as the mean of some rounds."""
    extract = ENGINES[engine]
    began = time.process_time()
    for _ in range(rounds):
        for page in pages:
            extract(page.html, Options())
    return (time.process_time() - began) / rounds
