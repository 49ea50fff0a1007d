"""One tag: where it ends, and what its attributes say of the element."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.kernels import part
from curate.kernels.html.hints import hints_of
from curate.kernels.html.names import (
    ARIA_HIDDEN,
    ATTRIBUTE_BITS,
    ATTRIBUTE_KEYS,
    ATTRIBUTE_VALUES,
    CLASS,
    HIDDEN,
    HREF,
    IS_HIDDEN,
    ITEMPROP,
    ROLE,
    ROLE_BITS,
    ROLE_KEYS,
    ROLE_VALUES,
    STYLE,
)
from curate.kernels.html.scan import (
    BLANK,
    DOUBLE_QUOTE,
    EQUALS,
    GREATER,
    LONGEST_NAME,
    QUOTE,
    SLASH,
    Bytes,
    find,
    followed,
    look_up,
    lowered,
    named,
)

# What `read_attributes` says of a tag, in an int64 array.
HINTED, FLAGGED, LINKS, SIGNATURE = range(4)
TAG_FIELDS = 4
SIGNED = 24  # bytes of a class that tell elements of one kind from others
SIGNATURE_MASK = 0x3FFFFFFF
SHORT = 32  # most quoted values end before; longer ones are worth a search by chunks

LONGEST_STYLE = 400
_PLAIN, _GREATER, _EQUALS = 0, 1, 2
TAG_CLASS = np.zeros(256, np.uint8)
TAG_CLASS[GREATER], TAG_CLASS[EQUALS] = _GREATER, _EQUALS


@part
def end_of_quoted(page: Bytes, at: int, quote: int) -> int:
    """Where the value that starts at `at` ends: at its quote, or the length of the page where that never comes."""
    end = min(at + SHORT, len(page))
    while at < end and page[np.uint64(at)] != quote:
        at += 1
    return find(page, at, quote) if at == end else at


@part
def after_tag(page: Bytes, at: int) -> int:
    """From behind a tag's name: the place behind the tag, attributes unread.

    A quote that never closes is no quote: the tag then ends at the next `>`, and the rest of the page is not lost.
    """
    end = len(page)
    while at < end:
        while at < end and TAG_CLASS[page[np.uint64(at)]] == _PLAIN:
            at += 1
        if at >= end:
            break
        if page[at] == GREATER:
            return at + 1
        at += 1
        while at < end and page[at] <= BLANK:
            at += 1
        if at < end and (page[at] == DOUBLE_QUOTE or page[at] == QUOTE):
            closed = end_of_quoted(page, at + 1, page[at])
            if closed >= end:
                return min(find(page, at, GREATER) + 1, end)
            at = closed + 1
        else:
            while at < end and page[at] > BLANK and page[at] != GREATER:
                at += 1
    return end


@part
def read_attributes(page: Bytes, at: int, element: int, hinting: bool, said: npt.NDArray[np.int64]) -> int:
    """From behind a tag's name: the place behind the tag; what its attributes say goes into `said`."""
    end = len(page)
    hinted = flagged = links = 0
    signature = element * 31
    while at < end:
        byte = int(page[at])
        if byte == GREATER:
            at += 1
            break
        if byte <= BLANK or byte == SLASH:
            at += 1
            continue
        key = np.uint64(0)
        start = at
        while at < end:
            byte = int(page[at])
            if byte == GREATER or byte <= BLANK or ((byte in (EQUALS, SLASH)) and at > start):
                break
            key = followed(key, lowered(byte))
            at += 1
        key = named(key, at - start)
        ahead = at
        while ahead < end and page[ahead] <= BLANK:
            ahead += 1
        first = last = ahead
        if ahead < end and page[ahead] == EQUALS:
            ahead += 1
            while ahead < end and page[ahead] <= BLANK:
                ahead += 1
            first = last = ahead
            if ahead < end and (page[ahead] == DOUBLE_QUOTE or page[ahead] == QUOTE):
                first = ahead + 1
                last = end_of_quoted(page, first, page[ahead])
                if last >= end:  # never closed: see `after_tag`
                    at = min(find(page, ahead, GREATER) + 1, end)
                    break
                at = last + 1
            else:
                while last < end and page[last] > BLANK and page[last] != GREATER:
                    last += 1
                at = last
        attribute = look_up(ATTRIBUTE_KEYS, ATTRIBUTE_VALUES, ATTRIBUTE_BITS, key)
        if attribute == 0:
            continue
        if attribute in (CLASS, ITEMPROP):
            if hinting:
                hinted |= hints_of(page, first, last)
                if attribute == CLASS:
                    for i in range(first, min(last, first + SIGNED)):
                        signature = (signature * 131 + int(page[i])) & SIGNATURE_MASK
        elif attribute == HREF:
            links = int(last > first)
        elif attribute == HIDDEN:
            flagged |= IS_HIDDEN
        elif attribute == ARIA_HIDDEN:
            if last - first == 4:  # true
                flagged |= IS_HIDDEN
        elif attribute == ROLE:
            key = np.uint64(0)
            for i in range(first, min(last, first + LONGEST_NAME)):
                key = followed(key, lowered(int(page[i])))
            flagged |= look_up(ROLE_KEYS, ROLE_VALUES, ROLE_BITS, named(key, last - first))
        elif attribute == STYLE and hides(page, first, last):
            flagged |= IS_HIDDEN
    said[HINTED], said[FLAGGED], said[LINKS], said[SIGNATURE] = hinted, flagged, links, signature
    return at


@part
def hides(page: Bytes, start: int, end: int) -> bool:
    """Whether a style says `display: none` or `visibility: hidden`; of long ones the first 400 bytes are read."""
    end = min(end, start + LONGEST_STYLE)
    i = start
    while i + 11 <= end:
        display = page[i] == 100 and page[i + 1] == 105 and page[i + 2] == 115 and page[i + 6] == 121  # dis...y
        visible = page[i] == 118 and page[i + 1] == 105 and page[i + 2] == 115 and page[i + 9] == 121  # vis......y
        if display or visible:
            i += 7 if display else 10
            while i < end and (page[i] == 32 or page[i] == 58):
                i += 1
            if i + 1 < end:
                if display and page[i] == 110 and page[i + 1] == 111:  # no
                    return True
                if visible and page[i] == 104 and page[i + 1] == 105:  # hi
                    return True
        else:
            i += 1
    return False
