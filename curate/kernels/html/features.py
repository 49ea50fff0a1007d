"""What the model may ask of a block: rows of small numbers, one row per question, one column per block.

Everything is a byte, so that a decision tree compares 32 blocks in one instruction and a model file is small: shares
are 0 to 255 of the whole, sizes are logarithms, distances are clipped. Rows have `PAD` columns of zeros on both sides,
so that a question about the third block ahead is the same row read three columns further.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.kernels import kernel, part
from curate.kernels.html.blocks import (
    ALL_HINTS,
    ANCHORS,
    ARTICLES,
    BLOCKS,
    BREAKS,
    CAPITALS,
    CHARACTERS,
    CHILDREN,
    COMMAS,
    DEPTH,
    DIGITS,
    ELEMENT,
    ELEMENTS,
    FINGERPRINT,
    IDEOGRAPHS,
    IMAGES,
    KIND_SIGNATURE,
    LENGTH,
    LINKED,
    NAME,
    OWN_HINTS,
    PARENT,
    SENTENCES,
    STANDS,
    START,
    STOPS,
    TITLE_WORDS,
    TITLED,
    UNITS,
    WORD_CHARACTERS,
    WORDS,
    State,
    Table,
)
from curate.kernels.html.hints import HINTS
from curate.kernels.html.names import FLAGS, HEADING_1, HEADING_6, IN_ASIDE, IN_HEADER, IN_NAV, KIND
from curate.kernels.html.phrases import phrase_of
from curate.kernels.html.scan import Bytes

Rows = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

PAD = 8
LEVELS = 5  # the element of a block and four around it

_OF_BLOCK = (
    "size", "linked", "marks", "sentences", "commas", "stops", "word length", "capitals", "digits", "ideographs",
    "kind", "breaks", "anchors", "images", "titled", "first byte", "last byte", "repeats", "phrase", "phrase above",
    "since phrase", "heading above", "since heading", "phrase of heading", "since running", "until running",
)  # fmt: skip
_OF_PLACE = (
    "depth", "place", "text before", "from first heading", "in core", "depth in core", "siblings", "children",
    "same signature", "running of signature", "linked of signature",
)  # fmt: skip
_OF_PAGE = (
    "page size", "page linked", "page running", "page blocks", "page articles", "core depth", "page ideographs",
    "page running blocks", "page title", "page comments", "page product", "page forum", "page list", "page story",
    "page images",
)  # fmt: skip
_OF_LEVEL = ("linked", "running", "marks", "block size", "blocks", "repeats")
_NEAR = (-3, -2, -1, 1, 2, 3)

ROWS = (
    *_OF_BLOCK,
    *_OF_PLACE,
    *_OF_PAGE,
    *(f"{name} at level {level}" for level in range(LEVELS) for name in _OF_LEVEL),
    *(f"hint {name}" for name, _ in HINTS),
    *(f"in {name}" for name in FLAGS),
    *(f"kinship {shift:+d}" for shift in _NEAR),
)
ROW = {name: i for i, name in enumerate(ROWS)}
# Rows that the model may also ask of blocks further on (+) and back (-).
_SHIFTED = ("size", "linked", "marks", "stops", "kind", "titled", "phrase", "digits", "images")
SHIFTS = (-4, -3, -2, -1, 1, 2, 3, 4)
QUESTIONS = tuple((row, 0) for row in range(len(ROWS))) + tuple((ROW[n], s) for n in _SHIFTED for s in SHIFTS)


def question_name(question: int) -> str:
    """In words, for the model card."""
    row, shift = QUESTIONS[question]
    return f"{ROWS[row]} of block {shift:+d}" if shift else ROWS[row]


(
    SIZE, LINKED_SHARE, MARKS, SENTENCE_SHARE, COMMA_SHARE, STOP_SHARE, WORD_LENGTH, CAPITAL_SHARE, DIGIT_SHARE,
    IDEOGRAPH_SHARE, BLOCK_KIND, BREAK_COUNT, ANCHOR_COUNT, IMAGE_COUNT, TITLE_SHARE, FIRST_BYTE, LAST_BYTE, REPEATS,
    PHRASE, PHRASE_ABOVE, SINCE_PHRASE, HEADING_ABOVE, SINCE_HEADING, PHRASE_OF_HEADING, SINCE_RUNNING, UNTIL_RUNNING,
    DEPTH_ROW, PLACE, TEXT_BEFORE, FROM_HEADING, IN_CORE, DEPTH_IN_CORE, SIBLINGS, CHILDREN_ROW, SAME_SIGNATURE,
    RUNNING_OF_SIGNATURE, LINKED_OF_SIGNATURE,
) = range(len(_OF_BLOCK) + len(_OF_PLACE))  # fmt: skip
PAGE_ROWS = len(_OF_BLOCK) + len(_OF_PLACE)
LEVEL_ROWS = PAGE_ROWS + len(_OF_PAGE)
HINT_ROWS = LEVEL_ROWS + LEVELS * len(_OF_LEVEL)
FLAG_ROWS = HINT_ROWS + len(HINTS)
KIN_ROWS = FLAG_ROWS + len(FLAGS)
PER_LEVEL = len(_OF_LEVEL)
HINT_COUNT, FLAG_COUNT = len(HINTS), len(FLAGS)
PAGE_COUNT = len(_OF_PAGE)
KIN_SHIFTS = np.array(_NEAR, np.int64)

# Of an element and all in it: floats of shape (ELEMENT_SUMS, cap).
SUM_UNITS, SUM_LINKED, SUM_MARKS, SUM_RUNNING, SUM_BLOCKS, CORE_DEPTH = range(6)
ELEMENT_SUMS = 6
TALLY_BITS = 12  # of the tables in which signatures and texts that repeat are counted

RUNNING_UNITS = 120  # a block of twelve words, mostly unlinked, is running text
LOGARITHM = 24  # ln(1 + 40,000) is 255
STORY, COMMENTS, LIST, PRODUCT, FORUM = (
    [name for name, _ in HINTS].index(n) for n in ("story", "comments", "list", "product", "forum")
)


@part
def _share(of: float, whole: float) -> np.uint8:
    """0 to 255."""
    return np.uint8(min(255.0, 255.0 * of / (whole + 1e-6)))


@part
def _log(value: float) -> np.uint8:
    return np.uint8(min(255.0, LOGARITHM * np.log(1.0 + value)))


@part
def _clipped(value: int) -> np.uint8:
    return np.uint8(min(255, max(0, value)))


@part
def _is_running(blocks: Table, i: int) -> bool:
    return blocks[UNITS, i] >= RUNNING_UNITS and 10 * blocks[LINKED, i] < 4 * blocks[UNITS, i]


@kernel
def describe(text: Bytes, blocks: Table, elements: Table, state: State, sums: Floats, rows: Rows) -> None:
    """Fill `rows`, shape (len(ROWS), cap of blocks + 2 * PAD), and `sums` (ELEMENT_SUMS, cap of elements)."""
    n = state[BLOCKS]
    for row in range(rows.shape[0]):
        for i in range(PAD):
            rows[row, i] = 0
            rows[row, PAD + n + i] = 0
    page = np.zeros(PAGE_COUNT, np.float64)
    first_heading = _sum_up(blocks, elements, state, sums, page)
    _describe_blocks(text, blocks, elements, n, page[0], first_heading, rows)
    _describe_places(blocks, elements, state, sums, page, rows)
    for k in range(PAGE_COUNT):
        value = _log(page[k] / 10) if k == 0 else _page_value(k, page)
        for i in range(n):
            rows[PAGE_ROWS + k, PAD + i] = value


@part
def _page_value(k: int, page: npt.NDArray[np.float64]) -> np.uint8:
    if k in {3, 7, 14}:  # counts
        return _log(page[k])
    if k in {4, 5, 8}:  # small counts
        return _clipped(int(page[k]))
    return _share(page[k], page[0])


@part
def _sum_up(blocks: Table, elements: Table, state: State, sums: Floats, page: npt.NDArray[np.float64]) -> int:
    """Fill `sums` and the page's own figures; the block of the first heading, -1 for none."""
    n, count = state[BLOCKS], state[ELEMENTS]
    for row in range(ELEMENT_SUMS):
        for i in range(count):
            sums[row, i] = 0
    first_heading = -1
    for i in range(n):
        element = blocks[ELEMENT, i]
        units, linked = blocks[UNITS, i], blocks[LINKED, i]
        sums[SUM_UNITS, element] += units
        sums[SUM_LINKED, element] += linked
        sums[SUM_MARKS, element] += blocks[SENTENCES, i] + blocks[COMMAS, i]
        sums[SUM_BLOCKS, element] += 1
        page[0] += units
        page[1] += linked
        page[6] += blocks[IDEOGRAPHS, i] * 6
        page[14] += blocks[IMAGES, i]
        if _is_running(blocks, i):
            sums[SUM_RUNNING, element] += units - linked
            page[2] += units - linked
            page[7] += 1
        hints = elements[ALL_HINTS, element]
        page[9] += units * ((hints >> COMMENTS) & 1)
        page[10] += units * ((hints >> PRODUCT) & 1)
        page[11] += units * ((hints >> FORUM) & 1)
        page[12] += units * ((hints >> LIST) & 1)
        page[13] += units * ((hints >> STORY) & 1)
        outside = IN_NAV | IN_HEADER | IN_ASIDE
        if KIND[elements[NAME, element]] == HEADING_1 and (
            first_heading < 0 or blocks[STANDS, first_heading] & outside
        ):
            first_heading = i
    page[3], page[4], page[8] = n, state[ARTICLES], state[TITLE_WORDS]
    for i in range(count - 1, 0, -1):  # an element comes before those in it
        parent = elements[PARENT, i]
        for row in range(CORE_DEPTH):
            sums[row, parent] += sums[row, i]
    core = 0  # the innermost element with most of the running text
    if page[2] > 0:
        for i in range(1, count):
            if elements[PARENT, i] == core and sums[SUM_RUNNING, i] >= 0.7 * page[2]:
                core = i
    page[5] = elements[DEPTH, core]
    for i in range(count):
        if i == core:
            sums[CORE_DEPTH, i] = 1
        elif i:
            outer = sums[CORE_DEPTH, elements[PARENT, i]]
            sums[CORE_DEPTH, i] = outer + 1 if outer > 0 else 0
    return first_heading


