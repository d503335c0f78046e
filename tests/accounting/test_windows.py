"""The billed window: its capacity by the clock, the drain apart, a month made of its hours and traffic."""

from __future__ import annotations

import numpy as np
import pytest

from run_laws import assert_laws
from simulator import Scenario, simulate
from simulator.experiment.simulation import RunResult
from simulator.series import run_series
from world_cases import CHAT, FRONTIER, PHONE, SMALL, scenario

HOUR_S = 3_600.0
MONTH_S = 30.4375 * 86_400.0
ALONE = {"policy": "round_robin"}
SOON = {**SMALL, "pricing": {"usd_per_chip_hour": 2.0}}
CALLED = {**FRONTIER, "model": "gpt-4o", "api": {"offer": "openai/gpt-4o", "ttft": "20s"}}


def overloaded(**changes: object) -> Scenario:
    """A replica that gets more than it can do until the window ends, and works on after it."""
    stream = {**CHAT, "arrivals": {"pattern": "steady", "rate": 60.0}}
    given = {"workload": {"streams": [stream]}, "fleet": [SOON], "router": ALONE, "duration": "1min"}
    return scenario(**{**given, **changes})


@pytest.fixture(scope="module")
def backlog() -> RunResult:
    """A run whose work goes on after its window."""
    return simulate(overloaded(drain="1h"))


def test_the_drain_is_billed_apart(backlog: RunResult) -> None:
    """A window's rent is its hours; what is used after it stands under `drain` and in no total."""
    cost, drain = backlog.report.plain["cost_usd"], backlog.report.plain["drain"]
    assert cost["capacity_used"] + cost["capacity_idle"] == pytest.approx(2.0 / 60.0)
    assert cost["per_month"] == pytest.approx(2.0 * MONTH_S / HOUR_S)
    attempts = backlog.attempts
    after_s = attempts["busy_s"].sum() - attempts["window_busy_s"].sum()
    assert drain["cost_usd"]["capacity_used"] == pytest.approx(after_s * 2.0 / HOUR_S)
    assert drain["cost_usd"]["total"] == drain["cost_usd"]["capacity_used"] > cost["total"] / 2.0
    assert drain["seconds"] == pytest.approx(attempts["finished_s"].max() - 60.0)
    assert drain["energy_wh"] == pytest.approx(
        attempts["energy_wh"].sum() - attempts["counted_energy_wh"].sum()
    )
    assert min(drain["energy_wh"], drain["emissions_gco2e"], drain["water_l"]) > 0.0


def test_timeline_and_series_leave_the_drain_out(backlog: RunResult) -> None:
    """Steps add up to the report, and used capacity is all there when the window ends."""
    fields = backlog.report.plain
    for column, total in (
        ("spend_usd", "cost_usd"),
        ("energy_wh", "energy_wh"),
        ("emissions_gco2e", "emissions_gco2e"),
    ):
        assert backlog.timeline[column].sum() == pytest.approx(fields[total]["total"])
    series = run_series(backlog.settlement, backlog.samples, {})
    cost = next(measure for measure in series.totals if measure.name == "cost_usd")
    rows = [key[-1] == "capacity_used" for key in cost.keys]
    at_end = int(np.searchsorted(series.t_s, 60.0))
    assert series.t_s[-1] > 60.0
    assert cost.values[rows, at_end].sum() == pytest.approx(fields["cost_usd"]["capacity_used"])


def test_a_run_that_ends_with_its_window_counts_what_one_with_a_drain_does(backlog: RunResult) -> None:
    """Whether work goes on afterwards changes neither dollars nor watt-hours of the window."""
    cut = simulate(overloaded(drain="0s"))
    assert cut.report.plain["drain"]["cost_usd"]["total"] == 0.0
    assert cut.report.plain["drain"]["energy_wh"] == 0.0
    assert cut.report.plain["drain"]["seconds"] < 0.1, (
        "answers computed in the window leave the server after it"
    )
    for path in ("cost_usd.total", "cost_usd.capacity_used", "energy_wh.total", "energy_wh.active"):
        assert cut.report.figure(path) == pytest.approx(backlog.report.figure(path), rel=1e-9), path


