"""Lists of phrases: how they are written, those that ship, and a signal that counts the phrases of a list of your own.

A list is a text file in UTF-8. A line is a phrase; `#` begins a comment line; `[sexual]` opens the group of the lines
that follow. What a phrase matches (case, word borders, `*`, digits, overlaps) is said in `curate.kernels.phrases`. The
phrases of the group `innocent` are exceptions: they count for nothing, and hide what they overlap.

The lists that ship lie in `filters/lists`, each with its source and licence. All are looked for in one pass, shared by
the signals that read them.
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from curate.signals import Signal
from filters.densities import density
from filters.pieces import text_counts

if TYPE_CHECKING:
    from curate.kernels.phrases import Automaton

TOXIC_GROUPS = ("sexual", "suggestive", "profane", "insulting", "rude", "hateful", "violent")
AD_GROUPS = ("luring", "offer", "figures", "contact", "boasting", "shady", "trade")
SHIPPED_GROUPS = (*TOXIC_GROUPS, *AD_GROUPS)
INNOCENT = "innocent"

SHIPPED_SHA256 = "e8e3ebe882eab3ee8194dfaa367578a3de44af581d87bc574d99e2379d5f780b"
# Of each group: `found`, how often its phrases occur, and `different`, how many different ones do.
COUNTS_TYPE = pa.struct(
    [pa.field(f"{group}_{what}", pa.int32()) for what in ("found", "different") for group in SHIPPED_GROUPS]
)
HEADING = re.compile(r"\[([a-z_]+)\]")


def read_list(path: str | Path, group: str | None = None) -> dict[str, str]:
    """The phrases of a file, each with its group; `group` is that of the lines before any heading.

    Raises FileNotFoundError; ValueError for a file that is not UTF-8, a phrase without a group, or one in two groups.
    """
    try:
        text = _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: a list of phrases is UTF-8 text ({error})") from None
    phrases: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        phrase = line.strip()
        if not phrase or phrase.startswith("#"):
            continue
        if heading := HEADING.fullmatch(phrase):
            group = heading[1]
        elif group is None:
            raise ValueError(f"{path}, line {number}: {phrase!r} stands in no group; begin the file with [some_group]")
        elif phrases.setdefault(phrase, group) != group:
            raise ValueError(
                f"{path}, line {number}: {phrase!r} stands in [{phrases[phrase]}] and in [{group}]; choose one"
            )
    return phrases


def _bytes(path: str | Path) -> bytes:
    if not Path(path).is_file():
        raise FileNotFoundError(f"no list of phrases at {path}; expected a text file with a phrase per line")
    return Path(path).read_bytes()


def shipped_files() -> list[Path]:
    """The lists that ship, in order of name."""
    folder = Path(str(resources.files("filters") / "lists"))
    return sorted(path for path in folder.glob("*.txt") if not path.name.startswith("LICENSE"))


def digest(*files: str | Path) -> str:
    """The sha256 of these files, one after the other. Raises FileNotFoundError."""
    return hashlib.sha256(b"".join(map(_bytes, files))).hexdigest()


@functools.cache
def shipped_automaton() -> Automaton:
    """All shipped phrases. Raises ValueError where a phrase stands in two lists."""
    from curate.kernels.phrases import EXCEPTION, automaton

    numbers = {group: i for i, group in enumerate(SHIPPED_GROUPS)} | {INNOCENT: EXCEPTION}
    phrases: dict[str, int] = {}
    for path in shipped_files():
        for phrase, group in read_list(path).items():
            if phrase in phrases:
                raise ValueError(f"{path.name}: {phrase!r} stands in another list too")
            phrases[phrase] = numbers[group]
    return automaton(phrases)


def _count_shipped(text: pa.StringArray) -> pa.StructArray:
    from curate.kernels import string_buffers
    from curate.kernels.phrases import count_phrases

    counts = count_phrases(*string_buffers(text), shipped_automaton(), len(SHIPPED_GROUPS))
    columns = [pa.array(row) for row in counts.reshape(len(COUNTS_TYPE), -1)]
    return pa.StructArray.from_arrays(columns, fields=list(COUNTS_TYPE), mask=text.is_null())


phrase_counts = Signal(
    "phrase_counts",
    ("text",),
    COUNTS_TYPE,
    _count_shipped,
    about="How many phrases of each shipped group a text has, and how many different ones; null for a null text.",
    source="Aho and Corasick 1975, CACM 18:6",
    version="1",  # raise when the kernel matches anything differently
    module=__name__,
    piece=True,
    options=(SHIPPED_SHA256,),
)


@functools.cache
def own_automaton(path: str, sha256: str) -> Automaton:
    """The automaton of a list of one's own, which must have this digest: it has not changed since the run was planned.

    All its phrases are of group 0, but for the innocent ones.
    """
    from curate.kernels.phrases import EXCEPTION, automaton

    found = digest(path)
    if found != sha256:
        raise ValueError(f"{path} has changed: its sha256 is {found}, {sha256} was expected; plan the run again")
    return automaton({p: EXCEPTION if g == INNOCENT else 0 for p, g in read_list(path, "listed").items()})


@dataclass(frozen=True)
class OwnDensity:
    """The column function of `phrases`: text and its counts to phrases per 1,000 words."""

    path: str
    sha256: str

    def __call__(self, text: pa.StringArray, counts: pa.StructArray) -> pa.DoubleArray:
        from curate.kernels import string_buffers
        from curate.kernels.phrases import count_phrases

        found = count_phrases(*string_buffers(text), own_automaton(self.path, self.sha256), 1)
        return density(pa.array(found[0, 0]), counts)


def phrases(path: str, name: str | None = None) -> Signal:
    """Phrases of the list in the file `path` per 1,000 words (2,000 Han characters); null for a null text or one
    without words.

    All groups count alike, but for `[innocent]`, whose phrases are exceptions; no group needs to be named. The column
    is called `name`, or `phrases_` and the file's stem. The file's sha256, not its place, is the signal's identity.
    Raises FileNotFoundError, ValueError.
    """
    sha256 = digest(path)
    own_automaton(path, sha256)
    return Signal(
        name or "phrases_" + re.sub(r"\W+", "_", Path(path).stem),
        ("text", text_counts),
        pa.float64(),
        OwnDensity(path, sha256),
        about=f"Phrases of {Path(path).name} per 1,000 words (2,000 Han characters).",
        version="1",
        options=(sha256,),
    )
