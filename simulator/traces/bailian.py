"""Qwen-Bailian usage traces (alibaba-edu/qwen-bailian-usagetraces-anon, Apache-2.0): JSON lines, seconds.

The fields are Mooncake's and a conversation's besides, but `hash_ids` name blocks of 16 tokens.
"""

from __future__ import annotations

from simulator.traces.layout import TraceLayout

BAILIAN = TraceLayout(
    columns={
        "timestamp": ("timestamp",),
        "input_tokens": ("input_length",),
        "output_tokens": ("output_length",),
        "prefix_blocks": ("hash_ids",),
    },
    time_unit="s",
    block_tokens=16,
    marks=("chat_id", "parent_chat_id", "hash_ids"),
)
