"""A world of three deployments whose answers slow down as they fill, on a clock of its own.

What the published figures of hosted routers were measured in: answers after `base_s * (1 + 0.05 n)` with n
calls in flight, arrivals by exponential gaps of Python's own generator.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from heapq import heappop, heappush
from itertools import count
from math import inf, nan
from typing import TYPE_CHECKING

import numpy as np

from router import FleetView, RequestView
from router.decision import Send
from router.host.execution import Execution
from router.host.host import Host
from router.outcome import Outcome
from router.steps import Await, Event, EventKind, Fail, Finish, Sleep
from router.testing.samples import sample_fleet, sample_requests, sample_targets

if TYPE_CHECKING:
    from router import Policy
    from router.views.request import RequestTable

BASE_S = {"edge": 0.5, "near": 1.0, "far": 2.0}
CROWDING = 0.05
ANSWER_TOKENS = 100
PROMPT_TOKENS = 50


NATIVE = {
    "simple-shuffle": "weighted_shuffle",
    "least-busy": "least_outstanding",
    "latency-based-routing": "lowest_latency",
    "usage-based-routing-v2": "usage_based",
    "cost-based-routing": "lowest_price",
}
"""Our own policies that decide as a strategy does."""

HOSTED_ALONE = {
    "simple-shuffle": ((639, 659, 702), 1.4463, 3.10),
    "least-busy": ((1143, 568, 289), 0.9483, 2.30),
    "latency-based-routing": ((1985, 3, 12), 0.6141, 0.75),
    "usage-based-routing-v2": ((657, 661, 682), 1.5342, 3.70),
    "cost-based-routing": ((2000, 0, 0), 0.6011, 0.725),
}
"""Served by each deployment, mean and p99 of seconds: the router hosted alone, litellm 1.80.10 and 1.100.5,
2,000 requests at 5/s, seed 1."""


class FixedSeed:
    """A generator that gives a hosted router the seed we want."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def integers(self, _below: int) -> int:
        """The seed."""
        return self._seed


class Arrived(Execution):
    """A request with its number and instant."""

    index: int
    arrived_s: float


@dataclass
class CrowdedWorld:
    """Plays requests against three deployments, one event after the other.

    `fails` are spans `(deployment, from_s, to_s)`: a call that ends within one fails.
    """

    host: Host
    fleet: FleetView
    view: RequestView
    fails: tuple = ()
    now_s: float = 0.0
    served: Counter = field(default_factory=Counter)
    called: Counter = field(default_factory=Counter)
    ends: Counter = field(default_factory=Counter)
    latencies_s: list = field(default_factory=list)
    in_flight: Counter = field(default_factory=Counter)
    steps: list = field(default_factory=list)

    def __post_init__(self) -> None:
        """Nothing has happened."""
        self._agenda, self._order, self._handles = [], count(), count()
        self._attempts = {}

    def play(self, request_count: int, rate_per_s: float, seed: int) -> CrowdedWorld:
        """Plays so many requests; returns itself."""
        draws, at_s = random.Random(seed), 0.0  # noqa: S311  (the published figures' own)
        for index in range(request_count):
            at_s += draws.expovariate(rate_per_s)
            self.at(at_s, partial(self.arrive, index))
        while self._agenda:
            self.now_s, _place, happen = heappop(self._agenda)
            happen()
        return self

    def at(self, at_s: float, happen) -> None:
        """Lets something happen."""
        heappush(self._agenda, (at_s, next(self._order), happen))

    def arrive(self, index: int) -> None:
        """A request comes."""
        self.view.index, self.view.now_s = 0, self.now_s
        _decision, steps = self.host.begin(self.view, self.fleet)
        execution = Arrived(steps)
        execution.index, execution.arrived_s = index, self.now_s
        execution.begin(self)

    def instant_s(self, execution) -> float:
        """The clock."""
        return self.now_s

    def on_start(self, execution, step) -> int:
        """Sends a call; it takes the longer the more are in flight."""
        handle = next(self._handles)
        name = self.fleet.targets[step.target].name
        self.steps.append((self.now_s, execution.index, name, int(step.kind)))
        self.called[name] += 1
        self.in_flight[name] += 1
        self._attempts[handle] = name
        end_s = self.now_s + BASE_S[name] * (1 + CROWDING * self.in_flight[name])
        self.at(end_s, partial(self.finish_call, execution, handle, name))
        return handle

    def finish_call(self, execution, handle: int, name: str) -> None:
        """A call ends, unless it was given up."""
        if self._attempts.pop(handle, None) is None:
            return
        self.in_flight[name] -= 1
        failed = any(name == who and low <= self.now_s < high for who, low, high in self.fails)
        self.served[name] += not failed
        reason = "server_error" if failed else ""
        self.host.observe(self.outcome(name, reason))
        kind = EventKind.FAILED if failed else EventKind.COMPLETED
        execution.hear(Event(handle, kind, self.now_s, reason), self)

    def outcome(self, name: str, reason: str) -> Outcome:
        """How a call ended."""
        tokens = 0 if reason else ANSWER_TOKENS
        return Outcome(
            request_index=0,
            target=name,
            finished_s=self.now_s,
            completed=not reason,
            reason=reason,
            ttft_s=nan,
            e2e_s=nan,
            output_token_count=tokens,
        )

    def on_cancel(self, execution, handle: int) -> None:
        """Gives a call up."""
        name = self._attempts.pop(handle, None)
        if name is not None:
            self.in_flight[name] -= 1

    def on_follow(self, execution, handle: int) -> None:
        """Ends are on the agenda."""

    def on_wait(self, execution, step, early) -> None:
        """Sets a timer."""
        if early is not None or not isinstance(step, (Await, Sleep)) or step.until_s is None:
            return
        number = execution.wait_number
        self.at(step.until_s, lambda: execution.still_waits(number) and execution.wake(self.now_s, self))

    def on_completed(self, execution, handle: int) -> None:
        """Not used: hosted routers finish."""

    def on_decision(self, execution, decision) -> None:
        """Step policies decide nothing at once."""

    def on_end(self, execution, step) -> None:
        """A request is over."""
        self.ends[type(step).__name__] += 1
        if isinstance(step, Finish):
            self.latencies_s.append(self.now_s - execution.arrived_s)
        elif isinstance(step, Fail):
            self.ends[step.reason] += 1


