"""Room on the disk that is kept back, so that what must be written can be when the disk is full."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PARTS = 4
MOST_BYTES, SHARE = 16 * 1024 * 1024, 16
"""The reserve's size: at most so many bytes, at most one part in so many of the disk."""
TIMES = 3
"""New work needs so many times the reserve to be free."""


class DiskReserve:
    """Files whose bytes are given back to the disk, one after the other, when it is full.

    New runs wait while less than three times its size is free; ends of runs, deletions and restarts use
    what it holds.
    """

    def __init__(self, folder: Path) -> None:
        """Nothing kept back."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._files = [folder / f".reserve-{part}" for part in range(PARTS)]
        self._size = min(MOST_BYTES, shutil.disk_usage(folder).total // SHARE)

    def ensure(self) -> None:
        """Keeps room back, where there is enough to leave some."""
        for file in self._files:
            if not file.exists() and self.has_room():
                with suppress(OSError), file.open("wb") as opened:
                    os.posix_fallocate(opened.fileno(), 0, self._size // PARTS)

    def has_room(self) -> bool:
        """Whether new work may begin."""
        return shutil.disk_usage(self._folder).free >= TIMES * self._size

    def release(self) -> bool:
        """Gives a part of the room back; whether there was any."""
        held = next((file for file in self._files if file.exists()), None)
        if held is not None:
            held.unlink(missing_ok=True)
        return held is not None
