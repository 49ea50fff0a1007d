"""The kernel engine: main text in one pass over the bytes, no tree, linear time, by a learned model of blocks.

Reading blocks, describing them and judging them is `curate.kernels.html`; here are the model file, the arrays that are
used again from page to page, and how strict to be. The model's card is `models/main_text.md` beside it; it was made by
`trainers/extractor`.
"""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curate.extract.embedded import embedded_page

MODEL = Path(__file__).parent / "models" / "main_text.npz"

# How much of the expected F1 a block's probability must reach (`curate.kernels.html.trees.choose`): 0.5 maximises it.
# Found by cross-validation over sets (docs/extraction.md).
STRINGENCY = {"precision": 0.75, "balanced": 0.6, "recall": 0.35}

# Beyond these a page is read no further in one respect, and its `capped` says which.
MOST_BLOCKS, MOST_ELEMENTS = 1_000_000, 500_000

# A page of so few blocks, none of which looks like main text, is a fragment or a note: it is taken as it stands.
FEW = 20

# A page that shows less than this share of what its data holds is made by scripts, or shows a teaser. Looking costs as
# much as everything else, so only pages with fewer characters than SHORT are asked.
LEAST_SHOWN = 0.5
SHORT = 1_500
MOST_HEADINGS = 500  # in an outline


class Model(NamedTuple):
    """The trees of `curate.kernels.html.trees.judge`."""

    asked: npt.NDArray[np.int32]
    borders: npt.NDArray[np.uint8]
    values: npt.NDArray[np.float32]
    bias: float


class Extracted(NamedTuple):
    """The main text of a page, its headings, the caps that were hit: "blocks", "elements", "depth" joined by "+"."""

    text: str
    outline: list[str]  # as Markdown: "## Background"
    capped: str


@functools.cache
def load_model(path: Path = MODEL) -> Model:
    """The model in `path`. Raises ValueError where it asks what today's code does not answer."""
    from curate.kernels.html.features import QUESTIONS, ROWS

    with np.load(path, allow_pickle=False) as stored:
        if tuple(stored["rows"].tolist()) != ROWS:
            raise ValueError(f"{path} was trained on other features than this version has; train it again")
        asked = np.array(QUESTIONS, np.int32)[stored["questions"]]
        return Model(asked, stored["borders"], stored["values"].astype(np.float32), float(stored["bias"]))


