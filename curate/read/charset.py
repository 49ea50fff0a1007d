"""From the bytes of a page to its text: evidence in order of strength, each believed only where the bytes agree.

    1. a byte order mark                             (WHATWG Encoding, section 6: it outranks every declaration)
    2. the bytes are valid UTF-8                     (hardly any other text is, so this outranks declarations too)
    3. UTF-8 with a few broken bytes                 (cut inside a character, one foreign byte)
    4. the HTTP header, then the page's own `<meta>` or `<?xml?>`, as far as a statistical reading allows
    5. that statistical reading: chardet 7 over the page's text, tags and declarations removed

Declarations are often wrong: servers announce ISO-8859-1 for everything, templates are copied, proxies transcode and
leave the `<meta>` behind. So a declaration is a strong prior and no more: it is overruled when the page does not
decode with it, or when another encoding explains the bytes much better. Labels mean what browsers take them to mean
(WHATWG Encoding, section 4.2): `gb2312` is GB18030, `iso-8859-1` is windows-1252, `shift_jis` is Microsoft's cp932.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple


class Decoded(NamedTuple):
    """The text of a page, the encoding it was read with, and why that one.

    `text` has no byte order mark; bytes that mean nothing in `charset` are U+FFFD. `charset` is a WHATWG name in lower
    case where there is one. `evidence` is "bom", "http", "meta", "utf-8" (the bytes themselves are UTF-8 and nobody
    said so), "detector", or "empty" (no bytes at all).
    """

    text: str
    charset: str
    evidence: str


class UndecodableBytes(ValueError):
    """The bytes are no text in any encoding we know: an image, an archive, compressed or encrypted data."""


# name -> (Python codecs, of which the one that leaves fewest bytes unread is taken; labels of that encoding).
# The first codec is the browsers' meaning. Later ones are supersets for what it leaves unread: NEC and IBM
# extensions of EUC-JP live in euc_jis_2004, the euro sign and box drawing of Taiwanese Windows in cp950.
_ENCODINGS: dict[str, tuple[tuple[str, ...], str]] = {
    "utf-8": (("utf-8",), "utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8 utf-8-sig utf8mb4"),
    "utf-16le": (("utf-16-le",), "utf-16le utf-16 unicode ucs-2 iso-10646-ucs-2 csunicode unicodefeff"),
    "utf-16be": (("utf-16-be",), "utf-16be unicodefffe"),
    "utf-32le": (("utf-32-le",), "utf-32le utf-32"),
    "utf-32be": (("utf-32-be",), "utf-32be"),
    "utf-7": (("utf-7",), "utf-7"),
    "gb18030": (
        ("gb18030",),
        "gb18030 gbk gb2312 gb_2312 gb_2312-80 chinese csgb2312 csiso58gb231280 iso-ir-58 x-gbk cp936 ms936 936 "
        "windows-936 euc-cn gb18030-2000 gb18030-2022 gb-2312 gb2312-80",
    ),
    "hz-gb-2312": (("hz",), "hz-gb-2312 hz hzgb"),
    "big5": (("big5hkscs", "cp950"), "big5 big5-hkscs cn-big5 csbig5 x-x-big5 cp950 big5-eten windows-950 big5hkscs"),
    "shift_jis": (
        ("cp932",),
        "shift_jis shift-jis sjis x-sjis ms_kanji ms932 csshiftjis windows-31j cp932 shift_jis_2004 shift_jisx0213",
    ),
    "euc-jp": (("euc_jp", "euc_jis_2004"), "euc-jp eucjp x-euc-jp cseucpkdfmtjapanese euc_jis_2004 euc_jisx0213"),
    "iso-2022-jp": (
        ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_ext", "iso2022_jp_2004"),
        "iso-2022-jp csiso2022jp iso-2022-jp-2 iso-2022-jp-2004 iso-2022-jp-ext iso-2022-jp-1 iso-2022-jp-3",
    ),
    "euc-kr": (
        ("cp949",),
        "euc-kr euckr cseuckr ks_c_5601-1987 ks_c_5601-1989 ks_c_5601 ksc5601 ksc_5601 korean windows-949 cp949 949 "
        "iso-ir-149 csksc56011987 uhc ms949",
    ),
    "iso-2022-kr": (("iso2022_kr",), "iso-2022-kr csiso2022kr"),
    "johab": (("johab",), "johab cp1361"),
    "windows-1250": (("cp1250",), "windows-1250 cp1250 x-cp1250"),
    "windows-1251": (("cp1251",), "windows-1251 cp1251 x-cp1251 win-1251 win1251"),
    "windows-1252": (
        ("cp1252",),
        "windows-1252 cp1252 x-cp1252 iso-8859-1 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 latin1 latin-1 l1 "
        "cp819 ibm819 csisolatin1 iso-ir-100 ansi",
    ),
    "windows-1253": (("cp1253",), "windows-1253 cp1253 x-cp1253"),
    "windows-1254": (
        ("cp1254",),
        "windows-1254 cp1254 x-cp1254 iso-8859-9 iso8859-9 iso88599 iso_8859-9 latin5 l5 csisolatin5 iso-ir-148",
    ),
    "windows-1255": (("cp1255",), "windows-1255 cp1255 x-cp1255"),
    "windows-1256": (("cp1256",), "windows-1256 cp1256 x-cp1256"),
    "windows-1257": (("cp1257",), "windows-1257 cp1257 x-cp1257"),
    "windows-1258": (("cp1258",), "windows-1258 cp1258 x-cp1258"),
    "windows-874": (("cp874",), "windows-874 cp874 dos-874 tis-620 tis620 iso-8859-11 iso8859-11 iso885911"),
    "iso-8859-2": (("iso8859_2",), "iso-8859-2 iso8859-2 iso88592 iso_8859-2 latin2 l2 csisolatin2 iso-ir-101"),
    "iso-8859-3": (("iso8859_3",), "iso-8859-3 iso8859-3 iso88593 iso_8859-3 latin3 l3 csisolatin3 iso-ir-109"),
    "iso-8859-4": (("iso8859_4",), "iso-8859-4 iso8859-4 iso88594 iso_8859-4 latin4 l4 csisolatin4 iso-ir-110"),
    "iso-8859-5": (("iso8859_5",), "iso-8859-5 iso8859-5 iso88595 iso_8859-5 cyrillic csisolatincyrillic iso-ir-144"),
    "iso-8859-6": (("iso8859_6",), "iso-8859-6 iso8859-6 iso88596 iso_8859-6 arabic asmo-708 ecma-114 iso-8859-6-i"),
    "iso-8859-7": (
        ("iso8859_7",),
        "iso-8859-7 iso8859-7 iso88597 iso_8859-7 greek greek8 ecma-118 elot_928 sun_eu_greek",
    ),
    "iso-8859-8": (("iso8859_8",), "iso-8859-8 iso8859-8 iso88598 iso_8859-8 hebrew visual iso-8859-8-i logical"),
    "iso-8859-10": (("iso8859_10",), "iso-8859-10 iso8859-10 iso885910 latin6 l6 csisolatin6 iso-ir-157"),
    "iso-8859-13": (("iso8859_13",), "iso-8859-13 iso8859-13 iso885913"),
    "iso-8859-14": (("iso8859_14",), "iso-8859-14 iso8859-14 iso885914"),
    "iso-8859-15": (("iso8859_15",), "iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 csisolatin9 latin9 latin-9"),
    "iso-8859-16": (("iso8859_16",), "iso-8859-16 iso8859-16"),
    "koi8-r": (("koi8_r",), "koi8-r koi koi8 koi8_r cskoi8r"),
    "koi8-u": (("koi8_u",), "koi8-u koi8-ru"),
    "koi8-t": (("koi8_t",), "koi8-t"),
    "kz1048": (("kz1048",), "kz1048 kz-1048 strk1048_2002 rk1048"),
    "ptcp154": (("ptcp154",), "ptcp154 pt154 cp154"),
    "macintosh": (("mac_roman",), "macintosh mac x-mac-roman csmacintosh macroman mac-roman"),
    "x-mac-cyrillic": (("mac_cyrillic",), "x-mac-cyrillic x-mac-ukrainian maccyrillic mac-cyrillic"),
    "x-mac-greek": (("mac_greek",), "x-mac-greek macgreek mac-greek"),
    "x-mac-turkish": (("mac_turkish",), "x-mac-turkish macturkish mac-turkish"),
    "x-mac-ce": (("mac_latin2",), "x-mac-ce maclatin2 mac-latin2 x-mac-centraleurroman"),
    "ibm866": (("cp866",), "ibm866 cp866 866 csibm866"),
    "ibm437": (("cp437",), "ibm437 cp437 437"),
    "ibm850": (("cp850",), "ibm850 cp850 850"),
    "ibm852": (("cp852",), "ibm852 cp852 852"),
    "ibm855": (("cp855",), "ibm855 cp855 855"),
    "ibm857": (("cp857",), "ibm857 cp857 857"),
    "ibm862": (("cp862",), "ibm862 cp862 862"),
    "cp1125": (("cp1125",), "cp1125 cp866u ruscii"),
}
# `us-ascii` and its aliases are left out on purpose: browsers take them for windows-1252, but a page that is not ASCII
# and says it is has told us nothing.
_NAME_OF = {label: name for name, (_, labels) in _ENCODINGS.items() for label in labels.split()}
_EAST_ASIAN = frozenset(("gb18030", "big5", "shift_jis", "euc-jp", "euc-kr", "johab"))

# Declarations stand in the first 1,024 bytes by the HTML standard; pages with long comments put them later.
_HEAD_BYTES = 4096
# `charset=` covers both <meta charset> and <meta http-equiv content="text/html; charset=">; no nested repeats.
_META = re.compile(rb"<meta\b[^>]{0,600}?\bcharset\s{0,8}=\s{0,8}[\"']?\s{0,8}([A-Za-z0-9_.:\-]{2,40})", re.I)
_XML = re.compile(rb"^\s{0,64}<\?xml\b[^>]{0,200}?\bencoding\s{0,8}=\s{0,8}[\"']([A-Za-z0-9_.:\-]{2,40})", re.I)
_COMMENT = re.compile(rb"<!--.{0,4096}?-->", re.S)
_NOT_TEXT = re.compile(rb"<[^<>]*>")  # `[^<>]`, not `[^>]`: a page of a million `<` stays linear
_HIGH = bytes(range(0x80, 0x100))
# Not among them: « » ª º · ´, which stand at the end of words, and soft hyphen and no-break space.
_SYMBOLS = frozenset("¡¢£¤¥¦¨©¬¯±²³µ¶¸¹¼½¾¿×÷ˇ˘˙˛˝†‡ˆ‹›‚„•‰€")
_QUOTED = re.compile(rb"[\"'<>]")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_LONG_ASCII = re.compile(rb"[\x00-\x7f]{64,}")
_UTF7_RUN = re.compile(rb"\+[A-Za-z0-9/]{3,}-")

# Of the characters beyond ASCII, the share that may be unreadable and the reading still be believed.
_BROKEN_UTF8 = 0.1  # nobody declared UTF-8
_BROKEN_PAIRS = 0.02  # not UTF-8: pairs of bytes that single-byte text can form too
_BROKEN_DECLARED = 0.3  # somebody did: pages assembled from parts in two encodings
# How well a declared encoding must fit, as a share of the best fit: header and page agree; one of them says so; one
# of them says ISO-8859-1 or windows-1252, the default of many servers, which is often no statement at all.
_FIT_AGREED = 0.2
_FIT = 0.5
_FIT_DEFAULT = 0.8
_FIT_PAIRS = 0.2  # the bytes form pairs as declared, which single-byte text seldom does
# Encodings of old operating systems and of little-used standards need better evidence than the others, the commonest
# single-byte one needs less: a prior, multiplied to chardet's fit, which is close to a tie on short pages. Cyrillic
# ones (ibm855, x-mac-cyrillic) are not among the rare: at 0.5 seven feeds in MacCyrillic read as windows-1251.
_RARE = frozenset(
    n for n in _ENCODINGS if n.startswith(("ibm4", "ibm85", "ibm862", "x-mac", "cp", "johab", "ptcp", "kz", "koi8-t"))
) - {"ibm855", "x-mac-cyrillic"} | {
    "macintosh",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-6",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-16",
}
_PRIOR_RARE = 0.5
_PRIOR_LATIN = 1.1
# 64 KB of the text with non-ASCII bytes decide; chardet itself scores bigrams of the first 16 KB only.
_SAMPLE_BYTES = 65536
_SCAN_BYTES = 1 << 20  # where they are looked for, counted from the first of them


def canonical_charset(label: str | None) -> str | None:
    """The encoding that browsers take `label` for, as a WHATWG name in lower case; None where it names none.

    >>> canonical_charset("GB2312"), canonical_charset(" 'latin1' "), canonical_charset("none")
    ('gb18030', 'windows-1252', None)
    """
    if not label:
        return None
    label = label.strip(" \t\r\n\f\"';,").lower()
    return _NAME_OF.get(label) or _NAME_OF.get(label.replace("_", "-"))


def declared_charset(data: bytes) -> str | None:
    """The encoding that a page declares about itself in its first 4,096 bytes (canonical name), or None."""
    head = data[:_HEAD_BYTES]
    found = _XML.search(head)
    if found is None or canonical_charset(found[1].decode("ascii")) is None:
        found = _META.search(_COMMENT.sub(b"", head) if b"<!--" in head else head)
    name = canonical_charset(found[1].decode("ascii")) if found else None
    # The declaration itself was read as ASCII, so it cannot be UTF-16 (WHATWG HTML, 13.2.3.3).
    return "utf-8" if name in ("utf-16le", "utf-16be", "utf-32le", "utf-32be") else name


def decode_page(data: bytes, http_charset: str | None, *, markup: bool) -> Decoded:
    """The text of `data`, a whole page.

    `http_charset` is the label of the Content-Type header or None; with `markup` the page's own declaration counts,
    without it (text/plain) it does not. Raises UndecodableBytes where no encoding makes text of the bytes.
    """
    if not data:
        return Decoded("", "utf-8", "empty")
    marked = _by_mark(data)
    if marked is not None:
        return marked
    http = canonical_charset(http_charset)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _not_utf8(data, http, declared_charset(data) if markup else None)
    meta = declared_charset(data) if markup and http != "utf-8" else None
    # b"\0" in UTF-16, ESC in ISO-2022, ~{ in HZ and +…- in UTF-7: all of them look like ASCII.
    if len(text) == len(data):
        other = _seven_bit(data, http, meta)
        if other is not None:
            return other
    elif len(data) - len(text) <= 64 and {http, meta} & _EAST_ASIAN and not _coherent(text):
        for name, evidence in ((http, "http"), (meta, "meta")):
            if name in _EAST_ASIAN:
                assert name is not None
                other_text, unread = _read(data, name)
                if not unread:
                    return Decoded(other_text, name, evidence)
    evidence = "http" if http == "utf-8" else "meta" if meta == "utf-8" else "utf-8"
    return Decoded(text, "utf-8", evidence)


def _by_mark(data: bytes) -> Decoded | None:
    """The reading that a byte order mark announces; None without one, or where the rest contradicts it."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF32_LE, "utf-32le"),  # before UTF-16, whose mark it begins with
        (codecs.BOM_UTF32_BE, "utf-32be"),
        (codecs.BOM_UTF16_LE, "utf-16le"),
        (codecs.BOM_UTF16_BE, "utf-16be"),
    ):
        if data.startswith(mark):
            text, unread = _read(data[len(mark) :], name)
            beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
            if unread <= 1 or unread <= _BROKEN_DECLARED * beyond_ascii:
                return Decoded(text, name, "bom")
    return None