def test_work_on_earlier_requests_belongs_to_the_window_and_to_no_task() -> None:
    """Capacity used in the window for arrivals of the warm-up is used; tasks leave it unallocated."""
    result = simulate(overloaded(warmup="30s", drain="1h"))
    run, by = result.settlement.run, result.report.plain["by"]
    early = ~result.settlement.cohort.attempts
    used = run.books.counted.capacity_usd[early].sum()
    assert used > 0.0
    for label in ("task", "tenant"):
        assert by[label]["unallocated"]["cost_usd"]["capacity_used"] == pytest.approx(used)
    cost = by["deployment"]["small"]["cost_usd"]
    assert cost["capacity_used"] + cost["capacity_idle"] == pytest.approx(1.0 / 60.0)
    assert_laws(result)


def test_signals_are_averaged_over_the_part_of_work_in_the_window() -> None:
    """A span's work lies within the span, so that its prices and grams are those of that time."""
    spans = simulate(overloaded(warmup="30s", drain="1h")).settlement.run.spans
    for span, low_s, high_s in (
        (spans.window, 30.0, 60.0),
        (spans.after, 60.0, np.inf),
        (spans.before, 0.0, 30.0),
    ):
        works = span.busy_s > 0.0
        assert works.any()
        assert ((span.from_s >= low_s) & (span.to_s <= high_s) & (span.to_s >= span.from_s))[works].all()


def test_users_devices_are_by_request() -> None:
    """Nobody holds them: all they drew for the window's requests is theirs, and none of it is drain."""
    stream = {**CHAT, "output_tokens": 800, "arrivals": {"pattern": "steady", "rate": 2.0}}
    world = scenario(
        workload={"streams": [stream]}, fleet=[PHONE], router=ALONE, duration="1min", warmup="20s", drain="1h"
    )
    result = simulate(world)
    attempts, energy = result.attempts, result.report.plain["energy_wh"]
    mine = attempts["started_s"] >= 20.0
    assert (attempts["finished_s"] > 60.0).any()
    assert energy["user_side"] == pytest.approx(attempts["energy_wh"][mine].sum())
    assert result.report.plain["drain"]["energy_wh"] == 0.0


def test_units_used_after_the_window_are_drain() -> None:
    """A call is a use of provisioned units at the instant of its admission, in the window or after it."""
    unit = {"usd_per_unit_hour": 2, "input_tokens_per_min_per_unit": 4000, "output_weight": 4}
    api = {"offer": "openai/gpt-4o", "plan": "provisioned", "units": 2, "throughput": unit}
    stream = {
        **CHAT,
        "input_tokens": 1000,
        "output_tokens": 10,
        "arrivals": {"pattern": "steady", "rate": 1.0},
    }
    router = {**ALONE, "resilience": {"retries": 8, "cooldown": "0s"}}
    world = scenario(
        workload={"streams": [stream]},
        fleet=[{**CALLED, "api": api}],
        router=router,
        duration="1min",
        drain="1h",
    )
    result = simulate(world)
    attempts = result.attempts
    late = attempts["admitted_s"] >= 60.0
    assert late.any()
    used_s = (attempts["input_token_count"] + 4 * attempts["output_token_count"])[late].sum() / (4000 / 60)
    drain = result.report.plain["drain"]["cost_usd"]
    assert drain["capacity_used"] == pytest.approx(used_s * 2.0 / HOUR_S)
    assert_laws(result)


def test_calls_are_paid_by_the_requests_that_arrived_in_the_window() -> None:
    """An API's tokens of late answers count; those of requests from the warm-up never do."""
    result = simulate(scenario(fleet=[CALLED], router=ALONE, duration="1min", warmup="30s", drain="1h"))
    attempts, cost = result.attempts, result.report.plain["cost_usd"]
    mine = attempts["started_s"] >= 30.0
    late = attempts["finished_s"] > 60.0
    assert (mine & late).any()
    assert (~mine).any()
    assert cost["api"] == pytest.approx(attempts["api_usd"][mine].sum())
    assert result.report.plain["drain"]["cost_usd"]["total"] == 0.0


