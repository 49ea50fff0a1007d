"""What happened, as plain figures: the dict behind report.json, report.html and the terminal's summary.

Counts come from the tallies of the records, distributions and tables from the ledger.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.guard import BY_CLOCK
from curate.ledger import last_measured
from curate.pipeline import Pipeline
from curate.rules import comparisons
from curate.signals import Signal
from curate.tally import STORED, StepTally, Tally
from curate.versions import versions

VERSION = 1
BINS = 40
TOP_VALUES = 50
QUARANTINE_SAMPLES = 50
ALERT_SHARE = 0.9  # a rule that drops more than this share of a language is worth a warning
ALERT_DOCUMENTS = 20


@dataclass
class Report:
    """The figures of a run as `data` (the content of report.json), and the folder they belong to."""

    data: dict[str, Any]
    folder: Path | None = None

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    def __str__(self) -> str:
        from io import StringIO

        from rich.console import Console

        from curate.page.terminal import print_summary

        out = StringIO()
        print_summary(self.data, Console(file=out, width=100))
        return out.getvalue()


def read_report(path: Path) -> Report:
    """The report of a finished run. Raises FileNotFoundError where there is none."""
    return Report(json.loads(path.read_text(encoding="utf-8")), path.parent)


def build_report(
    pipeline: Pipeline,
    total: Tally,
    ledger: list[Path],
    quarantine: list[Path],
    inputs: list[dict[str, Any]],
    timings: dict[str, Any],
) -> Report:
    """The report of a run from its tallies and its ledger."""
    signals = list(last_measured(pipeline))
    table = _ledger(ledger, signals)
    fates = table["fate"]
    kept = pc.equal(fates, "kept")
    bytes_ = table["text_bytes"]
    steps, seconds = _without_sweeps(sorted(total.steps, key=lambda s: s.number), timings["steps"])
    languages = _table_by(table, "lang", kept) if "lang" in table.column_names else []
    data = {
        "version": VERSION,
        "name": pipeline.name,
        "llmsapp": versions().get("llmsapp", ""),
        "config": str(pipeline.config),
        "versions": versions(),
        "inputs": inputs,
        "records": total.records,
        "skipped": total.skipped,
        "capped": total.capped,
        "documents": total.documents,
        "kept": _count(kept),
        "dropped": _count(pc.equal(fates, "dropped")),
        "quarantined": _count(pc.equal(fates, "quarantined")),
        "bytes_in": sum(i["bytes"] for i in inputs),
        "text_bytes_in": pc.sum(bytes_).as_py() or 0,
        "text_bytes_kept": pc.sum(bytes_.filter(kept)).as_py() or 0,
        **{name: getattr(total, name) for name in STORED},
        "max_quarantine": pipeline.write.max_quarantine if pipeline.write else 1.0,
        "reproducible": not pc.any(pc.starts_with(table["reason"], BY_CLOCK)).as_py(),
        "steps": [_step(s) for s in steps],
        "signals": [_distribution(table, s, kept, _thresholds(pipeline, s)) for s in signals],
        "languages": languages,
        "domains": _table_by(table, "domain", kept),
        "charsets": _table_by(table, "charset", kept),
        "samples": _samples(total, table),
        "quarantine": dict(Counter(r.split(":")[0] for r in table["reason"].drop_null().to_pylist()).most_common()),
        "quarantine_samples": _quarantine_samples(quarantine),
        **({"duplicates": twins} if (twins := _duplicates(table)) else {}),
        "warnings": [],
        "timings": {**timings, "steps": [{"name": s.name, "cpu_s": seconds[s.number]} for s in steps]},
    }
    data["warnings"] = _warnings(data, table)
    _check(data)
    return Report(data)


def _without_sweeps(steps: list[StepTally], cpu: dict[str, float]) -> tuple[list[StepTally], dict[int, float]]:
    """The steps that a reader knows, and their CPU seconds: a sweep drops nothing itself, the rule after it does."""
    seconds: dict[int, float] = {}
    shown, waiting = [], 0.0
    for step in steps:
        waiting += cpu.get(str(step.number), 0.0)
        if step.kind != "sweep":
            shown.append(step)
            seconds[step.number], waiting = round(waiting, 3), 0.0
    return shown, seconds


def _ledger(paths: list[Path], signals: list[Signal]) -> pa.Table:
    """The ledger without what only a single document needs."""
    names = ["id", "url", "charset", "text_bytes", "fate", "step", "rule", "reason", *(s.name for s in signals)]
    tables = []
    for path in paths:
        schema = pq.read_schema(path)
        twins = [n for n in schema.names if n.endswith("duplicate_of")]
        tables.append(pq.read_table(path, columns=[*names, *twins], use_threads=False))
    table = pa.concat_tables(tables)
    return table.append_column("domain", _domains(table["url"]))


def _domains(urls: pa.ChunkedArray) -> pa.ChunkedArray:
    """The host of each URL, without `www.`; null where there is no URL."""
    host = pc.struct_field(
        pc.extract_regex(urls, r"^[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?(?P<host>[^/:?#]+)"), "host"
    )
    return pc.replace_substring_regex(pc.utf8_lower(host), r"^www\.", "")


def _step(step: Any) -> dict[str, Any]:
    plain = {k: v for k, v in vars(step).items() if k not in ("rules", "number")}
    return {"number": step.number, **plain, "rules": [dict(vars(rule)) for rule in step.rules]}


def _thresholds(pipeline: Pipeline, found: Signal) -> list[dict[str, Any]]:
    """Where rules cut the values of a signal."""
    out: list[dict[str, Any]] = []
    for _, _, group in pipeline.groups():
        for rule in group.keep.rules:
            for c in comparisons(rule):
                number = isinstance(c.value, (int, float)) and not isinstance(c.value, bool)
                entry = {"op": c.op, "value": c.value, "rule": str(rule)}
                if c.signal.name == found.name and number and entry not in out:
                    out.append(entry)
    return out


def _distribution(
    table: pa.Table, found: Signal, kept: pa.ChunkedArray, thresholds: list[dict[str, Any]]
) -> dict[str, Any]:
    values = table[found.name]
    base = {"name": found.name, "about": found.about, "unknown": values.null_count, "thresholds": thresholds}
    known = pc.is_valid(values)
    if pa.types.is_integer(found.dtype) or pa.types.is_floating(found.dtype):
        mask = kept.filter(known).to_numpy()
        numbers = values.filter(known).cast(pa.float64()).to_numpy()
        edges, log = _edges(numbers)
        counts = [np.histogram(numbers[m], edges)[0].tolist() for m in (mask, ~mask)]
        return {**base, "kind": "number", "edges": edges.tolist(), "kept": counts[0], "dropped": counts[1], "log": log}
    both = Counter(zip(values.filter(known).cast(pa.string()).to_pylist(), kept.filter(known).to_pylist(), strict=True))
    names: Counter[str] = Counter()
    for (value, _), n in both.items():
        names[value] += n
    top = [v for v, _ in sorted(names.items(), key=lambda kv: (-kv[1], kv[0]))[:30]]
    other = [sum(n for (v, k), n in both.items() if v not in top and k == side) for side in (True, False)]
    rows = [[v, both[(v, True)], both[(v, False)]] for v in top]
    return {**base, "kind": "category", "values": rows, "other": other}


def _edges(numbers: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], bool]:
    """Edges of the histogram: even, or even on a log scale where the values span more than three powers of ten."""
    if not len(numbers):
        return np.array([0.0, 1.0]), False
    low, high = float(numbers.min()), float(numbers.max())
    if low == high:
        return np.array([low, low + 1.0]), False
    if low >= 0 and high > 1000 * max(low, 1.0):
        start = max(low, 1.0)
        edges = np.concatenate([[0.0] if low < 1 else [], np.geomspace(start, high, BINS)])
        edges[-1] = high
        return np.round(edges, 6), True
    return np.round(np.linspace(low, high, BINS + 1), 9), False


def _table_by(table: pa.Table, name: str, kept: pa.ChunkedArray) -> list[dict[str, Any]]:
    """Documents, kept, bytes and kept bytes by the values of a column; beyond the largest, one line for the rest."""
    own = pa.table(
        {
            "value": table[name],
            "kept": kept.cast(pa.int64()),
            "text_bytes": table["text_bytes"],
            "kept_bytes": pc.if_else(kept, table["text_bytes"], 0),
        }
    )
    wanted = [("kept", "count"), ("kept", "sum"), ("text_bytes", "sum"), ("kept_bytes", "sum")]
    grouped = own.group_by("value", use_threads=False).aggregate(wanted)
    rows = [
        {
            "value": r["value"],
            "documents": r["kept_count"],
            "kept": r["kept_sum"],
            "text_bytes": r["text_bytes_sum"],
            "text_bytes_kept": r["kept_bytes_sum"],
        }
        for r in grouped.to_pylist()
    ]
    rows.sort(key=lambda r: (r["value"] is None, -r["documents"], r["value"] or ""))
    top, rest = rows[:TOP_VALUES], rows[TOP_VALUES:]
    named = [r for r in top if r["value"] is not None]
    rest += [r for r in top if r["value"] is None]
    if rest:
        named.append(
            {
                "value": None,
                **{k: sum(r[k] for r in rest) for k in ("documents", "kept", "text_bytes", "text_bytes_kept")},
            }
        )
    return named


def _samples(total: Tally, table: pa.Table) -> dict[str, Any]:
    """Dropped and kept documents to read, the same whatever the workers: those with the smallest hash of their id."""
    steps = {str(s.number): s.name for s in total.steps}
    wanted = {row["id"] for rows in total.samples.values() for row in rows}
    languages: dict[str, str | None] = {}
    if "lang" in table.column_names:
        mask = pc.is_in(table["id"], pa.array(sorted(wanted), pa.string()))
        shown = table.select(["id", "lang"]).filter(mask)
        languages = dict(zip(shown["id"].to_pylist(), shown["lang"].to_pylist(), strict=True))
    dropped, kept = [], []
    for key, rows in total.samples.items():
        for row in rows:
            shown_row = {k: v for k, v in row.items() if k != "hash"} | {"lang": languages.get(row["id"])}
            if key == "kept":
                kept.append(shown_row)
            else:
                number, rule = key.split("/", 1)
                dropped.append({"step": steps[number], "rule": rule, **shown_row})
    return {"dropped": dropped, "kept": kept}


def _quarantine_samples(paths: list[Path]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for path in paths:
        columns = ["source", "offset", "url", "step", "reason"]
        rows += pq.read_table(path, columns=columns, use_threads=False).slice(0, QUARANTINE_SAMPLES).to_pylist()
        if len(rows) >= QUARANTINE_SAMPLES:
            break
    return rows[:QUARANTINE_SAMPLES]


def _duplicates(table: pa.Table) -> dict[str, Any] | None:
    """Clusters of duplicates: how many, how large, and the largest with their members; None where none were sought."""
    if not any(n.endswith("duplicate_of") for n in table.column_names):
        return None
    clusters: dict[str, list[str]] = {}
    for name in [n for n in table.column_names if n.endswith("duplicate_of")]:
        pairs = table.select(["id", name]).filter(pc.is_valid(table[name]))
        for member, first in zip(pairs["id"].to_pylist(), pairs[name].to_pylist(), strict=True):
            clusters.setdefault(first, []).append(member)
    largest = sorted(clusters.items(), key=lambda kv: (-len(kv[1]), kv[0]))[:50]
    return {
        "clusters": len(clusters),
        "documents": sum(len(m) for m in clusters.values()),
        "largest": [{"size": len(m) + 1, "kept": k, "members": m[:20]} for k, m in largest],
    }


def over_budget(data: dict[str, Any]) -> str:
    """In words, that more documents are in quarantine than the sink's `max_quarantine` allows; "" where not."""
    if data["quarantined"] <= data["max_quarantine"] * data["documents"]:
        return ""
    return (
        f"over budget: {data['quarantined']} of {data['documents']} documents are in quarantine, `max_quarantine` "
        f"allows {data['max_quarantine']:.4g} of them"
    )


