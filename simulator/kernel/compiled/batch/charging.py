"""Who pays for steps: meters of the queue, shares of its sequences, steps that break."""

from __future__ import annotations

from simulator.kernel.codes import IDLE, NONE, STEP
from simulator.kernel.compiled.batch.costs import attended_pairs, shared_cost
from simulator.kernel.compiled.batch.drafts import (
    decode_room,
    gained_before,
    steps_with_room,
    stretch,
    tokens_gained,
    whole_steps,
)
from simulator.kernel.compiled.lists import count_kv
from simulator.kernel.machine_code.jit import compiled


@compiled
def pay_for_chunk(queue, entry, shared_s, shared_j):
    """Charges a prompt chunk its share of the step, its tokens and its attention.

    Tokens that a preemption made it compute once more count as waste as well.
    """
    pairs = attended_pairs(entry.chunk, entry.computed)
    cost_s = shared_s + entry.chunk * queue.prompt_s + pairs * queue.attention_s
    cost_j = shared_j + entry.chunk * queue.prompt_j + pairs * queue.attention_j
    if queue.limited:
        cost_j = queue.limit_w * cost_s
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
    if queue.limited:
        shared_j = queue.limit_w * shared_s
        count_limited(queue, steps)
    queue.busy_s += stretch(queue, queue.first_step_s, queue.growth_s, steps)
    queue.energy_j += stretch(queue, queue.first_step_j, queue.growth_j, steps)
    queue.share_s += shared_s * steps
    queue.share_j += shared_j * steps
    queue.context += queue.decoding * tokens_gained(queue, queue.clock, steps)
    queue.clock += steps
    queue.step_count += steps
    return shared_s, shared_j


@compiled
def limit_power(queue):
    """Holds the step that is planned to the power limit: at it, joules follow seconds."""
    queue.limited = queue.first_step_j > queue.limit_w * queue.first_step_s
    if queue.limited:
        queue.first_step_j = queue.limit_w * queue.first_step_s


@compiled
def alike_steps(queue, steps):
    """How many of a planned stretch's steps are on the first one's side of the power limit.

    What a step draws beyond the limit grows evenly with contexts, so that it changes sign once. The
    later steps are planned anew: a stretch may end at any boundary.
    """
    beyond = queue.first_step_j - queue.limit_w * queue.first_step_s
    growth = queue.growth_j - queue.limit_w * queue.growth_s
    if (growth > 0.0 and beyond <= 0.0) or (growth < 0.0 and beyond > 0.0):
        gain = -beyond / growth
        if gain < steps * queue.width:
            return min(steps, steps_with_room(queue, int(gain)) + 1)
    return steps


@compiled
def count_limited(queue, steps):
    """Counts steps at the power limit, and the tokens that the queue's clock had gained before each."""
    before = tokens_gained(queue, 0, queue.clock)
    queue.limited_steps += steps
    queue.limited_gain += steps * before + gained_before(queue, queue.clock, steps)


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
