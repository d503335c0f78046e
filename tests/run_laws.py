"""The laws of a run, as assertions: what has to hold whatever the scenario and the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulator.kernel import BatchingSpec
from simulator.kernel.codes import Ending
from simulator.world.journal import RequestState

if TYPE_CHECKING:
    from simulator.experiment.simulation import RunResult

STATES = ("completed", "rejected", "timed_out", "failed", "unfinished")
ADDITIVE = (
    ("requests", ("arrived", *STATES)),
    ("tokens", ("input", "output")),
    ("cost_usd", ("total", "api", "capacity_used", "capacity_idle", "energy", "egress", "routing", "wasted")),
    ("energy_wh", ("total", "active", "idle", "api_estimate", "user_side")),
    ("emissions_gco2e", ("total", "user_side", "embodied")),
)


def close(a: float, b: float) -> bool:
    """Whether two sums of the same things agree."""
    return a == pytest.approx(b, rel=1e-9, abs=1e-12)


def assert_requests_conserved(result: RunResult) -> None:
    """Every request that arrived ended in exactly one state."""
    counts = result.report.plain["requests"]
    assert counts["arrived"] == sum(counts[state] for state in STATES)
    outcomes = result.settlement.run.outcomes
    assert not (outcomes.state == RequestState.PENDING).any()
    assert len(np.unique(outcomes.request)) == len(outcomes.request)


def assert_attempts_conserved(result: RunResult) -> None:
    """Every attempt stands in the ledger once, with an ending, and a request of its own."""
    attempts, journal = result.settlement.run.attempts, result.settlement.journal
    assert len(attempts) == len(journal.attempt_kinds)
    assert set(np.unique(attempts.ending)) <= {int(ending) for ending in Ending}
    assert not np.isnan(journal.arrival_s[attempts.request]).any()
    won = np.bincount(attempts.request[attempts.won], minlength=len(journal.state))
    assert won.max(initial=0) <= 1


def assert_answers_delivered(result: RunResult) -> None:
    """A completed request has the tokens of its model's answer; times do not run backwards."""
    run, plan = result.settlement.run, result.settlement.plan
    done = run.outcomes.completed
    rows = run.outcomes.winner[done]
    models = np.array([target.model for target in plan.target_plans])[run.outcomes.target[done]]
    asked = plan.answers.output_token_count[models, run.outcomes.request[done]]
    np.testing.assert_array_equal(run.attempts.output[rows], asked)
    assert (run.outcomes.ttft_s[done] >= 0).all()
    assert (run.outcomes.e2e_s[done] >= run.outcomes.ttft_s[done] - 1e-9).all()
    assert (run.outcomes.queue_s[done] >= -1e-12).all()


def assert_money_adds_up(result: RunResult) -> None:
    """The kinds sum to the total; the attempts, idle capacity and routing sum to it as well."""
    cost = result.report.plain["cost_usd"]
    kinds = ("api", "capacity_used", "capacity_idle", "energy", "egress", "routing")
    assert close(cost["total"], sum(cost[kind] for kind in kinds))
    run, cohort = result.settlement.run, result.settlement.cohort
    paid = run.books.counted.cost_usd.sum() + run.routing_usd[cohort.routing].sum()
    idle = run.capacity.idle_usd.sum() + run.capacity.idle_energy_usd.sum()
    assert close(cost["total"], paid + idle)
    assert 0.0 <= cost["wasted"] <= cost["total"] + 1e-12


def assert_capacity_is_what_is_held(result: RunResult) -> None:
    """Target by target, used and idle seconds and dollars of the window are what was held in it."""
    run, plan = result.settlement.run, result.settlement.plan
    window_s = plan.duration_s - plan.warmup_s
    held_share = [level.mean(plan.warmup_s, plan.duration_s) for level in result.samples.presence.held]
    for target, term in enumerate(run.terms):
        if not term.held:
            continue
        mine = run.attempts.target == target
        share = held_share[target] / result.samples.presence.counts[target]
        held_s = term.queue_count * share * window_s
        used_s = run.spans.window.busy_s[mine].sum()
        assert used_s + run.capacity.idle_s[target] == pytest.approx(held_s, rel=1e-9, abs=1e-6)
        paid_usd = run.books.counted.capacity_usd[mine].sum() + run.capacity.idle_usd[target]
        assert paid_usd == pytest.approx(held_s * term.capacity_usd_per_s, rel=1e-9, abs=1e-9)


def assert_spans_add_up(result: RunResult) -> None:
    """Work before, in and after the window is all of it, none of it negative; so are its dollars."""
    run = result.settlement.run
    spans = (run.spans.before, run.spans.window, run.spans.after)
    for name in ("busy_s", "energy_j", "wasted_s"):
        parts = [getattr(span, name) for span in spans]
        np.testing.assert_allclose(sum(parts), getattr(run.attempts, name), rtol=1e-9, atol=1e-9)
        assert all((part >= -1e-9).all() for part in parts), name
    over = run.attempts.finish_s <= result.settlement.plan.duration_s
    assert not run.spans.after.busy_s[over].any()
    drain, fields = run.books.drain, result.report.plain["drain"]
    assert close(fields["cost_usd"]["total"], drain.capacity_usd.sum() + drain.energy_usd.sum())
    assert close(fields["energy_wh"], drain.facility_wh.sum())
    assert (fields["seconds"] > 0.0) == bool((~over).any())


