"""What a run asked of the users' own devices: charge, heat, and how often they were off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.accounting.energy import JOULES_PER_WH
from simulator.report.totals import distribution, ratio
from simulator.signals import SECONDS_PER_DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.accounting.attempts import Attempts
    from simulator.accounting.settlement import Settlement
    from simulator.report.report import Json
    from simulator.world.fleet.absences import Absences
    from simulator.world.plan import Timings

    Column = NDArray[np.float64]


def device_blocks(settlement: Settlement, absences: Absences) -> dict[str, Json]:
    """By deployment on users' own devices.

    `count` of devices, `wh_per_device_day` each (means over the billed window), `charge_ratio_per_day`
    of a full battery where its size is known, `slowdown` by heat, `offline_ratio` of the requests
    that might have gone to a device which was off.
    """
    plan = settlement.plan
    return {
        target.deployment: device_block(settlement, absences, index)
        for index, target in enumerate(plan.targets)
        if settlement.run.terms[index].user_side
    }


def device_block(settlement: Settlement, absences: Absences, index: int) -> dict[str, Json]:
    """One deployment's devices."""
    term = settlement.run.terms[index]
    drawn_wh = wh_per_device_day(settlement, index)
    charge = None if term.battery_wh is None else distribution(drawn_wh / term.battery_wh)
    asked = absences.asked.get(index, 0)
    return {
        "count": len(drawn_wh),
        "wh_per_device_day": distribution(drawn_wh),
        "charge_ratio_per_day": charge,
        "slowdown": mean_slowdown(settlement, index),
        "offline_ratio": ratio(absences.missed[index], asked) if asked else 0.0,
    }


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
