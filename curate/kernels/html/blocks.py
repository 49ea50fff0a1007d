"""The pass over a page: its text as blocks, and the elements that hold them.

A block is the text between two borders: the start or end of a block element, or two line breaks in a row. Blanks are
folded to one space, line breaks (`<br>`) are line feeds, and what `<pre>` holds is kept as it is. Elements are those
that can hold blocks; inline ones leave no trace but in the counts (links). Open elements are kept on a stack; what the
standard closes by itself (`<p>`, `<li>`, `<td>` ...) is closed here as well, within bounds that keep time linear.

Text that an engine would lose silently is kept: an element of raw text that never closes is no element, unless it is a
script or a style; a quote that never closes is no quote. Caps are given by the sizes of the arrays; one that is hit
sets its bit in CAPPED.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.kernels import kernel, part
from curate.kernels.html.characters import (
    APOSTROPHE,
    ASCII_CLASS,
    CHARACTER,
    COMMA,
    COUNTED,
    COUNTER_MASK,
    DROPPED,
    IDEOGRAPH,
    INVISIBLE,
    IS_LETTER,
    LETTER,
    LONGEST_STOP_WORD,
    SENTENCE,
    SPACE,
    STOP_BITS,
    STOP_IDEOGRAPHS,
    STOP_KEYS,
    class_of,
    word_key,
)
from curate.kernels.html.names import (
    ARTICLE,
    BODY,
    BR,
    BUTTON,
    CODE,
    CUSTOM,
    DD,
    DL,
    DT,
    ENDS_PARAGRAPH,
    FLAG,
    H1,
    H6,
    HTML,
    IMG,
    IN_PRE,
    IS_BARRIER,
    IS_BLOCK,
    IS_CODE,
    IS_HIDING,
    IS_RAW,
    IS_TABLE_PART,
    IS_VERBATIM,
    IS_VOID,
    LI,
    NAME_BITS,
    NAME_KEYS,
    NAME_VALUES,
    OL,
    PLAINTEXT,
    TABLE,
    TBODY,
    TD,
    TEXTAREA,
    TFOOT,
    TH,
    THEAD,
    TITLE,
    TR,
    UL,
    A,
    P,
)
from curate.kernels.html.references import EXPANSION_START, EXPANSIONS, reference
from curate.kernels.html.scan import (
    AMPERSAND,
    BANG,
    BLANK,
    GREATER,
    HASH,
    HYPHEN,
    LESS,
    LINE_FEED,
    QUESTION,
    SLASH,
    SLOT_MULTIPLIER,
    Bytes,
    end_of_element,
    end_of_name,
    find,
    followed,
    is_in,
    is_letter,
    look_up,
    slot_of,
)
from curate.kernels.html.tags import FLAGGED, HINTED, LINKS, SIGNATURE, TAG_FIELDS, after_tag, read_attributes
from curate.kernels.words import code_point

Table = npt.NDArray[np.int32]
State = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

# Rows of the table of blocks, int32 of shape (BLOCK_FIELDS, cap). Units are tenths of a word: a word has 10, an
# ideograph 6, which makes Chinese and English texts of one size alike.
(
    START, LENGTH, ELEMENT, STANDS, BREAKS, CHARACTERS, DIGITS, CAPITALS, SENTENCES, COMMAS, IDEOGRAPHS, UNITS, LINKED,
    STOPS, WORDS, WORD_CHARACTERS, TITLED, ANCHORS, IMAGES, FINGERPRINT,
) = range(20)  # fmt: skip
BLOCK_FIELDS = 20
# Rows of the table of elements, int32 of shape (ELEMENT_FIELDS, cap): element 0 is the page itself.
PARENT, NAME, DEPTH, OWN_HINTS, ALL_HINTS, FLAGS, CHILDREN, KIND_SIGNATURE = range(8)
ELEMENT_FIELDS = 8

# The state of the pass, int64: first what is counted of the block being read, then the rest.
(
    S_COUNTERS, S_SENTENCES, S_COMMAS, S_IDEOGRAPHS, S_UNITS, S_LINKED, S_STOPS, S_WORDS, S_WORD_CHARACTERS, S_TITLED,
    S_ANCHORS, S_IMAGES, S_BREAKS, S_STANDS, S_FINGERPRINT,
    S_ELEMENT, S_LENGTH, S_START, S_WORD, S_KEY, S_WORD_COUNTERS, S_SPACED, S_LINKING, TITLE_WORDS,
    BLOCKS, ELEMENTS, ARTICLES, CAPPED, S_STACK, S_OVER,
) = range(30)  # fmt: skip
STATE_FIELDS = 30
OF_BLOCK = S_ELEMENT  # the fields in front are of one block

CAPPED_BLOCKS, CAPPED_ELEMENTS, CAPPED_DEPTH = 1, 2, 4

DEEPEST_STACK = 400  # elements open at once; more are read as if they were not there
FARTHEST_END = 256  # how far out an end tag looks for its element
FARTHEST_IMPLIED = 64  # and a start tag for one that it closes
STACK_ELEMENT, STACK_NAME, STACK_FLAGS = range(3)
TITLE_BITS = 8
MOST_TITLE_WORDS = 100
LONGEST_TITLE = 2_000
PILCROW = 0xB6
TENTHS_WORD, TENTHS_IDEOGRAPH, TENTHS_STOP_IDEOGRAPH, TENTHS_SYMBOLS = 10, 6, 7, 3


@kernel
def read_blocks(page: Bytes, text: Bytes, blocks: Table, elements: Table, title: Keys, state: State) -> None:
    """Fill `text`, `blocks` and `elements`; `state` says how many. `text` has room for 5/4 of the page and 64."""
    state.fill(0)
    title.fill(0)
    for i in range(ELEMENT_FIELDS):
        elements[i, 0] = 0
    elements[PARENT, 0] = -1
    state[ELEMENTS] = 1
    state[S_WORD] = state[S_ELEMENT] = -1
    state[S_SPACED] = 1
    stack = np.zeros((3, DEEPEST_STACK + 2), np.int32)
    opened = np.zeros(IS_BLOCK.shape[0], np.int32)  # how often each name is on the stack
    never_closed = np.zeros(IS_BLOCK.shape[0], np.uint8)
    said = np.zeros(TAG_FIELDS, np.int64)
    end = len(page)
    at = 0
    link_depth = 0
    comment_closes = True
    while at < end:
        if page[at] != LESS:
            at = _take_text(page, at, end, False, True, text, stack, title, state)
            continue
        i = at + 1
        closing = i < end and page[i] == SLASH
        if closing:
            i += 1
        if i >= end or not is_letter(int(page[i])):
            if i < end and (page[i] == BANG or page[i] == QUESTION or closing):
                comment = page[i] == BANG and i + 2 < end and page[i + 1] == HYPHEN and page[i + 2] == HYPHEN
                if comment and comment_closes and not closing:
                    after = _after_comment(page, i + 3)
                    comment_closes = after <= end
                    at = after if comment_closes else find(page, i, GREATER) + 1
                else:
                    at = find(page, i, GREATER) + 1
            else:
                at = _take_text(page, at, at + 1, True, True, text, stack, title, state)
            continue
        key, i, hyphen = end_of_name(page, i)
        name = look_up(NAME_KEYS, NAME_VALUES, NAME_BITS, key)
        if name == 0 and hyphen:
            name = CUSTOM
        is_block = IS_BLOCK[name] == 1
        if (is_block or name == A) and not closing:
            at = read_attributes(page, i, name, is_block and name not in (BODY, HTML), said)
        else:
            at = after_tag(page, i)
        if name == 0:
            continue
        if name == BR:
            _break_line(text, blocks, elements, stack, title, state)
        elif name == A:
            _end_word(title, state)
            state[S_LINKING] = 0 if closing else said[LINKS]
            state[S_ANCHORS] += state[S_LINKING]
            link_depth = state[S_STACK]
        elif name == IMG:
            state[S_IMAGES] += 1
        elif IS_RAW[name] or IS_HIDING[name] or IS_VERBATIM[name]:
            if closing or never_closed[name]:
                continue
            ends = end if name == PLAINTEXT else end_of_element(page, at, key)
            if ends >= end and name != PLAINTEXT:
                never_closed[name] = 1
                if IS_CODE[name]:  # is the rest of the page then, as in a browser
                    at = end
                continue
            if name == TITLE and state[TITLE_WORDS] == 0 and state[BLOCKS] < 3:
                _learn_title(page, at, min(ends, at + LONGEST_TITLE), title, state)
            elif IS_VERBATIM[name]:
                end_block(text, blocks, elements, title, state)
                _open(name, said, False, elements, stack, opened, state)
                stack[STACK_FLAGS, state[S_STACK]] |= IN_PRE
                _take_text(page, at, ends, True, name == TEXTAREA, text, stack, title, state)
                end_block(text, blocks, elements, title, state)
                _close(name, stack, opened, state)
            at = find(page, ends, GREATER) + 1
        elif name == CODE:
            # On the stack, so that what code examples leave open does not close what is around them.
            if closing:
                if state[S_STACK] > 0 and stack[STACK_NAME, state[S_STACK]] == CODE:
                    state[S_STACK] -= 1
                    opened[CODE] -= 1
            elif state[S_STACK] < DEEPEST_STACK:
                top = state[S_STACK]
                state[S_STACK] += 1
                stack[STACK_ELEMENT, top + 1], stack[STACK_NAME, top + 1] = stack[STACK_ELEMENT, top], CODE
                stack[STACK_FLAGS, top + 1] = stack[STACK_FLAGS, top]
                opened[CODE] += 1
        elif is_block:
            end_block(text, blocks, elements, title, state)
            if closing:
                _close(name, stack, opened, state)
            elif not IS_VOID[name]:
                _imply_ends(name, stack, opened, state)
                if not ((name in (BODY, HTML)) and opened[name]):
                    _open(name, said, True, elements, stack, opened, state)
            if state[S_LINKING] and state[S_STACK] < link_depth:
                state[S_LINKING] = 0
    end_block(text, blocks, elements, title, state)


@part
def _after_comment(page: Bytes, at: int) -> int:
    """The place behind a comment, of which `<!--` ends at `at`; beyond the page where it never closes."""
    end = len(page)
    if at < end and page[at] == GREATER:
        return at + 1
    if at + 1 < end and page[at] == HYPHEN and page[at + 1] == GREATER:
        return at + 2
    start = at
    while True:
        at = find(page, at, GREATER)
        if at >= end:
            return end + 1
        if at - 2 >= start and page[at - 1] == HYPHEN and page[at - 2] == HYPHEN:
            return at + 1
        if at - 3 >= start and page[at - 1] == BANG and page[at - 2] == HYPHEN and page[at - 3] == HYPHEN:
            return at + 1
        at += 1


@part
def _take_text(
    page: Bytes, at: int, end: int, raw: bool, referring: bool, text: Bytes, stack: Table, title: Keys, state: State
) -> int:
    """Copy text up to the next tag, or to `end` where it is raw; where it ended. `referring`: `&amp;` is `&`."""
    length, word, word_counters = state[S_LENGTH], state[S_WORD], state[S_WORD_COUNTERS]
    spaced, counters = state[S_SPACED], state[S_COUNTERS]
    key = np.uint64(state[S_KEY])
    before = counters
    verbatim = (stack[STACK_FLAGS, state[S_STACK]] & IN_PRE) != 0
    linking = state[S_LINKING] != 0
    in_heading = H1 <= stack[STACK_NAME, state[S_STACK]] <= H6  # links to itself, as documentation has it, are left out
    while at < end:
        byte = int(page[np.uint64(at)])
        if IS_LETTER[byte]:
            if word < 0:
                word, word_counters, key = length, counters, np.uint64(0)
            i, o, stop = np.uint64(at), np.uint64(length), np.uint64(end)
            while True:
                text[o] = byte
                o += np.uint64(1)
                counters += COUNTED[byte]
                key = followed(key, byte | 32)
                i += np.uint64(1)
                if i >= stop:
                    break
                byte = int(page[i])
                if not IS_LETTER[byte]:
                    break
            at, length = np.int64(i), np.int64(o)  # type: ignore[assignment]
            spaced = 0
            if at >= end:
                break
        if byte == LESS and not raw:
            break
        size = 1
        expansion = 0
        code = byte
        if byte >= 128:
            code, size = code_point(page, at)
            kind = class_of(code)
        elif byte == AMPERSAND and referring:
            code, expansion, after = reference(page, at)
            size = after - at
            if expansion:
                start = EXPANSION_START[expansion - 1]
                code = int(EXPANSIONS[start])
                if code >= 128:
                    code, _ = code_point(EXPANSIONS, start)
            kind = np.int64(class_of(code) if code >= 128 else ASCII_CLASS[code])  # type: ignore[assignment]
        else:
            kind = np.int64(ASCII_CLASS[byte])  # type: ignore[assignment]
        if kind == DROPPED or (linking and (code == PILCROW or (code == HASH and in_heading))):
            at += size
            continue
        if word >= 0 and kind not in (LETTER, APOSTROPHE, INVISIBLE):
            _count_word(key, length - word, (counters - word_counters) // CHARACTER, linking, title, state)
            word = -1
        if kind == SPACE:
            at += size
            if verbatim:
                if code == LINE_FEED and counters == 0:
                    length = state[S_START]  # blank lines in front are no code
                else:
                    text[length] = LINE_FEED if code == LINE_FEED else BLANK
                    length += 1
                spaced = 1
            elif spaced == 0:
                text[length] = BLANK
                length += 1
                spaced = 1
            else:
                while at < end and page[np.uint64(at)] == BLANK:
                    at += 1
            continue
        if kind == LETTER and word < 0:
            word, word_counters, key = length, counters, np.uint64(0)
        spaced = 0
        start = length
        if expansion:
            for k in range(EXPANSION_START[expansion - 1], EXPANSION_START[expansion]):
                text[length] = EXPANSIONS[k]
                length += 1
        elif byte == AMPERSAND and size > 1:
            length = _write_code_point(text, length, code)
        else:
            for k in range(size):
                text[length] = page[np.uint64(at + k)]
                length += 1
        at += size
        if kind == INVISIBLE:
            continue
        counters += CHARACTER
        if kind == LETTER:
            for k in range(start, length):
                key = followed(key, int(text[np.uint64(k)]) | 32)
        if kind == SENTENCE:
            state[S_SENTENCES] += 1
        elif kind == COMMA:
            state[S_COMMAS] += 1
        elif kind == IDEOGRAPH:
            state[S_IDEOGRAPHS] += 1
            state[S_UNITS] += TENTHS_IDEOGRAPH
            if linking:
                state[S_LINKED] += TENTHS_IDEOGRAPH
            for stop_ideograph in STOP_IDEOGRAPHS:
                if stop_ideograph == code:
                    state[S_STOPS] += TENTHS_STOP_IDEOGRAPH
            key = word_key(text, start, length)
            state[S_FINGERPRINT] = _mixed(state[S_FINGERPRINT], key)
            if state[TITLE_WORDS] and is_in(title, TITLE_BITS, key):
                state[S_TITLED] += 1
    state[S_LENGTH], state[S_WORD], state[S_WORD_COUNTERS] = length, word, word_counters
    state[S_KEY] = np.int64(key)
    state[S_SPACED], state[S_COUNTERS] = spaced, counters
    if counters != before:
        top = state[S_STACK]
        state[S_STANDS] |= stack[STACK_FLAGS, top]
        if state[S_ELEMENT] < 0:
            state[S_ELEMENT] = stack[STACK_ELEMENT, top]
    return at


@part
def _write_code_point(text: Bytes, at: int, code: int) -> int:
    """UTF-8 of `code` at `at`; where it ends."""
    if code < 0x80:
        text[at] = code
        return at + 1
    if code < 0x800:
        text[at] = 0xC0 | (code >> 6)
        text[at + 1] = 0x80 | (code & 63)
        return at + 2
    if code < 0x10000:
        text[at] = 0xE0 | (code >> 12)
        text[at + 1] = 0x80 | ((code >> 6) & 63)
        text[at + 2] = 0x80 | (code & 63)
        return at + 3
    text[at] = 0xF0 | (code >> 18)
    text[at + 1] = 0x80 | ((code >> 12) & 63)
    text[at + 2] = 0x80 | ((code >> 6) & 63)
    text[at + 3] = 0x80 | (code & 63)
    return at + 4


@part
def _mixed(fingerprint: int, key: np.uint64) -> int:
    """The fingerprint of a block with one more word."""
    return int(np.int64((np.uint64(fingerprint) ^ key) * np.uint64(SLOT_MULTIPLIER)))


@part
def _count_word(key: np.uint64, size: int, characters: int, linking: bool, title: Keys, state: State) -> None:
    """Count a word by its key and its bytes."""
    state[S_UNITS] += TENTHS_WORD
    state[S_WORDS] += 1
    state[S_WORD_CHARACTERS] += characters
    state[S_FINGERPRINT] = _mixed(state[S_FINGERPRINT], key)
    if linking:
        state[S_LINKED] += TENTHS_WORD
    if size <= LONGEST_STOP_WORD and is_in(STOP_KEYS, STOP_BITS, key):
        state[S_STOPS] += TENTHS_WORD
    if state[TITLE_WORDS] and is_in(title, TITLE_BITS, key):
        state[S_TITLED] += 1


@part
def _end_word(title: Keys, state: State) -> None:
    if state[S_WORD] >= 0:
        characters = (state[S_COUNTERS] - state[S_WORD_COUNTERS]) // CHARACTER
        size = state[S_LENGTH] - state[S_WORD]
        _count_word(np.uint64(state[S_KEY]), size, characters, state[S_LINKING] != 0, title, state)
        state[S_WORD] = -1


@part
def _learn_title(page: Bytes, at: int, end: int, title: Keys, state: State) -> None:
    """The words of the page's title, and its ideographs, by which blocks that repeat it are known."""
    word = -1
    while at <= end:
        byte = int(page[at]) if at < end else BLANK
        size = 1
        ideograph = False
        letter = IS_LETTER[byte] == 1
        if byte >= 128:
            code, size = code_point(page, at)
            kind = class_of(code)
            ideograph = kind == IDEOGRAPH
            letter = kind == LETTER
        if not letter:
            if word >= 0 and at - word > 3:
                _add_title_word(word_key(page, word, at), title, state)
            word = -1
            if ideograph:
                _add_title_word(word_key(page, at, at + size), title, state)
        elif word < 0:
            word = at
        at += size


