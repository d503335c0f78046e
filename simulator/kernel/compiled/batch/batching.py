"""Continuous batching as in vLLM v1, by exact leaps: one event per prefill step or per stretch
of pure decode (docs/methodology/batching.md states the rules; the step-by-step oracle in tests
holds this code to them).
"""

from __future__ import annotations

import math

from simulator.kernel.codes import IDLE, LEAP, LEAP_COUNT, NONE, STEP, WAITING, Ending
from simulator.kernel.compiled.batch.admission import (
    admissible_tokens,
    admit,
    continue_prefill,
    prompt_budget,
)
from simulator.kernel.compiled.batch.charging import alike_steps, limit_power, pay_for_chunk, turn_meters
from simulator.kernel.compiled.batch.costs import attended_pairs, shared_cost
from simulator.kernel.compiled.batch.drafts import (
    decode_room,
    steps_with_room,
    stretch,
    tokens_gained,
    whole_steps,
)
from simulator.kernel.compiled.batch.pace import change_pace
from simulator.kernel.compiled.batch.preemption import make_room
from simulator.kernel.compiled.batch.prefixes import offer_segments, trim
from simulator.kernel.compiled.batch.sequences import begin_decode, end_decode, leave_batch, release
from simulator.kernel.compiled.batch.transfers import hand_over
from simulator.kernel.compiled.endings import end_attempt, notify_first
from simulator.kernel.compiled.heaps import reorder_queue
from simulator.kernel.compiled.lists import count_kv, enqueue, remove_prefill, remove_waiting
from simulator.kernel.machine_code.jit import compiled

COMPLETED = int(Ending.COMPLETED)
CANCELLED = int(Ending.CANCELLED)


@compiled
def plan(k, number, now_s):
    """Decides the queue's next step or leap at a step boundary."""
    queue = k.queues[number]
    if queue.slowdown != queue.slowdown_next:
        change_pace(k, queue)
    queue.chunk_tokens = 0
    preempted = make_room(k, queue)
    count = queue.preemption_count
    budget = continue_prefill(k, queue, prompt_budget(queue))
    preempted = preempted or queue.preemption_count > count
    if not preempted:
        admit(k, queue, now_s, budget)
    queue.start_s = now_s
    if queue.chunk_tokens > 0:
        plan_step(k, queue)
    elif queue.decoding > 0:
        plan_leap(k, queue, preempted)
    else:
        queue.phase = IDLE
        queue.next_s = math.inf
    trim(k, queue)
    reorder_queue(k, number)


@compiled
def prompt_pairs(k, queue):
    """Query-key pairs that this step's prompt chunks attend."""
    pairs = 0.0
    slot = queue.prefill_head
    while slot != NONE:
        pairs += attended_pairs(k.slots[slot].chunk, k.slots[slot].computed)
        slot = k.slots[slot].prefill_next
    return pairs


@compiled
def plan_step(k, queue):
    """One step that carries prompt chunks beside the decoding sequences."""
    decoding = queue.decoding
    tokens = queue.chunk_tokens
    pairs = prompt_pairs(k, queue)
    queue.phase = STEP
    queue.steps = 1
    queue.growth_s = 0.0
    queue.growth_j = 0.0
    queue.first_step_s = (
        shared_cost(queue.base_s, queue.expert_s, queue.expert_miss, decoding * queue.width + tokens)
        + decoding * queue.sequence_s
        + queue.context * queue.context_s
        + tokens * queue.prompt_s
        + pairs * queue.attention_s
    )
    queue.first_step_j = (
        shared_cost(queue.base_j, queue.expert_j, queue.expert_miss, decoding * queue.width + tokens)
        + decoding * queue.sequence_j
        + queue.context * queue.context_j
        + tokens * queue.prompt_j
        + pairs * queue.attention_j
    )
    limit_power(queue)
    queue.next_s = queue.start_s + queue.first_step_s
    count_kv(k, queue, decode_room(queue))


@compiled
def decode_step_s(queue, decoding, context):
    """Seconds of a step in which so many sequences decode, and nobody else is in it: T(B, C)."""
    return (
        shared_cost(queue.base_s, queue.expert_s, queue.expert_miss, decoding * queue.width)
        + decoding * queue.sequence_s
        + context * queue.context_s
    )


