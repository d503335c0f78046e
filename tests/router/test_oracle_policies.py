"""Oracles against the best of all assignments, tried out one by one."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_choices import TARGETS, fleet_of, request_of
from router import InvalidPolicyParameterError, Send, make_policy
from router.testing.samples import LADDER, sample_requests
from router.views.request import AnswerTable, OracleRequestView

COUNT = 4


def clairvoyant(correct: list[list[bool]], prompts: list[int]) -> OracleRequestView:
    """Requests with these prompts, and whether each target is right on each."""
    table = replace(sample_requests(len(prompts)), prompt_token_count=np.array(prompts, dtype=np.int32))
    right = np.array(correct, dtype=np.bool_)
    return OracleRequestView(
        table, AnswerTable(correct=right, output_token_count=np.zeros_like(right, np.int32))
    )


def decided(name: str, view: OracleRequestView, **knobs: float) -> list[int]:
    """The rung that every request is sent to, in order."""
    policy, fleet, rng = make_policy(name, knobs), fleet_of(TARGETS), np.random.default_rng(1)
    rungs = []
    for index in range(len(view.all_requests.task_code)):
        view.index = index
        decision = policy.route(view, fleet, rng)  # type: ignore[union-attr]  # it has a route
        assert isinstance(decision, Send)
        rungs.append(fleet.by_name[decision.target].index)
    return rungs


def cost_usd(rung: int, prompt: int) -> float:
    """Prompt and the usual 200 tokens at a rung's prices."""
    return (prompt * LADDER[rung][4] + 200.0 * LADDER[rung][5]) / 1e6


worlds = st.tuples(
    st.lists(st.lists(st.booleans(), min_size=COUNT, max_size=COUNT), min_size=4, max_size=4),
    st.lists(st.integers(1, 10_000), min_size=COUNT, max_size=COUNT, unique=True),
)


@settings(deadline=None, max_examples=25)
@given(world=worlds, budget_usd=st.sampled_from([0.0, 3e-4, 1e-3, 4e-3, 0.02, 1.0]))
def test_no_assignment_within_the_budget_is_right_more_often(world, budget_usd) -> None:
    """Of all ways to send four requests to four targets, none within the mean budget beats the oracle."""
    correct, prompts = world
    plan = decided("budgeted_oracle", clairvoyant(correct, prompts), target_usd_per_request=budget_usd)
    limit = budget_usd * COUNT * (1.0 + 1e-9)
    spent = sum(cost_usd(rung, prompt) for rung, prompt in zip(plan, prompts, strict=True))
    assert spent <= limit
    best = 0
    for rungs in product(range(4), repeat=COUNT):
        if sum(cost_usd(rung, prompt) for rung, prompt in zip(rungs, prompts, strict=True)) <= limit:
            best = max(best, sum(correct[rung][number] for number, rung in enumerate(rungs)))
    assert sum(correct[rung][number] for number, rung in enumerate(plan)) == best


@settings(deadline=None, max_examples=40)
@given(world=worlds)
def test_a_budget_that_never_ends_is_the_oracle_s(world) -> None:
    """Without a binding budget the choices are those of the oracle that knows none."""
    view = clairvoyant(*world)
    assert decided("budgeted_oracle", view, target_usd_per_request=1e6) == decided("oracle", view)


@settings(deadline=None, max_examples=40)
@given(world=worlds)
def test_best_quality_is_the_strongest_that_is_right(world) -> None:
    """The greatest rung whose answer is right, else the last one; right as often as the oracle."""
    correct, prompts = world
    found = decided("best_quality", clairvoyant(correct, prompts))
    for number, rung in enumerate(found):
        assert rung == max((r for r in range(4) if correct[r][number]), default=3)


def test_nothing_is_bought_without_money() -> None:
    """A budget of nothing sends everything to the cheapest; its own right answers stay right."""
    view = clairvoyant([[False] * 3, [True, False, False], [True] * 3, [True] * 3], [10, 20, 30])
    assert decided("budgeted_oracle", view, target_usd_per_request=0.0) == [0, 0, 0]


@pytest.mark.parametrize("name", ["best_quality", "budgeted_oracle"])
def test_oracles_say_so_and_need_the_answers(name: str) -> None:
    """They are marked in every report, and refuse to decide blindly."""
    policy = make_policy(name)
    assert policy.oracle is True
    with pytest.raises(TypeError, match="OracleRequestView"):
        policy.route(request_of(), fleet_of(TARGETS), np.random.default_rng(1))


def test_a_budget_below_nothing_is_refused() -> None:
    """Nobody can be asked to earn money by routing."""
    with pytest.raises(InvalidPolicyParameterError, match="target_usd_per_request"):
        make_policy("budgeted_oracle", {"target_usd_per_request": -1.0})
