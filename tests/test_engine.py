"""The engine: nothing is lost, everything is counted, and the same input gives the same bytes whatever happens."""

from __future__ import annotations

import hashlib
import json
import os
import signal as signals_of_the_system
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.dedup.documents import drop_duplicates
from curate.groups import keep, measure
from curate.launch import Local, OutputRefused, planned
from curate.pipeline import Pipeline, PipelineError
from curate.schema import Batch, set_column
from curate.signals import column, signal
from curate.write import parquet, verify
from tests.memory_source import Memory


@signal
def letters(text: str) -> int:
    """Characters of the text."""
    return len(text)


@signal
def vowel_share(text: str) -> float:
    """Share of a, e, i, o, u; null for an empty text."""
    if "explode" in text:
        raise ValueError("this text explodes")
    return sum(c in "aeiou" for c in text) / len(text) if text else None  # type: ignore[return-value]


MEASURED: list[int] = []  # rows per call of `costly`


@signal.batch
def costly(text: pa.StringArray) -> pa.Int64Array:
    """Characters, counted."""
    MEASURED.append(len(text))
    return pc.utf8_length(text).cast(pa.int64())


def shout(batch: Batch) -> Batch:
    """Text in capitals; refuses texts with a hash sign, leaves out those with an at sign."""
    text = batch.column("text")
    refused = pc.match_substring(text, "#")
    out = set_column(batch, "text", pc.utf8_upper(text))
    out = out.append_column(
        "error", pc.if_else(refused, pa.scalar("hash sign: not allowed"), pa.scalar(None, pa.string()))
    )
    return out.filter(pc.invert(pc.match_substring(text, "@")))


def lower(batch: Batch) -> Batch:
    return set_column(batch, "text", pc.utf8_lower(batch.column("text")))


def texts(n: int = 400) -> tuple[str | bytes | None, ...]:
    """Texts of many lengths, some of them twins, skipped, unreadable, refused, exploding."""
    made: list[str | bytes | None] = []
    for i in range(n):
        text = f"a tale of number {i % 60} and " * (i % 9)
        if i % 41 == 5:
            text += "explode"
        if i % 37 == 7:
            text += "#"
        if i % 29 == 3:
            text += "@"
        made.append(None if i % 31 == 1 else text.encode() if i % 43 == 2 else text)
    return tuple(made)


def pipeline(out: Path, source: Memory | None = None, shortest: int = 20, **options: Any) -> Pipeline:
    return Pipeline(
        source or Memory(texts()),
        keep(letters >= shortest),
        keep(vowel_share >= 0.2),
        shout,
        keep(letters < 200, alone=True),
        drop_duplicates("exact"),
        lower,
        keep(letters != 57, vowel_share >= 0.25),
        write=parquet(str(out), **({"validation": 0.1} | options)),
    )


def digests(out: Path) -> dict[str, str]:
    """sha256 of all that must be the same: data, ledger, quarantine, and the figures of the report."""
    found = {
        str(p.relative_to(out)): hashlib.sha256(p.read_bytes()).hexdigest()
        for section in ("data", "ledger", "quarantine")
        for p in sorted((out / section).glob("*"))
    }
    report = json.loads((out / "report.json").read_text())
    figures = {k: v for k, v in report.items() if k != "timings"}
    return found | {"report": hashlib.sha256(json.dumps(figures, sort_keys=True).encode()).hexdigest()}


