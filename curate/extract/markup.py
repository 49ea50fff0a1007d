"""What a page says of itself in its markup and extraction throws away: its title, its questions with their answers.

title  og:title, which seldom carries the site's name; else <title>; else the first <h1>
qa     in this order of trust, each question once:
       json_ld    schema.org Question items of JSON-LD: FAQPage, QAPage, and wherever else they stand
       microdata  the same items written as itemtype and itemprop; of several answers the accepted one, else the first
       details    <details> whose <summary> asks, where a page has two of them: one alone is as often a control

Nothing is parsed into a tree. A page without these marks costs a few substring searches, and any page, whatever is
unclosed or nested in it, time linear in its length. What the markup holds that cannot be read is no error: it says
nothing. Texts come out plain and normalised (`curate.normalization`, its defaults).
"""

from __future__ import annotations

import html as entities
import json
import math
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.normalization import normalize_text

TITLE = pa.string()
QA = pa.list_(pa.struct([("question", pa.string()), ("answer", pa.string()), ("method", pa.string())]))

JSON_LD, MICRODATA, DETAILS = "json_ld", "microdata", "details"

# On 9,184 real pages the largest JSON-LD script has 41,129 characters, a page has 20 questions at most, the longest
# answer has 7,492 characters. Beyond these bounds nothing is read: half an answer would be a wrong one.
LONGEST_SCRIPT = 1_000_000
LONGEST_QUESTION, LONGEST_ANSWER = 4_000, 32_000
LONGEST_TITLE = 500
MOST_PAIRS = 200
MOST_ITEMS = 100_000  # values of one script that are looked at
MOST_SCRIPTS = 100


class Pair(NamedTuple):
    """A question and its answer as plain text, and how they were found."""

    question: str
    answer: str
    method: str


def title_of(html: str) -> str | None:
    """The title of a page; None where it has none."""
    for found in _titles(html):
        title = " ".join(normalize_text(found).split())
        if 0 < len(title) <= LONGEST_TITLE:
            return title
    return None


def may_ask(markup: npt.NDArray[np.uint8]) -> bool:
    """Whether a page, as UTF-8, has any of the marks of `questions_of`: a look at its bytes, fifty times as fast."""
    from curate.kernels.html.scan import occurs

    return any(occurs(markup, mark) for mark in _MARKS)


_MARKS = tuple(np.frombuffer(mark, np.uint8) for mark in (b'"Question"', b"/Question", b"<summary"))


def questions_of(html: str) -> list[Pair]:
    """The questions of a page that its markup gives an answer to, at most 200, each once."""
    found: dict[str, Pair] = {}
    for question, answer, method in _raw_pairs(html):
        pair = Pair(_bounded(question, LONGEST_QUESTION), _bounded(answer, LONGEST_ANSWER), method)
        if pair.question and pair.answer:
            found.setdefault(pair.question, pair)
        if len(found) == MOST_PAIRS:
            break
    return list(found.values())


def _raw_pairs(html: str) -> Iterator[Pair]:
    linked = "/Question" in html  # as in http://schema.org/Question, which microdata has to write
    if (linked or '"Question"' in html) and ("ld+json" in html or "ld&#" in html):
        yield from _json_ld(html)
    if linked and "itemprop" in html:
        yield from _microdata(html)
    if "<summary" in html:
        yield from _details(html)


# ---- title ------------------------------------------------------------------------------------------------------

_TITLE = re.compile(r"<title\b[^<>]*+>([^<]{0,2000})", re.IGNORECASE)
_H1 = re.compile(r"<h1\b[^<>]*+>", re.IGNORECASE)


def _titles(html: str) -> Iterator[str]:
    at = html.find("og:title")
    start = html.rfind("<", max(at - 1000, 0), at)
    if at >= 0 and html[start : start + 5].lower() == "<meta":
        yield attributes_of(html[start : start + 3000]).get("content", "")
    named = _TITLE.search(html)
    if named:
        yield unescape(named[1])
    for heading in islice(_H1.finditer(html), 5):  # logos are headings without text
        yield plain(_inner(html, heading, "h1"))


