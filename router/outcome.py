"""What learning policies receive: the outcome of an attempt, and later whether its answer was right."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One finished attempt. Times are seconds of virtual time since the run began.

    `ttft_s` and `e2e_s` count from the request's arrival and are `nan` where undefined. `started_s` is when
    this attempt was sent, `nan` where that is not known; what the attempt alone took is `attempt_s`, and to
    its first token `attempt_ttft_s`. `prompt_token_count` is the request's.
    """

    request_index: int
    target: str
    finished_s: float
    completed: bool
    reason: str
    ttft_s: float
    e2e_s: float
    output_token_count: int
    started_s: float = nan
    prompt_token_count: int = 0

    @property
    def attempt_s(self) -> float:
        """Seconds from sending the attempt to its end."""
        return self.finished_s - self.started_s

    @property
    def attempt_ttft_s(self) -> float:
        """Seconds from sending the attempt to its first token; `nan` where it had none."""
        arrived_s = self.finished_s - self.e2e_s
        return arrived_s + self.ttft_s - self.started_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What became known of an answer some time after it was given: whether it was right.

    `target` gave the answer that the request ended with; `received_s` is when the router learnt of it,
    seconds of virtual time since the run began.
    """

    request_index: int
    target: str
    received_s: float
    correct: bool
