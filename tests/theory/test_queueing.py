"""Closed forms of queueing theory, met by whole runs through `endpoint` and `batching`.

Every case runs independent replications; the mean must lie within four standard errors of the
closed form, and the standard error must be small enough for that to mean something.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from simulator import Scenario, simulate
from simulator.fleet.backends.hardware import batching_spec
from simulator.kernel import StepCost
from world_cases import SMALL, scenario, with_stream

REPLICATIONS = 10
RATE = 8.0
DURATION = "50min"
NO_HOST = {"request_s": 0.0, "input_token_s": 0.0, "output_s": 0.0, "first_steps": 0.0, "first_steps_of": {}}


def endpoint_world(servers: int, service_time: Any, rate: float = RATE) -> Scenario:
    """One black box behind no network, fed by a Poisson stream."""
    fleet = [
        {
            "name": "box",
            "tier": "cloud",
            "model": "llama-3.1-8b",
            "region": "us-virginia",
            "endpoint": {"servers": servers, "service_time": service_time},
        }
    ]
    return scenario(
        duration=DURATION,
        warmup="2min",
        fleet=fleet,
        router={"policy": "round_robin"},
        **with_stream(arrivals={"pattern": "steady", "rate": rate}),
    )


def mean_waits_s(world: Scenario) -> np.ndarray:
    """Mean time in the queue of each replication."""
    results = [simulate(world, replication=number) for number in range(REPLICATIONS)]
    return np.array([result.report.figure("latency.queue_s.mean") for result in results])


def assert_mean(values: np.ndarray, expected: float) -> None:
    """The replications' mean meets the closed form within its standard error."""
    error = values.std(ddof=1) / math.sqrt(len(values))
    assert error < 0.1 * expected, "the case is too noisy to prove anything"
    assert abs(values.mean() - expected) < 4.0 * error


def pollaczek_khinchine_s(rate: float, mean_s: float, cv: float) -> float:
    """Mean wait of M/G/1: rho (1 + cv^2) mean / (2 (1 - rho))."""
    rho = rate * mean_s
    return rho * (1.0 + cv * cv) * mean_s / (2.0 * (1.0 - rho))


def erlang_c(servers: int, offered: float) -> float:
    """Probability of waiting in M/M/c with `offered` Erlangs."""
    terms = [offered**k / math.factorial(k) for k in range(servers)]
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return last / (sum(terms) + last)


def test_one_exponential_server_waits_as_mm1() -> None:
    """M/M/1 at 80 %: mean wait rho / (mu - lambda)."""
    world = endpoint_world(1, {"exponential": "100ms"})
    assert_mean(mean_waits_s(world), 0.8 / (10.0 - RATE))


def test_exponential_servers_wait_as_mmc() -> None:
    """M/M/4 at 80 %: mean wait C(4, 3.2) / (4 mu - lambda)."""
    world = endpoint_world(4, {"exponential": "400ms"})
    assert_mean(mean_waits_s(world), erlang_c(4, 3.2) / (10.0 - RATE))


@pytest.mark.slow
def test_one_constant_server_waits_as_md1() -> None:
    """M/D/1 at 80 %: half the wait of M/M/1."""
    world = endpoint_world(1, "100ms")
    assert_mean(mean_waits_s(world), 0.2)


@pytest.mark.slow
def test_one_lognormal_server_waits_as_mg1() -> None:
    """M/G/1 by Pollaczek and Khinchine, lognormal service."""
    sigma = math.log(0.16 / 0.08) / 1.6448536269514722
    mean_s = 0.08 * math.exp(sigma**2 / 2.0)
    cv = math.sqrt(math.exp(sigma**2) - 1.0)
    world = endpoint_world(1, {"median": "80ms", "p95": "160ms"})
    assert_mean(mean_waits_s(world), pollaczek_khinchine_s(RATE, mean_s, cv))


def test_batching_of_one_sequence_waits_as_mg1() -> None:
    """With one sequence at a time a replica is M/G/1; its service is prefill and decode in closed form.

    Arrivals are met by the kernel at step boundaries, which here are the ends of services.
    """
    small = {**SMALL, "engine": {"max_sequences": 1, "token_budget": 8192}}
    world = scenario(
        duration="4h",
        warmup="5min",
        fleet=[small],
        router={"policy": "round_robin"},
        catalog={"overrides": {"serving_profiles": {"generic-vllm": NO_HOST}}},
        **with_stream(
            arrivals={"pattern": "steady", "rate": 0.55},
            input_tokens={"uniform": [200, 2000]},
            output_tokens={"values": [40, 80, 160]},
            max_output_tokens=4096,
        ),
    )
    cost = batching_spec(world, world.fleet[0]).seconds
    waits, expected = [], []
    for number in range(REPLICATIONS):
        result = simulate(world, replication=number)
        run = result.settlement.run
        service_s = np.array([service_time_s(cost, *work) for work in work_of(run)])
        np.testing.assert_allclose(run.attempts.finish_s - run.attempts.admitted_s, service_s, rtol=1e-9)
        rate = len(service_s) / world.duration_s
        cv = service_s.std() / service_s.mean()
        expected.append(pollaczek_khinchine_s(rate, service_s.mean(), cv))
        waits.append(result.report.figure("latency.queue_s.mean"))
    assert_mean(np.array(waits), float(np.mean(expected)))


def work_of(run: Any) -> list[tuple[int, int]]:
    """Prompt and answer tokens of every attempt."""
    attempts = run.attempts
    return list(zip(attempts.prompt.tolist(), attempts.output.tolist(), strict=True))


def service_time_s(cost: StepCost, prompt: int, output: int) -> float:
    """One prompt step, then one decode step a token, alone on the replica."""
    prefill = cost.base + cost.prompt * prompt + cost.attention * prompt * prompt / 2.0
    steps = output - 1
    context = steps * prompt + steps * (steps - 1) / 2.0
    return prefill + steps * (cost.base + cost.sequence) + cost.context * context


def test_completed_work_flows_at_the_arrival_rate() -> None:
    """Little's law on a drained run: the mean number in the box is the rate times the mean stay."""
    world = endpoint_world(4, {"exponential": "400ms"})
    attempts = simulate(world).settlement.run.attempts
    events = np.concatenate([attempts.ready_s, attempts.finish_s])
    steps = np.concatenate([np.ones(len(attempts)), -np.ones(len(attempts))])
    order = np.argsort(events, kind="stable")
    inside = np.cumsum(steps[order])
    area = float((inside[:-1] * np.diff(events[order])).sum())
    assert inside[-1] == 0
    assert area == pytest.approx((attempts.finish_s - attempts.ready_s).sum(), rel=1e-9)


def test_zero_load_latency_is_the_closed_form() -> None:
    """Alone in an empty world, a request takes the way there, the host, its service and the way back."""
    world = scenario(
        duration="10s",
        fleet=[SMALL],
        router={"policy": "round_robin"},
        **with_stream(
            arrivals={"pattern": "steady", "rate": 0.1, "process": "deterministic"},
            input_tokens=700,
            output_tokens=120,
        ),
    )
    result = simulate(world)
    run = result.settlement.run
    ((prompt, output),) = work_of(run)
    way_s = (0.015 + 0.002) / 2.0
    spec = batching_spec(world, world.fleet[0])
    host, cost = spec.host, spec.seconds
    host_s = host.request_s + host.token_s * prompt + host.output_s
    host_s += host.output_steps * (cost.base + cost.sequence + cost.context * prompt)
    expected = service_time_s(cost, prompt, output) + 2.0 * way_s + host_s
    assert run.outcomes.e2e_s[0] == pytest.approx(expected, rel=1e-9)
