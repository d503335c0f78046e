"""What a gateway's log says of each request besides its demand: who served whom, at what price, how soon."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simulator.tables import instant_ns, number, text
from simulator.traces.clock import NO_INSTANT, TIME_UNITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    Columns = dict[str, NDArray[Any]]

NAME_ROLES: Final = ("deployment", "served_model", "model", "tenant", "user", "request_id")
AMOUNT_ROLES: Final = ("spend_usd", "ttft_s", "e2e_s")
INSTANT_ROLES: Final = {"first_token": "ttft_s", "end": "e2e_s"}
"""Roles that are instants, and the seconds after the request's own that they come to."""
LOG_ROLES: Final = (*NAME_ROLES, *AMOUNT_ROLES, *INSTANT_ROLES, "status")
"""Roles of which one at least makes a recording a log."""
CHOICE_ROLES: Final = ("deployment", "served_model", "model")
"""Roles that say where a request went, the most exact first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCalls:
    """A log's own facts, one entry a request: names are "" and numbers nan where it says nothing.

    `deployment` served the request as `served_model`; `model` was asked for. `ttft_s` and `e2e_s` count
    from the request's arrival. `failed` marks the calls that had no answer.
    """

    deployment: NDArray[np.object_]
    served_model: NDArray[np.object_]
    model: NDArray[np.object_]
    tenant: NDArray[np.object_]
    user: NDArray[np.object_]
    request_id: NDArray[np.object_]
    failed: NDArray[np.bool_]
    spend_usd: NDArray[np.float64]
    ttft_s: NDArray[np.float64]
    e2e_s: NDArray[np.float64]

    def __len__(self) -> int:
        """Number of requests."""
        return len(self.failed)

    def at(self, row: NDArray[np.int64]) -> LoggedCalls:
        """Those requests, in that order."""
        return LoggedCalls(**{name: column[row] for name, column in self.columns().items()})

    def columns(self) -> Columns:
        """The columns by name."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    def choices(self) -> list[tuple[str, ...]]:
        """By request the names of what served it, the most exact first; none where it says nothing."""
        named = zip(*(getattr(self, role).tolist() for role in CHOICE_ROLES), strict=True)
        return [tuple(dict.fromkeys(name for name in names if name)) for names in named]


def no_log(count: int) -> LoggedCalls:
    """Requests of which no log says anything."""
    names: Columns = {role: np.full(count, "", np.object_) for role in NAME_ROLES}
    amounts: Columns = {role: np.full(count, np.nan) for role in AMOUNT_ROLES}
    return LoggedCalls(**{**names, **amounts, "failed": np.zeros(count, np.bool_)})


def log_expressions(named: Mapping[str, str]) -> dict[str, str]:
    """SQL for what a log says, of the roles that the table has a field for."""
    texts = {f"log_{role}": text(named[role]) for role in NAME_ROLES if role in named}
    amounts = {f"log_{role}": number(named[role]) for role in AMOUNT_ROLES if role in named}
    instants = {}
    for role in INSTANT_ROLES:
        if role in named:
            instants[f"log_{role}"] = number(named[role])
            instants[f"log_{role}_ns"] = f"COALESCE({instant_ns(named[role])}, {NO_INSTANT + 1} - 1)"
    return {**texts, **amounts, **instants}


def logged_calls(named: Iterable[str], found: Columns, unit: str) -> LoggedCalls | None:
    """What the log says of every row; None where it says nothing of any.

    Args:
        named: the roles that the table has a field for.
        found: what was read; `time` and `instant` are the requests' own.
        unit: of times that are numbers.
    """
    there = set(named) & set(LOG_ROLES)
    if not there:
        return None
    empty = no_log(len(found["time"])).columns()
    names: Columns = {role: as_names(found[f"log_{role}"]) for role in NAME_ROLES if role in there}
    amounts: Columns = {role: not_negative(found[f"log_{role}"]) for role in AMOUNT_ROLES if role in there}
    later = {
        seconds: seconds_after(role, found, unit)
        for role, seconds in INSTANT_ROLES.items()
        if role in there and seconds not in there
    }
    failed = found["is_failed"].astype(bool)
    told = [column != "" for column in names.values()]
    told += [np.isfinite(column) for column in (*amounts.values(), *later.values())]
    if not failed.any() and not any(there.any() for there in told):
        return None
    columns: Columns = {**empty, **names, **amounts, **later, "failed": failed}
    return LoggedCalls(**columns)


def as_names(values: NDArray[Any]) -> NDArray[np.object_]:
    """The texts, an empty one for none; equal ones are shared."""
    known: dict[str, str] = {}
    texts = ["" if value is None else known.setdefault(str(value), str(value)) for value in values]
    found = np.empty(len(texts), np.object_)
    found[:] = texts
    return found


def not_negative(values: NDArray[Any]) -> NDArray[np.float64]:
    """The amounts, nan for what is no number or below 0."""
    amounts = np.asarray(values, np.float64)
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(amounts) & (amounts >= 0.0), amounts, np.nan)


def seconds_after(role: str, found: Columns, unit: str) -> NDArray[np.float64]:
    """Seconds from each request's instant to another of its instants; nan where it is no later."""
    begin_ns, end_ns = found["instant"].astype(np.int64), found[f"log_{role}_ns"].astype(np.int64)
    written = (begin_ns != NO_INSTANT) & (end_ns != NO_INSTANT)
    between_s = np.where(written, (end_ns - np.where(written, begin_ns, 0)) / 1e9, np.nan)
    counted_s = (found[f"log_{role}"] - found["time"]) * TIME_UNITS.get(unit, np.nan)
    seconds = np.where(written, between_s, counted_s)
    with np.errstate(invalid="ignore"):
        return np.where(seconds > 0.0, seconds, np.nan)


def with_failed_answers(
    answer: NDArray[np.int32], failed: NDArray[np.bool_], model: NDArray[np.object_]
) -> NDArray[np.int32]:
    """Answer tokens, failed calls without any being given the mean of their model's answered calls.

    Of a model that answered nothing, the mean of all answered calls; 0 where there are none.
    """
    found, answered = answer.copy(), ~failed & (answer > 0)
    lacking = failed & (answer == 0)
    for name in dict.fromkeys(model[lacking].tolist()):
        own = answered & (model == name)
        usual = answer[own if own.any() else answered]
        found[lacking & (model == name)] = max(round(float(usual.mean())), 1) if len(usual) else 0
    return found
