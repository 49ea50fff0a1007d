"""Near-duplicate removal, ours against datasketch: documents per CPU second from text to the list of what to keep.

    python benchmarks/minhash.py [--quick] [--docs N] [--data ../shared/data]

Both sides do the same work in the same process, on the same texts in turn: words, 5-grams, 112 permutations
(affine32), 14 bands of 8 rows, near-duplicates of what came before dropped. Ours is the sweep `MinHash`, sketch to
settle. datasketch gets its fastest way: a set of 5-gram strings per document, `update_batch` with 32-bit xxHash,
`MinHashLSH.query`, then `insert` of what is kept; and fewer documents, hence a smaller index. CPU seconds of the
process, best of `--rounds`. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.dedup import MinHash
from curate.kernels import string_buffers
from curate.kernels.minhash import permutations, signatures

SWEEP = MinHash()
PERMUTATIONS = SWEEP.bands * SWEEP.rows
BATCH = 1024  # rows, as the runner cuts them
WORD = re.compile(r"[\u3040-\u9fff]|[^\W_\u3040-\u9fff]+")


@dataclass(frozen=True)
class Corpus:
    name: str
    texts: list[str]

    @property
    def megabytes(self) -> float:
        return sum(len(t.encode()) for t in self.texts) / 1e6


def from_parquet(name: str, path: Path, characters: int, docs: int) -> Corpus:
    """Consecutive pieces of about `characters`, cut at line ends; every twentieth comes again, slightly edited."""
    pieces: list[str] = []
    for text in pq.read_table(path, columns=["text"])["text"].to_pylist():
        piece = ""
        for line in (text or "").splitlines(keepends=True):
            piece += line
            if len(piece) >= characters:
                pieces.append(piece)
                piece = ""
        if len(pieces) >= docs:
            break
    return with_copies(name, pieces[:docs])


def generated(docs: int) -> Corpus:
    """English-like and Chinese texts of words drawn by Zipf's law."""
    draw = np.random.default_rng(1)
    alphabet = list("etaoinshrdlu")
    latin = ["".join(draw.choice(alphabet, 1 + int(n))) for n in draw.integers(1, 9, 20_000)]
    chinese = [chr(0x4E00 + i) for i in range(3000)]
    texts = []
    for i in range(docs):
        vocabulary, joiner = (latin, " ") if i % 2 else (chinese, "")
        texts.append(joiner.join(vocabulary[int(z) % len(vocabulary)] for z in draw.zipf(1.2, 450)))
    return with_copies("generated", texts)