def _seven_bit(data: bytes, http: str | None, meta: str | None) -> Decoded | None:
    """The reading of bytes below 0x80 that are not simply ASCII; None where they are."""
    if b"\0" in data:
        name = _wide(data)
        return Decoded(_read(data, name)[0], name, _said(name, http, meta)) if name else None
    candidates = ["iso-2022-jp", "iso-2022-kr"] if b"\x1b$" in data else []
    # The other two have no unmistakable mark: `~{` is also code, `+abc-` also a telephone number. Somebody must say so.
    if "hz-gb-2312" in (http, meta) or (b"~{" in data and b"~}" in data and _detected(data) == "hz-gb-2312"):
        candidates.append("hz-gb-2312")
    undeclared = not http and not meta and len(_UTF7_RUN.findall(data[:_SAMPLE_BYTES])) >= 2
    if "utf-7" in (http, meta) or (undeclared and _detected(data) == "utf-7"):
        candidates.append("utf-7")
    for name in candidates:
        text, unread = _read(data, name)
        if not unread and not text.isascii() and "\x1b" not in text:
            return Decoded(text, name, _said(name, http, meta))
    return None


def _detected(data: bytes) -> str | None:
    import chardet

    return canonical_charset(chardet.detect(data[:_SAMPLE_BYTES])["encoding"])


