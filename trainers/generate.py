"""Generation: a model continues a prompt, a token at a time.

llmsapp generate MODEL -p PROMPT [--tokens N] [--temperature T] [--top-k K] [--seed S] [--chat]
"""

from __future__ import annotations

import codecs
import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trainers.errors import ConfigurationError
from trainers.model import GPT
from trainers.tokenizer import Tokenizer


@dataclass(frozen=True)
class Sampling:
    """How ids are drawn. Raises ConfigurationError where a setting means nothing."""

    tokens: int = 200  # at most
    temperature: float = 0.8  # 0: always the likeliest
    top_k: int | None = None  # from the k likeliest only; null: from all
    seed: int = 1

    def __post_init__(self) -> None:
        if self.tokens < 1:
            raise ConfigurationError(f"tokens is {self.tokens}; it must be 1 or more")
        if not 0 <= self.temperature < math.inf:
            raise ConfigurationError(f"temperature is {self.temperature}; it must be 0 (the likeliest) or more")
        if self.top_k is not None and self.top_k < 1:
            raise ConfigurationError(f"top-k is {self.top_k}; it must be 1 or more, or left out for all tokens")
        if not 0 <= self.seed < 1 << 63:
            raise ConfigurationError(f"seed is {self.seed}; it must be from 0 to 2^63 - 1")


def choose(logits: Tensor, sampling: Sampling, random: torch.Generator) -> int:
    """One id, drawn from logits of shape (V,)."""
    if sampling.temperature == 0:
        return int(logits.argmax())
    likeliest = logits.double().topk(min(sampling.top_k or len(logits), len(logits)))  # the largest first
    # 0 and below, however small the temperature.
    scaled = (likeliest.values - likeliest.values[0]) / sampling.temperature
    return int(likeliest.indices[torch.multinomial(torch.softmax(scaled, 0), 1, generator=random)])


@torch.no_grad()
def generate(model: GPT, prompt: Sequence[int], sampling: Sampling, stop: Collection[int]) -> Iterator[int]:
    """The ids that follow `prompt`, up to but without the first of `stop`.

    Each id costs one position, as keys and values are kept. Where the context is full, its later half is read anew:
    what came before is forgotten.
    """
    model.eval()
    device = model.lm_head.weight.device
    random = torch.Generator().manual_seed(sampling.seed)
    context = model.shape.context
    text = list(prompt)
    past, fresh = model.past(), text[-context:]
    for _ in range(sampling.tokens):
        if past[0].length + len(fresh) > context:
            past, fresh = model.past(), text[-max(context // 2, 1) :]
        logits = model(torch.tensor([fresh], device=device), past)[0, -1].float().cpu()
        chosen = choose(logits, sampling, random)
        if chosen in stop:
            return
        yield chosen
        text.append(chosen)
        fresh = [chosen]


def pieces(ids: Iterable[int], tokenizer: Tokenizer) -> Iterator[str]:
    """The text of ids, piece by piece as they come. A character that spans ids comes whole, with the last of them."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for i in ids:
        piece = decoder.decode(tokenizer.decode_bytes([i]))
        if piece:
            yield piece
    rest = decoder.decode(b"", final=True)
    if rest:
        yield rest


def ends(tokenizer: Tokenizer) -> frozenset[int]:
    """Where a text ends: at every special token. The next document begins, a turn ends, or there is nothing more."""
    return frozenset(tokenizer.id_of(name) for name in tokenizer.special)
