"""The Prometheus metrics of a simulated run: name, kind, help and factor to the base unit, each once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from catalogs.units import JOULES_PER_WH


class Kind(StrEnum):
    """What a metric's samples mean."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """How the series of a run called `series` appears: name, kind, help, and its factor to the base unit."""

    series: str
    name: str
    kind: Kind
    text: str
    factor: float = 1.0


ARRIVALS = Metric("arrivals", "wayfare_arrivals_total", Kind.COUNTER, "Simulated requests that arrived.")
REQUESTS = Metric("requests", "wayfare_requests_total", Kind.COUNTER, "Simulated requests that are over.")
REQUESTS_SLO_MET = Metric(
    "requests_slo_met",
    "wayfare_requests_slo_met_total",
    Kind.COUNTER,
    "Simulated requests that met all objectives.",
)
REQUESTS_CORRECT = Metric(
    "requests_correct",
    "wayfare_requests_correct_total",
    Kind.COUNTER,
    "Simulated requests with a right answer.",
)
ATTEMPTS = Metric("attempts", "wayfare_attempts_total", Kind.COUNTER, "Simulated attempts that are over.")
TOKENS = Metric(
    "tokens",
    "wayfare_tokens_total",
    Kind.COUNTER,
    "Simulated tokens; cached_input, cache_write and reasoning_output are parts of input and output.",
)
COST = Metric("cost_usd", "wayfare_cost_usd_total", Kind.COUNTER, "Simulated dollars.")
ENERGY = Metric(
    "energy_wh",
    "wayfare_energy_joules_total",
    Kind.COUNTER,
    "Simulated joules at the meter; user_side is not part of the total.",
    JOULES_PER_WH,
)
EMISSIONS = Metric(
    "emissions_gco2e",
    "wayfare_emissions_grams_total",
    Kind.COUNTER,
    "Simulated grams of CO2e; embodied and user_side are not part of the total.",
)
WATER = Metric(
    "water_l",
    "wayfare_water_liters_total",
    Kind.COUNTER,
    "Simulated litres of water evaporated: on site, and where the electricity was made.",
)
AGENT_TASKS = Metric(
    "agent_tasks",
    "wayfare_agent_tasks_total",
    Kind.COUNTER,
    "Simulated agent tasks that are over, by outcome.",
)
AGENT_TASKS_STARTED = Metric(
    "agent_tasks_started",
    "wayfare_agent_tasks_started_total",
    Kind.COUNTER,
    "Simulated agent tasks whose first call arrived.",
)
AGENT_TASKS_SUCCEEDED = Metric(
    "agent_tasks_succeeded",
    "wayfare_agent_tasks_succeeded_total",
    Kind.COUNTER,
    "Simulated agent tasks that completed and were right.",
)
TTFT = Metric(
    "ttft_s",
    "wayfare_time_to_first_token_seconds",
    Kind.HISTOGRAM,
    "Simulated arrival to first token delivered.",
)
TPOT = Metric(
    "tpot_s",
    "wayfare_inter_token_latency_seconds",
    Kind.HISTOGRAM,
    "Simulated mean time between a request's tokens.",
)
E2E = Metric(
    "e2e_s",
    "wayfare_request_duration_seconds",
    Kind.HISTOGRAM,
    "Simulated arrival to last token delivered.",
)
QUEUE = Metric(
    "queue_s",
    "wayfare_queue_duration_seconds",
    Kind.HISTOGRAM,
    "Simulated waiting at the deployment that answered.",
)
NETWORK = Metric(
    "network_s",
    "wayfare_network_duration_seconds",
    Kind.HISTOGRAM,
    "Simulated time on the way to and from the deployments.",
)
PREFILL = Metric(
    "prefill_s",
    "wayfare_prefill_duration_seconds",
    Kind.HISTOGRAM,
    "Simulated admission to first token.",
)
DECODE = Metric(
    "decode_s",
    "wayfare_decode_duration_seconds",
    Kind.HISTOGRAM,
    "Simulated first to last token at the deployment.",
)
AGENT_TASK_DURATION = Metric(
    "agent_task_s",
    "wayfare_agent_task_duration_seconds",
    Kind.HISTOGRAM,
    "Simulated first call to last answer of completed agent tasks.",
)
INPUT_TOKENS = Metric(
    "input_token_count",
    "wayfare_request_input_tokens",
    Kind.HISTOGRAM,
    "Simulated prompt tokens of a request.",
)
OUTPUT_TOKENS = Metric(
    "output_token_count",
    "wayfare_request_output_tokens",
    Kind.HISTOGRAM,
    "Simulated answer tokens of a request.",
)
QUEUE_LENGTH = Metric("queue_length", "wayfare_queue_length", Kind.GAUGE, "Simulated attempts waiting.")
RUNNING = Metric("running_requests", "wayfare_running_requests", Kind.GAUGE, "Simulated attempts in work.")
REPLICAS = Metric("replicas", "wayfare_replicas", Kind.GAUGE, "Simulated replicas by state.")
UTILIZATION = Metric(
    "utilization_ratio",
    "wayfare_utilization_ratio",
    Kind.GAUGE,
    "Simulated busy over held time since the sample before.",
)
KV_USAGE = Metric(
    "kv_cache_usage_ratio",
    "wayfare_kv_cache_usage_ratio",
    Kind.GAUGE,
    "Simulated share of the KV cache in use.",
)
SLO_ATTAINMENT = Metric(
    "slo_attainment_ratio",
    "wayfare_slo_attainment_ratio",
    Kind.GAUGE,
    "Share of simulated requests so far that met all objectives.",
)
SUCCESS = Metric(
    "quality_success_ratio",
    "wayfare_quality_success_ratio",
    Kind.GAUGE,
    "Share of simulated requests so far answered right.",
)
FAULTS_ACTIVE = Metric(
    "faults_active",
    "wayfare_faults_active",
    Kind.GAUGE,
    "Simulated faults in effect since the sample before.",
)
SIMULATED_TIME = Metric(
    "simulated_time_s", "wayfare_simulated_time_seconds", Kind.GAUGE, "Seconds since the run began."
)
SLO_LIMIT = Metric(
    "slo_limit_s",
    "wayfare_slo_limit_seconds",
    Kind.GAUGE,
    "Limit that a stream's requests are to keep, by objective.",
)
RUN_BEGIN = Metric(
    "run_begin_s",
    "wayfare_run_begin_timestamp_seconds",
    Kind.GAUGE,
    "Where the run's first sample lies, since 1970.",
)
RUN_END = Metric(
    "run_end_s",
    "wayfare_run_end_timestamp_seconds",
    Kind.GAUGE,
    "Where the run's last sample lies, since 1970.",
)
RUN = Metric("run", "wayfare_run_info", Kind.GAUGE, "What the run is of.")

METRICS = {metric.series: metric for metric in list(globals().values()) if isinstance(metric, Metric)}
"""By the name of the series."""
