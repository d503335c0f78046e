"""The live router without the wire: the host's own steps, loads that add up, nothing kept for ever."""

import asyncio
from contextlib import suppress

import numpy as np
import pytest

from live_callers import LiveCaller
from router import Decision, Host, Resilience, describe_policy, make_policy, policy_names
from router.host.live import LiveRouter, UnknownRequestError
from router.steps import Event, EventKind
from router.testing.samples import TASK, sample_requests, sample_targets, sample_view
from router.testing.scripted_run import ScriptedAttempt, ScriptedRun
from router.views.stated import StatedRequest
from simulator import load_scenario
from simulator.plan.live import LiveConstraints, LiveFleet
from simulator.plan.resolution import resolve
from wayfare.service.live import hosted_routers
from world_cases import CHAT, FRONTIER, PHONE, SMALL, plain

LIVE = [name for name in policy_names() if not describe_policy(name).oracle]
BROKEN = (ScriptedAttempt(fails_with="server_error", ends_s=0.1),)
FLAKY = (*BROKEN, ScriptedAttempt())
SCRIPTS = (
    {},
    {"small": BROKEN, "medium": BROKEN},
    {"small": FLAKY, "frontier": FLAKY},
    {"small": (ScriptedAttempt(right=False),), "medium": (ScriptedAttempt(first_token_s=9.0, ends_s=12.0),)},
    dict.fromkeys(("small", "medium", "large", "frontier"), BROKEN),
)
RESILIENCE = Resilience(retries=1, default_fallbacks=("large", "frontier"), cooldown_s=30.0)


class Clock:
    """A clock that is set."""

    now_s = 0.0

    def __call__(self):
        """The time that is set."""
        return self.now_s


def host_of(name, targets):
    """A host with a new policy and a generator in its first state."""
    return Host(make_policy(name), targets, rng=np.random.default_rng(3), resilience=RESILIENCE)


def stated(view):
    """What a view shows, stated."""
    names = [name for name in StatedRequest.__slots__ if not name.startswith("_")]
    return StatedRequest(index=view.index, now_s=view.now_s, **{name: getattr(view, name) for name in names})


def router_of(name="least_outstanding", **more):
    """A live router before the specimen fleet."""
    targets = sample_targets()
    return LiveRouter(host_of(name, targets), targets, **more)


def request(now_s=0.0):
    """A request of nothing special."""
    return StatedRequest(
        index=0, now_s=now_s, task=TASK, tenant="acme", region="home", prompt_token_count=100,
        max_output_token_count=100, estimated_difficulty=0.0, router_score=0.5,
    )  # fmt: skip


@pytest.mark.parametrize("scripts", SCRIPTS)
@pytest.mark.parametrize("name", LIVE)
def test_callers_are_told_the_hosts_own_steps(name, scripts):
    """Whatever happens, a live request takes the steps that the host gives an executor, to the same end."""
    targets = sample_targets()
    live, host = LiveRouter(host_of(name, targets), targets), host_of(name, targets)
    mirror = LiveRouter(host_of(name, targets), targets).fleet
    live.host.learns = False  # a scripted run tells its policy of no outcomes either
    table = sample_requests(20)
    view = sample_view(table, targets)
    for index in range(20):
        view.index, view.now_s = index, 60.0 * index
        mirror.candidates = tuple(range(len(targets)))
        there = LiveCaller(scripts).play(live, stated(view), (0, 1, 2, 3))
        here = ScriptedRun(scripts).play(host, view, mirror)
        assert there.started() == here.started()
        assert (there.state, there.answer, there.now_s) == (here.state, here.answer, here.now_s)
        assert live.fleet.outstanding.sum() == 0
    assert live.open_request_count == 0


def test_outstanding_counts_from_start_to_report():
    """An attempt is outstanding until its end is reported, so that load-aware policies spread."""
    live = router_of()
    answers = [live.decide(request(), (0, 1, 2, 3), "") for _ in range(8)]
    assert live.fleet.outstanding.tolist() == live.fleet.running.tolist() == [2, 2, 2, 2]
    done = live.end(answers[0].request, Event(0, EventKind.COMPLETED, 1.0))
    assert [type(told.step).__name__ for told in done.steps] == ["Finish"]
    assert live.fleet.outstanding.tolist() == [1, 2, 2, 2]
    with pytest.raises(UnknownRequestError, match=f"no request {answers[0].request} is under way"):
        live.end(answers[0].request, Event(0, EventKind.COMPLETED, 1.0))


def test_what_is_cancelled_is_outstanding_no_more():
    """The losers of a race count until its first token is reported."""

    class Races:
        """Sends everything to two targets."""

        def route(self, _request, _fleet, _rng):
            """A race."""
            return Decision.race(("small", "large"), reason="test")

    targets = sample_targets()
    live = LiveRouter(Host(Races(), targets, rng=np.random.default_rng(1)), targets)
    answer = live.decide(request(), (0, 1, 2, 3), "")
    assert live.fleet.outstanding.tolist() == [1, 0, 1, 0]
    live.report(answer.request, Event(1, EventKind.FIRST_TOKEN, 0.5))
    assert live.fleet.outstanding.tolist() == [0, 0, 1, 0]


