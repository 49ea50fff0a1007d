"""`llmsapp crawl` against local sites shaped like those it is for: a blog, docs, novels, and servers that fail.

A crawl is a process of its own, so one crawl takes many sites, and each test reads what came of its site.
"""

from __future__ import annotations

import gzip
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from warcio.archiveiterator import ArchiveIterator

from curate.read.shard import Seen
from curate.read.warc import warc
from tests.crawl_sites import (
    Reply,
    Site,
    Sites,
    certificate,
    crawl,
    crawl_command,
    environment,
    page,
    served,
    table,
    zipped,
)


def rows(archive: Path) -> list[dict[str, object]]:
    """What `llmsapp run` reads from a WARC, documents and others."""
    source = warc(str(archive))
    return [row for shard in source.shards() for batch in source.read(shard, Seen()) for row in batch.to_pylist()]


def documents(archive: Path) -> dict[str, str]:
    """Texts by address."""
    return {str(r["url"]): str(r["html"] or r["text"]) for r in rows(archive) if not r["skipped"] and not r["error"]}


def stored(archive: Path) -> dict[str, bytes]:
    """Bodies by address as warcio reads them, content coding kept, digests checked."""
    with archive.open("rb") as file:
        records = ArchiveIterator(file, check_digests="raise")
        return {
            r.rec_headers.get_header("WARC-Target-URI"): r.raw_stream.read()
            for r in records
            if r.rec_type == "response"
        }


# ---- a blog, docs and servers that fail, in one crawl -----------------------------------------------------------


def blog() -> Site:
    """Endless: a calendar, session ids in every link, a relative link that leads into itself."""
    session = count(10**16)

    def answer(path: str) -> Reply | None:
        mark = f"PHPSESSID=a{next(session)}"
        if path == "/":
            posts = [f"/post/{n}?{mark}" for n in range(1, 6)]
            return page("Blog", *posts, "/calendar/2024/01", "/deep/", "http://elsewhere.test/", "/away", "/one")
        if re.fullmatch(r"/post/\d\?PHPSESSID=.*|/post/\d", path):
            return page(f"Post {path[6]}", f"/?{mark}", f"/post/{path[6]}?utm_source=feed", "/tags", "/one?b=2&a=1")
        if path.startswith("/calendar/"):
            year, month = map(int, path.split("/")[2:])
            months = year * 12 + month - 1
            return page(path, *(f"/calendar/{m // 12}/{m % 12 + 1:02}" for m in (months - 1, months + 1)))
        if path.startswith("/deep/"):
            return page(path, "deep/")
        if path == "/away":
            return Reply(b"", status=302, fields=(("Location", "http://elsewhere.test/landing"),))
        if path.startswith("/one"):
            return page("One", "/one?a=1&b=2", "/one#end")
        if path == "/tags":
            return Reply(b'<meta name="robots" content="nofollow"><a href="/hidden">hidden</a>')
        return None

    return answer


DOCS: dict[str, Reply] = {
    "/robots.txt": zipped(Reply(b"User-agent: *\nDisallow: /private\nCrawl-delay: 0.2\n", "text/plain")),
    "/": zipped(page("Docs", "/guide", "/private/keys", "/plain.txt")),
    "/guide": zipped(page("Guide", "/", text="install and run")),
    "/plain.txt": Reply("naïve".encode(), "text/plain; charset=utf-8"),
    "/private/keys": page("Keys"),
}


def busy() -> Site:
    """Asks to be left alone for a second, once."""
    asked: Counter[str] = Counter()

    def answer(path: str) -> Reply | None:
        asked[path] += 1
        if path == "/" and asked[path] == 1:
            return Reply(b"later", status=503, fields=(("Retry-After", "1"),))
        if path == "/slowpoke" and asked[path] == 1:
            return Reply(b"", status=408)
        return page("Busy", "/slowpoke") if path in ("/", "/slowpoke") else None

    return answer


def heavy() -> dict[str, Reply]:
    """Pages that cost too much."""
    return {
        "/": page("Heavy", "/photo", "/film", "/cut", "/slow"),
        "/photo": Reply(b"\x89PNG" + bytes(3 << 20), "image/png"),
        "/film": Reply(b"<p>" + bytes(100), size=20 << 20),
        "/cut": Reply(b"<p>half a page", size=5000),
        "/slow": page("Slow")._replace(wait_s=3.0),
    }


