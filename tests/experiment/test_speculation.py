"""Drafts: more tokens a step at a price that grows with the batch."""

from __future__ import annotations

import math

import numpy as np
import pytest

from oracle.runs import run_to
from simulator import InvalidScenarioError, simulate
from simulator.kernel import BatchingSpec, GroupSpec, Kernel, StepCost
from simulator.serving.speculation import tokens_per_step
from world_cases import CHAT, SMALL, scenario

BASE_S, CONTEXT_S = 0.25, 2.0**-12


def alone(width: int, progress: float, output: int, *, context_s: float = 0.0) -> np.void:
    """The ledger row of one sequence of 8 prompt tokens on an idle replica."""
    spec = BatchingSpec(seconds=StepCost(base=BASE_S, context=context_s), width=width, progress=progress)
    kernel = Kernel([GroupSpec(queues=spec)])
    kernel.submit(0, 0, 8, output, 0.0, 0.0)
    run_to(kernel, math.inf)
    return kernel.ledger()[0]


@pytest.mark.parametrize(("draft_tokens", "ratio"), [(1, 0.5), (3, 0.7), (5, 0.0), (4, 1.0)])
def test_tokens_per_step_are_the_expected_run_of_accepted_drafts(draft_tokens: int, ratio: float) -> None:
    """The closed form equals the sum of a^i over drafts that all before accepted."""
    expected = sum(ratio**i for i in range(draft_tokens + 1))
    assert tokens_per_step(draft_tokens, ratio) == pytest.approx(expected)


@pytest.mark.parametrize("progress", [1.0, 1.75, 2.5, 3.0])
@pytest.mark.parametrize("output", [1, 2, 7, 100])
def test_a_lone_answer_takes_the_steps_that_its_progress_says(progress: float, output: int) -> None:
    """Prefill is step 0; then steps until floor(t g) - floor(g) reaches the tokens that are left."""
    t = 1
    while math.floor(t * progress) - math.floor(progress) < output - 1:
        t += 1
    assert alone(4, progress, output)["finish_s"] == pytest.approx(t * BASE_S, abs=1e-12)


def test_contexts_grow_by_the_tokens_kept() -> None:
    """Each step reads the prompt and all tokens kept before it."""
    steps = [8 + math.floor(t * 2.5) - 2 for t in range(1, 4)]
    row = alone(4, 2.5, 8, context_s=CONTEXT_S)
    assert row["finish_s"] == pytest.approx(4 * BASE_S + sum(steps) * CONTEXT_S, abs=1e-12)


def tpot_s(rate: float, **engine: object) -> float:
    """Mean time per output token of a chat at a rate."""
    arrivals = {"pattern": "steady", "rate": rate}
    small = {**SMALL, "engine": engine}
    world = scenario(
        workload={"streams": [{**CHAT, "arrivals": arrivals, "output_tokens": 400}]},
        fleet=[small],
        router={"policy": "round_robin"},
    )
    return float(np.nanmean(simulate(world).requests["tpot_s"]))


def test_drafts_help_a_light_load_and_do_nothing_when_never_accepted() -> None:
    """At little load time per token falls by nearly the tokens per step; useless drafts only cost."""
    plain = tpot_s(0.2)
    good = tpot_s(0.2, speculative={"draft_tokens": 3, "acceptance_ratio": 0.8})
    useless = tpot_s(0.2, speculative={"draft_tokens": 3, "acceptance_ratio": 0.0})
    heavy = tpot_s(0.2, speculative={"draft_tokens": 3, "acceptance_ratio": 0.8, "draft_layers": 16})
    assert good == pytest.approx(plain / tokens_per_step(3, 0.8), rel=0.1)
    assert plain < useless < 1.3 * plain
    assert heavy == pytest.approx(1.5 * good, rel=0.1)


@pytest.mark.parametrize("wrong", [{"draft_tokens": 0}, {"acceptance_ratio": 1.2}, {"draft_layers": -1}])
def test_drafts_without_meaning_are_refused(wrong: dict[str, float]) -> None:
    """No drafts, more than all accepted, fewer than no layers: an error that names the key."""
    given = {"draft_tokens": 3, "acceptance_ratio": 0.8, **wrong}
    with pytest.raises(InvalidScenarioError, match=next(iter(wrong))):
        scenario(fleet=[{**SMALL, "engine": {"speculative": given}}])
