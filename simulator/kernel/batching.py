"""Continuous batching as in vLLM v1, by exact leaps: one event per prefill step or per stretch
of pure decode (docs/methodology/batching.md states the rules; the step-by-step oracle in tests
holds this code to them).
"""

from __future__ import annotations

import math

from simulator.kernel.codes import (
    DECODE,
    IDLE,
    LEAP,
    LEAP_COUNT,
    NONE,
    PREFILL,
    STEP,
    WAITING,
    Ending,
)
from simulator.kernel.costs import (
    attended_pairs,
    shared_cost,
)
from simulator.kernel.drafts import (
    clock_at,
    decode_room,
    gained_before,
    steps_with_room,
    stretch,
    tokens_gained,
    whole_steps,
)
from simulator.kernel.endings import end_attempt, notify_first
from simulator.kernel.heaps import member_place, push_member, remove_member, reorder_queue
from simulator.kernel.jit import compiled
from simulator.kernel.lists import (
    append_prefill,
    append_running,
    count_kv,
    enqueue,
    remove_prefill,
    remove_running,
    remove_waiting,
    requeue,
)
from simulator.kernel.pace import change_pace
from simulator.kernel.prefixes import (
    held_tokens,
    leave_behind,
    may_repeat,
    offer_segments,
    take_prefix,
    trim,
)

COMPLETED = int(Ending.COMPLETED)
CANCELLED = int(Ending.CANCELLED)


@compiled
def begin_decode(k, queue, slot):
    """Joins the decoding batch; the slot's meters start at the queue's present readings."""
    entry = k.slots[slot]
    entry.state = DECODE
    entry.started_clock = queue.clock
    entry.started_context = entry.computed
    entry.share_s = queue.share_s
    entry.share_j = queue.share_j
    entry.done_clock = clock_at(queue, queue.clock, entry.output - entry.generated)
    push_member(k, queue, entry.done_clock, slot)
    queue.decoding += 1
    queue.context += entry.computed


@compiled
def end_decode(k, queue, slot, place):
    """Leaves the decoding batch, paying for its steps so far (costs.py, component by cause)."""
    entry = k.slots[slot]
    steps = queue.clock - entry.started_clock
    gained = tokens_gained(queue, entry.started_clock, steps)
    tokens = min(gained, entry.output - entry.generated)
    read = steps * entry.started_context + gained_before(queue, entry.started_clock, steps)
    entry.busy_s += queue.share_s - entry.share_s + steps * queue.sequence_s + read * queue.context_s
    entry.energy_j += queue.share_j - entry.share_j + steps * queue.sequence_j + read * queue.context_j
    queue.context -= entry.computed + gained
    entry.generated += tokens
    entry.computed += tokens
    if tokens < gained:
        count_kv(k, queue, tokens - gained)
    remove_member(k, queue, place)
    queue.decoding -= 1


@compiled
def release(k, queue, slot):
    """Gives a running sequence's seat and KV room back."""
    entry = k.slots[slot]
    if queue.caches:
        leave_behind(k, entry.queue, queue, slot, entry.computed)
        count_kv(k, queue, -entry.chunk)
    else:
        count_kv(k, queue, -(entry.computed + entry.chunk))
    entry.chunk = 0
    remove_running(k, queue, slot)


@compiled
def leave_batch(k, queue, slot):
    """Takes a running sequence out between steps, whatever its phase."""
    if k.slots[slot].state == DECODE:
        end_decode(k, queue, slot, member_place(k, queue, slot))
    else:
        remove_prefill(k, queue, slot)
    release(k, queue, slot)


@compiled
def victim(k, queue):
    """The running sequence to preempt: the last admitted among the least urgent."""
    worst = queue.run_tail
    slot = k.slots[worst].run_previous
    while slot != NONE:
        if k.slots[slot].priority > k.slots[worst].priority:
            worst = slot
        slot = k.slots[slot].run_previous
    return worst


@compiled
def preempt(k, queue, slot):
    """Drops a sequence's KV cache; it waits first in line and computes everything again.

    The work of computing the same tokens once more will be its waste (`pay_for_chunk`).
    """
    leave_batch(k, queue, slot)
    entry = k.slots[slot]
    entry.lost = max(entry.lost, entry.computed)
    entry.computed = 0
    entry.prefill_target = entry.prompt + entry.generated
    entry.state = WAITING
    queue.preemption_count += 1
    requeue(k, queue, slot)


