"""The sample crawl as a WARC file: `python -m curate.sample.generate OUT.warc.gz` writes it.

Everything follows from one seed, with the standard library alone, so that the records are the same bytes on every
Python and every machine. Builds of zlib may compress them differently; compare what is inside the members.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from curate.sample.pages import Page, pages
from curate.sample.records import Record, chunked, deflated, digest, gzipped, member, record, record_id, response
from curate.sample.sites import SITES

START = datetime(2024, 3, 1, 8, 0, tzinfo=UTC)
HTTP_RESPONSE, HTTP_REQUEST = "application/http; msgtype=response", "application/http; msgtype=request"
# One transparent pixel.
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
NOT_FOUND = b"<!DOCTYPE html><html><head><title>404</title></head><body><h1>Not found / \xe9\xa1\xb5\xe9\x9d\xa2" \
            b"\xe4\xb8\x8d\xe5\xad\x98\xe5\x9c\xa8</h1></body></html>"  # fmt: skip
FIELDS = b"software: curate.sample.generate\r\nformat: WARC File Format 1.1\r\n"


def truth() -> dict[str, str]:
    """What every url of the crawl was made to be: {"https://yeyu.example/2024/007": "article zh", ...}.

    Pages are named in `curate.sample.pages`; records that are no documents are "redirect", "http 404", "http 503",
    "robots", "image", "json" and "revisit".
    """
    return {one.url: one.kind for one in _pages()} | {url: kind for kind, url, *_ in _beside()}


def copies() -> dict[str, str]:
    """Of each duplicate, near-duplicate and variant, by url: the url of the page it was made from."""
    return {one.url: one.copy_of for one in _pages() if one.copy_of}


def texts() -> dict[str, str]:
    """Of each article, duplicate, near-duplicate and variant, by url: its own text, paragraphs joined by newlines.

    It is what extraction and normalisation should bring back, give or take a title, a byline or comments.
    """
    return {one.url: "\n".join(one.text) for one in _pages() if one.text}


def records() -> list[Record]:
    """Every record of the crawl, uncompressed, in the order of the file."""
    written = [record("warcinfo", None, _date(0), FIELDS, mime="application/warc-fields")]
    beside = _beside()
    gap = len(_pages()) // len(beside)
    for number, one in enumerate(_pages()):
        if number % 37 == 5:
            written.append(_request(one.url, number))
        written.append(_document(one, number))
        if number % gap == gap - 1 and beside:
            written.append(_other(beside.pop(0), number))
    return written + [_other(rest, len(_pages())) for rest in beside]


def write(path: Path) -> None:
    """Write the crawl to `path`, one gzip member per record."""
    path.write_bytes(b"".join(member(one) for one in records()))


@cache
def _pages() -> tuple[Page, ...]:
    return tuple(pages())


def _document(one: Page, number: int) -> Record:
    """A page as a response record; one in three bodies is compressed or chunked, or both."""
    body, headers = one.body, [("Content-Type", one.content_type)]
    coding = {1: "gzip", 4: "deflate", 7: "deflate, raw", 9: "gzip", 11: "x-gzip"}.get(number % 13) if body else None
    if coding:
        body = gzipped(body) if "gzip" in coding else deflated(body, raw="raw" in coding)
        headers.append(("Content-Encoding", coding.split(",")[0]))
    payload = digest(body)
    if number % 5 == 1:
        body = chunked(body)
        headers.append(("Transfer-Encoding", "chunked"))
    else:
        headers.append(("Content-Length", str(len(body))))
    fields = (("WARC-Payload-Digest", payload), ("WARC-IP-Address", "192.0.2.80"))
    block = response("200 OK", tuple(headers), body)
    return record("response", one.url, _date(number), block, mime=HTTP_RESPONSE, fields=fields, damaged=one.damaged)


def _request(url: str, number: int) -> Record:
    host, _, path = url.removeprefix("https://").partition("/")
    block = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: sample-crawler/1.0\r\nAccept: */*\r\n\r\n".encode()
    return record("request", url, _date(number), block, mime=HTTP_REQUEST)


Beside = tuple[str, str, str, tuple[tuple[str, str], ...], bytes]


def _beside() -> list[Beside]:
    """The records that are no documents: (kind, url, HTTP status, headers, body)."""
    html = ("Content-Type", "text/html; charset=utf-8")
    others: list[Beside] = []
    for at in SITES[::3]:
        moved = (("Location", f"https://{at.host}/2024/"), html, ("Content-Length", "0"))
        others.append(("redirect", f"http://{at.host}/", "301 Moved Permanently", moved, b""))
        gone = (html, ("Content-Length", str(len(NOT_FOUND))))
        others.append(("http 404", f"https://{at.host}/gone", "404 Not Found", gone, NOT_FOUND))
    rules = b"User-agent: *\r\nDisallow: /admin/\r\nCrawl-delay: 2\r\n"
    host = SITES[0].host
    plain = (("Content-Type", "text/plain"), ("Content-Length", str(len(rules))))
    others.append(("robots", f"https://{host}/robots.txt", "200 OK", plain, rules))
    image = (("Content-Type", "image/gif"), ("Content-Length", str(len(GIF))))
    others.append(("image", f"https://{host}/static/dot.gif", "200 OK", image, GIF))
    data = b'{"visits": 12, "pages": ["/2024/000", "/2024/001"]}'
    json = (("Content-Type", "application/json"), ("Content-Length", str(len(data))))
    others.append(("json", f"https://{host}/api/visits", "200 OK", json, data))
    others.append(("http 503", f"https://{SITES[6].host}/busy", "503 Service Unavailable", gone, NOT_FOUND))
    others.append(("revisit", f"https://{host}/about", "304 Not Modified", (html,), b""))
    others.append(("revisit", f"https://{SITES[6].host}/about", "304 Not Modified", (html,), b""))
    return others


def _other(beside: Beside, number: int) -> Record:
    kind, url, status, headers, body = beside
    block = response(status, headers, body)
    if kind != "revisit":
        return record("response", url, _date(number), block, mime=HTTP_RESPONSE,
                      fields=(("WARC-Payload-Digest", digest(body)),))  # fmt: skip
    fields = (
        ("WARC-Profile", "http://netpreserve.org/warc/1.1/revisit/server-not-modified"),
        ("WARC-Refers-To", f"<urn:uuid:{record_id('response', url)}>"),
    )
    return record("revisit", url, _date(number), block, mime=HTTP_RESPONSE, fields=fields)


def _date(number: int) -> str:
    return (START + timedelta(seconds=7 * number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Write the sample crawl.")
    parser.add_argument("out", type=Path, help="the file to write, OUT.warc.gz")
    out = parser.parse_args().out
    write(out)
    print(f"{out}: {len(records())} records, {len(_pages())} pages, {out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
