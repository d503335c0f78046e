"""What routers and policies tell each other, to and from the wire: facts, decisions, outcomes."""

from __future__ import annotations

from math import isnan, nan
from types import MappingProxyType
from typing import TYPE_CHECKING

from router.decision import Cascade, Decision, Defer, Hedge, Race, Reject, Send, Verifier
from router.errors import InvalidDecisionError
from router.outcome import Feedback, Outcome
from router.views.carbon import CarbonForecast
from router.views.fleet import TIERS, Target
from router.views.stated import StatedRequest
from router.views.success_curve import SuccessCurve
from wayfare.v1 import decision_pb2 as pb

if TYPE_CHECKING:
    from router.views.request import RequestView

UNSET = {"estimated_difficulty", "router_score", "ttft_limit_s", "e2e_limit_s", "deferrable_until_s"}
"""Facts that are `nan` where they are not known, and absent on the wire."""


def facts_message(request: RequestView) -> pb.RequestFacts:
    """What a view shows of a request."""
    message = pb.RequestFacts(
        task=request.task,
        tenant=request.tenant,
        region=request.region,
        prompt_token_count=request.prompt_token_count,
        max_output_token_count=request.max_output_token_count,
        turn=request.turn,
        stream=request.stream,
        prefix_blocks=request.prefix_blocks,
        history_token_count=request.history_token_count,
        query=request.query,
    )
    for name in UNSET:
        value = getattr(request, name)
        if not isnan(value):
            setattr(message, name, value)
    if request.session >= 0:
        message.session = request.session
    return message


def stated_request(facts: pb.RequestFacts, index: int, now_s: float) -> StatedRequest:
    """A view of the request that these facts describe."""
    has = facts.HasField
    return StatedRequest(
        index=index,
        now_s=now_s,
        task=facts.task,
        tenant=facts.tenant,
        region=facts.region,
        prompt_token_count=facts.prompt_token_count,
        max_output_token_count=facts.max_output_token_count,
        estimated_difficulty=facts.estimated_difficulty if has("estimated_difficulty") else nan,
        router_score=facts.router_score if has("router_score") else nan,
        session=facts.session if has("session") else -1,
        turn=facts.turn,
        ttft_limit_s=facts.ttft_limit_s if has("ttft_limit_s") else nan,
        e2e_limit_s=facts.e2e_limit_s if has("e2e_limit_s") else nan,
        stream=facts.stream,
        deferrable_until_s=facts.deferrable_until_s if has("deferrable_until_s") else nan,
        prefix_blocks=tuple(facts.prefix_blocks),
        history_token_count=facts.history_token_count,
        query=facts.query,
    )


def target_message(target: Target) -> pb.TargetFacts:
    """What a router knows of a target."""
    return pb.TargetFacts(
        name=target.name,
        deployment=target.deployment,
        tier=target.tier,
        model=target.model,
        region=target.region,
        context_window_token_count=target.context_window_tokens,
        ability=dict(target.ability),
        discrimination=target.discrimination,
        input_price_usd_per_mtok=target.input_price_usd_per_mtok,
        output_price_usd_per_mtok=target.output_price_usd_per_mtok,
        expected_output_token_count=dict(target.expected_output_tokens),
        replica_count=target.replica_count,
        stream_output_token_count=dict(target.stream_output_tokens),
        success_curves={
            stream: pb.SuccessCurve(difficulty=curve.difficulties, success_ratio=curve.success)
            for stream, curve in target.success_curves.items()
        },
        cached_input_price_usd_per_mtok=target.cached_input_price_usd_per_mtok,
        provider=target.provider,
        weight=target.weight,
        requests_per_minute=target.requests_per_minute,
        tokens_per_minute=target.tokens_per_minute,
        energy_j_per_input_token=target.energy_j_per_input_token,
        energy_j_per_output_token=target.energy_j_per_output_token,
        carbon=forecast_message(target.carbon),
    )


def forecast_message(carbon: CarbonForecast | None) -> pb.CarbonForecast | None:
    """A forecast as a message."""
    if carbon is None:
        return None
    return pb.CarbonForecast(step_s=carbon.step_s, gco2e_per_kwh=carbon.gco2e_per_kwh)


def stated_forecast(message: pb.TargetFacts) -> CarbonForecast | None:
    """The target's forecast; none where it has no value or no step."""
    carbon = message.carbon
    if not (message.HasField("carbon") and carbon.gco2e_per_kwh and carbon.step_s > 0.0):
        return None
    return CarbonForecast(step_s=carbon.step_s, gco2e_per_kwh=tuple(carbon.gco2e_per_kwh))


def stated_target(message: pb.TargetFacts, index: int) -> Target:
    """The target that these facts describe, at its place in the fleet.

    Raises:
        ValueError: there is no such tier.
    """
    if message.tier not in TIERS:
        raise ValueError(f"tier {message.tier!r} of {message.name!r} is not one of {', '.join(TIERS)}")
    return Target(
        index=index,
        name=message.name,
        deployment=message.deployment,
        tier=message.tier,
        model=message.model,
        region=message.region,
        context_window_tokens=message.context_window_token_count,
        ability=MappingProxyType(dict(message.ability)),
        discrimination=message.discrimination,
        input_price_usd_per_mtok=message.input_price_usd_per_mtok,
        output_price_usd_per_mtok=message.output_price_usd_per_mtok,
        expected_output_tokens=MappingProxyType(dict(message.expected_output_token_count)),
        replica_count=message.replica_count,
        stream_output_tokens=MappingProxyType(dict(message.stream_output_token_count)),
        success_curves=MappingProxyType(stated_curves(message)),
        cached_input_price_usd_per_mtok=stated_number(message, "cached_input_price_usd_per_mtok"),
        provider=message.provider,
        weight=stated_number(message, "weight"),
        requests_per_minute=stated_number(message, "requests_per_minute"),
        tokens_per_minute=stated_number(message, "tokens_per_minute"),
        energy_j_per_input_token=stated_number(message, "energy_j_per_input_token"),
        energy_j_per_output_token=stated_number(message, "energy_j_per_output_token"),
        carbon=stated_forecast(message),
    )


