"""The report's blocks, computed over any selection of requests, attempts and targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.report.totals import SECONDS_PER_MONTH, distribution, ratio
from simulator.world.journal import STATE_NAMES, RequestState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.accounting.books import AttemptBooks
    from simulator.accounting.run import Run, Selection

    Mask = NDArray[np.bool_]
    Block = dict[str, float | int | None]
    Costs = dict[str, float | str | None]

TOKENS_PER_MTOK = 1e6
LATENCIES = ("ttft_s", "tpot_s", "e2e_s", "queue_s", "network_s")
SHORT_LATENCIES = ("ttft_s", "e2e_s")


def request_block(run: Run, part: Selection) -> Block:
    """Requests by the state they ended in."""
    states = np.bincount(run.outcomes.state[part.requests], minlength=len(STATE_NAMES))
    named = {STATE_NAMES[state]: int(states[state]) for state in range(1, len(STATE_NAMES))}
    return {"arrived": int(part.requests.sum()), **named}


def cost_block(run: Run, part: Selection) -> Block:
    """USD by kind; `total` is the sum of the kinds, `wasted` a part of it."""
    rows, books = part.work, run.books.counted
    by_call = (books.api_usd + books.egress_usd) * run.attempts.wasted
    waste = by_call + books.wasted_ratio * (books.capacity_usd + books.energy_usd)
    kinds = {
        "api": books.api_usd[rows].sum(),
        "capacity_used": books.capacity_usd[rows].sum(),
        "capacity_idle": run.capacity.idle_usd[part.targets].sum(),
        "energy": books.energy_usd[rows].sum() + run.capacity.idle_energy_usd[part.targets].sum(),
        "egress": books.egress_usd[rows].sum(),
        "routing": run.routing_usd[part.routing].sum(),
    }
    total = float(sum(kinds.values()))
    named = {name: float(value) for name, value in kinds.items()}
    return {"total": total, **named, "wasted": float(waste[rows].sum())}


def unit_costs(run: Run, part: Selection, total_usd: float) -> Costs:
    """The total per request, per right answer, per million tokens, and over a month of what traffic."""
    correct = right_answers(run, part)
    rows = part.attempts & run.processed
    tokens = int(run.attempts.prompt[rows].sum()) + int(run.attempts.output[rows].sum())
    per_token = ratio(total_usd, tokens)
    return {
        "per_request": ratio(total_usd, int(part.requests.sum())),
        "per_correct": None if correct is None else ratio(total_usd, correct),
        "per_mtok": None if per_token is None else per_token * TOKENS_PER_MTOK,
        "per_month": monthly_usd(run, part),
        "per_month_basis": run.month.basis,
    }


def right_answers(run: Run, part: Selection) -> int | None:
    """How many answers are right; None where some model's success is not known."""
    outcomes, rows = run.outcomes, part.requests
    return int(outcomes.correct[rows].sum()) if outcomes.judged[rows].all() else None


def best_answers(run: Run, part: Selection) -> int | None:
    """How many requests some model answers right; None where some model's success is not known."""
    outcomes, rows = run.outcomes, part.requests
    return int(outcomes.oracle_correct[rows].sum()) if outcomes.oracle_judged[rows].all() else None


def monthly_usd(run: Run, part: Selection) -> float | None:
    """USD of a month: what is held by its hours, what goes with requests by its traffic.

    (capacity + idle electricity + sum of (api, egress, electricity of work, routing) of each request
    x its stream's traffic in a month's mean day over that in the window) x month / window.
    """
    books, capacity, factor = run.books.counted, run.capacity, run.month.factor_of_request
    if not run.window_s:
        return None
    going = (books.api_usd + books.egress_usd + books.energy_usd) * factor[run.attempts.request]
    deciding = run.routing_usd * factor[run.outcomes.request]
    held = books.capacity_usd[part.work].sum()
    held += (capacity.idle_usd + capacity.idle_energy_usd)[part.targets].sum()
    all_usd = held + going[part.work].sum() + deciding[part.routing].sum()
    return float(all_usd / run.window_s * SECONDS_PER_MONTH)


def energy_block(run: Run, part: Selection) -> Block:
    """Watt-hours at the meter: work, idling, the estimate behind API calls; users' own apart."""
    books = run.books.counted
    ours, theirs = part.work & ~books.user_side, part.work & books.user_side
    active = float(books.facility_wh[ours].sum())
    idle = float(run.capacity.idle_wh[part.targets].sum())
    estimate = float(books.estimate_wh[ours].sum())
    total = active + idle + estimate
    return {
        "total": total,
        "active": active,
        "idle": idle,
        "api_estimate": estimate,
        "user_side": float(books.facility_wh[theirs].sum()),
        "per_request": ratio(total, int(part.requests.sum())),
    }


