"""One request under the same policy and the same outcomes, on three clocks: the same steps to the same end.

The clocks are a rehearsal's script, a caller of the live router, and the simulator's kernel; the last
once as it settles requests afterwards, and once as it settles them at their instants.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from clock_cases import CASES, DELIVERED_EVENTS, Case
from live_callers import LiveCaller
from router import Host
from router.host.live import LiveRouter
from router.steps import Await, Event, EventKind, Start, Step
from router.testing.samples import sample_fleet, sample_requests, sample_targets, sample_view
from router.testing.scripted_run import ANSWERS, ScriptedRun
from router.views.stated import StatedRequest
from scripted_worlds import Load, plan_of
from simulator.kernel.codes import Ending
from simulator.kernel.spec import GroupSpec, ServersSpec
from simulator.observer import SilentObserver
from simulator.world.journal import STATE_NAMES, RequestState
from simulator.world.plan import Patience, TargetPlan
from simulator.world.requests.failures import ROUTER_REASON_NAMES
from simulator.world.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from clock_cases import Scripts

    Clock = Callable[["Case"], "Story"]

TARGETS = sample_targets()
REPLICAS = 8
BEGIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What a request's steps asked for and were told, with instants, and how it ended."""

    lines: tuple[tuple[Any, ...], ...]
    end: tuple[str, int, float]
    given_up: frozenset[int] | None = None


class Recorded:
    """A host whose steps and replies are written down, with the instants of somebody's clock."""

    def __init__(self, case: Case) -> None:
        """Hosts the case's policy afresh."""
        policy = case.policy() if callable(case.policy) else case.policy
        self.host = Host(policy, TARGETS, rng=np.random.default_rng(1), resilience=case.resilience)
        self.name, self.oracle, self.replays = self.host.name, False, False
        self.learns, self.counts_outcomes = self.host.learns, self.host.counts_outcomes
        self.takes_feedback = self.host.takes_feedback
        self.succeeded, self.observe = self.host.succeeded, self.host.observe
        self.lines: list[tuple[Any, ...]] = []
        self.handles: list[int] = []
        self.now_s: Callable[[], float] = lambda: nan

    def begin(self, request: Any, fleet: Any) -> tuple[Any, Generator[Step, Any, Any]]:
        """The host's, written down."""
        decision, steps = self.host.begin(request, fleet)
        return decision, self._noted(decision, steps)

    def _noted(self, decision: Any, steps: Generator[Step, Any, Any]) -> Generator[Step, Any, Any]:
        """The same steps."""
        self.lines.append((self._instant_s(), "decided", decision))
        reply = None
        while True:
            try:
                step = steps.send(reply)
            except StopIteration as ended:
                return ended.value and (ended.value[0], self._noted(*ended.value))
            self.lines.append((self._instant_s(), *self._step(step)))
            reply = yield step
            if isinstance(step, Start) and not isinstance(reply, Event):
                self.handles.append(reply)
            elif isinstance(step, Start):
                self.handles.append(reply.handle)
            self.lines.append((self._instant_s(), "heard", self._reply(reply)))

    def _instant_s(self) -> float:
        """The time it is."""
        return round(self.now_s(), 6)

    def _step(self, step: Any) -> tuple[Any, ...]:
        """A step with attempts by their number."""
        fields = {name: getattr(step, name) for name in step.__dataclass_fields__}
        if "handle" in fields:
            fields["handle"] = self.handles.index(step.handle)
        if isinstance(step, Await):
            fields["handles"] = tuple(map(self.handles.index, step.handles))
        return (type(step).__name__, *fields.items())

    def _reply(self, reply: Any) -> Any:
        """A reply with attempts by their number."""
        if isinstance(reply, Event):
            attempt = self.handles.index(reply.handle) if reply.handle >= 0 else -1
            failed = (reply.reason, reply.first_token_seen) if reply.kind is EventKind.FAILED else ()
            return (attempt, reply.kind.name, round(reply.now_s, 6), *failed)
        return self.handles.index(reply) if isinstance(reply, int) and not isinstance(reply, bool) else reply


def asked() -> Any:
    """The request, at ten seconds."""
    return sample_view(sample_requests(1), TARGETS, now_s=BEGIN_S)


def rehearsed(case: Case) -> Story:
    """By a rehearsal."""
    host, stage = Recorded(case), ScriptedRun(case.scripts)
    host.now_s = lambda: stage.now_s
    stage.now_s = BEGIN_S
    stage.play(host, asked(), sample_fleet(TARGETS), hangs_up_s=case.hangs_up_s)
    return Story(lines=tuple(host.lines), end=(stage.state, stage.answer, round(stage.now_s, 6)))


def reported(case: Case) -> Story:
    """By a caller of the live router."""
    host, caller = Recorded(case), LiveCaller(case.scripts)
    host.now_s = lambda: caller.now_s
    view = asked()
    names = [name for name in StatedRequest.__slots__ if not name.startswith("_")]
    stated = StatedRequest(index=0, now_s=BEGIN_S, **{name: getattr(view, name) for name in names})
    live = LiveRouter(host, TARGETS, clock=lambda: caller.now_s, expire_after_s=case.hangs_up_s - BEGIN_S)
    caller.play(live, stated, (0, 1, 2, 3), case.hangs_up_s)
    live.expire()
    assert live.open_request_count == live.fleet.outstanding.sum() == 0
    return Story(lines=tuple(host.lines), end=(caller.state, caller.answer, round(caller.now_s, 6)))


