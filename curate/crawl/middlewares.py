"""scrapy's way of a request, with the archive at its end, robots.txt to the letter, and what a page may cost.

From the spider to the network: `RobotsRules` and `Scope` say whether a page is asked for, scrapy retries, decompresses
and redirects, `pacing.Pauses` and `Addresses` say what a failure means, `Archived` answers from the WARC or writes to
it. So spiders know nothing of resuming: a page that stands in the archive is answered like any other.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urldefrag, urlsplit

from scrapy import signals
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest, StopDownload
from scrapy.http import Response

from curate.crawl.missed import Missed, is_not_now, missed
from curate.crawl.pages import STOPPED, TEXTUAL
from curate.crawl.urls import site_of

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Headers
    from scrapy.robotstxt import RobotParser

    from curate.crawl.walk import Walker

PAGE_BYTES = 16 << 20  # as sent; the longest single page of a novel site is below 2 MB
ROBOTS_AGE_S = 24 * 3600  # RFC 9309, section 2.4: a copy is not used for longer
LONGEST_DELAY_S = 300.0  # a site that asks for more wants no crawler
FROM_ARCHIVE = "from archive"  # a response that was read and not fetched


def is_robots(request: Request) -> bool:
    """Whether the request is scrapy's own for a robots.txt, its redirects included."""
    return bool(request.meta.get("dont_obey_robotstxt"))


class Middleware:
    """What ours have in common: they reach the spider through the crawler."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def _spider(self) -> Walker:
        spider: Any = self._crawler.spider
        return spider


class Archived(Middleware):
    """Answers from the archive what stands there, and writes what was fetched: as it came, before decompression.

    The bytes of a body are stored as sent, still in their content coding. What the network engine has undone is the
    transfer coding; it also hands out head fields one by one, so the stored head has their values as sent, in the order
    of their names, and the standard reason phrase. scrapy's own HttpCacheMiddleware would add a Date to what it stores.

    "Not now" (408, 429, 5xx) is no answer to keep. Of images, archives and what is larger than any page only the head
    is fetched and kept, so that they are not asked for again either.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        crawler.signals.connect(self._headers_received, signal=signals.headers_received)
        crawler.signals.connect(self._bytes_received, signal=signals.bytes_received)

    def process_request(self, request: Request) -> Response | None:
        """The response in the archive, if one stands there that may still be used."""
        from curate.read.http import parse_message

        url = urldefrag(request.url).url  # a redirect may lead to a place within a page
        kept = self._spider.archive.response(url)
        if kept is None or (is_robots(request) and (datetime.now(UTC) - kept.date).total_seconds() > ROBOTS_AGE_S):
            return None
        message = parse_message(kept.block)
        fields: dict[Any, Any] = {k: [v.encode("latin-1") for v in values] for k, values in message.fields.items()}
        flags = [FROM_ARCHIVE, STOPPED] if kept.cut else [FROM_ARCHIVE]
        return Response(url, message.status or 200, fields, message.body, flags, request)

    def process_response(self, request: Request, response: Response) -> Response:
        """Write what was fetched."""
        if FROM_ARCHIVE in response.flags or is_not_now(response.status):
            return response
        cut = STOPPED in response.flags
        block = response_head(response) + (b"" if cut else response.body)
        address = str(response.ip_address) if response.ip_address else None
        try:
            self._spider.archive.write(urldefrag(request.url).url, address, request_head(request), block, cut)
        except OSError as error:
            self._spider.stop(error)
        return response

    def _headers_received(self, headers: Headers, body_length: int, request: Request) -> None:
        declared = (headers.get("Content-Type") or b"").partition(b";")[0].strip().lower().decode("latin-1")
        if not is_robots(request) and "/" in declared and declared not in TEXTUAL:
            raise StopDownload(fail=False)
        if isinstance(body_length, int) and body_length > PAGE_BYTES:
            raise StopDownload(fail=False)
        request.meta["received"] = 0

    def _bytes_received(self, data: bytes, request: Request) -> None:
        request.meta["received"] += len(data)
        if request.meta["received"] > PAGE_BYTES:
            raise StopDownload(fail=False)


def request_head(request: Request) -> bytes:
    """The request as it was sent, fields in the order of their names."""
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return b"\r\n".join(
        [f"{request.method} {target} HTTP/1.1".encode(), f"Host: {parts.netloc}".encode(), _fields(request.headers)]
    )


