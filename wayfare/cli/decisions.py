"""`--decisions FILE`: keeps the decisions of a command's policies, or tells which have changed since."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalogs.errors import InputProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator import RunResult
    from wayfare.results.decisions import ChangedDecision, DecisionKey, KeptDecision

SHOWN_CHANGES = 10

DECISIONS = click.option(
    "--decisions",
    "decisions",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep every request's target and reason in this CSV file; where it is there, exit 1 if any differ.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFile:
    """The file of the option, and what it has kept; None where it is not there yet."""

    path: Path
    kept: Mapping[DecisionKey, KeptDecision] | None


def opened(path: Path | None) -> tuple[DecisionFile | None, tuple[InputProblem, ...]]:
    """The file of the option, read before anything runs, and all that is wrong with it."""
    from simulator.tables import InvalidTableError
    from wayfare.results.decisions import read_decisions

    if path is None:
        return None, ()
    if not path.exists():
        problem = place_problem(path)
        return DecisionFile(path=path, kept=None), (() if problem is None else (problem,))
    try:
        return DecisionFile(path=path, kept=read_decisions(path)), ()
    except InvalidTableError as error:
        return None, error.problems


def place_problem(path: Path) -> InputProblem | None:
    """Why the file cannot be written where it is to be."""
    folder = path.absolute().parent
    if folder.is_dir() and os.access(folder, os.W_OK):
        return None
    return InputProblem("--decisions", str(path), f"{str(folder)!r} is no folder that can be written to")


def settled(file: DecisionFile | None, results: Mapping[str, RunResult]) -> DecisionSettlement | None:
    """What the file comes to: written where it was not there, compared where it was."""
    from wayfare.results.decisions import changed_decisions, decisions_of, write_decisions

    if file is None:
        return None
    now = decisions_of(results)
    if file.kept is None:
        write_decisions(now, file.path)
        return DecisionSettlement(path=file.path, count=len(now), written=True)
    count = len({*now, *file.kept})
    return DecisionSettlement(path=file.path, count=count, changes=changed_decisions(file.kept, now))


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionSettlement:
    """Decisions that were written, or compared with the file's."""

    path: Path
    count: int
    written: bool = False
    changes: tuple[ChangedDecision, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """The settlement as plain data, with the first changes."""
        return {
            "file": str(self.path),
            "written": self.written,
            "compared": 0 if self.written else self.count,
            "differ": len(self.changes),
            "first": [
                {
                    "policy": one.policy,
                    "request": one.request,
                    "was": text_of(one.was),
                    "is": text_of(one.now),
                }
                for one in self.changes[:SHOWN_CHANGES]
            ],
        }

    def show(self) -> None:
        """Prints what was written, or how many differ and the first of them."""
        if self.written:
            click.echo(f"wrote {self.count:,} decisions to {self.path}")
            return
        click.echo(f"{len(self.changes):,} of {self.count:,} decisions differ from {self.path}")
        for one in self.changes[:SHOWN_CHANGES]:
            click.echo(
                f"  {one.policy}, request {one.request}: was {text_of(one.was)}, is {text_of(one.now)}"
            )
        if len(self.changes) > SHOWN_CHANGES:
            click.echo(f"  and {len(self.changes) - SHOWN_CHANGES:,} more")


def text_of(decision: KeptDecision | None) -> str:
    """A decision in words."""
    return "not there" if decision is None else str(decision)
