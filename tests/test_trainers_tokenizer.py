"""The tokenizer: equal ids in tiktoken, in tokenizers and here; nothing is lost; merges in the order of training."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import tiktoken
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.awkward import TEXTS
from tests.reference_bpe import encode as slow_encode
from tests.reference_bpe import train as slow_train
from tests.trainers_fixture import TRAINING, small_tokenizer
from trainers import tokenizer as module
from trainers.errors import ConfigurationError, InputError
from trainers.tokenizer import BOS, BYTES, PATTERN, SPECIAL, Tokenizer, load_tokenizer, save_new, train_tokenizer

NASTY = [
    *(text for text in TEXTS if text is not None and len(text) < 5000),
    "白鹤在湖边，“水獭”说：不！　全角　空格……𠮷野家",
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301 é ﬁ",
    "def f(x):\n\treturn {'a': x ** 2}  # ok\r\n\r\n\n",
    "1234567 3.14 ½ ٣٤ 第12345号",
    "   leading,  doubled,   and trailing   ",
    "\x00\x01\x7f\u200b\ufeff\u2028",
    "don't DON'T we'LL 'sa ''s",
    f"{BOS} is text here, and so is <|im_start|>user",
    "�\ufffe",
]


@pytest.fixture(scope="module")
def hugging_face(tmp_path_factory: pytest.TempPathFactory) -> tokenizers.Tokenizer:
    folder = tmp_path_factory.mktemp("tokenizer")
    small_tokenizer().save(folder)
    return tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))


def same_everywhere(text: str, hugging_face: tokenizers.Tokenizer) -> None:
    ours = small_tokenizer()
    ids = ours.encode(text)
    hugging_face.encode_special_tokens = True  # names of special tokens are text, as everywhere here
    assert hugging_face.encode(text).ids == ids
    assert slow_encode(text, ours) == ids
    assert ours.decode(ids) == text
    assert hugging_face.decode(ids) == text


@pytest.mark.parametrize("text", NASTY)
def test_ids_are_the_same_everywhere(text: str, hugging_face: tokenizers.Tokenizer) -> None:
    same_everywhere(text, hugging_face)


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("the otr白鹤在过河 \n'")), max_size=60)
)
def test_any_text_comes_back(hugging_face: tokenizers.Tokenizer, text: str) -> None:
    same_everywhere(text, hugging_face)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab中", min_size=1, max_size=12), min_size=4, max_size=30), st.text("ab中", max_size=40))
def test_texts_that_repeat_themselves(texts: list[str], text: str) -> None:
    """Few letters make tokens that overlap in every way; the order of joining then shows in the ids."""
    tokens = slow_train(texts, 12)
    trained = Tokenizer(tuple(tokens))
    fast = tokenizers.Tokenizer.from_str(json.dumps(trained.hugging_face()))
    assert trained.encode(text) == slow_encode(text, trained) == fast.encode(text).ids


def test_special_tokens_have_the_same_ids_everywhere(hugging_face: tokenizers.Tokenizer) -> None:
    ours = small_tokenizer()
    for name in SPECIAL:
        assert hugging_face.token_to_id(name) == ours.id_of(name) == ours.encoding.encode_single_token(name)
    assert ours.size == hugging_face.get_vocab_size() == ours.encoding.n_vocab
    hugging_face.encode_special_tokens = False
    text = f"{BOS}heron<|im_end|>"
    assert hugging_face.encode(text).ids == ours.encoding.encode(text, allowed_special="all")


def test_the_ranks_file_is_tiktokens(tmp_path: Path) -> None:
    ours = small_tokenizer()
    ours.save(tmp_path)
    lines = (tmp_path / "tokenizer.tiktoken").read_text().splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in map(str.split, lines)}
    read = tiktoken.Encoding("read", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})
    assert all(read.encode_ordinary(text) == ours.encode(text) for text in NASTY)


def test_merges_are_learnt_in_order_of_frequency() -> None:
    texts = TRAINING[:8]
    trained = train_tokenizer(texts, BYTES + len(SPECIAL) + 60)
    assert list(trained.tokens) == slow_train(texts, 60)
    assert trained.digest == train_tokenizer(texts, trained.size).digest
    assert train_tokenizer(texts[::-1], trained.size).digest == trained.digest  # the order of texts does not matter


def test_saved_and_loaded_it_is_the_same(tmp_path: Path) -> None:
    ours = small_tokenizer()
    save_new(ours, tmp_path)
    loaded = load_tokenizer(tmp_path)
    assert (loaded.tokens, loaded.special, loaded.pattern, loaded.digest) == (
        ours.tokens,
        ours.special,
        ours.pattern,
        ours.digest,
    )
    save_new(loaded, tmp_path)
    with pytest.raises(ConfigurationError, match="another tokenizer"):
        save_new(train_tokenizer(TRAINING, 300), tmp_path)
    assert load_tokenizer(tmp_path).digest == ours.digest


def test_a_run_of_spaces_that_ends_tiktoken(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = small_tokenizer()
    text = "heron" + " " * 1_000_000 + "otter"
    assert ours.decode(ours.encode(text)) == text
    assert ours.encode_batch([text, "otter"], threads=1) == [ours.encode(text), ours.encode("otter")]
    monkeypatch.setattr(module, "LONGEST_WHITE_RUN", 10)  # shorter texts are not cut where they need not be
    assert ours.encode("a b c d e f g h i j") == slow_encode("a b c d e f g h i j", ours)


def test_bytes_of_ids() -> None:
    ours = small_tokenizer()
    text = "白鹤 crossed"
    assert int(ours.byte_lengths[ours.encode(text)].sum()) == len(text.encode())
    assert ours.byte_lengths[ours.bos] == 0


@pytest.mark.parametrize(
    ("texts", "size", "words"),
    [
        (TRAINING, 260, "a vocabulary of 260 is too small: bytes and special tokens alone are 260"),
        (["abab"], 300, "allows a vocabulary of 261 at most"),
        ([], 300, "at most"),
    ],
)
def test_a_vocabulary_that_cannot_be(texts: list[str], size: int, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        train_tokenizer(texts, size)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda text: text[:200], "damaged"),
        (lambda text: text.replace(BOS, "<|endoftext|>"), "no special token"),
        (lambda text: text.replace('"a": 97', '"a": 9797'), "damaged"),
        (lambda text: "[]", "damaged"),
    ],
    ids=["cut off", "another's", "ids with gaps", "no object"],
)
def test_a_damaged_tokenizer_is_refused(tmp_path: Path, damage: object, words: str) -> None:
    small_tokenizer().save(tmp_path)
    path = tmp_path / "tokenizer.json"
    path.write_text(damage(path.read_text(encoding="utf-8")), encoding="utf-8")  # type: ignore[operator]
    with pytest.raises(InputError, match=words):
        load_tokenizer(tmp_path)
