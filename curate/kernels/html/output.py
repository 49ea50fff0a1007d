"""The chosen blocks as text or as Markdown.

A block is a line; a heading that repeats the one in front of it is left out. Items of lists begin with "- " or their
number, two blanks deeper per level; the cells of a row of a table share its line, " | " between them, empty ones too,
unless the table serves the layout (long cells, single cells); what `<pre>` holds keeps its lines. Markdown adds the
marks of headings, quotes, code and tables, and blank lines.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.kernels import kernel, part
from curate.kernels.html.blocks import (
    BLOCKS,
    ELEMENT,
    ELEMENTS,
    FINGERPRINT,
    LENGTH,
    NAME,
    PARENT,
    STANDS,
    START,
    State,
    Table,
)
from curate.kernels.html.names import HEADING_1 as FIRST_HEADING
from curate.kernels.html.names import HEADING_6 as LAST_HEADING
from curate.kernels.html.names import IN_LIST, IN_PRE, IN_QUOTE, IN_TABLE, KIND, LI, OL, TABLE, TD, TH, TR, UL
from curate.kernels.html.scan import BLANK, LINE_FEED, Bytes

LONGEST_CELL = 400  # bytes; a row with a longer one is laid out, not tabulated
FARTHEST_ROW, FARTHEST_ITEM = 12, 12  # how far out a block's row or item may be
DEEPEST_LIST = 6
BAR, BACKSLASH, BACKTICK, SHARP, DASH, DOT, ABOVE, ZERO = 124, 92, 96, 35, 45, 46, 62, 48
SPREAD = 64  # bytes besides its own that a block may need


@part
def _put(out: Bytes, at: int, byte: int, times: int) -> int:
    for i in range(times):
        out[at + i] = byte
    return at + times


@part
def _enclosing(elements: Table, element: int, names: tuple[int, int], farthest: int) -> int:
    """The nearest element around, itself included, with one of two names; -1 for none within reach."""
    for _ in range(farthest):
        if element <= 0:
            return -1
        if elements[NAME, element] == names[0] or elements[NAME, element] == names[1]:
            return element
        if elements[NAME, element] == TABLE and names[0] != LI:
            return -1  # a table in a cell: its own rows count
        element = elements[PARENT, element]
    return -1


@part
def _row_of(blocks: Table, elements: Table, i: int) -> tuple[int, int]:
    """The row and the cell of block `i`; -1 where it is in none."""
    if not blocks[STANDS, i] & IN_TABLE:
        return -1, -1
    cell = _enclosing(elements, blocks[ELEMENT, i], (TD, TH), FARTHEST_ROW)
    if cell < 0 or elements[NAME, elements[PARENT, cell]] != TR:
        return -1, -1
    return elements[PARENT, cell], cell


@kernel
def write_blocks(
    text: Bytes,
    blocks: Table,
    elements: Table,
    state: State,
    chosen: Bytes,
    markdown: bool,
    out: Bytes,
) -> int:
    """Write the blocks whose `chosen` is 1 to `out`; the length. Room: twice the text, SPREAD a block, 4 an element."""
    n = state[BLOCKS]
    row_kind = _tabulated(blocks, elements, state, chosen)
    counters = np.zeros(state[ELEMENTS], np.int32)
    at = 0
    heading = -1  # the last block written, where that is a heading
    row, cell, item, table, tight = -1, -1, -1, -1, False
    for i in range(n):
        if not chosen[i]:
            continue
        kind = KIND[elements[NAME, blocks[ELEMENT, i]]]
        is_heading = FIRST_HEADING <= kind <= LAST_HEADING
        if heading >= 0 and is_heading and blocks[FINGERPRINT, i] == blocks[FINGERPRINT, heading]:
            continue  # the headline of the page's frame and that of the text, one behind the other
        heading = i if is_heading else -1
        this_row, this_cell = _row_of(blocks, elements, i)
        if this_row >= 0 and row_kind[this_row] != 1:
            this_row = -1
        if this_row >= 0:
            this_table = _enclosing(elements, elements[PARENT, this_row], (TABLE, TABLE), FARTHEST_ROW)
            if this_row != row:
                if row >= 0:
                    at = _end_row(elements, row, table, this_table, markdown, counters, out, at)
                at = _new_line(out, at, markdown and this_table != table)
                if markdown:
                    out[at], out[at + 1] = BAR, BLANK
                    at += 2
                cell = this_row
            if this_cell != cell:
                for between in range(cell + 1, this_cell + 1):
                    is_cell = elements[NAME, between] == TD or elements[NAME, between] == TH
                    if is_cell and elements[PARENT, between] == this_row:
                        counters[this_row] += 1
                        if counters[this_row] > 1:
                            out[at], out[at + 1], out[at + 2] = BLANK, BAR, BLANK
                            at += 3
            elif at and out[at - 1] != BLANK:
                out[at] = BLANK
                at += 1
            at = _copy_folded(text, blocks[START, i], blocks[LENGTH, i], markdown, out, at)
            row, cell, table, item, tight = this_row, this_cell, this_table, -1, False
            continue
        if row >= 0:
            at = _end_row(elements, row, table, -1, markdown, counters, out, at)
            row = cell = table = -1
        verbatim = (blocks[STANDS, i] & IN_PRE) != 0
        this_item = -1
        if blocks[STANDS, i] & IN_LIST:
            this_item = _enclosing(elements, blocks[ELEMENT, i], (LI, LI), FARTHEST_ITEM)
        at = _new_line(out, at, markdown and not (tight and this_item >= 0))
        if markdown and blocks[STANDS, i] & IN_QUOTE:
            out[at], out[at + 1] = ABOVE, BLANK
            at += 2
        if this_item >= 0 and this_item != item:
            at = _mark_item(elements, this_item, counters, out, at)
        if markdown and verbatim:
            at = _put(out, at, BACKTICK, 3)
            at = _put(out, at, LINE_FEED, 1)
        elif markdown and is_heading:
            at = _put(out, at, SHARP, kind - FIRST_HEADING + 1)
            at = _put(out, at, BLANK, 1)
        for k in range(blocks[START, i], blocks[START, i] + blocks[LENGTH, i]):
            out[np.uint64(at)] = text[np.uint64(k)]
            at += 1
        if markdown and verbatim:
            at = _put(out, at, LINE_FEED, 1)
            at = _put(out, at, BACKTICK, 3)
        item, tight = this_item, this_item >= 0
    if row >= 0:
        at = _end_row(elements, row, table, -1, markdown, counters, out, at)
    return at


@part
def _new_line(out: Bytes, at: int, blank: bool) -> int:
    return _put(out, at, LINE_FEED, 1 + blank) if at else at


@part
def _tabulated(blocks: Table, elements: Table, state: State, chosen: Bytes) -> npt.NDArray[np.int8]:
    """For each element, 1 where it is a row with two cells or more that are all short, 2 where it is another row."""
    kinds = np.zeros(state[ELEMENTS], np.int8)
    first_cell = np.zeros(state[ELEMENTS], np.int32)
    for i in range(state[BLOCKS]):
        if not chosen[i]:
            continue
        row, cell = _row_of(blocks, elements, i)
        if row < 0 or kinds[row] == 2:
            continue
        if blocks[LENGTH, i] > LONGEST_CELL or blocks[STANDS, i] & IN_PRE:
            kinds[row] = 2
        elif first_cell[row] == 0:
            first_cell[row] = cell
        elif first_cell[row] != cell:
            kinds[row] = 1
    return kinds


@part
def _end_row(
    elements: Table, row: int, table: int, following: int, markdown: bool, counters: Table, out: Bytes, at: int
) -> int:
    """The end of a row of Markdown; behind the first row of a table, the line that makes it the head."""
    if not markdown:
        return at
    out[at], out[at + 1] = BLANK, BAR
    at += 2
    if counters[table] == 0:
        out[at], out[at + 1] = LINE_FEED, BAR
        at += 2
        for _ in range(min(counters[row], SPREAD // 8)):
            at = _put(out, at, DASH, 3)
            out[at] = BAR
            at += 1
    counters[table] += 1
    return at


@part
def _copy_folded(text: Bytes, start: int, length: int, markdown: bool, out: Bytes, at: int) -> int:
    """A cell on one line."""
    for i in range(start, start + length):
        byte = text[np.uint64(i)]
        if byte == LINE_FEED:
            byte = np.uint8(BLANK)
        elif byte == BAR and markdown:
            out[at] = BACKSLASH
            at += 1
        out[np.uint64(at)] = byte
        at += 1
    return at


@part
def _mark_item(elements: Table, item: int, counters: Table, out: Bytes, at: int) -> int:
    """ "- " or "3. " in front of an item, deeper by two blanks per list around its own."""
    depth, around = 0, elements[PARENT, item]
    own_list = -1
    for _ in range(FARTHEST_ITEM * 2):
        if around <= 0:
            break
        if elements[NAME, around] == UL or elements[NAME, around] == OL:
            if own_list < 0:
                own_list = around
            depth += 1
        around = elements[PARENT, around]
    at = _put(out, at, BLANK, 2 * min(max(depth - 1, 0), DEEPEST_LIST))
    if own_list >= 0 and elements[NAME, own_list] == OL:
        counters[own_list] += 1
        number = counters[own_list]
        divisor = 1
        while number // divisor >= 10:
            divisor *= 10
        while divisor:
            out[at] = ZERO + (number // divisor) % 10
            at += 1
            divisor //= 10
        out[at] = DOT
    else:
        out[at] = DASH
    out[at + 1] = BLANK
    return at + 2
