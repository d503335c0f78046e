"""CSV whose last quote is never closed: the rest of the file would pass for one value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.tables.errors import refuse
from simulator.tables.table import ROW

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from simulator.tables.staging import StagedFile

PIECE_BYTES: Final = 1 << 20


def demand_closed_quotes(found: StagedFile, connection: DuckDBPyConnection, rows: str, width: int) -> None:
    """Refuses a file with an odd number of quotes whose last row runs over several lines.

    `rows` is SQL for its rows with the columns `row` and `c0` to `c<width>`. Closed quotes come in
    pairs, those inside values too; one alone in a value that is not quoted (5" pipe) swallows no line.

    Raises:
        InvalidTableError: names the row that opens the quote, and how many lines it swallows.
    """
    if quote_count(found.file) % 2 == 0:
        return
    value = f"CONCAT_WS('', {', '.join(f'c{place}' for place in range(width + 1))})"
    lines = f"LENGTH({value}) - LENGTH(REPLACE({value}, chr(10), ''))"
    last = connection.execute(f"SELECT {ROW}, {lines} FROM ({rows}) ORDER BY {ROW} DESC LIMIT 1").fetchone()
    if last is not None and last[1] > 0:
        what = f"opens a quote that nothing closes: the {last[1]:,} lines after it would be one value"
        refuse(found.source, f"row {last[0]}", what)


def quote_count(file: Path) -> int:
    """Quotes in the whole file."""
    with file.open("rb") as opened:
        return sum(piece.count(b'"') for piece in iter(lambda: opened.read(PIECE_BYTES), b""))
