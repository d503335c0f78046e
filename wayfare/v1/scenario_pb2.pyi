import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Names(_message.Message):
    __slots__ = ("names",)
    NAMES_FIELD_NUMBER: _ClassVar[int]
    names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, names: _Optional[_Iterable[str]] = ...) -> None: ...

class Point(_message.Message):
    __slots__ = ("probability", "value")
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    probability: float
    value: float
    def __init__(self, probability: _Optional[float] = ..., value: _Optional[float] = ...) -> None: ...

class ScenarioSettings(_message.Message):
    __slots__ = ("name", "description", "seed", "start", "duration_s", "warmup_s", "drain_s", "catalog", "workload", "network", "signals", "fleet", "router", "faults", "quality", "telemetry")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    DURATION_S_FIELD_NUMBER: _ClassVar[int]
    WARMUP_S_FIELD_NUMBER: _ClassVar[int]
    DRAIN_S_FIELD_NUMBER: _ClassVar[int]
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    WORKLOAD_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    SIGNALS_FIELD_NUMBER: _ClassVar[int]
    FLEET_FIELD_NUMBER: _ClassVar[int]
    ROUTER_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    TELEMETRY_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    seed: int
    start: _timestamp_pb2.Timestamp
    duration_s: float
    warmup_s: float
    drain_s: float
    catalog: CatalogSettings
    workload: WorkloadSettings
    network: Network
    signals: SignalSettings
    fleet: _containers.RepeatedCompositeFieldContainer[Deployment]
    router: RouterSettings
    faults: _containers.RepeatedCompositeFieldContainer[_struct_pb2.Value]
    quality: QualitySettings
    telemetry: TelemetrySettings
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., seed: _Optional[int] = ..., start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration_s: _Optional[float] = ..., warmup_s: _Optional[float] = ..., drain_s: _Optional[float] = ..., catalog: _Optional[_Union[CatalogSettings, _Mapping]] = ..., workload: _Optional[_Union[WorkloadSettings, _Mapping]] = ..., network: _Optional[_Union[Network, _Mapping]] = ..., signals: _Optional[_Union[SignalSettings, _Mapping]] = ..., fleet: _Optional[_Iterable[_Union[Deployment, _Mapping]]] = ..., router: _Optional[_Union[RouterSettings, _Mapping]] = ..., faults: _Optional[_Iterable[_Union[_struct_pb2.Value, _Mapping]]] = ..., quality: _Optional[_Union[QualitySettings, _Mapping]] = ..., telemetry: _Optional[_Union[TelemetrySettings, _Mapping]] = ...) -> None: ...

class CatalogSettings(_message.Message):
    __slots__ = ("edition", "overrides")
    EDITION_FIELD_NUMBER: _ClassVar[int]
    OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    edition: str
    overrides: _struct_pb2.Struct
    def __init__(self, edition: _Optional[str] = ..., overrides: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class WorkloadSettings(_message.Message):
    __slots__ = ("streams",)
    STREAMS_FIELD_NUMBER: _ClassVar[int]
    streams: _containers.RepeatedCompositeFieldContainer[Stream]
    def __init__(self, streams: _Optional[_Iterable[_Union[Stream, _Mapping]]] = ...) -> None: ...

class Stream(_message.Message):
    __slots__ = ("name", "task", "region", "arrivals", "input_tokens", "output_tokens", "max_output_tokens", "length_effects", "difficulty", "tenants", "slo", "residency", "banned_tiers", "capability_floor", "deferrable", "defer_deadline_s", "client", "session", "agent", "devices", "priority")
    class TenantsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    ARRIVALS_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    LENGTH_EFFECTS_FIELD_NUMBER: _ClassVar[int]
    DIFFICULTY_FIELD_NUMBER: _ClassVar[int]
    TENANTS_FIELD_NUMBER: _ClassVar[int]
    SLO_FIELD_NUMBER: _ClassVar[int]
    RESIDENCY_FIELD_NUMBER: _ClassVar[int]
    BANNED_TIERS_FIELD_NUMBER: _ClassVar[int]
    CAPABILITY_FLOOR_FIELD_NUMBER: _ClassVar[int]
    DEFERRABLE_FIELD_NUMBER: _ClassVar[int]
    DEFER_DEADLINE_S_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    AGENT_FIELD_NUMBER: _ClassVar[int]
    DEVICES_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    name: str
    task: str
    region: str
    arrivals: Arrivals
    input_tokens: Spread
    output_tokens: Spread
    max_output_tokens: int
    length_effects: str
    difficulty: Difficulty
    tenants: _containers.ScalarMap[str, float]
    slo: Objectives
    residency: _containers.RepeatedScalarFieldContainer[str]
    banned_tiers: _containers.RepeatedScalarFieldContainer[str]
    capability_floor: float
    deferrable: bool
    defer_deadline_s: float
    client: Client
    session: Session
    agent: Agent
    devices: int
    priority: int
    def __init__(self, name: _Optional[str] = ..., task: _Optional[str] = ..., region: _Optional[str] = ..., arrivals: _Optional[_Union[Arrivals, _Mapping]] = ..., input_tokens: _Optional[_Union[Spread, _Mapping]] = ..., output_tokens: _Optional[_Union[Spread, _Mapping]] = ..., max_output_tokens: _Optional[int] = ..., length_effects: _Optional[str] = ..., difficulty: _Optional[_Union[Difficulty, _Mapping]] = ..., tenants: _Optional[_Mapping[str, float]] = ..., slo: _Optional[_Union[Objectives, _Mapping]] = ..., residency: _Optional[_Iterable[str]] = ..., banned_tiers: _Optional[_Iterable[str]] = ..., capability_floor: _Optional[float] = ..., deferrable: _Optional[bool] = ..., defer_deadline_s: _Optional[float] = ..., client: _Optional[_Union[Client, _Mapping]] = ..., session: _Optional[_Union[Session, _Mapping]] = ..., agent: _Optional[_Union[Agent, _Mapping]] = ..., devices: _Optional[int] = ..., priority: _Optional[int] = ...) -> None: ...

class SteadyArrivals(_message.Message):
    __slots__ = ("rate_per_s", "process")
    RATE_PER_S_FIELD_NUMBER: _ClassVar[int]
    PROCESS_FIELD_NUMBER: _ClassVar[int]
    rate_per_s: float
    process: str
    def __init__(self, rate_per_s: _Optional[float] = ..., process: _Optional[str] = ...) -> None: ...

class BurstyArrivals(_message.Message):
    __slots__ = ("rate_per_s", "process", "cv", "burst_factor", "burst_share", "burst_duration_s")
    RATE_PER_S_FIELD_NUMBER: _ClassVar[int]
    PROCESS_FIELD_NUMBER: _ClassVar[int]
    CV_FIELD_NUMBER: _ClassVar[int]
    BURST_FACTOR_FIELD_NUMBER: _ClassVar[int]
    BURST_SHARE_FIELD_NUMBER: _ClassVar[int]
    BURST_DURATION_S_FIELD_NUMBER: _ClassVar[int]
    rate_per_s: float
    process: str
    cv: float
    burst_factor: float
    burst_share: float
    burst_duration_s: float
    def __init__(self, rate_per_s: _Optional[float] = ..., process: _Optional[str] = ..., cv: _Optional[float] = ..., burst_factor: _Optional[float] = ..., burst_share: _Optional[float] = ..., burst_duration_s: _Optional[float] = ...) -> None: ...

class DiurnalArrivals(_message.Message):
    __slots__ = ("rate_per_s", "peak_hour", "peak_to_trough", "weekday_factors")
    RATE_PER_S_FIELD_NUMBER: _ClassVar[int]
    PEAK_HOUR_FIELD_NUMBER: _ClassVar[int]
    PEAK_TO_TROUGH_FIELD_NUMBER: _ClassVar[int]
    WEEKDAY_FACTORS_FIELD_NUMBER: _ClassVar[int]
    rate_per_s: float
    peak_hour: float
    peak_to_trough: float
    weekday_factors: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, rate_per_s: _Optional[float] = ..., peak_hour: _Optional[float] = ..., peak_to_trough: _Optional[float] = ..., weekday_factors: _Optional[_Iterable[float]] = ...) -> None: ...

