"""Checkpoints: a folder that holds a model, its tokenizer, and how far training had come.

    model.safetensors, config.json      the model, as transformers' Qwen3ForCausalLM reads it
    tokenizer.json …                    the tokenizer it was trained with
    optimizer.safetensors               the optimiser's state, where training is to go on from here
    state.json                          step, best, seeds, configuration, digests; sizes and digests of the files

A checkpoint is there whole or not at all. It is written beside its place, flushed to the disk, and renamed; one that
it replaces is renamed aside first and removed last, so that there is a whole one at every moment, and after
a kill between two renames the one renamed aside is read. Nothing in it runs code when it is read.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from curate.work import sha256, write_json
from trainers.errors import InputError
from trainers.model import GPT, Shape, shape_of
from trainers.tokenizer import TURN_END, Tokenizer, load_tokenizer

FORMAT = 1
WEIGHTS, CONFIGURATION, OPTIMIZER, STATE = "model.safetensors", "config.json", "optimizer.safetensors", "state.json"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A checkpoint that is whole: its files are those that were written. `state`: what training kept of itself."""

    folder: Path
    shape: Shape
    tokenizer: Tokenizer
    state: Mapping[str, Any]

    def model(self, dropout: float = 0.0) -> GPT:
        """The model, on the CPU, ready to be trained on or, after `.eval()`, used."""
        model = GPT(self.shape, dropout)
        self.restore(model)
        return model

    def restore(self, model: GPT, optimizer: torch.optim.Optimizer | None = None) -> None:
        """Put the weights into `model`, and the optimiser's state into `optimizer`.

        Raises InputError where they do not fit, or where the checkpoint keeps no optimiser.
        """
        tensors = _tensors(self.folder / WEIGHTS)
        if self.shape.tied and "model.embed_tokens.weight" in tensors:
            tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"]
        _fitting({n: t.shape for n, t in model.state_dict().items()}, tensors, self.folder / WEIGHTS)
        model.load_state_dict(tensors)
        if optimizer is not None:
            self._restore_optimizer(model, optimizer)

    def _restore_optimizer(self, model: GPT, optimizer: torch.optim.Optimizer) -> None:
        if OPTIMIZER not in self.state["files"]:
            raise InputError(f"{self.folder} keeps no state of the optimiser: training cannot go on from it")
        parameters = dict(model.named_parameters())
        optimizer.state.clear()
        for name, tensor in _tensors(self.folder / OPTIMIZER).items():
            parameter, _, key = name.rpartition("/")
            if parameter not in parameters:
                raise InputError(f"{self.folder / OPTIMIZER} is of another model: there is no weight {parameter!r}")
            device = parameters[parameter].device if tensor.ndim else "cpu"
            optimizer.state[parameters[parameter]][key] = tensor.to(device)


def save_checkpoint(
    folder: Path,
    model: GPT,
    tokenizer: Tokenizer,
    state: Mapping[str, Any],
    optimizer: torch.optim.Optimizer | None = None,
    chat_template: str | None = None,
) -> None:
    """Write a checkpoint, or replace the one in `folder`.

    `state` is JSON; `chat_template` (Jinja) is for a model that has learnt it. Raises InputError where `folder` holds
    something else than a checkpoint.
    """
    if not folder.exists() and _beside(folder, "old").exists():  # killed between two renames
        os.rename(_beside(folder, "old"), folder)
    if folder.exists() and not (folder / STATE).is_file():
        raise InputError(f"{folder} is there and is no checkpoint; nothing was overwritten: choose another place")
    beside = _beside(folder, "new")
    shutil.rmtree(beside, ignore_errors=True)
    tokenizer.save(beside, chat_template)
    weights = {n: t.detach().cpu().contiguous() for n, t in model.state_dict().items()}
    if model.shape.tied:
        del weights["lm_head.weight"]
    save_file(weights, beside / WEIGHTS, {"format": "pt"})
    eos = tokenizer.id_of(TURN_END) if chat_template else tokenizer.bos
    write_json(beside / CONFIGURATION, model.shape.hugging_face(tokenizer.bos, eos))
    if optimizer is not None:
        save_file(_optimizer_tensors(model, optimizer), beside / OPTIMIZER, {"format": "pt"})
    for path in beside.iterdir():
        path.chmod((beside / CONFIGURATION).stat().st_mode)  # safetensors writes for its owner alone
    files = {p.name: {"bytes": p.stat().st_size, "sha256": sha256(p)} for p in sorted(beside.iterdir())}
    write_json(beside / STATE, {"format": FORMAT, **state, "tokenizer": tokenizer.digest, "files": files})
    for path in beside.iterdir():
        _flush(path)
    _flush(beside)
    _publish(beside, folder)


