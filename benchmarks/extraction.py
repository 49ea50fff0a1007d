"""The extraction engines side by side: how near to the reference, how fast, what bombs do to them.

    python benchmarks/extraction.py --pages FOLDER [--only quality|speed|bombs] [--sets NAMES] [--models FOLDER]

FOLDER holds `html/SET.parquet` and `crawl/SET.warc.gz`. Quality takes about half an hour on two cores: the block model
is trained anew for every set, without that set and without our own labels on pages of it (on `wcxb_dev`: two folds,
grouped by site); trafilatura runs with five settings on every page. `--models` keeps the models between runs. Needs the
extra `extractor`.

Figures, on the last line as one JSON object:
`f1`                      set -> engine -> mean token F1 per page; `trafilatura` is its best setting for that set
`shingle_f1`              the same for 4-grams, as the public article benchmark counts
`difference`              mean over sets of kernel less trafilatura's best setting, and the least of them
`speed_vs_trafilatura`    pages per CPU second, kernel over trafilatura (its defaults), on wcxb_dev and on the crawl
`speed_vs_resiliparse`    the same over resiliparse
`mb_s`                    megabytes of markup per CPU second
`bombs_failed`            of the kernel: cases whose last paragraph was lost or that took over LONGEST_BOMB_S. What is
                          "judged out" was read and taken for no main text; "refused", of the other engines, is our
                          guard in front of them: they would hang, or cut the page silently
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from trainers.extractor.pages import Example, read_annotated, read_set
from trainers.extractor.scores import shingle_f1, token_f1
from trainers.extractor.train import SHIPPED_SETS, fit, save, without

SETS = ("wcxb_dev", "readability", "l3s_gn1", "cleaneval_dev", "cleanportal", "llmwebkit", "daniel_zh")
FOLDED = "wcxb_dev"  # too much of the training data to be left out altogether
TRAFILATURA: dict[str, dict[str, Any]] = {
    "default": {},
    "no comments": {"include_comments": False},
    "fast": {"fast": True, "include_comments": False},
    "precision": {"favor_precision": True, "include_comments": False},
    "recall": {"favor_recall": True, "include_comments": False},
}
SPEED_PAGES = 150
ROUNDS = 3
LONGEST_BOMB_S = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, required=True)
    parser.add_argument("--only", choices=["quality", "speed", "bombs"])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--models", type=Path, default=Path("extraction-models"))
    parser.add_argument("--bomb", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bomb:
        return one_bomb(*options.bomb)
    figures: dict[str, Any] = {}
    for name, part in (
        ("quality", lambda: quality(options.pages, options.models, options.sets)),
        ("speed", lambda: speed(options.pages)),
        ("bombs", bombs),
    ):
        if options.only in (None, name):
            figures |= part()
    print(json.dumps(figures))
    return None


# ---- how near --------------------------------------------------------------------------------------------------------


def quality(pages: Path, models: Path, names: Iterable[str]) -> dict[str, Any]:
    annotated = read_annotated(pages)
    shipped = {name: read_set(pages / "html" / f"{name}.parquet") for name in SHIPPED_SETS}
    everything = [e for examples in shipped.values() for e in examples] + annotated
    f1: dict[str, dict[str, float]] = {}
    shingles: dict[str, dict[str, float]] = {}
    for name in names:
        examples = shipped.get(name) or read_set(pages / "html" / f"{name}.parquet")
        examples = [e for e in examples if e.reference.strip()]
        found = {"kernel": by_kernel_without(name, examples, everything, models)}
        rivals = {k: by_trafilatura(examples, o) for k, o in TRAFILATURA.items()}
        scores = {k: mean_f1(examples, v) for k, v in rivals.items()}
        best = max(scores, key=lambda k: scores[k])
        found["trafilatura"] = rivals[best]
        found["resiliparse"] = by_resiliparse(examples)
        f1[name] = {k: round(mean_f1(examples, v), 4) for k, v in found.items()}
        shingles[name] = {
            k: round(shingle_f1((e.reference, t) for e, t in zip(examples, v, strict=True)), 4)
            for k, v in found.items()
        }
        print(f"{name}: {len(examples)} pages, trafilatura best with {best}", f1[name], shingles[name], flush=True)
        print("   ", {k: round(v, 4) for k, v in scores.items()}, flush=True)
        for kind in sorted({e.type for e in examples} - {""}):
            of_kind = [i for i, e in enumerate(examples) if e.type == kind]
            chosen = [examples[i] for i in of_kind]
            line = {k: round(mean_f1(chosen, [v[i] for i in of_kind]), 3) for k, v in found.items()}
            print(f"    {kind:14s} {len(of_kind):4d}", line, flush=True)
    differences = [f["kernel"] - f["trafilatura"] for f in f1.values()]
    mean = {"mean": round(sum(differences) / len(differences), 4), "least": round(min(differences), 4)}
    return {"f1": f1, "shingle_f1": shingles, "difference": mean}


def mean_f1(examples: list[Example], texts: list[str]) -> float:
    return sum(token_f1(e.reference, t) for e, t in zip(examples, texts, strict=True)) / len(examples)


def by_kernel_without(name: str, examples: list[Example], everything: list[Example], models: Path) -> list[str]:
    """The engine's texts of `examples`, each by a model that has seen nothing of its set, or of its site."""
    if name != FOLDED:
        others = [e for e in everything if e.set != name and not any(s.startswith(f"{name}/") for s in e.sources)]
        return extracted(examples, trained(others, models / f"without-{name}.npz"))
    texts = dict.fromkeys(range(len(examples)), "")
    dice = random.Random(0)
    folds = {site: dice.randrange(2) for site in sorted({e.site for e in examples})}
    for fold in (0, 1):
        out = frozenset(s for e in examples if folds[e.site] == fold for s in e.sources)
        model = trained(without(everything, out), models / f"without-{name}-{fold}.npz")
        held_out = [i for i, e in enumerate(examples) if folds[e.site] == fold]
        texts |= dict(zip(held_out, extracted([examples[i] for i in held_out], model), strict=True))
    return [texts[i] for i in range(len(examples))]


