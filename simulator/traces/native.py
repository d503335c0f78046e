"""Wayfare's own columns: what `wayfare trace import` writes. CSV, seconds from the first request."""

from __future__ import annotations

from simulator.traces.layout import TraceLayout

NATIVE = TraceLayout(
    columns={
        "timestamp": ("arrival_s",),
        "input_tokens": ("input_tokens",),
        "output_tokens": ("output_tokens",),
        "max_output_tokens": ("max_output_tokens",),
        "session": ("session",),
        "prefix_blocks": ("prefix_blocks",),
        "prefix_block_tokens": ("prefix_block_tokens",),
    },
    time_unit="s",
)
