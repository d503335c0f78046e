"""`wayfare scenarios`: what ships."""

from __future__ import annotations

import click

from wayfare.render.terminal.console import console, plain_table


@click.command("scenarios")
def command() -> None:
    """List the scenarios that ship; each can be named instead of a file."""
    from simulator import load_scenario, shipped_scenarios

    table = plain_table("scenario", "about")
    for name, path in shipped_scenarios().items():
        table.add_row(name, load_scenario(path).description)
    console().print(table)
    folder = next((path.parent for path in shipped_scenarios().values()), None)
    click.echo(f"files: {folder}")
