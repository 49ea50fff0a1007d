"""drop_duplicates keeps the first of each kind, whatever the order of work, and says whom it kept."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.dedup import Exact, MinHash, drop_duplicates
from curate.keys import describe
from curate.sweep import Sweep
from tests import reference

NEARDUP = Path(__file__).parents[1] / ".." / "shared" / "data" / "text" / "neardup_dev.parquet"
Texts = list[str | None]

ENGLISH = (
    "The lighthouse keeper wrote every evening about the weather, the ships that passed, and the birds that rested on "
    "the railing before they crossed the bay towards the warmer south where nobody had ever followed them."
)
CHINESE = (
    "灯塔的守望人每天晚上都记下天气、经过的船只，还有那些停在栏杆上歇脚、"
    "然后越过海湾飞向温暖南方的鸟儿，没有人跟随过它们。"
)


def batch(texts: Texts, ids: list[str | None] | None = None) -> pa.RecordBatch:
    ids = ids or [f"id{i}" for i in range(len(texts))]
    return pa.record_batch({"id": pa.array(ids, pa.string()), "text": pa.array(texts, pa.string())})


def verdict(sweep: Sweep, shards: list[list[Texts]], shuffle: int | None = None) -> pa.Table:
    """What the sweep says of a corpus: shards, each of batches, each of texts; the runner's part in ten lines.

    `shuffle` works through batches, parts and matches in another order.
    """

    def order(items: list[Any]) -> list[Any]:
        return items if shuffle is None else random.Random(shuffle).sample(items, len(items))

    batches = [(s, sum(map(len, shard[:i])), texts) for s, shard in enumerate(shards) for i, texts in enumerate(shard)]
    sketches = []
    for shard, row, texts in order(batches):
        sketch = sweep.sketch(batch(texts, [f"{shard}.{row + i}" for i in range(len(texts))]))
        rows = pa.array(sketch["index"].to_numpy() + row, pa.int64())
        where = {"shard": pa.array(np.full(len(rows), shard, np.int32)), "row": rows}
        sketches.append(pa.table({n: sketch[n] for n in sketch.column_names if n != "index"} | where))
    table = pa.concat_tables(sketches).sort_by([("shard", "ascending"), ("row", "ascending")])
    part = table["part"].to_numpy()
    assert not len(part) or (part.min() >= 0 and part.max() < sweep.parts)
    matches = [sweep.match(table.filter(pa.array(part == p))) for p in range(sweep.parts)]
    settled = sweep.settle(pa.concat_tables(order(matches))).combine_chunks()
    assert settled.schema.equals(pa.schema([("shard", pa.int32()), ("row", pa.int64()), *sweep.verdict]))
    return settled


def kept_instead(sweep: Sweep, texts: Texts) -> dict[int, str]:
    """Row -> id kept in its place, for a corpus of one shard."""
    table = verdict(sweep, [[texts]])
    return dict(zip(table["row"].to_pylist(), table[2].to_pylist(), strict=True))


WORDY = st.lists(st.sampled_from(["sea", "ship", "bird", "天", "气", "好", "，", "🙂", " "]), max_size=5).map(" ".join)


@pytest.mark.parametrize("sweep", [Exact(), MinHash(), MinHash(ngram=1, bands=40, rows=1, similarity=0.5)])
@given(st.lists(st.lists(st.lists(WORDY | st.none(), max_size=4), max_size=3), min_size=1, max_size=3), st.integers())
@settings(deadline=None, max_examples=30)
def test_order_and_batches_change_nothing(sweep: Sweep, shards: list[list[Texts]], seed: int) -> None:
    apart = [[[], *([text] for texts in shard for text in texts)] for shard in shards]
    together = [[[text for texts in shard for text in texts]] for shard in shards]
    one = verdict(sweep, together)
    assert verdict(sweep, apart, shuffle=seed).equals(one)
    addresses = list(zip(one["shard"].to_pylist(), one["row"].to_pylist(), strict=True))
    assert addresses == sorted(set(addresses))
    for (shard, row), kept in zip(addresses, one[2].to_pylist(), strict=True):
        first = tuple(map(int, kept.split(".")))
        assert first < (shard, row), "what is kept stands earlier"
        assert first not in addresses, "what is kept is a duplicate of nothing"


@given(st.lists(st.text("ab B\u3000\n，好", max_size=4) | st.none(), max_size=20))
@settings(deadline=None)
def test_exact_equals_a_dictionary(texts: Texts) -> None:
    seen: dict[bytes, str] = {}
    expected = {}
    for row, text in enumerate(texts):
        if key := reference.folded(text or ""):
            if key in seen:
                expected[row] = seen[key]
            seen.setdefault(key, f"0.{row}")
    assert kept_instead(Exact(), texts) == expected


def test_exact_sees_past_spaces_and_case_and_no_further() -> None:
    texts: Texts = [
        ENGLISH,
        f"\n{ENGLISH.upper()}\u3000",
        ENGLISH.replace(" ", "  "),
        ENGLISH.replace(",", ""),
        CHINESE,
    ]
    assert kept_instead(Exact(), [*texts, f"\u3000\u3000{CHINESE}\n"]) == {1: "0.0", 2: "0.0", 5: "0.4"}


def test_exact_can_compare_another_column() -> None:
    pages = pa.record_batch({"id": ["a", "b", "c"], "url": ["x", "y", "x"], "text": ["one", "one", "two"]})
    sketch = Exact(by="url").sketch(pages)
    assert sketch["low"][0] == sketch["low"][2] != sketch["low"][1]


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_near_copies_are_found_and_others_are_not(text: str) -> None:
    other = text[::-1]
    shouted = text.upper().replace(",", " —").replace("，", "！")
    longer = " ".join([text, text[: len(text) // 12]])
    sweep = MinHash(ngram=3)
    table = verdict(sweep, [[[text, other, shouted, longer]]])
    assert table["near_duplicate_of"].to_pylist() == ["0.0", "0.0"]
    assert table["row"].to_pylist() == [2, 3]
    exact = [reference.jaccard(set(reference.ngrams(text, 3)), set(reference.ngrams(t, 3))) for t in (shouted, longer)]
    assert exact[0] == 1.0 == table["near_duplicate_similarity"][0].as_py()
    assert abs(exact[1] - table["near_duplicate_similarity"][1].as_py()) < 0.15


@pytest.mark.parametrize("sweep", [Exact(), MinHash()])
def test_texts_without_words_stay(sweep: Sweep) -> None:
    assert kept_instead(sweep, ["", None, " \n", "", None, "\u3000"]) == {}


def test_near_duplicates_need_words() -> None:
    assert kept_instead(MinHash(), ["🙂🙂", "！？", "🙂🙂", "！？"]) == {}
    assert kept_instead(Exact(), ["🙂🙂", "！？", "🙂🙂", "！？"]) == {2: "0.0", 3: "0.1"}


def test_short_texts_are_compared_whole() -> None:
    assert kept_instead(MinHash(), ["red apple", "apple red", "Red apple!", "red", "好", "好。"]) == {
        2: "0.0",
        5: "0.4",
    }


def test_a_chain_has_one_survivor_and_it_is_the_first() -> None:
    """Each text shares nine tenths with the next; the last has nothing in common with the first."""
    words = [f"word{i}" for i in range(400)]
    links: Texts = [" ".join(words[20 * i : 20 * i + 200]) for i in range(11)]
    sweep = MinHash(bands=40, rows=3)
    table = verdict(sweep, [[[links[i] for i in (0, 5, 10, 2, 4, 6, 8, 1, 3, 7, 9)]]])
    assert table["near_duplicate_of"].to_pylist() == ["0.0"] * 10
    assert table["near_duplicate_similarity"].to_pylist()[1] < 0.05  # row 2 is the far end
    assert [verdict(MinHash(bands=40, rows=3, similarity=s), [[links]]).num_rows for s in (0.6, 0.95)] == [10, 0]


def test_one_text_a_hundred_thousand_times_is_kept_once() -> None:
    """One key with many rows is the worst case of every step: pairs go to the first only, never each to each."""
    texts: Texts = ["the same page again and again"] * 50_000
    for sweep in (Exact(), MinHash(bands=4, rows=2)):
        table = verdict(sweep, [[texts], [texts]])
        assert table.num_rows == 99_999
        assert set(table[2].to_pylist()) == {"0.0"}


def test_a_document_without_id_still_counts() -> None:
    """A null in the verdict means kept, so what repeats a document without id must name it otherwise."""
    pages = batch(["one two three", "one two three"], [None, "b"])
    for sweep in (Exact(), MinHash()):
        sketch = sweep.sketch(pages)
        where = {"shard": pa.array([0] * sketch.num_rows, pa.int32()), "row": sketch["index"]}
        table = pa.table({n: sketch[n] for n in sketch.column_names} | where)
        matches = [sweep.match(table.filter(pa.array(table["part"].to_numpy() == p))) for p in range(sweep.parts)]
        assert sweep.settle(pa.concat_tables(matches))[2].to_pylist() == ["shard 0 row 0"]


@pytest.mark.parametrize(
    ("how", "word"), [("exact", "first of its exact copies"), ("minhash", "first of its near-duplicates")]
)
def test_the_rule_drops_what_the_sweep_found(how: str, word: str) -> None:
    sweep, keep = drop_duplicates(how)
    assert isinstance(sweep, Sweep)
    assert [str(rule) for rule in keep.rules] == [word]
    judged = pa.record_batch({"id": ["a", "b"], sweep.verdict.names[0]: pa.array([None, "a"], pa.string())})
    assert keep(judged)["id"].to_pylist() == ["a"]


def test_options_reach_the_sweep_and_its_key() -> None:
    sweep, _ = drop_duplicates(ngram=3, bands=20, rows=5, seed=9, similarity=0.6)
    assert sweep == MinHash(3, 20, 5, 9, 0.6)
    assert sweep.parts == 21
    assert describe(sweep) != describe(MinHash(3, 20, 5, 8, 0.6))
    assert drop_duplicates("exact", by="url")[0] == Exact("url")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"how": "simhash"}, "'minhash' or 'exact'"),
        ({"how": "exact", "ngram": 3, "seed": 1}, "no option ngram, seed; its options are by"),
        ({"how": "minhash", "by": "url"}, "no option by; its options are ngram"),
        ({"bands": 0}, "bands=0; it is a count, at least 1"),
        ({"seed": -1}, "from 0 to 4294967295"),
        ({"similarity": 80}, "above 0 and at most 1"),
    ],
)
def test_wrong_options_say_what_is_right(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        drop_duplicates(**options)  # type: ignore[arg-type]


def test_a_batch_without_the_columns_is_refused() -> None:
    with pytest.raises(KeyError, match="reads the column 'text'; the batch has id"):
        MinHash().sketch(pa.record_batch({"id": ["a"]}))
    with pytest.raises(TypeError, match="'text' as text, but it holds int64"):
        Exact().sketch(pa.record_batch({"id": ["a"], "text": [1]}))


def test_slices_and_large_strings_read_the_same() -> None:
    whole = batch(["skip me", ENGLISH, CHINESE, None, ""])
    large = pa.record_batch({"id": whole["id"], "text": whole["text"].cast(pa.large_string())})
    for sweep in (Exact(), MinHash()):
        plain = sweep.sketch(batch([ENGLISH, CHINESE, None, ""], ["id1", "id2", "id3", "id4"]))
        assert sweep.sketch(whole.slice(1)).equals(plain)
        assert sweep.sketch(large.slice(1)).equals(plain)


@pytest.mark.skipif(not NEARDUP.exists(), reason="needs ../shared/data/text/neardup_dev.parquet")
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_estimates_match_the_similarity_of_real_pages(lang: str) -> None:
    """Successive versions of documentation pages; where both were sketched, the estimate is near the exact figure."""
    pairs = [p for p in pq.read_table(NEARDUP).to_pylist() if p["lang"] == lang][:150]
    texts: Texts = [p[side] for p in pairs for side in ("text_a", "text_b")]
    sweep = MinHash(ngram=5, bands=28, rows=8)
    sketch = sweep.sketch(batch(texts))
    low = sketch["minima"].drop_null().to_pylist()
    minima = np.frombuffer(b"".join(low), np.uint8).reshape(-1, 224)
    from curate.dedup.minhash import estimated_similarity

    estimate = estimated_similarity(minima, np.arange(0, len(low), 2), np.arange(1, len(low), 2))
    grams = [set(reference.ngrams(t or "", 5)) for t in texts[:40]]
    exact = [reference.jaccard(a, b) for a, b in zip(grams[0::2], grams[1::2], strict=True)]
    assert np.abs(estimate[:20] - exact).max() < 4 * 0.5 / np.sqrt(224)
    stated = np.array([p["jaccard_5gram"] for p in pairs])  # of other words than ours: the mean, not each
    assert np.abs(estimate - stated).mean() < 0.1
