"""The books of a run: money, watt-hours and grams by attempt, and what idle capacity took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from catalogs.units import JOULES_PER_WH, WH_PER_KWH
from simulator.accounting import energy, money
from simulator.accounting.attempts import work_began_s
from simulator.accounting.idling import idle_means

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.accounting.attempts import Attempts
    from simulator.accounting.spans import AttributedWork, WindowReadings, WorkBySpan
    from simulator.accounting.terms import BillingTerms
    from simulator.world.fleet.held_capacity import HeldCapacity

    Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptCosts:
    """By attempt: USD of each kind, watt-hours metered and estimated, grams, and what was waste.

    `wasted_ratio` is the share of the attempt's used capacity and energy that was wasted: 1 for
    attempts that did not win, the recomputed share for winners that were preempted.
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

    @property
    def drawn_wh(self) -> Column:
        """All that each attempt drew, metered and estimated."""
        return self.facility_wh + self.estimate_wh


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCosts:
    """The books of all attempts: `whole` with all they ever took; `counted`, what of it belongs to
    the billed window; `drain`, what was taken of held machines after it.

    What is held by the hour belongs to the window by the clock, whatever it worked for. Everything
    else is bought by request, users' own devices included: it belongs to the window when the request
    arrived in it, whenever it is spent.
    """

    whole: AttemptCosts
    counted: AttemptCosts
    drain: AttemptCosts


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityCosts:
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


def run_costs(
    attempts: Attempts, terms: Sequence[BillingTerms], spans: WorkBySpan, arrived: NDArray[np.bool_]
) -> RunCosts:
    """The books of a run; `arrived` are the attempts of requests that arrived in the window."""
    called = called_for(attempts, terms)
    parts = [worked(span, attempts, terms) for span in (spans.before, spans.window, spans.after)]
    used = {name: parts[0][name] + parts[1][name] + parts[2][name] for name in parts[0]}
    held = np.array([term.held for term in terms])[attempts.target]
    nothing = np.zeros(len(attempts))

    def books(calls: Column | float, machines: dict[str, Column], wasted: Column) -> AttemptCosts:
        bought = {name: column * calls for name, column in called.items()}
        grams = machines["machine_gco2e"] + bought.pop("estimate_gco2e")
        amounts = {name: column for name, column in machines.items() if name != "machine_gco2e"}
        users = energy.user_side(attempts, terms)
        return AttemptCosts(**bought, **amounts, emissions_gco2e=grams, user_side=users, wasted_ratio=wasted)

    by_clock = {name: np.where(held, parts[1][name], used[name] * arrived) for name in used}
    left_over = {name: np.where(held, parts[2][name], 0.0) for name in used}
    recomputed = wasted_ratio(attempts.wasted_s, attempts.busy_s, attempts.won)
    in_window = wasted_ratio(spans.window.wasted_s, spans.window.busy_s, attempts.won)
    return RunCosts(
        whole=books(1.0, used, recomputed),
        counted=books(arrived.astype(np.float64), by_clock, np.where(held, in_window, recomputed)),
        drain=books(0.0, left_over, nothing),
    )


def called_for(attempts: Attempts, terms: Sequence[BillingTerms]) -> dict[str, Column]:
    """What is bought by call: fees and tokens, egress, and the estimate behind API calls."""
    estimate_wh = energy.api_estimate_wh(attempts, terms)
    began_s = work_began_s(attempts)
    return {
        "api_usd": money.api_usd(attempts, terms),
        "egress_usd": money.egress_usd(attempts, terms),
        "estimate_wh": estimate_wh,
        "estimate_gco2e": energy.emissions_gco2e(
            began_s, attempts.finish_s, attempts.target, terms, estimate_wh
        ),
    }


def worked(work: AttributedWork, attempts: Attempts, terms: Sequence[BillingTerms]) -> dict[str, Column]:
    """What the work of one span took of machines: their dollars, electricity and its grams."""
    target = attempts.target
    facility_wh = energy.facility_wh(work, target, terms)
    return {
        "capacity_usd": money.capacity_usd(work, target, terms),
        "energy_usd": money.energy_usd(work, target, terms, facility_wh),
        "facility_wh": facility_wh,
        "machine_gco2e": energy.emissions_gco2e(work.from_s, work.to_s, target, terms, facility_wh),
    }


def wasted_ratio(wasted_s: Column, busy_s: Column, won: NDArray[np.bool_]) -> Column:
    """Share of each attempt's work that was wasted: all of it, or what was computed again."""
    recomputed = np.divide(wasted_s, busy_s, out=np.zeros(len(won)), where=busy_s > 0.0)
    return np.where(won, np.minimum(recomputed, 1.0), 1.0)


def capacity_costs(
    work: AttributedWork,
    attempts: Attempts,
    terms: Sequence[BillingTerms],
    presence: HeldCapacity,
    edges: WindowReadings,
) -> CapacityCosts:
    """The books of capacity held in the window, of which `edges.busy_s` by target was work.

    Idle energy is priced and emitted at the signals of the time at which each target idles beside
    the attempts' `work` in the window.
    """
    from_s, to_s, busy_s = edges.from_s, edges.to_s, edges.busy_s
    window_s = presence.shares(from_s, to_s) * (to_s - from_s)
    held_s = np.array([term.queue_count * term.held for term in terms]) * window_s
    idle_s = np.maximum(held_s - busy_s, 0.0)
    idle_w = np.array([term.idle_w * term.pue for term in terms])
    idle_wh = idle_s * idle_w / JOULES_PER_WH
    rate = np.array([term.capacity_usd_per_s for term in terms])
    tariff, grams = idle_means(work, attempts.target, terms, presence, (from_s, to_s))
    embodied = np.array([term.embodied_gco2e_per_s for term in terms])
    return CapacityCosts(
        held_s=held_s,
        busy_s=busy_s,
        idle_s=idle_s,
        idle_usd=idle_s * rate,
        idle_energy_usd=idle_wh / WH_PER_KWH * tariff,
        idle_wh=idle_wh,
        idle_gco2e=idle_wh / WH_PER_KWH * grams,
        embodied_gco2e=held_s * embodied,
    )
