"""Mooncake FAST'25 traces (kvcache-ai/Mooncake, Apache-2.0): JSON lines, milliseconds.

`hash_ids` name the prompt's 512-token blocks; equal ids mean an equal prefix up to that block.
"""

from __future__ import annotations

from simulator.traces.layout import TraceLayout

MOONCAKE = TraceLayout(
    columns={
        "timestamp": ("timestamp",),
        "input_tokens": ("input_length",),
        "output_tokens": ("output_length",),
        "prefix_blocks": ("hash_ids",),
    },
    time_unit="ms",
    block_tokens=512,
)
