"""Fingerprints: the short text that changes exactly when what a thing computes changes.

They address finished work, so that a changed threshold, file or option redoes what depends on it and nothing else.
"""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import types
from collections.abc import Mapping
from typing import Any

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

    Numbers, strings, containers and dataclasses by value; an object with a `key` by that; functions by their code
    and constants, so that an edited filter in a user's file is a new filter; modules and classes by name.
    """
    match thing:
        case None | bool() | int() | float() | str() | bytes():
            return repr(thing)
        case list() | tuple():
            return "[" + ",".join(describe(x) for x in thing) + "]"
        case set() | frozenset():
            return "{" + ",".join(sorted(describe(x) for x in thing)) + "}"
        case Mapping():
            return "{" + ",".join(f"{describe(k)}:{describe(v)}" for k, v in thing.items()) + "}"
        case pa.DataType() | pa.Schema():
            return str(thing)
        case types.ModuleType() | type():
            return getattr(thing, "__qualname__", thing.__name__)
    if not isinstance(thing, type) and hasattr(thing, "key"):
        return describe(thing.key)
    if dataclasses.is_dataclass(thing):
        fields = {f.name: getattr(thing, f.name) for f in dataclasses.fields(thing)}
        extra = {name: getattr(thing, name) for name in ("version", "depends") if hasattr(thing, name)}
        return f"{type(thing).__module__}.{type(thing).__qualname__}{describe(fields)}{describe(extra)}"
    if isinstance(thing, types.CodeType):
        return _code(thing)
    inner = inspect.unwrap(thing) if callable(thing) else thing
    if isinstance(inner, types.FunctionType):
        closure = [c.cell_contents for c in inner.__closure__ or ()]
        return f"{inner.__qualname__}{_code(inner.__code__)}{describe(inner.__defaults__)}{describe(closure)}"
    if isinstance(inner, types.MethodType):
        return describe(inner.__self__) + describe(inner.__func__)
    if hasattr(inner, "py_func"):  # a numba kernel: by its Python source
        return describe(inner.py_func)
    if isinstance(inner, types.BuiltinFunctionType) or hasattr(inner, "__name__"):
        return f"{getattr(inner, '__module__', '')}.{inner.__name__}"
    return f"{type(inner).__module__}.{type(inner).__qualname__}"


def _code(code: types.CodeType) -> str:
    constants = [_code(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts]
    return digest(code.co_code, *constants, *code.co_names)
