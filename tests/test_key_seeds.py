"""Keys are the same in every process: a set's order, which changes with the hash seed, must not be in them.

Found by killing a real run every ten seconds: what one process had measured, the next did not know again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TELL = """
import sys
from curate.config import all_signals
from curate.keys import fingerprint

ONE, TWO, THREE, FOUR, FIVE = 1, 2.0, "3", {"b": 4, "a": 5}, frozenset("xyz")

def helper(value):
    return value in FIVE

def own(text):
    return [FOUR, THREE, TWO, ONE, helper(text), sorted({"p", "q"} & set(text))]

print(fingerprint(own), *(f"{name}={fingerprint(s.key)}" for name, s in sorted(all_signals().items())))
"""


def test_every_hash_seed_gives_the_same_keys() -> None:
    root = str(Path(__file__).parent.parent)
    told = {
        subprocess.run(
            [sys.executable, "-P", "-c", TELL],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": root},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(4)
    }
    assert len(told) == 1
    assert told.pop().count("=") > 15