def crowded_targets() -> tuple:
    """The three deployments as targets."""
    targets = sample_targets((1, 1, 1, 0))
    return tuple(
        replace(target, name=name, deployment=name) for target, name in zip(targets, BASE_S, strict=True)
    )


def crowded_world(policy, seed: int, fails: tuple = ()) -> CrowdedWorld:
    """The world with a policy in front of it; prompts of 50 tokens."""
    targets = crowded_targets()
    table = prompts_of_fifty()
    host = Host(policy, targets, rng=FixedSeed(seed))
    return CrowdedWorld(host, sample_fleet(targets), RequestView(table), fails)


@dataclass
class NativeWorld:
    """The same deployments and arrivals in front of a native policy: it routes, nothing fails."""

    policy: Policy
    seed: int = 1
    served: Counter = field(default_factory=Counter)
    latencies_s: list = field(default_factory=list)

    def __post_init__(self) -> None:
        """Three targets that cost the same; nothing is in flight."""
        targets = [
            replace(target, model="one", input_price_usd_per_mtok=1.0, output_price_usd_per_mtok=1.0)
            for target in crowded_targets()
        ]
        self.fleet = sample_fleet(targets)
        self.fleet.outstanding.flags.writeable = True
        self._requests = RequestView(prompts_of_fifty())
        self._rng, self._ends, self._order = np.random.default_rng(self.seed), [], count()

    def play(self, request_count: int, rate_per_s: float, seed: int) -> NativeWorld:
        """Plays so many requests; returns itself."""
        draws, at_s = random.Random(seed), 0.0  # noqa: S311  (as in the other world)
        for _ in range(request_count):
            at_s += draws.expovariate(rate_per_s)
            self._answer_until(at_s)
            self._send(at_s)
        self._answer_until(inf)
        return self

    def _send(self, at_s: float) -> None:
        """Routes a request; its answer takes the longer the more are in flight."""
        self._requests.index, self._requests.now_s = 0, at_s
        decision = self.policy.route(self._requests, self.fleet, self._rng)
        assert isinstance(decision, Send)
        name = decision.target
        index = list(BASE_S).index(name)
        self.fleet.outstanding[index] += 1
        taken_s = BASE_S[name] * (1 + CROWDING * self.fleet.outstanding[index])
        heappush(self._ends, (at_s + taken_s, next(self._order), at_s, index))

    def _answer_until(self, until_s: float) -> None:
        """Answers what is due."""
        while self._ends and self._ends[0][0] <= until_s:
            ended_s, _place, sent_s, index = heappop(self._ends)
            self.fleet.outstanding[index] -= 1
            name = self.fleet.targets[index].name
            self.served[name] += 1
            self.latencies_s.append(ended_s - sent_s)
            if hasattr(self.policy, "observe"):
                self.policy.observe(answer_of(name, sent_s, ended_s))


def answer_of(name: str, sent_s: float, ended_s: float) -> Outcome:
    """How an answered attempt ended."""
    return Outcome(
        request_index=0,
        target=name,
        finished_s=ended_s,
        completed=True,
        reason="",
        ttft_s=ended_s - sent_s,
        e2e_s=ended_s - sent_s,
        output_token_count=ANSWER_TOKENS,
        started_s=sent_s,
        prompt_token_count=PROMPT_TOKENS,
    )


def prompts_of_fifty() -> RequestTable:
    """A table of one request whose prompt is as long as the published figures'."""
    table = sample_requests(1)
    table.prompt_token_count.flags.writeable = True
    table.prompt_token_count[:] = PROMPT_TOKENS
    return table