@compiled
def plan_leap(k, queue, single):
    """A stretch of pure decode up to the next completion or the end of KV room."""
    decoding = queue.decoding
    queue.phase = LEAP
    steps = k.clocks[queue.heap_at] - queue.clock
    steps = min(steps, steps_with_room(queue, (queue.kv_room - queue.kv_used) // decoding))
    queue.steps = 1 if single else steps
    queue.first_step_s = decode_step_s(queue, decoding, queue.context)
    queue.first_step_j = (
        shared_cost(queue.base_j, queue.expert_j, queue.expert_miss, decoding * queue.width)
        + decoding * queue.sequence_j
        + queue.context * queue.context_j
    )
    queue.growth_s = decoding * queue.context_s
    queue.growth_j = decoding * queue.context_j
    queue.steps = alike_steps(queue, queue.steps)
    limit_power(queue)
    if queue.limited:
        queue.growth_j = queue.limit_w * queue.growth_s
    queue.next_s = queue.start_s + stretch(queue, queue.first_step_s, queue.growth_s, queue.steps)
    k.counters[LEAP_COUNT] += 1


@compiled
def finish_chunks(k, number, now_s, shared_s, shared_j):
    """Ends the step for its prompt chunks; complete prompts emit a token and start to decode."""
    queue = k.queues[number]
    slot = queue.prefill_head
    while slot != NONE:
        entry = k.slots[slot]
        after = entry.prefill_next
        if entry.chunk > 0:
            pay_for_chunk(queue, entry, shared_s, shared_j)
            entry.computed += entry.chunk
            entry.chunk = 0
            if queue.caches:
                offer_segments(k, number, queue, slot)
            if entry.computed == entry.prefill_target:
                emit_first(k, queue, slot, now_s)
        slot = after


@compiled
def emit_first(k, queue, slot, now_s):
    """The token that ends a prefill: the answer's first, or the next one after a preemption."""
    entry = k.slots[slot]
    remove_prefill(k, queue, slot)
    entry.generated += 1
    if math.isnan(entry.first_s):
        entry.first_s = now_s
        entry.lag_s = answer_lag_s(queue, entry.computed)
        notify_first(k, slot, now_s)
    if entry.stop == 0 and entry.generated == entry.output:
        release(k, queue, slot)
        end_attempt(k, slot, now_s, COMPLETED)
    elif queue.hands_over:
        hand_over(k, queue, slot, now_s)
    else:
        begin_decode(k, queue, slot)


@compiled
def answer_lag_s(queue, context):
    """Seconds by which an answer leaves the server behind the engine, from its first token on.

    The step is that of the batch at this boundary with a sequence of `context` tokens more.
    """
    if queue.host_output_steps == 0.0:
        return queue.host_output_s
    step_s = decode_step_s(queue, queue.decoding + 1, queue.context + context)
    return queue.host_output_s + queue.host_output_steps * step_s


@compiled
def finish_decodes(k, queue, now_s):
    """Ends every sequence whose last token this boundary brought."""
    while queue.heap_count > 0 and k.clocks[queue.heap_at] <= queue.clock:
        slot = k.members[queue.heap_at]
        end_decode(k, queue, slot, 0)
        release(k, queue, slot)
        queue.cancelling -= k.slots[slot].stop
        end_attempt(k, slot, now_s, CANCELLED if k.slots[slot].stop else COMPLETED)


@compiled
def finish_cancels(k, queue, now_s):
    """Ends running sequences that were given up during the step; they paid up to here."""
    slot = queue.run_head
    while queue.cancelling > 0 and slot != NONE:
        after = k.slots[slot].run_next
        if k.slots[slot].stop:
            queue.cancelling -= 1
            leave_batch(k, queue, slot)
            end_attempt(k, slot, now_s, CANCELLED)
        slot = after


@compiled
def finish_stretch(k, number, now_s):
    """Takes the queue over the boundary it reached, then plans the next stretch."""
    queue = k.queues[number]
    steps = queue.steps
    if queue.phase == LEAP:
        count_kv(k, queue, queue.decoding * tokens_gained(queue, queue.clock, steps))
        trim(k, queue)
    shared_s, shared_j = turn_meters(queue, steps)
    finish_decodes(k, queue, now_s)
    if queue.prefilling > 0:
        finish_chunks(k, number, now_s, shared_s, shared_j)
    finish_cancels(k, queue, now_s)
    plan(k, number, now_s)


@compiled
def interrupt(k, number, now_s):
    """Shortens a leap to the first step boundary after `now_s`."""
    queue = k.queues[number]
    if queue.phase != LEAP:
        return
    steps = whole_steps(queue, now_s - queue.start_s) + 1
    if steps < queue.steps:
        queue.steps = steps
        queue.next_s = queue.start_s + stretch(queue, queue.first_step_s, queue.growth_s, steps)
        reorder_queue(k, number)


@compiled
def arrive(k, number, slot, now_s):
    """Lets an attempt stand in the queue, whose work may begin only when it is up."""
    stand(k, number, slot, now_s, k.queues[number].up)


@compiled
def stand(k, number, slot, now_s, works):
    """Puts an attempt into the line; wakes an idle queue that works, or shortens a leap it can join."""
    queue = k.queues[number]
    enqueue(k, queue, slot)
    k.slots[slot].state = WAITING
    if queue.phase == IDLE:
        if works:
            plan(k, number, now_s)
    elif queue.wait_head == slot:
        hasten(k, number, now_s)


@compiled
def hasten(k, number, now_s):
    """Shortens a leap when the first in line could join at its next boundary."""
    queue = k.queues[number]
    if admissible_tokens(k, queue, prompt_budget(queue)) > 0:
        interrupt(k, number, now_s)


@compiled
def cancel_waiting(k, number, slot, now_s):
    """Takes an attempt out of the line; who stood behind it may now be able to join."""
    remove_waiting(k, k.queues[number], slot)
    hasten(k, number, now_s)


@compiled
def cancel_running(k, number, slot, now_s):
    """Marks a running sequence to stop at the next step boundary."""
    k.slots[slot].stop = 1
    k.queues[number].cancelling += 1
    interrupt(k, number, now_s)
