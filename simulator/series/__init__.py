"""A finished run as series over virtual time, for whatever shows runs step by step.

`run_series` is the whole way through. Definitions: docs/how-to/metrics.md.
"""

from __future__ import annotations

from simulator.series.columns import FigureSeries, HistogramSeries, RunSeries
from simulator.series.run import run_series

__all__ = ["FigureSeries", "HistogramSeries", "RunSeries", "run_series"]
