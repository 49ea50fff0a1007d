"""The addresses that are not taken: other sites, too many links away, and those of which there is no end.

They are looked at where scrapy drops what it has seen already, so that every address is counted once, and where
redirects lead is looked at as well.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urldefrag

from scrapy.dupefilters import RFPDupeFilter

from curate.crawl.missed import Missed
from curate.crawl.urls import is_dated, is_endless, pattern, site_of

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.crawler import Crawler

    from curate.crawl.walk import Walker


class Traps(RFPDupeFilter):
    """scrapy's filter of addresses seen before, and of those that are not taken; each is counted with its reason."""

    _crawler: Crawler
    _patterns: Counter[tuple[str, str]]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        traps = super().from_crawler(crawler)
        traps._crawler = crawler
        traps._patterns = Counter()
        return traps

    def request_seen(self, request: Request) -> bool:
        """Whether the request is dropped."""
        spider: Any = self._crawler.spider
        if super().request_seen(request):
            way = request.meta.get("redirect_urls", [])
            if urldefrag(request.url).url in way:
                spider.miss(request, Missed("redirect without end", f"{way[0]} leads back to {request.url}"))
            elif way:
                spider.tally.leave_out("redirect to a known page", request.url)
            return True
        if not request.meta.get("depth"):  # a start; where it has moved is its site now
            spider.sites.add(site_of(request.url))
            return False
        if "redirect_times" in request.meta and site_of(request.url) not in spider.sites:
            return False  # `Scope` says what that is
        reason = self._reason(request, spider)
        if reason:
            spider.tally.leave_out(reason, request.url)
        return reason is not None

    def log(self, request: Request, spider: Spider) -> None:
        """Nothing: the tally says it."""

    def _reason(self, request: Request, spider: Walker) -> str | None:
        url = request.url
        if site_of(url) not in spider.sites:
            return "another site"
        if spider.depth is not None and request.meta["depth"] > spider.depth:
            return f"beyond --depth {spider.depth}"
        if is_endless(url):
            return "address that grows on itself"
        if spider.per_pattern is None:
            return None
        shape = pattern(url)
        most = max(spider.per_pattern // 10, 1) if is_dated(url) else spider.per_pattern
        self._patterns[site_of(url), shape] += 1
        return f"more than {most} like {shape}" if self._patterns[site_of(url), shape] > most else None