@part
def _add_title_word(key: np.uint64, title: Keys, state: State) -> None:
    if state[TITLE_WORDS] >= MOST_TITLE_WORDS:
        return
    slot = slot_of(key, TITLE_BITS)
    while title[slot] != 0 and title[slot] != key:
        slot = (slot + np.uint64(1)) & np.uint64((1 << TITLE_BITS) - 1)
    if title[slot] == 0:
        title[slot] = key
        state[TITLE_WORDS] += 1


@part
def _break_line(text: Bytes, blocks: Table, elements: Table, stack: Table, title: Keys, state: State) -> None:
    """A `<br>`: a line feed; the second in a row ends the block, as in a paragraph that has no element of its own."""
    _end_word(title, state)
    length, start = state[S_LENGTH], state[S_START]
    if stack[STACK_FLAGS, state[S_STACK]] & IN_PRE:
        if state[S_COUNTERS]:
            text[length] = LINE_FEED
            state[S_LENGTH] = length + 1
        return
    if length > start and text[length - 1] == BLANK:
        length -= 1
    if length > start:
        if text[length - 1] == LINE_FEED:
            end_block(text, blocks, elements, title, state)
            return
        text[length] = LINE_FEED
        length += 1
        state[S_BREAKS] += 1
    state[S_LENGTH] = length
    state[S_SPACED] = 1


