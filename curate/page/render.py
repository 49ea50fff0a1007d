"""The report as one offline HTML page.

Everything a reader must be able to trust is done here and in the template: markup comes from the template alone (jinja2
with autoescape; no element and no attribute is made from data), a content security policy admits exactly our own style
and script by their hashes, and hidden characters in the data are shown by name (`curate/page/visible.py`).
Tables and charts are written by the template, so the page is whole without JavaScript; the script adds the language
switch, sorting, finding and the figures under the pointer.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.page import charts, figures
from curate.page.labels import LABELS
from curate.page.visible import pieces, plain
from curate.work import write_text

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

VERSION = 1
PAGE_BYTES = 3_000_000  # what still opens at once and travels by mail; samples give way first
SAMPLES = 2_000
SHORTEST = 80  # characters of a sample's text; below that fewer samples say more

# How many rows of each list the page shows; report.json has the rest, and the page says how many those are.
ROWS = {"steps": 100, "rules": 300, "signals": 150, "values": 30, "table": 60, "reasons": 100, "inputs": 200,
        "clusters": 50, "members": 20, "quarantine_samples": 100, "warnings": 100, "versions": 100}  # fmt: skip

# How many characters of each kind of text.
CHARACTERS = {"name": 200, "rule": 400, "url": 300, "reason": 300, "text": 2_000, "config": 60_000}

EMPTY: dict[str, Any] = {
    "name": "", "llmsapp": "", "config": "", "versions": {}, "inputs": [], "records": 0, "skipped": {}, "documents": 0,
    "kept": 0, "dropped": 0, "quarantined": 0, "bytes_in": 0, "text_bytes_in": 0, "text_bytes_kept": 0,
    "damaged_bytes": 0, "reproducible": True, "steps": [], "signals": [], "languages": [], "domains": [],
    "charsets": [], "samples": {}, "quarantine": {}, "quarantine_samples": [], "duplicates": None, "warnings": [],
    "timings": {},
}  # fmt: skip


def write_page(report: dict[str, Any], path: Path) -> None:
    """Write `render_page(report)` to `path` as UTF-8, whole or not at all, replacing what is there.

    Errors: those of `render_page`, and OSError.
    """
    write_text(Path(path), render_page(report))


def render_page(report: dict[str, Any]) -> str:
    """The page of a report (`report.json`, version 1) as HTML, at most `PAGE_BYTES` of it as UTF-8.

    At most `SAMPLES` samples are shown, the same number of each rule where there are too many; if the page would still
    be too large, the longest sample texts are cut. A missing key counts as empty. `report` is not changed.

    Raises ValueError for another version, TypeError where a number is expected and something else stands.
    """
    report = complete(report)
    limit, samples = CHARACTERS["text"], SAMPLES
    while True:
        view = _view(report, limit, samples)
        page = _template().render(view)
        excess = len(page.encode("utf-8")) - PAGE_BYTES
        if excess <= 0 or samples == 0:
            return page
        # Cutting all texts at c times the limit leaves at least c of them: this comes close from above, step by step.
        texts = [sample["text"] or "" for group in view["groups"] for sample in group["samples"]]
        written = sum(len(_shown(text, "text", limit).encode("utf-8")) for text in texts)
        longest = min(limit, max(map(len, texts), default=0))
        limit = int(longest * min(0.97 - excess / written, 0.95)) if written else 0
        if limit < SHORTEST:
            limit, samples = SHORTEST, samples // 2


def complete(report: dict[str, Any]) -> dict[str, Any]:
    """`report` with the missing keys filled by empty values; ValueError unless it is of the version known here."""
    version = report.get("version")
    if version != VERSION:
        raise ValueError(
            f"the report is of version {version!r}, this page shows version {VERSION}; "
            "write it again with `llmsapp report` of the llmsapp that made it"
        )
    return {**EMPTY, **report}


def step_seconds(report: dict[str, Any]) -> list[float | None]:
    """CPU seconds of each step of the report, None where the timings do not have it.

    Timings stand apart from the steps because they differ between runs; names may repeat, so the second step of a name
    takes the second timing of that name.
    """
    found: dict[str, list[float]] = {}
    for timing in report["timings"].get("steps", []):
        found.setdefault(timing["name"], []).append(timing["cpu_s"])
    return [found[step["name"]].pop(0) if found.get(step["name"]) else None for step in report["steps"]]


def data_block(data: Any) -> str:
    """`data` as JSON that can stand in a script element: only ASCII, and without <, > and &."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(
        count=figures.count, size=figures.size, seconds=figures.seconds, short=figures.short, value=figures.value,
        shown=_shown, title=lambda text: plain(str(text), CHARACTERS["name"]),
    )  # fmt: skip
    environment.globals.update(
        labels={key: english for key, (english, _) in LABELS.items()}, percent=figures.percent, rate=figures.rate,
        segments=charts.segments, number=figures.number, box=(charts.WIDTH, charts.HEIGHT, charts.TOP, charts.BOTTOM),
        sides=(charts.LEFT, charts.RIGHT),
    )  # fmt: skip
    return environment.from_string(_file("template.html"))


