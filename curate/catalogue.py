"""What a configuration may name, with its meaning: for `llmsapp steps`."""

from __future__ import annotations

import difflib
import inspect

from curate.config import FACTORIES, PRESETS, SIGNALS, SINKS, SOURCES, STEPS, resolve
from curate.signals import Signal

SECTIONS = {
    "sources": SOURCES,
    "steps": STEPS,
    "presets": PRESETS,
    "signals": SIGNALS,
    "functions in rules": FACTORIES,
    "sinks": SINKS,
}
DECIDING = {
    "keep": "Keep the rows for which a rule, or each of a list of rules, is not false: `- keep: word_count >= 50`.",
    "measure": "Measure signals without deciding anything: `- measure: [lang, word_count]`.",
}


class UnknownName(LookupError):
    """A name that no table holds."""


def catalogue() -> str:
    """Every name with the first line of its meaning."""
    lines: list[str] = []
    for title, table in SECTIONS.items():
        lines.append(f"{title}")
        rows = [(name, _about(resolve(reference)).split("\n")[0]) for name, reference in table.items()]
        if title == "steps":
            rows += list(DECIDING.items())
        lines += [f"  {name:<22} {about}" for name, about in rows]
        lines.append("")
    lines.append("llmsapp steps NAME shows one in full.")
    return "\n".join(lines)


def entry(name: str) -> str:
    """One name in full: options with their defaults, or what a signal reads, its type and its source."""
    if name in DECIDING:
        return f"{name}\n\n{DECIDING[name]}"
    for title, table in SECTIONS.items():
        if name in table:
            found = resolve(table[name])
            return f"{name} ({title.rstrip('s')})\n\n" + (
                _signal(found) if isinstance(found, Signal) else _function(found)
            )
    names = [n for table in SECTIONS.values() for n in table] + list(DECIDING)
    near = difflib.get_close_matches(name, names, 1)
    raise UnknownName(f"no `{name}`" + (f"; did you mean `{near[0]}`?" if near else f"; there are {', '.join(names)}"))


def _about(found: object) -> str:
    return found.about if isinstance(found, Signal) else inspect.getdoc(found) or ""


def _signal(found: Signal) -> str:
    reads = ", ".join(str(r) for r in found.reads)
    lines = [found.about, f"type: {found.dtype}", f"reads: {reads}"]
    return "\n".join(lines + ([f"source: {found.source}"] if found.source else []))


def _function(found: object) -> str:
    assert callable(found)
    lines = [_about(found), "", "options:"]
    for parameter in inspect.signature(found).parameters.values():
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        lines.append(f"  {parameter.name.rstrip('_')}: {parameter.annotation}{default}")
    return "\n".join(lines)
