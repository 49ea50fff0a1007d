"""The kernels for duplicates equal their slow twins, and our signatures equal datasketch's."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.kernels import string_buffers
from curate.kernels.clusters import first_of_cluster, repeats
from curate.kernels.hashing import fold_spaces_and_case, hash_words
from curate.kernels.minhash import BLOCK, NO_MINIMUM, band_keys, count_equal, permutations, signatures
from tests import reference

EDGES = [c for first, last in reference.ALONE + reference.SEPARATORS for c in (first - 1, first, last, last + 1)]
CHARACTERS = (
    st.sampled_from("abzAZ09 \t\n_.,'@[`{\0\x1c\x7f")
    | st.sampled_from(
        "的一是不人，。！？「」々かなカナ한국ไทย×÷ªéßЖя۔।“”—…\u00a0\u3000\u200b\u200d\ufeff🙂👍🏽𠀀ＡＺ０（"
    )
    | st.sampled_from([chr(c) for c in EDGES if 0x80 <= c < 0x110000 and not 0xD800 <= c <= 0xDFFF])
    | st.characters(exclude_categories=["Cs"])
)
TEXTS = st.lists(st.text(CHARACTERS, max_size=60) | st.text("abc ", max_size=60), max_size=6)


def kernel_words(texts: list[str | None]) -> list[list[int]]:
    offsets, data = string_buffers(pa.array(texts, pa.string()))
    found = []
    for begin, end in pairwise(offsets):
        room = np.empty((end - begin) // 2 + 1, np.uint64)
        found.append(room[: hash_words(data, int(begin), int(end), room)].tolist())
    return found


def kernel_signatures(texts: list[str], ngram: int, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    return signatures(*string_buffers(pa.array(texts, pa.string())), ngram, *permutations(count, seed))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The quick-brown fox's 2nd naïve_test.", "the quick brown fox s 2nd naïve test"),
        ("“Curly” quotes—and… NBSP\u00a0here", "curly quotes and nbsp here"),
        ("今天，天气好！iPhone15很贵", "今 天 天 气 好 iphone15 很 贵"),
        ("東京タワーへ行く々", "東 京 タ ワ ー へ 行 く 々"),
        ("한국어 단어", "한국어 단어"),
        ("Привет, мир", "Привет мир"),
        ("สวัสดี", "ส ว ั ส ด ี"),
        ("hello🙂world 👍🏽", "hello world"),
        ("x" * 8 + "y" * 8 + " " + "z" * 9, "x" * 8 + "y" * 8 + " " + "z" * 9),
        ("\ufeff \u3000 …", ""),
        ("", ""),
    ],
)
def test_words_are_what_a_reader_would_say(text: str, words: str) -> None:
    assert reference.words(text) == words.split()
    assert kernel_words([text]) == [[reference.word_hash(w) for w in words.split()]]


@given(TEXTS)
@settings(deadline=None)
def test_words_equal_their_slow_twin(texts: list[str]) -> None:
    assert kernel_words([*texts]) == [[reference.word_hash(w) for w in reference.words(t)] for t in texts]


def test_words_do_not_depend_on_what_lies_beside_the_text() -> None:
    """Eight bytes are read at a time: those of the neighbour must not count, and none past the buffer be read."""
    texts: list[str | None] = ["", "ab", None, "cd" * 7, "好", "é", "x" * 15, "好x"]
    assert kernel_words(texts) == [kernel_words([t])[0] for t in texts]
    assert len({h for text in kernel_words(texts) for h in text}) == 6


def test_no_two_words_share_a_hash() -> None:
    words = sorted({f"{a}{b}" for a in ("", "a", "word", "eightlet", "ninelette", "é", "жук") for b in range(20_000)})
    (hashes,) = kernel_words([" ".join(words)])
    assert len(set(hashes)) == len(words)


@given(TEXTS, st.integers(1, 7), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_signatures_and_bands_equal_their_slow_twins(texts: list[str], ngram: int, seed: int) -> None:
    minima, words = kernel_signatures(texts, ngram, 6, seed)
    a, b = (p.tolist() for p in permutations(6, seed))
    expected = [reference.signature(map(reference.ngram_hash, reference.ngrams(t, ngram)), a, b) for t in texts]
    assert minima.tolist() == expected
    assert words.tolist() == [len(reference.words(t)) for t in texts]
    assert band_keys(minima, 3, 2).T.tolist() == [
        [reference.band_key(e[i : i + 2]) for i in (0, 2, 4)] for e in expected
    ]


@pytest.mark.parametrize("seed", [1, 42])
def test_signatures_are_those_of_datasketch(seed: int) -> None:
    """For the same 32-bit hashes `datasketch.MinHash(scheme="affine32")` has the same minima: its indexes answer us."""
    datasketch = pytest.importorskip("datasketch", reason="datasketch is not installed")
    draw = np.random.default_rng(seed)
    vocabulary = np.array(["the", "of", "word", "naïve", "的", "模型", "数据", "x1", "(", "🙂"])
    texts = [" ".join(draw.choice(vocabulary, size)) for size in range(120)]
    minima, _ = kernel_signatures(texts, 5, 112, seed)
    for text, ours in zip(texts, minima, strict=True):
        theirs = datasketch.MinHash(num_perm=112, seed=seed, scheme="affine32", hashfunc=lambda h: h)
        theirs.update_batch([reference.ngram_hash(n) for n in reference.ngrams(text, 5)])
        assert theirs.hashvalues.dtype == ours.dtype == np.uint32
        np.testing.assert_array_equal(theirs.hashvalues, ours)


def test_a_long_document_is_the_sum_of_its_blocks() -> None:
    """Permutations run over blocks of n-grams: none may be lost or forgotten at a border."""
    words = [f"w{i}" for i in range(2 * BLOCK + 3)]
    for size in (BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1):
        whole, _ = kernel_signatures([" ".join(words[: size + 1])], 2, 16, 1)
        pairs, _ = kernel_signatures([f"{x} {y}" for x, y in pairwise(words[: size + 1])], 2, 16, 1)
        np.testing.assert_array_equal(whole[0], pairs.min(axis=0))


def test_a_million_words_are_one_document() -> None:
    minima, words = kernel_signatures(["a b c d " * 250_000, "a b c d a b c d", "d c"], 5, 16, 1)
    assert words.tolist() == [1_000_000, 8, 2]
    np.testing.assert_array_equal(minima[0], minima[1])
    assert not np.array_equal(minima[0], minima[2])


def test_a_text_without_words_has_no_minimum() -> None:
    minima, words = kernel_signatures(["", "…！🙂", "a"], 5, 4, 1)
    assert words.tolist() == [0, 0, 1]
    assert (minima[:2] == NO_MINIMUM).all()
    assert (minima[2] != NO_MINIMUM).all()


def test_an_empty_column_has_no_signatures() -> None:
    assert kernel_signatures([], 5, 4, 1)[0].shape == (0, 4)


@given(TEXTS)
@settings(deadline=None)
def test_folding_equals_its_slow_twin(texts: list[str]) -> None:
    offsets, data = string_buffers(pa.array(texts, pa.string()))
    out = np.empty(len(data), np.uint8)
    bounds = fold_spaces_and_case(offsets, data, out)
    assert [out[a:b].tobytes() for a, b in pairwise(bounds)] == [reference.folded(t) for t in texts]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30))
def test_repeats_equal_their_slow_twin(keys: list[tuple[int, int]]) -> None:
    later, first = repeats(*(np.array([k[i] for k in keys], np.uint64) for i in (0, 1)))
    expected = reference.first_of_equal(keys)
    found = list(range(len(keys)))
    for row, of in zip(later.tolist(), first.tolist(), strict=True):
        found[row] = of
    assert found == expected


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(
    st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=14))))  # fmt: skip
@settings(deadline=None)
def test_clusters_equal_their_slow_twin(case: tuple[int, list[tuple[int, int]]]) -> None:
    count, pairs = case
    left, right = (np.array([p[i] for p in pairs], np.int64) for i in (0, 1))
    assert first_of_cluster(count, left, right).tolist() == reference.first_of_cluster(count, pairs)


def test_a_long_chain_is_one_cluster() -> None:
    n = 100_000
    rows = np.arange(n - 1)[::-1].copy()
    assert not first_of_cluster(n, rows, rows + 1).any()


def test_equal_places_are_counted() -> None:
    minima = np.array([[1, 2, 3], [1, 9, 3], [7, 8, 9]], np.uint8)
    assert count_equal(minima, np.array([0, 0, 1]), np.array([0, 1, 2])).tolist() == [3, 2, 0]


@pytest.mark.parametrize("similarity", [0.5, 0.7, 0.8])
def test_pairs_are_found_as_often_as_theory_says(similarity: float) -> None:
    """P = 1 - (1 - J**rows)**bands. 400 planted pairs: the bound is four standard errors, the seed fixed."""
    draw, pairs, ngrams_each = np.random.default_rng(7), 400, 300
    common = round(2 * ngrams_each * similarity / (1 + similarity))
    exact = common / (2 * ngrams_each - common)
    texts = []
    for _ in range(pairs):
        shared, one, other = (draw.integers(0, 10**9, n) for n in (common + 4, *[ngrams_each - common] * 2))
        texts += [" ".join(map(str, [*shared, *one])), " ".join(map(str, [*shared, *other]))]
    minima, _ = kernel_signatures(texts, 5, 112, 1)
    keys = band_keys(minima, 14, 8)
    found = (keys[:, 0::2] == keys[:, 1::2]).any(axis=0).mean()
    theory = 1 - (1 - exact**8) ** 14
    assert abs(found - theory) < 4 * np.sqrt(theory * (1 - theory) / pairs)
    assert abs((minima[0::2] == minima[1::2]).mean() - exact) < 4 * np.sqrt(exact * (1 - exact) / (112 * pairs))
