"""What gates say in a terminal: one line a verdict, with the excess and its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wayfare.render.numbers import significant
from wayfare.render.terminal.console import console

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from simulator.experiment.gates import GateVerdict

MARKS = {"passed": "pass", "violated": "FAIL", "undecided": "open"}
ORDER = ("passed", "undecided", "violated")
STYLES = {"passed": "green", "violated": "bold red", "undecided": "yellow"}


def print_gates(verdicts: Sequence[GateVerdict]) -> None:
    """Prints every verdict, those that fail last."""
    out = console()
    out.print("\nGates", style="bold")
    for verdict in sorted(verdicts, key=lambda one: ORDER.index(one.verdict)):
        out.print("; ".join(gate_words(verdict)), style=STYLES[verdict.verdict])


def gate_words(verdict: GateVerdict) -> Iterator[str]:
    """What there is to say of one verdict."""
    yield f"{MARKS[verdict.verdict]}  {verdict.policy}: {verdict.condition}"
    if verdict.value is not None and verdict.limit is not None:
        base = f" (baseline {verdict.baseline})" if verdict.baseline else ""
        yield f"is {significant(verdict.value)}, limit {significant(verdict.limit)}{base}"
    if verdict.excess is not None and verdict.low is not None and verdict.high is not None:
        ends = f"[{significant(verdict.low)}, {significant(verdict.high)}]"
        yield f"beyond it by {significant(verdict.excess)} {ends}"
    yield verdict.reason + needed(verdict)


def needed(verdict: GateVerdict) -> str:
    """What would decide an undecided gate."""
    if verdict.verdict != "undecided" or verdict.value is None:
        return ""
    if verdict.replications_needed is None:
        return "; more replications would not decide it"
    return f"; about {verdict.replications_needed:,} replications would decide it"