def dying() -> Site:
    """Goes away after its first page: what is asked then is cut off before the first byte."""

    def answer(path: str) -> Reply | None:
        if path == "/robots.txt":
            return None
        if path == "/":
            return page("Dying", *(f"/{n}" for n in range(60)))
        return Reply(b"", status=0)

    return answer


class Mixed(NamedTuple):
    """Two crawls of all these sites, one after the other, with the same command."""

    sites: Sites
    secure: Sites
    archive: Path
    first: subprocess.CompletedProcess[str]
    asked_first: int
    second: subprocess.CompletedProcess[str]
    proxied: int


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mixed]:
    folder = tmp_path_factory.mktemp("mixed")
    closed = table({"/robots.txt": Reply(b"", status=500)})
    denied = table({"/robots.txt": Reply(b"User-agent: llmsapp\nDisallow: /\n\nUser-agent: *\nAllow: /")})
    slow_down = table({"/robots.txt": Reply(b"User-agent: *\nCrawl-delay: 3600")})
    hop = table({"/": Reply(b"", status=301, fields=(("Location", "http://169.254.169.254/latest/meta-data/"),))})
    loop = table({"/": Reply(b"", status=302, fields=(("Location", "/#again"),))})
    sites: dict[str, Site] = {
        "blog.test": blog(), "docs.test": table(DOCS), "busy.test": busy(), "heavy.test": table(heavy()),
        "closed.test": closed, "denied.test": denied, "slowdown.test": slow_down, "hop.test": hop,
        "dying.test": dying(), "loop.test": loop,
    }  # fmt: skip
    pem = certificate(folder / "tls.pem", "tls.test")
    secure: dict[str, Site] = {"tls.test": table({"/": page("Secure")}), "impostor.test": table({"/": page("Wrong")})}
    with (
        served(sites) as log,
        served(secure, pem) as tls,
        socket.create_server(("127.0.0.1", 0)) as proxy,
    ):
        at = log.at
        sites["jump.test"] = table({"/": Reply(b"", status=302, fields=(("Location", at("inside.test") + "/"),))})
        names = [*sites, "inside.test", "rebind.test"]
        allowed = [option for name in sites for option in ("--allow-host", f"{name}:{log.port}")]
        allowed += ["--allow-host", "tls.test", "--allow-host", "impostor.test"]
        starts = [*map(at, names), *map(tls.at, secure), at("127.0.0.1"), at("2130706433"), at("localhost")]
        arguments = [*starts, "-o", "c.warc.gz", *allowed, "--delay", "0.02", "--contact", "crawl@example.org"]
        arguments += ["--per-pattern", "40", "--depth", "30"]
        through = {"http_proxy": f"http://127.0.0.1:{proxy.getsockname()[1]}", "SSL_CERT_FILE": str(pem)}
        first = crawl(*arguments, cwd=folder, **through)
        asked_first = len(log.requests)
        second = crawl(*arguments, cwd=folder, **through)
        proxy.settimeout(0.05)
        proxied = 0
        try:
            proxy.accept()
            proxied = 1
        except TimeoutError:
            pass
        yield Mixed(log, tls, folder / "c.warc.gz", first, asked_first, second, proxied)


def test_a_crawl_says_what_became_of_each_site(mixed: Mixed) -> None:
    assert mixed.first.returncode == 1, mixed.first.stderr
    assert "Traceback" not in mixed.first.stderr
    assert re.search(r"loop\.test:\d+/ leads back to http://loop", mixed.first.stderr)
    assert mixed.sites.agents == {next(iter(mixed.sites.agents))}
    assert re.fullmatch(r"llmsapp/\S+ \(\+crawl@example\.org\)", next(iter(mixed.sites.agents)))


def test_endless_calendars_and_session_ids_end(mixed: Mixed) -> None:
    asked = mixed.sites.paths("blog.test")
    posts = [path for path in asked if path.startswith("/post/")]
    assert sorted(posts) == [f"/post/{n}" for n in range(1, 6)]
    assert sum(path.startswith("/calendar/") for path in asked) == 4, "a tenth of --per-pattern"
    assert 1 <= sum(path.startswith("/deep/") for path in asked) <= 4
    assert sum(path.startswith("/one") for path in asked) == 2, "/one, and /one?… once whatever its order"
    assert "/hidden" not in asked
    assert not mixed.sites.paths("elsewhere.test")
    for reason in ("more than 4 like /calendar/#/#", "address that grows on itself", "redirect to another site",
                   "another site", "links of a page that says nofollow"):  # fmt: skip
        assert reason in mixed.first.stdout, reason


