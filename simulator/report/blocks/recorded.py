"""What the log that was played says of itself: failures, spend and times beside the simulated ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.report.figures import Averaging, Format, block, figure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.accounting.settlement import Settlement
    from simulator.traces.logged import LoggedCalls

OF_LOG = "of the log, an input; the same under every policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSpread:
    """Quantiles of seconds that a log has; absent where it has none."""

    p50: float | None = figure("Median.", Format.SECONDS, averaging=Averaging.MEASURED, no_metric=OF_LOG)
    p95: float | None = figure(
        "95th percentile.", Format.SECONDS, averaging=Averaging.MEASURED, no_metric=OF_LOG
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLatency:
    """Times of the calls that a log says were answered."""

    ttft_s: RecordedSpread = block("To the first token.")
    e2e_s: RecordedSpread = block("To the end.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPart:
    """The log's own figures of what one deployment or model served."""

    requests: float = figure("Requests of the log in the window.", Format.COUNT, no_metric=OF_LOG)
    failed: float = figure("Those that failed in the log.", Format.COUNT, no_metric=OF_LOG)
    spend_usd: float | None = figure(
        "What the log says they cost; absent where it says nothing.",
        Format.USD,
        averaging=Averaging.MEASURED,
        no_metric=OF_LOG,
    )
    latency: RecordedLatency = block("Seconds, as logged.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFigures(RecordedPart):
    """The log's own figures of the requests that were played."""

    by_deployment: dict[str, RecordedPart] = block("By what served them, as the log calls it.")


def recorded_figures(settlement: Settlement) -> RecordedFigures | None:
    """What the logs say of the requests in the window; None where none of them stands in a log."""
    load = settlement.plan.workload
    if load.logged is None or load.is_logged is None:
        return None
    arrived = settlement.run.outcomes.request[settlement.cohort.requests]
    row = arrived[load.is_logged[arrived]]
    if len(row) == 0:
        return None
    log = load.logged.at(row)
    served = served_by(log)
    parts = {
        name: part_of(log.at(np.flatnonzero(served == name)))
        for name in dict.fromkeys(served.tolist())
        if name
    }
    whole = part_of(log)
    return RecordedFigures(
        requests=whole.requests,
        failed=whole.failed,
        spend_usd=whole.spend_usd,
        latency=whole.latency,
        by_deployment=parts,
    )


def served_by(log: LoggedCalls) -> NDArray[np.object_]:
    """What readers know each request's server as: its model, else its deployment."""
    served = np.where(log.served_model == "", log.model, log.served_model)
    return np.where(served == "", log.deployment, served)


def part_of(log: LoggedCalls) -> RecordedPart:
    """The figures of some of a log; times are of the calls that did not fail."""
    answered = ~log.failed
    return RecordedPart(
        requests=len(log),
        failed=int(log.failed.sum()),
        spend_usd=float(np.nansum(log.spend_usd)) if np.isfinite(log.spend_usd).any() else None,
        latency=RecordedLatency(ttft_s=spread_of(log.ttft_s[answered]), e2e_s=spread_of(log.e2e_s[answered])),
    )


def spread_of(seconds: NDArray[np.float64]) -> RecordedSpread:
    """Quantiles of the seconds that are known."""
    known = seconds[np.isfinite(seconds)]
    if len(known) == 0:
        return RecordedSpread(p50=None, p95=None)
    p50, p95 = np.quantile(known, (0.5, 0.95)).tolist()
    return RecordedSpread(p50=p50, p95=p95)
