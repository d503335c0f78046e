"""For tests: a world of a few requests whose router follows a script: every instant is known beforehand."""

from __future__ import annotations

from math import inf
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from router.decision import Verifier
from router.outcome import Outcome
from router.steps import (
    EventKind,
    Start,
)
from simulator.kernel.spec import GroupSpec, ServersSpec
from simulator.observer import SilentObserver
from simulator.world.plan import Incident, Patience, TargetPlan, Timings
from simulator.world.requests.step_log import STEP_NAMES
from simulator.world.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

FIRST, COMPLETED, FAILED, TIMER = (
    EventKind.FIRST_TOKEN,
    EventKind.COMPLETED,
    EventKind.FAILED,
    EventKind.TIMER,
)
COUNT = 6
SURE = Verifier(false_accept_ratio=0.0, false_reject_ratio=0.0, latency_s=0.5, cost_usd=0.25)
OUTAGE = Incident(
    kind="outage", label="slow", at_s=0.5, duration_s=1.0, targets=(0,), queues=(0,), begins="", ends=""
)


class Script:
    """A host whose steps are a script's; keeps the replies and what it is told."""

    name, oracle, replays = "script", False, False
    world: Any

    def __init__(
        self,
        script: Callable[..., Any],
        decide: Callable[[int], Any] | None = None,
        *,
        learns: bool = False,
        counts: bool = False,
    ) -> None:
        """Nothing has happened; `decide` makes the decisions, none where it is left out."""
        self._script = script
        self._decide = decide or (lambda _index: None)
        self.learns, self.counts_outcomes, self.takes_feedback = learns, counts, False
        self.asked: list[tuple[int, float, tuple[int, ...]]] = []
        self.replies: list[tuple[float, Any]] = []
        self.outcomes: list[Outcome] = []
        self.successes: list[tuple[int, float]] = []

    def begin(self, view: Any, fleet: Any) -> tuple[Any, Generator[Any, Any, None]]:
        """The decision on a request, and the script's steps."""
        self.asked.append((view.index, view.now_s, fleet.candidates))
        return self._decide(view.index), self.steps(view)

    def steps(self, view: Any) -> Generator[Any, Any, None]:
        """The script's steps; every reply is kept with its instant."""
        script = self._script(view.index) if callable(self._script) else self._script
        reply = None
        while True:
            try:
                step = script.send(reply)
            except StopIteration:
                return
            reply = yield step
            self.replies.append((self.world._clock.now, reply))

    def observe(self, outcome: Outcome) -> None:
        """As learning policies do."""
        self.outcomes.append(outcome)

    def succeeded(self, target: int, now_s: float, started_s: float) -> None:
        """As cooldown rules do."""
        self.successes.append((target, now_s))


def world_of(
    script: Callable[..., Any],
    decide: Callable[[int], Any] | None = None,
    *,
    learns: bool = False,
    counts: bool = False,
    **changes: Any,
) -> Any:
    """A slow target (first token after 1 s, 4 s in all, ways of 0.25 s) and a quick one (0.5 s and 2 s).

    Requests come at 0, 10, 20 s and so on, from two streams in turn; each target has two servers. The
    model of the slow one is right, that of the quick one wrong.
    """
    host = Script(script, decide, learns=learns, counts=counts)
    world: Any = World(plan_of(**changes), host, SilentObserver())
    host.world = world
    world.ledger = world.run()
    return world


