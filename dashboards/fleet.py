"""Fleet: what each deployment does, holds and wastes over the day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.board import Board, PanelRow, built, figures, label_variable, run_variables, simulated_day
from dashboards.palette import BY_OUTCOME, BY_REPLICA
from dashboards.panels import figure, lines
from dashboards.queries import (
    Query,
    SeriesSelector,
    amount,
    gauge,
    over_time,
    per_hour,
    per_second,
    quantile,
    ratio,
)
from dashboards.units import USD_PER_HOUR

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.stat import Panel as Figure
    from grafana_foundation_sdk.builders.timeseries import Panel as Lines
    from grafana_foundation_sdk.models.dashboard import Dashboard

FLEET = SeriesSelector(matchers='run="$run", policy="$policy", deployment=~"$deployment"')
EACH = SeriesSelector(matchers=FLEET.matchers, by=("deployment",))
NAME = "{{deployment}}"
DEPLOYMENTS = 'label_values(wayfare_queue_length{run="$run", policy="$policy"}, deployment)'
IDLE = ('component="capacity_idle"',)
CAPACITY = ('component=~"capacity_idle|capacity_used"',)
STATES = ('state=~"ready|starting|draining|down"',)


def fleet() -> Dashboard:
    """The dashboard of a run's deployments."""
    return built(
        Board(
            uid="wayfare-fleet",
            title="Wayfare / Fleet",
            description="Each deployment of one run: queue, work, KV cache, replicas and idle dollars.",
            variables=[
                *run_variables(),
                label_variable("deployment", "Deployment", DEPLOYMENTS, several=True),
            ],
            rows=rows(),
            shown=simulated_day(),
            annotated='sum by (kind, target) (wayfare_faults_active{run="$run", policy="$policy"}) > 0',
        )
    )


def rows() -> list[PanelRow]:
    """Figures first, then queues, capacity and money."""
    return [
        figures(longest_queue(), most_running(), busy(), most_replicas(), idle_dollars(), idle_share()),
        PanelRow(heading="Work", panels=[answers(), queue(), running()]),
        PanelRow(panels=[queue_wait(), first_token(), attempts()]),
        PanelRow(heading="Capacity", panels=[utilisation(), kv_cache()]),
        PanelRow(panels=[held(), states()]),
        PanelRow(heading="Money", panels=[idle_spend(), capacity_used(), spend()]),
    ]


def by_deployment(title: str, unit: str, description: str, expr: str) -> Lines:
    """A panel of one line for each deployment."""
    return lines(title, unit, description, Query(expr=expr, legend=NAME))


def longest_queue() -> Figure:
    """The most that ever waited at once."""
    expr = f"max (max_over_time({FLEET.series('wayfare_queue_length')}[$__range]))"
    text = "The most attempts that waited at one deployment at a sample."
    return figure("Longest queue", "short", text, Query(expr=expr, instant=True), decimals=0)


def most_running() -> Figure:
    """The most that ever ran at once."""
    expr = f"max (max_over_time({FLEET.series('wayfare_running_requests')}[$__range]))"
    text = "The most attempts in work at one deployment at a sample."
    return figure("Most in work", "short", text, Query(expr=expr, instant=True), decimals=0)


def busy() -> Figure:
    """Dollars of capacity that did work."""
    used = amount(FLEET, "wayfare_cost_usd_total", only=('component="capacity_used"',))
    expr = ratio(used, amount(FLEET, "wayfare_cost_usd_total", only=CAPACITY))
    text = "The part of the capacity paid for that was busy, by its dollars."
    return figure("Capacity used", "percentunit", text, Query(expr=expr, instant=True), decimals=1)


def most_replicas() -> Figure:
    """The most replicas held at once."""
    expr = over_time("max", FLEET, "wayfare_replicas", only=('state="held"',))
    text = "The most replicas that were paid for, each deployment at its own peak."
    return figure("Most replicas", "short", text, Query(expr=expr, instant=True), decimals=0)


def idle_dollars() -> Figure:
    """Dollars for capacity that did nothing."""
    expr = amount(FLEET, "wayfare_cost_usd_total", only=IDLE)
    text = "Dollars for capacity that was held and did no work: headroom, cold starts, drains."
    return figure("Idle dollars", "currencyUSD", text, Query(expr=expr, instant=True), decimals=2)