@part
def end_block(text: Bytes, blocks: Table, elements: Table, title: Keys, state: State) -> None:
    """A border: what was read since the last one becomes a block, unless it has no visible character."""
    start, length = state[S_START], state[S_LENGTH]
    if length == start:  # images and links stand in front of the next block
        state[S_SPACED] = 1
        return
    _end_word(title, state)
    while length > start and (text[length - 1] == BLANK or text[length - 1] == LINE_FEED):
        length -= 1
    counters = state[S_COUNTERS]
    if length > start and counters:
        n = state[BLOCKS]
        if n < blocks.shape[1]:
            blocks[START, n], blocks[LENGTH, n] = start, length - start
            element = state[S_ELEMENT]
            blocks[ELEMENT, n] = element
            blocks[STANDS, n] = state[S_STANDS] | elements[FLAGS, element]
            blocks[BREAKS, n] = state[S_BREAKS]
            blocks[CHARACTERS, n] = counters // CHARACTER
            blocks[DIGITS, n] = (counters >> 20) & COUNTER_MASK
            blocks[CAPITALS, n] = counters & COUNTER_MASK
            blocks[SENTENCES, n] = state[S_SENTENCES]
            blocks[COMMAS, n] = state[S_COMMAS]
            blocks[IDEOGRAPHS, n] = state[S_IDEOGRAPHS]
            blocks[UNITS, n] = max(state[S_UNITS], TENTHS_SYMBOLS)
            blocks[LINKED, n] = state[S_LINKED]
            blocks[STOPS, n] = state[S_STOPS]
            blocks[WORDS, n] = state[S_WORDS]
            blocks[WORD_CHARACTERS, n] = state[S_WORD_CHARACTERS]
            blocks[TITLED, n] = state[S_TITLED]
            blocks[ANCHORS, n] = state[S_ANCHORS]
            blocks[IMAGES, n] = state[S_IMAGES]
            blocks[FINGERPRINT, n] = np.int32(np.int64(np.uint64(state[S_FINGERPRINT]) >> np.uint64(33)))
            state[BLOCKS] = n + 1
            start = length
        else:
            state[CAPPED] |= CAPPED_BLOCKS
    for i in range(OF_BLOCK):
        state[i] = 0
    state[S_LENGTH] = state[S_START] = start
    state[S_ELEMENT] = state[S_WORD] = -1
    state[S_SPACED] = 1