@compiled
def make_room(k, queue):
    """Preempts until every decoding sequence has room for one more token; whether it had to."""
    count = queue.preemption_count
    while queue.kv_used + decode_room(queue) > queue.kv_room:
        preempt(k, queue, victim(k, queue))
    return queue.preemption_count > count


@compiled
def schedule_chunk(k, queue, slot, tokens):
    """Plans the next `tokens` prompt tokens of a sequence for this step and takes their room."""
    k.slots[slot].chunk = tokens
    queue.chunk_tokens += tokens
    count_kv(k, queue, tokens)


@compiled
def continue_prefill(k, queue, budget):
    """Schedules the prompt left over from the last step; returns the budget that remains."""
    slot = queue.prefill_head
    if slot == NONE or budget == 0:
        return budget
    tokens = min(k.slots[slot].prefill_target - k.slots[slot].computed, budget)
    while queue.kv_used + decode_room(queue) + tokens > queue.kv_room:
        worst = victim(k, queue)
        preempt(k, queue, worst)
        if worst == slot:
            return budget
    schedule_chunk(k, queue, slot, tokens)
    return budget - tokens


@compiled
def admissible_tokens(k, queue, budget):
    """Prompt tokens of the first waiting sequence that fit into this step; 0 if it must wait."""
    slot = queue.wait_head
    if slot == NONE or queue.running >= queue.capacity or budget <= 0:
        return 0
    if queue.caches and may_repeat(k, slot):
        return cached_admissible_tokens(k, queue, slot, budget)
    tokens = min(k.slots[slot].prefill_target, budget)
    return tokens if queue.kv_used + decode_room(queue) + tokens <= queue.kv_room else 0


@compiled
def cached_admissible_tokens(k, queue, slot, budget):
    """Prompt tokens that may find a prefix: admitted when the whole prompt fits beside the others.

    What running sequences hold takes no more room. Free blocks do not matter here, so that a leap
    may evict them and yet nobody could have been admitted on the way.
    """
    entry = k.slots[slot]
    need = entry.prefill_target - held_tokens(k, entry.queue, slot)
    fits = queue.kv_used + decode_room(queue) + need <= queue.kv_room
    return min(entry.prefill_target, budget) if fits else 0


@compiled
def admit(k, queue, now_s, budget):
    """Admits waiting sequences in order while seats, budget and room last."""
    tokens = admissible_tokens(k, queue, budget)
    while tokens > 0:
        slot = queue.wait_head
        remove_waiting(k, queue, slot)
        entry = k.slots[slot]
        entry.state = PREFILL
        if math.isnan(entry.admitted_s):
            entry.admitted_s = now_s
        append_running(k, queue, slot)
        append_prefill(k, queue, slot)
        if queue.caches:
            take_prefix(k, entry.queue, queue, slot)
            tokens = min(tokens, entry.prefill_target - entry.computed)
        schedule_chunk(k, queue, slot, tokens)
        budget -= tokens
        tokens = admissible_tokens(k, queue, budget)


@compiled
def prompt_budget(queue):
    """Tokens of a step's budget that decodes, drafts included, leave to prompts."""
    return max(0, queue.token_budget - queue.decoding * queue.width)


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
    queue.next_s = queue.start_s + queue.first_step_s
    count_kv(k, queue, decode_room(queue))


