"""Clean text: one form for what readers cannot tell apart, nothing else touched.

A shelf of small stages `str -> str` in a fixed order, each with a name. `explain` says which of them changed a text,
and applying the stages it names, in order, gives the same text as `normalize_text` (a test holds them to it).
Normalised text is a fixed point: normalising again changes nothing.

Left alone on purpose: Chinese quotation marks and full-width punctuation, curly quotes, ligatures, ideographic
variation, and joiners in the scripts that spell with them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

import pyarrow as pa

from curate.schema import Batch, set_column


def normalize(
    *,
    ftfy: bool = True,
    unicode_form: Literal["NFC", "NFKC"] | None = "NFC",
    controls: bool = True,
    invisible: bool = True,
    spaces: bool = True,
    blank_lines: bool = True,
    lower: bool = False,
    emoji: Literal["keep", "remove"] = "keep",
) -> Normalize:
    """The step that rewrites column `text`.

    ftfy          HTML entities left in plain text, and mojibake: UTF-8 that was once read as Latin-1 or the like
    unicode_form  "NFC" (canonical), "NFKC" (also full-width letters, ligatures, superscripts: loses meaning), or None
    controls      C0 and C1 controls except tab and line feed, terminal escapes, non-characters, annotation marks
    invisible     zero-width characters, soft hyphens, direction marks, tag characters
    spaces        every kind of space becomes U+0020; runs become one; none at the end of a line; leading spaces and
                  tabs stay (code is indented with them), ideographic spaces there go (paragraph indents)
    blank_lines   at most one blank line in a row, none at the beginning or end of the text
    lower         lower case, for classifiers
    emoji         "remove" takes out emoji with their modifiers and joiners

    Line ends become line feeds and lone surrogates U+FFFD always: nothing behind could work with them.
    """
    if unicode_form not in ("NFC", "NFKC", None):
        raise ValueError(f"normalize: unicode_form is 'NFC', 'NFKC' or null, not {unicode_form!r}")
    if emoji not in ("keep", "remove"):
        raise ValueError(f"normalize: emoji is 'keep' or 'remove', not {emoji!r}")
    return Normalize(ftfy, unicode_form, controls, invisible, spaces, blank_lines, lower, emoji)


@dataclass(frozen=True)
class Normalize:
    """Rewrites `text` by `normalize_text`; null stays null, no row leaves, no other column is touched."""

    ftfy: bool = True
    unicode_form: Literal["NFC", "NFKC"] | None = "NFC"
    controls: bool = True
    invisible: bool = True
    spaces: bool = True
    blank_lines: bool = True
    lower: bool = False
    emoji: Literal["keep", "remove"] = "keep"

    name = "normalize"
    version = "1"

    @property
    def depends(self) -> tuple[str, ...]:
        """What shapes the text besides this file: ftfy's tables and Python's Unicode."""
        from importlib.metadata import version

        return (f"ftfy {version('ftfy')}" if self.ftfy else "no ftfy", f"unicode {unicodedata.unidata_version}")

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the stages that these options ask for, in order."""
        asked = {
            "surrogates": True,
            "entities": self.ftfy,
            "mojibake": self.ftfy,
            "line_ends": True,
            "controls": self.controls,
            "invisible": self.invisible,
            "stacks": self.unicode_form is not None,
            "NFC": self.unicode_form == "NFC",
            "NFKC": self.unicode_form == "NFKC",
            "emoji": self.emoji == "remove",
            "lower": self.lower,
            "spaces": self.spaces,
            "blank_lines": self.blank_lines,
        }
        return tuple(name for name in STAGES if asked[name])

    def __call__(self, batch: Batch) -> Batch:
        texts = batch.column("text").to_pylist()
        clean = [None if text is None else normalize_text(text, self) for text in texts]
        return set_column(batch, "text", pa.array(clean, pa.string()))


class Change(NamedTuple):
    """What one stage did to a text. Lengths are characters; `was` and `now` begin at the first difference."""

    stage: str
    before: int
    after: int
    at: int
    was: str
    now: str


# One stage can uncover work for an earlier one: a zero-width space inside an entity. Two rounds settle all but texts
# built to need more, where each further round costs its author about ten characters; the bound keeps that linear.
_ROUNDS = 8


