"""Hypothesis strategies: what shape a case has; a drawn seed fills in its instants and lengths."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from oracle.cases import Arrival, Cancel, Case, Drain, Outage, Repair, Slow
from oracle.split import SplitCase
from simulator.kernel import (
    BatchingSpec,
    DecodePool,
    GroupSpec,
    HostSpec,
    RateLimits,
    ServersSpec,
    StepCost,
)
from simulator.kernel.codes import LEAST_OUTSTANDING, RANDOM, ROUND_ROBIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from oracle.cases import Command

    Draw = Callable[[st.SearchStrategy[object]], object]

THOROUGH = settings(
    max_examples=600,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
"""How many cases the oracles are put to; the same ones every time."""
TICK_S = 2.0**-6
"""Grid of the instants of tied cases; fine enough for everything, exact in binary."""
FAMILIES = ((16, 32, 16, 16), (32, 16, 16, 16))
"""Tokens of the segments of prompts that begin alike."""
ROOMS = (40, 75, 110, 300, 100_000)
"""KV tokens of a replica, from hardly a sequence to everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How much arrives how fast, and how often something goes wrong."""

    seed: int
    count: int
    rate_per_s: float
    longest: int
    priorities: int
    cancels: int
    outages: int
    tied: bool
    repeats: bool = False
    slowdowns: int = 0
    drains: int = 0


# -- queues ---------------------------------------------------------------------------------


@st.composite
def step_costs(draw: st.DrawFn, scale: float) -> StepCost:
    """Costs of a plausible engine: a fixed part per step, small parts per token."""
    factor = draw(st.sampled_from([0.0, 1.0, 3.7]))
    return StepCost(
        base=scale * draw(st.sampled_from([3.1e-3, 1.3e-2])),
        expert=scale * draw(st.sampled_from([0.0, 4.3e-3])),
        sequence=scale * draw(st.sampled_from([0.0, 2.9e-4])),
        context=scale * factor * 1.9e-5,
        prompt=scale * draw(st.sampled_from([7.1e-5, 1.1e-3])),
        attention=scale * factor * 3.3e-7,
    )


@st.composite
def binary_costs(draw: st.DrawFn) -> StepCost:
    """Costs whose sums are exact in binary, so that instants tie for certain or not at all."""
    return StepCost(
        base=draw(st.sampled_from([TICK_S, 4 * TICK_S])),
        sequence=draw(st.sampled_from([0.0, TICK_S])),
        context=draw(st.sampled_from([0.0, TICK_S / 4])),
        prompt=draw(st.sampled_from([0.0, TICK_S / 2])),
        attention=draw(st.sampled_from([0.0, TICK_S / 8])),
    )


@st.composite
def host_specs(draw: st.DrawFn, *, tied: bool = False) -> HostSpec:
    """No host every other time; else one that may be quick or the bottleneck, at the door or behind."""
    if draw(st.booleans()):
        return HostSpec()
    tick_s = TICK_S if tied else 1.7e-2
    return HostSpec(
        request_s=draw(st.sampled_from([0.0, tick_s / 4, tick_s, 3 * tick_s])),
        token_s=draw(st.sampled_from([0.0, tick_s / 256])),
        answer_token_s=draw(st.sampled_from([0.0, tick_s / 32])),
        output_s=draw(st.sampled_from([0.0, tick_s / 2, 3 * tick_s])),
        output_steps=draw(st.sampled_from([0.0, 1.0, 2.5])),
    )


@st.composite
def batching_specs(draw: st.DrawFn, *, tied: bool = False) -> BatchingSpec:
    """Small replicas: seats, budget and KV room are short more often than not."""
    drafts = draw(st.sampled_from([0, 0, 1, 4]))
    return BatchingSpec(
        seconds=draw(binary_costs() if tied else step_costs(1.0)),
        joules=draw(step_costs(280.0)),
        expert_miss=0.0 if tied else draw(st.sampled_from([0.0, 0.75])),
        max_sequences=draw(st.sampled_from([1, 2, 5, 12])),
        token_budget=draw(st.sampled_from([1, 3, 16, 64, 4096])),
        kv_room_tokens=draw(st.sampled_from(ROOMS)),
        queue_limit=draw(st.sampled_from([-1, -1, -1, 0, 4])),
        prefix_cache=draw(st.sampled_from([True, True, False])),
        stall_w=draw(st.sampled_from([0.0, 90.0])),
        power_limit_w=draw(st.sampled_from([math.inf, math.inf, 120.0, 280.0, 500.0])),
        width=1 + drafts,
        progress=draw(st.floats(1.0, 1.0 + drafts)),
        host=draw(host_specs(tied=tied)),
    )


@st.composite
def servers_specs(draw: st.DrawFn) -> ServersSpec:
    """A few servers with or without a line."""
    return ServersSpec(
        servers=draw(st.integers(1, 4)),
        queue_limit=draw(st.sampled_from([-1, 0, 3])),
        power_w=draw(st.sampled_from([0.0, 4.2])),
    )


def queue_specs(*, tied: bool = False) -> st.SearchStrategy[BatchingSpec | ServersSpec]:
    """Any queue; batching ones twice as often."""
    batching = batching_specs(tied=tied)
    return st.one_of(batching, batching, servers_specs())


@st.composite
def rate_limits(draw: st.DrawFn) -> RateLimits:
    """Unlimited, or tight on requests and on tokens."""
    if draw(st.booleans()):
        return RateLimits()
    return RateLimits(
        requests_per_s=draw(st.sampled_from([2.0, 20.0])),
        input_tokens_per_s=draw(st.sampled_from([100.0, 2000.0])),
        output_tokens_per_s=draw(st.sampled_from([50.0, 1000.0])),
        burst_s=draw(st.sampled_from([0.5, 2.0])),
    )


@st.composite
def group_specs(draw: st.DrawFn, *, tied: bool = False) -> GroupSpec:
    """A few alike queues behind one door."""
    return GroupSpec(
        queues=draw(queue_specs(tied=tied)),
        count=draw(st.integers(1, 3)),
        balancing=draw(st.sampled_from([LEAST_OUTSTANDING, ROUND_ROBIN, RANDOM])),
        limits=draw(rate_limits()),
    )


def fleets(*, tied: bool = False) -> st.SearchStrategy[tuple[GroupSpec, ...]]:
    """One to three groups."""
    return st.lists(group_specs(tied=tied), min_size=1, max_size=3).map(tuple)


# -- traffic --------------------------------------------------------------------------------


@st.composite
def traffics(draw: st.DrawFn, *, tied: bool = False) -> Traffic:
    """From a lone attempt to a flood, with cancels and outages."""
    return Traffic(
        seed=draw(st.integers(0, 10**6)),
        count=draw(st.integers(1, 60)),
        rate_per_s=draw(st.sampled_from([0.5, 10.0, 50.0, 400.0])),
        longest=draw(st.sampled_from([4, 20, 38, 70])),
        priorities=draw(st.integers(1, 3)),
        cancels=draw(st.sampled_from([0, 0, 2, 9])),
        outages=draw(st.sampled_from([0, 0, 0, 1, 2])),
        slowdowns=draw(st.sampled_from([0, 0, 1, 3])),
        drains=draw(st.sampled_from([0, 0, 0, 1])),
        tied=tied,
        repeats=draw(st.booleans()),
    )


@st.composite
def cases(draw: st.DrawFn, *, tied: bool = False) -> Case:
    """One to three queues under random traffic; every fourth run is closed before it drains."""
    queues = draw(st.lists(queue_specs(tied=tied), min_size=1, max_size=3).map(tuple))
    traffic = draw(traffics(tied=tied))
    closes = draw(st.sampled_from([False, False, False, True]))
    return case_of(queues, len(queues), traffic, closes=closes)


@st.composite
def cramped_cases(draw: st.DrawFn) -> Case:
    """One replica whose KV room holds a few sequences at most, under more than it can take."""
    spec = replace(
        draw(batching_specs(tied=draw(st.booleans()))),
        kv_room_tokens=draw(st.integers(60, 110)),
        max_sequences=draw(st.sampled_from([3, 5, 12])),
        queue_limit=-1,
    )
    traffic = replace(draw(traffics()), rate_per_s=draw(st.sampled_from([50.0, 400.0])), longest=30)
    return case_of((spec,), 1, traffic)


@st.composite
def repeating_cases(draw: st.DrawFn) -> Case:
    """One replica with a prefix cache that is short of room, under prompts that repeat others."""
    spec = replace(
        draw(batching_specs(tied=draw(st.booleans()))),
        kv_room_tokens=draw(st.sampled_from([140, 145, 210, 400, 100_000])),
        max_sequences=draw(st.sampled_from([2, 5, 12])),
        queue_limit=-1,
        prefix_cache=True,
    )
    traffic = replace(draw(traffics()), longest=draw(st.sampled_from([50, 70])), repeats=True)
    return case_of((spec,), 1, traffic)


@st.composite
def split_cases(draw: st.DrawFn, *, tied: bool = False, rooms: Sequence[int] = ROOMS) -> SplitCase:
    """A few queues that compute prompts and a few that decode, short of room here or there."""
    prefill, decode = (
        replace(draw(batching_specs(tied=tied)), kv_room_tokens=draw(st.sampled_from(rooms)))
        for _ in range(2)
    )
    seconds = [0.0, TICK_S / 4, TICK_S] if tied else [0.0, 1.1e-4, 3.3e-3]
    pool = DecodePool(
        queues=replace(decode, queue_limit=-1),
        count=draw(st.integers(1, 3)),
        transfer_s=draw(st.sampled_from(seconds)),
    )
    group = GroupSpec(
        queues=prefill,
        count=draw(st.integers(1, 3)),
        decode=pool,
        balancing=draw(st.sampled_from([LEAST_OUTSTANDING, ROUND_ROBIN])),
    )
    closes = draw(st.sampled_from([False, False, False, True]))
    return split_case_of(group, draw(traffics(tied=tied)), closes=closes)


def split_case_of(group: GroupSpec, traffic: Traffic, *, closes: bool = False) -> SplitCase:
    """The case of a traffic at one group's door."""
    case = case_of((group.queues,) * group.queue_count, 1, traffic, closes=closes)
    return SplitCase(group=group, arrivals=case.arrivals, commands=case.commands, close_s=case.close_s)


