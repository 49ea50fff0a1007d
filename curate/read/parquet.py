"""Parquet files: one document per row."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from curate.read.batches import BATCH_BYTES, BATCH_ROWS, HEAD_BYTES, MAX_DOCUMENT, Record, batches, failed
from curate.read.pages import oversized, rows_at_once
from curate.read.shard import Input, SchemaMismatch, Seen, Shard, find_inputs, missing_id, shard_bytes
from curate.read.warc import decoded, parse_date
from curate.schema import READ_SCHEMA, normalised_strings

SUFFIXES = (".parquet", ".pq")
YEAR_1, YEAR_10000 = -62_135_596_800, 253_402_300_800  # seconds since 1970
UNREADABLE = (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, UnicodeDecodeError)


@dataclass(frozen=True)
class Parquet:
    """The documents of Parquet files. Made by `parquet`."""

    paths: tuple[str, ...]
    text: str
    id: str
    url: str
    html: str | None
    columns: tuple[str, ...] | None
    shard_mb: float

    @property
    def schema(self) -> pa.Schema:
        """READ_SCHEMA, then the other columns of the first file that can be read."""
        for file in self._inputs():
            stored = _stored_schema(file)
            if stored is not None:
                return pa.schema([*READ_SCHEMA, *self._own(stored, file)])
        return READ_SCHEMA

    def shards(self) -> list[Shard]:
        step = shard_bytes(self.shard_mb)
        own: list[pa.Field] | None = None
        first = ""
        shards: list[Shard] = []
        for file in self._inputs():
            stored = _stored_schema(file)
            if stored is not None:
                here = self._own(stored, file)
                if own is None:
                    own, first = here, file.path
                _compare(own, first, here, file.path)
            shards += _cut_row_groups(file, step)
        return shards

    def read(self, shard: Shard, seen: Seen) -> Iterator[pa.RecordBatch]:
        schema = self.schema
        import pyarrow.parquet as pq

        try:
            file = pq.ParquetFile(shard.path, page_checksum_verification=True)
        except UNREADABLE as error:
            if not _is_damage(error):
                raise
            seen.damaged_bytes = shard.size
            yield from batches([failed(0, _unreadable(error), _head(shard.path))], schema, shard.source)
            return
        with file:
            rows = 0
            if not shard.start:  # what belongs to no row group counts with the first: header, indexes, footer
                groups = range(file.metadata.num_row_groups)
                seen.read_bytes = shard.size - sum(_stored_bytes(file.metadata.row_group(g)) for g in groups)
            for group in range(shard.start, shard.stop):
                for batch in self._group(file, group, schema, shard, seen):
                    numbers = pa.array(range(rows, rows + batch.num_rows), pa.int64())
                    yield batch.set_column(0, schema.field(0), numbers)
                    rows += batch.num_rows

    def _inputs(self) -> list[Input]:
        return find_inputs(self.paths, SUFFIXES)

    def _own(self, stored: pa.Schema, file: Input) -> list[pa.Field]:
        """The columns that are kept as they are. Raises SchemaMismatch."""
        given = {"text": self.text, "id": self.id, "url": self.url, "html": self.html}
        read = {name for name in given.values() if name}
        for name, count in Counter(stored.names).items():
            used = name in read or self.columns is None or name in self.columns
            if used and (count > 1 or not name):
                what = f"{count} columns named {name!r}" if name else "a column without a name"
                raise SchemaMismatch(f"{file.path} has {what}; rename them, or name the others in `columns`")
        for role, name in given.items():
            optional = name == role and (role != "text" or self.html)
            if name and name not in stored.names and not optional:
                near = difflib.get_close_matches(name, stored.names, 1)
                hint = (
                    f"did you mean {near[0]!r}?"
                    if near
                    else f"its columns are {', '.join(map(repr, stored.names[:30]))}"
                )
                raise SchemaMismatch(f"{file.path} has no column {name!r}, which `{role}` names; {hint}")
            if name and name in stored.names:
                _check_type(stored.field(name), role, file)
        if self.columns is not None:
            for name in self.columns:
                if name not in stored.names:
                    raise SchemaMismatch(f"{file.path} has no column {name!r}, which `columns` names")
        kept = [f for f in stored if f.name not in read and (self.columns is None or f.name in self.columns)]
        own = []
        for field in kept:
            if field.name == "date" and (_is_string(field.type) or pa.types.is_temporal(field.type)):
                continue
            if field.name in READ_SCHEMA.names:
                raise SchemaMismatch(
                    f"{file.path}: the column {field.name!r} is named like one that every source has; say what it is "
                    f"(text, id, url or html), rename it, or leave it out by naming the others in `columns`"
                )
            kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
            own.append(pa.field(field.name, kind))
        return own

    def _group(self, file: Any, group: int, schema: pa.Schema, shard: Shard, seen: Seen) -> Iterator[pa.RecordBatch]:
        """One row group in bounded slices; one error row for what of it cannot be read."""
        metadata = file.metadata
        offset = sum(metadata.row_group(g).num_rows for g in range(group))
        about = metadata.row_group(group)
        stored = _stored_bytes(about)
        names = [f.name for f in schema][len(READ_SCHEMA) :]
        wanted = [self.text, self.id, self.url, self.html, *names]
        if "date" in file.schema_arrow.names and (self.columns is None or "date" in self.columns):
            wanted.append("date")
        present = [name for name in dict.fromkeys(wanted) if name and name in file.schema_arrow.names]
        done = 0
        kind, problem = "too large", None
        try:
            problem = oversized(shard.path, about, present)
            size = rows_at_once(shard.path, about, present)
            for batch in () if problem else _joined(file.iter_batches(size, [group], present, use_threads=False)):
                for piece, invalid in _valid(batch):
                    if invalid:
                        head = [failed(offset + done, f"damaged: row {offset + done:,}: {invalid}")]
                        yield from batches(head, schema, shard.source)
                    else:
                        yield self._rows(piece, offset + done, schema, shard.source)
                    done += piece.num_rows
        except MemoryError:
            problem = "more memory is needed than there is"
        except UNREADABLE as error:
            kind, problem = "damaged", _first_line(error)
        if not problem:
            seen.read_bytes += stored
            return
        left = about.num_rows - done
        seen.charge(stored, done, left)
        reason = f"{kind}: {left:,} rows from row {offset + done:,} of row group {group}: {problem}"
        yield from batches([failed(offset + done, reason)], schema, shard.source)

    def _rows(self, batch: pa.RecordBatch, offset: int, schema: pa.Schema, source: str) -> pa.RecordBatch:
        """`batch` in the columns of `schema`; column by column, as most files need nothing but names."""
        rows = batch.num_rows
        columns: dict[str, pa.Array] = {"offset": pa.array(range(offset, offset + rows), pa.int64())}
        columns["url"] = _strings(batch, self.url, rows)
        columns["id"] = _ids(batch, self.id, offset, source)
        columns["date"] = _dates(batch, rows)
        text = _strings(batch, self.text, rows)
        if self.html:
            columns |= self._markup(batch, text, offset)
        else:
            columns |= self._text(text)
        for field in list(schema)[len(READ_SCHEMA) :]:
            column = batch.column(field.name)
            columns[field.name] = column.cast(field.type) if column.type != field.type else _fresh(column)
        arrays = [columns.get(f.name, pa.nulls(rows, f.type)) for f in schema]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _text(self, text: pa.Array) -> dict[str, pa.Array]:
        """The columns that text fills."""
        bytes_ = pa.compute.binary_length(text)
        if not text.null_count and (pa.compute.max(bytes_).as_py() or 0) <= MAX_DOCUMENT:
            return {"text": text}
        errors = [
            f"no text: {self.text!r} is null" if n is None else _too_large(n) if n > MAX_DOCUMENT else None
            for n in bytes_.to_pylist()
        ]
        starts = pa.compute.utf8_slice_codeunits(text, 0, HEAD_BYTES).to_pylist()
        heads = [e and (start or "").encode()[:HEAD_BYTES] for start, e in zip(starts, errors, strict=True)]
        error = pa.array(errors, pa.string())
        kept = pa.compute.if_else(error.is_null(), text, pa.scalar(None, pa.string()))
        return {"text": kept, "error": error, "head": pa.array(heads, pa.binary())}

    def _markup(self, batch: pa.RecordBatch, text: pa.Array, offset: int) -> dict[str, pa.Array]:
        """The columns that markup fills: strings are taken as they are, bytes are decoded as a page's are."""
        names = ("charset", "charset_evidence", "html", "text", "error", "head")
        found: list[Record] = []
        for k, (page, plain) in enumerate(zip(batch.column(self.html).to_pylist(), text.to_pylist(), strict=True)):
            base = Record(offset + k)
            if len(page if page is not None else plain or "") > MAX_DOCUMENT:
                found.append(base._replace(error=_too_large(len(page or plain)), head=b""))
            elif isinstance(page, bytes):
                found.append(decoded(base, page, None, markup=True) if page else base._replace(html=""))
            elif page is None and plain is None:
                found.append(base._replace(error=f"no text: {self.html!r} and {self.text!r} are null", head=b""))
            else:
                found.append(base._replace(html=page, text=plain if page is None else None))
        return {n: pa.array([getattr(r, n) for r in found], READ_SCHEMA.field(n).type) for n in names}


