"""Rows from and to files: a JSON array, JSON lines or Parquet, each row with the place it stands at.

Nothing is guessed at silently: a row that is no JSON object, holds a key twice or cannot be stored as UTF-8 comes out
as a problem with its line, and the rows behind it are read all the same where the file allows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from curate.work import whole
from trainers.errors import InputError
from trainers.instruct.examples import SCHEMA, described

SUFFIXES = (".json", ".jsonl", ".parquet")


class Found(NamedTuple):
    """One row of a file: its number from 0, its line from 1 (None in Parquet), and its object or what is wrong.

    `text` is the row as it stands in the file, for a row that is no object; `rest_unread` says that nothing behind
    it could be read.
    """

    row: int
    line: int | None
    value: dict[str, Any] | None
    wrong: str | None = None
    text: str | None = None
    rest_unread: bool = False


class _TwoValues(ValueError):
    """A key stands twice in one object."""


def rows_of(path: Path) -> Iterator[Found]:
    """Every row of `path`, in order: `.parquet` by its name, an array by its first character, else JSON lines.

    Raises InputError for a file that is missing, empty or of another kind.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}")
    if path.suffix == ".parquet":
        yield from _from_parquet(path)
        return
    raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if not raw.strip():
        raise InputError(f"{path} is empty; expected an array of objects, or one object per line")
    if raw.startswith((b"PAR1", b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{path} is not UTF-8 text; name Parquet files .parquet, and unpack or convert others first")
    if raw.lstrip()[:1] == b"[":
        yield from _from_array(raw)
        return
    found = list(_from_lines(raw))
    if len(found) > 1 and found[0].wrong is not None and _is_one_object(raw):
        raise InputError(f"{path} is one JSON object over many lines; expected an array, or one object per line")
    yield from found


def write_json_rows(rows: list[dict[str, Any]], path: Path) -> None:
    """`rows` as `path` says: `.json` an array with a row per line, `.jsonl` lines. The file appears whole or not."""
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    if path.suffix == ".json":
        text = "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"
    else:
        text = "".join(f"{line}\n" for line in lines)
    with whole(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))


def write_parquet_table(table: pa.Table, path: Path) -> None:
    """A table of `SCHEMA` as Parquet. The file appears whole or not."""
    from curate.proved import parquet_file

    with parquet_file(path, table.schema, {"compression": "zstd", "compression_level": 3}) as file:
        file.write(table)


def _from_lines(raw: bytes) -> Iterator[Found]:
    row = 0
    for number, line in enumerate(raw.split(b"\n"), 1):
        if not line.strip():
            continue  # a blank line holds no row
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            shown = line.decode("utf-8", "backslashreplace").strip()
            yield Found(row, number, None, f"not UTF-8 at byte {error.start} of the line", shown)
        else:
            value, wrong = _object(text)
            yield Found(row, number, value, wrong, None if value is not None else text.strip())
        row += 1


def _from_array(raw: bytes) -> Iterator[Found]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        yield Found(0, line, None, f"not UTF-8 at byte {error.start} of the file", rest_unread=True)
        return
    decoder = _decoder()
    at, line, row = text.index("[") + 1, 1, 0
    counted = 0  # lines are counted up to here

    def here(position: int) -> int:
        nonlocal line, counted
        line += text.count("\n", counted, position)
        counted = position
        return line

    while True:
        at = _past_space(text, at)
        if text[at : at + 1] == "]" and (row == 0 or text[:at].rstrip()[-1] != ","):
            after = _past_space(text, at + 1)
            if after < len(text):
                yield Found(row, here(after), None, "text behind the end of the array", text[after:], rest_unread=True)
            return
        start, place = at, here(at)
        try:
            value, at = decoder.raw_decode(text, at)
        except _TwoValues as error:
            # The object is whole but says two things: read past it without looking at its keys.
            _, at = json.JSONDecoder().raw_decode(text, at)
            yield Found(row, place, None, str(error), text[start:at])
        except (ValueError, RecursionError) as error:
            yield Found(row, place, None, f"no JSON from here on ({_said(error)})", text[start:], rest_unread=True)
            return
        else:
            value, wrong = _checked(value)
            yield Found(row, place, value, wrong, None if value is not None else text[start:at])
        row += 1
        at = _past_space(text, at)
        if text[at : at + 1] == ",":
            at += 1
        elif text[at : at + 1] != "]":
            wrong = "the array has no end" if at >= len(text) else "expected a comma or the end of the array"
            yield Found(row, here(at), None, wrong, text[at:], rest_unread=True)
            return


def _from_parquet(path: Path) -> Iterator[Found]:
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path} is no Parquet file that can be read: {error}") from None
    row = 0
    stored = file.schema_arrow.names == SCHEMA.names  # written by us: `extra` is the object of all further keys
    with file:
        for batch in file.iter_batches():
            for value in batch.to_pylist():
                if stored:
                    more = json.loads(value.pop("extra") or "{}")
                    value = {key: item for key, item in value.items() if item is not None} | more
                yield Found(row, None, *_storable(value))
                row += 1


def _object(text: str) -> tuple[dict[str, Any] | None, str | None]:
    try:
        return _checked(_decoder().decode(text.strip()))
    except _TwoValues as error:
        return None, str(error)
    except json.JSONDecodeError as error:
        return None, f"no JSON ({error.msg} at column {error.colno})"
    except (ValueError, RecursionError) as error:
        return None, f"no JSON ({_said(error)})"


def _checked(value: Any) -> tuple[dict[str, Any] | None, str | None]:
    if not isinstance(value, dict):
        return None, f"{described(value)} where an object was expected"
    return _storable(value)


def _storable(value: dict[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except UnicodeEncodeError:
        return None, "holds half of a surrogate pair (such as \\ud83d alone), which UTF-8 cannot store"
    except (TypeError, ValueError, RecursionError) as error:
        return None, f"holds a value that JSON cannot say: {error}"
    return value, None


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise _TwoValues(f"holds {', '.join(f'`{key}`' for key in twice)} more than once")
    return value


def _is_one_object(raw: bytes) -> bool:
    try:
        return isinstance(json.loads(raw), dict)
    except (ValueError, RecursionError):
        return False


def _past_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _said(error: BaseException) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)
