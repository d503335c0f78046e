"""What an attempt's end looks like on the wire: the HTTP response a provider would send. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isnan
from typing import TYPE_CHECKING, TypeAlias

from router.host.failures import FailureReason

if TYPE_CHECKING:
    Json: TypeAlias = dict[str, object]

NO_CONNECTION = 0
"""In place of a status: the connection broke before there was a response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorKind:
    """A status and the error of its body, as OpenAI's API words them."""

    status: int
    type: str
    code: str | None
    message: str


SERVER_ERROR = ErrorKind(
    status=500,
    type="server_error",
    code=None,
    message="The server had an error while processing your request.",
)
CONTEXT_LENGTH = ErrorKind(
    status=400,
    type="invalid_request_error",
    code="context_length_exceeded",
    # LiteLLM recognises a context window by this sentence (litellm_core_utils/exception_mapping_utils.py)
    message="This model's maximum context length is exceeded by the prompt and the answer asked for.",
)
ERROR_KINDS = {
    FailureReason.RATE_LIMITED: ErrorKind(
        status=429, type="requests", code="rate_limit_exceeded", message="Rate limit reached."
    ),
    FailureReason.SERVER_ERROR: SERVER_ERROR,
    FailureReason.QUEUE_FULL: ErrorKind(
        status=503, type="server_error", code="queue_full", message="The queue is full."
    ),
    FailureReason.OVERLOADED: ErrorKind(
        status=503, type="server_error", code="overloaded", message="The engine is overloaded."
    ),
    FailureReason.UNAVAILABLE: ErrorKind(
        status=503, type="server_error", code="unavailable", message="The service is unavailable."
    ),
    FailureReason.TIMED_OUT: ErrorKind(
        status=408, type="timeout", code="timeout", message="The request timed out."
    ),
    FailureReason.CONNECTION_ERROR: ErrorKind(
        status=NO_CONNECTION, type="connection", code=None, message="The connection was lost."
    ),
    FailureReason.TOO_LARGE: CONTEXT_LENGTH,
    FailureReason.CONTEXT_LENGTH: CONTEXT_LENGTH,
    FailureReason.CONTENT_POLICY: ErrorKind(
        status=400,
        type="invalid_request_error",
        code="content_policy_violation",
        message="Your request was rejected as a result of our safety system.",
    ),
    FailureReason.INVALID_REQUEST: ErrorKind(
        status=400, type="invalid_request_error", code="invalid_request", message="The request is not valid."
    ),
    FailureReason.FORBIDDEN: ErrorKind(
        status=403, type="permission_error", code="forbidden", message="Not permitted."
    ),
    FailureReason.NOT_FOUND: ErrorKind(
        status=404, type="not_found_error", code="model_not_found", message="The model does not exist."
    ),
    FailureReason.REFUSED: ErrorKind(
        status=401, type="authentication_error", code="invalid_api_key", message="Not authorised."
    ),
}
"""By reason. Reasons the table lacks are server errors, as everywhere in the router."""


def completion(call: int, model: str, prompt_token_count: int, output_token_count: int) -> Json:
    """The response to a call that was answered, its tokens as the provider counts them."""
    usage = {
        "prompt_tokens": prompt_token_count,
        "completion_tokens": output_token_count,
        "total_tokens": prompt_token_count + output_token_count,
    }
    message = {"role": "assistant", "content": "simulated"}
    body = {
        "id": str(call),
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": usage,
    }
    return {"status": 200, "headers": {}, "body": body}


def error_response(reason: str, retry_after_s: float) -> Json:
    """The response to a call that failed; `Retry-After` in whole seconds where a hint is known."""
    kind = ERROR_KINDS.get(reason, SERVER_ERROR)  # type: ignore[call-overload]  # any text
    headers = {} if isnan(retry_after_s) else {"Retry-After": str(ceil(retry_after_s))}
    error = {"message": kind.message, "type": kind.type, "param": None, "code": kind.code}
    return {"status": kind.status, "headers": headers, "body": {"error": error}}
