"""Refusals at the door: rate limits, full lines, attempts that can never fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.doors import FAILED, REPLICA, SERVER, events_until, kernel_with, rows_after
from simulator.kernel import BatchingSpec, Kernel, RateLimits, ServersSpec
from simulator.kernel.codes import Ending, Reason

MANY = ServersSpec(servers=1000)


def reasons(kernel: Kernel) -> list[int]:
    """The reasons in the ledger of a drained kernel, in order of submission."""
    return rows_after(kernel)["reason"].tolist()


def send_at(kernel: Kernel, at_s: float, prompt: int = 1, output: int = 1) -> list[tuple]:
    """Sends one attempt that arrives at once; returns what is announced at that instant."""
    kernel.submit(0, 0, prompt, output, at_s, at_s, duration_s=1000.0)
    return events_until(kernel, at_s)


def test_a_refusal_says_when_it_would_fit() -> None:
    """The notice of a 429 carries its reason and the seconds until the bucket holds enough."""
    kernel = kernel_with(MANY, limits=RateLimits(requests_per_s=0.5, burst_s=4.0))
    assert send_at(kernel, 0.0) == send_at(kernel, 0.0) == []
    ((at_s, _handle, kind, reason, retry_after_s, seen),) = send_at(kernel, 0.5)
    assert (at_s, kind, reason, seen) == (0.5, FAILED, Reason.RATE_LIMIT, 0)
    assert retry_after_s == 1.5


@pytest.mark.parametrize(
    ("limits", "retry_after_s"),
    [
        (RateLimits(input_tokens_per_s=10.0, burst_s=10.0), 8.0),
        (RateLimits(output_tokens_per_s=4.0, burst_s=10.0), 5.0),
        (RateLimits(input_tokens_per_s=10.0, output_tokens_per_s=4.0, burst_s=10.0), 8.0),
    ],
    ids=["input", "output", "both"],
)
def test_the_scarcest_bucket_decides(limits: RateLimits, retry_after_s: float) -> None:
    """Tokens in and tokens out have buckets of their own; the longest wait is announced."""
    kernel = kernel_with(MANY, limits=limits)
    assert send_at(kernel, 0.0, prompt=90, output=30) == []
    ((*_, told_s, _seen),) = send_at(kernel, 0.0, prompt=90, output=30)
    assert told_s == retry_after_s


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(st.floats(0.05, 50.0), st.floats(1.0, 60.0), st.floats(0.0, 90_000.0), st.integers(1, 900))
def test_a_retry_at_the_stated_instant_passes(
    rate_per_s: float, burst_s: float, at_s: float, prompt: int
) -> None:
    """Who waits exactly as long as told is let in, whatever floating point makes of the sum."""
    limits = RateLimits(input_tokens_per_s=rate_per_s, burst_s=burst_s)
    kernel = kernel_with(MANY, limits=limits)
    send_at(kernel, at_s / 3.0, prompt=prompt)
    for event in send_at(kernel, at_s, prompt=prompt):
        assert send_at(kernel, at_s + event[4], prompt=prompt) == []


def test_a_request_larger_than_the_bucket_passes_when_it_is_full() -> None:
    """It empties the bucket; the next one waits for its own tokens."""
    kernel = kernel_with(MANY, limits=RateLimits(input_tokens_per_s=10.0, burst_s=2.0))
    assert send_at(kernel, 0.0, prompt=5000) == []
    ((*_, retry_after_s, _seen),) = send_at(kernel, 0.0, prompt=5)
    assert retry_after_s == 0.5


def test_unlimited_groups_refuse_nobody() -> None:
    """Without limits any burst of any size passes."""
    kernel = kernel_with(MANY)
    for _ in range(100):
        assert send_at(kernel, 0.0, prompt=10**6, output=10**6) == []


def test_who_is_refused_for_another_reason_takes_no_tokens() -> None:
    """A full line refuses before the buckets are asked, so they stay as they are."""
    limits = RateLimits(requests_per_s=0.001, burst_s=2000.0)
    kernel = kernel_with(ServersSpec(servers=1, queue_limit=0), limits=limits)
    told = [send_at(kernel, at_s) for at_s in (0.0, 1.0, 2.0)]
    assert [event[0][3] for event in told if event] == [Reason.OVERLOADED] * 2
    assert send_at(kernel, 1500.0) == []


def test_replicas_of_a_group_share_its_limits() -> None:
    """The provider's limit is for the account, not for each machine behind it."""
    kernel = kernel_with(MANY, count=3, limits=RateLimits(requests_per_s=1.0, burst_s=2.0))
    assert [bool(send_at(kernel, 0.0)) for _ in range(4)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("queues", "places"),
    [
        (ServersSpec(servers=2, queue_limit=3), 5),
        (replace(REPLICA, max_sequences=2, queue_limit=3), 5),
        (ServersSpec(servers=2, queue_limit=0), 2),
        (replace(REPLICA, queue_limit=0), 4),
    ],
    ids=["servers", "batching", "servers without line", "batching without line"],
)
def test_a_queue_holds_its_seats_and_its_line(queues: BatchingSpec | ServersSpec, places: int) -> None:
    """As many as seats and places in line stay, the next is refused: full, or overloaded at once."""
    kernel = kernel_with(queues)
    for number in range(places + 2):
        kernel.submit(0, number, 2, 2, 0.0, 0.0, duration_s=1.0)
    reason = Reason.QUEUE_FULL if queues.queue_limit else Reason.OVERLOADED
    assert reasons(kernel) == [0] * places + [reason] * 2


def test_an_answer_that_can_never_fit_is_refused() -> None:
    """Prompt and answer but its last token must fit into the KV room; one more is too large."""
    kernel = kernel_with(REPLICA)
    kernel.submit(0, 0, 60, 41, 0.0, 0.0)
    kernel.submit(0, 1, 61, 41, 0.0, 0.0)
    assert reasons(kernel) == [Reason.NONE, Reason.TOO_LARGE]


def test_servers_take_any_length() -> None:
    """Where tokens take no room, nothing is too large."""
    kernel = kernel_with(SERVER)
    kernel.submit(0, 0, 10**6, 10**6, 0.0, 0.0, duration_s=1.0)
    assert reasons(kernel) == [Reason.NONE]


def test_a_failure_drawn_beforehand_happens_on_arrival() -> None:
    """The attempt fails with the given reason when it arrives, having used nothing."""
    kernel = kernel_with(SERVER)
    kernel.submit(0, 0, 5, 5, 0.0, 3.0, duration_s=1.0, reason=Reason.SERVER_ERROR)
    (row,) = rows_after(kernel)
    assert (row["ending"], row["reason"]) == (Ending.FAILED, Reason.SERVER_ERROR)
    assert (row["finish_s"], row["busy_s"], row["output"]) == (3.0, 0.0, 0)
    assert np.isnan(row["admitted_s"])
