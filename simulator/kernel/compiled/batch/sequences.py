"""A sequence in its batch: joining those that decode, leaving them, giving seat and room back."""

from __future__ import annotations

from simulator.kernel.codes import DECODE
from simulator.kernel.compiled.batch.drafts import clock_at, gained_before, tokens_gained
from simulator.kernel.compiled.batch.prefixes import leave_behind
from simulator.kernel.compiled.heaps import member_place, push_member, remove_member
from simulator.kernel.compiled.lists import count_kv, remove_prefill, remove_running
from simulator.kernel.machine_code.jit import compiled


@compiled
def begin_decode(k, queue, slot):
    """Joins the decoding batch; the slot's meters start at the queue's present readings."""
    entry = k.slots[slot]
    entry.state = DECODE
    start_meters(queue, entry)
    entry.done_clock = clock_at(queue, queue.clock, entry.output - entry.generated)
    push_member(k, queue, entry.done_clock, slot)
    queue.decoding += 1
    queue.context += entry.computed


@compiled
def start_meters(queue, entry):
    """Lets a decoding sequence's meters start at the queue's present readings."""
    entry.started_clock = queue.clock
    entry.started_context = entry.computed
    entry.limited_steps = queue.limited_steps
    entry.limited_gain = queue.limited_gain
    entry.share_s = queue.share_s
    entry.share_j = queue.share_j


@compiled
def pay_for_decoding(queue, entry):
    """Charges a decoding sequence for its steps since its meters started; returns the tokens gained."""
    steps = queue.clock - entry.started_clock
    read = steps * entry.started_context + gained_before(queue, entry.started_clock, steps)
    entry.busy_s += queue.share_s - entry.share_s + steps * queue.sequence_s + read * queue.context_s
    entry.energy_j += queue.share_j - entry.share_j + steps * queue.sequence_j + read * queue.context_j
    if queue.limited_steps > entry.limited_steps:
        spare_the_limited(queue, entry)
    return tokens_gained(queue, entry.started_clock, steps)


@compiled
def spare_the_limited(queue, entry):
    """Corrects a sequence's joules for steps at the power limit: there they follow its seconds.

    The queue sums the tokens gained by its own clock before each limited step, so that the context
    read in them is c n + (sum now - sum then) - g n, with n such steps since the sequence started at
    context c and g tokens of the clock. All are whole numbers: nothing is lost.
    """
    steps = queue.limited_steps - entry.limited_steps
    before = tokens_gained(queue, 0, entry.started_clock)
    read = steps * (entry.started_context - before) + queue.limited_gain - entry.limited_gain
    entry.energy_j += steps * (queue.limit_w * queue.sequence_s - queue.sequence_j)
    entry.energy_j += read * (queue.limit_w * queue.context_s - queue.context_j)


@compiled
def end_decode(k, queue, slot, place):
    """Leaves the decoding batch, paying for its steps so far (costs.py, component by cause)."""
    entry = k.slots[slot]
    gained = pay_for_decoding(queue, entry)
    tokens = min(gained, entry.output - entry.generated)
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
    free_context(k, k.slots[slot].queue, queue, slot)
    remove_running(k, queue, slot)


@compiled
def free_context(k, number, queue, slot):
    """Gives back the KV room of a sequence; a prefix cache keeps what it can."""
    entry = k.slots[slot]
    if queue.caches:
        leave_behind(k, number, queue, slot, entry.computed)
        count_kv(k, queue, -entry.chunk)
    else:
        count_kv(k, queue, -(entry.computed + entry.chunk))
    entry.chunk = 0


@compiled
def leave_batch(k, queue, slot):
    """Takes a running sequence out between steps, whatever its phase."""
    if k.slots[slot].state == DECODE:
        end_decode(k, queue, slot, member_place(k, queue, slot))
    else:
        remove_prefill(k, queue, slot)
    release(k, queue, slot)
