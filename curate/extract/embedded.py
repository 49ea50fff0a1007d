"""The main text of pages that show none: what they carry as data for their scripts, as a small page of its own.

discourse  the topic in the attribute `data-preloaded` of a Discourse forum: JSON within JSON, posts as HTML (`cooked`)
flarum     the discussion in the payload of a Flarum forum: JSON:API, posts as HTML (`contentHtml`)
json_ld    schema.org: `articleBody` of whatever has one; DiscussionForumPosting with its comments; QAPage with its
           question and answers, the accepted ones first

In this order, and the first that says something is taken: forums cut the texts of their JSON-LD short. Of 1,376
annotated pages 26 threads show nothing without scripts: 18 of Discourse and one of Flarum hold their posts as above, 7
of Discourse load them later and hold nothing. Free-form state (Next.js, Nuxt) is left alone, as nothing in it says what
the main text is.

Names and dates of who wrote a post are no main text and stay out, and so do notices in place of a post (closed,
hidden). A page without these marks costs a substring search and a walk over its script tags; any page, time linear in
its length. What cannot be read is no error: it says nothing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from curate.extract.markup import (
    ESCAPED_TAG,
    MOST_SCRIPTS,
    is_json_ld,
    json_values,
    objects,
    scripts,
    seen,
    types_of,
    unescape,
)

# The largest value of `data-preloaded` on 18 real pages has 608,719 characters, most of it settings; threads come in
# pages of 20 posts, in JSON-LD of 25.
LONGEST_DATA = 4_000_000
MOST_STORES = 10  # attributes called data-preloaded, and payloads of Flarum, that are read; a page has one
MOST_TEXTS = 2_000  # posts and articles of a page


class Said(NamedTuple):
    """What one item of data says: a title as plain text, perhaps "", and texts as markup."""

    title: str
    texts: list[str]


def embedded_page(page: str) -> str | None:
    """The main text that the data in a page's markup holds, as HTML; None where it holds none.

    The result is `<h1>` with the title where there is one, then an `<article>` for each post or article. It may be a
    small part of what the page shows (a teaser, the first post of a thread): whoever asks compares their lengths.
    """
    document = _document(_discourse(page))
    if not document:
        payloads, json_ld = _scripts_with_data(page)
        document = _document(_flarum(page, payloads)) or _document(_json_ld(page, json_ld))
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", document) or None


_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can name one half of a pair; UTF-8 cannot
_FLARUM_PAYLOAD = "flarum-json-payload"  # the id of the script, since 1.8
_FLARUM_LOAD = "flarum.core.app.load("  # before: near the beginning of a script of a few lines
_LOAD_WITHIN = 2_000


def _scripts_with_data(page: str) -> tuple[list[slice], list[slice]]:
    """Where Flarum's payloads and where JSON-LD stand in a page."""
    payloads: list[slice] = []
    json_ld: list[slice] = []
    for tag, body in scripts(page):
        if is_json_ld(tag, body):
            json_ld.append(body)
        elif _FLARUM_PAYLOAD in tag:
            payloads.append(body)
        elif (load := page.find(_FLARUM_LOAD, body.start, min(body.stop, body.start + _LOAD_WITHIN))) >= 0:
            payloads.append(slice(load + len(_FLARUM_LOAD), body.stop))
    return payloads, json_ld


def _document(said: Iterable[Said]) -> str:
    """A page of what was said; "" where that is nothing. What two items say (of two plugins, say) stands once."""
    written: set[str] = set()
    parts: list[str] = []
    for title, texts in said:
        fresh = [text for text in texts if text.strip() and text not in written]
        if fresh and title.strip():
            level = "h2" if parts else "h1"
            parts.append(f"<{level}>{_escaped(title.strip())}</{level}>")
        parts += [f"<article>\n{text}\n</article>" for text in fresh]
        written.update(fresh)
    return "\n".join(["<html><body><main>", *parts, "</main></body></html>"]) if parts else ""


# ---- Discourse --------------------------------------------------------------------------------------------------

_PRELOADED = re.compile(r"""data-preloaded=(?:"([^"]*+)"|'([^']*+)')""")
_SMALL_ACTION = 3  # the type of posts that say what was done to the topic, such as "closed after 90 days"


def _discourse(page: str) -> Iterator[Said]:
    if "data-preloaded=" not in page:
        return
    for attribute in islice(_PRELOADED.finditer(page), MOST_STORES):
        value = attribute[1] or attribute[2] or ""
        if "cooked" in value and len(value) <= LONGEST_DATA:
            # Nearly all references are this one, and replacing it first saves nine tenths of the time.
            for store in json_values(unescape(value.replace("&quot;", '"'))):
                yield from _topics(_object(store))


def _topics(store: dict[str, Any]) -> Iterator[Said]:
    for name, value in store.items():
        if name.startswith("topic_"):
            for topic in map(_object, json_values(value) if isinstance(value, str) else [value]):
                posts = [_object(post) for post in _list(_object(topic.get("post_stream")).get("posts"))]
                shown = [post for post in posts if post.get("post_type") != _SMALL_ACTION and not post.get("hidden")]
                yield Said(_string(topic.get("title")), [_markup(_string(post.get("cooked"))) for post in shown])


