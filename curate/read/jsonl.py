"""JSON lines: one object per line, one document per object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from curate.read.batches import MAX_DOCUMENT, Record, batches, failed
from curate.read.lines import Line, damage_text, lines, one_shard
from curate.read.shard import Seen, Shard, cut, find_inputs, shard_bytes, whole
from curate.read.stored import Damage, Window
from curate.read.warc import parse_date
from curate.schema import READ_SCHEMA

SUFFIXES = tuple(f".{kind}{packing}" for kind in ("jsonl", "ndjson", "json") for packing in ("", ".gz", ".zst"))
TYPES = {"int": pa.int64(), "float": pa.float64(), "str": pa.string(), "bool": pa.bool_()}
METADATA = "metadata"

_BOM = b"\xef\xbb\xbf"
_WIDE = re.compile(rb"\d(?:\.\d+)?e[+]?\d\d")  # how a whole number beyond 64 bits looks once it was made a float


@dataclass(frozen=True)
class Jsonl:
    """The documents of JSON lines. Made by `jsonl`."""

    paths: tuple[str, ...]
    text: str
    id: str
    url: str
    html: str | None
    columns: tuple[tuple[str, str], ...]
    shard_mb: float

    @property
    def schema(self) -> pa.Schema:
        own = [pa.field(name, TYPES[kind]) for name, kind in self.columns]
        return pa.schema([*READ_SCHEMA, *own, pa.field(METADATA, pa.string())])

    def shards(self) -> list[Shard]:
        files = find_inputs(self.paths, SUFFIXES)
        step = shard_bytes(self.shard_mb)
        return [s for f in files for s in ([whole(f)] if one_shard(f.path) else cut(f, step))]

    def read(self, shard: Shard, seen: Seen) -> Iterator[pa.RecordBatch]:
        with Window(shard.path) as window:
            yield from batches(self._records(window, shard, seen), self.schema, shard.source)

    def _records(self, window: Window, shard: Shard, seen: Seen) -> Iterator[Record]:
        offset = good = bad = 0
        at: int | None = None
        try:
            for line in lines(window, shard, seen):
                record = self._record(line)
                offset = line.offset + line.length + 1
                if record.error:
                    bad += line.length + 1
                else:
                    good += line.length + 1
                yield record
        except Damage as damage:
            seen.end, at = window.size, damage.at
            yield failed(offset, damage_text(damage))
        seen.close(good, bad, at)

    def _record(self, line: Line) -> Record:
        data = line.data
        if line.length > MAX_DOCUMENT:
            return failed(
                line.offset, f"too large: a line of {line.length:,} bytes, at most {MAX_DOCUMENT:,} are read", data
            )
        if not line.offset:
            data = data.removeprefix(_BOM)
        if not data.strip():
            return Record(line.offset, skipped="blank line")
        try:
            found = parse_object(data)
            return self._document(line.offset, found, data)
        except ValueError as error:
            return failed(line.offset, str(error), data)

    def _document(self, offset: int, found: dict[str, Any], data: bytes) -> Record:
        """The row of one object. Raises ValueError with the reason why it is none."""
        html = _string(found, self.html) if self.html else None
        text = _string(found, self.text) if html is None else None
        if html is None and text is None:
            wanted = f"{self.html!r} and {self.text!r}" if self.html else repr(self.text)
            state = "is null" if self.text in found else "is missing"
            raise ValueError(f"no text: {wanted} {state}")
        used = {self.text, self.html, self.id, self.url}
        date = found.get("date")
        seconds = parse_date(date) if isinstance(date, str) else None
        if seconds is not None:
            used.add("date")
        extra = tuple(_typed(found, name, kind) for name, kind in self.columns)
        used.update(name for name, _ in self.columns)
        rest = {key: value for key, value in found.items() if key not in used}
        return Record(
            offset,
            id=_identity(found, self.id, data),
            url=_string(found, self.url),
            date=seconds,
            html=html,
            text=text,
            extra=(*extra, _dumped(rest, data) if rest else None),
        )


def jsonl(
    paths: str | list[str],
    text: str = "text",
    id: str = "id",
    url: str = "url",
    html: str | None = None,
    columns: dict[str, str] | None = None,
    shard_mb: float = 16,
) -> Jsonl:
    """JSON lines, one document per line: .jsonl, .ndjson and .json, plain, .gz or .zst.

    `paths`     a file, a folder, a pattern such as "dump/*.jsonl.gz", or a list of these
    `text`      the key of the document's text
    `id`        the key of its id; whole numbers keep every digit; missing or null: a hash of file and place
    `url`       the key of its address; may be missing
    `html`      the key of its markup, still to be extracted; where it is given and not null, `text` is not read
    `columns`   keys that become columns of their own, with types: {score: float, tags: str}; int, float, str or bool
    `shard_mb`  megabytes as stored that one task reads; a compressed file is one task whatever its size

    A key "date" that holds a date (2024, 2024-05-01, 2024-05-01T10:00:00Z) becomes `date`. All other keys are kept, as
    one JSON text in the column `metadata`. A blank line is skipped; a line that is no JSON object, has no text, or
    holds a value that does not fit its column is an error row; a line is at most 64 MB.
    Offsets of a compressed file count inflated bytes.
    """
    kinds = {name: kind if isinstance(kind, str) else kind.__name__ for name, kind in (columns or {}).items()}
    for name, kind in kinds.items():
        if kind not in TYPES:
            raise ValueError(f"columns: {name!r} is to be {kind!r}; a column is one of {', '.join(TYPES)}")
        if name in READ_SCHEMA.names or name == METADATA:
            raise ValueError(
                f"columns: {name!r} is a column every source has; leave the key to {METADATA!r}, or rename it"
            )
        if name in (text, id, url, html):
            raise ValueError(f"columns: the key {name!r} is already read as text, id, url or html")
    return Jsonl(
        (paths,) if isinstance(paths, str) else tuple(paths), text, id, url, html, tuple(kinds.items()), shard_mb
    )


def parse_object(data: bytes) -> dict[str, Any]:
    """The JSON object that `data` is. Raises ValueError with the reason and, where it is one of grammar, the column."""
    import orjson

    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at column {error.colno}") from None
    if isinstance(found, dict):
        return found
    hint = "; is the file one JSON array? Write one object per line" if isinstance(found, list) else ""
    raise ValueError(f"not a JSON object but a {_kind(found)}{hint}")


def _kind(value: Any) -> str:
    names: Mapping[type, str] = {
        list: "list", dict: "object", str: "string", bool: "boolean", int: "number", float: "number", type(None): "null"
    }  # fmt: skip
    return names[type(value)]


def _string(found: dict[str, Any], key: str) -> str | None:
    value = found.get(key)
    if value is None or isinstance(value, str):
        return value
    raise ValueError(f"wrong type: {key!r} is a {_kind(value)}, a string is expected")


def _identity(found: dict[str, Any], key: str, data: bytes) -> str | None:
    """The id, with every digit: JSON numbers beyond 64 bits were made floats, so they are read again as written."""
    value = found.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool | list | dict):
        raise ValueError(f"wrong type: {key!r} is a {_kind(value)}, a string or a whole number is expected")
    return str(_exact(data)[key]) if isinstance(value, float) else str(value)


def _typed(found: dict[str, Any], key: str, kind: str) -> Any:
    value = found.get(key)
    if value is None:
        return None
    if kind == "float" and type(value) in (int, float):
        return float(value)
    if kind == "int" and type(value) in (int, float) and value == int(value) and -(2**63) <= value < 2**63:
        return int(value)
    if isinstance(value, str if kind == "str" else bool) and kind in ("str", "bool"):
        return value
    raise ValueError(f"wrong type: {key!r} is {str(value)[:40]!r}, a {kind} is expected")


def _dumped(rest: dict[str, Any], data: bytes) -> str:
    import orjson

    try:
        dumped = orjson.dumps(rest)
    except orjson.JSONEncodeError:  # it reads 1,024 levels and writes 254
        raise ValueError("nested too deep: more than 254 lists or objects inside one another") from None
    if _WIDE.search(dumped):
        exact = _exact(data)
        return json.dumps({key: exact[key] for key in rest}, ensure_ascii=False, separators=(",", ":"))
    return dumped.decode()


def _exact(data: bytes) -> dict[str, Any]:
    """The object with whole numbers as they are written, up to the 309 digits at which orjson refuses them."""
    try:
        exact: dict[str, Any] = json.loads(data)
    except RecursionError:
        raise ValueError("nested too deep: its long numbers cannot be kept exact") from None
    return exact
