"""What attempts look like on the wire."""

from __future__ import annotations

from math import nan

import pytest

from router.host.failures import FAILURE_CLASSES, FailureReason
from wayfare.litellm.answers import ERROR_KINDS, completion, error_response


def test_every_reason_has_a_status() -> None:
    """All reasons of the router are mapped; what it does not know is a server error."""
    assert set(ERROR_KINDS) == set(FailureReason)
    assert error_response("a policy's own word", nan)["status"] == 500


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("rate_limited", 429),
        ("server_error", 500),
        ("unavailable", 503),
        ("overloaded", 503),
        ("queue_full", 503),
        ("timed_out", 408),
        ("too_large", 400),
        ("context_length", 400),
        ("content_policy", 400),
        ("invalid_request", 400),
        ("refused", 401),
        ("forbidden", 403),
        ("not_found", 404),
        ("connection_error", 0),
    ],
)
def test_reasons_have_the_status_that_providers_send(reason: str, status: int) -> None:
    """Each failure is the HTTP error that a provider would send."""
    assert error_response(reason, nan)["status"] == status


def test_what_our_own_recovery_does_not_retry_is_no_error_of_a_server() -> None:
    """Native and hosted routers agree on what is worth a retry: 408, 409, 429 and from 500 on."""
    for reason in FailureReason:
        retried = FAILURE_CLASSES[reason].retried if reason in FAILURE_CLASSES else True
        status = error_response(reason, nan)["status"]
        assert retried == (status in {0, 408, 409, 429} or status >= 500), reason


def test_a_hint_is_given_in_whole_seconds_never_too_short() -> None:
    """`Retry-After` is rounded up, and left out where there is no hint."""
    assert error_response("rate_limited", 2.2)["headers"] == {"Retry-After": "3"}
    assert error_response("rate_limited", 2.0)["headers"] == {"Retry-After": "2"}
    assert error_response("rate_limited", nan)["headers"] == {}


def test_a_completion_names_its_call_and_counts_its_tokens() -> None:
    """The response's id is the call's number: the router's answer says which attempt it is."""
    answer = completion(7, "m", 30, 12)
    assert (answer["status"], answer["body"]["id"]) == (200, "7")
    assert answer["body"]["usage"]["total_tokens"] == 42