class TraceArrivals(_message.Message):
    __slots__ = ("file", "format", "columns", "rate_scale", "time_scale", "window_s", "loop", "failed", "history", "prefix_block_tokens", "time_unit")
    class ColumnsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    FILE_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    RATE_SCALE_FIELD_NUMBER: _ClassVar[int]
    TIME_SCALE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_S_FIELD_NUMBER: _ClassVar[int]
    LOOP_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    PREFIX_BLOCK_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TIME_UNIT_FIELD_NUMBER: _ClassVar[int]
    file: str
    format: str
    columns: _containers.ScalarMap[str, str]
    rate_scale: float
    time_scale: float
    window_s: _containers.RepeatedScalarFieldContainer[float]
    loop: bool
    failed: str
    history: bool
    prefix_block_tokens: int
    time_unit: str
    def __init__(self, file: _Optional[str] = ..., format: _Optional[str] = ..., columns: _Optional[_Mapping[str, str]] = ..., rate_scale: _Optional[float] = ..., time_scale: _Optional[float] = ..., window_s: _Optional[_Iterable[float]] = ..., loop: _Optional[bool] = ..., failed: _Optional[str] = ..., history: _Optional[bool] = ..., prefix_block_tokens: _Optional[int] = ..., time_unit: _Optional[str] = ...) -> None: ...

