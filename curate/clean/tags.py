"""HTML tags left in plain text, told from everything else that stands between `<` and `>`.

A tag has a name that HTML knows and attributes as HTML writes them. `a < b`, `List<int>`, `<someone@example.org>` and
`<think>` are none. A bare start tag such as `<b>` or `<object>` counts only where its end tag follows somewhere in the
text: alone it is a variable, a type, or the subject. Code between backticks stays.

Each search ends at the next `<` at the latest, and a mark that nothing closes ends the search for its kind: time is
linear in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa

from curate.normalization import entities as without_entities
from curate.schema import Batch, set_column


def strip_tags(*, entities: bool = True) -> StripTags:
    """The step that takes leftover HTML out of `text`: tags, comments, scripts and styles.

    `entities`  also decode entities (`&nbsp;`, `&#20013;`), in texts where no `<` is left; markup that was itself
                escaped (`&lt;br&gt;`) is decoded and taken out

    Tags that begin or end a block become line feeds, table cells spaces, all others nothing.
    """
    return StripTags(entities)


@dataclass(frozen=True)
class StripTags:
    """Made by `strip_tags`."""

    entities: bool = True

    name = "strip_tags"
    version = "1"

    def __call__(self, batch: Batch) -> Batch:
        texts = batch.column("text").to_pylist()
        return set_column(batch, "text", pa.array([t and strip(t, self.entities) for t in texts], pa.string()))


def strip(text: str, entities: bool = True) -> str:
    """`text` without tags; see `strip_tags`."""
    if entities:
        text = without_entities(text)  # escaped markup: only where no `<` stands
    if "<" not in text:
        return text
    pieces = _CODE.split(text) if "`" in text else [text]  # code at every second place
    pieces[::2] = [_plain(piece) for piece in pieces[::2]]
    text = "".join(pieces)
    return without_entities(text) if entities else text


_CODE = re.compile("((?s:```.*?```)|`[^`\n]*+`)")
# What is taken out with all it holds. An end without a start, or a start without an end, is none.
_HIDDEN = (
    (re.compile("<!--"), re.compile("-->")),
    (re.compile(r"<script(?:\s[^<>]*+)?+>", re.I), re.compile(r"</script\s*+>", re.I)),
    (re.compile(r"<style(?:\s[^<>]*+)?+>", re.I), re.compile(r"</style\s*+>", re.I)),
)
# `<`, perhaps `/`, a name, and up to the `>` what is no `<`; a `>` in quotation marks does not end it.
_TAG = re.compile(r"""<(/?)([A-Za-z][A-Za-z0-9]*+)((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>""")
_ATTRIBUTES = re.compile(
    r"""(?:\s++(?:[A-Za-z_:@][\w:.@-]*+\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'=]++)"""
    r"|data-[\w-]++|(?:allowfullscreen|async|autoplay|checked|controls|defer|disabled|hidden|itemscope|loop|multiple"
    r"|muted|nohref|noshade|novalidate|nowrap|open|readonly|required|reversed|selected)(?![\w-])))*+\s*+/?\s*+"
)
_DECLARATION = re.compile(r"<!doctype\s[^<>]*+>|<\?xml\s[^<>]*+>", re.I)
_END_TAG = re.compile(r"</([A-Za-z][A-Za-z0-9]*+)\s*+>")


def _words(names: str) -> frozenset[str]:
    return frozenset(names.split())


# Names after which a line ends, in the HTML standard's grouping.
_BLOCKS = _words(
    "address article aside blockquote body br center dd details div dl dt fieldset figcaption figure footer form h1 h2 "
    "h3 h4 h5 h6 head header hr html legend li main nav ol option p pre section summary table title tr ul"
)
_CELLS = frozenset(("td", "th"))
_INLINE = _words(
    "a abbr acronym area audio b base bdi bdo big button canvas caption cite code col colgroup data datalist del "
    "dfn dialog em embed font frame frameset i iframe img input ins kbd label link map mark marquee meta meter nobr "
    "noframes noscript object optgroup output param picture progress q rp rt ruby s samp script select small source "
    "span strike strong style sub sup svg tbody template textarea tfoot thead time track tt u var video wbr"
)
_NAMES = _BLOCKS | _CELLS | _INLINE
# A start tag of these ends by itself; nobody means a variable by it.
_UNENDED = _CELLS | _words("br dd dt hr img li p tbody tfoot thead tr wbr")
_ITEMS = _words("dd dt li option tr")  # only their start begins a line: the next item's does the rest
_QUOTES = {"'": "'", '"': '"', "“": "”", "‘": "’", "「": "」", "『": "』"}
_SUBJECT = re.compile(r"\s++(?:tags?|elements?)\b|\s*+(?:标签|标记|元素|標籤)(?![：:])")


def _plain(piece: str) -> str:
    for start, end in _HIDDEN:
        piece = _without(piece, start, end)
    ended = {name.lower() for name in _END_TAG.findall(piece)}
    piece = _DECLARATION.sub("", piece)
    return _TAG.sub(lambda tag: _replacement(tag, ended), piece)


def _without(text: str, start: re.Pattern[str], end: re.Pattern[str]) -> str:
    """`text` without what stands from a start to the next end, both included."""
    kept, at = [], 0
    while (opened := start.search(text, at)) and (closed := end.search(text, opened.end())):
        kept.append(text[at : opened.start()])
        at = closed.end()
    return "".join([*kept, text[at:]])


def _replacement(tag: re.Match[str], ended: set[str]) -> str:
    """What stands in the place of `tag`, which may be none and stays; `ended`: names that have an end tag."""
    name = tag[2].lower()
    if name not in _NAMES or not (tag[2].islower() or tag[2].isupper()) or not _ATTRIBUTES.fullmatch(tag[3]):
        return tag[0]
    bare = not tag[1] and not tag[3].strip("/ \t\n")
    if bare and name not in ended and (name not in _UNENDED or _SUBJECT.match(tag.string, tag.end())):
        return tag[0]
    before, behind = tag.string[tag.start() - 1 : tag.start()], tag.string[tag.end() : tag.end() + 1]
    if before and _QUOTES.get(before) == behind:
        return tag[0]
    if name in _CELLS:
        return " "
    if name not in _BLOCKS or (tag[1] and name in _ITEMS):
        return ""
    return "" if "\n" in (before, behind) else "\n"
