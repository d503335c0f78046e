from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Figure(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: float
    def __init__(self, value: _Optional[float] = ...) -> None: ...

class ScenarioMark(_message.Message):
    __slots__ = ("name", "digest")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    name: str
    digest: str
    def __init__(self, name: _Optional[str] = ..., digest: _Optional[str] = ...) -> None: ...

class CatalogMark(_message.Message):
    __slots__ = ("edition", "date", "digest", "additional")
    EDITION_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    edition: str
    date: str
    digest: str
    additional: _struct_pb2.Struct
    def __init__(self, edition: _Optional[str] = ..., date: _Optional[str] = ..., digest: _Optional[str] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Interval(_message.Message):
    __slots__ = ("value", "low", "high")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    value: float
    low: float
    high: float
    def __init__(self, value: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ...) -> None: ...

class RequestCounts(_message.Message):
    __slots__ = ("arrived", "completed", "rejected", "timed_out", "failed", "unfinished", "additional")
    ARRIVED_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    TIMED_OUT_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    UNFINISHED_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    arrived: float
    completed: float
    rejected: float
    timed_out: float
    failed: float
    unfinished: float
    additional: _struct_pb2.Struct
    def __init__(self, arrived: _Optional[float] = ..., completed: _Optional[float] = ..., rejected: _Optional[float] = ..., timed_out: _Optional[float] = ..., failed: _Optional[float] = ..., unfinished: _Optional[float] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class FailureCounts(_message.Message):
    __slots__ = ("queue_full", "too_large", "rate_limit", "overloaded", "server_error", "outage", "context_length", "connection", "timeout")
    QUEUE_FULL_FIELD_NUMBER: _ClassVar[int]
    TOO_LARGE_FIELD_NUMBER: _ClassVar[int]
    RATE_LIMIT_FIELD_NUMBER: _ClassVar[int]
    OVERLOADED_FIELD_NUMBER: _ClassVar[int]
    SERVER_ERROR_FIELD_NUMBER: _ClassVar[int]
    OUTAGE_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_LENGTH_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    queue_full: float
    too_large: float
    rate_limit: float
    overloaded: float
    server_error: float
    outage: float
    context_length: float
    connection: float
    timeout: float
    def __init__(self, queue_full: _Optional[float] = ..., too_large: _Optional[float] = ..., rate_limit: _Optional[float] = ..., overloaded: _Optional[float] = ..., server_error: _Optional[float] = ..., outage: _Optional[float] = ..., context_length: _Optional[float] = ..., connection: _Optional[float] = ..., timeout: _Optional[float] = ...) -> None: ...

class AttemptCounts(_message.Message):
    __slots__ = ("total", "retries", "fallbacks", "escalations", "hedges", "cancelled", "failures", "additional")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    FALLBACKS_FIELD_NUMBER: _ClassVar[int]
    ESCALATIONS_FIELD_NUMBER: _ClassVar[int]
    HEDGES_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    total: float
    retries: float
    fallbacks: float
    escalations: float
    hedges: float
    cancelled: float
    failures: FailureCounts
    additional: _struct_pb2.Struct
    def __init__(self, total: _Optional[float] = ..., retries: _Optional[float] = ..., fallbacks: _Optional[float] = ..., escalations: _Optional[float] = ..., hedges: _Optional[float] = ..., cancelled: _Optional[float] = ..., failures: _Optional[_Union[FailureCounts, _Mapping]] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class TokenCounts(_message.Message):
    __slots__ = ("input", "cached_input", "cache_write", "output", "reasoning_output", "additional")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    CACHED_INPUT_FIELD_NUMBER: _ClassVar[int]
    CACHE_WRITE_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    REASONING_OUTPUT_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    input: float
    cached_input: float
    cache_write: float
    output: float
    reasoning_output: float
    additional: _struct_pb2.Struct
    def __init__(self, input: _Optional[float] = ..., cached_input: _Optional[float] = ..., cache_write: _Optional[float] = ..., output: _Optional[float] = ..., reasoning_output: _Optional[float] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Cost(_message.Message):
    __slots__ = ("total", "api", "capacity_used", "capacity_idle", "energy", "egress", "routing", "wasted", "per_request", "per_correct", "per_mtok", "per_month", "per_month_basis", "additional")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    API_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_USED_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_IDLE_FIELD_NUMBER: _ClassVar[int]
    ENERGY_FIELD_NUMBER: _ClassVar[int]
    EGRESS_FIELD_NUMBER: _ClassVar[int]
    ROUTING_FIELD_NUMBER: _ClassVar[int]
    WASTED_FIELD_NUMBER: _ClassVar[int]
    PER_REQUEST_FIELD_NUMBER: _ClassVar[int]
    PER_CORRECT_FIELD_NUMBER: _ClassVar[int]
    PER_MTOK_FIELD_NUMBER: _ClassVar[int]
    PER_MONTH_FIELD_NUMBER: _ClassVar[int]
    PER_MONTH_BASIS_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    total: float
    api: float
    capacity_used: float
    capacity_idle: float
    energy: float
    egress: float
    routing: float
    wasted: float
    per_request: float
    per_correct: float
    per_mtok: float
    per_month: float
    per_month_basis: str
    additional: _struct_pb2.Struct
    def __init__(self, total: _Optional[float] = ..., api: _Optional[float] = ..., capacity_used: _Optional[float] = ..., capacity_idle: _Optional[float] = ..., energy: _Optional[float] = ..., egress: _Optional[float] = ..., routing: _Optional[float] = ..., wasted: _Optional[float] = ..., per_request: _Optional[float] = ..., per_correct: _Optional[float] = ..., per_mtok: _Optional[float] = ..., per_month: _Optional[float] = ..., per_month_basis: _Optional[str] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Energy(_message.Message):
    __slots__ = ("total", "active", "idle", "api_estimate", "user_side", "per_request", "additional")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    IDLE_FIELD_NUMBER: _ClassVar[int]
    API_ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    USER_SIDE_FIELD_NUMBER: _ClassVar[int]
    PER_REQUEST_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    total: float
    active: float
    idle: float
    api_estimate: float
    user_side: float
    per_request: float
    additional: _struct_pb2.Struct
    def __init__(self, total: _Optional[float] = ..., active: _Optional[float] = ..., idle: _Optional[float] = ..., api_estimate: _Optional[float] = ..., user_side: _Optional[float] = ..., per_request: _Optional[float] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Emissions(_message.Message):
    __slots__ = ("total", "embodied", "user_side", "per_request", "additional")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    EMBODIED_FIELD_NUMBER: _ClassVar[int]
    USER_SIDE_FIELD_NUMBER: _ClassVar[int]
    PER_REQUEST_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    total: float
    embodied: float
    user_side: float
    per_request: float
    additional: _struct_pb2.Struct
    def __init__(self, total: _Optional[float] = ..., embodied: _Optional[float] = ..., user_side: _Optional[float] = ..., per_request: _Optional[float] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Water(_message.Message):
    __slots__ = ("total", "site", "source", "additional")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    total: float
    site: float
    source: float
    additional: _struct_pb2.Struct
    def __init__(self, total: _Optional[float] = ..., site: _Optional[float] = ..., source: _Optional[float] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class DrainCost(_message.Message):
    __slots__ = ("total", "capacity_used", "energy")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_USED_FIELD_NUMBER: _ClassVar[int]
    ENERGY_FIELD_NUMBER: _ClassVar[int]
    total: float
    capacity_used: float
    energy: float
    def __init__(self, total: _Optional[float] = ..., capacity_used: _Optional[float] = ..., energy: _Optional[float] = ...) -> None: ...

class Drain(_message.Message):
    __slots__ = ("seconds", "cost_usd", "energy_wh", "emissions_gco2e", "water_l", "additional")
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    COST_USD_FIELD_NUMBER: _ClassVar[int]
    ENERGY_WH_FIELD_NUMBER: _ClassVar[int]
    EMISSIONS_GCO2E_FIELD_NUMBER: _ClassVar[int]
    WATER_L_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    seconds: float
    cost_usd: DrainCost
    energy_wh: float
    emissions_gco2e: float
    water_l: float
    additional: _struct_pb2.Struct
    def __init__(self, seconds: _Optional[float] = ..., cost_usd: _Optional[_Union[DrainCost, _Mapping]] = ..., energy_wh: _Optional[float] = ..., emissions_gco2e: _Optional[float] = ..., water_l: _Optional[float] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class LatencyFigures(_message.Message):
    __slots__ = ("mean", "p50", "p90", "p95", "p99", "max")
    MEAN_FIELD_NUMBER: _ClassVar[int]
    P50_FIELD_NUMBER: _ClassVar[int]
    P90_FIELD_NUMBER: _ClassVar[int]
    P95_FIELD_NUMBER: _ClassVar[int]
    P99_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    max: float
    def __init__(self, mean: _Optional[float] = ..., p50: _Optional[float] = ..., p90: _Optional[float] = ..., p95: _Optional[float] = ..., p99: _Optional[float] = ..., max: _Optional[float] = ...) -> None: ...

class Latency(_message.Message):
    __slots__ = ("ttft_s", "tpot_s", "e2e_s", "queue_s", "network_s", "additional")
    TTFT_S_FIELD_NUMBER: _ClassVar[int]
    TPOT_S_FIELD_NUMBER: _ClassVar[int]
    E2E_S_FIELD_NUMBER: _ClassVar[int]
    QUEUE_S_FIELD_NUMBER: _ClassVar[int]
    NETWORK_S_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    ttft_s: LatencyFigures
    tpot_s: LatencyFigures
    e2e_s: LatencyFigures
    queue_s: LatencyFigures
    network_s: LatencyFigures
    additional: _struct_pb2.Struct
    def __init__(self, ttft_s: _Optional[_Union[LatencyFigures, _Mapping]] = ..., tpot_s: _Optional[_Union[LatencyFigures, _Mapping]] = ..., e2e_s: _Optional[_Union[LatencyFigures, _Mapping]] = ..., queue_s: _Optional[_Union[LatencyFigures, _Mapping]] = ..., network_s: _Optional[_Union[LatencyFigures, _Mapping]] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Slo(_message.Message):
    __slots__ = ("attainment_ratio", "goodput_per_s", "additional")
    ATTAINMENT_RATIO_FIELD_NUMBER: _ClassVar[int]
    GOODPUT_PER_S_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    attainment_ratio: float
    goodput_per_s: float
    additional: _struct_pb2.Struct
    def __init__(self, attainment_ratio: _Optional[float] = ..., goodput_per_s: _Optional[float] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Quality(_message.Message):
    __slots__ = ("success_ratio", "oracle_success_ratio", "additional")
    SUCCESS_RATIO_FIELD_NUMBER: _ClassVar[int]
    ORACLE_SUCCESS_RATIO_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    success_ratio: float
    oracle_success_ratio: float
    additional: _struct_pb2.Struct
    def __init__(self, success_ratio: _Optional[float] = ..., oracle_success_ratio: _Optional[float] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class CallFigures(_message.Message):
    __slots__ = ("mean", "max")
    MEAN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    mean: float
    max: float
    def __init__(self, mean: _Optional[float] = ..., max: _Optional[float] = ...) -> None: ...

class TaskCost(_message.Message):
    __slots__ = ("total", "per_task", "per_success")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    PER_TASK_FIELD_NUMBER: _ClassVar[int]
    PER_SUCCESS_FIELD_NUMBER: _ClassVar[int]
    total: float
    per_task: float
    per_success: float
    def __init__(self, total: _Optional[float] = ..., per_task: _Optional[float] = ..., per_success: _Optional[float] = ...) -> None: ...

class TaskEnergy(_message.Message):
    __slots__ = ("total", "per_task")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    PER_TASK_FIELD_NUMBER: _ClassVar[int]
    total: float
    per_task: float
    def __init__(self, total: _Optional[float] = ..., per_task: _Optional[float] = ...) -> None: ...

class StreamTasks(_message.Message):
    __slots__ = ("arrived", "completed", "failed", "unfinished", "success_ratio", "latency_s", "calls", "cost_usd", "energy_wh", "additional")
    ARRIVED_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    UNFINISHED_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_RATIO_FIELD_NUMBER: _ClassVar[int]
    LATENCY_S_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    COST_USD_FIELD_NUMBER: _ClassVar[int]
    ENERGY_WH_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    arrived: float
    completed: float
    failed: float
    unfinished: float
    success_ratio: float
    latency_s: LatencyFigures
    calls: CallFigures
    cost_usd: TaskCost
    energy_wh: TaskEnergy
    additional: _struct_pb2.Struct
    def __init__(self, arrived: _Optional[float] = ..., completed: _Optional[float] = ..., failed: _Optional[float] = ..., unfinished: _Optional[float] = ..., success_ratio: _Optional[float] = ..., latency_s: _Optional[_Union[LatencyFigures, _Mapping]] = ..., calls: _Optional[_Union[CallFigures, _Mapping]] = ..., cost_usd: _Optional[_Union[TaskCost, _Mapping]] = ..., energy_wh: _Optional[_Union[TaskEnergy, _Mapping]] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class AgentTasks(_message.Message):
    __slots__ = ("arrived", "completed", "failed", "unfinished", "success_ratio", "latency_s", "calls", "cost_usd", "energy_wh", "by_stream", "additional")
    class ByStreamEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: StreamTasks
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[StreamTasks, _Mapping]] = ...) -> None: ...
    ARRIVED_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    UNFINISHED_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_RATIO_FIELD_NUMBER: _ClassVar[int]
    LATENCY_S_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    COST_USD_FIELD_NUMBER: _ClassVar[int]
    ENERGY_WH_FIELD_NUMBER: _ClassVar[int]
    BY_STREAM_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    arrived: float
    completed: float
    failed: float
    unfinished: float
    success_ratio: float
    latency_s: LatencyFigures
    calls: CallFigures
    cost_usd: TaskCost
    energy_wh: TaskEnergy
    by_stream: _containers.MessageMap[str, StreamTasks]
    additional: _struct_pb2.Struct
    def __init__(self, arrived: _Optional[float] = ..., completed: _Optional[float] = ..., failed: _Optional[float] = ..., unfinished: _Optional[float] = ..., success_ratio: _Optional[float] = ..., latency_s: _Optional[_Union[LatencyFigures, _Mapping]] = ..., calls: _Optional[_Union[CallFigures, _Mapping]] = ..., cost_usd: _Optional[_Union[TaskCost, _Mapping]] = ..., energy_wh: _Optional[_Union[TaskEnergy, _Mapping]] = ..., by_stream: _Optional[_Mapping[str, StreamTasks]] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Block(_message.Message):
    __slots__ = ("replications", "requests", "attempts", "tokens", "cost_usd", "energy_wh", "emissions_gco2e", "latency", "completion_ratio", "slo", "quality", "utilization", "additional")
    REPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    COST_USD_FIELD_NUMBER: _ClassVar[int]
    ENERGY_WH_FIELD_NUMBER: _ClassVar[int]
    EMISSIONS_GCO2E_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_RATIO_FIELD_NUMBER: _ClassVar[int]
    SLO_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    UTILIZATION_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    replications: int
    requests: RequestCounts
    attempts: AttemptCounts
    tokens: TokenCounts
    cost_usd: Cost
    energy_wh: Energy
    emissions_gco2e: Emissions
    latency: Latency
    completion_ratio: float
    slo: Slo
    quality: Quality
    utilization: float
    additional: _struct_pb2.Struct
    def __init__(self, replications: _Optional[int] = ..., requests: _Optional[_Union[RequestCounts, _Mapping]] = ..., attempts: _Optional[_Union[AttemptCounts, _Mapping]] = ..., tokens: _Optional[_Union[TokenCounts, _Mapping]] = ..., cost_usd: _Optional[_Union[Cost, _Mapping]] = ..., energy_wh: _Optional[_Union[Energy, _Mapping]] = ..., emissions_gco2e: _Optional[_Union[Emissions, _Mapping]] = ..., latency: _Optional[_Union[Latency, _Mapping]] = ..., completion_ratio: _Optional[float] = ..., slo: _Optional[_Union[Slo, _Mapping]] = ..., quality: _Optional[_Union[Quality, _Mapping]] = ..., utilization: _Optional[float] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Breakdown(_message.Message):
    __slots__ = ("tier", "model", "deployment", "region", "task", "tenant", "additional")
    class TierEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Block
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Block, _Mapping]] = ...) -> None: ...
    class ModelEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Block
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Block, _Mapping]] = ...) -> None: ...
    class DeploymentEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Block
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Block, _Mapping]] = ...) -> None: ...
    class RegionEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Block
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Block, _Mapping]] = ...) -> None: ...
    class TaskEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Block
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Block, _Mapping]] = ...) -> None: ...
    class TenantEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Block
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Block, _Mapping]] = ...) -> None: ...
    TIER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    tier: _containers.MessageMap[str, Block]
    model: _containers.MessageMap[str, Block]
    deployment: _containers.MessageMap[str, Block]
    region: _containers.MessageMap[str, Block]
    task: _containers.MessageMap[str, Block]
    tenant: _containers.MessageMap[str, Block]
    additional: _struct_pb2.Struct
    def __init__(self, tier: _Optional[_Mapping[str, Block]] = ..., model: _Optional[_Mapping[str, Block]] = ..., deployment: _Optional[_Mapping[str, Block]] = ..., region: _Optional[_Mapping[str, Block]] = ..., task: _Optional[_Mapping[str, Block]] = ..., tenant: _Optional[_Mapping[str, Block]] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class TimelineEvent(_message.Message):
    __slots__ = ("t_s", "kind", "target", "what")
    T_S_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    WHAT_FIELD_NUMBER: _ClassVar[int]
    t_s: float
    kind: str
    target: str
    what: str
    def __init__(self, t_s: _Optional[float] = ..., kind: _Optional[str] = ..., target: _Optional[str] = ..., what: _Optional[str] = ...) -> None: ...

class Timeline(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[TimelineEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[TimelineEvent, _Mapping]]] = ...) -> None: ...

