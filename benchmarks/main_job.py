"""The main job, ours against datatrove: CPU seconds from a crawl to clean Parquet, and what both sides keep.

    python benchmarks/main_job.py [--quick] [--pages N] [--warc PATH] [--repeats N]

Both sides read the same file and do the same steps: the same trafilatura with the same options, language (the model
that ships, English at 0.65 or above), Gopher's quality rules, MinHash (5-grams, 14 bands of 8), Parquet (zstd).
English only, because datatrove's rules are English; Chinese has to be another pipeline there. Runs alternate, each in
a process of its own with one worker; its CPU seconds, user and system, are those of that process and of all its
descendants, imports, models and compiled kernels included, on both sides. The table also says what a run on a handful
of pages costs, and the ratio without that. Kernels are compiled, and files read, once before anything is measured.

Figures, on the last line as one JSON object; ratios are ours / datatrove:
`html_vs_datatrove`         from WARC; `_net`: each side without its start-up
`html_kernel_vs_datatrove`  the same with our own extraction in place of trafilatura, on our side only
`text_vs_datatrove`         from JSON lines with the texts we extracted; datatrove splits words with spaCy, its default
`text_vs_datatrove_split`   the same, datatrove made to split words at white space, as we do
`scaling_2`                 our wall time from WARC, one worker / two workers, shards of `--shard-mb`
`peak_mb`                   most memory one of our workers held (from WARC, MB)

What datatrove is given that is not its default: trafilatura's options (its own would also forget repeated segments),
an hour of patience per page (a second loses pages), our model file in place of lid.176.bin, Parquet between its
pipelines (cheaper there than JSON lines). What still differs: pages that only one side can decode, and the parser in
front of trafilatura (we hand it a tree); its language model sees the whole text in both cases of letters, ours 1,000
letters in lower case; words for n-grams are cut otherwise; of a cluster it keeps any one document, we the first.
Ours also writes a ledger of every page and a report, and keeps all text and signals for the next run.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import ctypes
import gzip
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

INSTALL = 'pip install -e . "datatrove>=0.10.1,<0.11" "xxhash<4" warcio faust-cchardet python-magic spacy tokenizers'
PEER_MODULES = ("datatrove", "warcio", "cchardet", "magic", "spacy", "tokenizers")
CRAWL = Path(__file__).parents[1] / ".." / "shared" / "data" / "crawl" / "crawl_a.warc.gz"
LANGUAGE, SCORE = "en", 0.65
BLOCK = 25  # neighbouring pages that stay together in a slice, so that it has duplicates as the whole has
HANDFUL = 30  # pages of the run that measures start-up: fewer, and datatrove, with none left, fails
QUICK_PAGES = 200
HTML = ("text/html", "application/xhtml+xml")
PATIENCE_S = 3600.0
# The options of `curate.extract.engines.by_trafilatura` that datatrove's block passes on.
TRAFILATURA = {
    "output_format": "txt",
    "fast": False,
    "favor_recall": False,
    "include_tables": True,
    "include_formatting": False,
    "include_links": False,
    "include_images": False,
    "with_metadata": False,
}


@dataclass(frozen=True)
class Job:
    """One run of one side. `words`: how datatrove splits words, "spacy" or "split"; `engine`: ours of extraction."""

    side: str
    kind: str  # "html" or "text"
    source: str
    folder: str
    words: str = "spacy"
    engine: str = "trafilatura"
    workers: int = 1
    shard_mb: float = 16


@dataclass(frozen=True)
class Cost:
    cpu_s: float
    wall_s: float


# ---- running a side and counting its seconds ----------------------------------------------------------------------


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent has ended: only so are their CPU seconds counted (Linux)."""
    set_child_subreaper = 36  # prctl.h
    if sys.platform != "linux" or ctypes.CDLL(None).prctl(set_child_subreaper, 1) != 0:
        raise SystemExit("main_job counts the CPU seconds of grandchildren by PR_SET_CHILD_SUBREAPER: run it on Linux")


