"""Retries and fallbacks: what the router does when an attempt fails before its first token."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from router.host.failures import failure_class
from router.host.health import TargetHealth
from router.host.progress import AttemptEnd
from router.steps import AttemptKind, Await, Event, EventKind, Fail, Follow, Sleep, Start
from router.views.loads import least_outstanding

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from router.host.progress import JitterSource, RequestProgress, Steps
    from router.host.resilience import Resilience
    from router.steps import Reply, Step
    from router.views.fleet import Target


def finished(handle: int) -> Await:
    """The step that waits until the attempt ends, well or not."""
    return Await((handle,))


class Recovery:
    """Starts attempts, keeps count of failures, and tries again as `Resilience` says.

    A retry goes at once to the least outstanding healthy target of the same model, those not yet
    tried first; where there is none, to the same target after a wait, unless that one cools down.
    Fallbacks come after the retries, in order, each with retries of its own. A failure after the
    first token is final.
    """

    def __init__(self, targets: Sequence[Target], resilience: Resilience, jitter_u: JitterSource) -> None:
        """All targets start healthy; `jitter_u` gives the jitter's draws by key."""
        self.health = TargetHealth(targets, resilience)
        self._targets = tuple(targets)
        self._resilience = resilience
        self._jitter_u = jitter_u
        self._starts = [[Start(target.index, kind) for target in targets] for kind in AttemptKind]

    def begin(self, progress: RequestProgress, index: int, kind: AttemptKind) -> Generator[Step, Reply, int]:
        """Starts an attempt at the target; returns its handle."""
        handle = cast("int", (yield self._starts[kind][index]))
        progress.handles[handle] = index
        return handle

    def note(self, progress: RequestProgress, event: Event) -> None:
        """Keeps the trip's clock, and counts the event's failure against its target."""
        progress.now_s = event.now_s
        if event.kind is EventKind.FAILED:
            self.health.failed(progress.handles[event.handle], event.now_s, event.reason)

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
        for number in range(self._resilience.retries):
            index = self._retry_target(progress, attempt_end)
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
        first = progress.handles[attempt_end.handle]
        attempt_end = yield from self.retried(progress, attempt_end, Follow)
        for index in self._fallback_targets(progress, first, fallbacks):
            if attempt_end.event.first_token_seen:
                break
            handle = yield from self.begin(progress, index, AttemptKind.FALLBACK)
            event = yield from self.listen(progress, Follow(handle))
            attempt_end = yield from self.retried(progress, AttemptEnd(handle, event), Follow)
        yield Fail(attempt_end.event.reason)

    def stand_in(self, progress: RequestProgress, index: int, fallbacks: tuple[str, ...]) -> int | None:
        """Who serves instead of a target that cools down: its model's, or a fallback, or none."""
        other = self._other_target(progress, index)
        if other is not None:
            return other
        return next(self._fallback_targets(progress, index, fallbacks), None)

    def _retry_target(self, progress: RequestProgress, attempt_end: AttemptEnd) -> int | None:
        """Where to try again after this ending; `None` when it must not or cannot be."""
        event = attempt_end.event
        if event.kind is not EventKind.FAILED or event.first_token_seen:
            return None
        if not failure_class(event.reason).retried:
            return None
        index = progress.handles[attempt_end.handle]
        other = self._other_target(progress, index)
        if other is not None:
            return other
        return None if self.health.is_cooling(index, event.now_s) else index

    def _other_target(self, progress: RequestProgress, index: int) -> int | None:
        """A healthy permitted target of the same model but this one, untried ones first."""
        group = self._usable(progress, self.health.groups[index])
        others = [other for other in group if other != index]
        if not others:
            return None
        tried = progress.tried()
        untried = [other for other in others if other not in tried]
        return least_outstanding(progress.fleet.outstanding, untried or others)

    def _fallback_targets(
        self, progress: RequestProgress, index: int, fallbacks: tuple[str, ...]
    ) -> Iterator[int]:
        """Untried healthy permitted targets to fall back to, in order, at most `max_fallbacks`.

        A deployment's name means its least outstanding replica.
        """
        left = self._resilience.max_fallbacks
        for name in fallbacks or self._configured(index):
            tried = progress.tried() | {index}
            members = self._usable(progress, progress.fleet.members(name))
            untried = [member for member in members if member not in tried]
            if untried and left > 0:
                left -= 1
                yield least_outstanding(progress.fleet.outstanding, untried)

    def _configured(self, index: int) -> tuple[str, ...]:
        """The scenario's fallbacks for the target: by its name, its deployment's, or for all."""
        target, table = self._targets[index], self._resilience.fallbacks
        named = table.get(target.name) or table.get(target.deployment)
        return named or self._resilience.default_fallbacks

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
