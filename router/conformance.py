"""What every policy must keep to, as a suite that anyone can run over their own.

from router.conformance import check_policy
check_policy(MyPolicy)
"""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from router.decision import Decision
from router.errors import PolicyFailedError
from router.host.host import Host
from router.outcome import Feedback, Outcome
from router.policy import FeedbackPolicy, LearningPolicy, Policy, StepPolicy, is_oracle, replays_log
from router.steps import Start
from router.testing.samples import sample_fleet, sample_requests, sample_targets, sample_view
from router.testing.scripted_run import ScriptedAttempt, ScriptedRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView

    PolicyFactory = Callable[[], Policy | StepPolicy]

REQUEST_COUNT = 40
CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep")
PYTHON_DRAWS = (
    "random",
    "randint",
    "randrange",
    "uniform",
    "choice",
    "choices",
    "sample",
    "shuffle",
    "gauss",
)
NUMPY_DRAWS = (
    "rand",
    "randn",
    "random",
    "randint",
    "choice",
    "uniform",
    "shuffle",
    "permutation",
    "default_rng",
)


def check_policy(factory: PolicyFactory) -> None:
    """Runs every rule of the suite over fresh policies from the factory.

    Args:
        factory: makes a new policy each time; a class without required arguments will do.

    While a rule about the clock runs, `time`, `random` and `numpy.random` refuse to serve in the
    whole process: run the suite in a process of its own, not beside other threads.

    Raises:
        AssertionError: names the rule that is broken, and how.
    """
    for rule in RULES:
        try:
            rule(factory)
        except (AssertionError, PolicyFailedError) as broken:
            message = f"{rule.__name__}: {broken}"
            raise AssertionError(message) from broken


def is_a_policy(factory: PolicyFactory) -> None:
    """The factory makes something with `route` or `steps`."""
    made = factory()
    _hold(isinstance(made, (Policy, StepPolicy)), f"{made!r} has neither route nor steps")


def picks_only_candidates(factory: PolicyFactory) -> None:
    """Every target named is a candidate of the request, however few there are."""
    for targets, fleet in _fleets():
        count = len(targets)
        for candidates in {tuple(range(count)), (0,), (count - 1,), tuple(range(0, count, 2))}:
            fleet.candidates = candidates
            _run(factory(), targets, fleet)


def gives_reasons(factory: PolicyFactory) -> None:
    """Every decision has a reason, a short text."""
    targets, fleet = next(_fleets())
    for decision in _run(factory(), targets, fleet):
        reason = decision.reason if isinstance(decision, Decision) else "steps"
        _hold(isinstance(reason, str) and bool(reason.strip()), f"{decision!r} gives no reason")