def emissions_block(run: Run, part: Selection) -> Block:
    """Grams of CO2e of the energy total; embodied carbon and the users' devices apart."""
    books = run.books.counted
    ours, theirs = part.work & ~books.user_side, part.work & books.user_side
    idle = run.capacity.idle_gco2e[part.targets].sum()
    total = float(books.emissions_gco2e[ours].sum() + idle)
    return {
        "total": total,
        "embodied": float(run.capacity.embodied_gco2e[part.targets].sum()),
        "user_side": float(books.emissions_gco2e[theirs].sum()),
        "per_request": ratio(total, int(part.requests.sum())),
    }


def water_block(run: Run, part: Selection) -> Block:
    """Litres behind our energy: evaporated on site, and where the electricity was made (`source`)."""
    total, site = (litres(run, part, rate) for rate in (run.water_l_per_kwh, run.water_site_l_per_kwh))
    return {"total": total, "site": site, "source": total - site}


def litres(run: Run, part: Selection, l_per_kwh: NDArray[np.float64]) -> float:
    """Litres of a part's energy, used and idle, at each target's litres per kWh."""
    idle = (run.capacity.idle_wh * l_per_kwh)[part.targets].sum() / 1_000.0
    return litres_of_work(run, run.books.counted, part.work, l_per_kwh) + float(idle)


def litres_of_work(run: Run, books: AttemptBooks, rows: Mask, l_per_kwh: NDArray[np.float64]) -> float:
    """Litres behind what some attempts drew, users' own devices left out."""
    drawn = books.drawn_wh * l_per_kwh[run.attempts.target]
    return float(drawn[rows & ~books.user_side].sum()) / 1_000.0


def drain_block(run: Run, to_s: float) -> dict[str, object]:
    """What work on held machines took after the billed window, which ended at `to_s`; in no total.

    `seconds` until the last answer had left, 0 where all were in time.
    """
    books, everything = run.books.drain, np.ones(len(run.attempts), np.bool_)
    used, metered = float(books.capacity_usd.sum()), float(books.energy_usd.sum())
    return {
        "seconds": max(float(run.attempts.finish_s.max(initial=to_s)) - to_s, 0.0),
        "cost_usd": {"total": used + metered, "capacity_used": used, "energy": metered},
        "energy_wh": float(books.facility_wh.sum()),
        "emissions_gco2e": float(books.emissions_gco2e.sum()),
        "water_l": litres_of_work(run, books, everything, run.water_l_per_kwh),
    }


def token_block(run: Run, part: Selection) -> Block:
    """Tokens processed and generated by all attempts that began work, winners or not."""
    rows = part.attempts & run.processed
    winners = run.outcomes.reasoning_tokens[part.requests]
    return {
        "input": int(run.attempts.prompt[rows].sum()),
        "cached_input": int(run.attempts.cached[rows].sum()),
        "cache_write": int(run.attempts.cache_written[rows].sum()),
        "output": int(run.attempts.output[rows].sum()),
        "reasoning_output": int(winners.sum()),
    }


def latency_block(
    run: Run, part: Selection, names: Sequence[str] = LATENCIES
) -> dict[str, dict[str, float | None]]:
    """Distributions of the delivered times of completed requests."""
    rows = part.requests & run.outcomes.completed
    return {name: distribution(getattr(run.outcomes, name)[rows]) for name in names}


def level_blocks(run: Run, part: Selection) -> dict[str, Block | float | None]:
    """Completion, service level and quality; arrived requests stand below every line."""
    arrived = int(part.requests.sum())
    met = int(run.outcomes.slo_met[part.requests].sum())
    correct, best = right_answers(run, part), best_answers(run, part)
    completed = (run.outcomes.state[part.requests] == RequestState.COMPLETED).sum()
    return {
        "completion_ratio": ratio(completed, arrived),
        "slo": {
            "attainment_ratio": ratio(met, arrived),
            "goodput_per_s": ratio(met, run.window_s),
        },
        "quality": {
            "success_ratio": None if correct is None else ratio(correct, arrived),
            "oracle_success_ratio": None if best is None else ratio(best, arrived),
        },
    }


def short_blocks(run: Run, part: Selection) -> dict[str, object]:
    """The blocks of one row of a breakdown."""
    cost = cost_block(run, part)
    return {
        "replications": 1,
        "requests": request_block(run, part),
        "attempts": {"total": int(part.attempts.sum())},
        "tokens": token_block(run, part),
        "cost_usd": {**cost, **unit_costs(run, part, cost["total"] or 0.0)},
        "energy_wh": energy_block(run, part),
        "emissions_gco2e": emissions_block(run, part),
        "latency": latency_block(run, part, SHORT_LATENCIES),
        **level_blocks(run, part),
        "utilization": utilization(run, part.targets),
    }


def utilization(run: Run, targets: Mask) -> float | None:
    """Busy over held queue-seconds of the selected targets; None where nothing is held."""
    rows = targets & (run.capacity.held_s > 0.0)
    return ratio(run.capacity.busy_s[rows].sum(), run.capacity.held_s[rows].sum())
