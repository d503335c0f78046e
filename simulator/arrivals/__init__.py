"""Arrival patterns, one file each, listed in `registry`."""

from __future__ import annotations

from simulator.arrivals.pattern import ArrivalPattern, Arrivals, ArrivalWindow, RecordedColumns
from simulator.arrivals.registry import ArrivalSettings, PlugInArrivals, arrival_pattern_names
from simulator.arrivals.trace import TraceArrivals

__all__ = [
    "ArrivalPattern",
    "ArrivalSettings",
    "ArrivalWindow",
    "Arrivals",
    "PlugInArrivals",
    "RecordedColumns",
    "TraceArrivals",
    "arrival_pattern_names",
]
