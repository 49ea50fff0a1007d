"""Who may know whom, read from the source: the layering of the house."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("curate", "filters", "trainers")

# Lower to higher: a module of `curate` imports only modules of its own rank or below.
RANKS = [
    {"schema", "keys", "kernels", "shipped", "versions", "awkward", "sample", "secrets", "work", "proved", "compiling"},
    {"rules", "signals", "sweep", "read", "store"},
    {"groups", "expressions", "clean", "dedup", "extract", "normalization", "guard", "page"},
    {"pipeline", "tally", "decisions", "testing"},
    {"transforms", "ledger"},
    {"rows", "write", "report"},
    {"phases", "explain", "warmup"},
    {"worker", "finalise"},
    {"launch"},
    {"config", "progress"},
    {"catalogue", "crawl", "doctor", "quarantine", "trial"},
    {"cli"},
]
# A step, sweep or preset makes rules, so dedup may call `keep`. These look upwards for types or in functions only.
LAZY = {("pipeline", "launch"), ("pipeline", "report"), ("pipeline", "write"), ("progress", "launch")}
# What `filters` may use of ours.
OPEN_TO_FILTERS = {"curate.signals", "curate.rules", "curate.schema", "curate.kernels"}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Full names of the modules of ours that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = {f"{node.module}.{a.name}" for a in node.names}
            found |= names if node.module in OURS else {node.module}
    return {name for name in found if name.split(".")[0] in OURS}


def part(name: str) -> str:
    """`curate.read.warc` -> `read`."""
    return name.split(".")[1]


@pytest.mark.parametrize("path", modules("curate"), ids=lambda p: str(p.relative_to(ROOT)))
def test_curate_keeps_its_layers(path: Path) -> None:
    names = imports(path)
    assert not {n for n in names if n.split(".")[0] != "curate"}, "curate never imports filters or trainers"
    own = path.relative_to(ROOT / "curate").parts[0].removesuffix(".py")
    if own == "__init__":
        return
    rank = {name: i for i, names in enumerate(RANKS) for name in names}
    for name in sorted(names):
        other = part(name)
        if other in (own, "__init__") or (own, other) in LAZY:
            continue
        assert other in rank, f"{other} has no rank: add it to RANKS"
        assert rank[other] <= rank[own], f"{own} imports {other}, which is above it"


@pytest.mark.parametrize("path", modules("filters"), ids=lambda p: str(p.relative_to(ROOT)))
def test_filters_know_only_signals_rules_schema_and_kernels(path: Path) -> None:
    for name in imports(path):
        near = ".".join(name.split(".")[:2])
        assert name.split(".")[0] == "filters" or near in OPEN_TO_FILTERS, name


@pytest.mark.parametrize("path", modules("trainers"), ids=lambda p: str(p.relative_to(ROOT)))
def test_trainers_know_the_parquet_and_not_the_engine(path: Path) -> None:
    known = {"curate.pipeline", "curate.page", "curate.proved", "curate.work"}
    if path.parent.name == "extractor":  # trains what `curate.extract` runs
        known |= {"curate.extract", "curate.kernels", "curate.read"}
    for name in imports(path):
        assert name.split(".")[0] == "trainers" or ".".join(name.split(".")[:2]) in known, name


def test_the_public_names_are_there() -> None:
    import curate

    for name in curate.__all__:
        assert getattr(curate, name) is not None
    assert sorted(curate.__all__) == list(curate.__all__)


def test_nothing_happens_on_import() -> None:
    """Importing any module of ours prints nothing and starts nothing; kernels compile when they are first called."""
    import threading

    before = threading.active_count()
    for package in ("curate", "filters"):
        for path in modules(package):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            if not name.endswith("__main__"):
                importlib.import_module(name)
    assert threading.active_count() == before


def test_no_code_is_run_from_data() -> None:
    """No eval, exec, pickle from a file, or unsafe YAML anywhere in the packages."""
    for package in OURS:
        for path in modules(package):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    called = ast.unparse(node.func)
                    assert called not in {"eval", "exec", "pickle.load", "yaml.load", "torch.load", "numpy.load"} or (
                        called == "yaml.load"
                        and path.name == "config.py"  # ruamel's round-trip loader makes no objects
                    ), f"{path}: {called}"
