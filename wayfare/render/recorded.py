"""What the log says of itself, beside what was simulated, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wayfare.render.numbers import count, seconds, usd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator import Report
    from simulator.report.blocks.recorded import RecordedPart

REPLAY = "a replay: the log's own choices, known only afterwards"


def recorded_lines(report: Report) -> Iterator[str]:
    """The log's own figures: all of it, then by what served it; nothing where no log is played."""
    found = report.recorded
    if found is None:
        return
    yield f"the log itself: {part_text(found)}"
    for name, part in found.by_deployment.items():
        yield f"the log's {name}: {part_text(part)}"


def part_text(part: RecordedPart) -> str:
    """One part's figures, those that the log has."""
    times = part.latency
    known = (
        ("TTFT", times.ttft_s.p50, times.ttft_s.p95),
        ("E2E", times.e2e_s.p50, times.e2e_s.p95),
    )
    told = [f"{name} p50 {seconds(p50)}, p95 {seconds(p95)}" for name, p50, p95 in known if p50 is not None]
    spend = [] if part.spend_usd is None else [usd(part.spend_usd)]
    return "; ".join([f"{count(part.requests)} requests, {count(part.failed)} failed", *spend, *told])
