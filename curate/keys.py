"""Fingerprints: the short text that changes exactly when what a thing computes changes.

They address finished work, so that a changed threshold, file or option redoes what depends on it and nothing else.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import functools
import hashlib
import re
import sys
import types
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np
import pyarrow as pa


def digest(*parts: bytes | str) -> str:
    """A 128-bit hash of `parts` as 32 hexadecimal digits; ("a", "bc") and ("ab", "c") differ."""
    h = hashlib.blake2b(digest_size=16)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        h.update(len(raw).to_bytes(8, "little"))
        h.update(raw)
    return h.hexdigest()


def fingerprint(thing: Any) -> str:
    """The digest of `describe(thing)`."""
    return digest(describe(thing))


def describe(thing: Any) -> str:
    """Plain text that tells `thing` from everything that behaves otherwise.

    Numbers, strings, containers, arrays and dataclasses by value; an object with a `key` by that; functions by their
    code, constants, defaults, closure, and the plain data and functions of their module that they name, so that an
    edited filter in a user's file is a new filter; modules, and objects of other kinds, by the name of their type.
    """
    return _described(thing, ())


def _described(thing: Any, within: tuple[int, ...]) -> str:
    if id(thing) in within:
        return "itself"  # a function that calls itself, or two that call each other
    if len(within) > DEPTH:
        return type(thing).__qualname__
    inside = (*within, id(thing))

    def parts(things: Any) -> list[str]:
        return [_described(x, inside) for x in things]

    match thing:
        case None | bool() | int() | float() | complex() | str() | bytes():
            return repr(thing)
        case list() | tuple():
            return "[" + ",".join(parts(thing)) + "]"
        case set() | frozenset():
            return "{" + ",".join(sorted(parts(thing))) + "}"
        case Mapping():
            return "{" + ",".join(f"{_described(k, inside)}:{_described(v, inside)}" for k, v in thing.items()) + "}"
        case pa.DataType() | pa.Schema():
            return str(thing)
        case re.Pattern():
            return f"pattern{thing.pattern!r}{thing.flags}"
        case PurePath() | datetime.date() | datetime.time() | datetime.timedelta() | decimal.Decimal() | enum.Enum():
            return f"{type(thing).__qualname__}{thing!s}"
        case np.ndarray():
            return f"array{thing.dtype}{thing.shape}{digest(np.ascontiguousarray(thing).tobytes())}"
        case functools.partial():
            return "partial" + "".join(parts([thing.func, thing.args, thing.keywords]))
        case types.MethodType():
            return "method" + "".join(parts([thing.__self__, thing.__func__]))
        case types.FunctionType():
            return _function(thing, inside)
        case types.ModuleType():
            return thing.__name__
        case type():
            return f"{thing.__module__}.{thing.__qualname__}{_methods(thing, inside)}"
    if hasattr(thing, "key"):
        return _described(thing.key, inside)
    if hasattr(thing, "py_func"):  # a numba kernel: by its Python source
        return _described(thing.py_func, inside)
    name = f"{type(thing).__module__}.{type(thing).__qualname__}"
    if dataclasses.is_dataclass(thing):
        fields = {f.name: getattr(thing, f.name) for f in dataclasses.fields(thing)}
        extra = {name: getattr(thing, name) for name in ("version", "depends") if hasattr(thing, name)}
        return name + _described(fields, inside) + _described(extra, inside) + _methods(type(thing), inside)
    if isinstance(thing, types.BuiltinFunctionType):
        return f"{thing.__module__}.{thing.__qualname__}"
    own = {} if _installed(type(thing)) else getattr(thing, "__dict__", {})
    return name + _described(own, inside) + _methods(type(thing), inside)


DEPTH = 12  # of what names what: beyond it only types are told apart
OURS = ("curate.", "filters.", "trainers.")  # told apart by the installed version, which is part of every key


def _function(function: types.FunctionType, inside: tuple[int, ...]) -> str:
    closure = [c.cell_contents for c in function.__closure__ or () if _filled(c)]
    names = sorted(_names(function.__code__))  # a set: its order changes with the hash seed of each process
    named = {n: function.__globals__[n] for n in names if n in function.__globals__}
    data = {n: v for n, v in named.items() if not isinstance(v, (types.ModuleType, type)) and not _foreign(v)}
    wrapped = getattr(function, "__wrapped__", None)
    parts = (function.__defaults__, function.__kwdefaults__, closure, data, wrapped)
    return function.__qualname__ + _code(function.__code__) + "".join(_described(p, inside) for p in parts)


def _foreign(value: Any) -> bool:
    """Whether a module's global is somebody else's code: its version, not its insides, is what may change."""
    module = getattr(value, "__module__", None) or ""
    return callable(value) and (module.startswith(OURS) or module.split(".")[0] in sys.stdlib_module_names)


def _installed(kind: type) -> bool:
    """Whether a class is ours, Python's or a package's: then its version is what may change."""
    if kind.__module__.startswith(OURS) or kind.__module__.split(".")[0] in sys.stdlib_module_names:
        return kind.__module__ != "__main__"
    return "-packages" in (getattr(sys.modules.get(kind.__module__), "__file__", None) or "")


def _methods(kind: type, inside: tuple[int, ...]) -> str:
    """The code of a class's own methods, unless it is installed."""
    if _installed(kind):
        return ""
    own = {n: f for n, f in vars(kind).items() if isinstance(f, types.FunctionType) and f.__module__ == kind.__module__}
    return _described(own, inside)


def _names(code: types.CodeType) -> set[str]:
    """Every global a piece of code may name, in the functions inside it too."""
    inner = (c for c in code.co_consts if isinstance(c, types.CodeType))
    return {*code.co_names, *(name for c in inner for name in _names(c))}


def _filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 -- an empty cell raises
    except ValueError:
        return False
    return True


def _code(code: types.CodeType) -> str:
    constants = [_code(c) if isinstance(c, types.CodeType) else describe(c) for c in code.co_consts]
    return digest(code.co_code, *constants, *code.co_names)
