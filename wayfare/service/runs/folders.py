"""Folders of runs: moved into their place when all of a run's results are on the disk."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = "digest"
"""Written last: a folder that has it is whole."""
STAGING = ".staging-"


class RunFolders:
    """A folder for each run that has results, and hidden ones of runs under way."""

    def __init__(self, root: Path) -> None:
        """Keeps where they are."""
        self._root = root

    def of(self, run_id: str) -> Path:
        """The folder of a run's results."""
        return self._root / run_id

    def staging(self, run_id: str) -> Path:
        """A folder, not made yet, that a run under way writes its results in."""
        return self._root / f"{STAGING}{run_id}-{time.monotonic_ns()}"

    def digest(self, run_id: str) -> str | None:
        """The report's digest of a run whose results are whole; None where they are not."""
        file = self.of(run_id) / DIGEST
        return file.read_text(encoding="utf-8") if file.is_file() else None

    def keep(self, made: Path, run_id: str) -> None:
        """Moves a folder that is on the disk into its place; the move is on the disk when this returns.

        Raises:
            OSError: it cannot be moved.
        """
        made.rename(self.of(run_id))
        sync(self._root)

    def remove(self, run_id: str) -> None:
        """Removes a run's results, where there are any."""
        shutil.rmtree(self.of(run_id), ignore_errors=True)

    def remove_unfinished(self) -> None:
        """Removes what runs of an earlier server did not write to the end."""
        for left in self._root.glob(f"{STAGING}*"):
            shutil.rmtree(left, ignore_errors=True)


def finish_folder(folder: Path, digest: str) -> None:
    """Marks a folder of results as whole, and waits until it and its files are on the disk."""
    (folder / DIGEST).write_text(digest, encoding="utf-8")
    for path in (*folder.iterdir(), folder):
        sync(path)


def sync(path: Path) -> None:
    """Waits until a file, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
