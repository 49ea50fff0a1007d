"""Extraction as a step: the main text of each page by the engine of your choice, and what its markup says besides.

Every option of an upstream library is set in exactly one place, the function of its engine. Pages that would make a
DOM parser quadratic are found before parsing by counting (`markup_work`), so that what becomes of a page depends on
the page alone and not on a clock; such a page gets a reason in `error` and is quarantined.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from curate.extract.head import Head, head_of
from curate.extract.markup import QA, TITLE, may_ask, questions_of, title_of
from curate.schema import Batch, set_column

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from curate.extract.kernel import Extracted


class Options(NamedTuple):
    """What can be asked of any engine."""

    focus: str = "balanced"
    include_comments: bool = False
    include_tables: bool = True
    format: str = "text"


class TooComplex(ValueError):
    """The page would cost an engine more than a page may; the message says which count is over which cap."""


def extract_html(
    engine: str = "kernel",
    *,
    focus: str = "balanced",
    include_comments: bool = False,
    include_tables: bool = True,
    format: str = "text",
    metadata: bool = True,
) -> ExtractHtml:
    """The step that turns column `html` into column `text`, and what the markup says besides into `title` and `qa`.

    `engine` is "kernel" (ours: a learned model of blocks, one pass over the bytes, over a thousand pages per second and
    core), "trafilatura" (20 to 50) or "resiliparse" (200 to 500, keeps more navigation). `focus` is "precision" (when
    unsure, leave out), "balanced" or "recall" (when unsure, keep); `include_comments` keeps readers' comments below an
    article (not by the kernel); `include_tables` keeps tables (resiliparse always does); `format` is "text" or
    "markdown" (kernel and trafilatura); `metadata` brings the columns `title`, `description`, `page_language`,
    `published` (a day), `canonical_url` (strings, see `curate.extract.head`), `outline` (list of headings as Markdown;
    by the kernel only) and `qa` (questions with their answers: list of struct question, answer, method, see
    `curate.extract.markup`). Raises ValueError for a name that is none of these.
    """
    if engine not in ENGINES:
        raise ValueError(f"extract_html: there is no engine {engine!r}; choose one of {', '.join(ENGINES)}")
    if focus not in _FOCUS:
        raise ValueError(f"extract_html: there is no focus {focus!r}; choose one of {', '.join(_FOCUS)}")
    if format not in _FORMATS:
        raise ValueError(f"extract_html: there is no format {format!r}; choose one of {', '.join(_FORMATS)}")
    if engine == "kernel" and include_comments:
        raise ValueError("extract_html: the kernel leaves readers' comments out; with them: engine: trafilatura")
    if engine == "resiliparse" and format == "markdown":
        raise ValueError("extract_html: resiliparse writes no Markdown; choose the engine kernel or trafilatura")
    return ExtractHtml(engine, focus, include_comments, include_tables, format, metadata)


@dataclass(frozen=True)
class ExtractHtml:
    """`text` from `html` for every row that has no text yet; `html` leaves the batch.

    Null `html` and present `text` are left as they are. A page without main text gets "", which is no error. A row
    that cannot be extracted keeps its place, gets null `text` and its reason in `error` (null elsewhere). With
    `metadata`, its columns are filled where they are null and there is `html`, and null where the page says nothing.
    The kernel adds `capped`: what of a page it read up to a cap only ("blocks", "elements", "depth", joined by "+"),
    null elsewhere.
    """

    engine: str
    focus: str
    include_comments: bool
    include_tables: bool
    format: str = "text"
    metadata: bool = True

    name = "extract_html"
    version = "4"

    @property
    def depends(self) -> tuple[str, ...]:
        """What shapes the columns besides this package: the engine's libraries, and normalisation's."""
        from importlib.metadata import version

        from curate.normalization import Normalize

        return (*(f"{package} {version(package)}" for package in _PACKAGES[self.engine]), *Normalize().depends)

    def warm_ups(self) -> list[Callable[[], object]]:
        """Calls that share no kernel, which two cores compile side by side (`curate.warmup`); none: the step."""
        if self.engine != "kernel":
            return []
        from curate.extract.kernel import STRINGENCY, Page, load_model

        markup = np.frombuffer(b"<p>x</p>", np.uint8)

        def judging() -> None:
            page = Page()  # of no blocks: that is enough to compile
            page.describe()
            page.judge(load_model(), STRINGENCY[self.focus])
            page.write(markdown=True)
            _mended(bytes(markup))
            may_ask(markup)

        return [lambda: Page().read(markup), judging]

    def __call__(self, batch: Batch) -> Batch:
        if "html" not in batch.schema.names:
            raise ValueError(
                f"extract_html reads column `html`, but the batch has only {', '.join(batch.schema.names)}; "
                "put it directly behind a source of markup (warc, html)"
            )
        options = Options(self.focus, self.include_comments, self.include_tables, self.format)
        texts = _column(batch, "text")
        errors = _column(batch, "error")
        outlines, capped = _column(batch, "outline"), _column(batch, "capped")
        pages = [None if page is None else _mended(page) for page in batch.column("html").cast(pa.binary()).to_pylist()]
        for i, page in enumerate(pages):
            if page is None or texts[i] is not None or errors[i] is not None:
                continue
            try:
                if self.engine == "kernel":
                    found = _by_kernel(page, options)
                    texts[i], outlines[i], capped[i] = found.text, found.outline or None, found.capped or None
                else:
                    texts[i] = ENGINES[self.engine](page, options)
            except TooComplex as reason:
                errors[i] = f"too complex for {self.engine}: {reason}"
            except Exception as error:  # noqa: BLE001  whatever an engine raises is this page's reason, never the batch's
                errors[i] = f"{self.engine} failed: {type(error).__name__}: {error}"[:300]
        batch = set_column(batch, "text", pa.array(texts, pa.string()))
        if self.metadata:
            batch = _described(batch, pages)
            batch = set_column(batch, "outline", pa.array(outlines, OUTLINE))
        if self.engine == "kernel":
            batch = set_column(batch, "capped", pa.array(capped, pa.string()))
        batch = set_column(batch, "error", pa.array(errors, pa.string()))
        return batch.drop_columns(["html"])


OUTLINE = pa.list_(pa.string())


def _described(batch: Batch, pages: list[bytes | None]) -> Batch:
    """`batch` with the columns of what its pages' markup says, filled where they are null."""
    heads = [None if page is None else head_of(page) for page in pages]
    of_head = [(name, pa.string(), [h and getattr(h, name) for h in heads]) for name in Head._fields]
    titles = [None if page is None else title_of(page.decode("utf-8")) for page in pages]
    asked = [None if page is None else _questions(page) for page in pages]
    columns: list[tuple[str, pa.DataType, list[Any]]] = [("title", TITLE, titles), ("qa", QA, asked), *of_head]
    for name, dtype, said in columns:
        if name in batch.schema.names and batch.schema.field(name).type != dtype:
            raise ValueError(
                f"extract_html fills column `{name}` of type {dtype}, but the source brings it as "
                f"{batch.schema.field(name).type}: leave that column out, or set metadata: false"
            )
        given = _column(batch, name)
        values = [new if old is None else old for old, new in zip(given, said, strict=True)]
        batch = set_column(batch, name, pa.array(values, dtype))
    return batch


