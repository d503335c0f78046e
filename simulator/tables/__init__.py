"""Every table that comes from outside: CSV, JSON and Parquet, packed or not, read by one reader.

Files are what users and callers have, so nothing in them is trusted: one line says what is wrong.
"""

from simulator.tables.errors import InvalidTableError
from simulator.tables.expressions import instant_ns, number, text, texts
from simulator.tables.opening import open_table
from simulator.tables.table import MOST_ROWS, PROBLEM, ROW, Table
from simulator.tables.values import count_of, shown_problems

__all__ = [
    "MOST_ROWS",
    "PROBLEM",
    "ROW",
    "InvalidTableError",
    "Table",
    "count_of",
    "instant_ns",
    "number",
    "open_table",
    "shown_problems",
    "text",
    "texts",
]
