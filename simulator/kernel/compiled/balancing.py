"""Which of a group's queues takes an attempt."""

from __future__ import annotations

from simulator.kernel.codes import LEAST_OUTSTANDING, NONE, ROUND_ROBIN, SESSION_AFFINITY
from simulator.kernel.machine_code.jit import compiled


@compiled
def scrambled(number):
    """A well-mixed number in [0, 2^31) of a whole number (xorshift-multiply, Stafford)."""
    x = (int(number) + 0x1E3779B97F4A7C15) & 0x7FFFFFFFFFFFFFFF
    x = ((x ^ (x >> 30)) * 0x3F58476D1CE4E5B9) & 0x7FFFFFFFFFFFFFFF
    x = ((x ^ (x >> 27)) * 0x14D049BB133111EB) & 0x7FFFFFFFFFFFFFFF
    return (x ^ (x >> 31)) & 0x7FFFFFFF


@compiled
def least_outstanding_queue(k, group):
    """The up queue with the fewest waiting and running attempts; ties go round, from the cursor."""
    best = NONE
    for step in range(group.queue_count):
        number = group.first_queue + (group.cursor + step) % group.queue_count
        queue = k.queues[number]
        if queue.up and (best == NONE or queue.outstanding < k.queues[best].outstanding):
            best = number
    return best


@compiled
def next_queue(k, group, start):
    """The first up queue from place `start` on, going round."""
    for step in range(group.queue_count):
        number = group.first_queue + (start + step) % group.queue_count
        if k.queues[number].up:
            return number
    return NONE


@compiled
def session_of(k, request):
    """The conversation a request belongs to, or NONE."""
    return k.asked[request].session if request < len(k.asked) else NONE


@compiled
def home_queue(k, group, session):
    """The queue that a conversation always goes to; the next one that is up when that is not."""
    return next_queue(k, group, scrambled(session) % group.queue_count)


@compiled
def balanced_queue(k, group, chance, request):
    """The replica that takes the attempt, by the group's balancing; NONE when none is up.

    `chance` is the attempt's own whole number that a replica is picked at random by.
    """
    if group.balancing == SESSION_AFFINITY and session_of(k, request) != NONE:
        return home_queue(k, group, session_of(k, request))
    if group.balancing in (LEAST_OUTSTANDING, SESSION_AFFINITY):
        queue = least_outstanding_queue(k, group)
    elif group.balancing == ROUND_ROBIN:
        queue = next_queue(k, group, group.cursor)
    else:
        queue = next_queue(k, group, scrambled(chance) % group.queue_count)
    if queue != NONE:
        group.cursor = (queue - group.first_queue + 1) % group.queue_count
    return queue


@compiled
def choose_queue(k, group, chance, request):
    """The replica that takes the attempt; when none is up, the one it may wait at, or NONE."""
    queue = balanced_queue(k, group, chance, request)
    return group.waiting_room if queue == NONE else queue
