"""`wayfare accuracy`: how far off a scenario's times are to be expected, and what to measure."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from simulator.report.expected_accuracy import ExpectedAccuracy


@click.command("accuracy")
@click.argument("scenario")
@click.option(
    "--set", "settings", multiple=True, metavar="PATH=VALUE",
    help="Override a value of the scenario, e.g. fleet.small.engine.profile=vllm-0.19. Repeatable.",
)  # fmt: skip
@click.option(
    "--catalog", type=click.Path(path_type=Path), metavar="FILE",
    help="Own figures (YAML: kind, name, entry); the scenario's catalog.overrides take precedence.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the JSON list alone on stdout.")
def command(scenario: str, settings: tuple[str, ...], catalog: Path | None, as_json: bool) -> None:  # noqa: FBT001  (a flag of the command line)
    """Show the expected error of simulated latencies for SCENARIO's deployments on hardware.

    For each: the error on measured points as near as it, the nearest of them, and
    what to measure to halve the error. Nothing is simulated.
    """
    from simulator import load_scenario
    from simulator.report.expected_accuracy import expectations
    from wayfare.render.terminal.accuracy import print_accuracy

    found = expectations(load_scenario(scenario, overrides=settings, catalog=catalog))
    if as_json:
        click.echo(json.dumps([plain(one) for one in found], indent=2))
    elif found:
        print_accuracy(found)
    else:
        click.echo("no deployment uses `hardware`: no engine latencies are simulated")


def plain(one: ExpectedAccuracy) -> dict[str, object]:
    """An expectation as plain data, groups flat."""
    groups = [{**near.group.model_dump(mode="json"), "differs": list(near.differs)} for near in one.nearest]
    named = {name: getattr(one, name) for name in ("deployment", "model", "platform", "profile")}
    return {**named, "times": asdict(one.times), "nearest": groups, "remedy": asdict(one.remedy)}
