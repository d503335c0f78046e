"""LiteLLM proxy spend logs (table `LiteLLM_SpendLogs`), exported as a JSON array or JSON lines."""

from __future__ import annotations

from simulator.workload.traces.layout import TraceLayout

LITELLM = TraceLayout(
    container="json",
    columns={
        "timestamp": "startTime",
        "input_tokens": "prompt_tokens",
        "output_tokens": "completion_tokens",
        "session": "session_id",
    },
)