def assert_energy_adds_up(result: RunResult) -> None:
    """Joules of attempts are the joules of the batches, at the meter by PUE."""
    run = result.settlement.run
    pue = np.array([term.pue for term in run.terms])[run.attempts.target]
    drawn = run.attempts.energy_j / 3600.0 * pue
    assert close(run.books.whole.facility_wh.sum(), drawn.sum())
    held = np.array([term.held for term in run.terms])[run.attempts.target]
    in_window = (run.spans.window.energy_j / 3600.0 * pue)[held].sum()
    energy = result.report.plain["energy_wh"]
    assert close(energy["active"], in_window)
    assert close(energy["total"], energy["active"] + energy["idle"] + energy["api_estimate"])


def assert_power_limits_kept(result: RunResult) -> None:
    """Busy accelerators draw no more than their limit and their host's share: joules over busy seconds."""
    attempts, groups = result.settlement.run.attempts, result.settlement.plan.groups
    for index, group in enumerate(groups):
        rows = attempts.target == index
        if isinstance(group.queues, BatchingSpec):
            most_j = group.queues.power_limit_w * attempts.busy_s[rows].sum()
            assert attempts.energy_j[rows].sum() <= most_j * (1.0 + 1e-9)


def assert_breakdowns_add_up(result: RunResult) -> None:
    """Every breakdown sums to the whole, with what it cannot carry as `unallocated`."""
    for name, parts in result.report.plain["by"].items():
        for block, keys in ADDITIVE:
            for key in keys:
                total = sum(part[block][key] for part in parts.values())
                assert close(total, result.report.plain[block][key]), (name, block, key)


def assert_records_are_the_report(result: RunResult) -> None:
    """What records count of each request and attempt, and idle capacity, is what the report totals."""
    cost, capacity = result.report.plain["cost_usd"], result.settlement.run.capacity
    idle = (capacity.idle_usd + capacity.idle_energy_usd).sum()
    assert close(cost["total"], result.requests["counted_cost_usd"].sum() + idle)
    attempts = result.attempts
    assert close(cost["api"], attempts["counted_api_usd"].sum())
    assert close(cost["capacity_used"], attempts["counted_capacity_usd"].sum())


def assert_tasks_conserved(result: RunResult) -> None:
    """Every agent task that arrived ended in exactly one state; the streams add up to all of them."""
    tasks = result.report.plain["tasks"]
    for block in (tasks, *tasks["by_stream"].values()):
        assert block["arrived"] == block["completed"] + block["failed"] + block["unfinished"]
        assert 0 <= (block["success_ratio"] or 0) * block["arrived"] <= block["completed"] + 1e-9
    for key in ("arrived", "completed", "failed", "unfinished"):
        assert tasks[key] == sum(block[key] for block in tasks["by_stream"].values())
    for path, key in (("cost_usd", "total"), ("energy_wh", "total")):
        assert close(tasks[path][key], sum(block[path][key] for block in tasks["by_stream"].values()))


def assert_calls_paid(result: RunResult) -> None:
    """The cost of the tasks is the cost of the requests that are their calls."""
    requests, tasks = result.requests, result.report.plain["tasks"]
    opened = requests["arrival_s"] >= result.settlement.plan.warmup_s
    counted = requests["agent_task"][opened & (requests["call"] == 1)]
    mine = np.isin(requests["agent_task"], counted)
    assert close(tasks["cost_usd"]["total"], requests["counted_cost_usd"][mine].sum())
    assert tasks["arrived"] == len(counted)


def assert_calls_in_order(result: RunResult) -> None:
    """A call arrives a tool's time after the one before it completed, with a longer prompt, or never."""
    requests, workload = result.requests, result.settlement.plan.workload
    order = np.lexsort((requests["call"], requests["agent_task"]))
    order = order[requests["agent_task"][order] >= 0]
    same = np.diff(requests["agent_task"][order]) == 0
    before, after = order[:-1][same], order[1:][same]
    assert (requests["call"][after] == requests["call"][before] + 1).all()
    assert (requests["state"][before] == "completed").all()
    tool_s = workload.think_s[requests["request"][after]]
    np.testing.assert_allclose(
        requests["arrival_s"][after], requests["final_s"][before] + tool_s, rtol=1e-9, atol=1e-9
    )
    assert (requests["input_token_count"][after] > requests["input_token_count"][before]).all()
    assert (requests["call"] <= requests["planned_call_count"]).all()


def assert_laws(result: RunResult) -> None:
    """All laws of a run."""
    assert_requests_conserved(result)
    assert_attempts_conserved(result)
    assert_answers_delivered(result)
    assert_money_adds_up(result)
    assert_capacity_is_what_is_held(result)
    assert_spans_add_up(result)
    assert_records_are_the_report(result)
    assert_energy_adds_up(result)
    assert_power_limits_kept(result)
    assert_breakdowns_add_up(result)
    assert_tasks_conserved(result)
    assert_calls_paid(result)
    assert_calls_in_order(result)
