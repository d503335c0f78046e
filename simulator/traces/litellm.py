"""LiteLLM proxy spend logs (table `LiteLLM_SpendLogs`): as the API returns them, or a dump of the table.

Rows come wrapped in `data` (`/spend/logs/v2`, `/spend/logs/ui`) or bare; those of early 2024 have their
tokens under `usage`; dumps as CSV hold `metadata` as JSON text. Failed calls, answers from the gateway's
own cache and embeddings stand among the others.
"""

from __future__ import annotations

from simulator.traces.layout import TraceLayout

LITELLM = TraceLayout(
    columns={
        "timestamp": ("startTime", "start_time"),
        "input_tokens": ("prompt_tokens", "usage.prompt_tokens", "metadata.usage_object.prompt_tokens"),
        "output_tokens": (
            "completion_tokens",
            "usage.completion_tokens",
            "metadata.usage_object.completion_tokens",
        ),
        "session": ("session_id",),
        "status": ("status", "metadata.status"),
        "cache_hit": ("cache_hit",),
        "call_type": ("call_type",),
        "model": ("model_group", "model"),
    },
)
