"""One server at a time on a folder."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class StoreInUseError(Exception):
    """Another server works on the folder."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The folder, made where needed and held until this is left or the process ends.

    Raises:
        StoreInUseError: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"another server works on {folder}; end it, or give another --store"
            raise StoreInUseError(message) from error
        yield