def plan_of(**changes: Any) -> SimpleNamespace:
    """The plan of that world, changed."""
    ways = {"forward_s": np.array([0.25]), "back_s": np.array([0.25])}
    none = {"forward_s": np.zeros(1), "back_s": np.zeros(1)}
    slow = Timings(first_s=np.full(COUNT, 1.0), gap_s=np.full(COUNT, 1.0), redraw=False)
    quick = Timings(first_s=np.full(COUNT, 0.5), gap_s=np.full(COUNT, 0.5), redraw=False)
    load = {
        "key": np.arange(COUNT),
        "stream_code": np.arange(COUNT) % 2,
        "stream_names": ("even", "odd"),
        "input_token_count": np.full(COUNT, 10),
        "region_code": np.zeros(COUNT, np.int64),
        "device": np.arange(COUNT),
        "device_key": np.arange(COUNT),
        "priority": np.zeros(COUNT, np.int64),
        "arrival_s": 10.0 * np.arange(COUNT),
        "next_request": np.full(COUNT, -1),
        "think_s": np.zeros(COUNT),
        "prefix_offset": np.zeros(COUNT + 1, np.int64),
        "turn": np.zeros(COUNT, np.int64),
        "session": np.full(COUNT, -1),
        "history_token_count": np.full(COUNT, -1),
        **changes.pop("load", {}),
    }
    targets = [
        SimpleNamespace(name=name, index=i, deployment=name) for i, name in enumerate(("slow", "quick"))
    ]
    base = {
        "seed": 3,
        "workload": Load(load),
        "repeats_prefix": np.zeros(COUNT, np.bool_),
        "requests": None,
        "answers": SimpleNamespace(
            correct=np.stack([np.ones(COUNT, np.bool_), np.zeros(COUNT, np.bool_)]),
            output_token_count=np.full((2, COUNT), 4),
        ),
        "model_names": ("good", "bad"),
        "targets": targets,
        "target_plans": (
            TargetPlan(model=0, timings=slow, **ways),
            TargetPlan(model=1, timings=quick, first_queue=1, **none),
        ),
        "groups": (GroupSpec(queues=ServersSpec(servers=2)),) * 2,
        "repeats": None,
        "candidate_sets": ((0, 1), ()),
        "set_code": np.zeros(COUNT, np.int32),
        "empty_reasons": ("", "nobody may"),
        "patience": (Patience(timeout_s=inf), Patience(timeout_s=inf)),
        "task_rules": (None, None),
        "feedback": None,
        "warmup_s": 0.0,
        "duration_s": 60.0,
        "end_s": 100.0,
        "telemetry_step_s": 1.0,
        "staleness_s": 0.0,
        "router_instances": 1,
        "instance_code": np.zeros(COUNT, np.int16),
        "decision_latency_s": 0.0,
        "decision_usd": 0.0,
        "incidents": (),
        "scalings": (),
        "limits_s": {},
        "reasoning_ratio": np.zeros(2),
    }
    return SimpleNamespace(**{**base, **changes})


class Load(SimpleNamespace):
    """Columns of requests."""

    def __init__(self, columns: dict[str, Any]) -> None:
        """Those given."""
        super().__init__(**columns)

    def __len__(self) -> int:
        """The requests."""
        return COUNT


def only(request: int, *steps: Callable[..., Any]) -> Callable[[int], Any]:
    """Steps for one request, each made of the handles so far; the others follow the quick target."""

    def script(index: int) -> Generator[Any, Any, None]:
        handles: list[int] = []
        if index != request:
            yield Start(1, follow=True)
            return
        for step in steps:
            made = step(handles)
            reply = yield made
            if isinstance(made, Start) and isinstance(reply, int):
                handles.append(reply)

    return script


def start(target: int, **more: Any) -> Callable[[list[int]], Start]:
    """Begins an attempt."""
    return lambda _handles: Start(target, **more)


def replies(world: Any) -> list[tuple[float, Any]]:
    """What the script heard, and when, without handles of attempts."""
    return [
        (
            at_s,
            (reply.kind, reply.now_s, reply.reason, reply.first_token_seen)
            if hasattr(reply, "kind")
            else reply,
        )
        for at_s, reply in world._hosts[0].replies
        if not isinstance(reply, int) or isinstance(reply, bool)
    ]


def logged(world: World, request: int) -> list[tuple[str, float, int, float, float]]:
    """The logged steps of a request; -1 for no end of a wait."""
    log = world.journal.steps
    rows = zip(
        log.request,
        log.step,
        log.at_s,
        log.attempt,
        np.nan_to_num(log.until_s, nan=-1.0),
        log.cost_usd,
        strict=True,
    )
    return [(STEP_NAMES[step], *map(float, rest)) for number, step, *rest in rows if number == request]


PATIENT, HURRIED = Patience(timeout_s=inf), Patience(timeout_s=1.5, retries=2, backoff_s=0.25)
