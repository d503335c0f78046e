"""What a dashboard's panels show: their queries put to a Prometheus as Grafana would put them."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Json = dict[str, Any]

BOARDS = Path(__file__).resolve().parents[2] / "dashboards" / "grafana" / "boards"
RATE_STEPS = 4
MOST_POINTS = 400
TIMEOUT_S = 30.0
SECONDS = {"s": 1, "m": 60, "h": 3_600}
LABEL_VALUES = re.compile(r"label_values\((?P<selector>.+), (?P<label>\w+)\)")


class QueryError(ValueError):
    """A query that Prometheus refused, with its reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One answer: its name as the legend shows it, instants in seconds since 1970, and values."""

    name: str
    labels: Mapping[str, str]
    t_s: Sequence[float]
    values: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """The time shown, in seconds since 1970, and how far apart samples lie."""

    begin_s: float
    end_s: float
    step: str

    @property
    def step_s(self) -> int:
        """Seconds between two points: at least the samples', at most so many points."""
        return max(seconds(self.step), round((self.end_s - self.begin_s) / MOST_POINTS))

    def variables(self) -> dict[str, str]:
        """Grafana's own variables of time."""
        length_s = round(self.end_s - self.begin_s)
        window_s = max(RATE_STEPS * seconds(self.step), self.step_s + seconds(self.step))
        return {"__range": f"{length_s}s", "__rate_interval": f"{window_s}s"}


def read_board(name: str) -> Json:
    """A shipped dashboard."""
    text: Json = json.loads((BOARDS / f"{name}.json").read_text(encoding="utf-8"))
    return text


def filled_in(expr: str, variables: Mapping[str, str]) -> str:
    """An expression without variables.

    Raises:
        QueryError: a variable has no value.
    """
    for name in sorted(variables, key=len, reverse=True):
        expr = expr.replace(f"${name}", variables[name])
    if "$" in expr:
        message = f"{expr!r} has a variable without a value; known: {', '.join(sorted(variables))}"
        raise QueryError(message)
    return expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """A Prometheus to ask."""

    url: str

    def get(self, path: str, **asked: str | float) -> object:
        """The data of an answer.

        Raises:
            QueryError: Prometheus refused.
        """
        try:
            with urlopen(f"{self.url}/api/v1/{path}?{urlencode(asked)}", timeout=TIMEOUT_S) as answer:  # noqa: S310  (the address given)
                return json.load(answer)["data"]
        except HTTPError as error:
            raise QueryError(f"{json.load(error)['error']}: {asked}") from error

    def values(self, query: str, variables: Mapping[str, str], window: TimeRange) -> list[str]:
        """The values that a variable's `label_values(selector, label)` offers."""
        found = LABEL_VALUES.fullmatch(query)
        if found is None:
            raise QueryError(f"{query!r} is not label_values(selector, label)")
        times = {"start": window.begin_s, "end": window.end_s}
        selector = filled_in(found["selector"], variables)
        return list(self.get(f"label/{found['label']}/values", **{"match[]": selector}, **times))

    def series(self, target: Json, variables: Mapping[str, str], window: TimeRange) -> list[Series]:
        """The answers to one target of a panel."""
        expr = filled_in(str(target["expr"]), {**variables, **window.variables()})
        if target.get("instant"):
            found = self.get("query", query=expr, time=window.end_s)
        else:
            begin_s = window.begin_s - window.begin_s % window.step_s
            found = self.get("query_range", query=expr, start=begin_s, end=window.end_s, step=window.step_s)
        legend = str(target.get("legendFormat") or "")
        return [series_of(each, legend) for each in found["result"]]


def series_of(answer: Json, legend: str) -> Series:
    """One element of a result."""
    labels: dict[str, str] = answer["metric"]
    points = answer.get("values") or [answer["value"]]
    name = re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: labels.get(found[1], ""), legend)
    return Series(
        name=name,
        labels=labels,
        t_s=[float(point[0]) for point in points],
        values=[float(point[1]) for point in points],
    )


def chosen(board: Json, source: Prometheus, window: TimeRange, choices: Mapping[str, str]) -> dict[str, str]:
    """A value of every variable of a dashboard: what is chosen, or else what Grafana would take first."""
    variables: dict[str, str] = {}
    for variable in board["templating"]["list"]:
        name = variable["name"]
        if name in choices:
            variables[name] = choices[name]
        elif variable["type"] == "query" and not variable.get("hide"):
            variables[name] = first_of(variable, source.values(variable["query"], variables, window))
        elif variable["type"] == "custom":
            variables[name] = variable["current"]["value"]
    return variables


def first_of(variable: Json, offered: Sequence[str]) -> str:
    """What Grafana takes first: all values together, or the first."""
    if not offered:
        raise QueryError(f"no value for the variable {variable['name']!r}: {variable['query']}")
    return "|".join(map(escaped, offered)) if variable["includeAll"] else offered[0]


def escaped(value: str) -> str:
    """A value as part of a regular expression in quotes, as Grafana writes it."""
    return re.sub(r"[\\^$*+?.()|\[\]{}/]", r"\\\\\g<0>", value)


def window_of(board: Json) -> TimeRange:
    """The time that a dashboard shows first, at the step it takes first."""
    shown: dict[str, str] = board["time"]
    return TimeRange(begin_s=instant_s(shown["from"]), end_s=instant_s(shown["to"]), step=step_of(board))


def instant_s(shown: str) -> float:
    """Seconds since 1970 of `2026-11-20T05:00:00.000Z`, `now` or `now-1h`."""
    if shown.startswith("now"):
        return time.time() - seconds(shown.removeprefix("now-")) if "-" in shown else time.time()
    return datetime.fromisoformat(shown).timestamp()


def seconds(span: str) -> int:
    """Seconds of `15s`, `5m` or `1h`."""
    return int(span[:-1]) * SECONDS[span[-1]]


def step_of(board: Json) -> str:
    """The step that a dashboard takes first."""
    steps = [each for each in board["templating"]["list"] if each["name"] == "step"]
    return str(steps[0]["current"]["value"])