@st.composite
def fleet_cases(draw: st.DrawFn, *, tied: bool = False) -> tuple[tuple[GroupSpec, ...], Case]:
    """Groups with balancing and limits, and a case whose `queue` of an arrival is its group."""
    groups = draw(fleets(tied=tied))
    queues = tuple(group.queues for group in groups for _ in range(group.count))
    return groups, case_of(queues, len(groups), draw(traffics(tied=tied)))


def case_of(
    queues: Sequence[BatchingSpec | ServersSpec],
    doors: int,
    traffic: Traffic,
    *,
    closes: bool = False,
) -> Case:
    """The case of a traffic: arrivals at `doors` doors, commands in order of time."""
    rng = np.random.default_rng(traffic.seed)
    arrivals = tuple(arrival_of(rng, traffic, doors, at_s) for at_s in instants(rng, traffic))
    if traffic.repeats:
        arrivals = with_repeats(arrivals, traffic.seed)
    horizon_s = 1.2 * arrivals[-1].ready_s + 0.5
    commands = commands_of(rng, traffic, len(queues), horizon_s)
    close_s = on_grid(horizon_s, traffic) if closes else None
    kept = tuple(c for c in commands if close_s is None or c.at_s < close_s)
    return Case(queues=tuple(queues), arrivals=arrivals, commands=kept, close_s=close_s)


