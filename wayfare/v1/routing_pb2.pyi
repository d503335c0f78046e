import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from wayfare.v1 import decision_pb2 as _decision_pb2
from wayfare.v1 import scenario_pb2 as _scenario_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Router(_message.Message):
    __slots__ = ("router_id", "scenario", "policy", "created_at", "configured", "targets", "streams", "now_s", "open_request_count", "decided_count", "expired_count", "decisions", "loads", "expire_after_s")
    class DecisionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    ROUTER_ID_FIELD_NUMBER: _ClassVar[int]
    SCENARIO_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    CONFIGURED_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    STREAMS_FIELD_NUMBER: _ClassVar[int]
    NOW_S_FIELD_NUMBER: _ClassVar[int]
    OPEN_REQUEST_COUNT_FIELD_NUMBER: _ClassVar[int]
    DECIDED_COUNT_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_COUNT_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    LOADS_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_AFTER_S_FIELD_NUMBER: _ClassVar[int]
    router_id: str
    scenario: str
    policy: str
    created_at: _timestamp_pb2.Timestamp
    configured: bool
    targets: _containers.RepeatedCompositeFieldContainer[_decision_pb2.TargetFacts]
    streams: _containers.RepeatedScalarFieldContainer[str]
    now_s: float
    open_request_count: int
    decided_count: int
    expired_count: int
    decisions: _containers.ScalarMap[str, int]
    loads: _containers.RepeatedCompositeFieldContainer[TargetLoad]
    expire_after_s: float
    def __init__(self, router_id: _Optional[str] = ..., scenario: _Optional[str] = ..., policy: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., configured: _Optional[bool] = ..., targets: _Optional[_Iterable[_Union[_decision_pb2.TargetFacts, _Mapping]]] = ..., streams: _Optional[_Iterable[str]] = ..., now_s: _Optional[float] = ..., open_request_count: _Optional[int] = ..., decided_count: _Optional[int] = ..., expired_count: _Optional[int] = ..., decisions: _Optional[_Mapping[str, int]] = ..., loads: _Optional[_Iterable[_Union[TargetLoad, _Mapping]]] = ..., expire_after_s: _Optional[float] = ...) -> None: ...

class TargetLoad(_message.Message):
    __slots__ = ("target", "outstanding", "waiting", "running", "kv_usage_ratio")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    OUTSTANDING_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    KV_USAGE_RATIO_FIELD_NUMBER: _ClassVar[int]
    target: str
    outstanding: int
    waiting: int
    running: int
    kv_usage_ratio: float
    def __init__(self, target: _Optional[str] = ..., outstanding: _Optional[int] = ..., waiting: _Optional[int] = ..., running: _Optional[int] = ..., kv_usage_ratio: _Optional[float] = ...) -> None: ...

class CreateRouterRequest(_message.Message):
    __slots__ = ("scenario", "scenario_yaml", "scenario_name", "policy", "seed", "settings", "expire_after_s")
    SCENARIO_FIELD_NUMBER: _ClassVar[int]
    SCENARIO_YAML_FIELD_NUMBER: _ClassVar[int]
    SCENARIO_NAME_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_AFTER_S_FIELD_NUMBER: _ClassVar[int]
    scenario: _scenario_pb2.ScenarioSettings
    scenario_yaml: str
    scenario_name: str
    policy: str
    seed: int
    settings: _containers.RepeatedScalarFieldContainer[str]
    expire_after_s: float
    def __init__(self, scenario: _Optional[_Union[_scenario_pb2.ScenarioSettings, _Mapping]] = ..., scenario_yaml: _Optional[str] = ..., scenario_name: _Optional[str] = ..., policy: _Optional[str] = ..., seed: _Optional[int] = ..., settings: _Optional[_Iterable[str]] = ..., expire_after_s: _Optional[float] = ...) -> None: ...

class GetRouterRequest(_message.Message):
    __slots__ = ("router_id",)
    ROUTER_ID_FIELD_NUMBER: _ClassVar[int]
    router_id: str
    def __init__(self, router_id: _Optional[str] = ...) -> None: ...

class ListRoutersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListRoutersResponse(_message.Message):
    __slots__ = ("routers",)
    ROUTERS_FIELD_NUMBER: _ClassVar[int]
    routers: _containers.RepeatedCompositeFieldContainer[Router]
    def __init__(self, routers: _Optional[_Iterable[_Union[Router, _Mapping]]] = ...) -> None: ...

class DeleteRouterRequest(_message.Message):
    __slots__ = ("router_id",)
    ROUTER_ID_FIELD_NUMBER: _ClassVar[int]
    router_id: str
    def __init__(self, router_id: _Optional[str] = ...) -> None: ...

class DeleteRouterResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DecideRequest(_message.Message):
    __slots__ = ("router_id", "scenario_name", "policy", "stream", "facts", "constraints", "loads", "now_s")
    ROUTER_ID_FIELD_NUMBER: _ClassVar[int]
    SCENARIO_NAME_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    CONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    LOADS_FIELD_NUMBER: _ClassVar[int]
    NOW_S_FIELD_NUMBER: _ClassVar[int]
    router_id: str
    scenario_name: str
    policy: str
    stream: str
    facts: _decision_pb2.RequestFacts
    constraints: RequestConstraints
    loads: _containers.RepeatedCompositeFieldContainer[TargetLoad]
    now_s: float
    def __init__(self, router_id: _Optional[str] = ..., scenario_name: _Optional[str] = ..., policy: _Optional[str] = ..., stream: _Optional[str] = ..., facts: _Optional[_Union[_decision_pb2.RequestFacts, _Mapping]] = ..., constraints: _Optional[_Union[RequestConstraints, _Mapping]] = ..., loads: _Optional[_Iterable[_Union[TargetLoad, _Mapping]]] = ..., now_s: _Optional[float] = ...) -> None: ...

class RequestConstraints(_message.Message):
    __slots__ = ("residency", "banned_tiers", "capability_floor")
    RESIDENCY_FIELD_NUMBER: _ClassVar[int]
    BANNED_TIERS_FIELD_NUMBER: _ClassVar[int]
    CAPABILITY_FLOOR_FIELD_NUMBER: _ClassVar[int]
    residency: _containers.RepeatedScalarFieldContainer[str]
    banned_tiers: _containers.RepeatedScalarFieldContainer[str]
    capability_floor: float
    def __init__(self, residency: _Optional[_Iterable[str]] = ..., banned_tiers: _Optional[_Iterable[str]] = ..., capability_floor: _Optional[float] = ...) -> None: ...

class DecideResponse(_message.Message):
    __slots__ = ("router_id", "request", "decision", "steps")
    ROUTER_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    router_id: str
    request: int
    decision: _decision_pb2.Decision
    steps: _containers.RepeatedCompositeFieldContainer[RouterStep]
    def __init__(self, router_id: _Optional[str] = ..., request: _Optional[int] = ..., decision: _Optional[_Union[_decision_pb2.Decision, _Mapping]] = ..., steps: _Optional[_Iterable[_Union[RouterStep, _Mapping]]] = ...) -> None: ...

