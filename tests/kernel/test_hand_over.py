"""Contexts between two replicas: what their way costs, and what happens when an end breaks."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from oracle.doors import FAILED, FIRST_TOKEN, REPLICA, STEP_S, events_until, rows_after
from simulator.kernel import DecodePool, GroupSpec, Kernel
from simulator.kernel.codes import (
    ALREADY_FINAL,
    LEAST_OUTSTANDING,
    REMOVED,
    ROUND_ROBIN,
    Ending,
    Reason,
)

TOKEN_S = 2.0**-6
"""Seconds a token of context takes over the link; exact in binary."""


def split_kernel(
    senders: int = 1,
    receivers: int = 1,
    *,
    room: int = 100,
    decode_room: int = 100,
    balancing: int = LEAST_OUTSTANDING,
) -> Kernel:
    """A kernel of one group: queues 0 to senders - 1 compute prompts, the others decode."""
    decode = replace(REPLICA, kv_room_tokens=decode_room)
    pool = DecodePool(queues=decode, count=receivers, transfer_s=TOKEN_S)
    prefill = replace(REPLICA, kv_room_tokens=room)
    return Kernel([GroupSpec(queues=prefill, count=senders, decode=pool, balancing=balancing)])


def test_a_lone_answer_takes_prefill_and_transfer_and_decode() -> None:
    """One step for the prompt, its tokens over the link, then a step for every further token."""
    kernel = split_kernel()
    kernel.submit(0, 0, 32, 5, 0.0, 1.0)
    row = rows_after(kernel)[0]
    assert row["first_s"] == 1.0 + STEP_S
    assert row["delivered_s"] == row["first_s"] + 32 * TOKEN_S
    assert row["finish_s"] == row["delivered_s"] + 4 * STEP_S
    assert (row["prefill_queue"], row["queue"]) == (0, 1)


def test_a_single_token_never_leaves_its_replica() -> None:
    """An answer of one token ends with its prompt; nothing is handed over."""
    kernel = split_kernel()
    kernel.submit(0, 0, 32, 1, 0.0, 0.0)
    row = rows_after(kernel)[0]
    assert row["finish_s"] == row["first_s"] == STEP_S
    assert row["prefill_queue"] == -1
    assert np.isnan(row["delivered_s"])


def test_the_first_token_is_told_when_the_prompt_ends() -> None:
    """The prefill replica gives the first token out itself; it does not wait for the context's way."""
    kernel = split_kernel()
    kernel.submit(0, 0, 32, 5, 0.0, 0.0, notify=FIRST_TOKEN)
    assert events_until(kernel)[0][0] == STEP_S


def test_contexts_take_a_link_one_after_another() -> None:
    """Two prompts of one step share a link: the second context starts when the first is there."""
    kernel = split_kernel(receivers=2)
    for number in range(2):
        kernel.submit(0, number, 16, 5, 0.0, 0.0)
    assert (rows_after(kernel)["delivered_s"] - STEP_S).tolist() == [16 * TOKEN_S, 32 * TOKEN_S]


def test_every_sender_has_a_link_of_its_own() -> None:
    """Prompts of two replicas are on their way at the same time."""
    kernel = split_kernel(senders=2)
    for number in range(2):
        kernel.submit(0, number, 16, 5, 0.0, 0.0)
    assert (rows_after(kernel)["delivered_s"] - STEP_S).tolist() == [16 * TOKEN_S, 16 * TOKEN_S]


def test_a_context_keeps_its_room_until_it_is_delivered() -> None:
    """A prompt that does not fit beside a context on its way begins when that has arrived."""
    kernel = split_kernel()
    kernel.submit(0, 0, 60, 5, 0.0, 0.0)
    kernel.submit(0, 1, 60, 5, 0.0, STEP_S)
    rows = rows_after(kernel)
    assert rows["admitted_s"][1] == rows["delivered_s"][0]


def test_a_context_waits_for_room_where_it_arrives() -> None:
    """It joins the batch when another sequence ends there, and neither is computed again."""
    kernel = split_kernel(senders=2, decode_room=64)
    kernel.submit(0, 0, 32, 9, 0.0, 0.0)
    kernel.submit(0, 1, 32, 9, 0.0, 0.0)
    rows = rows_after(kernel)
    assert rows["finish_s"][1] == rows["finish_s"][0] + 8 * STEP_S
    assert not rows["recomputed"].any()