@part
def _describe_blocks(
    text: Bytes, blocks: Table, elements: Table, n: int, total: float, first_heading: int, rows: Rows
) -> None:
    """The rows of a block by itself and of what stands before and behind it."""
    tally = np.zeros(1 << TALLY_BITS, np.int32)
    for i in range(n):
        tally[blocks[FINGERPRINT, i] & ((1 << TALLY_BITS) - 1)] += 1
    phrase_at = heading_at = running_at = -1000
    before = 0.0
    for i in range(n):
        at = PAD + i
        units, characters = blocks[UNITS, i], blocks[CHARACTERS, i]
        start, length = blocks[START, i], blocks[LENGTH, i]
        kind = KIND[elements[NAME, blocks[ELEMENT, i]]]
        rows[SIZE, at] = _log(units / 10)
        rows[LINKED_SHARE, at] = _share(blocks[LINKED, i], units)
        rows[MARKS, at] = _share(10 * (blocks[SENTENCES, i] + blocks[COMMAS, i]), units)
        rows[SENTENCE_SHARE, at] = _share(10 * blocks[SENTENCES, i], units)
        rows[COMMA_SHARE, at] = _share(10 * blocks[COMMAS, i], units)
        rows[STOP_SHARE, at] = _share(blocks[STOPS, i], units)
        rows[WORD_LENGTH, at] = _clipped(20 * blocks[WORD_CHARACTERS, i] // max(1, blocks[WORDS, i]))
        rows[CAPITAL_SHARE, at] = _share(blocks[CAPITALS, i], characters)
        rows[DIGIT_SHARE, at] = _share(blocks[DIGITS, i], characters)
        rows[IDEOGRAPH_SHARE, at] = _share(blocks[IDEOGRAPHS, i], characters)
        rows[BLOCK_KIND, at] = kind
        rows[BREAK_COUNT, at] = _clipped(blocks[BREAKS, i])
        rows[ANCHOR_COUNT, at] = _clipped(blocks[ANCHORS, i])
        rows[IMAGE_COUNT, at] = _clipped(blocks[IMAGES, i])
        rows[TITLE_SHARE, at] = _share(10 * blocks[TITLED, i], units)
        rows[FIRST_BYTE, at] = text[start]
        rows[LAST_BYTE, at] = text[start + length - 1]
        rows[REPEATS, at] = _clipped(tally[blocks[FINGERPRINT, i] & ((1 << TALLY_BITS) - 1)])
        rows[TEXT_BEFORE, at] = _share(before, total)
        rows[PLACE, at] = _share(i, n)
        rows[FROM_HEADING, at] = _clipped(128 + i - first_heading) if first_heading >= 0 else 0
        before += units
        phrase = phrase_of(text, start, length)
        rows[PHRASE, at] = phrase
        rows[PHRASE_ABOVE, at] = rows[PHRASE, PAD + phrase_at] if phrase_at >= 0 else 0
        rows[SINCE_PHRASE, at] = _clipped(i - phrase_at)
        rows[HEADING_ABOVE, at] = rows[BLOCK_KIND, PAD + heading_at] if heading_at >= 0 else 0
        rows[PHRASE_OF_HEADING, at] = rows[PHRASE, PAD + heading_at] if heading_at >= 0 else 0
        rows[SINCE_HEADING, at] = _clipped(i - heading_at)
        rows[SINCE_RUNNING, at] = _clipped(i - running_at)
        if phrase:
            phrase_at = i
        if HEADING_1 <= kind <= HEADING_6:
            heading_at = i
        if _is_running(blocks, i):
            running_at = i
    running_at = n + 1000
    for i in range(n - 1, -1, -1):
        rows[UNTIL_RUNNING, PAD + i] = _clipped(running_at - i)
        if _is_running(blocks, i):
            running_at = i


@part
def _describe_places(
    blocks: Table, elements: Table, state: State, sums: Floats, page: npt.NDArray[np.float64], rows: Rows
) -> None:
    """The rows of the elements in which a block stands."""
    n, count = state[BLOCKS], state[ELEMENTS]
    mask = (1 << TALLY_BITS) - 1
    alike = np.zeros(1 << TALLY_BITS, np.int32)
    text_alike = np.zeros((3, 1 << TALLY_BITS), np.float32)
    for i in range(count):
        alike[elements[KIND_SIGNATURE, i] & mask] += 1
    of_level = np.empty((PER_LEVEL, count), np.uint8)
    for i in range(count):
        units, number = sums[SUM_UNITS, i], sums[SUM_BLOCKS, i]
        of_level[0, i] = _share(sums[SUM_LINKED, i], units)
        of_level[1, i] = _share(sums[SUM_RUNNING, i], page[2])
        of_level[2, i] = _share(10 * sums[SUM_MARKS, i], units)
        of_level[3, i] = _log(units / (10 * number + 1e-3))
        of_level[4, i] = _log(number)
        of_level[5, i] = _log(alike[elements[KIND_SIGNATURE, i] & mask])
    for i in range(n):
        signature = elements[KIND_SIGNATURE, blocks[ELEMENT, i]] & mask
        text_alike[0, signature] += blocks[UNITS, i]
        text_alike[1, signature] += blocks[LINKED, i]
        text_alike[2, signature] += blocks[UNITS, i] if _is_running(blocks, i) else 0
    around = np.empty(n, np.int32)  # the element of each block at the present level
    near_hints = np.zeros(n, np.int32)
    for i in range(n):
        at = PAD + i
        element = blocks[ELEMENT, i]
        around[i] = element
        parent = max(elements[PARENT, element], 0)
        rows[DEPTH_ROW, at] = _clipped(elements[DEPTH, element])
        rows[IN_CORE, at] = sums[CORE_DEPTH, element] > 0
        rows[DEPTH_IN_CORE, at] = _clipped(int(sums[CORE_DEPTH, element]))
        rows[SIBLINGS, at] = _log(elements[CHILDREN, parent])
        rows[CHILDREN_ROW, at] = _clipped(elements[CHILDREN, element])
        signature = elements[KIND_SIGNATURE, element] & mask
        rows[SAME_SIGNATURE, at] = _share(text_alike[0, signature], page[0])
        rows[RUNNING_OF_SIGNATURE, at] = _share(text_alike[2, signature], page[2])
        rows[LINKED_OF_SIGNATURE, at] = _share(text_alike[1, signature], text_alike[0, signature])
        for k in range(KIN_SHIFTS.shape[0]):
            j = i + KIN_SHIFTS[k]
            kinship = 0
            if 0 <= j < n:
                other = blocks[ELEMENT, j]
                kinship = 2 if other == element else int(elements[PARENT, other] == elements[PARENT, element])
            rows[KIN_ROWS + k, at] = kinship
    for level in range(LEVELS):
        for k in range(PER_LEVEL):
            row = LEVEL_ROWS + level * PER_LEVEL + k
            for i in range(n):
                rows[row, PAD + i] = of_level[k, around[i]]
        for i in range(n):
            if level < 3:
                near_hints[i] |= elements[OWN_HINTS, around[i]]
            around[i] = max(elements[PARENT, around[i]], 0)
    for k in range(HINT_COUNT):
        for i in range(n):
            far = (elements[ALL_HINTS, blocks[ELEMENT, i]] >> k) & 1
            rows[HINT_ROWS + k, PAD + i] = 2 if (near_hints[i] >> k) & 1 else far
    for k in range(FLAG_COUNT):
        for i in range(n):
            rows[FLAG_ROWS + k, PAD + i] = (blocks[STANDS, i] >> k) & 1
