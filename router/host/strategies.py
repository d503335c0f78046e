"""How decisions with more than one attempt are carried out: cascade, hedge and race."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from router.host.progress import AttemptEnd
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
    from router.host.progress import RequestProgress, Steps
    from router.host.recovery import Recovery
    from router.steps import Reply, Step

PROGRESS = EventKind.FIRST_TOKEN | EventKind.COMPLETED


def cascade(
    recovery: Recovery, progress: RequestProgress, stages: tuple[int, ...], verifier: Verifier
) -> Steps:
    """Tries the stages in order until the verifier accepts; the last one is not verified.

    A stage that fails counts as refused. When the last stage fails, the latest answer stands,
    refused or not; without any, fallbacks are tried.
    """
    answer = None
    for number, index in enumerate(stages[:-1]):
        kind = AttemptKind.ESCALATION if number else AttemptKind.FIRST
        attempt_end = yield from recovery.complete(progress, index, kind)
        if attempt_end.event.kind is EventKind.FAILED:
            continue
        answer = attempt_end.handle
        if (yield from _accepted(progress, answer, verifier)):
            yield Finish(answer)
            return
    yield from _last_stage(recovery, progress, stages, answer)


def hedge(recovery: Recovery, progress: RequestProgress, target: int, backup: int, after_s: float) -> Steps:
    """Starts the backup when no first token came in time, or at once when the target failed."""
    handle = yield from recovery.begin(progress, target, AttemptKind.FIRST)
    wait = Await((handle,), PROGRESS, progress.now_s + after_s)
    event = yield from recovery.listen(progress, wait)
    if event.kind & PROGRESS:
        yield from _settle(recovery, progress, event)
        return
    failed = event.kind is EventKind.FAILED
    kind = AttemptKind.FALLBACK if failed else AttemptKind.HEDGE
    second = yield from recovery.begin(progress, backup, kind)
    yield from first_of(recovery, progress, (second,) if failed else (handle, second))


def race(recovery: Recovery, progress: RequestProgress, targets: tuple[int, ...]) -> Steps:
    """Starts on all targets at once; the first one with a token is followed."""
    handles = []
    for number, index in enumerate(targets):
        kind = AttemptKind.HEDGE if number else AttemptKind.FIRST
        handles.append((yield from recovery.begin(progress, index, kind)))
    yield from first_of(recovery, progress, tuple(handles))


def first_of(recovery: Recovery, progress: RequestProgress, handles: tuple[int, ...]) -> Steps:
    """Follows the first of the running attempts with a token, and cancels the others.

    Attempts that fail drop out; when all have, retries and fallbacks follow.
    """
    while True:
        event = yield from recovery.listen(progress, Await(handles, PROGRESS))
        if event.kind & PROGRESS:
            for loser in handles:
                if loser != event.handle:
                    yield Cancel(loser)
            yield from _settle(recovery, progress, event)
            return
        handles = tuple(handle for handle in handles if handle != event.handle)
        if not handles:
            yield from recovery.recover(progress, AttemptEnd(event.handle, event), ())
            return


def _settle(recovery: Recovery, progress: RequestProgress, event: Event) -> Steps:
    """Stays with the attempt that made progress: finishes it, or follows it to its end."""
    if event.kind is EventKind.COMPLETED:
        yield Finish(event.handle)
        return
    failure = yield from recovery.listen(progress, Follow(event.handle))
    yield from recovery.recover(progress, AttemptEnd(event.handle, failure), ())


def _accepted(progress: RequestProgress, handle: int, verifier: Verifier) -> Generator[Step, Reply, bool]:
    """Whether the verifier accepts the answer; takes the verifier's time."""
    accepted = cast("bool", (yield Verify(handle, verifier)))
    progress.now_s += verifier.latency_s
    return accepted


def _last_stage(
    recovery: Recovery, progress: RequestProgress, stages: tuple[int, ...], answer: int | None
) -> Steps:
    """Follows the last stage; when it fails before its first token, an earlier answer stands."""
    kind = AttemptKind.ESCALATION if len(stages) > 1 else AttemptKind.FIRST
    handle = yield from recovery.begin(progress, stages[-1], kind)
    event = yield from recovery.listen(progress, Follow(handle))
    attempt_end = AttemptEnd(handle, event)
    if answer is None:
        yield from recovery.recover(progress, attempt_end, ())
        return
    attempt_end = yield from recovery.retried(progress, attempt_end, Follow)
    yield Fail(attempt_end.event.reason) if attempt_end.event.first_token_seen else Finish(answer)
