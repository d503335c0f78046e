from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Decision(_message.Message):
    __slots__ = ("reason", "send", "cascade", "hedge", "race", "defer", "reject")
    class Send(_message.Message):
        __slots__ = ("target", "fallbacks")
        TARGET_FIELD_NUMBER: _ClassVar[int]
        FALLBACKS_FIELD_NUMBER: _ClassVar[int]
        target: str
        fallbacks: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, target: _Optional[str] = ..., fallbacks: _Optional[_Iterable[str]] = ...) -> None: ...
    class Cascade(_message.Message):
        __slots__ = ("targets", "verifier")
        TARGETS_FIELD_NUMBER: _ClassVar[int]
        VERIFIER_FIELD_NUMBER: _ClassVar[int]
        targets: _containers.RepeatedScalarFieldContainer[str]
        verifier: Verifier
        def __init__(self, targets: _Optional[_Iterable[str]] = ..., verifier: _Optional[_Union[Verifier, _Mapping]] = ...) -> None: ...
    class Hedge(_message.Message):
        __slots__ = ("target", "backup", "after_s")
        TARGET_FIELD_NUMBER: _ClassVar[int]
        BACKUP_FIELD_NUMBER: _ClassVar[int]
        AFTER_S_FIELD_NUMBER: _ClassVar[int]
        target: str
        backup: str
        after_s: float
        def __init__(self, target: _Optional[str] = ..., backup: _Optional[str] = ..., after_s: _Optional[float] = ...) -> None: ...
    class Race(_message.Message):
        __slots__ = ("targets",)
        TARGETS_FIELD_NUMBER: _ClassVar[int]
        targets: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, targets: _Optional[_Iterable[str]] = ...) -> None: ...
    class Defer(_message.Message):
        __slots__ = ("until_s",)
        UNTIL_S_FIELD_NUMBER: _ClassVar[int]
        until_s: float
        def __init__(self, until_s: _Optional[float] = ...) -> None: ...
    class Reject(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    REASON_FIELD_NUMBER: _ClassVar[int]
    SEND_FIELD_NUMBER: _ClassVar[int]
    CASCADE_FIELD_NUMBER: _ClassVar[int]
    HEDGE_FIELD_NUMBER: _ClassVar[int]
    RACE_FIELD_NUMBER: _ClassVar[int]
    DEFER_FIELD_NUMBER: _ClassVar[int]
    REJECT_FIELD_NUMBER: _ClassVar[int]
    reason: str
    send: Decision.Send
    cascade: Decision.Cascade
    hedge: Decision.Hedge
    race: Decision.Race
    defer: Decision.Defer
    reject: Decision.Reject
    def __init__(self, reason: _Optional[str] = ..., send: _Optional[_Union[Decision.Send, _Mapping]] = ..., cascade: _Optional[_Union[Decision.Cascade, _Mapping]] = ..., hedge: _Optional[_Union[Decision.Hedge, _Mapping]] = ..., race: _Optional[_Union[Decision.Race, _Mapping]] = ..., defer: _Optional[_Union[Decision.Defer, _Mapping]] = ..., reject: _Optional[_Union[Decision.Reject, _Mapping]] = ...) -> None: ...

class Verifier(_message.Message):
    __slots__ = ("false_accept_ratio", "false_reject_ratio", "latency_s", "cost_usd")
    FALSE_ACCEPT_RATIO_FIELD_NUMBER: _ClassVar[int]
    FALSE_REJECT_RATIO_FIELD_NUMBER: _ClassVar[int]
    LATENCY_S_FIELD_NUMBER: _ClassVar[int]
    COST_USD_FIELD_NUMBER: _ClassVar[int]
    false_accept_ratio: float
    false_reject_ratio: float
    latency_s: float
    cost_usd: float
    def __init__(self, false_accept_ratio: _Optional[float] = ..., false_reject_ratio: _Optional[float] = ..., latency_s: _Optional[float] = ..., cost_usd: _Optional[float] = ...) -> None: ...

class RequestFacts(_message.Message):
    __slots__ = ("task", "tenant", "region", "prompt_token_count", "max_output_token_count", "estimated_difficulty", "router_score", "session", "turn", "ttft_limit_s", "e2e_limit_s", "stream", "deferrable_until_s", "prefix_blocks", "history_token_count", "query")
    TASK_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTPUT_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_DIFFICULTY_FIELD_NUMBER: _ClassVar[int]
    ROUTER_SCORE_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    TURN_FIELD_NUMBER: _ClassVar[int]
    TTFT_LIMIT_S_FIELD_NUMBER: _ClassVar[int]
    E2E_LIMIT_S_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    DEFERRABLE_UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    PREFIX_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    HISTORY_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    task: str
    tenant: str
    region: str
    prompt_token_count: int
    max_output_token_count: int
    estimated_difficulty: float
    router_score: float
    session: int
    turn: int
    ttft_limit_s: float
    e2e_limit_s: float
    stream: str
    deferrable_until_s: float
    prefix_blocks: _containers.RepeatedScalarFieldContainer[int]
    history_token_count: int
    query: str
    def __init__(self, task: _Optional[str] = ..., tenant: _Optional[str] = ..., region: _Optional[str] = ..., prompt_token_count: _Optional[int] = ..., max_output_token_count: _Optional[int] = ..., estimated_difficulty: _Optional[float] = ..., router_score: _Optional[float] = ..., session: _Optional[int] = ..., turn: _Optional[int] = ..., ttft_limit_s: _Optional[float] = ..., e2e_limit_s: _Optional[float] = ..., stream: _Optional[str] = ..., deferrable_until_s: _Optional[float] = ..., prefix_blocks: _Optional[_Iterable[int]] = ..., history_token_count: _Optional[int] = ..., query: _Optional[str] = ...) -> None: ...

class CarbonForecast(_message.Message):
    __slots__ = ("step_s", "gco2e_per_kwh")
    STEP_S_FIELD_NUMBER: _ClassVar[int]
    GCO2E_PER_KWH_FIELD_NUMBER: _ClassVar[int]
    step_s: float
    gco2e_per_kwh: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, step_s: _Optional[float] = ..., gco2e_per_kwh: _Optional[_Iterable[float]] = ...) -> None: ...

