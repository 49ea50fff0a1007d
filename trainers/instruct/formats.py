"""Alpaca, LIMA and messages: what a row of each looks like, and how it becomes an `Example` and back.

alpaca    {"instruction": str, "input": str, "output": str}; `input` is "" where there is none.
          Taori et al. 2023, Stanford Alpaca, data release. More turns stand in `history`, a list of [question,
          answer] pairs before the last, and a system turn in `system`, as trainers that extend Alpaca read them.
lima      {"conversations": [user, assistant, user, …], "source": str}; Zhou et al. 2023, LIMA, data release. Its test
          split asks only; a row without an answer is no example. A system turn stands in `system`, as above.
messages  {"messages": [{"role": str, "content": str}, …]}; chat interfaces and most trainers.

Any further key of a row is kept: provenance in its column, the rest in `extra`, and written back behind the keys of
the format. Only a blank `source` or `input`, which says nothing, may come or go. `exact` writes only the format's own
keys, and refuses a row that would then say something else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from trainers.errors import ConfigurationError
from trainers.instruct.examples import (
    ASSISTANT,
    PROVENANCE,
    SYSTEM,
    USER,
    Example,
    described,
    faults,
    text_faults,
)

Row = dict[str, Any]


class WrongRow(ValueError):
    """What is wrong with one row, every fault of it."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("; ".join(found))
        self.found = found


class Format(NamedTuple):
    """A format: its own keys in order, keys that mean something besides, how to read a row, how to write one.

    `write` leaves further keys to `written`.
    """

    keys: tuple[str, ...]
    besides: tuple[str, ...]
    read: Callable[[Row], Example]
    write: Callable[[Example], Row]


def from_alpaca(row: Row) -> Example:
    """Raises WrongRow with every fault."""
    found: list[str] = []
    for key in ("instruction", "output"):
        found += _key_faults(row, key)
    if "input" not in row:
        found.append('`input` is missing; Alpaca writes "" where there is none')
    elif not isinstance(row["input"], str):
        found.append(f"`input` is {described(row['input'])}, not text")
    turns: list[tuple[str, str]] = []
    history = row.get("history")
    if history:
        if not (isinstance(history, list) and all(isinstance(p, list) and len(p) == 2 for p in history)):
            found.append("`history` is not a list of [question, answer] pairs")
        else:
            for number, (question, answer) in enumerate(history):
                found += text_faults(f"question {number} of `history`", question)
                found += text_faults(f"answer {number} of `history`", answer)
                turns += [(USER, question), (ASSISTANT, answer)]
    system, system_faults = _system(row)
    found += system_faults
    if found:
        raise WrongRow(found)
    rest = _rest(row, ("instruction", "input", "output", *(("history",) if history else ()), *dict(system)))
    question = f"{row['instruction']}\n\n{row['input']}" if row["input"] else row["instruction"]
    return _example([*system, *turns, (USER, question), (ASSISTANT, row["output"])], rest, input_=row["input"])


def to_alpaca(example: Example) -> Row:
    """Raises WrongRow where `input` is not how the last question ends."""
    turns = [(role, content) for role, content in example.messages if role != SYSTEM]
    instruction, output = turns[-2][1], turns[-1][1]
    if example.input:
        tail = f"\n\n{example.input}"
        if not instruction.endswith(tail):
            raise WrongRow(["`input` is not how the last question ends; empty the column `input` to write it whole"])
        instruction = instruction.removesuffix(tail)
    row: Row = {"instruction": instruction, "input": example.input or "", "output": output}
    earlier = [content for _, content in turns[:-2]]
    if earlier:
        row["history"] = [list(pair) for pair in zip(earlier[::2], earlier[1::2], strict=True)]
    return row


def from_lima(row: Row) -> Example:
    """Raises WrongRow with every fault."""
    found: list[str] = []
    turns: list[tuple[str, Any]] = []
    if "conversations" not in row:
        found.append("`conversations` is missing")
    elif not isinstance(row["conversations"], list):
        found.append(f"`conversations` is {described(row['conversations'])}, not a list of texts")
    else:
        turns = [(ASSISTANT if i % 2 else USER, text) for i, text in enumerate(row["conversations"])]
        if any(isinstance(text, dict) for _, text in turns):
            found.append("`conversations` holds objects where LIMA has texts, the user's and the assistant's in turn")
        else:
            found += faults(turns)
    if "source" not in row:
        found.append("`source` is missing")
    elif not isinstance(row["source"], str):
        found.append(f"`source` is {described(row['source'])}, not text")
    system, system_faults = _system(row)
    found += system_faults
    if found:
        raise WrongRow(found)
    rest = _rest(row, ("conversations", "source", *dict(system)))
    return replace(_example([*system, *turns], rest), source=row["source"])


