"""Text from the data, made safe to look at.

Crawled text carries characters that show nothing and change everything: U+202E reverses the line it stands in, ESC
recolours a terminal, a zero-width space splits a word unseen. A report that passed them on could be made to lie, so
each one is shown by its name instead. Joiners (U+200C, U+200D) stay: Persian and emoji are spelled with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

NAMES = {
    0x061C: "ALM",
    0x200B: "ZWSP",
    0x200E: "LRM",
    0x200F: "RLM",
    0x2028: "LS",
    0x2029: "PS",
    0x202A: "LRE",
    0x202B: "RLE",
    0x202C: "PDF",
    0x202D: "LRO",
    0x202E: "RLO",
    0x2060: "WJ",
    0x2066: "LRI",
    0x2067: "RLI",
    0x2068: "FSI",
    0x2069: "PDI",
    0xFEFF: "BOM",
}
# Tab and line feed are ordinary. Lone surrogates cannot be written as UTF-8; tag characters (U+E00xx) hide whole texts.
_HIDDEN = re.compile(
    r"([\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff"
    r"\ud800-\udfff\U000e0000-\U000e007f])"
)


def pieces(text: str, limit: int) -> Iterator[tuple[str, bool]]:
    """`text` in order as (piece, hidden): ordinary runs as they are, each hidden character by its name.

    `limit` is in characters of `text`; what is cut off is said in a last piece such as `…+120`, marked as hidden.
    """
    shown = text[:limit].replace("\r\n", "\n")
    for index, piece in enumerate(_HIDDEN.split(shown)):
        if index % 2:
            yield NAMES.get(ord(piece), f"U+{ord(piece):04X}"), True
        elif piece:
            yield piece, False
    if len(text) > limit:
        yield f"…+{len(text) - limit:,}", True


def plain(text: str, limit: int) -> str:
    """`text` on one line for a terminal or a title: `pieces` with the hidden ones in ⟨angle brackets⟩."""
    joined = "".join(f"⟨{piece}⟩" if hidden else piece for piece, hidden in pieces(text, limit))
    return " ".join(joined.split())
