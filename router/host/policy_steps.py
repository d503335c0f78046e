"""Runs a step policy's own steps: checks them, keeps its views aimed, and counts failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

from router.errors import InvalidDecisionError, UnknownTargetError
from router.steps import TERMINAL, Cancel, Event, Finish, Follow, Sleep, Start, Step, Verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from router.errors import PolicyFailedError
    from router.host.progress import RequestProgress, Steps
    from router.host.recovery import Recovery
    from router.steps import Reply
    from router.views.request import RequestView

    FailureOf: TypeAlias = Callable[[int, Exception], PolicyFailedError]


def checked_steps(
    inner: Steps, progress: RequestProgress, request: RequestView, recovery: Recovery, failure: FailureOf
) -> Steps:
    """Yields the policy's steps, each checked, until a terminal one.

    Raises:
        PolicyFailedError: the policy raised, asked for what cannot be done, or ended too early.
    """
    reply: Reply = None
    while True:
        _update_views(progress, request, recovery)
        try:
            step = inner.send(reply)
            _check_step(step, progress)
        except StopIteration:
            early = InvalidDecisionError("steps ended without Follow, Finish, Fail or TurnAway")
            raise failure(progress.request_index, early) from early
        except Exception as error:
            raise failure(progress.request_index, error) from error
        reply = yield step
        if isinstance(step, TERMINAL):
            return
        _record_reply(reply, step, progress, recovery)


def _update_views(progress: RequestProgress, request: RequestView, recovery: Recovery) -> None:
    """Points the shared views at this request and instant; healthy candidates only, if any are."""
    request.index, request.now_s = progress.request_index, progress.now_s
    healthy = recovery.health.healthy(progress.permitted, progress.now_s)
    progress.fleet.candidates = healthy or progress.permitted


def _record_reply(reply: Reply, step: Step, progress: RequestProgress, recovery: Recovery) -> None:
    """Keeps the trip's handles and clock as the reply tells, and counts a failure."""
    if isinstance(step, Start):
        recovery.note_start(progress, cast("int", reply), step.target)
    elif isinstance(step, Sleep):
        progress.now_s = step.until_s
    elif isinstance(step, Verify):
        progress.now_s += step.verifier.latency_s
    elif isinstance(reply, Event):
        recovery.note(progress, reply)


def _check_step(step: object, progress: RequestProgress) -> None:
    """Raises unless the step can be executed for this request."""
    if not isinstance(step, Step):
        message = f"expected a Step, got {step!r}"
        raise InvalidDecisionError(message)
    if isinstance(step, Start):
        _check_start(step, progress)
    if isinstance(step, Sleep) and not step.until_s >= progress.now_s:
        message = f"cannot sleep until {step.until_s!r} s: it is {progress.now_s!r} s"
        raise InvalidDecisionError(message)
    single = (step.handle,) if isinstance(step, (Follow, Cancel, Verify, Finish)) else ()
    for named in getattr(step, "handles", single):
        if named not in progress.handles:
            message = f"{step!r} names attempt {named}, which this request never started"
            raise InvalidDecisionError(message)


def _check_start(step: Start, progress: RequestProgress) -> None:
    """Raises unless the attempt goes to a permitted target of the fleet."""
    targets = progress.fleet.targets
    if not 0 <= step.target < len(targets):
        message = f"unknown target index {step.target!r}; known: 0 to {len(targets) - 1}"
        raise UnknownTargetError(message)
    if step.target not in progress.permitted:
        message = f"target {targets[step.target].name!r} is not permitted for this request"
        raise InvalidDecisionError(message)
