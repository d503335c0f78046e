"""A run's timeline as messages: written in pages when the run ends, sent page by page to who watched.

A page is a serialized `WatchRunResponse` with some windows, after its length (8 bytes, little-endian). Every
window of a run has the same figures and so the same number of bytes: pages are made by array code.
Encoding: https://protobuf.dev/programming-guides/encoding; `WatchRunResponse {repeated Window windows = 2}`,
`Window {double begin_s = 1; map<string, double> figures = 2}`.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from wayfare.metrics.remote_write.wire import FIRST_BYTES, FIRST_DOUBLE, SECOND_BYTES, varint
from wayfare.results.writing import TIMELINE, read_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Columns = Mapping[str, NDArray[np.generic]]

FILE = "windows.pb"
PAGE_BYTES = 65_536
"""About so large is a page: a message that the event loop makes in a millisecond."""
SECOND_DOUBLE = 0x11
LENGTH = struct.Struct("<q")


def write_windows(columns: Columns, folder: Path) -> None:
    """Writes the pages of a timeline, `t_s` and figures by step."""
    with (folder / FILE).open("wb") as file:
        for page in pages(columns):
            file.write(LENGTH.pack(len(page)) + page)


def pages(columns: Columns) -> Iterator[bytes]:
    """Serialized messages of at most about `PAGE_BYTES`, in order of time."""
    names = [name for name in columns if name != "t_s"]
    values = np.column_stack([columns[name] for name in ("t_s", *names)]).astype("<f8")
    template, places = template_of(names)
    step = max(PAGE_BYTES // len(template), 1)
    for begin in range(0, len(values), step):
        yield encoded(template, places, values[begin : begin + step])


def template_of(names: list[str]) -> tuple[bytes, list[int]]:
    """One window without its numbers, as it stands in a page, and where each of them goes."""
    window, places = bytearray([FIRST_DOUBLE]) + bytes(8), [1]
    for name in names:
        key = name.encode()
        entry = FIRST_BYTES + varint(len(key)) + key + bytes([SECOND_DOUBLE])
        window += SECOND_BYTES + varint(len(entry) + 8) + entry
        places.append(len(window))
        window += bytes(8)
    head = SECOND_BYTES + varint(len(window))
    return head + bytes(window), [len(head) + place for place in places]


def encoded(template: bytes, places: list[int], values: NDArray[np.float64]) -> bytes:
    """The template for each row of values, with the values in it."""
    made = np.tile(np.frombuffer(template, np.uint8), (len(values), 1))
    as_bytes = np.ascontiguousarray(values).view(np.uint8).reshape(*values.shape, 8)
    for column, place in enumerate(places):
        made[:, place : place + 8] = as_bytes[:, column]
    return made.tobytes()


def page_at(folder: Path, offset: int) -> tuple[bytes, int]:
    """The page that begins at an offset and where the next one does; empty after the last.

    The file is open for this page only: who does not take the next one holds nothing.

    Raises:
        OSError: there is no such page, or part of it.
    """
    with (folder / FILE).open("rb") as file:
        file.seek(offset)
        head = file.read(LENGTH.size)
        if not head:
            return b"", offset
        page = file.read(LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else b""
        if not page:
            message = "the run's windows are cut short"
            raise OSError(message)
        return page, file.tell()


def has_pages(folder: Path) -> bool:
    """Whether a folder of results has pages; made here where an earlier version left the timeline only."""
    if not (folder / FILE).is_file() and (folder / TIMELINE).is_file():
        rows = read_parquet(folder / TIMELINE)
        write_windows({name: np.array([row[name] for row in rows], np.float64) for name in rows[0]}, folder)
    return (folder / FILE).is_file()