def run(job: Job) -> Cost:
    """Do `job` in a process of its own. Raises SystemExit with the end of its log if it fails."""
    folder = Path(job.folder)
    folder.mkdir(parents=True)
    log = folder / "log.txt"
    command = [sys.executable, __file__, "--job", json.dumps(asdict(job))]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with open(log, "wb") as output:
        status = subprocess.run(command, check=False, stdout=output, stderr=subprocess.STDOUT).returncode
    wall = time.monotonic() - started
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if status:
        tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise SystemExit(f"{job.side} failed on {job.kind} (exit status {status}):\n{tail}")
    return Cost(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, wall)


# ---- ours ---------------------------------------------------------------------------------------------------------


def configuration(job: Job, rules: bool = True) -> str:
    """Our job as YAML; `rules=False`: only what makes text."""
    if job.kind == "html":
        read = {"warc": {"paths": job.source, "shard_mb": job.shard_mb}}
    else:
        read = {"jsonl": {"paths": job.source, "shard_mb": job.shard_mb}}
    steps: list[dict[str, Any]] = [{"extract_html": {"engine": job.engine}}] if job.kind == "html" else []
    if rules:
        steps += [
            {"keep": f"lang == '{LANGUAGE}' and lang_score >= {SCORE}"},
            {"gopher_quality": {}},
            {"drop_duplicates": {"how": "minhash", "ngram": 5, "bands": 14, "rows": 8}},
        ]
    write = {"parquet": {"folder": str(Path(job.folder) / "out"), "validation": 0}}
    return json.dumps({"read": read, "steps": steps, "write": write})  # JSON is YAML


def do_ours(job: Job, rules: bool = True) -> None:
    from curate.cli import main

    config = Path(job.folder) / "job.yaml"
    config.write_text(configuration(job, rules), encoding="utf-8")
    sys.argv = ["llmsapp", "run", str(config), "-j", str(job.workers)]
    main()


# ---- datatrove ----------------------------------------------------------------------------------------------------


