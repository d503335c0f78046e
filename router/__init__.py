"""The router: what decides which target serves a request. Knows nothing of the simulation.

The public surface is what stands here; `router.host.host` runs policies, `router.conformance` checks
them, `router.registry` finds them by name.
"""

from __future__ import annotations

from router.decision import Cascade, Decision, Defer, Hedge, Race, Reject, Send, Verifier
from router.errors import (
    InvalidDecisionError,
    InvalidPolicyParameterError,
    InvalidResilienceError,
    PolicyFailedError,
    PolicyLoadError,
    RouterError,
    UnknownPolicyError,
    UnknownTargetError,
)
from router.factory import PolicyDescription
from router.host.failures import FailureReason
from router.host.host import Host
from router.host.resilience import NO_RESILIENCE, BreakerRules, Resilience
from router.outcome import Feedback, Outcome
from router.pipeline.part import Filter, FilterPart, Picker, Scorer, ScorerPart
from router.pipeline.pipeline import Pipeline
from router.policy import (
    FeedbackPolicy,
    FinishingPolicy,
    LearningPolicy,
    Policy,
    PreparingPolicy,
    ReplayPolicy,
    StepPolicy,
    is_oracle,
    policy_name,
    replays_log,
)
from router.registry import (
    BASELINES,
    describe_policy,
    load_policy,
    make_policy,
    policy_names,
)
from router.views.carbon import CarbonForecast
from router.views.fleet import TIERS, FleetView, Target, Tier
from router.views.replay import ReplayRequestView
from router.views.request import AnswerTable, OracleRequestView, RequestTable, RequestView
from router.views.stated import StatedRequest
from router.views.success_curve import SuccessCurve

__all__ = [
    "BASELINES",
    "NO_RESILIENCE",
    "TIERS",
    "AnswerTable",
    "BreakerRules",
    "CarbonForecast",
    "Cascade",
    "Decision",
    "Defer",
    "FailureReason",
    "Feedback",
    "FeedbackPolicy",
    "Filter",
    "FilterPart",
    "FinishingPolicy",
    "FleetView",
    "Hedge",
    "Host",
    "InvalidDecisionError",
    "InvalidPolicyParameterError",
    "InvalidResilienceError",
    "LearningPolicy",
    "OracleRequestView",
    "Outcome",
    "Picker",
    "Pipeline",
    "Policy",
    "PolicyDescription",
    "PolicyFailedError",
    "PolicyLoadError",
    "PreparingPolicy",
    "Race",
    "Reject",
    "ReplayPolicy",
    "ReplayRequestView",
    "RequestTable",
    "RequestView",
    "Resilience",
    "RouterError",
    "Scorer",
    "ScorerPart",
    "Send",
    "StatedRequest",
    "StepPolicy",
    "SuccessCurve",
    "Target",
    "Tier",
    "UnknownPolicyError",
    "UnknownTargetError",
    "Verifier",
    "describe_policy",
    "is_oracle",
    "load_policy",
    "make_policy",
    "policy_name",
    "policy_names",
    "replays_log",
]
