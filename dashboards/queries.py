"""PromQL, said once: what the panels ask of the series of a run.

Speeds are rates of counters over `$__rate_interval`; amounts are differences of a counter's
samples in the time shown, exact where `increase` would stretch them to the edges of the window.
"""

from __future__ import annotations

from dataclasses import dataclass

RATE_WINDOW = "$__rate_interval"
TIME_SHOWN = "$__range"
SECONDS_PER_HOUR = 3_600
LIMIT = "limit"
LIMITS = f"/^{LIMIT} /"
"""What the lines of limits are called, and the expression that finds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question, the name of its answers, and whether only the last instant is asked for."""

    expr: str
    legend: str = ""
    instant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSelector:
    """The series that count, as label matchers, and the labels that tell answers apart."""

    matchers: str
    by: tuple[str, ...] = ()

    def series(self, metric: str, *more: str) -> str:
        """The selector of a metric's series, narrowed by further matchers."""
        return f"{metric}{{{', '.join((self.matchers, *more))}}}"

    def grouped(self, *labels: str) -> str:
        """The clause that tells answers apart by the scope's labels and further ones."""
        names = (*self.by, *labels)
        return f" by ({', '.join(names)})" if names else ""


def per_second(scope: SeriesSelector, counter: str, *by: str, only: tuple[str, ...] = ()) -> str:
    """What a counter grows by each second."""
    return f"sum{scope.grouped(*by)} (rate({scope.series(counter, *only)}[{RATE_WINDOW}]))"


def per_hour(scope: SeriesSelector, counter: str, *by: str, only: tuple[str, ...] = ()) -> str:
    """What a counter grows by each hour."""
    return f"{per_second(scope, counter, *by, only=only)} * {SECONDS_PER_HOUR}"


def amount(scope: SeriesSelector, counter: str, *by: str, only: tuple[str, ...] = ()) -> str:
    """What a counter grew by in the time shown, up to the instant of the point."""
    window = f"{scope.series(counter, *only)}[{TIME_SHOWN}]"
    return f"sum{scope.grouped(*by)} (max_over_time({window}) - min_over_time({window}))"


def increase(scope: SeriesSelector, counter: str, *by: str, only: tuple[str, ...] = ()) -> str:
    """About what a counter grew by in the time shown, over restarts of a live server."""
    return f"sum{scope.grouped(*by)} (increase({scope.series(counter, *only)}[{TIME_SHOWN}]))"


def ratio(above: str, below: str) -> str:
    """One expression over another that tells the same answers apart."""
    return f"{above} / {below}"


def share(scope: SeriesSelector, counter: str, by: str) -> str:
    """What part of a counter's growth each value of a label has, 0-1."""
    whole = per_second(scope, counter)
    return f"{per_second(scope, counter, by)} / ignoring ({by}) group_left () {whole}"


def quantile(scope: SeriesSelector, histogram: str, level: float, *by: str) -> str:
    """A quantile of a classic histogram, over the last few samples."""
    buckets = per_second(scope, f"{histogram}_bucket", *by, "le")
    return f"histogram_quantile({level:g}, {buckets})"


def whole_quantile(scope: SeriesSelector, histogram: str, level: float, *by: str) -> str:
    """A quantile of a classic histogram, over the time shown."""
    buckets = amount(scope, f"{histogram}_bucket", *by, "le")
    return f"histogram_quantile({level:g}, {buckets})"


def gauge(scope: SeriesSelector, name: str, *by: str, only: tuple[str, ...] = (), how: str = "sum") -> str:
    """A gauge as it stands, put together over what is not told apart."""
    return f"{how}{scope.grouped(*by)} ({scope.series(name, *only)})"


def limit_queries(matchers: str, objective: str) -> list[Query]:
    """The limit that each task's requests are to keep, as lines named `limit …`."""
    series = f'wayfare_slo_limit_seconds{{{matchers}, objective="{objective}"}}'
    return [Query(expr=f"min by (task) ({series})", legend=f"{LIMIT} {{{{task}}}}")]


def over_time(what: str, scope: SeriesSelector, name: str, *by: str, only: tuple[str, ...] = ()) -> str:
    """The `avg`, `max` or `last` of a gauge over the time shown; summed over what is not told apart."""
    return f"sum{scope.grouped(*by)} ({what}_over_time({scope.series(name, *only)}[{TIME_SHOWN}]))"
