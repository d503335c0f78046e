"""What an attempt announces, to whom, and when."""

from __future__ import annotations

import math

import pytest

from oracle.doors import (
    COMPLETED,
    FAILED,
    FIRST_TOKEN,
    REPLICA,
    SERVER,
    events_until,
    kernel_with,
)
from simulator.kernel import BatchingSpec, Kernel, ServersSpec
from simulator.kernel.codes import Reason

BACK_S = 0.125
BOTH = pytest.mark.parametrize("queues", [REPLICA, SERVER], ids=["batching", "servers"])


def send(kernel: Kernel, notify: int, reason: int = 0) -> int:
    """One attempt: first token after 0.25 s, last after 1 s, an eighth of a second back."""
    return kernel.submit(0, 0, 4, 4, 0.0, 0.0, BACK_S, 0.25, 1.0, notify=notify, reason=reason)


def told(kernel: Kernel, limit_s: float = math.inf) -> list[tuple[float, int]]:
    """Instants and kinds of what is announced."""
    return [(event[0], event[2]) for event in events_until(kernel, limit_s)]


@BOTH
@pytest.mark.parametrize(
    ("notify", "expected"),
    [
        (0, []),
        (FIRST_TOKEN, [(0.375, FIRST_TOKEN)]),
        (COMPLETED, [(1.125, COMPLETED)]),
        (FIRST_TOKEN | COMPLETED, [(0.375, FIRST_TOKEN), (1.125, COMPLETED)]),
    ],
    ids=["nothing", "first token", "completion", "both"],
)
def test_only_what_was_asked_for_is_announced_after_its_way_back(
    queues: BatchingSpec | ServersSpec, notify: int, expected: list[tuple[float, int]]
) -> None:
    """Each notice comes when the token has travelled back to whoever asked."""
    kernel = kernel_with(queues)
    send(kernel, notify)
    assert told(kernel) == expected


@BOTH
def test_failures_are_always_announced(queues: BatchingSpec | ServersSpec) -> None:
    """Also to whoever asked for nothing, with the reason."""
    kernel = kernel_with(queues)
    handle = send(kernel, 0, Reason.SERVER_ERROR)
    ((at_s, known, kind, reason, retry_after_s, seen),) = events_until(kernel)
    assert (at_s, known, kind, reason, seen) == (BACK_S, handle, FAILED, Reason.SERVER_ERROR, 0)
    assert math.isnan(retry_after_s)


@BOTH
def test_one_may_begin_to_watch_on_the_way(queues: BatchingSpec | ServersSpec) -> None:
    """A watch set while the attempt runs holds for what is still to come."""
    kernel = kernel_with(queues)
    handle = send(kernel, 0)
    assert told(kernel, 0.5) == []
    kernel.watch(handle, COMPLETED)
    assert told(kernel) == [(1.125, COMPLETED)]


@BOTH
def test_the_first_token_is_known_once_it_was_made(queues: BatchingSpec | ServersSpec) -> None:
    """Its instant as delivered is nan before, and holds while the end is announced."""
    kernel = kernel_with(queues)
    handle = send(kernel, COMPLETED)
    told(kernel, 0.2)
    assert math.isnan(kernel.first_token_s(handle))
    assert told(kernel) == [(1.125, COMPLETED)]
    assert kernel.first_token_s(handle) == 0.375


@BOTH
def test_advancing_stops_at_the_first_instant_with_events(
    queues: BatchingSpec | ServersSpec,
) -> None:
    """The caller may act on a notice before anything later happens."""
    kernel = kernel_with(queues)
    send(kernel, FIRST_TOKEN)
    kernel.submit(0, 1, 1, 1, 0.0, 0.5, duration_s=1.0)
    assert kernel.advance(math.inf) == 1
    assert kernel.groups["outstanding"][0] == 2
    assert kernel.events(1)[0][0] == 0.375


def test_the_limit_itself_is_included() -> None:
    """What happens exactly at the limit has happened; what happens after has not."""
    kernel = kernel_with(SERVER)
    send(kernel, COMPLETED)
    assert told(kernel, 1.1249) == []
    assert told(kernel, 1.125) == [(1.125, COMPLETED)]


def test_a_kernel_with_nothing_to_do_announces_nothing() -> None:
    """Advancing an empty kernel to the end of time ends at once."""
    assert kernel_with(REPLICA).advance(math.inf) == 0
