"""The wheel, outside the clone: everything it needs travels in it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an unpacked wheel, as an installer leaves it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(folder),
        str(ROOT),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


def test_only_our_packages_are_in_it(installed: Path) -> None:
    names = {p.name for p in installed.iterdir() if not p.name.endswith(".dist-info")}
    assert names == {"curate", "filters", "trainers"}
    for part in ("curate/configs/web.yaml", "curate/sample/crawl.warc.gz", "curate/page/page.css", "curate/py.typed",
                 "filters/data/langid.ftz", "filters/data/langid.md", "filters/py.typed"):  # fmt: skip
        assert (installed / part).stat().st_size >= 0, part


def test_init_and_run_work_from_it(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed)}

    def llmsapp(*arguments: str) -> str:
        command = [sys.executable, "-P", "-c", "from curate.cli import main; main()", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = subprocess.run([sys.executable, "-P", "-c", "import curate; print(curate.__file__)"], cwd=tmp_path,
                           env=environment, capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert str(installed) in where
    llmsapp("init", "--template", "web")
    crawl = installed / "curate" / "sample" / "crawl.warc.gz"
    assert "report:" in llmsapp(
        "run", "web.yaml", "--set", f"read.warc={crawl}", "--set", "write.parquet=out", "-j", "2"
    )
    assert "every file is whole" in llmsapp("verify", "out")
