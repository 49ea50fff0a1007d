"""Worker processes of one machine, supervised: a worker that dies costs one document, never the run.

    the run ── socket ── template process ── fork ── worker 1 … n

The template is a fresh process that imports everything, loads the compiled kernels and starts no thread;
workers are forked from it, so they start in no time and share that memory. Each worker writes the rows it is at into
shared memory before it touches them: when it dies, or stays longer at some rows than `Limits` allow and is killed, the
template knows where, sends the task out again row by row, and when it happens there too, the row is quarantined with
the reason.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import mmap
import os
import resource
import selectors
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from curate.guard import BY_CLOCK, Watch
from curate.warmup import die_with_parent, warm_up

# A task may lose this many workers before it is given up: each death costs at most two more tries to name its row.
DEATHS_PER_TASK = 30
LOOK_EVERY_S = 0.5  # at the workers' clocks
_PLACE = struct.Struct("<qqqqq")  # how many places before this one, task, step, first row, last row
_HEADER = struct.Struct("<Q")


class WorkerFailed(RuntimeError):
    """A task could not be done: its own error, or more deaths than `DEATHS_PER_TASK`."""


@dataclass(frozen=True)
class Limits:
    """What a worker may use up at one call of a step; beyond it the worker is killed and the rows are taken singly.

    They stand against hangs, far from what any text needs: clocks decide nothing else, so that fates stay the same
    from run to run. The slowest page that `extract_html` admits takes about 2 s of CPU.
    """

    cpu_s: float = 60.0  # in a step; a batch that needs longer in all is taken row by row, each with as much
    stopped_s: float = 10.0  # stopped by a signal
    silent_s: float = 900.0  # by the wall clock, for a step that waits for something that never comes
    memory_mb: int = 4096  # that a worker may take beyond what it holds when it is ready

    def exceeded(self, clock: _Clock, state: str, cpu_s: float, now: float) -> str:
        """What a worker did too long at one place, in words; "" while all is well."""
        if cpu_s - clock.cpu_s > self.cpu_s:
            return f"used more than {self.cpu_s:g} s of CPU"
        if state == "T" and now - clock.moving > self.stopped_s:
            return f"was stopped for more than {self.stopped_s:g} s"
        if now - clock.since > self.silent_s:
            return f"did not come back within {self.silent_s:g} s"
        return ""


@dataclass
class _Clock:
    """When, by the wall clock and by its own CPU seconds, a worker came to the place it is at."""

    place: bytes = b""
    since: float = 0.0
    moving: float = 0.0  # when it was last seen not to be stopped
    cpu_s: float = 0.0


class Crew:
    """`workers` processes that do tasks: `for index, record, peak_mb in crew.run(tasks)`, in the order they finish."""

    def __init__(self, context: Any, workers: int, limits: Limits = Limits()) -> None:
        import cloudpickle

        ours, theirs = socket.socketpair()
        command = [sys.executable, "-P", "-m", "curate.worker", str(theirs.fileno())]
        # Modules beside a notebook are found too, but last: a file there may have the name of one of our packages.
        paths = [p for p in sys.path if p] + ([os.getcwd()] if "" in sys.path else [])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        self._template = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment, start_new_session=True)
        theirs.close()
        self._socket = ours
        # Functions of a notebook or a script travel by value: only they have no module that a worker could import.
        _send(ours, {"workers": workers, "limits": limits, "context": cloudpickle.dumps(context)})

    def run(self, tasks: list[Any]) -> Iterator[tuple[int, Any, float]]:
        """Raises WorkerFailed with the traceback of the first task that fails, or the OSError it ended with."""
        _send(self._socket, tasks)
        for _ in tasks:
            message = _receive(self._socket)
            if message is not None and "note" in message:
                print(message["note"], file=sys.stderr, flush=True)
                message = _receive(self._socket)
            if message is None:
                raise WorkerFailed(f"the worker template ended with status {self._template.wait()}")
            if message["environment"] is not None:  # nothing is wrong with the task: the disk is full, a file is gone
                raise message["environment"]
            if message["error"]:
                raise WorkerFailed(message["error"])
            yield message["index"], message["record"], message["peak_mb"]

    def close(self) -> None:
        """End the template; its workers die with it."""
        self._socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._template.wait(timeout=5)
        if self._template.poll() is None:
            self._template.kill()
            self._template.wait()


@dataclass
class _Worker:
    number: int
    pid: int
    socket: socket.socket
    task: int | None = None
    clock: _Clock = field(default_factory=_Clock)
    charge: str = ""  # why it was killed, where it was us


@dataclass
class _Caution:
    """What a task's deaths have taught."""

    careful: list[tuple[int, int, int]] = field(default_factory=list)
    poison: dict[tuple[int, int], str] = field(default_factory=dict)
    deaths: int = 0


