"""The soak: runs killed hundreds of times, poison at every place, archives damaged at random, bits flipped.

    python benchmarks/soak.py [--quick] [--only PART] [--kills N] [--archives N] [--flips N] [--seed N]
    python benchmarks/soak.py --crawl FILES [--every SECONDS] [--only overhead] [--seed N]

What the tests do a little of, seeded and at length (about 40 minutes on two cores; `--quick`: about 3). The scenarios
are those of `tests/kills.py`, `tests/test_poison.py`, `tests/test_read_mutations.py` and `tests/test_verify.py`.
The second form is one real run, `web.yaml` on WARC files in shards of 512 kB, killed every few seconds until it ends.
A failure is printed with the seed that repeats it, and makes the exit status 1.

Figures, on the last line as one JSON object:
`kills`, `kill_failures`        SIGKILLs at named points and at any moment; what was wrong after one, or at the end
`kill_points`                   how many of the named points were hit
`poison_runs`, `poison_failures`  kinds of poison x first, middle, last document x 1, 2, 8 workers
`archives`, `archive_failures`  archives with one to three changes; of an untouched record lost, or a byte uncounted
`bit_flips`, `bit_flips_missed` of what a run published; not found by `verify`
`overhead`, `overhead_text`     share of a run's CPU seconds that goes into flushing, reading back and sums: from WARC
                                with extraction, and from text alone, where everything else is cheap
`crawl_kills`, `crawl_failures` of the second form; `crawl_quiet_s`, `crawl_killed_s`: without and with the kills
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))


Found = tuple[dict[str, Any], list[str]]  # figures; what went wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="about 3 minutes")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--archives", type=int)
    parser.add_argument("--flips", type=int)
    parser.add_argument("--only", choices=["kills", "poison", "archives", "flips", "overhead"])
    parser.add_argument("--crawl", help="WARC files, a pattern")
    parser.add_argument("--every", type=float, default=10.0, help="seconds between kills of the crawl's run")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of everything; the time if not given")
    options = parser.parse_args()
    counts = {"kills": (300, 15), "archives": (500, 40), "flips": (1000, 200)}
    sizes = {k: getattr(options, k) or counts[k][options.quick] for k in counts}
    print(f"seed {options.seed}", flush=True)
    figures: dict[str, Any] = {}
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        soaks: list[tuple[str, Callable[[Path], Found]]] = [
            ("kills", lambda at: kills(at, sizes["kills"], options.seed)),
            ("poison", lambda at: poison(at, options.quick, options.seed)),
            ("archives", lambda at: archives(at, sizes["archives"], options.seed)),
            ("flips", lambda at: flips(at, sizes["flips"], options.seed)),
            ("overhead", lambda at: (overheads(at, options.quick, options.crawl), [])),
        ]
        if options.crawl and not options.only:
            soaks = [("crawl", lambda at: crawl(at, options.crawl, options.every, options.seed))]
        for name, soak in [s for s in soaks if options.only in (None, s[0])]:
            at = Path(folder) / name
            at.mkdir()
            started = time.monotonic()
            found, wrong = soak(at)
            figures |= found
            failures += wrong
            print(f"{name}: {found}, {time.monotonic() - started:.0f} s", *wrong, sep="\n", flush=True)
    print(json.dumps(figures))
    raise SystemExit(1 if failures else 0)


def kills(folder: Path, count: int, seed: int) -> Found:
    """Chains of kills, as in `tests/test_kills.py`."""
    from tests.kills import Killer, small_corpus

    killer = Killer(folder, small_corpus(folder), seed)
    killer.quiet()
    killer.kill(count)
    hit = len([point for point in killer.hit if point])
    figures = {"kills": killer.kills, "kill_failures": len(killer.failures)}
    return figures | {"kill_points": f"{hit} of {len(killer.points)}"}, killer.failures


def crawl(folder: Path, files: str, every: float, seed: int) -> Found:
    """`web.yaml` with its own sink and small shards, quiet and then killed every few seconds until it finishes."""
    import yaml

    from curate.shipped import configuration
    from tests.kills import Killer

    config = yaml.safe_load(configuration("web").read_text(encoding="utf-8"))
    config["read"] = {"warc": {"paths": str(Path(files).absolute()), "shard_mb": 0.5}}
    config["write"] = {"parquet": {"folder": "out"}}
    killer = Killer(folder, yaml.safe_dump(config, allow_unicode=True, sort_keys=False), seed)
    killer.quiet()
    started = time.monotonic()
    killer.kill_every(every)
    figures: dict[str, Any] = {"crawl_kills": killer.kills, "crawl_failures": len(killer.failures)}
    times = {"crawl_quiet_s": round(killer.quiet_s), "crawl_killed_s": round(time.monotonic() - started)}
    return figures | times, killer.failures


def poison(folder: Path, quick: bool, seed: int) -> Found:
    """Every kind of poison, as in `tests/test_poison.py`, at every place and with every number of workers."""
    from tests.test_poison import DOCUMENTS, POISONS, check

    cases = list(itertools.product(POISONS, (0, DOCUMENTS // 2, DOCUMENTS - 1), (1, 2, 8)))
    if quick:
        cases = cases[seed % 9 :: 9]
    runs = [(f"{k} at {d}, {w} workers", lambda at, k=k, d=d, w=w: check(at / "out", k, d, w)) for k, d, w in cases]
    wrong = failed(folder, runs)
    return {"poison_runs": len(runs), "poison_failures": len(wrong)}, wrong


def archives(folder: Path, count: int, seed: int) -> Found:
    """Damaged archives, as in `tests/test_read_mutations.py`."""
    from tests.test_read_mutations import CONTAINERS, check

    names = itertools.cycle(CONTAINERS)
    cases = [(next(names), seed + i) for i in range(count)]
    wrong = failed(folder, [(f"{c}, seed {s}", lambda at, c=c, s=s: check(at, c, s)) for c, s in cases])
    return {"archives": count, "archive_failures": len(wrong)}, wrong


def flips(folder: Path, count: int, seed: int) -> Found:
    """Flipped bits, as in `tests/test_verify.py`."""
    from tests.test_engine import pipeline, run
    from tests.test_verify import flips_missed

    run(pipeline(folder / "out"))
    missed = flips_missed(folder / "out", count, seed)
    return {"bit_flips": count, "bit_flips_missed": len(missed)}, [f"seed {seed}: not found: {m}" for m in missed]


def failed(folder: Path, runs: list[tuple[str, Callable[[Path], None]]]) -> list[str]:
    """The cases that raised, each run in a folder of its own."""
    wrong = []
    for i, (name, case) in enumerate(runs):
        at = folder / str(i)
        at.mkdir()
        try:
            case(at)
        except Exception:  # noqa: BLE001 -- whatever a case raises is a failure to be told
            wrong.append(f"{name}: {traceback.format_exc()}")
    return wrong


def overheads(folder: Path, quick: bool, crawl: str | None) -> dict[str, Any]:
    """From WARC: the sample crawl's pages, or those of `crawl`. From text: what was kept of them, many times over."""
    import pyarrow.parquet as pq

    from curate.config import load
    from curate.sample import sample_crawl
    from curate.shipped import configuration

    def web(out: str) -> Any:
        pages = Path(crawl).absolute() if crawl else sample_crawl()
        return load(configuration("web"), [f"read.warc={pages}", f"write.parquet.folder={folder / out}"])

    overhead(web("warm"))  # kernels are compiled or loaded, files read
    shares = {"overhead": overhead(web("html"))}
    texts = pq.read_table(folder / "warm" / "data")["text"].to_pylist()
    with open(folder / "texts.jsonl", "w", encoding="utf-8") as lines:
        for i in range(1 if crawl else 20 if quick else 100):
            lines.writelines(json.dumps({"text": f"{t}\n{i} {i * 7919}"}, ensure_ascii=False) + "\n" for t in texts)
    (folder / "text.yaml").write_text(
        "read: {jsonl: texts.jsonl}\nsteps:\n  - normalize: {}\n  - min_length: {characters: 200}\n"
        "  - keep: lang in ['en', 'zh']\n  - gopher_quality: {}\n  - drop_duplicates: {how: minhash}\n"
        "write: {parquet: text}\n"
    )
    with contextlib.chdir(folder):
        return shares | {"overhead_text": overhead(load(Path("text.yaml")))}


def overhead(pipeline: Any) -> float:
    """The share of CPU seconds that a run spends in flushing, reading back and sums, measured call by call."""
    from curate import proved, work
    from curate.launch import Local

    spent = [0.0]

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            started = time.process_time()
            try:
                return function(*given)
            finally:
                spent[0] += time.process_time() - started

        return call

    with contextlib.ExitStack() as stack:
        for module, name, changed in (
            (proved, "_prove", counted(proved._prove)),
            (proved._Summed, "write", counted(proved._Summed.write)),
            (work, "sha256", counted(work.sha256)),
            (os, "fsync", counted(os.fsync)),
        ):
            stack.enter_context(replaced(module, name, changed))
        started = time.process_time()
        pipeline.run(on=Local(0))
        return round(spent[0] / (time.process_time() - started), 4)


@contextlib.contextmanager
def replaced(module: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


if __name__ == "__main__":
    main()
