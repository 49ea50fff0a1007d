"""Words in classes, ids and itemprops that tell what a part of a page is for, found in one pass by an automaton.

A hint is one bit. `^` stands for a border between words: anything but a letter, a capital behind a small letter, an
end. Names of Chinese sites are Pinyin.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.kernels import part
from curate.kernels.html.scan import Bytes

HINTS = (
    ("story", "article story blogpost newstext postbody wenzhang"),
    ("text", "content body text entry copy detail zhengwen neirong"),
    ("post", "post single"),
    ("main", "main primary"),
    ("navigation", "nav menu crumb pagination pager paging toolbar ^tabs daohang"),
    ("footer", "foot copyright colophon legal"),
    ("header", "header masthead topbar ^top^ ^head^ logo"),
    ("side", "sidebar aside widget rail ^side^ ^right^ secondary"),
    ("comments", "comment disqus reply respond discuss pinglun"),
    ("share", "share sharing social follow facebook twitter weibo wechat qrcode fenxiang"),
    ("related", "related recommend trending popular similar also teaser promo outbrain taboola readmore ^more^ latest "
                "^next^ ^prev hot tuijian xiangguan"),
    ("advert", "^ad^ ^ads^ advert sponsor banner dfp ^gpt^ guanggao"),
    ("notice", "cookie consent gdpr privacy popup modal overlay dialog lightbox toast"),
    ("form", "newsletter subscri signup signin login search ^form register paywall ^cta"),
    ("meta", "meta author byline ^date ^time ^tag categor caption credit publish info"),
    ("hidden", "hidden skip ^sr^only screen^reader offscreen ^print visually"),
    ("list", "toc index list grid card item carousel slider gallery feed"),
    ("product", "product price cart shop review rating spec descri"),
    ("forum", "forum thread message topic answer question quote signature"),
    ("document", "doc markdown prose wiki section richtext rich^text editor wysiwyg"),
    ("title", "title headline heading subtitle lead summary abstract intro"),
)  # fmt: skip
LONGEST_VALUE = 200  # bytes of a class that are looked at

_BORDER = 26


def _automaton() -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int32]]:
    """Aho-Corasick over 26 letters and the border: next state by (state, symbol), hints that end in a state."""
    steps: list[list[int]] = [[0] * 27]
    ends = [0]
    for bit, (_, words) in enumerate(HINTS):
        for word in words.split():
            state = 0
            for letter in word:
                symbol = _BORDER if letter == "^" else ord(letter) - ord("a")
                if not steps[state][symbol]:
                    steps[state][symbol] = len(steps)
                    steps.append([0] * 27)
                    ends.append(0)
                state = steps[state][symbol]
            ends[state] |= 1 << bit
    fallback = [0] * len(steps)
    queue = [state for state in steps[0] if state]
    for state in queue:
        ends[state] |= ends[fallback[state]]
        for symbol, following in enumerate(steps[state]):
            if following:
                fallback[following] = steps[fallback[state]][symbol]
                queue.append(following)
            else:
                steps[state][symbol] = steps[fallback[state]][symbol]
    return np.array(steps, np.uint16), np.array(ends, np.int32)


STEPS, ENDS = _automaton()


@part
def hints_of(page: Bytes, start: int, end: int) -> int:
    """The hints in `page[start:end]`, a bit each."""
    end = min(end, start + LONGEST_VALUE)
    state = STEPS[0, _BORDER]
    found = np.int32(0)
    small = False  # the byte before is a small letter
    for i in range(start, end):
        byte = int(page[np.uint64(i)])
        if 97 <= byte <= 122:
            state = STEPS[np.uint64(state), np.uint64(byte - 97)]
            small = True
        elif 65 <= byte <= 90:
            if small:
                state = STEPS[np.uint64(state), _BORDER]
                found |= ENDS[np.uint64(state)]
            state = STEPS[np.uint64(state), np.uint64(byte - 65)]
            small = False
        else:
            state = STEPS[np.uint64(state), _BORDER]
            small = False
        found |= ENDS[np.uint64(state)]
    state = STEPS[np.uint64(state), _BORDER]
    return int(found | ENDS[np.uint64(state)])
