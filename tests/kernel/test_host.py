"""A serving engine's host before its line and behind its steps, in numbers worked by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from oracle.doors import COMPLETED, FAILED, FIRST_TOKEN, REPLICA, events_until, kernel_with, rows_after
from simulator.kernel import BatchingSpec, DecodePool, GroupSpec, HostSpec, Kernel, StepCost
from simulator.kernel.codes import NONE, REMOVED, TIMER_ORDER, Ending, Reason

BACK_S = 0.125
SECOND = HostSpec(request_s=0.5, token_s=0.125)
"""A prompt of four tokens takes it a second."""
BEHIND = HostSpec(output_s=2.0)
GROWING = StepCost(base=0.25, sequence=0.125, context=1 / 64)
"""A decode step's seconds by sequences and context, exact in binary; a prompt alone takes 0.25 s."""


def hosted(host: HostSpec, **changes: object) -> BatchingSpec:
    """The usual replica behind a host."""
    return replace(REPLICA, host=host, **changes)


def send(kernel: Kernel, number: int, at_s: float = 0.0, output: int = 1, **given: int) -> int:
    """One attempt of a prompt of four tokens."""
    return kernel.submit(0, number, 4, output, at_s, at_s, **given)


def lags_s(kernel: Kernel) -> list[float]:
    """Of a drained kernel."""
    return rows_after(kernel)["lag_s"].tolist()


# -- before the line ------------------------------------------------------------------------


def test_the_host_serves_one_after_another() -> None:
    """Of two that come together the second is prepared a second after the first, then alone in a step."""
    kernel = kernel_with(hosted(SECOND))
    for number in range(2):
        send(kernel, number)
    rows = rows_after(kernel)
    assert rows["ready_s"].tolist() == [0.0, 0.0]
    assert rows["admitted_s"].tolist() == [1.0, 2.0]
    assert rows["finish_s"].tolist() == [1.25, 2.25]


def test_a_free_host_begins_at_once() -> None:
    """Who comes when all work is done waits for no one; who comes before waits for what is left."""
    kernel = kernel_with(hosted(SECOND))
    for number, at_s in enumerate((0.0, 0.75, 8.0)):
        send(kernel, number, at_s)
    assert rows_after(kernel)["admitted_s"].tolist() == [1.0, 2.0, 9.0]


def test_urgency_does_not_move_anyone_at_the_host() -> None:
    """It orders the line only; the host is first come, first served."""
    kernel = kernel_with(hosted(SECOND))
    for number, priority in enumerate((5, 0)):
        send(kernel, number, priority=priority)
    assert rows_after(kernel)["admitted_s"].tolist() == [1.0, 2.0]


def test_work_on_an_answer_keeps_later_arrivals_waiting_but_not_itself() -> None:
    """Answers of 1, 4 and 1 tokens at a quarter each: prepared at 1, 1.25 + 1 and 2.25 + 1 + 1 s."""
    kernel = kernel_with(hosted(HostSpec(request_s=1.0, answer_token_s=0.25)))
    for number, output in enumerate((1, 4, 1)):
        send(kernel, number, output=output)
    assert rows_after(kernel)["admitted_s"].tolist() == [1.0, 2.25, 4.25]


def test_a_prepared_attempt_joins_the_batch_at_its_next_boundary() -> None:
    """Prepared at 2 s and a bit, in the middle of a leap, it is in the step that begins at 2.25 s."""
    kernel = kernel_with(hosted(HostSpec(request_s=1.0625)))
    send(kernel, 0, output=20)
    send(kernel, 1, output=2)
    assert rows_after(kernel)["admitted_s"].tolist() == [1.0625, 2.3125]


def test_each_replica_has_a_host_of_its_own() -> None:
    """Two that go to two replicas are prepared side by side."""
    kernel = kernel_with(hosted(SECOND), count=2)
    for number in range(2):
        send(kernel, number)
    assert rows_after(kernel)["admitted_s"].tolist() == [1.0, 1.0]


