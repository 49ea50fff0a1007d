"""The report in a screenful: the funnel, the rules that dropped most, what could not be read, where the page is.

Nothing here reads the terminal: a rich console decides about colour and width, and without a terminal the same lines
come out plain and aligned. Text from the data is made visible first, so that no escape sequence in a URL or a reason
reaches the reader's terminal.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.page.figures import NOTHING, count, number, percent, rate, seconds, size
from curate.page.render import complete, step_seconds
from curate.page.visible import plain

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
    from rich.measure import Measurement
    from rich.table import Table

TOP = 5  # rules, reasons and warnings shown; the page has all of them
BAR = 20  # characters at most; the bars give way when names and figures need the room
NAME = 200  # characters of a name, rule, reason or warning; longer ones are cut, and it is said by how much


def print_summary(report: dict[str, Any], console: Console, page: Path | None = None) -> None:
    """Print `summary(report)` to a rich console, and below it where the page is, if given."""
    from rich.text import Text

    def write() -> None:
        console.print(summary(report))
        if page is not None:
            # Not wrapped: a path in two halves can be neither clicked nor copied.
            console.print(Text.assemble(("report  ", "bold"), plain(str(page), 4096)), soft_wrap=True)

    if console.encoding.lower().startswith("utf"):
        write()
        return
    # A terminal of another encoding gets bars of #, and \\uXXXX for what it cannot write instead of an exception.
    with console.capture() as capture:
        write()
    console.file.write(capture.get().encode(console.encoding, "backslashreplace").decode(console.encoding))


def summary(report: dict[str, Any]) -> Group:
    """The report (version 1) as a rich renderable, made for 80 columns; bars are of # where the console is not UTF-8.

    Errors: those of `curate.page.render.complete` and `curate.page.figures.number`.
    """
    from rich.console import Group

    report = complete(report)
    parts: list[RenderableType] = [*_verdict(report), "", _funnel(report)]
    for title, table in (
        ("rules that dropped most", _rules(report)),
        ("quarantined", _reasons(report["quarantine"])),
        ("skipped", _reasons(report["skipped"])),
        ("warnings", _warnings(report)),
    ):
        if table is not None:
            parts += ["", _bold(title), table]
    return Group(*parts, "")


def _verdict(report: dict[str, Any]) -> list[RenderableType]:
    from rich.text import Text

    timings = {"cpu_s": 0, "wall_s": 0, "workers": 0, "peak_mb": 0, **report["timings"]}
    return [
        Text.assemble(
            (plain(report["name"], 60) or "report", "bold"), "  kept ", (count(report["kept"]), "bold"), " of ",
            (count(report["documents"]), "bold"), f" documents ({percent(report['kept'], report['documents'])})",
        ),
        Text(
            f"{size(report['bytes_in'])} in, {size(report['text_bytes_in'])} of text, "
            f"{size(report['text_bytes_kept'])} of it kept\n"
            f"{seconds(timings['wall_s'])}, {seconds(timings['cpu_s'])} of CPU, "
            f"{rate(report['documents'], timings['wall_s'])} pages/s, "
            f"peak {size(timings['peak_mb'] * 1_000_000) if timings['peak_mb'] else NOTHING}",
            style="dim",
        ),
    ]  # fmt: skip


def _funnel(report: dict[str, Any]) -> Table:
    table = _grid("left", "left", "right", "right", "right", "right")
    # A name of usual length stands whole and the bar gives way; a longer one is folded.
    table.columns[0].no_wrap = all(len(step["name"]) <= 28 for step in report["steps"])
    table.add_row(*(_dim(word) for word in ("step", "", "remaining", "dropped", "quarantined", "CPU s")))
    documents = report["documents"]
    table.add_row("input", _Bar(documents, documents), count(documents), "", "", "")
    for step, cpu_s in zip(report["steps"], step_seconds(report), strict=True):
        table.add_row(
            _name(step["name"]),
            _Bar(step["rows_out"], documents),
            count(step["rows_out"]),
            _minus(step["dropped"]),
            _minus(step["quarantined"]),
            _dim("" if cpu_s is None else f"{number(cpu_s):,.1f}"),
        )
    return table


def _rules(report: dict[str, Any]) -> Table | None:
    rules = [(rule, step["rows_in"]) for step in report["steps"] for rule in step["rules"] if rule["any"]]
    rows = sorted(rules, key=lambda row: -row[0]["any"])[:TOP]
    if not rows:
        return None
    table = _grid("left", "right", "right", "right")
    table.add_row(*(_dim(word) for word in ("", "any", "", "only this one")))
    for rule, rows_in in rows:
        share = _dim(percent(rule["any"], rows_in))
        table.add_row(_name(rule["rule"]), count(rule["any"]), share, count(rule["only"]))
    return table


def _reasons(counts: dict[str, int]) -> Table | None:
    if not counts:
        return None
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    table = _grid("right", "left")
    for reason, rows in ordered[:TOP]:
        table.add_row(count(rows), _name(reason))
    if len(ordered) > TOP:
        table.add_row(count(sum(rows for _, rows in ordered[TOP:])), _dim(f"for {len(ordered) - TOP} other reasons"))
    return table


def _warnings(report: dict[str, Any]) -> Table | None:
    warnings: list[str] = list(report["warnings"])
    if not report["reproducible"]:
        warnings.insert(0, "not reproducible: a clock limit decided about a document")
    if not warnings:
        return None
    table = _grid("left", "left")
    for warning in warnings[:TOP]:
        table.add_row("!", _name(warning))
    if len(warnings) > TOP:
        table.add_row("", _dim(f"and {len(warnings) - TOP} more"))
    return table


def _grid(*sides: str) -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, 2, 0, 0))
    for side in sides:
        # Figures never wrap; names may, so that a narrow terminal loses nothing.
        table.add_column(justify="right" if side == "right" else "left", no_wrap=side == "right", overflow="fold")
    return table


class _Bar:
    """A bar in eighths of a character; at least one eighth for any document at all."""

    def __init__(self, part: Any, whole: Any) -> None:
        self.part, self.whole = number(part), number(whole)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        from rich.measure import Measurement

        return Measurement(min(8, options.max_width), min(BAR, options.max_width))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        width = min(BAR, options.max_width)
        share = min(self.part / self.whole, 1) if self.whole else 0
        eighths = max(round(8 * width * share), 1 if self.part else 0)
        full, rest = divmod(eighths, 8)
        if console.encoding.lower().startswith("utf"):
            drawn = "█" * full + "▏▎▍▌▋▊▉"[rest - 1 : rest] * bool(rest)
        else:
            drawn = "#" * max(full, bool(self.part))
        yield Text(drawn.ljust(width), style="blue", no_wrap=True)


def _name(text: Any) -> RenderableType:
    from rich.text import Text

    return Text(plain(str(text), NAME))


def _minus(dropped: int) -> str:
    return f"-{count(dropped)}" if dropped else ""


def _dim(text: str) -> RenderableType:
    from rich.text import Text

    return Text(text, style="dim")


def _bold(text: str) -> RenderableType:
    from rich.text import Text

    return Text(text, style="bold")
