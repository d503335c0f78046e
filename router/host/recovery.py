"""Retries and fallbacks: what the router does when an attempt fails before its first token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from router.host.breakers import CircuitBreakers
from router.host.cooldowns import Cooldowns
from router.host.failures import failure_class
from router.host.health import model_groups
from router.host.progress import AttemptEnd
from router.steps import AttemptKind, Await, Event, EventKind, Fail, Follow, Sleep, Start
from router.views.loads import least_outstanding

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from router.host.failures import ErrorClass
    from router.host.health import TargetHealth
    from router.host.progress import JitterSource, RequestProgress, Steps
    from router.host.resilience import Resilience
    from router.steps import Reply, Step
    from router.views.fleet import Target


def finished(handle: int) -> Await:
    """The step that waits until the attempt ends, well or not."""
    return Await((handle,))


def health_of(targets: Sequence[Target], resilience: Resilience) -> TargetHealth:
    """The rules that keep targets out of traffic: a breaker where one is stated, else the cooldown."""
    if resilience.breaker is not None:
        return CircuitBreakers(len(targets), resilience.breaker)
    return Cooldowns(targets, resilience)


@dataclass(slots=True)
class _FallbackWalk:
    """One request's way through fallbacks: names visited, and how many targets may still be tried."""

    left: int
    visited: set[str] = field(default_factory=set)