@part
def _open(name: int, said: State, attributed: bool, elements: Table, stack: Table, opened: Table, state: State) -> None:
    top = state[S_STACK]
    if top >= DEEPEST_STACK:
        state[S_OVER] += 1
        state[CAPPED] |= CAPPED_DEPTH
        return
    parent = stack[STACK_ELEMENT, top]
    flags = stack[STACK_FLAGS, top] | FLAG[name]
    element = parent
    n = state[ELEMENTS]
    if attributed:
        flags |= said[FLAGGED]
    if n < elements.shape[1]:
        element = n
        state[ELEMENTS] = n + 1
        hints = said[HINTED] if attributed else 0
        elements[PARENT, n], elements[NAME, n], elements[DEPTH, n] = parent, name, elements[DEPTH, parent] + 1
        elements[OWN_HINTS, n], elements[ALL_HINTS, n] = hints, elements[ALL_HINTS, parent] | hints
        elements[FLAGS, n], elements[CHILDREN, n] = flags, 0
        elements[KIND_SIGNATURE, n] = said[SIGNATURE] if attributed else name
        elements[CHILDREN, parent] += 1
    else:
        state[CAPPED] |= CAPPED_ELEMENTS
    if name == ARTICLE:
        state[ARTICLES] += 1
    top += 1
    stack[STACK_ELEMENT, top], stack[STACK_NAME, top], stack[STACK_FLAGS, top] = element, name, flags
    opened[name] += 1
    state[S_STACK] = top


