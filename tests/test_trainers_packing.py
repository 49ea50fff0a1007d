"""From texts to rows: every token is a target once per epoch, rows are a function of their number, files are reused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainers_fixture import TRAINING, small_tokenizer, write_run
from trainers.data import open_run
from trainers.errors import ConfigurationError, InputError
from trainers.packing import Packing, Tokens, tokenize, windows

BOS = 0


def documents(*lengths: int) -> Tokens:
    """Documents of these lengths, BOS included; every other id occurs once in all."""
    starts = np.concatenate([[0], np.cumsum(lengths)])
    ids = np.arange(1, starts[-1] + 1)
    ids[starts[:-1]] = BOS
    return Tokens(ids.astype("<u2"), starts)


LENGTHS = st.lists(st.integers(1, 30), min_size=1, max_size=12)


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 16), st.integers(0, 3))
def test_every_token_is_a_target_once_per_epoch(lengths: list[int], context: int, epoch: int) -> None:
    tokens = documents(*lengths)
    if sum(lengths) <= context:
        with pytest.raises(ConfigurationError, match="too few for one row"):
            Packing(tokens, context, seed=1)
        return
    packing = Packing(tokens, context, seed=1)
    rows = packing.rows(epoch * packing.rows_per_epoch, packing.rows_per_epoch)
    targets = Counter(rows[:, 1:].ravel().tolist())
    assert all(count == 1 for i, count in targets.items() if i != BOS)
    # What is left over after the last row is shorter than a row; nothing else is missing but the very first id.
    assert len(tokens.ids) - 1 - sum(targets.values()) < context
    assert (rows[1:, 0] == rows[:-1, -1]).all()  # neighbours share one id, so that its successor is a target too


@settings(deadline=None)
@given(LENGTHS.filter(lambda lengths: sum(lengths) > 8), st.integers(0, 40), st.integers(1, 5))
def test_a_row_depends_on_its_number_alone(lengths: list[int], first: int, count: int) -> None:
    tokens = documents(*lengths)
    in_order = Packing(tokens, 7, seed=5)
    before = [in_order.rows(i, 1)[0] for i in range(first + count)]
    assert np.array_equal(Packing(tokens, 7, seed=5).rows(first, count), before[first:])


def test_documents_come_whole_and_in_another_order_each_epoch_and_seed() -> None:
    tokens = documents(*[5] * 40)
    orders = set()
    for seed, epoch in ((1, 0), (1, 1), (2, 0)):
        packing = Packing(tokens, 199, seed)
        row = packing.rows(epoch, 1)[0]
        pieces = row.reshape(40, 5)
        assert (pieces[:, 0] == BOS).all()
        assert (np.diff(pieces[:, 1:]) == 1).all()
        orders.add(tuple(pieces[:, 1]))
    assert len(orders) == 3
    assert all(sorted(order) == sorted(next(iter(orders))) for order in orders)


def test_what_is_evaluated() -> None:
    inputs, targets = windows(documents(4, 3, 5), 5, limit=10, bos=BOS)
    assert inputs.tolist() == [[0, 2, 3, 4, 0], [6, 7, 0, 9, 10]]
    assert targets.tolist() == [[2, 3, 4, -100, 6], [7, -100, 9, 10, -100]]
    with pytest.raises(InputError, match="empty"):
        windows(documents(1, 1), 5, limit=10, bos=BOS)


def forbidden() -> Iterator[str]:
    raise AssertionError("the texts were read again")
    yield ""


def test_token_files_are_used_again_and_made_anew(tmp_path: Path) -> None:
    tokenizer, path = small_tokenizer(), tmp_path / "tokens" / "train.bin"
    made = tokenize(TRAINING, tokenizer, path, "key")
    wanted = [[tokenizer.bos, *tokenizer.encode(text)] for text in TRAINING]
    assert [made.ids[a:b].tolist() for a, b in zip(made.starts, made.starts[1:], strict=False)] == wanted
    again = tokenize(forbidden(), tokenizer, path, "key")
    assert np.array_equal(again.ids, made.ids)
    assert np.array_equal(again.starts, made.starts)
    with path.open("ab") as file:
        file.write(b"\0")
    assert np.array_equal(tokenize(TRAINING, tokenizer, path, "key").ids, made.ids)  # another size: made anew
    assert tokenize(TRAINING[:3], tokenizer, path, "another key").documents == 3
    path.with_suffix(".json").unlink()  # as a kill while writing leaves it
    assert tokenize(TRAINING[:4], tokenizer, path, "another key").documents == 4
    assert tokenize([], tokenizer, tmp_path / "none.bin", "key").documents == 0
    assert not [p for p in tmp_path.rglob("*") if p.name.endswith(".tmp")]


def test_a_finished_run_is_read_in_order(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "out", {"train": ["one", "", "三"], "validation": ["four"]})
    run = open_run(folder)
    assert list(run.texts("train")) == ["one", "", "三"]
    run.require("validation")
    with pytest.raises(InputError, match="holds no other documents"):
        run.require("other")


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (None, "holds no finished run"),
        ({"format": 2}, "has format 2; this version reads 1"),
        ({"data": [{"path": "x"}]}, "is not the manifest of a run"),
        ({"content": {}}, "is not the manifest of a run"),
        ({"data": [{"path": "data/gone.parquet", "split": "train", "rows": 3, "bytes": 9}]}, "is missing"),
    ],
)
def test_a_folder_that_is_no_finished_run(tmp_path: Path, manifest: dict[str, object] | None, words: str) -> None:
    folder = write_run(tmp_path / "out", {"train": ["one"], "validation": ["two"]}, **(manifest or {}))
    if manifest is None:
        (folder / "manifest.json").unlink()
    with pytest.raises(InputError, match=words):
        open_run(folder)
    with pytest.raises(InputError, match="there is no folder"):
        open_run(tmp_path / "nowhere")


def test_a_file_cut_off_or_damaged(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "out", {"train": TRAINING, "validation": ["two"]})
    path = folder / "data" / "train-00000.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(InputError, match="bytes where the manifest says"):
        open_run(folder)
    path.write_bytes(whole[:-8] + b"\xff" * 8)
    with pytest.raises(InputError, match="is damaged"):
        list(open_run(folder).texts("train"))
