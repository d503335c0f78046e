"""A file from outside under a name of our own: opened once, unpacked, bounded, its kind detected by content.

DuckDB is only ever given the staged name: it reads `*` in a name as a pattern and a `://` as an address.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import tempfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Literal

from simulator.tables.errors import InvalidTableError, refuse
from simulator.tables.reading import zstd_lines
from simulator.tables.zstd import FRAME, demand_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Kind = Literal["text", "parquet"]

MOST_TEXT_BYTES: Final = 2 * 1024**3
"""Bytes that a packed file may have unpacked, and a pipe as it comes."""
PIECE_BYTES: Final = 1 << 20
PARQUET_MAGIC: Final = b"PAR1"
PACKED: Final[dict[bytes, Callable[[Path], IO[bytes]]]] = {
    b"\x1f\x8b": gzip.open,  # type: ignore[dict-item]  # overloaded, called with a path
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
"""How content that begins so is unpacked: gzip, bzip2, xz."""
FOREIGN: Final = {b"PK\x03\x04": "a ZIP archive or a spreadsheet", b"SQLite format 3": "a SQLite database"}
WIDE: Final = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFile:
    """A plain text or Parquet file, and the name that messages call it by."""

    source: Path
    file: Path
    kind: Kind


@contextmanager
def staged(source: Path, most_bytes: int = 0) -> Iterator[StagedFile]:
    """The file, unpacked where it is packed to at most `most_bytes`; the copy is removed afterwards.

    Raises:
        InvalidTableError: it cannot be read, is empty, damaged, too large, or of another kind.
    """
    with _folder(source) as folder:
        try:
            file = _plain(source, Path(folder), most_bytes or MOST_TEXT_BYTES)
            head = _head(file)
        except OSError as error:  # without a number it is of gzip or bzip2
            what = f"cannot be read: {error.strerror}" if error.errno else f"is damaged: {error}"
            refuse(source, "file", what)
        except (EOFError, zlib.error, lzma.LZMAError) as error:
            refuse(source, "file", f"is damaged: {error}")
        except InvalidTableError:
            raise
        except ValueError as error:  # a NUL in the name, halves of UTF-16
            refuse(source, "file", f"cannot be read: {error}")
        _require_table(source, head)
        kind: Kind = "parquet" if head.startswith(PARQUET_MAGIC) else "text"
        yield StagedFile(source=source, file=file, kind=kind)


def _folder(source: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder for the time of reading.

    Raises:
        InvalidTableError: no temporary folder can be written.
    """
    try:
        return tempfile.TemporaryDirectory(prefix="wayfare-")
    except OSError as error:
        what = f"cannot be read without a temporary folder, which TMPDIR names: {error.strerror}"
        refuse(source, "file", what)


def _head(file: Path) -> bytes:
    """The file's first bytes."""
    with file.open("rb") as opened:
        return opened.read(PIECE_BYTES)


def _require_table(source: Path, head: bytes) -> None:
    """Refuses what is empty or of a kind that no reader knows."""
    if not head.strip(b" \t\r\n\xef\xbb\xbf"):
        refuse(source, "file", "is empty")
    for magic, name in FOREIGN.items():
        if head.startswith(magic):
            refuse(source, "file", f"is {name}; CSV, JSON and Parquet are read, plain or packed")


def _plain(source: Path, folder: Path, most_bytes: int) -> Path:
    """A file of plain UTF-8 text or of Parquet: the source itself by a link, or a copy."""
    link = folder / "source"
    if source.is_file():
        link.symlink_to(source.resolve())
    else:
        with source.open("rb") as file:
            _copy(source, iter(lambda: file.read(PIECE_BYTES), b""), link, most_bytes)
    with link.open("rb") as file:
        head = file.read(max(map(len, FOREIGN)))
    unpacked = _unpacked(source, link, head, folder / "unpacked", most_bytes)
    return _narrow(source, unpacked, folder / "utf-8", most_bytes)


def _unpacked(source: Path, file: Path, head: bytes, target: Path, most_bytes: int) -> Path:
    """The file, or its unpacked copy where its content is packed."""
    if head.startswith(FRAME):
        demand_whole(source, file)
        _copy(source, zstd_lines(source, file), target, most_bytes)
        return target
    for magic, opened in PACKED.items():
        if head.startswith(magic):
            with opened(file) as plain:
                _copy(source, iter(lambda: plain.read(PIECE_BYTES), b""), target, most_bytes)
            return target
    return file


def _narrow(source: Path, file: Path, target: Path, most_bytes: int) -> Path:
    """The file, or its copy in UTF-8 where a byte-order mark says UTF-16."""
    with file.open("rb") as opened:
        wide = WIDE.get(opened.read(2))
    if wide is None:
        return file
    with file.open(encoding=wide, newline="") as text:
        pieces = (piece.encode() for piece in iter(lambda: text.read(PIECE_BYTES), ""))
        _copy(source, pieces, target, most_bytes)
    return target


def _copy(source: Path, pieces: Iterable[bytes], target: Path, most_bytes: int) -> None:
    """Writes the pieces, as long as they are not too many."""
    size = 0
    with target.open("wb") as file:
        for piece in pieces:
            size += len(piece)
            if size > most_bytes:
                refuse(source, "file", f"has more than {most_bytes:,} bytes unpacked")
            file.write(piece)
