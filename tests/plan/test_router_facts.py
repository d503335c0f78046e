"""What routers know of energy, of the grid, of deadlines and of prefixes is what the run is settled by."""

from __future__ import annotations

import numpy as np
import pytest

from router import CarbonForecast, Decision, RequestView
from router.testing.samples import sample_requests
from simulator import Scenario, load_scenario, simulate
from simulator.fleet.site import intensity_gco2e_per_kwh
from simulator.plan.carbon import MOST_STEPS, carbon_forecast
from simulator.plan.resolution import fleet_of, resolve
from simulator.scenario.errors import InvalidScenarioError
from world_cases import CHAT, FRONTIER, PHONE, plain, scenario, with_stream

ENDPOINT = {
    "name": "box", "tier": "on_prem", "model": "llama-3.1-8b", "region": "us-virginia",
    "endpoint": {"servers": 4, "service_time": 2.0, "power_w": 300, "idle_w": 0},
}  # fmt: skip


def target(made: Scenario, index: int = 0):
    """A target of the scenario's fleet."""
    return fleet_of(made).targets[index]


def test_a_forecast_holds_each_value_for_its_step() -> None:
    """The first value holds before the run, the last after the forecast."""
    carbon = CarbonForecast(step_s=10.0, gco2e_per_kwh=(1.0, 2.0, 3.0))
    assert [carbon.at(at_s) for at_s in (-5.0, 0.0, 9.9, 10.0, 29.9, 30.0, 1e9)] == [1, 1, 1, 2, 3, 3, 3]


def test_a_forecast_is_the_signal_s_mean_over_each_quarter_hour() -> None:
    """Against the mean of the signal at many instants of the step, for run and drain."""
    made = scenario(duration="2d", drain="1h")
    carbon, signal = carbon_forecast(made, "us-texas"), intensity_gco2e_per_kwh(made, "us-texas")
    assert (carbon.step_s, len(carbon.gco2e_per_kwh)) == (900.0, 4 * 49)
    for step in (0, 37, 195):
        inside = 900.0 * step + (np.arange(2_000) + 0.5) * 900.0 / 2_000
        assert carbon.at(900.0 * step + 1.0) == pytest.approx(signal.at(inside).mean(), rel=1e-6)
    assert target(made).carbon == carbon_forecast(made, "us-virginia")


def test_forecasts_of_long_runs_and_of_steady_grids_are_short() -> None:
    """A year has longer steps and is covered; a constant grid has one value."""
    year = carbon_forecast(
        scenario(duration="365d", **with_stream(arrivals={"pattern": "steady", "rate": 0.0001})), "us-texas"
    )
    assert len(year.gco2e_per_kwh) <= MOST_STEPS
    assert year.step_s * len(year.gco2e_per_kwh) >= 365 * 86_400.0
    steady = scenario(signals={"carbon_intensity": {"us-virginia": 123.0}})
    assert carbon_forecast(steady, "us-virginia").gco2e_per_kwh == (123.0,)


@pytest.mark.parametrize("entry", [PHONE, ENDPOINT, FRONTIER])
def test_marginal_joules_are_those_that_a_run_is_settled_on(entry) -> None:
    """Single streams and API estimates draw by token what routers are told, over many answers.

    A mean answer of an endpoint draws its mean service; the usual answer is a stream's plain mean.
    """
    lengths = {"input_tokens": 400, "output_tokens": 200}
    made = scenario(fleet=[entry], duration="10min", drain="2h", **with_stream(**lengths, devices=1_000))
    result = simulate(made, "least_outstanding")
    energy, requests = result.report.plain["energy_wh"], result.report.plain["requests"]
    assert requests["completed"] == requests["arrived"] > 500
    known = target(made)
    told_j = 400 * known.energy_j_per_input_token + 200 * known.energy_j_per_output_token
    drawn_wh = energy["active"] + energy["api_estimate"] + energy["user_side"]
    assert drawn_wh * 3600.0 / requests["completed"] == pytest.approx(told_j, rel=0.02)


