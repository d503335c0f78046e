"""What attempts and capacity cost, by hand on small runs."""

from __future__ import annotations

import numpy as np
import pytest

from simulator import simulate
from simulator.kernel.codes import Ending
from world_cases import FRONTIER, PHONE, SMALL, scenario, with_stream

ONE_A_MINUTE = {"pattern": "steady", "rate": "1/min", "process": "deterministic"}


def api_world(offer: str, model: str, **changes: object) -> object:
    """One API, a request a minute of a thousand tokens in and a hundred out."""
    fleet = [{**FRONTIER, "model": model, "api": {"offer": offer, **changes.pop("api", {})}}]
    stream = with_stream(
        arrivals=ONE_A_MINUTE, input_tokens=1_000, output_tokens=100, **changes.pop("stream", {})
    )
    return scenario(fleet=fleet, router={"policy": "round_robin"}, **stream, **changes)


def test_what_costs_nothing_costs_nothing_per_request() -> None:
    """Users' own devices are paid by nobody: 0 dollars in all, by request, by right answer and by token."""
    cost = simulate(scenario(fleet=[PHONE], router={"policy": "round_robin"}, duration="10s")).report.plain[
        "cost_usd"
    ]
    units = ("total", "per_request", "per_correct", "per_mtok", "per_month")
    assert [cost[name] for name in units] == [0.0] * 5


def test_api_tokens_cost_the_price_of_their_day() -> None:
    """The same requests before and after a price cut are billed by date."""
    costs = {}
    for day in ("2024-06-01", "2024-09-01"):
        result = simulate(api_world("openai/gpt-4o", "gpt-4o", start=day))
        tokens = result.report.plain["tokens"]
        costs[day] = (result.report.figure("cost_usd.api"), tokens["input"], tokens["output"])
    for day, (price_in, price_out) in (("2024-06-01", (5, 15)), ("2024-09-01", (2.5, 10))):
        cost, tokens_in, tokens_out = costs[day]
        assert cost == pytest.approx((tokens_in * price_in + tokens_out * price_out) / 1e6)


def test_a_price_that_changes_during_the_run_holds_from_midnight() -> None:
    """Requests on either side of the day pay its price."""
    world = api_world("openai/gpt-4o", "gpt-4o", start="2024-08-05T23:58:00Z", duration="4min")
    run = simulate(world).settlement.run
    cost = run.books.whole.api_usd / (run.attempts.prompt * 5e-6 + run.attempts.output * 15e-6)
    late = run.attempts.admitted_s >= 120.0
    assert late.any()
    assert not late.all()
    np.testing.assert_allclose(cost[~late], 1.0)
    assert (cost[late] < 0.7).all()


def test_long_prompts_pay_the_long_price() -> None:
    """Beyond 200,000 tokens Gemini's input is twice as dear, its output half as much again."""
    stream = {"input_tokens": 300_000, "max_output_tokens": 1_000}
    world = scenario(
        fleet=[{**FRONTIER, "model": "gemini-2.5-pro", "api": {"offer": "google/gemini-2.5-pro"}}],
        router={"policy": "round_robin"},
        **with_stream(arrivals=ONE_A_MINUTE, output_tokens=100, **stream),
    )
    run = simulate(world).settlement.run
    expected = (run.attempts.prompt * 1.25 * 2 + run.attempts.output * 10 * 1.5) / 1e6
    np.testing.assert_allclose(run.books.whole.api_usd, expected)