class RouterStep(_message.Message):
    __slots__ = ("start", "cancel", "verify", "wait", "sleep", "finish", "fail", "turn_away")
    class Start(_message.Message):
        __slots__ = ("attempt", "target", "kind")
        class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            KIND_UNSPECIFIED: _ClassVar[RouterStep.Start.Kind]
            KIND_FIRST: _ClassVar[RouterStep.Start.Kind]
            KIND_RETRY: _ClassVar[RouterStep.Start.Kind]
            KIND_FALLBACK: _ClassVar[RouterStep.Start.Kind]
            KIND_ESCALATION: _ClassVar[RouterStep.Start.Kind]
            KIND_HEDGE: _ClassVar[RouterStep.Start.Kind]
        KIND_UNSPECIFIED: RouterStep.Start.Kind
        KIND_FIRST: RouterStep.Start.Kind
        KIND_RETRY: RouterStep.Start.Kind
        KIND_FALLBACK: RouterStep.Start.Kind
        KIND_ESCALATION: RouterStep.Start.Kind
        KIND_HEDGE: RouterStep.Start.Kind
        ATTEMPT_FIELD_NUMBER: _ClassVar[int]
        TARGET_FIELD_NUMBER: _ClassVar[int]
        KIND_FIELD_NUMBER: _ClassVar[int]
        attempt: int
        target: str
        kind: RouterStep.Start.Kind
        def __init__(self, attempt: _Optional[int] = ..., target: _Optional[str] = ..., kind: _Optional[_Union[RouterStep.Start.Kind, str]] = ...) -> None: ...
    class Cancel(_message.Message):
        __slots__ = ("attempt",)
        ATTEMPT_FIELD_NUMBER: _ClassVar[int]
        attempt: int
        def __init__(self, attempt: _Optional[int] = ...) -> None: ...
    class Verify(_message.Message):
        __slots__ = ("attempt", "verifier")
        ATTEMPT_FIELD_NUMBER: _ClassVar[int]
        VERIFIER_FIELD_NUMBER: _ClassVar[int]
        attempt: int
        verifier: _decision_pb2.Verifier
        def __init__(self, attempt: _Optional[int] = ..., verifier: _Optional[_Union[_decision_pb2.Verifier, _Mapping]] = ...) -> None: ...
    class Wait(_message.Message):
        __slots__ = ("attempts", "first_token", "until_s", "within_s")
        ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
        FIRST_TOKEN_FIELD_NUMBER: _ClassVar[int]
        UNTIL_S_FIELD_NUMBER: _ClassVar[int]
        WITHIN_S_FIELD_NUMBER: _ClassVar[int]
        attempts: _containers.RepeatedScalarFieldContainer[int]
        first_token: bool
        until_s: float
        within_s: float
        def __init__(self, attempts: _Optional[_Iterable[int]] = ..., first_token: _Optional[bool] = ..., until_s: _Optional[float] = ..., within_s: _Optional[float] = ...) -> None: ...
    class Sleep(_message.Message):
        __slots__ = ("until_s", "within_s")
        UNTIL_S_FIELD_NUMBER: _ClassVar[int]
        WITHIN_S_FIELD_NUMBER: _ClassVar[int]
        until_s: float
        within_s: float
        def __init__(self, until_s: _Optional[float] = ..., within_s: _Optional[float] = ...) -> None: ...
    class Finish(_message.Message):
        __slots__ = ("attempt",)
        ATTEMPT_FIELD_NUMBER: _ClassVar[int]
        attempt: int
        def __init__(self, attempt: _Optional[int] = ...) -> None: ...
    class Fail(_message.Message):
        __slots__ = ("reason",)
        REASON_FIELD_NUMBER: _ClassVar[int]
        reason: str
        def __init__(self, reason: _Optional[str] = ...) -> None: ...
    class TurnAway(_message.Message):
        __slots__ = ("reason",)
        REASON_FIELD_NUMBER: _ClassVar[int]
        reason: str
        def __init__(self, reason: _Optional[str] = ...) -> None: ...
    START_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    VERIFY_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    SLEEP_FIELD_NUMBER: _ClassVar[int]
    FINISH_FIELD_NUMBER: _ClassVar[int]
    FAIL_FIELD_NUMBER: _ClassVar[int]
    TURN_AWAY_FIELD_NUMBER: _ClassVar[int]
    start: RouterStep.Start
    cancel: RouterStep.Cancel
    verify: RouterStep.Verify
    wait: RouterStep.Wait
    sleep: RouterStep.Sleep
    finish: RouterStep.Finish
    fail: RouterStep.Fail
    turn_away: RouterStep.TurnAway
    def __init__(self, start: _Optional[_Union[RouterStep.Start, _Mapping]] = ..., cancel: _Optional[_Union[RouterStep.Cancel, _Mapping]] = ..., verify: _Optional[_Union[RouterStep.Verify, _Mapping]] = ..., wait: _Optional[_Union[RouterStep.Wait, _Mapping]] = ..., sleep: _Optional[_Union[RouterStep.Sleep, _Mapping]] = ..., finish: _Optional[_Union[RouterStep.Finish, _Mapping]] = ..., fail: _Optional[_Union[RouterStep.Fail, _Mapping]] = ..., turn_away: _Optional[_Union[RouterStep.TurnAway, _Mapping]] = ...) -> None: ...

