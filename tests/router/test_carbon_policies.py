"""Policies that go by energy and carbon: rules computed apart, and what deferral saves in a run."""

from __future__ import annotations

from math import inf, isfinite, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_choices import TARGETS
from policy_runs import PolicyRun, stated
from router import CarbonForecast, Defer, InvalidPolicyParameterError, Send, make_policy
from simulator import simulate
from world_cases import CHAT, scenario

NAMES = [target.name for target in TARGETS]
JOULES = st.one_of(st.none(), st.integers(0, 9).map(float))
FOUR = st.tuples(JOULES, JOULES, JOULES, JOULES)
GRIDS = st.tuples(*[st.one_of(st.none(), st.lists(st.integers(0, 9).map(float), min_size=1, max_size=6))] * 4)
LOADS = st.tuples(*[st.integers(0, 3)] * 4)
BELOW = [1.0 / (1.0 + np.exp(-1.7 * target.ability["support_chat"])) for target in TARGETS]


def forecasts(grids):
    """The grids as forecasts by hours."""
    return tuple(None if g is None else CarbonForecast(step_s=3600.0, gco2e_per_kwh=tuple(g)) for g in grids)


def joules(prompt: float | None, answer: float | None, tokens: int) -> float:
    """Energy of a prompt and 200 answer tokens, infinite where either rate is unknown."""
    return inf if prompt is None or answer is None else tokens * prompt + 200 * answer


@settings(deadline=None, max_examples=80)
@given(inputs=FOUR, outputs=FOUR, loads=LOADS, tokens=st.integers(1, 2_000))
def test_marginal_energy_is_the_fewest_joules(inputs, outputs, loads, tokens) -> None:
    """Prompt and usual answer at each rate; unknown ones last, ties by load, then by index."""
    run = PolicyRun(
        "marginal_energy",
        targets=stated(energy_j_per_input_token=inputs, energy_j_per_output_token=outputs),
    )
    run.load(*loads)
    order = [(joules(inputs[i], outputs[i], tokens), loads[i], i) for i in range(4)]
    assert run.send(prompt=tokens) == NAMES[min(order)[2]]


@settings(deadline=None, max_examples=120)
@given(
    outputs=FOUR, grids=GRIDS, loads=LOADS, hour=st.integers(0, 7),
    floor=st.sampled_from([0.0, 0.6, 0.9, 1.0]), ceiling=st.sampled_from([None, 1e-9, 0.00005, 0.001]),
)  # fmt: skip
def test_carbon_aware_is_the_fewest_grams_of_those_good_enough(
    outputs, grids, loads, hour, floor, ceiling
) -> None:
    """By floor, then ceiling, then joules times the grid of the hour; at a difficulty of 0."""
    targets = stated(
        energy_j_per_input_token=(1.0,) * 4, energy_j_per_output_token=outputs, carbon=forecasts(grids)
    )
    run = PolicyRun("carbon_aware", {"floor": floor, "cost_ceiling_usd": ceiling}, targets)
    run.load(*loads)
    left = [i for i in range(4) if BELOW[i] >= floor] or [3]
    if ceiling is not None:
        usd = [(100 * t.input_price_usd_per_mtok + 200 * t.output_price_usd_per_mtok) / 1e6 for t in TARGETS]
        left = [i for i in left if usd[i] <= ceiling] or [min(left, key=lambda i: usd[i])]

    def grams(i: int) -> float:
        if grids[i] is None:
            return inf
        found = joules(1.0, outputs[i], 100) * grids[i][min(hour, len(grids[i]) - 1)]
        return found if isfinite(found) else inf

    best = min((grams(i), loads[i], i) for i in left)
    sent = NAMES.index(run.send(3600.0 * hour + 1.0))
    assert sent in left
    assert grams(sent) == pytest.approx(best[0]) or grams(sent) == best[0] == inf


def deferring(*grids, step_s: float = 3600.0) -> PolicyRun:
    """A deferring policy before targets of one joule a token on these grids, the floor open."""
    ones = (1.0,) * 4
    return PolicyRun(
        "carbon_deferral",
        {"floor": 0.0, "step_s": step_s},
        stated(energy_j_per_input_token=ones, energy_j_per_output_token=ones, carbon=forecasts(grids)),
    )


