"""A full disk, a read-only or busy folder, an input that goes away: a clean stop with advice, and the run goes on."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curate import jsonl, parquet
from curate.launch import Local
from curate.pipeline import Pipeline
from curate.read import InputMissing
from curate.schema import Batch
from curate.write import verify
from tests.kills import ROOT, small_corpus, visible
from tests.test_engine import digests, pipeline, run


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small corpus with an undisturbed run."""
    folder = tmp_path_factory.mktemp("environment")
    (folder / "run.yaml").write_text(small_corpus(folder))
    done = llmsapp(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def fresh(quiet: Path, tmp_path: Path) -> Path:
    """A folder with the same configuration and input, and no run yet."""
    return furnished(tmp_path / "fresh", quiet)


def furnished(folder: Path, quiet: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name in ("in", "run.yaml"):
        (folder / name).symlink_to(quiet / name)
    return folder


def llmsapp(folder: Path, workers: int = 0, limit: str = "true") -> subprocess.CompletedProcess[str]:
    """The run of `folder`, under a limit of the shell."""
    code = "from curate.cli import main; main()"
    command = f"{limit}; exec {sys.executable} -P -c '{code}' run run.yaml -j {workers}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_a_write_that_fails_anywhere_is_a_clean_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The n-th flush or rename of each attempt fails, n growing until one comes through: whole files after each."""
    left = [0]

    def failing(real: Any) -> Any:
        def call(*given: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*given)

        return call

    run(pipeline(tmp_path / "quiet"))
    for name in ("fsync", "replace", "link"):
        monkeypatch.setattr(os, name, failing(getattr(os, name)))
    attempts, errors = 0, set()
    while not (tmp_path / "out" / "manifest.json").exists():
        attempts += 1
        left[0] = attempts
        try:
            run(pipeline(tmp_path / "out"))
        except OSError as error:
            errors.add(error.errno)
        assert visible(tmp_path / "out") == []
    assert (attempts > 10, errors) == (True, {errno.ENOSPC})
    assert digests(tmp_path / "out") == digests(tmp_path / "quiet")


@pytest.mark.parametrize(("kilobytes", "workers"), [(4, 2), (40, 0)])
def test_a_file_that_cannot_be_written_in_full(quiet: Path, fresh: Path, kilobytes: int, workers: int) -> None:
    done = llmsapp(fresh, workers, f"ulimit -f {kilobytes}")
    assert (done.returncode, "run the same command again" in done.stderr) == (5, True), done.stderr
    assert "Traceback" not in done.stderr
    assert visible(fresh / "out") == []
    assert llmsapp(fresh).returncode == 0
    assert digests(fresh / "out") == digests(quiet / "out")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own in memory."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80k", "tmpfs", disk], check=False).returncode:
        pytest.skip("mounting a file system needs the rights of an administrator")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def remount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", disk], check=True)


def test_a_full_disk_and_a_read_only_one(quiet: Path, small_disk: Path) -> None:
    furnished(small_disk, quiet)
    for size, workers in (("80k", 2), ("300k", 0)):
        remount(small_disk, f"size={size}")
        done = llmsapp(small_disk, workers)
        assert (done.returncode, "the disk is full: make room" in done.stderr) == (5, True), done.stderr
        assert visible(small_disk / "out") == []
    remount(small_disk, "ro,size=40m")
    done = llmsapp(small_disk)
    assert (done.returncode, "read-only" in done.stderr) == (5, True), done.stderr
    remount(small_disk, "rw")
    assert llmsapp(small_disk).returncode == 0
    assert digests(small_disk / "out") == digests(quiet / "out")


