"""Who joins a step: prompts left over, and waiting attempts while seats, budget and room last."""

from __future__ import annotations

import math

from simulator.kernel.codes import NONE, PREFILL
from simulator.kernel.compiled.batch.drafts import decode_room, tokens_gained
from simulator.kernel.compiled.batch.preemption import preempt, victim
from simulator.kernel.compiled.batch.prefixes import held_tokens, may_repeat, take_prefix
from simulator.kernel.compiled.batch.sequences import begin_decode
from simulator.kernel.compiled.lists import append_prefill, append_running, count_kv, remove_waiting
from simulator.kernel.machine_code.jit import compiled


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
    if k.slots[slot].computed > 0:
        return joining_tokens(queue, k.slots[slot].computed)
    if queue.caches and may_repeat(k, slot):
        return cached_admissible_tokens(k, queue, slot, budget)
    tokens = min(k.slots[slot].prefill_target, budget)
    return tokens if queue.kv_used + decode_room(queue) + tokens <= queue.kv_room else 0


@compiled
def joining_tokens(queue, context):
    """Tokens that a context handed over takes of a step's budget; 0 where it has no room to grow."""
    need = context + tokens_gained(queue, queue.clock, 1)
    return queue.width if queue.kv_used + decode_room(queue) + need <= queue.kv_room else 0


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
        append_running(k, queue, slot)
        if k.slots[slot].computed > 0:
            count_kv(k, queue, k.slots[slot].computed)
            begin_decode(k, queue, slot)
            budget -= tokens
        else:
            budget -= begin_prefill(k, queue, slot, now_s, tokens)
        tokens = admissible_tokens(k, queue, budget)


@compiled
def begin_prefill(k, queue, slot, now_s, tokens):
    """Plans the first chunk, of at most `tokens`, behind what a cache has; returns its tokens."""
    entry = k.slots[slot]
    entry.state = PREFILL
    if math.isnan(entry.admitted_s):
        entry.admitted_s = now_s
    append_prefill(k, queue, slot)
    if queue.caches:
        take_prefix(k, entry.queue, queue, slot)
        tokens = min(tokens, entry.prefill_target - entry.computed)
    schedule_chunk(k, queue, slot, tokens)
    return tokens


@compiled
def prompt_budget(queue):
    """Tokens of a step's budget that decodes, drafts included, leave to prompts."""
    return max(0, queue.token_budget - queue.decoding * queue.width)
