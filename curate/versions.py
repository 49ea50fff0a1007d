"""The versions a run's bytes depend on."""

from __future__ import annotations

import platform
from importlib import metadata

# Distributions whose version can change what a run writes.
NAMED = ("llmsapp", "pyarrow", "numba", "numpy", "trafilatura", "resiliparse", "ftfy", "chardet", "fastwarc",
         "fasttext-numpy2", "datasketch", "lxml")  # fmt: skip


def versions() -> dict[str, str]:
    """Installed versions of what shapes the output; a package that is not installed is left out."""
    found = {"python": platform.python_version()}
    for name in NAMED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
