"""Policies that yield their own steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from router import Host, InvalidDecisionError, PolicyFailedError, Resilience, UnknownTargetError
from router.decision import Verifier
from router.steps import Await, Event, EventKind, Fail, Finish, Follow, Sleep, Start, Verify
from router.testing.samples import sample_fleet, sample_requests, sample_targets, sample_view
from router.testing.scripted_run import ScriptedAttempt, ScriptedRun

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from router import FleetView, RequestView
    from router.steps import Reply, Step

    StepsFunction = Callable[[RequestView, FleetView], Generator[Step, Reply, None]]

TARGETS = sample_targets()


class Steps:
    """A step policy made of a generator function."""

    name = "steps"

    def __init__(self, function: StepsFunction) -> None:
        """Yields what the function yields."""
        self._function = function

    def steps(
        self,
        request: RequestView,
        fleet: FleetView,
        rng: np.random.Generator,
    ) -> Generator[Step, Reply, None]:
        """The function's steps."""
        return self._function(request, fleet)


def play(
    function: StepsFunction, scripts: dict[str, tuple[ScriptedAttempt, ...]] | None = None
) -> ScriptedRun:
    """One request played through a step policy; targets 0 to 2 are candidates."""
    host = Host(Steps(function), TARGETS, rng=np.random.default_rng(1), resilience=Resilience(retries=3))
    fleet = sample_fleet(TARGETS)
    fleet.candidates = (0, 1, 2)
    return ScriptedRun(scripts or {}).play(host, sample_view(sample_requests(4), TARGETS), fleet)


def test_step_policy_steps_reach_the_executor_unchanged() -> None:
    """A step policy reacts to failures itself; the host adds no retries."""

    def second_try(_request: RequestView, _fleet: FleetView) -> Generator[Step, Reply, None]:
        handle = yield Start(0)
        assert isinstance(handle, int)
        event = yield Follow(handle)
        assert isinstance(event, Event)
        yield Fail("gave up: " + event.reason)

    played = play(second_try, {"small": (ScriptedAttempt(fails_with="unavailable", ends_s=0.1),)})
    assert played.plain_steps() == [Start(0), Follow(0), Fail("gave up: unavailable")]


def test_views_show_the_request_at_the_clock_of_each_reply() -> None:
    """Whenever the policy runs, its views are aimed at its own request and instant."""
    clocks: list[tuple[int, float, tuple[int, ...]]] = []

    def watching(request: RequestView, fleet: FleetView) -> Generator[Step, Reply, None]:
        def look() -> None:
            clocks.append((request.index, request.now_s, fleet.candidates))

        look()
        handle = yield Start(0)
        look()
        yield Await((0,), EventKind.FIRST_TOKEN)
        look()
        yield Await((0,))
        look()
        yield Verify(0, Verifier(latency_s=0.5))
        look()
        yield Sleep(30.0)
        look()
        assert handle == 0
        yield Finish(0)

    host = Host(Steps(watching), TARGETS, rng=np.random.default_rng(1))
    request, fleet = sample_view(sample_requests(4), TARGETS), sample_fleet(TARGETS)
    request.index = 2
    running = host.steps(request, fleet)
    replies: list[Reply] = [
        None,
        0,
        Event(0, EventKind.FIRST_TOKEN, 10.5),
        Event(0, EventKind.COMPLETED, 12.0),
        True,
        None,
    ]
    for reply in replies:
        running.send(reply)
        request.index, request.now_s, fleet.candidates = 3, 99.0, (1,)
    everything = (0, 1, 2, 3)
    expected_s = (10.0, 10.0, 10.5, 12.0, 12.5, 30.0)
    assert clocks == [(2, now_s, everything) for now_s in expected_s]


def ends_early(_request: RequestView, _fleet: FleetView) -> Generator[Step, Reply, None]:
    """Stops without an end."""
    yield Start(0)


def starts_elsewhere(_request: RequestView, _fleet: FleetView) -> Generator[Step, Reply, None]:
    """Starts at a target that is no candidate."""
    yield Start(3)


def starts_nowhere(_request: RequestView, _fleet: FleetView) -> Generator[Step, Reply, None]:
    """Starts at a target that is not there."""
    yield Start(17)


def follows_strangers(_request: RequestView, _fleet: FleetView) -> Generator[Step, Reply, None]:
    """Follows an attempt of somebody else."""
    yield Follow(5)


def awaits_strangers(_request: RequestView, _fleet: FleetView) -> Generator[Step, Reply, None]:
    """Awaits an attempt of somebody else."""
    yield Await((0, 1))


def sleeps_backwards(_request: RequestView, _fleet: FleetView) -> Generator[Step, Reply, None]:
    """Sleeps until an instant that has passed."""
    yield Sleep(1.0)


def yields_words(_request: RequestView, _fleet: FleetView) -> Generator[Step, Reply, None]:
    """Yields what is no step."""
    yield "start"


def raises(_request: RequestView, _fleet: FleetView) -> Generator[Step, Reply, None]:
    """Fails after its first step."""
    yield Start(0)
    message = "lost"
    raise ZeroDivisionError(message)


@pytest.mark.parametrize(
    ("function", "cause"),
    [
        (ends_early, InvalidDecisionError),
        (starts_elsewhere, InvalidDecisionError),
        (starts_nowhere, UnknownTargetError),
        (follows_strangers, InvalidDecisionError),
        (awaits_strangers, InvalidDecisionError),
        (sleeps_backwards, InvalidDecisionError),
        (yields_words, InvalidDecisionError),
        (raises, ZeroDivisionError),
    ],
)
def test_impossible_step_fails_with_policy_request_and_cause(
    function: StepsFunction, cause: type[Exception]
) -> None:
    """A step policy that asks for what cannot be done is named with the request and the cause."""
    with pytest.raises(PolicyFailedError, match="'steps' failed at request 0") as caught:
        play(function)
    assert isinstance(caught.value.__cause__, cause)


def test_failures_of_step_policies_cool_targets_down() -> None:
    """The cooldown hears of a step policy's failures and hides the target from its next request."""
    seen: list[tuple[int, ...]] = []

    def watching(_request: RequestView, fleet: FleetView) -> Generator[Step, Reply, None]:
        seen.append(fleet.candidates)
        handle = yield Start(fleet.candidates[0])
        assert isinstance(handle, int)
        yield Follow(handle)
        yield Fail("gave up")

    host = Host(Steps(watching), TARGETS, rng=np.random.default_rng(1), resilience=Resilience())
    request, fleet = sample_view(sample_requests(4), TARGETS), sample_fleet(TARGETS)
    ScriptedRun({"small": (ScriptedAttempt(fails_with="refused", ends_s=0.1),)}).play(host, request, fleet)
    request.now_s, fleet.candidates = 11.0, (0, 1, 2, 3)
    ScriptedRun().play(host, request, fleet)
    assert seen == [(0, 1, 2, 3), (1, 2, 3)]