@compiled
def plan_leap(k, queue, single):
    """A stretch of pure decode up to the next completion or the end of KV room."""
    decoding = queue.decoding
    queue.phase = LEAP
    steps = k.clocks[queue.heap_at] - queue.clock
    steps = min(steps, steps_with_room(queue, (queue.kv_room - queue.kv_used) // decoding))
    queue.steps = 1 if single else steps
    queue.first_step_s = (
        shared_cost(queue.base_s, queue.expert_s, queue.expert_miss, decoding * queue.width)
        + decoding * queue.sequence_s
        + queue.context * queue.context_s
    )
    queue.first_step_j = (
        shared_cost(queue.base_j, queue.expert_j, queue.expert_miss, decoding * queue.width)
        + decoding * queue.sequence_j
        + queue.context * queue.context_j
    )
    queue.growth_s = decoding * queue.context_s
    queue.growth_j = decoding * queue.context_j
    queue.next_s = queue.start_s + stretch(queue, queue.first_step_s, queue.growth_s, queue.steps)
    k.counters[LEAP_COUNT] += 1


@compiled
def pay_for_chunk(queue, entry, shared_s, shared_j):
    """Charges a prompt chunk its share of the step, its tokens and its attention.

    Tokens that a preemption made it compute once more count as waste as well.
    """
    pairs = attended_pairs(entry.chunk, entry.computed)
    cost_s = shared_s + entry.chunk * queue.prompt_s + pairs * queue.attention_s
    cost_j = shared_j + entry.chunk * queue.prompt_j + pairs * queue.attention_j
    again = max(0, min(entry.chunk, entry.lost - entry.computed))
    entry.busy_s += cost_s
    entry.energy_j += cost_j
    entry.wasted_s += cost_s * again / entry.chunk
    entry.wasted_j += cost_j * again / entry.chunk
    entry.prefilled += entry.chunk
    entry.recomputed += again


@compiled
def turn_meters(queue, steps):
    """Books finished steps on the queue's meters; returns each sequence's part of one step."""
    heads = queue.decoding + (queue.prefilling if queue.chunk_tokens > 0 else 0)
    tokens = queue.decoding * queue.width + queue.chunk_tokens
    shared_s = shared_cost(queue.base_s, queue.expert_s, queue.expert_miss, tokens) / heads
    shared_j = shared_cost(queue.base_j, queue.expert_j, queue.expert_miss, tokens) / heads
    queue.busy_s += stretch(queue, queue.first_step_s, queue.growth_s, steps)
    queue.energy_j += stretch(queue, queue.first_step_j, queue.growth_j, steps)
    queue.share_s += shared_s * steps
    queue.share_j += shared_j * steps
    queue.context += queue.decoding * tokens_gained(queue, queue.clock, steps)
    queue.clock += steps
    queue.step_count += steps
    return shared_s, shared_j


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
        notify_first(k, slot, now_s)
    if entry.stop == 0 and entry.generated == entry.output:
        release(k, queue, slot)
        end_attempt(k, slot, now_s, COMPLETED)
    else:
        begin_decode(k, queue, slot)


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
    """Lets an attempt stand in the queue; wakes an idle queue, or shortens a leap it can join."""
    queue = k.queues[number]
    enqueue(k, queue, slot)
    k.slots[slot].state = WAITING
    if queue.phase == IDLE:
        if queue.up:
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


@compiled
def settle(k, number, now_s):
    """Books what a stretch has done by `now_s` before the queue fails in the middle of it.

    Whole steps are booked as usual; the broken step's time and energy go equally to the
    sequences in it.
    """
    queue = k.queues[number]
    if queue.phase == IDLE:
        return
    elapsed = now_s - queue.start_s
    steps = 0 if queue.phase == STEP else min(whole_steps(queue, elapsed), queue.steps)
    broken_s = elapsed - stretch(queue, queue.first_step_s, queue.growth_s, steps)
    gained = tokens_gained(queue, queue.clock, steps)
    if queue.phase == STEP:
        count_kv(k, queue, -decode_room(queue))
    elif steps > 0:
        count_kv(k, queue, queue.decoding * gained)
        turn_meters(queue, steps)
    share_broken_step(k, queue, broken_s, gained)


@compiled
def share_broken_step(k, queue, elapsed, gained):
    """Charges a step that is broken after `gained` tokens equally to all running sequences."""
    step_s = queue.first_step_s + queue.growth_s * gained
    joules = (queue.first_step_j + queue.growth_j * gained) * (elapsed / step_s)
    queue.busy_s += elapsed
    queue.energy_j += joules
    slot = queue.run_head
    while slot != NONE:
        k.slots[slot].busy_s += elapsed / queue.running
        k.slots[slot].energy_j += joules / queue.running
        slot = k.slots[slot].run_next
