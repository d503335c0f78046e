"""Breaking a queue, restoring it, and closing the run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracle.doors import FAILED, REPLICA, SERVER, events_until, kernel_with, rows_after
from simulator.kernel import BatchingSpec, ServersSpec
from simulator.kernel.codes import Ending, Reason

BOTH = pytest.mark.parametrize("queues", [REPLICA, SERVER], ids=["batching", "servers"])


@BOTH
def test_everybody_in_a_broken_queue_fails_now(queues: BatchingSpec | ServersSpec) -> None:
    """Running and waiting attempts fail at that instant with the given reason, and it is told."""
    lone = replace(queues, max_sequences=1) if isinstance(queues, BatchingSpec) else queues
    kernel = kernel_with(lone)
    handles = [kernel.submit(0, n, 4, 20, 0.0, 0.0, 0.5, 0.3, 9.0) for n in range(3)]
    events_until(kernel, 1.1)
    kernel.fail(0, 1.1, Reason.OUTAGE)
    events = events_until(kernel)
    assert [event[1] for event in events] == handles
    told = {(event[0], event[2], event[3]) for event in events}
    assert told == {(1.6, FAILED, Reason.OUTAGE)}
    rows = kernel.ledger()
    assert (rows["ending"] == Ending.FAILED).all()
    assert (rows["finish_s"] == 1.1).all()
    assert [event[5] for event in events] == [1, 0, 0]


def test_the_broken_step_is_paid_for_the_part_that_was_done() -> None:
    """Four whole steps and a half: busy and joules so far, divided among those in the batch."""
    kernel = kernel_with(REPLICA)
    for number in range(2):
        kernel.submit(0, number, 4, 20, 0.0, 0.0)
    events_until(kernel, 1.125)
    kernel.fail(0, 1.125, Reason.OUTAGE)
    rows = rows_after(kernel)
    assert kernel.queues["busy_s"][0] == rows["busy_s"].sum() == 1.125
    assert kernel.queues["energy_j"][0] == rows["energy_j"].sum() == 4.5 * 8.0
    assert rows["output"].tolist() == [4, 3]


def test_a_broken_server_is_paid_up_to_the_break() -> None:
    """Seconds and joules up to the break, tokens made by then."""
    kernel = kernel_with(SERVER)
    kernel.submit(0, 0, 3, 5, 0.0, 0.0, first_delay_s=1.0, duration_s=5.0)
    events_until(kernel, 2.5)
    kernel.fail(0, 2.5, Reason.OUTAGE)
    (row,) = rows_after(kernel)
    assert (row["busy_s"], row["energy_j"], row["output"]) == (2.5, 5.0, 2)


@BOTH
def test_a_broken_queue_refuses_until_it_is_restored(queues: BatchingSpec | ServersSpec) -> None:
    """Arrivals fail as an outage; restored, the queue is empty and works as new."""
    kernel = kernel_with(queues)
    for number, at_s in enumerate((1.0, 2.0, 3.0, 4.0)):
        kernel.submit(0, number, 4, 2, 0.0, at_s, duration_s=0.5)
    events_until(kernel, 1.5)
    kernel.fail(0, 1.5, Reason.OUTAGE)
    events_until(kernel, 3.5)
    kernel.restore(0)
    rows = rows_after(kernel)
    assert rows["reason"].tolist() == [0, Reason.OUTAGE, Reason.OUTAGE, 0]
    assert rows["finish_s"][3] == 4.5


@BOTH
def test_attempts_on_their_way_survive_an_outage_that_ends_before(
    queues: BatchingSpec | ServersSpec,
) -> None:
    """Who arrives after the repair never hears of the outage."""
    kernel = kernel_with(queues)
    kernel.submit(0, 0, 4, 2, 0.0, 5.0, duration_s=0.5, queue=0)
    kernel.fail(0, 1.0, Reason.OUTAGE)
    kernel.restore(0)
    assert rows_after(kernel)["ending"].tolist() == [Ending.COMPLETED]


def test_who_was_given_up_before_the_break_stays_cancelled() -> None:
    """An outage in the step in which a cancelled sequence would have left changes nothing for it."""
    kernel = kernel_with(REPLICA)
    handle = kernel.submit(0, 0, 4, 20, 0.0, 0.0)
    kernel.submit(0, 1, 4, 20, 0.0, 0.0)
    events_until(kernel, 1.1)
    kernel.cancel(handle, 1.1)
    kernel.fail(0, 1.2, Reason.OUTAGE)
    rows = rows_after(kernel)
    assert rows["ending"].tolist() == [Ending.CANCELLED, Ending.FAILED]
    assert rows["reason"].tolist() == [0, Reason.OUTAGE]


def test_another_replica_is_untouched() -> None:
    """Only the broken queue loses its work."""
    kernel = kernel_with(SERVER, count=2)
    for number in range(2):
        kernel.submit(0, number, 1, 1, 0.0, 0.0, duration_s=2.0)
    events_until(kernel, 1.0)
    kernel.fail(0, 1.0, Reason.OUTAGE)
    assert rows_after(kernel)["finish_s"].tolist() == [1.0, 2.0]


@BOTH
def test_closing_ends_everybody_as_unfinished(queues: BatchingSpec | ServersSpec) -> None:
    """Running, waiting and travelling attempts get their row at the close, and nothing is told."""
    lone = replace(queues, max_sequences=1) if isinstance(queues, BatchingSpec) else queues
    kernel = kernel_with(lone)
    for number, at_s in enumerate((0.0, 0.1, 50.0)):
        kernel.submit(0, number, 4, 20, 0.0, at_s, duration_s=9.0)
    events_until(kernel, 1.1)
    kernel.close(1.1)
    rows = kernel.ledger()
    assert (rows["ending"] == Ending.UNFINISHED).all()
    assert (rows["finish_s"] == 1.1).all()
    assert rows["busy_s"].tolist() == pytest.approx([1.1, 0.0, 0.0])
    assert np.isnan(rows["admitted_s"]).tolist() == [False, True, True]
    assert events_until(kernel) == []


def test_closing_an_empty_kernel_leaves_an_empty_ledger() -> None:
    """A run without attempts has no rows and was never busy."""
    kernel = kernel_with(REPLICA)
    kernel.close(10.0)
    assert len(kernel.ledger()) == 0
    assert kernel.busy_s(10.0).tolist() == [0.0]
