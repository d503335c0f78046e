"""What a router asked for besides attempts, and what a verifier said: a line each, in order of time."""

from __future__ import annotations

from array import array
from enum import IntEnum
from math import nan


class LoggedStep(IntEnum):
    """A step of a router, or the verdict that followed one."""

    WAIT = 0
    WAIT_FIRST_TOKEN = 1
    SLEEP = 2
    CANCEL = 3
    VERIFY = 4
    ACCEPTED = 5
    REJECTED = 6
    FINISH = 7
    FAIL = 8
    TURN_AWAY = 9


STEP_NAMES = tuple(step.name.lower() for step in LoggedStep)


class StepLog:
    """Columns by line. `attempt` is the run's number of the attempt it concerns, -1 for several or none;
    `until_s` is when a wait ends, nan where it has no end; `cost_usd` what a verifier took.
    """

    def __init__(self) -> None:
        """Nothing asked for yet."""
        self.request = array("q")
        self.at_s = array("d")
        self.step = array("b")
        self.attempt = array("q")
        self.until_s = array("d")
        self.cost_usd = array("d")

    def note(
        self,
        request: int,
        at_s: float,
        step: LoggedStep,
        *,
        attempt: int = -1,
        until_s: float = nan,
        cost_usd: float = 0.0,
    ) -> None:
        """Adds a line."""
        self.request.append(request)
        self.at_s.append(at_s)
        self.step.append(step)
        self.attempt.append(attempt)
        self.until_s.append(until_s)
        self.cost_usd.append(cost_usd)
