"""An invented report, as `curate/report.py` writes it: to look at while developing the page, and for its tests."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

ENGLISH = (
    "The ferry leaves the harbour at seven, before the fog has lifted from the water. Children in yellow coats count "
    "the gulls on the railing, and somebody's radio plays a waltz that nobody remembers the name of. By the time the "
    "island comes in sight the coffee is cold and the sun is out."
)
CHINESE = (
    "清晨七点，渡船离开港口，水面上的雾还没有散去。穿黄雨衣的孩子们数着栏杆上的海鸥，"
    "不知谁的收音机里放着一支叫不出名字的圆舞曲。等到小岛出现在眼前，咖啡已经凉了，太阳也出来了。"
)
CONFIGURATION = """\
read:    {warc: "crawl/*.warc.gz"}
steps:
  - extract_html: {}
  - normalize: {}            # 规范化
  - gopher_quality: {}
  - keep: toxicity < 0.5
  - drop_duplicates: {}
write:   {parquet: out/web}
"""
DOMAINS = ("www.example.org", "news.example", "例子.example", "shop.example.com", "forum.example.net",
           "a-rather-long-name-of-a-domain.of-a-university.example.edu")  # fmt: skip
MENU = "Home\nShop\nCart (0)\nLogin\n\nBUY NOW!!! best price best price best price\nshipping free · 全场包邮 · 立即购买"


def _bell(edges: list[float], middle: float, width: float, documents: int, log: bool) -> list[int]:
    """Counts of so many documents in a bell around `middle`, on the axis the signal is drawn on."""
    bend = math.log1p if log else float
    middles = [(a + b) / 2 for a, b in pairwise(edges)]
    weights = [math.exp(-(((bend(at) - bend(middle)) / width) ** 2)) for at in middles]
    counts = [round(documents * weight / sum(weights)) for weight in weights]
    counts[counts.index(max(counts))] += documents - sum(counts)
    return counts


def _number(
    name: str, about: str, edges: list[float], kept: list[int], dropped: list[int], **more: Any
) -> dict[str, Any]:
    return {"name": name, "about": about, "kind": "number", "edges": edges, "kept": kept, "dropped": dropped,
            "unknown": 0, "log": False, "thresholds": [], **more}  # fmt: skip


def _signals() -> list[dict[str, Any]]:
    words = [0.0, *(round(10 ** (k / 10), 2) for k in range(52))]
    share = [k / 50 for k in range(51)]
    length = [k / 4 for k in range(61)]
    rule = "50 <= word_count <= 100_000"
    by_language = "by(lang, {'en': alpha_word_ratio >= 0.8, 'zh': alpha_word_ratio >= 0.7})"
    return [
        _number("word_count", "Words per document.", words, _bell(words, 600, 1.4, 4012, True),
                _bell(words, 40, 1.3, 3788, True), unknown=12, log=True,
                thresholds=[{"op": ">=", "value": 50, "rule": rule}, {"op": "<=", "value": 100_000, "rule": rule}]),
        _number("mean_word_length", "Characters per word, on average.", length, _bell(length, 5, 1.2, 4012, False),
                _bell(length, 6, 3, 3788, False), thresholds=[
                    {"op": ">=", "value": 3, "rule": "3 <= mean_word_length <= 10"},
                    {"op": "<=", "value": 10, "rule": "3 <= mean_word_length <= 10"}]),
        _number("toxicity", "Probability of toxic text, by a small fastText model.", share,
                [3600, *_bell(share[1:], 0.1, 0.15, 412, False)], [2900, *_bell(share[1:], 0.6, 0.4, 888, False)],
                thresholds=[{"op": "<", "value": 0.5, "rule": "toxicity < 0.5"}]),
        _number("alpha_word_ratio", "Share of words with a letter in them.", share,
                _bell(share, 0.92, 0.08, 4012, False), _bell(share, 0.75, 0.3, 3788, False), thresholds=[
                    {"op": ">=", "value": 0.8, "rule": by_language}, {"op": ">=", "value": 0.7, "rule": by_language}]),
        _number("nothing_measured", "A signal without a single value.", [0.0, 1.0], [0], [0], unknown=7800),
        {"name": "lang", "about": "Language, by the bundled identifier.", "kind": "category",
         "values": [["en", 2600, 1400], ["zh", 1200, 1700], ["de", 0, 310]], "other": [212, 378], "unknown": 0,
         "thresholds": []},
    ]  # fmt: skip


def _share(value: str | None, documents: int, kept: int, text_bytes: int, text_bytes_kept: int) -> dict[str, Any]:
    return {"value": value, "documents": documents, "kept": kept, "text_bytes": text_bytes,
            "text_bytes_kept": text_bytes_kept}  # fmt: skip


def _sample(random_: random.Random, index: int, **more: Any) -> dict[str, Any]:
    chinese = index % 3 == 1
    return {
        "id": f"{random_.getrandbits(64):016x}",
        "url": f"https://{'例子.example' if chinese else 'www.example.org'}/a/{index}?page={index % 7}",
        "step": "keep", "values": {"word_count": random_.randrange(4, 60), "toxicity": round(random_.random() / 3, 6)},
        "lang": "zh" if chinese else "en",
        "text": (CHINESE * 3 if chinese else ENGLISH * 2 if index % 3 else MENU)[:600],
        **more,
    }  # fmt: skip


def report() -> dict[str, Any]:
    """A full report of version 1 about 8,359 invented records; every optional part is there."""
    random_ = random.Random(7)
    rules = [
        ("50 <= word_count <= 100_000", "gopher_quality", 1204, 1204, 610, 2, ["word_count"]),
        ("3 <= mean_word_length <= 10", "gopher_quality", 96, 240, 31, 0, ["mean_word_length"]),
        ("by(lang, {'en': alpha_word_ratio >= 0.8, 'zh': alpha_word_ratio >= 0.7})", "gopher_quality", 402, 890, 120,
         0, ["lang", "alpha_word_ratio"]),
        ("bullet_line_ratio <= 0.9", "gopher_quality", 0, 0, 0, 0, ["bullet_line_ratio"]),
    ]  # fmt: skip
    step = {"rows_in": 7831, "rows_out": 7831, "dropped": 0, "quarantined": 0, "bytes_in": 20_100_000,
            "bytes_out": 20_100_000, "errors": {}, "rules": []}  # fmt: skip
    dropped = [
        *(_sample(random_, k, step="gopher_quality", rule=rules[0][0]) for k in range(6)),
        *(_sample(random_, k, step="gopher_quality", rule=rules[1][0], values={"mean_word_length": 2.25 + k / 10})
          for k in range(2)),
        *(_sample(random_, k, rule="toxicity < 0.5", values={"toxicity": 0.61 + k / 100}) for k in range(4)),
        *(_sample(random_, k, step="drop_duplicates(minhash)", rule=None,
                  values={"duplicate_of": "9f3c1d2e4b5a6978"}) for k in range(3)),
    ]  # fmt: skip
    return {
        "version": 1, "name": "web", "llmsapp": "0.1.0",
        "config": CONFIGURATION,
        "versions": {"pyarrow": "26.0.1", "numba": "0.62.0", "python": "3.11.9"},
        "inputs": [{"source": "crawl_a.warc.gz", "bytes": 60_280_000, "sha256": "9a" * 32, "records": 5123},
                   {"source": "爬取/crawl_b.warc.gz", "bytes": 31_007_123, "sha256": "4c" * 32, "records": 3236}],
        "records": 8359, "skipped": {"redirect": 377, "http 404": 131, "image": 20},
        "documents": 7831, "kept": 4012, "dropped": 3788, "quarantined": 31,
        "bytes_in": 91_287_123, "text_bytes_in": 20_100_000, "text_bytes_kept": 9_100_000, "damaged_bytes": 4096,
        "reproducible": True,
        "steps": [
            {**step, "name": "extract_html", "kind": "transform", "rows_out": 7800, "quarantined": 31, "bytes_in": 0,
             "errors": {"too complex: 4,096 levels of nesting": 3, "charset: no encoding fits": 28}},
            {**step, "name": "normalize", "kind": "transform", "rows_in": 7800, "rows_out": 7800,
             "bytes_out": 19_875_321},
            {**step, "name": "gopher_quality", "kind": "group", "rows_in": 7800, "rows_out": 6098, "dropped": 1702,
             "bytes_in": 19_875_321, "bytes_out": 14_111_000, "rules": [
                 dict(zip(("rule", "preset", "first", "any", "only", "undecided", "reads"), rule, strict=True))
                 for rule in rules]},
            {**step, "name": "keep", "kind": "group", "rows_in": 6098, "rows_out": 5210, "dropped": 888,
             "bytes_in": 14_111_000, "bytes_out": 12_020_000, "rules": [
                 {"rule": "toxicity < 0.5", "preset": None, "first": 888, "any": 888, "only": 888, "undecided": 12,
                  "reads": ["toxicity"]}]},
            {**step, "name": "drop_duplicates(minhash)", "kind": "sweep", "rows_in": 5210, "rows_out": 4012,
             "dropped": 1198, "bytes_in": 12_020_000, "bytes_out": 9_100_000},
        ],
        "signals": _signals(),
        "languages": [_share("en", 4000, 2600, 12_345_678, 6_100_000), _share("zh", 2900, 1200, 6_000_111, 2_600_000),
                      _share(None, 931, 212, 1_754_211, 400_000)],
        "domains": [*(_share(name, 900 - 37 * k, 640 - 41 * k, 2_000_000 - 90_000 * k, 900_000 - 50_000 * k)
                      for k, name in enumerate(DOMAINS)),
                    _share(None, 2986, 787, 9_450_000, 4_350_000)],
        "charsets": [_share("utf-8", 6900, 3700, 17_000_000, 8_200_000),
                     _share("gb18030", 900, 312, 3_100_000, 900_000)],
        "samples": {"dropped": dropped,
                    "kept": [_sample(random_, k, text=(CHINESE if k % 3 == 1 else ENGLISH) * 2) for k in range(6)]},
        "quarantine": {"charset: no encoding fits": 28, "too complex: 4,096 levels of nesting": 3},
        "quarantine_samples": [
            {"source": "crawl_a.warc.gz", "offset": 1_204_551, "url": "https://www.example.org/broken",
             "step": "extract_html", "reason": "charset: no encoding fits"},
            {"source": "crawl_a.warc.gz", "offset": 9_881_020, "url": None, "step": "extract_html",
             "reason": "too complex: 4,096 levels of nesting"}],
        "duplicates": {"clusters": 412, "documents": 1610, "largest": [
            {"size": 14, "kept": "9f3c1d2e4b5a6978", "members": [f"{random_.getrandbits(64):016x}" for _ in range(14)]},
            {"size": 9, "kept": "0011223344556677", "members": [f"{random_.getrandbits(64):016x}" for _ in range(9)]}]},
        "warnings": ["rule `50 <= word_count <= 100_000` dropped 58 % of zh",
                     "rule `bullet_line_ratio <= 0.9` dropped nothing"],
        "timings": {"cpu_s": 120.04, "wall_s": 70.2, "workers": 2, "peak_mb": 410, "steps": [
            {"name": "extract_html", "cpu_s": 80.1}, {"name": "normalize", "cpu_s": 9.4},
            {"name": "gopher_quality", "cpu_s": 21.3}, {"name": "keep", "cpu_s": 0.03},
            {"name": "drop_duplicates(minhash)", "cpu_s": 6.25}]},
    }  # fmt: skip


def mapped(value: Any, change: Callable[[str], str], key: str = "") -> Any:
    """A deep copy of a report with `change` applied to every string in it: values, and names used as keys.

    Left alone are the words of the format itself: its keys, `kind`, and `op`.
    """
    if isinstance(value, dict):
        data_keys = key in ("skipped", "versions", "errors", "quarantine", "values")
        return {(change(k) if data_keys else k): mapped(v, change, k) for k, v in value.items()}
    if isinstance(value, list):
        return [mapped(item, change, key) for item in value]
    if isinstance(value, str) and key not in ("kind", "op"):
        return change(value)
    return copy.copy(value)
