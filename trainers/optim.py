"""The optimiser: AdamW, its learning rate as a pure function of the step, and gradients kept in bounds."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import nn

from trainers.config import Section


class OptimizerSection(Section):
    """`optimizer:` of a configuration."""

    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e-3  # at its highest, after the warm-up
    final: Annotated[float, Field(ge=0, le=1)] = 0.1  # learning rate at the last step, as a part of the highest
    warmup: Annotated[int, Field(ge=0)] = 100  # steps from 0 up to the highest learning rate
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.1
    beta1: Annotated[float, Field(ge=0, lt=1)] = 0.9
    beta2: Annotated[float, Field(ge=0, lt=1)] = 0.95  # 0.999 remembers spikes of the gradient for too long
    clip: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0  # longest gradient taken as it is


def adamw(model: nn.Module, settings: OptimizerSection) -> torch.optim.AdamW:
    """AdamW over what is to be trained. Only matrices decay: a norm's scale has no reason to be small.

    Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019.
    """
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": settings.weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [g for g in groups if g["params"]],
        lr=settings.learning_rate,
        betas=(settings.beta1, settings.beta2),
        fused=True,
    )


def learning_rate(step: int, steps: int, settings: OptimizerSection) -> float:
    """The learning rate of step `step`, from 0, of `steps`: a straight warm-up, then half a cosine down to `final`.

    Source: Loshchilov and Hutter, SGDR, 2017, without restarts.
    """
    if step < settings.warmup:
        return settings.learning_rate * (step + 1) / settings.warmup
    along = (step - settings.warmup) / max(steps - 1 - settings.warmup, 1)
    cosine = 0.5 * (1 + math.cos(math.pi * min(along, 1.0)))
    return settings.learning_rate * (settings.final + (1 - settings.final) * cosine)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Use `rate` from the next step on."""
    for group in optimizer.param_groups:
        group["lr"] = rate
