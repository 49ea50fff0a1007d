"""The model: Qwen3's arithmetic, causal, and the same with and without a past."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from tests.trainers_fixture import tiny_model, tiny_shape
from trainers.errors import ConfigurationError, InputError
from trainers.model import GPT, IGNORED, Shape, shape_of

TOKENS = torch.randint(0, 400, (2, 17), generator=torch.Generator().manual_seed(5))


def norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    return weight * (x / torch.sqrt((x * x).mean(-1, keepdim=True) + epsilon))


def turned(x: Tensor, position: int, base: float) -> Tensor:
    """Rotary position of one head's vector: channel i and channel i + D/2 are a point, turned by its angle."""
    half = len(x) // 2
    out = torch.empty_like(x)
    for i in range(half):
        angle = position * base ** (-2 * i / len(x))
        out[i] = x[i] * math.cos(angle) - x[i + half] * math.sin(angle)
        out[i + half] = x[i + half] * math.cos(angle) + x[i] * math.sin(angle)
    return out


def slow_logits(weights: dict[str, Tensor], shape: Shape, row: Tensor) -> Tensor:
    """Qwen3, position by position and head by head, from the weights by their names in transformers."""
    heads, kv_heads, width, eps = shape.heads, shape.key_value_heads, shape.head_width, shape.norm_epsilon
    xs = [weights["model.embed_tokens.weight"][int(token)] for token in row]
    for n in range(shape.layers):
        w = {k.removeprefix(f"model.layers.{n}."): v for k, v in weights.items() if k.startswith(f"model.layers.{n}.")}
        queries, keys, values = [], [], []
        for t, x in enumerate(xs):
            h = norm(x, w["input_layernorm.weight"], eps)
            q = (w["self_attn.q_proj.weight"] @ h).view(heads, width)
            k = (w["self_attn.k_proj.weight"] @ h).view(kv_heads, width)
            queries.append([turned(norm(v, w["self_attn.q_norm.weight"], eps), t, shape.rope_base) for v in q])
            keys.append([turned(norm(v, w["self_attn.k_norm.weight"], eps), t, shape.rope_base) for v in k])
            values.append((w["self_attn.v_proj.weight"] @ h).view(kv_heads, width))
        for t, x in enumerate(xs):
            seen = []
            for head in range(heads):
                shared = head // (heads // kv_heads)
                scores = torch.stack([queries[t][head] @ keys[u][shared] for u in range(t + 1)]) / math.sqrt(width)
                seen.append(sum(p * values[u][shared] for u, p in enumerate(torch.softmax(scores, 0))))
            x = x + w["self_attn.o_proj.weight"] @ torch.cat(seen)
            h = norm(x, w["post_attention_layernorm.weight"], eps)
            gate, up = w["mlp.gate_proj.weight"] @ h, w["mlp.up_proj.weight"] @ h
            xs[t] = x + w["mlp.down_proj.weight"] @ (gate * torch.sigmoid(gate) * up)
    head = weights["model.embed_tokens.weight" if shape.tied else "lm_head.weight"]
    return torch.stack([head @ norm(x, weights["model.norm.weight"], eps) for x in xs])


@pytest.mark.parametrize(
    "changes", [{}, {"tied": False, "key_value_heads": 1}, {"key_value_heads": 4, "rope_base": 50.0}]
)
@torch.no_grad()
def test_it_is_qwen3(changes: dict[str, object]) -> None:
    model = tiny_model(**changes)
    weights = {name: w.double() for name, w in model.state_dict().items()}
    slow = slow_logits(weights, model.shape, TOKENS[0])
    assert (slow.abs().max() > 1) and torch.allclose(model(TOKENS[:1])[0].double(), slow, atol=1e-4)


