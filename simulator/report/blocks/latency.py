"""Where requests spent their time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.report.figures import Averaging, Better, Format, block, figure
from simulator.report.metrics import E2E, NETWORK, QUEUE, TPOT, TTFT
from simulator.report.totals import distribution

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from simulator.accounting.run import RunAccounts, RunSelection

SECONDS, LESS, MEASURED = Format.SECONDS, Better.LESS, Averaging.MEASURED


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyFigures:
    """A distribution of seconds; absent where nothing was measured."""

    mean: float | None = figure("Mean.", SECONDS, better=LESS, averaging=MEASURED)
    p50: float | None = figure("Median.", SECONDS, better=LESS, averaging=MEASURED)
    p90: float | None = figure("90th percentile.", SECONDS, better=LESS, averaging=MEASURED)
    p95: float | None = figure("95th percentile.", SECONDS, better=LESS, averaging=MEASURED)
    p99: float | None = figure("99th percentile.", SECONDS, better=LESS, averaging=MEASURED)
    max: float | None = figure("Largest.", SECONDS, better=LESS, averaging=MEASURED)


SEEN = {"interval": True}
EACH = ("mean", "p50", "p90", "p95", "p99", "max")


def timed(text: str, metric: object, **below: Mapping[str, object]) -> LatencyFigures:
    """A field that holds a distribution of seconds, all of it shown by one histogram."""
    shown = {name: {"metric": metric, **below.get(name, {})} for name in EACH}
    made: LatencyFigures = block(text, **shown)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Where requests spent their time."""

    ttft_s: LatencyFigures = timed(
        "To the first token delivered.",
        TTFT,
        mean=SEEN,
        p50=SEEN,
        p95={"interval": True, "compared": 5, "title": "p95 TTFT", "head": "TTFT p95"},
        p99=SEEN,
    )
    tpot_s: LatencyFigures = timed("Per output token after the first.", TPOT, p95=SEEN)
    e2e_s: LatencyFigures = timed(
        "From arrival to the last token.",
        E2E,
        mean=SEEN,
        p50=SEEN,
        p95={"interval": True, "compared": 6, "title": "p95 E2E", "head": "E2E p95"},
        p99=SEEN,
    )
    queue_s: LatencyFigures = timed("Waiting, over all attempts.", QUEUE)
    network_s: LatencyFigures = timed("On the way.", NETWORK)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLatency:
    """Times of one row of a breakdown."""

    ttft_s: LatencyFigures = timed("To the first token delivered.", TTFT)
    e2e_s: LatencyFigures = timed("From arrival to the last token.", E2E)


def latency_figures(values: NDArray[np.float64]) -> LatencyFigures:
    """The distribution of some seconds, nan left out."""
    return LatencyFigures(**distribution(values))


def latency_block(run: RunAccounts, part: RunSelection) -> Latency:
    """Distributions of the delivered times of completed requests."""
    rows = part.requests & run.outcomes.completed
    names = ("ttft_s", "tpot_s", "e2e_s", "queue_s", "network_s")
    return Latency(**{name: latency_figures(getattr(run.outcomes, name)[rows]) for name in names})


def row_latency(run: RunAccounts, part: RunSelection) -> RowLatency:
    """Distributions of two delivered times of completed requests."""
    rows, times = part.requests & run.outcomes.completed, run.outcomes
    return RowLatency(ttft_s=latency_figures(times.ttft_s[rows]), e2e_s=latency_figures(times.e2e_s[rows]))
