"""`llmsapp instruct`: convert instruction sets between formats, and mine new ones from a run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trainers.errors import reported

instruct = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Instruction sets: convert between formats (alpaca, lima, messages), mine them from curated text.",
)

Target = Annotated[Path, typer.Option("-o", "--out", metavar="DST", help="The file to write: .json, .jsonl, .parquet.")]
Exact = Annotated[bool, typer.Option("--exact", help="Write only the format's own keys, no provenance.")]


@instruct.command()
def convert(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A JSON array, JSON lines or Parquet.")],
    out: Target,
    from_: Annotated[str, typer.Option("--from", help="Its format: alpaca, lima or messages.")],
    to: Annotated[str, typer.Option("--to", help="The format to write.")],
    exact: Exact = False,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", metavar="FILE", help="Send bad rows there instead of stopping.")
    ] = None,
) -> None:
    """Convert an instruction set. Bad rows are named by line; nothing is written then, unless --rejects is given."""
    with reported():
        from trainers.instruct.convert import convert as converted

        done = converted(source, from_, out, to, exact=exact, rejects=rejects)
        typer.echo(f"wrote {done.rows:,} examples to {out}")
        if done.rejected:
            typer.echo(f"rejected {done.rejected:,} rows, see {rejects}", err=True)
        _say_left_out(done.left_out)


@instruct.command()
def mine(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="The output folder of a run.")],
    out: Target,
    format_: Annotated[str, typer.Option("--format", help="alpaca, lima or messages.")] = "alpaca",
    exact: Exact = False,
    per_site: Annotated[
        int, typer.Option("--per-site", min=0, help="Most examples from one host; 0 for any number.")
    ] = 200,
) -> None:
    """Mine question/answer pairs from curated pages: FAQ markup, Q: and A:, 问 and 答, headings that ask."""
    with reported():
        from trainers.errors import InputError
        from trainers.instruct.convert import writable, write_examples
        from trainers.instruct.mine import mine as mined

        writable(out, format_)
        found = mined(data, per_site=per_site or None)
        typer.echo(f"{found.documents:,} documents, {found.pairs:,} question/answer pairs")
        for reason, count in found.dropped.items():
            typer.echo(f"  {count:>7,}  left: {reason.replace('_', ' ')}")
        if not found.examples.num_rows:
            raise InputError(
                f"no pair of {data} stands alone, so there is nothing to write: what is mined are pages of frequent "
                "questions, Q: and A:, and headings that ask"
            )
        left_out = write_examples(found.examples, out, format_, exact=exact)
        ways = ", ".join(f"{count:,} {name}" for name, count in [*found.methods.items(), *found.languages.items()])
        typer.echo(f"wrote {found.examples.num_rows:,} examples to {out} ({ways})")
        _say_left_out(left_out)


def _say_left_out(left_out: dict[str, int]) -> None:
    if left_out:
        keys = ", ".join(f"{key} ({count:,} rows)" for key, count in left_out.items())
        typer.echo(f"left out, for --exact: {keys}", err=True)
