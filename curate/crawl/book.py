"""The spider that reads a contents page and its chapters in order, as one text with a heading per chapter.

Novel sites repeat the newest chapters above the whole list, and a button to the first one; so a chapter that is listed
more than once stands where it is listed last. Long chapters are cut into pages with a link from each to the next.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.crawl.markup import Link, Markup, one_line
from curate.crawl.missed import Missed
from curate.crawl.pages import Page
from curate.crawl.site import nothing_followed
from curate.crawl.urls import same_page, site_of
from curate.crawl.walk import NothingMatched, Walker
from curate.work import write_text

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response

PAGES_OF_CHAPTER = 50  # a chapter cut into more leads in circles
_NEXT_PAGE = re.compile(r"[\s(（\[<«]*(?:下一[页頁]|下[页頁]|next\s+page)[\s)）\]>»→]*", re.I)


@dataclass
class Chapter:
    """A chapter; `number` is its place in the contents, from 1, missing chapters counted. `parts`: a text per page."""

    number: int
    url: str
    title: str
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.parts)


@dataclass
class Book:
    """The chapters that were had, in the order of the contents; `missing` says of each other one why."""

    url: str
    title: str
    listed: int  # chapters in the contents
    chapters: list[Chapter] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


class BookSpider(Walker):
    """Reads the books whose contents pages are the starts.

    `follow` selects the links to chapters, `content` the text on a chapter's page; both CSS. `most` chapters at most,
    None for all. `books` has what was read, by the start's address.
    """

    name = "book"

    def __init__(self, *args: Any, follow: str, content: str, chapters: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._follow = follow
        self._content = content
        self._wanted = chapters
        self.books: dict[str, Book] = {}

    def parse(self, response: Response, **_: Any) -> Iterator[Request]:
        """Requests for the chapters of a contents page."""
        request = response.request
        assert request is not None
        try:
            page = self.page(response)
        except Missed as why:
            self.miss(request, why)
            return
        markup = page.markup()
        links = listed_once(markup.links(self._follow), page.url)
        if not links:
            raise NothingMatched(nothing_followed(self._follow, markup, page.url))
        book = Book(page.url, markup.title or page.url, len(links))
        self.books[request.meta.get("redirect_urls", [request.url])[0]] = book
        known = {same_page(link.url) for link in links} | {same_page(page.url)}
        for number, link in enumerate(links[: self._wanted], 1):
            chapter = Chapter(number, link.url, link.text)
            if site_of(link.url) not in self.sites:
                self._lack(book, chapter, f"{link.url} is on another site")
                continue
            yield self.request(
                link.url, callback=self.parse_chapter, dont_filter=True, meta={"chapter": (book, chapter, known)}
            )

    def parse_chapter(self, response: Response) -> Iterator[Request]:
        """Take a page of a chapter; a request for its next page, if it has one."""
        request = response.request
        assert request is not None
        try:
            page = self.page(response)
        except Missed as why:
            self.miss(request, why)
            return
        book, chapter, known = request.meta["chapter"]
        self.progress(f"{book.title}: chapter {chapter.number} of {book.listed}; {page.url}")
        markup = page.markup() if page.is_markup else None
        text = chapter_text(page, markup, self._content)
        if not text:
            if not book.chapters and not chapter.parts:
                raise NothingMatched(_nothing_inside(self._content, page))
            self._lack(book, chapter, f"--content {self._content!r} matches no text on {page.url}")
            return
        if not chapter.parts:
            chapter.url = page.url
            chapter.title = chapter.title or (markup.title if markup else "") or f"{chapter.number}"
        chapter.parts.append(without_heading(text, chapter.title))
        following = next_page(markup, known | {same_page(page.url)}) if markup else None
        if following and len(chapter.parts) < PAGES_OF_CHAPTER and site_of(following) in self.sites:
            known.add(same_page(following))
            # Before the next chapter: scrapy lowers the priority with the depth, which grows by one with each page.
            ahead = len(chapter.parts) + 1
            yield request.replace(url=following, meta={"chapter": request.meta["chapter"]}, priority=ahead)
        else:
            book.chapters.append(chapter)

    def miss(self, request: Request, why: Missed) -> None:
        """Count the page of `request` as missed, a chapter's in its book."""
        if "chapter" in request.meta:
            book, chapter, _ = request.meta["chapter"]
            self._lack(book, chapter, str(why))
        else:
            super().miss(request, why)

    def closed(self, reason: str) -> None:
        """Put the chapters in order; a page that was tried again came late."""
        for book in self.books.values():
            book.chapters.sort(key=lambda chapter: chapter.number)

    def _lack(self, book: Book, chapter: Chapter, why: str) -> None:
        """A chapter of which a page is missing is missing: half a chapter would read as a whole one."""
        book.missing.append(f"chapter {chapter.number}, {chapter.title or chapter.url}: {why}")


def listed_once(links: Sequence[Link], contents: str) -> list[Link]:
    """The chapters of a contents page in order: each where it is listed last, none the page itself."""
    last: dict[str, Link] = {}
    for link in links:
        earlier = last.pop(same_page(link.url), link)
        last[same_page(link.url)] = link if link.text else link._replace(text=earlier.text)
    last.pop(same_page(contents), None)
    return list(last.values())


def next_page(markup: Markup, known: set[str]) -> str | None:
    """Where the page says its next page is; None where that is a chapter of its own, or a page seen before."""
    for link in markup.links():
        if _NEXT_PAGE.fullmatch(link.text):
            return None if same_page(link.url) in known else link.url
    return None


def chapter_text(page: Page, markup: Markup | None, content: str) -> str:
    """The text of a chapter's page, a line per paragraph; "" where `content` matches nothing."""
    if markup:
        return markup.text(content)
    return "\n".join(filter(None, map(one_line, page.html.splitlines())))


def without_heading(text: str, title: str) -> str:
    """`text` without its first line where that repeats the title, on later pages with the page's number behind it."""
    first, _, rest = text.partition("\n")
    repeats = first.startswith(title) and re.fullmatch(r"\s*[(（]?[\d/／第页頁 ]*[)）]?", first[len(title) :])
    return rest if rest and title and repeats else text


def book_text(book: Book) -> str:
    """The book as Markdown: its title, then each chapter under its heading, a blank line between paragraphs."""
    parts = [f"# {book.title}"]
    for chapter in book.chapters:
        parts += [f"## {chapter.title}", *chapter.text.split("\n")]
    return "\n\n".join(parts) + "\n"


def write_books(books: Sequence[Book], stem: Path) -> tuple[Path, Path]:
    """Write `STEM.txt`, all books one after another, and `STEM.jsonl`, a row per chapter.

    Columns: `id` (a hash of the address), `url`, `title`, `text`, `book`, `chapter`. Each file is whole or not there.
    """
    text = stem.with_name(f"{stem.name}.txt")
    rows = stem.with_name(f"{stem.name}.jsonl")
    write_text(text, "\n".join(book_text(book) for book in books))
    lines = []
    for book in books:
        for chapter in book.chapters:
            row = {
                "id": hashlib.sha256(chapter.url.encode()).hexdigest()[:32],
                "url": chapter.url,
                "title": chapter.title,
                "text": chapter.text,
                "book": book.title,
                "chapter": chapter.number,
            }
            lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    write_text(rows, "".join(lines))
    return text, rows


def _nothing_inside(selector: str, page: Page) -> str:
    places = page.markup().places_of_text()
    shown = "\n".join(f"  {place}" for place in places) if places else "  no text at all"
    return f"--content {selector!r} matches no text on {page.url}; its text is at\n{shown}"
