"""The pages of the sample crawl: which ones there are, what each was made to be, and of which one it is a copy.

A kind is words and a language: `article en`, `near-duplicate zh`, `advert en`, `foreign de`. A colon adds how the page
was made difficult (`article zh: gbk, undeclared`); what stands before the colon is the same for all such pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from html import escape
from random import Random
from typing import NamedTuple

from curate.sample import chinese, elsewhere, english, lopsided, questions, unwanted
from curate.sample.prose import Article, collection, each, pick, reworded, shuffled, typographic
from curate.sample.sites import HEADLINES, SITES, WORDS, Site, page, prose, site

SEED = "2024"
LANGUAGES = ("en", "zh")
SUBJECTS = {"en": english.SUBJECTS, "zh": chinese.SUBJECTS}
# An article has at least so many characters: 120 words of English need about 760.
LONGER_THAN = {"en": 760, "zh": 260}
UTF8 = "text/html; charset=utf-8"
# Five ordinary articles of every subject; the sixth and seventh are used up by pages with something wrong.
ORDINARY, WITH_FLAW, WITH_FAULT = 5, 5, 6

# Which ordinary articles, by place, are there a second time: word for word, with a few words changed, with sentences.
DUPLICATED = (1, 7, 14, 20, 26, 31, 44, 47)
REVISED = (0, 2, 5, 10, 12, 15, 18, 22, 24, 28, 35, 40)
REWRITTEN = (16, 25, 32, 46)

# What an editor changes in a second version.
SWAPS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": ((" because ", " since "), (" only ", " just "), (" every ", " each "), (" begin ", " start "),
           (" little ", " small "), (" large ", " big "), (" as if ", " as though "), (" until ", " till "),
           (" does not ", " doesn't "), (" do not ", " don't "), (" is not ", " isn't "), (" cannot ", " can't "),
           (" it is ", " it's "), (" you are ", " you're "), (" again ", " once more "), (" often ", " frequently "),
           (" nearly ", " almost "), (" never ", " hardly ever "), (" and then ", " and afterwards ")),
    "zh": (("因为", "由于"), ("已经", "早已"), ("只要", "只需"), ("不必", "用不着"), ("总是", "老是"), ("大约", "大概"),
           ("几乎", "差不多"), ("慢慢", "渐渐"), ("往往", "常常"), ("所以", "因此"), ("如果", "假如"),
           ("的时候", "之时"), ("一点", "少许"), ("也许", "或许"), ("后来", "再往后"), ("就能", "便能")),
}  # fmt: skip
NOTES: dict[str, tuple[str, ...]] = {
    "en": ("Two words were corrected after readers wrote in.", "This is the second, corrected version."),
    "zh": ("根据读者来信，改正了两处文字。", "本文为修订后的第二版。"),
}

# A last paragraph with marks outside ASCII, for the English pages that are to be garbled.
QUOTED = (
    "It's what my aunt called an honest day's work - and she'd have known, for she kept the cafe by the bridge.",
    "We'd call that good enough, and my father'd say it's the highest praise - at least on our side of the cafe.",
    '"You\'ll see," he said at the cafe, "it isn\'t the tool that counts" - and, as so often, he wasn\'t wrong.',
)

# How some articles are encoded: (kind's addition, codec, charset in the page, Content-Type). Keyed by the article's
# place in the list of ordinary ones; every place is one that no duplicate is made of.
ENCODINGS: dict[str, dict[int, tuple[str, str, str | None, str]]] = {
    "en": {
        3: ("iso-8859-1", "cp1252", "iso-8859-1", "text/html; charset=ISO-8859-1"),
        13: ("windows-1252, in the page only", "cp1252", "windows-1252", "text/html"),
        23: ("windows-1252, undeclared", "cp1252", None, "text/html"),
        33: ("utf-16 with a byte order mark", "utf-16", None, "text/html"),
        43: ("utf-8, declared as iso-8859-1", "utf-8", None, "text/html; charset=iso-8859-1"),
        48: ("utf-8, undeclared", "utf-8", None, "text/html"),
    },
    "zh": {
        3: ("gbk", "gbk", "gbk", "text/html; charset=gbk"),
        4: ("gb2312, in the page only", "gb2312", "gb2312", "text/html"),
        8: ("gbk, declared as gb2312", "gbk", "gb2312", "text/html; charset=gb2312"),
        9: ("gb18030", "gb18030", "gb18030", "text/html; charset=GB18030"),
        13: ("gbk, in the header only", "gbk", None, "text/html; charset=GBK"),
        19: ("gbk, undeclared", "gbk", None, "text/html"),
        21: ("gbk, undeclared", "gbk", None, "text/html"),
        23: ("utf-16 with a byte order mark", "utf-16", None, "text/html"),
        27: ("gbk, declared as iso-8859-1", "gbk", None, "text/html; charset=ISO-8859-1"),
        33: ("gbk, declared as utf-8", "gbk", "utf-8", "text/html; charset=utf-8"),
        38: ("gb18030, undeclared", "gb18030", None, "text/html"),
        41: ("utf-8, declared as gbk", "utf-8", None, "text/html; charset=gbk"),
        43: ("utf-8, undeclared", "utf-8", None, "text/html"),
    },
}


class Page(NamedTuple):
    """A page as a server sends it.

    `body` is the bytes before any HTTP coding, `copy_of` the url of the page it repeats, `text` the paragraphs of an
    article as they were before anything was done to them (empty for pages that are no articles).
    """

    url: str
    kind: str
    body: bytes
    content_type: str = UTF8
    copy_of: str | None = None
    text: tuple[str, ...] = ()
    damaged: bool = False


def pages() -> list[Page]:
    """Every document of the crawl in the order of the file: shuffled, each copy after what it repeats."""
    listed = [one for lang in LANGUAGES for make in MAKERS for one in make(lang)]
    listed += [*foreign(), *traditional(), *gibberish(), *unreadable()]
    dice, place = Random(f"{SEED}/order"), dict[str, float]()
    for one in listed:
        start = place[one.copy_of] if one.copy_of else 0.0
        place[one.url] = start + (1 - start) * dice.random()
    place[next(one.url for one in listed if one.damaged)] = 0.5
    return sorted(listed, key=lambda one: place[one.url])


@cache
def written(lang: str, place: int) -> list[Article]:
    """The articles of subject number `place`: five ordinary ones, then the two that are used with something wrong."""
    return collection(SUBJECTS[lang][place], WITH_FAULT + 1, SEED, LONGER_THAN[lang])


def ordinary(lang: str) -> list[Article]:
    """The fifty ordinary articles of a language, subject by subject."""
    return [article for place in range(len(SUBJECTS[lang])) for article in written(lang, place)[:ORDINARY]]


def text_of(lang: str, number: int, article: Article) -> list[str]:
    """The paragraphs as the page prints them: every second English page is set with printed quotation marks."""
    if lang == "en" and number % 2:
        return each(article.paragraphs, typographic)
    return article.paragraphs


def articles(lang: str) -> Iterator[Page]:
    """Articles worth keeping, some of them in other encodings than UTF-8, right, missing and wrong declarations."""
    for number, article in enumerate(ordinary(lang)):
        at = place_of(lang, number)
        addition, codec, declared, content_type = ENCODINGS[lang].get(number, ("", "utf-8", "utf-8", UTF8))
        text = text_of(lang, number, article)
        if lang == "en" and addition:
            text.append("Thanks, as ever, to everybody at the Café Größenwahn.")
        dice = _dice(lang, "article", number)
        markup = page(at, article.title, prose(text), dice, charset=declared, date=_day(number))
        kind = f"article {lang}" + (f": {addition}" if addition else "")
        body = markup.encode(codec, "xmlcharrefreplace")
        yield Page(_url(at, f"{number:03d}"), kind, body, content_type, text=tuple(text))


def duplicates(lang: str) -> Iterator[Page]:
    """The same text again: under a tracking parameter of the same site, or on a site that copied the whole page."""
    source = ordinary(lang)
    for copy, number in enumerate(DUPLICATED):
        article, home = source[number], place_of(lang, number)
        original = _url(home, f"{number:03d}")
        other = _mirror(home, copy)
        thief = replace(other, host=f"copies-{copy % 3}.{lang}.example", layout=home.layout)
        at, url = (home, f"{original}?utm_source=feed") if copy % 2 == 0 else (thief, _url(thief, f"{number:03d}"))
        dice = _dice(lang, "article", number)
        text = text_of(lang, number, article)
        markup = page(at, article.title, prose(text), dice, date=_day(number))
        yield Page(url, f"duplicate {lang}", markup.encode(), copy_of=original, text=tuple(text))


def near_duplicates(lang: str) -> Iterator[Page]:
    """Second versions: a few words and a note (near-duplicates), or sentences enough that both are worth keeping."""
    source = ordinary(lang)
    for number in (*REVISED, *REWRITTEN):
        variant = number in REWRITTEN
        home, dice = place_of(lang, number), _dice(lang, "version", number)
        # Two changed sentences leave 0.57 of the shingles in English, but 0.65 in Chinese, where three leave 0.5.
        second = reworded(source[number], 2 if lang == "en" else 3, dice) if variant else source[number]
        text = text_of(lang, number, second)
        text = text if variant else retouched(text, lang, dice, note=number % 4 < 2)
        at = _mirror(home, number)
        markup = page(at, second.title, prose(text), dice, date=_day(number + 20))
        kind, original = f"{'variant' if variant else 'near-duplicate'} {lang}", _url(home, f"{number:03d}")
        yield Page(_url(at, f"v{number:03d}"), kind, markup.encode(), copy_of=original, text=tuple(text))


def retouched(text: list[str], lang: str, dice: Random, *, note: bool) -> list[str]:
    """The text as an editor leaves it: two words replaced, or three with a note below.

    At most one word of fifty changes, but each takes five 5-word shingles with it: about 0.85 of them stay.
    """
    changed, swaps = "\n".join(text), shuffled(SWAPS[lang], dice)
    for before, after in [swap for swap in swaps if swap[0] in changed][: 2 if note else 3]:
        changed = changed.replace(before, after, 1)
    return changed.split("\n") + ([pick(NOTES[lang], dice)] if note else [])


def flawed(lang: str) -> Iterator[Page]:
    """Good articles that need mending: mojibake, emoji, invisible characters, plain text with CRLF line ends."""
    seventh = [written(lang, place)[WITH_FLAW] for place in range(len(SUBJECTS[lang]))]
    flaws = ["mojibake"] * 3 + ["emoji"] * 2 + ["zero-width"] * 2 + ["plain text"] * 2 + ["double mojibake"]
    for number, (article, flaw) in enumerate(zip(seventh, flaws, strict=True)):
        at, dice = place_of(lang, number * ORDINARY + number % ORDINARY), _dice(lang, "flaw", number)
        text, url, kind = article.paragraphs, _url(at, f"f{number}"), f"article {lang}: {flaw}"
        if lang == "en" and "mojibake" in flaw:  # plain ASCII would come through unharmed
            text = each([*text, QUOTED[number % len(QUOTED)]], typographic)
        meant = tuple(text)
        if "mojibake" in flaw:
            text = each(text, garbled)
            text = each(text, garbled) if flaw.startswith("double") else text
        elif flaw == "emoji":
            text = [paragraph + pick((" 🌱🌿", " 😀", " 👩‍🍳✨", " 🚲💨"), dice) for paragraph in text]
        elif flaw == "zero-width":
            text = [_sprinkled(paragraph, dice) for paragraph in text]
        if flaw == "plain text":
            lines = "\r\n\r\n".join([article.title, *text]) + "\r\n"
            yield Page(url + ".txt", kind, lines.encode(), "text/plain; charset=utf-8", text=meant)
        else:
            yield Page(url, kind, page(at, article.title, prose(text), dice).encode(), text=meant)


def faulty(lang: str) -> Iterator[Page]:
    """Pages of odd form: bullets, trailing dots, hash marks, leftovers of a script; and one record that is damaged."""
    eighth = [written(lang, place)[WITH_FAULT] for place in range(len(SUBJECTS[lang]))]
    faults = ["bullets"] * 2 + ["ellipses"] * 2 + ["hashes"] * 2 + ["leftovers"] * 2
    for number, (article, fault) in enumerate(zip(eighth, faults, strict=False)):
        at, dice = site("news", lang), _dice(lang, "fault", number)
        sentences = [part for text in article.paragraphs for part in _sentences(text)]
        if fault == "bullets":
            clauses = [part for text in sentences for part in re.split(r"(?<=[，；])|(?<=[,;]) ", text) if part]
            text = [f"{pick('•-', dice)} {clause}" for clause in clauses]
        elif fault == "ellipses":
            text = [sentence.rstrip("。.!?？") + pick(("...", "…"), dice) for sentence in sentences]
        elif fault == "hashes":
            text = [" ".join(f"#{word}" for word in _tags(sentence, lang)) for sentence in sentences]
        else:
            state = '{"props":{"pageProps":{"id":%d,"state":null,"items":[[0,1],{"a":{}}]}},"page":"/[slug]"}'
            text = [part for sentence in sentences[:5] for part in (sentence, state % int(dice.random() * 1e6))]
        markup = page(at, article.title, prose(text), dice)
        yield Page(_url(at, f"o{number}"), f"{fault} {lang}", markup.encode())
    if lang == "en":
        at, article = place_of(lang, 8), eighth[8]
        markup = page(at, article.title, prose(article.paragraphs), _dice(lang, "damaged", 0))
        yield Page(_url(at, "d0"), "damaged", markup.encode(), damaged=True)


def formal(lang: str) -> Iterator[Page]:
    """Pages with a form of their own, which their JSON-LD states: frequent questions and recipes."""
    for number, asked in enumerate(questions.QUESTIONS[lang]):
        at = site(("news", "blog", "docs")[number], lang)
        main = "\n".join(f"<h2>{escape(q, quote=False)}</h2>\n<p>{escape(a, quote=False)}</p>" for q, a in asked.pairs)
        entity = [
            {"@type": "Question", "name": q, "acceptedAnswer": {"@type": "Answer", "text": a}} for q, a in asked.pairs
        ]
        data = {"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": entity}
        markup = page(at, asked.title, main, _dice(lang, "questions", number), data=data)
        yield Page(_url(at, f"faq{number}"), f"questions {lang}", markup.encode())
    for number, recipe in enumerate(questions.RECIPES[lang]):
        at = site("blog", lang, number)
        listed = "".join(f"<li>{item}</li>" for item in recipe.ingredients)
        steps = "".join(f"<li>{step}</li>\n" for step in recipe.steps)
        main = f'{prose([recipe.about])}\n<ul class="ingredients">{listed}</ul>\n<ol class="steps">{steps}</ol>'
        data = {"@context": "https://schema.org", "@type": "Recipe", "name": recipe.title,
                "recipeIngredient": recipe.ingredients, "recipeInstructions": recipe.steps}  # fmt: skip
        markup = page(at, recipe.title, main, _dice(lang, "recipe", number), data=data)
        yield Page(_url(at, f"recipe{number}"), f"recipe {lang}", markup.encode())


def listings(lang: str) -> Iterator[Page]:
    """Archives and tag pages: titles, dates, and teasers that break off."""
    source = ordinary(lang)
    for number in range(5):
        at, rows = site(("blog", "news", "forum")[number % 3], lang, number // 3), []
        dice = _dice(lang, "listing", number)
        for entry in range(14):
            article = source[(number * 11 + entry * 7) % len(source)]
            teaser = article.paragraphs[0][: 60 if lang == "en" else 24] + "…"
            more = f'<p>{escape(teaser)}</p><a href="/{entry}">{WORDS[lang]["read"]}</a>' if number % 2 else ""
            rows.append(f'<li><a href="/{entry}">{article.title}</a> <time>{_day(entry)}</time>{more}</li>')
        title = f"{at.menu[2]}, page {number + 2}" if lang == "en" else f"{at.menu[2]}：第 {number + 2} 页"
        markup = page(at, title, '<ul class="archive">' + "\n".join(rows) + "</ul>", dice)
        yield Page(_url(at, f"page{number + 2}"), f"listing {lang}", markup.encode())


def unloved(lang: str) -> Iterator[Page]:
    """What a corpus should not hold: adverts, keyword stuffing, insults, private data."""
    for subject in unwanted.ADVERTS[lang]:
        for number, article in enumerate(collection(subject, 3, SEED)):
            calls = "".join(f'<p><a href="/go/{n}"><b>{line}</b></a></p>' for n, line in enumerate(HEADLINES[lang][:2]))
            at = Site(f"{'deals' if lang == 'en' else 'youhui'}-{number}.example", article.title, "shop", lang,
                      site("shop", lang).menu, site("shop", lang).footer)  # fmt: skip
            dice = _dice(lang, f"advert {subject.name}", number)
            markup = page(at, article.title, prose(article.paragraphs) + calls, dice)
            name = unwanted.ADVERTS[lang].index(subject)
            yield Page(_url(at, f"a{name}{number}"), f"advert {lang}", markup.encode())
    for number, words in enumerate(unwanted.KEYWORDS[lang]):
        dice, joint = _dice(lang, "spam", number), ", " if lang == "en" else "，"
        text = [joint.join(pick(words, dice) for _ in range(30)) for _ in range(5)]
        at = Site(f"best-{number}.{lang}.example", words[0], "news", lang, words, joint.join(words))
        yield Page(_url(at, f"s{number}"), f"spam {lang}", page(at, joint.join(words), prose(text), dice).encode())
    for kind, subject in (("insult", unwanted.QUARRELS[lang]), ("private data", unwanted.PERSONAL[lang])):
        for number, article in enumerate(collection(subject, 4, SEED)):
            at = site("forum" if kind == "insult" else "blog", lang, number)
            markup = page(at, article.title, prose(article.paragraphs), _dice(lang, kind, number))
            yield Page(_url(at, f"{kind[0]}{number}"), f"{kind} {lang}", markup.encode())


def short(lang: str) -> Iterator[Page]:
    """Pages with next to nothing on them, and one with nothing at all."""
    for number, (title, text) in enumerate(elsewhere.SHORT[lang]):
        at = place_of(lang, number)
        yield Page(_url(at, f"t{number}"), f"short {lang}",
                   page(at, title, prose([text]), _dice(lang, "short", number)).encode())  # fmt: skip
    yield Page(_url(site("news", lang), "empty"), f"empty {lang}", b"")


def out_of_proportion(lang: str) -> Iterator[Page]:
    """Timetables, trailing thoughts, very long words: what the rules about words are for."""
    texts = {"timetable": lopsided.TIMETABLE, "trailing": lopsided.TRAILING, "long words": lopsided.LONG_WORDS}
    for number, (what, by_lang) in enumerate(texts.items()):
        if lang in by_lang:
            title, paragraphs = by_lang[lang]
            at, dice = site("blog", lang, number), _dice(lang, what, number)
            markup = page(at, title, prose([lopsided.times(p, dice) for p in paragraphs]), dice)
            yield Page(_url(at, f"w{number}"), f"out of proportion {lang}: {what}", markup.encode())


def foreign() -> Iterator[Page]:
    """Articles in German, French, Spanish, Japanese and Russian, on the English sites."""
    for lang, texts in elsewhere.OTHER_LANGUAGES.items():
        for number, (title, *text) in enumerate(texts):
            at = site("blog", "en", number)
            markup = page(at, title, prose(text), _dice(lang, "foreign", number)).replace('lang="en"', f'lang="{lang}"')
            yield Page(_url(at, f"{lang}{number}"), f"foreign {lang}", markup.encode())
    at, (title, brief) = site("blog", "en"), lopsided.BRIEF_FOREIGN
    markup = page(at, title, prose([brief]), _dice("fr", "foreign", 99)).replace('lang="en"', 'lang="fr"')
    yield Page(_url(at, "fr99"), "foreign fr: brief", markup.encode())


def traditional() -> Iterator[Page]:
    """Two articles in traditional characters and Big5, the second without a declaration."""
    for number, (title, *text) in enumerate(elsewhere.TRADITIONAL):
        at, declared = site("news", "zh"), None if number else "big5"
        markup = page(at, title, prose(text), _dice("zh", "big5", number), charset=declared)
        kind = "article zh: big5" + (", undeclared" if number else "")
        # The furniture is in simplified characters, which Big5 lacks; real pages of this kind have references there.
        body = markup.encode("big5", "xmlcharrefreplace")
        content_type = f"text/html; charset={declared}" if declared else "text/html"
        yield Page(_url(at, f"b{number}"), kind, body, content_type, text=tuple(text))


def gibberish() -> Iterator[Page]:
    """Pages in no language."""
    for number, kind in enumerate(("letters", "base64", "digits", "hex")):
        at, dice = site("blog", "en", number), _dice("und", "gibberish", number)
        text = elsewhere.gibberish(kind, dice)
        yield Page(_url(at, f"g{number}"), "gibberish", page(at, kind, prose(text), dice).encode())


def unreadable() -> Iterator[Page]:
    """Bytes that are text in no charset, served as a page."""
    dice = _dice("und", "unreadable", 0)
    noise = bytes(pick(b"\x00\x01\x80\x81\x8d\x8f\x90\x9d\xa0\xc0\xc1\xf5\xfe\xff", dice) for _ in range(2000))
    yield Page("https://valley-courier.example/upload/n0", "undecodable", noise)


MAKERS = (articles, duplicates, near_duplicates, flawed, faulty, formal, listings, unloved, short, out_of_proportion)


def place_of(lang: str, number: int) -> Site:
    """The site on which article number so-and-so of a language appears: manuals in docs, bicycles in the forum."""
    subject = SUBJECTS[lang][number // ORDINARY % len(SUBJECTS[lang])]
    if subject in (english.SOFTWARE, chinese.SOFTWARE):
        return site("docs", lang)
    if subject in (english.BICYCLE, chinese.BICYCLE):
        return site("forum", lang)
    if subject in (english.GARDENING, chinese.GARDENING) and number % 2:
        return site("shop", lang)
    return site("news", lang) if number % 3 == 2 else site("blog", lang, number)


def garbled(text: str) -> str:
    """UTF-8 read as windows-1252: the usual mojibake. Bytes that windows-1252 leaves undefined become C1 controls."""
    raw = text.encode()
    return "".join(raw[n : n + 1].decode("cp1252", "replace").replace("�", chr(raw[n])) for n in range(len(raw)))


def _mirror(home: Site, number: int) -> Site:
    """Another site of the same language that would print anything."""
    others = [one for one in SITES if one.lang == home.lang and one != home and one.layout not in ("docs", "shop")]
    return others[number % len(others)]


def _sprinkled(text: str, dice: Random) -> str:
    invisible = ("\u200b", "\ufeff", "\u00ad", "\u2060")
    return "".join(char + (pick(invisible, dice) if dice.random() < 0.04 else "") for char in text)


def _sentences(text: str) -> list[str]:
    for end in ("。", ". ", "？", "? "):
        text = text.replace(end, end + "\n")
    return [part.strip() for part in text.split("\n") if part.strip()]


def _tags(sentence: str, lang: str) -> list[str]:
    return sentence.split() if lang == "en" else [sentence[start : start + 4] for start in range(0, len(sentence), 4)]


def _dice(lang: str, what: str, number: int) -> Random:
    return Random(f"{SEED}/{lang}/{what}/{number}")


def _url(at: Site, slug: str) -> str:
    return f"https://{at.host}/2024/{slug}"


def _day(number: int) -> str:
    return f"2024-{1 + number // 28 % 12:02d}-{1 + number % 28:02d}"


def once(listed: list[Page]) -> dict[str, Page]:
    """The pages by url. Raises ValueError naming the url that two pages share."""
    by_url: dict[str, Page] = {}
    for one in shuffled(listed, Random(SEED)):
        if one.url in by_url:
            raise ValueError(f"two pages of the sample crawl share {one.url}: {by_url[one.url].kind} and {one.kind}")
        by_url[one.url] = one
    return by_url
