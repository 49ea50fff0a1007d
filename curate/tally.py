"""Counting from outside: what entered and left each step, which rule dropped what, and samples to read.

Tallies are plain numbers and add up: shard + shard = corpus. Samples are the rows with the smallest hash of their id,
so they are the same however the work was cut.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from curate.groups import Keep
from curate.schema import Batch

SAMPLES_PER_RULE = 12
SAMPLES_KEPT = 40
SAMPLE_CHARACTERS = 800
STORED = ("read_bytes", "damaged_bytes", "blank_bytes")  # what became of the input's bytes, as `curate.read.Seen` says


@dataclass
class RuleTally:
    """Of the rows that entered the group: dropped by this rule first, among others, alone; and without an answer."""

    rule: str
    preset: str
    reads: list[str]
    first: int = 0
    any: int = 0
    only: int = 0
    undecided: int = 0


@dataclass
class StepTally:
    """One step. `bytes` are UTF-8 bytes of `text` (of `html` before there is any text)."""

    number: int
    name: str
    kind: str  # read, transform, group or sweep
    rows_in: int = 0
    rows_out: int = 0
    dropped: int = 0
    quarantined: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    rules: list[RuleTally] = field(default_factory=list)


@dataclass
class Tally:
    """What happened to the records of one shard in one phase."""

    records: int = 0
    documents: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    read_bytes: int = 0
    damaged_bytes: int = 0
    blank_bytes: int = 0
    capped: dict[str, int] = field(default_factory=dict)  # what of a document was read up to a cap only -> documents
    steps: list[StepTally] = field(default_factory=list)
    samples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # "kept", or "step/rule" -> rows

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    def smallest(self, key: str, hashes: np.ndarray[Any, np.dtype[np.uint64]]) -> list[int]:
        """Places in `hashes` that may be among the smallest under `key`: only these are worth looking at."""
        chosen, limit = self.samples.get(key, []), _limit(key)
        places = np.argsort(hashes, kind="stable")[:limit]
        bound = chosen[-1]["hash"] if len(chosen) >= limit else None
        return [int(i) for i in places if bound is None or int(hashes[i]) <= bound]

    def sample(self, key: str, hashed: int, batch: Batch, i: int, values: dict[str, Any]) -> None:
        """Show row `i` of `batch` under `key`, if its hash is among the smallest."""
        chosen = self.samples.setdefault(key, [])
        if len(chosen) >= _limit(key) and hashed > chosen[-1]["hash"]:
            return
        text = batch.column("text")[i].as_py() or ""
        row = {
            "hash": hashed,
            "id": batch.column("id")[i].as_py(),
            "url": batch.column("url")[i].as_py(),
            "values": values,
            "text": text[:SAMPLE_CHARACTERS],
            "characters": len(text),
        }
        self.samples[key] = smallest([*chosen, row], key)


def group_tally(number: int, group: Keep) -> StepTally:
    """The empty tally of a group, a line per rule."""
    rules = [
        RuleTally(str(rule), preset, [s.name for s in rule.reads])
        for rule, preset in zip(group.rules, group.presets, strict=True)
    ]
    return StepTally(number, group.name, "group", rules=rules)


def from_plain(plain: dict[str, Any]) -> Tally:
    steps = [StepTally(**{**s, "rules": [RuleTally(**r) for r in s["rules"]]}) for s in plain["steps"]]
    return Tally(**{**plain, "steps": steps})


def add(a: Tally, b: Tally) -> Tally:
    """The tally of both; the steps must be the same."""
    return Tally(
        a.records + b.records,
        a.documents + b.documents,
        _sum(a.skipped, b.skipped),
        a.read_bytes + b.read_bytes,
        a.damaged_bytes + b.damaged_bytes,
        a.blank_bytes + b.blank_bytes,
        _sum(a.capped, b.capped),
        [_add_steps(x, y) for x, y in zip(a.steps, b.steps, strict=True)],
        {
            key: smallest(a.samples.get(key, []) + b.samples.get(key, []), key)
            for key in sorted({*a.samples, *b.samples})
        },
    )


def _add_steps(a: StepTally, b: StepTally) -> StepTally:
    if (a.number, a.name) != (b.number, b.name):
        raise ValueError(f"cannot add tallies of different steps: {a.number} {a.name!r} and {b.number} {b.name!r}")
    counts = {
        name: getattr(a, name) + getattr(b, name)
        for name in ("rows_in", "rows_out", "dropped", "quarantined", "bytes_in", "bytes_out")
    }
    rules = [
        RuleTally(
            x.rule, x.preset, x.reads, x.first + y.first, x.any + y.any, x.only + y.only, x.undecided + y.undecided
        )
        for x, y in zip(a.rules, b.rules, strict=True)
    ]
    return StepTally(a.number, a.name, a.kind, **counts, errors=_sum(a.errors, b.errors), rules=rules)


def _sum(a: dict[str, int], b: dict[str, int]) -> dict[str, int]:
    return dict(sorted((Counter(a) + Counter(b)).items()))


def smallest(rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """The rows of smallest hash, at most as many as are shown under `key`."""
    return sorted(rows, key=lambda r: (r["hash"], r["id"]))[: _limit(key)]


def _limit(key: str) -> int:
    return SAMPLES_KEPT if key == "kept" else SAMPLES_PER_RULE


def hashes(ids: pa.Array) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """A 64-bit hash per id: it orders samples and cuts train from validation."""
    import xxhash

    return np.fromiter((xxhash.xxh3_64_intdigest((i or "").encode()) for i in ids.to_pylist()), np.uint64, len(ids))


def plain(value: Any) -> Any:
    """A value as JSON can hold it, floats to six places."""
    if isinstance(value, float):
        return round(value, 6)
    return value if value is None or isinstance(value, (int, str)) else str(value)