def test_robots_txt_is_kept_with_its_delay(mixed: Mixed) -> None:
    assert set(mixed.sites.paths("docs.test")) == {"/robots.txt", "/", "/guide", "/plain.txt"}
    gaps = [later - earlier for earlier, later in pairwise(mixed.sites.times("docs.test")[1:])]
    assert min(gaps) > 0.15
    assert mixed.sites.paths("denied.test") == ["/robots.txt"]
    assert "denied.test" in mixed.first.stderr
    assert "does not allow it to crawlers" in mixed.first.stderr
    assert "/" not in mixed.sites.paths("closed.test"), "RFC 9309: a robots.txt that fails closes the site"
    assert "answered with status 500; until it can be read, the site is closed" in mixed.first.stderr
    assert mixed.sites.paths("slowdown.test") == ["/robots.txt"]
    assert "asks for 3,600 s between pages" in mixed.first.stderr


def test_private_addresses_are_refused_however_they_are_written(mixed: Mixed) -> None:
    for host in ("inside.test", "rebind.test", "127.0.0.1", "2130706433", "localhost"):
        assert not mixed.sites.paths(host), host
        assert re.search(rf"{host} is at (127\.0\.0\.1|::1), which is no public address", mixed.first.stderr), host
    assert "169.254.169.254 is at 169.254.169.254" in mixed.first.stderr, "after a redirect"
    assert mixed.sites.paths("jump.test").count("/") == 1, "redirected to a name that is at a private address"
    assert f"--allow-host inside.test:{mixed.sites.port}" in mixed.first.stderr
    assert mixed.proxied == 0, "proxies of the environment are not used: they would resolve names themselves"


def test_a_server_proves_who_it_is(mixed: Mixed) -> None:
    assert "Secure" in documents(mixed.archive)[mixed.secure.at("tls.test") + "/"]
    assert not mixed.secure.paths("impostor.test")
    assert f"impostor.test:{mixed.secure.port} cannot prove who it is" in mixed.first.stderr


def test_busy_servers_are_left_alone_for_as_long_as_they_ask(mixed: Mixed) -> None:
    refused, had = (w for h, p, w in mixed.sites.requests if (h, p) == ("busy.test", "/"))
    assert had - refused > 0.95
    texts = documents(mixed.archive)
    assert all("Busy" in texts[mixed.sites.at("busy.test") + path] for path in ("/", "/slowpoke"))


def test_pages_that_cost_too_much_are_left(mixed: Mixed) -> None:
    at = mixed.sites.at("heavy.test")
    bodies = stored(mixed.archive)
    assert bodies[f"{at}/photo"] == bodies[f"{at}/film"] == b""
    assert f"{at}/cut" not in bodies
    for reason in ("content type image/png", "too large", "cut off", "too slow"):
        assert reason in mixed.first.stdout, reason
    heads = {r["url"]: r["skipped"] for r in rows(mixed.archive) if r["skipped"] != "request"}
    assert heads[f"{at}/photo"] == "content type image/png"
    assert heads[f"{at}/film"] == "empty body"


def test_a_server_that_goes_away_is_left(mixed: Mixed) -> None:
    asked = Counter(mixed.sites.paths("dying.test"))
    assert sum(path not in ("/", "/robots.txt") for path in asked) in (5, 6), "one may be under way by then"
    assert mixed.first.stderr.count("5 pages in a row could not be reached") == 1
    assert re.search(r"not taken: +3[45]  site gone", mixed.first.stdout), "of the 40 that --per-pattern let in"


def test_what_was_read_is_what_was_sent(mixed: Mixed) -> None:
    at = mixed.sites.at("docs.test")
    bodies = stored(mixed.archive)
    assert {path: bodies[at + path] for path in ("/", "/guide", "/plain.txt")} == {
        path: DOCS[path].body for path in ("/", "/guide", "/plain.txt")
    }
    texts = documents(mixed.archive)
    assert "install and run" in texts[f"{at}/guide"]
    assert texts[f"{at}/plain.txt"] == "naïve"
    assert [r["error"] for r in rows(mixed.archive) if r["error"]] == []