def _warnings(data: dict[str, Any], table: pa.Table) -> list[str]:
    """What a reader should not miss."""
    out = []
    if data["documents"] and not data["kept"]:
        out.append("no document was kept")
    if over := over_budget(data):
        out.append(over)
    if data["damaged_bytes"]:
        out.append(f"{data['damaged_bytes']:,} bytes of the input are damaged and were skipped")
    for what, n in data["capped"].items():
        out.append(f"{n:,} documents were read up to a cap only (column `capped`): {what}")
    if "lang" in table.column_names:
        pairs = Counter(zip(table["lang"].to_pylist(), table["rule"].to_pylist(), strict=True))
        for row in data["languages"]:
            for (language, rule), n in sorted(pairs.items(), key=lambda kv: -kv[1]):
                about_language = rule is not None and rule.startswith("lang ")
                many = row["documents"] >= ALERT_DOCUMENTS and n > ALERT_SHARE * row["documents"]
                if language == row["value"] and language and rule and many and not about_language:
                    out.append(f"rule `{rule}` dropped {n / row['documents']:.0%} of {language}")
    for step in data["steps"]:
        if step["kind"] == "group":
            out += [f"rule `{r['rule']}` dropped nothing" for r in step["rules"] if step["rows_in"] and not r["any"]]
    return out


def _check(data: dict[str, Any]) -> None:
    """The identities, once more over the whole run."""
    if data["records"] != sum(data["skipped"].values()) + data["documents"]:
        raise AssertionError(
            f"{data['records']} records are not {sum(data['skipped'].values())} skipped + {data['documents']} documents"
        )
    counted = sum(data[name] for name in STORED)
    if counted and counted != data["bytes_in"]:  # a source of your own may leave its bytes uncounted
        raise AssertionError(f"{counted} bytes are read, damaged or blank, of {data['bytes_in']} in the input")
    if data["documents"] != data["kept"] + data["dropped"] + data["quarantined"]:
        raise AssertionError("documents are not kept + dropped + quarantined")


def _count(mask: pa.ChunkedArray) -> int:
    return pc.sum(mask).as_py() or 0
