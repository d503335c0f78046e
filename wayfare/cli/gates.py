"""How a comparison ends that has gates: their verdicts, and the exit code that a pipeline reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wayfare.cli.exits import CheckFailedError, GateUndecidedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.experiment.gates import GateVerdict


def exit_by(verdicts: Sequence[GateVerdict], *, shown: bool, failed: bool = False) -> None:
    """Prints the verdicts where they are `shown`, and ends the command as they say, or as `failed`.

    Raises:
        CheckFailedError: a gate is violated, or another check has `failed`.
        GateUndecidedError: none is, but the interval of one holds its limit.
    """
    from simulator.experiment.gates import overall
    from wayfare.render.terminal.gates import print_gates

    if shown and verdicts:
        print_gates(verdicts)
    found = overall(verdicts)
    if failed or found == "violated":
        raise CheckFailedError
    if found == "undecided":
        raise GateUndecidedError