def on_grid(at_s: float, traffic: Traffic) -> float:
    """The instant, moved to the grid when the case is a tied one."""
    return round(at_s / TICK_S) * TICK_S if traffic.tied else at_s


def instants(rng: np.random.Generator, traffic: Traffic) -> list[float]:
    """Poisson arrivals."""
    arrivals_s = np.cumsum(rng.exponential(1.0 / traffic.rate_per_s, traffic.count))
    return [on_grid(at_s, traffic) for at_s in arrivals_s.tolist()]


def arrival_of(rng: np.random.Generator, traffic: Traffic, doors: int, at_s: float) -> Arrival:
    """One attempt of random lengths, urgency and service time."""
    first_s = on_grid(rng.exponential(0.05), traffic)
    return Arrival(
        ready_s=at_s,
        prompt=int(rng.integers(1, traffic.longest, endpoint=True)),
        output=int(rng.integers(1, traffic.longest, endpoint=True)),
        queue=int(rng.integers(doors)),
        priority=int(rng.integers(traffic.priorities)),
        first_delay_s=first_s,
        duration_s=first_s + on_grid(rng.exponential(0.2), traffic),
    )


def with_repeats(arrivals: tuple[Arrival, ...], seed: int) -> tuple[Arrival, ...]:
    """Prompts that repeat others: most share segments, some are turns, some are new."""
    rng = np.random.default_rng([seed, 1])
    return tuple(with_repeat(rng, number, arrival) for number, arrival in enumerate(arrivals))


