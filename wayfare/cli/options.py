"""Options that several commands share, and the loading of scenarios they steer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from simulator import Scenario

    F = TypeVar("F", bound=Callable[..., object])

SHARED = (
    click.argument("scenario"),
    click.option("--seed", type=click.IntRange(min=0), help="Seed instead of the scenario's."),
    click.option(
        "--set", "settings", multiple=True, metavar="PATH=VALUE",
        help="Lay a value over the scenario, e.g. fleet.small.replicas=4. Repeatable.",
    ),
    click.option(
        "--trace", type=click.Path(path_type=Path), metavar="FILE",
        help="A trace file in the place of every recorded stream's.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print the JSON object alone on stdout."),
    click.option(
        "--out", type=click.Path(path_type=Path), metavar="DIR",
        help="Write report.json, report.html, Parquet files and series.npz there.",
    ),
    click.option("--quiet", is_flag=True, help="No progress bar."),
)  # fmt: skip


def scenario_options(function: F) -> F:
    """Gives a command the scenario argument and the options around it."""
    for decorate in reversed(SHARED):
        function = decorate(function)
    return function


def loaded(scenario: str, settings: tuple[str, ...], trace: Path | None, seed: int | None) -> Scenario:
    """The scenario; says so while the kernel has to be compiled first."""
    from simulator import load_scenario
    from simulator.kernel.warm import is_warm

    found = load_scenario(scenario, overrides=settings, trace=trace, seed=seed)
    if not is_warm():
        click.echo("compiling the simulation kernel (once, about 15 s) ...", err=True)
    return found
