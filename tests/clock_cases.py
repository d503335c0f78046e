"""For tests: policies against scripted outcomes, and the end that comes of them on every clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from router import Decision, Resilience
from router.decision import Verifier
from router.steps import (
    AttemptKind,
    Await,
    Cancel,
    EventKind,
    Fail,
    Finish,
    Follow,
    Sleep,
    Start,
    Step,
    TurnAway,
    Verify,
)
from router.testing.scripted_run import ScriptedAttempt

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    Scripts = Mapping[str, tuple[ScriptedAttempt, ...]]

SMALL, MEDIUM, LARGE, FRONTIER = range(4)
TOKEN, DONE = EventKind.FIRST_TOKEN, EventKind.COMPLETED
SURE = Verifier(false_accept_ratio=0.0, false_reject_ratio=0.0, latency_s=0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A policy against outcomes, and the end that comes of it: state, attempt, instant."""

    policy: object
    end: tuple[str, int, float]
    scripts: Scripts = field(default_factory=dict)
    resilience: Resilience = field(default_factory=lambda: Resilience(cooldown_s=0.0, jitter_s=0.0))
    hangs_up_s: float = inf


class Decides:
    """A policy that decides the same whenever it is asked; `later` once it was asked before."""

    name = "decides"

    def __init__(self, decision: Decision, later: Decision | None = None) -> None:
        """Keeps the decisions."""
        self._decisions = (decision, later or decision)
        self._asked = 0

    def route(self, request: object, fleet: object, rng: object) -> Decision:
        """The next decision."""
        self._asked += 1
        return self._decisions[min(self._asked, 2) - 1]


class Steps:
    """A step policy that yields the steps given, each made of the handles so far."""

    name = "steps"

    def __init__(self, *made: Callable[[list[int]], Step]) -> None:
        """Keeps what makes the steps."""
        self._made = made

    def steps(self, request: object, fleet: object, rng: object) -> Generator[Step, object, None]:
        """The steps."""
        handles: list[int] = []
        for make in self._made:
            step = make(handles)
            reply = yield step
            if isinstance(step, Start) and isinstance(reply, int):
                handles.append(reply)


def at(target: int, **more: object) -> Callable[[list[int]], Step]:
    """Begins an attempt."""
    return lambda _made: Start(target, **more)


def waits(*numbers: int, interest: int = DONE, until_s: float | None = None) -> Callable[[list[int]], Step]:
    """Awaits attempts by their numbers."""
    return lambda made: Await(tuple(made[number] for number in numbers), interest, until_s)


def step(kind: Callable[..., Step], number: int, *more: object) -> Callable[[list[int]], Step]:
    """A step about an attempt."""
    return lambda made: kind(made[number], *more)


def this(step_: Step) -> Callable[[list[int]], Step]:
    """A step as it stands."""
    return lambda _made: step_


def broken(
    after_s: float = 0.1, reason: str = "server_error", token_s: float = 9.0
) -> tuple[ScriptedAttempt, ...]:
    """An attempt that fails, every time."""
    return (ScriptedAttempt(first_token_s=token_s, ends_s=after_s, fails_with=reason),)


def send(name: str, fallbacks: tuple[str, ...] = ()) -> Decision:
    """A send."""
    return Decision.send(name, reason="test", fallbacks=fallbacks)


RETRIES = Resilience(retries=2, jitter_s=0.0, cooldown_s=0.0)
CASCADE = Decision.cascade(("small", "medium", "frontier"), verifier=SURE, reason="test")
HEDGE = Decision.hedge("small", "frontier", after_s=1.0, reason="test")
RACE = Decision.race(("small", "medium", "large"), reason="test")
SLOW, QUICK = (
    (ScriptedAttempt(first_token_s=3.0, ends_s=5.0),),
    (ScriptedAttempt(first_token_s=0.25, ends_s=1.5),),
)
WRONG = (ScriptedAttempt(right=False),)
HEDGED = AttemptKind.HEDGE