class _Template:
    """The process that forks workers and hands them tasks."""

    def __init__(self, run: socket.socket, context: Any, workers: int, limits: Limits) -> None:
        self.run, self.context, self.limits = run, context, limits
        self.places = mmap.mmap(-1, _PLACE.size * workers)
        self.selector = selectors.DefaultSelector()
        self.selector.register(run, selectors.EVENT_READ, None)
        self.workers = [self._fork(n) for n in range(workers)]
        self.tasks: list[Any] = []
        self.waiting: collections.deque[int] = collections.deque()
        self.caution: dict[int, _Caution] = {}

    def _fork(self, number: int) -> _Worker:
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                ours.close()
                self.run.close()
                die_with_parent()
                _limit_memory(self.limits.memory_mb)
                _work(theirs, self.context, self.places, number)
                status = 0
            finally:
                os._exit(status)
        theirs.close()
        worker = _Worker(number, pid, ours)
        self.selector.register(ours, selectors.EVENT_READ, worker)
        return worker

    def serve(self) -> None:
        """Until the run hangs up."""
        while True:
            for ready, _ in self.selector.select(LOOK_EVERY_S):
                if ready.data is None:
                    tasks = _receive(self.run)
                    if tasks is None:
                        return
                    self.tasks, self.caution = tasks, {}
                    self.waiting.extend(range(len(tasks)))
                else:
                    self._heard(ready.data)
            for worker in self.workers:
                if worker.task is None and self.waiting:
                    self._hand_out(worker)
                elif worker.task is not None:
                    self._look_at(worker)

    def _look_at(self, worker: _Worker) -> None:
        """Kill a worker that is over its limits; its death is heard of like any other."""
        at, now = worker.number * _PLACE.size, time.monotonic()
        place = bytes(self.places[at : at + _PLACE.size])
        state, cpu_s = _state_and_cpu_s(worker.pid)
        if place != worker.clock.place:
            worker.clock = _Clock(place, now, now, cpu_s)
        if state != "T":
            worker.clock.moving = now
        _, _, _, first, _ = _PLACE.unpack(place)
        worker.charge = worker.charge or (self.limits.exceeded(worker.clock, state, cpu_s, now) if first >= 0 else "")
        if worker.charge:
            os.kill(worker.pid, signal.SIGKILL)

    def _hand_out(self, worker: _Worker) -> None:
        worker.task = self.waiting.popleft()
        known = self.caution.get(worker.task, _Caution())
        worker.clock = _Clock()
        _PLACE.pack_into(self.places, worker.number * _PLACE.size, 0, worker.task, -1, -1, -1)
        with contextlib.suppress(BrokenPipeError):  # it died just now: its end of the socket says so next
            _send(worker.socket, (worker.task, self.tasks[worker.task], known.careful, known.poison))

    def _heard(self, worker: _Worker) -> None:
        message = _receive(worker.socket)
        if message is not None:
            worker.task = None
            _send(self.run, message)
            return
        self.selector.unregister(worker.socket)
        worker.socket.close()
        _, status = os.waitpid(worker.pid, 0)
        if worker.task is not None:
            self._learn(worker, BY_CLOCK + worker.charge if worker.charge else f"worker died: {_in_words(status)}")
        self.workers[worker.number] = self._fork(worker.number)

    def _learn(self, worker: _Worker, how: str) -> None:
        """From a death: look closer where it happened, or name the row."""
        index = worker.task
        assert index is not None
        known = self.caution.setdefault(index, _Caution())
        known.deaths += 1
        _, _, step, first, last = _PLACE.unpack_from(self.places, worker.number * _PLACE.size)
        if known.deaths > DEATHS_PER_TASK:
            error = f"{self.tasks[index].name}: {known.deaths} workers died on it, at last: {how}; giving up"
            _send(self.run, {"index": index, "error": error, "environment": None, "record": None, "peak_mb": 0.0})
            return
        if first >= 0 and first == last:
            known.poison[(step, first)] = f"{how} in step {step}"
        elif first >= 0:
            known.careful.append((step, first, last))
        self.waiting.appendleft(index)