def _said(name: str, http: str | None, meta: str | None) -> str:
    return "http" if name == http else "meta" if name == meta else "detector"


def _wide(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, told by where the NULs of the ASCII characters fall; None where neither fits."""
    head = data[: 4096 & ~3]
    if len(head) < 4:
        return None
    nul = [head[i::4].count(0) / len(head[i::4]) for i in range(4)]
    if min(nul[2:]) > 0.9 and nul[1] > 0.04 and nul[0] < 0.02:
        name = "utf-32le"
    elif min(nul[:2]) > 0.9 and nul[2] > 0.04 and nul[3] < 0.02:
        name = "utf-32be"
    elif min(nul[1], nul[3]) > 0.04 and max(nul[0], nul[2]) < 0.02:
        name = "utf-16le"
    elif min(nul[0], nul[2]) > 0.04 and max(nul[1], nul[3]) < 0.02:
        name = "utf-16be"
    else:
        return None
    return name if _read(data, name)[1] <= 1 else None


def _coherent(text: str) -> bool:
    """Whether neighbouring characters beyond ASCII belong together: letters of one script, no symbols in words.

    Chinese in GBK can be valid UTF-8 by chance: 目录 is C4 BF C2 BC, in UTF-8 a letter L with middle dot and a
    quarter. Such readings change kind at every step, real text in any script below U+0800 does not.
    """
    if max(text) >= "\u0800":
        return True
    together = apart = before = 0
    for char in text:
        kind = _kind(ord(char))
        if before and kind:
            together += kind == before
            apart += kind != before
        before = kind
    return apart == 0 or together > 2 * apart


def _kind(code: int) -> int:
    """0 for ASCII and controls, 1 for symbols of Latin-1, 2 for Latin letters, else the block of 128 code points."""
    if code < 0xA0:
        return 0
    if code < 0xC0 or code in (0xD7, 0xF7):
        return 1
    return 2 if code < 0x250 else 3 + (code >> 7)


def _not_utf8(data: bytes, http: str | None, meta: str | None) -> Decoded:
    """The reading of bytes that are not valid UTF-8 as a whole."""
    broken = data.decode("utf-8", "replace")
    bad = broken.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    good = len(broken) - bad - len(data.translate(None, _HIGH))
    cut = bad == 1 and broken.endswith("\ufffd") and good > 0
    declared_utf8 = "utf-8" in (http, meta)
    if cut or bad <= (_BROKEN_DECLARED if declared_utf8 else _BROKEN_UTF8) * good:
        said = _said("utf-8", http, meta)
        return Decoded(broken, "utf-8", "utf-8" if said == "detector" else said)
    if b"\0" in data:
        name = _wide(data)
        if name:
            return Decoded(_read(data, name)[0], name, _said(name, http, meta))
    if http in ("utf-16le", "utf-16be"):  # Chinese without any ASCII has no NULs
        text, unread = _read(data, http)
        if not unread and _mostly_assigned(text):
            return Decoded(text, http, "http")
    declared = [n for n in dict.fromkeys((http, meta)) if n and not n.startswith(("utf-", "iso-2022", "hz"))]
    ranking = _ranking(_sample(data))
    if not ranking:
        if _binary(data):
            raise UndecodableBytes(
                f"{len(data)} bytes beginning {data[:12]!r} are no text in any known encoding"
                + (f" (declared {', '.join(declared)})" if declared else "")
                + "; if this is an image, an archive or compressed data, its Content-Type or Content-Encoding is wrong"
            )
        ranking = dict.fromkeys([*declared[:1], "windows-1252"], 1.0)
    name = _choose(ranking, http, meta)
    text, _ = _read(data, name)
    return Decoded(text, name, _said(name, http, meta))


def _choose(ranking: dict[str, float], http: str | None, meta: str | None) -> str:
    """A declared encoding unless the best of `ranking` explains the bytes much better than it."""
    best = max(ranking, key=lambda n: (ranking[n], n))
    for name in dict.fromkeys((http, meta)):
        if name is None or name not in ranking:
            continue
        needed = _FIT_AGREED if http == meta else _FIT_DEFAULT if name == "windows-1252" else _FIT
        if name in _EAST_ASIAN and best not in _EAST_ASIAN:
            needed = _FIT_PAIRS
        if ranking[name] >= needed * ranking[best]:
            return name
    return best


def _read(data: bytes, name: str) -> tuple[str, int]:
    """(`data` in encoding `name`, how many U+FFFD the decoding put in)."""
    best: tuple[str, int] | None = None
    for codec in _ENCODINGS[name][0]:
        try:
            return data.decode(codec), 0
        except UnicodeDecodeError:
            text = data.decode(codec, "replace")
            reading = text, text.count("\ufffd")
            if best is None or reading[1] < best[1]:
                best = reading
    assert best is not None
    return best


def _mostly_assigned(text: str) -> bool:
    import unicodedata

    head = text[:2000]
    strange = sum(unicodedata.category(c) in ("Cn", "Co", "Cs", "Cc") and c not in "\t\r\n\f" for c in head)
    return strange <= 0.02 * len(head)


def _sample(data: bytes) -> bytes:
    """What of a page is worth showing to the detector: its text with bytes beyond ASCII, no tags, no declarations.

    Tags can be cut out before decoding because `<` and `>` are no trail bytes in any encoding that comes here. Long
    stretches of ASCII are cut too: around a short Chinese title they would make the page look like Latin.
    """
    first = _BEYOND_ASCII.search(data)
    start = max(0, first.start() - 4096) if first else 0
    data = data[start : start + _SCAN_BYTES]
    pieces = [p for p in _NOT_TEXT.split(data) if not p.isascii()]
    if not pieces:  # only attributes are beyond ASCII
        pieces = [p for p in _QUOTED.split(data) if not p.isascii()]
    return _LONG_ASCII.sub(lambda run: run[0][:24] + b"\n" + run[0][-24:], b"\n".join(pieces))[:_SAMPLE_BYTES]


def _ranking(sample: bytes) -> dict[str, float]:
    """Encoding -> how well it explains `sample`; empty where the bytes are not text.

    chardet's bigram statistics, weighed by how common the encoding is and by how odd the text looks in it. chardet
    drops an encoding at the first byte it cannot decode; East Asian ones get a second chance without such bytes.
    """
    fits = _fits(sample)
    for name in _EAST_ASIAN.difference(fits):
        text, unread = _read(sample, name)
        if 0 < unread <= max(1, _BROKEN_PAIRS * (len(text) - len(sample.translate(None, _HIGH)))):
            mended = text.replace("\ufffd", "").encode(_ENCODINGS[name][0][-1], "ignore")
            fits[name] = _fits(mended).get(name, 0.0)
    top = max(fits.values(), default=0.0)
    return {
        name: fit * (1 - _oddity(_read(sample[:2000], name)[0])) if fit > 0.3 * top else fit
        for name, fit in fits.items()
    }


def _fits(sample: bytes) -> dict[str, float]:
    """Encoding -> chardet's confidence times the prior."""
    import chardet

    fits: dict[str, float] = {}
    for found in chardet.detect_all(sample, ignore_threshold=True):
        name = canonical_charset(found["encoding"])
        if name is not None:
            prior = _PRIOR_RARE if name in _RARE else _PRIOR_LATIN if name == "windows-1252" else 1.0
            fits[name] = max(fits.get(name, 0.0), prior * found["confidence"])
    return fits


def _oddity(text: str) -> float:
    """The share of characters beyond ASCII that look misread, 0 to 0.95, each counted double.

    Odd is what a wrong table produces: a symbol or control inside a word, a capital after a small letter, three
    accented Latin letters in a row, Cyrillic or Greek in a Latin word or all alone. Bytes that mean nothing count ten
    times.
    """
    odd = beyond = 0
    chars = f"  {text} "
    for left, char, right in zip(chars, chars[1:], chars[2:], strict=False):
        code = ord(char)
        if code < 0x80:
            continue
        beyond += 1
        if code == 0xFFFD:
            odd += 10
        elif code < 0xA0 or 0xE000 <= code < 0xF900:
            odd += 2
        elif char in _SYMBOLS or 0x2500 <= code < 0x25A0:
            # ¶ before a letter is a Greek capital in the wrong table, € behind one the Cyrillic я.
            odd += (left.isalpha() and (right.isalpha() or char == "€")) or (right.isalpha() and char == "¶")
        elif char.isalpha():
            odd += left.islower() and char.isupper()
            odd += code < 0x250 and all(0xC0 <= ord(c) < 0x250 for c in (left, right))
            if 0x370 <= code < 0xE80:
                known = [0x370 <= ord(c) < 0xE80 for c in (left, right)]
                latin = [c.isalpha() and ord(c) < 0x250 for c in (left, right)]
                odd += (code < 0x700 and any(latin)) or not any(known)
    return min(0.95, 2 * odd / beyond) if beyond else 0.0


def _binary(data: bytes) -> bool:
    head = data[:4096]
    return len(head.translate(None, bytes(range(9)) + bytes(range(14, 27)) + bytes(range(28, 32)))) < 0.97 * len(head)
