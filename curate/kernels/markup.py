"""How much work a page is for a parser, counted in one pass over its bytes without parsing it.

Tags are found as the HTML standard's tokenizer finds them (WHATWG HTML, 13.2.5), so that what a parser sees is what is
counted, on malformed pages too:

- A tag opens with `<` or `</` and a letter; its name runs to white space, `/` or `>`. Names are compared in lower case.
- A quote opens a value only directly behind `=`; a `>` within a quoted value ends nothing. Every attribute counts,
  repeated ones and those of end tags as well. `<html>` and `<body>` collect those of all their tags, as in a parser
  (13.2.6.4.7); resiliparse needs quadratic time for 100,000 in either place.
- `<!--` runs to `-->` or `--!>` (`<!-->` and `<!--->` are whole comments); any other `<!`, `<?`, `</` to the next `>`.
- A raw element (`RAW`) runs to its own end tag; a script that holds `<!--` and then `<script` runs to the end tag
  behind the inner one (13.2.5.20 to 13.2.5.31).
- What the page leaves unclosed runs to its end. A tag cut off there counts, although parsers drop it.

Nesting is that of the tags as written: a start tag adds one and an end tag takes one away, whichever it names. Neither
does so for elements that are void, raw, or end by themselves; a start tag that ends in `/>` adds nothing either.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.kernels import kernel

VOID = tuple(b"area base br col embed hr img input link meta param source track wbr frame keygen".split())
# Elements that end by themselves where the next of their kind begins: they nest only with others in between.
SELF_ENDING = tuple(b"p li dt dd td th tr thead tbody tfoot option optgroup a html head body colgroup rp rt".split())
RAW = tuple(b"script style textarea title xmp noframes iframe noembed".split())

ORDINARY, FLAT, UNPARSED = 0, 1, 2  # what a tag does: nests; adds no level; and holds text only

TAB, LINE_FEED, FORM_FEED, CARRIAGE_RETURN, BLANK = 9, 10, 12, 13, 32
BANG, DOUBLE_QUOTE, QUOTE, HYPHEN, SLASH, LESS, EQUALS, GREATER, QUESTION = 33, 34, 39, 45, 47, 60, 61, 62, 63


def packed_name(name: bytes) -> int:
    """A lower-case name of at most eight bytes as one number, the way the kernel reads it."""
    return int.from_bytes(name, "big")


P, BR, SCRIPT, HTML, BODY = (np.uint64(packed_name(name)) for name in (b"p", b"br", b"script", b"html", b"body"))

SLOTS = 64
SLOT_MULTIPLIER = 0x9E3779B97F4A7C15


def _name_table() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The names that do not nest, by hash (open addressing, 0 is free), and what each does."""
    names, kinds = [0] * SLOTS, [ORDINARY] * SLOTS
    for group, kind in ((VOID, FLAT), (SELF_ENDING, FLAT), (RAW, UNPARSED)):
        for name in map(packed_name, group):
            slot = (name * SLOT_MULTIPLIER & 0xFFFFFFFFFFFFFFFF) >> 58
            while names[slot]:
                slot = (slot + 1) % SLOTS
            names[slot], kinds[slot] = name, kind
    return tuple(names), tuple(kinds)


NAMES, KINDS = (np.array(table, dtype) for table, dtype in zip(_name_table(), (np.uint64, np.int64), strict=True))


def count_markup(markup: bytes) -> tuple[int, int, int, int, int]:
    """Start tags, most attributes of an element, deepest nesting, `<p>` and `<br>` start tags of UTF-8 markup."""
    counts: tuple[int, int, int, int, int] = _count(np.frombuffer(markup, np.uint8))  # read-only: one signature
    return counts


@kernel
def kind_of(name: np.uint64) -> int:
    """ORDINARY, FLAT or UNPARSED for a packed name."""
    slot = (name * np.uint64(SLOT_MULTIPLIER)) >> np.uint64(58)
    while NAMES[slot] != 0:
        if NAMES[slot] == name:
            return int(KINDS[slot])
        slot = (slot + np.uint64(1)) & np.uint64(SLOTS - 1)
    return ORDINARY


@kernel
def ends_name(byte: int) -> bool:
    """White space, `/` or `>`."""
    return (byte <= BLANK and (byte in (BLANK, LINE_FEED, TAB, CARRIAGE_RETURN, FORM_FEED))) or byte in (SLASH, GREATER)


@kernel
def name_at(data: npt.NDArray[np.uint8], at: int) -> tuple[np.uint64, int]:
    """The packed name that starts at `at`, 0 if it is longer than eight bytes, and where it ends."""
    start, end = at, len(data)
    name = np.uint64(0)
    while at < end and not ends_name(int(data[at])):
        byte = np.uint64(data[at])
        if np.uint64(65) <= byte <= np.uint64(90):
            byte |= np.uint64(32)
        name = (name << np.uint64(8)) | byte
        at += 1
    return (name if at - start <= 8 else np.uint64(0)), at