def _work(run: socket.socket, context: Any, places: mmap.mmap, number: int) -> None:
    """A worker: tasks in, records out, until its template hangs up."""
    here = number * _PLACE.size
    while (message := _receive(run)) is not None:
        index, task, careful, poison = message
        before = itertools.count(1)

        def at(step: int, first: int, last: int, index: int = index, before: Iterator[int] = before) -> None:
            _PLACE.pack_into(places, here, next(before), index, step, first, last)

        record, error, environment = None, "", None
        try:
            record = task(context, Watch(at, careful, poison, context.pipeline.secrets.hidden))
        except OSError as raised:
            environment = raised
        except BaseException:  # noqa: BLE001 -- the run tells it
            error = f"{task.name}\n{traceback.format_exc()}"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        _send(run, {"index": index, "record": record, "error": error, "environment": environment, "peak_mb": peak})


def _state_and_cpu_s(pid: int) -> tuple[str, float]:
    """("T" for a stopped process, its CPU seconds), from Linux's /proc; ("", 0.0) where there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as handle:
            fields = handle.read().rpartition(")")[2].split()
    except OSError:
        return "", 0.0
    return fields[0].upper(), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _limit_memory(more_mb: int) -> None:
    """Let this process map so much more than it does now: an allocation beyond it raises MemoryError in a step."""
    try:
        with open("/proc/self/statm", encoding="ascii") as handle:
            mapped = int(handle.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # no Linux
        return
    resource.setrlimit(resource.RLIMIT_AS, (mapped + (more_mb << 20),) * 2)


def _in_words(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"left with exit status {os.WEXITSTATUS(status)}"


def _send(to: socket.socket, message: Any) -> None:
    import cloudpickle

    raw = cloudpickle.dumps(message)
    to.sendall(_HEADER.pack(len(raw)) + raw)


def _receive(of: socket.socket) -> Any | None:
    """The next message between our own processes; None when the other end is gone."""
    import pickle

    header = _exactly(of, _HEADER.size)
    raw = _exactly(of, _HEADER.unpack(header)[0]) if header else None
    return None if raw is None else pickle.loads(raw)  # a socket pair of our own making, never a file


def _exactly(of: socket.socket, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        try:
            part = of.recv(min(count - len(parts), 1 << 20))
        except ConnectionResetError:
            return None
        if not part:
            return None
        parts += part
    return bytes(parts)


def main() -> None:
    """The template process; its one argument is the file descriptor of its socket."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    import pickle

    import pyarrow as pa

    pa.set_cpu_count(1)
    run = socket.socket(fileno=int(sys.argv[1]))
    message = _receive(run)
    if message is None:
        return
    context = pickle.loads(message["context"])
    warm_up(context.pipeline, lambda note: _send(run, {"note": note}))
    _Template(run, context, message["workers"], message["limits"]).serve()


if __name__ == "__main__":
    # As `python -m` this module is `__main__`; the classes that travel must be those of `curate.worker`.
    from curate.worker import main as run_template

    run_template()
