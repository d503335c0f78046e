"""`wayfare schema`: the scenario file's JSON Schema."""

from __future__ import annotations

import json

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of scenario files, for editors and other programs."""
    from simulator import scenario_schema

    click.echo(json.dumps(scenario_schema(), indent=2))