def test_a_busy_folder_is_left_alone(fresh: Path) -> None:
    (fresh / "out" / "work").mkdir(parents=True)
    with open(fresh / "out" / "work" / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = llmsapp(fresh)
        assert (done.returncode, "another run is working on" in done.stderr) == (5, True), done.stderr
        assert [p.name for p in (fresh / "out").rglob("*")] == ["work", "lock"]


def test_a_file_where_a_folder_is_needed(quiet: Path, fresh: Path) -> None:
    (fresh / "out" / "work").mkdir(parents=True)
    (fresh / "out" / "work" / "lock").touch()
    (fresh / "out" / "data").write_text("in the way")
    done = llmsapp(fresh)
    assert (done.returncode, "out/data" in done.stderr) == (5, True), done.stderr
    (fresh / "out" / "data").unlink()
    assert llmsapp(fresh).returncode == 0
    assert digests(fresh / "out") == digests(quiet / "out")


@pytest.mark.parametrize("workers", [0, 2])
def test_an_input_that_goes_away_while_running(tmp_path: Path, workers: int) -> None:
    """The step removes the last file: its shard, read later, is missed, and what is finished is used again."""
    (tmp_path / "in").mkdir()
    for name in "abc":
        (tmp_path / "in" / f"{name}.jsonl").write_text(f'{{"id": "{name}", "text": "the text of {name}"}}\n')
    last = tmp_path / "in" / "c.jsonl"

    def remove(batch: Batch) -> Batch:
        if batch.num_rows and batch.column("id")[0].as_py() == "a" and REMOVING:
            os.replace(last, tmp_path / "away")
        return batch

    def made(out: str) -> Pipeline:
        return Pipeline(jsonl(str(tmp_path / "in")), remove, write=parquet(str(tmp_path / out)))

    REMOVING.append(True)
    with pytest.raises(InputMissing, match=r"c\.jsonl cannot be read.*put it back"):
        made("out").run(on=Local(min(workers, 1)))
    REMOVING.clear()
    os.replace(tmp_path / "away", last)
    made("out").run(on=Local(workers))
    made("fresh").run(on=Local(0))
    assert digests(tmp_path / "out") == digests(tmp_path / "fresh")


REMOVING: list[bool] = []


def test_names_from_the_data_stay_out_of_the_file_system(tmp_path: Path) -> None:
    names = ["../../escaped", "/tmp/escaped", "a\x00b", "CON", "x" * 300, "\u202egnp.exe", "A", "a", "..", "$(touch x)"]
    lines = [json.dumps({"id": n, "url": f"https://{n}/../{n}", "text": f"text {i}"}) for i, n in enumerate(names)]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "\u202e $(touch y) 'q.jsonl").write_text("\n".join(lines) + "\n")
    report = Pipeline(jsonl(str(tmp_path / "in")), write=parquet(str(tmp_path / "deep" / "out"))).run(on=Local(1))
    assert report["kept"] == len(names)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["deep", "in"]
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["out"]
    written = [p.name for p in (tmp_path / "deep" / "out").rglob("*") if p.is_file()]
    assert all(re.fullmatch(r"[a-z0-9.-]+|README\.md", name) for name in written), written


def test_what_the_disk_garbles_never_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte of each kind of file changes as it is flushed: reading it back finds that, and the next run is well."""
    real, garbled = os.fsync, set()

    def flush(handle: int) -> None:
        path = os.readlink(f"/proc/self/fd/{handle}")
        name = re.sub(r"^\.|-[0-9a-f]{32}.*", "", os.path.basename(path))
        if "/work/" in path and ".parquet" in path and name not in garbled:
            garbled.add(name)
            place = os.fstat(handle).st_size // 3
            os.pwrite(handle, bytes([os.pread(handle, 1, place)[0] ^ 1]), place)
        real(handle)

    monkeypatch.setattr(os, "fsync", flush)
    for _ in range(20):
        before = len(garbled)
        try:
            run(pipeline(tmp_path / "out"))
        except OSError as error:
            assert "what was written cannot be read back" in str(error)  # noqa: PT017 -- the last run raises nothing
        assert visible(tmp_path / "out") == []
        if len(garbled) == before:
            break
    assert {"decisions", "sketch", "match", "settle", "train", "ledger"} <= garbled
    assert verify(tmp_path / "out") == []
