"""Numbers as they are written for people, the same in the page and in the terminal.

Units are SI (1 MB = 1,000,000 bytes) and read alike in English and Chinese. "–" means there is nothing to say: a share
of nothing, a speed without a time.
"""

from __future__ import annotations

import math
from typing import Any

NOTHING = "–"


def number(value: Any) -> int | float:
    """`value` if it is a finite number; else a TypeError that shows it (a report may come from anywhere)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"the report holds {value!r:.80} where a finite number is expected; was it edited by hand?")
    return value


def count(value: Any) -> str:
    """
    >>> count(7831)
    '7,831'
    """
    return f"{number(value):,}"


def percent(part: Any, whole: Any) -> str:
    """A share, rounded so that "0 %" means none and "100 %" means all.

    >>> percent(1, 3), percent(0, 3), percent(3, 3), percent(1, 10_000), percent(9_999, 10_000), percent(1, 0)
    ('33.3 %', '0 %', '100 %', '<0.1 %', '>99.9 %', '–')
    """
    part, whole = number(part), number(whole)
    if not whole:
        return NOTHING
    share = 100 * part / whole
    if part in (0, whole):
        return f"{share:.0f} %"
    if 0 < share < 0.05:
        return "<0.1 %"
    if 99.95 <= share < 100:
        return ">99.9 %"
    return f"{share:.1f} %"


def size(value: Any) -> str:
    """
    >>> size(0), size(999), size(60_280_000)
    ('0 B', '999 B', '60.3 MB')
    """
    amount = float(number(value))
    units = ["B", "kB", "MB", "GB", "TB", "PB"]
    while amount >= 999.5 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    unit = units[0]
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 99.95 else f"{amount:.1f} {unit}"


def seconds(value: Any) -> str:
    """
    >>> seconds(0.034), seconds(8.25), seconds(125), seconds(3725)
    ('0.03 s', '8.2 s', '2 min 5 s', '1 h 2 min')
    """
    amount = float(number(value))
    if amount < 59.95:
        return f"{amount:.2f} s" if amount < 1 else f"{amount:.1f} s"
    whole = round(amount)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(amount / 60)
    return f"{minutes // 60:,} h {minutes % 60} min"


def rate(amount: Any, duration: Any) -> str:
    """Amount per second with about three digits, "–" without a duration.

    >>> rate(7831, 70.0), rate(10, 100), rate(1, 0)
    ('112', '0.1', '–')
    """
    amount, duration = number(amount), number(duration)
    return short(amount / duration, separators=True) if duration else NOTHING


def short(value: Any, separators: bool = False) -> str:
    """A value with about three digits: for axes (1k, 2.5M) or, with `separators`, for prose (1,000).

    >>> short(0.12345), short(41.2), short(2_500_000), short(2_500_000, separators=True), short(1e-7)
    ('0.123', '41.2', '2.5M', '2,500,000', '1e-07')
    """
    amount = number(value)
    if separators and abs(amount) >= 100:
        return f"{amount:,.0f}"
    for scale, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(amount) >= scale:
            return f"{amount / scale:.3g}{suffix}"
    return f"{amount:.3g}"


def value(given: Any) -> str:
    """What a signal said of one document: numbers readable to six digits, the rest as it is written; null is "unknown".

    >>> value(12), value(0.4166666667), value("en"), value(None), value(True)
    ('12', '0.416667', 'en', 'unknown', 'True')
    """
    if given is None:
        return "unknown"
    if isinstance(given, float):
        return f"{given:.6g}"
    if isinstance(given, int) and not isinstance(given, bool):
        return f"{given:,}"
    return str(given)