class ReplicaCounts(_message.Message):
    __slots__ = ("held", "starting", "ready", "draining")
    HELD_FIELD_NUMBER: _ClassVar[int]
    STARTING_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    held: float
    starting: float
    ready: float
    draining: float
    def __init__(self, held: _Optional[float] = ..., starting: _Optional[float] = ..., ready: _Optional[float] = ..., draining: _Optional[float] = ...) -> None: ...

class DeviceSpread(_message.Message):
    __slots__ = ("mean", "p50", "p90", "p95", "p99", "max")
    MEAN_FIELD_NUMBER: _ClassVar[int]
    P50_FIELD_NUMBER: _ClassVar[int]
    P90_FIELD_NUMBER: _ClassVar[int]
    P95_FIELD_NUMBER: _ClassVar[int]
    P99_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    max: float
    def __init__(self, mean: _Optional[float] = ..., p50: _Optional[float] = ..., p90: _Optional[float] = ..., p95: _Optional[float] = ..., p99: _Optional[float] = ..., max: _Optional[float] = ...) -> None: ...

class DeviceFigures(_message.Message):
    __slots__ = ("count", "wh_per_device_day", "charge_ratio_per_day", "slowdown", "offline_ratio")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    WH_PER_DEVICE_DAY_FIELD_NUMBER: _ClassVar[int]
    CHARGE_RATIO_PER_DAY_FIELD_NUMBER: _ClassVar[int]
    SLOWDOWN_FIELD_NUMBER: _ClassVar[int]
    OFFLINE_RATIO_FIELD_NUMBER: _ClassVar[int]
    count: float
    wh_per_device_day: DeviceSpread
    charge_ratio_per_day: DeviceSpread
    slowdown: float
    offline_ratio: float
    def __init__(self, count: _Optional[float] = ..., wh_per_device_day: _Optional[_Union[DeviceSpread, _Mapping]] = ..., charge_ratio_per_day: _Optional[_Union[DeviceSpread, _Mapping]] = ..., slowdown: _Optional[float] = ..., offline_ratio: _Optional[float] = ...) -> None: ...

