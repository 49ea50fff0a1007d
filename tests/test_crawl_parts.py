"""The parts of the crawler that need no network: addresses, spellings, the archive, selectors, wrong use."""

from __future__ import annotations

import gzip
import io
import re
import sys
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner
from warcio.archiveiterator import ArchiveIterator

from curate.crawl.addresses import Guard, allowed_host, is_public
from curate.crawl.archive import Archive, ArchiveBusy, ArchiveRefused
from curate.crawl.book import Book, Chapter, book_text, listed_once, next_page, without_heading
from curate.crawl.command import register
from curate.crawl.crawling import DELAY_S, user_agent
from curate.crawl.markup import BadSelector, Markup, xpath
from curate.crawl.pacing import retry_after_s
from curate.crawl.site import DEPTH, PAGES, PER_PATTERN
from curate.crawl.urls import BadUrl, canonical, is_dated, is_endless, pattern, same_page, site_of

# ---- addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:8.8.8.8", "2002:808:808::1"]
)
def test_public_addresses_are_asked(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "168.63.129.16", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::",
        "::127.0.0.1", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    ],
)  # fmt: skip
def test_addresses_inside_are_not_asked(address: str) -> None:
    assert not is_public(address)


def test_one_unfit_address_refuses_the_host_unless_it_was_named() -> None:
    guard = Guard([allowed_host("wiki.local:8080"), allowed_host("[::1]"), allowed_host("路.example")])
    assert guard.admits("example.org", 80, ["1.1.1.1", "8.8.8.8"])
    assert not guard.admits("example.org", 80, ["1.1.1.1", "10.0.0.1"])
    assert "example.org is at 10.0.0.1" in str(guard.reason("EXAMPLE.org.", 80))
    assert "--allow-host example.org:80" in str(guard.reason("example.org", 80))
    assert guard.admits("WIKI.local", 8080, ["10.0.0.1"])
    assert not guard.admits("wiki.local", 8081, ["10.0.0.1"])
    assert guard.admits("::1", 99, ["::1"])
    assert guard.admits("路.example".encode("idna").decode(), 80, ["10.0.0.1"]), (
        "named as people write it, asked as the DNS has it"
    )
    assert guard.reason("elsewhere.example", 80) is None


@pytest.mark.parametrize("text", ["", "http://x", "host:0", "host:99999", "a b", "host/path", "::1", "u@h"])
def test_a_malformed_allowed_host_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="expected HOST or HOST:PORT"):
        allowed_host(text)


# ---- spellings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "charset", "expected"),
    [
        ("b?x=1#top", "utf-8", "http://h.example/d/b?x=1"),
        ("../up", "utf-8", "http://h.example/up"),
        ("//Other.Example:80/", "utf-8", "http://other.example/"),
        ("https://h.example:443", "utf-8", "https://h.example/"),
        ("/s?q=中文", "gb18030", "http://h.example/s?q=%D6%D0%CE%C4"),
        ("/s?q=中文", "utf-8", "http://h.example/s?q=%E4%B8%AD%E6%96%87"),
        ("/s?q=ก", "big5", "http://h.example/s?q=%E0%B8%81"),
        ("/路", "gb18030", "http://h.example/%E8%B7%AF"),
        (" /a\tb\n", "utf-8", "http://h.example/ab"),
        ("/p?PHPSESSID=1&id=2&utm_source=x", "utf-8", "http://h.example/p?id=2"),
        ("/p;jsessionid=ABC?id=2", "utf-8", "http://h.example/p?id=2"),
        ("/(S(abc123))/p", "utf-8", "http://h.example/p"),
        ("/story?sid=412", "utf-8", "http://h.example/story?sid=412"),
        ("/story?sid=0123456789abcdef01", "utf-8", "http://h.example/story"),
    ],
)
def test_links_have_one_spelling(link: str, charset: str, expected: str) -> None:
    assert canonical(link, "http://h.example/d/a", charset) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize(
    "link", ["mailto:a@b", "javascript:x()", "ftp://h/x", "http://u:p@h/", "http://h:99999/", "http://[::1/"]
)
def test_what_is_no_page_is_no_link(link: str) -> None:
    with pytest.raises(BadUrl):
        canonical(link, "http://h.example/")


