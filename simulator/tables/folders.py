"""Which files stand for a path: itself, or the tables in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

READ: Final = frozenset({".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet"})
PACKED: Final = frozenset({".gz", ".bz2", ".xz", ".zst"})
SUMMARY: Final = "summary"


def files_of(path: Path) -> list[Path]:
    """The file itself, or the tables under a folder, by name; summaries and hidden ones are none.

    Raises:
        OSError: there is no such file.
    """
    if not path.is_dir():
        path.stat()
        return [path]
    inside = (file for file in sorted(path.rglob("*")) if file.is_file())
    return [file for file in inside if is_table(file.relative_to(path))]


def is_table(file: Path) -> bool:
    """Whether a file of a folder is read, by its name."""
    endings = [ending.lower() for ending in file.suffixes]
    while endings and endings[-1] in PACKED:
        endings.pop()
    hidden = any(part.startswith(".") for part in file.parts)
    return bool(endings) and endings[-1] in READ and SUMMARY not in file.name.lower() and not hidden
