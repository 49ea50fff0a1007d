"""A response as a page: decoded by the same order of evidence that `llmsapp run` uses."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from curate.crawl.markup import Markup
from curate.crawl.missed import Missed

if TYPE_CHECKING:
    from scrapy.http import Response

TEXTUAL = ("text/html", "application/xhtml+xml", "text/plain", "text/xml", "application/xml")
STOPPED = "download_stopped"  # scrapy's flag of a response whose body was not fetched


class Page(NamedTuple):
    """A page that was had. `html` is its decoded markup or plain text, the archive has its bytes."""

    url: str  # after redirects
    html: str
    charset: str
    is_markup: bool  # False: plain text
    digest: bytes  # of the body: equal for equal pages

    def markup(self) -> Markup:
        """The page parsed."""
        return Markup(self.html, self.url, self.charset)


def page_of(response: Response) -> Page:
    """The page in `response`, whose body is decompressed. Raises Missed where it is none."""
    from curate.read.charset import UndecodableBytes, decode_page
    from curate.read.http import parse_content_type

    declared = response.headers.get("Content-Type") or b""
    mime, charset = parse_content_type(declared.decode("latin-1"))
    if mime is not None and mime not in TEXTUAL:
        raise Missed(f"content type {mime[:60]}", f"{response.url} is {mime[:60]} and no page")
    if STOPPED in response.flags:
        raise Missed("too large", f"{response.url} is larger than any page")
    try:
        text, charset, _ = decode_page(response.body, charset, markup=mime != "text/plain")
    except UndecodableBytes as error:
        raise Missed("unreadable", f"{response.url}: {error}") from None
    return Page(response.url, text, charset, mime != "text/plain", hashlib.sha256(response.body).digest())
