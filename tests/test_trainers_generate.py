"""Generation: deterministic by seed, only from the likeliest, whole characters, past the context, to an end."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from tests.trainers_fixture import small_tokenizer, tiny_model
from trainers.errors import ConfigurationError
from trainers.generate import Sampling, choose, ends, generate, pieces
from trainers.tokenizer import SPECIAL, Tokenizer

PROMPT = [5, 17, 300, 42]


@torch.no_grad()
def test_temperature_0_is_the_likeliest_of_the_whole_text() -> None:
    """Each id is the first choice of a model that reads the text anew, without any past."""
    model = tiny_model()
    ids = list(generate(model, PROMPT, Sampling(tokens=20, temperature=0), stop=()))
    text = list(PROMPT)
    for i in ids:
        assert i == int(model(torch.tensor([text]))[0, -1].argmax())
        text.append(i)
    assert len(ids) == 20


def test_equal_seeds_equal_texts() -> None:
    texts = [tuple(generate(tiny_model(), PROMPT, Sampling(15, 1.5, None, seed), stop=())) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_only_from_the_likeliest() -> None:
    logits = torch.tensor([0.0, 3.0, 1.0, 2.0, -1.0])
    random = torch.Generator().manual_seed(1)
    for top_k, allowed in ((1, {1}), (3, {1, 2, 3}), (None, {0, 1, 2, 3, 4}), (99, {0, 1, 2, 3, 4})):
        drawn = {choose(logits, Sampling(temperature=3.0, top_k=top_k), random) for _ in range(400)}
        assert drawn == allowed
    assert {choose(logits, Sampling(temperature=1e-300), random) for _ in range(5)} == {1}


def test_drawn_as_often_as_likely() -> None:
    logits = torch.tensor([0.0, 1.0, 2.0])
    random = torch.Generator().manual_seed(1)
    drawn = [choose(logits, Sampling(temperature=2.0), random) for _ in range(4000)]
    wanted = torch.softmax(logits / 2.0, 0)
    assert [drawn.count(i) / 4000 for i in range(3)] == pytest.approx(wanted.tolist(), abs=0.03)


def test_it_stops_before_an_end() -> None:
    model = tiny_model()
    free = list(generate(model, PROMPT, Sampling(20, 1.5), stop=()))
    end = free[10]
    assert list(generate(model, PROMPT, Sampling(20, 1.5), stop={end})) == free[: free.index(end)]
    tokenizer = small_tokenizer()
    assert ends(tokenizer) == {tokenizer.id_of(name) for name in SPECIAL}


@torch.no_grad()
def test_past_the_context_the_later_half_is_read_anew() -> None:
    model = tiny_model()  # its context is 32
    long_prompt = [i % 400 for i in range(50)]
    ids = list(generate(model, long_prompt, Sampling(40, temperature=0), stop=()))
    assert len(ids) == 40
    assert ids[0] == int(model(torch.tensor([long_prompt[-32:]]))[0, -1].argmax())
    assert ids[1] == int(model(torch.tensor([[*long_prompt, ids[0]][-16:]]))[0, -1].argmax())


def bytewise(text: str, tokenizer: Tokenizer) -> Iterator[int]:
    """The ids of single bytes: every character of more than one byte is torn apart."""
    yield from text.encode()


def test_characters_come_whole() -> None:
    text = "a白鹤🙂é"
    assert list(pieces(bytewise(text, small_tokenizer()), small_tokenizer())) == ["a", "白", "鹤", "🙂", "é"]
    cut = itertools.islice(bytewise("白鹤", small_tokenizer()), 4)
    assert list(pieces(cut, small_tokenizer())) == ["白", "�"]


@pytest.mark.parametrize(
    "setting", [{"tokens": 0}, {"temperature": -1.0}, {"temperature": float("nan")}, {"top_k": 0}, {"seed": -1}]
)
def test_settings_that_mean_nothing(setting: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(setting)).replace("_", "-")):
        Sampling(**setting)