# ---- JSON-LD ----------------------------------------------------------------------------------------------------

_SCRIPT = re.compile(r"<script\b([^<>]*+)>", re.IGNORECASE)
_JSON_LD_TYPE = re.compile(r"ld(?:\+|&#(?:43|x2b);)json", re.IGNORECASE)
_SCRIPT_END = re.compile(r"</script", re.IGNORECASE)
_WRAPPING = re.compile(r"(?:\s++|//|/\*|\*/|<!--|-->|<!\[CDATA\[|>)*+")  # comments and CDATA, in each other too
_BETWEEN_VALUES = re.compile(r"[\s,;]*+")


def scripts(html: str) -> Iterator[tuple[str, slice]]:
    """Of each script of a page what stands in its start tag, and where its body is; an unclosed one is none."""
    at = 0
    while (start := _SCRIPT.search(html, at)) is not None:
        end = _SCRIPT_END.search(html, start.end())
        if end is None:
            return
        at = end.end()
        yield start[1], slice(start.end(), end.start())


def is_json_ld(tag: str, body: slice) -> bool:
    """Whether a script says in its start tag that it holds JSON-LD, and is not too long to be read."""
    return body.stop - body.start <= LONGEST_SCRIPT and _JSON_LD_TYPE.search(tag) is not None


def _json_ld(html: str) -> Iterator[Pair]:
    bodies = (body for tag, body in scripts(html) if is_json_ld(tag, body))
    for body in islice(bodies, MOST_SCRIPTS):
        if html.find("Question", body.start, body.stop) >= 0:
            yield from _asked(json_values(html[body]))


def json_values(body: str) -> list[Any]:
    """The JSON values that a script begins with, one behind the other; none where it begins with something else.

    Real scripts break the rules of JSON in four ways, and are read all the same: line breaks within strings, a CDATA
    mark in front, several values where there should be one, something behind the end (a semicolon, a brace too many).
    """
    import orjson

    try:
        return [orjson.loads(body)]
    except ValueError:
        pass
    values: list[Any] = []
    decoder = json.JSONDecoder(strict=False)
    start = _WRAPPING.match(body)
    at = start.end() if start else 0
    try:
        while at < len(body) and len(values) < MOST_SCRIPTS:
            value, end = decoder.raw_decode(body, at)
            values.append(value)
            behind = _BETWEEN_VALUES.match(body, end)
            at = behind.end() if behind else end
    except (ValueError, RecursionError):
        pass
    return values


