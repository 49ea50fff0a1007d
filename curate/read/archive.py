"""Where the records of a WARC or ARC file are, and what to do where they are damaged.

A *unit* is what a shard can be entered at: in gzip a member that begins with a record header, in a plain file a record.
A unit may hold several records (a whole file in one member), and a record may run on into further members (a file
packed in blocks), as long as those do not begin with a record header of their own.

A record is believed when the end of the unit, the next header or a record's end mark follows it. Otherwise its
Content-Length is wrong: it becomes one damaged record, and reading goes on at the next header that holds up, looked for
from the end of its own header. So no record can swallow the ones behind it, and none is cut short unseen.

WARC 1.1: ISO 28500:2017. ARC 1 and 2: Internet Archive, ARC File Format (1996).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from curate.read.batches import HEAD_BYTES, MAX_DOCUMENT
from curate.read.shard import Seen, Shard
from curate.read.stored import BLOCK, GZIP_MAGIC, Damage, GzipMember, Window, inflated, kind_of

MAX_HEAD = 64 << 10  # bytes of a record header; a thousand fields fit, and 50 MB of them cannot stall a reader
MAX_BLOCK = MAX_DOCUMENT + MAX_HEAD  # an HTTP head comes on top of the page

_GAP = b"\r\n \t\0"  # between records; only line ends are right, zeros are padding
_GAPS = re.compile(rb"[\r\n \t\0]*")
_BLANK_LINE = re.compile(rb"\r{0,2}\n\r{0,2}\n")  # LF alone and CR CR LF both occur in the wild
_LENGTH = re.compile(rb"\ncontent-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r{0,2}\n", re.I)
_ARC_LINE = re.compile(
    rb"([a-zA-Z][a-zA-Z0-9+.\-]{0,20}:[^\r\n]{0,4096}?) ([0-9a-fA-F.:]{1,45}|-) (\d{12,20}|-)"  # URL, address, date
    rb" (?:([^\r\n]{0,512}?) )?(\d{1,18})\r?\n"  # type (ARC 2: status, checksum, place), length
)


class Stored(NamedTuple):
    """One record as it is stored. `problem` says why it cannot be used; `block` is then its first bytes."""

    offset: int  # of its unit in the file
    within: int  # of the record in its unit, in inflated bytes: tells records of one member apart
    header: dict[str, str]  # names in lower case
    block: bytes
    problem: str | None = None


class Format:
    """How a record header looks. Two instances: WARC and ARC."""

    def __init__(self, name: str, first: re.Pattern[bytes], candidate: re.Pattern[bytes]) -> None:
        self.name = name
        self.first = first  # the first bytes of a header: enough to say that a record ended where it said
        self.candidate = candidate  # a place to look at after damage

    def header(self, data: bytes, at: int = 0) -> tuple[dict[str, str], int] | None:
        """The header at `at` and where its block begins; None if there is none, whole and with a length."""
        if self.name == "ARC":
            return _arc_header(data, at)
        end = _BLANK_LINE.search(data, at, at + MAX_HEAD)
        if not end or not self.first.match(data, at) or not _LENGTH.search(data, at, end.end()):
            return None
        return _warc_header(data[at : end.start()]), end.end()

    def places(self, data: bytes, at: int) -> Iterator[int]:
        """Where a header may begin. Of WARC candidates in one paragraph only the last: so 16 MB of them cost one look
        at each, not one at all that follows each."""
        blank = 0
        last = -1
        for found in self.candidate.finditer(data, at):
            if self.name == "ARC":
                yield found.start()
                continue
            if last >= 0 and found.start() > blank:
                yield last
            if found.start() >= blank:
                end = _BLANK_LINE.search(data, found.start())
                if not end:
                    return
                blank = end.start()
            last = found.start()
        if last >= 0:
            yield last


WARC = Format("WARC", re.compile(rb"WARC/\d"), re.compile(rb"(?<=\n)WARC/\d"))
ARC = Format("ARC", _ARC_LINE, re.compile(rb"(?<=\n)[a-zA-Z][a-zA-Z0-9+.\-]{0,20}:"))


def _warc_header(head: bytes) -> dict[str, str]:
    try:
        lines = head.decode().split("\n")
    except UnicodeDecodeError:
        lines = head.decode("latin-1").split("\n")
    header: dict[str, str] = {}
    name = ""
    for line in lines[1:]:
        if line[:1] in (" ", "\t") and name:  # folded
            header[name] += " " + line.strip()
            continue
        name, _, value = line.partition(":")
        name = name.strip().lower()
        header[name] = value.strip()
    return header


def _arc_header(data: bytes, at: int) -> tuple[dict[str, str], int] | None:
    line = _ARC_LINE.match(data, at)
    if not line:
        return None
    url, _, date, rest, length = ((part or b"").decode("latin-1") for part in line.groups())
    header = {"warc-target-uri": url, "warc-date": date, "content-length": length, "warc-type": "response"}
    if url.startswith("filedesc:"):
        header["warc-type"] = "warcinfo"
    elif not url.lower().startswith("http"):
        header["content-type"] = rest.split(" ")[0]
    return header, line.end()


class _Stream:
    """The bytes of a unit, with as much look-ahead as is asked for.

    `None` among the blocks is a soft end, the end of a gzip member: passed only when a record needs what comes after
    it. A stream over a plain file is given its `window`, and can go anywhere in it.
    """

    def __init__(self, blocks: Iterator[bytes | None], offset: int = 0, window: Window | None = None) -> None:
        self._blocks = blocks
        self._window = window
        self._data = b""
        self._at = 0
        self._base = offset
        self._soft = False
        self.damage: Damage | None = None

    @classmethod
    def plain(cls, window: Window, at: int) -> _Stream:
        return cls(window.blocks(at), at, window)

    @property
    def offset(self) -> int:
        """Where the next byte stands, counted from the start of the unit (plain: of the file)."""
        return self._base + self._at

    def _more(self, need: bool) -> bytes:
        """The next block; b"" at the end, and at a soft end unless bytes are needed."""
        while need or not self._soft:
            try:
                block = next(self._blocks, b"")
            except Damage as damage:
                self.damage, self._blocks, block = damage, iter(()), b""
            if block is not None:
                self._soft = False
                return block
            self._soft = True
        return b""

    def look(self, length: int, need: bool = False) -> tuple[bytes, int]:
        """(buffer, place of the next byte in it) with at least `length` bytes ahead unless the unit ends."""
        have = len(self._data) - self._at
        if have < length:
            parts = [self._data[self._at :]]
            while have < length and (block := self._more(need)):
                parts.append(block)
                have += len(block)
            self._base += self._at
            self._data, self._at = b"".join(parts), 0
        return self._data, self._at

    def take(self, length: int) -> bytes:
        """The next `length` bytes, fewer only at the end of the unit."""
        data, at = self.look(length, need=True)
        taken = data[at : at + length]
        self._at += len(taken)
        return taken

    def skip(self, length: int) -> int:
        """Pass `length` bytes without keeping them; how many there were."""
        start = self.offset
        if self._window and length > BLOCK:
            self._go(min(start + length, self._window.size))
        else:
            while self.offset - start < length and self.take(min(start + length - self.offset, BLOCK)):
                pass
        return self.offset - start

    def back(self, offset: int, taken: bytes) -> None:
        """To `offset` again, from where `taken` and then line ends were read. Without `taken`, only if plain."""
        if self._window:
            self._go(offset)
        elif taken:
            gap = b"\n" * (self.offset - offset - len(taken))
            self._data, self._at, self._base = taken + gap + self._data[self._at :], 0, offset

    def _go(self, offset: int) -> None:
        assert self._window
        self._blocks, self._data, self._at, self._base = self._window.blocks(offset), b"", 0, offset

    def pass_gap(self) -> bool:
        """Pass what stands between records; whether anything follows before the (soft) end."""
        while True:
            data, at = self.look(1)
            if at >= len(data):
                return False
            gap = _GAPS.match(data, at)
            self._at = gap.end() if gap else at
            if self._at < len(data):
                return True


def _find_record(stream: _Stream, form: Format, limit: int | None = None) -> bool:
    """Move `stream` to the next header that holds up; False if none starts before `limit` or the (soft) end."""
    while True:
        data, at = stream.look(BLOCK)
        start, ahead = stream.offset, len(data) - at
        for place in form.places(data, at):
            if limit is not None and start + place - at >= limit:
                return False
            if form.header(data, place):
                stream.skip(place - at)
                return True
        if limit is not None and start + ahead >= limit + MAX_HEAD:
            return False
        if ahead < BLOCK:
            stream.skip(ahead)
            return False
        stream.skip(ahead - MAX_HEAD)  # a header at the edge is looked at again, whole


def _record(stream: _Stream, form: Format, offset: int, within: int) -> Stored:
    """The record at the next byte of `stream`; with a problem, `stream` is moved to the next header."""
    data, at = stream.look(1024)
    found = form.header(data, at)
    if not found:
        data, at = stream.look(MAX_HEAD, need=True)
        found = form.header(data, at)
    if not found:
        head = data[at : at + MAX_HEAD]
        problem = str(stream.damage or _bad_header(head, form))
        stream.skip(1)
        _find_record(stream, form)
        return Stored(offset, within, {}, head[:HEAD_BYTES], problem)
    header, start = found
    stream.skip(start - at)
    after_head, length = stream.offset, int(header["content-length"])
    large = length > MAX_BLOCK
    block = stream.take(HEAD_BYTES if large else length)
    there = len(block) + (stream.skip(length - len(block)) if large else 0)
    if there == length and _ends_here(stream, form) and not stream.damage:
        too_large = f"too large: a record of {length:,} bytes, at most {MAX_BLOCK:,} are read"
        return Stored(offset, within, header, block, too_large if large else None)
    if stream.damage:
        problem = str(stream.damage)
    elif there < length:
        problem = f"cut off: Content-Length is {length:,}, {there:,} bytes follow"
    else:
        problem = f"wrong Content-Length: no record begins {length:,} bytes after the header"
    stream.back(after_head, b"" if large else block)
    _find_record(stream, form)
    return Stored(offset, within, header, block[:HEAD_BYTES], problem)


def _ends_here(stream: _Stream, form: Format) -> bool:
    """Whether a record can end at the next byte: the (soft) end or a header follows, or the mark of a record's end does
    (two line ends, ISO 28500:2017, 4), after which anything else is damage of its own. Passes what is between records.
    """
    data, at = stream.look(4)
    marked = form is WARC and data.startswith(b"\r\n\r\n", at)
    if not stream.pass_gap():
        return True
    data, at = stream.look(8192 if form is ARC else 8)
    return marked or form.first.match(data, at) is not None


def _bad_header(data: bytes, form: Format) -> str:
    if data.startswith(b"PK\x03\x04"):
        return "a ZIP file (WACZ?), not an archive of records: unpack it and read the .warc files in it"
    if not form.first.match(data):
        return f"no {form.name} header here"
    if _BLANK_LINE.search(data):
        return "the header has no Content-Length, or none that is a number"
    return f"the header has no end within {MAX_HEAD:,} bytes" if len(data) >= MAX_HEAD else "cut off in the header"


def stored_records(window: Window, shard: Shard, seen: Seen) -> Iterator[Stored]:
    """Every record of the units that start in `shard`; one with a `problem` for each damaged place."""
    kind = kind_of(bytes(window.view(0, 4)))
    read = {"gzip": _gzip_records, "plain": _plain_records}.get(kind, _stream_records)
    return read(window, shard, seen)


def _plain_records(window: Window, shard: Shard, seen: Seen) -> Iterator[Stored]:
    form = _format_of(bytes(window.view(0, 8192)))
    at = shard.start if shard.begin is None else shard.begin
    stream = _Stream.plain(window, at)
    if at and shard.begin is None:
        stream = _Stream.plain(window, at - 1)  # with the line end before the range
        if not _find_record(stream, form, shard.stop):
            return
    while stream.offset < shard.stop and stream.pass_gap():
        start = stream.offset
        if start >= shard.stop:
            break
        if seen.first is None:
            seen.first = start
        record = _record(stream, form, start, 0)
        if record.problem:
            seen.damaged_bytes += stream.offset - start
        yield record
    seen.end = stream.offset


def _stream_records(window: Window, shard: Shard, seen: Seen) -> Iterator[Stored]:
    """zstd and lz4, read from the start of the file by its first shard; offsets count inflated bytes."""
    if shard.start:
        return
    stream = _Stream(inflated(window))
    form = _format_of(stream.look(8192)[0])
    while stream.pass_gap():
        seen.first, start = 0, stream.offset
        record = _record(stream, form, start, 0)
        if record.problem:
            seen.damaged_bytes += stream.offset - start
        yield record
        if stream.damage and record.problem:
            break
    else:
        if stream.damage:
            yield Stored(stream.offset, 0, {}, b"", str(stream.damage))
    seen.end = window.size


def _gzip_records(window: Window, shard: Shard, seen: Seen) -> Iterator[Stored]:
    form = _format_of(_member_head(window, 0))
    at = shard.start if shard.begin is None else shard.begin
    if at and shard.begin is None:
        at = _find_member(window, form, at, shard.stop)
        if at < 0:
            return
    stop = min(shard.stop, window.size)
    while at < stop:
        if seen.first is None:
            seen.first = at
        unit = _GzipUnit(window, form, at)
        stream = _Stream(unit.blocks())
        reported = False
        while stream.pass_gap():
            start = stream.offset
            record = _record(stream, form, at, start)
            if record.problem:
                seen.damaged_bytes += stream.offset - start
                reported = stream.damage is not None
            yield record
        if not stream.damage:
            at = unit.end
            continue
        after = _find_member(window, form, at + 1, window.size)
        after = window.size if after < 0 else after
        seen.damaged_bytes += after - at
        if not reported:
            yield Stored(at, stream.offset, {}, bytes(window.view(at, HEAD_BYTES)), str(stream.damage))
        at = after
    seen.end = at


class _GzipUnit:
    """The member at `at` and those it runs on into, as blocks for a stream."""

    def __init__(self, window: Window, form: Format, at: int) -> None:
        self.end = at
        self._window = window
        self._form = form

    def blocks(self) -> Iterator[bytes | None]:
        """Raises Damage."""
        if bytes(self._window.view(self.end, 2)) != GZIP_MAGIC[:2]:
            raise Damage(f"no gzip member begins at byte {self.end:,}, where the one before ends")
        while True:
            member = GzipMember(self._window, self.end)
            yield from member.blocks()
            self.end = member.end
            yield None
            follows = bytes(self._window.view(self.end, 2)) == GZIP_MAGIC[:2]
            if not follows or self._form.header(_member_head(self._window, self.end)):
                return


def _find_member(window: Window, form: Format, start: int, stop: int) -> int:
    """The first gzip member in [start, stop) that begins with a record header, or -1.

    The three magic bytes occur by chance once in 16 MB, and payloads may hold gzip of their own: only a header counts.
    """
    while (at := window.find(GZIP_MAGIC, start, stop)) >= 0:
        reserved = bytes(window.view(at + 3, 1)) > b"\x1f"  # flag bits that no member sets (RFC 1952, 2.3.1)
        if not reserved and form.header(_member_head(window, at)):
            return at
        start = at + 1
    return -1


def _member_head(window: Window, at: int) -> bytes:
    """The first inflated bytes of the member at `at`, enough for a header, from the first byte that is not a gap.

    b"" where nothing comes of its first kilobyte: a look-alike must not cost more, its file name may have no end.
    """
    inflate = zlib.decompressobj(wbits=31)
    try:
        data = inflate.decompress(window.view(at, 1024), MAX_HEAD)
        if data and not inflate.eof and not _BLANK_LINE.search(data):
            data += inflate.decompress(inflate.unconsumed_tail + bytes(window.view(at + 1024, MAX_HEAD)), MAX_HEAD)
    except zlib.error:
        return b""
    return data.lstrip(_GAP)


def _format_of(head: bytes) -> Format:
    return ARC if _ARC_LINE.match(head.lstrip(_GAP)) else WARC