class Page:
    """What the kernels say of one page after another; the arrays grow to the largest page and are used again."""

    def __init__(self) -> None:
        from curate.kernels.html import blocks, features, output

        self._b, self._f, self._o = blocks, features, output
        self.title = np.zeros(1 << blocks.TITLE_BITS, np.uint64)
        self.state = np.zeros(blocks.STATE_FIELDS, np.int64)
        self._room(1 << 18, 4096)

    def _room(self, characters: int, tags: int) -> None:
        self._characters, self._tags = characters, tags
        cap, elements = _spread(min(tags, MOST_BLOCKS)), _spread(min(tags, MOST_ELEMENTS))
        # The longest expansion of a reference is a fifth longer than the reference.
        self.text = np.empty(characters + characters // 4 + 64, np.uint8)
        self.blocks = np.empty((self._b.BLOCK_FIELDS, cap), np.int32)
        self.elements = np.empty((self._b.ELEMENT_FIELDS, elements), np.int32)
        self.sums = np.empty((self._f.ELEMENT_SUMS, elements), np.float32)
        self.rows = np.empty((len(self._f.ROWS), _spread(cap + 2 * self._f.PAD)), np.uint8)
        self.odds = np.empty(cap, np.float32)
        self.chosen = np.zeros(cap, np.uint8)

    def read(self, markup: npt.NDArray[np.uint8]) -> int:
        """Read valid UTF-8 into blocks and elements; how many blocks there are."""
        from curate.kernels.html.scan import LESS, count_byte

        tags = count_byte(markup, LESS) + 2
        if len(markup) > self._characters or tags > self._tags:
            self._room(max(len(markup), self._characters), max(tags, self._tags))
        self._b.read_blocks(markup, self.text, self.blocks, self.elements, self.title, self.state)
        return int(self.state[self._b.BLOCKS])

    def describe(self) -> None:
        """Fill `rows` for the blocks that were read."""
        self._f.describe(self.text, self.blocks, self.elements, self.state, self.sums, self.rows)

    def judge(self, model: Model, stringency: float) -> None:
        """Fill `odds` with each block's probability and `chosen` with the verdict."""
        from curate.kernels.html.trees import choose, judge

        n = int(self.state[self._b.BLOCKS])
        self.odds[:n] = model.bias
        judge(self.rows, n, model.asked, model.borders, model.values, self.odds)
        choose(self.blocks, n, self.odds, stringency, self.chosen)
        if n <= FEW and not self.chosen[:n].any():
            self.chosen[:n] = self._plain()

    def _plain(self) -> npt.NDArray[np.bool_]:
        """Blocks that are no links and stand nowhere in particular."""
        from curate.kernels.html.names import IN_NAV, IN_NOSCRIPT, IS_HIDDEN

        b = self._b
        n = int(self.state[b.BLOCKS])
        unlinked = 2 * self.blocks[b.LINKED, :n] <= self.blocks[b.UNITS, :n]
        plain: npt.NDArray[np.bool_] = unlinked & (self.blocks[b.STANDS, :n] & (IN_NAV | IN_NOSCRIPT | IS_HIDDEN) == 0)
        return plain

    def leave_out_tables(self) -> None:
        """Take back the choice of what stands in tables."""
        from curate.kernels.html.names import IN_TABLE

        n = int(self.state[self._b.BLOCKS])
        self.chosen[:n] &= (self.blocks[self._b.STANDS, :n] & IN_TABLE) == 0

    def write_all(self, markdown: bool) -> str:
        """All blocks."""
        self.chosen[: int(self.state[self._b.BLOCKS])] = 1
        return self.write(markdown)

    def write(self, markdown: bool) -> str:
        """The chosen blocks."""
        b = self._b
        n, length = int(self.state[b.BLOCKS]), int(self.state[b.S_LENGTH])
        out = np.empty(2 * length + self._o.SPREAD * n + 4 * int(self.state[b.ELEMENTS]), np.uint8)
        end = self._o.write_blocks(self.text, self.blocks, self.elements, self.state, self.chosen, markdown, out)
        return out[:end].tobytes().decode("utf-8")

    def outline(self) -> list[str]:
        """The chosen headings, as Markdown; one that repeats the one in front of it once."""
        from curate.kernels.html.names import HEADING_1, HEADING_6, KIND

        b = self._b
        n = int(self.state[b.BLOCKS])
        kinds = KIND[self.elements[b.NAME, self.blocks[b.ELEMENT, :n]]]
        found: list[str] = []
        for i in np.flatnonzero((kinds >= HEADING_1) & (kinds <= HEADING_6) & (self.chosen[:n] == 1))[:MOST_HEADINGS]:
            start = int(self.blocks[b.START, i])
            text = self.text[start : start + int(self.blocks[b.LENGTH, i])].tobytes().decode("utf-8")
            heading = f"{'#' * int(kinds[i] - HEADING_1 + 1)} {' '.join(text.split())}"
            if found[-1:] != [heading]:
                found.append(heading)
        return found

    @property
    def units(self) -> npt.NDArray[np.int32]:
        """The size of each block, in tenths of a word."""
        units: npt.NDArray[np.int32] = self.blocks[self._b.UNITS]
        return units

    @property
    def capped(self) -> str:
        """As in `Extracted`."""
        b = self._b
        names = ((b.CAPPED_BLOCKS, "blocks"), (b.CAPPED_ELEMENTS, "elements"), (b.CAPPED_DEPTH, "depth"))
        return "+".join(name for bit, name in names if self.state[b.CAPPED] & bit)

    def block_texts(self) -> list[str]:
        """The text of every block, for labelling and looking."""
        b = self._b
        n = int(self.state[b.BLOCKS])
        raw = self.text[: int(self.state[b.S_LENGTH])].tobytes()
        spans = zip(self.blocks[b.START, :n].tolist(), self.blocks[b.LENGTH, :n].tolist(), strict=True)
        return [raw[start : start + length].decode("utf-8") for start, length in spans]


def _spread(columns: int) -> int:
    """So many columns or a few more: rows a power of two apart would share one set of the processor's cache."""
    return (columns + 1023) // 1024 * 1024 + 80


def main_text(
    markup: str | bytes,
    focus: str = "balanced",
    *,
    markdown: bool = False,
    tables: bool = True,
    model: Model | None = None,
) -> Extracted:
    """The main text of a page, as `STRINGENCY` names it; of a page that shows little, what its data holds instead.

    Bytes are valid UTF-8. `model` is that of this version unless another is given.
    """
    page = _page()
    encoded = markup if isinstance(markup, bytes) else markup.encode("utf-8", "replace")
    raw = np.frombuffer(encoded, np.uint8)
    text, outline = "", []
    if len(raw) and page.read(raw):
        page.describe()
        page.judge(model or load_model(), STRINGENCY[focus])
        if not tables:
            page.leave_out_tables()
        text, outline = page.write(markdown), page.outline()
    capped = page.capped
    if len(text) < SHORT:
        embedded = embedded_page(encoded.decode("utf-8"))
        held = all_text(embedded, markdown=markdown) if embedded is not None else ""
        if len(text) < LEAST_SHOWN * len(held):
            text, outline = held, _page().outline()
    return Extracted(text, outline, capped)


def all_text(markup: str, *, markdown: bool = False) -> str:
    """The text of all blocks of a page."""
    page = _page()
    raw = np.frombuffer(markup.encode("utf-8", "replace"), np.uint8)
    return page.write_all(markdown) if len(raw) and page.read(raw) else ""


def _page() -> Page:
    """The arrays of this thread: the kernels let go of the interpreter lock."""
    if not hasattr(_own, "page"):
        _own.page = Page()
    page: Page = _own.page
    return page


_own = threading.local()
