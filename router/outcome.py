"""The outcome of one attempt, as a learning policy receives it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One finished attempt. Times are seconds of virtual time since the run began.

    `ttft_s` and `e2e_s` count from the request's arrival and are `nan` where undefined.
    """

    request_index: int
    target: str
    finished_s: float
    completed: bool
    reason: str
    ttft_s: float
    e2e_s: float
    output_token_count: int