class LengthMultiplier(_message.Message):
    __slots__ = ("value", "estimate", "source")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    value: float
    estimate: bool
    source: str
    def __init__(self, value: _Optional[float] = ..., estimate: _Optional[bool] = ..., source: _Optional[str] = ...) -> None: ...

class LengthEffects(_message.Message):
    __slots__ = ("right_factor", "wrong_factor", "multipliers")
    class MultipliersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: LengthMultiplier
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[LengthMultiplier, _Mapping]] = ...) -> None: ...
    RIGHT_FACTOR_FIELD_NUMBER: _ClassVar[int]
    WRONG_FACTOR_FIELD_NUMBER: _ClassVar[int]
    MULTIPLIERS_FIELD_NUMBER: _ClassVar[int]
    right_factor: float
    wrong_factor: float
    multipliers: _containers.MessageMap[str, LengthMultiplier]
    def __init__(self, right_factor: _Optional[float] = ..., wrong_factor: _Optional[float] = ..., multipliers: _Optional[_Mapping[str, LengthMultiplier]] = ...) -> None: ...

class StreamLengthEffects(_message.Message):
    __slots__ = ("models",)
    class ModelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: LengthEffects
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[LengthEffects, _Mapping]] = ...) -> None: ...
    MODELS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.MessageMap[str, LengthEffects]
    def __init__(self, models: _Optional[_Mapping[str, LengthEffects]] = ...) -> None: ...

