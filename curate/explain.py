"""The way of one document through all steps, in words, from the ledger."""

from __future__ import annotations

from typing import Any

from curate import work
from curate.ledger import find
from curate.tally import plain
from curate.work import Folder


class DocumentMissing(LookupError):
    """A document that the ledger does not know."""


def explain(folder: Folder, wanted: str) -> str:
    """What became of the document with this id or URL; every one whose URL contains it when none is equal."""
    rows = find(folder, wanted)
    if not rows:
        raise DocumentMissing(
            f"no document with the id or URL {wanted!r} in {folder.ledger}; skipped records are not in the ledger"
        )
    report = work.read_json(folder.report) or {"steps": []}
    return "\n\n".join(_way(row, report["steps"]) for row in rows)


def _way(row: dict[str, Any], steps: list[dict[str, Any]]) -> str:
    lines = [f"{row['url'] or row['id']}", f"  id {row['id']}, {row['source']} at {row['offset']:,}"]
    if row["charset"]:
        lines.append(f"  decoded as {row['charset']} (evidence: {row['charset_evidence']})")
    end = row["step"]
    for step in steps:
        here = step["name"] == end and (row["rule"] is None or any(r["rule"] == row["rule"] for r in step["rules"]))
        lines += _step(step, row, here)
        if here:
            break
    lines.append(_ending(row))
    return "\n".join(lines)


def _step(step: dict[str, Any], row: dict[str, Any], here: bool) -> list[str]:
    if step["kind"] != "group":
        failed = here and row["fate"] == "quarantined"
        return [f"  {step['name']:<28} {'failed: ' + row['reason'] if failed else 'left here' if here else 'passed'}"]
    lines = [f"  {step['name']}"]
    for rule in step["rules"]:
        values = ", ".join(f"{n} = {plain(row[n])}" for n in rule["reads"] if row.get(n) is not None)
        first = here and rule["rule"] == row["rule"]
        mark = "✗" if first else " "
        lines.append(
            f"   {mark} {rule['rule']:<60} {values or 'no value'}{'   <- dropped by this rule' if first else ''}"
        )
    return lines


def _ending(row: dict[str, Any]) -> str:
    if row["fate"] == "kept":
        return f"  kept, with {row['text_bytes']:,} bytes of text"
    if row["fate"] == "quarantined":
        return f"  quarantined in step {row['step']}: {row['reason']}"
    twins = [f"; it repeats {row[n]}" for n in row if n.endswith("duplicate_of") and row[n]]
    by = f" by the rule `{row['rule']}` ({row['value']})" if row["rule"] else ""
    return f"  dropped in step {row['step']}{by}{''.join(twins)}"
