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

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from curate.read.batches import HEAD_BYTES, MAX_DOCUMENT
from curate.read.packing import HEAD, Packing, Part, packing_by_name, packing_of, padding
from curate.read.shard import Seen, Shard
from curate.read.stored import BLOCK, Damage, Window
from curate.read.stream import GAP, Stream

MAX_HEAD = HEAD  # bytes of a record header; a thousand fields fit, and 50 MB of them cannot stall a reader
SEARCHED = 16 << 20  # bytes at the start of a damaged file in which a record must tell what kind of file it is
MAX_BLOCK = MAX_DOCUMENT + MAX_HEAD  # an HTTP head comes on top of the page

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
        if self.candidate.search(data, at + 1, end.end()):  # a header was cut off, and the next one follows in it
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


WARC = Format("WARC", re.compile(rb"WARC/\d"), re.compile(rb"WARC/\d\.\d+[ \t]*\r{0,2}\n"))
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


def _find_record(stream: Stream, form: Format, limit: int | None = None) -> bool:
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


def _record(stream: Stream, form: Format, offset: int, within: int) -> Stored:
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


def _ends_here(stream: Stream, form: Format) -> bool:
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
    end = _BLANK_LINE.search(data)
    if end and form.candidate.search(data, 1, end.end()):
        return "cut off in the header"
    if end:
        return "the header has no Content-Length, or none that is a number"
    return f"the header has no end within {MAX_HEAD:,} bytes" if len(data) >= MAX_HEAD else "cut off in the header"


def stored_records(window: Window, shard: Shard, seen: Seen) -> Iterator[Stored]:
    """Every record of the units that start in `shard`; one with a `problem` for each damaged place.

    Fills `seen`. The stored bytes of a unit with several records are shared out by what they are inflated.
    """
    try:
        packing = _packing(window)
    except Damage as damage:
        if not shard.start:
            seen.first, seen.end, seen.damaged_bytes = 0, window.size, window.size
            yield Stored(0, 0, {}, bytes(window.view(0, HEAD_BYTES)), str(damage))
        return
    yield from _packed_records(window, shard, seen, packing) if packing else _plain_records(window, shard, seen)


def _plain_records(window: Window, shard: Shard, seen: Seen) -> Iterator[Stored]:
    form = _format_of(bytes(window.view(0, 8192)), window.path)
    at = shard.start if shard.begin is None else shard.begin
    stream = Stream.plain(window, at)
    if not at:
        seen.first = 0 if shard.stop else None
    elif shard.begin is None and not _find_record(stream, form, shard.stop):
        return
    before = stream.offset
    while stream.offset < shard.stop and stream.pass_gap():
        start = stream.offset
        if start >= shard.stop:
            break
        if seen.first is None:
            seen.first = before = start
        seen.blank_bytes += start - before
        record = _record(stream, form, start, 0)
        before = stream.offset
        if record.problem:
            seen.damaged_bytes += before - start
        else:
            seen.read_bytes += before - start
        yield record
    seen.blank_bytes += stream.offset - before
    seen.end = stream.offset
    if seen.blank_bytes == window.size > 0:
        yield _nothing(window, seen)


def _packed_records(window: Window, shard: Shard, seen: Seen, packing: Packing) -> Iterator[Stored]:
    form = _format_of(packing.head(packing.start), window.path)
    at = shard.start if shard.begin is None else shard.begin
    if not at:
        seen.first, seen.blank_bytes, at = 0, packing.start, packing.start
    elif shard.begin is None:
        at = _find_part(window, packing, form, at, shard.stop)
        if at < 0:
            return
    stop = min(shard.stop, window.size)
    while at < stop:
        if seen.first is None:
            seen.first = at
        after = padding(window, at)
        if after > at:
            seen.blank_bytes += after - at
            at = after
            continue
        unit = _Unit(packing, form, at)
        stream = Stream(unit.blocks())
        good = bad = 0
        met = False
        while stream.pass_gap():
            record = _record(stream, form, at, stream.offset)
            if record.problem:
                bad += stream.offset - record.within
                met = stream.damage is not None
            else:
                good += stream.offset - record.within
            yield record
        if not stream.damage:
            seen.charge(unit.part.end - at, good, bad)
            at = unit.part.end
            continue
        if not met:
            yield Stored(at, stream.offset, {}, bytes(window.view(at, HEAD_BYTES)), str(stream.damage))
        after = _find_part(window, packing, form, packing.retry(unit.part), window.size)
        after = window.size if after < 0 else after
        whole = min(stream.damage.at, after) if good else at
        seen.charge(whole - at, good, bad)
        seen.damaged_bytes += after - whole
        at = after
    seen.end = at
    if seen.blank_bytes == window.size > 0:
        yield _nothing(window, seen)


def _nothing(window: Window, seen: Seen) -> Stored:
    """The row of a file that holds bytes and no record."""
    seen.blank_bytes, seen.damaged_bytes = 0, window.size
    return Stored(0, 0, {}, bytes(window.view(0, HEAD_BYTES)), "no record in the file: only line ends and padding")


class _Unit:
    """The part at `at` and those it runs on into, as blocks for a stream. `part` is the last that was read."""

    def __init__(self, packing: Packing, form: Format, at: int) -> None:
        self.part: Part = packing.part(at)
        self._packing = packing
        self._form = form

    def blocks(self) -> Iterator[bytes | None]:
        """Raises Damage."""
        if not self._packing.begins(self.part.start):
            message = f"damaged: nothing compressed begins at byte {self.part.start:,}, where what is before ends"
            raise Damage(message, self.part.start)
        while True:
            yield from self.part.blocks()
            yield None
            after = self.part.end
            if not self._packing.begins(after) or self._form.header(self._packing.head(after).lstrip(GAP)):
                return
            self.part = self._packing.part(after)


def _find_part(window: Window, packing: Packing, form: Format, start: int, stop: int) -> int:
    """The first part in [start, stop) that begins with a record header, or -1.

    The three magic bytes of gzip occur by chance once in 16 MB, and payloads may hold gzip of their own: only a header
    counts.
    """
    while (at := window.find(packing.magic, start, stop)) >= 0:
        if form.header(packing.head(at).lstrip(GAP)):
            return at
        start = at + 1
    return -1


def _packing(window: Window) -> Packing | None:
    """How the archive is compressed, or None. Where its first record is damaged, bytes and name may both mislead: then
    what a record can be found in, among the first. Raises Damage."""
    found = packing_of(window)
    head = (found.head(found.start) if found else bytes(window.view(0, 8192))).lstrip(GAP)
    if any(form.first.match(head) for form in (WARC, ARC)):
        return found
    form = _format_of(b"", window.path)
    for packing in (found, packing_by_name(window)):
        if packing and _find_part(window, packing, form, packing.start, SEARCHED) >= 0:
            return packing
    return None if _find_record(Stream.plain(window, 0), form, SEARCHED) else found


def _format_of(head: bytes, path: str) -> Format:
    """By the first record, and where that is damaged by the file's name."""
    head = head.lstrip(GAP)
    if WARC.first.match(head) or not (ARC.first.match(head) or ".arc" in os.path.basename(path).lower()):
        return WARC
    return ARC
