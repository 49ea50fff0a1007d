"""One step, signal or rule on one document: what `llmsapp try` prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.config import parse
from curate.groups import Keep, judge, with_column
from curate.pipeline import Pipeline, readable
from curate.schema import Batch

_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<div", b"<p>")


def try_step(step: str, raw: bytes, signals: list[Path]) -> str:
    """What `step` (a step, preset or signal by name, or a rule) makes of the document `raw`."""
    from curate.config import SIGNALS, STEPS, step_tables

    head = raw[:2000].lstrip().lower()
    markup = any(mark in head for mark in _MARKUP)
    batch = _document(raw, markup)
    named = step.split(":", maxsplit=1)[0].split("{", maxsplit=1)[0].strip()
    if named in step_tables()["steps"] or named in ("keep", "measure"):
        line = f"- {step}" if ":" in step else f"- {named}: {{}}"
    elif step in SIGNALS or step.isidentifier():
        line = f"- measure: {step}"
    else:
        line = f"- keep: {_quoted(step)}"
    text = f"read: {{text: unused}}\nsteps:\n  {line}\n"
    pipeline = parse(text, signals=signals, path="try")
    if markup and named not in STEPS:
        batch = _extracted(batch)
    return _shown(pipeline, batch)


def _document(raw: bytes, markup: bool) -> Batch:
    from curate.read.charset import decode_page

    decoded = decode_page(raw, None, markup=markup)
    column = {"html": decoded.text} if markup else {"text": decoded.text}
    return readable(pa.record_batch({"id": ["document"], **{k: [v] for k, v in column.items()}}))


def _extracted(batch: Batch) -> Batch:
    from curate.extract.engines import extract_html

    out = extract_html()(batch)
    return out.drop_columns(["error"]) if "error" in out.schema.names else out


def _shown(pipeline: Pipeline, batch: Batch) -> str:
    lines: list[str] = []
    for numbered in pipeline.numbered:
        if isinstance(numbered.step, Keep):
            for found in numbered.step.signals:
                batch = with_column(batch, found)
                lines.append(f"{found.name} = {batch.column(found.name)[0].as_py()!r}")
            failed, unknown = judge(numbered.step.rules, batch)
            for rule, no, open_ in zip(numbered.step.rules, failed, unknown, strict=True):
                lines.append(f"{'drop' if no[0] else 'undecided' if open_[0] else 'keep':<10} {rule}")
        else:
            before = batch
            batch = pipeline(batch)
            lines += _changed(numbered.step, before, batch)
    return "\n".join(lines)


def _changed(step: Any, before: Batch, batch: Batch) -> list[str]:
    if not batch.num_rows:
        return ["the step dropped the document"]
    reason = batch.column("error")[0].as_py() if "error" in batch.schema.names else None
    if reason:
        return [f"quarantined: {reason}"]
    lines = [batch.column("text")[0].as_py() or "(no text)"]
    brought = {n: batch.column(n)[0].as_py() for n in batch.schema.names if n not in before.schema.names}
    told = [f"{name}: {value}" for name, value in brought.items() if value is not None]
    lines += ["", *told] if told else []
    text = before.column("text")[0].as_py()
    if text is not None and hasattr(step, "explain"):
        lines += ["", *(f"changed: {change}" for change in step.explain(text))]
    return lines


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