def _questions(page: bytes) -> list[dict[str, str]] | None:
    if not may_ask(np.frombuffer(page, np.uint8)):
        return None
    return [pair._asdict() for pair in questions_of(page.decode("utf-8"))] or None


def _mended(page: bytes) -> bytes:
    """`page` with its mojibake repaired, where it has control characters that only mojibake leaves.

    UTF-8 read as windows-1252 needs U+0081 to U+009F to be undone; every engine drops them, and after extraction
    nothing can repair the text any more.
    """
    from curate.kernels.html.scan import has_c1

    if not has_c1(np.frombuffer(page, np.uint8)):
        return page
    from curate.normalization import mojibake

    return mojibake(page.decode("utf-8")).encode("utf-8")


def _column(batch: Batch, name: str) -> list[Any]:
    return batch.column(name).to_pylist() if name in batch.schema.names else [None] * batch.num_rows


# ---- the engines: markup and options -> main text ---------------------------------------------------------------


Markup = str | bytes  # a page: text, or the UTF-8 of it


def by_kernel(html: Markup, options: Options) -> str:
    """The main text by our own kernels, see `curate.extract.kernel`."""
    return _by_kernel(html, options).text


def _by_kernel(html: Markup, options: Options) -> Extracted:
    from curate.extract.kernel import main_text

    markdown = options.format == "markdown"
    return main_text(html, options.focus, markdown=markdown, tables=options.include_tables)


