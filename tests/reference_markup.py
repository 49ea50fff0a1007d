"""Slow twin, in regular expressions, of the kernel that counts markup: what it must equal, number for number."""

from __future__ import annotations

import re

from curate.extract.engines import Work

# Void, ending by themselves, and holding text only: written out again, so that a slip in the kernel's lists shows.
VOID = {
    b"area", b"base", b"br", b"col", b"embed", b"frame", b"hr", b"img", b"input", b"keygen", b"link", b"meta",
    b"param", b"source", b"track", b"wbr",
}  # fmt: skip
SELF_ENDING = {
    b"a", b"body", b"colgroup", b"dd", b"dt", b"head", b"html", b"li", b"optgroup", b"option", b"p", b"rp", b"rt",
    b"tbody", b"td", b"tfoot", b"th", b"thead", b"tr",
}  # fmt: skip
RAW = {b"iframe", b"noembed", b"noframes", b"script", b"style", b"textarea", b"title", b"xmp"}

# Possessive repeats throughout: no backtracking, linear.
SPACE = rb"[ \t\n\f\r]"
ENDS = rb"(?=[ \t\n\f\r/>])"
VALUE = rb"(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^ \t\n\f\r>]*+)"
ATTRIBUTE = re.compile(rb"[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+(?:" + SPACE + rb"*+=" + SPACE + rb"*+" + VALUE + rb")?+")
TAG = re.compile(rb"<(/?)([a-zA-Z][^ \t\n\f\r/>]*+)((?:[ \t\n\f\r/]++|" + ATTRIBUTE.pattern + rb")*+)(>?)")
COMMENT = re.compile(rb"<!--(?:-?>|.*?--!?>|.*)", re.S)
NOTHING = re.compile(rb"<(?:[!?]|/(?=.))[^>]*+>?", re.S)
SCRIPT = re.compile(rb"<!--|(?<=--)>|</?script" + ENDS, re.I)


def markup_work(markup: bytes) -> Work:
    """The counts of `markup` as `curate.extract.engines.markup_work` gives them."""
    tags = most = depth = deepest = paragraphs = breaks = 0
    collected = {b"html": 0, b"body": 0}
    at = markup.find(b"<")
    while at >= 0:
        tag = TAG.match(markup, at)
        if tag is None:
            other = COMMENT.match(markup, at) or NOTHING.match(markup, at)
            at = markup.find(b"<", other.end() if other else at + 1)
            continue
        at = tag.end()
        name = tag[2].lower()
        nests = name not in VOID | SELF_ENDING | RAW
        attributes = list(ATTRIBUTE.finditer(tag[3]))
        if name in collected:
            collected[name] += len(attributes)
        most = max(most, collected.get(name, len(attributes)))
        if tag[1]:
            depth = max(depth - nests, 0)
        else:
            tags += 1
            paragraphs += name == b"p"
            breaks += name == b"br"
            behind = tag[3][attributes[-1].end() :] if attributes else tag[3]
            depth += nests and not (tag[4] and behind.endswith(b"/"))
            deepest = max(deepest, depth)
            if name in RAW:
                at = end_of_raw(markup, at, name)
        at = markup.find(b"<", at)
    return Work(len(markup), tags, most, deepest, paragraphs, breaks)


def end_of_raw(markup: bytes, at: int, name: bytes) -> int:
    """Where the end tag begins of a raw element whose start tag ends at `at`."""
    if name != b"script":
        end = re.compile(b"</" + name + ENDS, re.I).search(markup, at)
        return end.start() if end else len(markup)
    comment = inner = False
    for found in SCRIPT.finditer(markup, at):
        match found[0].lower():
            case b"<!--":
                comment = True
            case b">":
                comment = inner = False
            case b"<script":
                inner = comment
            case _:
                if not inner:
                    return found.start()
                inner = False
    return len(markup)
