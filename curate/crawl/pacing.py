"""How often a host is asked: one page at a time, at its pace, and not at all while it asks to be left alone.

The delay between requests is scrapy's; what robots.txt says of it, `middlewares.RobotsRules` sets.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import TYPE_CHECKING

from scrapy.exceptions import IgnoreRequest
from scrapy.pqueues import DownloaderAwarePriorityQueue

from curate.crawl.middlewares import Middleware
from curate.crawl.missed import is_not_now

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response

LONGEST_WAIT_S = 120.0  # that a busy server may ask for; beyond it the page is missed in this run


class OneAtATime(DownloaderAwarePriorityQueue):
    """scrapy's queue, which hands out a host's next page when its last one is done.

    scrapy's own fills the pipeline of a host, and a server that went away would be asked for all that is in it.
    """

    def pop(self) -> Request | None:
        """The next request to a host that is not being asked; None where there is none."""
        assert self.crawler.engine is not None
        downloader = self.crawler.engine.downloader
        busy = {downloader.get_slot_key(request) for request in downloader.active}
        waiting = {host: self.pqueues.pop(host) for host in busy if host in self.pqueues}
        try:
            return super().pop()
        finally:
            self.pqueues.update(waiting)


class Pauses(Middleware):
    """Leaves a host alone for as long as it asks for (Retry-After: RFC 9110, section 10.2.3), else longer each time.

    scrapy tries again at its usual pace. A host's next request is put off by moving the time of its last one.
    """

    def process_response(self, request: Request, response: Response) -> Response:
        """Put the host off when it says "not now"; for longer than two minutes: not in this run."""
        if is_not_now(response.status):
            wait_s = retry_after_s(response)
            if wait_s is not None and wait_s > LONGEST_WAIT_S:
                request.meta["dont_retry"] = True
            else:
                self._put_off(request, wait_s)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Put the host off when nobody answered."""
        if not isinstance(exception, IgnoreRequest):
            self._put_off(request, None)

    def _put_off(self, request: Request, wait_s: float | None) -> None:
        assert self._crawler.engine is not None
        slot = self._crawler.engine.downloader.slots.get(request.meta.get("download_slot", ""))
        if slot is not None:
            if wait_s is None:
                wait_s = 2.0 ** (request.meta.get("retry_times", 0) + 1) * slot.delay
            slot.lastseen = max(slot.lastseen, monotonic() + wait_s - slot.delay)


def retry_after_s(response: Response) -> float | None:
    """Seconds of a Retry-After, a number or a date; None where there is none."""
    value = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max((date - datetime.now(UTC)).total_seconds(), 0.0)
