"""Curation: from crawled dumps to clean Parquet, with a ledger of every document and a report.

    from curate import Local, Pipeline, extract_html, keep, normalize, parquet, signal, warc

The names below are the public ones. Each is imported from its module when it is first used, so that importing
`curate` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curate.clean.boilerplate import drop_boilerplate
    from curate.clean.edits import drop_between, drop_lines, drop_short_paragraphs, replace
    from curate.clean.json_marks import strip_json
    from curate.clean.tags import strip_tags
    from curate.config import load
    from curate.dedup.documents import drop_duplicates
    from curate.extract.engines import extract_html
    from curate.groups import keep, measure
    from curate.launch import Local
    from curate.normalization import normalize
    from curate.pipeline import Pipeline, Step
    from curate.read.html import html
    from curate.read.jsonl import jsonl
    from curate.read.text import text
    from curate.read.warc import warc
    from curate.report import Report, read_report
    from curate.rules import Rule, by, known
    from curate.signals import Signal, column, signal
    from curate.sweep import Sweep
    from curate.write import parquet, verify

_WHERE = {
    "Local": "launch",
    "Pipeline": "pipeline",
    "Report": "report",
    "Rule": "rules",
    "Signal": "signals",
    "Step": "pipeline",
    "Sweep": "sweep",
    "by": "rules",
    "column": "signals",
    "drop_between": "clean.edits",
    "drop_boilerplate": "clean.boilerplate",
    "drop_duplicates": "dedup.documents",
    "drop_lines": "clean.edits",
    "drop_short_paragraphs": "clean.edits",
    "extract_html": "extract.engines",
    "html": "read.html",
    "jsonl": "read.jsonl",
    "keep": "groups",
    "known": "rules",
    "load": "config",
    "measure": "groups",
    "normalize": "normalization",
    "parquet": "write",
    "read_report": "report",
    "replace": "clean.edits",
    "signal": "signals",
    "strip_json": "clean.json_marks",
    "strip_tags": "clean.tags",
    "text": "read.text",
    "verify": "write",
    "warc": "read.warc",
}

__all__ = [
    "Local", "Pipeline", "Report", "Rule", "Signal", "Step", "Sweep", "by", "column", "drop_between",
    "drop_boilerplate", "drop_duplicates", "drop_lines", "drop_short_paragraphs", "extract_html", "html", "jsonl",
    "keep", "known", "load", "measure", "normalize", "parquet", "read_report", "replace", "signal", "strip_json",
    "strip_tags", "text", "verify", "warc",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'curate' has no attribute {name!r}; there are {', '.join(__all__)}")
    import importlib

    return getattr(importlib.import_module(f"curate.{_WHERE[name]}"), name)