@given(st.text(max_size=60), st.sampled_from(["utf-8", "gb18030", "big5", "x-unknown"]))
def test_any_link_has_a_spelling_that_stays_or_is_refused(link: str, charset: str) -> None:
    try:
        url = canonical(link, "http://h.example/d/a?b", charset)
    except BadUrl:
        return
    assert url.isascii()
    assert canonical(url) == url


def test_addresses_of_one_page_and_of_one_shape() -> None:
    assert same_page("http://h/p?a=1&b=2") == same_page("https://h/p?b=2&a=1") != same_page("http://h/p?a=2&b=2")
    assert site_of("http://www.h.example:8000/x") == "h.example:8000"
    assert pattern("http://h/book/12/345.html?page=2") == "/book/#/#.html?page"
    assert pattern("http://h/s?a=1&b=2&c=3&d=4") == "/s?…"
    assert pattern("http://h/t/0123456789abcdef0123") == "/t/#"


@pytest.mark.parametrize(
    ("url", "dated"),
    [
        ("http://h/2024/05", True), ("http://h/events/2024-05-17/", True), ("http://h/cal?month=5", True),
        ("http://h/archive/20240517", True), ("http://h/2024/05/my-post", False), ("http://h/book/12345.html", False),
    ],
)  # fmt: skip
def test_calendars_are_told_by_their_addresses(url: str, dated: bool) -> None:
    assert is_dated(url) is dated


def test_addresses_that_grow_on_themselves() -> None:
    assert is_endless("http://h/" + "a/b/" * 4)
    assert is_endless("http://h/" + "/".join(map(str, range(30))))
    assert is_endless("http://h/?" + "x" * 2000)
    assert not is_endless("http://h/a/b/c/d/e/a/b/a")


# ---- the archive ---------------------------------------------------------------------------------------------------

REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
ABOUT = {"software": "llmsapp/test"}


