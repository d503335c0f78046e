"""The prefix blocks that a recording names: their hashes, of any width, and how large they can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.ragged import gather_ragged
from simulator.tables import texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixBlocks:
    """Hashes of all rows of a file end to end: how many each row has, and which could not be read."""

    length: NDArray[np.int64]
    block: NDArray[np.int64]
    unreadable: NDArray[np.bool_]

    def of_rows(self, row: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Offsets and hashes of the given rows, in their order."""
        start = np.cumsum(self.length) - self.length
        return gather_ragged(self.block, start[row], self.length[row])


def no_blocks(row_count: int) -> PrefixBlocks:
    """A file that names none."""
    return PrefixBlocks(
        length=np.zeros(row_count, np.int64),
        block=np.zeros(0, np.int64),
        unreadable=np.zeros(row_count, np.bool_),
    )


def read_blocks(table: Table, field: str, row: NDArray[np.int64], present: NDArray[np.bool_]) -> PrefixBlocks:
    """The hashes in a field of the table, whose rows are numbered `row`; `present` where it has a value.

    Hashes stay numbers where all are numbers of 64 bits; else equal texts get equal numbers.
    """
    number, entry = table.unnested(f"TRY_CAST({texts(field)} AS BIGINT[])")
    place = np.searchsorted(row, number)
    if entry.dtype == np.int64:
        block, absent = entry, np.zeros(len(entry), np.bool_)
    else:
        entry = table.unnested(texts(field))[1]
        absent = np.array([value is None for value in entry], np.bool_)
        named = np.where(absent, "", entry).astype(str)
        block = np.unique(named, return_inverse=True)[1].astype(np.int64)
    length = np.bincount(place, minlength=len(row)).astype(np.int64)
    broken = np.bincount(place[absent], minlength=len(row)) > 0
    return PrefixBlocks(length=length, block=block, unreadable=broken | (present & (length == 0)))


def largest_block_tokens(length: NDArray[np.int64], input_token_count: NDArray[np.int32]) -> int | None:
    """The largest block size at which no prompt has more blocks than it has room for.

    n blocks of b tokens fit a prompt of L where n <= ceil(L / b), that is (n - 1) b < L. None where no
    row names two blocks; 0 where a row names more blocks than its prompt has tokens.
    """
    several = np.flatnonzero(length > 1)
    if len(several) == 0:
        return None
    room = (input_token_count[several].astype(np.int64) - 1) // (length[several] - 1)
    return int(room.min())
