"""The folder of `--out`: looked at before a run, filled whole or not at all after it."""

from __future__ import annotations

import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_CHARACTERS: Final = 100
"""Of a folder's name: file systems take 255 bytes."""
TAKEN: Final = ("report.json", "report.html", "comparison.json")
"""Names of files beside the policies' folders."""


def out_problem(target: Path) -> str:
    """Why nothing can be written to a folder; empty where it can."""
    try:
        with whole_folder(target, keep=False):
            return ""
    except NotADirectoryError:
        return "a file is in the way; a folder is needed"
    except OSError as error:
        return f"cannot be written: {error.strerror or error}"


@contextmanager
def whole_folder(target: Path, *, keep: bool = True) -> Iterator[Path]:
    """A folder to write in that takes the target's place when all is written, else vanishes.

    Files of an earlier run in the target are replaced, together; other files in it stay. Without
    `keep` nothing of it stays, nor of the folders above that were made for it.

    Raises:
        NotADirectoryError: the target, or what it should stand in, is no folder.
        OSError: nothing can be written there.
    """
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(target)
    new = [folder for folder in target.absolute().parents if not folder.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    above = target if target.exists() else target.parent
    try:
        made = Path(tempfile.mkdtemp(dir=above, prefix=f".{target.name[:MOST_CHARACTERS]}."))
        try:
            yield made
            if keep:
                put_in_place(made, target)
                new = []
        finally:
            shutil.rmtree(made, ignore_errors=True)
    finally:
        for folder in new:
            folder.rmdir()


def put_in_place(made: Path, target: Path) -> None:
    """Moves what was made into the target."""
    made.chmod(0o755)
    if not target.exists():
        made.rename(target)
        return
    for entry in made.iterdir():
        old = target / entry.name
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        elif entry.is_dir():
            old.unlink(missing_ok=True)
        entry.replace(old)


def folder_names(policies: Sequence[str]) -> list[str]:
    """A folder's name for each policy, no two alike, also where case does not count."""
    names: list[str] = []
    taken = set(TAKEN)
    for policy in policies:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", policy)[-MOST_CHARACTERS:].strip("-.") or "policy"
        name, number = plain, 2
        while name.lower() in taken:
            name, number = f"{plain}-{number}", number + 1
        taken.add(name.lower())
        names.append(name)
    return names