class TimesGrounds(_message.Message):
    __slots__ = ("kind", "note", "tpot_median", "tpot_mean", "ttft_median", "points")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    TPOT_MEDIAN_FIELD_NUMBER: _ClassVar[int]
    TPOT_MEAN_FIELD_NUMBER: _ClassVar[int]
    TTFT_MEDIAN_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    kind: str
    note: str
    tpot_median: float
    tpot_mean: float
    ttft_median: float
    points: int
    def __init__(self, kind: _Optional[str] = ..., note: _Optional[str] = ..., tpot_median: _Optional[float] = ..., tpot_mean: _Optional[float] = ..., ttft_median: _Optional[float] = ..., points: _Optional[int] = ...) -> None: ...

class DeploymentGrounds(_message.Message):
    __slots__ = ("runs", "times", "watts", "price", "carbon", "answers")
    RUNS_FIELD_NUMBER: _ClassVar[int]
    TIMES_FIELD_NUMBER: _ClassVar[int]
    WATTS_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    CARBON_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    runs: str
    times: TimesGrounds
    watts: str
    price: str
    carbon: str
    answers: str
    def __init__(self, runs: _Optional[str] = ..., times: _Optional[_Union[TimesGrounds, _Mapping]] = ..., watts: _Optional[str] = ..., price: _Optional[str] = ..., carbon: _Optional[str] = ..., answers: _Optional[str] = ...) -> None: ...