def week(*factors: float, **changes: object) -> dict[str, object]:
    """A stream with a daily wave and the given weekdays, Monday first."""
    arrivals = {"pattern": "diurnal", "rate": "300/h", "weekday_factors": list(factors)}
    return {"workload": {"streams": [{**CHAT, "arrivals": {**arrivals, **changes}}]}}


SHOP = (1.4, 1.2, 1.0, 1.0, 1.0, 0.7, 0.7)


def priced(**changes: object) -> dict[str, object]:
    """The `cost_usd` of a Monday in Virginia (its local day) on an API, with changes."""
    monday = {"start": "2026-11-02T05:00:00Z", "duration": "24h", "fleet": [CALLED], "router": ALONE}
    return simulate(scenario(**{**monday, **changes})).report.plain["cost_usd"]


def test_a_month_of_mondays_is_scaled_to_its_mean_day() -> None:
    """What goes with traffic is scaled by the weekday's factor; the phrase says from which day."""
    cost = priced(**week(*SHOP))
    assert cost["per_month"] == pytest.approx(cost["total"] * 30.4375 / 1.4)
    assert cost["per_month_basis"] == "Monday's traffic scaled by weekday factors"


def test_deciding_goes_with_traffic() -> None:
    """What routing costs by request is scaled like the requests."""
    router = {**ALONE, "decision_usd": 0.001}
    cost = priced(**week(*SHOP), fleet=[SOON], router=router)
    rent = 2.0 * MONTH_S / HOUR_S
    assert cost["per_month"] == pytest.approx(rent + cost["routing"] * 30.4375 / 1.4)


def test_rent_is_not_scaled_by_traffic() -> None:
    """Held hours of a month are hours, whatever the day's traffic was."""
    cost = priced(**week(*SHOP), fleet=[SOON])
    assert cost["per_month"] == pytest.approx(2.0 * MONTH_S / HOUR_S)


def test_a_month_without_weekdays_says_so() -> None:
    """Where all days are alike, or nobody says, the day is repeated, and the phrase admits it."""
    cost = priced(**week(*(1.0,) * 7))
    assert cost["per_month"] == pytest.approx(cost["total"] * 30.4375)
    assert cost["per_month_basis"] == "at this day's traffic, every day of the month"
    steady = priced(workload={"streams": [CHAT]}, duration="1h")
    assert steady["per_month"] == pytest.approx(steady["total"] * MONTH_S / HOUR_S)
    assert steady["per_month_basis"] == "at this hour's traffic, every hour of the month"


def test_an_hour_of_a_wave_is_no_mean_hour() -> None:
    """The hour around the peak of a wave of 3 to 1 is divided by its height over the mean."""
    cost = priced(**week(*(1.0,) * 7), start="2026-11-02T18:30:00Z", duration="1h")
    minutes = (np.arange(60) + 0.5) / 60.0 - 0.5
    height = 1.0 + 0.5 * np.cos(2.0 * np.pi * minutes / 24.0).mean()
    assert cost["per_month"] == pytest.approx(cost["total"] * MONTH_S / HOUR_S / height)
    assert "daily and weekly pattern" in cost["per_month_basis"]


def test_a_whole_week_needs_no_scaling() -> None:
    """Seven days are what a month is made of, in proportion."""
    cost = priced(**week(*SHOP, rate="20/h"), duration="7d")
    assert cost["per_month"] == pytest.approx(cost["total"] * 30.4375 / 7.0)
    assert cost["per_month_basis"] == "one whole week"


