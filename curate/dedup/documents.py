"""`drop_duplicates`: one of the two sweeps over documents, and the rule that drops what it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate.dedup.exact import Exact
from curate.dedup.minhash import MinHash
from curate.groups import Keep, keep
from curate.rules import known, written
from curate.signals import column

if TYPE_CHECKING:
    from curate.sweep import Sweep


def drop_duplicates(
    how: str = "minhash",
    *,
    by: str | None = None,
    ngram: int | None = None,
    bands: int | None = None,
    rows: int | None = None,
    seed: int | None = None,
    similarity: float | None = None,
) -> tuple[Sweep, Keep]:
    """Keep the first of the documents that are the same; the ledger names it beside each of the others.

    `how="exact"`: equal texts, up to white space and the case of ASCII letters; option `by` (see `Exact`).
    `how="minhash"`: nearly equal texts; options `ngram`, `bands`, `rows`, `seed`, `similarity` (see `MinHash`).
    None means the default written there. Gives the sweep and the rule that drops what it found, for a `Pipeline`.

    Raises ValueError for another `how`, and for an option that the chosen way does not have.
    """
    of_exact: dict[str, Any] = {"by": by}
    of_minhash = {"ngram": ngram, "bands": bands, "rows": rows, "seed": seed, "similarity": similarity}
    if how == "exact":
        options, foreign = of_exact, of_minhash
    elif how == "minhash":
        options, foreign = of_minhash, of_exact
    else:
        raise ValueError(f"drop_duplicates: how={how!r} is unknown; it is 'minhash' or 'exact'")
    wrong = [name for name, value in foreign.items() if value is not None]
    if wrong:
        raise ValueError(
            f"drop_duplicates(how={how!r}) has no option {', '.join(wrong)}; its options are {', '.join(options)}"
        )
    given = {name: value for name, value in options.items() if value is not None}
    sweep: Sweep = Exact(**given) if how == "exact" else MinHash(**given)
    words = "first of its exact copies" if how == "exact" else "first of its near-duplicates"
    return sweep, keep(written(words, ~known(column(sweep.verdict.field(0).name, pa.string()))), preset=sweep.name)
