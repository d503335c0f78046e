"""How fast a queue works: its pace, changed between steps only.

A queue slowed by `f` takes `f` times the seconds for everything; the added time draws the replica's
idle power: joules' = joules + stall_w (f - 1) seconds, in every component of the step cost
(`costs.py`), so that time and energy stay attributed by cause (docs/methodology/faults.md). The
power limit holds for the work alone: over the longer step it is (limit_w + stall_w (f - 1)) / f.
"""

from __future__ import annotations

from simulator.kernel.codes import DECODE, NONE
from simulator.kernel.compiled.batch.sequences import pay_for_decoding, start_meters
from simulator.kernel.machine_code.jit import compiled


@compiled
def change_pace(k, queue):
    """Takes a batching queue over to the pace it was told, at a step boundary."""
    slot = queue.run_head
    while slot != NONE:
        if k.slots[slot].state == DECODE:
            pay_so_far(queue, k.slots[slot])
        slot = k.slots[slot].run_next
    stall_joules(queue, queue.slowdown_next - queue.slowdown)
    stretch_seconds(queue, queue.slowdown_next / queue.slowdown)
    queue.slowdown = queue.slowdown_next


@compiled
def pay_so_far(queue, entry):
    """Charges a decoding sequence for its steps at the old pace; its meters start anew."""
    gained = pay_for_decoding(queue, entry)
    entry.generated += gained
    entry.computed += gained
    start_meters(queue, entry)


@compiled
def stall_joules(queue, added):
    """Adds the idle power of the time that `added` times the full pace takes more."""
    watts = queue.stall_w * added / queue.slowdown
    queue.base_j += watts * queue.base_s
    queue.expert_j += watts * queue.expert_s
    queue.sequence_j += watts * queue.sequence_s
    queue.context_j += watts * queue.context_s
    queue.prompt_j += watts * queue.prompt_s
    queue.attention_j += watts * queue.attention_s
    limit_w = queue.limit_w * queue.slowdown + queue.stall_w * added
    queue.limit_w = limit_w / (queue.slowdown + added)


@compiled
def stretch_seconds(queue, factor):
    """Multiplies the seconds of every component of a step."""
    queue.base_s *= factor
    queue.expert_s *= factor
    queue.sequence_s *= factor
    queue.context_s *= factor
    queue.prompt_s *= factor
    queue.attention_s *= factor