class Recovery:
    """Starts attempts, keeps count of failures, and tries again as `Resilience` says.

    A retry goes at once to the least outstanding healthy target of the same model, those not yet
    tried first; where there is none, to the same target after a wait, unless that one cools down.
    Fallbacks come after the retries, in order, each with retries and then fallbacks of its own, unless
    the policy named them; none is visited twice. A failure after the first token is final.
    """

    def __init__(self, targets: Sequence[Target], resilience: Resilience, jitter_u: JitterSource) -> None:
        """All targets start healthy; `jitter_u` gives the jitter's draws by key."""
        self.health = health_of(targets, resilience)
        self._groups = model_groups(targets)
        self._names = tuple((target.name, target.deployment) for target in targets)
        self._resilience = resilience
        self._jitter_u = jitter_u
        self._starts = [[Start(target.index, kind) for target in targets] for kind in AttemptKind]

    def begin(self, progress: RequestProgress, index: int, kind: AttemptKind) -> Generator[Step, Reply, int]:
        """Starts an attempt at the target; returns its handle."""
        handle = cast("int", (yield self._starts[kind][index]))
        self.note_start(progress, handle, index)
        return handle

    def note_start(self, progress: RequestProgress, handle: int, index: int) -> None:
        """Keeps which target an attempt went to."""
        progress.handles[handle] = index
        self.health.began(index, progress.now_s)

    def note(self, progress: RequestProgress, event: Event) -> None:
        """Keeps the trip's clock, and counts the event's failure against its target."""
        progress.now_s = event.now_s
        if event.kind is EventKind.FAILED:
            index = progress.handles[event.handle]
            self.health.failed(index, event.now_s, event.reason, event.retry_after_s)

    def listen(self, progress: RequestProgress, step: Step) -> Generator[Step, Reply, Event]:
        """Yields a step that waits; returns the event it was resumed with, counted."""
        event = cast("Event", (yield step))
        self.note(progress, event)
        return event

    def complete(
        self, progress: RequestProgress, index: int, kind: AttemptKind
    ) -> Generator[Step, Reply, AttemptEnd]:
        """Waits for an attempt at the target, and its retries, to end; returns how."""
        handle = yield from self.begin(progress, index, kind)
        event = yield from self.listen(progress, finished(handle))
        return (yield from self.retried(progress, AttemptEnd(handle, event), finished))

    def retried(
        self, progress: RequestProgress, attempt_end: AttemptEnd, wait: Callable[[int], Step]
    ) -> Generator[Step, Reply, AttemptEnd]:
        """Tries again while retries are left; returns the last ending, a failure or not.

        `wait` makes the step that waits for a handle: `Follow`, or `finished`.
        """
        kind = failure_class(attempt_end.event.reason).kind
        stated = self._resilience.retries_by_class.get(kind)
        count = self._resilience.retries if stated is None else stated
        for number in range(count):
            index = self._retry_target(progress, attempt_end, always=stated is not None)
            if index is None:
                break
            if index == progress.handles[attempt_end.handle]:
                progress.now_s += self._wait_s(progress, number, attempt_end.event)
                yield Sleep(progress.now_s)
            handle = yield from self.begin(progress, index, AttemptKind.RETRY)
            attempt_end = AttemptEnd(handle, (yield from self.listen(progress, wait(handle))))
        return attempt_end

    def recover(
        self, progress: RequestProgress, attempt_end: AttemptEnd, fallbacks: tuple[str, ...]
    ) -> Steps:
        """After a failed attempt: retries, then fallbacks; ends in `Follow` or `Fail`."""
        attempt_end = yield from self.retried(progress, attempt_end, Follow)
        walk = _FallbackWalk(self._resilience.max_fallbacks)
        attempt_end = yield from self._fall_back(progress, attempt_end, fallbacks, walk)
        yield Fail(attempt_end.event.reason)

    def _fall_back(
        self,
        progress: RequestProgress,
        attempt_end: AttemptEnd,
        fallbacks: tuple[str, ...],
        walk: _FallbackWalk,
    ) -> Generator[Step, Reply, AttemptEnd]:
        """Tries a failed attempt's fallbacks, and theirs; returns the last ending, a failure."""
        failed = progress.handles[attempt_end.handle]
        kind = failure_class(attempt_end.event.reason).kind
        for index in self._fallback_targets(progress, failed, fallbacks, walk, kind):
            if attempt_end.event.first_token_seen:
                break
            handle = yield from self.begin(progress, index, AttemptKind.FALLBACK)
            event = yield from self.listen(progress, Follow(handle))
            attempt_end = yield from self.retried(progress, AttemptEnd(handle, event), Follow)
            if not fallbacks:
                attempt_end = yield from self._fall_back(progress, attempt_end, (), walk)
        return attempt_end

    def stand_in(self, progress: RequestProgress, index: int, fallbacks: tuple[str, ...]) -> int | None:
        """Who serves instead of a target that cools down: its model's, or a fallback, or none."""
        other = self._other_target(progress, index)
        if other is not None:
            return other
        walk = _FallbackWalk(self._resilience.max_fallbacks)
        return next(self._fallback_targets(progress, index, fallbacks, walk), None)

    def _retry_target(
        self, progress: RequestProgress, attempt_end: AttemptEnd, *, always: bool
    ) -> int | None:
        """Where to try again after this ending; `None` when it must not or cannot be.

        `always` tries whatever the status says, because the error's class has retries of its own.
        """
        event = attempt_end.event
        if event.kind is not EventKind.FAILED or event.first_token_seen:
            return None
        index = progress.handles[attempt_end.handle]
        if not (always or self._may_retry(index, event.reason)):
            return None
        other = self._other_target(progress, index)
        if other is not None:
            return other
        return None if self.health.is_cooling(index, progress.now_s) else index

    def _may_retry(self, index: int, reason: str) -> bool:
        """Whether a failure of this kind is tried again: by its status, or because others may take it."""
        failure = failure_class(reason)
        return failure.retried or (failure.retried_elsewhere and len(self._groups[index]) > 1)

    def _other_target(self, progress: RequestProgress, index: int) -> int | None:
        """A healthy permitted target of the same model but this one, untried ones first."""
        group = self._usable(progress, self._groups[index])
        others = [other for other in group if other != index]
        if not others:
            return None
        tried = progress.tried()
        untried = [other for other in others if other not in tried]
        return least_outstanding(progress.fleet.outstanding, untried or others)

    def _fallback_targets(
        self,
        progress: RequestProgress,
        index: int,
        fallbacks: tuple[str, ...],
        walk: _FallbackWalk,
        kind: ErrorClass | None = None,
    ) -> Iterator[int]:
        """Untried healthy permitted targets to fall back to, in order, at most `max_fallbacks`.

        A deployment's name means its least outstanding replica; one that is all away, its fallbacks.
        """
        walk.visited.update(self._names[index])
        for name in fallbacks or self._resilience.fallbacks_of(self._names[index], kind):
            if name in walk.visited:
                continue
            walk.visited.add(name)
            members = progress.fleet.members(name)
            usable = [member for member in self._usable(progress, members) if member not in progress.tried()]
            if usable and walk.left > 0:
                walk.left -= 1
                yield least_outstanding(progress.fleet.outstanding, usable)
            elif not (usable or fallbacks):
                yield from self._fallback_targets(progress, members[0], (), walk)

    def _usable(self, progress: RequestProgress, indexes: tuple[int, ...]) -> list[int]:
        """Those of the indexes that are permitted and healthy."""
        healthy = self.health.healthy(indexes, progress.now_s)
        return [index for index in healthy if index in progress.permitted]

    def _wait_s(self, progress: RequestProgress, retry_number: int, event: Event) -> float:
        """Backoff with jitter before the retry, or the provider's own hint."""
        tried = list(progress.handles.values())
        index = progress.handles[event.handle]
        jitter_u = self._jitter_u(progress.request_index, index, tried.count(index))
        return self._resilience.wait_s(retry_number, event.retry_after_s, jitter_u)