def normalize_text(text: str, options: Normalize | None = None) -> str:
    """`text` after the stages of `options`, repeated until nothing changes (at most 8 rounds)."""
    stages = [STAGES[name] for name in (options or _DEFAULT).stages]
    for _ in range(_ROUNDS):
        before = text
        for stage in stages:
            text = stage(text)
        if text == before:
            break
    return text


def explain(text: str, options: Normalize | None = None) -> list[Change]:
    """The stages that change `text`, in the order in which they do."""
    changes: list[Change] = []
    for _ in range(_ROUNDS):
        start = len(changes)
        for name in (options or _DEFAULT).stages:
            after = STAGES[name](text)
            if after != text:
                changes.append(_change(name, text, after))
            text = after
        if len(changes) == start:
            break
    return changes


def _change(name: str, before: str, after: str) -> Change:
    shorter = min(len(before), len(after))
    low, high = 0, shorter  # the first difference, by halving: comparing slices runs at the speed of C
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if before[:middle] == after[:middle] else (low, middle - 1)
    return Change(name, len(before), len(after), low, before[low : low + 20], after[low : low + 20])


# ---- the stages -------------------------------------------------------------------------------------------------

_SURROGATE = re.compile("[\ud800-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def surrogates(text: str) -> str:
    """Pairs of surrogates become the character they stand for, lone ones U+FFFD: Arrow and UTF-8 know neither."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    text = _PAIR.sub(lambda pair: pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


_AMPERSANDS = re.compile("&(?:(?:amp|AMP|#0{0,5}38|#[xX]0{0,4}26);)+")


def entities(text: str) -> str:
    """HTML entities in what should be plain text: `&nbsp;`, `&amp;quot;`, also written twice.

    Safe only where the text has no `<`: beside markup an entity may be meant. Only names that end in a semicolon
    count, so that `this&not that` stays.
    """
    if "&" not in text or ";" not in text or "<" in text:
        return text
    from ftfy.fixes import unescape_html

    # All levels of escaping at once: `&amp;amp;lt;` is `<`, however often it was escaped on the way.
    return unescape_html(_AMPERSANDS.sub("&", text))


def mojibake(text: str) -> str:
    """UTF-8 that was read as Latin-1, windows-125x or MacRoman, once or several times, put right by ftfy.

    ftfy sees each line by itself; lines that its heuristic cannot possibly call bad are not shown to it, which is
    most text and about fifty times as fast (the slow twin in the tests shows it all of them).
    `decode_inconsistent_utf8` is on: it alone repairs lines where good Chinese surrounds the damage. Its price is
    that a lone “Ã” between quotation marks is repaired too.
    """
    if text.isascii() or not _suspicious().search(text):
        return text
    suspicious = _suspicious().search
    return "".join([_mended(line) if suspicious(line) else line for line in _segments(text)])


def _segments(text: str) -> list[str]:
    """`text` cut as ftfy cuts it: after every line feed, and at a million characters where there is none."""
    lines = text.split("\n")
    ended = [line + "\n" for line in lines[:-1]] + lines[-1:]
    return [line[at : at + 1_000_000] for line in ended for at in range(0, len(line), 1_000_000)]


def _mended(line: str) -> str:
    from ftfy import TextFixerConfig, fix_and_explain

    # The one place where ftfy is configured. Everything but the encoding is another stage's work or left alone:
    # ftfy would straighten quotes and take full-width punctuation from Chinese.
    only_encoding = TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        fix_encoding=True,
        restore_byte_a0=True,
        replace_lossy_sequences=True,
        decode_inconsistent_utf8=True,
        fix_c1_controls=True,
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        fix_surrogates=False,
        remove_control_chars=False,
        normalization=None,
        explain=True,  # without it ftfy 6.3.1 ignores the four options after fix_encoding
    )
    return fix_and_explain(line, only_encoding).text


@cache
def _suspicious() -> re.Pattern[str]:
    """Matches wherever ftfy's heuristic can match, and hardly anywhere else.

    Every alternative of `ftfy.badness.BADNESS_RE` has a C1 control, one of a few telling letters, or two neighbours
    of its character classes of which one is no accented small letter, Greek or Cyrillic. That is checked for every
    pair and triple of class members in the tests, for the release of ftfy that is installed.
    """
    from ftfy.badness import MOJIBAKE_CATEGORIES as kinds

    letters = kinds["lower_accented"] + kinds["lower_common"] + kinds["upper_common"] + "ā"
    others = "".join(kinds[k] for k in ("bad", "law", "currency", "start_punctuation", "end_punctuation", "numeric"))
    others += kinds["kaomoji"] + kinds["upper_accented"] + kinds["box"]
    telling = kinds["c1"] + "ŒœØÙÃÂÎÐ"
    return re.compile(
        f"[{letters}{others}{telling}]"
        f"(?:(?<=[{telling}])|[{others}]|(?<=[{others}])[{letters}]"
        "|(?<=√)´|(?<=в)Ђ|(?<=Г)ўВЂВ|(?<=[ВГРС])-[ВГРС]|(?<=[ΒΓΞΟ])-[ΒΓΞΟ])"
    )


def line_ends(text: str) -> str:
    """CR LF, CR, vertical tab, form feed, NEL, LINE and PARAGRAPH SEPARATOR become a line feed."""
    for end in ("\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"):
        if end in text:
            text = text.replace(end, "\n")
    return text


_ESCAPE = re.compile("\x1b(?:\\[[0-9;?]*[A-Za-z]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\))")
_BMP_CONTROLS = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u206a-\u206f\ufdd0-\ufdef\ufff9-\ufffc\ufffe\uffff"
_PLANE_ENDS = "".join(f"{chr(plane + 0xFFFE)}-{chr(plane + 0xFFFF)}" for plane in range(1 << 16, 17 << 16, 1 << 16))
_CONTROLS = re.compile(f"[{_BMP_CONTROLS}{_PLANE_ENDS}]+")
# `re` looks up the first 65,536 characters in a table and walks a list for the rest: one range there, not sixteen.
_PERHAPS_CONTROLS = re.compile(f"[{_BMP_CONTROLS}\U0001fffe-\U0010ffff]")


def controls(text: str) -> str:
    """Terminal escapes, C0 and C1 controls, non-characters, annotation and object replacement marks go."""
    if not _PERHAPS_CONTROLS.search(text):
        return text
    if "\x1b" in text:
        text = _ESCAPE.sub("", text)
    return _CONTROLS.sub("", text)


_INVISIBLE = re.compile(
    "\U0001f3f4[\U000e0020-\U000e007e]{1,16}\U000e007f"  # a flag spelled with tag characters: Wales, Scotland
    "|[\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
_ZWSP, _ZWNJ, _ZWJ = "\u200b", "\u200c", "\u200d"
# Scripts that spell with joiners: Arabic to Myanmar, Khmer and Mongolian, Arabic forms, the later Indic blocks.
_JOINING = re.compile("[\u0600-\u109f\u1780-\u18af\ua840-\uabff\ufb50-\ufefc\U00010a00-\U00011fff]")
# Scripts written without spaces that mark words with U+200B: Thai, Lao, Myanmar, Khmer.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_PICTURE = re.compile("[\xa9\xae\u2190-\u2bff\ufe0f\U0001f000-\U0001faff\U000e007f]")


def invisible(text: str) -> str:
    """Characters without width or ink go: zero-width spaces, soft hyphens, direction marks, stray tag characters.

    Kept are joiners inside emoji (family, flags) and behind letters of scripts that spell with them (Persian می‌روم,
    Hindi half forms), and zero-width spaces between Thai, Lao, Myanmar or Khmer letters, where they mark words.
    """
    if text.isascii():
        return text
    return _INVISIBLE.sub(_visible, text)


def _visible(found: re.Match[str]) -> str:
    mark, text = found[0], found.string
    if len(mark) > 1:
        return mark
    left = text[found.start() - 1] if found.start() else " "
    right = text[found.end()] if found.end() < len(text) else " "
    if mark == _ZWJ:
        keep = bool(_JOINING.match(left) or (_PICTURE.match(left) and _PICTURE.match(right)))
    elif mark == _ZWNJ:
        keep = bool(_JOINING.match(left)) and not right.isspace()
    else:
        keep = mark == _ZWSP and bool(_UNSPACED.match(left) and _UNSPACED.match(right))
    return mark if keep else ""


_STACK = 30  # Unicode's stream-safe limit (UAX 15, section 13); the longest stack of any orthography has fewer than 10


@cache
def _stacks() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """(matches wherever there may be a stack too high, its first marks and the rest)."""
    marks = [code for code in range(0x300, 0x1F000) if unicodedata.combining(chr(code))]
    starts = [code for code in marks if not unicodedata.combining(chr(code - 1))]
    ends = [code for code in marks if not unicodedata.combining(chr(code + 1))]
    ranges = [f"{chr(a)}-{chr(b)}" for a, b in zip(starts, ends, strict=True)]
    every, low = "".join(ranges), "".join(r for r in ranges if r[0] < "\U00010000")
    return (
        re.compile(f"[{low}\U00010000-\U0010ffff]{{{_STACK + 1}}}"),
        re.compile(f"([{every}]{{{_STACK}}})[{every}]+"),
    )


def stacks(text: str) -> str:
    """No more than 30 combining marks on a letter. Unicode normalisation sorts them in quadratic time."""
    if text.isascii():
        return text
    perhaps, stack = _stacks()
    return stack.sub(r"\1", text) if perhaps.search(text) else text


def nfc(text: str) -> str:
    """Canonical composition."""
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def nfkc(text: str) -> str:
    """Compatibility composition; one character can become eighteen (U+FDFA)."""
    return text if unicodedata.is_normalized("NFKC", text) else unicodedata.normalize("NFKC", text)


# Characters that are pictures by default, and ones that are when U+FE0F follows (Unicode's emoji-data.txt).
_EMOJI = re.compile(
    "(?:[0-9#*]\ufe0f?\u20e3|[\xa9\xae\u203c\u2049\u2100-\u2bff\u3030\u303d\u3297\u3299]\ufe0f"
    "|[\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab"
    "\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e"
    "\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f000-\U0001faff])"
    "(?:[\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]|\u200d[\xa9\xae\u2190-\u2bff\U0001f000-\U0001faff])*"
)


def emoji_gone(text: str) -> str:
    """Emoji go, with skin tones, variation selectors and what is joined to them; ✓ ★ → and the like stay."""
    return text if text.isascii() else _EMOJI.sub("", text)


def lower(text: str) -> str:
    """Lower case; U+0130 becomes two characters."""
    return text.lower()


_EXOTIC = "\xa0\u1680\u2000-\u200a\u202f\u205f"
_EXOTIC_SPACE = re.compile(f"[{_EXOTIC}\u3000]")
_INDENT = re.compile(f"^[ \t{_EXOTIC}]*\u3000[ \t{_EXOTIC}\u3000]*", re.M)
_RUN = re.compile("[ \t]{2,}")
_TRAILING = re.compile("[ \t]+\n")
_LEADING = 40  # deeper indentation is layout, not code


def spaces(text: str) -> str:
    """One kind of space, one at a time, none at the end of a line.

    A run with a tab becomes a tab: it divides the cells of a table. Spaces and tabs at the start of a line stay, up
    to 40. U+3000 becomes a plain space, or nothing at the start of a line, where it indents a Chinese paragraph.
    """
    if not text.isascii():
        if "\u3000" in text:
            text = _INDENT.sub("", text)
        text = _EXOTIC_SPACE.sub(" ", text)
    if "  " in text or "\t" in text:
        text = _RUN.sub(_one_space, text)
    if " \n" in text or "\t\n" in text:
        text = _TRAILING.sub("\n", text)
    return text.rstrip(" \t")


def _one_space(run: re.Match[str]) -> str:
    at = run.start()
    if at == 0 or run.string[at - 1] == "\n":
        return run[0][:_LEADING]
    return "\t" if "\t" in run[0] else " "


_BLANK = re.compile("\n{3,}")


def blank_lines(text: str) -> str:
    """At most one blank line between lines, none around the text."""
    return (_BLANK.sub("\n\n", text) if "\n\n\n" in text else text).strip("\n")


# The shelf, in order. Encoding comes before line ends and controls because NEL and the C1 controls are evidence of
# what the bytes were; marks are counted before they are sorted.
STAGES: dict[str, Callable[[str], str]] = {
    "surrogates": surrogates,
    "entities": entities,
    "mojibake": mojibake,
    "line_ends": line_ends,
    "controls": controls,
    "invisible": invisible,
    "stacks": stacks,
    "NFC": nfc,
    "NFKC": nfkc,
    "emoji": emoji_gone,
    "lower": lower,
    "spaces": spaces,
    "blank_lines": blank_lines,
}
_DEFAULT = Normalize()