def test_a_preempted_context_is_computed_again_where_it_decodes() -> None:
    """The prompt and the tokens so far, as one chunk of the decode replica; the sender is left alone."""
    kernel = split_kernel(senders=2, decode_room=80)
    for number in range(2):
        kernel.submit(0, number, 32, 20, 0.0, 0.0)
    rows = rows_after(kernel)
    assert kernel.queues["preemption_count"].tolist() == [0, 0, 1]
    assert kernel.queues["step_count"][:2].tolist() == [1, 1]
    assert rows["recomputed"].sum() == rows["prefilled"].sum() - 64 - 1


@pytest.mark.parametrize(("prompt", "output"), [(101, 1), (90, 12)])
def test_what_fits_into_neither_pool_is_refused_at_the_door(prompt: int, output: int) -> None:
    """A prompt larger than the prefill room, or an answer larger than the decode room, never begins."""
    kernel = split_kernel()
    kernel.submit(0, 0, prompt, output, 0.0, 0.0)
    assert rows_after(kernel)["reason"].tolist() == [Reason.TOO_LARGE]


def on_its_way(kernel: Kernel) -> int:
    """The handle of an attempt whose context is on its way from 0.25 s to 0.75 s."""
    handle = kernel.submit(0, 0, 32, 5, 0.0, 0.0)
    events_until(kernel, 0.5)
    return handle


def test_giving_up_on_the_way_frees_the_sender_at_once() -> None:
    """No step has to end: the attempt is removed, its room is free, and nothing arrives."""
    kernel = split_kernel()
    handle = on_its_way(kernel)
    assert kernel.queues["kv_used"].tolist() == [32, 0]
    assert kernel.cancel(handle, 0.5) == REMOVED
    assert kernel.cancel(handle, 0.5) == ALREADY_FINAL
    assert not kernel.queues["kv_used"].any()
    assert not kernel.queues["outstanding"].any()
    row = rows_after(kernel)[0]
    assert (row["ending"], row["finish_s"], row["output"]) == (Ending.CANCELLED, 0.5, 1)


@pytest.mark.parametrize(("broken", "end_s"), [(0, 0.5), (1, 0.75)])
def test_an_attempt_fails_when_one_end_breaks(broken: int, end_s: float) -> None:
    """A sender takes its contexts with it at once; a receiver is found broken on delivery."""
    kernel = split_kernel()
    on_its_way(kernel)
    kernel.fail(broken, 0.5, Reason.OUTAGE)
    assert [(at_s, kind) for at_s, _, kind, *_ in events_until(kernel)] == [(end_s, FAILED)]
    row = kernel.ledger()[0]
    assert (row["ending"], row["reason"], row["finish_s"]) == (Ending.FAILED, Reason.OUTAGE, end_s)
    assert not kernel.queues["kv_used"].any()


def test_nobody_left_to_decode_fails_a_finished_prompt() -> None:
    """The first token is out by then; the failure comes after it."""
    kernel = split_kernel()
    kernel.fail(1, 0.0, Reason.OUTAGE)
    kernel.submit(0, 0, 32, 5, 0.0, 0.0)
    row = rows_after(kernel)[0]
    assert (row["reason"], row["first_s"], row["finish_s"]) == (Reason.OUTAGE, STEP_S, STEP_S)


def test_a_draining_receiver_still_takes_what_is_on_its_way() -> None:
    """Drained, it gets nothing new, but serves what was sent to it before."""
    kernel = split_kernel()
    on_its_way(kernel)
    kernel.drain(1)
    kernel.submit(0, 1, 32, 5, 0.5, 0.5)
    rows = rows_after(kernel)
    assert rows["ending"].tolist() == [Ending.COMPLETED, Ending.FAILED]


@pytest.mark.parametrize("balancing", [LEAST_OUTSTANDING, ROUND_ROBIN])
def test_contexts_are_spread_over_the_receivers(balancing: int) -> None:
    """Contexts on their way count as outstanding where they go: four go to four."""
    kernel = split_kernel(receivers=4, balancing=balancing)
    for number in range(4):
        kernel.submit(0, number, 16, 20, 0.0, 0.0)
    assert sorted(rows_after(kernel)["queue"].tolist()) == [1, 2, 3, 4]


def test_a_closed_run_leaves_contexts_on_their_way_unfinished() -> None:
    """They get a row like everything else."""
    kernel = split_kernel()
    on_its_way(kernel)
    kernel.close(0.5)
    assert kernel.ledger()["ending"].tolist() == [Ending.UNFINISHED]
    assert math.isnan(kernel.ledger()["delivered_s"][0])
