"""Pages that make parsers quadratic, or lose their end: each case is a piece of markup between two paragraphs."""

from __future__ import annotations

from collections.abc import Callable

FIRST = "This is a normal sentence of the article, with commas, and it is repeated. " * 20
LAST = "The closing paragraph is here as well."


def page(piece: str, head: str = "") -> str:
    """The piece within an article."""
    return (
        f"<html><head><title>t</title>{head}</head><body><article><h1>Title here</h1><p>{FIRST}</p>{piece}"
        f"<p>{LAST * 20}</p></article></body></html>"
    )


def times(piece: str, count: int) -> Callable[..., str]:
    """`piece` so many times, or that many times `scale`."""
    return lambda scale=1.0: piece * int(count * scale)


BOMBS: dict[str, Callable[..., str]] = {
    "attributes in one tag": lambda scale=1.0: (
        "<div " + " ".join(f'a{i}="{i}"' for i in range(int(100_000 * scale))) + ">x</div>"
    ),
    "nested elements": lambda scale=1.0: "<div>" * int(100_000 * scale) + "x" + "</div>" * int(100_000 * scale),
    "nested elements, open": times("<div>a ", 100_000),
    "nested custom elements": times("<x-y>a ", 100_000),
    "nested tables": times("<table><tr><td>a ", 20_000),
    "nested lists": times("<ul><li>a ", 20_000),
    "open paragraphs": times("<p>word ", 100_000),
    "open bold": times("<b>x ", 100_000),
    "adoption agency": times("<a href=x><b><font>x<p>", 5_000),
    "stray end tags": lambda scale=1.0: "<div>" * 300 + "<table><tr><td>" + "</div></p></li>" * int(100_000 * scale),
    "end tags far out": lambda scale=1.0: "<section>" + "<div>" * 250 + "</section><section>" * int(2_000 * scale),
    "long attribute": lambda scale=1.0: '<img src="data:image/png;base64,' + "QUFB" * int(2_500_000 * scale) + '">',
    "NULs": lambda scale=1.0: "<p>abc\0def ghi " * int(100_000 * scale) + "\0" * int(100_000 * scale),
    "open comments": times("<!-- ", 200_000),
    "ends in a comment": lambda scale=1.0: "<!--" + ">" * int(1_000_000 * scale),
    "open containers": times("<svg><select><object>", 100_000),
    "false ends of a script": lambda scale=1.0: "<script>" + "</scrip" * int(1_000_000 * scale) + "</script>",
    "long script": lambda scale=1.0: "<script>" + "x=1;<!-" * int(2_000_000 * scale) + "</script>",
    "open quotes": times('<a href="x>y ', 100_001),
    "open quotes of two kinds": lambda scale=1.0: "<a href='x> " + '<p x="a>b ' * int(100_000 * scale),
    "less-than signs": times("<", 1_000_000),
    "references": times("&amp;", 1_000_000),
    "ampersands": times("&", 1_000_000),
    "line breaks": times("x<br>", 100_000),
    "blanks": times(" ", 10_000_000),
    "one long word": times("a", 10_000_000),
    "links": lambda scale=1.0: "".join(f'<a href="/x{i}">link {i}</a> ' for i in range(int(100_000 * scale))),
    "long class": lambda scale=1.0: '<div class="' + "article content " * int(100_000 * scale) + '">x</div>',
    "long style": lambda scale=1.0: '<div style="' + "displaydispla:" * int(100_000 * scale) + '">x</div>',
    "combining marks": lambda scale=1.0: "<p>a" + "\u0301" * int(1_000_000 * scale),
    "paragraphs": times("<p>This is a normal sentence of the article body, repeated often.</p>\n", 200_000),
    "definitions": times("<dl><dt>a<dd>b", 50_000),
    "open code": times("<code>a ", 100_000),
    "empty cells": lambda scale=1.0: "<table><tr><td>a" + "<td>" * int(200_000 * scale) + "<td>b</table>",
    "surrogates": times("&#xD800;", 100_000),
    "open titles": times("<title>a ", 100_000),
}
