"""Trains the language model that ships, and measures it: `python -m filters.train_language --data ../shared/data`.

What it learned from, and how well it does, is in `filters/data/langid.md`. One thread, fixed seeds: the same data and
the same packages give the same file. `--measure` holds out a part of the sentences and writes no file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import string
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 20_260
# With one thread fastText draws the first tenth of its starting values and leaves the others as memory was. The C
# library's setting of this name has it ask for fresh memory, which is zero, so that training repeats and does not fail.
FRESH_MEMORY = "MALLOC_MMAP_THRESHOLD_"
PHRASES = Path(__file__).parent / "data" / "langid_phrases.json"
TRAINING: dict[str, Any] = {
    "dim": 16, "minn": 1, "maxn": 5, "bucket": 2_000_000, "minCount": 1_000_000_000, "minCountLabel": 1,
    "wordNgrams": 1, "epoch": 5, "lr": 0.4, "loss": "softmax", "thread": 1,
}  # fmt: skip
QUANTISING: dict[str, Any] = {"qnorm": False, "qout": False, "cutoff": 115_000, "retrain": True, "dsub": 2, "thread": 1}

# The languages with the most text on the web get more pieces: a short text is likelier to be one of theirs.
LARGE = frozenset({
    "en", "zh", "es", "ar", "hi", "bn", "pt", "ru", "ja", "pa", "de", "mr", "te", "vi", "ko", "fr", "ta", "tr", "ur",
    "it", "th", "gu", "fa", "pl", "uk", "ro", "nl", "el", "cs", "hu", "sv", "da", "fi", "nb", "sk", "bg", "hr", "sr",
    "he", "id", "lt", "lv", "sl", "et", "ca",
})  # fmt: skip
UNSPACED = frozenset({"zh", "ja", "th"})
# Alone in their script, which tells them apart before the model is asked.
ALONE = frozenset({"ko", "th", "el", "he", "hy", "ka", "bn", "pa", "gu", "ta", "te", "si"})
OWN_WORDS, ENGLISH_WORDS = 1_500, 8_000  # commonest words of a language, learnt alone
IDENTIFIERS = ("div", "span", "src", "href", "img", "px", "css", "js", "tmp", "idx", "ptr", "str", "int", "var", "len",
               "cfg", "ctx", "fn", "obj", "attr", "http", "api", "url", "uid")  # fmt: skip


def sentences(data: Path) -> dict[str, list[str]]:
    """Texts by language, from the rows of the development data that may train a model that ships."""
    found: dict[str, list[str]] = {}
    for row in pq.read_table(data / "text/langid_dev.parquet").to_pylist():
        found.setdefault(row["label"], []).append(row["text"])
    return found


def more_english_and_chinese(data: Path) -> dict[str, list[str]]:
    """What is added for the two main languages: books, headlines and comments; statutes, comments and answers."""
    draw = random.Random(SEED)
    books = pq.read_table(data / "corpora/books_en.parquet")["text"].to_pylist()
    english = []
    for book in books:
        lines = [line for line in book.split("\n") if 30 < len(line) < 2000 and line[0] not in "#|!["]
        english += [line[:240] for line in draw.sample(lines, min(6, len(lines)))]
    clickbait = pq.read_table(data / "text/clickbait_dev.parquet")["text"].to_pylist()
    english += draw.sample(clickbait, 2500)
    chinese = []
    for law in pq.read_table(data / "corpora/laws_zh.parquet")["text"].to_pylist():
        lines = [line for line in law.split("\n") if len(line) > 12]
        chinese += [line[:80] for line in draw.sample(lines, min(1, len(lines)))]
    comments = [
        r["text"] for r in pq.read_table(data / "text/toxicity_dev.parquet").to_pylist() if r["source"] == "COLDataset"
    ]
    chinese += draw.sample(comments, 1500)
    answers = pq.read_table(data / "instruct/llamafactory_demo.parquet").to_pylist()
    chinese += [r["output"][:100] for r in answers if r["lang"] == "zh"]
    english += [r["output"][:200] for r in answers if r["lang"] == "en"][:800]
    return {"en": english, "zh": chinese}


def phrases() -> dict[str, list[str]]:
    """Words of menus, queries and small talk in forty languages, written for this purpose."""
    found: dict[str, list[str]] = json.loads(PHRASES.read_text(encoding="utf-8"))
    return found


def traditional(texts: list[str]) -> list[str]:
    """Chinese texts in traditional characters (package opencc-python-reimplemented, needed for training only)."""
    from opencc import OpenCC  # type: ignore[import-untyped,import-not-found,unused-ignore]

    convert = OpenCC("s2t")
    return [convert.convert(text) for text in texts]


def junk(draw: random.Random, count: int) -> Iterator[str]:
    """Letters that are no language: what is left of keys, hashes, identifiers, layout and noise."""
    consonants, letters = "bcdfghjklmnpqrstvwxz", string.ascii_lowercase
    for i in range(count):
        match i % 6:
            case 0:
                yield " ".join("".join(draw.choices(letters, k=draw.randint(3, 12))) for _ in range(draw.randint(1, 6)))
            case 1:
                sizes = [draw.randint(2, 8) for _ in range(draw.randint(1, 6))]
                yield " ".join("".join(draw.choices(consonants, k=size)) for size in sizes)
            case 2:  # base64 without its digits
                yield "".join(draw.choices(letters, k=draw.randint(14, 80)))
            case 3:
                yield " ".join(draw.choices(IDENTIFIERS, k=draw.randint(2, 8)))
            case 4:
                yield " ".join(draw.choice(letters) for _ in range(draw.randint(1, 12)))
            case _:
                yield " ".join(draw.choice(letters) * draw.randint(3, 9) for _ in range(draw.randint(1, 3)))


def without_accents(text: str) -> str:
    kept = (c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", "".join(kept)).replace("ı", "i").replace("đ", "d").replace("ł", "l")


def pieces(texts: list[str], language: str, count: int, draw: random.Random) -> Iterator[str]:
    """`count` training texts: whole, joined, and one to six words of them, some without their accents."""
    unspaced = language in UNSPACED
    for i in range(count):
        text = texts[i % len(texts)]
        kind = i // len(texts) % 4
        if i < len(texts):
            piece = text
        elif kind == 3 and draw.random() < 0.3:
            piece = text + " " + draw.choice(texts)
        else:
            units = list(text) if unspaced else text.split()
            size = draw.choice((1, 1, 2, 2, 3, 4, 6)) * (2 if unspaced else 1)
            start = draw.randrange(max(1, len(units) - size + 1))
            piece = ("" if unspaced else " ").join(units[start : start + size])
        if draw.random() < (0.15 if language == "vi" else 0.05):
            piece = without_accents(piece)
        yield piece


def word_rates(found: dict[str, list[str]]) -> dict[str, dict[str, float]]:
    """How often each word is found among 1,000 words of each language written with spaces; two finds at least."""
    from filters.letters import letters_of

    rates = {}
    for language, texts in found.items():
        if language not in UNSPACED:
            letters, _ = letters_of(pa.array(texts), lower_case=True)
            counts = Counter(word for text in letters.to_pylist() for word in text.split())
            rates[language] = {word: 1000 * n / counts.total() for word, n in counts.items() if n > 1}
    return rates


def own_words(rates: dict[str, dict[str, float]], language: str) -> list[str]:
    """The commonest words of a language that are more frequent in it than in any other."""
    highest: dict[str, float] = {}
    for words in rates.values():
        for word, rate in words.items():
            highest[word] = max(rate, highest.get(word, 0.0))
    mine = [word for word, rate in rates[language].items() if rate >= highest[word] and len(word) > 1]
    mine.sort(key=lambda word: (-rates[language][word], word))
    return mine[: ENGLISH_WORDS if language == "en" else OWN_WORDS]


def is_english(piece: str, language: str, rates: dict[str, dict[str, float]]) -> bool:
    """Whether a short piece of another language is made of words that are far more usual in English.

    Pages of many languages quote English; learnt, they would make "hello world" Malay.
    """
    words = piece.lower().split()
    if language == "en" or language not in rates or len(words) > 6:
        return False
    english, own = rates["en"], rates[language]
    return all(english.get(word, 0.0) > 3 * own.get(word, 0.0) for word in words)


def held_out(text: str) -> bool:
    """About one sentence in seven, the same ones in every run."""
    return hashlib.blake2b(text.encode(), digest_size=2).digest()[0] < 36


def lines(data: Path, measure: bool) -> list[str]:
    """The training file: a label and the letters of a text on each line, shuffled."""
    from filters.letters import letters_of

    draw = random.Random(SEED)
    found = sentences(data)
    if measure:
        found = {language: [t for t in texts if not held_out(t)] for language, texts in found.items()}
    for language, texts in more_english_and_chinese(data).items():
        found[language] = found[language] + texts
    for language, texts in phrases().items():
        found[language] = found[language] + texts
    found["zh"] = found["zh"] + traditional(found["zh"][::2])
    rates = word_rates(found)
    labelled: list[tuple[str, str]] = []
    for language, texts in sorted(found.items()):
        share = 1_500 if language in ALONE else 12_000 if language in LARGE else 5_000
        count = max(share, 3 * len(texts))
        cut = pieces(texts, language, count, draw)
        labelled += [(language, piece) for piece in cut if not is_english(piece, language, rates)]
        if language in rates:
            labelled += [(language, word) for word in own_words(rates, language) for _ in range(2)]
    for language, texts in phrases().items():
        labelled += [(language, text) for text in texts for _ in range(4)]
        labelled += [(language, " ".join(draw.sample(texts, 3))) for _ in texts]
        labelled += [(language, without_accents(text)) for text in texts]
    labelled += [("und", text) for text in junk(draw, 6_000)]
    draw.shuffle(labelled)
    prepared, _ = letters_of(pa.array([text for _, text in labelled]), lower_case=True)
    return [f"__label__{k} {text}" for (k, _), text in zip(labelled, prepared.to_pylist(), strict=True) if text]


def train(training: list[str], **changes: Any) -> Any:
    """A quantised fastText model of these lines."""
    import fasttext

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "train.txt"
        file.write_text("\n".join(training) + "\n", encoding="utf-8")
        model = fasttext.train_supervised(str(file), verbose=1, **{**TRAINING, **changes})
        model.quantize(str(file), **QUANTISING)
    return model


def cases(data: Path) -> dict[str, list[tuple[str, str]]]:
    """Held-out texts by kind: (language, text)."""
    draw = random.Random(SEED + 1)
    kinds = ("documents", "sentences", "3 words", "2 words", "1 word")
    found: dict[str, list[tuple[str, str]]] = {kind: [] for kind in kinds}
    for language, texts in sorted(sentences(data).items()):
        kept = [t for t in texts if held_out(t)]
        found["sentences"] += [(language, t) for t in kept]
        found["documents"] += [(language, " ".join(draw.sample(kept, 5))) for _ in range(20)]
        for size, kind in ((3, "3 words"), (2, "2 words"), (1, "1 word")):
            for t in kept:
                units = [w for w in t.split() if any(c.isalpha() for c in w) and not any(c.isdigit() for c in w)]
                if language in UNSPACED:
                    units = [c for c in t if c.isalpha()]
                n = size * (2 if language in UNSPACED else 1)
                if size == 1 and language not in UNSPACED:
                    units = [w for w in units if len(w) > 4] or units
                if len(units) >= n:
                    at = draw.randrange(len(units) - n + 1)
                    found[kind].append((language, ("" if language in UNSPACED else " ").join(units[at : at + n])))
    return found


def measure(path: Path, data: Path) -> None:
    """Prints accuracy on held-out texts: all languages, the large ones, and the commonest confusions."""
    from filters.fasttext_models import file_digest
    from filters.language import Identify

    identify = Identify(str(path), file_digest(path))
    for kind, held in cases(data).items():
        guess = identify(pa.array([t for _, t in held])).field("lang").to_pylist()
        truth = [k for k, _ in held]
        right = np.array([a == b for a, b in zip(guess, truth, strict=True)])
        large = np.array([k in LARGE for k in truth])
        wrong: dict[str, int] = {}
        for a, b in zip(truth, guess, strict=True):
            if a != b:
                wrong[f"{a}>{b}"] = wrong.get(f"{a}>{b}", 0) + 1
        most = " ".join(f"{k}:{v}" for k, v in sorted(wrong.items(), key=lambda x: -x[1])[:14])
        und = sum(g == "und" for g in guess) / len(guess)
        print(f"{kind:10} n={len(truth)} all {right.mean():.4f} large {right[large].mean():.4f} und {und:.4f} | {most}")


def main() -> None:
    """The command: trains, writes and measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the development data")
    parser.add_argument("-o", "--output", type=Path, help="the model file to write (.ftz)")
    parser.add_argument("--measure", action="store_true", help="hold sentences out, train, and measure on them")
    arguments = parser.parse_args()
    if not arguments.measure and not arguments.output:
        parser.error("say where the model goes (-o FILE), or --measure")
    if FRESH_MEMORY not in os.environ:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, FRESH_MEMORY: "65536"})
    model = train(lines(arguments.data, arguments.measure))
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.output or Path(folder) / "langid.ftz"
        model.save_model(str(path))
        size = path.stat().st_size
        print(f"{path}: {size:,} bytes, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
        if arguments.measure:
            measure(path, arguments.data)


if __name__ == "__main__":
    main()
