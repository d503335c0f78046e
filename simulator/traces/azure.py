"""Azure LLM inference traces 2023 and 2024 (Azure/AzurePublicDataset, CC-BY-4.0): CSV."""

from __future__ import annotations

from simulator.traces.layout import TraceLayout

AZURE = TraceLayout(
    columns={
        "timestamp": ("TIMESTAMP",),
        "input_tokens": ("ContextTokens",),
        "output_tokens": ("GeneratedTokens",),
    },
)
