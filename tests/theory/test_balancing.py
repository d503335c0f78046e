"""Balancing over replicas: what may be said of it without a closed form, and what has one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from oracle.replications import (
    CUSTOMERS,
    REPLICATIONS,
    STANDARD_ERRORS,
    WARM_UP,
    Demand,
    assert_mean,
    generator,
    ledgers,
    poisson_s,
    serve,
    waits_s,
)
from simulator.kernel import BatchingSpec, GroupSpec, Kernel, ServersSpec, StepCost
from simulator.kernel.codes import LEAST_OUTSTANDING, RANDOM, ROUND_ROBIN

RATE_PER_S = 3.2
FEW = 8_000
ENGINE = BatchingSpec(
    seconds=StepCost(base=0.01, sequence=3e-4, context=4e-7, prompt=6e-5),
    max_sequences=16,
    kv_room_tokens=20_000,
)


def exponential(rng: np.random.Generator) -> Demand:
    """Poisson arrivals with exponential service of mean 1 s."""
    return Demand(ready_s=poisson_s(rng, RATE_PER_S), duration_s=rng.exponential(1.0, CUSTOMERS))


def conversation(rng: np.random.Generator) -> Demand:
    """Poisson arrivals of lognormal prompts and answers."""
    return Demand(
        ready_s=poisson_s(rng, 14.0, FEW),
        prompt=np.clip(rng.lognormal(5.0, 1.0, FEW), 1, 3000).astype(int),
        output=np.clip(rng.lognormal(4.0, 0.7, FEW), 1, 1000).astype(int),
    )


def sojourns_s(group: GroupSpec, seed: int) -> np.ndarray:
    """Mean time in system of each replication; replication i is the same for every group."""
    batching = isinstance(group.queues, BatchingSpec)
    demand = conversation if batching else exponential
    runs = range(REPLICATIONS // 2)
    ledgers = [serve(Kernel([group]), demand(generator(seed, number))) for number in runs]
    return np.array([(rows["finish_s"] - rows["ready_s"])[WARM_UP:].mean() for rows in ledgers])


def assert_no_worse(better: np.ndarray, worse: np.ndarray) -> None:
    """The paired differences are significantly positive, or at least not significantly negative."""
    differences = worse - better
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    assert differences.mean() >= -STANDARD_ERRORS * error


def assert_better(better: np.ndarray, worse: np.ndarray) -> None:
    """The paired differences are significantly positive."""
    differences = worse - better
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    assert differences.mean() > STANDARD_ERRORS * error


@pytest.mark.slow
def test_more_servers_behind_the_shortest_queue_are_never_worse() -> None:
    """With common random numbers, each further queue lowers the mean time in system or leaves it."""
    queues = ServersSpec(servers=1)
    means = [sojourns_s(GroupSpec(queues=queues, count=count), 61) for count in (4, 5, 6, 9, 16)]
    for fewer, more in itertools.pairwise(means):
        assert_no_worse(more, fewer)
    assert_better(means[1], means[0])


def test_more_replicas_behind_the_shortest_queue_are_never_worse() -> None:
    """The same of replicas that batch: less in a batch is faster for everybody."""
    means = [sojourns_s(GroupSpec(queues=ENGINE, count=count), 62) for count in (2, 3, 4, 8)]
    for fewer, more in itertools.pairwise(means):
        assert_no_worse(more, fewer)
    assert_better(means[1], means[0])


def test_the_shortest_queue_beats_turns_and_turns_beat_chance() -> None:
    """At 80 % load: least outstanding before round robin before random."""
    queues = ServersSpec(servers=1)
    shortest, turns, chance = (
        sojourns_s(GroupSpec(queues=queues, count=4, balancing=balancing), 63)
        for balancing in (LEAST_OUTSTANDING, ROUND_ROBIN, RANDOM)
    )
    assert_better(shortest, turns)
    assert_better(turns, chance)


def test_one_line_for_all_is_no_worse_than_the_shortest_of_many() -> None:
    """Four servers behind one line beat four lines of one server each."""
    pooled = sojourns_s(GroupSpec(queues=ServersSpec(servers=4)), 64)
    shortest = sojourns_s(GroupSpec(queues=ServersSpec(servers=1), count=4), 64)
    assert_better(pooled, shortest)


def test_chance_splits_a_poisson_stream_into_poisson_streams() -> None:
    """Random balancing over four servers leaves four independent M/M/1 queues."""
    group = GroupSpec(queues=ServersSpec(servers=1), count=4, balancing=RANDOM)
    samples = [float(waits_s(rows).mean()) for rows in ledgers(group, exponential, seed=65)]
    load = RATE_PER_S / 4.0
    assert_mean(samples, load / (1.0 - load), precision_ratio=0.03)
