"""Patterns as users write them: checked by RE2 before anything runs, with errors that say what to write instead.

RE2 finds each match in time linear in the text, whatever the pattern; so it knows no look-around and no back
references. A step that replaces every match can still be made to look at the rest of the text once per match, by a
pattern such as `(?s)a.*z|a` on a text of nothing but `a`.
"""

from __future__ import annotations

import re

# What RE2 lacks, by how it begins, and what helps.
_UNKNOWN = (
    ("(?=", "look-ahead", "match what follows as well, in a group, and put it back with \\1"),
    ("(?!", "negative look-ahead", "drop or keep with two patterns, one after the other"),
    ("(?<=", "look-behind", "match what stands before as well, in a group, and put it back with \\1"),
    ("(?<!", "negative look-behind", "drop or keep with two patterns, one after the other"),
    ("(?>", "an atomic group", "an ordinary group (?:…) will do: nothing is ever tried twice"),
    ("(?P=", "a back reference", "spell out what may repeat"),
    ("(?#", "a comment", "put it into a comment of the configuration"),
    ("(?(", "a condition", "write the two cases as (?:…|…)"),
)
_ESCAPES = {
    "\\Z": "the end of the text is \\z",
    "\\h": "spaces and tabs are [ \\t]",
    "\\R": "a line end is (?:\\r\\n|\\n|\\r)",
    "\\u": "a character by its number is \\x{4e2d}",
    "\\U": "a character by its number is \\x{1f600}",
    "\\N": "a character by its number is \\x{4e2d}",
}
_REPETITIONS = ("*+", "++", "?+", "}+")


def checked_pattern(pattern: str, where: str) -> str:
    """`pattern`, if RE2 takes it; else ValueError with what is wrong, where in the pattern, and what to write instead.

    `where` names the option, as in "drop_lines: `pattern`".
    """
    import re2  # type: ignore[import-untyped]

    if not pattern:
        raise ValueError(f"{where} is empty, and the empty pattern is found everywhere")
    single_byte = re.search(r"(?<!\\)(?:\\\\)*(\\C)", pattern)
    if single_byte:
        raise ValueError(f"{_at(where, pattern, single_byte.start(1))} \\C matches half a character; any is (?s:.)")
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options=options)
    except re2.error as error:
        raise ValueError(_explained(pattern, str(_decoded(error.args[0])), where)) from None
    return pattern


def _decoded(message: bytes | str) -> str:
    return message.decode("utf-8", "replace") if isinstance(message, bytes) else message


def _explained(pattern: str, message: str, where: str) -> str:
    said, _, fragment = message.partition(": ")
    if said.startswith(("missing", "unexpected")):  # RE2 names no place, but all of the pattern
        return f"{where} '{pattern}': {said}"
    if fragment == "(?P" and "(?P=" in pattern:
        fragment = "(?P="
    at = max(pattern.find(fragment), 0)
    for begins, what, advice in _UNKNOWN:
        if pattern.startswith(begins, at):
            return f"{_at(where, pattern, at)} {what} {begins} is not known to RE2; {advice}"
    if fragment.startswith("\\") and fragment[1:2].isdigit():
        return f"{_at(where, pattern, at)} the back reference {fragment} is not known to RE2; spell out what may repeat"
    if fragment in _ESCAPES:
        return f"{_at(where, pattern, at)} {fragment} is not known to RE2; {_ESCAPES[fragment]}"
    if fragment.endswith(_REPETITIONS):
        return f"{_at(where, pattern, at)} the possessive {fragment} is not known to RE2; leave out its last +"
    return f"{_at(where, pattern, at)} {message}"


def _at(where: str, pattern: str, at: int) -> str:
    return f"{where} '{pattern}', character {at + 1}:"


_REFERENCE = re.compile(r"\\(?:g<(?P<named>[^>]*)>|(?P<number>[1-9][0-9]?)|(?P<other>.?))", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r"}


def checked_template(template: str, pattern: str, where: str) -> str:
    r"""`template`, as `re.sub` of Python takes it, in RE2's notation.

    `\1` to `\9`, `\g<1>` and `\g<name>` stand for a group, `\g<0>` for the whole match, `\n`, `\t`, `\r` for
    themselves, `\\` for a backslash. Raises ValueError for a group that the pattern does not have.
    """
    import re2  # type: ignore[import-untyped]

    compiled = re2.compile(pattern)

    def translated(found: re.Match[str]) -> str:
        named, number, other = found["named"], found["number"], found["other"]
        if other == "\\":
            return "\\\\"
        if other is not None:
            if other not in _PLAIN:
                raise ValueError(f"{_at(where, template, found.start())} write \\\\ for a backslash")
            return _PLAIN[other]
        group = compiled.groupindex.get(named, named) if named is not None else number
        group = int(group) if str(group).isdecimal() else -1
        if not 0 <= group <= compiled.groups:
            names = ", ".join([*map(str, range(1, compiled.groups + 1)), *compiled.groupindex]) or "none"
            raise ValueError(f"{_at(where, template, found.start())} no group {named or number}; there are {names}")
        if group > 9:
            raise ValueError(f"{_at(where, template, found.start())} only groups 1 to 9 can be put back")
        return f"\\{group}"

    return _REFERENCE.sub(translated, template)


def shown(text: str) -> str:
    """`text` in quotes, for the name of a step; at most 40 characters of it."""
    return repr(text if len(text) <= 40 else text[:39] + "…")