def parquet(
    paths: str | list[str],
    text: str = "text",
    id: str = "id",
    url: str = "url",
    html: str | None = None,
    columns: list[str] | None = None,
    shard_mb: float = 16,
) -> Parquet:
    """Parquet files, one document per row.

    `paths`     a file, a folder, a pattern such as "dump/*.parquet", or a list of these
    `text`      the column of the document's text
    `id`        the column of its id, strings or whole numbers; missing or null: a hash of file and row
    `url`       the column of its address; may be missing
    `html`      the column of its markup, still to be extracted, as strings or as the bytes of the page; where it is
                given, `text` is read only in rows where it is null
    `columns`   which other columns are kept; None: all, with their types (dictionaries are unpacked)
    `shard_mb`  megabytes as stored that one task reads, in whole row groups

    A column `date` of dates, times or strings is read as `date`. A row without text is an error row; so is a file, or
    a row group, that cannot be read (page checksums are verified where the file has them).
    `offset` is the row's number in its file. Raises SchemaMismatch when files differ in a column or its type, when a
    column that is asked for is missing, and when one is named like those that every source has.
    """
    kept = None if columns is None else tuple(columns)
    return Parquet((paths,) if isinstance(paths, str) else tuple(paths), text, id, url, html, kept, shard_mb)


