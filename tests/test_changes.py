"""What is changed between two runs decides what is done again: exactly that, and `plan` says it beforehand."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from curate import jsonl, keep, parquet
from curate.dedup.documents import drop_duplicates
from curate.launch import Local, planned
from curate.phases import MatchTask, RowsTask, SettleTask
from curate.pipeline import Pipeline
from curate.read.jsonl import Jsonl
from tests.test_engine import digests, letters, lower, shout
from tests.test_resume import blanks

TWIN = "the same text stands in the first file and in the third"
FILES = {
    "a": [TWIN, "a text of its own in the first file", "short"],
    "b": ["the second file has a text too", "and another one, which is a little longer"],
    "c": ["the third file begins like this", TWIN],
}


def steps(first: int = 10, last: int = 200) -> list[Any]:
    return [keep(letters >= first), lower, keep(blanks >= 1), drop_duplicates("exact"), keep(letters < last)]


def write_lines(name: str, texts: list[str]) -> None:
    lines = [f'{{"id": "{name}{i}", "text": "{text}"}}\n' for i, text in enumerate(texts)]
    Path("in", f"{name}.jsonl").write_text("".join(lines))


def part(kind: str, name: str) -> Path:
    """The part of one kind that holds the documents of one file."""
    for record in Path("out/work/records").glob("rows-*.json"):
        key = record.stem.removeprefix("rows-")
        path = Path(f"out/work/parts/{kind}-{key}.parquet")
        if path.exists() and f'"source": "{name}.jsonl"' in record.read_text():
            return path
    raise AssertionError(f"no {kind} of {name}")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def rename(old: str, new: str) -> None:
    Path("in", f"{old}.jsonl").rename(Path("in", f"{new}.jsonl"))


def text_of(name: str) -> list[Path]:
    """The stored texts of one file: the only ones that hold its words."""
    import pyarrow.parquet as pq

    found = []
    for path in Path("out/work/text").glob("*.parquet"):
        if any(i.startswith(name) for i in pq.read_table(path)["id"].to_pylist()):
            found.append(path)
    return found


@dataclass(frozen=True)
class Change:
    """`make` changes files; the rest is what the second run is given. `redone`: "phase file" of each task it does;
    `read`: files it reads; `swept`: whether the sweep compares and settles again, as it does when
    a sketch has other bytes."""

    redone: str = ""
    read: str = ""
    swept: bool = False
    make: Callable[[], object] = lambda: None
    steps: Callable[[], list[Any]] = steps
    workers: int = 0
    sink: dict[str, Any] = field(default_factory=dict)


CHANGES = {
    "nothing": Change(),
    "more workers": Change(workers=2),
    "a file added at the end": Change("0d 1d", "d", True, lambda: write_lines("d", ["a fourth file, with a new text"])),
    "a file added in front": Change("0A 1A", "A", True, lambda: write_lines("A", ["a file before all the others"])),
    "a file deleted": Change("", "", True, lambda: Path("in/b.jsonl").unlink()),
    "a file edited": Change("0b 1b", "b", True, lambda: write_lines("b", ["the second file has another text now"])),
    "a file edited that held the first of two twins": Change("0a 1a 1c", "a", True, lambda: write_lines("a", ["none"])),
    "a file renamed": Change("0bb 1bb", "bb", False, lambda: rename("b", "bb")),
    "a file touched": Change("0b 1b", "b", False, lambda: os.utime("in/b.jsonl", (1, 1))),
    "a part deleted": Change("1b", "", False, lambda: part("train", "b").unlink()),
    "a part cut short": Change("1c", "", False, lambda: cut(part("ledger", "c"))),
    "sketches deleted": Change("0b", "", False, lambda: part("sketch", "b").unlink()),
    "stored text deleted": Change("0b", "b", False, lambda: [path.unlink() for path in text_of("b")]),
    "published data deleted": Change(make=lambda: shutil.rmtree("out/data")),
    "the report deleted": Change(make=lambda: Path("out/report.json").unlink()),
    "a threshold before the sweep": Change("0a 0b 0c 1a 1b 1c", "", True, steps=lambda: steps(first=36)),
    "a threshold after the sweep": Change("1a 1b 1c", "", False, steps=lambda: steps(last=41)),
    "a step added at the end": Change("1a 1b 1c", "", False, steps=lambda: [*steps(), shout]),
    "a step removed from the end": Change("1a 1b 1c", "", False, steps=lambda: steps()[:-1]),
    "steps in another order": Change(
        "0a 0b 0c 1a 1b 1c", "", False, steps=lambda: [steps()[2], steps()[1], steps()[0], *steps()[3:]]
    ),
    "another share held out": Change("1a 1b 1c", sink={"validation": 0.4}),
    "another budget of the quarantine": Change(sink={"max_quarantine": 0.5}),
}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the three files."""
    folder = tmp_path_factory.mktemp("changes")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("in").mkdir()
        for name, texts in FILES.items():
            write_lines(name, texts)
        Pipeline(jsonl("in"), *steps(), write=parquet("out", validation=0.2)).run(on=Local(0))
    return folder


@pytest.mark.parametrize("name", CHANGES)
def test_exactly_what_depends_on_a_change_is_done_again(
    before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    change = CHANGES[name]
    shutil.copytree(before, tmp_path / "folder")
    monkeypatch.chdir(tmp_path / "folder")
    change.make()

    def made(out: str) -> Pipeline:
        return Pipeline(jsonl("in"), *change.steps(), write=parquet(out, **{"validation": 0.2, **change.sink}))

    plan = planned(made("out"))
    done, read, swept = spied(monkeypatch)
    made("out").run(on=Local(change.workers))
    assert sorted(done) == change.redone.split()
    assert sorted(read) == change.read.split()
    assert bool(swept) == change.swept
    said = {
        f"{int(task[6]) - 1}{task.split(', ')[1].split('.')[0]}"
        for task, why in plan
        if why != "reuse" and ".jsonl" in task
    }
    first = {task for task in done if task[0] == "0"}
    assert said == (first or (set() if change.swept else set(done)))
    assert all(why == "reuse" for _, why in planned(made("out")))
    made("fresh").run(on=Local(0))
    assert digests(Path("out")) == digests(Path("fresh"))


def spied(monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str], list[str]]:
    """Lists that fill with the tasks done, the files read, and the sweep's tasks, in this process."""
    done: list[str] = []
    read: list[str] = []
    swept: list[str] = []

    def noting(kind: type, method: str, note: Callable[..., object]) -> None:
        real = getattr(kind, method)

        def call(self: Any, *given: Any) -> Any:
            note(self, *given)
            return real(self, *given)

        monkeypatch.setattr(kind, method, call)

    noting(RowsTask, "__call__", lambda task, *_: done.append(f"{task.phase}{task.shard.source.split('.')[0]}"))
    noting(MatchTask, "__call__", lambda task, *_: swept.append(task.name))
    noting(SettleTask, "__call__", lambda task, *_: swept.append(task.name))
    noting(Jsonl, "read", lambda _, shard, *__: read.append(shard.source.split(".")[0]))
    return done, read, swept
