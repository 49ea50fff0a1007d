"""Whatever was run before in a folder, a run there ends as in a fresh one; and fingerprints change with behaviour."""

from __future__ import annotations

import datetime
import functools
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from curate.dedup.documents import drop_duplicates
from curate.groups import keep
from curate.guard import ContractBroken
from curate.keys import describe
from curate.launch import Local
from curate.pipeline import Pipeline, PipelineError
from curate.schema import Batch, set_column
from curate.signals import Signal, column, signal
from curate.write import parquet
from tests.memory_source import Memory
from tests.test_engine import digests, letters, lower, run, shout, texts


@signal
def blanks(text: str) -> int:
    """Blanks of the text."""
    return text.count(" ")


@signal("exact_duplicate_of")
def twin(first: str) -> str:
    """The document it repeats."""
    return first


class Stopped(Exception):
    """The run is broken off here."""


def steps_of(dice: random.Random) -> list[Any]:
    """A few steps, as plain data so that they can be varied."""
    steps: list[Any] = []
    for _ in range(dice.randint(1, 5)):
        kind = dice.choice("kkkkuls")
        if kind == "k":
            steps.append((dice.choice([letters, blanks]), dice.choice([2, 10, 25, 60]), dice.random() < 0.2))
        elif kind == "s" and "sweep" not in steps:
            steps.append("sweep")
        elif kind in "ul":
            steps.append({"u": shout, "l": lower}[kind])
    return steps


def varied(steps: list[Any], dice: random.Random) -> list[Any]:
    """The same steps with a threshold moved, or one step gone, or others."""
    rules = [i for i, s in enumerate(steps) if isinstance(s, tuple)]
    if rules and dice.random() < 0.6:
        i = dice.choice(rules)
        return [*steps[:i], (steps[i][0], dice.choice([2, 10, 25, 60]), steps[i][2]), *steps[i + 1 :]]
    if len(steps) > 1 and dice.random() < 0.5:
        i = dice.randrange(len(steps))
        return steps[:i] + steps[i + 1 :]
    return steps_of(dice)


def made(steps: list[Any], out: Path) -> Pipeline:
    real = [
        keep(s[0] >= s[1], alone=s[2]) if isinstance(s, tuple) else drop_duplicates("exact") if s == "sweep" else s
        for s in steps
    ]
    return Pipeline(Memory(texts(60), shard_rows=25), *real, write=parquet(str(out), validation=0.1))


@pytest.mark.parametrize("seed", range(6))
def test_any_history_ends_as_a_fresh_run(tmp_path: Path, seed: int) -> None:
    """Configurations one after the other in one folder, some broken off: each ends with the bytes of a fresh run."""
    dice, out = random.Random(seed), tmp_path / "out"
    steps = steps_of(dice)
    for turn in range(5):
        if dice.random() < 0.4:
            left = [dice.randint(1, 4)]

            def stop(_: Any, left: list[int] = left) -> None:
                left[0] -= 1
                if left[0] < 0:
                    raise Stopped

            try:
                made(steps, out).run(on=Local(0), progress=stop)
            except Stopped:
                steps = varied(steps, dice) if dice.random() < 0.5 else steps
        run(made(steps, out))
        run(made(steps, tmp_path / f"fresh{turn}"))
        assert digests(out) == digests(tmp_path / f"fresh{turn}"), steps
        steps = varied(steps, dice)


@pytest.mark.parametrize("section", ["text", "signals", "parts", "records"])
def test_work_that_was_removed_is_done_again(tmp_path: Path, section: str) -> None:
    def make(out: Path, limit: int) -> Pipeline:
        steps = (keep(letters >= 20), shout, drop_duplicates("exact"), keep(blanks >= limit))
        return Pipeline(Memory(texts()), *steps, write=parquet(str(out)))

    out = tmp_path / "out"
    run(make(out, 1))
    shutil.rmtree(out / "work" / section)
    run(make(out, 6))
    run(make(tmp_path / "fresh", 6))
    assert digests(out) == digests(tmp_path / "fresh")


def test_the_whole_work_folder_may_be_removed(tmp_path: Path) -> None:
    run(made([shout], tmp_path / "out"))
    shutil.rmtree(tmp_path / "out" / "work")
    run(made([lower], tmp_path / "out"))
    run(made([lower], tmp_path / "fresh"))
    assert digests(tmp_path / "out") == digests(tmp_path / "fresh")


def test_options_of_the_sink_count(tmp_path: Path) -> None:
    for share, files in ((0.5, 2), (0.0, 1)):
        run(Pipeline(Memory(texts()), lower, write=parquet(str(tmp_path / "out"), validation=share)))
        assert len(list((tmp_path / "out" / "data").iterdir())) == files


def test_two_sweeps_where_a_shard_has_no_survivors(tmp_path: Path) -> None:
    rows = ("a", "b", "c", "a long enough text", "another text, long too", "a long enough text")
    steps = (keep(letters > 5), drop_duplicates("exact"), drop_duplicates("minhash"))
    report = run(Pipeline(Memory(rows, shard_rows=3), *steps, write=parquet(str(tmp_path / "out"))))
    assert report["kept"] == 2


class Cut:
    """A step that is an object with a state of its own."""

    def __init__(self, length: int) -> None:
        self.length = length

    def __call__(self, batch: Batch) -> Batch:
        return set_column(batch, "text", pc.utf8_slice_codeunits(batch.column("text"), 0, self.length))


