"""Arrival patterns, one file each, registered in `registry.ARRIVAL_PATTERNS`."""

from __future__ import annotations

from simulator.arrivals.pattern import ArrivalPattern, Arrivals, ArrivalWindow, RecordedColumns
from simulator.arrivals.registry import ARRIVAL_PATTERNS, arrival_pattern, arrival_pattern_names

__all__ = [
    "ARRIVAL_PATTERNS",
    "ArrivalPattern",
    "ArrivalWindow",
    "Arrivals",
    "RecordedColumns",
    "arrival_pattern",
    "arrival_pattern_names",
]