@torch.no_grad()
def test_a_later_token_changes_nothing_before_it() -> None:
    model = tiny_model()
    other = TOKENS.clone()
    other[:, 9:] = (other[:, 9:] + 1) % 400
    before, after = model(TOKENS), model(other)
    assert torch.allclose(before[:, :9], after[:, :9], atol=1e-6)
    assert not torch.allclose(before[:, 9:], after[:, 9:], atol=1e-2)


@torch.no_grad()
@pytest.mark.parametrize("cuts", [[17], [1] * 17, [5, 1, 8, 3]])
def test_with_a_past_the_logits_are_the_same(cuts: list[int]) -> None:
    model = tiny_model()
    past = model.past(rows=2)
    pieces = [model(piece, past) for piece in TOKENS.split(cuts, dim=1)]
    assert torch.allclose(torch.cat(pieces, 1), model(TOKENS), atol=1e-5)
    with pytest.raises(ValueError, match="more than the context of 32"):
        model(TOKENS, past)


def test_an_untrained_model_knows_nothing() -> None:
    for width in (32, 768):
        model = GPT(tiny_shape(width=width, vocabulary=4000, layers=1))
        tokens = torch.randint(0, 4000, (4, 32), generator=torch.Generator().manual_seed(1))
        loss = float(model.loss(tokens[:, :-1], tokens[:, 1:]).detach())
        assert loss == pytest.approx(math.log(4000), abs=0.4)
        untied = GPT(tiny_shape(width=width, vocabulary=4000, layers=1, tied=False))
        assert float(untied.loss(tokens[:, :-1], tokens[:, 1:]).detach()) == pytest.approx(math.log(4000), abs=1e-3)


def test_equal_seeds_equal_models_and_the_head_is_the_embedding() -> None:
    one, same, other = GPT(tiny_shape(), seed=1), GPT(tiny_shape(), seed=1), GPT(tiny_shape(), seed=2)
    assert torch.equal(one(TOKENS), same(TOKENS))
    assert not torch.equal(one(TOKENS), other(TOKENS))
    assert one.lm_head.weight is one.model.embed_tokens.weight
    assert GPT(tiny_shape(tied=False)).weights() == one.weights() + 400 * 32
    assert one(TOKENS).shape == (2, 17, 400)


def test_ignored_targets_do_not_count() -> None:
    model = tiny_model()
    targets = TOKENS.clone()
    targets[:, 3:] = IGNORED
    summed = float(model.loss(TOKENS, targets, "sum").detach())
    assert summed == pytest.approx(6 * float(model.loss(TOKENS, targets).detach()), rel=1e-5)
    log_probabilities = torch.log_softmax(model(TOKENS).detach(), -1)
    by_hand = -sum(float(log_probabilities[r, t, TOKENS[r, t]]) for r in range(2) for t in range(3))
    assert summed == pytest.approx(by_hand, rel=1e-5)


def test_dropout_acts_in_training_only() -> None:
    model = GPT(tiny_shape(), dropout=0.5, seed=1)
    plain = GPT(tiny_shape(), seed=1)
    assert not torch.equal(model.train()(TOKENS), plain(TOKENS))
    assert torch.equal(model.eval()(TOKENS), plain(TOKENS))


def test_the_shape_in_transformers_words() -> None:
    shape = tiny_shape(tied=False, rope_base=5e5)
    written = shape.hugging_face(bos=7, eos=8)
    assert shape_of(written) == shape
    assert written["architectures"] == ["Qwen3ForCausalLM"]
    assert written["rope_parameters"]["rope_theta"] == written["rope_theta"] == 5e5
    with pytest.raises(InputError, match="'gpt2' model; this reads qwen3"):
        shape_of({"model_type": "gpt2"})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"heads": 3}, r"model.heads \(3\) must be a multiple of model.key_value_heads \(2\)"),
        ({"head_width": 7}, r"model.head_width \(7\) must be even"),
        ({"layers": 0}, "model.layers is 0; it must be above 0"),
    ],
)
def test_numbers_that_do_not_fit(changes: dict[str, int], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        tiny_shape(**changes)
