"""What the head of a page says of it: description, language, date of publication, canonical address.

description    `<meta name=description>`, else og:description
page_language  `<html lang>`, else og:locale, else http-equiv=content-language; as written, "en-US"
published      the day, as 2024-05-03: article:published_time, else datePublished of JSON-LD, else meta names that mean
               it (`DATES`), else the first `<time datetime>`; what is no such day says nothing
canonical_url  `<link rel=canonical>`, else og:url; only complete http addresses

Hints by whoever made the page, unproved. Time is linear, and only the first `LONGEST_HEAD` bytes are read.
"""

from __future__ import annotations

import datetime
import re
from itertools import islice
from typing import NamedTuple

from curate.extract.markup import attributes_of

LONGEST_HEAD = 300_000
LONGEST_DESCRIPTION, LONGEST_ADDRESS, LONGEST_LANGUAGE = 2_000, 2_000, 35
MOST_TAGS = 300
DATES = (
    "article:published_time", "datepublished", "date", "pubdate", "publishdate", "publish_date", "dc.date",
    "dc.date.issued", "dcterms.created", "parsely-pub-date", "sailthru.date", "weibo: article:create_at",
)  # fmt: skip


class Head(NamedTuple):
    """Null where the page does not say."""

    description: str | None = None
    page_language: str | None = None
    published: str | None = None
    canonical_url: str | None = None


# Written out, for a search that ignores case looks at every byte by itself.
_TAG = re.compile(rb"<(?:meta|META|Meta|link|LINK|Link|html|HTML)\b[^<>]{1,4000}>")
# A tag without any of these is not taken apart.
_WANTED = (b"desc", b"canon", b"og:url", b"local", b"lang", b"publi", b"date", b"creat")
_TIME = re.compile(rb"<time\b[^<>]{0,500}?\bdatetime\s*=\s*[\"']?([^\"'<>]{4,40})")
_DATE_PUBLISHED = re.compile(rb"\"datePublished\"\s*:\s*\"([^\"]{4,40})\"")
_DAY = re.compile(r"\s*(\d{4})[-/年.]?(\d{1,2})[-/月.]?(\d{1,2})(?!\d)")
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")


def head_of(page: bytes) -> Head:
    """What a page, as UTF-8, says of itself."""
    said: dict[str, str] = {}
    region = page[:LONGEST_HEAD]
    body = region.find(b"<body")
    for tag in islice(_TAG.finditer(region, 0, body if body > 0 else len(region)), MOST_TAGS):
        lowered = tag[0].lower()
        if not any(word in lowered for word in _WANTED):
            continue
        attributes = attributes_of(tag[0].decode("utf-8", "replace"))
        if "content" in attributes:
            name = attributes.get("property") or attributes.get("name") or attributes.get("http-equiv") or ""
            said.setdefault(name.strip().lower(), attributes["content"].strip())
        elif attributes.get("rel", "").lower() == "canonical":
            said.setdefault("canonical", attributes.get("href", "").strip())
        elif lowered.startswith(b"<html"):
            said.setdefault("lang", (attributes.get("lang") or attributes.get("xml:lang") or "").strip())
    description = said.get("description") or said.get("og:description") or ""
    language = said.get("lang") or said.get("og:locale") or said.get("content-language") or ""
    address = next((a for n in ("canonical", "og:url") if _ADDRESS.fullmatch(a := said.get(n, ""))), "")
    return Head(
        " ".join(description.split())[:LONGEST_DESCRIPTION] or None,
        language if 0 < len(language) <= LONGEST_LANGUAGE else None,
        _published(said, region),
        address if 0 < len(address) <= LONGEST_ADDRESS else None,
    )


def _published(said: dict[str, str], region: bytes) -> str | None:
    return (
        _day(said.get(DATES[0], ""))
        or _day(_first(_DATE_PUBLISHED, b'"datePublished"', region))
        or next((day for name in DATES[1:] if (day := _day(said.get(name, "")))), None)
        or _day(_first(_TIME, b"<time", region))
    )


def _first(pattern: re.Pattern[bytes], mark: bytes, region: bytes) -> str:
    """What `pattern` holds where `mark`, with which it begins, stands first; "" for nothing."""
    at = region.find(mark)
    found = pattern.match(region, at) if at >= 0 else None
    return found[1].decode("utf-8", "replace") if found else ""


def _day(text: str) -> str | None:
    """The day that a date begins with: 2024-05-03, 2024/5/3, 20240503, 2024年5月3日."""
    found = _DAY.match(text)
    if found is None:
        return None
    try:
        return datetime.date(*map(int, found.groups())).isoformat()
    except ValueError:
        return None