class PlugInArrivals(_message.Message):
    __slots__ = ("pattern", "parameters")
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    pattern: str
    parameters: _struct_pb2.Struct
    def __init__(self, pattern: _Optional[str] = ..., parameters: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Spread(_message.Message):
    __slots__ = ("fixed", "median", "p95", "mean", "cv", "exponential", "uniform", "quantiles", "values", "mixture")
    FIXED_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_FIELD_NUMBER: _ClassVar[int]
    P95_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    CV_FIELD_NUMBER: _ClassVar[int]
    EXPONENTIAL_FIELD_NUMBER: _ClassVar[int]
    UNIFORM_FIELD_NUMBER: _ClassVar[int]
    QUANTILES_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    MIXTURE_FIELD_NUMBER: _ClassVar[int]
    fixed: float
    median: float
    p95: float
    mean: float
    cv: float
    exponential: float
    uniform: _containers.RepeatedScalarFieldContainer[float]
    quantiles: _containers.RepeatedCompositeFieldContainer[Point]
    values: _containers.RepeatedScalarFieldContainer[float]
    mixture: _containers.RepeatedCompositeFieldContainer[Weighted]
    def __init__(self, fixed: _Optional[float] = ..., median: _Optional[float] = ..., p95: _Optional[float] = ..., mean: _Optional[float] = ..., cv: _Optional[float] = ..., exponential: _Optional[float] = ..., uniform: _Optional[_Iterable[float]] = ..., quantiles: _Optional[_Iterable[_Union[Point, _Mapping]]] = ..., values: _Optional[_Iterable[float]] = ..., mixture: _Optional[_Iterable[_Union[Weighted, _Mapping]]] = ...) -> None: ...

class Weighted(_message.Message):
    __slots__ = ("fixed", "median", "p95", "mean", "cv", "exponential", "uniform", "quantiles", "values", "mixture", "weight")
    FIXED_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_FIELD_NUMBER: _ClassVar[int]
    P95_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    CV_FIELD_NUMBER: _ClassVar[int]
    EXPONENTIAL_FIELD_NUMBER: _ClassVar[int]
    UNIFORM_FIELD_NUMBER: _ClassVar[int]
    QUANTILES_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    MIXTURE_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    fixed: float
    median: float
    p95: float
    mean: float
    cv: float
    exponential: float
    uniform: _containers.RepeatedScalarFieldContainer[float]
    quantiles: _containers.RepeatedCompositeFieldContainer[Point]
    values: _containers.RepeatedScalarFieldContainer[float]
    mixture: _containers.RepeatedCompositeFieldContainer[Weighted]
    weight: float
    def __init__(self, fixed: _Optional[float] = ..., median: _Optional[float] = ..., p95: _Optional[float] = ..., mean: _Optional[float] = ..., cv: _Optional[float] = ..., exponential: _Optional[float] = ..., uniform: _Optional[_Iterable[float]] = ..., quantiles: _Optional[_Iterable[_Union[Point, _Mapping]]] = ..., values: _Optional[_Iterable[float]] = ..., mixture: _Optional[_Iterable[_Union[Weighted, _Mapping]]] = ..., weight: _Optional[float] = ...) -> None: ...

class Difficulty(_message.Message):
    __slots__ = ("mean", "sd")
    MEAN_FIELD_NUMBER: _ClassVar[int]
    SD_FIELD_NUMBER: _ClassVar[int]
    mean: float
    sd: float
    def __init__(self, mean: _Optional[float] = ..., sd: _Optional[float] = ...) -> None: ...

class Objectives(_message.Message):
    __slots__ = ("ttft_s", "tpot_s", "e2e_s")
    TTFT_S_FIELD_NUMBER: _ClassVar[int]
    TPOT_S_FIELD_NUMBER: _ClassVar[int]
    E2E_S_FIELD_NUMBER: _ClassVar[int]
    ttft_s: float
    tpot_s: float
    e2e_s: float
    def __init__(self, ttft_s: _Optional[float] = ..., tpot_s: _Optional[float] = ..., e2e_s: _Optional[float] = ...) -> None: ...

class Client(_message.Message):
    __slots__ = ("timeout_s", "retries", "backoff_s")
    TIMEOUT_S_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    BACKOFF_S_FIELD_NUMBER: _ClassVar[int]
    timeout_s: float
    retries: int
    backoff_s: float
    def __init__(self, timeout_s: _Optional[float] = ..., retries: _Optional[int] = ..., backoff_s: _Optional[float] = ...) -> None: ...

class Session(_message.Message):
    __slots__ = ("turns", "think_time", "history")
    TURNS_FIELD_NUMBER: _ClassVar[int]
    THINK_TIME_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    turns: Spread
    think_time: SpreadSeconds
    history: bool
    def __init__(self, turns: _Optional[_Union[Spread, _Mapping]] = ..., think_time: _Optional[_Union[SpreadSeconds, _Mapping]] = ..., history: _Optional[bool] = ...) -> None: ...

class SpreadSeconds(_message.Message):
    __slots__ = ("fixed_s", "median_s", "p95_s", "mean_s", "cv", "exponential_s", "uniform_s", "quantiles_s", "values_s", "mixture")
    FIXED_S_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_S_FIELD_NUMBER: _ClassVar[int]
    P95_S_FIELD_NUMBER: _ClassVar[int]
    MEAN_S_FIELD_NUMBER: _ClassVar[int]
    CV_FIELD_NUMBER: _ClassVar[int]
    EXPONENTIAL_S_FIELD_NUMBER: _ClassVar[int]
    UNIFORM_S_FIELD_NUMBER: _ClassVar[int]
    QUANTILES_S_FIELD_NUMBER: _ClassVar[int]
    VALUES_S_FIELD_NUMBER: _ClassVar[int]
    MIXTURE_FIELD_NUMBER: _ClassVar[int]
    fixed_s: float
    median_s: float
    p95_s: float
    mean_s: float
    cv: float
    exponential_s: float
    uniform_s: _containers.RepeatedScalarFieldContainer[float]
    quantiles_s: _containers.RepeatedCompositeFieldContainer[Point]
    values_s: _containers.RepeatedScalarFieldContainer[float]
    mixture: _containers.RepeatedCompositeFieldContainer[WeightedSeconds]
    def __init__(self, fixed_s: _Optional[float] = ..., median_s: _Optional[float] = ..., p95_s: _Optional[float] = ..., mean_s: _Optional[float] = ..., cv: _Optional[float] = ..., exponential_s: _Optional[float] = ..., uniform_s: _Optional[_Iterable[float]] = ..., quantiles_s: _Optional[_Iterable[_Union[Point, _Mapping]]] = ..., values_s: _Optional[_Iterable[float]] = ..., mixture: _Optional[_Iterable[_Union[WeightedSeconds, _Mapping]]] = ...) -> None: ...

class WeightedSeconds(_message.Message):
    __slots__ = ("fixed_s", "median_s", "p95_s", "mean_s", "cv", "exponential_s", "uniform_s", "quantiles_s", "values_s", "mixture", "weight")
    FIXED_S_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_S_FIELD_NUMBER: _ClassVar[int]
    P95_S_FIELD_NUMBER: _ClassVar[int]
    MEAN_S_FIELD_NUMBER: _ClassVar[int]
    CV_FIELD_NUMBER: _ClassVar[int]
    EXPONENTIAL_S_FIELD_NUMBER: _ClassVar[int]
    UNIFORM_S_FIELD_NUMBER: _ClassVar[int]
    QUANTILES_S_FIELD_NUMBER: _ClassVar[int]
    VALUES_S_FIELD_NUMBER: _ClassVar[int]
    MIXTURE_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    fixed_s: float
    median_s: float
    p95_s: float
    mean_s: float
    cv: float
    exponential_s: float
    uniform_s: _containers.RepeatedScalarFieldContainer[float]
    quantiles_s: _containers.RepeatedCompositeFieldContainer[Point]
    values_s: _containers.RepeatedScalarFieldContainer[float]
    mixture: _containers.RepeatedCompositeFieldContainer[WeightedSeconds]
    weight: float
    def __init__(self, fixed_s: _Optional[float] = ..., median_s: _Optional[float] = ..., p95_s: _Optional[float] = ..., mean_s: _Optional[float] = ..., cv: _Optional[float] = ..., exponential_s: _Optional[float] = ..., uniform_s: _Optional[_Iterable[float]] = ..., quantiles_s: _Optional[_Iterable[_Union[Point, _Mapping]]] = ..., values_s: _Optional[_Iterable[float]] = ..., mixture: _Optional[_Iterable[_Union[WeightedSeconds, _Mapping]]] = ..., weight: _Optional[float] = ...) -> None: ...

class Agent(_message.Message):
    __slots__ = ("calls", "tool_time", "tool_output_tokens", "shared_difficulty", "success")
    CALLS_FIELD_NUMBER: _ClassVar[int]
    TOOL_TIME_FIELD_NUMBER: _ClassVar[int]
    TOOL_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SHARED_DIFFICULTY_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    calls: Spread
    tool_time: SpreadSeconds
    tool_output_tokens: Spread
    shared_difficulty: float
    success: str
    def __init__(self, calls: _Optional[_Union[Spread, _Mapping]] = ..., tool_time: _Optional[_Union[SpreadSeconds, _Mapping]] = ..., tool_output_tokens: _Optional[_Union[Spread, _Mapping]] = ..., shared_difficulty: _Optional[float] = ..., success: _Optional[str] = ...) -> None: ...

class Network(_message.Message):
    __slots__ = ("last_mile", "egress_usd_per_gb", "bytes_per_output_token")
    LAST_MILE_FIELD_NUMBER: _ClassVar[int]
    EGRESS_USD_PER_GB_FIELD_NUMBER: _ClassVar[int]
    BYTES_PER_OUTPUT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    last_mile: LastMile
    egress_usd_per_gb: float
    bytes_per_output_token: float
    def __init__(self, last_mile: _Optional[_Union[LastMile, _Mapping]] = ..., egress_usd_per_gb: _Optional[float] = ..., bytes_per_output_token: _Optional[float] = ...) -> None: ...

class LastMile(_message.Message):
    __slots__ = ("edge_s", "on_prem_s", "dedicated_s", "cloud_s")
    EDGE_S_FIELD_NUMBER: _ClassVar[int]
    ON_PREM_S_FIELD_NUMBER: _ClassVar[int]
    DEDICATED_S_FIELD_NUMBER: _ClassVar[int]
    CLOUD_S_FIELD_NUMBER: _ClassVar[int]
    edge_s: float
    on_prem_s: float
    dedicated_s: float
    cloud_s: float
    def __init__(self, edge_s: _Optional[float] = ..., on_prem_s: _Optional[float] = ..., dedicated_s: _Optional[float] = ..., cloud_s: _Optional[float] = ...) -> None: ...

class SignalSettings(_message.Message):
    __slots__ = ("carbon_intensity", "electricity_price")
    CARBON_INTENSITY_FIELD_NUMBER: _ClassVar[int]
    ELECTRICITY_PRICE_FIELD_NUMBER: _ClassVar[int]
    carbon_intensity: _struct_pb2.Struct
    electricity_price: _struct_pb2.Struct
    def __init__(self, carbon_intensity: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., electricity_price: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Deployment(_message.Message):
    __slots__ = ("name", "tier", "model", "region", "hardware", "api", "device", "endpoint", "replicas", "autoscaling", "balancing", "engine", "pricing", "context_window_tokens", "weight")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    HARDWARE_FIELD_NUMBER: _ClassVar[int]
    API_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    REPLICAS_FIELD_NUMBER: _ClassVar[int]
    AUTOSCALING_FIELD_NUMBER: _ClassVar[int]
    BALANCING_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    PRICING_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_WINDOW_TOKENS_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    name: str
    tier: str
    model: str
    region: str
    hardware: Hardware
    api: Api
    device: DeviceSettings
    endpoint: Endpoint
    replicas: int
    autoscaling: Autoscaling
    balancing: str
    engine: EngineSettings
    pricing: Pricing
    context_window_tokens: int
    weight: float
    def __init__(self, name: _Optional[str] = ..., tier: _Optional[str] = ..., model: _Optional[str] = ..., region: _Optional[str] = ..., hardware: _Optional[_Union[Hardware, _Mapping]] = ..., api: _Optional[_Union[Api, _Mapping]] = ..., device: _Optional[_Union[DeviceSettings, _Mapping]] = ..., endpoint: _Optional[_Union[Endpoint, _Mapping]] = ..., replicas: _Optional[int] = ..., autoscaling: _Optional[_Union[Autoscaling, _Mapping]] = ..., balancing: _Optional[str] = ..., engine: _Optional[_Union[EngineSettings, _Mapping]] = ..., pricing: _Optional[_Union[Pricing, _Mapping]] = ..., context_window_tokens: _Optional[int] = ..., weight: _Optional[float] = ...) -> None: ...

class Hardware(_message.Message):
    __slots__ = ("accelerator", "tensor_parallel", "attention_data_parallel", "expert_parallel", "precision", "kv_precision")
    ACCELERATOR_FIELD_NUMBER: _ClassVar[int]
    TENSOR_PARALLEL_FIELD_NUMBER: _ClassVar[int]
    ATTENTION_DATA_PARALLEL_FIELD_NUMBER: _ClassVar[int]
    EXPERT_PARALLEL_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    KV_PRECISION_FIELD_NUMBER: _ClassVar[int]
    accelerator: str
    tensor_parallel: int
    attention_data_parallel: int
    expert_parallel: int
    precision: str
    kv_precision: str
    def __init__(self, accelerator: _Optional[str] = ..., tensor_parallel: _Optional[int] = ..., attention_data_parallel: _Optional[int] = ..., expert_parallel: _Optional[int] = ..., precision: _Optional[str] = ..., kv_precision: _Optional[str] = ...) -> None: ...

class Api(_message.Message):
    __slots__ = ("offer", "plan", "units", "throughput", "utilization_ratio", "concurrency", "overload", "requests_per_min", "input_tokens_per_min", "output_tokens_per_min", "failure_ratio", "ttft", "output_tokens_per_s")
    OFFER_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    THROUGHPUT_FIELD_NUMBER: _ClassVar[int]
    UTILIZATION_RATIO_FIELD_NUMBER: _ClassVar[int]
    CONCURRENCY_FIELD_NUMBER: _ClassVar[int]
    OVERLOAD_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_PER_MIN_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKENS_PER_MIN_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_PER_MIN_FIELD_NUMBER: _ClassVar[int]
    FAILURE_RATIO_FIELD_NUMBER: _ClassVar[int]
    TTFT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_PER_S_FIELD_NUMBER: _ClassVar[int]
    offer: str
    plan: str
    units: int
    throughput: ProvisionedThroughput
    utilization_ratio: float
    concurrency: int
    overload: Overload
    requests_per_min: float
    input_tokens_per_min: float
    output_tokens_per_min: float
    failure_ratio: float
    ttft: SpreadSeconds
    output_tokens_per_s: float
    def __init__(self, offer: _Optional[str] = ..., plan: _Optional[str] = ..., units: _Optional[int] = ..., throughput: _Optional[_Union[ProvisionedThroughput, _Mapping]] = ..., utilization_ratio: _Optional[float] = ..., concurrency: _Optional[int] = ..., overload: _Optional[_Union[Overload, _Mapping]] = ..., requests_per_min: _Optional[float] = ..., input_tokens_per_min: _Optional[float] = ..., output_tokens_per_min: _Optional[float] = ..., failure_ratio: _Optional[float] = ..., ttft: _Optional[_Union[SpreadSeconds, _Mapping]] = ..., output_tokens_per_s: _Optional[float] = ...) -> None: ...

class ProvisionedThroughput(_message.Message):
    __slots__ = ("usd_per_unit_hour", "input_tokens_per_min_per_unit", "output_weight", "minimum_units", "unit_step")
    USD_PER_UNIT_HOUR_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKENS_PER_MIN_PER_UNIT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_UNITS_FIELD_NUMBER: _ClassVar[int]
    UNIT_STEP_FIELD_NUMBER: _ClassVar[int]
    usd_per_unit_hour: str
    input_tokens_per_min_per_unit: float
    output_weight: float
    minimum_units: int
    unit_step: int
    def __init__(self, usd_per_unit_hour: _Optional[str] = ..., input_tokens_per_min_per_unit: _Optional[float] = ..., output_weight: _Optional[float] = ..., minimum_units: _Optional[int] = ..., unit_step: _Optional[int] = ...) -> None: ...

class Overload(_message.Message):
    __slots__ = ("from_ratio", "slowdown")
    FROM_RATIO_FIELD_NUMBER: _ClassVar[int]
    SLOWDOWN_FIELD_NUMBER: _ClassVar[int]
    from_ratio: float
    slowdown: float
    def __init__(self, from_ratio: _Optional[float] = ..., slowdown: _Optional[float] = ...) -> None: ...

class DeviceSettings(_message.Message):
    __slots__ = ("device", "per_user", "count", "sustained", "throttling", "offline", "queue_limit")
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    PER_USER_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SUSTAINED_FIELD_NUMBER: _ClassVar[int]
    THROTTLING_FIELD_NUMBER: _ClassVar[int]
    OFFLINE_FIELD_NUMBER: _ClassVar[int]
    QUEUE_LIMIT_FIELD_NUMBER: _ClassVar[int]
    device: str
    per_user: bool
    count: int
    sustained: bool
    throttling: bool
    offline: Offline
    queue_limit: int
    def __init__(self, device: _Optional[str] = ..., per_user: _Optional[bool] = ..., count: _Optional[int] = ..., sustained: _Optional[bool] = ..., throttling: _Optional[bool] = ..., offline: _Optional[_Union[Offline, _Mapping]] = ..., queue_limit: _Optional[int] = ...) -> None: ...

class Offline(_message.Message):
    __slots__ = ("share", "duration_s", "daily")
    SHARE_FIELD_NUMBER: _ClassVar[int]
    DURATION_S_FIELD_NUMBER: _ClassVar[int]
    DAILY_FIELD_NUMBER: _ClassVar[int]
    share: float
    duration_s: float
    daily: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, share: _Optional[float] = ..., duration_s: _Optional[float] = ..., daily: _Optional[_Iterable[str]] = ...) -> None: ...

class Endpoint(_message.Message):
    __slots__ = ("servers", "service_time", "first_token_ratio", "queue_limit", "usd_per_request", "usd_per_server_hour", "power_w", "idle_w", "failure_ratio")
    SERVERS_FIELD_NUMBER: _ClassVar[int]
    SERVICE_TIME_FIELD_NUMBER: _ClassVar[int]
    FIRST_TOKEN_RATIO_FIELD_NUMBER: _ClassVar[int]
    QUEUE_LIMIT_FIELD_NUMBER: _ClassVar[int]
    USD_PER_REQUEST_FIELD_NUMBER: _ClassVar[int]
    USD_PER_SERVER_HOUR_FIELD_NUMBER: _ClassVar[int]
    POWER_W_FIELD_NUMBER: _ClassVar[int]
    IDLE_W_FIELD_NUMBER: _ClassVar[int]
    FAILURE_RATIO_FIELD_NUMBER: _ClassVar[int]
    servers: int
    service_time: SpreadSeconds
    first_token_ratio: float
    queue_limit: int
    usd_per_request: float
    usd_per_server_hour: float
    power_w: float
    idle_w: float
    failure_ratio: float
    def __init__(self, servers: _Optional[int] = ..., service_time: _Optional[_Union[SpreadSeconds, _Mapping]] = ..., first_token_ratio: _Optional[float] = ..., queue_limit: _Optional[int] = ..., usd_per_request: _Optional[float] = ..., usd_per_server_hour: _Optional[float] = ..., power_w: _Optional[float] = ..., idle_w: _Optional[float] = ..., failure_ratio: _Optional[float] = ...) -> None: ...

class Autoscaling(_message.Message):
    __slots__ = ("min", "max", "metric", "target", "interval_s", "cold_start_s", "load_gb_per_s", "scale_in_delay_s", "scale_to_zero")
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_S_FIELD_NUMBER: _ClassVar[int]
    COLD_START_S_FIELD_NUMBER: _ClassVar[int]
    LOAD_GB_PER_S_FIELD_NUMBER: _ClassVar[int]
    SCALE_IN_DELAY_S_FIELD_NUMBER: _ClassVar[int]
    SCALE_TO_ZERO_FIELD_NUMBER: _ClassVar[int]
    min: int
    max: int
    metric: str
    target: float
    interval_s: float
    cold_start_s: float
    load_gb_per_s: float
    scale_in_delay_s: float
    scale_to_zero: bool
    def __init__(self, min: _Optional[int] = ..., max: _Optional[int] = ..., metric: _Optional[str] = ..., target: _Optional[float] = ..., interval_s: _Optional[float] = ..., cold_start_s: _Optional[float] = ..., load_gb_per_s: _Optional[float] = ..., scale_in_delay_s: _Optional[float] = ..., scale_to_zero: _Optional[bool] = ...) -> None: ...

class EngineSettings(_message.Message):
    __slots__ = ("profile", "max_num_seqs", "max_sequences", "max_num_batched_tokens", "token_budget", "gpu_memory_utilization", "kv_cache_dtype", "block_size", "kv_room_tokens", "queue_limit", "prefix_cache", "speculative", "split")
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    MAX_NUM_SEQS_FIELD_NUMBER: _ClassVar[int]
    MAX_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    MAX_NUM_BATCHED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TOKEN_BUDGET_FIELD_NUMBER: _ClassVar[int]
    GPU_MEMORY_UTILIZATION_FIELD_NUMBER: _ClassVar[int]
    KV_CACHE_DTYPE_FIELD_NUMBER: _ClassVar[int]
    BLOCK_SIZE_FIELD_NUMBER: _ClassVar[int]
    KV_ROOM_TOKENS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_LIMIT_FIELD_NUMBER: _ClassVar[int]
    PREFIX_CACHE_FIELD_NUMBER: _ClassVar[int]
    SPECULATIVE_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    profile: str
    max_num_seqs: int
    max_sequences: int
    max_num_batched_tokens: int
    token_budget: int
    gpu_memory_utilization: float
    kv_cache_dtype: str
    block_size: int
    kv_room_tokens: int
    queue_limit: int
    prefix_cache: bool
    speculative: Speculative
    split: Split
    def __init__(self, profile: _Optional[str] = ..., max_num_seqs: _Optional[int] = ..., max_sequences: _Optional[int] = ..., max_num_batched_tokens: _Optional[int] = ..., token_budget: _Optional[int] = ..., gpu_memory_utilization: _Optional[float] = ..., kv_cache_dtype: _Optional[str] = ..., block_size: _Optional[int] = ..., kv_room_tokens: _Optional[int] = ..., queue_limit: _Optional[int] = ..., prefix_cache: _Optional[bool] = ..., speculative: _Optional[_Union[Speculative, _Mapping]] = ..., split: _Optional[_Union[Split, _Mapping]] = ...) -> None: ...

class Speculative(_message.Message):
    __slots__ = ("draft_tokens", "acceptance_ratio", "draft_layers")
    DRAFT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    ACCEPTANCE_RATIO_FIELD_NUMBER: _ClassVar[int]
    DRAFT_LAYERS_FIELD_NUMBER: _ClassVar[int]
    draft_tokens: int
    acceptance_ratio: float
    draft_layers: int
    def __init__(self, draft_tokens: _Optional[int] = ..., acceptance_ratio: _Optional[float] = ..., draft_layers: _Optional[int] = ...) -> None: ...

class Split(_message.Message):
    __slots__ = ("prefill_replicas", "link_gb_per_s")
    PREFILL_REPLICAS_FIELD_NUMBER: _ClassVar[int]
    LINK_GB_PER_S_FIELD_NUMBER: _ClassVar[int]
    prefill_replicas: int
    link_gb_per_s: float
    def __init__(self, prefill_replicas: _Optional[int] = ..., link_gb_per_s: _Optional[float] = ...) -> None: ...

class Pricing(_message.Message):
    __slots__ = ("rent", "usd_per_chip_hour", "owned", "purchase_usd_per_chip", "lifetime_years", "host_purchase_usd", "network_ratio", "residual_ratio", "wacc_ratio", "colocation_usd_per_kw_month", "maintenance_ratio_per_year", "staff_usd_per_host_year", "software_usd_per_chip_year", "utilization_ratio")
    RENT_FIELD_NUMBER: _ClassVar[int]
    USD_PER_CHIP_HOUR_FIELD_NUMBER: _ClassVar[int]
    OWNED_FIELD_NUMBER: _ClassVar[int]
    PURCHASE_USD_PER_CHIP_FIELD_NUMBER: _ClassVar[int]
    LIFETIME_YEARS_FIELD_NUMBER: _ClassVar[int]
    HOST_PURCHASE_USD_FIELD_NUMBER: _ClassVar[int]
    NETWORK_RATIO_FIELD_NUMBER: _ClassVar[int]
    RESIDUAL_RATIO_FIELD_NUMBER: _ClassVar[int]
    WACC_RATIO_FIELD_NUMBER: _ClassVar[int]
    COLOCATION_USD_PER_KW_MONTH_FIELD_NUMBER: _ClassVar[int]
    MAINTENANCE_RATIO_PER_YEAR_FIELD_NUMBER: _ClassVar[int]
    STAFF_USD_PER_HOST_YEAR_FIELD_NUMBER: _ClassVar[int]
    SOFTWARE_USD_PER_CHIP_YEAR_FIELD_NUMBER: _ClassVar[int]
    UTILIZATION_RATIO_FIELD_NUMBER: _ClassVar[int]
    rent: str
    usd_per_chip_hour: str
    owned: bool
    purchase_usd_per_chip: str
    lifetime_years: float
    host_purchase_usd: str
    network_ratio: float
    residual_ratio: float
    wacc_ratio: float
    colocation_usd_per_kw_month: float
    maintenance_ratio_per_year: float
    staff_usd_per_host_year: float
    software_usd_per_chip_year: float
    utilization_ratio: float
    def __init__(self, rent: _Optional[str] = ..., usd_per_chip_hour: _Optional[str] = ..., owned: _Optional[bool] = ..., purchase_usd_per_chip: _Optional[str] = ..., lifetime_years: _Optional[float] = ..., host_purchase_usd: _Optional[str] = ..., network_ratio: _Optional[float] = ..., residual_ratio: _Optional[float] = ..., wacc_ratio: _Optional[float] = ..., colocation_usd_per_kw_month: _Optional[float] = ..., maintenance_ratio_per_year: _Optional[float] = ..., staff_usd_per_host_year: _Optional[float] = ..., software_usd_per_chip_year: _Optional[float] = ..., utilization_ratio: _Optional[float] = ...) -> None: ...

class RouterSettings(_message.Message):
    __slots__ = ("policy", "parameters", "staleness_s", "instances", "assignment", "decision_latency_s", "decision_usd", "resilience")
    POLICY_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    STALENESS_S_FIELD_NUMBER: _ClassVar[int]
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    DECISION_LATENCY_S_FIELD_NUMBER: _ClassVar[int]
    DECISION_USD_FIELD_NUMBER: _ClassVar[int]
    RESILIENCE_FIELD_NUMBER: _ClassVar[int]
    policy: str
    parameters: _struct_pb2.Struct
    staleness_s: float
    instances: int
    assignment: str
    decision_latency_s: float
    decision_usd: float
    resilience: ResilienceSettings
    def __init__(self, policy: _Optional[str] = ..., parameters: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., staleness_s: _Optional[float] = ..., instances: _Optional[int] = ..., assignment: _Optional[str] = ..., decision_latency_s: _Optional[float] = ..., decision_usd: _Optional[float] = ..., resilience: _Optional[_Union[ResilienceSettings, _Mapping]] = ...) -> None: ...

class ResilienceSettings(_message.Message):
    __slots__ = ("retries", "retries_by_class", "backoff_s", "backoff_max_s", "jitter_s", "retry_after_s", "retry_after_max_s", "fallbacks", "context_window_fallbacks", "content_policy_fallbacks", "default_fallbacks", "max_fallbacks", "cooldown_s", "cooldown_by_hint", "disable_cooldowns", "allowed_fails", "allowed_fails_by_class", "failure_ratio", "failure_min_count", "lone_failure_count", "breaker")
    class RetriesByClassEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class FallbacksEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Names
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Names, _Mapping]] = ...) -> None: ...
    class ContextWindowFallbacksEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Names
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Names, _Mapping]] = ...) -> None: ...
    class ContentPolicyFallbacksEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Names
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Names, _Mapping]] = ...) -> None: ...
    class AllowedFailsByClassEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    RETRIES_BY_CLASS_FIELD_NUMBER: _ClassVar[int]
    BACKOFF_S_FIELD_NUMBER: _ClassVar[int]
    BACKOFF_MAX_S_FIELD_NUMBER: _ClassVar[int]
    JITTER_S_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_S_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MAX_S_FIELD_NUMBER: _ClassVar[int]
    FALLBACKS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_WINDOW_FALLBACKS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_POLICY_FALLBACKS_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_FALLBACKS_FIELD_NUMBER: _ClassVar[int]
    MAX_FALLBACKS_FIELD_NUMBER: _ClassVar[int]
    COOLDOWN_S_FIELD_NUMBER: _ClassVar[int]
    COOLDOWN_BY_HINT_FIELD_NUMBER: _ClassVar[int]
    DISABLE_COOLDOWNS_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_FAILS_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_FAILS_BY_CLASS_FIELD_NUMBER: _ClassVar[int]
    FAILURE_RATIO_FIELD_NUMBER: _ClassVar[int]
    FAILURE_MIN_COUNT_FIELD_NUMBER: _ClassVar[int]
    LONE_FAILURE_COUNT_FIELD_NUMBER: _ClassVar[int]
    BREAKER_FIELD_NUMBER: _ClassVar[int]
    retries: int
    retries_by_class: _containers.ScalarMap[str, int]
    backoff_s: float
    backoff_max_s: float
    jitter_s: float
    retry_after_s: float
    retry_after_max_s: float
    fallbacks: _containers.MessageMap[str, Names]
    context_window_fallbacks: _containers.MessageMap[str, Names]
    content_policy_fallbacks: _containers.MessageMap[str, Names]
    default_fallbacks: _containers.RepeatedScalarFieldContainer[str]
    max_fallbacks: int
    cooldown_s: float
    cooldown_by_hint: bool
    disable_cooldowns: bool
    allowed_fails: int
    allowed_fails_by_class: _containers.ScalarMap[str, int]
    failure_ratio: float
    failure_min_count: int
    lone_failure_count: int
    breaker: BreakerSettings
    def __init__(self, retries: _Optional[int] = ..., retries_by_class: _Optional[_Mapping[str, int]] = ..., backoff_s: _Optional[float] = ..., backoff_max_s: _Optional[float] = ..., jitter_s: _Optional[float] = ..., retry_after_s: _Optional[float] = ..., retry_after_max_s: _Optional[float] = ..., fallbacks: _Optional[_Mapping[str, Names]] = ..., context_window_fallbacks: _Optional[_Mapping[str, Names]] = ..., content_policy_fallbacks: _Optional[_Mapping[str, Names]] = ..., default_fallbacks: _Optional[_Iterable[str]] = ..., max_fallbacks: _Optional[int] = ..., cooldown_s: _Optional[float] = ..., cooldown_by_hint: _Optional[bool] = ..., disable_cooldowns: _Optional[bool] = ..., allowed_fails: _Optional[int] = ..., allowed_fails_by_class: _Optional[_Mapping[str, int]] = ..., failure_ratio: _Optional[float] = ..., failure_min_count: _Optional[int] = ..., lone_failure_count: _Optional[int] = ..., breaker: _Optional[_Union[BreakerSettings, _Mapping]] = ...) -> None: ...