def _asked(value: Any) -> Iterator[Pair]:
    for item in objects(value):
        if "Question" in types_of(item):
            question = _text(item.get("name"))
            details = _text(item.get("text"))
            yield Pair(_with_details(question, details), _best_answer(item), JSON_LD)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in `value`, in the order in which they are written, at whatever depth."""
    waiting = [value]
    for _ in range(MOST_ITEMS):
        if not waiting:
            return
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting += list(item.values())[::-1]
        elif isinstance(item, list):
            waiting += item[:MOST_ITEMS][::-1]


def types_of(item: dict[str, Any]) -> set[str]:
    """The types of an item without their vocabulary: `https://schema.org/Question` is `Question`."""
    given = item.get("@type")
    names = given[:10] if isinstance(given, list) else [given]
    return {re.split("[/#:]", name)[-1] for name in names if isinstance(name, str) and len(name) < 200}


def _best_answer(question: dict[str, Any]) -> str:
    """The accepted answer, else the suggested one with most votes, else nothing."""
    for key in ("acceptedAnswer", "suggestedAnswer"):
        given = question.get(key)
        answers = given if isinstance(given, list) else [given]
        texts = [(_votes(a), _text(a.get("text") if isinstance(a, dict) else a)) for a in answers[:MOST_PAIRS]]
        said = [found for found in texts if found[1].strip()]
        if said:
            return max(said, key=lambda found: found[0])[1]  # of equals the first
    return ""


def _votes(answer: Any) -> float:
    votes = answer.get("upvoteCount") if isinstance(answer, dict) else None
    return votes if isinstance(votes, (int, float)) and math.isfinite(votes) else 0


def _text(value: Any) -> str:
    """A text as markup, or the texts of a list one below the other; whatever else stands there is none."""
    if isinstance(value, list):
        return "<br>".join(_text(v) for v in value[:MOST_PAIRS] if isinstance(v, str))
    if not isinstance(value, str):
        return ""
    return value if "<" in value else value.replace("\n", "<br>")  # without tags, lines are meant as lines


# ---- microdata --------------------------------------------------------------------------------------------------

_START_TAG = re.compile(r"<([a-z][a-z0-9]*+)\b([^<>]*+)>", re.IGNORECASE)


def _microdata(html: str) -> Iterator[Pair]:
    """Questions as schema.org's examples write them: name and text of the question first, then its answers."""
    name = details = answer = ""
    inside = None  # of what: a Question, or one of its answers
    accepted = False
    looked = 0
    for tag in _START_TAG.finditer(html):
        if "item" not in tag[2]:
            continue
        attributes = attributes_of(tag[0])
        properties = attributes.get("itemprop", "").split()
        if attributes.get("itemtype", "").rstrip("/").endswith("/Question"):
            yield Pair(_with_details(name, details), answer, MICRODATA)
            name = details = answer = ""
            inside, accepted = "question", False
        elif inside and "acceptedAnswer" in properties:
            inside, accepted, answer = "answer", True, answer if accepted else ""
        elif inside and "suggestedAnswer" in properties:
            inside = "answer"
        elif inside and ("name" in properties or "text" in properties) and looked < 3 * MOST_PAIRS:
            looked += 1
            content = attributes.get("content") or _inner(html, tag, tag[1])
            if inside == "answer":
                answer = answer or (content if "text" in properties else "")
            elif "name" in properties:
                name = name or content
            else:
                details = details or content
    yield Pair(_with_details(name, details), answer, MICRODATA)


def _with_details(name: str, details: str) -> str:
    """What a question is called and, below it, what it says, where that is more."""
    return f"{name}<p>{details}" if name and details and name != details else name or details


def _inner(html: str, tag: re.Match[str], element: str) -> str:
    """The markup between a start tag and its end tag; "" where that does not come in time."""
    depth = 1
    tags = re.compile(rf"<(/?){element}\b[^<>]*+>", re.IGNORECASE)
    for found in tags.finditer(html, tag.end(), tag.end() + 2 * LONGEST_ANSWER):
        depth += -1 if found[1] else 1
        if depth == 0:
            return html[tag.end() : found.start()]
    return ""


_ATTRIBUTE = re.compile(r"""(?<![\w-])([a-z][\w:-]*+)\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s"'<>=]+))""", re.IGNORECASE)


def attributes_of(markup: str) -> dict[str, str]:
    """The attributes of the start tag that `markup` begins with."""
    found: dict[str, str] = {}
    at = 0
    while (attribute := _ATTRIBUTE.search(markup, at)) is not None and ">" not in markup[at : attribute.start()]:
        value = next((v for v in attribute.groups()[1:] if v is not None), "")
        found.setdefault(attribute[1].lower(), unescape(value))
        at = attribute.end()
    return found


# ---- details ----------------------------------------------------------------------------------------------------

_FOLD = re.compile(r"<(/?)(details|summary)\b[^<>]*+>", re.IGNORECASE)