# ---- Flarum -----------------------------------------------------------------------------------------------------


def _flarum(page: str, payloads: list[slice]) -> Iterator[Said]:
    for body in payloads[:MOST_STORES]:
        if body.stop - body.start <= LONGEST_DATA:
            for payload in json_values(page[body])[:1]:
                yield _discussion(_object(payload))


def _discussion(payload: dict[str, Any]) -> Said:
    """The posts of the discussion, in their order; those of others, which mention it, are included in the data too."""
    document = _object(payload.get("apiDocument"))
    discussion = _object(document.get("data"))
    stream = _object(_object(discussion.get("relationships")).get("posts"))
    own = {_string(_object(post).get("id")) for post in _list(stream.get("data"))}
    posts: list[tuple[int, str]] = []
    for post in map(_object, _list(document.get("included"))):
        said = _object(post.get("attributes"))
        if post.get("type") == "posts" and _string(post.get("id")) in own and not said.get("isHidden"):
            number = said.get("number")
            posts.append((number if isinstance(number, int) else 0, _markup(_string(said.get("contentHtml")))))
    posts.sort(key=lambda post: post[0])
    return Said(_string(_object(discussion.get("attributes")).get("title")), [markup for _, markup in posts])


# ---- schema.org -------------------------------------------------------------------------------------------------


_SCHEMA_WORDS = ("articleBody", "DiscussionForumPosting", "QAPage")


def _json_ld(page: str, bodies: list[slice]) -> Iterator[Said]:
    for body in bodies[:MOST_SCRIPTS]:
        if any(page.find(word, body.start, body.stop) >= 0 for word in _SCHEMA_WORDS):
            yield from _schema(json_values(page[body]))


def _schema(values: list[Any]) -> Iterator[Said]:
    """What the items say of the main text; comments only of a thread, and questions only where they are the page."""
    comments: set[int] = (
        set()
    )  # by id(): a thread that is a comment of another is not read again, however deep they nest
    for item in objects(values):
        types = types_of(item)
        if "QAPage" in types:
            yield from map(_asked, map(_object, _list(item.get("mainEntity"))))
        elif id(item) in comments:
            continue
        elif "DiscussionForumPosting" in types:
            below = list(islice(objects(item.get("comment")), MOST_TEXTS))
            comments.update(map(id, below))
            yield Said(_title(item), [_text(item), *map(_text, below)])
        elif "articleBody" in item:
            yield Said(_title(item), [_paragraphs(text) for text in _strings(item["articleBody"])])


def _asked(question: dict[str, Any]) -> Said:
    """A question and its answers, the accepted ones first and not again among the others."""
    answers = [*_list(question.get("acceptedAnswer")), *_list(question.get("suggestedAnswer"))]
    return Said(_title(question), [_text(question), *dict.fromkeys(map(_text, answers))])


def _title(item: dict[str, Any]) -> str:
    found = (text for name in ("headline", "name") for text in _strings(item.get(name)) if text.strip())
    return unescape(next(found, ""))


def _text(item: Any) -> str:
    """What a post, a question or an answer says, as markup."""
    texts = (text for name in ("articleBody", "text") for text in _strings(_object(item).get(name)) if text.strip())
    return _paragraphs(next(texts, ""))


# ---- texts as markup --------------------------------------------------------------------------------------------

_END_TAG = re.compile(
    r"</(?:a|b|blockquote|code|div|em|h[1-6]|i|li|ol|p|pre|span|strong|table|u|ul)\s*+>|<(?:br|p)\s*+/?>", re.IGNORECASE
)
_BLOCK = re.compile(r"<(?:br|p|div|li|h[1-6]|pre|table)\b", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n[^\S\n]*+\n\s*+")
_CUT_OFF = re.compile(r"<[a-z/!][^>]*+\Z", re.IGNORECASE)
_LINE_BREAK = re.compile(r"\r\n?")


def _paragraphs(text: str) -> str:
    """A text of JSON-LD, plain or markup or markup written as text, as markup with its paragraphs."""
    if "&lt;" in text and ESCAPED_TAG.search(text) and not _END_TAG.search(text):
        text = unescape(text)
    if not _END_TAG.search(text):  # plain: "if a<b then"; it often has references all the same
        markup = _escaped(unescape(text))
    else:
        markup = _markup(text)
        if _BLOCK.search(markup):
            return markup
    paragraphs = _BLANK_LINES.split(_LINE_BREAK.sub("\n", markup).strip())
    return "\n".join("<p>" + paragraph.replace("\n", "<br>\n") + "</p>" for paragraph in paragraphs if paragraph)


def _markup(markup: str) -> str:
    """Markup as it was, but for what would take in the texts behind it: comments, scripts, a tag cut off at the end."""
    markup = seen(markup)
    last = markup.rfind("<")
    return markup[:last] if last >= 0 and _CUT_OFF.match(markup, last) else markup


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


# ---- values of JSON, whatever they are --------------------------------------------------------------------------


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    """The items of a list, at most 2,000, or the one value where there should be a list; of null none."""
    if isinstance(value, list):
        return value[:MOST_TEXTS]
    return [] if value is None else [value]


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _strings(value: Any) -> list[str]:
    return [text for text in _list(value) if isinstance(text, str)]
