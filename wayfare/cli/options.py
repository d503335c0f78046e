"""Options that several commands share, and the loading of scenarios they steer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from catalogs import Catalog
    from catalogs.errors import InputProblem
    from simulator import Scenario

    F = TypeVar("F", bound=Callable[..., object])

SHARED = (
    click.argument("scenario"),
    click.option("--seed", type=click.IntRange(min=0), help="Seed instead of the scenario's."),
    click.option(
        "--set", "settings", multiple=True, metavar="PATH=VALUE",
        help="Override a value of the scenario, e.g. fleet.small.replicas=4. Repeatable.",
    ),
    click.option(
        "--trace", type=click.Path(path_type=Path), metavar="FILE",
        help="A trace file to use instead of every recorded stream's.",
    ),
    click.option(
        "--catalog", type=click.Path(path_type=Path), metavar="FILE",
        help="Own figures (YAML: kind, name, entry); the scenario's catalog.overrides take precedence.",
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


def loaded(
    scenario: str,
    settings: tuple[str, ...],
    trace: Path | None,
    seed: int | None,
    *,
    catalog: Path | None = None,
    out: Path | None = None,
    policies: Sequence[str] = (),
    kept_runs: int = 0,
    problems: Sequence[InputProblem] = (),
) -> Scenario:
    """The scenario; says so while the kernel has to be compiled first.

    Args:
        scenario: a file, or the name of a shipped scenario.
        settings: what `--set` overrides.
        trace: what takes the place of recorded streams' files.
        seed: the seed in the place of its own.
        catalog: a file of own figures; the scenario's own take precedence.
        out: where results will be written.
        policies: what is to be run beside the scenario's own policy, or in its place.
        kept_runs: finished runs that memory has to hold beside the one that is running.
        problems: what was found wrong with other options.

    Raises:
        InvalidScenarioError: lists all that is wrong with any of these.
    """
    from simulator.scenario.checks.checked import CheckScope
    from simulator.scenario.loading import load_and_check, scenario_or_error

    scope = CheckScope(policies=tuple(policies), kept_runs=kept_runs)
    found = load_and_check(scenario, overrides=settings, trace=trace, seed=seed, catalog=catalog, scope=scope)
    more = (*problems, *out_problems(out))
    checked = scenario_or_error(replace(found, problems=(*found.problems, *more)))
    announce_compiling()
    return checked


OWN_CATALOG = click.option(
    "--catalog",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Own figures (YAML: kind, name, entry) over the catalog's.",
)
"""For commands that stand on the catalog and on no scenario."""


def catalog_with(own: Path | None) -> Catalog:
    """The catalog, with the figures of a file of one's own over it.

    Raises:
        InvalidCatalogError: lists all that is wrong with them.
    """
    from catalogs import load_catalog
    from catalogs.own_file import own_figures

    return load_catalog(overrides=None if own is None else own_figures(own))


def out_problems(out: Path | None) -> list[InputProblem]:
    """What is wrong with the folder to write to."""
    from catalogs.errors import InputProblem
    from wayfare.results.folder import out_problem

    problem = out_problem(out) if out is not None else ""
    return [InputProblem("--out", str(out), problem)] if problem else []


def announce_compiling() -> None:
    """Says so while the kernel has to be compiled, and where it is kept if not beside its sources."""
    from simulator.kernel.machine_code.warm import cache_location, is_warm, warm_kernel

    if not is_warm():
        click.echo("compiling the simulation kernel (once, about 15 s) ... ", err=True, nl=False)
        click.echo(f"done in {warm_kernel():.0f} s{cache_location()}", err=True)
