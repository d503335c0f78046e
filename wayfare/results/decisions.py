"""The decisions of a run by request: kept as a CSV file, and compared with one kept earlier."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from catalogs.errors import InputProblem
from simulator.tables import InvalidTableError, open_table
from simulator.tables.errors import refuse
from simulator.tables.values import count_of, shown_problems
from simulator.traces.conversion import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from simulator import RunResult

COLUMNS: Final = ("policy", "request", "target", "reason")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class DecisionKey:
    """Whose decision on which request."""

    policy: str
    request: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDecision:
    """What was decided: the target, "" where there is none, and why."""

    target: str
    reason: str

    def __str__(self) -> str:
        """Target and reason in one line."""
        return f"{self.target or 'no target'} ({self.reason or 'no reason'})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedDecision:
    """A request that is decided otherwise than it was; None where one side has no such request."""

    policy: str
    request: int
    was: KeptDecision | None
    now: KeptDecision | None


def decisions_of(results: Mapping[str, RunResult]) -> dict[DecisionKey, KeptDecision]:
    """The decisions of runs by policy, in order of requests."""
    return {
        DecisionKey(policy=policy, request=request): KeptDecision(target=target, reason=reason)
        for policy, result in results.items()
        for request, target, reason in zip(
            result.requests["request"].tolist(),
            result.requests["policy_target"].tolist(),
            result.requests["reason"].tolist(),
            strict=True,
        )
    }


def changed_decisions(
    was: Mapping[DecisionKey, KeptDecision], now: Mapping[DecisionKey, KeptDecision]
) -> tuple[ChangedDecision, ...]:
    """The requests of either side whose target or reason is not the same on both, in order."""
    return tuple(
        ChangedDecision(policy=key.policy, request=key.request, was=was.get(key), now=now.get(key))
        for key in sorted({*was, *now})
        if was.get(key) != now.get(key)
    )


def write_decisions(decisions: Mapping[DecisionKey, KeptDecision], path: Path) -> None:
    """Writes decisions as CSV: the whole file or none.

    Raises:
        OSError: it cannot be written.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows((key.policy, key.request, one.target, one.reason) for key, one in decisions.items())
    write_whole(path, text.getvalue().encode())


def read_decisions(path: Path) -> dict[DecisionKey, KeptDecision]:
    """The decisions that a file keeps.

    Raises:
        InvalidTableError: lists every column that is missing, and every row that is wrong or given twice.
    """
    with open_table(path) as table:
        missing = [name for name in COLUMNS if name not in table.names]
        if missing:
            known = ", ".join(table.names) or "none"
            refuse(path, "row 1", f"no column {', '.join(map(repr, missing))}; columns: {known}")
        rows = tuple(table.records(COLUMNS))
    problems = tuple(row_problems(path, rows))
    if problems:
        raise InvalidTableError(shown_problems(problems))
    return {
        DecisionKey(policy=row["policy"], request=int(float(row["request"]))): KeptDecision(
            target=row["target"], reason=row["reason"]
        )
        for _number, row in rows
    }


def row_problems(path: Path, rows: Iterable[tuple[int, Mapping[str, str]]]) -> Iterator[InputProblem]:
    """What is wrong with rows of a file of decisions."""
    seen: Counter[tuple[str, int]] = Counter()
    for number, row in rows:
        request = count_of(row["request"])
        if request is None:
            what = f"request {row['request']!r} is not a whole number from 0 on"
            yield InputProblem(str(path), f"row {number}", what)
        if not row["policy"]:
            yield InputProblem(str(path), f"row {number}", "policy is empty; a policy's name is needed")
        seen[row["policy"], -1 if request is None else request] += 1
        if request is not None and seen[row["policy"], request] == 2:  # noqa: PLR2004  (once, when it comes again)
            what = f"request {request} of {row['policy']!r} is given more than once"
            yield InputProblem(str(path), f"row {number}", what)
