"""The geometry of the page's charts: counts in, coordinates out, no markup.

Charts are drawn here rather than by the page's script, so that they are there without JavaScript and in print.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from curate.page.figures import number, short

# The drawing is in units of about one pixel of a chart 360 px wide; the page scales it as a whole.
WIDTH, HEIGHT = 360, 150
LEFT, RIGHT, TOP, BOTTOM = 4, 356, 22, 130
BARS = 64  # finer bins are merged by neighbours: narrower bars than 5 px cannot be pointed at
SPIKE = 3.0  # a bar this many times the second one is cut, else a spike at zero hides the whole distribution

SIGNS = {">=": "≥", "<=": "≤", "==": "=", "!=": "≠"}


def segments(parts: list[tuple[str, Any]], whole: Any) -> list[tuple[str, float, float]]:
    """A bar of 1,000 units cut into parts: (class, x, width) for each part above zero, in order.

    A part too thin to see is widened to 2 units, so that "few" never looks like "none".
    """
    total = float(number(whole))
    drawn: list[tuple[str, float, float]] = []
    x = 0.0
    for name, part in parts:
        if total <= 0 or number(part) <= 0:
            continue
        width = min(max(1000 * part / total, 2.0), 1000.0)
        drawn.append((name, round(min(x, 1000 - width), 1), round(width, 1)))
        x += width
    return drawn


@dataclass(frozen=True)
class Scale:
    """From a value to an x coordinate; symmetric-logarithmic (log1p beyond `linear`) where `log`."""

    low: float
    high: float
    log: bool
    linear: float  # the smallest positive edge: below it a logarithmic axis is linear

    def _bend(self, value: float) -> float:
        return math.copysign(math.log1p(abs(value) / self.linear), value) if self.log else value

    def x(self, value: float) -> float:
        low, high = self._bend(self.low), self._bend(self.high)
        share = (self._bend(value) - low) / (high - low) if high > low else 0.5
        return round(LEFT + (RIGHT - LEFT) * share, 1)

    def ticks(self) -> list[float]:
        """Three to seven round values within the range."""
        if self.high <= self.low:
            return [self.low]
        if self.log:
            powers = [10.0**k for k in range(-9, 13)]
            candidates = sorted({0.0, *powers, *(-power for power in powers)})
            found = [tick for tick in candidates if self.low <= tick <= self.high]
            found = [tick for tick in found if tick == 0 or abs(tick) >= self.linear]
            if len(found) >= 3:
                return found[:: math.ceil(len(found) / 7)]
        step = 10.0 ** math.floor(math.log10((self.high - self.low) / 4))
        step *= next(factor for factor in (1, 2, 5, 10) if (self.high - self.low) / (step * factor) <= 6)
        first = math.ceil(self.low / step - 1e-9)
        return [round(k * step, 12) for k in range(first, math.floor(self.high / step + 1e-9) + 1)]


@dataclass(frozen=True)
class Line:
    """A threshold: where it stands, what it says, which of up to three rows its label is in."""

    x: float
    label: str
    anchor: str
    row: int
    rule: str


@dataclass(frozen=True)
class Histogram:
    """A drawn histogram. `bins` is what a script needs to say what is under the pointer."""

    kept: str  # SVG path
    dropped: str  # SVG path, standing on the kept bars
    ticks: list[tuple[float, str, str]]  # x, label, anchor
    lines: list[Line]
    rules: list[tuple[str, str]]  # the labels of its thresholds, and the rule
    cuts: list[tuple[float, str]]  # bars cut at the top: x of the middle, the true count
    bins: Mapping[str, Sequence[float]]  # x and edges (one more than counts), kept and dropped


def histogram(signal: dict[str, Any]) -> Histogram | None:
    """The chart of one numeric signal of the report; None where no document has a value.

    A first or last edge that is infinite or null (a bin open to one side) is drawn one bin's width away.
    Raises ValueError if the edges fall or do not fit the counts.
    """
    edges, kept, dropped = closed(signal["edges"]), list(signal["kept"]), list(signal["dropped"])
    if not len(edges) - 1 == len(kept) == len(dropped) or any(a > b for a, b in pairwise(edges)):
        raise ValueError(
            f"signal {signal['name']!r}: {len(edges)} edges for {len(kept)} kept and {len(dropped)} dropped counts; "
            "expected rising edges, one more than counts"
        )
    edges, kept, dropped = _without_empty_bins(edges, kept, dropped)
    thresholds = [t for t in signal["thresholds"] if _drawable(t["value"])]
    used = [i for i in range(len(kept)) if number(kept[i]) or number(dropped[i])]
    if not used:
        return None
    # From the first bin in use to the last, and far enough to show every threshold.
    first, last = used[0], used[-1]
    for threshold in thresholds:
        place = bisect.bisect_right(edges, threshold["value"]) - 1
        first, last = max(min(first, place - 1), 0), min(max(last, place), len(kept) - 1)
    last = max(last, first)
    edges, kept, dropped = edges[first : last + 2], kept[first : last + 1], dropped[first : last + 1]
    edges, kept, dropped = _merged(edges, kept, dropped)

    # An axis over more than twelve powers of ten would be all axis (and 1e-308 as its unit would overflow).
    positive = [edge for edge in edges if edge > 0]
    unit_of_log = max(min(positive, default=1.0), 1e-12 * max(abs(edges[0]), abs(edges[-1])))
    scale = Scale(edges[0], edges[-1], bool(signal["log"]) and bool(positive), unit_of_log)
    xs = [scale.x(edge) for edge in edges]
    totals = [k + d for k, d in zip(kept, dropped, strict=True)]
    top, cuts = _ceiling(totals)
    unit = (BOTTOM - TOP) / top
    # A cut bar keeps its proportion of kept and dropped.
    heights = [unit * min(1.0, top / total) if total else 0.0 for total in totals]
    lines = _lines(scale, thresholds)
    return Histogram(
        kept=_bars(xs, [0.0] * len(kept), _scaled(kept, heights)),
        dropped=_bars(xs, _scaled(kept, heights), _scaled(totals, heights)),
        ticks=[(scale.x(tick), short(tick), _anchor(scale.x(tick))) for tick in scale.ticks()],
        lines=lines,
        rules=_by_rule(lines),
        cuts=[(round((xs[i] + xs[i + 1]) / 2, 1), f"{totals[i]:,}") for i in cuts],
        bins={"x": xs, "edges": edges, "kept": kept, "dropped": dropped},
    )


def median(edges: list[float], counts: list[int]) -> float | None:
    """The median as the bins tell it, linear within the bin; None without documents.

    >>> median([0, 10, 20], [1, 3])
    13.333333333333334
    """
    half = sum(counts) / 2
    seen = 0
    for low, high, here in zip(edges, edges[1:], counts, strict=False):
        if here and seen + here >= half:
            return low + (high - low) * (half - seen) / here
        seen += here
    return None


def closed(edges: list[float | None]) -> list[float]:
    """Edges with an infinite or null first or last one moved to one bin's width from its neighbour.

    >>> closed([None, 0, 10, float("inf")])
    [-10.0, 0.0, 10.0, 20.0]
    """
    inner = [float(edge) for edge in edges if edge is not None and math.isfinite(edge)]
    if len(inner) >= 2 and (edges[0] is None or not math.isfinite(edges[0])):
        inner.insert(0, inner[0] - (inner[1] - inner[0]))
    if len(inner) >= 2 and (edges[-1] is None or not math.isfinite(edges[-1])):
        inner.append(inner[-1] + (inner[-1] - inner[-2]))
    return inner


def _without_empty_bins(
    edges: list[float], kept: list[int], dropped: list[int]
) -> tuple[list[float], list[int], list[int]]:
    """Bins without width (edges rounded alike) joined to the bin before, or to the first that has width."""
    own, columns = [edges[0]], ([0], [0])
    for high, *counts in zip(edges[1:], kept, dropped, strict=True):
        if high > own[-1] and len(own) > 1:
            own.append(high)
            for column in columns:
                column.append(0)
        elif high > own[-1]:
            own.append(high)
        for column, here in zip(columns, counts, strict=True):
            column[-1] += here
    return (own if len(own) > 1 else [own[0], own[0] + 1]), *columns


def _drawable(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _merged(edges: list[float], *columns: list[int]) -> tuple[list[float], list[int], list[int]]:
    group = math.ceil((len(edges) - 1) / BARS)
    kept, dropped = ([sum(column[i : i + group]) for i in range(0, len(column), group)] for column in columns)
    return [*edges[:-1:group], edges[-1]], kept, dropped


def _ceiling(totals: list[int]) -> tuple[float, list[int]]:
    """The count the full height stands for, and which bars are cut there."""
    ordered = sorted(totals, reverse=True)
    second = ordered[1] if len(ordered) > 1 else 0
    if second and ordered[0] > SPIKE * second:
        return second * 1.35, [totals.index(ordered[0])]
    return float(ordered[0]), []


def _bars(xs: list[float], bottoms: list[float], tops: list[float]) -> str:
    path = []
    for left, right, low, high in zip(xs, xs[1:], bottoms, tops, strict=False):
        if high > low:
            gap = 0.5 if right - left > 3 else 0
            height = max(high - low, 0.6)
            path.append(f"M{left + gap:.1f} {BOTTOM - low:.1f}v-{height:.1f}H{right - gap:.1f}v{height:.1f}z")
    return "".join(path)


def _scaled(counts: list[int], heights: list[float]) -> list[float]:
    return [count * height for count, height in zip(counts, heights, strict=True)]


def _by_rule(lines: list[Line]) -> list[tuple[str, str]]:
    labels: dict[str, list[str]] = {}
    for line in lines:
        labels.setdefault(line.rule, []).append(line.label)
    return [(", ".join(said), rule) for rule, said in labels.items()]


def _anchor(x: float) -> str:
    return "start" if x < LEFT + 14 else "end" if x > RIGHT - 14 else "middle"


def _lines(scale: Scale, thresholds: list[dict[str, Any]]) -> list[Line]:
    """Threshold lines from left to right; a label that would cover its neighbour goes one row down."""
    free = [float("-inf")] * 3  # where the last label of each row ends
    lines: list[Line] = []
    seen: set[tuple[str, float]] = set()
    for threshold in sorted(thresholds, key=lambda t: (float(t["value"]), str(t["op"]))):
        if (str(threshold["op"]), float(threshold["value"])) in seen:
            continue
        seen.add((str(threshold["op"]), float(threshold["value"])))
        x = scale.x(min(max(threshold["value"], scale.low), scale.high))
        label = f"{SIGNS.get(threshold['op'], threshold['op'])} {short(threshold['value'])}"
        wide = 6.2 * len(label)
        anchor = "end" if x + wide > RIGHT else "start"
        start = x - wide if anchor == "end" else x
        row = next((i for i, end in enumerate(free) if start > end), 2)
        free[row] = start + wide + 4
        lines.append(Line(x, label, anchor, row, str(threshold["rule"])))
    return lines
