"""One crawl from start to end: scrapy's settings, all that we set and nowhere else, and its reactor.

A process can crawl once, since the network engine (Twisted's reactor) runs once.
"""

from __future__ import annotations

import signal
from typing import Any

from curate.crawl.addresses import Guard, GuardedResolver
from curate.crawl.walk import Walker

PRODUCT = "llmsapp"  # the name in robots.txt and in the user agent
DELAY_S = 1.0  # between two requests to a host; what well-behaved crawlers keep to
SHORTEST_DELAY_S = 0.001  # without any delay scrapy looks at no clock, and a Retry-After could not be kept
PAGE_S = 60.0  # that one page may take: a server that sends a byte every ten seconds ends too
SITES_AT_ONCE = 16  # each with one connection, so that the pause of one is spent on the others
RETRIES = 2
REDIRECTS = 10


def user_agent(contact: str | None) -> str:
    """Who we are, with a way to reach whoever runs the crawl. Raises ValueError for a contact that fits no header."""
    from importlib import metadata

    try:
        version = metadata.version("llmsapp")
    except metadata.PackageNotFoundError:
        version = "source"
    if not contact:
        return f"{PRODUCT}/{version}"
    if not (contact.isascii() and contact.isprintable()) or set(contact) & set("()\\"):
        raise ValueError(
            f"--contact {contact!r}: expected an address as crawl@example.org or https://example.org/crawl"
        )
    return f"{PRODUCT}/{version} (+{contact})"


def settings(agent: str, delay_s: float, guard: Guard) -> dict[str, Any]:
    """scrapy's settings."""

    def resolver(reactor: Any) -> GuardedResolver:
        return GuardedResolver(reactor, guard)

    return {
        # Who asks, and how often.
        "USER_AGENT": agent,
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_USER_AGENT": PRODUCT,
        "DOWNLOAD_DELAY": max(delay_s, SHORTEST_DELAY_S),
        "DOWNLOAD_DELAY_JITTER": 0.0,
        "CONCURRENT_REQUESTS": SITES_AT_ONCE,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "RETRY_TIMES": RETRIES,
        "RETRY_PRIORITY_ADJUST": 1,  # next, after the pause: a server that went away is noticed at its first pages
        "REDIRECT_MAX_TIMES": REDIRECTS,
        "DOWNLOAD_TIMEOUT": PAGE_S,
        "DEFAULT_REQUEST_HEADERS": {"Accept": "text/html,application/xhtml+xml,text/plain;q=0.9,*/*;q=0.1"},
        # To whom: only addresses the guard admits. A proxy would resolve names itself; cookies and referrers are for
        # readers; a page that reloads itself is a page.
        "TWISTED_DNS_RESOLVER": resolver,
        "HTTPPROXY_ENABLED": False,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "COOKIES_ENABLED": False,
        "REFERER_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "DOWNLOAD_HANDLERS": {"data": None, "file": None, "ftp": None, "s3": None},
        # In which order: breadth first.
        "DEPTH_PRIORITY": 1,
        "SCHEDULER_PRIORITY_QUEUE": "curate.crawl.pacing.OneAtATime",
        "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
        "DUPEFILTER_CLASS": "curate.crawl.traps.Traps",
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "curate.crawl.middlewares.RobotsRules": 100,
            "curate.crawl.middlewares.Scope": 110,
            "curate.crawl.pacing.Pauses": 560,  # before scrapy's retries (550), seen from the network
            "curate.crawl.middlewares.Addresses": 570,
            "curate.crawl.middlewares.Archived": 900,  # next to the network: before decompression and redirects
        },
        # Nothing else: no log, no consoles, no watchers.
        "LOG_ENABLED": False,
        "STATS_DUMP": False,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "MEMUSAGE_ENABLED": False,
    }


def crawl(walker: type[Walker], agent: str, delay_s: float, **arguments: Any) -> Walker:
    """Run a spider to its end and return it. `arguments` are the spider's.

    Raises what went wrong with the crawl as a whole, KeyboardInterrupt where it was interrupted; the archive is whole
    in every case, and the same call goes on where it was.
    """
    from scrapy import signals
    from scrapy.crawler import CrawlerProcess

    process: Any = CrawlerProcess(settings(agent, delay_s, arguments["guard"]))
    crawler = process.create_crawler(walker)
    problems: list[BaseException] = []

    def stop(error: BaseException) -> None:
        problems.append(error)
        if len(problems) == 1:
            process.stop()  # scrapy's way to end, which waits for pages under way …
            _reactor().callLater(0, process._stop_reactor)  # … and this does not

    def interrupted(number: int, frame: object) -> None:
        _reactor().callFromThread(stop, KeyboardInterrupt())

    def failed(failure: Any) -> None:
        stop(failure.value)

    def opened(spider: Walker) -> None:
        spider.stop = stop

    crawler.signals.connect(failed, signal=signals.spider_error)
    crawler.signals.connect(opened, signal=signals.spider_opened)
    before = {number: signal.signal(number, interrupted) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        process.crawl(crawler, **arguments).addErrback(lambda failure: stop(failure.value))
        process.start(install_signal_handlers=False)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if problems:
        raise problems[0]
    spider = crawler.spider
    assert isinstance(spider, walker)
    return spider


def _reactor() -> Any:
    """Twisted's reactor; the first import of it makes one, so scrapy must have chosen which."""
    from twisted.internet import reactor

    return reactor