def test_measured_loads_are_counted_on_from():
    """A measurement replaces the count; what starts or ends later moves it."""
    live = router_of()
    answer = live.decide(request(), (0, 1), "")
    live.measured(0, 5, 2, 3, 0.5)
    assert [live.decide(request(), (0, 1), "").steps[0].step.target for _ in range(5)] == [1] * 5
    live.end(answer.request, Event(0, EventKind.COMPLETED, 1.0))
    assert live.fleet.outstanding.tolist() == [4, 5, 0, 0]


def test_what_nobody_reports_on_is_forgotten():
    """After a while an abandoned request counts no more, and a report on it finds nothing."""
    clock = Clock()
    live = router_of(expire_after_s=10.0, clock=clock)
    first = live.decide(request(), (0,), "")
    clock.now_s = 9.0
    live.decide(request(), (0,), "")
    assert live.fleet.outstanding[0] == 2
    clock.now_s = 11.0
    live.decide(request(), (0,), "")
    assert (live.fleet.outstanding[0], live.expired_count, live.open_request_count) == (2, 1, 2)
    with pytest.raises(UnknownRequestError):
        live.report(first.request, Event(-1, EventKind.TIMER, 11.0))


def test_forgotten_requests_are_forgotten_without_a_call(monkeypatch):
    """The service forgets requests that nobody reports on now and then, whether or not somebody asks."""
    monkeypatch.setattr(hosted_routers, "SWEEP_EVERY_S", 0.001)
    found = hosted_routers.HostedRouters(checker=None, configured=[load_scenario("frontier-only")])
    (desk,) = found.of("anybody")
    desk.live.expire_after_s = -1.0
    desk.live.decide(request(), (0,), "")

    async def swept():
        with suppress(TimeoutError):
            await asyncio.wait_for(found.expire_forever(), 0.05)

    asyncio.run(swept())
    assert (desk.live.expired_count, desk.live.fleet.outstanding[0]) == (1, 0)


def test_events_that_nobody_waits_for_change_nothing():
    """Timers, verdicts and ends of attempts that are not awaited are answered with no steps."""
    live = router_of()
    number = live.decide(request(), (0, 1), "").request
    assert live.report(number, Event(-1, EventKind.TIMER, 1.0)).steps == []
    assert live.judge(number, accepted=True).steps == []
    assert live.end(number, Event(7, EventKind.FAILED, 1.0, "server_error")).steps == []
    assert live.report(number, Event(0, EventKind.FIRST_TOKEN, 1.0)).steps == []
    assert live.open_request_count == 1


def test_a_request_without_candidates_is_turned_away_with_the_reason():
    """No policy is asked about a request that no target may serve."""
    live = router_of()
    answer = live.decide(request(), (), "no target permitted: residency")
    assert [told.step.reason for told in answer.steps] == ["no target permitted: residency"]
    assert live.decisions == {"no target permitted: residency": 1}


def constrained():
    """Streams with every hard constraint, on a fleet of three tiers and two regions."""
    streams = [
        {**CHAT, "name": "free"},
        {**CHAT, "name": "home", "residency": ["us-virginia"], "banned_tiers": ["cloud"]},
        {**CHAT, "name": "hard", "capability_floor": 0.8},
        {**CHAT, "name": "long", "input_tokens": {"uniform": [1000, 200_000]}, "max_output_tokens": 4000},
    ]
    fleet = [SMALL, PHONE, FRONTIER, {**FRONTIER, "name": "abroad", "region": "eu-nordics"}]
    return load_scenario(plain(workload={"streams": streams}, fleet=fleet))


def test_constraints_are_those_of_the_simulation():
    """Every request of a run has the same candidates, for the same reason, when it is asked about live."""
    scenario = constrained()
    plan, fleet = resolve(scenario).plan, LiveFleet(scenario)
    view = plan.requests
    longest = view.prompt_token_count.astype(np.int64) + view.max_output_token_count
    seen = set()
    for index, code in enumerate(plan.workload.stream_code.tolist()):
        stream = scenario.streams[code]
        demanded = LiveConstraints(task=stream.task, region=stream.region)
        found, reason = fleet.candidates(stream.name, demanded, int(longest[index]))
        number = plan.set_code[index]
        assert (found, reason) == (plan.candidate_sets[number], plan.empty_reasons[number])
        seen.add(found)
    assert len(seen) >= 4


def test_requests_narrow_their_streams_and_never_widen_them():
    """A request's own constraints take targets away from what its stream leaves."""
    fleet = LiveFleet(constrained())
    names = [target.name for target in fleet.targets]

    def left(stream, **demanded):
        task, region = CHAT["task"], CHAT["region"]
        found, reason = fleet.candidates(stream, LiveConstraints(task=task, region=region, **demanded), 500)
        return [names[index] for index in found] or reason

    assert left("home", residency=frozenset({"us-virginia", "eu-nordics"})) == ["small", "phone"]
    assert left("home", residency=frozenset({"eu-nordics"})) == "no target permitted: residency"
    assert left("free", residency=frozenset({"eu-nordics"})) == ["abroad"]
    assert left("free", banned_tiers=frozenset({"cloud", "edge"})) == ["small"]
    assert left("home", capability_floor=0.99).startswith("no target permitted: ")
