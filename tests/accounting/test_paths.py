"""Queue and network time of a request: of all attempts that followed one another until its answer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from simulator import simulate
from simulator.accounting.paths import last_of_each, stages
from simulator.experiment.simulation import RunResult
from world_cases import CHAT, FRONTIER, SMALL, scenario

NARROW = {**SMALL, "engine": {"max_sequences": 2}}
NEVER = {"false_reject_ratio": 1.0, "false_accept_ratio": 0.0, "cost_usd": 0.0}


def waits_s(result: RunResult) -> np.ndarray:
    """Seconds that each attempt waited at its target."""
    attempts = result.attempts
    until_s = np.where(np.isnan(attempts["admitted_s"]), attempts["finished_s"], attempts["admitted_s"])
    return np.maximum(until_s - attempts["ready_s"], 0.0)


def test_a_cascade_waits_in_both_of_its_queues() -> None:
    """The first stage's wait and way count, though another attempt answered."""
    router = {"policy": "cascade", "parameters": {"targets": ["small", "frontier"], **NEVER}}
    result = simulate(scenario(fleet=[NARROW, FRONTIER], router=router))
    waited_s, requests, attempts = waits_s(result), result.requests, result.attempts
    done = requests["state"] == "completed"
    assert (requests["attempt_count"][done] == 2).all()
    both_s = np.bincount(attempts["request"], waited_s)[requests["request"]]
    travelled_s = np.bincount(attempts["request"], 2.0 * attempts["back_s"])[requests["request"]]
    np.testing.assert_allclose(requests["queue_s"][done], both_s[done])
    np.testing.assert_allclose(requests["network_s"][done], travelled_s[done])
    first = attempts["target"] == "small"
    assert result.report.figure("latency.queue_s.mean") >= waited_s[first].mean() * 0.99 > 1.0


RACE = '''
class Both:
    """Races."""

    def route(self, request, fleet, rng):
        from router import Decision

        return Decision.race(("one", "two"), reason="both")
'''


def test_a_race_waits_in_the_winners_queue_alone(tmp_path: Path) -> None:
    """Of attempts under way at once only the winner's times are the request's."""
    one, two = ({**NARROW, "name": name} for name in ("one", "two"))
    path = tmp_path / "both.py"
    path.write_text(RACE, encoding="utf-8")
    result = simulate(scenario(fleet=[one, two]), f"{path}:Both")
    waited_s, run = waits_s(result), result.settlement.run
    done = run.outcomes.completed
    assert (run.outcomes.attempt_count[done] == 2).all()
    np.testing.assert_allclose(run.outcomes.queue_s[done], waited_s[run.outcomes.winner[done]])
    np.testing.assert_allclose(
        run.outcomes.network_s[done], 2.0 * run.attempts.return_s[run.outcomes.winner[done]]
    )


def test_a_hedge_that_waited_does_not_count_its_loser() -> None:
    """A backup that answers while the first still waits has a queue time of its own alone."""
    router = {"policy": "hedge", "parameters": {"after_s": 0.2}}
    result = simulate(scenario(fleet=[NARROW, FRONTIER], router=router))
    run, waited_s = result.settlement.run, waits_s(result)
    hedged = run.outcomes.completed & (run.outcomes.attempt_count > 1)
    assert hedged.any()
    np.testing.assert_allclose(run.outcomes.queue_s[hedged], waited_s[run.outcomes.winner[hedged]])


def test_the_winner_stands_for_those_under_way_with_it() -> None:
    """Of a stage without the winner the last to be over is on the path; of its own stage the winner."""
    stage = np.array([1, 1, 2, 2, 3])
    won = np.array([False, False, True, False, False])
    over_s = np.array([3.0, 2.0, 4.0, 9.0, 12.0])
    assert last_of_each(stage, won, over_s).tolist() == [0, 2, 4]


def test_a_stage_begins_when_all_before_it_are_over() -> None:
    """The third overlaps the first, though the second is over; the fourth follows all; requests are apart."""
    attempts = SimpleNamespace(
        request=np.array([7, 7, 7, 7, 8]),
        submitted_s=np.array([0.0, 1.0, 5.0, 10.0, 2.0]),
        over_s=np.array([10.0, 3.0, 7.0, 12.0, 4.0]),
    )
    assert stages(attempts, np.arange(5)).tolist() == [1, 1, 1, 2, 3]


def test_failed_tries_and_hang_ups_are_on_the_path() -> None:
    """What a client that asks again waited before counts, to the instant it hung up."""
    stream = {**CHAT, "client": {"timeout": "8s", "retries": 3, "backoff": "0s"}}
    world = scenario(workload={"streams": [stream]}, fleet=[NARROW], router={"policy": "round_robin"})
    result = simulate(world)
    run, waited_s = result.settlement.run, waits_s(result)
    again = run.outcomes.completed & (run.outcomes.attempt_count > 1)
    assert again.any()
    all_s = np.bincount(run.attempts.request, waited_s)[run.outcomes.request]
    np.testing.assert_allclose(run.outcomes.queue_s[again], all_s[again])
    assert (run.outcomes.queue_s[again] <= run.outcomes.e2e_s[again] + 1e-9).all()
    assert result.report.figure("latency.queue_s.mean") == pytest.approx(
        np.nanmean(run.outcomes.queue_s[result.settlement.cohort.requests])
    )
