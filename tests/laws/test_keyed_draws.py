"""Chance belongs to what it happens to: no order, no neighbour and no other attempt moves a draw."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulator import simulate
from simulator.plan.resolution import resolve
from world_cases import AGENT, CHAT, FRONTIER, PHONE, SMALL, scenario

if TYPE_CHECKING:
    from simulator import Scenario
    from simulator.experiment.simulation import RunResult
    from simulator.world.plan import RunPlan

FLAKY = {**FRONTIER, "api": {**FRONTIER["api"], "failure_ratio": 0.3}}
POOL = {**SMALL, "replicas": 3, "balancing": "random"}
OFTEN_OFF = {**PHONE, "device": {**PHONE["device"], "offline": {"share": 0.3, "duration": "1min"}}}
TALK = {**CHAT, "name": "talk", "session": {"turns": {"uniform": [1, 4]}, "think_time": "3s"}}
WORK = {**CHAT, "name": "work", "task": "code_agent_step", "agent": AGENT, "devices": 20}
HURRY = {**CHAT, "name": "hurry", "task": "extraction", "client": {"timeout": "1500ms", "retries": 2}}
LONG = {**HURRY, "name": "long", "output_tokens": 900, "max_output_tokens": 4000}
STREAMS = [TALK, WORK, HURRY, LONG]
RESILIENCE = {"resilience": {"retries": 2, "backoff": "200ms"}}


def world(streams: list[dict[str, object]], fleet: list[dict[str, object]], **router: object) -> Scenario:
    """Streams of all kinds before a fleet in which chance has its hand everywhere."""
    return scenario(
        duration="4min",
        workload={
            "streams": [{**entry, "arrivals": {"pattern": "steady", "rate": 0.6}} for entry in streams]
        },
        fleet=fleet,
        router={"policy": "cheapest_capable", **router},
    )


def figures(result: RunResult) -> dict[str, object]:
    """The report without what names the run."""
    named = ("wall_s", "digest", "scenario")
    return {key: value for key, value in result.report.plain.items() if key not in named}


@pytest.mark.parametrize("policy", ["cheapest_capable", "edge_first", "random_mix", "cascade"])
def test_the_order_of_streams_changes_no_figure(policy: str) -> None:
    """However the streams are listed, the report is the same to the last bit."""
    fleet = [POOL, FLAKY, OFTEN_OFF]
    reports = [
        figures(simulate(world(streams, fleet, policy=policy, **RESILIENCE)))
        for streams in (STREAMS, [LONG, WORK, TALK, HURRY])
    ]
    assert reports[0] == reports[1]


def drawn(plan: RunPlan, stream: str) -> dict[str, np.ndarray]:
    """All that chance gave the requests of a stream, in order of their keys."""
    rows = np.flatnonzero(plan.workload.stream_code == plan.workload.stream_names.index(stream))
    rows = rows[np.argsort(plan.workload.key[rows])]
    columns = {
        name: getattr(plan.workload, name)[rows] for name in ("key", "difficulty", "input_token_count")
    }
    seen = {name: getattr(plan.requests, name)[rows] for name in ("estimated_difficulty", "router_score")}
    answers = {"correct": plan.answers.correct[:, rows], "output": plan.answers.output_token_count[:, rows]}
    device = {"device_key": plan.workload.device_key[plan.workload.device[rows]]}
    times = {
        target.name: entry.timings.first_s[rows]
        for target, entry in zip(plan.targets, plan.target_plans, strict=True)
        if entry.timings is not None
    }
    return {**columns, **seen, **answers, **device, **times}


def test_a_stream_more_leaves_the_others_alone() -> None:
    """Requests keep their answers, what routers see of them, their device and their service times."""
    fleet = [POOL, FLAKY, OFTEN_OFF]
    few, many = (
        resolve(world([TALK, WORK], fleet)).plan,
        resolve(world([HURRY, WORK, LONG, TALK], fleet)).plan,
    )
    for stream in ("talk", "work"):
        before, after = drawn(few, stream), drawn(many, stream)
        for name, column in before.items():
            if name != "router_score":  # tells who needs a strong model: of other tasks, another one
                np.testing.assert_array_equal(after[name], column, name)


def fates(result: RunResult, deployment: str) -> dict[int, tuple[object, ...]]:
    """By request what its first try at a deployment met: the failure, or seconds of service."""
    run, targets = result.settlement.run, result.settlement.plan.targets
    index = next(target.index for target in targets if target.name == deployment)
    found: dict[int, tuple[object, ...]] = {}
    attempts, workload = run.attempts, result.settlement.plan.workload
    for row in np.flatnonzero(attempts.target == index):
        seconds = attempts.busy_s[row] if attempts.reason[row] == 0 else 0.0
        key = int(workload.key[attempts.request[row]])
        found.setdefault(key, (int(attempts.reason[row]), round(float(seconds), 6)))
    return found


def test_an_attempt_more_elsewhere_changes_no_fate() -> None:
    """What an escalation meets at the strong model is what a request sent there at once met."""
    once = world([HURRY, LONG], [POOL, FLAKY], policy="static", parameters={"target": "frontier"})
    first = world([HURRY, LONG], [POOL, FLAKY], policy="cascade")
    third = world([HURRY, LONG], [{**POOL, "name": "a"}, {**POOL, "name": "b"}, FLAKY], policy="cascade")
    plain = fates(simulate(patient(once)), "frontier")
    for other in (first, third):
        escalated = fates(simulate(patient(other)), "frontier")
        both = set(plain) & set(escalated)
        assert len(both) > 30
        assert {key: escalated[key] for key in both} == {key: plain[key] for key in both}
    assert 0.2 < np.mean([reason > 0 for reason, _seconds in plain.values()]) < 0.4


def test_a_stream_more_changes_no_fate() -> None:
    """Failures, and the service times of repeated tries, are those of a run without the other stream."""
    fleet, router = [FLAKY], {"policy": "round_robin", **RESILIENCE}
    alone, beside = (simulate(patient(world(names, fleet, **router))) for names in ([LONG], [HURRY, LONG]))
    before, after = tries_of(alone), tries_of(beside)
    assert {key: after[key] for key in before} == before
    repeated = [seconds[-1] for seconds in before.values() if len(seconds) > 1 and seconds[-1] > 0.0]
    assert len(repeated) > 20
    assert len(set(repeated)) > 0.6 * len(repeated)


def tries_of(result: RunResult) -> dict[int, list[float]]:
    """By request the seconds that each of its tries took, failures as -1."""
    run, workload = result.settlement.run, result.settlement.plan.workload
    found: dict[int, list[float]] = {}
    for row in np.argsort(run.attempts.submitted_s, kind="stable"):
        seconds = -1.0 if run.attempts.reason[row] else round(float(run.attempts.busy_s[row]), 6)
        found.setdefault(int(workload.key[run.attempts.request[row]]), []).append(seconds)
    return found


def test_streams_draw_service_times_apart() -> None:
    """Two streams' calls do not take the same seconds one by one."""
    plan = resolve(world([HURRY, LONG], [FLAKY])).plan
    times = [drawn(plan, name)["frontier"] for name in ("hurry", "long")]
    assert not set(times[0].tolist()) & set(times[1].tolist())