def with_repeat(rng: np.random.Generator, number: int, arrival: Arrival) -> Arrival:
    """One prompt, in a family of prompts that part somewhere, in a conversation, or in neither."""
    kind, family = int(rng.integers(5)), int(rng.integers(2))
    if kind == 0:
        return arrival
    if kind == 1:
        history = int(rng.integers(0, arrival.prompt, endpoint=True))
        return replace(arrival, session=family, history=history)
    lengths = FAMILIES[family]
    count = int(np.searchsorted(np.cumsum(lengths), arrival.prompt, side="right"))
    common = int(rng.integers(1, 5))
    keys = [100 * family + n if n < common else 1000 * (number + 1) + n for n in range(count)]
    return replace(arrival, segments=tuple(zip(keys, lengths, strict=False)))


def commands_of(
    rng: np.random.Generator, traffic: Traffic, queues: int, horizon_s: float
) -> tuple[Command, ...]:
    """Cancels and outages anywhere in the run; every outage is repaired."""
    commands: list[Command] = []
    for _ in range(traffic.cancels):
        at_s = on_grid(rng.uniform(0.0, horizon_s), traffic)
        commands.append(Cancel(at_s=at_s, attempt=int(rng.integers(traffic.count))))
    for _ in range(traffic.outages):
        broken_s, repaired_s = np.sort(rng.uniform(0.0, horizon_s, 2)).tolist()
        queue = int(rng.integers(queues))
        commands.append(Outage(at_s=on_grid(broken_s, traffic), queue=queue))
        commands.append(Repair(at_s=on_grid(repaired_s, traffic), queue=queue))
    commands += changes_of(rng, traffic, queues, horizon_s)
    return tuple(sorted(commands, key=lambda command: command.at_s))


def changes_of(
    rng: np.random.Generator, traffic: Traffic, queues: int, horizon_s: float
) -> Iterator[Command]:
    """Slow spells that may overlap, and drains that end with a repair."""
    for _ in range(traffic.slowdowns):
        at_s = on_grid(rng.uniform(0.0, horizon_s), traffic)
        factor = float(rng.choice([1.0, 2.0, 4.0]))
        yield Slow(at_s=at_s, queue=int(rng.integers(queues)), factor=factor)
    for _ in range(traffic.drains):
        closed_s, open_s = np.sort(rng.uniform(0.0, horizon_s, 2)).tolist()
        queue = int(rng.integers(queues))
        yield Drain(at_s=on_grid(closed_s, traffic), queue=queue)
        yield Repair(at_s=on_grid(open_s, traffic), queue=queue)