@settings(deadline=None, max_examples=100)
@given(
    grids=st.tuples(*[st.lists(st.integers(0, 9).map(float), min_size=24, max_size=24)] * 4),
    now_s=st.integers(0, 80_000), wait_s=st.integers(0, 60_000),
)  # fmt: skip
def test_what_may_wait_is_sent_at_the_cleanest_hour_before_its_deadline(grids, now_s, wait_s) -> None:
    """The first full hour, or now, at which the cleanest grid is cleanest; asked again then, it is sent."""
    run = deferring(*grids)
    hours = [now_s, *(h * 3600 for h in range(now_s // 3600 + 1, (now_s + wait_s) // 3600 + 1))]
    least = [min(grid[min(at_s // 3600, 23)] for grid in grids) for at_s in hours]
    wanted = hours[least.index(min(least))]
    decision = run.decide(float(now_s), until_s=float(now_s + wait_s))
    if wanted == now_s:
        assert isinstance(decision, Send)
    else:
        assert isinstance(decision, Defer)
        assert decision.until_s == wanted <= now_s + wait_s
        again = run.decide(float(wanted), until_s=float(now_s + wait_s))
        assert isinstance(again, Send)
        assert grids[NAMES.index(again.target)][wanted // 3600 if wanted < 86_400 else 23] == min(least)


def test_what_may_not_wait_goes_at_once() -> None:
    """Without a deadline, after it, or where the grid is unknown, nothing is held back."""
    falling = [[9.0, 1.0]] * 4
    assert isinstance(deferring(*falling).decide(0.0, until_s=7_200.0), Defer)
    assert deferring(*falling).send(0.0, until_s=nan) == "small"
    assert deferring(*falling).send(0.0, until_s=3_599.0) == "small"
    assert deferring(*falling).send(9_000.0, until_s=8_000.0) == "small"
    assert deferring(None, None, None, None).send(0.0, until_s=7_200.0) == "small"


def test_wrong_parameters_are_listed_together() -> None:
    """Floor, ceiling and step are each a problem."""
    with pytest.raises(InvalidPolicyParameterError) as refused:
        make_policy("carbon_deferral", {"floor": 2.0, "cost_ceiling_usd": 0.0, "step_s": 0.0})
    assert len(refused.value.problems) == 3


BOX = {
    "tier": "dedicated", "model": "llama-3.1-8b",
    "endpoint": {"servers": 400, "service_time": 2.0, "power_w": 300, "idle_w": 0},
}  # fmt: skip


def day(**stream: object):
    """A day of requests before one machine in Texas, whose grid has a daily shape."""
    patient = {
        **CHAT,
        "arrivals": {"pattern": "steady", "rate": 0.05},
        "name": "patient",
        "deferrable": True,
        **stream,
    }
    return scenario(
        duration="1d",
        drain="1d",
        workload={"streams": [patient, {**CHAT, "arrivals": {"pattern": "steady", "rate": 0.01}}]},
        fleet=[{**BOX, "name": "texas", "region": "us-texas"}],
        router={"parameters": {"floor": 0.0}},
    )


def test_deferral_saves_carbon_and_no_energy_and_keeps_every_deadline() -> None:
    """Against carbon_aware on the same day: fewer grams, equal joules, all sent by their deadline."""
    waiting = day(defer_deadline="8h")
    result, at_once = simulate(waiting, "carbon_deferral"), simulate(waiting, "carbon_aware")
    energy = [float(run.attempts["energy_wh"].sum()) for run in (result, at_once)]
    assert energy[0] == pytest.approx(energy[1], rel=1e-9)
    grams = [float(run.attempts["emissions_gco2e"].sum()) for run in (result, at_once)]
    assert grams[0] < 0.97 * grams[1]
    arrived, sent = result.requests["arrival_s"], np.full(len(result.requests["arrival_s"]), nan)
    sent[np.searchsorted(result.requests["request"], result.attempts["request"])] = result.attempts[
        "started_s"
    ]
    patient = result.requests["stream"] == "patient"
    late = sent - arrived
    assert late[patient].max() <= 8 * 3600.0 + 1e-6
    assert (late[patient] > 3600.0).mean() > 0.2
    assert late[~patient].max() == 0.0
    assert not np.isnan(late).any()


def test_without_a_deadline_deferral_is_carbon_aware() -> None:
    """A deferrable stream that states no deadline is sent at once."""
    plain = day()
    runs = [
        simulate(plain, name).report.plain["emissions_gco2e"] for name in ("carbon_deferral", "carbon_aware")
    ]
    assert runs[0] == runs[1]
