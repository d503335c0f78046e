"""The command line. Commands are imported when they are called, so that help comes at once."""

from __future__ import annotations

from importlib import import_module

import click

from wayfare import installed_version
from wayfare.cli.exits import exit_code, said

COMMANDS = {
    "run": "wayfare.cli.run",
    "compare": "wayfare.cli.compare",
    "policies": "wayfare.cli.policies",
    "catalog": "wayfare.cli.catalog",
    "scenarios": "wayfare.cli.scenarios",
    "schema": "wayfare.cli.schema",
    "explain": "wayfare.cli.explain",
    "trace": "wayfare.cli.trace",
    "predict": "wayfare.cli.predict",
    "predict-energy": "wayfare.cli.predict_energy",
    "calibrate": "wayfare.cli.calibrate",
    "export": "wayfare.cli.export",
    "push": "wayfare.cli.push",
    "serve": "wayfare.cli.serve",
    "serve-policy": "wayfare.cli.serve_policy",
}
"""Commands by name, in the order of the help, and the module whose `command` each is."""


class LateCommands(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """All commands in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  (as above)
        """The command of that name, if there is one."""
        if cmd_name not in COMMANDS:
            return None
        found = import_module(COMMANDS[cmd_name]).command
        return found if isinstance(found, click.Command) else None


@click.command(cls=LateCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(installed_version(), prog_name="wayfare")
def cli() -> None:
    """Say what a model-routing policy will cost before it meets production.

    Start with: wayfare compare support-desk-diurnal --policy cheapest_capable --policy cascade
    """


def main() -> None:
    """Runs the command line and ends the process with the exit code that the outcome has."""
    try:
        cli.main(standalone_mode=False)
    except SystemExit:
        raise
    except BaseException as error:
        code = exit_code(error)
        if code is None:
            raise
        text = said(error)
        if text:
            click.echo(text, err=True)
        raise SystemExit(code) from None
