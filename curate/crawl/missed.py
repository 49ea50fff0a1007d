"""Why a page could not be had, in words."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.spidermiddlewares.httperror import HttpError

if TYPE_CHECKING:
    from scrapy import Request

# Kinds that say that nobody answered; a site where one follows the other is given up.
SILENT = ("unreachable", "too slow", "cut off")


def is_not_now(status: int) -> bool:
    """Whether a status says that the server may answer another time: nothing to keep, and something to wait for."""
    return status in (408, 429) or status >= 500


class Missed(IgnoreRequest):
    """A page that is not asked for, or not used. `str()` is a sentence, with what to do where something can be done.

    `kind` is a few words to count by: "robots.txt", "unreachable", "private address", "http 404".
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def missed(error: BaseException, request: Request) -> Missed | None:
    """What `error` means for the page of `request`; None where it is no failure of the page but one of ours."""
    from twisted.internet.error import ConnectError, ConnectionClosed

    url, host = request.url, request.url.split("/")[2]
    if isinstance(error, Missed):
        return error
    if isinstance(error, HttpError):
        return Missed(f"http {error.response.status}", f"{url} answered with status {error.response.status}")
    if isinstance(error, IgnoreRequest):  # scrapy's own: too many redirects, a body that decompresses without end
        kind = "redirect without end" if "redirection" in str(error) else "unreadable"
        return Missed(kind, f"{url}: {error}")
    if isinstance(error, CannotResolveHostError):
        return Missed("unreachable", f"{host} has no address; is the name right, and is there a network?")
    if isinstance(error, DownloadConnectionRefusedError):
        return Missed("unreachable", f"{host} cannot be reached: connection refused")
    if isinstance(error, DownloadTimeoutError):
        return Missed("too slow", f"{url}: no whole answer in {request.meta.get('download_timeout', 0):.0f} s")
    if isinstance(error, ResponseDataLossError):
        return Missed("cut off", f"{url}: the connection ended before the answer did")
    if isinstance(error, DownloadFailedError) and re.search(r"certificate verify failed|VerificationError", str(error)):
        return Missed("certificate", f"{host} cannot prove who it is: its certificate is not valid for it")
    if isinstance(error, (DownloadFailedError, DownloadCancelledError, ConnectError, ConnectionClosed)):
        return Missed("unreachable", f"{host} cannot be reached: {_last_words(error)}")
    if isinstance(error, (OSError, EOFError, zlib.error, ValueError)):  # of decompressing, and of odd host names
        return Missed("unreadable", f"{url}: {_last_words(error)}")
    return None


def _last_words(error: BaseException) -> str:
    """What is said last, which in nested errors of the network engine is the cause; never empty."""
    said = " ".join(str(error).split())
    nested = re.findall(r"Failure [\w.]+: ([^<>]+)>", said)
    return (nested[-1] if nested else said[-200:]).rstrip(".") or type(error).__name__