class ModelAnswers(_message.Message):
    __slots__ = ("asked_count", "borrowed_count", "gap_count", "only_gap_count")
    ASKED_COUNT_FIELD_NUMBER: _ClassVar[int]
    BORROWED_COUNT_FIELD_NUMBER: _ClassVar[int]
    GAP_COUNT_FIELD_NUMBER: _ClassVar[int]
    ONLY_GAP_COUNT_FIELD_NUMBER: _ClassVar[int]
    asked_count: float
    borrowed_count: float
    gap_count: float
    only_gap_count: float
    def __init__(self, asked_count: _Optional[float] = ..., borrowed_count: _Optional[float] = ..., gap_count: _Optional[float] = ..., only_gap_count: _Optional[float] = ...) -> None: ...

class RecordedAnswerUse(_message.Message):
    __slots__ = ("coverage", "query_count", "used_count", "left_out_count", "excluded_count", "lengths", "router_score", "models")
    class ExcludedCountEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class ModelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: ModelAnswers
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ModelAnswers, _Mapping]] = ...) -> None: ...
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    QUERY_COUNT_FIELD_NUMBER: _ClassVar[int]
    USED_COUNT_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_COUNT_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_COUNT_FIELD_NUMBER: _ClassVar[int]
    LENGTHS_FIELD_NUMBER: _ClassVar[int]
    ROUTER_SCORE_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    coverage: str
    query_count: float
    used_count: float
    left_out_count: float
    excluded_count: _containers.ScalarMap[str, float]
    lengths: str
    router_score: str
    models: _containers.MessageMap[str, ModelAnswers]
    def __init__(self, coverage: _Optional[str] = ..., query_count: _Optional[float] = ..., used_count: _Optional[float] = ..., left_out_count: _Optional[float] = ..., excluded_count: _Optional[_Mapping[str, float]] = ..., lengths: _Optional[str] = ..., router_score: _Optional[str] = ..., models: _Optional[_Mapping[str, ModelAnswers]] = ...) -> None: ...