def response(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nLocation: /\xd6\xd0\r\n\r\n" + body


def filled(path: Path, pages: int = 3) -> None:
    with Archive(path, ABOUT) as archive:
        for n in range(pages):
            archive.write(f"http://h/{n}", "192.0.2.1", REQUEST, response(bytes([n, 255, 13, 10]) * 50))


def test_an_archive_is_read_by_others_and_knows_its_pages_again(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    filled(path)
    with path.open("rb") as file:
        records = ArchiveIterator(file, check_digests="raise")
        seen = [(r.rec_type, r.rec_headers.get_header("WARC-Target-URI"), r.content_stream().read()) for r in records]
    assert [kind for kind, _, _ in seen] == ["warcinfo", *["response", "request"] * 3]
    assert seen[3][1:] == ("http://h/1", bytes([1, 255, 13, 10]) * 50)
    with Archive(path, ABOUT) as archive:
        kept = archive.response("http://h/2")
        assert kept is not None
        assert kept.block == response(bytes([2, 255, 13, 10]) * 50), "head and body, byte by byte"
        assert archive.response("http://h/9") is None
        with pytest.raises(ArchiveBusy, match="another crawl is writing"):
            Archive(path, ABOUT)


def test_an_archive_cut_anywhere_goes_on_with_what_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    filled(path, 1)
    whole = path.stat().st_size
    with Archive(path, ABOUT) as archive:
        archive.write("http://h/last", None, REQUEST, response(b"last"))
    data = path.read_bytes()
    ends = [whole, data.rindex(b"\x1f\x8b\x08"), len(data)]
    for at in range(whole, len(data) + 1):
        path.write_bytes(data[:at])
        with Archive(path, ABOUT) as archive:
            kept = max(end for end in ends if end <= at)
            assert archive.cut == at - kept
            assert (archive.response("http://h/last") is not None) == (at >= ends[1])
            assert archive.response("http://h/0") is not None
        assert path.read_bytes() == data[:kept]


def test_files_that_are_not_ours_are_left_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    filled(path)
    data = path.read_bytes()
    middle = len(data) // 3
    foreign = {
        "text": b"not a WARC at all",
        "gzip of something else": gzip.compress(b"log line\n" * 100),
        "records without members of their own": gzip.compress(gzip.decompress(data)),
        "damage with whole records behind": data[:middle] + bytes(20) + data[middle + 20 :],
    }
    for name, content in foreign.items():
        path.write_bytes(content)
        with pytest.raises(ArchiveRefused, match="another name"):
            Archive(path, ABOUT)
        assert path.read_bytes() == content, name
    with pytest.raises(ArchiveRefused, match=r"ends in \.warc\.gz"):
        Archive(tmp_path / "a.warc", ABOUT)


def test_a_full_disk_leaves_the_archive_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.warc.gz"
    filled(path, 1)
    before = path.read_bytes()
    with Archive(path, ABOUT) as archive:

        class Full(io.FileIO):
            def write(self, data: object) -> int:
                super().write(bytes(data)[:100])  # type: ignore[call-overload]
                raise OSError(28, "No space left on device")

        archive._file.close()
        archive._file = Full(path, "a+")
        with pytest.raises(OSError, match="No space"):
            archive.write("http://h/more", None, REQUEST, response(b"more"))
    assert path.read_bytes() == before


# ---- selectors -----------------------------------------------------------------------------------------------------

PAGE = """<html><head><title>t</title></head><body><h1>長夜</h1><div class="nav"><a href="/">首頁</a></div>
<div id="list"><dd><a href="2.html">第二章</a></dd>
<dd><a href="1.html">第一章</a></dd><dd><a href="2.html"></a></dd></div>
<div id="content">甲<br>　　乙<script>no</script><p>丙 <b>丁</b></p>
<!-- c -->戊<table><tr><td>己<td>庚</table></div></body></html>"""


def test_links_and_text_by_selector() -> None:
    markup = Markup(PAGE, "http://h/b/", "gb18030")
    assert markup.title == "長夜"
    assert [link.url for link in markup.links("#list")] == [f"http://h/b/{n}.html" for n in (2, 1, 2)]
    assert [(link.url[-6:], link.text) for link in listed_once(markup.links("#list a"), "http://h/b/")] == [
        ("1.html", "第一章"), ("2.html", "第二章"),
    ]  # fmt: skip
    assert markup.text("#content") == "甲\n乙\n丙 丁\n戊\n己 庚"
    assert markup.text("#content, #content p") == markup.text("#content"), "nothing twice"
    assert markup.text(".nothing") == ""
    assert markup.places_of_links()[0].startswith("div#list > dd > a   (3 links")
    assert markup.places_of_text()[0].startswith("div#content")


def test_pages_that_are_hard_to_parse_end() -> None:
    assert Markup("", "http://h/", "utf-8").links() == []
    assert Markup("<i>" * 100_000, "http://h/", "utf-8").text("body") == ""
    assert len(Markup("<a href=/x>" * 30_000, "http://h/", "utf-8").links()) == 20_000


@pytest.mark.parametrize("selector", ["a[[", "a:nix", "::", "div >", "p:contains("])
def test_what_is_no_css_is_said(selector: str) -> None:
    with pytest.raises(BadSelector, match="is no CSS selector"):
        xpath(selector)


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<a href="2_2.html">下一页</a>', "http://h/b/2_2.html"),
        ('<a href="2_2.html">( 下一頁 )</a>', "http://h/b/2_2.html"),
        ('<a href="2_2.html">Next page »</a>', "http://h/b/2_2.html"),
        ('<a href="3.html">下一页</a>', None),  # a chapter of the list
        ('<a href="3.html">下一章</a>', None),
        ('<a href="4.html">下一页书评</a>', None),
    ],
)
def test_the_next_page_of_a_chapter_is_no_chapter(html: str, found: str | None) -> None:
    assert next_page(Markup(html, "http://h/b/2.html", "utf-8"), {"h/b/3.html"}) == found


