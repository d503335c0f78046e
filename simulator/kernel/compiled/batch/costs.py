"""What a step costs, in seconds and in joules, and sums of it over many steps.

A step with `B` decoding sequences, `C` tokens of context among them, and chunks of `p` prompt
tokens each standing behind `c` tokens already computed, costs
`base + expert (1 - miss^(B+P)) + sequence B + context C + sum(prompt p + attention (p c + p^2/2))`
with `P` the sum of `p` (additive roofline; docs/methodology/serving.md). In a stretch of pure
decode every step adds one token to each context, so step j costs `a + g j`: an arithmetic series.
"""

from __future__ import annotations

import math

from simulator.kernel.machine_code.jit import compiled


@compiled
def shared_cost(base, expert, miss, tokens):
    """Cost of a step that all its sequences share: overheads, dense weights, experts touched.

    The power is the C library's on floats, the same compiled and uncompiled; Numba's own power
    of an integer differs from it in the last bit.
    """
    if expert == 0.0:
        return base
    return base + expert * (1.0 - math.pow(miss, float(tokens)))


@compiled
def span(first_step, growth, steps):
    """Sum of `steps` steps whose cost starts at `first_step` and grows by `growth` each."""
    return first_step * steps + growth * (steps * (steps - 1) * 0.5)


@compiled
def steps_within(first_step, growth, elapsed):
    """Number of whole steps that fit into `elapsed` (largest k with span(k) <= elapsed)."""
    half = first_step - 0.5 * growth
    root = math.sqrt(half * half + 2.0 * growth * elapsed)
    steps = int(2.0 * elapsed / (half + root))
    while steps > 0 and span(first_step, growth, steps) > elapsed:
        steps -= 1
    while span(first_step, growth, steps + 1) <= elapsed:
        steps += 1
    return steps


@compiled
def attended_pairs(chunk, computed):
    """Query-key pairs of a prompt chunk behind `computed` tokens: p c + p^2 / 2."""
    return chunk * computed + 0.5 * chunk * chunk