def test_marginal_joules_of_a_replica_are_its_share_of_a_middling_step() -> None:
    """32 sequences of 1,000 tokens share a decode step, a prompt token has its own work; PUE is on top."""
    made = scenario()
    cost = fleet_of(made).services[0].queues.joules
    step_j = cost.base + 32 * (cost.sequence + 1_000 * cost.context)
    factor = made.catalog.region("us-virginia").pue
    known = target(made)
    assert known.energy_j_per_output_token == pytest.approx(factor * step_j / 32)
    assert known.energy_j_per_input_token == pytest.approx(factor * (cost.prompt + 500 * cost.attention))
    assert cost.base > 0.0


def test_what_nobody_knows_of_energy_is_none() -> None:
    """An endpoint without watts has no marginal energy, and sorts last."""
    box = {**ENDPOINT, "endpoint": {"servers": 4, "service_time": 2.0}}
    known = target(scenario(fleet=[box]))
    view = RequestView(sample_requests(1))
    assert (known.energy_j_per_input_token, known.energy_j_per_output_token) == (None, None)
    assert known.marginal_energy_j(view) == np.inf


class Puts(list):
    """Defers each request once, and keeps what it sees of its deadline."""

    def route(self, request, fleet, rng) -> Decision:
        """A deferral by 7 s at first."""
        self.append((request.index, request.now_s, request.deferrable_until_s))
        seen = [index for index, _now_s, _until_s in self].count(request.index)
        if seen == 1:
            return Decision.defer(request.now_s + 7.0, reason="later")
        return Decision.send(fleet.candidate_targets()[0].name, reason="now")


def test_a_deadline_counts_from_the_arrival(monkeypatch) -> None:
    """It is the same instant before and after a deferral; streams without one have none."""
    patient = {**CHAT, "name": "patient", "deferrable": True, "defer_deadline": "1h"}
    made = scenario(workload={"streams": [CHAT, patient]})
    seen = Puts()
    monkeypatch.setattr("simulator.experiment.simulation.policy_of", lambda *_: seen)
    simulate(made, "static")
    names = resolve(made).plan.workload
    first = {index: now_s for index, now_s, _until_s in reversed(seen)}
    for index, _now_s, until_s in seen:
        stream = names.stream_names[names.stream_code[index]]
        wanted = first[index] + 3600.0 if stream == "patient" else np.nan
        assert until_s == pytest.approx(wanted, nan_ok=True)
    assert len(seen) > 2 * 500


def test_a_deadline_without_leave_to_wait_is_refused() -> None:
    """`defer_deadline` of a stream that is not deferrable is a problem of the scenario."""
    with pytest.raises(InvalidScenarioError, match="defer_deadline goes with deferrable: true"):
        load_scenario(plain(**with_stream(defer_deadline="1h")))


def test_prefixes_and_histories_are_the_workload_s() -> None:
    """Blocks row by row; a history of -1 shows as 0."""
    made = scenario(**with_stream(session={"turns": 4, "think_time": "5s"}))
    plan = resolve(made).plan
    view = RequestView(plan.requests)
    load = plan.workload
    for index in range(len(load)):
        view.index = index
        assert view.history_token_count == max(load.history_token_count[index], 0)
        assert view.prefix_blocks == ()
    assert load.history_token_count.max() > 0
    replayed = resolve(load_scenario("azure-replay", overrides=["duration=60s", "warmup=0s"])).plan
    view, load = RequestView(replayed.requests), replayed.workload
    for index in range(min(len(load), 50)):
        view.index = index
        part = slice(load.prefix_offset[index], load.prefix_offset[index + 1])
        assert view.prefix_blocks == tuple(load.prefix_block[part])


def test_new_keys_leave_older_digests_alone() -> None:
    """Feedback and deadlines count where they are given only."""
    bare, patient = scenario(), scenario(**with_stream(deferrable=True, defer_deadline="1h"))
    heard = scenario(quality={"feedback": {"ratio": 0.2}})
    waits = scenario(**with_stream(deferrable=True))
    assert len({bare.digest, patient.digest, heard.digest, waits.digest}) == 4
    assert bare.digest == scenario(quality={}).digest
