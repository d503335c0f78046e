"""The shipped dashboards: current, well-formed, and as a person would want them."""

from __future__ import annotations

import copy
import json
import re
from itertools import combinations
from pathlib import Path

import jsonschema
import pytest
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from bench.previews.answers import read_board
from dashboards.__main__ import DASHBOARDS, SHIPPED, text_of, texts
from wayfare.render.html.charts import TIER_COLOURS, TIERS

SCHEMA = json.loads(Path(__file__).with_name("board.schema.json").read_text(encoding="utf-8"))
NAMES = sorted(path.stem for path in SHIPPED.glob("*.json"))
SIMULATED = [name for name in NAMES if name != "service-health"]


def panels_of(name: str) -> list[dict]:
    """The panels of a dashboard that ask something."""
    return [panel for panel in read_board(name)["panels"] if panel["type"] != "row"]


def check(board: dict) -> None:
    """Raises where a dashboard is not what Grafana's model allows."""
    jsonschema.Draft202012Validator(SCHEMA).validate(board)


def test_writing_them_again_changes_nothing():
    """What is checked in is what the code writes, no more and no less."""
    assert {path.name: path.read_text(encoding="utf-8") for path in SHIPPED.iterdir()} == texts()
    assert len(NAMES) == len(DASHBOARDS) == 5


@pytest.mark.parametrize("name", NAMES)
def test_each_is_valid(name: str):
    """Every key and value is one that the dashboard model knows."""
    check(read_board(name))


@pytest.mark.parametrize("name", NAMES)
def test_grafanas_own_types_read_them_whole(name: str):
    """Read into the SDK's types and written again, nothing is lost."""
    register_default_plugins()
    text = (SHIPPED / f"{name}.json").read_text(encoding="utf-8")
    assert text_of(Dashboard.from_json(json.loads(text))) == text


@pytest.mark.parametrize(
    "spoil",
    [
        lambda board: board.update(editable=True),
        lambda board: board.update(extra=[]),
        lambda board: board["panels"][0].pop("description"),
        lambda board: board["panels"][0]["fieldConfig"]["defaults"].pop("unit"),
        lambda board: board["panels"][0]["targets"].clear(),
        lambda board: board["panels"][0]["datasource"].update(uid="mine"),
        lambda board: board["panels"][0]["gridPos"].update(x=24),
        lambda board: board["templating"]["list"][1].update(refresh=0),
        lambda board: board["time"].update({"from": "yesterday"}),
    ],
)
def test_the_schema_finds_faults(spoil):
    """A dashboard that is spoilt is not valid."""
    board = copy.deepcopy(read_board("run-overview"))
    spoil(board)
    with pytest.raises(jsonschema.ValidationError):
        check(board)


@pytest.mark.parametrize("name", NAMES)
def test_panels_are_told_apart(name: str):
    """Numbers of panels, titles of one section and letters of one panel's queries are unique."""
    board = read_board(name)
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    for panel in panels_of(name):
        assert [target["refId"] for target in panel["targets"]] == list("ABCDEF"[: len(panel["targets"])])
    titles = [(panel["type"], panel["title"]) for panel in panels_of(name)]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", NAMES)
