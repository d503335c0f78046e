"""Every table that comes from outside: CSV, JSON and Parquet, packed or not, read by one reader.

Files are what users and callers have, so nothing in them is trusted: one line says what is wrong.
"""

from simulator.tables.errors import InvalidTableError
from simulator.tables.expressions import instant_ns, number, text, texts
from simulator.tables.opening import open_table
from simulator.tables.table import FAULT, MOST_ROWS, ROW, Table
from simulator.tables.values import count_of, known_faults

__all__ = [
    "FAULT",
    "MOST_ROWS",
    "ROW",
    "InvalidTableError",
    "Table",
    "count_of",
    "instant_ns",
    "known_faults",
    "number",
    "open_table",
    "text",
    "texts",
]