def test_who_is_being_prepared_is_outstanding_and_does_not_wait() -> None:
    """Routers and autoscalers see a line without those whom the engine does not know yet."""
    kernel = kernel_with(hosted(SECOND))
    for number in range(3):
        send(kernel, number)
    events_until(kernel, 0.5)
    for rows in (kernel.groups, kernel.queues):
        seen = [int(rows[name][0]) for name in ("outstanding", "waiting", "running")]
        assert seen == [3, 0, 0]
    assert kernel.queues["preparing"][0] == 3


def test_given_up_while_being_prepared_it_is_gone_at_once() -> None:
    """Nothing is left of it but the host's time, which stays taken."""
    kernel = kernel_with(hosted(SECOND))
    handles = [send(kernel, number) for number in range(3)]
    events_until(kernel, 0.5)
    assert kernel.cancel(handles[1], 0.5) == REMOVED
    assert not kernel.is_live(handles[1])
    assert [int(kernel.queues[name][0]) for name in ("preparing", "outstanding")] == [2, 2]
    rows = rows_after(kernel)
    assert rows["ending"].tolist() == [Ending.COMPLETED, Ending.CANCELLED, Ending.COMPLETED]
    assert rows["finish_s"].tolist() == [1.25, 0.5, 3.25]
    assert not kernel.queues["preparing"][0]


def test_the_next_in_a_slot_is_not_handed_in_with_the_one_before() -> None:
    """The slot of one given up is taken again; the new one waits for its own time with the host."""
    kernel = kernel_with(hosted(SECOND))
    kernel.cancel(send(kernel, 0), 0.0)
    events_until(kernel, 0.25)
    handle = send(kernel, 1, 0.25)
    events_until(kernel, 0.5)
    kernel.cancel(handle, 0.5)
    send(kernel, 2, 0.5)
    rows = rows_after(kernel)
    assert rows["finish_s"].tolist() == [0.0, 0.5, 2.5]


def test_an_outage_fails_everybody_with_the_host_at_that_instant() -> None:
    """They are told in order of arrival; restored, the host has nothing to do, and old timers hurt nobody."""
    kernel = kernel_with(hosted(SECOND))
    handles = [kernel.submit(0, number, 4, 1, 0.0, 0.0, 9.0) for number in range(2)]
    events_until(kernel, 0.5)
    kernel.fail(0, 0.5, Reason.OUTAGE)
    assert not kernel.queues["preparing"][0]
    kernel.restore(0)
    send(kernel, 2, 0.75)
    events = events_until(kernel)
    assert [(event[0], event[1], event[2]) for event in events] == [(9.5, one, FAILED) for one in handles]
    rows = kernel.ledger()
    assert rows["reason"].tolist() == [Reason.OUTAGE, Reason.OUTAGE, Reason.NONE]
    assert rows["finish_s"].tolist() == [0.5, 0.5, 2.0]


def test_closing_leaves_those_with_the_host_unfinished() -> None:
    """They have a row each, and never began."""
    kernel = kernel_with(hosted(SECOND))
    for number in range(2):
        send(kernel, number)
    events_until(kernel, 0.5)
    kernel.close(0.5)
    rows = kernel.ledger()
    assert rows["ending"].tolist() == [Ending.UNFINISHED] * 2
    assert all(math.isnan(at_s) for at_s in rows["admitted_s"])


def test_a_bounded_line_counts_those_with_the_host() -> None:
    """One seat and one place: the third that comes is refused, though nobody waits or runs."""
    kernel = kernel_with(hosted(SECOND, max_sequences=1, queue_limit=1))
    for number in range(3):
        send(kernel, number)
    rows = rows_after(kernel)
    assert rows["reason"].tolist() == [Reason.NONE, Reason.NONE, Reason.QUEUE_FULL]
    assert rows["finish_s"][2] == 0.0


