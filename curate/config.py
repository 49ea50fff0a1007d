"""A configuration is the same calls as in Python, written in YAML: read, steps, write.

A key is the name of a function in one of the tables below, its value that function's arguments; a rule is text, parsed
into the same `Rule` as in Python. An option's value may name variables of the environment, as `${env:NAME}`. Nothing in
a configuration runs code. All errors are found in one go, each with its line, a caret, and the nearest right name.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.expressions import RuleError, parse_rule
from curate.groups import Keep, keep, measure
from curate.pipeline import Pipeline, PipelineError, Written
from curate.rules import Rule
from curate.secrets import NAMED, Secrets
from curate.signals import Signal

# Every name a configuration may use, and the function behind it. An installed package can add names to a table through
# the entry-point group of that name (`llmsapp.steps`, `llmsapp.signals`).
SOURCES = {
    "warc": "curate.read.warc:warc",
    "html": "curate.read.html:html",
    "jsonl": "curate.read.jsonl:jsonl",
    "parquet": "curate.read.parquet:parquet",
    "text": "curate.read.text:text",
}
STEPS = {
    "extract_html": "curate.extract.engines:extract_html",
    "strip_json": "curate.clean.json_marks:strip_json",
    "strip_tags": "curate.clean.tags:strip_tags",
    "normalize": "curate.normalization:normalize",
    "drop_boilerplate": "curate.clean.boilerplate:drop_boilerplate",
    "replace": "curate.clean.edits:replace",
    "drop_lines": "curate.clean.edits:drop_lines",
    "drop_between": "curate.clean.edits:drop_between",
    "drop_short_paragraphs": "curate.clean.edits:drop_short_paragraphs",
    "drop_duplicates": "curate.dedup.documents:drop_duplicates",
}
PRESETS = {
    "min_length": "filters.presets:min_length",
    "gopher_quality": "filters.presets:gopher_quality",
}
SINKS = {"parquet": "curate.write:parquet"}
SIGNALS = {
    "characters": "filters.length:characters",
    "word_count": "filters.length:word_count",
    "line_count": "filters.length:line_count",
    "mean_word_length": "filters.length:mean_word_length",
    "alpha_word_ratio": "filters.quality:alpha_word_ratio",
    "symbol_word_ratio": "filters.quality:symbol_word_ratio",
    "hash_word_ratio": "filters.quality:hash_word_ratio",
    "ellipsis_word_ratio": "filters.quality:ellipsis_word_ratio",
    "bullet_line_ratio": "filters.quality:bullet_line_ratio",
    "ellipsis_line_ratio": "filters.quality:ellipsis_line_ratio",
    "stop_word_count": "filters.quality:stop_word_count",
    "han_ratio": "filters.quality:han_ratio",
    "lang": "filters.language:lang",
    "lang_score": "filters.language:lang_score",
    "sexual_phrases": "filters.toxicity:sexual_phrases",
    "profane_words": "filters.toxicity:profane_words",
    "hateful_phrases": "filters.toxicity:hateful_phrases",
    "violent_phrases": "filters.toxicity:violent_phrases",
    "toxicity": "filters.toxicity:toxicity",
    "ad_phrases": "filters.ads:ad_phrases",
    "contact_phrases": "filters.ads:contact_phrases",
    "ad_score": "filters.ads:ad_score",
}
# Functions a rule may call with literals: `fasttext('quality.ftz') >= 0.5`.
FACTORIES = {
    "fasttext": "filters.fasttext_models:fasttext",
    "language": "filters.language:language",
    "language_score": "filters.language:language_score",
    "phrases": "filters.phrases:phrases",
}
DECIDING = ("keep", "measure")
MAX_BYTES = 1_000_000
MAX_NODES = 100_000


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a configuration, and where."""

    message: str
    line: int  # from 1; 0 where no line can be named
    column: int
    width: int = 1

    def shown(self, path: str, lines: list[str]) -> str:
        """The message with the file, the line and a caret."""
        out = [f"error: {self.message}", f"  --> {path}" + (f":{self.line}:{self.column}" if self.line else "")]
        if 0 < self.line <= len(lines):
            number = f"{self.line:>4} | "
            out += [number + lines[self.line - 1], " " * (len(number) + self.column - 1) + "^" * max(self.width, 1)]
        return "\n".join(out)


