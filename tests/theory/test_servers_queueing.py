"""Server queues against queueing theory: M/M/1, M/M/c, M/D/1, M/G/1 and Lindley's recursion."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.replications import (
    CUSTOMERS,
    Demand,
    assert_mean,
    generator,
    ledgers,
    poisson_s,
    serve,
    waits_s,
)
from simulator.kernel import GroupSpec, Kernel, ServersSpec
from simulator.kernel.codes import Reason

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE_PER_S = 0.7
CV_SQUARED = 1.6
ONE_SERVER = GroupSpec(queues=ServersSpec(servers=1))


def exponential(rng: np.random.Generator) -> Demand:
    """M/M: mean service of one second."""
    return Demand(ready_s=poisson_s(rng, RATE_PER_S), duration_s=rng.exponential(1.0, CUSTOMERS))


def constant(rng: np.random.Generator) -> Demand:
    """M/D: one second for everybody."""
    return Demand(ready_s=poisson_s(rng, RATE_PER_S), duration_s=np.ones(CUSTOMERS))


def lognormal(rng: np.random.Generator) -> Demand:
    """M/G: lognormal service of mean 1 and squared coefficient of variation `CV_SQUARED`."""
    sigma = math.sqrt(math.log1p(CV_SQUARED))
    return Demand(
        ready_s=poisson_s(rng, RATE_PER_S),
        duration_s=rng.lognormal(-(sigma**2) / 2.0, sigma, CUSTOMERS),
    )


def pollaczek_khinchine_wait_s(rate_per_s: float, mean_s: float, second_moment_s2: float) -> float:
    """Mean wait of M/G/1: lambda E[S^2] / (2 (1 - rho))."""
    return rate_per_s * second_moment_s2 / (2.0 * (1.0 - rate_per_s * mean_s))


def erlang_c(servers: int, load: float) -> float:
    """Probability that an arrival waits in M/M/c under `load` = lambda / mu erlangs."""
    busy = load**servers / math.factorial(servers) * servers / (servers - load)
    return busy / (sum(load**n / math.factorial(n) for n in range(servers)) + busy)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("demand", "second_moment_s2", "seed"),
    [(exponential, 2.0, 11), (constant, 1.0, 12), (lognormal, 1.0 + CV_SQUARED, 13)],
    ids=["M/M/1", "M/D/1", "M/G/1"],
)
def test_one_server_waits_as_pollaczek_and_khinchine_say(
    demand: object, second_moment_s2: float, seed: int
) -> None:
    """The mean wait before one server is that of M/G/1, whatever the service times."""
    samples = [waits_s(rows).mean() for rows in ledgers(ONE_SERVER, demand, seed)]
    theory_s = pollaczek_khinchine_wait_s(RATE_PER_S, 1.0, second_moment_s2)
    assert_mean(samples, theory_s, precision_ratio=0.02)


def test_one_exponential_server_keeps_a_sojourn_exponential() -> None:
    """In M/M/1 the time in system is exponential with rate mu - lambda: mean and tail agree."""
    runs = ledgers(ONE_SERVER, exponential, seed=14)
    sojourns_s = [rows["finish_s"] - rows["ready_s"] for rows in runs]
    mean_s = 1.0 / (1.0 - RATE_PER_S)
    assert_mean([values.mean() for values in sojourns_s], mean_s, precision_ratio=0.02)
    beyond = [float((values > 2.0 * mean_s).mean()) for values in sojourns_s]
    assert_mean(beyond, math.exp(-2.0), precision_ratio=0.03)


@pytest.mark.parametrize(("servers", "utilization_ratio"), [(3, 0.8), (12, 0.85)])
def test_many_servers_wait_as_erlang_says(servers: int, utilization_ratio: float) -> None:
    """In M/M/c both the share of arrivals that wait and the mean wait follow Erlang's C."""
    load = servers * utilization_ratio

    def demand(rng: np.random.Generator) -> Demand:
        return Demand(ready_s=poisson_s(rng, load), duration_s=rng.exponential(1.0, CUSTOMERS))

    runs = ledgers(GroupSpec(queues=ServersSpec(servers=servers)), demand, seed=20 + servers)
    waiting = erlang_c(servers, load)
    waited = [float((waits_s(rows) > 0.0).mean()) for rows in runs]
    assert_mean(waited, waiting, precision_ratio=0.02)
    means_s = [waits_s(rows).mean() for rows in runs]
    assert_mean(means_s, waiting / (servers - load), precision_ratio=0.04)


def test_servers_without_a_line_lose_what_erlang_says() -> None:
    """In M/M/c/c the share turned away is Erlang's B, and it is turned away as overloaded."""
    servers, load = 5, 4.0

    def demand(rng: np.random.Generator) -> Demand:
        return Demand(ready_s=poisson_s(rng, load), duration_s=rng.exponential(1.0, CUSTOMERS))

    group = GroupSpec(queues=ServersSpec(servers=servers, queue_limit=0))
    terms = [load**n / math.factorial(n) for n in range(servers + 1)]
    lost = [float((rows["reason"] == Reason.OVERLOADED).mean()) for rows in ledgers(group, demand, seed=31)]
    assert_mean(lost, terms[-1] / sum(terms), precision_ratio=0.02)


def lindley_s(ready_s: NDArray[np.float64], duration_s: NDArray[np.float64]) -> list[float]:
    """Waits before one server: w' = max(0, w + s - gap)."""
    waits, wait = [], 0.0
    gaps_s = np.diff(ready_s, append=math.inf)
    for gap_s, service_s in zip(gaps_s.tolist(), duration_s.tolist(), strict=True):
        waits.append(wait)
        wait = max(0.0, wait + service_s - gap_s)
    return waits


def test_every_single_wait_is_lindleys() -> None:
    """On a path of heavy traffic each wait, not only the mean, is what the recursion gives."""
    demand = lognormal(generator(41, 0))
    rows = serve(Kernel([ONE_SERVER]), demand)
    assert demand.duration_s is not None
    np.testing.assert_allclose(
        waits_s(rows), lindley_s(demand.ready_s, demand.duration_s), rtol=0.0, atol=1e-9
    )