def by_trafilatura(html: Markup, options: Options) -> str:
    """The main text by trafilatura, from a tree that we parse.

    trafilatura gives None both for a page without text and for one that it rejects; both become "" here. What it or
    lxml raises is passed on. Its own parser would cut a page silently at a text node above 10 MB and at a reference
    to a surrogate (`&#xD800;`), hence our tree (see `parsed`).
    """
    import trafilatura

    _quiet_trafilatura()
    tree = parsed(html)
    if tree is None:
        return ""
    text = trafilatura.extract(
        tree,
        output_format="markdown" if options.format == "markdown" else "txt",
        fast=False,
        favor_precision=options.focus == "precision",
        favor_recall=options.focus == "recall",
        include_comments=options.include_comments,
        include_tables=options.include_tables,
        include_formatting=options.format == "markdown",
        include_links=False,
        include_images=False,
        deduplicate=False,  # it remembers earlier pages: output would depend on the batch
        with_metadata=False,
    )
    return text or ""


def by_resiliparse(html: Markup, options: Options) -> str:
    """The main text by resiliparse (lexbor); `focus="recall"` keeps everything visible, not only the main part."""
    from resiliparse.extract.html2text import extract_plain_text

    markup = well_formed(html)
    _refuse(markup_work(markup.encode("utf-8")), _RESILIPARSE_CAPS)
    text: str = extract_plain_text(
        markup,
        preserve_formatting=True,
        main_content=options.focus != "recall",
        list_bullets=False,
        alt_texts=False,
        links=False,
        form_fields=False,
        noscript=False,
        comments=options.include_comments,
    )
    return text


# A new engine is a function here, its name in this table, and the packages it depends on in the next.
ENGINES: dict[str, Callable[[Markup, Options], str]] = {
    "kernel": by_kernel,
    "trafilatura": by_trafilatura,
    "resiliparse": by_resiliparse,
}
_PACKAGES: dict[str, tuple[str, ...]] = {
    "kernel": ("numba",),
    "trafilatura": ("trafilatura", "lxml", "justext"),
    "resiliparse": ("resiliparse",),
}
_FOCUS = ("precision", "balanced", "recall")
_FORMATS = ("text", "markdown")


def parsed(html: Markup) -> HtmlElement | None:
    """The lxml tree that trafilatura is given; None where there is no element at all.

    The same parser options as trafilatura's, plus `huge_tree`, which lifts the limit of 10 MB per text node. Raises
    TooComplex before parsing anything that libxml2 or trafilatura would need quadratic time for.
    """
    from lxml.etree import ElementDefaultClassLookup, ParserError
    from lxml.html import HtmlElement, HTMLParser, fromstring

    raw = _repaired(_well_formed(html))
    _refuse(markup_work(raw), _TRAFILATURA_CAPS)
    parser = HTMLParser(
        collect_ids=False,
        default_doctype=False,
        encoding="utf-8",
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,
    )
    # lxml asks a Python function for the class of every element, for the sake of forms: 5 % of trafilatura's time.
    parser.set_element_class_lookup(ElementDefaultClassLookup(element=HtmlElement))
    try:
        return fromstring(raw, parser=parser)
    except ParserError:  # "Document is empty": blanks, a doctype, comments only
        return None


def well_formed(html: Markup) -> str:
    """`html` without what breaks parsers: NULs, lone surrogates, references to characters that do not exist."""
    return _well_formed(html).decode("utf-8")


def _well_formed(html: Markup) -> bytes:
    try:
        raw = html if isinstance(html, bytes) else html.encode("utf-8")
    except UnicodeEncodeError:
        raw = _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", str(html)).encode("utf-8")
    if b"\0" in raw:
        raw = raw.replace(b"\0", b"")
    return raw if _DOUBTFUL.search(raw) is None else _REFERENCE.sub(_existing, raw)


