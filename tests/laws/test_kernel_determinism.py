"""The ledger depends on what happens, not on how or when the kernel is asked."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oracle.cases import Case
from oracle.fingerprint import ledger_digest
from oracle.runs import drive, obey, outcome_of, run_to, submit_all, submit_one
from oracle.strategies import fleet_cases
from simulator.kernel import GroupSpec, Kernel
from simulator.kernel.codes import RANDOM, Ending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.cases import Command
    from oracle.runs import Outcome

LATER_S = 64.0
THOROUGH = settings(
    max_examples=120,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
Fleet = tuple[tuple[GroupSpec, ...], Case]


def driven(groups: Sequence[GroupSpec], case: Case) -> Kernel:
    """A kernel after the case."""
    kernel = Kernel(groups)
    drive(kernel, case)
    return kernel


def assert_identical(seen: Outcome, expected: Outcome, shift_s: float = 0.0) -> None:
    """Bit for bit the same, instants later by `shift_s`."""
    for name, column in expected.attempts.items():
        shift = shift_s if name in ("ready_s", "admitted_s", "first_s", "finish_s") else 0.0
        np.testing.assert_array_equal(seen.attempts[name], column + shift, name)
    for name, column in expected.queues.items():
        np.testing.assert_array_equal(seen.queues[name], column, name)


@THOROUGH
@given(fleet_cases())
def test_the_same_input_gives_the_same_bytes(fleet: Fleet) -> None:
    """Two runs of one case end in ledgers that are equal to the bit."""
    assert ledger_digest(driven(*fleet)) == ledger_digest(driven(*fleet))


@THOROUGH
@given(fleet_cases(), st.integers(0, 10**6))
def test_many_small_advances_make_no_difference(fleet: Fleet, seed: int) -> None:
    """Stopping the kernel at a hundred arbitrary instants on the way changes no bit."""
    groups, case = fleet
    kernel = Kernel(groups)
    handles = submit_all(kernel, case)
    stops = np.sort(np.random.default_rng(seed).uniform(0.0, 8.0, 100)).tolist()
    for command in case.commands:
        stop_at(kernel, [at_s for at_s in stops if at_s < command.at_s])
        stops = [at_s for at_s in stops if at_s >= command.at_s]
        obey(kernel, command, handles)
    stop_at(kernel, [*stops, math.inf])
    assert ledger_digest(kernel) == ledger_digest(driven(groups, case))


def stop_at(kernel: Kernel, stops: Sequence[float]) -> None:
    """Runs a kernel from stop to stop."""
    for at_s in stops:
        run_to(kernel, at_s)


@THOROUGH
@given(fleet_cases())
def test_submitting_early_or_just_in_time_is_the_same(fleet: Fleet) -> None:
    """Attempts sent at time 0 or at the instant they arrive have the same story."""
    groups, case = fleet
    kernel = Kernel(groups)
    handles: dict[int, int] = {}
    for at_s, item in agenda(case):
        run_to(kernel, at_s)
        if isinstance(item, int):
            handles[item] = submit_one(kernel, item, case.arrivals[item], at_s)
        else:
            obey(kernel, item, handles)
    run_to(kernel, math.inf)
    assert_identical(outcome_of(kernel), outcome_of(driven(groups, without_early_cancels(case))))


def without_early_cancels(case: Case) -> Case:
    """The case without what cannot be said just in time: cancels of attempts not yet sent."""
    return replace(case, commands=tuple(command for command in case.commands if possible(case, command)))


def possible(case: Case, command: Command) -> bool:
    """Whether the command concerns a queue or an attempt that is there by then."""
    number = getattr(command, "attempt", None)
    return number is None or case.arrivals[number].ready_s < command.at_s


def agenda(case: Case) -> list[tuple[float, int | Command]]:
    """Arrivals, by number, and commands, in order of time."""
    sent: list[tuple[float, int | Command]] = [
        (arrival.ready_s, number) for number, arrival in enumerate(case.arrivals)
    ]
    told = [(command.at_s, command) for command in case.commands if possible(case, command)]
    return sorted([*sent, *told], key=lambda entry: entry[0])


@THOROUGH
@given(fleet_cases(tied=True))
def test_the_same_story_can_begin_later(fleet: Fleet) -> None:
    """Shifting all arrivals and commands shifts all instants, and changes no duration or bill."""
    groups, case = fleet
    groups = tuple(GroupSpec(queues=group.queues, count=group.count) for group in groups)
    later = replace(
        case,
        arrivals=tuple(replace(a, ready_s=a.ready_s + LATER_S) for a in case.arrivals),
        commands=tuple(replace(c, at_s=c.at_s + LATER_S) for c in case.commands),
    )
    seen, expected = outcome_of(driven(groups, later)), outcome_of(driven(groups, case))
    assert_identical(seen, expected, LATER_S)


@THOROUGH
@given(fleet_cases())
def test_groups_do_not_feel_each_other(fleet: Fleet) -> None:
    """A group serves its attempts as it would if the other groups were not there."""
    groups, case = fleet
    case = replace(case, commands=())
    rows = driven(groups, case).ledger()
    alone = replace(case, arrivals=tuple(a for a in case.arrivals if a.queue == 0))
    mine = rows[rows["group"] == 0]
    expected = driven(groups[:1], alone).ledger()
    names = ["ending", "reason", "output", "admitted_s", "first_s", "finish_s", "busy_s"]
    if groups[0].balancing != RANDOM:
        for name in names:
            np.testing.assert_array_equal(mine[name], expected[name], name)


@THOROUGH
@given(fleet_cases())
def test_notices_come_in_order_of_time(fleet: Fleet) -> None:
    """Announced instants never go back, nor past the limit, nor before the event they announce."""
    groups, case = fleet
    kernel = Kernel(groups)
    handles = [
        kernel.submit(a.queue, n, a.prompt, a.output, 0.0, a.ready_s, 0.01, notify=3)
        for n, a in enumerate(case.arrivals)
    ]
    notices = [notice for limit_s in (0.5, 1.0, 2.0, math.inf) for notice in told(kernel, limit_s)]
    instants = [notice[0] for notice in notices]
    assert instants == sorted(instants)
    last = {notice[1]: notice[0] for notice in notices}
    rows = kernel.ledger()
    left = np.where(rows["ending"] == Ending.COMPLETED, rows["finish_s"] + rows["lag_s"], rows["finish_s"])
    np.testing.assert_array_equal([last[handle] for handle in handles], left + 0.01)


def told(kernel: Kernel, limit_s: float) -> list[tuple[float, int, int, int, float]]:
    """Notices up to a limit, each within it."""
    notices = run_to(kernel, limit_s)
    assert all(notice[0] <= limit_s for notice in notices)
    return notices