def _stored_schema(file: Input) -> pa.Schema | None:
    """The columns of `file`; None where it is no readable Parquet file."""
    import pyarrow.parquet as pq

    try:
        return pq.read_schema(file.path)
    except UNREADABLE as error:
        if _is_damage(error):
            return None
        raise


def _cut_row_groups(file: Input, step: int) -> list[Shard]:
    """Consecutive row groups of up to `step` stored bytes; a file that cannot be read is one shard, which says so."""
    import pyarrow.parquet as pq

    base = Shard(file.path, file.source, 0, 0, file.size, file.mtime_ns)
    try:
        metadata = pq.read_metadata(file.path)
    except UNREADABLE as error:
        if _is_damage(error):
            return [base]
        raise
    shards: list[Shard] = []
    start = stored = 0
    for group in range(metadata.num_row_groups):
        about = metadata.row_group(group)
        size = sum(about.column(c).total_compressed_size for c in range(about.num_columns))
        if group > start and stored + size > step:
            shards.append(replace(base, start=start, stop=group))
            start, stored = group, 0
        stored += size
    return [*shards, replace(base, start=start, stop=metadata.num_row_groups)]


def _compare(own: list[pa.Field], first: str, here: list[pa.Field], path: str) -> None:
    mine, theirs = {f.name: f.type for f in own}, {f.name: f.type for f in here}
    for name in [*mine, *theirs]:
        if mine.get(name) != theirs.get(name):
            sides = [
                f"{t[name]} in {p}" if name in t else f"missing in {p}" for t, p in ((mine, first), (theirs, path))
            ]
            raise SchemaMismatch(
                f"the column {name!r} is {sides[0]} and {sides[1]}; make them one type, or leave the column out by "
                "naming the others in `columns`"
            )


def _check_type(field: pa.Field, role: str, file: Input) -> None:
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    fits = _is_string(kind) or pa.types.is_null(kind)
    fits = fits or (role == "id" and pa.types.is_integer(kind))
    fits = fits or (role == "html" and (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)))
    if not fits:
        wanted = {"id": "strings or whole numbers", "html": "strings or bytes"}.get(role, "strings")
        raise SchemaMismatch(f"{file.path}: the column {field.name!r} is {field.type}; `{role}` needs {wanted}")


def _is_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_damage(error: Exception) -> bool:
    """Whether the bytes are at fault. Arrow raises plain OSError for damage; the system's own have a number."""
    return isinstance(error, pa.ArrowInvalid) or getattr(error, "errno", None) is None


def _unreadable(error: Exception) -> str:
    return f"not a readable Parquet file: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0][:300]