class BreakerSettings(_message.Message):
    __slots__ = ("failure_threshold", "success_threshold", "timeout_s", "minimum_requests", "window_s", "probes")
    FAILURE_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_S_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_S_FIELD_NUMBER: _ClassVar[int]
    PROBES_FIELD_NUMBER: _ClassVar[int]
    failure_threshold: int
    success_threshold: int
    timeout_s: float
    minimum_requests: int
    window_s: float
    probes: int
    def __init__(self, failure_threshold: _Optional[int] = ..., success_threshold: _Optional[int] = ..., timeout_s: _Optional[float] = ..., minimum_requests: _Optional[int] = ..., window_s: _Optional[float] = ..., probes: _Optional[int] = ...) -> None: ...

class QualitySettings(_message.Message):
    __slots__ = ("discrimination", "difficulty_noise", "router_auc", "feedback", "outcomes", "outcome_models", "coverage", "right_from", "score", "score_scale")
    class OutcomeModelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    DISCRIMINATION_FIELD_NUMBER: _ClassVar[int]
    DIFFICULTY_NOISE_FIELD_NUMBER: _ClassVar[int]
    ROUTER_AUC_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_MODELS_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    RIGHT_FROM_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    SCORE_SCALE_FIELD_NUMBER: _ClassVar[int]
    discrimination: float
    difficulty_noise: float
    router_auc: float
    feedback: FeedbackSettings
    outcomes: str
    outcome_models: _containers.ScalarMap[str, str]
    coverage: str
    right_from: float
    score: str
    score_scale: str
    def __init__(self, discrimination: _Optional[float] = ..., difficulty_noise: _Optional[float] = ..., router_auc: _Optional[float] = ..., feedback: _Optional[_Union[FeedbackSettings, _Mapping]] = ..., outcomes: _Optional[str] = ..., outcome_models: _Optional[_Mapping[str, str]] = ..., coverage: _Optional[str] = ..., right_from: _Optional[float] = ..., score: _Optional[str] = ..., score_scale: _Optional[str] = ...) -> None: ...