def test_failed_calls_are_free_and_cancelled_ones_pay() -> None:
    """An API error costs nothing; a call given up pays its input and what was generated."""
    failing = simulate(api_world("openai/gpt-4o", "gpt-4o", api={"failure_ratio": 1.0}))
    assert failing.report.figure("requests.failed") == failing.report.figure("requests.arrived")
    assert failing.report.figure("cost_usd.total") == 0.0
    slow = {"output_tokens_per_s": 20.0, "ttft": "500ms"}
    hung_up = simulate(api_world("openai/gpt-4o", "gpt-4o", api=slow, stream={"client": {"timeout": "2s"}}))
    run = hung_up.settlement.run
    assert (run.attempts.ending == Ending.CANCELLED).all()
    assert (run.attempts.output > 0).all()
    assert (run.attempts.output < 100).all()
    expected = (run.attempts.prompt * 2.5 + run.attempts.output * 10) / 1e6
    np.testing.assert_allclose(run.books.whole.api_usd, expected)
    assert hung_up.report.figure("cost_usd.wasted") == pytest.approx(run.books.whole.api_usd.sum())


def test_rented_and_owned_capacity_differ_in_who_pays_the_meter() -> None:
    """Rent has no electricity bill; owned chips pay amortisation and the meter."""
    rented = simulate(scenario(fleet=[SMALL], router={"policy": "round_robin"}))
    owned = simulate(
        scenario(fleet=[{**SMALL, "pricing": {"owned": True}}], router={"policy": "round_robin"})
    )
    assert rented.report.figure("cost_usd.energy") == 0.0
    assert owned.report.figure("cost_usd.energy") > 0.0
    kwh = owned.report.figure("energy_wh.total") / 1_000.0
    assert owned.report.figure("cost_usd.energy") == pytest.approx(kwh * 0.13)
    hourly = rented.settlement.run.terms[0].capacity_usd_per_s * 3_600.0
    assert hourly == pytest.approx(3.67)


def test_users_devices_cost_the_operator_nothing() -> None:
    """A phone's energy and grams stand on the users' side."""
    phone = {
        "name": "phone",
        "tier": "edge",
        "model": "llama-3.2-3b",
        "device": {"device": "iphone-14-pro-max"},
        "region": "us-virginia",
    }
    report = simulate(scenario(fleet=[phone], router={"policy": "round_robin"})).report
    assert report.figure("cost_usd.total") == 0.0
    assert report.figure("energy_wh.total") == 0.0
    assert report.figure("energy_wh.user_side") > 0.0
    assert report.figure("emissions_gco2e.user_side") > 0.0


def test_energy_of_a_batch_falls_with_its_size() -> None:
    """Joules per token at a busy replica are several times lower than at an idle one."""
    per_token = []
    for rate in (0.05, 12.0):
        stream = with_stream(
            arrivals={"pattern": "steady", "rate": rate}, input_tokens=150, output_tokens=300
        )
        result = simulate(
            scenario(duration="10min", fleet=[SMALL], router={"policy": "round_robin"}, **stream)
        )
        run = result.settlement.run
        per_token.append(run.attempts.energy_j.sum() / run.attempts.output.sum())
    assert per_token[0] > 4.0 * per_token[1]


def test_hidden_reasoning_delays_the_first_visible_token() -> None:
    """A reasoning model's first token is delivered after its hidden ones, which are billed."""
    fleet = [{**FRONTIER, "model": "deepseek-r1", "api": {"offer": "deepseek/deepseek-r1"}}]
    world = scenario(
        fleet=fleet,
        router={"policy": "round_robin"},
        **with_stream(arrivals=ONE_A_MINUTE, input_tokens=100, output_tokens=100, max_output_tokens=4_000),
    )
    result = simulate(world)
    hidden = result.report.plain["tokens"]["reasoning_output"]
    assert hidden / result.report.plain["tokens"]["output"] == pytest.approx(0.7, abs=0.01)
    outcomes = result.settlement.run.outcomes
    attempts = result.settlement.run.attempts
    hidden_s = (attempts.finish_s - attempts.first_s) * 70 / 99
    visible_s = attempts.first_s + hidden_s + attempts.return_s
    np.testing.assert_allclose(outcomes.ttft_s, visible_s - outcomes.arrival_s, rtol=1e-9)
