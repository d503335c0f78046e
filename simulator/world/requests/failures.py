"""Why attempts fail, in the words of reports and records, and in those that routers receive."""

from __future__ import annotations

from router.host.failures import FailureReason
from simulator.kernel.codes import REASON_NAMES, Reason

ROUTER_REASONS = {
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
ROUTER_REASON_NAMES = tuple(str(ROUTER_REASONS[reason]) for reason in Reason)
"""The router's word for each of the kernel's reasons, by code, as gateways say; empty for none."""
REPORTED_NAMES = ("", *REASON_NAMES[1:])
"""The report's word for each of them, by code."""
REPORTED = dict(zip(ROUTER_REASON_NAMES, REPORTED_NAMES, strict=True))


def reported(reason: str) -> str:
    """The report's word for a reason that a router received; a policy's own words stay."""
    return REPORTED.get(reason, reason)
