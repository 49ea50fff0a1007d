"""The ratchet: `python -m tests.pin_floors [--lower REASON]` raises the floors of `floors.json` to what is measured.

A floor is what is measured less a margin, and only rises. Where an engine has fallen below its floor, the command
refuses to write anything unless `--lower` says why; the reason then stands beside the number, as `ENGINE_lowered`,
until the floor is as high again. Floors of sets that are not on this machine stay. Floors of speed are ratios, set by
hand, far below what is measured: they catch a kernel that fell back to Python, not a machine's mood.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

FLOORS = Path(__file__).parent / "floors.json"

MARGIN = 0.01  # the same code gives the same F1, so this is what may be lost without a word
SLACK = 1e-9  # of the sums of floating-point numbers

Floors = dict[str, Any]


class Fallen(ValueError):
    """Something is below its floor; the message says what, and what to do."""


def read_floors() -> Floors:
    """The content of `floors.json`."""
    floors: Floors = json.loads(FLOORS.read_text(encoding="utf-8")) if FLOORS.exists() else {}
    return floors


def pinned(floors: Floors, measured: Iterable[tuple[str, str, float]], reason: str | None = None) -> Floors:
    """`floors` with those of extraction raised to `measured` ((set, engine, F1)) less the margin.

    Raises Fallen where something is below its floor and no reason is given.
    """
    floors = deepcopy(floors)
    fallen = []
    for name, engine, f1 in measured:
        of_set = floors.setdefault("extraction", {}).setdefault(name, {})
        old, new = of_set.get(engine), _floor(f1)
        note = f"{engine}_lowered"
        if old is None or new >= old:
            of_set[engine] = new
            if old is not None and new >= _before(of_set.get(note)):
                of_set.pop(note, None)
        elif f1 < old - SLACK:
            fallen.append(f"{engine} on {name}: measured {f1:.4f}, floor {old}")
            highest = max(old, _before(of_set.get(note)))
            of_set[engine], of_set[note] = new, f"from {highest}: {reason}"
    if fallen and not reason:
        raise Fallen(
            "below their floors: " + "; ".join(fallen) + ". Find out why before anything else "
            '(tests/test_extraction_quality.py lists the worst pages); where it has to be so: --lower "REASON"'
        )
    return floors


def _floor(f1: float) -> float:
    return math.floor((f1 - MARGIN + SLACK) * 1000) / 1000


def _before(note: str | None) -> float:
    """The floor that a note says there was; 0 without a note."""
    return float(note.removeprefix("from ").partition(":")[0]) if note else 0.0


def main() -> int:
    """Measure, pin, say what changed."""
    from tests.extraction_quality import COMMITTED, committed_pages, measured_f1, times_faster

    parser = argparse.ArgumentParser(prog="python -m tests.pin_floors", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--lower", metavar="REASON", help="lower the floors of what has fallen below them, because ...")
    reason = parser.parse_args().lower
    floors, measured = read_floors(), list(measured_f1())
    try:
        new = pinned(floors, measured, reason)
    except Fallen as error:
        print(error, file=sys.stderr)
        return 1
    for name, engine, f1 in measured:
        was, is_ = (of.get("extraction", {}).get(name, {}).get(engine) for of in (floors, new))
        print(f"{name:12} {engine:12} measured {f1:.4f}  floor {was} -> {is_}")
    ratio = times_faster("kernel", "trafilatura", committed_pages())
    print(f"{COMMITTED:12} {'kernel':12} {ratio:.0f} times as fast as trafilatura")
    FLOORS.write_text(json.dumps(new, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
