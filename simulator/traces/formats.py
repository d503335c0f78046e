"""Every trace format: what it calls the fields that Wayfare reads, and the units of its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUIRED_ROLES: Final = ("timestamp", "input_tokens", "output_tokens")
OPTIONAL_ROLES: Final = (
    "max_output_tokens", "session", "prefix_blocks", "prefix_block_tokens",
    "status", "cache_hit", "call_type", "model", "served_model", "deployment", "tenant", "user",
    "request_id", "spend_usd", "first_token", "end", "ttft_s", "e2e_s",
)  # fmt: skip
ROLES: Final = REQUIRED_ROLES + OPTIONAL_ROLES
KEPT_ROLES: Final = (
    "request_id", "deployment", "served_model", "model", "tenant", "user", "status", "spend_usd",
    "ttft_s", "e2e_s",
)  # fmt: skip
"""What a log says of each request besides its demand, as Wayfare's own columns call it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLayout:
    """A format: the fields that may play each role (`ROLES`), the first that a row has being taken.

    Fields of optional roles may be absent from a file. `time_unit` is that of numbers counted from
    the first request (`None`: seconds where nothing else is said); epochs are told by their size, and
    texts are ISO 8601, taken as UTC where they name no zone. `block_tokens` is the size of the prompt
    blocks that `prefix_blocks` names. `marks` are further fields that a file of the format has. A
    layout without columns needs a column map from the user.
    """

    columns: Mapping[str, tuple[str, ...]] | None
    time_unit: str | None = None
    block_tokens: int | None = None
    marks: tuple[str, ...] = ()


PLAIN: Final = TraceLayout(columns=None)
"""A table of the user's own, in any container, read through a column map."""

TRACE_FORMATS: Final[Mapping[str, TraceLayout]] = MappingProxyType(
    {
        # Azure LLM inference traces 2023 and 2024 (Azure/AzurePublicDataset, CC-BY-4.0): CSV.
        "azure": TraceLayout(
            columns={
                "timestamp": ("TIMESTAMP",),
                "input_tokens": ("ContextTokens",),
                "output_tokens": ("GeneratedTokens",),
            },
        ),
        # Qwen-Bailian usage traces (alibaba-edu/qwen-bailian-usagetraces-anon, Apache-2.0): JSON lines.
        # The fields are Mooncake's and a conversation's besides, but `hash_ids` name blocks of 16 tokens.
        "bailian": TraceLayout(
            columns={
                "timestamp": ("timestamp",),
                "input_tokens": ("input_length",),
                "output_tokens": ("output_length",),
                "prefix_blocks": ("hash_ids",),
            },
            time_unit="s",
            block_tokens=16,
            marks=("chat_id", "parent_chat_id", "hash_ids"),
        ),
        # Mooncake FAST'25 traces (kvcache-ai/Mooncake, Apache-2.0): JSON lines. `hash_ids` name the
        # prompt's 512-token blocks; equal ids mean an equal prefix up to that block.
        "mooncake": TraceLayout(
            columns={
                "timestamp": ("timestamp",),
                "input_tokens": ("input_length",),
                "output_tokens": ("output_length",),
                "prefix_blocks": ("hash_ids",),
            },
            time_unit="ms",
            block_tokens=512,
        ),
        # BurstGPT traces (HPMLL/BurstGPT, CC-BY-4.0): CSV; failed requests have no response.
        "burstgpt": TraceLayout(
            columns={
                "timestamp": ("Timestamp",),
                "input_tokens": ("Request tokens",),
                "output_tokens": ("Response tokens",),
                "session": ("Session ID",),
            },
            time_unit="s",
        ),
        # LiteLLM proxy spend logs (table `LiteLLM_SpendLogs`): as the API returns them, wrapped in
        # `data` or bare, or a dump of the table. Rows of early 2024 have their tokens under `usage`;
        # dumps as CSV hold `metadata` as JSON text. Failed calls, answers from the gateway's own cache
        # and embeddings stand among the others.
        "litellm": TraceLayout(
            columns={
                "timestamp": ("startTime", "start_time"),
                "input_tokens": (
                    "prompt_tokens",
                    "usage.prompt_tokens",
                    "metadata.usage_object.prompt_tokens",
                ),
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
                "served_model": ("model",),
                "deployment": ("model_id",),
                "tenant": (
                    "metadata.user_api_key_team_alias",
                    "team_alias",
                    "team_id",
                    "metadata.user_api_key_alias",
                ),
                "user": ("end_user", "user", "metadata.user_api_key_user_id"),
                "request_id": ("request_id",),
                "spend_usd": ("spend",),
                "first_token": ("completionStartTime", "completion_start_time"),
                "end": ("endTime", "end_time"),
            },
        ),
        # Wayfare's own columns: what `wayfare trace import` writes. CSV, from the first request on.
        "wayfare": TraceLayout(
            columns={
                "timestamp": ("arrival_s",),
                "input_tokens": ("input_tokens",),
                "output_tokens": ("output_tokens",),
                "max_output_tokens": ("max_output_tokens",),
                "session": ("session",),
                "prefix_blocks": ("prefix_blocks",),
                "prefix_block_tokens": ("prefix_block_tokens",),
                **{role: (role,) for role in KEPT_ROLES},
            },
            time_unit="s",
        ),
        "csv": PLAIN,
        "jsonl": PLAIN,
        "parquet": PLAIN,
    }
)
"""Formats by name, in the order in which `detect_format` tries them. A file's container (CSV, JSON or
Parquet, packed or not) is always told by its content."""

if TYPE_CHECKING:
    TraceFormat = str
else:
    TraceFormat = Literal[tuple(TRACE_FORMATS)]
"""Name of a format, of which a scenario's check and schema know all."""
