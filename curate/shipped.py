"""What travels with the package: configurations; and a guard for the package names that others may use too."""

from __future__ import annotations

import importlib.util
from pathlib import Path

PACKAGES = ("curate", "filters", "trainers")


def configurations() -> list[str]:
    """The names of the configurations that ship."""
    return sorted(p.stem for p in _folder().glob("*.yaml"))


def configuration(name: str) -> Path:
    """The path of a configuration that ships."""
    return _folder() / f"{name}.yaml"


def _folder() -> Path:
    """`configs/`: inside the package when installed from a wheel, beside it in a clone."""
    inside = Path(__file__).parent / "configs"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "configs"


def guard_names() -> str:
    """Why one of our packages is not the one that Python would import, in words; "" when all is well.

    `filters` and `trainers` are common names: a file of that name in the working folder, or another distribution,
    could be imported in place of ours.
    """
    home = Path(__file__).resolve().parent.parent
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        if origin is None or origin.parent.parent != home:
            return (
                f"`{name}` would be imported from {origin}, not from llmsapp in {home}: another package or file has "
                "that name; rename or uninstall it"
            )
        here = Path.cwd().resolve()
        clone = (here / "curate" / "shipped.py").exists()  # of llmsapp itself: what lies there are our own packages
        for local in (here / f"{name}.py", here / name / "__init__.py"):
            if local.exists() and not clone:
                return (
                    f"{local} has the name of one of llmsapp's packages, and Python code run here would import it "
                    "instead of ours; rename it, or work in another folder"
                )
    return ""
