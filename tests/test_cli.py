"""The command, as a user runs it: in processes of its own, in an empty folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curate.sample import sample_crawl


def llmsapp(*arguments: object, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command and give its exit code and what it printed."""
    command = [sys.executable, "-P", "-c", "from curate.cli import main; main()", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "COLUMNS": "120"}
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, run once."""
    folder = tmp_path_factory.mktemp("demo")
    done = llmsapp("demo", "-o", "out", "-j", 2, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "out/report.html" in done.stdout
    assert "documents" in done.stdout
    return folder / "out"


def test_every_rule_of_the_demo_dropped_something(demo: Path) -> None:
    report = json.loads((demo / "report.json").read_text())
    idle = [rule["rule"] for step in report["steps"] for rule in step["rules"] if rule["any"] == 0]
    assert idle == []
    assert report["kept"] > 100
    assert report["quarantined"] > 0


def test_verify_report_plan_and_explain(demo: Path) -> None:
    assert "every file is whole" in llmsapp("verify", demo, cwd=demo).stdout
    assert json.loads(llmsapp("report", demo, "--json", cwd=demo).stdout)["kept"] > 100
    assert "documents" in llmsapp("report", demo, cwd=demo).stdout
    rows = pq.read_table(demo / "ledger").to_pylist()
    dropped = next(r for r in rows if r["fate"] == "dropped" and r["rule"] and r["url"])
    told = llmsapp("explain", demo, dropped["url"], cwd=demo).stdout
    assert f"dropped in step {dropped['step']} by the rule `{dropped['rule']}` ({dropped['value']})" in told
    kept = next(r for r in rows if r["fate"] == "kept")
    assert "kept, with" in llmsapp("explain", demo, kept["id"], cwd=demo).stdout
    quarantined = next(r for r in rows if r["fate"] == "quarantined")
    assert f"quarantined in step {quarantined['step']}" in llmsapp("explain", demo, quarantined["id"], cwd=demo).stdout
    missing = llmsapp("explain", demo, "https://nowhere.example/", cwd=demo)
    assert missing.returncode == 3
    assert "no document with the id or URL" in missing.stderr


def test_the_data_loads_by_split(demo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset(str(demo), cache_dir=str(tmp_path))
    report = json.loads((demo / "report.json").read_text())
    assert set(loaded) == {"train", "validation"}
    assert loaded["train"].num_rows + loaded["validation"].num_rows == report["kept"]
    assert "rule" not in loaded["train"].column_names


def test_init_check_run_with_an_own_signal(tmp_path: Path) -> None:
    assert llmsapp("init", "--template", "web", cwd=tmp_path).returncode == 0
    assert (tmp_path / "web.yaml").exists()
    again = llmsapp("init", cwd=tmp_path)
    assert (again.returncode, "there already" in again.stderr) == (2, True)
    checked = llmsapp("check", "web.yaml", "--set", f"read.warc={sample_crawl()}", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "all well" in checked.stdout
    (tmp_path / "own_signals.py").write_text(
        "from curate import signal\n\n@signal\ndef exclaimed(text: str) -> int:\n"
        "    'Exclamation marks.'\n    return text.count('!')\n"
    )
    (tmp_path / "own.yaml").write_text(
        "read: {jsonl: in.jsonl}\nsteps:\n  - keep: exclaimed < 2\nwrite: {parquet: out}\n"
    )
    (tmp_path / "in.jsonl").write_text('{"text": "calm"}\n{"text": "loud!!!"}\n')
    done = llmsapp("run", "own.yaml", "--signals", "own_signals.py", "-j", 2, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert pq.read_table(tmp_path / "out" / "data")["text"].to_pylist() == ["calm"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "nowhere.yaml"], 2, "llmsapp init"),
        (["run", "bad.yaml"], 2, "did you mean `word_count`?"),
        (["run", "good.yaml"], 3, "nothing.jsonl"),
        (["run", "good.yaml", "--set", "read.jsonl=in.jsonl", "--set", "write.parquet=full"], 2, "not empty"),
        (["verify", "nowhere"], 3, "there is no folder"),
        (["report", "full"], 3, "no manifest.json"),
        (["steps", "normalise"], 2, "did you mean `normalize`?"),
        (["try", "word_count", "nowhere.txt"], 3, "no file"),
        (["demos"], 2, "No such command"),
    ],
)
def test_exit_codes(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    (tmp_path / "bad.yaml").write_text(
        "read: {jsonl: in.jsonl}\nsteps:\n  - keep: wordcount > 3\nwrite: {parquet: out}\n"
    )
    (tmp_path / "good.yaml").write_text("read: {jsonl: nothing.jsonl}\nsteps: []\nwrite: {parquet: out}\n")
    (tmp_path / "in.jsonl").write_text('{"text": "a"}\n')
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    done = llmsapp(*arguments, cwd=tmp_path)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


def test_trying_one_step_on_one_document(tmp_path: Path) -> None:
    said = llmsapp("try", "word_count >= 3", "-", cwd=tmp_path, stdin="two words").stdout
    assert said.splitlines() == ["word_count = 2", "drop       word_count >= 3"]
    page = (
        "<html><body><article><p>" + "A sentence about gardens and their walls. " * 9 + "</p></article></body></html>"
    )
    assert llmsapp("try", "extract_html", "-", cwd=tmp_path, stdin=page).stdout.startswith("A sentence about gardens")
    assert (
        "lang = 'zh'"
        in llmsapp("try", "lang", "-", cwd=tmp_path, stdin="今天我们去公园散步，天气很好，花都开了。").stdout
    )


def test_steps_lists_every_name_with_its_meaning(tmp_path: Path) -> None:
    from curate.config import SIGNALS, SOURCES

    listed = llmsapp("steps", cwd=tmp_path).stdout
    for name in (*SIGNALS, *SOURCES, "keep", "normalize", "gopher_quality"):
        line = next(x for x in listed.splitlines() if x.startswith(f"  {name} "))
        assert len(line.split()) > 3, line
    assert "options:" in llmsapp("steps", "drop_duplicates", cwd=tmp_path).stdout


def test_a_file_named_like_our_packages_is_an_error_and_never_imported(tmp_path: Path) -> None:
    (tmp_path / "filters.py").write_text("raise RuntimeError('the wrong module was imported')")
    done = llmsapp("steps", cwd=tmp_path)
    assert done.returncode == 2
    assert "has the name of one of llmsapp's packages" in done.stderr
    assert "wrong module was imported" not in done.stderr


def test_doctor_finds_this_machine_well(tmp_path: Path) -> None:
    done = llmsapp("doctor", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "all well" in done.stdout


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    heavy = ("pyarrow", "numba", "trafilatura", "ruamel", "jinja2")
    code = f"import sys, curate.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == "[]"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_told_to_stop_leaves_no_process_and_goes_on_later(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    (tmp_path / "slow.py").write_text(
        "import os, pathlib, time\nfrom curate import signal\n\n\n"
        "@signal\ndef slow(text: str) -> int:\n    pathlib.Path('pids', str(os.getpid())).touch()\n"
        "    time.sleep(60 if 'last' in text else 0)\n    return 1\n"
    )
    (tmp_path / "pids").mkdir()
    (tmp_path / "in").mkdir()
    for name in ("first", "last"):
        (tmp_path / "in" / f"{name}.jsonl").write_text(f'{{"text": "the {name} text"}}\n')
    (tmp_path / "run.yaml").write_text("read: {jsonl: 'in/*.jsonl'}\nsteps: [keep: slow == 1]\nwrite: {parquet: out}\n")
    command = [sys.executable, "-P", "-c", "from curate.cli import main; main()", "run", "run.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    running = subprocess.Popen(
        [*command, "-j", "2", "--signals", "slow.py"], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 60
    while time.monotonic() < until and len(list((tmp_path / "pids").iterdir())) < 2:
        time.sleep(0.05)
    running.send_signal(number)
    told = running.communicate(timeout=20)[1]
    assert running.returncode == code, told
    assert "finished work is kept" in told
    assert not (tmp_path / "out" / "manifest.json").exists()
    workers = [int(path.name) for path in (tmp_path / "pids").iterdir()]
    until = time.monotonic() + 10
    while any(map(alive, workers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, workers))


def test_functions_of_a_notebook_cell_reach_the_workers(tmp_path: Path) -> None:
    """What is defined in `__main__`, as in a notebook cell, travels to worker processes by value."""
    (tmp_path / "in.jsonl").write_text("".join(f'{{"text": "text {i} {"!" * (i % 4)}"}}\n' for i in range(40)))
    cell = """
from curate import Local, Pipeline, jsonl, keep, parquet, signal

LIMIT = 2

@signal
def exclaimed(text: str) -> int:
    "Exclamation marks, up to a limit."
    return min(text.count("!"), LIMIT)

print(Pipeline(jsonl("in.jsonl"), keep(exclaimed < 2), write=parquet("out")).run(on=Local(workers=2))["kept"])
"""
    done = subprocess.run([sys.executable, "-"], input=cell, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stdout.strip() == "20", done.stderr
