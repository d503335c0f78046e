"""What the router is told of the kernel's reasons: the words production gateways use."""

from __future__ import annotations

from router.failures import FailureReason
from simulator.kernel.codes import Reason

TOLD = {
    Reason.NONE: "",
    Reason.QUEUE_FULL: FailureReason.QUEUE_FULL,
    Reason.TOO_LARGE: FailureReason.TOO_LARGE,
    Reason.RATE_LIMIT: FailureReason.RATE_LIMITED,
    Reason.OVERLOADED: FailureReason.OVERLOADED,
    Reason.SERVER_ERROR: FailureReason.SERVER_ERROR,
    Reason.OUTAGE: FailureReason.UNAVAILABLE,
    Reason.CONTEXT_LENGTH: FailureReason.CONTEXT_LENGTH,
    Reason.CONNECTION: FailureReason.CONNECTION_ERROR,
}
FAILURE_NAMES = tuple(str(TOLD[reason]) for reason in Reason)
"""The router's word for each of the kernel's reasons, by code; empty for none."""
