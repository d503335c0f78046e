"""The HTML report: what a decision needs stands in it, and nothing in it breaks out of its place."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from simulator import compare, simulate
from simulator.experiment.differences import Difference
from wayfare.render.html import figures
from wayfare.render.html.markup import data, items, section
from wayfare.render.html.page import comparison_page, run_page
from wayfare.render.html.script import chart_program
from wayfare.render.html.units import plain_seconds
from wayfare.render.numbers import signed, usd
from world_cases import FRONTIER, SMALL, scenario, with_stream

HOSTILE = "</script><!--<script>alert('x')</script>\u2028 & \x1b[31m"


class Reading(HTMLParser):
    """A page as a browser takes it apart: headings, cells by table, scripts, and every tag."""

    def __init__(self, page: str) -> None:
        """Reads a page."""
        super().__init__()
        self.headings: list[str] = []
        self.rows: list[list[str]] = []
        self.scripts: list[str] = []
        self.tags: list[str] = []
        self._at: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """Notes a tag, and begins a heading, a row, a cell or a script."""
        self.tags.append(tag)
        self._at += [tag] if tag != "wbr" else []
        {"h2": self.headings, "script": self.scripts}.get(tag, []).append("")
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"} and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        """Leaves what ends."""
        while self._at and self._at.pop() != tag:
            pass

    def handle_data(self, text):
        """Adds a text to what it stands in."""
        if "script" in self._at:
            self.scripts[-1] += text
        elif "h2" in self._at:
            self.headings[-1] += text
        elif self._at and self._at[-1] in {"td", "th"}:
            self.rows[-1][-1] += text


@pytest.fixture(scope="module")
def world():
    """A small scenario."""
    return scenario()


@pytest.fixture(scope="module")
def comparison(world):
    """Two policies and the baselines."""
    return compare(world, ("cheapest_capable", "round_robin"), replications=3)


def test_a_comparison_holds_what_a_decision_needs(world, comparison):
    """Policies, paired differences, fixed and variable cost, deployments, fleet, limits, assumptions."""
    page = Reading(comparison_page(world, comparison))
    assert page.headings == [
        "Policies", "Paired differences", "Routing quality", "Effects of routing",
        "Cost, quality, latency",
        "Fixed and variable cost", "Deployments",
        "Latency", "Where it goes", "The run over time", "Not included in the totals",
        "The fleet and its prices", "Service level objectives", "Assumptions and warnings",
    ]  # fmt: skip
    by_name = {(row[0], len(row)): row for row in page.rows if row}
    for report in comparison.reports:
        cost = report.plain["cost_usd"]
        spent = next(row for (name, size), row in by_name.items() if name == report.policy and size == 9)
        assert spent[1:3] == [usd(cost["capacity_used"]), usd(cost["capacity_idle"])]
        assert spent[7] == usd(cost["total"])
    found = next(each for each in comparison.differences
                 if each.metric == "cost_usd.per_month" and each.b == "round_robin")  # fmt: skip
    row = next(row for row in page.rows if row[0] == "round_robin" and row[1].startswith(("+", "-")))
    assert row[1].startswith(signed(found.mean, usd))
    assert any(row[:2] == ["small", "llama-3.1-8b"] for row in page.rows)


def test_a_run_has_the_same_without_differences(world):
    """A single run's page has no paired differences, and all else."""
    page = Reading(run_page(world, simulate(world)))
    assert "Paired differences" not in page.headings
    assert {"Figures", "Fixed and variable cost", "Deployments", "The fleet and its prices"} <= set(
        page.headings
    )


def test_what_the_drain_cost_stands_on_a_runs_page():
    """Work after the end is shown with its dollars beside the totals, and nothing is where there was none."""
    backlog = with_stream(arrivals={"pattern": "steady", "rate": 4.0}, output_tokens=900)
    one = scenario(fleet=[SMALL], router={"policy": "round_robin"}, **backlog)
    result = simulate(one)
    spent = result.report.plain["drain"]["cost_usd"]["total"]
    assert spent > 0.0
    assert f"of work, {usd(spent)}" in run_page(one, result)
    calm = scenario(fleet=[FRONTIER], router={"policy": "round_robin"}, drain="0s", **backlog)
    assert "after the end" not in run_page(calm, simulate(calm))


def test_warnings_of_all_policies_stand_on_the_page(world, comparison):
    """What only the last policy warns of is shown, with its name."""
    last = comparison.reports[-1]
    told = last.warned(["own: idle"])
    page = comparison_page(world, replace(comparison, reports=(*comparison.reports[:-1], told)))
    assert f"under {last.policy}: own: idle" in page


@pytest.mark.parametrize(
    ("mean", "expected"), [(0.39, "+0.390 s"), (-0.39, "-0.390 s"), (4e-13, "0 s ?"), (2.5, "+2.50 s")]
)
def test_a_difference_has_its_sign(comparison, mean, expected):
    """More is +, also below one; what rounds to nothing has none."""
    first, other = comparison.reports[:2]
    half = 0.1 if mean > 0.1 or mean < 0.0 else 0.2
    gap = Difference(
        a=first.policy, b=other.policy, metric="latency.e2e_s.p95",
        mean=mean, low=mean - half, high=mean + half, replications=3,
    )  # fmt: skip
    assert figures.gap(gap, first, other, plain_seconds).text == expected


def test_hostile_words_stay_words(world, comparison):
    """Names and descriptions with tags, comments and control characters are text, and scripts stay whole."""
    settings = world.settings.model_copy(update={"description": HOSTILE})
    reports = tuple(
        replace(report, policy=f"{report.policy}{HOSTILE}") if report.policy == "round_robin" else report
        for report in comparison.reports
    )
    names = tuple(report.policy for report in reports)
    spoilt = replace(comparison, reports=reports, policies=names)
    page = comparison_page(replace(world, settings=settings), spoilt)
    reading, usual = Reading(page), Reading(comparison_page(world, comparison))
    assert set(reading.tags) == set(usual.tags)
    assert len(reading.scripts) == len(usual.scripts) == 5
    assert all(json.loads(text) for text in reading.scripts[:-1])
    assert "\x1b" not in page
    assert any("alert('x')" in row[0] for row in reading.rows)


def test_data_within_a_script_cannot_end_it():
    """JSON keeps its value and holds neither a tag nor a comment nor a line separator."""
    text = data({"name": HOSTILE})
    assert json.loads(text) == {"name": HOSTILE}
    assert not set("<\u2028\u2029") & set(text)
    assert "</script" not in chart_program()
    assert "<!--" not in chart_program()


def test_empty_parts_leave_no_heading():
    """A section without content is not shown."""
    assert section("Title", "caption", items([])) == ""
