"""Speculative decoding: how many tokens a decode step yields, by the replica's own step count.

Step t (from 0) of a replica yields tau(t + 1) - tau(t) tokens to every decoding sequence, with
tau(t) = floor(t P / Q) and P / Q the tokens per step (1 / 1 without drafts). So a stretch of steps
is known without taking them one by one: docs/methodology/batching.md.
"""

from __future__ import annotations

from simulator.kernel.compiled.batch.costs import span, steps_within
from simulator.kernel.machine_code.jit import compiled


@compiled
def floor_sum(count, divisor, factor, offset):
    """Sum of floor((factor i + offset) / divisor) for i below `count`, by Euclid's algorithm."""
    total = 0
    while True:
        total += count * (count - 1) // 2 * (factor // divisor) + count * (offset // divisor)
        factor %= divisor
        offset %= divisor
        reach = factor * count + offset
        if reach < divisor:
            return total
        count = reach // divisor
        offset = reach % divisor
        divisor, factor = factor, divisor


@compiled
def tokens_gained(queue, clock, steps):
    """Tokens that every decoding sequence gains in `steps` steps from step `clock` on."""
    if queue.width == 1:
        return steps
    before = clock * queue.gain_tokens // queue.gain_steps
    return (clock + steps) * queue.gain_tokens // queue.gain_steps - before


@compiled
def gained_before(queue, clock, steps):
    """Sum over `steps` steps of the tokens gained before each: what contexts grow by, as read."""
    if queue.width == 1:
        return steps * (steps - 1) // 2
    offset = clock * queue.gain_tokens % queue.gain_steps
    return floor_sum(steps, queue.gain_steps, queue.gain_tokens, offset)


@compiled
def clock_at(queue, clock, tokens):
    """The first step count at which `tokens` are gained from step `clock` on."""
    if queue.width == 1:
        return clock + tokens
    need = clock * queue.gain_tokens // queue.gain_steps + tokens
    return (need * queue.gain_steps + queue.gain_tokens - 1) // queue.gain_tokens


@compiled
def steps_with_room(queue, tokens):
    """The most steps from now on in which a sequence gains at most `tokens`."""
    if queue.width == 1:
        return tokens
    return clock_at(queue, queue.clock, tokens + 1) - 1 - queue.clock


@compiled
def decode_room(queue):
    """KV tokens that the decoding sequences need for their next step."""
    return queue.decoding * tokens_gained(queue, queue.clock, 1)


@compiled
def stretch(queue, first_step, growth, steps):
    """Cost of `steps` steps from now on, in one lane; `growth` is by token of every context."""
    if queue.width == 1:
        return span(first_step, growth, steps)
    return first_step * steps + growth * gained_before(queue, queue.clock, steps)


@compiled
def whole_steps(queue, elapsed):
    """Steps of the stretch under way that are over after `elapsed` seconds."""
    if queue.width == 1:
        return steps_within(queue.first_step_s, queue.growth_s, elapsed)
    mean_growth = queue.growth_s * queue.gain_tokens / queue.gain_steps
    steps = steps_within(queue.first_step_s, mean_growth, elapsed)
    while steps > 0 and stretch(queue, queue.first_step_s, queue.growth_s, steps) > elapsed:
        steps -= 1
    while stretch(queue, queue.first_step_s, queue.growth_s, steps + 1) <= elapsed:
        steps += 1
    return steps
