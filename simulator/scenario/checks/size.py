"""How large a run will be, told before anything is built: its requests, their memory, its timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.arrivals.trace import TraceArrivals
from simulator.scenario.checks.memory import free_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.settings.scenario import Scenario
    from simulator.settings.streams import Stream

    Problem = tuple[str, str]

REQUEST_BYTES = 1_000.0
"""Bytes that a request takes while it is simulated, settled and reported (measured: 770 to 890)."""
KEPT_REQUEST_BYTES = 500.0
"""Bytes of a request in a finished run whose columns are kept."""
MOST_STEPS = 1_000_000
"""Steps of the timeline."""
UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")
THOUSAND = 1_000.0


def request_count(scenario: Scenario) -> float:
    """About how many requests arrive in one replication: turns of conversations, calls of agents."""
    return sum(stream_request_count(stream, scenario.duration_s) for stream in scenario.streams)


def stream_request_count(stream: Stream, duration_s: float) -> float:
    """About how many requests a stream has."""
    if isinstance(stream.arrivals, TraceArrivals):
        return stream.arrivals.expected_count(duration_s) * requests_each(stream)
    return stream.arrivals.rate * duration_s * requests_each(stream)


def requests_each(stream: Stream) -> float:
    """Requests that an arrival brings on the average: turns of a conversation, calls of an agent's task."""
    counts = stream.session.turns if stream.session else stream.agent.calls if stream.agent else None
    return max(counts.distribution().mean, 1.0) if counts else 1.0


def run_bytes(request_count: float, kept_runs: int) -> float:
    """About how many bytes a run takes, beside finished ones of as many requests that are kept."""
    return request_count * (REQUEST_BYTES + KEPT_REQUEST_BYTES * kept_runs)


def size_problems(scenario: Scenario, kept_runs: int = 0) -> Iterator[Problem]:
    """More steps than a timeline may have, or more requests than memory can hold."""
    step_s = scenario.settings.telemetry.step
    if step_s is not None and not scenario.duration_s / step_s <= MOST_STEPS:
        yield "telemetry.step", f"{step_s!r} s cut the duration into more than {MOST_STEPS:,} steps"
    yield from memory_problems(request_count(scenario), kept_runs)


def memory_problems(count: float, kept_runs: int) -> Iterator[Problem]:
    """More requests than memory can hold."""
    need, free = run_bytes(count, kept_runs), free_bytes()
    if need > free:
        beside = f" beside {kept_runs} finished runs" if kept_runs else ""
        what = f"about {count:,.0f} requests take about {in_words(need)} of memory{beside}"
        yield "duration", f"{what}; {in_words(free)} are free. Give a lower rate or a shorter duration"


def in_words(size_bytes: float) -> str:
    """`86 TB` of a number of bytes."""
    place = 0
    while size_bytes >= THOUSAND and place < len(UNITS) - 1:
        size_bytes, place = size_bytes / THOUSAND, place + 1
    return f"{size_bytes:.3g} {UNITS[place]}"