class CacheRegret(_message.Message):
    __slots__ = ("sessions", "switches", "switches_per_session", "tokens", "usd")
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    SWITCHES_FIELD_NUMBER: _ClassVar[int]
    SWITCHES_PER_SESSION_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    USD_FIELD_NUMBER: _ClassVar[int]
    sessions: float
    switches: float
    switches_per_session: float
    tokens: float
    usd: float
    def __init__(self, sessions: _Optional[float] = ..., switches: _Optional[float] = ..., switches_per_session: _Optional[float] = ..., tokens: _Optional[float] = ..., usd: _Optional[float] = ...) -> None: ...

class RecordedSpread(_message.Message):
    __slots__ = ("p50", "p95")
    P50_FIELD_NUMBER: _ClassVar[int]
    P95_FIELD_NUMBER: _ClassVar[int]
    p50: float
    p95: float
    def __init__(self, p50: _Optional[float] = ..., p95: _Optional[float] = ...) -> None: ...

class RecordedLatency(_message.Message):
    __slots__ = ("ttft_s", "e2e_s")
    TTFT_S_FIELD_NUMBER: _ClassVar[int]
    E2E_S_FIELD_NUMBER: _ClassVar[int]
    ttft_s: RecordedSpread
    e2e_s: RecordedSpread
    def __init__(self, ttft_s: _Optional[_Union[RecordedSpread, _Mapping]] = ..., e2e_s: _Optional[_Union[RecordedSpread, _Mapping]] = ...) -> None: ...

class RecordedPart(_message.Message):
    __slots__ = ("requests", "failed", "spend_usd", "latency")
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    SPEND_USD_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    requests: float
    failed: float
    spend_usd: float
    latency: RecordedLatency
    def __init__(self, requests: _Optional[float] = ..., failed: _Optional[float] = ..., spend_usd: _Optional[float] = ..., latency: _Optional[_Union[RecordedLatency, _Mapping]] = ...) -> None: ...