@cache
def _file(name: str) -> str:
    return resources.files("curate.page").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """The hash by which a content security policy admits this inline style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _shown(text: Any, kind: str = "name", limit: int | None = None) -> Markup:
    """Text from the data as markup: escaped, hidden characters as chips, cut to what its kind is allowed."""
    from markupsafe import Markup, escape

    allowed = CHARACTERS[kind] if limit is None else limit
    # A chip's text is a name of ours (`visible.pieces`); everything else goes through `escape`.
    markup = [f'<b class="chip">{p}</b>' if hidden else str(escape(p)) for p, hidden in pieces(str(text), allowed)]
    return Markup("".join(markup))


def _view(report: dict[str, Any], limit: int, samples: int) -> dict[str, Any]:
    """What the template needs. Figures pass through as they are; lists are cut and grouped, charts are drawn."""
    style, script = _file("page.css").strip(), _file("page.js").strip()
    counted = [report["records"], report["documents"], *(step["rows_in"] for step in report["steps"])]
    steps = [{**step, "cpu_s": cpu} for step, cpu in zip(report["steps"], step_seconds(report), strict=True)]
    rules = [{**rule, "step": step["name"], "rows": step["rows_in"]} for step in steps for rule in step["rules"]]
    signals = [_signal(signal) for signal in report["signals"][: ROWS["signals"]]]
    dropped, kept = report["samples"].get("dropped", []), report["samples"].get("kept", [])
    groups = _sample_groups(dropped, kept, rules, samples)
    duplicates = report["duplicates"]
    return {
        "report": report,
        "style": style,
        "script": script,
        "style_hash": _digest(style),
        "script_hash": _digest(script),
        "data": data_block(
            {
                "labels": {key: chinese for key, (_, chinese) in LABELS.items()},
                "charts": [signal["chart"].bins for signal in signals if signal["chart"]],
            }
        ),
        "timings": {"cpu_s": 0, "wall_s": 0, "workers": 0, "peak_mb": 0, **report["timings"]},
        "scale": max(figures.number(rows) for rows in counted),
        "steps": _head(steps, "steps"),
        "step_errors": _head(
            [(step["name"], reason, n) for step in steps for reason, n in step["errors"].items()], "reasons"
        ),
        "rules": _head(rules, "rules"),
        "rule_scale": max((figures.number(rule["any"]) for rule in rules), default=0),
        "signals": signals,
        "signals_left": len(report["signals"]) - len(signals),
        "tables": [(name, one, _head(report[name], "table")) for name, one in
                   (("languages", "language"), ("domains", "domain"), ("charsets", "charset"))],
        "groups": groups,
        "samples_left": len(dropped) + len(kept) - sum(len(group["samples"]) for group in groups),
        "text_limit": limit,
        "quarantine": _head(_most(report["quarantine"]), "reasons"),
        "skipped": _head(_most(report["skipped"]), "reasons"),
        "quarantine_samples": _head(report["quarantine_samples"], "quarantine_samples"),
        "duplicates": duplicates and {**duplicates, "largest": _head(duplicates["largest"], "clusters")},
        "members": ROWS["members"],
        "warnings": _head(report["warnings"], "warnings"),
        "inputs": _head(report["inputs"], "inputs"),
        "versions": _head(sorted(report["versions"].items()), "versions"),
    }  # fmt: skip


def _head(rows: Iterable[Any], kind: str) -> tuple[list[Any], int]:
    """The rows the page shows, and how many more there are."""
    rows = list(rows)
    return rows[: ROWS[kind]], max(len(rows) - ROWS[kind], 0)


def _most(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _signal(signal: dict[str, Any]) -> dict[str, Any]:
    """A signal of the report with its chart (numbers) or its bars (categories), and the totals of kept and dropped."""
    drawn: dict[str, Any] = {"chart": None, "values": [], "values_left": 0, "medians": (None, None), **signal}
    if signal["kind"] == "number":
        drawn["chart"] = charts.histogram(signal)
        drawn["totals"] = sum(signal["kept"]), sum(signal["dropped"])
        if drawn["chart"]:
            edges = charts.closed(signal["edges"])
            drawn["medians"] = charts.median(edges, signal["kept"]), charts.median(edges, signal["dropped"])
    else:
        other = signal["other"]
        values, rest = signal["values"][: ROWS["values"]], signal["values"][ROWS["values"] :]
        drawn["other"] = [other[i] + sum(row[i + 1] for row in rest) for i in (0, 1)]
        drawn["values"] = values
        drawn["totals"] = tuple(sum(row[i + 1] for row in values) + drawn["other"][i] for i in (0, 1))
        drawn["scale"] = max([sum(drawn["other"]), *(row[1] + row[2] for row in values)])
    return drawn


def _sample_groups(
    dropped: list[dict[str, Any]], kept: list[dict[str, Any]], rules: list[dict[str, Any]], limit: int
) -> list[dict[str, Any]]:
    """Samples by what decided: dropped ones by step and rule in the order of the rules, then the kept ones.

    A kept sample may name, as `near`, the rule whose threshold it nearly missed; such samples form a group per rule.
    In each sample `deciding` lists the values the rule reads, `values` the others.
    """
    reads = {(rule["step"], rule["rule"]): rule["reads"] for rule in rules}
    order = {key: place for place, key in enumerate(reads)}
    reads.update({("", rule["rule"]): rule["reads"] for rule in rules})  # a kept sample has a rule but no step
    groups: dict[tuple[bool, str, str | None], list[dict[str, Any]]] = {}
    for sample in dropped:
        groups.setdefault((False, sample["step"], sample.get("rule")), []).append(sample)
    for sample in kept:
        groups.setdefault((True, "", sample.get("near")), []).append(sample)
    keys = sorted(groups, key=lambda k: (k[0], order.get((k[1], k[2] or ""), len(order))))
    per_group = _fair_share([len(group) for group in groups.values()], limit)
    return [
        {
            "kept": key[0],
            "step": key[1],
            "rule": key[2],
            "samples": [_sample(sample, reads.get((key[1], key[2] or ""), [])) for sample in groups[key][:per_group]],
        }
        for key in keys
    ]


def _sample(sample: dict[str, Any], reads: list[str]) -> dict[str, Any]:
    """At most a dozen values: a document may have been measured a hundred times, and the ledger has them all."""
    values = list(sample["values"].items())
    deciding = [pair for pair in values if pair[0] in reads] or (values if len(values) == 1 else [])
    others = [pair for pair in values if pair not in deciding]
    return {**sample, "deciding": deciding[:6], "values": others[:6]}


def _fair_share(sizes: list[int], total: int) -> int:
    """The largest n such that taking at most n of each size takes at most `total`.

    >>> _fair_share([10, 2, 7], 12), _fair_share([1, 2], 100)
    (5, 2)
    """
    share = 0
    while share < max(sizes, default=0) and sum(min(size, share + 1) for size in sizes) <= total:
        share += 1
    return share
