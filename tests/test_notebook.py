"""The notebook of `docs/` runs, with what a reader is shown there coming out again."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parent.parent / "docs" / "own_filter.ipynb"


def shown(notebook: nbformat.NotebookNode) -> list[str]:
    """The plain texts that the cells printed or gave."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs]


def test_it_runs_and_shows_what_it_is_stored_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    stored = nbformat.read(NOTEBOOK, as_version=4)
    shutil.copy(NOTEBOOK, tmp_path)
    notebook = nbformat.read(tmp_path / NOTEBOOK.name, as_version=4)
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}})
    client.execute()
    stable = [text for text in shown(stored) if "CPU" not in text and "IFrame" not in text and text.strip()]
    assert len(stable) > 4
    assert [text for text in shown(notebook) if text in stable] == stable
    assert (tmp_path / "calm" / "report.html").is_file()