_SURROGATES = re.compile("[\ud800-\udfff]")
_REFERENCE = re.compile(rb"&#(?:([0-9]+)|[xX]([0-9a-fA-F]+));?")
# Every reference that `_existing` changes, and few others: 0, surrogates, seven decimal or six hexadecimal digits.
_DOUBTFUL = re.compile(
    rb"&#(?:0*+(?:5[5-7][0-9]{3}|[1-9][0-9]{6}|(?<=0)(?![0-9]))"
    rb"|[xX]0*+(?:[dD][89a-fA-F]|[1-9a-fA-F][0-9a-fA-F]{5}|(?<=0)(?![0-9a-fA-F])))"
)


def _existing(reference: re.Match[bytes]) -> bytes:
    digits, base = (reference[1], 10) if reference[1] else (reference[2], 16)
    digits = digits.lstrip(b"0")
    code = int(digits, base) if 0 < len(digits) <= 8 else 0
    lost = not 0 < code < 0x110000 or 0xD800 <= code < 0xE000
    return "\N{REPLACEMENT CHARACTER}".encode() if lost else reference[0]


def _repaired(raw: bytes) -> bytes:
    """What trafilatura's own repair for libxml2 makes of UTF-8 markup; it is asked only where it would change a page.

    That is where there are control characters, a doctype with a slash in it (or without a line end), `<html/>`.
    """
    from trafilatura.utils import repair_faulty_html

    head = raw[:16_384].decode("utf-8", "ignore")[:4096]  # as far as it looks for `<html/>`
    doctype = "doctype" in head[:50].lower()
    if not (
        len(raw.translate(None, _CONTROLS)) < len(raw)
        or _NON_CHARACTERS.search(raw) is not None
        or (doctype and (b"/" in raw[: raw.find(b">")] or b"\n" not in raw))
        or any("<html" in line and line.endswith("/>") for line in head.splitlines()[:4])
    ):
        return raw
    markup = raw.decode("utf-8")
    repaired: str = repair_faulty_html(markup, markup[:50].lower())
    return repaired.encode("utf-8")


_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r"))
_NON_CHARACTERS = re.compile(rb"\xef\xbf[\xbe\xbf]")  # U+FFFE, U+FFFF


def _quiet_trafilatura() -> None:
    """trafilatura logs an error for every page without text; those pages are counted elsewhere."""
    import logging

    logger = logging.getLogger("trafilatura")
    if logger.level != logging.CRITICAL:  # setting it empties what every logger of the process remembers
        logger.setLevel(logging.CRITICAL)


# ---- how much work a page is ------------------------------------------------------------------------------------


class Work(NamedTuple):
    """What of a page makes parsers slow, counted in one linear pass. A cap of None leaves that count free."""

    bytes: int | None  # of UTF-8
    tags: int | None  # start tags
    attributes: int | None  # of the element with most
    depth: int | None  # most elements open at once, by the tags as written
    paragraphs: int | None  # <p> start tags
    breaks: int | None  # <br> start tags


# Of 1,376 annotated pages the largest has 0.7 MB, 7,217 tags, 184 attributes in a tag, depth 57, 626 paragraphs and
# 400 breaks. At its caps trafilatura takes a few CPU seconds; above them it grows with the square (30,000 unclosed
# <p> take 3 s, 100,000 were stopped after 15) or cuts the page silently (depth 256).
_TRAFILATURA_CAPS = Work(bytes=20_000_000, tags=100_000, attributes=2_000, depth=250, paragraphs=20_000, breaks=30_000)
_RESILIPARSE_CAPS = Work(bytes=50_000_000, tags=None, attributes=2_000, depth=1_000, paragraphs=None, breaks=None)


def markup_work(markup: bytes) -> Work:
    """The counts of `markup`; comments and the insides of scripts, styles and text areas are no tags.

    `depth` counts start tags less end tags of elements that do not end by themselves. Time is linear in the length,
    whatever is unclosed. What exactly is a tag and an attribute, on malformed pages too: `curate.kernels.markup`.
    """
    from curate.kernels.markup import count_markup

    return Work(len(markup), *count_markup(markup))


_COUNTED = ("bytes of markup", "tags", "attributes in one tag", "elements nested", "paragraphs", "line breaks")


def _refuse(work: Work, caps: Work) -> None:
    """Raise TooComplex for the first count above its cap."""
    for count, cap, words in zip(work, caps, _COUNTED, strict=True):
        if cap is not None and count is not None and count > cap:
            raise TooComplex(f"{count:,} {words}, {cap:,} are the limit")