class ReportOutcomeRequest(_message.Message):
    __slots__ = ("router_id", "request", "attempt", "timer", "verdict", "feedback", "now_s")
    class AttemptEvent(_message.Message):
        __slots__ = ("attempt", "kind", "reason", "retry_after_s", "ttft_s", "output_token_count")
        class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            KIND_UNSPECIFIED: _ClassVar[ReportOutcomeRequest.AttemptEvent.Kind]
            KIND_FIRST_TOKEN: _ClassVar[ReportOutcomeRequest.AttemptEvent.Kind]
            KIND_COMPLETED: _ClassVar[ReportOutcomeRequest.AttemptEvent.Kind]
            KIND_FAILED: _ClassVar[ReportOutcomeRequest.AttemptEvent.Kind]
        KIND_UNSPECIFIED: ReportOutcomeRequest.AttemptEvent.Kind
        KIND_FIRST_TOKEN: ReportOutcomeRequest.AttemptEvent.Kind
        KIND_COMPLETED: ReportOutcomeRequest.AttemptEvent.Kind
        KIND_FAILED: ReportOutcomeRequest.AttemptEvent.Kind
        ATTEMPT_FIELD_NUMBER: _ClassVar[int]
        KIND_FIELD_NUMBER: _ClassVar[int]
        REASON_FIELD_NUMBER: _ClassVar[int]
        RETRY_AFTER_S_FIELD_NUMBER: _ClassVar[int]
        TTFT_S_FIELD_NUMBER: _ClassVar[int]
        OUTPUT_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
        attempt: int
        kind: ReportOutcomeRequest.AttemptEvent.Kind
        reason: str
        retry_after_s: float
        ttft_s: float
        output_token_count: int
        def __init__(self, attempt: _Optional[int] = ..., kind: _Optional[_Union[ReportOutcomeRequest.AttemptEvent.Kind, str]] = ..., reason: _Optional[str] = ..., retry_after_s: _Optional[float] = ..., ttft_s: _Optional[float] = ..., output_token_count: _Optional[int] = ...) -> None: ...
    class Timer(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Verdict(_message.Message):
        __slots__ = ("accepted",)
        ACCEPTED_FIELD_NUMBER: _ClassVar[int]
        accepted: bool
        def __init__(self, accepted: _Optional[bool] = ...) -> None: ...
    class Feedback(_message.Message):
        __slots__ = ("correct",)
        CORRECT_FIELD_NUMBER: _ClassVar[int]
        correct: bool
        def __init__(self, correct: _Optional[bool] = ...) -> None: ...
    ROUTER_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    TIMER_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    NOW_S_FIELD_NUMBER: _ClassVar[int]
    router_id: str
    request: int
    attempt: ReportOutcomeRequest.AttemptEvent
    timer: ReportOutcomeRequest.Timer
    verdict: ReportOutcomeRequest.Verdict
    feedback: ReportOutcomeRequest.Feedback
    now_s: float
    def __init__(self, router_id: _Optional[str] = ..., request: _Optional[int] = ..., attempt: _Optional[_Union[ReportOutcomeRequest.AttemptEvent, _Mapping]] = ..., timer: _Optional[_Union[ReportOutcomeRequest.Timer, _Mapping]] = ..., verdict: _Optional[_Union[ReportOutcomeRequest.Verdict, _Mapping]] = ..., feedback: _Optional[_Union[ReportOutcomeRequest.Feedback, _Mapping]] = ..., now_s: _Optional[float] = ...) -> None: ...

class ReportOutcomeResponse(_message.Message):
    __slots__ = ("decision", "steps")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    decision: _decision_pb2.Decision
    steps: _containers.RepeatedCompositeFieldContainer[RouterStep]
    def __init__(self, decision: _Optional[_Union[_decision_pb2.Decision, _Mapping]] = ..., steps: _Optional[_Iterable[_Union[RouterStep, _Mapping]]] = ...) -> None: ...

class DecideStreamRequest(_message.Message):
    __slots__ = ("entries",)
    class Entry(_message.Message):
        __slots__ = ("tag", "decide", "report")
        TAG_FIELD_NUMBER: _ClassVar[int]
        DECIDE_FIELD_NUMBER: _ClassVar[int]
        REPORT_FIELD_NUMBER: _ClassVar[int]
        tag: int
        decide: DecideRequest
        report: ReportOutcomeRequest
        def __init__(self, tag: _Optional[int] = ..., decide: _Optional[_Union[DecideRequest, _Mapping]] = ..., report: _Optional[_Union[ReportOutcomeRequest, _Mapping]] = ...) -> None: ...
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[DecideStreamRequest.Entry]
    def __init__(self, entries: _Optional[_Iterable[_Union[DecideStreamRequest.Entry, _Mapping]]] = ...) -> None: ...

class DecideStreamResponse(_message.Message):
    __slots__ = ("entries",)
    class Refusal(_message.Message):
        __slots__ = ("code", "message")
        CODE_FIELD_NUMBER: _ClassVar[int]
        MESSAGE_FIELD_NUMBER: _ClassVar[int]
        code: int
        message: str
        def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...
    class Entry(_message.Message):
        __slots__ = ("tag", "decided", "reported", "refused")
        TAG_FIELD_NUMBER: _ClassVar[int]
        DECIDED_FIELD_NUMBER: _ClassVar[int]
        REPORTED_FIELD_NUMBER: _ClassVar[int]
        REFUSED_FIELD_NUMBER: _ClassVar[int]
        tag: int
        decided: DecideResponse
        reported: ReportOutcomeResponse
        refused: DecideStreamResponse.Refusal
        def __init__(self, tag: _Optional[int] = ..., decided: _Optional[_Union[DecideResponse, _Mapping]] = ..., reported: _Optional[_Union[ReportOutcomeResponse, _Mapping]] = ..., refused: _Optional[_Union[DecideStreamResponse.Refusal, _Mapping]] = ...) -> None: ...
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[DecideStreamResponse.Entry]
    def __init__(self, entries: _Optional[_Iterable[_Union[DecideStreamResponse.Entry, _Mapping]]] = ...) -> None: ...