def cut(batch: Batch, length: int) -> Batch:
    return Cut(length)(batch)


def closed_over(value: Any) -> Any:
    return lambda batch: batch.filter(pa.array([value is not None] * batch.num_rows))


@dataclass(frozen=True)
class Named:
    words: frozenset[str]


LISTED: set[str] = set()


def listed(batch: Batch) -> Batch:
    return batch.slice(len(LISTED))


def test_what_behaves_otherwise_has_another_fingerprint() -> None:
    @functools.wraps(cut)
    def wrapped(batch: Batch) -> Batch:
        return cut(batch, 3)

    pairs = [
        (Cut(3), Cut(5)),
        (functools.partial(cut, length=3), functools.partial(cut, length=5)),
        (Cut(3).__call__, Cut(5).__call__),
        (wrapped, cut),
        *((closed_over(a), closed_over(b)) for a, b in [
            (re.compile("a"), re.compile("b")), (np.arange(3), np.arange(4)), (Path("a"), Path("b")),
            (datetime.date(2024, 1, 1), datetime.date(2024, 1, 2)), ({"a"}, {"b"}), (1, 1.0),
        ]),
        (Named(frozenset("ab")), Named(frozenset("ac"))),
    ]  # fmt: skip
    for one, other in pairs:
        assert describe(one) != describe(other), (one, other)
        assert describe(one) == describe(one)
    before = describe(listed)
    LISTED.add("word")
    assert describe(listed) != before
    LISTED.clear()
    assert describe(listed) == before


def test_fingerprints_do_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    code = (
        "from curate.keys import fingerprint\ndef f(x):\n    return x in {'a', 'b', 'c', 'd'}\n"
        "print(fingerprint(f), fingerprint({'a', 'b', 'c', 'd'}))"
    )
    (tmp_path / "seeds.py").write_text(code)
    seen = set()
    for seed in ("0", "1", "2"):
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent.parent)}
        command = [sys.executable, "seeds.py"]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
        seen.add(done.stdout)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (lambda b: b.take(pa.array(range(b.num_rows - 1, -1, -1), pa.int64())), "reordered"),
        (lambda b: pa.Table.from_batches([b, b]).combine_chunks().to_batches()[0] if b.num_rows else b, "repeated"),
        (
            lambda b: b.append_column("x", pa.array([1] * b.num_rows, pa.int8() if b.num_rows > 6 else "int32")),
            "`x` was",
        ),
    ],
)
def test_steps_that_break_the_contract_end_the_run_in_words(tmp_path: Path, step: Any, said: str) -> None:
    with pytest.raises(ContractBroken, match=said):
        run(Pipeline(Memory(tuple("abcdefghij")), step, write=parquet(str(tmp_path / "out"))))


@pytest.mark.parametrize("name", ["url", "fate", "domain", "exact_duplicate_of", "_x"])
def test_names_that_are_taken_are_refused(name: str) -> None:
    taken = Signal(name, ("text",), pa.int64(), letters.compute)
    with pytest.raises(PipelineError, match="cannot be named"):
        Pipeline(Memory(("a",)), keep(taken > 0), drop_duplicates("exact"))


def test_what_a_sweep_decides_is_for_rules_not_for_signals() -> None:
    with pytest.raises(PipelineError, match="which a sweep decides"):
        Pipeline(Memory(("a",)), drop_duplicates("exact"), keep(twin == "a"))
    Pipeline(Memory(("a",)), drop_duplicates("exact"), keep(column("exact_duplicate_of", pa.string()) != "a")).check()


def test_a_stored_column_never_stands_in_for_a_signal(tmp_path: Path) -> None:
    from curate.read.parquet import parquet as read_parquet

    pq.write_table(pa.table({"text": ["four"], "letters": [999]}), tmp_path / "in.parquet")
    with pytest.raises(PipelineError, match="has the name of a signal"):
        Pipeline(read_parquet(str(tmp_path / "in.parquet")), keep(letters > 0), write=parquet("out")).check()


def test_large_documents_do_not_pile_up(tmp_path: Path) -> None:
    """Row groups end at 1,024 rows or 16 MB, whichever comes first, however the rows were batched."""
    rows = tuple("x" * 1_000_000 + str(i) for i in range(40))
    for size in (1, 40):
        run(Pipeline(Memory(rows, batch_rows=size), lower, write=parquet(str(tmp_path / f"out{size}"), validation=0.0)))
    groups = pq.read_metadata(next((tmp_path / "out1" / "data").iterdir()))
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [15, 15, 10]
    assert digests(tmp_path / "out1") == digests(tmp_path / "out40")


def test_a_signal_that_kills_is_not_held_against_the_step_before_it(tmp_path: Path) -> None:
    """What a deadly signal did to a row is forgotten when the signal is mended."""
    rows = tuple(f"a tale of number {i} and more" for i in range(30))

    @signal
    def deadly(text: str) -> int:
        """Kills the worker at one text."""
        import os

        if "NUMBER 17 " in text:
            os._exit(3)
        return len(text)

    out = tmp_path / "out"
    run(Pipeline(Memory(rows), shout, keep(deadly > 0), write=parquet(str(out))), 1)
    lost = [r for r in pq.read_table(out / "ledger").to_pylist() if r["fate"] != "kept"]
    assert [(r["id"], r["step"]) for r in lost] == [("d000017", "keep")]
    assert run(Pipeline(Memory(rows), shout, keep(letters > 0), write=parquet(str(out))), 1)["kept"] == 30
