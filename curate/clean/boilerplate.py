"""Lines that pages carry around their text: navigation, sharing, accounts, legal notices, advertising, templates.

Whole short lines only, told by the lists in `boilerplate_en.toml` and `boilerplate_zh.toml`, both of which are asked
whatever the language, because pages mix them. A line is only looked at as a whole, so a sentence that speaks of
copyright or of the next page stays.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.clean.lines import lines_of, without_lines
from curate.schema import Batch, set_column

KINDS = ("navigation", "sharing", "account", "legal", "advertising", "template")
LISTS = ("boilerplate_en.toml", "boilerplate_zh.toml")
LONGEST = 200  # characters of a line; longer ones are prose
ITEM = 24  # characters of an item of a navigation bar
RUN = 4  # lines of one navigation word each that make a bar

Mask: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]  # one entry per line of the column


def drop_boilerplate(*, kinds: list[str] | None = None) -> DropBoilerplate:
    """Drop the lines of `text` that are advertising, navigation or template text, in English and Chinese.

    `kinds`  which of navigation, sharing, account, legal, advertising, template; null: all of them

    Raises ValueError for another kind.
    """
    unknown = [kind for kind in kinds or () if kind not in KINDS]
    if unknown or kinds == []:
        raise ValueError(f"drop_boilerplate: `kinds` are some of {', '.join(KINDS)}, not {kinds}")
    chosen = tuple(kind for kind in KINDS if kinds is None or kind in kinds)
    lists = phrases()
    words = "|".join(lists["bar"]) if "navigation" in chosen else None
    return DropBoilerplate(chosen, tuple("|".join(lists[kind]) for kind in chosen), words)


def phrases() -> dict[str, list[str]]:
    """The patterns of both languages, by kind, and those of the words of navigation bars under "bar"."""
    found: dict[str, list[str]] = {kind: [] for kind in (*KINDS, "bar")}
    for name in LISTS:
        for kind, patterns in tomllib.loads(resources.files(__package__).joinpath(name).read_text("utf-8")).items():
            found[kind] += patterns
    return found


_BLANK = r"[\s\p{Z}]"
# What may decorate a line: symbols, icons of fonts, brackets, bullets, arrows; no quotation marks, which mark speech.
_MARKS = r"[\s\p{Z}\p{S}\p{Co}\p{Pd}()\[\]（）【】［］〔〕《》〈〉•·・*#›»«‹/\\.,:;!?_&@…。，、：；！？]"
_BARS = r"[|｜︱│¦·•・›»→]"
_DIVIDER = r"[\s\p{Z}|｜︱│¦·•・›»→>/_:：–—-]+"


def _whole(pattern: str) -> str:
    return f"(?i)^{_MARKS}*(?:{pattern}){_MARKS}*$"


@dataclass(frozen=True)
class DropBoilerplate:
    """Made by `drop_boilerplate`. Lines end at line feeds, so `normalize` comes before; it may come again after."""

    kinds: tuple[str, ...]
    patterns: tuple[str, ...] = field(repr=False)  # of what a line says that goes; one per kind
    words: str | None = field(repr=False)  # of an item of a navigation bar; None: bars stay

    name = "drop_boilerplate"
    version = "1"

    def __call__(self, batch: Batch) -> Batch:
        text = batch.column("text")
        lines = lines_of(text)
        return set_column(batch, "text", without_lines(text, lines, pa.array(self._found(lines))))

    def _found(self, lines: pa.ListArray) -> Mask:
        flat = lines.flatten()
        found = np.zeros(len(flat), bool)
        for (
            pattern
        ) in self.patterns:  # one by one: RE2's automaton of all together outgrows its memory, 20 times slower
            found |= _matches(flat, _whole(pattern))
        if self.words is not None:
            found |= _matches(flat, _whole(f"(?:{self.words})(?:{_DIVIDER}(?:{self.words})){{2,}}"))
            found |= _divided(flat, self.words)
            found |= _in_a_row(_matches(flat, _whole(self.words)), ~_matches(flat, f"^{_BLANK}*$"), lines)
        return found & (pc.utf8_length(flat).to_numpy() <= LONGEST)


def _matches(lines: pa.Array, pattern: str) -> Mask:
    return pc.match_substring_regex(lines, pattern).to_numpy(zero_copy_only=False)


def _divided(lines: pa.Array, words: str) -> Mask:
    """Lines of four short items or more with bars between them, of which two are navigation words."""
    item = f"[^。.!?！？,，;；|｜︱│¦·•・›»→]{{1,{ITEM}}}"
    some = f"(?i)(?:^|{_BARS}){_BLANK}*(?:{words}){_BLANK}*"
    two = f"{some}{_BARS}(?:.*{_BARS})?{_BLANK}*(?:{words}){_BLANK}*(?:{_BARS}|$)"
    return _matches(lines, f"^{_MARKS}*{item}(?:{_BARS}+{item}){{3,}}{_BARS}*$") & _matches(lines, two)


def _in_a_row(word: Mask, filled: Mask, lines: pa.ListArray) -> Mask:
    """Where `word` is true for at least RUN lines of a text one after another, blank lines between them not counted."""
    found = np.zeros(len(word), bool)
    at = np.flatnonzero(filled)
    if len(at):
        text = np.repeat(np.arange(len(lines)), np.diff(lines.offsets.to_numpy()))[at]
        changes = (np.diff(text) != 0) | np.diff(word[at])
        run = np.concatenate([[0], np.cumsum(changes)])
        found[at] = word[at] & (np.bincount(run)[run] >= RUN)
    return found
