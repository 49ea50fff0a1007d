"""Labelled pages, ready for the model: read into blocks and described as the engine does it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from curate.extract.kernel import Page
from trainers.extractor.labels import (
    NO_LABEL,
    Annotation,
    labels_of_annotation,
    labels_of_reference,
    read_annotations,
)
from trainers.extractor.scores import tokens

OWN = "annotated"  # the set of the pages that we labelled ourselves
LEAST_RECALL = 0.4  # a page whose reference holds less of its blocks than this was rendered by scripts, or mislabelled


@dataclass
class Example:
    """A page: its blocks' texts, their description (questions, blocks), labels, sizes in tokens and in units."""

    set: str
    id: str
    url: str
    type: str
    reference: str
    markup: str
    texts: list[str]
    questions: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.float32]
    sizes: npt.NDArray[np.int64]
    units: npt.NDArray[np.int32]
    sources: frozenset[str] = field(default_factory=frozenset)  # "set/id" of this page wherever it is known

    @property
    def site(self) -> str:
        """By which folds are grouped: pages of one site share their boilerplate."""
        url = self.url if "//" in self.url else f"//{self.url}"
        return urlsplit(url).netloc.removeprefix("www.") or self.id

    @property
    def trains(self) -> bool:
        """Whether the labels can be believed."""
        known = self.labels >= 0
        recalled = float((self.sizes * self.labels)[known].sum())
        return len(self.texts) > 0 and recalled >= LEAST_RECALL * len(tokens(self.reference))


def read_set(path: Path) -> list[Example]:
    """The pages of a Parquet file with the columns id, url, html (bytes or text), text and extra (JSON with a type)."""
    import pyarrow.parquet as pq

    page = Page()
    examples = []
    for row in pq.read_table(path).to_pylist():
        markup = _markup(row["html"])
        if markup is not None:
            found = _described(page, markup, path.stem, row)
            found.labels = labels_of_reference(found.texts, found.reference)
            found.labels[_left_out_by_custom(page, len(found.texts)) & (found.labels < 0.5)] = NO_LABEL
            examples.append(found)
    return examples


def read_annotated(folder: Path) -> list[Example]:
    """The pages of `labels.jsonl`, from the sets in `folder`: `html/SET.parquet` and `crawl/SET.warc.gz`."""
    page = Page()
    by_set: dict[str, dict[str, Annotation]] = {}
    for annotation in read_annotations():
        by_set.setdefault(annotation.set, {})[annotation.id] = annotation
    examples = []
    for name, wanted in sorted(by_set.items()):
        for row in _rows(folder, name):
            if row["id"] not in wanted:
                continue
            annotation, markup = wanted[row["id"]], _markup(row["html"])
            if markup is None:
                continue
            found = _described(page, markup, OWN, {**row, "text": "", "extra": json.dumps({"type": annotation.type})})
            found.labels = labels_of_annotation(annotation, found.texts)
            found.reference = "\n".join(t for t, y in zip(found.texts, found.labels, strict=True) if y > 0.5)
            found.sources = frozenset({f"{name}/{row['id']}"})
            examples.append(found)
    return examples


def _rows(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq

    parquet, crawl = folder / "html" / f"{name}.parquet", folder / "crawl" / f"{name}.warc.gz"
    if parquet.exists():
        yield from pq.read_table(parquet, columns=["id", "url", "html"]).to_pylist()
        return
    from curate.read import Seen
    from curate.read.warc import warc

    source = warc(str(crawl))
    for shard in source.shards():
        for batch in source.read(shard, Seen()):
            yield from batch.select(["id", "url", "html"]).to_pylist()


def _markup(html: bytes | str | None) -> str | None:
    from curate.read.charset import decode_page

    if isinstance(html, bytes):
        html = decode_page(html, None, markup=True).text
    return html


def _described(page: Page, markup: str, set_: str, row: dict[str, Any]) -> Example:
    n = page.read(np.frombuffer(markup.encode("utf-8", "replace"), np.uint8))
    page.describe()
    texts = page.block_texts()
    kind = json.loads(row.get("extra") or "{}").get("type", "")
    sizes = np.array([len(tokens(text)) for text in texts], np.int64)
    labels = np.full(n, NO_LABEL, np.float32)
    sources = frozenset({f"{set_}/{row['id']}"})
    return Example(
        set_, row["id"], row["url"] or "", kind, row["text"] or "", markup, texts, asked(page, n), labels, sizes,
        page.units[:n].copy(), sources,
    )  # fmt: skip


def _left_out_by_custom(page: Page, n: int) -> npt.NDArray[np.bool_]:
    """Headlines and captions: main text by our convention, and left out by most references.

    Of 175 pages of wcxb_dev whose `<h1>` says what their title says, 34 references have it. A model that learns from
    their absence drops them.
    """
    from curate.kernels.html.features import BLOCK_KIND, PAD, TITLE_SHARE
    from curate.kernels.html.names import HEADING_1, KINDS

    kinds, titled = page.rows[BLOCK_KIND, PAD : PAD + n], page.rows[TITLE_SHARE, PAD : PAD + n]
    headlines = (kinds >= HEADING_1) & (kinds <= HEADING_1 + 1) & (titled > 0.8 * 255)
    captions: npt.NDArray[np.bool_] = kinds == KINDS.index("caption")
    return headlines | captions


def asked(page: Page, n: int) -> npt.NDArray[np.uint8]:
    """The answers to all questions about the page's blocks, shape (questions, n)."""
    from curate.kernels.html.features import PAD, QUESTIONS

    return np.stack([page.rows[row, PAD + shift : PAD + shift + n] for row, shift in QUESTIONS])
