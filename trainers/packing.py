"""From texts to rows of tokens: a token file on disk, and the order in which training reads it.

Each document is BOS and its ids. An epoch lays all documents end to end in an order drawn from (seed, epoch) and cuts
that stream into rows of `context + 1` ids, neighbours sharing one, so that every token is a target once per epoch and
nothing is thrown away but what is left over after the last row. A row is a function of (seed, its number): a run that
was killed goes on at the very row it stopped at, without reading what came before.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from curate.work import whole, write_json
from trainers.errors import ConfigurationError, InputError
from trainers.tokenizer import Tokenizer

Ids = np.ndarray[Any, Any]

FORMAT = 1  # of token files; a change makes them anew
GROUP = 256  # documents encoded at once


@dataclass(frozen=True)
class Tokens:
    """Documents as ids (uint16 or uint32), end to end; document d is `ids[starts[d]:starts[d + 1]]`, BOS first."""

    ids: Ids
    starts: Ids

    @property
    def documents(self) -> int:
        return len(self.starts) - 1


def tokenize(texts: Iterable[str], tokenizer: Tokenizer, path: Path, key: str) -> Tokens:
    """The tokens of `texts`, from the file `path` if it was made under the same `key` and tokenizer, else made anew.

    `key` names the texts, as a digest of the content does. The file is raw little-endian ids; beside it lies a JSON
    file with what it was made from, and the starts of the documents.
    """
    kind = np.dtype("<u2" if tokenizer.size <= 1 << 16 else "<u4")
    made_from = {"format": FORMAT, "key": key, "tokenizer": tokenizer.digest, "dtype": kind.str}
    about, offsets = path.with_suffix(".json"), path.with_suffix(".starts")
    known = _known(about, made_from)
    if known is None or not _whole(path, offsets, known):
        about.unlink(missing_ok=True)  # from here until it is written again, there is no token file
        known = made_from | _encode(texts, tokenizer, path, offsets, kind)
        write_json(about, known)
    starts = np.fromfile(offsets, "<i8")
    ids = np.memmap(path, kind, mode="r") if known["tokens"] else np.zeros(0, kind)
    return Tokens(ids, starts)


def _known(about: Path, made_from: dict[str, Any]) -> dict[str, Any] | None:
    try:
        known: dict[str, Any] = json.loads(about.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return known if all(known.get(name) == value for name, value in made_from.items()) else None


def _whole(path: Path, offsets: Path, known: dict[str, Any]) -> bool:
    width = np.dtype(known["dtype"]).itemsize
    sizes = [file.stat().st_size if file.is_file() else -1 for file in (path, offsets)]
    return sizes == [known["tokens"] * width, (known["documents"] + 1) * 8]


def _encode(texts: Iterable[str], tokenizer: Tokenizer, path: Path, offsets: Path, kind: Any) -> dict[str, int]:
    starts = [0]
    group: list[str] = []

    with whole(path) as beside, beside.open("wb") as out:

        def flush() -> None:
            for ids in tokenizer.encode_batch(group, threads=os.cpu_count() or 1):
                np.array([tokenizer.bos, *ids], kind).tofile(out)
                starts.append(starts[-1] + len(ids) + 1)
            group.clear()

        for text in texts:
            group.append(text)
            if len(group) == GROUP:
                flush()
        flush()
    with whole(offsets) as beside:
        np.array(starts, "<i8").tofile(beside)
    return {"documents": len(starts) - 1, "tokens": starts[-1]}


@dataclass(eq=False)
class Packing:
    """The rows that training reads, in order, without end.

    Raises ConfigurationError where the documents do not fill a single row.
    """

    tokens: Tokens
    context: int
    seed: int
    _epoch: int = field(default=-1, init=False)
    _order: Ids = field(default_factory=lambda: np.zeros(0, np.int64), init=False)
    _ends: Ids = field(default_factory=lambda: np.zeros(0, np.int64), init=False)

    def __post_init__(self) -> None:
        total = len(self.tokens.ids)
        if total < self.context + 1:
            raise ConfigurationError(
                f"the training documents are {total:,} tokens in all, too few for one row of model.context + 1 = "
                f"{self.context + 1:,}: lower model.context or give more documents"
            )

    @property
    def rows_per_epoch(self) -> int:
        return (len(self.tokens.ids) - 1) // self.context

    def rows(self, first: int, count: int) -> Ids:
        """Rows `first` and following, int64 of shape (count, context + 1): inputs `[:, :-1]`, targets `[:, 1:]`."""
        out = np.empty((count, self.context + 1), np.int64)
        for i in range(count):
            epoch, row = divmod(first + i, self.rows_per_epoch)
            self._lay_out(epoch)
            self._copy(row * self.context, out[i])
        return out

    def _lay_out(self, epoch: int) -> None:
        if epoch == self._epoch:
            return
        random = np.random.Generator(np.random.Philox(key=[self.seed, epoch]))
        self._order = random.permutation(self.tokens.documents)
        self._ends = np.cumsum(np.diff(self.tokens.starts)[self._order])
        self._epoch = epoch

    def _copy(self, position: int, row: Ids) -> None:
        """Fill `row` from `position` of the epoch's stream on."""
        place = int(np.searchsorted(self._ends, position, side="right"))
        filled = 0
        while filled < len(row):
            document = self._order[place]
            end = int(self.tokens.starts[document + 1])
            start = end - (int(self._ends[place]) - position)
            piece = self.tokens.ids[start : min(end, start + len(row) - filled)]
            row[filled : filled + len(piece)] = piece
            filled += len(piece)
            position += len(piece)
            place += 1


def windows(tokens: Tokens, context: int, limit: int, bos: int) -> tuple[Ids, Ids]:
    """Rows to evaluate on: inputs and targets, int64 of shape (rows, context), documents in their own order.

    Each id of the first `limit` is a target exactly once, except BOS, which is not to be foretold (target -100), as is
    the filling of the last row. Raises InputError where no token is left.
    """
    ids = np.asarray(tokens.ids[:limit], np.int64)
    if not (ids != bos).any():
        raise InputError("the documents to evaluate on are empty")
    rows = -(-(len(ids) - 1) // context)
    padded = np.full(rows * context + 1, bos, np.int64)
    padded[: len(ids)] = ids
    inputs = padded[:-1].reshape(rows, context)
    targets = padded[1:].reshape(rows, context)
    return inputs, np.where(targets == bos, -100, targets)