def do_datatrove(job: Job) -> None:
    """Clean, then the four MinHash stages, each an executor with one worker, as in its own FineWeb example."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter
    from datatrove.pipeline.dedup import MinhashDedupSignature as Signatures
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.extractors import Trafilatura
    from datatrove.pipeline.filters import GopherQualityFilter, LanguageFilter
    from datatrove.pipeline.readers import JsonlReader, ParquetReader, WarcReader
    from datatrove.pipeline.writers import ParquetWriter
    from datatrove.utils.lid import FastTextLID
    from datatrove.utils.word_tokenizers import SpaCyTokenizer

    from filters.language import shipped_model

    if job.words == "split":
        SpaCyTokenizer.word_tokenize = lambda self, text: text.split()

    class ShippedModel(FastTextLID):
        @property
        def model(self) -> Any:
            if self._model is None:
                from fasttext.FastText import _FastText

                self._model = _FastText(shipped_model())
            return self._model

    LanguageFilter._requires_dependencies = []  # it insists on a distribution, fasttext-numpy2-wheel, not on the module
    language = LanguageFilter(languages=[LANGUAGE], language_threshold=SCORE)
    language.model = ShippedModel([LANGUAGE])
    place = Path(job.folder)
    source = Path(job.source)
    extraction: list[Any] = []
    if job.kind == "html":
        reader = WarcReader(str(source.parent), glob_pattern=source.name, recursive=False)
        options = {"favour_precision": False, "deduplicate": False, **TRAFILATURA}
        extraction = [Trafilatura(timeout=PATIENCE_S, **options)]
    else:
        reader = JsonlReader(str(source.parent), glob_pattern=source.name, recursive=False)
    config = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)

    def folder(name: str) -> str:
        return str(place / name)

    pipelines: list[tuple[str, int, list[Any]]] = [
        ("clean", 1, [reader, *extraction, language, GopherQualityFilter(), ParquetWriter(folder("filtered"))]),
        ("minhash1", 1, [ParquetReader(folder("filtered")), Signatures(folder("signatures"), config)]),
        ("minhash2", 14, [MinhashDedupBuckets(folder("signatures"), folder("buckets"), config=config)]),
        ("minhash3", 1, [MinhashDedupCluster(folder("buckets"), folder("removed"), config)]),
        (
            "minhash4",
            1,
            [
                ParquetReader(folder("filtered")),
                MinhashDedupFilter(folder("removed")),
                ParquetWriter(folder("kept"), compression="zstd"),
            ],
        ),
    ]
    for name, tasks, pipeline in pipelines:
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=folder(f"logs/{name}")).run()


# ---- inputs -------------------------------------------------------------------------------------------------------


def slice_of(warc: Path, pages: int | None, target: Path) -> int:
    """Write the pages of `warc` (None: all) in blocks of neighbours, evenly spread; gives their number.

    A page is a response with status 200 and HTML. It is written as Common Crawl writes it: bodies decoded, and the
    payload's type in a header of the record. On a crawl as servers send it, datatrove leaves out pages that libmagic
    does not take for HTML, and ends at the first one in brotli (warcio 1.8 with brotli 1.2).
    """
    total = sum(1 for _ in _pages(warc))
    wanted = min(pages or total, total)
    block = min(BLOCK, wanted)
    written = 0
    with open(target, "wb") as file:
        for number, page in enumerate(_pages(warc)):
            before = number // block * wanted // -(-total // block)
            after = (number // block + 1) * wanted // -(-total // block)
            if number % block < after - before or wanted == total:
                file.write(gzip.compress(page, 6, mtime=0))
                written += 1
    return written


def _pages(warc: Path) -> Iterator[bytes]:
    """A record for each page: only the header fields that matter, the body without encodings."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    from curate.read.http import BrokenBody, decoded_body, parse_message

    with open(warc, "rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=False):
            message = parse_message(record.reader.read())
            kind = message.fields.get("content-type", [""])[-1]
            if message.status != 200 or not kind.lower().startswith(HTML):
                continue
            with contextlib.suppress(BrokenBody):
                body = decoded_body(message)
                http = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
                lines = [
                    "WARC/1.0",
                    "WARC-Type: response",
                    *(f"{n}: {record.headers[n]}" for n in ("WARC-Record-ID", "WARC-Date", "WARC-Target-URI")),
                    "WARC-Identified-Payload-Type: text/html",
                    "Content-Type: application/http; msgtype=response",
                    f"Content-Length: {len(http)}",
                ]
                yield "\r\n".join([*lines, "", ""]).encode() + http + b"\r\n\r\n"


def texts_of(job: Job, target: Path) -> int:
    """Write the text of every page of our finished `job` as JSON lines; what it extracted is used again."""
    import pyarrow.parquet as pq

    subprocess.run(
        [sys.executable, __file__, "--job", json.dumps(asdict(job)), "--without-rules"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    count = 0
    with open(target, "w", encoding="utf-8") as file:
        for part in sorted((Path(job.folder) / "out" / "data").glob("*.parquet")):
            for row in pq.read_table(part, columns=["id", "url", "text"]).to_pylist():
                if row["text"]:
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
                    count += 1
    return count


# ---- what was kept ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """Addresses, as often as they occur: what got through the rules, and what is left without duplicates."""

    passed: collections.Counter[str]
    final: collections.Counter[str]
    fates: dict[str, str]  # address -> why it was left out, where that is known


def kept_by_ours(job: Job) -> Kept:
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = []
    for part in sorted((Path(job.folder) / "out" / "ledger").glob("*.parquet")):
        rows += pq.read_table(part, columns=["url", "fate", "step", "rule", "value"]).to_pylist()
    final = collections.Counter(r["url"] for r in rows if r["fate"] == "kept")
    repeated = collections.Counter(r["url"] for r in rows if "duplicates" in str(r["step"]) + str(r["rule"]))
    fates = {r["url"]: f"{r['fate']} by {r['step']}: {r['rule']}" for r in rows if r["fate"] != "kept"}
    return Kept(final + repeated, final, fates)


def kept_by_datatrove(job: Job) -> Kept:
    import pyarrow.parquet as pq

    def addresses(name: str) -> collections.Counter[str]:
        parts = sorted((Path(job.folder) / name).glob("*.parquet"))
        found: Iterable[dict[str, Any]] = (m for p in parts for m in pq.read_table(p)["metadata"].to_pylist())
        return collections.Counter(m["url"] for m in found)

    return Kept(addresses("filtered"), addresses("kept"), {})


def drops_of_datatrove(job: Job) -> dict[str, int]:
    """Counts of its own statistics, by step."""
    found: dict[str, int] = {}
    stats = json.loads((Path(job.folder) / "logs" / "clean" / "stats.json").read_text(encoding="utf-8"))
    for step in stats:
        for name, value in step["stats"].items():
            if name.startswith("dropped") or name in ("documents", "timeout", "broken_process", "clean_error"):
                count = value["total"] if isinstance(value, dict) else value
                found[f"{step['name'].split(': ')[-1].split(' ', 1)[-1]} {name}"] = int(count)
    return found


def tell_kept(mine: Kept, theirs: Kept, drops: dict[str, int]) -> None:
    """How far both sides agree on the documents, and why not further."""
    for what, ours, other in (("past the rules", mine.passed, theirs.passed), ("kept", mine.final, theirs.final)):
        both = (ours & other).total()
        print(
            f"  {what:<15} ours {ours.total():>6}   datatrove {other.total():>6}   both {both:>6}   "
            f"Jaccard {both / max((ours | other).total(), 1):.4f}"
        )
    reasons = collections.Counter(mine.fates.get(url, "never read") for url in (theirs.passed - mine.passed))
    for reason, count in reasons.most_common(6):
        print(f"  passed only in datatrove: {count:>5}  {reason}")
    only = list(mine.passed - theirs.passed)
    print(f"  passed only in ours:      {len(only):>5}  {', '.join(only[:2])}")
    print("  datatrove: " + ", ".join(f"{name} {count}" for name, count in drops.items()))


# ---- the comparison -----------------------------------------------------------------------------------------------


def compare(sides: dict[str, Job], small: str, documents: int, repeats: int) -> tuple[dict[str, float], Job]:
    """All sides by turns; the key of ours is "", that of another side the figure it makes. The figures, our last job.

    Another run of ours is compared with the first of the peers.

    `small` is the same kind of input with a handful of pages. `…_net` is left out where less than a second of either
    side is more than start-up: it would be noise.
    """
    start: dict[str, float] = {}
    costs: dict[str, list[Cost]] = {name: [] for name in sides}
    last: dict[str, Job] = {}
    for name, job in sides.items():
        for turn in ("warm", "start"):  # the first compiles kernels and fills the file cache
            place = f"{job.folder}/{job.kind}-{name or 'ours'}-{turn}"
            start[name] = run(replace(job, source=small, folder=place)).cpu_s
    for turn in range(repeats):
        for name in list(sides)[:: 1 if turn % 2 == 0 else -1]:
            last[name] = replace(sides[name], folder=f"{sides[name].folder}/{sides[name].kind}-{name or 'ours'}-{turn}")
            costs[name].append(run(last[name]))
    figures: dict[str, float] = {}
    for name in sides:
        tell_cost(name or "ours", costs[name], start[name], documents)
    peers = [name for name, job in sides.items() if job.side == "datatrove"]
    compared = [(name, "", name) for name in peers]
    compared += [(name, name, peers[0]) for name, job in sides.items() if name and job.side == "ours"]
    for figure, mine, theirs in compared:
        pairs = list(zip(costs[mine], costs[theirs], strict=True))
        figures[figure] = round(statistics.mean(a.cpu_s / b.cpu_s for a, b in pairs), 3)
        rest = [(a.cpu_s - start[mine], b.cpu_s - start[theirs]) for a, b in pairs]
        if min(min(pair) for pair in rest) >= 1:
            figures[f"{figure}_net"] = round(statistics.mean(a / b for a, b in rest), 3)
        net = figures.get(f"{figure}_net", "not to be told: too little work")
        print(f"\n{figure}: {figures[figure]}; without start-up {net}")
        tell_kept(kept_by_ours(last[mine]), kept_by_datatrove(last[theirs]), drops_of_datatrove(last[theirs]))
    return figures, last[""]


def tell_cost(name: str, costs: list[Cost], start: float, documents: int) -> None:
    mean = statistics.mean(c.cpu_s for c in costs)
    print(
        f"  {name:<26} CPU s {', '.join(f'{c.cpu_s:.1f}' for c in costs):<16} of it start-up {start:.1f}   "
        f"ms per document {1000 * mean / documents:.2f}, net {1000 * (mean - start) / documents:.2f}   "
        f"wall s {', '.join(f'{c.wall_s:.1f}' for c in costs)}",
        flush=True,
    )


def scaling(warc: Path, place: str, shard_mb: float) -> float:
    """Wall time of one worker / that of two."""
    wall = {}
    for workers in (1, 2):
        job = Job("ours", "html", str(warc), f"{place}/scaling-{workers}", workers=workers, shard_mb=shard_mb)
        wall[workers] = run(job).wall_s
    print(f"\nscaling, shards of {shard_mb} MB: one worker {wall[1]:.1f} s, two {wall[2]:.1f} s of wall time")
    return wall[1] / wall[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--warc", type=Path, help="a WARC (default: the shared crawl, else the sample that ships)")
    parser.add_argument("--pages", type=int, help="only so many pages, evenly spread (default: all; 200 with --quick)")
    parser.add_argument("--quick", action="store_true", help="200 pages, each side once: under two minutes")
    parser.add_argument("--repeats", type=int, help="pairs of runs (default 2; 1 with --quick)")
    parser.add_argument("--shard-mb", type=float, default=2, help="shard size of the scaling run (default 2)")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    parser.add_argument("--without-rules", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        job = Job(**json.loads(options.job))
        if job.side == "ours":
            do_ours(job, rules=not options.without_rules)
        else:
            do_datatrove(job)
        return
    missing = [name for name in PEER_MODULES if importlib.util.find_spec(name) is None]
    if missing:
        raise SystemExit(f"datatrove cannot run here: no {', '.join(missing)}. In an environment of its own: {INSTALL}")
    measure(options)


def measure(options: argparse.Namespace) -> None:
    from curate.sample import sample_crawl

    adopt_orphans()
    warc = options.warc or (CRAWL if CRAWL.exists() else sample_crawl())
    repeats = options.repeats or (1 if options.quick else 2)
    with tempfile.TemporaryDirectory(prefix="main_job-") as place:
        crawl, few = Path(place) / "crawl.warc.gz", Path(place) / "few.warc.gz"
        pages = slice_of(warc, options.pages or (QUICK_PAGES if options.quick else None), crawl)
        slice_of(warc, HANDFUL, few)
        print(f"\nfrom WARC: {pages} pages of {warc.name}, one worker", flush=True)
        mine, theirs = Job("ours", "html", str(crawl), place), Job("datatrove", "html", str(crawl), place)
        own = replace(mine, engine="kernel")
        sides = {"": mine, "html_vs_datatrove": theirs, "html_kernel_vs_datatrove": own}
        figures, last = compare(sides, str(few), pages, repeats)
        report = json.loads((Path(last.folder) / "out" / "report.json").read_text(encoding="utf-8"))
        peak = report["timings"]["peak_mb"]
        lines, some = Path(place) / "texts.jsonl", Path(place) / "few.jsonl"
        texts = texts_of(last, lines)
        with open(lines, encoding="utf-8") as file:
            some.write_text("".join(next(file) for _ in range(min(HANDFUL, texts))), encoding="utf-8")
        print(f"\nfrom JSON lines: {texts} texts, {lines.stat().st_size / 1e6:.1f} MB, one worker", flush=True)
        mine, theirs = (Job(side, "text", str(lines), place) for side in ("ours", "datatrove"))
        peers = {"text_vs_datatrove": theirs, "text_vs_datatrove_split": replace(theirs, words="split")}
        more, _ = compare({"": mine, **peers}, str(some), texts, repeats)
        figures |= more
        figures["scaling_2"] = round(scaling(crawl, place, options.shard_mb), 2)
    print(json.dumps(figures | {"peak_mb": peak, "pages": pages, "texts": texts, "repeats": repeats}))


if __name__ == "__main__":
    main()
