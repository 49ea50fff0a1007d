"""Rules written as text: `50 <= word_count <= 100_000 and lang in ['en', 'zh']` becomes the same `Rule` as in Python.

Read with `ast` and never run. Signals are compared with literals; `and`, `or`, `not`, `in`, `is None` through
`known(x)`, and calls of the few functions in a table with literal arguments.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from typing import Any

from curate.rules import Joined, Rule, compare, known, written
from curate.signals import Signal

_OPS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class RuleError(ValueError):
    """What is wrong with a rule's text, and where in it (`column` from 0)."""

    def __init__(self, message: str, column: int = 0, width: int = 1) -> None:
        super().__init__(message)
        self.column, self.width = column, width


Lookup = Callable[[str], Signal | None]
Factories = Mapping[str, Callable[..., Signal]]


def parse_rule(text: str, lookup: Lookup, factories: Factories) -> Rule:
    """The rule that `text` says, printed as `text`. Raises RuleError."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise RuleError(f"not a rule: {error.msg}", (error.offset or 1) - 1) from None
    except (RecursionError, MemoryError, ValueError) as error:
        raise RuleError(f"not a rule: {error}") from None
    try:
        return written(" ".join(text.split()), _Parser(lookup, factories).rule(tree.body))
    except RuleError as error:
        error.column = _characters(text, error.column)
        raise
    except RecursionError:
        raise RuleError("not a rule: it is nested too deeply") from None


class _Parser:
    def __init__(self, lookup: Lookup, factories: Factories) -> None:
        self.lookup, self.factories = lookup, factories

    def rule(self, node: ast.expr) -> Rule:
        match node:
            case ast.BoolOp(op=op, values=values):
                return Joined("and" if isinstance(op, ast.And) else "or", tuple(self.rule(v) for v in values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return ~self.rule(operand)
            case ast.Call(func=ast.Name(id="known"), args=[argument], keywords=[]):
                return known(self.signal(argument))
            case ast.Name() | ast.Call():
                found = self.signal(node)
                if found.compute is not None and str(found.dtype) != "bool":
                    raise _error(f"`{found.name}` is no yes/no signal ({found.dtype}); compare it", node)
                return compare(found, "==", True)
            case ast.Compare(left=left, ops=ops, comparators=rights):
                sides = [left, *rights]
                rules = [self.comparison(a, op, b) for a, op, b in zip(sides, ops, rights, strict=False)]
                return rules[0] if len(rules) == 1 else Joined("and", tuple(rules))
        raise _error("expected comparisons of signals with constants, joined by and/or/not", node)

    def comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Rule:
        word = _OPS.get(type(op))
        if word is None:
            raise _error("use < <= > >= == != in; for `is None` write known(signal)", left)
        if isinstance(left, (ast.Name, ast.Call)) and isinstance(right, (ast.Name, ast.Call)):
            raise _error("compare a signal with a constant, not with another signal (text goes in quotes)", right)
        if isinstance(right, (ast.Name, ast.Call)):
            if word not in _FLIPPED:
                raise _error("write `signal in ['a', 'b']`", left)
            found, value, word = self.signal(right), _literal(left), _FLIPPED[word]
        else:
            found, value = self.signal(left), _literal(right)
        if word in ("in", "not in"):
            if not isinstance(value, (list, tuple)) or not value:
                raise _error(f"`{word}` takes a list such as ['en', 'zh']", right)
            value = tuple(value)
        self.comparable(found, value, right)
        return compare(found, word, value)

    def comparable(self, found: Signal, value: Any, node: ast.expr) -> None:
        import pyarrow as pa

        if found.compute is None:
            return
        for one in value if isinstance(value, tuple) else (value,):
            text = pa.types.is_string(found.dtype)
            if isinstance(one, str) != text:
                kind = "text in quotes" if text else f"a {'yes/no' if pa.types.is_boolean(found.dtype) else 'number'}"
                raise _error(f"`{found.name}` is compared with {kind}, not with {one!r}", node)

    def signal(self, node: ast.expr) -> Signal:
        match node:
            case ast.Name(id=name):
                found = self.lookup(name)
                if found is None:
                    raise _error(f"no signal named `{name}`{_near(name, self.lookup)}", node)
                return found
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
                if name not in self.factories:
                    raise _error(
                        f"no function `{name}` in rules; there are {', '.join(['known', *self.factories])}", node
                    )
                if any(k.arg is None for k in keywords):
                    raise _error("options are written one by one", node)
                arguments = [_literal(a) for a in args]
                options = {str(k.arg): _literal(k.value) for k in keywords}
                try:
                    return self.factories[name](*arguments, **options)
                except (TypeError, ValueError, OSError) as error:
                    raise _error(f"{name}: {error}", node) from None
        raise _error("expected the name of a signal", node)


def _near(name: str, lookup: Lookup) -> str:
    """The nearest name, where the lookup belongs to something that can list its names."""
    import difflib

    names: list[str] = getattr(getattr(lookup, "__self__", None), "names", list)()
    near = difflib.get_close_matches(name, names, 1)
    return f"; did you mean `{near[0]}`?" if near else (f"; there are {', '.join(names)}" if names else "")


def _literal(node: ast.expr) -> Any:
    try:
        value = ast.literal_eval(node)
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if not isinstance(one, (int, float, str)) or (isinstance(one, float) and not math.isfinite(one)):
                raise ValueError(one)
        return value
    except (ValueError, TypeError, MemoryError, RecursionError):
        raise _error("expected a constant: a number, text in quotes, or a list of them", node) from None


def _error(message: str, node: ast.expr) -> RuleError:
    return RuleError(message, node.col_offset, max((node.end_col_offset or 0) - node.col_offset, 1))


def _characters(text: str, column: int) -> int:
    """A column in UTF-8 bytes, as `ast` counts, in characters."""
    return len(text.encode()[:column].decode(errors="ignore"))