def test_panels_do_not_overlap(name: str):
    """Every panel has its own place within the 24 columns."""
    places = [panel["gridPos"] for panel in read_board(name)["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y


@pytest.mark.parametrize("name", NAMES)
def test_figures_come_first(name: str):
    """The first row is of numbers, asked at one instant; lines are asked over the whole time."""
    panels = panels_of(name)
    assert all(panel["type"] == "stat" for panel in panels if panel["gridPos"]["y"] == 0)
    for panel in panels:
        assert all(target["instant"] == (panel["type"] == "stat") for target in panel["targets"])


@pytest.mark.parametrize("name", NAMES)
def test_tiers_have_the_reports_colours(name: str):
    """A tier looks the same on every dashboard and in the HTML report."""
    wanted = dict(zip(TIERS, TIER_COLOURS, strict=True))
    for panel in panels_of(name):
        fixed = {each["matcher"]["options"]: each["properties"][0]["value"]["fixedColor"]
                 for each in panel["fieldConfig"]["overrides"]}  # fmt: skip
        by_tier = any("{{tier}}" in target["legendFormat"] for target in panel["targets"])
        assert not by_tier or {tier: fixed[tier] for tier in TIERS} == wanted


@pytest.mark.parametrize("name", SIMULATED)
def test_simulated_time_is_absolute(name: str):
    """A simulated day lies where its epoch is, and every run is chosen by its name and policy."""
    board = read_board(name)
    begin, end = "2026-11-20T05:00:00", "2026-11-21T05:00:00"
    assert board["time"]["from"] < begin
    assert board["time"]["to"] > end
    variables = [variable["name"] for variable in board["templating"]["list"]]
    assert variables[:4] == ["datasource", "run", "policy", "step"]
    assert board["annotations"]["list"][0]["name"] == "Faults"


HOURLY = {
    "Spend",
    "Spend by component",
    "Spend by tier",
    "Spend by model",
    "Emissions by tier",
    "Emissions by part",
}


@pytest.mark.parametrize("name", SIMULATED)
def test_rates_and_ratios_name_what_they_are_by(name: str):
    """A unit that is an amount stands on no panel whose query is by the hour, the request or the token."""
    for panel in panels_of(name):
        unit, exprs = panel["fieldConfig"]["defaults"]["unit"], [each["expr"] for each in panel["targets"]]
        by_the_hour = any(expr.endswith("* 3600") for expr in exprs)
        assert unit.endswith("/h") == by_the_hour, panel["title"]
        assert panel["title"] not in HOURLY or by_the_hour
        if "of a request" in panel["title"]:
            assert unit.endswith("/request")
        if "of an output token" in panel["title"]:
            assert unit.endswith("/token")
        if "1,000 requests" in panel["title"]:
            assert unit.endswith("/1k requests")
        if "intensity" in panel["title"]:
            assert unit.endswith("/kWh")


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_says_when_it_has_no_data(name: str):
    """An empty panel says so in words."""
    assert all(panel["fieldConfig"]["defaults"]["noValue"].startswith("no data") for panel in panels_of(name))


@pytest.mark.parametrize("name", SIMULATED)
def test_the_time_can_follow_the_run(name: str):
    """A link shows the chosen run's own time, by two hidden variables."""
    board = read_board(name)
    (link,) = [link for link in board["links"] if link["type"] == "link"]
    assert link["url"] == f"/d/{board['uid']}?from=${{begin}}&to=${{end}}"
    hidden = {each["name"]: each for each in board["templating"]["list"] if each.get("hide") == 2}
    assert set(hidden) == {"begin", "end"}
    for variable_name, variable in hidden.items():
        assert f"wayfare_run_{variable_name}_timestamp_seconds" in variable["query"]
        pattern = re.compile(variable["regex"].strip("/"))
        assert pattern.search("{} 1795150800000 1795237200000")[1] == "1795150800000"


@pytest.mark.parametrize(("name", "title", "objective"), [
    ("run-overview", "Time to first token", "ttft"),
    ("run-overview", "Request duration", "e2e"),
    ("policy-comparison", "First token, p95", "ttft"),
])  # fmt: skip
def test_latencies_show_their_limits(name: str, title: str, objective: str):
    """The scenario's objectives are dashed lines beside the latencies they limit."""
    (panel,) = [each for each in panels_of(name) if (each["title"], each["type"]) == (title, "timeseries")]
    (limit,) = [each for each in panel["targets"] if each["legendFormat"].startswith("limit")]
    assert f'objective="{objective}"' in limit["expr"]
    (override,) = [each for each in panel["fieldConfig"]["overrides"] if each["matcher"]["id"] == "byRegexp"]
    assert {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 6]}} in override["properties"]
