"""Conversations as tokens: the chat template, and which tokens a model is to learn from.

The template is ChatML, which llama.cpp and Ollama know by sight:

    <|bos|><|im_start|>user⏎{question}<|im_end|>⏎<|im_start|>assistant⏎{answer}<|im_end|>⏎

Only what the assistant says counts, and the <|im_end|> that ends it: a model learns to answer and to stop, not to ask.
Contents are encoded apart from the template, so that the name of a special token within a content stays text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from trainers.errors import InputError
from trainers.tokenizer import TURN_END, TURN_START, Tokenizer

ASSISTANT = "assistant"

# The same template for programs that read it from `tokenizer_config.json`, in the language of those files (Jinja).
JINJA = (
    "{{ bos_token }}{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + "
    "'<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


class Encoded(NamedTuple):
    """A conversation as ids, and for each id whether the model is to learn to say it. Both have the same length."""

    ids: list[int]
    counted: list[bool]


def encode(messages: Iterable[tuple[str, str]], tokenizer: Tokenizer) -> Encoded:
    """The whole conversation of `messages`, (role, content) in order. Raises InputError without the special tokens."""
    start, end = turn_marks(tokenizer)
    ids, counted = [tokenizer.bos], [False]
    newline = tokenizer.encode("\n")
    for role, content in messages:
        header = [start, *tokenizer.encode(f"{role}\n")]
        body = [*tokenizer.encode(content), end]
        ids += [*header, *body, *newline]
        counted += [False] * len(header) + [role == ASSISTANT] * len(body) + [False] * len(newline)
    return Encoded(ids, counted)


def prompt(messages: Iterable[tuple[str, str]], tokenizer: Tokenizer) -> list[int]:
    """The ids that a model continues with the assistant's next turn, up to and with the assistant's header."""
    start, _ = turn_marks(tokenizer)
    return [*encode(messages, tokenizer).ids, start, *tokenizer.encode(f"{ASSISTANT}\n")]


def turn_marks(tokenizer: Tokenizer) -> tuple[int, int]:
    """The ids that begin and end a turn. Raises InputError where the tokenizer has none."""
    missing = [name for name in (TURN_START, TURN_END) if name not in tokenizer.special]
    if missing:
        raise InputError(
            f"the tokenizer has no special token {' and no '.join(missing)}, which the chat template needs: train one "
            "with `llmsapp tokenizer train`, and a model with it"
        )
    return tokenizer.id_of(TURN_START), tokenizer.id_of(TURN_END)
