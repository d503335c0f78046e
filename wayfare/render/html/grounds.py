"""What the page's figures stand on: the fleet with its prices, the objectives, the assumptions, warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wayfare.render.assumptions import (
    ability_line,
    fleet_facts,
    month_basis,
    objectives,
    warning_lines,
    window_s,
)
from wayfare.render.grounds import ground_lines
from wayfare.render.html.markup import WORDS, Cell, Line, items, plain, section, table
from wayfare.render.lengths import length_line, multiplier_lines
from wayfare.render.numbers import count, duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator import Report, Scenario

FLEET_HEADS = ("model", "tier", "region", "runs on", "price")


def fleet_section(scenario: Scenario) -> str:
    """Every deployment, what it stands on, and what it costs at the run's first instant."""
    day = scenario.start.date().isoformat()
    caption = f"Prices of {day}, catalog {scenario.catalog.edition!r} of {scenario.catalog.date.isoformat()}."
    lines = [
        Line(
            name=fact.name,
            cells=[
                Cell(fact.model),
                Cell(fact.tier),
                Cell(fact.region),
                Cell(f"{fact.size} {fact.back_end}".strip()),
                Cell(fact.price, "held by the hour" if fact.held else ""),
            ],
            kind=WORDS,
        )
        for fact in fleet_facts(scenario)
    ]
    return section("The fleet and its prices", caption, table("deployment", FLEET_HEADS, lines))


def objective_section(scenario: Scenario) -> str:
    """What each stream expects."""
    lines = [
        Line(name=name, cells=[Cell(stream.task), Cell(stream.region), Cell(limits)], kind=WORDS)
        for (name, limits), stream in zip(objectives(scenario), scenario.streams, strict=True)
    ]
    caption = (
        "A request meets its SLO when all limits of its stream hold; every request that arrived is counted."
    )
    return section(
        "Service level objectives", caption, table("stream", ("task", "users in", "limits"), lines)
    )


def assumption_section(scenario: Scenario, reports: Sequence[Report]) -> str:
    """How right and wrong were decided, how long answers are, what a month is, and every warning."""
    said = [
        f"Right and wrong answers: {ability_line(scenario)}.",
        f"Answer lengths: {length_line(scenario, reports[0])}.",
        *(f"{line}." for line in multiplier_lines(reports[0])),
        *(f"{line[0].upper()}{line[1:]}." for line in ground_lines(scenario, reports[0])),
        f"A month (30.4375 days): {month_basis(reports[0])}.",
        "Energy of APIs is the catalog's estimate; that of own hardware comes from the simulated batches.",
    ]
    return section("Assumptions and warnings", "", items(said), items(warning_lines(reports), "notes"))


def footer(scenario: Scenario, report: Report, replications: int, confidence: float | None) -> str:
    """Sizes, seed, and digests of scenario, catalog and version."""
    sure = f", {confidence * 100:g} % intervals" if confidence and replications > 1 else ""
    arrived = count(report.figure("requests.arrived"))
    times = f"{replications} replication{'s' if replications > 1 else ''}{sure}"
    catalog = report.catalog
    facts = f"catalog {catalog.edition} of {catalog.date} ({catalog.digest[:12]})"
    text = (
        f"{arrived} requests in {duration(window_s(scenario))}; {times}; seed {scenario.seed}. "
        f"Scenario {scenario.digest[:12]}, {facts}, Wayfare {report.version}."
    )
    return f"<footer><p>{plain(text)}</p></footer>"
