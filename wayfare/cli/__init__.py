"""The command line. Commands are imported when they are called, so that help comes at once."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

import click

from wayfare import installed_version
from wayfare.cli.exits import exit_code, said
from wayfare.streams import drop_unwritable, has_readers, repair_streams

if TYPE_CHECKING:
    from collections.abc import Sequence

TERMINATED_BY = 128
"""A shell's exit code of what a signal ended, less the signal's number."""

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
    outputs = repair_streams()
    signal.signal(signal.SIGTERM, terminate)
    try:
        cli.main(standalone_mode=False)
        sys.stdout.flush()
    except BaseException as error:
        outcome = outcome_of(error, outputs)
        code = exit_code(outcome)
        if code is None:
            raise
        end(said(outcome), code)


def terminate(number: int, _frame: object) -> None:
    """Ends the process as an error would, so that what it began is undone."""
    raise SystemExit(TERMINATED_BY + number)


def outcome_of(error: BaseException, outputs: Sequence[int]) -> BaseException:
    """The error that counts. None is that nobody reads our output any more: `head` has seen enough.

    Rich and click exit by themselves when a pipe breaks; it may also be one to somewhere else.
    """
    broken = isinstance(error, BrokenPipeError) or (isinstance(error, SystemExit) and error.code == 1)
    return error if not broken or all(map(has_readers, outputs)) else click.exceptions.Exit(0)


def end(text: str, code: int) -> None:
    """Says why, where anybody listens, and exits."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if text:
        with suppress(OSError):
            click.echo(text, err=True)
    drop_unwritable()
    raise SystemExit(code) from None
