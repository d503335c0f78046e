"""Service health: calls, errors, waits and runs of a Wayfare server, in real time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.board import Board, PanelRow, built, figures, label_variable, step_variable
from dashboards.panels import figure, lines
from dashboards.queries import Query, SeriesSelector, gauge, increase, per_second

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.stat import Panel as Figure
    from grafana_foundation_sdk.builders.timeseries import Panel as Lines
    from grafana_foundation_sdk.models.dashboard import Dashboard

SERVER = SeriesSelector(matchers='instance=~"$instance"')
STARTED = "grpc_server_started_total"
HANDLED = "grpc_server_handled_total"
HANDLING = "grpc_server_handling_seconds"
UNARY = 'grpc_type="unary"'
ERRORS = 'grpc_code=~"Unknown|Internal|Unavailable|DataLoss"'
SCRAPED = 'job="wayfare"'
SCRAPE_STEP = "15s"


def service_health() -> Dashboard:
    """The dashboard of the server itself."""
    return built(
        Board(
            uid="wayfare-service-health",
            title="Wayfare / Service health",
            description="The gRPC server behind the runs: calls, errors, waits, runs by state, memory.",
            variables=[
                label_variable("instance", "Server", "label_values(wayfare_runs, instance)", several=True),
                step_variable(SCRAPE_STEP),
            ],
            rows=rows(),
            shown=("now-1h", "now"),
            refresh="15s",
        )
    )


def rows() -> list[PanelRow]:
    """Figures first, then calls, runs and the process."""
    return [
        figures(up(), under_way(), calls(), error_share(), slowest(), memory()),
        PanelRow(heading="Calls", panels=[calls_by_method(), calls_by_code(), handling()]),
        PanelRow(heading="Runs", panels=[runs(), published()]),
        PanelRow(heading="Process", panels=[processor(), resident(), files()]),
    ]


def now(expr: str) -> Query:
    """An expression at the end of the time shown."""
    return Query(expr=expr, instant=True)


def up() -> Figure:
    """Servers that answer."""
    text = "Servers whose metrics Prometheus could read at its last try."
    return figure("Servers up", "short", text, now(gauge(SERVER, "up", only=(SCRAPED,))), decimals=0)


def under_way() -> Figure:
    """Runs that wait or run."""
    text = "Runs that wait for a slot or have one."
    expr = gauge(SERVER, "wayfare_runs", only=('state=~"QUEUED|RUNNING"',))
    return figure("Runs under way", "short", text, now(expr), decimals=0)


def calls() -> Figure:
    """Calls a second."""
    text = "gRPC calls begun each second, over the last few scrapes."
    return figure("Calls", "reqps", text, now(per_second(SERVER, STARTED)), decimals=1)


def error_share() -> Figure:
    """Calls that failed for the server's reasons."""
    failed = increase(SERVER, HANDLED, only=(ERRORS,))
    expr = f"({failed} or vector(0)) / ({increase(SERVER, HANDLED)} > 0)"
    text = "Calls of the time shown that ended with a server error, of all that ended."
    return figure("Calls failed", "percentunit", text, now(expr), decimals=2)


def slowest() -> Figure:
    """The p99 of calls that answer once."""
    buckets = increase(SERVER, f"{HANDLING}_bucket", "le", only=(UNARY,))
    text = "99 % of the unary calls of the time shown were handled within this."
    return figure("Unary calls, p99", "s", text, now(f"histogram_quantile(0.99, {buckets})"), decimals=3)


def memory() -> Figure:
    """Memory of the server's own process."""
    text = "Resident memory of the server's main process; runs have processes of their own."
    expr = gauge(SERVER, "process_resident_memory_bytes", only=(SCRAPED,))
    return figure("Memory", "bytes", text, now(expr), decimals=0)


def calls_by_method() -> Lines:
    """Calls a second by method."""
    query = Query(expr=per_second(SERVER, STARTED, "grpc_method"), legend="{{grpc_method}}")
    return lines("Calls by method", "reqps", "gRPC calls begun each second.", query, stacked=True)


def calls_by_code() -> Lines:
    """Calls a second by how they ended."""
    query = Query(expr=per_second(SERVER, HANDLED, "grpc_code"), legend="{{grpc_code}}")
    text = "gRPC calls ended each second, by status; a watched run ends one call when it ends."
    return lines("Calls by status", "reqps", text, query, stacked=True)


def handling() -> Lines:
    """How long unary calls take, by method."""
    buckets = per_second(SERVER, f"{HANDLING}_bucket", "grpc_method", "le", only=(UNARY,))
    query = Query(expr=f"histogram_quantile(0.99, {buckets})", legend="{{grpc_method}}")
    return lines("Unary calls, p99", "s", "99 % of a method's calls were handled within this.", query)


def runs() -> Lines:
    """Runs by state."""
    query = Query(expr=gauge(SERVER, "wayfare_runs", "state"), legend="{{state}}")
    return lines("Runs by state", "short", "Runs the store holds, by state.", query)


def published() -> Lines:
    """Runs handed to Prometheus, and those that could not be."""
    expr = per_second(SERVER, "wayfare_published_runs_total", "outcome")
    text = "Runs each second whose series were taken by /metrics or a remote write, and that failed to be."
    return lines("Runs published", "ops", text, Query(expr=expr, legend="{{outcome}}"))


def processor() -> Lines:
    """Processor seconds a second."""
    query = Query(
        expr=per_second(SERVER, "process_cpu_seconds_total", "instance", only=(SCRAPED,)),
        legend="{{instance}}",
    )
    return lines("Processor", "percentunit", "Busy cores of the server's main process.", query)


def resident() -> Lines:
    """Memory over time."""
    query = Query(
        expr=gauge(SERVER, "process_resident_memory_bytes", "instance", only=(SCRAPED,)),
        legend="{{instance}}",
    )
    return lines("Memory", "bytes", "Resident memory of the server's main process.", query)


def files() -> Lines:
    """Open file descriptors."""
    query = Query(expr=gauge(SERVER, "process_open_fds", "instance", only=(SCRAPED,)), legend="{{instance}}")
    return lines("Open files", "short", "File descriptors of the server's main process.", query)