def test_a_draining_replica_serves_those_with_its_host() -> None:
    """Who was let in is prepared and served; who comes after finds the door closed."""
    kernel = kernel_with(hosted(SECOND))
    for number, at_s in enumerate((0.0, 0.75)):
        kernel.submit(0, number, 4, 1, 0.0, at_s)
    events_until(kernel, 0.5)
    kernel.drain(0)
    rows = rows_after(kernel)
    assert rows["ending"].tolist() == [Ending.COMPLETED, Ending.FAILED]
    assert rows["finish_s"][0] == 1.25


def test_who_waits_for_a_replica_to_open_has_no_host_to_wait_for() -> None:
    """It stands in line from its arrival on, also before a drained replica, and begins when that opens."""
    kernel = kernel_with(hosted(SECOND))
    kernel.drain(0)
    kernel.let_wait(0, 0)
    send(kernel, 0, 1.0)
    events_until(kernel, 5.0)
    assert kernel.groups["waiting"][0] == 1
    kernel.open(0, 5.0)
    kernel.let_wait(0, NONE)
    assert rows_after(kernel)["admitted_s"].tolist() == [5.0]


# -- behind the steps -----------------------------------------------------------------------


def test_answers_leave_behind_the_engine_and_free_their_seat_before() -> None:
    """Notices come two seconds late, and their way back; the ledger's instants are the engine's."""
    kernel = kernel_with(hosted(BEHIND))
    handle = kernel.submit(0, 0, 4, 4, 0.0, 0.0, BACK_S, notify=FIRST_TOKEN | COMPLETED)
    told = [(event[0], event[2], event[5]) for event in events_until(kernel, 1.5)]
    assert told == []
    assert not kernel.groups["running"][0]
    told = [(event[0], event[2], event[5]) for event in events_until(kernel)]
    assert told == [(0.25 + 2.0 + BACK_S, FIRST_TOKEN, 1), (1.0 + 2.0 + BACK_S, COMPLETED, 1)]
    assert kernel.first_token_s(handle) == 0.25 + 2.0 + BACK_S
    (row,) = kernel.ledger()
    assert (row["first_s"], row["finish_s"], row["lag_s"]) == (0.25, 1.0, 2.0)


@pytest.mark.parametrize(("broken_s", "seen"), [(2.125, 0), (2.5, 1)])
def test_a_token_that_had_not_left_is_lost_with_its_server(broken_s: float, seen: int) -> None:
    """Failures come without lag; whoever hears of one knows whether a first token had come before."""
    kernel = kernel_with(hosted(BEHIND))
    kernel.submit(0, 0, 4, 20, 0.0, 0.0, BACK_S, notify=FIRST_TOKEN)
    told = events_until(kernel, broken_s)
    kernel.fail(0, broken_s, Reason.OUTAGE)
    told += events_until(kernel)
    expected = [(0.25 + 2.0 + BACK_S, FIRST_TOKEN, 1)] * seen
    assert [(event[0], event[2], event[5]) for event in told] == [
        *expected,
        (broken_s + BACK_S, FAILED, seen),
    ]


def test_what_never_made_a_token_has_no_lag() -> None:
    """Refused: 0, also in the slot of one that had; given up in the step of its first token it has one."""
    kernel = kernel_with(hosted(BEHIND))
    first = send(kernel, 0)
    events_until(kernel, 4.0)
    again = kernel.submit(0, 1, 4, 4, 4.0, 4.0, reason=Reason.SERVER_ERROR)
    assert again & 0xFFFFFFFF == first & 0xFFFFFFFF
    events_until(kernel, 5.0)
    handle = send(kernel, 2, 5.0)
    events_until(kernel, 5.125)
    kernel.cancel(handle, 5.125)
    assert lags_s(kernel) == [2.0, 0.0, 2.0]


