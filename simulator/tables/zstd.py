"""Whether a file packed by zstd is whole: DuckDB reads what there is of a cut one without a word.

Frames and blocks as in RFC 8878, 3.1.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

from simulator.tables.errors import refuse

if TYPE_CHECKING:
    from pathlib import Path

FRAME: Final = b"\x28\xb5\x2f\xfd"
SKIPPABLE: Final = range(0x184D2A50, 0x184D2A60)
DICTIONARY_BYTES: Final = (0, 1, 2, 4)
CONTENT_SIZE_BYTES: Final = (0, 2, 4, 8)
CHECKSUM_BYTES: Final = 4
RUN_LENGTH, RESERVED = 1, 3


class CutShortError(ValueError):
    """The file ends inside a frame, or is no frame where one should begin."""


def demand_whole(source: Path, file: Path) -> None:
    """Refuses a file whose last frame is not whole.

    Raises:
        InvalidTableError: it is cut short or damaged.
    """
    try:
        with file.open("rb") as packed:
            while magic := packed.read(len(FRAME)):
                _pass_frame(packed, magic)
    except CutShortError as error:
        refuse(source, "file", f"is damaged zstd: {error}")


def _pass_frame(packed: IO[bytes], magic: bytes) -> None:
    """Reads over one frame."""
    if int.from_bytes(magic, "little") in SKIPPABLE:
        _taken(packed, int.from_bytes(_taken(packed, 4), "little"))
        return
    if magic != FRAME:
        message = "what follows a frame is none"
        raise CutShortError(message)
    descriptor = _taken(packed, 1)[0]
    single, checksum = bool(descriptor & 0x20), bool(descriptor & 0x04)
    size = CONTENT_SIZE_BYTES[descriptor >> 6] or int(single)
    _taken(packed, (0 if single else 1) + DICTIONARY_BYTES[descriptor & 0x03] + size)
    while not _pass_block(packed):
        pass
    _taken(packed, CHECKSUM_BYTES if checksum else 0)


def _pass_block(packed: IO[bytes]) -> bool:
    """Reads over one block; whether it was the frame's last."""
    header = int.from_bytes(_taken(packed, 3), "little")
    kind, size = header >> 1 & 0x03, header >> 3
    if kind == RESERVED:
        message = "a block is of no known kind"
        raise CutShortError(message)
    _taken(packed, 1 if kind == RUN_LENGTH else size)
    return bool(header & 0x01)


def _taken(packed: IO[bytes], size: int) -> bytes:
    """The next bytes.

    Raises:
        CutShortError: there are fewer.
    """
    data = packed.read(size)
    if len(data) < size:
        message = "it is cut short"
        raise CutShortError(message)
    return data
