"""Instruction sets from one format to another; a row that cannot go is named with its line, and none is lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from trainers.errors import ConfigurationError, InputError
from trainers.instruct.examples import BadRows, Example, Problem, from_table, to_table
from trainers.instruct.files import SUFFIXES, Found, rows_of, write_json_rows, write_parquet_table
from trainers.instruct.formats import WrongRow, format_named, written


@dataclass
class Reading:
    """What a file holds: the good examples with their places, every problem, and the rejected rows as they stood."""

    examples: list[Example] = field(default_factory=list)
    places: list[Found] = field(default_factory=list)  # of each example
    problems: list[Problem] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    broken: bool = False  # the file ends in something that cannot be read past

    def reject(self, found: Found, faults: list[str]) -> None:
        self.problems += [Problem(found.row, found.line, fault) for fault in faults]
        row: dict[str, Any] = {"row": found.row, "line": found.line, "problems": faults}
        self.rejected.append(row | ({"value": found.value} if found.value is not None else {"text": found.text}))


def read_file(path: Path, name: str) -> Reading:
    """Every row of `path` in format `name`, good and bad. Raises InputError where there is nothing to read."""
    read = format_named(name).read
    reading = Reading()
    for found in rows_of(path):
        reading.broken |= found.rest_unread
        if found.value is None:
            reading.reject(found, [found.wrong or "no object"])
            continue
        try:
            reading.examples.append(read(dict(found.value)))
            reading.places.append(found)
        except WrongRow as error:
            reading.reject(found, error.found)
    return reading


def read_examples(path: Path, name: str) -> pa.Table:
    """The examples of `path` (format `name`: alpaca, lima or messages) as a table of `examples.SCHEMA`.

    Raises BadRows with every problem of every row, and InputError where there is nothing to read.
    """
    reading = read_file(path, name)
    if reading.problems:
        raise BadRows(str(path), reading.problems)
    if not reading.examples:
        raise InputError(f"{path} holds no rows")
    return to_table(reading.examples)


def write_examples(table: pa.Table, path: Path, name: str, *, exact: bool = False) -> dict[str, int]:
    """Writes a table of `examples.SCHEMA` in format `name` to `path` (.json, .jsonl; messages also .parquet).

    Returns how many rows lost which key to `exact`, which writes only the format's own keys. Raises BadRows naming
    every row that the format cannot say; then nothing is written.
    """
    writable(path, name)
    reading = Reading(list(from_table(table)))
    reading.places = [Found(i, None, None) for i in range(len(reading.examples))]
    rows, left_out = _rows(reading, name, exact)
    if reading.problems:
        raise BadRows(str(path), reading.problems)
    _write(rows, reading.examples, path)
    return left_out


@dataclass(frozen=True)
class Converted:
    """What a conversion did: rows written, rows rejected, and per key how many rows `exact` wrote without it."""

    rows: int
    rejected: int
    left_out: dict[str, int]


def convert(
    source: Path, from_: str, target: Path, to: str, *, exact: bool = False, rejects: Path | None = None
) -> Converted:
    """Converts the file `source` in format `from_` to `target` in format `to`.

    Without `rejects` any bad row raises BadRows with all of them, and nothing is written. With it the good rows are
    written, and each bad one goes to the file `rejects` (JSON lines: row, line, problems, and the row as it stood).
    A file that cannot be read to its end is refused either way. Raises ConfigurationError for unknown formats and
    file endings.
    """
    writable(target, to)
    if target.exists() and source.exists() and target.samefile(source):
        raise ConfigurationError(f"{target} is the source itself; write to another file")
    if rejects is not None and rejects.resolve() in (source.resolve(), target.resolve()):
        raise ConfigurationError(
            f"{rejects} is the source or the target itself; send the rejected rows to another file"
        )
    reading = read_file(source, from_)
    rows, left_out = _rows(reading, to, exact)
    reading.problems.sort(key=lambda p: p.row)
    reading.rejected.sort(key=lambda r: r["row"])
    if reading.problems and (rejects is None or reading.broken):
        advice = "" if reading.broken else "\nnothing was written; `--rejects FILE` puts these rows there and goes on"
        raise BadRows(str(source), reading.problems, advice)
    if not rows and not reading.rejected:
        raise InputError(f"{source} holds no rows")
    if rejects is not None and reading.rejected:
        write_json_rows(reading.rejected, rejects)
    if not rows:
        raise InputError(
            f"none of the {len(reading.rejected):,} rows of {source} can be converted; they are in {rejects}"
        )
    _write(rows, reading.examples, target)
    return Converted(len(rows), len(reading.rejected), left_out)


def _rows(reading: Reading, name: str, exact: bool) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The rows to write; examples that format `name` cannot say leave `reading.examples` for its problems."""
    rows: list[dict[str, Any]] = []
    good: list[Example] = []
    left_out: Counter[str] = Counter()
    for example, found in zip(reading.examples, reading.places, strict=True):
        try:
            row, without = written(example, name, exact=exact)
        except WrongRow as error:
            reading.reject(found, error.found)
            continue
        rows.append(row)
        good.append(example)
        left_out.update(without)
    reading.examples = good
    return rows, dict(left_out)


def writable(path: Path, name: str) -> None:
    """Raises ConfigurationError where format `name` cannot be written to a file named `path`."""
    format_named(name)
    if path.suffix not in SUFFIXES:
        raise ConfigurationError(f"{path} has no ending that says how to write it; use {', '.join(SUFFIXES)}")
    if path.suffix == ".parquet" and name != "messages":
        raise ConfigurationError(
            f"Parquet holds the format messages; write {name} to .json or .jsonl, or say --to messages"
        )


def _write(rows: list[dict[str, Any]], examples: list[Example], path: Path) -> None:
    if path.suffix == ".parquet":
        write_parquet_table(to_table(examples), path)
    else:
        write_json_rows(rows, path)
