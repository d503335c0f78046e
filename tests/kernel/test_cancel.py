"""Giving attempts up: on the way, in line, in a batch, at a server, too late."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracle.doors import (
    COMPLETED,
    FIRST_TOKEN,
    REPLICA,
    SERVER,
    STEP_S,
    events_until,
    kernel_with,
    rows_after,
)
from simulator.kernel import BatchingSpec, ServersSpec
from simulator.kernel.codes import ALREADY_FINAL, REMOVED, STOPS_AT_BOUNDARY, Ending

BOTH = pytest.mark.parametrize("queues", [REPLICA, SERVER], ids=["batching", "servers"])


@BOTH
def test_on_its_way_an_attempt_is_removed_at_once(queues: BatchingSpec | ServersSpec) -> None:
    """It never arrives: cancelled at the instant it was given up, nothing used."""
    kernel = kernel_with(queues)
    handle = kernel.submit(0, 0, 5, 5, 0.0, 9.0, duration_s=1.0)
    assert kernel.cancel(handle, 4.0) == REMOVED
    (row,) = rows_after(kernel)
    assert (row["ending"], row["finish_s"], row["busy_s"]) == (Ending.CANCELLED, 4.0, 0.0)
    assert np.isnan(row["admitted_s"])
    assert kernel.groups["outstanding"][0] == 0


@BOTH
def test_in_line_an_attempt_is_removed_at_once(queues: BatchingSpec | ServersSpec) -> None:
    """Who waits leaves the line, and those behind move up."""
    lone = replace(queues, max_sequences=1) if isinstance(queues, BatchingSpec) else queues
    kernel = kernel_with(lone)
    handles = [kernel.submit(0, n, 4, 8, 0.0, 0.0, duration_s=2.0) for n in range(3)]
    events_until(kernel, 0.5)
    assert kernel.groups["waiting"][0] == 2
    assert kernel.cancel(handles[1], 0.5) == REMOVED
    rows = rows_after(kernel)
    assert rows["ending"].tolist() == [Ending.COMPLETED, Ending.CANCELLED, Ending.COMPLETED]
    assert rows["finish_s"].tolist() == [2.0, 0.5, 4.0]


def test_in_a_batch_an_attempt_stops_at_the_next_boundary() -> None:
    """It keeps its seat to the end of the step, pays for it, and has the tokens made by then."""
    kernel = kernel_with(REPLICA)
    handle = kernel.submit(0, 0, 4, 50, 0.0, 0.0)
    events_until(kernel, 1.1)
    assert kernel.cancel(handle, 1.1) == STOPS_AT_BOUNDARY
    (row,) = rows_after(kernel)
    assert (row["ending"], row["finish_s"], row["output"]) == (Ending.CANCELLED, 1.25, 5)
    assert row["busy_s"] == 1.25


def test_given_up_at_a_boundary_an_attempt_stops_at_the_one_after() -> None:
    """At equal instants the boundary comes first, so the next step has begun."""
    kernel = kernel_with(REPLICA)
    handle = kernel.submit(0, 0, 4, 50, 0.0, 0.0)
    events_until(kernel, 4 * STEP_S)
    kernel.cancel(handle, 4 * STEP_S)
    (row,) = rows_after(kernel)
    assert row["finish_s"] == 5 * STEP_S


def test_a_seat_given_up_is_taken_at_the_same_boundary() -> None:
    """Whoever waits is admitted when the cancelled sequence leaves."""
    kernel = kernel_with(replace(REPLICA, max_sequences=1))
    handle = kernel.submit(0, 0, 4, 50, 0.0, 0.0)
    kernel.submit(0, 1, 4, 2, 0.0, 0.0)
    events_until(kernel, 0.6)
    kernel.cancel(handle, 0.6)
    assert rows_after(kernel)["admitted_s"].tolist() == [0.0, 0.75]


def test_who_stood_behind_a_prompt_too_long_joins_when_that_is_given_up() -> None:
    """The head of the line does not fit and leaves; who fits behind it joins at the next boundary."""
    kernel = kernel_with(replace(REPLICA, token_budget=100))
    kernel.submit(0, 0, 10, 60, 0.0, 0.0)
    long = kernel.submit(0, 1, 95, 2, 0.0, 0.1)
    kernel.submit(0, 2, 5, 2, 0.0, 0.2)
    events_until(kernel, 1.1)
    assert kernel.groups["waiting"][0] == 2
    assert kernel.cancel(long, 1.1) == REMOVED
    assert rows_after(kernel)["admitted_s"][2] == 1.25


def test_during_its_prompt_an_attempt_stops_before_its_first_token() -> None:
    """Given up in the middle of a long prompt, it has paid for chunks and made no token."""
    kernel = kernel_with(replace(REPLICA, token_budget=10))
    handle = kernel.submit(0, 0, 45, 3, 0.0, 0.0)
    events_until(kernel, 0.3)
    assert kernel.cancel(handle, 0.3) == STOPS_AT_BOUNDARY
    (row,) = rows_after(kernel)
    assert (row["finish_s"], row["prefilled"], row["output"]) == (0.5, 20, 0)
    assert np.isnan(row["first_s"])
    assert kernel.queues["kv_used"][0] == 0


def test_an_attempt_that_would_have_finished_at_that_boundary_is_cancelled() -> None:
    """Given up during its last step, it stays given up although its answer is whole."""
    kernel = kernel_with(REPLICA)
    handle = kernel.submit(0, 0, 4, 4, 0.0, 0.0, notify=COMPLETED)
    assert events_until(kernel, 0.9) == []
    kernel.cancel(handle, 0.9)
    assert events_until(kernel) == []
    (row,) = kernel.ledger()
    assert (row["ending"], row["finish_s"], row["output"]) == (Ending.CANCELLED, 1.0, 4)


def test_at_a_server_an_attempt_stops_at_once() -> None:
    """The server is free at that instant; it has worked, drawn power and made tokens until then."""
    kernel = kernel_with(SERVER)
    handle = kernel.submit(0, 0, 3, 5, 0.0, 0.0, first_delay_s=1.0, duration_s=5.0)
    kernel.submit(0, 1, 3, 5, 0.0, 0.0, first_delay_s=1.0, duration_s=5.0)
    events_until(kernel, 3.5)
    assert kernel.cancel(handle, 3.5) == REMOVED
    first, second = rows_after(kernel)
    assert (first["ending"], first["output"], first["first_s"]) == (Ending.CANCELLED, 3, 1.0)
    assert (first["busy_s"], first["energy_j"]) == (3.5, 7.0)
    assert (second["admitted_s"], second["finish_s"]) == (3.5, 8.5)


@pytest.mark.parametrize(("at_s", "tokens"), [(0.5, 0), (1.0, 1), (2.9, 2), (4.999, 4)])
def test_a_server_makes_tokens_evenly(at_s: float, tokens: int) -> None:
    """The first token after its delay, the others evenly up to the end."""
    kernel = kernel_with(SERVER)
    handle = kernel.submit(0, 0, 3, 5, 0.0, 0.0, first_delay_s=1.0, duration_s=5.0)
    events_until(kernel, at_s)
    kernel.cancel(handle, at_s)
    assert rows_after(kernel)["output"].tolist() == [tokens]


@BOTH
def test_what_has_ended_or_was_given_up_cannot_be_given_up(
    queues: BatchingSpec | ServersSpec,
) -> None:
    """The second cancel, and one after the end, answer that it is final and change nothing."""
    kernel = kernel_with(queues)
    done = kernel.submit(0, 0, 2, 1, 0.0, 0.0, duration_s=0.25)
    stopped = kernel.submit(0, 1, 2, 9, 0.0, 0.5, duration_s=9.0)
    events_until(kernel, 1.1)
    assert kernel.cancel(done, 1.1) == ALREADY_FINAL
    assert kernel.cancel(stopped, 1.1) != ALREADY_FINAL
    assert kernel.cancel(stopped, 1.1) == ALREADY_FINAL
    rows = rows_after(kernel)
    assert rows["ending"].tolist() == [Ending.COMPLETED, Ending.CANCELLED]


@BOTH
def test_an_answer_on_its_way_back_is_final(queues: BatchingSpec | ServersSpec) -> None:
    """Given up after the last token, the attempt is completed, and its end is announced still."""
    kernel = kernel_with(queues)
    handle = kernel.submit(0, 0, 2, 1, 0.0, 0.0, 2.0, duration_s=0.25, notify=COMPLETED)
    assert events_until(kernel, 1.0) == []
    assert not kernel.is_live(handle)
    assert kernel.cancel(handle, 1.0) == ALREADY_FINAL
    assert [(event[0], event[2]) for event in events_until(kernel)] == [(2.25, COMPLETED)]


@BOTH
def test_given_up_attempts_announce_nothing(queues: BatchingSpec | ServersSpec) -> None:
    """Nobody listens any more: no first token, no completion, no failure."""
    kernel = kernel_with(queues)
    handle = kernel.submit(0, 0, 2, 9, 0.0, 0.0, 0.1, 1.0, 9.0, notify=FIRST_TOKEN | COMPLETED)
    assert events_until(kernel, 0.1) == []
    kernel.cancel(handle, 0.1)
    assert events_until(kernel) == []