def run(pipeline: Pipeline, workers: int = 0) -> Any:
    return pipeline.run(on=Local(workers))


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed run."""
    out = tmp_path_factory.mktemp("quiet") / "out"
    run(pipeline(out))
    return out


def slow_fates(rows: tuple[str | bytes | None, ...]) -> dict[str, tuple[str, str | None]]:
    """The slow twin of the whole pipeline: fate and value of each document, one at a time, in plain Python."""
    fates: dict[str, tuple[str, str | None]] = {}
    seen: set[str] = set()
    for i, text in enumerate(rows):
        name = f"d{i:06d}"
        if text is None:
            continue
        if isinstance(text, bytes) or "explode" in text:
            fates[name] = ("quarantined", None)
        elif len(text) < 20 or sum(c in "aeiou" for c in text) / len(text) < 0.2:
            fates[name] = ("dropped", "1")
        elif "#" in text:
            fates[name] = ("quarantined", None)
        elif "@" in text:
            fates[name] = ("dropped", "2")
        elif len(text) >= 200:
            fates[name] = ("dropped", "3")
        elif " ".join(text.split()).lower() in seen:
            fates[name] = ("dropped", "5")
        elif len(text) == 57 or sum(c in "aeiou" for c in text) / len(text) < 0.25:
            seen.add(" ".join(text.split()).lower())
            fates[name] = ("dropped", "7")
        else:
            seen.add(" ".join(text.split()).lower())
            fates[name] = ("kept", None)
    return fates


def test_every_document_ends_as_the_slow_twin_says(quiet: Path) -> None:
    ledger = pq.read_table(quiet / "ledger").to_pylist()
    # An exploding text that is too short is dropped or quarantined? Every rule of a group is asked: it explodes first.
    assert {r["id"]: r["fate"] for r in ledger} == {k: fate for k, (fate, _) in slow_fates(texts()).items()}
    data = pq.read_table(quiet / "data")
    assert sorted(data["id"].to_pylist()) == sorted(r["id"] for r in ledger if r["fate"] == "kept")
    assert all(t == t.lower() for t in data["text"].to_pylist())


def test_the_identity_holds_and_every_loss_has_its_reason(quiet: Path) -> None:
    report = json.loads((quiet / "report.json").read_text())
    assert report["records"] == len(texts()) == sum(report["skipped"].values()) + report["documents"]
    assert report["documents"] == report["kept"] + report["dropped"] + report["quarantined"]
    for row in pq.read_table(quiet / "ledger").to_pylist():
        assert (row["reason"] is not None) == (row["fate"] == "quarantined")
        assert (row["step"] is None) == (row["fate"] == "kept")
        if row["fate"] == "dropped" and row["step"] != "shout":
            assert row["rule"], row
    quarantine = pq.read_table(quiet / "quarantine").to_pylist()
    assert len(quarantine) == report["quarantined"] > 10
    assert {r["reason"] for r in quarantine} == {
        "broken: not text",
        "ValueError: this text explodes",
        "hash sign: not allowed",
    }


def test_first_any_and_only_are_exact(quiet: Path) -> None:
    report = json.loads((quiet / "report.json").read_text())
    group = next(s for s in report["steps"] if s["number"] == 7)
    entering = [t for t, (fate, step) in slow_fates(texts()).items() if fate == "kept" or step == "7"]
    rows = {r["id"]: r for r in pq.read_table(quiet / "ledger").to_pylist()}
    a = {i for i in entering if rows[i]["letters"] == 57}
    b = {i for i in entering if rows[i]["vowel_share"] < 0.25}
    assert group["rows_in"] == len(entering)
    by_hand = [(len(a), len(a), len(a - b)), (len(b - a), len(b), len(b - a))]
    assert [(r["first"], r["any"], r["only"]) for r in group["rules"]] == by_hand


@pytest.mark.parametrize("change", [{"batch_rows": 1}, {"batch_rows": 64}])
def test_batches_do_not_show_in_the_bytes(quiet: Path, tmp_path: Path, change: dict[str, int]) -> None:
    run(pipeline(tmp_path / "out", Memory(texts(), **change)))
    assert digests(tmp_path / "out") == digests(quiet)


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_do_not_show_in_the_bytes(quiet: Path, tmp_path: Path, workers: int) -> None:
    run(pipeline(tmp_path / "out"), workers)
    assert digests(tmp_path / "out") == digests(quiet)
    assert verify(tmp_path / "out") == []


def test_finished_work_is_used_again(tmp_path: Path) -> None:
    make = lambda: Pipeline(Memory(texts()), shout, keep(costly >= 20), write=parquet(str(tmp_path / "out")))  # noqa: E731
    MEASURED.clear()
    run(make())
    assert sum(MEASURED) > 0
    before = digests(tmp_path / "out")
    MEASURED.clear()
    run(make())
    assert sum(MEASURED) == 0
    assert digests(tmp_path / "out") == before


def test_a_moved_threshold_measures_only_what_it_admits(tmp_path: Path) -> None:
    """A looser rule finds text and signals again; a fresh run with it gives the same bytes."""

    def make(out: Path, shortest: int) -> Pipeline:
        return Pipeline(Memory(texts()), keep(letters >= shortest), shout, keep(costly < 150), write=parquet(str(out)))

    run(make(tmp_path / "out", 60))
    MEASURED.clear()
    run(make(tmp_path / "out", 20))
    again = sum(MEASURED)
    MEASURED.clear()
    run(make(tmp_path / "fresh", 20))
    assert 0 < again < sum(MEASURED) / 2
    assert digests(tmp_path / "out") == digests(tmp_path / "fresh")


def test_a_changed_function_is_a_changed_step(tmp_path: Path) -> None:
    def make(function: Any) -> Pipeline:
        return Pipeline(Memory(("one text", "two texts")), function, write=parquet(str(tmp_path / "out")))

    run(make(lambda b: set_column(b, "text", pc.utf8_upper(b.column("text")))))
    run(make(lambda b: set_column(b, "text", pc.utf8_reverse(b.column("text")))))
    assert pq.read_table(tmp_path / "out" / "data")["text"].to_pylist() == ["txet eno", "stxet owt"]


def test_a_missing_part_is_made_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(pipeline(out))
    before = digests(out)
    for path in (out / "work" / "parts").glob("train-*"):
        path.unlink()
        break
    assert any(why.startswith("do:") and "is missing" in why for _, why in planned(pipeline(out)))
    run(pipeline(out))
    assert digests(out) == before
    assert all(why == "reuse" for _, why in planned(pipeline(out)))


def die(how: str) -> Any:
    def step(batch: Batch) -> Batch:
        if any("number 17 " in (t or "") for t in batch.column("text").to_pylist()):
            if how == "exit":
                os._exit(3)
            os.kill(os.getpid(), signals_of_the_system.SIGKILL)
        return batch

    return step


@pytest.mark.parametrize(("how", "said"), [("exit", "left with exit status 3"), ("kill", "killed by SIGKILL")])
def test_a_text_that_kills_its_worker_is_quarantined_alone(tmp_path: Path, how: str, said: str) -> None:
    out = tmp_path / "out"
    rows = tuple(f"a tale of number {i} and more" for i in range(60))
    run(Pipeline(Memory(rows, shard_rows=20), die(how), write=parquet(str(out))), 2)
    ledger = pq.read_table(out / "ledger").to_pylist()
    lost = [r for r in ledger if r["fate"] != "kept"]
    assert [r["id"] for r in lost] == ["d000017"]
    assert said in lost[0]["reason"]


def test_an_output_folder_of_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("ten years of work")
    with pytest.raises(OutputRefused, match="not empty"):
        run(pipeline(tmp_path / "out"))
    assert (tmp_path / "out" / "thesis.tex").read_text() == "ten years of work"


def test_steps_that_do_not_fit_are_found_before_work_begins(tmp_path: Path) -> None:
    def loses_text(batch: Batch) -> Batch:
        return batch.drop_columns(["text"])

    with pytest.raises(PipelineError, match=r"step 2 .*lost the column `text`"):
        run(Pipeline(Memory(("a",)), keep(letters > 1), loses_text, write=parquet(str(tmp_path / "out"))))
    with pytest.raises(PipelineError, match="no column named 'nowhere'"):
        run(Pipeline(Memory(("a",)), keep(column("nowhere") > 1), write=parquet(str(tmp_path / "out"))))
    assert not (tmp_path / "out").exists()


def test_an_empty_corpus_gives_empty_files_with_all_columns(tmp_path: Path) -> None:
    run(pipeline(tmp_path / "out", Memory(())))
    data = pq.read_table(tmp_path / "out" / "data")
    assert data.num_rows == 0
    assert {"id", "url", "text", "letters", "vowel_share"} <= set(data.column_names)
    assert verify(tmp_path / "out") == []


def test_measuring_without_deciding_keeps_everything(tmp_path: Path) -> None:
    run(Pipeline(Memory(("one", "three")), measure(letters), write=parquet(str(tmp_path / "out"), validation=0.0)))
    assert pq.read_table(tmp_path / "out" / "data")["letters"].to_pylist() == [3, 5]


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.one_of(st.none(), st.binary(max_size=3), st.text(alphabet="ae xyz#@中文", max_size=60)), max_size=30
    ),
    shard_rows=st.integers(1, 12),
    limits=st.lists(st.integers(0, 40), min_size=1, max_size=4),
    sweep=st.booleans(),
)
def test_any_pipeline_accounts_for_every_record(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], shard_rows: int, limits: list[int], sweep: bool
) -> None:
    out = tmp_path_factory.mktemp("any") / "out"
    steps: list[Any] = []
    for i, limit in enumerate(limits):
        steps += [keep(letters >= limit), [shout, lower][i % 2]]
    if sweep:
        steps.insert(len(steps) // 2, drop_duplicates("exact"))
    report = run(Pipeline(Memory(tuple(rows), shard_rows), *steps, write=parquet(str(out))))
    assert report["records"] == len(rows)
    assert report["documents"] == sum(r is not None for r in rows)
    assert report["documents"] == report["kept"] + report["dropped"] + report["quarantined"]
    assert verify(out) == []
    for before, after in zip(report["steps"], report["steps"][1:], strict=False):
        assert before["rows_out"] == after["rows_in"]


def test_the_two_halves_of_a_corpus_add_up(tmp_path: Path) -> None:
    """Without a sweep, a corpus is the sum of its shards: counts, and the rows themselves."""
    rows = texts()
    make = lambda name, part: run(  # noqa: E731
        Pipeline(Memory(part, shard_rows=50), keep(letters >= 20), write=parquet(str(tmp_path / name)))
    )
    whole, left, right = make("whole", rows), make("left", rows[:200]), make("right", rows[200:])
    assert whole["kept"] == left["kept"] + right["kept"]
    assert whole["dropped"] == left["dropped"] + right["dropped"]


def test_borders_that_were_entered_wrongly_are_mended(tmp_path: Path) -> None:
    """A shard that starts at a look-alike is read again from where its left neighbour ended."""

    class Misled(Memory):
        def read(self, shard: Any, seen: Any) -> Any:
            yield from super().read(shard, seen)
            if shard.begin is None and shard.start == 20:
                seen.first = shard.start + 1

    same_file = [replace(s, path="one", start=s.start, stop=s.stop) for s in Memory(texts(60), 20).shards()]
    from curate.launch import _borders

    records = [{"first": 0, "end": 20}, {"first": 21, "end": 40}, {"first": 40, "end": 60}]
    mended = _borders(same_file, records)
    assert [s.begin for s in mended] == [None, 20, None]
    assert _borders(mended, [{**r, "first": s.start} for r, s in zip(records, same_file, strict=True)]) == mended
