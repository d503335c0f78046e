"""What each kind of error means to the caller: one table of exit codes."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import click

from wayfare.errors import WrongInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    Kinds = type[BaseException] | tuple[type[BaseException], ...]
    Code = tuple[Kinds, int]

FAILED = 1
WRONG_INPUT = 2
UNDECIDED = 3
INTERRUPTED = 130


class CheckFailedError(Exception):
    """A check that found something; its message has been shown."""


class GateUndecidedError(Exception):
    """A check that cannot be decided at this confidence; why has been shown."""


def exit_code(error: BaseException) -> int | None:
    """The exit code an error stands for; None for what should never have come this far."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else FAILED if error.code else 0
    codes = chain(plain_codes(), late_codes())
    return next((code for kind, code in codes if isinstance(error, kind)), None)


def plain_codes() -> tuple[Code, ...]:
    """Codes of errors that need nothing imported to be known."""
    return (
        (KeyboardInterrupt, INTERRUPTED),
        (click.exceptions.Abort, INTERRUPTED),
        (click.exceptions.Exit, 0),
        (click.ClickException, WRONG_INPUT),
        (CheckFailedError, FAILED),
        (GateUndecidedError, UNDECIDED),
        (WrongInputError, WRONG_INPUT),
    )


def late_codes() -> Iterator[tuple[Kinds, int]]:
    """Codes of errors of the parts that commands import; asked for when the others are not it."""
    from catalogs.errors import CatalogError
    from router.errors import PolicyFailedError, RouterError
    from simulator.calibration.measured.points import InvalidPointsError
    from simulator.experiment.gate_conditions import InvalidGateError
    from simulator.offline.errors import InvalidReplayError
    from simulator.quality.outcomes import InvalidOutcomesError
    from simulator.scenario.errors import ScenarioError
    from simulator.tables import InvalidTableError
    from simulator.traces.errors import WorkloadError
    from wayfare.metrics.errors import MetricsError, PushRejectedError

    yield (PolicyFailedError, PushRejectedError), FAILED
    yield MetricsError, WRONG_INPUT
    yield (InvalidGateError, InvalidOutcomesError, InvalidPointsError, ScenarioError), WRONG_INPUT
    yield (CatalogError, InvalidReplayError, InvalidTableError, RouterError, WorkloadError), WRONG_INPUT
    yield (OSError, MemoryError), FAILED


def error_text(error: BaseException) -> str:
    """What to say on stderr; nothing where silence is right."""
    if isinstance(error, (CheckFailedError, GateUndecidedError, click.exceptions.Exit, SystemExit)):
        return ""
    if isinstance(error, (KeyboardInterrupt, click.exceptions.Abort)):
        return "interrupted; nothing was written"
    if isinstance(error, click.ClickException):
        usage = f"{error.ctx.get_usage()}\n" if isinstance(error, click.UsageError) and error.ctx else ""
        return usage + error.format_message()
    from router.errors import PolicyFailedError

    if isinstance(error, PolicyFailedError):
        return f"{error.trace.rstrip()}\n{error}"
    return of_system(error)


def of_system(error: BaseException) -> str:
    """What the system found wrong, with the file where it names one; other errors in their own words."""
    if isinstance(error, MemoryError):
        return f"not enough memory: {error}"
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(str(part) for part in (error.filename, error.strerror) if part)
    return str(error)