@part
def _pop_to(top: int, stack: Table, opened: Table, state: State) -> None:
    """Close everything from `top` on."""
    for i in range(top, state[S_STACK] + 1):
        opened[stack[STACK_NAME, i]] -= 1
    state[S_STACK] = top - 1


@part
def _close(name: int, stack: Table, opened: Table, state: State) -> None:
    """An end tag: closes its element and all in it, if that is open and no table cell lies between."""
    if name in (BODY, HTML) or not opened[name]:
        return
    if state[S_OVER]:
        state[S_OVER] -= 1
        return
    i = state[S_STACK]
    lowest = max(i - FARTHEST_END, 0)
    while i > lowest:
        if stack[STACK_NAME, i] == name:
            _pop_to(i, stack, opened, state)
            return
        if IS_BARRIER[stack[STACK_NAME, i]] and not IS_TABLE_PART[name]:
            return
        i -= 1


@part
def _imply_ends(name: int, stack: Table, opened: Table, state: State) -> None:
    """A start tag: closes what cannot hold it (13.2.6.4.7), looking no further out than FARTHEST_IMPLIED."""
    i = state[S_STACK]
    lowest = max(i - FARTHEST_IMPLIED, 0)
    if ENDS_PARAGRAPH[name] and opened[P]:
        j = i
        while j > max(i - 8, 0):
            if stack[STACK_NAME, j] == P:
                _pop_to(j, stack, opened, state)
                break
            if stack[STACK_NAME, j] != CODE and stack[STACK_NAME, j] != BUTTON and stack[STACK_NAME, j] != CUSTOM:
                break
            j -= 1
        i = state[S_STACK]
    if H1 <= name <= H6 and i > 0 and H1 <= stack[STACK_NAME, i] <= H6:
        _pop_to(i, stack, opened, state)
    elif name == LI and opened[LI]:
        while i > lowest:
            found = stack[STACK_NAME, i]
            if found == LI:
                _pop_to(i, stack, opened, state)
                return
            if found in (UL, OL) or IS_BARRIER[found]:
                return
            i -= 1
    elif (name in (DT, DD)) and opened[DT] + opened[DD]:
        while i > lowest:
            found = stack[STACK_NAME, i]
            if found in (DT, DD):
                _pop_to(i, stack, opened, state)
                return
            if found == DL or IS_BARRIER[found]:
                return
            i -= 1
    elif IS_TABLE_PART[name] and name != TABLE and opened[TABLE]:
        while i > lowest:
            found = stack[STACK_NAME, i]
            in_group = found in (TBODY, THEAD, TFOOT)
            if found == TABLE:
                return
            if name in (TD, TH):
                if found in (TD, TH):
                    _pop_to(i, stack, opened, state)
                    return
                if found == TR:
                    return
            elif name == TR:
                if found == TR:
                    _pop_to(i, stack, opened, state)
                    return
                if in_group:
                    return
            elif in_group:
                _pop_to(i, stack, opened, state)
                return
            i -= 1
