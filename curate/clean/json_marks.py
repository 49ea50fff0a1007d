r"""JSON that was left around text or in it: `{"text": "…"}` wrappers, and escapes nobody has undone.

Escapes are undone line by line, because the inside of a JSON string holds no line feed, and only where two things come
together. The line could be the inside of a JSON string: every backslash begins an escape, every `"` stands behind one.
And it shows that it is prose so written (`_shows`). Code, prose about code, LaTeX and Windows paths fail the one or the
other; the cases are in `tests/json_marks_cases.json`. One look at every character: time is linear in the text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from curate.normalization import surrogates
from curate.schema import Batch, set_column


def strip_json(*, key: str = "text", wrappers: bool = True, escapes: bool = True) -> StripJson:
    r"""The step that takes leftover JSON from `text`.

    `wrappers`  a text that is a JSON object with a string under `key`, an array of such objects, or one per line,
                becomes that string, or these strings, one per line
    `escapes`   `\"`, `\\`, `\/`, `\n`, `\r`, `\t`, `\uXXXX` become what they stand for, in lines that show that they
                are the inside of a JSON string; pairs of surrogates are joined, lone ones become U+FFFD
    """
    return StripJson(key, wrappers, escapes)


@dataclass(frozen=True)
class StripJson:
    """Made by `strip_json`."""

    key: str = "text"
    wrappers: bool = True
    escapes: bool = True

    name = "strip_json"
    version = "1"

    def __call__(self, batch: Batch) -> Batch:
        texts = batch.column("text").to_pylist()
        return set_column(batch, "text", pa.array([t and self._stripped(t) for t in texts], pa.string()))

    def _stripped(self, text: str) -> str:
        if self.wrappers:
            text = unwrapped(text, self.key)
        return unescaped(text) if self.escapes else text


# ---- wrappers ---------------------------------------------------------------------------------------------------


def unwrapped(text: str, key: str = "text") -> str:
    """The strings under `key`, one per line, of a text that is nothing but JSON objects with that key; else `text`."""
    body = text.strip()
    if not body.startswith(("{", "[")) or not body.endswith(("}", "]")) or f'"{key}"' not in body:
        return text
    found = _strings(_parsed(body), key)
    if found is None and "\n" in body:
        lines = [_strings(_parsed(line), key) for line in body.split("\n") if line.strip()]
        found = None if any(strings is None for strings in lines) else [s for strings in lines for s in strings or ()]
    return text if found is None else surrogates("\n".join(found))


def _parsed(body: str) -> Any:
    """`body` as JSON; None where it is none. Line feeds inside strings are let pass."""
    try:
        return json.loads(body, strict=False)
    except (ValueError, RecursionError):
        return None


def _strings(value: Any, key: str) -> list[str] | None:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(v, dict) and isinstance(v.get(key), str) for v in values):
        return None
    return [v[key] for v in values]


# ---- escapes ----------------------------------------------------------------------------------------------------

# The escapes of JSON but for \b and \f: no prose has backspaces, and LaTeX has \frac and \beta.
_ESCAPE = re.compile(r'\\(?:["\\/nrt]|u[0-9a-fA-F]{4})')
_MEANING = {"n": "\n", "r": "\r", "t": "\t"}
_LEVELS = 3  # of escaping, each of which doubles the backslashes of the one before


def unescaped(text: str) -> str:
    """`text` with the lines unescaped that show that they are the inside of a JSON string."""
    if "\\" not in text:
        return text
    return surrogates(
        "\n".join([_unescaped_line(line, _LEVELS) if "\\" in line else line for line in text.split("\n")])
    )


def _unescaped_line(line: str, levels: int) -> str:
    body = line[1:-1] if len(line) > 2 and line[0] == '"' == line[-1] else line
    single = body.replace("\\\\", "\0")  # every backslash in it begins an escape
    rest = _ESCAPE.sub("", single)
    if levels == 0 or "\\" in rest or '"' in rest or _OTHERWISE.search(single):
        return line
    inside = _ESCAPE.sub(_meant, body)
    if "\\" in inside:  # escaped twice: what is inside may show it
        deeper = "\n".join([_unescaped_line(part, levels - 1) for part in inside.split("\n")])
        if deeper != inside:
            return deeper
    shown = _LETTERS.search(single) or _ADDRESS.search(single) or _BREAK.search(inside) or _QUOTED.search(inside)
    return inside if shown else line


def _meant(escape: re.Match[str]) -> str:
    mark = escape[0][1]
    return chr(int(escape[0][2:], 16)) if mark == "u" else _MEANING.get(mark, mark)


# What stands against it, on the line as it is: a drive letter before a single backslash (but Q: and A: are asked and
# answered), LaTeX that begins like an escape.
_OTHERWISE = re.compile(
    r"(?<![A-Za-z])[C-PR-Zc-pr-z]:\\[nrtu]"
    r"|\\(?:nabla|neq?|newline|not|notin|nu|rho|right|rightarrow|rm|tau|text|textbf|textit|textrm|theta|tilde|times"
    r"|triangle)(?![A-Za-z])"
)
# What shows it, on the line as it is. Letters: a run of \u that no quotation mark or bracket encloses, one inside or
# at the end of a word, one that opens a quotation, or \u003c with its \u003e. [\u4e00-\u9fa5] and '\u4e2d' are about
# letters.
_LETTERS = re.compile(
    r"(?<!['\[])(?<!\\u[0-9a-fA-F]{4})(?:\\u(?!00[0-7])[0-9a-fA-F]{4}){2,}+(?!['\]-])"
    r"|(?<=[A-Za-z])(?<!\\u[0-9a-fA-F]{4})\\u(?:00[c-fC-F]|01[0-7]|20[12])[0-9a-fA-F]"
    r"|\\u201[8cC](?=[A-Za-z])"
    r"|\\u003[cC][^\\]*+\\u003[eE]"
)
_ADDRESS = re.compile(r"[a-z]:\\/\\/|<\\/[a-z]")  # nothing but JSON writes https:\/\/ and <\/p> so
# What shows it, in what is inside, where all line feeds and quotation marks come from escapes: a line that ends where
# a sentence does, before no quotation mark or bracket of a line of code; a quotation, or an attribute.
_BREAK = re.compile(r"""(?:\w[.!?…。！？][”’」』）)]?|["”’」』])[ \t\r]*+\n(?!['"`)\]”’」])""")
_QUOTED = re.compile(r'(?:^|[\s，。：、；,:一-龥]|<[a-z][^<>"]*=)"(?=[^\s",;)])[^"]*+"')
