"""Whether this machine has what llmsapp needs: versions, compiled kernels, models, room on the disk."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
from pathlib import Path

NEEDED = (
    "pyarrow",
    "numba",
    "numpy",
    "trafilatura",
    "resiliparse",
    "fastwarc",
    "ftfy",
    "fasttext",
    "chardet",
    "ruamel.yaml",
    "jinja2",
    "rich",
    "datasketch",
)
ROOM_GB = 2.0


def examine() -> tuple[list[str], bool]:
    """Lines to print, and whether nothing essential is missing."""
    from curate.shipped import configurations, guard_names
    from curate.versions import versions

    found, healthy = versions(), True
    lines = [
        f"llmsapp {found.get('llmsapp', '(not installed: pip install -e .)')}, "
        f"Python {platform.python_version()}, {os.cpu_count()} cores"
    ]
    for name in NEEDED:
        try:
            importlib.import_module(name)
        except ImportError as error:
            lines.append(f"  missing  {name}: {error}")
            healthy = False
    lines.append(f"  configurations: {', '.join(configurations())}")
    try:
        from curate.config import all_signals

        lines.append(f"  {len(all_signals())} signals load")
    except Exception as error:  # noqa: BLE001 -- anything that stops them from loading is what this command is for
        lines.append(f"  signals do not load: {type(error).__name__}: {error}")
        healthy = False
    lines.append(f"  {_kernels()}")
    failed = _failing_engines()
    lines += [f"  extraction by {name} fails: {why}" for name, why in failed]
    healthy = healthy and not failed
    clash = guard_names()
    if clash:
        lines.append(f"  {clash}")
        healthy = False
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    lines.append(
        f"  {free:.1f} GB free here" + ("" if free > ROOM_GB else ": little; a run needs about the size of its input")
    )
    lines.append("all well" if healthy else "something is missing: pip install llmsapp again")
    return lines, healthy


def _kernels() -> str:
    """Where compiled kernels are kept."""
    try:
        from curate.kernels.cache import folder
    except (ImportError, AttributeError):  # said above, or a numba that is built differently and keeps them its own way
        return "compiled kernels are kept where numba keeps them"
    kept = folder()
    if kept is None:
        return "no folder for compiled kernels can be written: set NUMBA_CACHE_DIR to one of your own"
    count = sum(1 for _ in kept.glob("*.nbc"))
    return f"{count} compiled kernels in {kept}" if count else f"kernels not compiled yet, will be kept in {kept}"


def _failing_engines() -> list[tuple[str, str]]:
    """Engines that cannot extract a plain page, with the error: some import what they need only when called."""
    from curate.extract.engines import ENGINES, Options

    page = f"<html><body><article><p>{'A plain sentence about a garden. ' * 20}</p></article></body></html>"
    failed = []
    for name, engine in ENGINES.items():
        try:
            engine(page, Options())
        except Exception as error:  # noqa: BLE001 -- whatever stops an engine is what this command is for
            failed.append((name, f"{type(error).__name__}: {error}"))
    return failed
