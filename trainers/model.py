"""The model: a decoder-only transformer of the Qwen3 kind, read from top to bottom.

- RMSNorm before attention and before the feed-forward layer, no biases anywhere
- rotary positions (half-split), after an RMSNorm of each query and key head, which keeps attention logits in bounds
- grouped-query attention, SwiGLU feed-forward
- output projections start at zero, so every block begins as the identity

The names of the weights and the fields of `config.json` are those of `Qwen3ForCausalLM`: what is saved here loads in
Hugging Face's transformers without any code of ours, and has a place in llama.cpp. Letters in comments: B rows,
T positions, H heads, D width of a head, C width of the model, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trainers.errors import ConfigurationError, InputError

IGNORED = -100  # a target that does not count


@dataclass(frozen=True)
class Shape:
    """The size of a model. `context` is the longest row of tokens it is trained on.

    Raises ConfigurationError where the numbers do not fit together.
    """

    vocabulary: int
    layers: int = 4
    width: int = 256
    heads: int = 4
    key_value_heads: int = 2  # each serves heads / key_value_heads query heads
    head_width: int = 64
    feed_forward: int = 704  # 8/3 of the width, rounded up to 32: as many weights as a plain layer of 4 times the width
    context: int = 256
    tied: bool = True  # the output layer is the embedding: right below some 100 M weights
    rope_base: float = 10_000.0  # right up to a context of 2,048; 1e6 for longer
    norm_epsilon: float = 1e-6

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name != "tied" and not getattr(self, field.name) > 0:
                raise ConfigurationError(f"model.{field.name} is {getattr(self, field.name)}; it must be above 0")
        if self.heads % self.key_value_heads:
            raise ConfigurationError(
                f"model.heads ({self.heads}) must be a multiple of model.key_value_heads ({self.key_value_heads})"
            )
        if self.head_width % 2:
            raise ConfigurationError(f"model.head_width ({self.head_width}) must be even: rotation turns pairs")

    def hugging_face(self, bos: int, eos: int) -> dict[str, Any]:
        """As the `config.json` of a Qwen3ForCausalLM whose texts begin with the id `bos` and end with `eos`."""
        return {
            "architectures": ["Qwen3ForCausalLM"],
            "model_type": "qwen3",
            "vocab_size": self.vocabulary,
            "num_hidden_layers": self.layers,
            "hidden_size": self.width,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.key_value_heads,
            "head_dim": self.head_width,
            "intermediate_size": self.feed_forward,
            "max_position_embeddings": self.context,
            "tie_word_embeddings": self.tied,
            "rope_theta": self.rope_base,  # transformers 4
            "rope_parameters": {"rope_type": "default", "rope_theta": self.rope_base},  # transformers 5
            "rms_norm_eps": self.norm_epsilon,
            "hidden_act": "silu",
            "attention_bias": False,
            "attention_dropout": 0.0,
            "use_sliding_window": False,
            "bos_token_id": bos,
            "eos_token_id": eos,
            "torch_dtype": "float32",
        }


def shape_of(configuration: dict[str, Any]) -> Shape:
    """The shape that `Shape.hugging_face` wrote.

    Raises InputError where it is another kind of model, KeyError where a field is missing.
    """
    if configuration.get("model_type") != "qwen3":
        raise InputError(f"config.json is of a {configuration.get('model_type')!r} model; this reads qwen3")
    return Shape(
        vocabulary=configuration["vocab_size"],
        layers=configuration["num_hidden_layers"],
        width=configuration["hidden_size"],
        heads=configuration["num_attention_heads"],
        key_value_heads=configuration["num_key_value_heads"],
        head_width=configuration["head_dim"],
        feed_forward=configuration["intermediate_size"],
        context=configuration["max_position_embeddings"],
        tied=configuration["tie_word_embeddings"],
        rope_base=configuration["rope_theta"],
        norm_epsilon=configuration["rms_norm_eps"],
    )


class RMSNorm(nn.Module):
    """Divides by the root of the mean square, then scales each channel."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, x.shape[-1:], self.weight.to(x.dtype), self.epsilon)


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn each pair (i, i + D/2) of channels by its angle. x: (B, H, T, D); cosine, sine: (T, D/2)."""
    left, right = x.chunk(2, dim=-1)
    return torch.cat((left * cosine - right * sine, right * cosine + left * sine), dim=-1).to(x.dtype)


class KeyValues:
    """What one layer's attention has computed of the positions read so far, so that generation computes it once.

    `keys` and `values`: (B, key-value heads, context, D), of which the first `length` positions are filled.
    """

    def __init__(self, shape: Shape, rows: int, like: Tensor) -> None:
        room = (rows, shape.key_value_heads, shape.context, shape.head_width)
        self.keys, self.values = like.new_empty(room), like.new_empty(room)
        self.length = 0

    def extend(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add the next positions; all keys and values so far."""
        start, self.length = self.length, self.length + keys.shape[2]
        self.keys[:, :, start : self.length] = keys
        self.values[:, :, start : self.length] = values
        return self.keys[:, :, : self.length], self.values[:, :, : self.length]


