"""How decisions with more than one attempt are carried out: cascade, hedge and race."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from router.host.progress import Ending
from router.steps import (
    AttemptKind,
    Await,
    Cancel,
    Event,
    EventKind,
    Fail,
    Finish,
    Follow,
    Verify,
)

if TYPE_CHECKING:
    from collections.abc import Generator

    from router.decision import Verifier
    from router.host.progress import Steps, Trip
    from router.host.recovery import Recovery
    from router.steps import Reply, Step

PROGRESS = EventKind.FIRST_TOKEN | EventKind.COMPLETED


def cascade(recovery: Recovery, trip: Trip, stages: tuple[int, ...], verifier: Verifier) -> Steps:
    """Tries the stages in order until the verifier accepts; the last one is not verified.

    A stage that fails counts as refused. When the last stage fails, the latest answer stands,
    refused or not; without any, fallbacks are tried.
    """
    answer = None
    for number, index in enumerate(stages[:-1]):
        kind = AttemptKind.ESCALATION if number else AttemptKind.FIRST
        ending = yield from recovery.complete(trip, index, kind)
        if ending.event.kind is EventKind.FAILED:
            continue
        answer = ending.handle
        if (yield from _accepted(trip, answer, verifier)):
            yield Finish(answer)
            return
    yield from _last_stage(recovery, trip, stages, answer)


def hedge(recovery: Recovery, trip: Trip, target: int, backup: int, after_s: float) -> Steps:
    """Starts the backup when no first token came in time, or at once when the target failed."""
    handle = yield from recovery.begin(trip, target, AttemptKind.FIRST)
    wait = Await((handle,), PROGRESS, trip.now_s + after_s)
    event = yield from recovery.listen(trip, wait)
    if event.kind & PROGRESS:
        yield from _settle(recovery, trip, event)
        return
    failed = event.kind is EventKind.FAILED
    kind = AttemptKind.FALLBACK if failed else AttemptKind.HEDGE
    second = yield from recovery.begin(trip, backup, kind)
    yield from first_of(recovery, trip, (second,) if failed else (handle, second))


def race(recovery: Recovery, trip: Trip, targets: tuple[int, ...]) -> Steps:
    """Starts on all targets at once; the first one with a token is followed."""
    handles = []
    for number, index in enumerate(targets):
        kind = AttemptKind.HEDGE if number else AttemptKind.FIRST
        handles.append((yield from recovery.begin(trip, index, kind)))
    yield from first_of(recovery, trip, tuple(handles))


def first_of(recovery: Recovery, trip: Trip, handles: tuple[int, ...]) -> Steps:
    """Follows the first of the running attempts with a token, and cancels the others.

    Attempts that fail drop out; when all have, retries and fallbacks follow.
    """
    while True:
        event = yield from recovery.listen(trip, Await(handles, PROGRESS))
        if event.kind & PROGRESS:
            for loser in handles:
                if loser != event.handle:
                    yield Cancel(loser)
            yield from _settle(recovery, trip, event)
            return
        handles = tuple(handle for handle in handles if handle != event.handle)
        if not handles:
            yield from recovery.recover(trip, Ending(event.handle, event), ())
            return


def _settle(recovery: Recovery, trip: Trip, event: Event) -> Steps:
    """Stays with the attempt that made progress: finishes it, or follows it to its end."""
    if event.kind is EventKind.COMPLETED:
        yield Finish(event.handle)
        return
    failure = yield from recovery.listen(trip, Follow(event.handle))
    yield from recovery.recover(trip, Ending(event.handle, failure), ())


def _accepted(trip: Trip, handle: int, verifier: Verifier) -> Generator[Step, Reply, bool]:
    """Whether the verifier accepts the answer; takes the verifier's time."""
    accepted = cast("bool", (yield Verify(handle, verifier)))
    trip.now_s += verifier.latency_s
    return accepted


def _last_stage(recovery: Recovery, trip: Trip, stages: tuple[int, ...], answer: int | None) -> Steps:
    """Follows the last stage; when it fails before its first token, an earlier answer stands."""
    kind = AttemptKind.ESCALATION if len(stages) > 1 else AttemptKind.FIRST
    handle = yield from recovery.begin(trip, stages[-1], kind)
    event = yield from recovery.listen(trip, Follow(handle))
    ending = Ending(handle, event)
    if answer is None:
        yield from recovery.recover(trip, ending, ())
        return
    ending = yield from recovery.retried(trip, ending, Follow)
    yield Fail(ending.event.reason) if ending.event.first_token_seen else Finish(answer)
