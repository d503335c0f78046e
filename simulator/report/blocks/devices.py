"""What a run asked of the users' own devices: charge, heat, and how often they were off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from catalogs.units import JOULES_PER_WH, SECONDS_PER_DAY
from simulator.report.figures import Averaging, Format, block, figure
from simulator.report.totals import distribution, ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.accounting.attempts import Attempts
    from simulator.accounting.settlement import Settlement
    from simulator.world.fleet.offline_devices import OfflineDevices
    from simulator.world.plan import Timings

    Column = NDArray[np.float64]


MEASURED = Averaging.MEASURED
OVER_ALL = "over all of a deployment's devices and the whole window; a device has no series"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSpread:
    """How a figure differs from device to device."""

    mean: float | None = figure("Mean.", Format.FACTOR, averaging=MEASURED, no_metric=OVER_ALL)
    p50: float | None = figure("Median.", Format.FACTOR, averaging=MEASURED, no_metric=OVER_ALL)
    p90: float | None = figure("90th percentile.", Format.FACTOR, averaging=MEASURED, no_metric=OVER_ALL)
    p95: float | None = figure("95th percentile.", Format.FACTOR, averaging=MEASURED, no_metric=OVER_ALL)
    p99: float | None = figure("99th percentile.", Format.FACTOR, averaging=MEASURED, no_metric=OVER_ALL)
    max: float | None = figure("Largest.", Format.FACTOR, averaging=MEASURED, no_metric=OVER_ALL)


IN_WH = {name: {"format": Format.WATT_HOURS} for name in ("mean", "p50", "p90", "p95", "p99", "max")}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFigures:
    """What a run asked of the users' own devices of one deployment."""

    count: float = figure("Devices.", Format.COUNT, no_metric=OVER_ALL)
    wh_per_device_day: DeviceSpread = block("Watt-hours a device drew a day.", **IN_WH)
    charge_ratio_per_day: DeviceSpread | None = block(
        "The same over a full battery; absent where its size is not known."
    )
    slowdown: float | None = figure(
        "Seconds of answers over those of a cold device.", Format.FACTOR, no_metric=OVER_ALL
    )
    offline_ratio: float | None = figure(
        "Share of the requests that might have gone to a device which was off.",
        Format.RATIO,
        no_metric=OVER_ALL,
    )


def device_blocks(settlement: Settlement, absences: OfflineDevices) -> dict[str, DeviceFigures]:
    """By deployment on users' own devices, over the billed window."""
    plan = settlement.plan
    return {
        target.deployment: device_block(settlement, absences, index)
        for index, target in enumerate(plan.targets)
        if settlement.run.terms[index].user_side
    }


def device_block(settlement: Settlement, absences: OfflineDevices, index: int) -> DeviceFigures:
    """One deployment's devices."""
    term = settlement.run.terms[index]
    drawn_wh = wh_per_device_day(settlement, index)
    charged = None if term.battery_wh is None else DeviceSpread(**distribution(drawn_wh / term.battery_wh))
    asked = absences.asked.get(index, 0)
    return DeviceFigures(
        count=len(drawn_wh),
        wh_per_device_day=DeviceSpread(**distribution(drawn_wh)),
        charge_ratio_per_day=charged,
        slowdown=mean_slowdown(settlement, index),
        offline_ratio=ratio(absences.missed[index], asked) if asked else 0.0,
    )


def wh_per_device_day(settlement: Settlement, index: int) -> Column:
    """Watt-hours by device and day: those of the window's requests, over the window's days."""
    run, entry = settlement.run, settlement.plan.target_plans[index]
    rows = settlement.cohort.attempts & (run.attempts.target == index) & (run.attempts.queue >= 0)
    device = run.attempts.queue[rows] - entry.first_queue
    joules = np.bincount(device, weights=run.attempts.energy_j[rows], minlength=entry.queue_count)
    return np.asarray(joules / JOULES_PER_WH / (run.window_s / SECONDS_PER_DAY))


def mean_slowdown(settlement: Settlement, index: int) -> float | None:
    """Seconds that completed attempts took over those a cold device takes; None without any."""
    attempts, timings = settlement.run.attempts, settlement.plan.target_plans[index].timings
    rows = settlement.cohort.attempts & (attempts.target == index) & attempts.completed
    if timings is None or not rows.any():
        return None
    return float(attempts.busy_s[rows].sum() / cold_s(timings, attempts, np.flatnonzero(rows)).sum())


def cold_s(timings: Timings, attempts: Attempts, rows: NDArray[np.intp]) -> Column:
    """Seconds that the attempts in these rows take on a device that is cold."""
    request, output = attempts.request[rows], attempts.output[rows]
    return timings.first_s[request] + (output - 1) * timings.gap_s[request]