class RecordedFigures(_message.Message):
    __slots__ = ("requests", "failed", "spend_usd", "latency", "by_deployment")
    class ByDeploymentEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: RecordedPart
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[RecordedPart, _Mapping]] = ...) -> None: ...
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    SPEND_USD_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    BY_DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    requests: float
    failed: float
    spend_usd: float
    latency: RecordedLatency
    by_deployment: _containers.MessageMap[str, RecordedPart]
    def __init__(self, requests: _Optional[float] = ..., failed: _Optional[float] = ..., spend_usd: _Optional[float] = ..., latency: _Optional[_Union[RecordedLatency, _Mapping]] = ..., by_deployment: _Optional[_Mapping[str, RecordedPart]] = ...) -> None: ...

class Report(_message.Message):
    __slots__ = ("schema", "scenario", "policy", "seed", "version", "catalog", "oracle", "replications", "simulated_s", "wall_s", "intervals", "warnings", "requests", "attempts", "tokens", "cost_usd", "energy_wh", "emissions_gco2e", "water_l", "drain", "latency", "completion_ratio", "slo", "quality", "tasks", "utilization", "by", "decisions", "timeline", "availability", "replicas", "devices", "length_effects", "grounds", "recorded_answers", "cache_regret", "recorded", "replays", "digest", "additional")
    class IntervalsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Interval
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Interval, _Mapping]] = ...) -> None: ...
    class UtilizationEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Figure
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Figure, _Mapping]] = ...) -> None: ...
    class DecisionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class AvailabilityEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Figure
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Figure, _Mapping]] = ...) -> None: ...
    class ReplicasEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: ReplicaCounts
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ReplicaCounts, _Mapping]] = ...) -> None: ...
    class DevicesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: DeviceFigures
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[DeviceFigures, _Mapping]] = ...) -> None: ...
    class LengthEffectsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: StreamLengthEffects
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[StreamLengthEffects, _Mapping]] = ...) -> None: ...
    class GroundsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: DeploymentGrounds
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[DeploymentGrounds, _Mapping]] = ...) -> None: ...
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    SCENARIO_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    ORACLE_FIELD_NUMBER: _ClassVar[int]
    REPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    SIMULATED_S_FIELD_NUMBER: _ClassVar[int]
    WALL_S_FIELD_NUMBER: _ClassVar[int]
    INTERVALS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    COST_USD_FIELD_NUMBER: _ClassVar[int]
    ENERGY_WH_FIELD_NUMBER: _ClassVar[int]
    EMISSIONS_GCO2E_FIELD_NUMBER: _ClassVar[int]
    WATER_L_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_RATIO_FIELD_NUMBER: _ClassVar[int]
    SLO_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    UTILIZATION_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    AVAILABILITY_FIELD_NUMBER: _ClassVar[int]
    REPLICAS_FIELD_NUMBER: _ClassVar[int]
    DEVICES_FIELD_NUMBER: _ClassVar[int]
    LENGTH_EFFECTS_FIELD_NUMBER: _ClassVar[int]
    GROUNDS_FIELD_NUMBER: _ClassVar[int]
    RECORDED_ANSWERS_FIELD_NUMBER: _ClassVar[int]
    CACHE_REGRET_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FIELD_NUMBER: _ClassVar[int]
    REPLAYS_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    schema: str
    scenario: ScenarioMark
    policy: str
    seed: int
    version: str
    catalog: CatalogMark
    oracle: bool
    replications: int
    simulated_s: float
    wall_s: float
    intervals: _containers.MessageMap[str, Interval]
    warnings: _containers.RepeatedScalarFieldContainer[str]
    requests: RequestCounts
    attempts: AttemptCounts
    tokens: TokenCounts
    cost_usd: Cost
    energy_wh: Energy
    emissions_gco2e: Emissions
    water_l: Water
    drain: Drain
    latency: Latency
    completion_ratio: float
    slo: Slo
    quality: Quality
    tasks: AgentTasks
    utilization: _containers.MessageMap[str, Figure]
    by: Breakdown
    decisions: _containers.ScalarMap[str, float]
    timeline: Timeline
    availability: _containers.MessageMap[str, Figure]
    replicas: _containers.MessageMap[str, ReplicaCounts]
    devices: _containers.MessageMap[str, DeviceFigures]
    length_effects: _containers.MessageMap[str, StreamLengthEffects]
    grounds: _containers.MessageMap[str, DeploymentGrounds]
    recorded_answers: RecordedAnswerUse
    cache_regret: CacheRegret
    recorded: RecordedFigures
    replays: bool
    digest: str
    additional: _struct_pb2.Struct
    def __init__(self, schema: _Optional[str] = ..., scenario: _Optional[_Union[ScenarioMark, _Mapping]] = ..., policy: _Optional[str] = ..., seed: _Optional[int] = ..., version: _Optional[str] = ..., catalog: _Optional[_Union[CatalogMark, _Mapping]] = ..., oracle: _Optional[bool] = ..., replications: _Optional[int] = ..., simulated_s: _Optional[float] = ..., wall_s: _Optional[float] = ..., intervals: _Optional[_Mapping[str, Interval]] = ..., warnings: _Optional[_Iterable[str]] = ..., requests: _Optional[_Union[RequestCounts, _Mapping]] = ..., attempts: _Optional[_Union[AttemptCounts, _Mapping]] = ..., tokens: _Optional[_Union[TokenCounts, _Mapping]] = ..., cost_usd: _Optional[_Union[Cost, _Mapping]] = ..., energy_wh: _Optional[_Union[Energy, _Mapping]] = ..., emissions_gco2e: _Optional[_Union[Emissions, _Mapping]] = ..., water_l: _Optional[_Union[Water, _Mapping]] = ..., drain: _Optional[_Union[Drain, _Mapping]] = ..., latency: _Optional[_Union[Latency, _Mapping]] = ..., completion_ratio: _Optional[float] = ..., slo: _Optional[_Union[Slo, _Mapping]] = ..., quality: _Optional[_Union[Quality, _Mapping]] = ..., tasks: _Optional[_Union[AgentTasks, _Mapping]] = ..., utilization: _Optional[_Mapping[str, Figure]] = ..., by: _Optional[_Union[Breakdown, _Mapping]] = ..., decisions: _Optional[_Mapping[str, float]] = ..., timeline: _Optional[_Union[Timeline, _Mapping]] = ..., availability: _Optional[_Mapping[str, Figure]] = ..., replicas: _Optional[_Mapping[str, ReplicaCounts]] = ..., devices: _Optional[_Mapping[str, DeviceFigures]] = ..., length_effects: _Optional[_Mapping[str, StreamLengthEffects]] = ..., grounds: _Optional[_Mapping[str, DeploymentGrounds]] = ..., recorded_answers: _Optional[_Union[RecordedAnswerUse, _Mapping]] = ..., cache_regret: _Optional[_Union[CacheRegret, _Mapping]] = ..., recorded: _Optional[_Union[RecordedFigures, _Mapping]] = ..., replays: _Optional[bool] = ..., digest: _Optional[str] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Difference(_message.Message):
    __slots__ = ("a", "b", "metric", "mean", "low", "high", "replications", "additional")
    A_FIELD_NUMBER: _ClassVar[int]
    B_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    REPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    a: str
    b: str
    metric: str
    mean: float
    low: float
    high: float
    replications: int
    additional: _struct_pb2.Struct
    def __init__(self, a: _Optional[str] = ..., b: _Optional[str] = ..., metric: _Optional[str] = ..., mean: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., replications: _Optional[int] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Comparison(_message.Message):
    __slots__ = ("schema", "policies", "baselines", "replications", "confidence", "reports", "differences", "pareto", "routing_quality", "additional")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    POLICIES_FIELD_NUMBER: _ClassVar[int]
    BASELINES_FIELD_NUMBER: _ClassVar[int]
    REPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    PARETO_FIELD_NUMBER: _ClassVar[int]
    ROUTING_QUALITY_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    schema: str
    policies: _containers.RepeatedScalarFieldContainer[str]
    baselines: _containers.RepeatedScalarFieldContainer[str]
    replications: int
    confidence: float
    reports: _containers.RepeatedCompositeFieldContainer[Report]
    differences: _containers.RepeatedCompositeFieldContainer[Difference]
    pareto: _containers.RepeatedScalarFieldContainer[str]
    routing_quality: _struct_pb2.Struct
    additional: _struct_pb2.Struct
    def __init__(self, schema: _Optional[str] = ..., policies: _Optional[_Iterable[str]] = ..., baselines: _Optional[_Iterable[str]] = ..., replications: _Optional[int] = ..., confidence: _Optional[float] = ..., reports: _Optional[_Iterable[_Union[Report, _Mapping]]] = ..., differences: _Optional[_Iterable[_Union[Difference, _Mapping]]] = ..., pareto: _Optional[_Iterable[str]] = ..., routing_quality: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., additional: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
