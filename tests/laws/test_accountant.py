"""The report is what an independent accountant makes of the records: every figure, in every world."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from billed_worlds import billed_worlds
from oracle.accountant.comparing import disagreements
from oracle.accountant.report import Accountant
from simulator import Scenario, load_scenario, shipped_scenarios, simulate
from world_cases import worlds

QUICK = (Phase.explicit, Phase.generate)
"""What fails is told as it was drawn: to shrink it takes minutes."""
MANY = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=QUICK,
    suppress_health_check=[HealthCheck.too_slow],
)


def assert_audited(world: Scenario) -> None:
    """The accountant finds every figure of the report, and no other."""
    result = simulate(world)
    found = list(disagreements(world, Accountant(world, result).figures(), result.report.to_dict()))
    assert not found, "\n".join(found[:20])


@pytest.mark.slow
@MANY
@given(data=billed_worlds())
def test_the_accountant_finds_every_figure(data: dict[str, object]) -> None:
    """Money, energy, times, answers and breakdowns of any world are what its records come to."""
    assert_audited(load_scenario(data))


@pytest.mark.slow
@MANY
@given(world=worlds())
def test_the_accountant_finds_every_figure_when_much_goes_wrong(world: Scenario) -> None:
    """The same where timeouts, refusals, faults and agents meet."""
    assert_audited(world)


@pytest.mark.parametrize("name", sorted(shipped_scenarios()))
def test_the_accountant_finds_every_figure_of_what_ships(name: str) -> None:
    """The same for each scenario that ships, over a part of its day."""
    short = "3min" if name == "split-serving" else "20min"
    assert_audited(load_scenario(name, overrides=[f"duration={short}", "warmup=1min"]))
