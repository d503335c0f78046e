"""Run overview: what one run cost, how well it answered, how long people waited, and who served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.board import Board, PanelRow, built, figures, run_variables, simulated_day
from dashboards.palette import BY_COST, BY_OUTCOME, BY_QUANTILE, BY_TIER
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
    share,
    whole_quantile,
)
from dashboards.units import GRAMS_PER_HOUR, USD_PER_HOUR, USD_PER_THOUSAND

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.stat import Panel as Figure
    from grafana_foundation_sdk.builders.timeseries import Panel as Lines
    from grafana_foundation_sdk.models.dashboard import Dashboard

RUN = SeriesSelector(matchers='run="$run", policy="$policy"')
AT_THE_METER = 'component!="user_side"'
OPERATIONAL = 'component!~"embodied|user_side"'
LEVELS = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def run_overview() -> Dashboard:
    """The dashboard of one run under one policy."""
    return built(
        Board(
            uid="wayfare-run-overview",
            title="Wayfare / Run overview",
            description="One simulated run: traffic, cost, latency, quality, energy and carbon over its day.",
            variables=run_variables(),
            rows=rows(),
            shown=simulated_day(),
            annotated=f"sum by (kind, target) ({RUN.series('wayfare_faults_active')}) > 0",
        )
    )


def rows() -> list[PanelRow]:
    """Figures first, then the day by theme."""
    return [
        figures(requests(), cost(), cost_per_thousand(), first_token()),
        figures(attainment(), right_answers(), energy(), emissions()),
        PanelRow(heading="Traffic", panels=[arrivals(), traffic("tier"), shares("tier")]),
        PanelRow(panels=[traffic("model"), shares("model")]),
        PanelRow(heading="Cost", panels=[spend_by_component(), spend_by("tier"), spend_by("model")]),
        PanelRow(heading="Latency", panels=[latency_first_token(), latency_whole(), latency_by_tier()]),
        PanelRow(panels=[between_tokens(), waiting(), on_the_way()]),
        PanelRow(heading="Quality", panels=[quality(), right_by_model(), endings()]),
        PanelRow(heading="Agent tasks", panels=[tasks_over(), task_duration(), task_success()]),
        PanelRow(heading="Energy and carbon", panels=[power(), carbon()]),
    ]


def requests() -> Figure:
    """Requests that are over."""
    return figure(
        "Requests",
        "locale",
        "Requests that were over in the time shown, answered or not.",
        Query(expr=amount(RUN, "wayfare_requests_total"), instant=True),
        decimals=0,
    )


def cost() -> Figure:
    """Dollars."""
    return figure(
        "Cost",
        "currencyUSD",
        "All dollars of the time shown: APIs, capacity used and idle, energy, egress and routing.",
        Query(expr=amount(RUN, "wayfare_cost_usd_total"), instant=True),
        decimals=2,
    )


def cost_per_thousand() -> Figure:
    """Dollars for a thousand requests."""
    each = ratio(amount(RUN, "wayfare_cost_usd_total"), amount(RUN, "wayfare_requests_total"))
    return figure(
        "Cost of 1,000 requests",
        USD_PER_THOUSAND,
        "All dollars over all requests of the time shown, idle capacity included.",
        Query(expr=f"{each} * 1000", instant=True),
        decimals=2,
    )


def first_token() -> Figure:
    """The wait that one in twenty exceeds."""
    return figure(
        "First token, p95",
        "s",
        "95 % of completed requests had their first token within this time; read off histogram buckets.",
        Query(expr=whole_quantile(RUN, "wayfare_time_to_first_token_seconds", 0.95), instant=True),
        decimals=2,
    )


def attainment() -> Figure:
    """The share of requests that met all their objectives."""
    met = ratio(amount(RUN, "wayfare_requests_slo_met_total"), amount(RUN, "wayfare_requests_total"))
    return figure(
        "SLO attainment",
        "percentunit",
        "Requests that met all their latency objectives, of all that were over in the time shown.",
        Query(expr=met, instant=True),
        decimals=1,
        limits=(0.9, 0.95),
    )


def right_answers() -> Figure:
    """The share of requests with a right answer."""
    right = ratio(amount(RUN, "wayfare_requests_correct_total"), amount(RUN, "wayfare_requests_total"))
    return figure(
        "Right answers",
        "percentunit",
        "Requests answered rightly, of all that were over in the time shown.",
        Query(expr=right, instant=True),
        decimals=1,
    )


def energy() -> Figure:
    """Watt-hours at the meter."""
    joules = amount(RUN, "wayfare_energy_joules_total", only=(AT_THE_METER,))
    return figure(
        "Energy",
        "watth",
        "Energy at the meter, API calls estimated; the users' own devices are not included.",
        Query(expr=f"{joules} / 3600", instant=True),
        decimals=1,
    )


def emissions() -> Figure:
    """Grams of CO2e from operation."""
    return figure(
        "Emissions",
        "massg",
        "CO2e of the energy used, by the grid at its time and place; embodied carbon is not included.",
        Query(expr=amount(RUN, "wayfare_emissions_grams_total", only=(OPERATIONAL,)), instant=True),
        decimals=1,
    )


def arrivals() -> Lines:
    """Requests that arrive, by task."""
    return lines(
        "Arrivals by task",
        "reqps",
        "Requests that arrive each second.",
        Query(expr=per_second(RUN, "wayfare_arrivals_total", "task"), legend="{{task}}"),
        stacked=True,
    )


def traffic(label: str) -> Lines:
    """Requests a second by who answered."""
    return lines(
        f"Requests by {label}",
        "reqps",
        f"Requests that were over each second, by the {label} that answered; unallocated: none did.",
        Query(expr=per_second(RUN, "wayfare_requests_total", label), legend=f"{{{{{label}}}}}"),
        colours=BY_TIER,
        stacked=True,
    )


def shares(label: str) -> Lines:
    """Who serves what part of the traffic."""
    return lines(
        f"Share by {label}",
        "percentunit",
        f"The part of all requests that each {label} answered.",
        Query(expr=share(RUN, "wayfare_requests_total", label), legend=f"{{{{{label}}}}}"),
        colours=BY_TIER,
        stacked=True,
        top=1,
    )


def spend_by_component() -> Lines:
    """Dollars an hour by what they buy."""
    return lines(
        "Spend by component",
        USD_PER_HOUR,
        "Dollars an hour by what they pay for; capacity_idle is rented and not used.",
        Query(expr=per_hour(RUN, "wayfare_cost_usd_total", "component"), legend="{{component}}"),
        colours=BY_COST,
        stacked=True,
    )


def spend_by(label: str) -> Lines:
    """Dollars an hour by who served."""
    return lines(
        f"Spend by {label}",
        USD_PER_HOUR,
        f"Dollars an hour by {label}, idle capacity included.",
        Query(expr=per_hour(RUN, "wayfare_cost_usd_total", label), legend=f"{{{{{label}}}}}"),
        colours=BY_TIER,
        stacked=True,
    )


def quantile_queries(histogram: str) -> list[Query]:
    """The median, the 95th and the 99th percentile."""
    return [Query(expr=quantile(RUN, histogram, level), legend=name) for name, level in LEVELS.items()]


def latency_first_token() -> Lines:
    """Quantiles of the time to the first token."""
    return lines(
        "Time to first token",
        "s",
        "From arrival to the first token delivered, of completed requests.",
        *quantile_queries("wayfare_time_to_first_token_seconds"),
        *limit_queries(RUN.matchers, "ttft"),
        colours=BY_QUANTILE,
    )


def latency_whole() -> Lines:
    """Quantiles of the time to the last token."""
    return lines(
        "Request duration",
        "s",
        "From arrival to the last token delivered, of completed requests.",
        *quantile_queries("wayfare_request_duration_seconds"),
        *limit_queries(RUN.matchers, "e2e"),
        colours=BY_QUANTILE,
    )


def between_tokens() -> Lines:
    """Quantiles of the time between tokens."""
    return lines(
        "Time between tokens",
        "s",
        "Mean time between a request's tokens after the first, of completed requests.",
        *quantile_queries("wayfare_inter_token_latency_seconds"),
        *limit_queries(RUN.matchers, "tpot"),
        colours=BY_QUANTILE,
    )


def waiting() -> Lines:
    """Quantiles of the time in queues."""
    return lines(
        "Waiting in queues",
        "s",
        "Time in the queue of the deployment that answered, of completed requests.",
        *quantile_queries("wayfare_queue_duration_seconds"),
        colours=BY_QUANTILE,
    )


def on_the_way() -> Lines:
    """Quantiles of the time on the network."""
    return lines(
        "Network",
        "s",
        "Time on the way to deployments and back, of completed requests.",
        *quantile_queries("wayfare_network_duration_seconds"),
        colours=BY_QUANTILE,
    )


def tasks_over() -> Lines:
    """Agents' tasks that ended, by outcome."""
    return lines(
        "Agent tasks",
        "ops",
        "Tasks begun each second, and those over: completed, or failed with one of their calls.",
        Query(expr=per_second(RUN, "wayfare_agent_tasks_started_total"), legend="begun"),
        Query(expr=per_second(RUN, "wayfare_agent_tasks_total", "outcome"), legend="{{outcome}}"),
        colours=BY_OUTCOME,
    )


