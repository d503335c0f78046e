"""What a reader of a trace should know besides its figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.traces.clock import UNIT_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.traces.trace import Trace


def trace_notes(trace: Trace) -> Trace:
    """The trace with its notes."""
    return replace(trace, notes=tuple(notes_of(trace)))


def notes_of(trace: Trace) -> Iterator[str]:
    """One sentence each."""
    clock = trace.clock
    if clock.basis == "recognised":
        start = "" if clock.start is None else f", from {clock.start:%Y-%m-%d %H:%M:%S} UTC"
        yield f"times were read as {UNIT_NAMES[clock.unit]} since 1970{start}"
    if clock.basis == "the format's" and clock.unit == "ms" and fractions(trace):
        yield "times have fractions of a millisecond; where they are seconds, say time_unit: s"
    size, largest = trace.block_tokens, trace.largest_block_tokens
    if size is not None and largest is not None and size > largest:
        yield (
            f"prompts name more prefix blocks than blocks of {size:,} tokens can be; at most {largest:,} "
            f"tokens each: state prefix_block_tokens"
        )


def fractions(trace: Trace) -> bool:
    """Whether times lie between whole milliseconds."""
    time_ms = trace.arrival_s * 1e3
    return bool((np.abs(time_ms - np.rint(time_ms)) > 1e-3).any())  # noqa: PLR2004  (room for rounding)
