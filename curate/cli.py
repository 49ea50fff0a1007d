"""The command `llmsapp`.

Exit codes: 0 done, 1 the run failed, 2 wrong configuration or use, 3 input missing or unreadable, 4 finished but over
the quarantine budget, 5 the environment (disk, permission, a busy output folder), 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Self

import typer

OK, FAILED, CONFIGURATION, INPUT, OVER_BUDGET, ENVIRONMENT, INTERRUPTED, TERMINATED = 0, 1, 2, 3, 4, 5, 130, 143

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Turn crawled dumps into training data: clean Parquet, a ledger of every document, a report.",
)

# What to do about an error of the system. Work that is finished is kept in all cases.
ADVICE = {
    errno.ENOSPC: "the disk is full: make room, or give another folder, and run the same command again",
    errno.EDQUOT: "your quota is used up: make room, or give another folder, and run the same command again",
    errno.EFBIG: "no file may become so large here (see `ulimit -f`): raise the limit and run the same command again",
    errno.EROFS: "that file system is read-only: give another folder, or mount it for writing, and run again",
    errno.EACCES: "this user may not write there: change the permissions, or give another folder, and run again",
    errno.EPERM: "this user may not do that there: change the permissions, or give another folder, and run again",
    errno.ENOTDIR: "a file stands where a folder is needed: move it away, or give another folder, and run again",
    errno.EMFILE: "too many open files: raise `ulimit -n` and run again",
    errno.EIO: "the disk or the network file system fails: look after it and run the same command again",
}

# Modules with more commands, each with a `register(app)`; they import what is heavy inside their commands.
MORE_COMMANDS = ("curate.crawl.command", "trainers.commands")

ConfigPath = Annotated[
    Path, typer.Argument(metavar="CONFIG", help="A configuration file, such as `llmsapp init` writes.")
]
Output = Annotated[Path, typer.Argument(metavar="OUT", help="The output folder of a run.")]
Overrides = Annotated[
    list[str], typer.Option("--set", metavar="KEY=VALUE", help="Change a value: --set read.warc=x.warc.gz")
]
SignalFiles = Annotated[list[Path], typer.Option("--signals", metavar="FILE", help="Your own signals, a Python file.")]
Workers = Annotated[
    int | None, typer.Option("-j", "--workers", min=0, help="Processes; one per core if not given, 0 for this one.")
]


@app.command()
def demo(
    out: Annotated[Path, typer.Option("-o", "--out", help="Where the result goes.")] = Path("demo"),
    workers: Workers = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the report in a browser.")] = False,
    train: Annotated[
        bool, typer.Option("--train", help="Go on to a tokenizer, a small GPT and a finetuned one, in OUT-train.")
    ] = False,
) -> None:
    """Curate the sample crawl that ships with llmsapp: about 300 pages, English and Chinese."""
    from curate.sample import sample_crawl
    from curate.shipped import configuration

    trainers = importlib.import_module("trainers.commands") if train else None
    if trainers:
        trainers.require_extra()
    overrides = [f"read.warc={sample_crawl()}", f"write.parquet.folder={out}"]
    report = _run(configuration("demo"), overrides, [], workers)
    if open_:
        import webbrowser

        webbrowser.open((out / "report.html").resolve().as_uri())
    if trainers:
        trainers.walk_road(out, out.with_name(f"{out.name}-train"), configuration)
    raise typer.Exit(_over_budget(report))


@app.command()
def init(
    template: Annotated[str, typer.Option("--template", help="Which configuration to write.")] = "web",
    folder: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("."),
) -> None:
    """Write a commented configuration here."""
    from curate.shipped import configuration, configurations

    if template not in configurations():
        _stop(CONFIGURATION, f"no template `{template}`; there are {', '.join(configurations())}")
    target = folder / f"{template}.yaml"
    if target.exists():
        _stop(CONFIGURATION, f"{target} is there already; remove it or choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    text = configuration(template).read_text(encoding="utf-8")
    target.write_text(text, encoding="utf-8")
    next_ = next(line for line in text.splitlines() if line.startswith("# Run it:")).removeprefix("# Run it:").strip()
    typer.echo(f"wrote {target}; next: {next_}")


@app.command()
def run(
    config: ConfigPath,
    workers: Workers = None,
    overrides: Overrides = [],  # noqa: B006 -- typer reads the default, nothing changes it
    signals: SignalFiles = [],  # noqa: B006
) -> None:
    """Run a configuration. What an earlier run finished, and nothing since has changed, is used again."""
    raise typer.Exit(_over_budget(_run(config, overrides, signals, workers)))


@app.command()
def check(config: ConfigPath, overrides: Overrides = [], signals: SignalFiles = []) -> None:  # noqa: B006
    """Prove a configuration without running it: names, options, columns and types, and that the input is there."""
    with _errors() as errors:
        pipeline = _load(config, overrides, signals, errors)
        pipeline.check()
        shards = pipeline.read.shards()
        typer.echo(errors.hidden(pipeline.explain()))
        size = sum(s.size for s in {s.path: s for s in shards}.values())
        typer.echo(f"\n{len({s.path for s in shards})} files, {size / 1e6:,.1f} MB, {len(shards)} shards: all well")


@app.command()
def plan(config: ConfigPath, overrides: Overrides = [], signals: SignalFiles = []) -> None:  # noqa: B006
    """Say what a run would do, what it would use again, and why."""
    with _errors() as errors:
        from curate.launch import planned

        lines = planned(_load(config, overrides, signals, errors))
        for task, why in lines:
            typer.echo(f"{why:<8} {task}" if why == "reuse" else f"{task}: {why}")
        reused = sum(why == "reuse" for _, why in lines)
        typer.echo(f"\n{reused} of {len(lines)} tasks known so far are done")


@app.command("try")
def try_(
    step: Annotated[str, typer.Argument(help="A step, preset or signal by name, or a rule in quotes.")],
    file: Annotated[str, typer.Argument(help="A text or HTML file; - for standard input.")] = "-",
    signals: SignalFiles = [],  # noqa: B006
) -> None:
    """Try one step, signal or rule on one document."""
    with _errors():
        from curate.trial import try_step

        raw = sys.stdin.buffer.read() if file == "-" else _input_file(Path(file)).read_bytes()
        typer.echo(try_step(step, raw, signals))


@app.command()
def explain(out: Output, wanted: Annotated[str, typer.Argument(metavar="ID|URL", help="The document.")]) -> None:
    """Tell the way of one document through all steps, each rule with its value."""
    with _errors():
        from curate.explain import explain as tell
        from curate.work import Folder

        _finished(out)
        typer.echo(tell(Folder(out), wanted))


@app.command()
def report(out: Output, json_: Annotated[bool, typer.Option("--json", help="Print report.json.")] = False) -> None:
    """Show the summary of a finished run again."""
    with _errors():
        from rich.console import Console

        from curate.page.terminal import print_summary
        from curate.report import read_report
        from curate.work import Folder

        _finished(out)
        if json_:
            typer.echo(Folder(out).report.read_text(encoding="utf-8"))
            return
        print_summary(read_report(Folder(out).report).data, Console())
        typer.echo(f"report: {Folder(out).page}")


@app.command()
def verify(out: Output) -> None:
    """Re-read everything a run wrote and compare it with the manifest; finds any flipped bit."""
    with _errors():
        from curate.write import verify as problems_of

        if not out.is_dir():
            _stop(INPUT, f"there is no folder {out}")
        problems = problems_of(out)
        for problem in problems:
            typer.echo(problem, err=True)
        if problems:
            raise typer.Exit(FAILED)
        typer.echo(f"{out}: every file is whole and what the manifest says")


@app.command()
def quarantine(
    out: Output,
    wanted: Annotated[str, typer.Argument(metavar="[ID|URL]", help="One document, shown in full.")] = "",
    replay: Annotated[bool, typer.Option("--replay", help="Try the documents again, and what shares a shard.")] = False,
    workers: Workers = None,
    signals: SignalFiles = [],  # noqa: B006
) -> None:
    """List what could not be processed, by reason and place; show one document; or try all of them again."""
    with _errors():
        from curate import quarantine as kept_apart
        from curate.work import Folder

        _finished(out)
        if not replay:
            typer.echo(kept_apart.shown(Folder(out), wanted) if wanted else kept_apart.listed(Folder(out)))
            return
        from curate.launch import Local
        from curate.progress import shown

        with _stoppable("`llmsapp run` with the same configuration"), shown() as progress:
            result = kept_apart.replay(Folder(out), signals, Local(workers), progress)
        typer.echo(str(result))
        raise typer.Exit(_over_budget(result.report))


@app.command()
def steps(name: Annotated[str, typer.Argument(help="One of them, in full.")] = "") -> None:
    """List the sources, steps, presets and signals a configuration may use."""
    with _errors():
        from curate.catalogue import catalogue, entry

        typer.echo(entry(name) if name else catalogue())


@app.command()
def doctor() -> None:
    """Look whether this machine has what llmsapp needs."""
    from curate.doctor import examine

    lines, healthy = examine()
    for line in lines:
        typer.echo(line)
    raise typer.Exit(OK if healthy else ENVIRONMENT)


def main() -> None:
    """The console command."""
    from curate.shipped import guard_names

    clash = guard_names()
    if clash:
        typer.echo(f"error: {clash}", err=True)
        raise SystemExit(CONFIGURATION)
    for module in MORE_COMMANDS:
        importlib.import_module(module).register(app)
    signal.signal(signal.SIGTERM, _terminated)
    try:
        app()
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


def _terminated(number: int, frame: Any) -> None:
    """A request to end is an exit like others: workers are ended, what is finished has its record, locks are freed."""
    raise SystemExit(TERMINATED)


def _run(config: Path, overrides: list[str], signals: list[Path], workers: int | None) -> Any:
    with _errors() as errors:
        from rich.console import Console

        from curate.launch import Local
        from curate.page.terminal import print_summary
        from curate.progress import shown

        pipeline = _load(config, overrides, signals, errors)
        with _stoppable("the same command"), shown() as progress:
            result = pipeline.run(on=Local(workers), progress=progress)
        print_summary(result.data, Console())
        typer.echo(errors.hidden(f"data:   {result.folder / 'data'}\nreport: {result.folder / 'report.html'}"))
        return result


@contextlib.contextmanager
def _stoppable(command: str) -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        typer.echo(f"stopped: finished work is kept, and {command} goes on from there", err=True)
        raise


def _load(config: Path, overrides: list[str], signals: list[Path], errors: _errors) -> Any:
    from curate.config import load

    if not config.is_file():
        _stop(CONFIGURATION, f"there is no configuration {config}; `llmsapp init` writes one")
    pipeline = load(config, overrides, signals)
    errors.hidden = pipeline.secrets.hidden
    return pipeline


def _over_budget(result: Any) -> int:
    """The exit code of a run that came to its end."""
    from curate.report import over_budget

    if said := over_budget(result.data):
        typer.echo(said, err=True)
        return OVER_BUDGET
    return OK


def _finished(out: Path) -> None:
    if not (out / "manifest.json").exists():
        _stop(INPUT, f"{out} holds no finished run (no manifest.json); run it to its end first")


def _input_file(path: Path) -> Path:
    if not path.is_file():
        _stop(INPUT, f"there is no file {path}")
    return path


def _stop(code: int, message: str) -> None:
    typer.echo(message if message.startswith("error") else f"error: {message}", err=True)
    raise typer.Exit(code)


class _errors:
    """Turns what can go wrong into a sentence and an exit code; `hidden` takes out what may not be said."""

    hidden: Callable[[str], str] = str

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if error is None or isinstance(error, (typer.Exit, KeyboardInterrupt, SystemExit)):
            return
        from curate.catalogue import UnknownName
        from curate.config import ConfigError
        from curate.explain import DocumentMissing
        from curate.guard import ContractBroken
        from curate.launch import OutputBusy, OutputRefused
        from curate.pipeline import PipelineError
        from curate.read import InputClash, InputMissing, SchemaMismatch
        from curate.store import WorkDamaged
        from curate.worker import WorkerFailed

        codes: list[tuple[Any, int]] = [
            ((ConfigError, PipelineError, OutputRefused, UnknownName), CONFIGURATION),
            ((InputMissing, InputClash, SchemaMismatch, DocumentMissing), INPUT),
            ((OutputBusy, OSError, MemoryError), ENVIRONMENT),
            ((WorkerFailed, ContractBroken, WorkDamaged), FAILED),
        ]
        for kinds, code in codes:
            if isinstance(error, kinds):
                advice = ADVICE.get(getattr(error, "errno", None) or 0) if code == ENVIRONMENT else None
                _stop(code, self.hidden(f"{error}; {advice}" if advice else str(error)))
