"""Configurations of trainers: YAML read into typed sections; all errors at once, each with its line and a caret.

A configuration is a `Section` of fields and further sections. A key that is no field, a value of another type or out
of range, a missing key: each is a problem with its place and, for a name, the nearest right one. Nothing in a
configuration runs code.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Strict, ValidationError

from trainers.errors import ConfigurationError

MAX_BYTES = 1_000_000
FolderPath = Annotated[Path, Strict(False)]  # written as text in YAML


class Section(BaseModel):
    """Part of a configuration. Values are taken as they are: "3" is no number, and 1 is not true."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


C = TypeVar("C", bound=Section)


def read_configuration(path: Path, kind: type[C], overrides: Sequence[str] = ()) -> C:
    """The configuration at `path`. `overrides`: `training.steps=100`, a dotted path and a YAML value.

    Raises ConfigurationError with everything that is wrong.
    """
    if not path.is_file():
        raise ConfigurationError(f"there is no configuration {path}; `llmsapp init` writes one")
    if path.stat().st_size > MAX_BYTES:
        raise ConfigurationError(f"{path} has more than {MAX_BYTES:,} bytes: that is no configuration")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8: {error}") from None
    return parse_configuration(text, kind, overrides, str(path))


def parse_configuration(text: str, kind: type[C], overrides: Sequence[str] = (), path: str = "configuration") -> C:
    """The configuration that `text` describes; see `read_configuration`."""
    tree = _tree(text, path)
    problems = [problem for override in overrides for problem in _override(tree, override)]
    try:
        found = kind.model_validate(_plain(tree))
    except ValidationError as error:
        lines = text.splitlines()
        placed = [(*_place(tree, e), _said(e, kind)) for e in error.errors()]
        placed.sort(key=lambda p: p[:2])  # as they stand in the file
        problems += [_shown(message, path, lines, line, column) for line, column, message in placed]
    if problems:
        raise ConfigurationError("\nerror: ".join(problems))
    return found


def _tree(text: str, path: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        tree = YAML(typ="rt", pure=True).load(text)  # the round-trip reader makes plain values only and knows lines
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise ConfigurationError(_shown(f"not YAML: {error.problem}", path, text.splitlines(), line, column)) from None
    except (YAMLError, RecursionError, ValueError) as error:
        raise ConfigurationError(f"{path} is not YAML: {error}") from None
    if not isinstance(tree, Mapping):
        raise ConfigurationError(f"{path} is no configuration: expected lines such as `data: out/web`")
    return tree


def _override(tree: Any, override: str) -> Iterator[str]:
    """Set a value in the tree; give what is wrong with the override itself."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    where, sign, value = override.partition("=")
    *sections, last = where.split(".")
    if not sign or not last:
        yield f"--set {override}: expected KEY=VALUE, such as training.steps=100"
        return
    try:
        parsed = YAML(typ="safe", pure=True).load(value) if value else ""
    except YAMLError:
        parsed = value
    for name in sections:
        if not isinstance(tree.setdefault(name, {}), Mapping):
            yield f"--set {override}: `{name}` is a value, not a section"
            return
        tree = tree[name]
    tree[last] = parsed


def _plain(value: Any) -> Any:
    """ruamel's values as Python's own. Keys are text, whatever they look like."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def _said(error: Any, kind: type[BaseModel]) -> str:
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        fields = _fields(kind, error["loc"][:-1])
        near = difflib.get_close_matches(str(error["loc"][-1]), fields, 1, 0.6)
        meant = f"; did you mean `{near[0]}`?" if near else ""
        return f"there is no `{name}`{meant} (there are {', '.join(fields)})"
    if error["type"] == "missing":
        return f"`{name}` is missing"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    wanted = error["msg"][0].lower() + error["msg"][1:]
    return f"`{name}`: {wanted}, not {error['input']!r}"


def _fields(kind: Any, sections: Sequence[Any]) -> list[str]:
    for name in sections:
        kind = kind.model_fields[name].annotation
    return list(kind.model_fields)


def _place(tree: Any, error: Any) -> tuple[int, int]:
    """Line and column, from 1, of what an error is about, or of the nearest section around it; (0, 0) for no place."""
    line = column = 0
    for part in error["loc"]:
        marks: Any = getattr(tree, "lc", None)
        try:
            line, column = marks.item(part) if isinstance(tree, list) else marks.key(part)
        except (AttributeError, KeyError, TypeError, IndexError):
            break
        tree = tree[part]
        line, column = line + 1, column + 1
    return line, column


def _shown(message: str, path: str, lines: list[str], line: int, column: int) -> str:
    if not 0 < line <= len(lines):
        return f"{message}\n  --> {path}"
    number = f"{line:>4} | "
    caret = " " * (len(number) + column - 1) + "^"
    return f"{message}\n  --> {path}:{line}:{column}\n{number}{lines[line - 1]}\n{caret}"
