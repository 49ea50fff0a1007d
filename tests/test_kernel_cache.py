"""Compiled kernels: found again wherever the package lies, never stale, never taken from somebody else's folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from curate.kernels import cache

ROOT = Path(__file__).parent.parent

# A package of our cache and two kernels, one of which calls the other and freezes a table of its module.
CALLEE = """
import numpy as np
from curate.kernels import part
TABLE = np.array([{entry}, 0])
@part
def raised(x):
    return x + {step}
"""
CALLER = """
from curate.kernels import kernel
from curate.kernels.callee import TABLE, raised
@kernel
def answer(x):
    return raised(x) + raised(0) + TABLE[0]
"""
ASK = """
import numba.core.event as event
from curate.kernels.caller import answer
with event.install_recorder("numba:compile") as compiled:
    print(answer(1), len(compiled.buffer) // 2)
"""


def package(root: Path, step: int = 10, entry: int = 100) -> Path:
    """A tiny copy of the package in `root`: `answer(1)` is 1 + 2 * step + entry, and takes two compilations."""
    kernels = root / "curate" / "kernels"
    kernels.mkdir(parents=True, exist_ok=True)
    (root / "curate" / "__init__.py").write_text("")
    for name in ("schema.py", "compiling.py", "kernels/__init__.py", "kernels/cache.py"):
        shutil.copy(ROOT / "curate" / name, root / "curate" / name)
    (kernels / "callee.py").write_text(CALLEE.format(step=step, entry=entry))
    (kernels / "caller.py").write_text(CALLER)
    return root


def python(code: str, path: Path, **environment: str) -> str:
    """What `code` prints in a fresh process that imports from `path`."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={**os.environ, "PYTHONPATH": str(path), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_found_again_and_renewed_when_another_file_changes(tmp_path: Path) -> None:
    kept = {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    here = package(tmp_path / "here")
    assert python(ASK, here, **kept) == "121 2"
    assert python(ASK, here, **kept) == "121 0"

    there = Path(shutil.copytree(here, tmp_path / "there", ignore=shutil.ignore_patterns("__pycache__")))
    for path in there.rglob("*.py"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    assert python(ASK, there, **kept) == "121 0", "a reinstallation loses nothing"

    package(here, step=20)
    assert python(ASK, here, **kept) == "141 2", "the caller's machine code holds the callee"
    package(here, step=20, entry=200)
    assert python(ASK, here, **kept) == "241 2", "and the table"
    package(here, step=20)
    assert python(ASK, here, **kept) == "141 0", "the generation before is kept"


def test_a_damaged_file_is_written_anew(tmp_path: Path) -> None:
    kept = {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    here = package(tmp_path / "here")
    python(ASK, here, **kept)
    for path in (tmp_path / "kept").rglob("*.nbc"):
        path.write_bytes(path.read_bytes()[:100])
    assert python(ASK, here, **kept) == "121 2"
    assert python(ASK, here, **kept) == "121 0"


def test_numbas_own_places_serve_where_ours_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    nowhere = {name: str(tmp_path / "file") for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME")}
    here = package(tmp_path / "here")
    assert python(ASK, here, **nowhere) == "121 2"
    assert python(ASK, here, **nowhere) == "121 0"
    package(here, step=20)
    assert python(ASK, here, **nowhere) == "141 2"


def test_nothing_is_kept_where_no_place_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    nowhere = {name: str(tmp_path / "file") for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME")}
    here = package(tmp_path / "here")
    (here / "curate" / "kernels" / "__pycache__").write_text("no folder")
    assert python(ASK, here, **nowhere) == "121 2"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of generations that `cache.folder` would choose, not made yet."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "second"))
    return tmp_path / "llmsapp-kernels"


def test_the_folder_is_closed_to_others(place: Path) -> None:
    place.mkdir(mode=0o777)
    place.chmod(0o777)
    assert cache.folder.__wrapped__() == place / cache.generation()
    assert place.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_somebody_elses_folder_is_refused(place: Path, tmp_path: Path) -> None:
    place.mkdir()
    os.chown(place, 12345, -1)
    assert cache.folder.__wrapped__() == tmp_path / "second" / "llmsapp" / "kernels" / cache.generation()
    assert not list(place.iterdir())


def test_two_generations_are_kept(place: Path) -> None:
    for age, name in enumerate(("newer", "older", "oldest")):
        (place / name).mkdir(parents=True)
        os.utime(place / name, (1_000_000_000 - age, 1_000_000_000 - age))
    cache.folder.__wrapped__()
    assert {path.name for path in place.iterdir()} == {cache.generation(), "newer"}


WARMED = """
import sys
from pathlib import Path
from curate.config import load
from curate.kernels.cache import KernelCache
from curate.launch import Local
from curate.sample import sample_crawl
from curate.warmup import warm_up
pipeline = load(Path(sys.argv[1]), [f"read.warc={sample_crawl()}", f"write.parquet.folder={sys.argv[2]}"])
warm_up(pipeline, lambda note: None)
asked, load = [], KernelCache.load_overload
def recorded(self, *arguments):
    asked.append(self.function.__qualname__)
    return load(self, *arguments)
KernelCache.load_overload = recorded
pipeline.run(on=Local(0))
print(asked)
"""


def test_a_run_after_the_warm_up_asks_for_no_more_kernels(tmp_path: Path) -> None:
    code = f"import sys; sys.argv[1:] = [{str(ROOT / 'configs' / 'web.yaml')!r}, {str(tmp_path / 'out')!r}]\n{WARMED}"
    assert python(code, ROOT) == "[]"


TWO_KERNELS = """
import os
import numpy as np
from curate.kernels.clusters import first_of_cluster
from curate.kernels.hashing import character_kind
from curate.pipeline import Pipeline
from curate.warmup import warm_up
from tests.memory_source import Memory
def clusters():
    first_of_cluster(2, np.zeros(0, np.int64), np.zeros(0, np.int64))
def kinds():
    character_kind(0x4E00)
class Step:
    name = "step"
    def __call__(self, batch):
        if batch.num_rows:
            clusters()
            kinds()
        return batch
    def warm_ups(self):
        return [clusters, kinds]
forks, fork = [], os.fork
os.fork = lambda: forks.append(1) or fork()
said = []
warm_up(Pipeline(Memory(("a text",)), Step()), said.append)
missed = [*first_of_cluster.stats.cache_misses.values(), *character_kind.stats.cache_misses.values()]
print(len(forks) == min(2, len(os.sched_getaffinity(0))) if forks else "no fork", missed, *said)
"""


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="counts the cores as Linux does")
def test_missing_kernels_are_compiled_apart_and_known_ones_cost_no_process(tmp_path: Path) -> None:
    kept = {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    assert python(TWO_KERNELS, ROOT, **kept).startswith("True [] compiling kernels, once: about ")
    assert python(TWO_KERNELS, ROOT, **kept) == "no fork []"


APART = """
import sys
from pathlib import Path
from curate.config import load
from curate.sample import sample_crawl
from curate.kernels.cache import KernelCache
from curate.warmup import _push, step_samples
pipeline = load(Path(sys.argv[1]), [f"read.warc={sample_crawl()}", f"write.parquet.folder={sys.argv[2]}"])
for call in step_samples(pipeline):
    call()
asked, load = [], KernelCache.load_overload
def recorded(self, *arguments):
    asked.append(self.function.__qualname__)
    return load(self, *arguments)
KernelCache.load_overload = recorded
_push(pipeline)
print(asked)
"""


def test_the_samples_of_the_steps_need_every_kernel(tmp_path: Path) -> None:
    """Else the lanes would leave it to the template, which compiles alone."""
    code = f"import sys; sys.argv[1:] = [{str(ROOT / 'configs' / 'web.yaml')!r}, {str(tmp_path / 'out')!r}]\n{APART}"
    assert python(code, ROOT) == "[]"
