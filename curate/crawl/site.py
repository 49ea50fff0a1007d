"""The spider that walks sites, breadth first, within their budgets.

What was seen and not taken is counted by reason: a budget that cut a crawl short, or a trap that was walked around, is
said and never silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from curate.crawl.missed import Missed
from curate.crawl.urls import site_of
from curate.crawl.walk import NothingMatched, Walker

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response

    from curate.crawl.markup import Markup

DEPTH = 5  # links from the start
PAGES = 1000  # of a site
PER_PATTERN = 500  # addresses of one shape, as /tag/#; a tenth of it for those that end in a date


class SiteSpider(Walker):
    """Follows all links of a site, or with `follow`, a CSS selector, those it matches or holds."""

    name = "site"

    def __init__(self, *args: Any, follow: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._follow = follow
        self._digests: set[tuple[str, bytes]] = set()

    def parse(self, response: Response, **_: Any) -> Iterator[Request]:
        """Requests for the links of a page."""
        request = response.request
        assert request is not None
        try:
            page = self.page(response)
        except Missed as why:
            self.miss(request, why)
            return
        self.progress(f"{self.tally.pages:,} pages; {page.url}")
        key = (site_of(page.url), page.digest)
        if key in self._digests:  # the same page under another address: its links lead in circles
            self.tally.leave_out("links of a page seen before", page.url)
            return
        self._digests.add(key)
        if not page.is_markup:
            return
        markup = page.markup()
        links = markup.links(self._follow)
        if self._follow and not response.meta["depth"] and not links:
            raise NothingMatched(nothing_followed(self._follow, markup, page.url))
        if not markup.may_be_followed:
            self.tally.leave_out("links of a page that says nofollow", page.url)
            return
        for link in links:
            yield self.request(link.url)


def nothing_followed(selector: str, markup: Markup, url: str) -> str:
    """What to say when `--follow` finds no link."""
    places = markup.places_of_links()
    shown = "\n".join(f"  {place}" for place in places) if places else "  no links at all"
    return f"--follow {selector!r} matches no link of {url}; its links are at\n{shown}"
