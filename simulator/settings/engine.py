"""The engine part of a deployment: accelerators under a replica, and how its serving engine is set."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from catalogs.records import Precision
from simulator.quantities import (
    Count,
    Part,
    Positive,
    Ratio,
)

QueueLimit = Annotated[int, Field(ge=0)]
CacheFormat = Literal["auto", "bfloat16", "float16", "fp8", "fp8_e4m3", "fp8_e5m2"]
OTHER_NAMES = (("max_num_seqs", "max_sequences"), ("max_num_batched_tokens", "token_budget"))
"""The engine's own name of a limit, and the older one."""
Width = Literal[1, 2, 4, 8, 16]


class Hardware(Part):
    """Accelerators under one replica: `tensor_parallel` x `attention_data_parallel`, weights at `precision`.

    Attention ranks have their own sequences and KV caches and share the experts, which lie on all
    chips: whole ones on each of `expert_parallel` parts, cut within a part.
    """

    accelerator: str
    tensor_parallel: Width = 1
    attention_data_parallel: Width = 1
    expert_parallel: Width | None = None
    precision: Precision = "bf16"
    kv_precision: Precision = "bf16"


class Speculative(Part):
    """Drafts of `draft_tokens` per step, each kept with `acceptance_ratio` if those before it were.

    `draft_layers` are further layers that make them, each like one of the model's own.
    """

    draft_tokens: Annotated[int, Field(ge=1, le=32)]
    acceptance_ratio: Ratio
    draft_layers: Annotated[int, Field(ge=0, le=1_000)] = 0


class Split(Part):
    """Prefill apart from decode: so many of the replicas compute prompts only, the others decode.

    A finished prompt's keys and values go over its replica's link.
    """

    prefill_replicas: Count
    link_gb_per_s: Positive = 50.0


class EngineSettings(Part):
    """The serving engine. What is left out comes from the profile, or from the memory left."""

    profile: str = "generic-vllm"
    max_num_seqs: Count | None = None
    max_sequences: Count | None = None
    max_num_batched_tokens: Count | None = None
    token_budget: Count | None = None
    gpu_memory_utilization: Annotated[float, Field(gt=0, le=1)] | None = None
    kv_cache_dtype: CacheFormat | None = None
    block_size: Annotated[int, Field(ge=1, le=4096)] = 16
    kv_room_tokens: Count | None = None
    queue_limit: QueueLimit | None = None
    prefix_cache: bool = True
    speculative: Speculative | None = None
    split: Split | None = None

    @model_validator(mode="after")
    def _one_name(self) -> EngineSettings:
        """A limit is given under one of its names."""
        for names in OTHER_NAMES:
            if self.model_fields_set.issuperset(names):
                message = f"{' and '.join(names)} are the same limit; give one of them"
                raise ValueError(message)
        return self

    @property
    def sequences(self) -> int | None:
        """Most sequences at once, under whichever name."""
        return self.max_num_seqs or self.max_sequences

    @property
    def step_tokens(self) -> int | None:
        """Most tokens of a step, under whichever name."""
        return self.max_num_batched_tokens or self.token_budget