def to_lima(example: Example) -> Row:
    """`source` is "" where it is not known."""
    turns = [content for role, content in example.messages if role != SYSTEM]
    return {"conversations": turns, "source": example.source or ""}


def from_messages(row: Row) -> Example:
    """Raises WrongRow with every fault."""
    messages = row.get("messages")
    if not isinstance(messages, list):
        raise WrongRow(
            [f"`messages` is {described(messages)}, not a list" if "messages" in row else "`messages` is missing"]
        )
    found: list[str] = []
    turns: list[tuple[Any, Any]] = []
    for number, message in enumerate(messages, 1):
        if not isinstance(message, dict):
            found.append(f"turn {number} is {described(message)}, not an object with `role` and `content`")
            continue
        found += [f"turn {number} has no `{key}`" for key in ("role", "content") if key not in message]
        more = sorted(set(message) - {"role", "content"})
        if more:
            found.append(f"turn {number} has keys besides `role` and `content`: {', '.join(more)}")
        turns.append((message.get("role"), message.get("content")))
    found = found or faults(turns)
    if found:
        raise WrongRow(found)
    return _example(turns, _rest(row, ("messages",)))


def to_messages(example: Example) -> Row:
    """Every turn with its role."""
    return {"messages": [{"role": role, "content": content} for role, content in example.messages]}


FORMATS: dict[str, Format] = {
    "alpaca": Format(("instruction", "input", "output"), ("history", "system"), from_alpaca, to_alpaca),
    "lima": Format(("conversations", "source"), ("system",), from_lima, to_lima),
    "messages": Format(("messages",), (), from_messages, to_messages),
}


def format_named(name: str) -> Format:
    """Raises ConfigurationError for a name that is none."""
    if name not in FORMATS:
        raise ConfigurationError(f"there is no format `{name}`; there are {', '.join(FORMATS)}")
    return FORMATS[name]


def written(example: Example, name: str, *, exact: bool = False) -> tuple[Row, list[str]]:
    """The row of `example` in format `name`, and the keys that `exact` left out of it.

    Raises WrongRow where the format cannot say it: two values for one key, or with `exact` more turns than the
    format's own keys hold.
    """
    form = format_named(name)
    row = form.write(example)
    more: Row = {}
    if name != "messages" and example.messages[0][0] == SYSTEM:
        more["system"] = example.messages[0][1]
    if example.input and "input" not in form.keys:
        more["input"] = example.input
    more |= {key: getattr(example, key) for key in PROVENANCE if getattr(example, key) and key not in form.keys}
    if exact:
        untold = [key for key in ("history", "system") if key in row or key in more]
        if untold:
            what = {"history": "earlier turns", "system": "a system turn"}
            raise WrongRow([f"has {' and '.join(what[k] for k in untold)}, for which {name} has no key of its own"])
        return row, [*more, *example.extra]
    taken = row | more
    meant = {*taken, *form.besides} & example.extra.keys()
    told_apart = [key for key in meant if example.extra[key] != taken.get(key)]
    clash = sorted(key for key in told_apart if _says_something(example.extra[key]) or taken.get(key))
    if clash:
        raise WrongRow([f"`{key}` has a meaning in {name} and another value in the row" for key in clash])
    return taken | {key: value for key, value in example.extra.items() if key not in taken}, []


def _example(turns: list[tuple[str, str]], rest: Row, *, input_: str | None = None) -> Example:
    """An example of the turns of a row and of its further keys; what fits a column goes there, the rest to `extra`."""
    taken: dict[str, str] = {}
    for key in PROVENANCE:
        if isinstance(rest.get(key), str) and rest[key]:
            taken[key] = rest.pop(key)
    tail = rest.get("input")
    if input_ is None and isinstance(tail, str) and tail and turns[-2][1].endswith(f"\n\n{tail}"):
        input_ = rest.pop("input")
    return Example(tuple(turns), input_ or None, **taken, extra=rest)


def _system(row: Row) -> tuple[list[tuple[str, str]], list[str]]:
    """The system turn of a row's `system`, if it has one, and what is wrong with it."""
    system = row.get("system")
    if not _says_something(system):
        return [], []
    if not isinstance(system, str):
        return [], [f"`system` is {described(system)}, not text"]
    return [(SYSTEM, system)], []


def _says_something(value: Any) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)


def _rest(row: Row, keys: tuple[str, ...]) -> Row:
    return {key: value for key, value in row.items() if key not in keys}


def _key_faults(row: Row, key: str) -> list[str]:
    return text_faults(f"`{key}`", row.get(key))
