"""Choosing by load: outstanding means waiting plus running."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

MANY = 64  # from so many targets on, an array search beats a list


def least_outstanding(outstanding: NDArray[np.int64], members: Sequence[int]) -> int:
    """The member with the fewest outstanding attempts; ties go to the lowest index.

    Args:
        outstanding: waiting plus running attempts, by target index.
        members: target indexes to choose among, ascending, at least one.
    """
    if len(members) == 1:
        return members[0]
    if len(outstanding) > MANY:
        return _least_of_many(outstanding, members)
    loads = outstanding.tolist()
    if len(members) == len(loads):
        return loads.index(min(loads))
    return min(members, key=loads.__getitem__)


def _least_of_many(outstanding: NDArray[np.int64], members: Sequence[int]) -> int:
    """The same in a large fleet, without a list of all its loads."""
    if len(members) == len(outstanding):
        return int(outstanding.argmin())
    return min(members, key=outstanding.item)
