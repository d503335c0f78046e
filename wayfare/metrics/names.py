"""The names, units and buckets of simulated metrics: the one place that knows them.

What users and their dashboards rely on; docs/how-to/metrics.md lists them.
"""

from __future__ import annotations

from dataclasses import dataclass

from wayfare.metrics.families import Kind

JOULES_PER_WH = 3_600.0
VLLM_FIRST_TOKEN_S = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75,
    1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0, 160.0, 640.0, 2560.0,
)  # fmt: skip
VLLM_BETWEEN_TOKENS_S = (
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75,
    1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0,
)  # fmt: skip
VLLM_REQUEST_S = (
    0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0,
    30.0, 40.0, 50.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 7680.0,
)  # fmt: skip
TOKENS = (*(float(digit * 10**power) for power in range(6) for digit in (1, 2, 5)), 1e6)
EDGES = {
    "ttft_s": VLLM_FIRST_TOKEN_S,
    "tpot_s": VLLM_BETWEEN_TOKENS_S,
    "e2e_s": VLLM_REQUEST_S,
    "queue_s": VLLM_REQUEST_S,
    "prefill_s": VLLM_REQUEST_S,
    "decode_s": VLLM_REQUEST_S,
    "input_token_count": TOKENS,
    "output_token_count": TOKENS,
}
"""Buckets of vLLM's metrics of the same meaning (vllm/v1/metrics/loggers.py), by the simulator's name."""


@dataclass(frozen=True, slots=True)
class Named:
    """How a figure of the simulator appears: name, kind, help, and its factor to the base unit."""

    name: str
    kind: Kind
    text: str
    factor: float = 1.0


NAMES = {
    "arrivals": Named("wayfare_arrivals_total", Kind.COUNTER, "Simulated requests that arrived."),
    "requests": Named("wayfare_requests_total", Kind.COUNTER, "Simulated requests that are over."),
    "requests_slo_met": Named(
        "wayfare_requests_slo_met_total", Kind.COUNTER, "Simulated requests that met all objectives."
    ),
    "requests_correct": Named(
        "wayfare_requests_correct_total", Kind.COUNTER, "Simulated requests with a right answer."
    ),
    "attempts": Named("wayfare_attempts_total", Kind.COUNTER, "Simulated attempts that are over."),
    "tokens": Named(
        "wayfare_tokens_total",
        Kind.COUNTER,
        "Simulated tokens; cached_input, cache_write and reasoning_output are parts of input and output.",
    ),
    "cost_usd": Named("wayfare_cost_usd_total", Kind.COUNTER, "Simulated dollars."),
    "energy_wh": Named(
        "wayfare_energy_joules_total",
        Kind.COUNTER,
        "Simulated joules at the meter; user_side is not part of the total.",
        JOULES_PER_WH,
    ),
    "emissions_gco2e": Named(
        "wayfare_emissions_grams_total",
        Kind.COUNTER,
        "Simulated grams of CO2e; embodied and user_side are not part of the total.",
    ),
    "ttft_s": Named(
        "wayfare_time_to_first_token_seconds", Kind.HISTOGRAM, "Simulated arrival to first token delivered."
    ),
    "tpot_s": Named(
        "wayfare_inter_token_latency_seconds",
        Kind.HISTOGRAM,
        "Simulated mean time between a request's tokens.",
    ),
    "e2e_s": Named(
        "wayfare_request_duration_seconds", Kind.HISTOGRAM, "Simulated arrival to last token delivered."
    ),
    "queue_s": Named(
        "wayfare_queue_duration_seconds", Kind.HISTOGRAM, "Simulated waiting at the deployment that answered."
    ),
    "prefill_s": Named(
        "wayfare_prefill_duration_seconds", Kind.HISTOGRAM, "Simulated admission to first token."
    ),
    "decode_s": Named(
        "wayfare_decode_duration_seconds", Kind.HISTOGRAM, "Simulated first to last token at the deployment."
    ),
    "input_token_count": Named(
        "wayfare_request_input_tokens", Kind.HISTOGRAM, "Simulated prompt tokens of a request."
    ),
    "output_token_count": Named(
        "wayfare_request_output_tokens", Kind.HISTOGRAM, "Simulated answer tokens of a request."
    ),
    "queue_length": Named("wayfare_queue_length", Kind.GAUGE, "Simulated attempts waiting."),
    "running_requests": Named("wayfare_running_requests", Kind.GAUGE, "Simulated attempts in work."),
    "replicas": Named("wayfare_replicas", Kind.GAUGE, "Simulated replicas by state."),
    "utilization_ratio": Named(
        "wayfare_utilization_ratio", Kind.GAUGE, "Simulated busy over held time since the sample before."
    ),
    "kv_cache_usage_ratio": Named(
        "wayfare_kv_cache_usage_ratio", Kind.GAUGE, "Simulated share of the KV cache in use."
    ),
    "slo_attainment_ratio": Named(
        "wayfare_slo_attainment_ratio",
        Kind.GAUGE,
        "Share of simulated requests so far that met all objectives.",
    ),
    "quality_success_ratio": Named(
        "wayfare_quality_success_ratio", Kind.GAUGE, "Share of simulated requests so far answered right."
    ),
    "faults_active": Named(
        "wayfare_faults_active", Kind.GAUGE, "Simulated faults in effect since the sample before."
    ),
    "simulated_time_s": Named("wayfare_simulated_time_seconds", Kind.GAUGE, "Seconds since the run began."),
    "slo_limit_s": Named(
        "wayfare_slo_limit_seconds", Kind.GAUGE, "Limit that a stream's requests are to keep, by objective."
    ),
    "run_begin_s": Named(
        "wayfare_run_begin_timestamp_seconds", Kind.GAUGE, "Where the run's first sample lies, since 1970."
    ),
    "run_end_s": Named(
        "wayfare_run_end_timestamp_seconds", Kind.GAUGE, "Where the run's last sample lies, since 1970."
    ),
    "run": Named("wayfare_run_info", Kind.GAUGE, "What the run is of."),
}
"""By the simulator's name of the figure."""
