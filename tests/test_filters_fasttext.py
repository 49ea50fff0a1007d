"""fastText files: what they are refused for, which label is meant, and that our own reader equals the library's."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.fasttext_models import FastTextModel, fasttext, file_digest, load
from filters.language import shipped_model
from filters.letters import letters_of
from filters.ngram_model import read_ngram_model

library = pytest.importorskip("fasttext")

GOOD = ["a calm and careful account of the river", "这是一篇认真写的文章"]
BAD = ["buy now cheap cheap click", "点击 领取 优惠 优惠"]


def train(folder: Path, labels: tuple[str, ...], **options: object) -> str:
    lines = [f"__label__{labels[i % len(labels)]} {t}" for _ in range(20) for i, t in enumerate(BAD + GOOD)]
    (folder / "train.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    # The library draws a tenth of its starting values per thread, rounded down, and leaves the others as memory was.
    model = library.train_supervised(str(folder / "train.txt"), dim=8, epoch=20, thread=12, verbose=0, **options)
    path = str(folder / ("_".join(labels) + ".bin"))
    model.save_model(path)
    return path


def batch(*texts: str | None) -> pa.RecordBatch:
    return pa.record_batch({"text": pa.array(texts, pa.string())})


def test_scores_are_the_librarys(tmp_path: Path) -> None:
    path = train(tmp_path, ("hq", "lq"))
    signal = fasttext(path, label="__label__hq")
    column = signal.column(batch("calm river\ncheap", None, " \n", *GOOD)).to_pylist()
    model = FastTextModel(path)
    expected = [dict(zip(*model.best([t], 2)[0], strict=True))["hq"] for t in ("calm river cheap", *GOOD)]
    assert column[0] == pytest.approx(expected[0])
    assert column[3:] == pytest.approx(expected[1:])
    assert column[1:3] == [None, None]
    assert signal.name == "fasttext_hq_lq"
    copy = pickle.loads(pickle.dumps(signal))
    assert copy.key == signal.key
    assert copy.column(batch(*GOOD)).to_pylist() == column[3:]


def test_the_label_that_is_meant(tmp_path: Path) -> None:
    assert fasttext(train(tmp_path, ("lq", "hq"))).options[1] == "hq"
    with pytest.raises(ValueError, match=r"labels (red, blue|blue, red): say which"):
        fasttext(train(tmp_path, ("red", "blue")))
    path = train(tmp_path, ("0", "1", "2"))
    with pytest.raises(ValueError, match="say which"):
        fasttext(path)
    with pytest.raises(ValueError, match="has no label 'hq'"):
        fasttext(path, label="hq")


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no fastText model at"):
        fasttext(str(tmp_path / "missing.bin"))
    (tmp_path / "page.bin").write_text("<html>")
    with pytest.raises(ValueError, match="is no fastText model"):
        fasttext(str(tmp_path / "page.bin"))
    path = train(tmp_path, ("a", "b"))
    with pytest.raises(ValueError, match="has changed"):
        load(path, "0" * 64)
    with pytest.raises(ValueError, match="without words"):
        read_ngram_model(path, file_digest(path))


@pytest.mark.parametrize("quantised", ["no", "yes", "with norms"])
def test_our_reader_equals_the_library(tmp_path: Path, quantised: str) -> None:
    path = train(tmp_path, ("x", "y", "z"), minCount=10**9, minn=1, maxn=4, bucket=3000)
    if quantised != "no":
        model = library.load_model(path)
        model.quantize(str(tmp_path / "train.txt"), qnorm=quantised == "with norms", dsub=3)
        model.save_model(path)
    ours = read_ngram_model(path, file_digest(path))
    texts = [*GOOD, *BAD, "x", "été 🙂 ab"]
    assert ours.labels == FastTextModel(path).labels
    for row, (labels, scores) in zip(
        ours.probabilities(pa.array(texts)), FastTextModel(path).best(texts, 3), strict=True
    ):
        assert dict(zip(ours.labels, row, strict=True)) == pytest.approx(
            dict(zip(labels, scores, strict=True)), abs=2e-5
        )


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    data = Path(shipped_model()).read_bytes()
    for size in (0, 7, 60, 500, 100_000, len(data) - 1):
        cut = tmp_path / f"{size}.ftz"
        cut.write_bytes(data[:size])
        with pytest.raises(ValueError, match="ends in the middle"):
            read_ngram_model(str(cut), file_digest(cut))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_shipped_model_scores_as_the_library_does(texts: list[str]) -> None:
    letters, _ = letters_of(pa.array(texts), lower_case=True)
    ours = read_ngram_model(shipped_model(), file_digest(shipped_model()))
    rows = ours.probabilities(letters)
    for row, text, (labels, scores) in zip(
        rows, letters.to_pylist(), FastTextModel(shipped_model()).best(letters.to_pylist(), 100), strict=True
    ):
        if not text:
            assert not row.any()
            continue
        given = dict(zip(labels, scores, strict=True))
        np.testing.assert_allclose(row, [given.get(label, 0.0) for label in ours.labels], atol=1e-4)
