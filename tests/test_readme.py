"""README's promises: its commands, its example, its tree."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
README_ZH = (ROOT / "README.zh.md").read_text(encoding="utf-8")


def block(marker: str, readme: str = README) -> str:
    """The code block after `<!-- marker -->`."""
    found = re.search(rf"<!-- {re.escape(marker)} -->\n```\w+\n(.*?)```", readme, re.DOTALL)
    assert found, f"README has no block marked {marker!r}"
    return found.group(1)


@pytest.mark.parametrize("readme", [README, README_ZH], ids=["en", "zh"])
def test_the_own_filter_runs_as_written(tmp_path: Path, readme: str) -> None:
    lines = ['{"text": "a calm page about rivers and the people who live beside them"}', '{"text": "Now! 买！ Now!!!"}']
    (tmp_path / "pages.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "own.py").write_text(block("example: own filter", readme), encoding="utf-8")
    done = subprocess.run([sys.executable, "own.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "kept 1 of 2 documents" in done.stdout


def test_both_languages_give_the_same_commands() -> None:
    for marker in ("command: demo", "command: tests", "command: road"):
        assert block(marker) == block(marker, README_ZH)


def test_every_command_in_the_text_exists() -> None:
    """Each `llmsapp COMMAND` of a code block is one that the help lists."""
    code = "from curate.cli import main; main()"
    listed = subprocess.run([sys.executable, "-P", "-c", code, "--help"], capture_output=True, text=True, check=True)
    for readme in (README, README_ZH):
        blocks = "".join(re.findall(r"```bash\n(.*?)```", readme, re.DOTALL))
        named = set(re.findall(r"^(?:\.venv/bin/)?llmsapp +([a-z]+)", blocks, re.MULTILINE))
        assert len(named) > 8
        for name in named:
            assert re.search(rf"^  {name} ", listed.stdout, re.MULTILINE), name


def test_the_commands_set_up_what_they_need() -> None:
    for marker, last in (("command: demo", "llmsapp demo"), ("command: tests", "pytest")):
        command = block(marker)
        assert "python3 -m venv" in command
        assert "pip install" in command
        assert last in command
        assert command.count("\n") == 1
    assert {p.name for p in (ROOT / "constraints").glob("*.txt")} == {"py311.txt", "py312.txt", "py313.txt"}


def test_the_tree_tells_the_truth() -> None:
    """Every module stands in README's tree, and everything in the tree exists."""
    tree = block("tree")
    listed: set[str] = set()
    folders: list[str] = []
    for line in tree.splitlines():
        name = line.strip().split(" ")[0]
        if not name or name.startswith("#"):
            continue
        depth = (len(line) - len(line.lstrip())) // 2
        folders = folders[:depth]
        listed.add("".join(folders) + name)
        if name.endswith("/"):
            folders.append(name)
    for name in listed:
        assert (ROOT / name).exists(), f"README's tree lists {name}, which is not there"
    for package in ("curate", "filters", "trainers"):
        for path in (ROOT / package).rglob("*.py"):
            name = str(path.relative_to(ROOT))
            if path.name != "__init__.py":
                assert name in listed, f"{name} is missing in README's tree"


def test_every_configuration_is_explained() -> None:
    for path in (ROOT / "configs").glob("*.yaml"):
        assert f"`{path.name}`" in README
        assert "\n# Run it:  llmsapp " in path.read_text(encoding="utf-8"), f"{path.name} does not say how to run it"
