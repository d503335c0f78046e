"""The books of a run: money, watt-hours and grams by attempt, and what idle capacity took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.accounting import energy, money
from simulator.accounting.energy import JOULES_PER_WH
from simulator.accounting.idling import idle_means

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.accounting.attempts import Attempts
    from simulator.accounting.terms import Terms
    from simulator.world.presence import Presence

    Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptBooks:
    """By attempt: USD of each kind, watt-hours metered and estimated, grams, and what was waste.

    `drawn_wh` is metered plus estimated. `wasted_ratio` is the share of the attempt's used
    capacity and energy that served nobody: 1 for attempts that did not win, the recomputed
    share for winners that were preempted.
    """

    api_usd: Column
    capacity_usd: Column
    energy_usd: Column
    egress_usd: Column
    facility_wh: Column
    estimate_wh: Column
    emissions_gco2e: Column
    user_side: NDArray[np.bool_]
    wasted_ratio: Column

    @property
    def cost_usd(self) -> Column:
        """All that each attempt cost."""
        return self.api_usd + self.capacity_usd + self.energy_usd + self.egress_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityBooks:
    """By target, over the billed window: queue-seconds held and busy, and what idling took.

    Users' own devices and providers' machines cost nothing while idle and are left out: nobody
    holds them.
    """

    held_s: Column
    busy_s: Column
    idle_s: Column
    idle_usd: Column
    idle_energy_usd: Column
    idle_wh: Column
    idle_gco2e: Column
    embodied_gco2e: Column


def attempt_books(attempts: Attempts, terms: Sequence[Terms]) -> AttemptBooks:
    """The books by attempt."""
    facility_wh = energy.facility_wh(attempts, terms)
    estimate_wh = energy.api_estimate_wh(attempts, terms)
    return AttemptBooks(
        api_usd=money.api_usd(attempts, terms),
        capacity_usd=money.capacity_usd(attempts, terms),
        energy_usd=money.energy_usd(attempts, terms, facility_wh),
        egress_usd=money.egress_usd(attempts, terms),
        facility_wh=facility_wh,
        estimate_wh=estimate_wh,
        emissions_gco2e=energy.emissions_gco2e(attempts, terms, facility_wh + estimate_wh),
        user_side=energy.user_side(attempts, terms),
        wasted_ratio=wasted_ratio(attempts),
    )


def wasted_ratio(attempts: Attempts) -> Column:
    """Share of each attempt's work that served nobody."""
    with np.errstate(divide="ignore", invalid="ignore"):
        recomputed = np.nan_to_num(attempts.wasted_s / attempts.busy_s)
    return np.where(attempts.won, recomputed, 1.0)


def capacity_books(
    attempts: Attempts,
    terms: Sequence[Terms],
    busy_s: Column,
    presence: Presence,
    from_s: float,
    to_s: float,
) -> CapacityBooks:
    """The books of capacity held from `from_s` to `to_s`, of which `busy_s` by target was work.

    Idle energy is priced and emitted at the signals of the time at which each target idles.
    """
    window_s = presence.shares(from_s, to_s) * (to_s - from_s)
    held_s = np.array([term.queue_count * term.held for term in terms]) * window_s
    idle_s = np.maximum(held_s - busy_s, 0.0)
    idle_w = np.array([term.idle_w * term.pue for term in terms])
    idle_wh = idle_s * idle_w / JOULES_PER_WH
    rate = np.array([term.capacity_usd_per_s for term in terms])
    tariff, grams = idle_means(attempts, terms, presence, from_s, to_s)
    embodied = np.array([term.embodied_gco2e_per_s for term in terms])
    return CapacityBooks(
        held_s=held_s,
        busy_s=busy_s,
        idle_s=idle_s,
        idle_usd=idle_s * rate,
        idle_energy_usd=idle_wh / money.WH_PER_KWH * tariff,
        idle_wh=idle_wh,
        idle_gco2e=idle_wh / money.WH_PER_KWH * grams,
        embodied_gco2e=held_s * embodied,
    )