def _head(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(HEAD_BYTES)


def _stored_bytes(group: Any) -> int:
    return sum(group.column(c).total_compressed_size for c in range(group.num_columns))


def _too_large(length: int) -> str:
    return f"too large: {length:,} bytes, at most {MAX_DOCUMENT:,} are read"


def _joined(slices: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """`slices` in batches of up to BATCH_ROWS rows and about BATCH_BYTES bytes."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    try:
        for piece in (piece for batch in slices for piece in _bounded(_unpacked(batch))):
            if held and (rows + piece.num_rows > BATCH_ROWS or size + piece.nbytes > BATCH_BYTES):
                yield _concatenated(held)
                held, rows, size = [], 0, 0
            held.append(piece)
            rows, size = rows + piece.num_rows, size + piece.nbytes
    except UNREADABLE:
        if held:
            yield _concatenated(held)
        raise
    if held:
        yield _concatenated(held)


def _concatenated(held: list[pa.RecordBatch]) -> pa.RecordBatch:
    return held[0] if len(held) == 1 else pa.concat_batches(held)


def _unpacked(batch: pa.RecordBatch) -> pa.RecordBatch:
    """`batch` with the values of its dictionaries in every row that has them: so its size is told."""
    for k, field in enumerate(batch.schema):
        if pa.types.is_dictionary(field.type):
            batch = batch.set_column(k, field.name, batch.column(k).dictionary_decode())
    return batch


def _valid(batch: pa.RecordBatch) -> Iterator[tuple[pa.RecordBatch, str]]:
    """`batch` in runs of rows that hold what their types promise, "" beside them, and single rows that do not, and why.

    Arrow does not look at what it reads: strings that are no UTF-8 come through, and kernels trust them.
    """
    try:
        batch.validate(full=True)
    except (pa.ArrowInvalid, pa.ArrowIndexError) as error:
        if batch.num_rows == 1:
            yield batch, _first_line(error).split(": ")[-1]
            return
        half = batch.num_rows // 2
        for part in (range(half), range(half, batch.num_rows)):
            yield from _valid(batch.take(pa.array(part, pa.int64())))  # a slice keeps the values of all its lists
    else:
        yield batch, ""


def _bounded(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """`batch` in pieces of about BATCH_BYTES; in one, nearly always."""
    pieces = min(max(-(-batch.nbytes // BATCH_BYTES), 1), batch.num_rows) if batch.num_rows else 0
    for k in range(pieces):
        start, stop = (batch.num_rows * edge // pieces for edge in (k, k + 1))
        yield batch.slice(start, stop - start)


def _fresh(column: pa.Array) -> pa.Array:
    """`column` without an offset into a larger one."""
    if pa.types.is_string(column.type):
        return normalised_strings(column)
    return pa.concat_arrays([column, column.slice(0, 0)]) if column.offset else column


def _strings(batch: pa.RecordBatch, name: str, rows: int) -> pa.Array:
    if name not in batch.schema.names:
        return pa.nulls(rows, pa.string())
    return normalised_strings(batch.column(name).cast(pa.string()))


def _ids(batch: pa.RecordBatch, name: str, offset: int, source: str) -> pa.Array:
    ids = _strings(batch, name, batch.num_rows)
    if not ids.null_count and pa.compute.all(pa.compute.not_equal(ids, "")).as_py() is not False:
        return ids
    named = [given or missing_id(source, offset + k) for k, given in enumerate(ids.to_pylist())]
    return pa.array(named, pa.string())


def _dates(batch: pa.RecordBatch, rows: int) -> pa.Array:
    kind = pa.timestamp("s", "UTC")
    if "date" not in batch.schema.names:
        return pa.nulls(rows, kind)
    column = batch.column("date")
    if pa.types.is_date(column.type):
        return _calendar(column.cast(pa.timestamp("s"), safe=False).cast(kind))
    if pa.types.is_timestamp(column.type):
        return _calendar(column.cast(pa.timestamp("s", column.type.tz), safe=False).cast(kind))
    return pa.array([parse_date(text) if text else None for text in column.cast(pa.string()).to_pylist()], kind)


def _calendar(dates: pa.Array) -> pa.Array:
    """`dates`, null where the year is not of four digits."""
    seconds = dates.cast(pa.int64())
    fits = pa.compute.and_(pa.compute.greater_equal(seconds, YEAR_1), pa.compute.less(seconds, YEAR_10000))
    return pa.compute.if_else(fits, dates, pa.scalar(None, dates.type))
