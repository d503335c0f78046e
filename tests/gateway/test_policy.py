"""The policy in front of a gateway that speaks the protocol: attempts, timers, ends and warnings."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from gateway_fakes import FakeGateway
from gateway_worlds import BASE_S, FixedSeed, crowded_targets, crowded_world
from router import FleetView, PolicyFailedError, PolicyLoadError, RequestView
from router.host.host import Host
from router.steps import AttemptKind
from router.testing.samples import sample_fleet, sample_requests
from wayfare.litellm.config import GatewayConfig, GatewayEntry
from wayfare.litellm.errors import HostedGatewayError
from wayfare.litellm.parameters import LitellmParameters
from wayfare.litellm.policy import RECHECK_S, LitellmPolicy


def config(*groups: str, **changes: object) -> GatewayConfig:
    """One entry for each of the world's deployments, in these groups."""
    entries = tuple(
        GatewayEntry(id=name, group=group, model="openai/any", settings={}, info={})
        for name, group in zip(BASE_S, groups or ("grp",) * 3, strict=True)
    )
    return GatewayConfig(path="c.yaml", entries=entries, router={}, module={}, **changes)


def policy(fake: FakeGateway, *groups: str, openings: list | None = None, **changes: object) -> LitellmPolicy:
    """The policy with a fake in place of the process."""

    def connect(opening):
        if openings is not None:
            openings.append(opening)
        return fake

    parameters = LitellmParameters(group=groups[0] if groups else None)
    return LitellmPolicy("litellm:c.yaml", config(*groups, **changes), parameters, connect)


def test_every_request_is_answered_where_the_gateway_calls() -> None:
    """Calls in turn become attempts in turn, and each request ends with its call's answer."""
    world = crowded_world(policy(FakeGateway(3)), 1).play(30, 1.0, 1)
    assert world.ends == {"Finish": 30}
    assert world.served == dict.fromkeys(BASE_S, 10)
    assert [name for _at, _index, name, _kind in world.steps] == list(BASE_S) * 10


def test_the_gateway_is_told_of_everything_at_its_instant() -> None:
    """Arrivals and answers reach the gateway in the order of the clock, with their instants."""
    fake = FakeGateway(3)
    world = crowded_world(policy(fake), 1).play(20, 5.0, 1)
    instants = [now_s for _kind, _request, now_s, _facts in fake.told]
    assert instants == sorted(instants)
    ends = [now_s for kind, _request, now_s, _facts in fake.told if kind == "answer"]
    arrivals = {request: now_s for kind, request, now_s, _facts in fake.told if kind == "arrive"}
    assert sorted(world.latencies_s) == pytest.approx(
        sorted(end - arrivals[n] for (k, n, end, _f) in fake.told if k == "answer")
    )
    assert len(ends) == 20


def test_an_answer_has_the_tokens_of_prompt_and_answer() -> None:
    """The response shows the prompt's tokens and the true length of the answer."""
    fake = FakeGateway(3)
    crowded_world(policy(fake), 1).play(1, 1.0, 1)
    facts = next(facts for kind, _request, _now_s, facts in fake.told if kind == "answer")
    assert facts["answer"]["body"]["usage"] == {
        "prompt_tokens": 50,
        "completion_tokens": 100,
        "total_tokens": 150,
    }


def test_a_failure_is_told_and_its_retry_counts_as_one() -> None:
    """After an error the gateway's next call is a retry, at the instant at which it calls."""
    fake = FakeGateway(3, retry_s=1.5)
    world = crowded_world(policy(fake), 1, fails=(("edge", 0.0, math.inf),)).play(1, 1.0, 1)
    (first_s, _i, _name, first), (second_s, _j, name, second) = world.steps
    assert (first, name, second) == (AttemptKind.FIRST, "near", AttemptKind.RETRY)
    assert second_s == pytest.approx(first_s + 0.5 * 1.05 + 1.5)
    assert world.ends == {"Finish": 1}


def test_a_call_of_another_group_is_a_fallback() -> None:
    """An attempt at an entry of another model group counts as a fallback."""
    fake = FakeGateway(3)
    world = crowded_world(policy(fake, "a", "b", "b"), 1, fails=(("edge", 0.0, math.inf),)).play(1, 1.0, 1)
    assert world.steps[1][3] == AttemptKind.FALLBACK


def test_a_gateway_without_calls_left_fails_the_request_by_its_last_reason() -> None:
    """What the last attempt failed of is why the request failed."""
    broken = tuple((name, 0.0, math.inf) for name in BASE_S)
    world = crowded_world(policy(FakeGateway(3)), 1, fails=broken).play(1, 1.0, 1)
    assert world.ends == {"Fail": 1, "server_error": 1}


def test_a_call_that_takes_too_long_is_cancelled_and_tried_again() -> None:
    """The gateway's own timeout gives an attempt up at its instant."""
    fake = FakeGateway(3, timeout_s=0.25)
    world = crowded_world(policy(fake), 1).play(1, 1.0, 1)
    assert [at_s for at_s, *_rest in world.steps] == pytest.approx(
        [world.steps[0][0], world.steps[0][0] + 0.25]
    )
    assert world.in_flight == {"edge": 0, "near": 0}
    assert world.ends == {"Fail": 1, "timed_out": 1}