def reasons_are_few(factory: PolicyFactory) -> None:
    """Reasons are stable phrases to count by, not texts made for each request."""
    targets, fleet = next(_fleets())
    decisions = _run(factory(), targets, fleet)
    reasons = {decision.reason for decision in decisions if isinstance(decision, Decision)}
    _hold(len(reasons) <= REQUEST_COUNT // 2, f"{len(reasons)} reasons for {REQUEST_COUNT} requests")


def is_deterministic(factory: PolicyFactory) -> None:
    """Two fresh policies with the same generator and the same views decide the same."""
    for targets, fleet in _fleets():
        first, second = (_run(factory(), targets, fleet) for _ in range(2))
        _hold(first == second, "two runs from the same seed differ")


def leaves_views_alone(factory: PolicyFactory) -> None:
    """The views are the same after a decision as before."""
    for targets, fleet in _fleets():
        before = _snapshot(fleet)
        _run(factory(), targets, fleet)
        _hold(_snapshot(fleet) == before, "the fleet view was changed")


def survives_ties(factory: PolicyFactory) -> None:
    """Targets that are alike in everything but their names are no trouble."""
    model = sample_targets()[0]
    twins = tuple(replace(model, index=i, name=f"twin-{i}", deployment=f"twin-{i}") for i in range(3))
    _run(factory(), twins, sample_fleet(twins))


def survives_unset_values(factory: PolicyFactory) -> None:
    """Limits, estimates and scores that are `nan`, and unknown abilities, are no trouble."""
    known = sample_targets()
    targets = tuple(replace(target, ability={}, expected_output_tokens={}) for target in known)
    _run(factory(), known, sample_fleet(known), unset=True)
    if not is_oracle(factory()):
        _run(factory(), targets, sample_fleet(targets))


def survives_extreme_loads(factory: PolicyFactory) -> None:
    """Loads of billions are no trouble."""
    targets = sample_targets()
    _run(factory(), targets, sample_fleet(targets, [2**40, 0, 2**40, 2**62]))


def ends_every_request(factory: PolicyFactory) -> None:
    """A request ends, completed, failed or rejected, also when every attempt fails."""
    broken = (ScriptedAttempt(fails_with="server_error", ends_s=0.1),)
    for targets, fleet in _fleets():
        for scripts in ({}, {target.name: broken for target in targets}):
            host, request = _hosted(factory(), targets)
            ScriptedRun(scripts).play(host, request, fleet)


def receives_outcomes(factory: PolicyFactory) -> None:
    """A learning policy takes outcomes, `nan` times included, and decides on."""
    policy = factory()
    targets, fleet = next(_fleets())
    if isinstance(policy, LearningPolicy):
        host, _request = _hosted(policy, targets)
        for index, target in enumerate(targets):
            with _without_outside():
                host.observe(_outcome(index, target))
        _run(policy, targets, fleet)


def receives_feedback(factory: PolicyFactory) -> None:
    """A policy that learns from feedback takes it of requests known and unknown, and decides on."""
    policy = factory()
    targets, fleet = next(_fleets())
    if isinstance(policy, FeedbackPolicy):
        _run(policy, targets, fleet)
        host, _request = _hosted(policy, targets)
        for index, target in enumerate((*targets, replace(targets[0], name="gone"))):
            for request in (index, REQUEST_COUNT + index):
                known = Feedback(
                    request_index=request, target=target.name, received_s=20.0, correct=index % 2 == 0
                )
                with _without_outside():
                    host.observe_feedback(known)
        _run(policy, targets, fleet)


def keeps_to_its_generator(factory: PolicyFactory) -> None:
    """Neither the wall clock nor any random source but the given generator is used to decide."""
    targets, fleet = next(_fleets())
    policy = factory()
    host, request = _hosted(policy, targets)
    for index in range(REQUEST_COUNT):
        request.index = index
        with _without_outside():
            _first_of(host, request, fleet)


RULES: tuple[Callable[[PolicyFactory], None], ...] = (
    is_a_policy,
    picks_only_candidates,
    gives_reasons,
    reasons_are_few,
    is_deterministic,
    leaves_views_alone,
    survives_ties,
    survives_unset_values,
    survives_extreme_loads,
    ends_every_request,
    receives_outcomes,
    receives_feedback,
    keeps_to_its_generator,
)


def _hold(holds: bool, message: str) -> None:  # noqa: FBT001  (the condition is what is stated)
    """Raises `AssertionError` with the message unless the condition holds."""
    if not holds:
        raise AssertionError(message)


def _fleets() -> Iterator[tuple[tuple[Target, ...], FleetView]]:
    """Fleets of several shapes and loads, the plainest first."""
    for replicas in ((1, 1, 1, 1), (1, 0, 0, 0), (0, 0, 0, 1), (4, 4, 4, 4)):
        targets = sample_targets(replicas)
        yield targets, sample_fleet(targets)
        yield targets, sample_fleet(targets, [(7 * i) % 5 for i in range(len(targets))])


def _hosted(
    policy: Policy | StepPolicy, targets: Sequence[Target], *, unset: bool = False
) -> tuple[Host, RequestView]:
    """A host with a seeded generator, and requests to ask it about."""
    table = sample_requests(REQUEST_COUNT)
    request = sample_view(table, targets, oracle=is_oracle(policy), replays=replays_log(policy))
    if unset:
        blank = np.full(REQUEST_COUNT, np.nan)
        table = replace(table, estimated_difficulty=blank, router_score=blank)
        request = sample_view(table, targets, oracle=is_oracle(policy), replays=replays_log(policy))
    return Host(policy, targets, rng=np.random.default_rng(7)), request


def _run(
    policy: Policy | StepPolicy, targets: Sequence[Target], fleet: FleetView, *, unset: bool = False
) -> list[object]:
    """What the policy does first with each request: a decision, or a step."""
    host, request = _hosted(policy, targets, unset=unset)
    candidates = fleet.candidates
    firsts = []
    for index in range(REQUEST_COUNT):
        request.index = index
        now_s = request.now_s
        firsts.append(_first_of(host, request, fleet))
        _hold(fleet.candidates == candidates, "the candidates were changed")
        _hold((request.index, request.now_s) == (index, now_s), "the request view was changed")
    return firsts


def _first_of(host: Host, request: RequestView, fleet: FleetView) -> object:
    """The host's decision on the request, or a step policy's first step."""
    decision, running = host.begin(request, fleet)
    step = next(running)
    running.close()
    _hold(not isinstance(step, Start) or step.target in fleet.candidates, f"{step!r} is no candidate")
    return step if decision is None else decision


def _snapshot(fleet: FleetView) -> tuple[object, ...]:
    """Everything a policy can see of the fleet, comparable."""
    columns = (fleet.outstanding, fleet.waiting, fleet.running, fleet.kv_usage_ratio)
    fixed = (fleet.targets, tuple(fleet.by_name), fleet.candidates, fleet.permitted, fleet.seen_s)
    return (*(column.tobytes() for column in columns), *fixed)


def _outcome(index: int, target: Target) -> Outcome:
    """An outcome of an attempt at the target, every second one failed."""
    failed = index % 2 == 1
    return Outcome(
        request_index=index,
        target=target.name,
        finished_s=float(index),
        completed=not failed,
        reason="server_error" if failed else "",
        ttft_s=np.nan if failed else 0.5,
        e2e_s=np.nan if failed else 2.0,
        output_token_count=0 if failed else 200,
    )


@contextmanager
def _without_outside() -> Iterator[None]:
    """Makes wall clock and global randomness raise while it lasts."""
    taken: list[tuple[ModuleType, str, object]] = []
    for module, names in ((time, CLOCKS), (random, PYTHON_DRAWS), (np.random, NUMPY_DRAWS)):
        taken += [(module, name, getattr(module, name)) for name in names]
    try:
        for module, name, _ in taken:
            setattr(module, name, _forbidden(f"{module.__name__}.{name}"))
        yield
    finally:
        for module, name, original in taken:
            setattr(module, name, original)


def _forbidden(name: str) -> Callable[..., object]:
    """A function that raises `AssertionError` whatever it is given."""

    def refuse(*_: object, **__: object) -> object:
        message = f"{name} is used to decide; the clock is request.now_s, randomness is rng"
        raise AssertionError(message)

    return refuse