class ScriptedSubmission:
    """Sends attempts to servers of their own, which take as long, or break when, the scripts say."""

    meters: tuple[None, ...] = (None,) * len(TARGETS)
    delay_s = 0.0

    def __init__(self, world: World, scripts: Scripts) -> None:
        """Nothing was sent."""
        self._world, self._scripts = world, scripts
        self.tried: list[int] = []

    def submit(self, request: int, target: int, kind: int, tries: int, now_s: float) -> int:
        """Sends an attempt; its outcome is its target's next."""
        scripts = self._scripts.get(TARGETS[target].name) or (ANSWERS,)
        script = scripts[min(tries, len(scripts) - 1)]
        queue = REPLICAS * target + tries
        duration_s = script.ends_s if script.fails_with is None else 10.0 * script.ends_s
        first_s = min(script.first_token_s, duration_s)
        kernel, clock = self._world.kernel, self._world._clock
        self._world.journal.attempt_kinds.append(kind)
        self.tried.append(target)
        if script.fails_with is not None:
            reason = ROUTER_REASON_NAMES.index(script.fails_with)
            clock.at(now_s + script.ends_s, lambda: kernel.fail(queue, clock.now, reason))
        return kernel.submit(target, request, 1, 2, now_s, now_s, 0.0, first_s, duration_s, queue=queue)


def simulated(case: Case, timeout_s: float = inf) -> Story:
    """By the simulator's kernel; a request with a timeout is settled at its instant."""
    host = Recorded(case)
    zero = np.zeros(1)
    firsts = [(case.scripts.get(target.name) or (ANSWERS,))[0] for target in TARGETS]
    right = np.array([[script.right] for script in firsts])
    plan = plan_of(
        workload=Load({**vars(plan_of().workload), "arrival_s": np.array([BEGIN_S, *[nan] * 5])}),
        requests=sample_requests(6),
        answers=SimpleNamespace(correct=np.repeat(right, 6, axis=1), output_token_count=np.full((4, 6), 2)),
        model_names=tuple(target.model for target in TARGETS),
        targets=TARGETS,
        target_plans=tuple(
            TargetPlan(model=i, forward_s=zero, back_s=zero, queue_count=REPLICAS, first_queue=REPLICAS * i)
            for i in range(len(TARGETS))
        ),
        groups=(GroupSpec(queues=ServersSpec(servers=1), count=REPLICAS),) * len(TARGETS),
        candidate_sets=((0, 1, 2, 3),),
        empty_reasons=("",),
        patience=(Patience(timeout_s=min(timeout_s, case.hangs_up_s - BEGIN_S)),) * 2,
        end_s=1000.0,
    )
    world = World(plan, host, SilentObserver())
    host.now_s = lambda: world._clock.now
    world._executor.submission = ScriptedSubmission(world, case.scripts)
    ledger = world.run()
    journal = world.journal
    state, winner, final_s = journal.state.item(0), journal.winner.item(0), journal.final_s.item(0)
    if state == RequestState.PENDING and ledger["ending"][winner] == Ending.COMPLETED:
        state, final_s = RequestState.COMPLETED, ledger["finish_s"][winner]
    answer = winner if state == RequestState.COMPLETED else -1
    ended = ledger["ending"]
    given_up = frozenset(np.flatnonzero((ended == Ending.CANCELLED) | (ended == Ending.UNFINISHED)).tolist())
    assert given_up == set(journal.given_up_s)
    return Story(
        lines=tuple(host.lines), end=(STATE_NAMES[state], answer, round(float(final_s), 6)), given_up=given_up
    )


def settled_at_once(case: Case) -> Story:
    """The same with a timeout that never comes."""
    return simulated(case, timeout_s=900.0)


CLOCKS = (rehearsed, reported, simulated, settled_at_once)


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: clock.__name__)
@pytest.mark.parametrize("name", CASES)
def test_a_request_ends_alike_on_every_clock(name: str, clock: Clock) -> None:
    """State, attempt and instant are those that the policy and the outcomes lead to."""
    assert clock(CASES[name]).end == CASES[name].end


@pytest.mark.parametrize("clock", CLOCKS[1:], ids=lambda clock: clock.__name__)
@pytest.mark.parametrize("name", CASES)
def test_steps_and_replies_are_alike_on_every_clock(name: str, clock: Clock) -> None:
    """Starts, waits, cancels, verdicts and what is heard, each at its instant."""
    assert clock(CASES[name]).lines == rehearsed(CASES[name]).lines


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: clock.__name__)
@pytest.mark.parametrize("name", DELIVERED_EVENTS)
def test_events_are_heard_by_the_rules(name: str, clock: Clock) -> None:
    """Of the attempts that are waited for, once, the earliest first, as of the instant of hearing."""
    heard = [line[2] for line in clock(CASES[name]).lines if line[1] == "heard"]
    assert [reply for reply in heard if isinstance(reply, tuple)] == DELIVERED_EVENTS[name]


@pytest.mark.parametrize("clock", CLOCKS[2:], ids=lambda clock: clock.__name__)
@pytest.mark.parametrize(
    ("name", "given_up"),
    [
        ("send", set()),
        ("hedge in time", set()),
        ("hedge's backup wins", {0}),
        ("race", {0, 2}),
        ("what still runs is given up with the followed answer", {0}),
        ("what still runs is given up with the finished answer", {0}),
        ("what still runs is given up with a failure", {0}),
        ("nothing is heard of what was cancelled", {0}),
        ("hang-up while following", {0}),
        ("hang-up during a verdict", set()),
    ],
)
def test_what_still_runs_is_given_up_at_the_end(name: str, given_up: set[int], clock: Clock) -> None:
    """Whether or not the simulator settles the request at its instant."""
    assert clock(CASES[name]).given_up == given_up