def test_the_same_command_again_asks_only_for_what_was_not_had(mixed: Mixed) -> None:
    again = {(host, path) for host, path, _ in mixed.sites.requests[mixed.asked_first :]}
    assert {host for host, _ in again} == {"closed.test", "heavy.test", "dying.test"}
    assert {path for host, path in again if host == "heavy.test"} == {"/cut", "/slow"}
    assert ("closed.test", "/robots.txt") in again
    assert re.search(r"(\d+) pages, .* 0 fetched now and \1 known before", mixed.second.stdout)


# ---- novels ----------------------------------------------------------------------------------------------------


def novel(charset: str, title: str, chapters: int, broken: set[int]) -> Site:
    """A novel site: the newest chapters above the whole list, a chapter in two pages, and `broken` ones that fail."""

    def html(body: str) -> Reply:
        head = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}"></head><body>'
        return Reply(f"{head}{body}</body></html>".encode(charset))

    def answer(path: str) -> Reply | None:
        found = re.fullmatch(r"/book/(\d+)(_2)?\.html", path)
        if path == "/book/":
            order = [chapters, *range(1, chapters + 1)]
            links = "".join(f'<dd><a href="{n}.html">第{n}章 歸來</a></dd>' for n in order)
            return html(f"<h1>{title}</h1><div id=list>{links}</div><a href='/'>首頁</a>")
        if not found or not 1 <= int(found[1]) <= chapters:
            return None
        number = int(found[1])
        if number in broken:
            return Reply(b"sorry", status=500)
        text = f"　　第{number}章的正文。<br/><br/>　　「{title}」他說道。"
        foot = f"<a href='{number + 1}.html'>下一章</a><script>advert()</script>"
        if number == 2:
            text = "　　後一頁。" if found[2] else text
            foot = f"<a href='{'3' if found[2] else '2_2'}.html'>下一頁</a>"
        return html(f"<h1>第{number}章 歸來</h1><div id=content>{text}</div>{foot}")

    return answer


class Novels(NamedTuple):
    """Two books read twice, with a chapter that failed the first time."""

    folder: Path
    sites: Sites
    first: subprocess.CompletedProcess[str]
    first_text: str
    asked_first: int
    second: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def novels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Novels]:
    folder = tmp_path_factory.mktemp("novels")
    broken = {4}
    with served({"gbk.test": novel("gbk", "長夜", 6, broken), "big5.test": novel("big5", "山海", 3, set())}) as log:
        at = log.at
        arguments = [at("gbk.test") + "/book/", at("big5.test") + "/book/", "-o", "n.warc.gz", "--delay", "0.02"]
        arguments += ["--allow-host", "gbk.test", "--allow-host", "big5.test"]
        arguments += ["--book", "--follow", "#list", "--content", "#content"]
        first = crawl(*arguments, cwd=folder)
        text = (folder / "n.txt").read_text(encoding="utf-8")
        asked = len(log.requests)
        broken.clear()
        yield Novels(folder, log, first, text, asked, crawl(*arguments, cwd=folder))


def test_a_book_has_its_chapters_in_order_and_says_which_are_missing(novels: Novels) -> None:
    assert novels.first.returncode == 1, novels.first.stderr
    assert "missing: 長夜: chapter 4, 第4章 歸來" in novels.first.stderr
    text = novels.first_text
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings[:6] == ["# 長夜", *(f"## 第{n}章 歸來" for n in (1, 2, 3, 5, 6))]
    assert headings[6:] == ["# 山海", *(f"## 第{n}章 歸來" for n in (1, 2, 3))]
    assert "第2章的正文。\n\n「長夜」他說道。\n\n後一頁。\n\n## 第3章" in text
    assert "advert" not in text
    assert "下一" not in text


