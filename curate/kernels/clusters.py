"""Which rows belong together: rows of equal key, and what chains of pairs connect. The first row stands for all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.kernels import kernel

Rows = npt.NDArray[np.int64]


def repeats(*keys: npt.NDArray[np.uint64]) -> tuple[Rows, Rows]:
    """The rows whose keys an earlier row has already, and for each the first row that has them.

    `keys` are columns of equal length n; two rows are equal when they are in every column. Both answers are int64
    of the same shape, at most (n - 1,), ordered by key.
    """
    order = np.lexsort(keys[::-1])  # stable: within a key, rows stay in order
    new = np.zeros(len(order), np.bool_)
    new[:1] = True
    for key in keys:
        inorder = key[order]
        new[1:] |= inorder[1:] != inorder[:-1]
    start = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    return order[~new], order[start[~new]]


@kernel
def first_of_cluster(count: int, left: Rows, right: Rows) -> Rows:
    """For each of `count` rows the smallest row that pairs (left[i], right[i]) connect it with, int64 (count,).

    A row of no pair is its own. The answer does not depend on the order of the pairs. Union-find with path halving.
    """
    parent = np.arange(count)
    for pair in range(left.shape[0]):
        x, y = left[pair], right[pair]
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        while parent[y] != y:
            parent[y] = parent[parent[y]]
            y = parent[y]
        if x < y:
            parent[y] = x
        else:
            parent[x] = y
    for row in range(count):  # parents are never larger than their children, so theirs are final
        parent[row] = parent[parent[row]]
    return parent