def task_duration() -> Lines:
    """Quantiles of how long tasks take."""
    return lines(
        "Duration of agent tasks",
        "s",
        "From the first call to the last answer, of completed tasks.",
        *quantile_queries("wayfare_agent_task_duration_seconds"),
        colours=BY_QUANTILE,
    )


def task_success() -> Lines:
    """The share of tasks that succeeded."""
    right = amount(RUN, "wayfare_agent_tasks_succeeded_total", "stream")
    begun = amount(RUN, "wayfare_agent_tasks_started_total", "stream")
    return lines(
        "Success of agent tasks",
        "percentunit",
        "Tasks completed and right, over those begun since the beginning of the time shown.",
        Query(expr=ratio(right, begun), legend="{{stream}}"),
    )


def latency_by_tier() -> Lines:
    """Where the slow first tokens come from."""
    return lines(
        "Time to first token by tier, p95",
        "s",
        "95 % of the requests that a tier completed had their first token within this time.",
        Query(expr=quantile(RUN, "wayfare_time_to_first_token_seconds", 0.95, "tier"), legend="{{tier}}"),
        colours=BY_TIER,
    )


def quality() -> Lines:
    """SLO attainment and accuracy over the day, and so far."""
    done = per_second(RUN, "wayfare_requests_total")
    met = ratio(per_second(RUN, "wayfare_requests_slo_met_total"), done)
    right = ratio(per_second(RUN, "wayfare_requests_correct_total"), done)
    return lines(
        "SLO attainment and accuracy",
        "percentunit",
        "Of the requests that were over at the time; so far: of all since the run began.",
        Query(expr=met, legend="SLO attainment"),
        Query(expr=gauge(RUN, "wayfare_slo_attainment_ratio"), legend="SLO attainment, so far"),
        Query(expr=right, legend="accuracy"),
        Query(expr=gauge(RUN, "wayfare_quality_success_ratio"), legend="accuracy, so far"),
        bottom=None,
    )


