"""The same run under vLLM's names, so that boards made for vLLM fill: opt-in, marked as simulated.

Names: vllm/v1/metrics/loggers.py. One `model_name` for each deployment whose replicas batch as
vLLM does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.report.metrics import METRICS
from wayfare.metrics.families import MetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wayfare.metrics.families import Key
    from wayfare.metrics.sinks import RunSamples

DEPLOYMENT, REASON = "deployment", "finished_reason"
LABELS = ("model_name", "engine", "simulated")
ENGINE, SIMULATED = "0", "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """vLLM's name of one of our families; only keys with the labels of `only` are meant."""

    name: str
    figure: str
    only: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


ALIASES = (
    Alias(name="vllm:num_requests_running", figure="running_requests"),
    Alias(name="vllm:num_requests_waiting", figure="queue_length"),
    Alias(name="vllm:kv_cache_usage_perc", figure="kv_cache_usage_ratio"),
    Alias(name="vllm:prompt_tokens_total", figure="tokens", only={"direction": "input"}),
    Alias(name="vllm:generation_tokens_total", figure="tokens", only={"direction": "output"}),
    Alias(name="vllm:request_success_total", figure="attempts", only={"outcome": "completed"}, reason="stop"),
    Alias(name="vllm:time_to_first_token_seconds", figure="ttft_s"),
    Alias(name="vllm:inter_token_latency_seconds", figure="tpot_s"),
    Alias(name="vllm:e2e_request_latency_seconds", figure="e2e_s"),
    Alias(name="vllm:request_queue_time_seconds", figure="queue_s"),
    Alias(name="vllm:request_prefill_time_seconds", figure="prefill_s"),
    Alias(name="vllm:request_decode_time_seconds", figure="decode_s"),
    Alias(name="vllm:request_prompt_tokens", figure="input_token_count"),
    Alias(name="vllm:request_generation_tokens", figure="output_token_count"),
    Alias(name="vllm:request_max_num_generation_tokens", figure="output_token_count"),
)


def with_vllm(samples: RunSamples) -> RunSamples:
    """The samples, and after them those of vLLM's names."""
    return replace(samples, families=(*samples.families, *vllm_families(samples)))


def vllm_families(samples: RunSamples) -> Iterator[MetricFamily]:
    """What vLLM would say of the run's batching deployments."""
    by_name = {family.name: family for family in samples.families}
    caches = by_name.get(METRICS["kv_cache_usage_ratio"].name)
    pools = [key[caches.labels.index(DEPLOYMENT)] for key in caches.keys] if caches else []
    for alias in ALIASES:
        source = by_name.get(METRICS[alias.figure].name)
        if source is not None and pools:
            yield aliased(source, alias, pools)


def aliased(source: MetricFamily, alias: Alias, pools: list[str]) -> MetricFamily:
    """A family under vLLM's name: summed over everything but the deployment."""
    rows = {pool: rows_of(source, {**alias.only, DEPLOYMENT: pool}) for pool in pools}
    found = {pool: values for pool, values in rows.items() if values}
    shape = (len(found), *source.values.shape[1:])
    sums = [source.values[values].sum(axis=0) for values in found.values()]
    reason = (alias.reason,) if alias.reason else ()
    keys: list[Key] = [(pool, ENGINE, SIMULATED, *reason) for pool in found]
    return MetricFamily(
        name=alias.name,
        kind=source.kind,
        text=f"Simulated: {METRICS[alias.figure].name} under vLLM's name.",
        labels=(*LABELS, REASON) if alias.reason else LABELS,
        keys=keys,
        edges=source.edges,
        values=np.array(sums).reshape(shape),
    )


def rows_of(family: MetricFamily, wanted: Mapping[str, str]) -> list[int]:
    """The places of the keys that have all these labels."""
    pairs = [(family.labels.index(label), value) for label, value in wanted.items()]
    return [
        place for place, key in enumerate(family.keys) if all(key[index] == value for index, value in pairs)
    ]