def open_checkpoint(folder: Path) -> Checkpoint:
    """The checkpoint in `folder`.

    Raises InputError where there is none, where a file is missing or not the one that was written, or where model and
    tokenizer do not belong together.
    """
    folder = _standing(folder)
    if not folder.is_dir():
        raise InputError(f"there is no checkpoint {folder}")
    state = _state(folder)
    for name, written in state["files"].items():
        path = folder / name
        if not path.is_file():
            raise InputError(f"{folder} is damaged: {name} is missing")
        if path.stat().st_size != written["bytes"] or sha256(path) != written["sha256"]:
            raise InputError(f"{folder} is damaged: {name} is not the file that was written")
    tokenizer = load_tokenizer(folder)
    if tokenizer.digest != state["tokenizer"]:
        raise InputError(f"{folder} holds another tokenizer than the one its model was trained with")
    try:
        shape = shape_of(json.loads((folder / CONFIGURATION).read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{folder / CONFIGURATION} is no model of llmsapp ({type(error).__name__}: {error})") from None
    if shape.vocabulary != tokenizer.size:
        raise InputError(
            f"{folder} holds a model of {shape.vocabulary:,} ids and a tokenizer of {tokenizer.size:,}: they do not "
            "belong together"
        )
    return Checkpoint(folder, shape, tokenizer, state)


def find_checkpoint(folder: Path) -> Path:
    """`folder` itself if it is a checkpoint; else, of a training's output, its `best` or its `latest`.

    Raises InputError where there is none of them.
    """
    for place in (folder, folder / "best", folder / "latest"):
        if has_checkpoint(place):
            return place
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}")
    raise InputError(f"{folder} holds no checkpoint: neither state.json, nor `best`, nor `latest`")


def has_checkpoint(folder: Path) -> bool:
    """Whether there is a checkpoint at `folder`."""
    return (_standing(folder) / STATE).is_file()


def _state(folder: Path) -> dict[str, Any]:
    path = folder / STATE
    if not path.is_file():
        raise InputError(f"{folder} is no checkpoint of llmsapp (no {STATE})")
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if state["format"] != FORMAT:
            raise InputError(f"{path} has format {state['format']}; this version reads {FORMAT}")
        if not {WEIGHTS, CONFIGURATION, "tokenizer.json"} <= set(state["files"]):
            raise ValueError("it does not list the files of a checkpoint")
        _ = state["step"], state["tokenizer"]
        for written in state["files"].values():
            _ = written["bytes"], written["sha256"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged ({type(error).__name__}: {error})") from None
    return state


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is damaged: {error}") from None


def _fitting(wanted: Mapping[str, torch.Size], found: Mapping[str, Tensor], path: Path) -> None:
    """Raise InputError with the first weight that is missing, too many, or of another shape."""
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            raise InputError(f"{path} is of another model: the weight {name} is missing")
        if name not in wanted:
            raise InputError(f"{path} is of another model: it has a weight {name} too many")
        if found[name].shape != wanted[name]:
            shapes = f"{tuple(found[name].shape)}, expected {tuple(wanted[name])}"
            raise InputError(f"{path} is of another model: the weight {name} has shape {shapes}")


def _optimizer_tensors(model: GPT, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """`<weight>/<key>` for everything the optimiser keeps of a weight."""
    return {
        f"{name}/{key}": value.detach().cpu().contiguous()
        for name, parameter in model.named_parameters()
        if parameter in optimizer.state
        for key, value in optimizer.state[parameter].items()
    }


def _beside(folder: Path, what: str) -> Path:
    return folder.with_name(f".{folder.name}.{what}")


def _publish(beside: Path, folder: Path) -> None:
    """Put a whole new folder in the place of `folder`; `_standing` knows what stands between the two renames."""
    old = _beside(folder, "old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.rename(folder, old)
    os.rename(beside, folder)
    _flush(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def _standing(folder: Path) -> Path:
    """`folder`, or what was renamed aside if its successor has not taken its place."""
    old = _beside(folder, "old")
    return old if not folder.exists() and old.exists() else folder


def _flush(path: Path) -> None:
    """Have the disk hold what was written. A folder is flushed for the names in it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
