"""Which prompt blocks a router has sent where: its own record, not what caches hold."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class PrefixRecord:
    """The blocks sent to one target, those used longest ago first.

    A block's name stands for the whole prompt up to its end, so that a prefix is on record as far as its
    leading blocks are.
    """

    __slots__ = ("_blocks",)

    def __init__(self) -> None:
        """Nothing was sent."""
        self._blocks: OrderedDict[int, None] = OrderedDict()

    def __len__(self) -> int:
        """Blocks on record."""
        return len(self._blocks)

    def matched(self, blocks: Sequence[int]) -> int:
        """How many of the leading blocks are on record."""
        count = 0
        for block in blocks:
            if block not in self._blocks:
                break
            count += 1
        return count

    def note(self, blocks: Sequence[int]) -> None:
        """Takes a prompt's blocks down, the first as used last: ends are dropped before beginnings."""
        for block in reversed(blocks):
            self._blocks[block] = None
            self._blocks.move_to_end(block)

    def shrink(self, most: int) -> None:
        """Drops the blocks used longest ago until there are no more than `most`."""
        while len(self._blocks) > most:
            self._blocks.popitem(last=False)
