"""Why attempts fail, the HTTP status behind each reason, and what a gateway makes of it."""

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
    CONTENT_POLICY = "content_policy"
    INVALID_REQUEST = "invalid_request"
    REFUSED = "refused"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"


class ErrorClass(StrEnum):
    """Kinds of errors that settings tell apart, as LiteLLM's retry and cooldown policies do."""

    RATE_LIMIT = "rate_limit"
    TIMEOUT = "timeout"
    SERVER_ERROR = "server_error"
    UNAVAILABLE = "unavailable"
    CONNECTION = "connection"
    CONTEXT_WINDOW = "context_window"
    CONTENT_POLICY = "content_policy"
    BAD_REQUEST = "bad_request"
    AUTHENTICATION = "authentication"
    NOT_FOUND = "not_found"


ERROR_CLASSES = tuple(str(kind) for kind in ErrorClass)
RETRIED_CLIENT_ERRORS = frozenset({408, 409, 429})
RETRIED_ELSEWHERE = frozenset({401, 403})
COOLING_CLIENT_ERRORS = frozenset({401, 404, 408, 429})
SERVER_ERRORS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureClass:
    """A failure's HTTP status and the settings' word for it; what follows are rules over both."""

    status: int
    kind: ErrorClass

    @property
    def retried(self) -> bool:
        """Whether another try may help: 408, 409, 429 and everything from 500 on."""
        return self.status >= SERVER_ERRORS or self.status in RETRIED_CLIENT_ERRORS

    @property
    def retried_elsewhere(self) -> bool:
        """Whether only another target may help: a key that this one does not accept."""
        return self.status in RETRIED_ELSEWHERE

    @property
    def cools(self) -> bool:
        """Whether it may send its target away: no connection error; of 4xx only 401, 404, 408, 429."""
        if self.kind is ErrorClass.CONNECTION:
            return False
        return self.status >= SERVER_ERRORS or self.status in COOLING_CLIENT_ERRORS

    @property
    def cools_at_once(self) -> bool:
        """Whether it sends its target away without counting: it stays wrong until it is fixed."""
        return self.cools and not self.retried


DEFAULT_CLASS = FailureClass(status=500, kind=ErrorClass.SERVER_ERROR)

FAILURE_CLASSES = {
    FailureReason.RATE_LIMITED: FailureClass(status=429, kind=ErrorClass.RATE_LIMIT),
    FailureReason.QUEUE_FULL: FailureClass(status=503, kind=ErrorClass.UNAVAILABLE),
    FailureReason.UNAVAILABLE: FailureClass(status=503, kind=ErrorClass.UNAVAILABLE),
    # a vendor's own status beyond the standard ones (Anthropic's "overloaded_error")
    FailureReason.OVERLOADED: FailureClass(status=529, kind=ErrorClass.SERVER_ERROR),
    FailureReason.TIMED_OUT: FailureClass(status=408, kind=ErrorClass.TIMEOUT),
    # no answer, hence no status of the target's: gateways report a 500 of their own
    FailureReason.CONNECTION_ERROR: FailureClass(status=500, kind=ErrorClass.CONNECTION),
    FailureReason.TOO_LARGE: FailureClass(status=400, kind=ErrorClass.CONTEXT_WINDOW),
    FailureReason.CONTEXT_LENGTH: FailureClass(status=400, kind=ErrorClass.CONTEXT_WINDOW),
    FailureReason.CONTENT_POLICY: FailureClass(status=400, kind=ErrorClass.CONTENT_POLICY),
    FailureReason.INVALID_REQUEST: FailureClass(status=400, kind=ErrorClass.BAD_REQUEST),
    FailureReason.REFUSED: FailureClass(status=401, kind=ErrorClass.AUTHENTICATION),
    FailureReason.FORBIDDEN: FailureClass(status=403, kind=ErrorClass.AUTHENTICATION),
    FailureReason.NOT_FOUND: FailureClass(status=404, kind=ErrorClass.NOT_FOUND),
}


def failure_class(reason: str) -> FailureClass:
    """The class of a failure reason; unknown reasons are server errors."""
    return FAILURE_CLASSES.get(reason, DEFAULT_CLASS)  # type: ignore[call-overload]  # any text
