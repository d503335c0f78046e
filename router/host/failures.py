"""Why attempts fail, and what a gateway makes of each reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailureReason(StrEnum):
    """Reasons that the router tells apart; any other text is treated as `SERVER_ERROR`."""

    RATE_LIMITED = "rate_limited"
    QUEUE_FULL = "queue_full"
    SERVER_ERROR = "server_error"
    UNAVAILABLE = "unavailable"
    OVERLOADED = "overloaded"
    TIMED_OUT = "timed_out"
    CONNECTION_ERROR = "connection_error"
    TOO_LARGE = "too_large"
    CONTEXT_LENGTH = "context_length"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureClass:
    """What follows from a failure: is it tried again, does it count against the target.

    `cools_at_once` trips the cooldown without counting; `cools_group_at_once` does so only when
    the model has another target.
    """

    retried: bool = True
    counted: bool = True
    cools_at_once: bool = False
    cools_group_at_once: bool = False


DEFAULT_CLASS = FailureClass()

FAILURE_CLASSES = {
    # HTTP 429: the group's other targets may still have quota
    FailureReason.RATE_LIMITED: FailureClass(cools_group_at_once=True),
    # the connection, not the target, is at fault: tried again, never held against the target
    FailureReason.CONNECTION_ERROR: FailureClass(counted=False),
    # HTTP 400, context window exceeded: no use in trying again here, another model may have room
    FailureReason.TOO_LARGE: FailureClass(retried=False, counted=False),
    FailureReason.CONTEXT_LENGTH: FailureClass(retried=False, counted=False),
    # HTTP 401, 404 and the like: stays wrong until it is fixed
    FailureReason.REFUSED: FailureClass(retried=False, cools_at_once=True),
}


def failure_class(reason: str) -> FailureClass:
    """The class of a failure reason; unknown reasons are server errors."""
    return FAILURE_CLASSES.get(reason, DEFAULT_CLASS)  # type: ignore[call-overload]  # any text