def test_streams_are_scaled_by_their_own_days() -> None:
    """A steady stream beside a weekly one keeps its dollars; rows of tasks add up to the month."""
    other = {
        **CHAT,
        "name": "other",
        "task": "summarization",
        "arrivals": {"pattern": "steady", "rate": "60/h"},
    }
    shop = week(*SHOP)["workload"]["streams"][0]
    monday = {"start": "2026-11-02T05:00:00Z", "duration": "24h", "fleet": [CALLED], "router": ALONE}
    fields = simulate(scenario(**monday, workload={"streams": [shop, other]})).report.plain
    rows = {name: row["cost_usd"] for name, row in fields["by"]["task"].items()}
    assert rows["support_chat"]["per_month"] == pytest.approx(rows["support_chat"]["total"] * 30.4375 / 1.4)
    assert rows["summarization"]["per_month"] == pytest.approx(rows["summarization"]["total"] * 30.4375)
    assert sum(row["per_month"] for row in rows.values()) == pytest.approx(fields["cost_usd"]["per_month"])
    assert fields["cost_usd"]["per_month_basis"].endswith("other streams' as it is")


def test_refused_calls_process_no_tokens() -> None:
    """Tokens, dollars per million of them and their breakdowns are those of calls that began."""
    stream = {
        **CHAT,
        "arrivals": {"pattern": "steady", "rate": 3.0},
        "input_tokens": 1000,
        "output_tokens": 100,
    }
    limited = {**CALLED, "api": {**CALLED["api"], "requests_per_min": 30}}
    router = {**ALONE, "resilience": {"retries": 3, "cooldown": "0s"}}
    result = simulate(scenario(workload={"streams": [stream]}, fleet=[limited], router=router))
    attempts, fields = result.attempts, result.report.plain
    done = attempts["state"] == "completed"
    assert (~done).sum() > done.sum()
    tokens = 1000 * int(done.sum()) + attempts["output_token_count"][done].sum()
    assert fields["tokens"]["input"] == 1000 * int(done.sum())
    assert fields["cost_usd"]["per_mtok"] == pytest.approx(fields["cost_usd"]["total"] / tokens * 1e6)
    assert fields["by"]["deployment"]["frontier"]["tokens"]["input"] == 1000 * int(done.sum())


def test_a_providers_errors_process_no_tokens_and_broken_machines_do() -> None:
    """Calls that an outage breaks are free and count no tokens; a replica's broken work counts."""
    outage = {"kind": "outage", "at": "90s", "duration": "5s"}
    faults = [{**outage, "target": "frontier"}, {**outage, "target": "small"}]
    world = scenario(fleet=[CALLED, SMALL], router=ALONE, faults=faults, drain="1h")
    result = simulate(world)
    attempts = result.attempts
    broken = (attempts["state"] == "failed") & ~np.isnan(attempts["admitted_s"])
    for name, counts in (("frontier", 0), ("small", 1)):
        mine = attempts["deployment"] == name
        assert (mine & broken).any()
        worked = mine & ((attempts["state"] == "completed") | (broken & bool(counts)))
        found = result.report.plain["by"]["deployment"][name]["tokens"]
        assert found["input"] == attempts["input_token_count"][worked].sum()
        assert found["output"] == attempts["output_token_count"][worked].sum()


def test_an_answer_nobody_waits_for_any_more_is_waste() -> None:
    """When the client hangs up while the finished answer travels back, all of it was for nobody."""
    stream = {**CHAT, "input_tokens": 1000, "output_tokens": 1, "client": {"timeout": "2.4s"}}
    api = {"offer": "openai/gpt-4o", "ttft": "1s", "output_tokens_per_s": 100}
    world = scenario(
        workload={"streams": [stream]},
        fleet=[{**CALLED, "api": api}],
        router=ALONE,
        network={"last_mile": {"cloud": "2s"}},
    )
    result = simulate(world)
    fields, attempts = result.report.plain, result.attempts
    assert fields["requests"]["timed_out"] == fields["requests"]["arrived"]
    assert (attempts["state"] == "completed").all()
    assert attempts["wasted"].all()
    assert fields["cost_usd"]["wasted"] == pytest.approx(fields["cost_usd"]["total"])
    assert fields["cost_usd"]["wasted"] > 0.0
