"""What the spiders share: where they start, what they count, when they give up."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider

from curate.crawl.middlewares import FROM_ARCHIVE
from curate.crawl.missed import SILENT, Missed, missed
from curate.crawl.pages import Page, page_of
from curate.crawl.urls import site_of

if TYPE_CHECKING:
    from scrapy.http import Response

    from curate.crawl.addresses import Guard
    from curate.crawl.archive import Archive

DEAD_AFTER = 5  # pages in a row that could not be reached: the server is gone, and knocking on is no use


class NothingMatched(ValueError):
    """A selector that finds nothing; the message shows what the page has."""


@dataclass
class Tally:
    """What became of a crawl. `left_out` counts by reason what was seen and not taken, `examples` shows one of each."""

    fetched: int = 0  # pages asked for now
    known: int = 0  # pages that stood in the archive
    bytes: int = 0  # of both, decompressed
    left_out: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    starts_missed: list[str] = field(default_factory=list)
    sites_gone: list[str] = field(default_factory=list)

    @property
    def pages(self) -> int:
        return self.fetched + self.known

    def leave_out(self, reason: str, example: str) -> None:
        """Count an address as seen and not taken."""
        self.left_out[reason] += 1
        self.examples.setdefault(reason, example)


class Walker(Spider):
    """A spider with what the middlewares ask for.

    `most` pages of a site, `depth` links from a start and `per_pattern` addresses of one shape are taken; None: all.
    `stop` ends the crawl at once; `crawling.crawl` sets it.
    """

    def __init__(
        self,
        starts: Sequence[str],
        archive: Archive,
        guard: Guard,
        progress: Callable[[str], None],
        *,
        most: int | None = None,
        depth: int | None = None,
        per_pattern: int | None = None,
    ) -> None:
        super().__init__()
        self.starts = starts
        self.archive = archive
        self.guard = guard
        self.progress = progress
        self.most = most
        self.depth = depth
        self.per_pattern = per_pattern
        self.tally = Tally()
        self.sites: set[str] = set()
        self.gone: set[str] = set()
        self.stop: Callable[[BaseException], None] = _raise
        self._silent: Counter[str] = Counter()

    async def start(self) -> AsyncIterator[Any]:
        """A request for each start."""
        for url in self.starts:
            yield self.request(url)

    def request(self, url: str, **more: Any) -> Request:
        """A request whose failure is counted."""
        return Request(url, errback=self.failed, **more)

    def page(self, response: Response) -> Page:
        """The page in `response`, counted. Raises Missed."""
        page = page_of(response)
        self._silent[site_of(response.url)] = 0
        self.tally.bytes += len(response.body)
        if FROM_ARCHIVE in response.flags:
            self.tally.known += 1
        else:
            self.tally.fetched += 1
        return page

    def failed(self, failure: Any) -> None:
        """Count a page that was not had (Twisted's Failure); a fault of ours ends the crawl."""
        request: Request = failure.request
        why = missed(failure.value, request)
        if why is None:
            self.stop(failure.value)
            return
        self.miss(request, why)
        site = site_of(request.url)
        self._silent[site] = self._silent[site] + 1 if why.kind in SILENT else 0
        if self._silent[site] == DEAD_AFTER and site not in self.gone:
            self.gone.add(site)
            self.tally.sites_gone.append(f"{site}: {DEAD_AFTER} pages in a row could not be reached, the last: {why}")

    def miss(self, request: Request, why: Missed) -> None:
        """Count the page of `request` as missed."""
        if request.meta.get("depth"):
            self.tally.leave_out(why.kind, str(why))
        else:
            self.tally.starts_missed.append(str(why))


def _raise(error: BaseException) -> None:
    raise error
