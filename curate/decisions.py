"""What became of each document of one shard: its fate, the step and rule that decided it, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curate.store import Rows, read_work, write_work

ALIVE, DROPPED, QUARANTINED = 0, 1, 2
_ARRAYS = ("fate", "step", "rule", "reached", "text_bytes")
_NOTES = {"error": pa.string(), "value": pa.string(), "head": pa.binary()}


class Decisions:
    """Arrays in row order, and notes on the few rows that have them."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.fate = np.zeros(len(rows), np.int8)
        self.step = np.full(len(rows), -1, np.int16)  # number of the step where the row left
        self.rule = np.full(len(rows), -1, np.int16)  # index in its group of the first rule that dropped it
        self.reached = np.zeros(len(rows), np.int16)  # number of the last group the row entered
        self.text_bytes = np.zeros(len(rows), np.int64)  # of the text it had last
        self.error: dict[int, str] = {}  # row -> why it is quarantined
        self.value: dict[int, str] = {}  # row -> the values its rule read
        self.head: dict[int, bytes] = {}  # row -> first bytes of what could not be processed

    @property
    def alive(self) -> Rows:
        return self.rows[self.fate == ALIVE]

    def drop(self, rows: Rows, step: int, rule: Any = -1) -> None:
        self._leave(rows, DROPPED, step, rule)

    def quarantine(self, failures: dict[int, str], step: int, heads: dict[int, bytes]) -> None:
        self._leave(np.array(sorted(failures), np.int64), QUARANTINED, step, -1)
        self.error.update(failures)
        self.head.update(heads)

    def enter(self, rows: Rows, step: int) -> None:
        """The rows are asked the rules of group `step`."""
        self.reached[self._at(rows)] = step

    def weigh(self, rows: Rows, text_bytes: Any) -> None:
        self.text_bytes[self._at(rows)] = text_bytes

    def _leave(self, rows: Rows, fate: int, step: int, rule: Any) -> None:
        at = self._at(rows)
        self.fate[at], self.step[at], self.rule[at] = fate, step, rule

    def _at(self, rows: Rows) -> Any:
        return np.searchsorted(self.rows, rows)

    @staticmethod
    def joined(parts: list[Decisions]) -> Decisions:
        """The decisions of batches that followed one another."""
        out = Decisions(np.concatenate([p.rows for p in parts]) if parts else np.empty(0, np.int64))
        for name in _ARRAYS:
            if parts:
                setattr(out, name, np.concatenate([getattr(p, name) for p in parts]))
        for name in _NOTES:
            setattr(out, name, {row: note for p in parts for row, note in getattr(p, name).items()})
        return out

    def notes(self, name: str) -> pa.Array:
        """One of the notes as a column, null for the rows that have none."""
        of = getattr(self, name)
        return pa.array([of.get(r) for r in self.rows.tolist()], _NOTES[name])

    def save(self, path: Path) -> None:
        columns = {"row": pa.array(self.rows, pa.int64())}
        columns |= {name: pa.array(getattr(self, name)) for name in _ARRAYS}
        columns |= {name: self.notes(name) for name in _NOTES}
        write_work(pa.table(columns), path)

    @classmethod
    def load(cls, path: Path) -> Decisions:
        table = read_work(path)
        out = cls(table["row"].to_numpy())
        rows = out.rows.tolist()
        for name in _ARRAYS:
            setattr(out, name, table[name].to_numpy().copy())
        for name in _NOTES:
            notes = zip(rows, table[name].to_pylist(), strict=True)
            setattr(out, name, {row: note for row, note in notes if note is not None})
        return out