class FeedbackSettings(_message.Message):
    __slots__ = ("ratio", "delay_s")
    RATIO_FIELD_NUMBER: _ClassVar[int]
    DELAY_S_FIELD_NUMBER: _ClassVar[int]
    ratio: float
    delay_s: float
    def __init__(self, ratio: _Optional[float] = ..., delay_s: _Optional[float] = ...) -> None: ...

class TelemetrySettings(_message.Message):
    __slots__ = ("step_s", "epoch", "pace_ratio")
    STEP_S_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    PACE_RATIO_FIELD_NUMBER: _ClassVar[int]
    step_s: float
    epoch: _timestamp_pb2.Timestamp
    pace_ratio: float
    def __init__(self, step_s: _Optional[float] = ..., epoch: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., pace_ratio: _Optional[float] = ...) -> None: ...

class Arrivals(_message.Message):
    __slots__ = ("steady", "bursty", "diurnal", "trace", "plug_in")
    STEADY_FIELD_NUMBER: _ClassVar[int]
    BURSTY_FIELD_NUMBER: _ClassVar[int]
    DIURNAL_FIELD_NUMBER: _ClassVar[int]
    TRACE_FIELD_NUMBER: _ClassVar[int]
    PLUG_IN_FIELD_NUMBER: _ClassVar[int]
    steady: SteadyArrivals
    bursty: BurstyArrivals
    diurnal: DiurnalArrivals
    trace: TraceArrivals
    plug_in: PlugInArrivals
    def __init__(self, steady: _Optional[_Union[SteadyArrivals, _Mapping]] = ..., bursty: _Optional[_Union[BurstyArrivals, _Mapping]] = ..., diurnal: _Optional[_Union[DiurnalArrivals, _Mapping]] = ..., trace: _Optional[_Union[TraceArrivals, _Mapping]] = ..., plug_in: _Optional[_Union[PlugInArrivals, _Mapping]] = ...) -> None: ...