class SuccessCurve(_message.Message):
    __slots__ = ("difficulty", "success_ratio")
    DIFFICULTY_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_RATIO_FIELD_NUMBER: _ClassVar[int]
    difficulty: _containers.RepeatedScalarFieldContainer[float]
    success_ratio: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, difficulty: _Optional[_Iterable[float]] = ..., success_ratio: _Optional[_Iterable[float]] = ...) -> None: ...

class TargetFacts(_message.Message):
    __slots__ = ("name", "deployment", "tier", "model", "region", "context_window_token_count", "ability", "discrimination", "input_price_usd_per_mtok", "output_price_usd_per_mtok", "expected_output_token_count", "replica_count", "stream_output_token_count", "success_curves", "cached_input_price_usd_per_mtok", "provider", "weight", "requests_per_minute", "tokens_per_minute", "energy_j_per_input_token", "energy_j_per_output_token", "carbon")
    class AbilityEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class ExpectedOutputTokenCountEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class StreamOutputTokenCountEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class SuccessCurvesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: SuccessCurve
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[SuccessCurve, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_WINDOW_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    ABILITY_FIELD_NUMBER: _ClassVar[int]
    DISCRIMINATION_FIELD_NUMBER: _ClassVar[int]
    INPUT_PRICE_USD_PER_MTOK_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_PRICE_USD_PER_MTOK_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_OUTPUT_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    REPLICA_COUNT_FIELD_NUMBER: _ClassVar[int]
    STREAM_OUTPUT_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_CURVES_FIELD_NUMBER: _ClassVar[int]
    CACHED_INPUT_PRICE_USD_PER_MTOK_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_PER_MINUTE_FIELD_NUMBER: _ClassVar[int]
    TOKENS_PER_MINUTE_FIELD_NUMBER: _ClassVar[int]
    ENERGY_J_PER_INPUT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ENERGY_J_PER_OUTPUT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CARBON_FIELD_NUMBER: _ClassVar[int]
    name: str
    deployment: str
    tier: str
    model: str
    region: str
    context_window_token_count: int
    ability: _containers.ScalarMap[str, float]
    discrimination: float
    input_price_usd_per_mtok: float
    output_price_usd_per_mtok: float
    expected_output_token_count: _containers.ScalarMap[str, float]
    replica_count: int
    stream_output_token_count: _containers.ScalarMap[str, float]
    success_curves: _containers.MessageMap[str, SuccessCurve]
    cached_input_price_usd_per_mtok: float
    provider: str
    weight: float
    requests_per_minute: float
    tokens_per_minute: float
    energy_j_per_input_token: float
    energy_j_per_output_token: float
    carbon: CarbonForecast
    def __init__(self, name: _Optional[str] = ..., deployment: _Optional[str] = ..., tier: _Optional[str] = ..., model: _Optional[str] = ..., region: _Optional[str] = ..., context_window_token_count: _Optional[int] = ..., ability: _Optional[_Mapping[str, float]] = ..., discrimination: _Optional[float] = ..., input_price_usd_per_mtok: _Optional[float] = ..., output_price_usd_per_mtok: _Optional[float] = ..., expected_output_token_count: _Optional[_Mapping[str, float]] = ..., replica_count: _Optional[int] = ..., stream_output_token_count: _Optional[_Mapping[str, float]] = ..., success_curves: _Optional[_Mapping[str, SuccessCurve]] = ..., cached_input_price_usd_per_mtok: _Optional[float] = ..., provider: _Optional[str] = ..., weight: _Optional[float] = ..., requests_per_minute: _Optional[float] = ..., tokens_per_minute: _Optional[float] = ..., energy_j_per_input_token: _Optional[float] = ..., energy_j_per_output_token: _Optional[float] = ..., carbon: _Optional[_Union[CarbonForecast, _Mapping]] = ...) -> None: ...

class AttemptOutcome(_message.Message):
    __slots__ = ("request", "target", "finished_s", "completed", "reason", "ttft_s", "e2e_s", "output_token_count", "started_s", "prompt_token_count")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    FINISHED_S_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TTFT_S_FIELD_NUMBER: _ClassVar[int]
    E2E_S_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    STARTED_S_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    request: int
    target: str
    finished_s: float
    completed: bool
    reason: str
    ttft_s: float
    e2e_s: float
    output_token_count: int
    started_s: float
    prompt_token_count: int
    def __init__(self, request: _Optional[int] = ..., target: _Optional[str] = ..., finished_s: _Optional[float] = ..., completed: _Optional[bool] = ..., reason: _Optional[str] = ..., ttft_s: _Optional[float] = ..., e2e_s: _Optional[float] = ..., output_token_count: _Optional[int] = ..., started_s: _Optional[float] = ..., prompt_token_count: _Optional[int] = ...) -> None: ...

class AnswerFeedback(_message.Message):
    __slots__ = ("request", "target", "received_s", "correct")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_S_FIELD_NUMBER: _ClassVar[int]
    CORRECT_FIELD_NUMBER: _ClassVar[int]
    request: int
    target: str
    received_s: float
    correct: bool
    def __init__(self, request: _Optional[int] = ..., target: _Optional[str] = ..., received_s: _Optional[float] = ..., correct: _Optional[bool] = ...) -> None: ...