def patient(found: Scenario) -> Scenario:
    """The same world with clients that wait as long as it takes."""
    streams = tuple(entry.model_copy(update={"client": CALM}) for entry in found.streams)
    workload = found.settings.workload.model_copy(update={"streams": streams})
    return replace(found, settings=found.settings.model_copy(update={"workload": workload}))


CALM = scenario().streams[0].client


def test_a_repeated_try_draws_anew() -> None:
    """Retries at one target meet fates of their own: three in a row fail as often as independent ones."""
    result = simulate(world([CHAT], [FLAKY], policy="round_robin", **RESILIENCE))
    tries = np.bincount(result.settlement.run.attempts.request)
    failed = result.report.plain["requests"]["failed"] / result.report.plain["requests"]["arrived"]
    assert failed == pytest.approx(0.3**3, abs=4 * np.sqrt(0.027 / len(tries)))
    assert (tries > 1).mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / len(tries)))


def choices(seed: int, replication: int, policy: str = "round_robin") -> dict[int, int]:
    """By request the replica that balancing at random picked."""
    made = scenario(seed=seed, fleet=[POOL], router={"policy": policy}, duration="5min")
    run = simulate(made, replication=replication).settlement.run
    return dict(zip(run.attempts.request.tolist(), run.attempts.queue.tolist(), strict=True))


def test_balancing_at_random_follows_the_seed() -> None:
    """Another seed or replication picks other replicas, evenly; another policy the same ones."""
    first = choices(3, 0)
    assert choices(3, 0, "always_cheapest") == first
    for other in (choices(3, 1), choices(4, 0)):
        shared = [other[request] == first[request] for request in set(other) & set(first)]
        assert np.mean(shared) == pytest.approx(1 / 3, abs=4 * np.sqrt(2 / 9 / len(shared)))
    counts = np.bincount(list(first.values()), minlength=3)
    assert ((counts - counts.mean()) ** 2 / counts.mean()).sum() < 13.8