def test_a_request_that_hangs_up_is_taken_from_the_gateway() -> None:
    """Steps that are closed early tell the gateway that the client is gone; finished ones do not."""
    fake = FakeGateway(3)
    steps = begun(policy(fake))
    next(steps)
    steps.close()
    assert [kind for kind, *_rest in fake.told] == ["arrive", "leave"]


def test_a_finished_gateway_is_told_nothing() -> None:
    """Requests left at the end of a run are forgotten in silence."""
    fake = FakeGateway(3)
    made = policy(fake)
    steps = begun(made)
    next(steps)
    assert made.finish() == ()
    steps.close()
    assert fake.ended
    assert [kind for kind, *_rest in fake.told] == ["arrive"]


def begun(made: LitellmPolicy, **aim: object):
    """The steps of one request of a policy."""
    targets = crowded_targets()
    made.prepare(targets)
    fleet = sample_fleet(targets)
    for name, value in aim.items():
        setattr(fleet, name, value)
    return made.steps(RequestView(sample_requests(1)), fleet, FixedSeed(3))


def test_a_call_that_is_not_permitted_loses_its_connection() -> None:
    """No attempt is made for it; the gateway hears of a lost connection and the report of the count."""
    fake = FakeGateway(3)
    made = policy(fake)
    steps = begun(made, candidates=(1, 2))
    assert next(steps).target == 1
    answers = [facts["answer"]["status"] for kind, _r, _t, facts in fake.told if kind == "answer"]
    assert answers == [0]
    steps.close()
    (warning,) = made.finish()
    assert "1 calls lost their connection" in warning


def test_each_router_instance_has_a_gateway_of_its_own() -> None:
    """Two views of the fleet are two instances, each with a seed of its own."""
    openings = []
    fakes = iter((FakeGateway(3), FakeGateway(3)))

    def connect(opening):
        openings.append(opening)
        return next(fakes)

    made = LitellmPolicy("litellm:c.yaml", config(), LitellmParameters(), connect)
    targets = crowded_targets()
    made.prepare(targets)
    rng, table = np.random.default_rng(1), sample_requests(3)
    views = [sample_fleet(targets), sample_fleet(targets)]
    for number in range(3):
        next(made.steps(RequestView(table, number), views[number % 2], rng))
    assert len({opening["seed"] for opening in openings}) == len(openings) == 2


def test_a_waiting_request_looks_again_and_lateness_is_warned_of() -> None:
    """A request that waits for another one's end begins within the interval; the report counts it."""
    queued = OneAtATime(3)
    made = policy(queued)
    world = crowded_world(made, 1)
    world.at(0.0, lambda: world.arrive(0))
    world.at(0.1, lambda: world.arrive(1))
    world.play(0, 1.0, 1)
    first_s, second_s = (at_s for at_s, *_rest in world.steps)
    end_s = first_s + 0.5 * 1.05
    assert end_s <= second_s <= end_s + RECHECK_S
    assert "1 calls of requests that wait for others" in made.finish()[0]


class OneAtATime(FakeGateway):
    """Starts a request's call only when no other call is open, as `max_parallel_requests: 1` does."""

    queue: tuple = ()

    def start(self, request: int, now_s: float) -> None:
        """Calls, or waits."""
        if self.calls:
            self.queue = (*self.queue, request)
        else:
            super().start(request, now_s)

    def answered(self, request: int, now_s: float, facts: dict) -> None:
        """A call is over; the next in the queue begins."""
        super().answered(request, now_s, facts)
        if self.queue:
            first, *rest = self.queue
            self.queue = tuple(rest)
            self.start(first, now_s)


def test_a_gateway_that_is_gone_fails_the_run() -> None:
    """What a gateway cannot do fails the run with its words, and nothing is asked afterwards."""

    class Gone(FakeGateway):
        """Is gone."""

        def ask(self, kind, request, now_s, **facts):
            self.told.append(kind)
            raise HostedGatewayError("the hosted gateway is gone")

    gone = Gone(3)
    with pytest.raises(PolicyFailedError, match="the hosted gateway is gone"):
        crowded_world(policy(gone), 1).play(1, 1.0, 1)
    assert gone.told == ["arrive"]


def test_the_fleet_is_mapped_before_the_first_request() -> None:
    """A configuration that does not fit the fleet is refused when the host is made."""
    odd = replace(config(), entries=(replace(config().entries[0], id="elsewhere"),))
    made = LitellmPolicy("litellm:c.yaml", odd, LitellmParameters())
    with pytest.raises(PolicyLoadError, match="elsewhere"):
        Host(made, crowded_targets(), rng=np.random.default_rng(1))


def test_ignored_features_are_warnings() -> None:
    """What was ignored on request stands in the report."""
    made = policy(FakeGateway(3), unsupported=("guardrails: the whole section",))
    assert made.finish() == ("litellm:c.yaml: not simulated: guardrails: the whole section",)


def test_the_opening_has_no_secret_of_the_environment() -> None:
    """The seed is the run's, and what stands for the environment is empty."""
    openings = []
    made = policy(FakeGateway(3), openings=openings)
    made._config = replace(made._config, router={"retry_policy": {"x": "os.environ/X"}})
    next(begun(made))
    assert openings[0]["seed"] == 3
    assert openings[0]["router"] == {"retry_policy": {"x": ""}}
    assert isinstance(sample_fleet(crowded_targets()), FleetView)
