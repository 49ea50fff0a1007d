"""The one form all instruction sets meet in: an example is a conversation and what is known of where it came from.

As a table an example is a row of `SCHEMA`; as an object it is an `Example`. Formats read into it and write from it,
and nothing a row holds is lost on the way: what the form has no place for stays in `extra`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from trainers.errors import InputError

SYSTEM, USER, ASSISTANT = "system", "user", "assistant"
ROLES = (SYSTEM, USER, ASSISTANT)

MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))

# Where an example came from; null means not known.
PROVENANCE = ("source", "url", "method", "lang")

SCHEMA = pa.schema(
    [
        ("messages", MESSAGES),  # system (optional, first), then user and assistant in turn; the assistant has the end
        ("input", pa.string()),  # Alpaca's `input`: how the last question ends, after a blank line; null where none
        ("source", pa.string()),  # LIMA's `source`, or the set an example was taken from
        ("url", pa.string()),  # the page a mined example was found on
        ("method", pa.string()),  # how it was found there: one of `pairs.METHODS`
        ("lang", pa.string()),  # of a mined example, as curation measured it on the page
        ("extra", pa.string()),  # all other keys of the row, as a JSON object; null where there were none
    ]
)


@dataclass(frozen=True)
class Example:
    """One conversation: `messages` as (role, content), and what `SCHEMA` says of the rest."""

    messages: tuple[tuple[str, str], ...]
    input: str | None = None
    source: str | None = None
    url: str | None = None
    method: str | None = None
    lang: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """What is wrong with one row. `row` counts from 0; `line` from 1, None in files without lines (Parquet)."""

    row: int
    line: int | None
    message: str

    def __str__(self) -> str:
        at = f"line {self.line}" if self.line is not None else f"row {self.row}"
        return f"{at}: {self.message}"


class BadRows(InputError):
    """Rows that are not what the format asks for: all of them, in the order of the file."""

    def __init__(self, path: str, problems: list[Problem], advice: str = "") -> None:
        self.path, self.problems = path, problems
        shown = [f"  {problem}" for problem in problems[:100]]
        if len(problems) > len(shown):
            shown.append(f"  and {len(problems) - len(shown)} more")
        rows = len({problem.row for problem in problems})
        super().__init__(
            f"{path}: {rows} {'row is' if rows == 1 else 'rows are'} not as they must be\n" + "\n".join(shown) + advice
        )


def faults(messages: Iterable[tuple[Any, Any]]) -> list[str]:
    """Everything that is wrong with the turns of a conversation; [] when nothing is.

    A conversation is at least one question and its answer: an optional `system` first, then `user` and `assistant`
    in turn, the last one `assistant`. Every content is text with something in it.
    """
    found: list[str] = []
    expected = USER
    last = None
    for number, (role, content) in enumerate(messages, 1):
        where = f"turn {number}"
        if role not in ROLES:
            found.append(f"{where} has role {role!r}; a role is one of {', '.join(ROLES)}")
        elif role == SYSTEM:
            if number > 1:
                found.append(f"{where} is the system's, which may only be the first")
        else:
            if role != expected:
                found.append(f"{where} is the {role}'s where the {expected}'s should be: they take turns, user first")
            expected = USER if role == ASSISTANT else ASSISTANT
        found += text_faults(f"{where} ({role})" if role in ROLES else where, content)
        last = role
    if last is None:
        found.append("there are no turns; a conversation is at least a question and its answer")
    elif last in (USER, SYSTEM):
        found.append(f"the last turn is the {last}'s: the answer is missing")
    return found


def text_faults(name: str, value: Any) -> list[str]:
    """What is wrong with a value that must be text with something in it."""
    if value is None:
        return [f"{name} is missing"]
    if not isinstance(value, str):
        return [f"{name} is {described(value)}, not text"]
    if not value.strip():
        return [f"{name} is empty"]
    return []


def described(value: Any) -> str:
    """The kind of a JSON value, in words."""
    kinds: dict[type, str] = {
        dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number", str: "text",
        type(None): "null",
    }  # fmt: skip
    return kinds.get(type(value), f"a {type(value).__name__}")


def to_table(examples: Iterable[Example]) -> pa.Table:
    """`examples` as a table of `SCHEMA`, in their order."""
    rows = list(examples)
    columns: list[pa.Array] = [
        pa.array([[{"role": r, "content": c} for r, c in e.messages] for e in rows], MESSAGES),
        pa.array([e.input for e in rows], pa.string()),
        *(pa.array([getattr(e, name) for e in rows], pa.string()) for name in PROVENANCE),
        pa.array([json.dumps(e.extra, ensure_ascii=False) if e.extra else None for e in rows], pa.string()),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def from_table(table: pa.Table) -> Iterator[Example]:
    """The examples of a table of `SCHEMA`."""
    for row in table.to_pylist():
        yield Example(
            tuple((m["role"], m["content"]) for m in row["messages"]),
            row["input"],
            **{name: row[name] for name in PROVENANCE},
            extra=json.loads(row["extra"]) if row["extra"] else {},
        )