def response_head(response: Response) -> bytes:
    """Status line and fields of a response, to the empty line."""
    phrase = HTTPStatus(response.status).phrase if response.status in list(HTTPStatus) else ""
    return f"{response.protocol or 'HTTP/1.1'} {response.status} {phrase}\r\n".encode() + _fields(response.headers)


def _fields(headers: Headers) -> bytes:
    lines = [name + b": " + value + b"\r\n" for name in sorted(headers) for value in headers.getlist(name)]
    return b"".join(lines) + b"\r\n"


class Addresses(Middleware):
    """Says that a host was refused for its network address; scrapy only knows that the resolver had none for it."""

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Raises Missed, so that nothing is tried again."""
        if isinstance(exception, CannotResolveHostError):
            parts = urlsplit(request.url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            reason = self._spider.guard.reason(parts.hostname or "", port)
            if reason:
                raise Missed("private address", reason)


class Scope(Middleware):
    """Lets through as many pages of a site as are wanted, none of a site that went away, no redirect to another site.

    It stands behind robots.txt, so pages a site does not allow are not counted as taken.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._asked: Counter[str] = Counter()

    def process_request(self, request: Request) -> None:
        """Raises Missed for a page that is not to be asked for."""
        request.meta.pop("download_slot", None)  # a redirect is paced as the host it leads to
        site = site_of(request.url)
        if is_robots(request) or "retry_times" in request.meta:
            return
        if "redirect_times" in request.meta:  # counted where it began
            if site not in self._spider.sites:
                began = request.meta["redirect_urls"][0]
                raise Missed("redirect to another site", f"{began} leads to {request.url}, which is another site")
            return
        if site in self._spider.gone:
            raise Missed("site gone", f"{request.url}: the site went away")
        if self._spider.most is not None and self._asked[site] >= self._spider.most:
            reason = f"beyond --pages {self._spider.most}"
            raise Missed(reason, f"{request.url}: {reason}")
        self._asked[site] += 1


class RobotsRules(RobotsTxtMiddleware):
    """scrapy's robots.txt, with what RFC 9309 says of answers that are no rules, and with the widespread Crawl-delay.

    A robots.txt that is not there (4xx) allows everything; one that cannot be had, or an error of the server (5xx),
    closes the site until it can (section 2.3.1). scrapy takes any body for rules and a silent server for a yes.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._closed: dict[str, Missed] = {}
        crawler.signals.connect(self._parsed, signal=signals.robots_parsed)

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Raises Missed for what is not allowed."""
        parts = urlsplit(request.url)
        closed = self._closed.get(parts.netloc)
        if closed is not None:
            raise Missed(closed.kind, str(closed))
        try:
            super().process_request_2(rp, request)
        except IgnoreRequest:
            where = f"{parts.scheme}://{parts.netloc}/robots.txt"
            raise Missed("robots.txt", f"{request.url}: {where} does not allow it to crawlers") from None

    def process_response(self, request: Request, response: Response) -> Response:
        """Close the site, or forget a body that is no rules."""
        if not is_robots(request) or response.status < 400:
            return response
        if is_not_now(response.status):
            reason = f"{request.url} answered with status {response.status}; until it can be read, the site is closed"
            self._close(request, Missed("robots.txt", reason))
        return response.replace(body=b"")

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Close a site whose robots.txt cannot be had."""
        if is_robots(request):
            why = missed(exception, request)
            if why is not None:
                self._close(request, why)

    def _close(self, request: Request, why: Missed) -> None:
        asked = request.meta.get("redirect_urls", [request.url])[0]
        self._closed[urlsplit(asked).netloc] = why

    def _parsed(self, robotparser: RobotParser, request: Request) -> None:
        """Keep the pause the site asks for, if it is longer than ours."""
        delay_s = robotparser.crawl_delay(self._robotstxt_useragent or "*")
        assert self.crawler.engine is not None
        downloader = self.crawler.engine.downloader
        if delay_s is None or delay_s <= self.crawler.settings.getfloat("DOWNLOAD_DELAY"):
            return
        if delay_s > LONGEST_DELAY_S:
            parts = urlsplit(request.url)
            where = f"{parts.scheme}://{parts.netloc}/robots.txt"
            reason = f"{where} asks for {delay_s:,.0f} s between pages: that is a no"
            self._closed[parts.netloc] = Missed("robots.txt", reason)
            return
        host = downloader.get_slot_key(request)
        downloader.per_slot_settings[host] = {"delay": delay_s}
        if host in downloader.slots:
            downloader.slots[host].delay = delay_s
