"""Each figure is stated once, and whatever shows figures has all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator import load_scenario, simulate
from simulator.report.figures import Averaging, Figure, Format, figure, figures_of
from simulator.report.metrics import METRICS
from simulator.report.report import COMPARED, FIGURES, WITH_INTERVALS
from wayfare.reference.figures import figures_page

ROOT = Path(__file__).resolve().parents[2]
BOARDS = "".join(path.read_text() for path in (ROOT / "dashboards" / "grafana" / "boards").glob("*.json"))
NO_FIGURES = {"seed", "simulated_s", "wall_s", "replications"}
"""Numbers that say what was run."""


def numbers(tree: object, path: str = "") -> Iterator[str]:
    """Paths of the numbers in plain data, rows of breakdowns and times of events left out."""
    if isinstance(tree, dict):
        for key, below in tree.items():
            if path or key not in {"by", "intervals"}:
                yield from numbers(below, f"{path}.{key}" if path else key)
    elif isinstance(tree, int | float) and not isinstance(tree, bool):
        yield path


def stands_for(figure: Figure, path: str) -> bool:
    """Whether a figure's path, with `*` for names, is the one of some number."""
    return re.fullmatch(re.escape(figure.path).replace(r"\*", ".+"), path) is not None


@pytest.mark.parametrize("name", ["ticket-agents", "edge-fleet", "black-friday"])
def test_every_number_of_a_report_is_a_stated_figure(name: str) -> None:
    """A number in the JSON that no field states would be in no table, message or page."""
    report = simulate(load_scenario(name, overrides=["duration=10min"])).report
    found = [path for path in numbers(report.plain) if path not in NO_FIGURES]
    assert len(found) > 90
    lost = [path for path in found if not any(stands_for(each, path) for each in FIGURES)]
    assert lost == []


@pytest.mark.parametrize("shown", FIGURES, ids=lambda shown: shown.path)
def test_a_figure_is_in_prometheus_or_says_why_not(shown: Figure) -> None:
    """A rate, level or total has a metric that some dashboard asks for; anything else has a reason."""
    stated = shown.stated
    assert bool(stated.no_metric) != (stated.metric is not None)
    assert stated.text.endswith(".")
    if stated.metric is not None:
        assert METRICS[stated.metric.series] is stated.metric
        assert stated.metric.name in BOARDS


def test_paths_are_distinct_and_the_decisive_ones_are_compared() -> None:
    """What has an interval or a difference is a figure of the whole, each once."""
    paths = [each.path for each in FIGURES]
    assert len(set(paths)) == len(paths)
    assert set(COMPARED) | set(WITH_INTERVALS) <= set(paths)
    assert COMPARED[:2] == ("cost_usd.total", "cost_usd.per_month")
    ranks = [each.stated.compared for each in FIGURES if each.path in COMPARED]
    assert len(set(ranks)) == len(ranks)


def test_what_is_decided_by_is_better_one_way() -> None:
    """A paired difference means something only where one knows which way is better."""
    assert [each.path for each in FIGURES if each.path in COMPARED and each.stated.better is None] == []


def test_the_page_lists_every_figure() -> None:
    """docs/reference/figures.md: run `make docs` when it does not."""
    text = (ROOT / "docs" / "reference" / "figures.md").read_text(encoding="utf-8")
    assert text == figures_page()
    assert [each.path for each in FIGURES if f"`{each.path}`" not in text] == []


def test_blocks_within_blocks_are_found_with_what_their_field_adds() -> None:
    """The quantiles of a time are of one class; the field that holds them states which are compared."""
    by_path = {each.path: each.stated for each in FIGURES}
    assert by_path["latency.ttft_s.p95"].compared
    assert not by_path["latency.tpot_s.p95"].compared
    assert by_path["latency.tpot_s.p95"].interval
    assert by_path["devices.*.wh_per_device_day.mean"].format is Format.WATT_HOURS
    assert by_path["devices.*.charge_ratio_per_day.mean"].format is Format.FACTOR


def test_a_figure_needs_no_more_than_its_field() -> None:
    """A class with one more field has one more figure."""
    from dataclasses import make_dataclass

    more = figure("Dollars per answer.", Format.USD, averaging=Averaging.MEASURED, no_metric="a ratio")
    made = make_dataclass("Costs", [("per_answer", float, more)], kw_only=True)
    assert [each.path for each in figures_of(made)] == ["per_answer"]
