from wayfare.v1 import decision_pb2 as _decision_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DescribeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeResponse(_message.Message):
    __slots__ = ("name", "contract", "learns", "takes_feedback")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    LEARNS_FIELD_NUMBER: _ClassVar[int]
    TAKES_FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    name: str
    contract: str
    learns: bool
    takes_feedback: bool
    def __init__(self, name: _Optional[str] = ..., contract: _Optional[str] = ..., learns: _Optional[bool] = ..., takes_feedback: _Optional[bool] = ...) -> None: ...

class PolicyServiceDecideRequest(_message.Message):
    __slots__ = ("opening", "question")
    OPENING_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    opening: Opening
    question: Question
    def __init__(self, opening: _Optional[_Union[Opening, _Mapping]] = ..., question: _Optional[_Union[Question, _Mapping]] = ...) -> None: ...

class Opening(_message.Message):
    __slots__ = ("targets", "seed", "generator")
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    GENERATOR_FIELD_NUMBER: _ClassVar[int]
    targets: _containers.RepeatedCompositeFieldContainer[_decision_pb2.TargetFacts]
    seed: int
    generator: Pcg64
    def __init__(self, targets: _Optional[_Iterable[_Union[_decision_pb2.TargetFacts, _Mapping]]] = ..., seed: _Optional[int] = ..., generator: _Optional[_Union[Pcg64, _Mapping]] = ...) -> None: ...

class Pcg64(_message.Message):
    __slots__ = ("state", "increment")
    STATE_FIELD_NUMBER: _ClassVar[int]
    INCREMENT_FIELD_NUMBER: _ClassVar[int]
    state: bytes
    increment: bytes
    def __init__(self, state: _Optional[bytes] = ..., increment: _Optional[bytes] = ...) -> None: ...

class Question(_message.Message):
    __slots__ = ("number", "request", "now_s", "facts", "candidates", "permitted", "changed_loads", "seen_s", "outcomes", "feedback")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    NOW_S_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    PERMITTED_FIELD_NUMBER: _ClassVar[int]
    CHANGED_LOADS_FIELD_NUMBER: _ClassVar[int]
    SEEN_S_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    number: int
    request: int
    now_s: float
    facts: _decision_pb2.RequestFacts
    candidates: _containers.RepeatedScalarFieldContainer[int]
    permitted: _containers.RepeatedScalarFieldContainer[int]
    changed_loads: Loads
    seen_s: float
    outcomes: _containers.RepeatedCompositeFieldContainer[_decision_pb2.AttemptOutcome]
    feedback: _containers.RepeatedCompositeFieldContainer[_decision_pb2.AnswerFeedback]
    def __init__(self, number: _Optional[int] = ..., request: _Optional[int] = ..., now_s: _Optional[float] = ..., facts: _Optional[_Union[_decision_pb2.RequestFacts, _Mapping]] = ..., candidates: _Optional[_Iterable[int]] = ..., permitted: _Optional[_Iterable[int]] = ..., changed_loads: _Optional[_Union[Loads, _Mapping]] = ..., seen_s: _Optional[float] = ..., outcomes: _Optional[_Iterable[_Union[_decision_pb2.AttemptOutcome, _Mapping]]] = ..., feedback: _Optional[_Iterable[_Union[_decision_pb2.AnswerFeedback, _Mapping]]] = ...) -> None: ...

class Loads(_message.Message):
    __slots__ = ("targets", "outstanding", "waiting", "running", "kv_usage_ratio")
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    OUTSTANDING_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    KV_USAGE_RATIO_FIELD_NUMBER: _ClassVar[int]
    targets: _containers.RepeatedScalarFieldContainer[int]
    outstanding: _containers.RepeatedScalarFieldContainer[int]
    waiting: _containers.RepeatedScalarFieldContainer[int]
    running: _containers.RepeatedScalarFieldContainer[int]
    kv_usage_ratio: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, targets: _Optional[_Iterable[int]] = ..., outstanding: _Optional[_Iterable[int]] = ..., waiting: _Optional[_Iterable[int]] = ..., running: _Optional[_Iterable[int]] = ..., kv_usage_ratio: _Optional[_Iterable[float]] = ...) -> None: ...

class PolicyServiceDecideResponse(_message.Message):
    __slots__ = ("number", "decision", "error")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    number: int
    decision: _decision_pb2.Decision
    error: str
    def __init__(self, number: _Optional[int] = ..., decision: _Optional[_Union[_decision_pb2.Decision, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...
