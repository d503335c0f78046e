"""What is wrong with a stream that plays a recording: its file, and settings without effect beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.traces.errors import ArrivalParameterError, InvalidTraceError, WorkloadError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.arrivals.trace import TraceArrivals
    from simulator.settings.streams import Stream
    from simulator.traces.trace import Trace

    Problem = tuple[str, str]


def recording_problems(path: str, recorded: TraceArrivals, duration_s: float) -> Iterator[Problem]:
    """Every problem of the recording that a stream's arrivals, at `path`, play for so long."""
    try:
        trace = recorded.trace()
        recorded.demand_playable(duration_s)
    except InvalidTraceError as error:
        yield from ((f"{path}.file", str(problem)) for problem in error.problems)
    except ArrivalParameterError as error:
        yield f"{path}.{error.parameter}", str(error)
    except (WorkloadError, ValueError) as error:
        yield path, str(error)
    else:
        yield from block_problems(f"{path}.prefix_block_tokens", recorded, trace)


def length_problems(path: str, stream: Stream) -> Iterator[Problem]:
    """Lengths beside a recording, which has its own; later turns and calls do take the stream's."""
    if stream.session is not None or stream.agent is not None:
        return
    for key in ("input_tokens", "output_tokens"):
        if getattr(stream, key) is not None:
            what = "has no effect beside a trace, which records the lengths; max_output_tokens cuts answers"
            yield f"{path}.{key}", what


def block_problems(path: str, recorded: TraceArrivals, trace: Trace) -> Iterator[Problem]:
    """A block size without blocks, or at which prompts name more blocks than they have room for."""
    if len(trace.prefix_block) == 0:
        if recorded.prefix_block_tokens is not None:
            yield path, "has no effect: the trace names no prefix blocks"
        return
    size, largest = recorded.block_tokens(trace), trace.largest_block_tokens
    if largest is not None and size > largest:
        allowed = f"at most {largest:,} tokens each" if largest else "the prompts are shorter than that"
        yield path, f"prompts name more blocks than blocks of {size:,} tokens can be: {allowed}"