class ConfigError(ValueError):
    """A configuration that cannot be used; `problems` holds everything that is wrong with it."""

    def __init__(self, path: str, text: str, problems: list[Problem]) -> None:
        self.problems = problems
        ordered = sorted(problems, key=lambda p: (p.line, p.column))
        super().__init__("\n\n".join(p.shown(path, text.splitlines()) for p in ordered))


def load(path: Path, overrides: list[str] | None = None, signals: list[Path] | None = None) -> Pipeline:
    """The pipeline of the file at `path`. `overrides`: `read.warc=x.warc.gz`; `signals`: the user's own files.

    Raises ConfigError with all that is wrong, FileNotFoundError where there is no such file.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ConfigError(str(path), "", [Problem(f"a configuration of more than {MAX_BYTES:,} bytes", 0, 0)])
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), "", [Problem(f"not UTF-8: {error}", 0, 0)]) from None
    return parse(text, name=path.stem, path=str(path), overrides=overrides, signals=signals)


def parse(
    text: str,
    name: str = "run",
    path: str = "configuration",
    overrides: list[str] | None = None,
    signals: list[Path] | None = None,
) -> Pipeline:
    """The pipeline that `text` describes; see `load`."""
    reader = _Reader(path, text)
    tree = reader.tree()
    for override in overrides or []:
        reader.override(tree, override)
    reader.own_signals(signals or [])
    pipeline = reader.pipeline(tree, name)
    if reader.problems or pipeline is None:
        raise ConfigError(path, text, reader.problems or [Problem("nothing to run", 1, 1)])
    return pipeline


def resolve(reference: str) -> Any:
    """The object behind `module:name`."""
    module, name = reference.split(":")
    return getattr(importlib.import_module(module), name)


def all_signals() -> dict[str, Signal]:
    """Every built-in signal by name."""
    return {name: resolve(reference) for name, reference in _with_plugins("signals", SIGNALS).items()}


def step_tables() -> dict[str, dict[str, str]]:
    """The names a configuration may use, by section."""
    return {"read": SOURCES, "steps": _with_plugins("steps", {**STEPS, **PRESETS}), "write": SINKS}


def _with_plugins(group: str, table: dict[str, str]) -> dict[str, str]:
    from importlib import metadata

    found = {e.name: e.value for e in metadata.entry_points(group=f"llmsapp.{group}")}
    clash = sorted(set(found) & set(table))
    if clash:
        raise PipelineError(f"an installed package redefines the built-in {group} {clash}; uninstall it or rename them")
    return {**table, **found}


class _Reader:
    """Turns the YAML tree into objects and collects what is wrong."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text
        self.problems: list[Problem] = []
        self.signals: dict[str, Any] = dict(_with_plugins("signals", SIGNALS))
        self.own: dict[str, Any] = {}
        self.own_files: list[Path] = []
        self.set: list[str] = []
        self.secrets = Secrets()

    def problem(self, message: str, node: Any = None, key: Any = None, width: int = 1, shift: int = 0) -> None:
        line, column = _position(node, key)
        self.problems.append(Problem(self.secrets.hidden(message), line, column + shift, width))

    def tree(self) -> Any:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        yaml = YAML(typ="rt", pure=True)
        yaml.allow_duplicate_keys = False
        yaml.version = (1, 2)
        try:
            tree = yaml.load(self.text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            message = " ".join(str(p) for p in (error.context, error.problem) if p)
            if "duplicate key" in message:
                message = message.split("with value")[0].strip() + ": a key may stand once"
            raise ConfigError(self.path, self.text, [Problem(message, line, column)]) from None
        except (YAMLError, RecursionError, ValueError) as error:
            raise ConfigError(self.path, self.text, [Problem(f"not YAML: {error}", 0, 0)]) from None
        if not isinstance(tree, Mapping):
            raise ConfigError(self.path, self.text, [Problem("expected `read:`, `steps:` and `write:`", 1, 1)])
        self.plain(tree)
        return tree

    def plain(self, tree: Any) -> None:
        """Refuse tags, which ask for objects, and anchors that repeat each other into billions of values."""
        waiting, seen = [tree], 0
        while waiting:
            node, seen = waiting.pop(), seen + 1
            if seen > MAX_NODES:
                raise ConfigError(
                    self.path, self.text, [Problem(f"more than {MAX_NODES:,} values; write fewer anchors", 0, 0)]
                )
            tag = getattr(getattr(node, "tag", None), "value", None)
            if tag is not None and tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
                line, column = _position(node)
                message = f"tags such as {tag} are not taken: a configuration holds plain values"
                raise ConfigError(self.path, self.text, [Problem(message, line, column)])
            waiting += list(node.values()) if isinstance(node, Mapping) else node if isinstance(node, list) else []

    def override(self, tree: Any, text: str) -> None:
        """`read.warc=x.warc.gz`: a dotted path and a YAML scalar."""
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

        where, sign, value = text.partition("=")
        keys = where.split(".")
        if not sign or not all(keys) or len(keys) < 2 or keys[0] not in ("read", "write"):
            self.problem(f"--set {text}: expected read.NAME=value or write.NAME[.option]=value")
            return
        try:
            parsed = YAML(typ="safe", pure=True).load(value) if value else ""
        except YAMLError:
            parsed = value
        if not isinstance(tree.setdefault(keys[0], {}), Mapping) or keys[1] not in step_tables()[keys[0]]:
            allowed = ", ".join(step_tables()[keys[0]])
            self.problem(f"--set {text}: no `{keys[1]}` in `{keys[0]}:`; there are {allowed}")
            return
        node = tree.setdefault(keys[0], {})
        for key in keys[1:-1]:
            if not isinstance(node.get(key), Mapping):
                first = next(iter(inspect.signature(resolve(step_tables()[keys[0]][key])).parameters))
                node[key] = {first: node[key]} if key in node else {}
            node = node[key]
        last = keys[-1]
        if len(keys) == 2 and isinstance(node.get(last), Mapping):
            table = step_tables()[keys[0]]
            first = next(iter(inspect.signature(resolve(table[last])).parameters))
            node[last][first] = parsed
        else:
            if len(keys) == 2:
                node.clear()
            node[last] = parsed
        self.set.append(text)

    def own_signals(self, files: list[Path]) -> None:
        """Signals and rules of the user's own files: everything in them that is one, by its name."""
        self.own_files = files
        for path in files:
            try:
                module = _load_file(path)
            except Exception as error:  # noqa: BLE001 -- whatever the user's file raises is theirs to see
                self.problem(f"--signals {path}: {type(error).__name__}: {error}")
                continue
            found = {
                k: v for k, v in vars(module).items() if isinstance(v, (Signal, Keep, Rule)) or _is_step(v, module)
            }
            if not found:
                self.problem(
                    f"--signals {path}: holds no signal; decorate a function with @signal (from curate import signal)"
                )
            self.own |= found

    def pipeline(self, tree: Any, name: str) -> Pipeline | None:
        for key in tree:
            if key not in ("name", "read", "steps", "write"):
                self.problem(
                    f"unknown key `{key}`{_nearest(key, ['name', 'read', 'steps', 'write'])}", tree, key, len(str(key))
                )
        for key in ("read", "steps"):
            if key not in tree:
                self.problem(f"`{key}:` is missing", tree)
        read = self._single(tree, "read", SOURCES)
        steps = self._steps(tree)
        write = self._single(tree, "write", SINKS) if "write" in tree else None
        if self.problems:
            return None
        written = Written(self.text, tuple(self.set), tuple(path.name for path in self.own_files))
        try:
            pipeline = Pipeline(
                read, *steps, write=write, config=written, name=str(tree.get("name", name)), secrets=self.secrets
            )
        except PipelineError as error:
            self.problem(str(error))
            return None
        return pipeline

    def _single(self, tree: Any, section: str, table: dict[str, str]) -> Any:
        node = tree.get(section)
        if node is None:
            return None
        if not isinstance(node, Mapping) or len(node) != 1:
            self.problem(f"`{section}:` takes exactly one of {', '.join(table)}", tree, section, len(section))
            return None
        name = next(iter(node))
        return self._call(table, str(name), node[name], node, f"{section}: ")

    def _steps(self, tree: Any) -> list[Any]:
        node = tree.get("steps") or []
        if not isinstance(node, list):
            self.problem("`steps:` takes a list, each line beginning with `- `", tree, "steps", 5)
            return []
        out: list[Any] = []
        for i, item in enumerate(node):
            if isinstance(item, str):
                at: Any = _Place(node, i)
                item = {item: {}}
            elif isinstance(item, Mapping) and (len(item) == 1 or set(item) == {"keep", "alone"}):
                at = item
            else:
                self.problem("a step is one name with its options: `- normalize: {}`", node, i)
                continue
            name = next((k for k in item if k != "alone"), "")
            if not isinstance(name, str):
                self.problem("the name of a step is text", node, i)
                continue
            step = self._step(name, item, at)
            if step is not None:
                out.append(step)
        return out

    def _step(self, name: str, item: Any, at: Any) -> Any:
        value = item[name]
        if name == "keep":
            rules = [self._rule(text, item, "keep", i) for i, text in enumerate(_listed(value))]
            alone = item.get("alone", False)
            if not isinstance(alone, bool):
                self.problem(f"`alone` takes true or false, not {alone!r}", item, "alone", 5)
            return keep(*[r for r in rules if r is not None], alone=alone is True)
        if name == "measure":
            found = [self._signal(str(text), item, "measure") for text in _listed(value)]
            return measure(*[s for s in found if s is not None])
        if name in self.own and not isinstance(self.own[name], Signal):
            return self.own[name] if not isinstance(self.own[name], Rule) else keep(self.own[name])
        made = self._call(step_tables()["steps"], name, value, at, "")
        if made is None or name not in _with_plugins("steps", PRESETS) or isinstance(made, Keep):
            return made
        if isinstance(made, tuple) and all(isinstance(r, (Rule, Signal)) for r in made):
            return keep(*made, preset=name)
        return made

    def _call(self, table: Mapping[str, str], name: str, value: Any, node: Any, where: str) -> Any:
        if name not in table:
            allowed = [*table, *(DECIDING if not where else ())]
            self.problem(
                f"{where}no `{name}`{_nearest(name, allowed)}; there are {', '.join(allowed)}", node, name, len(name)
            )
            return None
        function = resolve(table[name])
        # A parameter such as `with_` ends in "_" because Python keeps the word for itself; here it is `with`.
        parameters = {key.rstrip("_"): p for key, p in inspect.signature(function).parameters.items()}
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            value = {next(iter(parameters)): value} if parameters else value
        arguments: dict[str, Any] = {}
        before = len(self.problems)
        for key, given in value.items():
            if key not in parameters:
                near = _nearest(key, list(parameters))
                self.problem(
                    f"`{name}` has no option `{key}`{near}; it takes {', '.join(parameters)}",
                    value,
                    key,
                    len(str(key)),
                )
                continue
            try:
                given = self._resolved(given)
            except KeyError as error:
                self.problem(f"`{name}`: the environment has no variable {error}; set it", value, key, len(str(key)))
                continue
            fits, plain = _fits(given, _type_of(function, parameters[key].name))
            if not fits:
                kind = parameters[key].annotation
                self.problem(f"`{name}`: `{key}` takes {kind}, not {given!r}", value, key, len(str(key)))
            arguments[parameters[key].name] = plain
        for key, parameter in parameters.items():
            if (
                parameter.default is parameter.empty
                and parameter.name not in arguments
                and parameter.kind is not parameter.VAR_POSITIONAL
            ):
                self.problem(f"`{name}` needs `{key}`", node, name, len(name))
        if len(self.problems) > before:
            return None
        try:
            return function(**arguments)
        except (ValueError, TypeError, OSError) as error:
            self.problem(f"`{name}`: {error}", node, name, len(name))
            return None

    def _resolved(self, value: Any) -> Any:
        """An option's value with the environment's variables in it."""
        if isinstance(value, str):
            return self.secrets.resolve(value) if NAMED.search(value) else value
        if isinstance(value, Mapping):
            return {k: self._resolved(v) for k, v in value.items()}
        return [self._resolved(v) for v in value] if isinstance(value, list) else value

    def _rule(self, text: Any, node: Any, key: str, index: int) -> Rule | None:
        if text is True or text is False or not isinstance(text, str):
            self.problem(f"a rule is text such as `word_count >= 50`, not {text!r}", node, key)
            return None
        if text in self.own and isinstance(self.own[text], Rule):
            return self.own[text]
        if NAMED.search(text):
            self.problem("a rule is shown in the report and takes no `${env:…}`; options of steps do", node, key)
            return None
        try:
            return parse_rule(text, self._lookup, {n: resolve(r) for n, r in FACTORIES.items()})
        except RuleError as error:
            line, column = self._inside(node, key, index, text)
            self.problems.append(Problem(f"in rule `{text}`: {error}", line, column + error.column, error.width))
            return None

    def _inside(self, node: Any, key: str, index: int, text: str) -> tuple[int, int]:
        """Where a rule's text begins in the file."""
        inner = node[key]
        line, column = _position(inner, index) if isinstance(inner, list) else _value_position(node, key)
        lines = self.text.splitlines()
        if 0 < line <= len(lines):
            at = lines[line - 1].find(text)
            column = at + 1 if at >= 0 else column
        return line, column

    def _lookup(self, name: str) -> Signal | None:
        if isinstance(self.own.get(name), Signal):
            return typing.cast(Signal, self.own[name])
        if name in self.signals:
            return typing.cast(Signal, resolve(self.signals[name]))
        return None

    def names(self) -> list[str]:
        return [*self.signals, *(n for n, v in self.own.items() if isinstance(v, Signal))]

    def _signal(self, name: str, node: Any, key: str) -> Signal | None:
        found = self._lookup(name)
        if found is None:
            self.problem(f"no signal named `{name}`{_nearest(name, self.names())}", node, key, len(key))
        return found


@dataclass(frozen=True)
class _Place:
    """An item of a list, where only the list knows positions."""

    node: Any
    key: Any


def _position(node: Any, key: Any = None) -> tuple[int, int]:
    """Line and column, from 1, of a key (or of an item) in its YAML node; (0, 0) where it cannot be told."""
    if isinstance(node, _Place):
        return _position(node.node, node.key)
    marks = getattr(node, "lc", None)
    if marks is None:
        return 0, 0
    try:
        if key is not None and isinstance(node, Mapping):
            line, column = marks.key(key)
        elif key is not None:
            line, column = marks.item(key)
        else:
            line, column = marks.line, marks.col
    except (KeyError, TypeError, AttributeError):
        return (0, 0) if marks.line is None else (marks.line + 1, marks.col + 1)
    return line + 1, column + 1


def _value_position(node: Any, key: Any) -> tuple[int, int]:
    try:
        line, column = node.lc.value(key)
    except (KeyError, TypeError, AttributeError):
        return _position(node, key)
    return line + 1, column + 1


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _nearest(name: Any, allowed: list[str]) -> str:
    near = difflib.get_close_matches(str(name), allowed, 1, 0.6)
    return f"; did you mean `{near[0]}`?" if near else ""


def _type_of(function: Any, parameter: str) -> Any:
    """What one parameter is annotated with. The other annotations may name what only a type checker imports."""
    only = types.SimpleNamespace(__annotations__={parameter: function.__annotations__.get(parameter, Any)})
    return typing.get_type_hints(only, globalns=function.__globals__)[parameter]


def _fits(value: Any, annotation: Any) -> tuple[bool, Any]:
    """Whether a YAML value is what an option takes, and the value as plain Python."""
    from pydantic import TypeAdapter, ValidationError

    plain = _plain(value)
    try:
        return True, TypeAdapter(annotation).validate_python(
            plain, strict=not isinstance(plain, (int, list, dict)) or isinstance(plain, bool)
        )
    except ValidationError:
        return False, plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def _load_file(path: Path) -> Any:
    """Import a user's own file, which the command line named, as a module that worker processes can be sent."""
    import importlib.util
    import sys

    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python file")
    if path.stem in sys.modules or path.stem in ("curate", "filters", "trainers"):
        raise ImportError(f"its name {path.stem!r} is taken by an imported module; rename the file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    import cloudpickle

    cloudpickle.register_pickle_by_value(module)
    return module


def _is_step(value: Any, module: Any) -> bool:
    own: Callable[..., Any] | None = value if inspect.isfunction(value) else None
    return own is not None and own.__module__ == module.__name__ and not own.__name__.startswith("_")