@kernel
def is_named(data: npt.NDArray[np.uint8], at: int, name: np.uint64) -> bool:
    """Whether the whole name of a tag stands at `at`; reads nine bytes at most, for it is asked of every `<`."""
    end = min(at + 9, len(data))
    found = np.uint64(0)
    while at < end:
        byte = np.uint64(data[at])
        if ends_name(int(byte)):
            return bool(found == name)
        if np.uint64(65) <= byte <= np.uint64(90):
            byte |= np.uint64(32)
        found = (found << np.uint64(8)) | byte
        at += 1
    return False


@kernel
def after_greater(data: npt.NDArray[np.uint8], at: int) -> int:
    """The place behind the next `>`."""
    while at < len(data) and data[at] != GREATER:
        at += 1
    return at + 1


@kernel
def after_comment(data: npt.NDArray[np.uint8], start: int) -> int:
    """The place behind the comment whose `<!--` begins at `start`; its hyphens may belong to its end as well."""
    at = start + 4
    while at < len(data):
        if data[at] == GREATER:
            if data[at - 1] == HYPHEN and data[at - 2] == HYPHEN:
                return at + 1
            if data[at - 1] == BANG and data[at - 2] == HYPHEN and data[at - 3] == HYPHEN and at - 3 >= start + 4:
                return at + 1
        at += 1
    return at


@kernel
def after_attributes(data: npt.NDArray[np.uint8], at: int) -> tuple[int, int, bool]:
    """From behind a tag's name: the place behind the tag, its number of attributes, whether it ends in `/>`."""
    end = len(data)
    attributes = 0
    slash = False  # the byte before was a slash outside of names and values
    while at < end:
        byte = int(data[at])
        if byte == GREATER:
            return at + 1, attributes, slash
        if ends_name(byte):
            slash = byte == SLASH
            at += 1
            continue
        attributes += 1
        slash = False
        at += 1  # an `=` in front is part of the name
        while at < end and data[at] != EQUALS and not ends_name(int(data[at])):
            at += 1
        ahead = at
        while ahead < end and data[ahead] != SLASH and data[ahead] != GREATER and ends_name(int(data[ahead])):
            ahead += 1
        if ahead >= end or data[ahead] != EQUALS:
            at = ahead
            continue
        at = ahead + 1
        while at < end and data[at] != SLASH and data[at] != GREATER and ends_name(int(data[at])):
            at += 1
        if at < end and (data[at] == DOUBLE_QUOTE or data[at] == QUOTE):
            quote = data[at]
            at += 1
            while at < end and data[at] != quote:
                at += 1
            at += 1
        else:
            while at < end and data[at] != GREATER and (data[at] == SLASH or not ends_name(int(data[at]))):
                at += 1
    return end, attributes, False


@kernel
def end_of_raw(data: npt.NDArray[np.uint8], at: int, name: np.uint64) -> int:
    """Where the end tag of a raw element begins whose start tag ends at `at`."""
    end = len(data)
    comment = False  # in a script behind its `<!--`
    doubly = False  # and behind a `<script` within that
    while at < end:
        byte = data[at]
        if byte == LESS:
            if at + 1 < end and data[at + 1] == SLASH:
                if is_named(data, at + 2, name):
                    if not doubly:
                        return at
                    doubly = False
                at += 2
                continue
            if name == SCRIPT:
                if not comment:
                    if at + 3 < end and data[at + 1] == BANG and data[at + 2] == HYPHEN and data[at + 3] == HYPHEN:
                        comment = True
                        at += 4
                        continue
                elif not doubly:
                    doubly = is_named(data, at + 1, name)
        elif byte == GREATER and comment and data[at - 1] == HYPHEN and data[at - 2] == HYPHEN:
            comment = doubly = False
        at += 1
    return end


@kernel
def _count(data: npt.NDArray[np.uint8]) -> tuple[int, int, int, int, int]:
    tags = most = depth = deepest = paragraphs = breaks = of_html = of_body = 0
    at, last = 0, len(data) - 1  # a `<` that ends the page is text
    while at < last:
        if data[at] != LESS:
            at += 1
            continue
        byte = int(data[at + 1])
        closing = byte == SLASH
        if closing:
            if at + 2 > last:
                break
            byte = int(data[at + 2])
        if not 97 <= (byte | 32) <= 122:
            if byte == BANG and not closing and at + 3 <= last and data[at + 2] == HYPHEN and data[at + 3] == HYPHEN:
                at = after_comment(data, at)
            elif closing or byte in (BANG, QUESTION):
                at = after_greater(data, at + 2)
            else:
                at += 1
            continue
        name, at = name_at(data, at + 1 + closing)
        at, attributes, slash = after_attributes(data, at)
        kind = kind_of(name)
        if name == HTML:
            of_html += attributes
            attributes = of_html
        elif name == BODY:
            of_body += attributes
            attributes = of_body
        most = max(most, attributes)
        if closing:
            if kind == ORDINARY and depth:
                depth -= 1
            continue
        tags += 1
        if name == P:
            paragraphs += 1
        elif name == BR:
            breaks += 1
        if kind == UNPARSED:
            at = end_of_raw(data, at, name)
        elif kind == ORDINARY and not slash:
            depth += 1
            deepest = max(deepest, depth)
    return tags, most, deepest, paragraphs, breaks
