"""Little's law, exactly: on a drained run the area under a count is the sum of the times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from oracle.account import CountArea
from oracle.cases import Case
from oracle.loads import IDLE, KNEE, MEDIUM, OVERLOAD, REPLICA, Load, load_case
from oracle.runs import drive, run_to, submit_one
from oracle.strategies import fleet_cases
from simulator.kernel import GroupSpec, Kernel, ServersSpec

EXACT = 1e-9
COUNTED = ("ready_s", "admitted_s", "finish_s")


def measured(groups: tuple[GroupSpec, ...], case: Case) -> tuple[dict[str, float], np.ndarray]:
    """Areas under the counts of group 0, and the ledger, of a run looked at before each event."""
    kernel = Kernel(groups)
    drive(kernel, case)
    rows = kernel.ledger()
    again = Kernel(groups)
    area = CountArea(again)
    for number, arrival in sorted(enumerate(case.arrivals), key=lambda pair: pair[1].ready_s):
        area.look_through(instants_until(rows, area.now_s, arrival.ready_s))
        submit_one(again, number, arrival, arrival.ready_s)
    area.look_through(instants_until(rows, area.now_s, np.inf))
    run_to(again, np.inf)
    return area.areas, rows[rows["group"] == 0]


def instants_until(rows: np.ndarray, after_s: float, limit_s: float) -> list[float]:
    """Instants in (after_s, limit_s] at which anybody arrives, is admitted or ends."""
    known = np.unique(np.concatenate([rows[name] for name in COUNTED]))
    inside = known[(known > after_s) & (known <= limit_s)]
    return [*inside.tolist(), *([limit_s] if np.isfinite(limit_s) else [])]


@pytest.mark.parametrize("load", [IDLE, MEDIUM, KNEE, OVERLOAD], ids=lambda load: load.name)
def test_the_area_under_the_number_in_system_is_the_sum_of_sojourns(load: Load) -> None:
    """L = lambda W on a replica at every load, for the system and for its waiting line."""
    group = GroupSpec(queues=replace(REPLICA, kv_room_tokens=200_000))
    case = replace(load_case(load, count=120), commands=())
    areas, rows = measured((group,), case)
    sojourn_s = (rows["finish_s"] - rows["ready_s"]).sum()
    wait_s = (rows["admitted_s"] - rows["ready_s"]).sum()
    assert areas["outstanding"] == pytest.approx(sojourn_s, rel=EXACT)
    assert areas["waiting"] == pytest.approx(wait_s, rel=EXACT, abs=EXACT)
    assert areas["running"] == pytest.approx(sojourn_s - wait_s, rel=EXACT)


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(fleet_cases())
def test_littles_law_holds_for_any_group(fleet: tuple[tuple[GroupSpec, ...], Case]) -> None:
    """Balanced, prepared, limited, preempted or refused: what the counter saw is what the ledger says."""
    groups, case = fleet
    areas, rows = measured(groups, replace(case, commands=()))
    sojourn_s = (rows["finish_s"] - rows["ready_s"]).sum()
    assert areas["outstanding"] == pytest.approx(sojourn_s, rel=EXACT, abs=EXACT)
    inside_s = areas["preparing"] + areas["waiting"] + areas["running"]
    assert inside_s == pytest.approx(sojourn_s, rel=EXACT, abs=EXACT)


def test_littles_law_counts_servers_busy() -> None:
    """The area under the number being served is the busy time of the servers."""
    groups = (GroupSpec(queues=ServersSpec(servers=3)),)
    case = load_case(KNEE, count=120)
    served = tuple(replace(a, duration_s=0.01 * a.output) for a in case.arrivals)
    areas, rows = measured(groups, replace(case, arrivals=served, commands=()))
    assert areas["running"] == pytest.approx(rows["busy_s"].sum(), rel=EXACT)
