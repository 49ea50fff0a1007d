"""What each element means to a reader of the page: whether it ends a paragraph, hides what is in it, may be left open.

An element is a small number, its place in `ELEMENTS`; 0 is one without meaning here (`<span>`), whose text runs on.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.kernels.html.scan import name_table

_BLOCKS = (
    "p div h1 h2 h3 h4 h5 h6 li ul ol table tr td th tbody thead tfoot caption pre blockquote section article aside "
    "nav header footer main form fieldset dl dt dd figure figcaption address details summary hr body html center "
    "legend noscript dialog menu hgroup video audio label button listing search"
)
# What is in them is not the page's text. The first six hold raw text, in which nothing is a tag.
_RAW = "script style title iframe noembed noframes"
_HIDING = "template svg select object canvas map datalist"
_VERBATIM = "xmp plaintext textarea"  # raw text, and shown
_OTHERS = "a br code img hr input embed meta link base wbr"

CUSTOM = 1  # any name with a hyphen; such elements are mostly containers
ELEMENTS = ("", "-", *dict.fromkeys(f"{_BLOCKS} {_RAW} {_HIDING} {_VERBATIM} {_OTHERS}".split()))
NUMBER = {name: number for number, name in enumerate(ELEMENTS)}
NAME_BITS = 9
NAME_KEYS, NAME_VALUES = name_table({n: i for i, n in enumerate(ELEMENTS) if i > CUSTOM}, NAME_BITS)


def _marked(names: str) -> npt.NDArray[np.uint8]:
    marks = np.zeros(len(ELEMENTS), np.uint8)
    for name in names.split():
        marks[NUMBER[name]] = 1
    return marks


IS_BLOCK = _marked(_BLOCKS)
IS_BLOCK[CUSTOM] = 1
IS_RAW = _marked(_RAW)
IS_CODE = _marked("script style")
IS_HIDING = _marked(_HIDING)
IS_VERBATIM = _marked(_VERBATIM)
IS_VOID = _marked("hr br img input embed meta link base wbr")
IS_BARRIER = _marked("table td th caption html body")  # an end tag in them closes nothing outside, nor do implied ends
IS_TABLE_PART = _marked("table tr td th tbody thead tfoot caption")
ENDS_PARAGRAPH = _marked(
    "address article aside blockquote center details dialog dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 "
    "h6 header hgroup hr main menu nav ol p pre listing section summary ul div li dt dd table search"
)

# Where a block stands, as bits: of its own element and of every one around it.
FLAGS = (
    "nav", "header", "footer", "aside", "form", "article", "main", "table", "list", "figure", "button", "quote", "pre",
    "link", "section", "hidden", "noscript",
)  # fmt: skip
(
    IN_NAV, IN_HEADER, IN_FOOTER, IN_ASIDE, IN_FORM, IN_ARTICLE, IN_MAIN, IN_TABLE, IN_LIST, IN_FIGURE, IN_BUTTON,
    IN_QUOTE, IN_PRE, IN_LINK, IN_SECTION, IS_HIDDEN, IN_NOSCRIPT,
) = (1 << i for i in range(len(FLAGS)))  # fmt: skip
_FLAG_OF = {
    "nav": IN_NAV, "menu": IN_NAV, "header": IN_HEADER, "footer": IN_FOOTER, "aside": IN_ASIDE, "form": IN_FORM,
    "search": IN_FORM, "textarea": IN_FORM, "article": IN_ARTICLE, "main": IN_MAIN, "table": IN_TABLE, "ul": IN_LIST,
    "ol": IN_LIST, "dl": IN_LIST, "figure": IN_FIGURE, "button": IN_BUTTON, "label": IN_BUTTON,
    "blockquote": IN_QUOTE, "pre": IN_PRE, "listing": IN_PRE, "section": IN_SECTION, "dialog": IS_HIDDEN,
    "noscript": IN_NOSCRIPT,  # some forums serve their threads in it, for those who run no scripts
}  # fmt: skip
FLAG = np.array([_FLAG_OF.get(name, 0) for name in ELEMENTS], np.int32)

# What a block is, from the innermost element that it stands in.
KINDS = (
    "other", "paragraph", "heading 1", "heading 2", "heading 3", "heading 4", "heading 5", "heading 6", "item", "cell",
    "header cell", "verbatim", "term", "definition", "quote", "division", "section", "caption", "control", "article",
    "summary",
)  # fmt: skip
KIND_OF = {
    "p": "paragraph", **{f"h{i}": f"heading {i}" for i in range(1, 7)}, "li": "item", "td": "cell", "th": "header cell",
    "pre": "verbatim", "listing": "verbatim", "xmp": "verbatim", "plaintext": "verbatim", "textarea": "verbatim",
    "dt": "term", "dd": "definition", "blockquote": "quote", "div": "division", "section": "section",
    "figcaption": "caption", "caption": "caption", "label": "control", "button": "control", "article": "article",
    "main": "article", "summary": "summary",
}  # fmt: skip
KIND = np.array([KINDS.index(KIND_OF.get(name, "other")) for name in ELEMENTS], np.int32)
HEADING_1, HEADING_6 = KINDS.index("heading 1"), KINDS.index("heading 6")


_NAMED = """
    p li ul ol dt dd dl td th tr tbody thead tfoot table a br code title body html h1 h6 button article img plaintext
    textarea
"""
(
    P, LI, UL, OL, DT, DD, DL, TD, TH, TR, TBODY, THEAD, TFOOT, TABLE, A, BR, CODE, TITLE, BODY, HTML, H1, H6, BUTTON,
    ARTICLE, IMG, PLAINTEXT, TEXTAREA,
) = (NUMBER[name] for name in _NAMED.split())  # fmt: skip

# Attributes that are read. Values of the first two are searched for hints.
CLASS, ITEMPROP, ROLE, HIDDEN, STYLE, HREF, ARIA_HIDDEN = range(1, 8)
ATTRIBUTE_BITS = 6
ATTRIBUTE_KEYS, ATTRIBUTE_VALUES = name_table(
    {
        "class": CLASS, "id": CLASS, "itemprop": ITEMPROP, "role": ROLE, "hidden": HIDDEN, "style": STYLE,
        "href": HREF, "aria-hidden": ARIA_HIDDEN,
    },
    ATTRIBUTE_BITS,
)  # fmt: skip
ROLE_BITS = 5
ROLE_KEYS, ROLE_VALUES = name_table(
    {
        "navigation": IN_NAV, "menu": IN_NAV, "menubar": IN_NAV, "banner": IN_HEADER, "contentinfo": IN_FOOTER,
        "complementary": IN_ASIDE, "main": IN_MAIN, "article": IN_ARTICLE, "dialog": IS_HIDDEN, "search": IN_FORM,
    },
    ROLE_BITS,
)  # fmt: skip
