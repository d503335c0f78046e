"""The dashboards' PromQL: it parses, counts correctly, and names series that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from bench.previews.answers import QueryError, TimeRange, filled_in, read_board
from dashboards.__main__ import SHIPPED
from dashboards.queries import SeriesSelector, amount, per_second, quantile, share

ROOT = Path(__file__).resolve().parents[2]
WINDOW = TimeRange(begin_s=0.0, end_s=86_400.0, step="5m")
FILLED = {"run": "r", "policy": "p", "deployment": "d", "instance": "i", **WINDOW.variables()}
COUNTED = re.compile(r"_(total|bucket|sum|count)$")
GROWTH = {"rate", "increase"}
EDGES = {"max_over_time", "min_over_time"}
PROCESS = {"up", "process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"}


def expressions() -> list[str]:
    """Every expression of every dashboard, faults included, as shipped."""
    found = []
    for path in sorted(SHIPPED.glob("*.json")):
        board = read_board(path.stem)
        asking = [
            *board["panels"],
            *({"targets": [mark["target"]]} for mark in board["annotations"].get("list", [])),
        ]
        found += [target["expr"] for each in asking for target in each.get("targets", [])]
    return found


def parsed(expr: str):
    """The syntax tree of an expression with its variables filled in."""
    return promql_parser.parse(filled_in(expr, FILLED))


def walk(node, above: tuple = ()):
    """Every selector of a tree with the functions above it."""
    if isinstance(node, promql_parser.MatrixSelector):
        yield node.vector_selector, above
    elif isinstance(node, promql_parser.VectorSelector):
        yield node, above
    elif isinstance(node, promql_parser.Call):
        for argument in node.args:
            yield from walk(argument, (*above, node.func.name))
    elif isinstance(node, promql_parser.BinaryExpr):
        yield from walk(node.lhs, above)
        yield from walk(node.rhs, above)
    elif hasattr(node, "expr"):
        yield from walk(node.expr, above)


def differences(node):
    """Every `max_over_time(x) - min_over_time(x)` of a tree, as the text of x."""
    if isinstance(node, promql_parser.Call):
        for argument in node.args:
            yield from differences(argument)
    elif isinstance(node, promql_parser.BinaryExpr):
        sides: list[Any] = [node.lhs, node.rhs]
        if str(node.op) == "-" and [getattr(getattr(side, "func", None), "name", "") for side in sides] == [
            "max_over_time",
            "min_over_time",
        ]:
            first, second = (str(side.args[0]) for side in sides)
            assert first == second
            yield first
        else:
            yield from differences(node.lhs)
            yield from differences(node.rhs)
    elif hasattr(node, "expr"):
        yield from differences(node.expr)


@pytest.mark.parametrize("expr", expressions())
def test_counters_are_only_ever_grown(expr: str):
    """A counter's height means nothing: only its rate, its increase, or the difference of two samples."""
    tree = parsed(expr)
    known = list(differences(tree))
    for selector, above in walk(tree):
        if not COUNTED.search(selector.name):
            continue
        if EDGES & set(above):
            assert any(each.startswith(selector.name) for each in known)
        else:
            assert GROWTH & set(above)


@pytest.mark.parametrize("expr", expressions())
def test_rates_fit_the_step(expr: str):
    """Windows of rates follow the step of the series, windows of amounts the time shown."""
    assert set(re.findall(r"\[([^]]+)\]", expr)) <= {"$__rate_interval", "$__range"}
    assert all(window == "$__rate_interval" for window in re.findall(r"rate\([^[]*\[([^]]+)\]", expr))


def test_series_are_those_that_are_made():
    """Every metric that a dashboard or a rule names is one that the code names."""
    sources = [*(ROOT / "wayfare" / "metrics").rglob("*.py"), ROOT / "simulator" / "report" / "metrics.py"]
    made = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    rules = rules_of("recording") + rules_of("alerts")
    known = PROCESS | {rule["record"] for rule in rules if "record" in rule}
    asked = [parsed(expr) for expr in expressions()] + [promql_parser.parse(rule["expr"]) for rule in rules]
    named = {selector.name for tree in asked for selector, _above in walk(tree)} - known
    assert len(named) > 20
    assert [name for name in sorted(named) if f'"{COUNTED.sub("", name)}' not in made] == []


def rules_of(name: str) -> list[dict]:
    """The rules of a file of Prometheus' rules."""
    text = (ROOT / "dashboards" / "prometheus" / "rules" / f"{name}.yml").read_text(encoding="utf-8")
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def test_faults_in_expressions_are_found():
    """The parser refuses what Prometheus would, and a variable that nobody fills is told."""
    with pytest.raises(ValueError, match="invalid"):
        parsed("sum by (tier (rate(x[5m])))")
    with pytest.raises(QueryError, match="without a value"):
        filled_in('x{a="$b"}', {"c": "1"})


def test_expressions_say_what_they_should():
    """A rate is summed over what is not told apart, a share is of the whole of the same run."""
    scope = SeriesSelector(matchers='run="r"', by=("run",))
    assert per_second(scope, "x_total") == 'sum by (run) (rate(x_total{run="r"}[$__rate_interval]))'
    assert share(scope, "x_total", "tier") == (
        'sum by (run, tier) (rate(x_total{run="r"}[$__rate_interval])) / ignoring (tier) group_left () '
        'sum by (run) (rate(x_total{run="r"}[$__rate_interval]))'
    )
    assert quantile(scope, "x", 0.5).startswith("histogram_quantile(0.5, sum by (run, le) (rate(x_bucket{")
    window = 'x_total{run="r", tier="edge"}[$__range]'
    assert amount(scope, "x_total", only=('tier="edge"',)) == (
        f"sum by (run) (max_over_time({window}) - min_over_time({window}))"
    )
