"""Dollars: what they were spent on, what they come to per request, and over a month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.units import SECONDS_PER_MONTH, TOKENS_PER_MTOK
from simulator.accounting.amounts import spent
from simulator.report.blocks.quality import right_answers
from simulator.report.figures import RATIO, Averaging, Better, Format, figure
from simulator.report.metrics import COST
from simulator.report.totals import ratio

if TYPE_CHECKING:
    from simulator.accounting.run import RunAccounts, RunSelection

USD, LESS = Format.USD, Better.LESS
COMPLETE, MEASURED = Averaging.COMPLETE, Averaging.MEASURED


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Dollars: total = api + capacity_used + capacity_idle + energy + egress + routing."""

    total: float | None = figure(
        "The total.",
        USD,
        title="total",
        better=LESS,
        interval=True,
        compared=1,
        averaging=COMPLETE,
        metric=COST,
    )
    api: float | None = figure(
        "Tokens and calls bought of providers.",
        USD,
        title="API tokens",
        interval=True,
        metric=COST,
        part="api",
    )
    capacity_used: float | None = figure(
        "Held machines while they worked.",
        USD,
        title="capacity used",
        interval=True,
        averaging=COMPLETE,
        metric=COST,
        part="capacity_used",
    )
    capacity_idle: float | None = figure(
        "Held machines while they did not.",
        USD,
        title="capacity idle",
        interval=True,
        averaging=COMPLETE,
        metric=COST,
        part="capacity_idle",
    )
    energy: float | None = figure(
        "Metered electricity.", USD, title="electricity", metric=COST, part="energy"
    )
    egress: float | None = figure(
        "Sending answers out of a provider's network.", USD, title="egress", metric=COST, part="egress"
    )
    routing: float | None = figure("Deciding.", USD, title="routing", metric=COST, part="routing")
    wasted: float | None = figure(
        "Of the total, the cost of answers that were not used.",
        USD,
        title="of that, wasted",
        better=LESS,
        interval=True,
        averaging=COMPLETE,
        no_metric="known only once a request is over; a part of the components",
    )
    per_request: float | None = figure(
        "Total per request that arrived.",
        Format.USD_PER_THOUSAND,
        title="per 1k requests",
        head="$ per 1k requests",
        better=LESS,
        interval=True,
        averaging=MEASURED,
        of_total=True,
        no_metric=RATIO,
    )
    per_correct: float | None = figure(
        "Total per correct answer.",
        Format.USD_PER_THOUSAND,
        title="per 1k correct answers",
        better=LESS,
        interval=True,
        compared=3,
        averaging=MEASURED,
        of_total=True,
        no_metric=RATIO,
    )
    per_mtok: float | None = figure(
        "Total per million tokens, prompt and answer.",
        USD,
        better=LESS,
        averaging=MEASURED,
        of_total=True,
        no_metric=RATIO,
    )
    per_month: float | None = figure(
        "Total of a month: capacity by its hours, the rest by its traffic.",
        USD,
        title="cost a month",
        head="$/month",
        better=LESS,
        interval=True,
        compared=2,
        averaging=COMPLETE,
        no_metric="follows from the whole window only",
    )
    per_month_basis: str | None = figure("What the month's traffic is taken to be.")


def cost_block(run: RunAccounts, part: RunSelection) -> Cost:
    """USD by kind; `total` is the sum of the kinds, `wasted` a part of it."""
    kinds = {name: amounts.sum_over(part) for name, amounts in spent(run).items()}
    total = float(sum(kinds.values()))
    correct = right_answers(run, part)
    return Cost(
        total=total,
        **kinds,
        wasted=wasted_usd(run, part),
        per_request=ratio(total, int(part.requests.sum())),
        per_correct=None if correct is None else ratio(total, correct),
        per_mtok=per_mtok_usd(run, part, total),
        per_month=monthly_usd(run, part),
        per_month_basis=run.month.basis,
    )


def wasted_usd(run: RunAccounts, part: RunSelection) -> float:
    """USD of attempts whose answers were not used: bought by call, and the wasted share of machine time."""
    rows, books = part.work, run.books.counted
    by_call = (books.api_usd + books.egress_usd) * run.attempts.wasted
    waste = by_call + books.wasted_ratio * (books.capacity_usd + books.energy_usd)
    return float(waste[rows].sum())


def per_mtok_usd(run: RunAccounts, part: RunSelection, total_usd: float) -> float | None:
    """The total per million tokens processed."""
    rows = part.attempts & run.processed
    tokens = int(run.attempts.prompt[rows].sum()) + int(run.attempts.output[rows].sum())
    per_token = ratio(total_usd, tokens)
    return None if per_token is None else per_token * TOKENS_PER_MTOK


def monthly_usd(run: RunAccounts, part: RunSelection) -> float | None:
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
