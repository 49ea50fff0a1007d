"""Runs that are killed with SIGKILL at named points or at any moment, and what must hold after each kill.

A `sitecustomize.py` that the harness writes beside its logs, first on PYTHONPATH, is imported by the run's own process
and by its workers. It wraps the calls that change what can be seen of a file (`os.replace`, `os.fsync`, `os.link`,
`os.unlink`, `os.mkdir`), counts them over all processes, and at the n-th call of one named point, before it or after
it, kills the run. The code of llmsapp knows nothing of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curate import work
from curate.write import verify
from tests.test_engine import digests

ROOT = Path(__file__).parent.parent
HOOKS = r'''
import os, re, signal

OUT, LOG, AT = (os.environ[f"KILL_{name}"] for name in ("OUT", "LOG", "AT"))
os.environ.setdefault("KILL_MAIN", str(os.getpid()))

def write(name, text):
    """Append to a log; where in it the text ends."""
    handle = os.open(os.path.join(LOG, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(handle, text.encode())
    end = os.lseek(handle, 0, os.SEEK_CUR)
    os.close(handle)
    return end

def what(path):
    """A file of the run by its kind: `work/parts/train`, `data/train`, `manifest.json`; a folder ends in a slash."""
    name = os.readlink(f"/proc/self/fd/{path}") if isinstance(path, int) else os.path.abspath(os.fspath(path))
    if name != OUT and not name.startswith(OUT + os.sep):
        return ""
    folder, last = os.path.split(os.path.relpath(name, OUT))
    last = re.sub(r"^\.(.*)\.\d+\.tmp$", r"\1", last)
    last = re.sub(r"(-[0-9a-f]{32}|^[0-9a-f]{32}|-\d{5}).*", "", last)
    return os.path.join(folder, last) + ("/" if os.path.isdir(name) else "")

def passed(point, side):
    count = write(re.sub(r"\W+", "_", f"{point} {side}"), ".")
    write("points", f"{point}|{side}\n")
    if AT == f"{point}|{side}|{count}":
        os.kill(int(os.environ["KILL_MAIN"]), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

def wrapped(name, argument):
    real = getattr(os, name)
    def call(*given, **named):
        kind = what(given[argument]) if len(given) > argument else ""
        if kind:
            passed(f"{name} {kind}", "before")
        result = real(*given, **named)
        if kind:
            passed(f"{name} {kind}", "after")
        return result
    setattr(os, name, call)

for name, argument in (("replace", 1), ("link", 1), ("fsync", 0), ("unlink", 0), ("mkdir", 0)):
    wrapped(name, argument)
write("pids", f"{os.getpid()}\n")
os.register_at_fork(after_in_child=lambda: write("pids", f"{os.getpid()}\n"))
'''


@dataclass
class Killer:
    """One configuration, run and killed again and again in `folder`. `quiet()` comes first."""

    folder: Path
    config: str  # writes to the folder `out`
    seed: int = 0
    kills: int = 0
    failures: list[str] = field(default_factory=list)
    points: dict[str, int] = field(default_factory=dict)  # "replace work/text/|before" -> calls in a quiet run
    hit: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.out, self.log = self.folder / "out", self.folder / "log"
        hooks = self.folder / "hooks"
        hooks.mkdir()
        (hooks / "sitecustomize.py").write_text(HOOKS)
        (self.folder / "run.yaml").write_text(self.config)

    def run(self, workers: int, at: str = "", after_s: float | None = None) -> int:
        """The exit status of the command, killed at a point or after some seconds if it does not end before."""
        self.log.mkdir(exist_ok=True)
        for path in self.log.iterdir():
            path.unlink()
        paths = os.pathsep.join([str(self.folder / "hooks"), str(ROOT)])
        hooks = {"KILL_OUT": str(self.out), "KILL_LOG": str(self.log), "KILL_AT": at, "PYTHONPATH": paths}
        code = "from curate.cli import main; main()"
        command = [sys.executable, "-P", "-c", code, "run", "run.yaml", "-j", str(workers)]
        with open(self.folder / "said", "w") as said:
            running = subprocess.Popen(
                command, cwd=self.folder, env={**os.environ, **hooks}, stdout=said, stderr=said, start_new_session=True
            )
            try:
                status = running.wait(after_s or 900)
            except subprocess.TimeoutExpired:
                os.kill(running.pid, signal.SIGKILL)
                status = running.wait()
        self._nobody_left()
        return status

    def quiet(self) -> None:
        """An undisturbed run, to compare with; it also tells the points that there are."""
        started = time.monotonic()
        status = self.run(2)
        assert status == 0, (self.folder / "said").read_text()
        self.quiet_s = time.monotonic() - started
        for point in (self.log / "points").read_text().splitlines():
            self.points[point] = self.points.get(point, 0) + 1
        self.expected = digests(self.out)
        self.waiting = sorted(self.points)
        self.dice.shuffle(self.waiting)

    def kill(self, kills: int) -> None:
        """Chains of kills, each chain in a fresh folder and run to its end after the last one."""
        until = self.kills + kills
        shutil.rmtree(self.out)
        while self.kills < until:
            workers = self.dice.choice([0, 0, 2])
            at, after_s = self._aim()
            status = self.run(workers, at, after_s)
            if status == -signal.SIGKILL:
                self.kills += 1
                self.hit.add(at.rpartition("|")[0])
                self._hold(f"kill {self.kills} at {at or f'{after_s:.2f} s'}", visible(self.out))
            else:
                self._complete(status)
        self._complete(self.run(2))

    def kill_every(self, seconds: float) -> None:
        """One run, killed every few seconds and started again until it finishes."""
        shutil.rmtree(self.out)
        while (status := self.run(2, after_s=seconds)) == -signal.SIGKILL:
            self.kills += 1
            self._hold(f"kill {self.kills}", visible(self.out))
        self._complete(status)

    def _aim(self) -> tuple[str, float | None]:
        """A point, those first that were not hit yet; one time in four any moment."""
        if self.dice.random() < 0.25:
            return "", self.dice.uniform(0.2, 1.0) * self.quiet_s
        point = self.waiting.pop()
        self.waiting.insert(0, point)
        return f"{point}|{self.dice.choice([1, self.dice.randint(1, self.points[point])])}", None

    def _complete(self, status: int) -> None:
        """The run came to its end: it must be as the quiet one."""
        if status != 0:
            self._hold(f"after kill {self.kills}", [f"exit status {status}: {(self.folder / 'said').read_text()}"])
            shutil.rmtree(self.out, ignore_errors=True)
            return
        problems = verify(self.out) + [f"left over: {path}" for path in work.left_over(self.out)]
        found = digests(self.out)
        problems += [
            f"{n} is not as in a quiet run" for n in self.expected | found if found.get(n) != self.expected.get(n)
        ]
        self._hold(f"resumed after kill {self.kills}", problems)
        shutil.rmtree(self.out)

    def _hold(self, when: str, problems: list[str]) -> None:
        self.failures += [f"seed {self.seed}, {when}: {problem}" for problem in problems]

    def _nobody_left(self) -> None:
        """Every process of a run ends with it."""
        pids = [int(p) for p in (self.log / "pids").read_text().split()] if (self.log / "pids").exists() else []
        until = time.monotonic() + 10
        while (alive := [p for p in pids if _alive(p)]) and time.monotonic() < until:
            time.sleep(0.01)
        self._hold(f"run before kill {self.kills + 1}", [f"process {pid} outlived its run" for pid in alive])


def _alive(pid: int) -> bool:
    """Whether there is such a process, and not only its entry for a parent to read."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def visible(out: Path) -> list[str]:
    """What is wrong with the files that can be seen: each must open and be whole, and be what its record says."""
    problems = []
    for path in sorted(p for p in out.rglob("*") if p.is_file() and not p.name.startswith(".")):
        try:
            if path.suffix == ".parquet":
                with pq.ParquetFile(path, page_checksum_verification=True) as file:
                    for _ in file.iter_batches():
                        pass
            elif path.suffix == ".json":
                json.loads(path.read_text())
            elif path.suffix == ".html":
                assert path.read_text().rstrip().endswith("</html>"), "cut off"
        except (OSError, ValueError, AssertionError, pa.ArrowException) as error:
            problems.append(f"{path}: {error}")
    for record in (out / "work" / "records").glob("*.json"):
        for name, output in json.loads(record.read_text())["outputs"].items():
            if not (out / name).exists() or work.sha256(out / name) != output["sha256"]:
                problems.append(f"{name} is not what {record.name} says")
    return problems + (verify(out) if (out / "manifest.json").exists() else [])


def small_corpus(folder: Path) -> str:
    """JSON lines in `folder`/in, with twins and broken lines, and a configuration that cuts them into six shards."""
    dice = random.Random(7)
    words = [
        "the",
        "of",
        "and",
        "to",
        "in",
        "garden",
        "wall",
        "stone",
        "tree",
        "river",
        "house",
        "walks",
        "we",
        "water",
    ]
    (folder / "in").mkdir(parents=True)
    pages = [" ".join(dice.choice(words) for _ in range(60)) + "." for _ in range(80)]
    for name in range(3):
        lines = [json.dumps({"text": dice.choice(pages), "url": f"https://a{name}.example/{i}"}) for i in range(30)]
        (folder / "in" / f"{name}.jsonl").write_text("\n".join([*lines, "{broken"]) + "\n")
    return """
read: {jsonl: {paths: "in/*.jsonl", shard_mb: 0.006}}
steps:
  - normalize: {}
  - keep: word_count >= 30
  - drop_duplicates: {how: minhash}
  - keep: symbol_word_ratio < 0.5
write: {parquet: {folder: out, validation: 0.1, max_quarantine: 0.1}}
"""
