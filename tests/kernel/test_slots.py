"""Handles and the arrays behind them: reuse, staleness, growth."""

from __future__ import annotations

import numpy as np
import pytest

from oracle.doors import (
    COMPLETED,
    FIRST_TOKEN,
    REPLICA,
    SERVER,
    events_until,
    kernel_with,
    rows_after,
)
from simulator.kernel import Kernel, ServersSpec
from simulator.kernel import kernel as kernel_module
from simulator.kernel.codes import ALREADY_FINAL, Ending
from simulator.kernel.layout import FIRST_SLOT_COUNT, LEDGER_ROWS

SLOT_MASK = 0xFFFFFFFF
MANY = ServersSpec(servers=100_000)


def ended_handle(kernel: Kernel) -> int:
    """The handle of an attempt that has come and gone by 1 s."""
    handle = kernel.submit(0, 0, 1, 1, 0.0, 0.0, duration_s=0.5)
    events_until(kernel, 1.0)
    return handle


def test_a_slot_is_used_again_under_another_handle() -> None:
    """The next attempt takes the same slot, and its handle differs by the generation."""
    kernel = kernel_with(SERVER)
    first = ended_handle(kernel)
    second = kernel.submit(0, 1, 1, 1, 1.0, 1.0, duration_s=9.0)
    assert second & SLOT_MASK == first & SLOT_MASK
    assert second != first
    assert kernel.is_live(second)
    assert not kernel.is_live(first)


def test_a_stale_handle_cannot_give_up_its_successor() -> None:
    """A cancel by an old handle is refused; the attempt in that slot completes."""
    kernel = kernel_with(SERVER)
    first = ended_handle(kernel)
    kernel.submit(0, 1, 1, 1, 1.0, 1.0, duration_s=9.0)
    assert kernel.cancel(first, 2.0) == ALREADY_FINAL
    assert rows_after(kernel)["ending"].tolist() == [Ending.COMPLETED] * 2


def test_a_stale_handle_cannot_watch_its_successor() -> None:
    """Who watches an attempt that has ended hears nothing of the one in its slot."""
    kernel = kernel_with(SERVER)
    first = ended_handle(kernel)
    kernel.submit(0, 1, 1, 1, 1.0, 1.0, duration_s=9.0)
    kernel.watch(first, FIRST_TOKEN | COMPLETED)
    assert events_until(kernel) == []


def test_timers_of_an_ended_attempt_do_not_touch_its_successor() -> None:
    """The end of a service that was given up leaves the next attempt in the slot alone."""
    kernel = kernel_with(SERVER)
    handle = kernel.submit(0, 0, 1, 1, 0.0, 0.0, duration_s=5.0)
    events_until(kernel, 1.0)
    kernel.cancel(handle, 1.0)
    kernel.submit(0, 1, 1, 1, 1.0, 1.0, duration_s=20.0)
    assert rows_after(kernel)["finish_s"].tolist() == [1.0, 21.0]


def test_an_attempt_cancelled_on_its_way_never_arrives_as_another() -> None:
    """Its arrival's timer is dead when the slot is taken again."""
    kernel = kernel_with(SERVER)
    handle = kernel.submit(0, 0, 1, 1, 0.0, 2.0, duration_s=1.0)
    kernel.cancel(handle, 0.5)
    kernel.submit(0, 1, 1, 1, 0.5, 7.0, duration_s=1.0)
    assert rows_after(kernel)["admitted_s"][1] == 7.0


def test_one_slot_serves_a_sequence_of_attempts() -> None:
    """Attempts one after another never need more than the first slots."""
    kernel = kernel_with(SERVER)
    handles = []
    for number in range(5000):
        at_s = float(number)
        events_until(kernel, at_s)
        handles.append(kernel.submit(0, number, 1, 1, at_s, at_s, duration_s=0.5))
    assert len({handle & SLOT_MASK for handle in handles}) == 1
    assert len(set(handles)) == 5000
    assert (rows_after(kernel)["finish_s"] == np.arange(5000) + 0.5).all()


@pytest.fixture
def bounded_growth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stops a kernel that grows without end before it eats the machine."""
    grow = kernel_module.with_more_slots

    def bounded(state: object, count: int) -> object:
        assert count <= 1 << 16, "slots grow without end"
        return grow(state, count)

    monkeypatch.setattr(kernel_module, "with_more_slots", bounded)


@pytest.mark.usefixtures("bounded_growth")
@pytest.mark.parametrize("queues", [REPLICA, MANY], ids=["batching", "servers"])
def test_any_number_may_be_submitted_at_one_instant(queues: object) -> None:
    """Slots and timers grow as a burst needs them, and nobody is forgotten."""
    kernel = kernel_with(queues)
    count = 4 * FIRST_SLOT_COUNT
    handles = [kernel.submit(0, n, 1, 1, 0.0, 1.0, duration_s=1.0) for n in range(count)]
    assert len({handle & SLOT_MASK for handle in handles}) == count
    rows = rows_after(kernel)
    assert (rows["ending"] == Ending.COMPLETED).all()
    np.testing.assert_array_equal(rows["number"], np.arange(count))


def test_handles_survive_the_growth_of_the_arrays() -> None:
    """An attempt submitted before the slots grew can be given up afterwards."""
    kernel = kernel_with(SERVER)
    handle = kernel.submit(0, 0, 1, 1, 0.0, 0.0, duration_s=9.0)
    kernel.add_slots()
    assert kernel.is_live(handle)
    kernel.cancel(handle, 2.0)
    assert rows_after(kernel)["ending"].tolist() == [Ending.CANCELLED]


def test_a_ledger_longer_than_its_buffer_is_whole() -> None:
    """More attempts than the buffer has rows: all are there, in order of submission."""
    kernel = kernel_with(MANY)
    count = LEDGER_ROWS + 500
    for number in range(count):
        at_s = 0.001 * number
        kernel.advance(at_s)
        kernel.submit(0, number, 1, 1, at_s, at_s, duration_s=0.0005)
    np.testing.assert_array_equal(rows_after(kernel)["number"], np.arange(count))


def test_the_ledger_can_be_read_while_the_run_goes_on() -> None:
    """Reading takes nothing away: a later reading has the earlier rows as well."""
    kernel = kernel_with(SERVER)
    ended_handle(kernel)
    assert len(kernel.ledger()) == 1
    kernel.submit(0, 1, 1, 1, 1.0, 1.0, duration_s=1.0)
    assert rows_after(kernel)["request"].tolist() == [0, 1]
    assert len(kernel.ledger()) == 2