def test_the_lag_is_a_decode_step_of_the_batch_at_the_first_token() -> None:
    """Alone: T(1, 4) = 0.4375 s; beside another of 6 tokens: T(2, 6 + 2) = 0.625 s; fixed from then on."""
    kernel = kernel_with(hosted(HostSpec(output_s=0.5, output_steps=2.0), seconds=GROWING))
    send(kernel, 0, output=8)
    kernel.submit(0, 1, 2, 8, 0.0, 0.5)
    rows = rows_after(kernel)
    assert rows["first_s"].tolist() == [0.25, 1.140625]
    assert rows["lag_s"].tolist() == [0.5 + 2 * 0.4375, 0.5 + 2 * 0.625]


def test_prompts_that_end_together_join_one_after_another() -> None:
    """The first sees itself alone, the second both: T(1, 4) and T(2, 8); so does one that is done at once."""
    kernel = kernel_with(hosted(HostSpec(output_steps=1.0), seconds=GROWING))
    send(kernel, 0)
    for number, output in enumerate((8, 1, 8), 1):
        send(kernel, number, output=output)
    assert lags_s(kernel) == [0.4375, 0.4375, 0.625, 0.625]


def test_a_slowed_replica_lags_by_its_slow_steps() -> None:
    """Four times as slow, T(1, 4) is 1.75 s; the host's own part is not the accelerator's."""
    kernel = kernel_with(hosted(HostSpec(output_s=0.5, output_steps=1.0), seconds=GROWING))
    kernel.slow(0, 0.0, 4.0)
    send(kernel, 0, output=8)
    assert lags_s(kernel) == [0.5 + 4 * 0.4375]


def test_drafts_are_in_the_step_that_an_answer_lags_by() -> None:
    """Two tokens a step touch 1 - 1/4 of the experts: T = 0.25 + 0.75 s."""
    cost = StepCost(base=0.25, expert=1.0)
    spec = hosted(HostSpec(output_steps=1.0), seconds=cost, expert_miss=0.5, width=2, progress=1.5)
    kernel = kernel_with(spec)
    send(kernel, 0, output=8)
    assert lags_s(kernel) == [1.0]


# -- prefill apart from decode --------------------------------------------------------------


def split_kernel(host: HostSpec) -> Kernel:
    """One replica that computes prompts, behind a host, and one that decodes, whose host nobody passes."""
    decode = hosted(HostSpec(request_s=64.0, output_s=64.0, output_steps=64.0), seconds=StepCost(base=4.0))
    pool = DecodePool(queues=decode, transfer_s=0.0625)
    return Kernel([GroupSpec(queues=hosted(host, seconds=GROWING), decode=pool)])


def test_a_context_handed_over_passes_no_second_host() -> None:
    """Prepared at 1 s, first token 1.25, delivered 1.5, decoded three steps of 4 s."""
    kernel = split_kernel(SECOND)
    send(kernel, 0, output=4)
    (row,) = rows_after(kernel)
    assert (row["admitted_s"], row["first_s"], row["delivered_s"]) == (1.0, 1.25, 1.5)
    assert (row["finish_s"], row["lag_s"]) == (13.5, 0.0)


def test_a_prefill_replica_lags_by_a_step_of_each_alone() -> None:
    """Two prompts that end together: T(1, 4) both, by the prefill replica's own costs; told so at the end."""
    kernel = split_kernel(HostSpec(output_s=0.5, output_steps=2.0))
    send(kernel, 0)
    handles = [send(kernel, number, output=4, notify=COMPLETED) for number in (1, 2)]
    told = {event[1]: event[0] for event in events_until(kernel)}
    rows = kernel.ledger()[1:]
    assert rows["first_s"].tolist() == [0.5, 0.5]
    assert rows["lag_s"].tolist() == [1.375, 1.375]
    assert [told[handle] for handle in handles] == (rows["finish_s"] + 1.375).tolist()


# -- nothing where unused -------------------------------------------------------------------


def test_without_a_host_nobody_sets_a_timer_for_it() -> None:
    """One timer an attempt, its arrival's, as many as attempts that nobody listens to."""
    kernel = kernel_with(REPLICA)
    for number in range(9):
        send(kernel, number, output=3)
    assert not rows_after(kernel)["lag_s"].any()
    assert kernel._state.counters[TIMER_ORDER] == 9
