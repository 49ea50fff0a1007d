"""`llmsapp crawl`."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from curate.crawl.walk import Tally, Walker

# The exit codes of `curate.cli`, which imports this module.
FAILED, CONFIGURATION, INPUT, ENVIRONMENT, INTERRUPTED = 1, 2, 3, 5, 130
PLAIN_EVERY_S = 30.0  # as everywhere without a terminal


def register(app: typer.Typer) -> None:
    """Add `crawl` to the commands of `app`."""
    app.command()(crawl)


def crawl(
    urls: Annotated[list[str], typer.Argument(metavar="URL", help="Where to start; with --book, contents pages.")],
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="OUT.warc.gz", help="The crawl; continued if it is there.")
    ],
    depth: Annotated[int | None, typer.Option(min=0, help="Links from the start that are followed; 5.")] = None,
    pages: Annotated[
        int | None, typer.Option(min=1, help="Pages of each site; 1,000. With --book: chapters, all of them.")
    ] = None,
    per_pattern: Annotated[
        int | None,
        typer.Option(min=1, help="Addresses of one shape, as /tag/#; 500, a tenth for dates as in calendars."),
    ] = None,
    delay: Annotated[
        float | None, typer.Option(min=0, help="Seconds between requests to a host; 1. A site may ask for more.")
    ] = None,
    contact: Annotated[
        str | None, typer.Option(help="Your mail or web address, told to the sites in the user agent.")
    ] = None,
    allow_host: Annotated[
        list[str], typer.Option("--allow-host", metavar="HOST[:PORT]", help="A host that may be at a private address.")
    ] = [],  # noqa: B006 -- typer reads the default, nothing changes it
    follow: Annotated[str | None, typer.Option(metavar="CSS", help="Follow only links in what this selects.")] = None,
    content: Annotated[str | None, typer.Option(metavar="CSS", help="With --book: where a chapter's text is.")] = None,
    book: Annotated[bool, typer.Option("--book", help="Write the chapters of a contents page as one text.")] = False,
) -> None:
    """Crawl sites politely into a WARC: robots.txt, a pause between requests, an honest name; resumed when run again.

    A novel: llmsapp crawl https://…/contents.html -o novel.warc.gz --book --follow '#list a' --content '#content'
    """
    with _errors():
        from curate.crawl.addresses import Guard, allowed_host
        from curate.crawl.archive import SUFFIX, Archive
        from curate.crawl.crawling import DELAY_S, user_agent
        from curate.crawl.markup import xpath
        from curate.crawl.urls import canonical

        if book and not (follow and content):
            _stop(
                CONFIGURATION, "--book needs --follow CSS, the links to chapters, and --content CSS, a chapter's text"
            )
        if content and not book:
            _stop(
                CONFIGURATION,
                "--content goes with --book; a crawl keeps whole pages, and `extract_html` finds their text",
            )
        starts = list(dict.fromkeys(canonical(url if "://" in url else f"https://{url}") for url in urls))
        for selector in filter(None, (follow, content)):
            xpath(selector)  # what is no CSS is told before anything is fetched
        guard = Guard([allowed_host(host) for host in allow_host])
        agent = user_agent(contact)
        about = {"software": agent, "format": "WARC File Format 1.1", "robots": "obey", "transfer-coding": "removed"}
        with Archive(out, about) as archive, _shown() as show:
            if archive.cut:
                typer.echo(f"{out}: {archive.cut:,} bytes of a half-written record cut off", err=True)
            how = {"agent": agent, "delay_s": DELAY_S if delay is None else delay}
            walk = {"starts": starts, "archive": archive, "guard": guard, "progress": show}
            if book:
                walker = _read_books(follow or "", content or "", pages, **how, **walk)
            else:
                walker = _walk_sites(follow, depth, pages, per_pattern, **how, **walk)
        missing = _write_books(walker, out.with_name(out.name.removesuffix(SUFFIX))) if book else 0
        _tell(walker.tally, out)
        if len(walker.tally.starts_missed) == len(starts):
            raise typer.Exit(INPUT)
        if missing or walker.tally.starts_missed or walker.tally.sites_gone:
            raise typer.Exit(FAILED)


def _walk_sites(
    follow: str | None, depth: int | None, pages: int | None, per_pattern: int | None, **how: Any
) -> Walker:
    from curate.crawl.crawling import crawl as run
    from curate.crawl.site import DEPTH, PAGES, PER_PATTERN, SiteSpider

    depth = DEPTH if depth is None else depth
    return run(
        SiteSpider, follow=follow, depth=depth, most=pages or PAGES, per_pattern=per_pattern or PER_PATTERN, **how
    )


def _read_books(follow: str, content: str, chapters: int | None, **how: Any) -> Walker:
    from curate.crawl.book import BookSpider
    from curate.crawl.crawling import crawl as run

    return run(BookSpider, follow=follow, content=content, chapters=chapters, **how)


def _write_books(walker: Any, stem: Path) -> int:
    """Write what was read, say what is missing; returns how many chapters that is."""
    from curate.crawl.book import write_books

    books = [walker.books[start] for start in walker.starts if start in walker.books]
    if not books:
        return 0
    text, rows = write_books(books, stem)
    for book in books:
        characters = sum(len(chapter.text) for chapter in book.chapters)
        typer.echo(f"{_safe(book.title)}: {len(book.chapters):,} chapters, {characters:,} characters")
    typer.echo(f"{text}\n{rows}")
    missing = [f"{_safe(book.title)}: {_safe(why)}" for book in books for why in book.missing]
    for why in missing:
        typer.echo(f"missing: {why}", err=True)
    if missing:
        typer.echo(
            f"error: {len(missing)} chapters are missing; the same command again asks only for what failed", err=True
        )
    return len(missing)


def _tell(tally: Tally, out: Path) -> None:
    for reason, count in tally.left_out.most_common():
        typer.echo(f"not taken: {count:>7,}  {_safe(reason)}   as {_safe(tally.examples[reason])}")
    typer.echo(
        f"{out}: {tally.pages:,} pages, {tally.bytes / 1e6:,.1f} MB, {tally.fetched:,} fetched now and {tally.known:,} "
        "known before"
    )
    for problem in (*tally.starts_missed, *tally.sites_gone):
        typer.echo(f"error: {_safe(problem)}", err=True)


@contextlib.contextmanager
def _shown() -> Iterator[Callable[[str], None]]:
    """A function to call with each line of progress: live on a terminal, now and then elsewhere."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.status import Status

        with Status("starting", console=Console(stderr=True)) as status:
            yield lambda line: status.update(_safe(line).replace("[", "\\["))
        return
    last = time.monotonic()

    def plain(line: str) -> None:
        nonlocal last
        if time.monotonic() - last >= PLAIN_EVERY_S:
            last = time.monotonic()
            typer.echo(_safe(line), err=True)

    yield plain


def _safe(text: str) -> str:
    """Crawled text for a terminal: what hides or recolours is shown by its name."""
    from curate.page.visible import plain

    return plain(text, 300)


def _stop(code: int, message: str) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(code)


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """Turns what can go wrong into a sentence and an exit code."""
    try:
        import scrapy  # noqa: F401
    except ImportError as error:
        _stop(ENVIRONMENT, f"crawling needs the package {error.name}: pip install 'llmsapp[crawl]'")

    from curate.crawl.archive import ArchiveRefused
    from curate.crawl.markup import BadSelector
    from curate.crawl.urls import BadUrl
    from curate.crawl.walk import NothingMatched

    try:
        yield
    except (ArchiveRefused, BadSelector, NothingMatched, BadUrl) as error:
        _stop(CONFIGURATION, str(error))
    except OSError as error:
        _stop(ENVIRONMENT, str(error))
    except KeyboardInterrupt:
        typer.echo("interrupted; the same command goes on where this one was", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except ValueError as error:
        if str(error).startswith("--"):  # an option that is not what it says
            _stop(CONFIGURATION, str(error))
        raise
