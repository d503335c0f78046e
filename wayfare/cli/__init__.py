"""The command line. Commands are imported when they are called, so that help comes at once."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

import click

from wayfare.cli.exits import error_text, exit_code
from wayfare.streams import drop_unwritable, has_readers, repair_streams

if TYPE_CHECKING:
    from collections.abc import Sequence

TERMINATED_BY = 128
"""A shell's exit code of what a signal ended, less the signal's number."""

COMMANDS = {
    "run": ("wayfare.cli.run", "Run a scenario once and report its cost."),
    "compare": ("wayfare.cli.compare", "Send the same requests through every policy."),
    "replay": ("wayfare.cli.replay", "Value policies on a log of decisions, without simulating."),
    "accuracy": ("wayfare.cli.accuracy", "Show the expected error of simulated latencies."),
    "policies": ("wayfare.cli.policies", "List the routing policies, or describe one."),
    "catalog": ("wayfare.cli.catalog", "Show the facts of simulations, with their sources."),
    "scenarios": ("wayfare.cli.scenarios", "List the scenarios that ship."),
    "schema": ("wayfare.cli.schema", "Print the JSON Schema of scenario files."),
    "explain": ("wayfare.cli.explain", "Explain one request of a run."),
    "outcomes": ("wayfare.cli.outcomes", "Measure models and router scores on recorded answers."),
    "import": ("wayfare.cli.import_config", "Make a scenario of a gateway's configuration."),
    "trace": ("wayfare.cli.trace", "Look at recorded traffic, or convert it."),
    "predict": ("wayfare.cli.predict", "Predict TTFT and TPOT of measured points."),
    "predict-energy": ("wayfare.cli.predict_energy", "Predict power and energy per token of points."),
    "calibrate": ("wayfare.cli.calibrate", "Adapt a serving profile to your measurements."),
    "export": ("wayfare.cli.export", "Write a run's figures for other programs."),
    "push": ("wayfare.cli.push", "Send a run's metrics to a Prometheus."),
    "serve": ("wayfare.cli.serve", "Serve simulations and decisions over gRPC."),
    "serve-policy": ("wayfare.cli.serve_policy", "Serve one policy over gRPC."),
}
"""Commands in the order of the help: the module whose `command` each is, and what the help says of it."""


class LateCommands(click.Group):
    """A group that imports a command's module when the command is asked for, not to list it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """All commands in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  (as above)
        """The command of that name, if there is one."""
        if cmd_name not in COMMANDS:
            return None
        found = import_module(COMMANDS[cmd_name][0]).command
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  (as above)
        """Writes a line for each command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_module, line) in COMMANDS.items()])


def print_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  (click's signature)
    """Says the installed version, and that is all."""
    if wanted and not ctx.resilient_parsing:
        from wayfare import installed_version

        click.echo(f"wayfare, version {installed_version()}")
        ctx.exit()


@click.command(cls=LateCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=print_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Estimate what a model-routing policy will cost before it goes to production.

    Start with: wayfare compare support-desk-diurnal --policy cheapest_capable --policy cascade
    """


def start_lightly() -> None:
    """Spares the start what it has no use for.

    Imports make hundreds of thousands of objects that stay, among which the collector looks for
    cycles every 700; Pydantic looks through all installed packages for plug-ins.
    """
    gc.set_threshold(100_000, 50, 100)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def main() -> None:
    """Runs the command line and ends the process with the exit code that the outcome has."""
    start_lightly()
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
        end(error_text(outcome), code)


def terminate(number: int, _frame: object) -> None:
    """Ends the process as an error would, so that what it began is undone."""
    raise SystemExit(TERMINATED_BY + number)


def outcome_of(error: BaseException, outputs: Sequence[int]) -> BaseException:
    """The error that counts. None means that our output is no longer read: `head` has seen enough.

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