def test_a_book_reads_as_one_text() -> None:
    chapters = [Chapter(1, "u", "第一章", ["甲。\n乙。"]), Chapter(3, "v", "Three", ["one", "two"])]
    assert (
        book_text(Book("u", "長夜", 3, chapters)) == "# 長夜\n\n## 第一章\n\n甲。\n\n乙。\n\n## Three\n\none\n\ntwo\n"
    )
    assert without_heading("第一章\n甲。", "第一章") == "甲。"
    assert without_heading("第一章 (2/3)\n甲。", "第一章") == "甲。"
    assert without_heading("第一章的雨。\n甲。", "第一章") == "第一章的雨。\n甲。"
    assert without_heading("第一章", "第一章") == "第一章", "never the whole text"


# ---- the rest ------------------------------------------------------------------------------------------------------


def test_retry_after_is_seconds_or_a_date() -> None:
    from scrapy.http import Response

    def wait(value: str | None) -> float | None:
        return retry_after_s(Response("http://h/", headers={"Retry-After": value} if value else None))

    assert (wait("7"), wait("soon"), wait(None), wait("")) == (7.0, None, None, None)
    assert wait("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert (wait("Wed, 21 Oct 2115 07:28:00 GMT") or 0) > 1e9


def test_the_user_agent_says_who_asks() -> None:
    assert user_agent(None).startswith("llmsapp/")
    assert user_agent("crawl@example.org").endswith(" (+crawl@example.org)")
    for contact in ("a\r\nX: y", "(nested)", "信"):
        with pytest.raises(ValueError, match="--contact"):
            user_agent(contact)


def command(*arguments: object) -> tuple[int, str]:
    app = typer.Typer(rich_markup_mode=None)
    app.command()(lambda: None)
    register(app)
    done = CliRunner().invoke(app, ["crawl", *map(str, arguments)])
    return done.exit_code, done.output


def test_the_page_about_crawling_names_options_that_are_there() -> None:
    page = (Path(__file__).parent.parent / "docs" / "crawl.md").read_text(encoding="utf-8")
    shown = " ".join(command("--help")[1].split())
    assert set(re.findall(r"--[a-z][a-z-]+", page)) - {"--set"} <= set(re.findall(r"--[a-z][a-z-]+", shown))
    for said in (
        f"are followed; {DEPTH}.",
        f"each site; {PAGES:,}.",
        f"as /tag/#; {PER_PATTERN},",
        f"host; {DELAY_S:.0f}.",
    ):
        assert said in shown, "the defaults in the help are those of the code"


def test_wrong_use_is_told_before_anything_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = ("-o", tmp_path / "a.warc.gz")
    for arguments, said in [
        (("ftp://h/", *out), "expected http:// or https://"),
        (("http://h/", "-o", tmp_path / "a.zip"), "ends in .warc.gz"),
        (("http://h/", *out, "--allow-host", "http://h"), "--allow-host 'http://h': expected HOST or HOST:PORT"),
        (("http://h/", *out, "--contact", "(me)"), "--contact"),
        (("http://h/", *out, "--book", "--follow", "a"), "--book needs --follow CSS"),
        (("http://h/", *out, "--content", "p"), "--content goes with --book"),
        (("http://h/", *out, "--follow", "a[["), "is no CSS selector"),
    ]:
        code, output = command(*arguments)
        assert (code, said in output) == (2, True), output
    assert not (tmp_path / "a.warc.gz").exists()
    monkeypatch.setitem(sys.modules, "scrapy", None)
    code, output = command("http://h/", *out)
    assert (code, "pip install 'llmsapp[crawl]'" in output) == (5, True), output
