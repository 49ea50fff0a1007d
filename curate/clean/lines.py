"""The lines of a column of texts, and the texts without some of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.schema import normalised_strings


def lines_of(texts: pa.Array) -> pa.ListArray:
    """The lines of each text, without their line feeds; null where the text is. "a\\n" has two lines, the second ""."""
    return pc.split_pattern(normalised_strings(texts), "\n")


def without_lines(texts: pa.Array, lines: pa.ListArray, dropped: pa.Array) -> pa.Array:
    """`texts` without the lines that are true in `dropped`, which has an entry for each of `lines.flatten()`.

    Where a line stood between blank ones, or beside them at either end of the text, the blank lines behind it (at the
    end: the one before it) go with it, so that paragraphs keep their distance. Texts that lose no line stay as they
    are.
    """
    gone = dropped.to_numpy(zero_copy_only=False)
    before = np.concatenate([[0], np.cumsum(gone)])
    offsets = lines.offsets.to_numpy()
    losing = np.flatnonzero(before[offsets[1:]] > before[offsets[:-1]])
    if not len(losing):
        return texts
    out = texts.to_pylist()
    for row in losing:
        start, stop = offsets[row], offsets[row + 1]
        out[row] = "\n".join(_remaining(lines[row].as_py(), gone[start:stop].tolist()))
    return pa.array(out, pa.string())


def _remaining(lines: list[str], dropped: list[bool]) -> list[str]:
    kept: list[str] = []
    gap = False  # whether a line was dropped since the last one kept
    for line, drop in zip(lines, dropped, strict=True):
        if drop:
            gap = True
            continue
        if gap and not line.strip() and (not kept or not kept[-1].strip()):
            continue  # a blank line behind the gap, with one before it
        kept.append(line)
        gap = False
    if gap and kept and not kept[-1].strip():
        kept.pop()
    return kept