def stated_number(message: pb.TargetFacts, name: str) -> float | None:
    """A fact that may be absent; `None` where it is."""
    return float(getattr(message, name)) if message.HasField(name) else None


def stated_curves(message: pb.TargetFacts) -> dict[str, SuccessCurve]:
    """The target's success curves by stream; those without points are none."""
    return {
        stream: SuccessCurve(difficulties=tuple(curve.difficulty), success=tuple(curve.success_ratio))
        for stream, curve in message.success_curves.items()
        if len(curve.difficulty) == len(curve.success_ratio) > 0
    }


def decision_message(decision: Decision) -> pb.Decision:
    """A decision as a message.

    Raises:
        InvalidDecisionError: it is none.
    """
    match decision:
        case Send():
            send = pb.Decision.Send(target=decision.target, fallbacks=decision.fallbacks)
            return pb.Decision(reason=decision.reason, send=send)
        case Cascade():
            judge = verifier_message(decision.verifier)
            cascade = pb.Decision.Cascade(targets=decision.targets, verifier=judge)
            return pb.Decision(reason=decision.reason, cascade=cascade)
        case Hedge():
            hedge = pb.Decision.Hedge(
                target=decision.target, backup=decision.backup, after_s=decision.after_s
            )
            return pb.Decision(reason=decision.reason, hedge=hedge)
        case Race():
            return pb.Decision(reason=decision.reason, race=pb.Decision.Race(targets=decision.targets))
        case Defer():
            return pb.Decision(reason=decision.reason, defer=pb.Decision.Defer(until_s=decision.until_s))
        case Reject():
            return pb.Decision(reason=decision.reason, reject=pb.Decision.Reject())
    raise InvalidDecisionError(f"expected a Decision, got {decision!r}")


def stated_decision(message: pb.Decision) -> Decision:
    """The decision that a message states.

    Raises:
        InvalidDecisionError: it states none, or one that cannot be.
    """
    reason = message.reason
    match message.WhichOneof("action"):
        case "send":
            return Send(reason, message.send.target, tuple(message.send.fallbacks))
        case "cascade":
            judge = stated_verifier(message.cascade.verifier)
            return Cascade(reason, tuple(message.cascade.targets), judge)
        case "hedge":
            return Hedge(reason, message.hedge.target, message.hedge.backup, message.hedge.after_s)
        case "race":
            return Race(reason, tuple(message.race.targets))
        case "defer":
            return Defer(reason, message.defer.until_s)
        case "reject":
            return Reject(reason)
    raise InvalidDecisionError(f"a decision without an action, reason {reason!r}")


def verifier_message(verifier: Verifier) -> pb.Verifier:
    """A verifier as a message."""
    return pb.Verifier(
        false_accept_ratio=verifier.false_accept_ratio,
        false_reject_ratio=verifier.false_reject_ratio,
        latency_s=verifier.latency_s,
        cost_usd=verifier.cost_usd,
    )


def stated_verifier(message: pb.Verifier) -> Verifier:
    """The verifier that a message states."""
    return Verifier(
        false_accept_ratio=message.false_accept_ratio,
        false_reject_ratio=message.false_reject_ratio,
        latency_s=message.latency_s,
        cost_usd=message.cost_usd,
    )


def outcome_message(outcome: Outcome) -> pb.AttemptOutcome:
    """What became of an attempt, as a message."""
    return pb.AttemptOutcome(
        request=outcome.request_index,
        target=outcome.target,
        finished_s=outcome.finished_s,
        completed=outcome.completed,
        reason=outcome.reason,
        ttft_s=None if isnan(outcome.ttft_s) else outcome.ttft_s,
        e2e_s=None if isnan(outcome.e2e_s) else outcome.e2e_s,
        output_token_count=outcome.output_token_count,
        started_s=None if isnan(outcome.started_s) else outcome.started_s,
        prompt_token_count=outcome.prompt_token_count,
    )


def stated_outcome(message: pb.AttemptOutcome) -> Outcome:
    """The outcome that a message states."""
    return Outcome(
        request_index=message.request,
        target=message.target,
        finished_s=message.finished_s,
        completed=message.completed,
        reason=message.reason,
        ttft_s=message.ttft_s if message.HasField("ttft_s") else nan,
        e2e_s=message.e2e_s if message.HasField("e2e_s") else nan,
        output_token_count=message.output_token_count,
        started_s=message.started_s if message.HasField("started_s") else nan,
        prompt_token_count=message.prompt_token_count,
    )


def feedback_message(feedback: Feedback) -> pb.AnswerFeedback:
    """What became known of an answer, as a message."""
    return pb.AnswerFeedback(
        request=feedback.request_index,
        target=feedback.target,
        received_s=feedback.received_s,
        correct=feedback.correct,
    )


def stated_feedback(message: pb.AnswerFeedback) -> Feedback:
    """The feedback that a message states."""
    return Feedback(
        request_index=message.request,
        target=message.target,
        received_s=message.received_s,
        correct=message.correct,
    )
