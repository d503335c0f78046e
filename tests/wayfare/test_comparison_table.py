"""The printed comparison: one unit in both tables, every policy named at any width, what it assumes."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from simulator import compare
from wayfare.render.assumptions import ability_line, list_price
from wayfare.render.conclusion import against
from wayfare.render.terminal.comparison import print_comparison
from world_cases import scenario

POLICIES = ("cheapest_capable", "round_robin")


@pytest.fixture(scope="module")
def world():
    """A small scenario."""
    return scenario()


@pytest.fixture(scope="module")
def comparison(world):
    """Two policies and the baselines over three replications."""
    return compare(world, POLICIES, replications=3)


@pytest.fixture
def printed(world, comparison, monkeypatch, capsys):
    """Prints the comparison at a width; the lines of the first table, of the second, and the whole."""

    def at(width: int) -> tuple[list[str], list[str], str]:
        monkeypatch.setenv("COLUMNS", str(width))
        print_comparison(world, comparison)
        text = capsys.readouterr().out
        first, second = text.split("Paired differences", 1)
        return first.splitlines(), second.splitlines(), text

    return at


@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_policy_has_its_row(printed, comparison, width):
    """No width loses a name, and no line is wider than the terminal."""
    first, second, text = printed(width)
    for report in comparison.reports:
        assert any(line.startswith(report.policy) for line in first)
    for report in comparison.reports[1:]:
        assert any(line.startswith(report.policy) for line in second)
    assert max(map(len, text.splitlines())) <= width
    assert ("hidden at 60 columns: " in text) == (width == 60)


def test_warnings_of_every_policy_are_told(world, comparison, capsys):
    """What only the last policy warns of is told with its name."""
    last = comparison.reports[-1]
    told = last.warned(["own: idle"])
    print_comparison(world, replace(comparison, reports=(*comparison.reports[:-1], told)))
    assert f"note: under {last.policy}: own: idle\n" in capsys.readouterr().out


def test_both_tables_are_by_the_month(printed, comparison):
    """The second table's dollars are the first one's, subtracted; both headings name the month."""
    first, second, text = printed(120)
    names = [report.policy for report in comparison.reports]
    for report in comparison.reports[1:]:
        exact = report.figure("cost_usd.per_month") - comparison.reports[0].figure("cost_usd.per_month")
        assert dollars(second, report.policy) == pytest.approx(exact, rel=0.01, abs=0.5)
        apart = dollars(first, report.policy) - dollars(first, names[0])
        assert apart == pytest.approx(exact, abs=0.01 * dollars(first, report.policy))
    assert text.count("$/month: ") == 2


def dollars(lines: list[str], policy: str) -> float:
    """The first figure of a policy's row."""
    row = next(line for line in lines if line.startswith(policy))
    found = re.search(r" ([+-]?[\d,]+(\.\d+)?|the same)( |$)", row)[1]
    return 0.0 if found == "the same" else float(found.replace(",", ""))


def test_it_says_what_it_assumes(printed, world):
    """Day and edition of the prices, capacity's rent, objectives, lengths, abilities, sizes: five lines."""
    text = printed(400)[2]
    heads = ("prices", "capacity", "SLO", "lengths", "answers")
    lines = [line for line in text.splitlines() if line.split(":")[0] in heads]
    assert len(lines) == 5
    assert f"of {world.start.date()}, catalog {world.catalog.edition!r}" in lines[0]
    assert "a chip-hour" in lines[1]
    assert "TTFT" in lines[2]
    assert "multipliers estimated, not measured" in lines[3]
    assert "(model x task) estimated, not measured" in lines[4]
    assert "3 times" in lines[4]


def test_recorded_answers_are_said_to_be_recorded(world):
    """With a table of outcomes nothing is said to be drawn from abilities."""
    quality = world.settings.quality.model_copy(update={"outcomes": "answers.csv"})
    settings = world.settings.model_copy(update={"quality": quality})
    assert ability_line(replace(world, settings=settings)) == "recorded in answers.csv"


def test_prices_are_every_digit_of_the_list():
    """List prices are not rounded."""
    assert [list_price(Decimal(text)) for text in ("5", "0.075", "0.1", "12.50", "1250")] == [
        "$5.00", "$0.075", "$0.10", "$12.50", "$1,250.00",
    ]  # fmt: skip


def test_what_is_the_same_is_said_to_be(comparison):
    """A policy that costs and answers as the strongest is not `0 % less` than it."""
    strongest = next(report for report in comparison.reports if report.policy == "always_strongest")
    twin = replace(strongest, policy="twin")
    sentence = against(comparison, twin, strongest)
    assert sentence.endswith("a month, as much as always_strongest, with the same accuracy.")