def _details(html: str) -> Iterator[Pair]:
    """Each <details> without others in it whose <summary> ends with a question mark, where there are two or more."""
    found: list[Pair] = []
    opened: int | None = None  # where the markup of the summary, then of the answer begins
    summary: str | None = None
    for tag in _FOLD.finditer(html):
        closing, name = bool(tag[1]), tag[2].lower()
        if name == "details" and not closing:
            opened = summary = None
        elif name == "summary" and not closing:
            opened, summary = tag.end(), None
        elif opened is not None and name == "summary":
            head = html[opened : tag.start()]
            asks = len(head) <= 4 * LONGEST_QUESTION and plain(head).endswith(("?", "？"))
            opened, summary = (tag.end(), head) if asks else (None, None)
        elif opened is not None and summary is not None:
            found.append(Pair(summary, html[opened : tag.start()], DETAILS))
            opened = summary = None
        if len(found) == MOST_PAIRS:
            break
    if len(found) > 1:
        yield from found


# ---- plain text -------------------------------------------------------------------------------------------------

_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*+)\b[^<>]*+>", re.IGNORECASE)
ESCAPED_TAG = re.compile(r"&lt;(?:/(?:p|li|ul|ol|a|b|i|em|strong|span|div|h[1-6])|(?:br|p|li|ul|ol)\s*+/?)&gt;", re.I)
_UNSEEN = re.compile(r"<(?:script|style|svg|noscript)\b", re.IGNORECASE)
_SEEN_AGAIN = re.compile(r"</(?:script|style|svg|noscript)\b[^<>]*+>?", re.IGNORECASE)
# What begins and ends a line, and what stands apart by a blank line too.
_LINES = frozenset(["address", "article", "dd", "div", "dt", "hr", "li", "section", "tr"])
_APART = frozenset(["blockquote", "dl", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"])


def plain(markup: str) -> str:
    """The text of a piece of markup: blocks on lines of their own, list items behind a dash, <pre> as it stands."""
    if "&lt;" in markup and ESCAPED_TAG.search(markup):
        markup = unescape(markup)  # markup written as text, as JSON-LD often has it
    return normalize_text(unescape("".join(_pieces(seen(markup)))))


def seen(markup: str) -> str:
    """`markup` without comments and without the elements that show a reader no text."""
    first, *others = markup.split("<!--")
    markup = first + "".join(part.partition("-->")[2] for part in others)
    kept: list[str] = []
    at = 0
    while (start := _UNSEEN.search(markup, at)) is not None:
        kept.append(markup[at : start.start()])
        end = _SEEN_AGAIN.search(markup, start.end())
        at = end.end() if end else len(markup)
    return "".join([*kept, markup[at:]])


def _pieces(markup: str) -> Iterator[str]:
    at = preformatted = 0
    mark = ""  # of a list item whose text is still to come
    begun = False  # whether the line has text
    for tag in (*_TAG.finditer(markup), None):
        text = markup[at : tag.start() if tag else len(markup)]
        if not preformatted:
            text = _BLANKS.sub(" ", text) if begun else _BLANKS.sub(" ", text).lstrip()
        if text:
            yield mark + text
            mark, begun = "", True
        if tag is None:
            return
        at = tag.end()
        closing, name = bool(tag[1]), tag[2].lower()
        if name == "pre":
            preformatted = max(preformatted + (-1 if closing else 1), 0)
        if name == "br":
            yield "\n"  # two of them are a blank line
            begun = False
        elif begun and (name in _LINES or name in _APART):
            yield "\n\n" if name in _APART else "\n"
            begun = False
        if name == "li":
            mark = "" if closing else "- "
        elif name in ("td", "th"):
            yield " " if begun else ""


_BLANKS = re.compile(r"\s+")
_ENDLESS_REFERENCE = re.compile(r"&#[0-9]{4000,}+;?")


def unescape(text: str) -> str:
    """`html.unescape` for any text: of numbers with more than 4,300 digits Python makes no int."""
    try:
        return entities.unescape(text)
    except ValueError:
        return entities.unescape(_ENDLESS_REFERENCE.sub("\N{REPLACEMENT CHARACTER}", text))


def _bounded(markup: str, longest: int) -> str:
    """The plain text, or "" where it is too long to be a question or an answer."""
    if len(markup) > 4 * longest:  # as markup it is longer, but not by that much
        return ""
    text = plain(markup)
    return text if len(text) <= longest else ""
