"""BurstGPT traces (HPMLL/BurstGPT, CC-BY-4.0): CSV, seconds; failed requests have no response."""

from __future__ import annotations

from simulator.traces.layout import TraceLayout

BURSTGPT = TraceLayout(
    columns={
        "timestamp": ("Timestamp",),
        "input_tokens": ("Request tokens",),
        "output_tokens": ("Response tokens",),
        "session": ("Session ID",),
    },
    time_unit="s",
)
