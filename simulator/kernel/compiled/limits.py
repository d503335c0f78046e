"""Rate limits as providers state them: token buckets on requests, input and output tokens."""

from __future__ import annotations

from simulator.kernel.machine_code.jit import compiled


@compiled
def refill(group, now_s):
    """Lets the three buckets refill up to `now_s`."""
    elapsed = now_s - group.refilled_s
    group.refilled_s = now_s
    group.request_level = min(group.request_size, group.request_level + elapsed * group.request_rate)
    group.input_level = min(group.input_size, group.input_level + elapsed * group.input_rate)
    group.output_level = min(group.output_size, group.output_level + elapsed * group.output_rate)


@compiled
def scale(group, now_s, factor):
    """Multiplies rates and sizes of the buckets from now on; what they hold is cut to size."""
    refill(group, now_s)
    group.request_rate *= factor
    group.request_size *= factor
    group.input_rate *= factor
    group.input_size *= factor
    group.output_rate *= factor
    group.output_size *= factor
    refill(group, now_s)


@compiled
def wait_for(level, rate, need):
    """Seconds until a bucket holds `need`; 0 when it does, to a millionth of a token.

    Without that margin who waits exactly as long as told would be refused by rounding.
    """
    return 0.0 if level >= need - 1e-6 else (need - level) / rate


@compiled
def take(group, now_s, prompt, output):
    """Takes one request of so many tokens out of the buckets; 0, or seconds until it would fit.

    A request larger than a whole bucket passes when the bucket is full.
    """
    refill(group, now_s)
    asked = min(float(prompt), group.input_size)
    answered = min(float(output), group.output_size)
    wait_s = wait_for(group.request_level, group.request_rate, min(1.0, group.request_size))
    wait_s = max(wait_s, wait_for(group.input_level, group.input_rate, asked))
    wait_s = max(wait_s, wait_for(group.output_level, group.output_rate, answered))
    if wait_s == 0.0:
        group.request_level -= 1.0
        group.input_level -= asked
        group.output_level -= answered
    return wait_s