def test_a_book_is_finished_without_asking_again(novels: Novels) -> None:
    assert novels.second.returncode == 0, novels.second.stderr
    assert [r[:2] for r in novels.sites.requests[novels.asked_first :]] == [("gbk.test", "/book/4.html")]
    table_of = [json.loads(line) for line in (novels.folder / "n.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["book"], row["chapter"]) for row in table_of] == [
        *(("長夜", n) for n in range(1, 7)), *(("山海", n) for n in range(1, 4)),
    ]  # fmt: skip
    assert set(table_of[0]) == {"id", "url", "title", "text", "book", "chapter"}
    assert table_of[3]["text"] == "第4章的正文。\n「長夜」他說道。"


def test_bytes_of_novels_stay_as_they_came_and_read_back_right(novels: Novels) -> None:
    folder, log = novels.folder, novels.sites
    url = log.at("gbk.test") + "/book/1.html"
    assert stored(folder / "n.warc.gz")[url] == log.sites["gbk.test"]("/book/1.html").body
    read = {row["url"]: row for row in rows(folder / "n.warc.gz") if not row["skipped"]}
    assert "第1章的正文" in read[url]["html"]
    assert read[url]["charset"] == "gb18030"
    big5 = read[log.at("big5.test") + "/book/3.html"]
    assert ("山海" in big5["html"], big5["charset"]) == (True, "big5")


# ---- kills -----------------------------------------------------------------------------------------------------


def test_interrupted_and_killed_crawls_go_on_where_they_were(tmp_path: Path) -> None:
    pages = {"/": page("All", *(f"/{n}" for n in range(30)))} | {f"/{n}": page(f"Page {n}") for n in range(30)}
    with served({"long.test": table(pages)}) as log:
        arguments = (log.at("long.test"), "-o", "k.warc.gz", "--allow-host", "long.test", "--delay", "0.1")

        def run_until(requests: int, number: signal.Signals) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                crawl_command(*arguments), cwd=tmp_path, env=environment(), stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip
            limit = time.monotonic() + 60
            while len(log.requests) < requests and time.monotonic() < limit:
                time.sleep(0.01)
            process.send_signal(number)
            process.wait(30)
            return process

        interrupted = run_until(6, signal.SIGINT)
        assert interrupted.returncode == 130
        assert interrupted.stderr is not None and b"goes on where this one was" in interrupted.stderr.read()
        documents(tmp_path / "k.warc.gz")
        killed = run_until(14, signal.SIGKILL)
        assert killed.returncode == -9
        killed.stderr.close()
        interrupted.stderr.close()
        with (tmp_path / "k.warc.gz").open("ab") as file:  # as if the kill had come in the middle of a record
            file.write(gzip.compress(b"WARC/1.1\r\nWARC-Type: response\r\n" + b"x" * 5000)[:60])
        done = crawl(*arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "bytes of a half-written record cut off" in done.stderr
        assert set(documents(tmp_path / "k.warc.gz")) == {log.at("long.test") + path for path in pages}
        asked = Counter(log.paths("long.test"))
        assert set(asked) == {*pages, "/robots.txt"}
        assert sum(asked.values()) <= len(asked) + 2, "only pages in flight at the interrupt and the kill twice"
        assert len(stored(tmp_path / "k.warc.gz")) == len(asked)


# ---- wrong use, and nothing to be had ----------------------------------------------------------------------------


def test_nothing_to_be_had_and_wrong_selectors(tmp_path: Path) -> None:
    denied = table({"/robots.txt": Reply(b"User-agent: *\nDisallow: /")})
    with served({"denied.test": denied, "gbk.test": novel("gbk", "長夜", 3, set())}) as log:
        at = log.at
        allowed = ("--allow-host", "denied.test", "--allow-host", "gbk.test", "--allow-host", "127.0.0.1:1")
        book = (at("gbk.test") + "/book/", "-o", "b.warc.gz", "--book", "--delay", "0", *allowed)
        runs = [
            (at("denied.test"), "http://127.0.0.1:1/", "-o", "a.warc.gz", "--delay", "0", *allowed),
            (*book, "--follow", "#chapters", "--content", "#content"),
            (*book, "--follow", "#list", "--content", ".text"),
        ]
        said = [crawl(*arguments, cwd=tmp_path) for arguments in runs]
    assert [done.returncode for done in said] == [3, 2, 2], said
    assert "does not allow it to crawlers" in said[0].stderr
    assert "127.0.0.1:1 cannot be reached: connection refused" in said[0].stderr
    assert "--follow '#chapters' matches no link" in said[1].stderr
    assert "div#list > dd > a   (4 links, as “第2章 歸來”)" in said[1].stderr
    assert "--content '.text' matches no text on" in said[2].stderr
    assert "div#content" in said[2].stderr
    assert not (tmp_path / "b.txt").exists()


def test_starting_the_command_imports_no_crawler(tmp_path: Path) -> None:
    code = "import sys, curate.cli, curate.crawl.command as c; c.register(curate.cli.app)\n"
    code += "print([m for m in ('scrapy', 'twisted', 'parsel', 'lxml') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == "[]"
