"""Traffic at four loads on one replica of a small model, from idle to overload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.cases import Arrival, Cancel, Case
from simulator.kernel import BatchingSpec, StepCost

if TYPE_CHECKING:
    from oracle.cases import Command

SECONDS = StepCost(
    base=7.3e-3, expert=1.9e-3, sequence=2.3e-5, context=6.1e-7, prompt=4.7e-5, attention=2.9e-9
)
JOULES = StepCost(base=2.1, expert=0.7, sequence=9.0e-3, context=1.7e-4, prompt=1.3e-2, attention=7.0e-7)
REPLICA = BatchingSpec(
    seconds=SECONDS,
    joules=JOULES,
    expert_miss=0.93,
    max_sequences=48,
    token_budget=512,
    kv_room_tokens=12_000,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How hard a replica is driven: attempts per second, and how full that keeps it."""

    name: str
    rate_per_s: float
    busy_ratio_range: tuple[float, float]


IDLE = Load(name="idle", rate_per_s=0.05, busy_ratio_range=(0.0, 0.15))
MEDIUM = Load(name="medium", rate_per_s=2.0, busy_ratio_range=(0.5, 0.995))
KNEE = Load(name="knee", rate_per_s=16.0, busy_ratio_range=(0.9, 1.0))
OVERLOAD = Load(name="overload", rate_per_s=80.0, busy_ratio_range=(0.99, 1.0))
LOADS = (IDLE, MEDIUM, KNEE, OVERLOAD)


def arrivals_at(rate_per_s: float, count: int, *, seed: int, priorities: int = 1) -> tuple[Arrival, ...]:
    """Poisson arrivals with lognormal prompts and answers, as in conversation traces."""
    rng = np.random.default_rng(seed)
    ready_s = np.cumsum(rng.exponential(1.0 / rate_per_s, count))
    prompts = np.clip(rng.lognormal(5.0, 1.0, count), 1, 4000).astype(int)
    answers = np.clip(rng.lognormal(4.0, 0.8, count), 1, 1500).astype(int)
    urgencies = rng.integers(0, priorities, count)
    rows = zip(ready_s, prompts, answers, urgencies, strict=True)
    return tuple(
        Arrival(ready_s=float(at_s), prompt=int(p), output=int(o), priority=int(urgency))
        for at_s, p, o, urgency in rows
    )


def cancels_of(arrivals: tuple[Arrival, ...], every: int, patience_s: float) -> tuple[Command, ...]:
    """Every n-th attempt is given up `patience_s` after its arrival."""
    chosen = range(0, len(arrivals), every)
    cancels = [Cancel(at_s=arrivals[number].ready_s + patience_s, attempt=number) for number in chosen]
    return tuple(sorted(cancels, key=lambda cancel: cancel.at_s))


def load_case(load: Load, count: int = 250, replica: BatchingSpec = REPLICA) -> Case:
    """One replica under a load, two priorities, some clients who lose patience."""
    arrivals = arrivals_at(load.rate_per_s, count, seed=20_240_501, priorities=2)
    return Case(queues=(replica,), arrivals=arrivals, commands=cancels_of(arrivals, 9, patience_s=1.7))
