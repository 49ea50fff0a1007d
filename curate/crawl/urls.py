"""One spelling per page, and the shape of an address, so that endless calendars and session ids end.

How an address is written, w3lib knows (the URL Standard of browsers: backslashes, spaces, a query in the page's own
encoding). Here what only follows the visitor around is taken out: session ids and the tags of advertisers.
"""

from __future__ import annotations

import re
from urllib.parse import urldefrag, urljoin, urlsplit

from w3lib.url import canonicalize_url, safe_url_string

MAX_URL = 2000  # characters; longer ones come from templates that append to themselves
MAX_SEGMENTS = 20  # path segments, for the same reason
MAX_REPEATS = 3  # of one segment: /a/b/a/b/a/b/a comes from relative links that lead into themselves

# Parts of a query that say who reads and never what is read.
_VISITOR = re.compile(
    r"(?:utm_\w+|fbclid|gclid|dclid|msclkid|yclid|mc_[ce]id|_ga|igshid|spm|phpsessid|jsessionid|aspsessionid\w*|cfid"
    r"|cftoken|oscsid|zenid)",
    re.I,
)
# Names that may be a session or something to read (`sid` is a story elsewhere): the value decides.
_SESSION_NAME = re.compile(r"s|sid|ssid|sess|session|session_?id|sess_?id", re.I)
_SESSION_VALUE = re.compile(r"(?=[^\d]*\d)[0-9A-Za-z_.-]{16,}")
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;?]*|/\([A-Z]\([0-9a-z]+\)\)", re.I)

_OPAQUE = re.compile(
    r"[0-9a-f]{16,}|(?=[^\d]*\d)(?=.*[A-Za-z])[0-9A-Za-z_]{20,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I
)
_DATED = re.compile(r"(?:^|[/=_.-])(?:19|20|21)\d\d(?:[-/_.]?(?:0?[1-9]|1[0-2])(?:[-/_.]?\d{1,2})?)?/?$")
_DATE_NAMES = frozenset({"year", "month", "date", "day", "week", "yr", "mon", "cal", "calendar"})


class BadUrl(ValueError):
    """What is no address of a page; the message says why."""


def canonical(link: str, base: str = "", charset: str = "utf-8") -> str:
    """The address that `link` leads to from the page `base`, which is written in `charset`, without visitor's marks.

    Raises BadUrl for what is not http(s), names a user, or is no address at all.
    """
    try:
        try:
            url = safe_url_string(urljoin(base, link.strip()), charset)
        except (UnicodeEncodeError, LookupError):  # characters the page's charset has not, or no charset of Python's
            url = safe_url_string(urljoin(base, link.strip()))
        parts = urlsplit(urldefrag(url).url)
        _ = parts.port
    except ValueError as error:
        raise BadUrl(f"{link[:200]!r} is no address: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadUrl(f"{link[:200]!r} is no address of a page: expected http:// or https://")
    if parts.username is not None:
        raise BadUrl(f"{parts.hostname}: an address with a user name in it is not fetched")
    netloc = parts.netloc.removesuffix(":80" if parts.scheme == "http" else ":443")
    query = "&".join(part for part in parts.query.split("&") if part and not _follows(part))
    return parts._replace(netloc=netloc, path=_PATH_SESSION.sub("", parts.path) or "/", query=query).geturl()


def same_page(url: str) -> str:
    """A key that is equal for addresses of one page: neither their scheme nor the order of their query counts."""
    return str(canonicalize_url(url)).partition("://")[2]


def site_of(url: str) -> str:
    """The site of a canonical address: its host and port, without `www.`."""
    return urlsplit(url).netloc.removeprefix("www.")


def pattern(url: str) -> str:
    """The shape of a canonical address: numbers and opaque names as `#`, of the query only the names.

    `/book/12/345.html?page=2` is `/book/#/#.html?page`: all chapters, days or threads of a site are one pattern.
    """
    parts = urlsplit(url)
    segments = ["#" if _OPAQUE.fullmatch(s) else re.sub(r"\d+", "#", s) for s in parts.path.split("/")]
    names = sorted({p.partition("=")[0] for p in parts.query.split("&") if p})
    if len(names) > 3:  # faceted search: every combination of boxes to tick is a page
        names = ["…"]
    return "/".join(segments) + ("?" + "&".join(names) if names else "")


def is_dated(url: str) -> bool:
    """Whether the address ends in a date and so lists a day, a month or a year, as the pages of a calendar do."""
    parts = urlsplit(url)
    names = {p.partition("=")[0].lower() for p in parts.query.split("&")}
    return bool(names & _DATE_NAMES or _DATED.search(parts.path) or _DATED.search(parts.query))


def is_endless(url: str) -> bool:
    """Whether an address looks like one that grows on itself: very long or deep, or one segment again and again."""
    segments = [s for s in urlsplit(url).path.split("/") if s]
    repeats = any(segments.count(s) > MAX_REPEATS for s in set(segments))
    return len(url) > MAX_URL or len(segments) > MAX_SEGMENTS or repeats


def _follows(part: str) -> bool:
    """Whether one `name=value` of a query follows the visitor."""
    name, _, value = part.partition("=")
    return bool(_VISITOR.fullmatch(name) or (_SESSION_NAME.fullmatch(name) and _SESSION_VALUE.fullmatch(value)))