def with_copies(name: str, texts: list[str]) -> Corpus:
    """`texts`, one in twenty replaced by an earlier one with its last twentieth cut off."""
    draw = random.Random(1)
    out = list(texts)
    for i in range(1, len(out)):
        if draw.random() < 0.05:
            other = out[draw.randrange(i)]
            out[i] = other[: len(other) - len(other) // 20]
    return Corpus(name, out)


def ours(texts: list[str]) -> set[int]:
    """The rows to drop."""
    sketches = []
    for at in range(0, len(texts), BATCH):
        piece = texts[at : at + BATCH]
        batch = pa.record_batch({"id": pa.nulls(len(piece), pa.string()), "text": pa.array(piece)})
        sketch = SWEEP.sketch(batch)
        where = {"row": pc.add(sketch["index"], at), "shard": pa.array(np.zeros(sketch.num_rows, np.int32))}
        sketches.append(pa.table({n: sketch[n] for n in ("part", "key", "id", "minima")} | where))
    table = pa.concat_tables(sketches)
    part = table["part"].to_numpy()
    matches = [SWEEP.match(table.filter(pa.array(part == p))) for p in range(SWEEP.parts)]
    return set(SWEEP.settle(pa.concat_tables(matches))["row"].to_pylist())


def with_datasketch(texts: list[str]) -> set[int]:
    """The rows to drop."""
    from datasketch import MinHash as Sketch
    from datasketch import MinHashLSH
    from xxhash import xxh32_intdigest

    index = MinHashLSH(num_perm=PERMUTATIONS, params=(SWEEP.bands, SWEEP.rows))
    empty = Sketch(num_perm=PERMUTATIONS, seed=SWEEP.seed, scheme="affine32", hashfunc=xxh32_intdigest)
    gone = set()
    for row, text in enumerate(texts):
        words = WORD.findall(text.lower())
        if not words:
            continue
        size = min(SWEEP.ngram, len(words))
        sketch = empty.copy()  # shares the permutations: drawing them anew costs more than small documents do
        sketch.update_batch({" ".join(words[i : i + size]).encode() for i in range(len(words) - size + 1)})
        if index.query(sketch):
            gone.add(row)
        else:
            index.insert(row, sketch)
    return gone


def signature_speed(texts: list[str]) -> float:
    """Megabytes of text per CPU second through the kernel alone."""
    buffers = string_buffers(pa.array(texts))
    constants = permutations(PERMUTATIONS, SWEEP.seed)
    started = time.process_time()
    signatures(*buffers, SWEEP.ngram, *constants)
    return len(buffers[1]) / 1e6 / (time.process_time() - started)


def seconds(work: Callable[[list[str]], set[int]], texts: list[str]) -> tuple[float, set[int]]:
    started = time.process_time()
    gone = work(texts)
    return time.process_time() - started, gone


def compare(corpus: Corpus, peer_docs: int, rounds: int) -> dict[str, float]:
    """Documents per CPU second of both, by turns; the peer sees the first `peer_docs` texts only."""
    few = corpus.texts[:peer_docs]
    best = {"ours": 0.0, "datasketch": 0.0, "signature_mb_s": 0.0}
    for _ in range(rounds):
        ours_s, dropped = seconds(ours, corpus.texts)
        theirs_s, theirs = seconds(with_datasketch, few)
        best["ours"] = max(best["ours"], len(corpus.texts) / ours_s)
        best["datasketch"] = max(best["datasketch"], len(few) / theirs_s)
        best["signature_mb_s"] = max(best["signature_mb_s"], signature_speed(corpus.texts))
    same = ours(few)
    print(
        f"{corpus.name:<22}{len(corpus.texts):>8}{corpus.megabytes:>8.1f}{best['ours']:>12,.0f}"
        f"{best['datasketch']:>12,.0f}{best['ours'] / best['datasketch']:>8.1f}{best['signature_mb_s']:>10.0f}"
        f"{len(dropped):>9}{len(same):>7}/{len(theirs)}"
    )
    return best


def corpora(data: Path, docs: int) -> list[Corpus]:
    books, classics = (data / "corpora" / f"{name}.parquet" for name in ("books_en", "classical_modern_zh"))
    found = [
        from_parquet(name, path, characters, docs)
        for name, path, characters in (("books_en", books, 3000), ("classical_modern_zh", classics, 800))
        if path.exists()
    ]
    return found or [generated(docs)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few documents")
    parser.add_argument("--docs", type=int, help="documents per corpus (default 20000; 2000 with --quick)")
    parser.add_argument("--rounds", type=int, default=3, help="turns, of which the best counts (default 3)")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[1] / ".." / "shared" / "data")
    options = parser.parse_args()
    docs = options.docs or (2000 if options.quick else 20_000)
    ours(["compile first"])
    with_datasketch(["import first"])
    print(f"{'corpus':<22}{'docs':>8}{'MB':>8}{'ours/s':>12}{'datasketch/s':>12}{'times':>8}{'MB/s sig':>10}"
          f"{'dropped':>9}{'both on few':>12}")  # fmt: skip
    figures = {corpus.name: compare(corpus, docs // 10, options.rounds) for corpus in corpora(options.data, docs)}
    times = {name: f["ours"] / f["datasketch"] for name, f in figures.items()}
    result = {
        "minhash_vs_datasketch": round(min(times.values()), 1),
        "signature_mb_s": round(min(f["signature_mb_s"] for f in figures.values()), 1),
        "docs_s": {name: round(f["ours"]) for name, f in figures.items()},
        "times": {name: round(t, 1) for name, t in times.items()},
        "docs": docs,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
