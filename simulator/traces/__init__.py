"""Recorded traffic: a reader for each format, statistics, and conversion to Wayfare's columns."""

from __future__ import annotations

from simulator.traces.conversion import convert_trace
from simulator.traces.errors import InvalidTraceError, UnknownArrivalPatternError, WorkloadError
from simulator.traces.formats import TRACE_FORMATS
from simulator.traces.registry import read_trace
from simulator.traces.statistics import LengthStatistics, TraceStatistics, inspect_trace

__all__ = [
    "TRACE_FORMATS",
    "InvalidTraceError",
    "LengthStatistics",
    "TraceStatistics",
    "UnknownArrivalPatternError",
    "WorkloadError",
    "convert_trace",
    "inspect_trace",
    "read_trace",
]
