"""What the world writes down while it runs: per request and per attempt, as columns."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from simulator.world.requests.step_log import StepLog


class RequestState(IntEnum):
    """The one state every request ends in; PENDING never survives a run."""

    PENDING = 0
    COMPLETED = 1
    REJECTED = 2
    TIMED_OUT = 3
    FAILED = 4
    UNFINISHED = 5


STATE_NAMES = tuple(state.name.lower() for state in RequestState)


class Journal:
    """Columns by request, and the kinds of the attempts in order of their numbers.

    `winner` is the number of the attempt whose answer counts (-1: none yet); `buffered` marks
    answers that were verified before they were shown. `final_s` is nan until something outside
    the kernel settles the request. `cached_token_count` holds, by attempt number, what APIs took
    from their prefix caches; attempts without any are absent. `hung_up_on` are the numbers
    of attempts that a client ran out of patience with. `given_up_s` says, by attempt number, when an
    attempt under way was given up. `off_count` counts a request's targets that were left out because its
    asker's device was off. `steps` holds what was asked for besides attempts.
    """

    def __init__(self, request_count: int) -> None:
        """Makes empty columns."""
        self.state = np.zeros(request_count, np.int8)
        self.reason = np.full(request_count, -1, np.int32)
        self.failure = np.full(request_count, -1, np.int32)
        self.winner = np.full(request_count, -1, np.int64)
        self.buffered = np.zeros(request_count, np.bool_)
        self.arrival_s = np.full(request_count, np.nan)
        self.final_s = np.full(request_count, np.nan)
        self.routing_usd = np.zeros(request_count)
        self.off_count = np.zeros(request_count, np.int16)
        self.decision_target = np.full(request_count, -1, np.int16)
        self.attempt_kinds = bytearray()
        self.cached_token_count: dict[int, int] = {}
        self.hung_up_on: list[int] = []
        self.given_up_s: dict[int, float] = {}
        self.reasons: dict[str, int] = {}
        self.steps = StepLog()

    def reason_code(self, reason: str) -> int:
        """The number of a reason phrase, new phrases getting the next one."""
        code = self.reasons.get(reason)
        if code is None:
            code = self.reasons[reason] = len(self.reasons)
        return code

    def reason_names(self) -> list[str]:
        """The phrases by number."""
        return list(self.reasons)
