"""Decision trees that ask every block the same question at the same depth, so that many blocks are judged at once.

Such trees are called oblivious (CatBoost: Prokhorenkova et al., 2018, section 3): with six questions a tree is a table
of 64 values, and a block's place in it is six bits. The bits of 32 blocks come from one comparison of bytes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.kernels import kernel
from curate.kernels.html.blocks import UNITS, Table
from curate.kernels.html.features import PAD, Rows

DEPTH = 6
LEAVES = 1 << DEPTH


@kernel
def judge(
    rows: Rows,
    n: int,
    asked: npt.NDArray[np.int32],
    borders: npt.NDArray[np.uint8],
    values: npt.NDArray[np.float32],
    odds: npt.NDArray[np.float32],
) -> None:
    """Add to `odds`, the log odds of `n` blocks, what every tree says.

    `asked`, shape (trees, DEPTH, 2): row and shift of each question; `borders` (trees, DEPTH): its bit is 1 above;
    `values` (trees, LEAVES).
    """
    place = np.empty(n, np.uint8)
    for tree in range(asked.shape[0]):
        for depth in range(0, DEPTH, 2):
            first, second = rows[asked[tree, depth, 0]], rows[asked[tree, depth + 1, 0]]
            a, b = np.uint64(PAD + asked[tree, depth, 1]), np.uint64(PAD + asked[tree, depth + 1, 1])
            low, high = borders[tree, depth], borders[tree, depth + 1]
            one, two = np.uint8(1 << depth), np.uint8(2 << depth)
            if depth == 0:
                for i in range(np.uint64(n)):
                    place[i] = np.uint8((first[a + i] > low) * one | (second[b + i] > high) * two)
            else:
                for i in range(np.uint64(n)):
                    place[i] |= np.uint8((first[a + i] > low) * one | (second[b + i] > high) * two)
        leaves = values[tree]
        for i in range(np.uint64(n)):
            odds[i] += leaves[np.uint64(place[i])]


LOWEST, HIGHEST = 0.1, 0.9


@kernel
def choose(
    blocks: Table, n: int, odds: npt.NDArray[np.float32], stringency: float, chosen: npt.NDArray[np.uint8]
) -> float:
    """Turn `odds` into probabilities and set `chosen` to 1 where they reach the page's threshold, which is returned.

    The threshold is `stringency` times the best F1 that the page can be expected to reach: 0.5 maximises the expected
    F1 (Lipton, Elkan and Naryanaswamy, 2014, theorem 1), more is more precise.
    """
    for i in range(n):
        odds[i] = 1 / (1 + np.exp(-odds[i]))
    threshold = 0.4
    for _ in range(6):
        hits = taken = all_units = 0.0
        for i in range(n):
            likely = odds[i] * blocks[UNITS, i]
            all_units += likely
            if odds[i] >= threshold:
                hits += likely
                taken += blocks[UNITS, i]
        threshold = min(HIGHEST, max(LOWEST, stringency * 2 * hits / (taken + all_units + 1e-6)))
    for i in range(n):
        chosen[i] = odds[i] >= threshold
    return threshold
