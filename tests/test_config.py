"""Configurations: the same calls as in Python; errors with line and caret, all at once; no code runs."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curate.config import FACTORIES, PRESETS, SIGNALS, SINKS, SOURCES, STEPS, ConfigError, load, parse, resolve
from curate.launch import Local
from curate.shipped import configuration, configurations

GOOD = """
read: {jsonl: "in.jsonl"}
steps:
  - normalize: {}
  - min_length: {characters: 20}
  - keep: [word_count >= 4, "alpha_word_ratio >= 0.5 or characters > 1e3"]
  - measure: [line_count]
write: {parquet: out}
"""


@pytest.mark.parametrize("table", [SOURCES, STEPS, PRESETS, SINKS, SIGNALS, FACTORIES])
def test_every_name_in_the_tables_is_there(table: dict[str, str]) -> None:
    for name, reference in table.items():
        found = resolve(reference)
        assert getattr(found, "name", getattr(found, "__name__", None)) == name


# The others are the trainers', and read by their own tests.
CURATING = [name for name in configurations() if "\nread:" in configuration(name).read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", CURATING)
def test_shipped_configurations_prove_themselves(name: str) -> None:
    pipeline = load(configuration(name))
    assert pipeline.check().names


def test_a_configuration_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.jsonl").write_text('{"text": "four words of text here"}\n{"text": "too short"}\n', encoding="utf-8")
    report = parse(GOOD).run(on=Local(0))
    assert (report["documents"], report["kept"]) == (2, 1)
    assert pq.read_table("out/data")["line_count"].to_pylist() == [1]


def problems(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return [(p.line, p.column, p.message) for p in caught.value.problems]


def test_all_errors_at_once_with_their_places() -> None:
    text = """read: {jsonl: "in.jsonl"}
stepss: []
steps:
  - normalise: {}
  - min_length: {charcters: 20}
  - keep: word_count >= 50 and wrod_count < 3
  - gopher_quality: {}
  - drop_duplicates: {how: 3}
write: {parquet: out}
"""
    found = sorted(problems(text))
    assert [(line, column) for line, column, _ in found] == [(2, 1), (4, 5), (5, 18), (6, 32), (8, 23)]
    assert [("did you mean" in m) for _, _, m in found] == [True, True, True, True, False]
    assert "`how` takes str, not 3" in found[-1][2]


def test_the_shown_error_has_file_line_and_caret() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("read: {jsonl: x}\nsteps:\n  - keep: wrod_count > 3\n", path="my.yaml")
    lines = str(caught.value).splitlines()
    assert "no signal named `wrod_count`; did you mean `word_count`?" in lines[0]
    assert lines[1] == "  --> my.yaml:3:11"
    assert lines[2] == "   3 |   - keep: wrod_count > 3"
    assert lines[3].index("^") == lines[2].index("wrod_count")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected `read:`"),
        ("- a\n- b\n", "expected `read:`"),
        ("read: {jsonl: a}\nread: {jsonl: b}\nsteps: []\n", "a key may stand once"),
        ("read: [\n", "expected"),
        ("read: {jsonl: a}\nsteps: {normalize: {}}\n", "takes a list"),
        ("read: {jsonl: a, warc: b}\nsteps: []\n", "exactly one of"),
        ("steps: []\n", "`read:` is missing"),
        ("read: {jsonl: a}\nsteps:\n  - keep: yes\n", "no signal named `yes`"),
        ("read: {jsonl: a}\nsteps:\n  - keep: 3\n", "a rule is text"),
        ("read: {jsonl: !!python/object/apply:os.system ['true']}\nsteps: []\n", "tags such as"),
        ("read: {jsonl: a}\nsteps:\n  - measure: nothing\n", "no signal named `nothing`"),
        ("read: {jsonl: a}\nsteps:\n  - keep: fasttext('nowhere.ftz') > 0.5\n", "nowhere.ftz"),
        ("read: {}\nsteps: []\n", "exactly one of"),
        ("read: {jsonl: a}\nsteps: []\nwrite: {parquet: {folder: o, validation: 2}}\n", "share of documents"),
    ],
)
def test_wrong_configurations_are_refused_in_words(text: str, said: str) -> None:
    assert any(said in message for _, _, message in problems(text))


def test_yaml_means_what_it_says() -> None:
    """YAML 1.2: 1e-5 is a number and no is a word."""
    pipeline = parse("read: {jsonl: {paths: a, text: no}}\nsteps:\n  - keep: han_ratio >= 1e-5\n")
    assert pipeline.read.text == "no"  # type: ignore[attr-defined]


def test_values_can_be_set_from_outside() -> None:
    pipeline = parse(GOOD, overrides=["read.jsonl=other.jsonl", "write.parquet=elsewhere"])
    assert "other.jsonl" in str(pipeline.read)
    assert pipeline.write is not None
    assert pipeline.write.folder == "elsewhere"
    assert "# --set read.jsonl=other.jsonl" in str(pipeline.config)
    with pytest.raises(ConfigError, match=r"expected read\.NAME=value"):
        parse(GOOD, overrides=["steps=nothing"])


def test_own_signals_come_from_a_named_file_only(tmp_path: Path) -> None:
    own = tmp_path / "my_own_signals.py"
    own.write_text(
        "from curate import signal\n\n@signal\ndef exclaimed(text: str) -> int:\n    'Exclamation marks.'\n"
        "    return text.count('!')\n",
        encoding="utf-8",
    )
    text = "read: {jsonl: a}\nsteps:\n  - keep: exclaimed < 5\n"
    with pytest.raises(ConfigError, match="no signal named `exclaimed`"):
        parse(text)
    assert str(parse(text, signals=[own]).numbered[0].step.rules[0]) == "exclaimed < 5"
    own.rename(tmp_path / "broken_signals.py").write_text("raise RuntimeError('oops')", encoding="utf-8")
    with pytest.raises(ConfigError, match="RuntimeError: oops"):
        parse(text, signals=[tmp_path / "broken_signals.py"])
