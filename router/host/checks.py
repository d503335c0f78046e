"""Whether a decision can be carried out as stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.decision import Cascade, Defer, Hedge, Race, Reject, Send
from router.errors import InvalidDecisionError, UnknownTargetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.host.resilience import Resilience
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


def check_decision(decision: object, request: RequestView, fleet: FleetView) -> None:
    """Raises unless the decision can be carried out for the request at hand."""
    for name in _named_targets(decision):
        check_target(name, fleet)
    if isinstance(decision, Defer) and not decision.until_s > request.now_s:
        message = f"deferred until {decision.until_s!r} s, which is not after {request.now_s!r} s"
        raise InvalidDecisionError(message)


def _named_targets(decision: object) -> tuple[str, ...]:
    """Every target a decision names."""
    match decision:
        case Send():
            return (decision.target, *decision.fallbacks)
        case Hedge():
            return (decision.target, decision.backup)
        case Cascade() | Race():
            return decision.targets
        case Defer() | Reject():
            return ()
    message = f"expected a Decision, got {decision!r}"
    raise InvalidDecisionError(message)


def check_target(name: str, fleet: FleetView) -> None:
    """Raises unless the name stands for at least one candidate."""
    target = fleet.by_name.get(name)
    if target is not None and target.index in fleet.candidates:
        return
    if not any(index in fleet.candidates for index in fleet.members(name)):
        candidates = ", ".join(repr(target.name) for target in fleet.candidate_targets())
        message = f"target {name!r} is not permitted for this request; candidates: {candidates}"
        raise InvalidDecisionError(message)


def check_fallbacks(resilience: Resilience, targets: Sequence[Target]) -> None:
    """Raises unless every fallback, and what it stands in for, is a target or a deployment."""
    known = {target.name for target in targets} | {target.deployment for target in targets}
    named = [*resilience.default_fallbacks]
    for table in resilience.fallback_tables.values():
        named += [*table, *(name for names in table.values() for name in names)]
    unknown = sorted(set(named) - known)
    if unknown:
        message = f"unknown fallback targets {unknown}; known: {sorted(known)}"
        raise UnknownTargetError(message)
