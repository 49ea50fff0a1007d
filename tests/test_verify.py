"""`verify` finds any flipped bit of what a run published, and a run mends what it can make again."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from curate.write import verify
from tests.test_engine import digests, pipeline, run

FLIPS = 200


def flips_missed(out: Path, flips: int, seed: int) -> list[str]:
    """Flip one bit at a time at random places of the published files, small files as often as large ones, and put it
    back; the places that `verify` did not find."""
    dice = random.Random(seed)
    folders = [out, out / "data", out / "ledger", out / "quarantine"]
    files = sorted(p for folder in folders if folder.is_dir() for p in folder.iterdir() if p.is_file())
    missed = []
    for _ in range(flips):
        path = dice.choice(files)
        raw = bytearray(path.read_bytes())
        place, bit = dice.randrange(len(raw)), dice.randrange(8)
        raw[place] ^= 1 << bit
        path.write_bytes(raw)
        if not verify(out):
            missed.append(f"{path.name}, byte {place}, bit {bit}")
        raw[place] ^= 1 << bit
        path.write_bytes(raw)
    return missed


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verify") / "out"
    run(pipeline(folder))
    return folder


def test_any_flipped_bit_is_found(out: Path) -> None:
    assert verify(out) == []
    assert flips_missed(out, FLIPS, seed=4) == []
    assert verify(out) == []


def test_a_footer_whose_names_are_no_utf8_is_damage(out: Path, tmp_path: Path) -> None:
    """Arrow says so with a UnicodeDecodeError, which is none of its own errors; as found by the soak."""
    shutil.copytree(out, tmp_path / "out")
    path = next((tmp_path / "out" / "data").glob("*.parquet"))
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"url", b"u\xe3l"))
    assert any("cannot be read" in problem for problem in verify(tmp_path / "out"))


@pytest.mark.parametrize("section", ["data", "ledger", "quarantine"])
def test_files_that_are_missing_or_were_added_are_found(out: Path, tmp_path: Path, section: str) -> None:
    shutil.copytree(out, tmp_path / "out")
    path = next((tmp_path / "out" / section).glob("*.parquet"))
    shutil.copy(path, path.with_name("extra.parquet"))
    assert verify(tmp_path / "out") == [f"{section}/extra.parquet is not in the manifest"]
    path.with_name("extra.parquet").unlink()
    path.unlink()
    assert f"{section}/{path.name} is missing" in verify(tmp_path / "out")


@pytest.mark.parametrize("kind", ["data/*", "work/parts/train-[!p]*", "work/parts/*"])
def test_the_next_run_makes_damaged_files_again(tmp_path: Path, kind: str) -> None:
    """`data/` shares its files with `work/parts`; a flipped bit must not be taken over with a new sum."""
    out = tmp_path / "out"
    run(pipeline(out))
    before = digests(out)
    for path in out.glob(kind):
        if path.name.startswith(("decisions", "sketch", "match", "settle")):  # not taken over: read, sums checked
            continue
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
    run(pipeline(out))
    assert digests(out) == before
    assert verify(out) == []
