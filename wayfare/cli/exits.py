"""What each kind of error means to whoever called: one table of exit codes."""

from __future__ import annotations

import os
import sys

import click

FAILED = 1
WRONG_INPUT = 2
INTERRUPTED = 130


class CheckFoundFaultsError(Exception):
    """A check that found something; its message has been shown."""


class WrongInputError(Exception):
    """Input that a command cannot use, in the words to show."""


def exit_code(error: BaseException) -> int | None:
    """The exit code an error stands for; None for what should never have come this far."""
    from catalogs.errors import CatalogError
    from router.errors import PolicyFailedError, RouterError
    from simulator.calibration.points import InvalidPointsError
    from simulator.scenario.errors import ScenarioError
    from simulator.workload.errors import WorkloadError
    from wayfare.metrics.errors import MetricsError, NotTakenError

    table: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], int], ...] = (
        (KeyboardInterrupt, INTERRUPTED),
        (click.exceptions.Abort, INTERRUPTED),
        (BrokenPipeError, 0),
        (click.exceptions.Exit, 0),
        (click.ClickException, WRONG_INPUT),
        (CheckFoundFaultsError, FAILED),
        ((PolicyFailedError, NotTakenError), FAILED),
        (MetricsError, WRONG_INPUT),
        ((WrongInputError, InvalidPointsError, ScenarioError), WRONG_INPUT),
        ((CatalogError, WorkloadError, RouterError), WRONG_INPUT),
        (OSError, FAILED),
    )
    if isinstance(error, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return next((code for kind, code in table if isinstance(error, kind)), None)


def said(error: BaseException) -> str:
    """What to say on stderr; nothing where silence is right."""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{error.ctx.get_usage()}\n{error.format_message()}"
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, (BrokenPipeError, CheckFoundFaultsError, click.exceptions.Exit)):
        return ""
    if isinstance(error, (KeyboardInterrupt, click.exceptions.Abort)):
        return "interrupted; nothing was written"
    from router.errors import PolicyFailedError

    if isinstance(error, PolicyFailedError):
        return f"{error.trace.rstrip()}\n{error}"
    return str(error)