def trained(examples: list[Example], path: Path) -> Path:
    if not path.exists():
        save(fit(examples), path)
    return path


def extracted(examples: Iterable[Example], model: Path) -> list[str]:
    from curate.extract.kernel import load_model, main_text

    return [main_text(e.markup, model=load_model(model)).text for e in examples]


def by_trafilatura(examples: list[Example], options: dict[str, Any]) -> list[str]:
    import logging

    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return [trafilatura.extract(e.markup, **options) or "" for e in examples]


def by_resiliparse(examples: list[Example]) -> list[str]:
    from curate.extract.engines import Options
    from curate.extract.engines import by_resiliparse as extract

    return [extract(e.markup, Options()) for e in examples]


# ---- how fast --------------------------------------------------------------------------------------------------------


def speed(pages: Path) -> dict[str, Any]:
    """The engines in turn on the same pages, the best of ROUNDS; ratios of CPU seconds."""
    from curate.extract.engines import Options, by_kernel, by_resiliparse, by_trafilatura

    sets = {"wcxb_dev": [e.markup for e in read_set(pages / "html" / "wcxb_dev.parquet")], "crawl_a": crawled(pages)}
    figures: dict[str, Any] = {"speed_vs_trafilatura": {}, "speed_vs_resiliparse": {}, "mb_s": {}}
    for name, markups in sets.items():
        sample = random.Random(0).sample(markups, min(SPEED_PAGES, len(markups)))
        size = sum(len(m.encode()) for m in sample)
        engines = {"kernel": by_kernel, "resiliparse": by_resiliparse, "trafilatura": by_trafilatura}
        spent = dict.fromkeys(engines, float("inf"))
        for engine in engines.values():
            engine(sample[0], Options())
        for _ in range(ROUNDS):
            for key, engine in engines.items():
                spent[key] = min(spent[key], cpu_seconds(engine, sample))
        print(
            name, f"{size / len(sample):,.0f} bytes a page;", {k: f"{len(sample) / s:.0f}/s" for k, s in spent.items()}
        )
        figures["speed_vs_trafilatura"][name] = round(spent["trafilatura"] / spent["kernel"], 1)
        figures["speed_vs_resiliparse"][name] = round(spent["resiliparse"] / spent["kernel"], 2)
        figures["mb_s"][name] = round(size / spent["kernel"] / 1e6)
    return figures


def cpu_seconds(engine: Callable[..., str], markups: list[str]) -> float:
    from curate.extract.engines import Options

    started = time.process_time()
    for markup in markups:
        try:
            engine(markup, Options())
        except ValueError:  # too complex for it, which it says at once
            continue
    return time.process_time() - started


def crawled(pages: Path) -> list[str]:
    from curate.read import Seen
    from curate.read.warc import warc

    source = warc(str(pages / "crawl" / "crawl_a.warc.gz"))
    found: list[str] = []
    for shard in source.shards():
        for batch in source.read(shard, Seen()):
            found += [markup for markup in batch.column("html").to_pylist() if markup]
    return found


# ---- bombs -----------------------------------------------------------------------------------------------------------


def bombs() -> dict[str, Any]:
    """Each case in a process of its own: CPU seconds, peak memory, whether the last paragraph came out."""
    from tests.bombs import BOMBS

    failed = 0
    for name in BOMBS:
        row = [name]
        for engine in ("kernel", "resiliparse", "trafilatura"):
            command = [sys.executable, __file__, "--pages", ".", "--bomb", engine, name]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
                told = json.loads(done.stdout) if done.returncode == 0 else {"what": "crashed", "cpu_s": 0, "mb": 0}
            except subprocess.TimeoutExpired:
                told = {"what": "no end", "cpu_s": 60, "mb": 0}
            row.append(f"{engine} {told['cpu_s']:.2f} s, {told['mb']} MB, {told['what']}")
            if engine == "kernel":
                failed += told["what"] not in ("kept", "judged out") or told["cpu_s"] > LONGEST_BOMB_S
        print(*row, sep=" | ", flush=True)
    return {"bombs_failed": failed}


def one_bomb(engine: str, name: str) -> None:
    import resource

    from curate.extract.engines import ENGINES, Options
    from tests.bombs import BOMBS, LAST, page

    ENGINES[engine](page("x"), Options())
    markup = page(BOMBS[name]())
    started = time.process_time()
    try:
        what = "kept" if LAST in ENGINES[engine](markup, Options(focus="recall")) else "LOST"
    except ValueError:  # guarded: the page is quarantined with the reason
        what = "refused"
    spent = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if engine == "kernel" and what == "LOST":
        from curate.extract.kernel import all_text

        what = "judged out" if LAST in all_text(markup) else what
    print(json.dumps({"cpu_s": spent, "mb": peak, "what": what}))


if __name__ == "__main__":
    main()
