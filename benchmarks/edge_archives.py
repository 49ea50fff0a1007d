"""The edge collection: records that ours finds in each archive, beside what two other readers found.

    python benchmarks/edge_archives.py [--collection DIR] [--write docs/archives.md]

The collection is 107 WARC, ARC and WACZ files of other projects' tests, with an index that says what warcio 1.8.1 and
fastwarc 2.0.1 made of each, in their default settings. `--write` puts the table into the page between its two marks.
The last line is one JSON object of figures.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path

from curate.read import Seen
from curate.read.warc import warc

COLLECTION = Path(__file__).parents[1] / ".." / "shared" / "data" / "warc_edge"
BEGIN, END = "<!-- edge archives: begin -->", "<!-- edge archives: end -->"

# Where a reader counts more than ours, or ours gives up a place that a reader counts as a record: why.
NOTES = {
    "bad.arc": "lengths of -1 and abc, and one too short: warcio counts each line as an empty record",
    "broken.warc": "six records, the last with a wrong length; warcio counts lines of its body as two more",
    "badexample.arc.gz": "three of five lengths are wrong",
    "HTTP204.warc": "two of three lengths are wrong",
    "example-space-in-url.arc": "the last record is cut off",
    "example-trunc.warc": "one body is cut off",
    "example.warc": "in pywb's copy one length is wrong",
    "redirect.warc": "the last record is cut off",
    "clipped.warc.gz": "one member, cut off",
    "valid_example_1.wacz": "a ZIP file: the row says to unpack it",
    "invalid_example_1.wacz": "a ZIP file: the row says to unpack it",
}


@dataclass(frozen=True)
class Result:
    """What was found in one file."""

    file: str
    warcio: int
    warcio_failed: bool
    fastwarc: int
    fastwarc_failed: bool
    read: int  # records of ours that could be read
    damaged: int  # places of ours that could not, each with its reason
    unaccounted: int  # stored bytes that are neither read nor damaged nor blank

    @property
    def found(self) -> int:
        return self.read + self.damaged

    @property
    def better(self) -> int:
        return max(self.warcio, self.fastwarc)

    @property
    def note(self) -> str:
        return NOTES.get(self.file.split("__")[-1], "") if self.damaged else ""


def results(collection: Path) -> list[Result]:
    entries = json.loads((collection / "index.json").read_text())
    return sorted((_result(collection, entry) for entry in entries), key=lambda r: r.file)


def _result(collection: Path, entry: dict) -> Result:
    source = warc(str(collection / entry["file"]))
    read = damaged = counted = 0
    end: int | None = None
    for shard in source.shards():
        shard_read, shard_damaged, seen = _shard(source, shard)
        if end is not None and seen.first != end:  # as a run does it: the left neighbour knows where this one begins
            shard_read, shard_damaged, seen = _shard(source, replace(shard, begin=end))
        end = seen.end if seen.end is not None else end
        read, damaged, counted = read + shard_read, damaged + shard_damaged, counted + seen.bytes
    return Result(
        entry["file"],
        sum(entry["warcio_records"].values()),
        bool(entry["warcio_error"]),
        entry["fastwarc_records"],
        bool(entry["fastwarc_error"]),
        read,
        damaged,
        entry["bytes"] - counted,
    )


def _shard(source, shard) -> tuple[int, int, Seen]:
    seen = Seen()
    errors = [e for batch in source.read(shard, seen) for e in batch.column("error").to_pylist()]
    return errors.count(None), len(errors) - errors.count(None), seen


def table(found: list[Result]) -> str:
    lines = ["| file | warcio | fastwarc | ours | damaged places | why |", "|---|---|---|---|---|---|"]
    for r in found:
        project, name = r.file.split("__")[0], r.file.split("__")[-1]
        warcio = f"{r.warcio} (fails)" if r.warcio_failed else r.warcio
        fastwarc = f"{r.fastwarc} (fails)" if r.fastwarc_failed else r.fastwarc
        lines.append(f"| {project}: {name} | {warcio} | {fastwarc} | {r.read} | {r.damaged or ''} | {r.note} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collection", type=Path, default=COLLECTION)
    parser.add_argument("--write", type=Path, help="the page to put the table into")
    given = parser.parse_args()
    found = results(given.collection)
    if given.write:
        before, _, rest = given.write.read_text().partition(BEGIN)
        given.write.write_text(f"{before}{BEGIN}\n{table(found)}\n{END}{rest.partition(END)[2]}")
    else:
        print(table(found))
    figures = {
        "files": len(found),
        "read": sum(r.read for r in found),
        "damaged": sum(r.damaged for r in found),
        "warcio": sum(r.warcio for r in found),
        "fastwarc": sum(r.fastwarc for r in found),
        "below_the_better": [r.file for r in found if r.found < r.better],
        "unaccounted_bytes": sum(r.unaccounted for r in found),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
