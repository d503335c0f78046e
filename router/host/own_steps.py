"""Runs a step policy's own steps: checks them, keeps its views aimed, and counts failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

from router.errors import InvalidDecisionError, UnknownTargetError
from router.steps import TERMINAL, Cancel, Event, Finish, Follow, Sleep, Start, Step, Verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from router.errors import PolicyFailedError
    from router.host.progress import Steps, Trip
    from router.host.recovery import Recovery
    from router.steps import Reply
    from router.views.request import RequestView

    FailureOf: TypeAlias = Callable[[int, Exception], PolicyFailedError]


def guided(inner: Steps, trip: Trip, request: RequestView, recovery: Recovery, failure: FailureOf) -> Steps:
    """Yields the policy's steps, each checked, until a terminal one.

    Raises:
        PolicyFailedError: the policy raised, asked for what cannot be done, or ended too early.
    """
    reply: Reply = None
    while True:
        _aim(trip, request, recovery)
        try:
            step = inner.send(reply)
            _check_step(step, trip)
        except StopIteration:
            early = InvalidDecisionError("steps ended without Follow, Finish, Fail or TurnAway")
            raise failure(trip.request_index, early) from early
        except Exception as error:
            raise failure(trip.request_index, error) from error
        reply = yield step
        if isinstance(step, TERMINAL):
            return
        _take(reply, step, trip, recovery)


def _aim(trip: Trip, request: RequestView, recovery: Recovery) -> None:
    """Points the shared views at this request and instant; healthy candidates only, if any are."""
    request.index, request.now_s = trip.request_index, trip.now_s
    healthy = recovery.health.healthy(trip.permitted, trip.now_s)
    trip.fleet.candidates = healthy or trip.permitted


def _take(reply: Reply, step: Step, trip: Trip, recovery: Recovery) -> None:
    """Keeps the trip's handles and clock as the reply tells, and counts a failure."""
    if isinstance(step, Start):
        trip.handles[cast("int", reply)] = step.target
    elif isinstance(step, Sleep):
        trip.now_s = step.until_s
    elif isinstance(step, Verify):
        trip.now_s += step.verifier.latency_s
    elif isinstance(reply, Event):
        recovery.note(trip, reply)


def _check_step(step: object, trip: Trip) -> None:
    """Raises unless the step can be executed for this request."""
    if not isinstance(step, Step):
        message = f"expected a Step, got {step!r}"
        raise InvalidDecisionError(message)
    if isinstance(step, Start):
        _check_start(step, trip)
    if isinstance(step, Sleep) and not step.until_s >= trip.now_s:
        message = f"cannot sleep until {step.until_s!r} s: it is {trip.now_s!r} s"
        raise InvalidDecisionError(message)
    single = (step.handle,) if isinstance(step, (Follow, Cancel, Verify, Finish)) else ()
    for named in getattr(step, "handles", single):
        if named not in trip.handles:
            message = f"{step!r} names attempt {named}, which this request never started"
            raise InvalidDecisionError(message)


def _check_start(step: Start, trip: Trip) -> None:
    """Raises unless the attempt goes to a permitted target of the fleet."""
    targets = trip.fleet.targets
    if not 0 <= step.target < len(targets):
        message = f"unknown target index {step.target!r}; known: 0 to {len(targets) - 1}"
        raise UnknownTargetError(message)
    if step.target not in trip.permitted:
        message = f"target {targets[step.target].name!r} is not permitted for this request"
        raise InvalidDecisionError(message)
