"""What the trainers' tests share: texts of our own, a small tokenizer, a tiny model, a finished run's folder."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch

from trainers.model import GPT, Shape
from trainers.tokenizer import Tokenizer, train_tokenizer

torch.set_num_threads(1)  # tests run side by side

CAST = [
    ("heron", "Marsh End", "苍鹭", "湖边"),
    ("otter", "Stone Bridge", "水獭", "石桥"),
    ("badger", "Low Wood", "獾", "山脚下"),
    ("crane", "Long Field", "白鹤", "田野里"),
]
TRAINING = [
    f"The {animal} of {place} crossed the river {n} times, and {animal}s don't count.\n{who}在{where}过了{n}次河。"
    for n, (animal, place, who, where) in enumerate(CAST * 12)
]
VALIDATION = [
    "The otter of Low Wood crossed the bridge 7 times.\n白鹤在湖边过了7次桥。",
    "A heron don't cross the long field.\n水獭没有过河。",
]


@cache
def small_tokenizer() -> Tokenizer:
    return train_tokenizer(TRAINING, 400)


def tiny_shape(**changes: Any) -> Shape:
    sizes = {"layers": 2, "width": 32, "heads": 4, "key_value_heads": 2, "head_width": 8, "feed_forward": 48}
    return Shape(**{"vocabulary": 400, "context": 32, **sizes, **changes})


def tiny_model(seed: int = 3, **changes: Any) -> GPT:
    """A model whose blocks do something: untrained ones begin as the identity."""
    model = GPT(tiny_shape(**changes), seed=seed)
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=random)
    return model.eval()


def write_run(folder: Path, texts: dict[str, list[str]], **manifest: Any) -> Path:
    """The folder of a finished run, by the letter of the contract between curation and trainers."""
    listed = []
    for split, rows in texts.items():
        path = folder / "data" / f"{split}-00000.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"id": [str(i) for i in range(len(rows))], "text": pa.array(rows, pa.string())}), path)
        size = path.stat().st_size
        listed.append({"path": f"data/{path.name}", "split": split, "rows": len(rows), "bytes": size})
    content = {split: f"digest of {len(rows)} {split} rows" for split, rows in texts.items()}
    whole = {"format": 1, "data": listed, "content": content} | manifest
    (folder / "manifest.json").write_text(json.dumps(whole), encoding="utf-8")
    return folder
