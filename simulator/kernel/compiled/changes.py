"""Verbs that change a queue while it works: its pace, and whether it takes new attempts."""

from __future__ import annotations

from simulator.kernel.codes import BATCHING, IDLE, NONE
from simulator.kernel.compiled import servers
from simulator.kernel.compiled.batch import batching
from simulator.kernel.machine_code.jit import apart


@apart
def slow(k, number, now_s, factor):
    """Makes a queue work `factor` times as long for everything; 1 is its own pace.

    A batch changes at its next step boundary; servers keep the pace of services under way.
    """
    queue = k.queues[number]
    queue.slowdown_next = factor
    if queue.kind == BATCHING:
        batching.interrupt(k, number, now_s)
    else:
        queue.slowdown = factor


@apart
def drain(k, number):
    """Lets nothing more in; whoever stands in the queue is still served."""
    k.queues[number].up = 0
    k.queues[number].draining = 1


@apart
def open_queue(k, number, now_s):
    """Lets a queue take work (again), and starts on what has waited for it."""
    queue = k.queues[number]
    queue.up = 1
    queue.draining = 0
    if queue.kind != BATCHING:
        servers.serve_next(k, queue, now_s)
    elif queue.phase == IDLE and queue.wait_head != NONE:
        batching.plan(k, number, now_s)