CASES = {
    "send": Case(policy=Decides(send("small")), end=("completed", 0, 12.0)),
    "send fails": Case(policy=Decides(send("small")), scripts={"small": broken()}, end=("failed", -1, 10.1)),
    "send fails after its first token": Case(
        policy=Decides(send("small", ("large",))),
        scripts={"small": broken(1.0, token_s=0.5)},
        resilience=RETRIES,
        end=("failed", -1, 11.0),
    ),
    "fallback": Case(
        policy=Decides(send("small", ("medium", "large"))),
        scripts={"small": broken(), "medium": broken(0.3)},
        end=("completed", 2, 12.4),
    ),
    "retry": Case(
        policy=Decides(send("small")),
        scripts={"small": (*broken(), *broken(0.3, "overloaded"), *QUICK)},
        resilience=RETRIES,
        end=("completed", 2, 13.4),
    ),
    "retries, then fallback": Case(
        policy=Decides(send("small", ("large",))),
        scripts={"small": broken()},
        resilience=RETRIES,
        end=("completed", 3, 13.8),
    ),
    "reject": Case(policy=Decides(Decision.reject(reason="full")), end=("rejected", -1, 10.0)),
    "defer": Case(
        policy=lambda: Decides(Decision.defer(20.0, reason="later"), send("small")),
        end=("completed", 0, 22.0),
    ),
    "defer, then reject": Case(
        policy=lambda: Decides(Decision.defer(20.0, reason="later"), Decision.reject(reason="full")),
        end=("rejected", -1, 20.0),
    ),
    "cascade accepts": Case(policy=Decides(CASCADE), end=("completed", 0, 12.2)),
    "cascade refuses": Case(
        policy=Decides(CASCADE), scripts={"small": WRONG, "medium": WRONG}, end=("completed", 2, 16.4)
    ),
    "cascade with a broken stage": Case(
        policy=Decides(CASCADE), scripts={"small": broken(), "medium": WRONG}, end=("completed", 2, 14.3)
    ),
    "cascade whose last stage breaks": Case(
        policy=Decides(CASCADE),
        scripts={"small": WRONG, "medium": WRONG, "frontier": broken()},
        end=("completed", 1, 14.5),
    ),
    "hedge in time": Case(policy=Decides(HEDGE), end=("completed", 0, 12.0)),
    "hedge's backup wins": Case(policy=Decides(HEDGE), scripts={"small": SLOW}, end=("completed", 1, 13.0)),
    "hedge's backup starts and loses": Case(
        policy=Decides(HEDGE),
        scripts={"small": (ScriptedAttempt(first_token_s=1.25, ends_s=4.0),)},
        end=("completed", 0, 14.0),
    ),
    "hedge's target breaks": Case(
        policy=Decides(HEDGE), scripts={"small": broken()}, end=("completed", 1, 12.1)
    ),
    "hedge's winner breaks": Case(
        policy=Decides(HEDGE),
        scripts={"small": SLOW, "frontier": broken(1.0, token_s=0.5)},
        end=("failed", -1, 12.0),
    ),
    "race": Case(policy=Decides(RACE), scripts={"medium": QUICK, "large": SLOW}, end=("completed", 1, 11.5)),
    "race in which two break": Case(
        policy=Decides(RACE), scripts={"small": broken(), "large": broken(0.2)}, end=("completed", 1, 12.0)
    ),
    "race in which all break": Case(
        policy=Decides(RACE),
        scripts={"small": broken(), "medium": broken(0.2), "large": broken(0.3)},
        end=("failed", -1, 10.3),
    ),
    "a timeout": Case(
        policy=Steps(at(SMALL), waits(0, until_s=11.0), step(Cancel, 0), this(Fail("timed_out"))),
        end=("failed", -1, 11.0),
    ),
    "a timeout that has passed": Case(
        policy=Steps(at(SMALL), this(Sleep(11.0)), waits(0, until_s=10.5), waits(0), step(Finish, 0)),
        end=("completed", 0, 12.0),
    ),
    "an answer comes during a sleep": Case(
        policy=Steps(at(SMALL), this(Sleep(30.0)), waits(0), step(Finish, 0)), end=("completed", 0, 30.0)
    ),
    "a first token comes during a sleep": Case(
        policy=Steps(at(SMALL), this(Sleep(11.0)), waits(0, interest=TOKEN), step(Follow, 0)),
        end=("completed", 0, 12.0),
    ),
    "a first token comes before a timer": Case(
        policy=Steps(at(SMALL), waits(0, until_s=11.0), waits(0, interest=TOKEN | DONE), step(Follow, 0)),
        end=("completed", 0, 12.0),
    ),
    "first and last token come during a sleep": Case(
        policy=Steps(
            at(SMALL),
            this(Sleep(30.0)),
            waits(0, interest=TOKEN),
            waits(0, interest=TOKEN | DONE),
            step(Finish, 0),
        ),
        end=("completed", 0, 30.0),
    ),
    "an answer is followed that came before": Case(
        policy=Steps(at(SMALL), this(Sleep(30.0)), step(Follow, 0)), end=("completed", 0, 30.0)
    ),
    "an answer is followed that was heard of": Case(
        policy=Steps(at(SMALL), waits(0), this(Sleep(13.0)), step(Follow, 0)), end=("completed", 0, 13.0)
    ),
    "early events are heard in their order": Case(
        policy=Steps(
            at(SMALL),
            at(MEDIUM),
            at(LARGE),
            this(Sleep(30.0)),
            waits(0, 1, 2),
            waits(0, 1, 2),
            waits(0, 1, 2),
            step(Finish, 0),
        ),
        scripts={"medium": broken(0.5), "large": QUICK},
        end=("completed", 0, 30.0),
    ),
    "an early event that nobody wants hides no other": Case(
        policy=Steps(at(SMALL), at(MEDIUM), this(Sleep(30.0)), waits(1), waits(0), step(Finish, 1)),
        scripts={"small": broken(0.5)},
        end=("completed", 1, 30.0),
    ),
    "a failure of another attempt ends no wait": Case(
        policy=Steps(at(SMALL), at(MEDIUM), waits(1), waits(0), step(Finish, 1)),
        scripts={"small": broken(0.5)},
        end=("completed", 1, 12.0),
    ),
    "a failure of another attempt ends no following": Case(
        policy=Steps(at(SMALL), at(MEDIUM), step(Follow, 1)),
        scripts={"small": broken(0.5)},
        end=("completed", 1, 12.0),
    ),
    "a late loser answers during a verdict": Case(
        policy=Steps(
            at(SMALL), at(MEDIUM, kind=HEDGED), waits(0, 1), step(Verify, 1, SURE), waits(0), step(Finish, 0)
        ),
        scripts={
            "small": (ScriptedAttempt(ends_s=1.6),),
            "medium": (ScriptedAttempt(ends_s=1.5, right=False),),
        },
        end=("completed", 0, 11.7),
    ),
    "a followed failure, then one that answered meanwhile": Case(
        policy=Steps(at(SMALL), at(MEDIUM), step(Follow, 0), waits(1), step(Finish, 1)),
        scripts={"small": broken(2.5, token_s=0.5), "medium": QUICK},
        end=("completed", 1, 12.5),
    ),
    "what still runs is given up with the followed answer": Case(
        policy=Steps(at(SMALL), at(MEDIUM, kind=HEDGED), step(Follow, 1)),
        scripts={"small": SLOW},
        end=("completed", 1, 12.0),
    ),
    "what still runs is given up with the finished answer": Case(
        policy=Steps(at(SMALL), at(MEDIUM, kind=HEDGED), waits(0, 1), step(Finish, 1)),
        scripts={"small": SLOW},
        end=("completed", 1, 12.0),
    ),
    "what still runs is given up with a failure": Case(
        policy=Steps(at(SMALL), this(Sleep(11.0)), this(Fail("enough"))), end=("failed", -1, 11.0)
    ),
    "a started attempt does not stand against turning away": Case(
        policy=Steps(at(SMALL), this(TurnAway("full"))), end=("rejected", -1, 10.0)
    ),
    "nothing is heard of what was cancelled": Case(
        policy=Steps(
            at(SMALL),
            at(MEDIUM),
            step(Cancel, 0),
            this(Sleep(11.0)),
            waits(0, 1, interest=TOKEN | DONE),
            waits(0, 1, interest=TOKEN | DONE),
            step(Finish, 1),
        ),
        scripts={"small": broken(0.5)},
        end=("completed", 1, 12.0),
    ),
    "nothing is heard of what broke unheard and was cancelled": Case(
        policy=Steps(at(SMALL), at(MEDIUM), this(Sleep(11.0)), step(Cancel, 0), waits(0, 1), step(Finish, 1)),
        scripts={"small": broken(0.5)},
        end=("completed", 1, 12.0),
    ),
    "a timer of an earlier wait wakes nobody": Case(
        policy=Steps(at(SMALL), waits(0, until_s=13.0), this(Sleep(20.0)), step(Finish, 0)),
        end=("completed", 0, 20.0),
    ),
    "hang-up while following": Case(
        policy=Decides(send("small")), hangs_up_s=11.0, end=("timed_out", -1, 11.0)
    ),
    "hang-up during a sleep": Case(
        policy=Steps(at(SMALL), this(Sleep(14.0)), step(Finish, 0)),
        hangs_up_s=13.0,
        end=("timed_out", -1, 13.0),
    ),
    "hang-up during a verdict": Case(policy=Decides(CASCADE), hangs_up_s=12.1, end=("timed_out", -1, 12.1)),
    "hang-up during a backoff": Case(
        policy=Decides(send("small")),
        scripts={"small": broken()},
        resilience=RETRIES,
        hangs_up_s=10.3,
        end=("timed_out", -1, 10.3),
    ),
}

DELIVERED_EVENTS = {
    "hedge's backup wins": [(-1, "TIMER", 11.0), (1, "FIRST_TOKEN", 11.5)],
    "an answer comes during a sleep": [(0, "COMPLETED", 30.0)],
    "first and last token come during a sleep": [(0, "FIRST_TOKEN", 30.0), (0, "COMPLETED", 30.0)],
    "early events are heard in their order": [
        (1, "FAILED", 30.0, "server_error", False),
        (2, "COMPLETED", 30.0),
        (0, "COMPLETED", 30.0),
    ],
    "a failure of another attempt ends no wait": [
        (1, "COMPLETED", 12.0),
        (0, "FAILED", 12.0, "server_error", False),
    ],
    "a timeout that has passed": [(-1, "TIMER", 11.0), (0, "COMPLETED", 12.0)],
    "a late loser answers during a verdict": [(1, "COMPLETED", 11.5), (0, "COMPLETED", 11.7)],
    "send fails after its first token": [(0, "FAILED", 11.0, "server_error", True)],
}
"""By case, the events that its steps hear, with attempts by number: what, when, why and after which token."""