def idle_share() -> Figure:
    """The part of all dollars that idled."""
    idle = amount(FLEET, "wayfare_cost_usd_total", only=IDLE)
    expr = ratio(idle, amount(FLEET, "wayfare_cost_usd_total"))
    text = "Idle dollars over all dollars of the deployments shown."
    return figure("Idle of all dollars", "percentunit", text, Query(expr=expr, instant=True), decimals=1)


def answers() -> Lines:
    """Requests a second by deployment."""
    text = "Requests completed each second."
    expr = per_second(EACH, "wayfare_requests_total", only=('outcome="completed"',))
    return by_deployment("Answers", "reqps", text, expr)


def queue() -> Lines:
    """Waiting attempts by deployment."""
    return by_deployment("Queue", "short", "Attempts waiting.", gauge(EACH, "wayfare_queue_length"))


def running() -> Lines:
    """Attempts in work by deployment."""
    return by_deployment("In work", "short", "Attempts in work.", gauge(EACH, "wayfare_running_requests"))


def queue_wait() -> Lines:
    """The mean wait by deployment; its buckets are too wide for quantiles of a healthy queue."""
    waited = per_second(EACH, "wayfare_queue_duration_seconds_sum")
    expr = ratio(waited, per_second(EACH, "wayfare_queue_duration_seconds_count"))
    text = "Waiting at the deployment, mean of the requests that it completed."
    return by_deployment("Time in queue, mean", "s", text, expr)


def first_token() -> Lines:
    """The p95 time to the first token by deployment."""
    expr = quantile(EACH, "wayfare_time_to_first_token_seconds", 0.95)
    text = "95 % of the requests the deployment completed had their first token within this time."
    return by_deployment("First token, p95", "s", text, expr)


def attempts() -> Lines:
    """Attempts that came to nothing, by how they ended."""
    expr = per_second(EACH, "wayfare_attempts_total", "outcome", only=('outcome!="completed"',))
    query = Query(expr=expr, legend="{{deployment}} {{outcome}}")
    text = "Attempts each second that ended without an answer."
    return lines("Attempts without an answer", "reqps", text, query, colours=BY_OUTCOME)


def utilisation() -> Lines:
    """Busy over held time."""
    text = "Busy over held time of the capacity since the sample before; APIs hold none."
    return by_deployment("Utilisation", "percentunit", text, gauge(EACH, "wayfare_utilization_ratio")).max(1)


def kv_cache() -> Lines:
    """KV cache in use."""
    text = "KV cache in use, of deployments that batch."
    return by_deployment("KV cache", "percentunit", text, gauge(EACH, "wayfare_kv_cache_usage_ratio"))


def held() -> Lines:
    """Replicas that are paid for."""
    expr = gauge(EACH, "wayfare_replicas", only=('state="held"',))
    return by_deployment("Replicas held", "short", "Replicas that are paid for.", expr)


def states() -> Lines:
    """Replicas by what they are doing."""
    query = Query(expr=gauge(FLEET, "wayfare_replicas", "state", only=STATES), legend="{{state}}")
    text = "Replicas of the deployments shown: ready, starting, draining, and down by a fault."
    return lines("Replicas by state", "short", text, query, colours=BY_REPLICA, stacked=True)


def idle_spend() -> Lines:
    """Idle dollars an hour."""
    text = "Dollars an hour for capacity that does no work."
    return by_deployment(
        "Idle dollars", USD_PER_HOUR, text, per_hour(EACH, "wayfare_cost_usd_total", only=IDLE)
    )


def capacity_used() -> Lines:
    """The part of capacity's dollars that did work."""
    used = per_second(EACH, "wayfare_cost_usd_total", only=('component="capacity_used"',))
    text = "Capacity dollars that did work, of all capacity dollars."
    expr = ratio(used, per_second(EACH, "wayfare_cost_usd_total", only=CAPACITY))
    return by_deployment("Capacity used", "percentunit", text, expr).max(1)


def spend() -> Lines:
    """All dollars an hour."""
    text = "Dollars an hour, used, idle and by token."
    return by_deployment("Spend", USD_PER_HOUR, text, per_hour(EACH, "wayfare_cost_usd_total"))