def right_by_model() -> Lines:
    """How often each model is right."""
    right = per_second(RUN, "wayfare_requests_correct_total", "model")
    return lines(
        "Right answers by model",
        "percentunit",
        "Right answers of the requests that the model answered.",
        Query(expr=ratio(right, per_second(RUN, "wayfare_requests_total", "model")), legend="{{model}}"),
        bottom=None,
    )


def endings() -> Lines:
    """What went wrong."""
    failed = per_second(RUN, "wayfare_attempts_total", "outcome", only=('outcome!="completed"',))
    ended = per_second(RUN, "wayfare_requests_total", "outcome", only=('outcome!="completed"',))
    return lines(
        "Without an answer",
        "reqps",
        "Requests, and attempts (a request may have several), that ended without an answer, each second.",
        Query(expr=ended, legend="requests {{outcome}}"),
        Query(expr=failed, legend="attempts {{outcome}}"),
        colours={f"requests {name}": colour for name, colour in BY_OUTCOME.items()},
    )


def power() -> Lines:
    """Watts by tier."""
    return lines(
        "Power by tier",
        "watt",
        "Joules each second at the meter, API calls estimated.",
        Query(
            expr=per_second(RUN, "wayfare_energy_joules_total", "tier", only=(AT_THE_METER,)),
            legend="{{tier}}",
        ),
        colours=BY_TIER,
        stacked=True,
    )


def carbon() -> Lines:
    """Grams an hour by tier."""
    return lines(
        "Emissions by tier",
        GRAMS_PER_HOUR,
        "Grams of CO2e an hour from the energy used, by the grid at its time and place.",
        Query(
            expr=per_hour(RUN, "wayfare_emissions_grams_total", "tier", only=(OPERATIONAL,)),
            legend="{{tier}}",
        ),
        colours=BY_TIER,
        stacked=True,
    )
