"""Who pays for waste: work that was failed, timed out, cancelled or computed twice."""

from __future__ import annotations

import numpy as np
import pytest

from simulator import simulate
from simulator.kernel.codes import Ending
from world_cases import FRONTIER, SMALL, scenario, with_stream

STEADY = {"pattern": "steady", "rate": 2.0, "process": "deterministic"}
ROUND = {"policy": "round_robin"}


def test_a_failure_after_the_first_token_is_paid_and_not_retried() -> None:
    """An outage breaks answers under way: they fail for good, and pay for their steps as waste."""
    outage = {"kind": "outage", "target": "small", "at": "60s", "duration": "5s"}
    fleet = [SMALL, {**SMALL, "name": "other"}]
    router = {"policy": "round_robin", "resilience": {"retries": 3, "default_fallbacks": ["other"]}}
    stream = with_stream(arrivals=STEADY, output_tokens=400)
    result = simulate(scenario(fleet=fleet, faults=[outage], router=router, **stream))
    run = result.settlement.run
    broken = (run.attempts.ending == Ending.FAILED) & ~np.isnan(run.attempts.first_s)
    assert broken.any()
    requests = run.attempts.request[broken]
    counts = np.bincount(run.attempts.request)
    assert (counts[requests] == 1).all()
    assert result.report.figure("requests.failed") == broken.sum()
    rate = run.terms[0].capacity_usd_per_s
    np.testing.assert_allclose(run.books.whole.capacity_usd[broken], run.attempts.busy_s[broken] * rate)
    assert result.report.figure("cost_usd.wasted") == pytest.approx(
        run.books.whole.capacity_usd[broken].sum()
    )


def test_a_timeout_in_a_queue_costs_nothing() -> None:
    """Who hangs up while waiting has used no step; the capacity stands idle or serves others."""
    stream = with_stream(
        arrivals={**STEADY, "rate": 60.0}, output_tokens=600, max_output_tokens=600, client={"timeout": "4s"}
    )
    fleet = [{**SMALL, "engine": {"max_sequences": 1}}]
    run = simulate(scenario(fleet=fleet, router=ROUND, **stream)).settlement.run
    waited = np.isnan(run.attempts.admitted_s)
    assert waited.sum() > 50
    assert (run.attempts.ending[waited] == Ending.CANCELLED).all()
    assert run.books.whole.cost_usd[waited].sum() == 0.0


def test_a_cancelled_hedge_pays_its_input_and_what_it_generated() -> None:
    """The loser at an API is billed like any call that was given up, and all of it is waste."""
    router = {"policy": "hedge", "parameters": {"after_s": 0.2}}
    result = simulate(scenario(fleet=[SMALL, FRONTIER], router=router, **with_stream(arrivals=STEADY)))
    run = result.settlement.run
    api = np.array([term.rates is not None for term in run.terms])[run.attempts.target]
    lost = (run.attempts.ending == Ending.CANCELLED) & api
    began = lost & ~np.isnan(run.attempts.admitted_s)
    assert began.any()
    assert (run.books.whole.api_usd[began] > 0.0).all()
    assert (run.books.whole.wasted_ratio[began] == 1.0).all()


def test_a_preempted_recompute_is_waste_of_the_attempt_that_won() -> None:
    """Prompt tokens computed twice are paid by their attempt and shown as waste, no more than it paid."""
    engine = {"kv_room_tokens": 3_000, "prefix_cache": False}
    stream = with_stream(arrivals={**STEADY, "rate": 12.0}, input_tokens=400, output_tokens=300)
    result = simulate(scenario(fleet=[{**SMALL, "engine": engine}], router=ROUND, duration="1min", **stream))
    run = result.settlement.run
    again = run.attempts.won & (run.attempts.recomputed > 0)
    assert again.any()
    share = run.attempts.wasted_s[again] / run.attempts.busy_s[again]
    np.testing.assert_allclose(run.books.whole.wasted_ratio[again], share)
    assert ((share > 0.0) & (share < 1.0)).all()
    lost = ~run.attempts.won
    wasted_s = np.where(lost, run.spans.window.busy_s, run.spans.window.wasted_s).sum()
    paid = wasted_s * run.terms[0].capacity_usd_per_s
    assert result.report.figure("cost_usd.wasted") == pytest.approx(paid)
