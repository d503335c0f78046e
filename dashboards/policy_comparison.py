"""Policy comparison: two to four runs of the same day, laid over one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.board import Board, PanelRow, built, figures, run_variables, simulated_day
from dashboards.panels import figure, lines
from dashboards.queries import (
    Query,
    SeriesSelector,
    amount,
    gauge,
    limit_queries,
    per_hour,
    per_second,
    quantile,
    ratio,
    whole_quantile,
)
from dashboards.run_overview import AT_THE_METER, OPERATIONAL
from dashboards.units import GRAMS_PER_HOUR, USD_PER_HOUR, USD_PER_THOUSAND

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.stat import Panel as Figure
    from grafana_foundation_sdk.builders.timeseries import Panel as Lines
    from grafana_foundation_sdk.models.dashboard import Dashboard

RUNS = SeriesSelector(matchers='run=~"$run", policy=~"$policy"', by=("run", "policy"))
NAME = "{{run}} · {{policy}}"
TTFT = "wayfare_time_to_first_token_seconds"
E2E = "wayfare_request_duration_seconds"
OBJECTIVES = {TTFT: "ttft", E2E: "e2e"}


def policy_comparison() -> Dashboard:
    """The dashboard that lays runs over one another."""
    return built(
        Board(
            uid="wayfare-policy-comparison",
            title="Wayfare / Policy comparison",
            description="Two to four runs over the same simulated day. Differences of single runs, without "
            "intervals: `wayfare compare` gives confidence intervals.",
            variables=run_variables(several=True),
            rows=rows(),
            shown=simulated_day(),
            annotated=f"max by (kind, target) ({RUNS.series('wayfare_faults_active')}) > 0",
        )
    )


def rows() -> list[PanelRow]:
    """Figures by run first, then the day."""
    return [
        figures(cost(), first_token(), attainment()),
        figures(right_answers(), energy(), emissions()),
        PanelRow(heading="Cost", panels=[spent(), spending(), cost_per_thousand()]),
        PanelRow(heading="Latency", panels=[latency("first token", TTFT), latency("request duration", E2E)]),
        PanelRow(heading="Quality", panels=[met(), right(), unanswered()]),
        PanelRow(heading="Routing and capacity", panels=[cloud_share(), waiting()]),
        PanelRow(heading="Energy and carbon", panels=[power(), carbon()]),
    ]


def compared(title: str, unit: str, description: str, expr: str, decimals: int) -> Figure:
    """A panel of one number for each run."""
    return figure(title, unit, description, Query(expr=expr, legend=NAME, instant=True), decimals=decimals)


def overlaid(title: str, unit: str, description: str, expr: str, bottom: float | None = 0) -> Lines:
    """A panel of one line for each run."""
    return lines(title, unit, description, Query(expr=expr, legend=NAME), bottom=bottom)


def cost() -> Figure:
    """Dollars by run."""
    text = "All dollars of the time shown, by run."
    return compared("Cost", "currencyUSD", text, amount(RUNS, "wayfare_cost_usd_total"), 2)


def first_token() -> Figure:
    """The wait that one in twenty exceeds, by run."""
    text = "95 % of completed requests had their first token within this time; read off histogram buckets."
    return compared("First token, p95", "s", text, whole_quantile(RUNS, TTFT, 0.95), 2)


def attainment() -> Figure:
    """Attainment by run."""
    expr = ratio(amount(RUNS, "wayfare_requests_slo_met_total"), amount(RUNS, "wayfare_requests_total"))
    text = "Requests that met all their latency objectives, of all that were over in the time shown."
    return compared("SLO attainment", "percentunit", text, expr, 1)


def right_answers() -> Figure:
    """Right answers by run."""
    expr = ratio(amount(RUNS, "wayfare_requests_correct_total"), amount(RUNS, "wayfare_requests_total"))
    text = "Requests answered rightly, of all that were over in the time shown."
    return compared("Right answers", "percentunit", text, expr, 1)


def energy() -> Figure:
    """Watt-hours by run."""
    joules = amount(RUNS, "wayfare_energy_joules_total", only=(AT_THE_METER,))
    return compared("Energy", "watth", "Energy at the meter, API calls estimated.", f"{joules} / 3600", 1)


def emissions() -> Figure:
    """Grams by run."""
    expr = amount(RUNS, "wayfare_emissions_grams_total", only=(OPERATIONAL,))
    text = "CO2e of the energy used; embodied carbon is not included."
    return compared("Emissions", "massg", text, expr, 1)


def spent() -> Lines:
    """Dollars since the beginning of the time shown."""
    text = "Dollars since the beginning of the time shown."
    return overlaid("Spent so far", "currencyUSD", text, amount(RUNS, "wayfare_cost_usd_total"))


def spending() -> Lines:
    """Dollars an hour."""
    text = "Dollars an hour, idle capacity included."
    return overlaid("Spend", USD_PER_HOUR, text, per_hour(RUNS, "wayfare_cost_usd_total"))


def cost_per_thousand() -> Lines:
    """Dollars for a thousand requests at the time."""
    each = ratio(per_second(RUNS, "wayfare_cost_usd_total"), per_second(RUNS, "wayfare_requests_total"))
    text = "Dollars of the time over the requests of the time; dear where idle capacity waits for few."
    return overlaid("Cost of 1,000 requests", USD_PER_THOUSAND, text, f"{each} * 1000")


def latency(name: str, histogram: str) -> Lines:
    """The p95 of a latency."""
    title = f"{name.capitalize()}, p95"
    text = f"95 % of the requests completed at the time had a {name} within this."
    query = Query(expr=quantile(RUNS, histogram, 0.95), legend=NAME)
    return lines(title, "s", text, query, *limit_queries(RUNS.matchers, OBJECTIVES[histogram]))


def met() -> Lines:
    """Attainment over the day."""
    done = per_second(RUNS, "wayfare_requests_total")
    text = "Requests that met all their objectives, of those that were over at the time."
    expr = ratio(per_second(RUNS, "wayfare_requests_slo_met_total"), done)
    return overlaid("SLO attainment", "percentunit", text, expr, bottom=None)


def right() -> Lines:
    """Right answers over the day."""
    done = per_second(RUNS, "wayfare_requests_total")
    text = "Requests answered rightly, of those that were over at the time."
    expr = ratio(per_second(RUNS, "wayfare_requests_correct_total"), done)
    return overlaid("Right answers", "percentunit", text, expr, bottom=None)


def unanswered() -> Lines:
    """Requests nobody answered."""
    expr = per_second(RUNS, "wayfare_requests_total", only=('outcome!="completed"',))
    text = "Requests each second that were rejected, timed out, failed or never finished."
    return overlaid("Without an answer", "reqps", text, expr)


def cloud_share() -> Lines:
    """How much of the traffic goes to the cloud."""
    done = per_second(RUNS, "wayfare_requests_total")
    cloud = per_second(RUNS, "wayfare_requests_total", only=('tier="cloud"',))
    text = "The part of all requests that the cloud tier answered."
    return overlaid("Answered by the cloud", "percentunit", text, ratio(cloud, done)).max(1)


def waiting() -> Lines:
    """Attempts in queues."""
    text = "Attempts waiting at all deployments together."
    return overlaid("Queue", "short", text, gauge(RUNS, "wayfare_queue_length"))


def power() -> Lines:
    """Watts."""
    text = "Joules each second at the meter, API calls estimated."
    expr = per_second(RUNS, "wayfare_energy_joules_total", only=(AT_THE_METER,))
    return overlaid("Power", "watt", text, expr)


def carbon() -> Lines:
    """Grams an hour."""
    text = "Grams of CO2e an hour from the energy used."
    expr = per_hour(RUNS, "wayfare_emissions_grams_total", only=(OPERATIONAL,))
    return overlaid("Emissions", GRAMS_PER_HOUR, text, expr)
