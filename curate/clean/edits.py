"""Edits by patterns of one's own: replace, drop lines, drop what stands between two marks, drop short paragraphs.

Patterns are RE2's (https://github.com/google/re2/wiki/Syntax) and run over the column as Arrow kernels. They are
case-sensitive unless they begin with `(?i)`; `.` matches no line feed unless `(?s)`; `^` and `$` are the ends of the
text unless `(?m)`; `\\d`, `\\w`, `\\s` and `\\b` know ASCII only: Chinese characters are `\\p{Han}`. `\\Q[ad]\\E` takes
what stands inside as it is written.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from curate.clean.lines import lines_of, without_lines
from curate.clean.patterns import checked_pattern, checked_template, shown
from curate.schema import Batch, set_column


def replace(pattern: str, with_: str) -> Replace:
    r"""Replace whatever `pattern` finds in `text` (an RE2 pattern) by `with`.

    `with` may put groups back: `\1` to `\9`, `\g<name>`, `\g<0>` for all that was found; `\\` is a backslash. In YAML:
    `- replace: {pattern: '第(\d+)页', with: 'page \1'}`. Raises ValueError for what RE2 does not know, with the place.
    """
    checked_pattern(pattern, "`pattern`")
    return Replace(pattern, with_, checked_template(with_, pattern, "`with`"))


@dataclass(frozen=True)
class Replace:
    """Every match, from left to right; made by `replace`. An empty match counts unless it touches the one before."""

    pattern: str
    with_: str
    rewrite: str = field(repr=False)  # `with_` in RE2's notation

    version = "1"

    @property
    def name(self) -> str:
        return f"replace({shown(self.pattern)}, {shown(self.with_)})"

    def __call__(self, batch: Batch) -> Batch:
        text = batch.column("text")
        return set_column(batch, "text", pc.replace_substring_regex(text, self.pattern, self.rewrite))


def drop_lines(pattern: str) -> DropLines:
    """Drop every line of `text` in which `pattern` (an RE2 pattern) is found; `^` and `$` are the ends of the line.

    Raises ValueError for what RE2 does not know, with the place.
    """
    return DropLines(checked_pattern(pattern, "`pattern`"))


@dataclass(frozen=True)
class DropLines:
    """Made by `drop_lines`. Lines end at line feeds; between blank lines one goes with those behind it."""

    pattern: str

    version = "1"

    @property
    def name(self) -> str:
        return f"drop_lines({shown(self.pattern)})"

    def __call__(self, batch: Batch) -> Batch:
        text = batch.column("text")
        lines = lines_of(text)
        found = pc.match_substring_regex(lines.flatten(), self.pattern)
        return set_column(batch, "text", without_lines(text, lines, found))


def drop_between(start: str, end: str) -> DropBetween:
    r"""Drop everything from where `start` is found to the nearest `end` behind it, both included (RE2 patterns).

    It may stretch over lines. A start without an end drops nothing. Marks that are no patterns stand between \Q and \E:
    `- drop_between: {start: '\Q[ad]\E', end: '\Q[/ad]\E'}`. Raises ValueError for what RE2 does not know.
    """
    return DropBetween(checked_pattern(start, "`start`"), checked_pattern(end, "`end`"))


@dataclass(frozen=True)
class DropBetween:
    """Made by `drop_between`."""

    start: str
    end: str

    version = "1"

    @property
    def name(self) -> str:
        return f"drop_between({shown(self.start)}, {shown(self.end)})"

    def __call__(self, batch: Batch) -> Batch:
        both = f"(?:{self.start})(?s:.*?)(?:{self.end})"
        return set_column(batch, "text", pc.replace_substring_regex(batch.column("text"), both, ""))


def drop_short_paragraphs(characters: int) -> DropShortParagraphs:
    """Drop the paragraphs of `text` with fewer than so many characters, blanks around them not counted.

    Blank lines divide paragraphs; in a text without blank lines every line is one. Headings are short paragraphs.
    """
    if characters < 1:
        raise ValueError(f"`characters` is at least 1, not {characters}")
    return DropShortParagraphs(characters)


@dataclass(frozen=True)
class DropShortParagraphs:
    """Made by `drop_short_paragraphs`."""

    characters: int

    version = "1"

    @property
    def name(self) -> str:
        return f"drop_short_paragraphs({self.characters})"

    def __call__(self, batch: Batch) -> Batch:
        texts = batch.column("text").to_pylist()
        return set_column(batch, "text", pa.array([t and self._edited(t) for t in texts], pa.string()))

    def _edited(self, text: str) -> str:
        divider = "\n\n" if "\n\n" in text else "\n"
        return divider.join(p for p in text.split(divider) if len(p.strip()) >= self.characters)