class Attention(nn.Module):
    """Causal attention; each position looks at itself and what came before."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.key_value_heads = shape.heads, shape.key_value_heads
        self.head_width = shape.head_width
        self.q_proj = nn.Linear(shape.width, shape.heads * shape.head_width, bias=False)
        self.k_proj = nn.Linear(shape.width, shape.key_value_heads * shape.head_width, bias=False)
        self.v_proj = nn.Linear(shape.width, shape.key_value_heads * shape.head_width, bias=False)
        self.o_proj = nn.Linear(shape.heads * shape.head_width, shape.width, bias=False)
        self.q_norm = RMSNorm(shape.head_width, shape.norm_epsilon)
        self.k_norm = RMSNorm(shape.head_width, shape.norm_epsilon)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, past: KeyValues | None) -> Tensor:
        rows, length, _ = x.shape
        q = self.q_proj(x).view(rows, length, self.heads, self.head_width)
        k = self.k_proj(x).view(rows, length, self.key_value_heads, self.head_width)
        v = self.v_proj(x).view(rows, length, self.key_value_heads, self.head_width).transpose(1, 2)
        q = rotate(self.q_norm(q).transpose(1, 2), cosine, sine)  # (B, H, T, D)
        k = rotate(self.k_norm(k).transpose(1, 2), cosine, sine)
        mask = None
        if past is not None:
            k, v = past.extend(k, v)
            # Position i of these sees all that came before and, of these, the first i + 1.
            mask = torch.ones(length, k.shape[2], dtype=torch.bool, device=x.device).tril(k.shape[2] - length)
        served = self.heads // self.key_value_heads
        if served > 1:
            k, v = k.repeat_interleave(served, dim=1), v.repeat_interleave(served, dim=1)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        out: Tensor = self.o_proj(y.transpose(1, 2).reshape(rows, length, -1))
        return out


class FeedForward(nn.Module):
    """SwiGLU: a gated layer and back."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.width, shape.feed_forward, bias=False)
        self.up_proj = nn.Linear(shape.width, shape.feed_forward, bias=False)
        self.down_proj = nn.Linear(shape.feed_forward, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class Block(nn.Module):
    """Attention, then feed-forward, each added to what came in."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(shape.width, shape.norm_epsilon)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = RMSNorm(shape.width, shape.norm_epsilon)
        self.mlp = FeedForward(shape)
        self.dropout = dropout

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, past: KeyValues | None) -> Tensor:
        x = x + F.dropout(self.self_attn(self.input_layernorm(x), cosine, sine, past), self.dropout, self.training)
        return x + F.dropout(self.mlp(self.post_attention_layernorm(x)), self.dropout, self.training)


class Decoder(nn.Module):
    """Embedding, blocks, last norm."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(Block(shape, dropout) for _ in range(shape.layers))
        self.norm = RMSNorm(shape.width, shape.norm_epsilon)
        self.dropout = dropout

    def forward(self, tokens: Tensor, cosine: Tensor, sine: Tensor, past: list[KeyValues] | None) -> Tensor:
        x = F.dropout(self.embed_tokens(tokens), self.dropout, self.training)
        for i, layer in enumerate(self.layers):
            x = layer(x, cosine, sine, past[i] if past else None)
        normed: Tensor = self.norm(x)
        return normed


class GPT(nn.Module):
    """The language model. `dropout` acts on the embedding and on what each block adds, in training only.

    The weights are random from `seed`: equal seeds, equal models.
    """

    def __init__(self, shape: Shape, dropout: float = 0.0, seed: int = 0) -> None:
        super().__init__()
        self.shape = shape
        self.model = Decoder(shape, dropout)
        self.lm_head = nn.Linear(shape.width, shape.vocabulary, bias=False)
        if shape.tied:
            self.lm_head.weight = self.model.embed_tokens.weight
        self._table: tuple[Tensor, Tensor] | None = None  # of angles; made on the device it is first needed on
        self._initialise(torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def _initialise(self, random: torch.Generator) -> None:
        # Blocks that begin as the identity hand each token's own embedding on to the output layer. Where that is the
        # embedding again, the token foretells itself, by a logit of width times std times the last norm's scale: begun
        # at 1, training would start far above the loss of knowing nothing. The scale chosen makes this logit 4.
        # Embeddings have to be large beside what blocks add to them in their first steps: with a std of 0.02 the demo
        # had 2.70 bits per byte after 400 steps, with these about 2.1.
        width, tied = self.shape.width, self.shape.tied
        if tied:
            self.model.norm.weight.fill_(4 * width**-0.5)
        for name, weight in self.named_parameters():
            if weight.ndim < 2:
                continue  # the other norms begin at one
            if name.endswith(("o_proj.weight", "down_proj.weight")) or name == "lm_head.weight":
                nn.init.zeros_(weight)
            elif name == "model.embed_tokens.weight":
                nn.init.normal_(weight, std=width**-0.5 if tied else 1.0, generator=random)
            else:
                nn.init.normal_(weight, std=weight.shape[1] ** -0.5, generator=random)

    def forward(self, tokens: Tensor, past: list[KeyValues] | None = None) -> Tensor:
        """Logits of the next token, shape (B, T, V), from tokens of shape (B, T).

        `past`, from `past()`: what was read before `tokens`; they are added to it. Raises ValueError where that is
        more than the context.
        """
        start = past[0].length if past else 0
        if start + tokens.shape[1] > self.shape.context:
            raise ValueError(f"{start + tokens.shape[1]} tokens are more than the context of {self.shape.context}")
        cosine, sine = self._angles(start, tokens.shape[1], tokens.device)
        logits: Tensor = self.lm_head(self.model(tokens, cosine, sine, past))
        return logits

    def past(self, rows: int = 1) -> list[KeyValues]:
        """An empty past, to generate `rows` texts with."""
        return [KeyValues(self.shape, rows, self.lm_head.weight) for _ in range(self.shape.layers)]

    def _angles(self, start: int, length: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Cosine and sine of the rotation at each position: two tensors of shape (length, D/2)."""
        if self._table is None or self._table[0].device != device:
            half = torch.arange(0, self.shape.head_width, 2, dtype=torch.float32, device=device)
            frequencies = self.shape.rope_base ** -(half / self.shape.head_width)
            angles = torch.outer(torch.arange(self.shape.context, device=device).float(), frequencies)
            self._table = (angles.cos(), angles.sin())
        cosine, sine = self._table
        return cosine[start : start + length], sine[start : start + length]

    def loss(self, tokens: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
        """Cross-entropy in nats of `targets`, shape (B, T); IGNORED ones do not count.

        `reduction`: "mean" (a number), "sum", or "none" (shape (B*T,), 0 where ignored).
        """
        logits = self(tokens).float()
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction=reduction)

    def weights(self) -> int:
        """How many numbers training sets; a tied output layer is counted once."""
        return sum(p.numel() for p in self.parameters())
