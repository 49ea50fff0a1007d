"""Links and text of a page by CSS selectors, and what to show when a selector finds nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from curate.crawl.urls import BadUrl, canonical

MAX_LINKS = 20_000  # of one page; a contents page of a long novel has some thousands
_SILENT = frozenset({"script", "style", "noscript", "template", "iframe", "textarea", "select", "button", "svg"})
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 "
        "h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody tfoot thead tr ul",
    )
)
_BREAKS = _BLOCKS | {"br"}


class BadSelector(ValueError):
    """A selector that is no CSS; the message says so."""


def xpath(selector: str) -> str:
    """`selector` as XPath. Raises BadSelector where it is no CSS."""
    from cssselect import SelectorError
    from parsel.csstranslator import HTMLTranslator

    try:
        return HTMLTranslator().css_to_xpath(selector)
    except SelectorError as error:
        raise BadSelector(f"{selector!r} is no CSS selector: {error}") from None


class Link(NamedTuple):
    """A link of a page: the canonical address and the words it is under."""

    url: str
    text: str


class Markup:
    """A parsed page. `url` is where it was had, `charset` what it was written in.

    What is nested deeper than 2,048 elements is not there: the parser's (libxml2's) bound.
    """

    def __init__(self, html: str, url: str, charset: str) -> None:
        from parsel import Selector

        self._root: Any = Selector(html, type="html").root
        self._charset = charset
        self._base = url
        for element in self._found("base[href]")[:1]:
            try:
                self._base = canonical(element.get("href"), url, charset)
            except BadUrl:
                continue

    @property
    def title(self) -> str:
        """The first heading of the page, else its title, else ""."""
        for selector in ("h1", "title"):
            for element in self._found(selector):
                text = one_line(element.text_content())
                if text:
                    return text
        return ""

    @property
    def may_be_followed(self) -> bool:
        """Whether the page does not say `nofollow` to robots."""
        for element in self._found("meta[name]"):
            if element.get("name").lower() in ("robots", "llmsapp"):
                said = re.split(r"[\s,]+", element.get("content", "").lower())
                if "nofollow" in said or "none" in said:
                    return False
        return True

    def links(self, selector: str | None = None) -> list[Link]:
        """The links in document order, as often as they stand there; with `selector` those it matches or holds.

        Raises BadSelector. Links that are no addresses of pages (mailto:, javascript:) are left out.
        """
        if selector is None:
            anchors = self._found("a[href]")
        else:
            held = [a for e in self.select(selector) for a in ([e] if e.tag == "a" else self._found("a[href]", e))]
            anchors = list(dict.fromkeys(held))
        links = []
        for anchor in anchors[:MAX_LINKS]:
            href = anchor.get("href", "").strip()
            if not href or href.startswith("#") or "nofollow" in anchor.get("rel", "").lower().split():
                continue
            try:
                links.append(Link(canonical(href, self._base, self._charset), one_line(anchor.text_content())))
            except BadUrl:
                continue
        return links

    def select(self, selector: str) -> list[Any]:
        """The elements `selector` matches, in document order, none inside another. Raises BadSelector."""
        found = self._found(selector)
        chosen = set(found)
        return [element for element in found if chosen.isdisjoint(element.iterancestors())]

    def text(self, selector: str) -> str:
        """The text of what `selector` matches, a line per paragraph; "" where that is nothing. Raises BadSelector."""
        return "\n".join(filter(None, (text_of(element) for element in self.select(selector))))

    def places_of_links(self, most: int = 8) -> list[str]:
        """Where the links of the page are: selectors that find them, with their number and an example of each."""
        groups: dict[str, list[str]] = {}
        for anchor in self._found("a[href]"):
            groups.setdefault(path_of(anchor), []).append(one_line(anchor.text_content()))
        largest = sorted(groups.items(), key=lambda group: -len(group[1]))[:most]
        return [f"{path}   ({len(texts)} links, as “{_short(texts[len(texts) // 2])}”)" for path, texts in largest]

    def places_of_text(self, most: int = 8) -> list[str]:
        """Where the text of the page is: selectors of the elements that hold most of it themselves."""
        sizes: dict[str, tuple[int, str]] = {}
        for element in self._found("body *"):
            if element.tag in _SILENT:
                continue
            inline = [c for c in element if c.tag not in _BLOCKS | _SILENT and isinstance(c.tag, str)]
            own = one_line(
                " ".join([element.text or "", *(c.text_content() for c in inline), *(c.tail or "" for c in element)])
            )
            if not own:
                continue
            path = path_of(element.getparent() if element.tag == "p" else element)
            size, sample = sizes.get(path, (0, own))
            sizes[path] = (size + len(own), sample)
        largest = sorted(sizes.items(), key=lambda group: -group[1][0])[:most]
        return [f"{path}   ({size:,} characters, as “{_short(text)}”)" for path, (size, text) in largest]

    def _found(self, selector: str, within: Any = None) -> list[Any]:
        found = (self._root if within is None else within).xpath(xpath(selector))
        return [element for element in found if isinstance(getattr(element, "tag", None), str)]


def text_of(element: Any) -> str:
    """The text of an element as it is read: a line per paragraph, <br> or cell row; spaces joined, empty lines gone."""
    lines = "".join(_pieces(element)).split("\n")
    return "\n".join(filter(None, (one_line(line) for line in lines)))


def one_line(text: str) -> str:
    """`text` with every run of spaces as one, none at its ends; ideographic and no-break spaces count as spaces."""
    return " ".join(text.split())


def path_of(element: Any) -> str:
    """A selector of elements like this one: from the nearest ancestor with an id, at most four steps."""
    steps: list[str] = []
    node = element
    while node is not None and node.tag not in ("html", "body") and len(steps) < 4:
        name = node.get("id", "")
        if re.fullmatch(r"[A-Za-z_][\w-]*", name, re.ASCII) and not re.search(r"\d{3}", name):
            steps.append(f"{node.tag}#{name}")
            break
        classes = [c for c in node.get("class", "").split() if re.fullmatch(r"[A-Za-z_][\w-]*", c, re.ASCII)]
        steps.append(node.tag + (f".{classes[0]}" if classes else ""))
        node = node.getparent()
    return " > ".join(reversed(steps)) or "body"


def _pieces(element: Any) -> Iterator[str]:
    """Texts and line ends of an element, walked without recursion: pages may be nested deeper than Python's stack."""
    from lxml.etree import iterwalk

    walk = iterwalk(element, events=("start", "end", "comment", "pi"))
    for event, node in walk:
        silent = event not in ("start", "end") or node.tag in _SILENT
        if event == "start" and silent:
            walk.skip_subtree()
        elif not silent:
            yield "\n" if node.tag in _BREAKS else " " if node.tag in ("td", "th") else ""
            if event == "start":
                yield re.sub(r"\s+", " ", node.text or "")
        if event != "start" and node is not element:
            yield re.sub(r"\s+", " ", node.tail or "")


def _short(text: str) -> str:
    from curate.page.visible import plain

    return plain(text, 30)
