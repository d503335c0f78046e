"""Which model of a table each model of the fleet is; what is not the same name is asked, not guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from simulator.quality.outcomes.errors import fail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

KEY: Final = "quality.outcome_models"
MOST_SHOWN: Final = 40
MOST_NEAR: Final = 3
CLOSE: Final = 0.6
DATE: Final = re.compile(r"[-_@]?(20\d\d-?\d\d-?\d\d|\d{4})$")
DECORATIONS: Final = re.compile(r"\b(meta|instruct|chat|hf|it|latest|preview|turbo|v\d+(\.\d+)?)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeNames:
    """The table's name of each model of the fleet, and what was taken for the same name."""

    names: Mapping[str, str]
    notes: tuple[str, ...]


def table_names(
    path: str | Path, fleet: Sequence[str], known: Sequence[str], given: Mapping[str, str]
) -> OutcomeNames:
    """The name in the table of each model of the fleet.

    That which `given` states; else the same; else the only one that is the same but for case, `-`, `_`,
    spaces and what stands before a slash.

    Raises:
        InvalidOutcomesError: names what is missing, what is near, and how to state it.
    """
    found = {model: found_name(model, known, given) for model in fleet}
    missing = [model for model, name in found.items() if name is None]
    strange = [model for model in given if model not in fleet]
    if missing or strange:
        fail(path, "model", complaint(missing, strange, known, given))
    names = {model: name for model, name in found.items() if name is not None}
    assumed = [
        f"{model!r} is {name!r}" for model, name in names.items() if name != model and model not in given
    ]
    notes = (f"names taken for the same: {', '.join(assumed)}",) if assumed else ()
    return OutcomeNames(names=names, notes=notes)


def found_name(model: str, known: Sequence[str], given: Mapping[str, str]) -> str | None:
    """The table's name of one model; None where there is none, or more than one would do."""
    if model in given:
        return given[model] if given[model] in known else None
    if model in known:
        return model
    same = [name for name in known if bare_name(name) == bare_name(model)]
    return same[0] if len(same) == 1 else None


def bare_name(name: str) -> str:
    """A name without its vendor, case, dashes, underscores and spaces."""
    return re.sub(r"[-_ ]", "", name.rpartition("/")[2].lower())


def core_name(name: str) -> str:
    """What is left of a name without its vendor, date and decorations."""
    bare = DATE.sub("", name.rpartition("/")[2].lower().replace("_", "-"))
    return re.sub(r"[- ]", "", DECORATIONS.sub("", bare))


def near_names(model: str, known: Sequence[str]) -> list[str]:
    """Names of the table that might be meant: the same core first, then such as are spelt alike."""
    same = [name for name in known if core_name(name) == core_name(model)]
    alike = get_close_matches(bare_name(model), [bare_name(name) for name in known], MOST_NEAR, CLOSE)
    spelt = [name for word in alike for name in known if bare_name(name) == word]
    return list(dict.fromkeys([*same, *spelt]))[:MOST_NEAR]


def complaint(
    missing: Sequence[str], strange: Sequence[str], known: Sequence[str], given: Mapping[str, str]
) -> str:
    """What cannot be found, what might be meant, what there is, and the key to write."""
    parts = []
    if missing:
        parts.append(f"no answers of {', '.join(one_missing(name, known, given) for name in missing)}")
    if strange:
        parts.append(f"{KEY} names {', '.join(map(repr, strange))}, which no deployment serves")
    shown = ", ".join(map(repr, sorted(known)[:MOST_SHOWN]))
    more = f" and {len(known) - MOST_SHOWN} more" if len(known) > MOST_SHOWN else ""
    parts.append(f"found: {shown}{more}")
    if missing:
        pairs = ", ".join(f"{model}: {guess(model, known)}" for model in missing)
        parts.append(f"state which is meant, such as {KEY}: {{{pairs}}}")
    return "; ".join(parts)


def one_missing(model: str, known: Sequence[str], given: Mapping[str, str]) -> str:
    """A model that is not found, as what it was stated to be, and near names."""
    stated = f" as {given[model]!r}" if model in given else ""
    near = near_names(given.get(model, model), known)
    return f"{model!r}{stated}" + (f" (near: {', '.join(map(repr, near))})" if near else "")


def guess(model: str, known: Sequence[str]) -> str:
    """A name to show in the key: the nearest one, else a place to fill in."""
    near = near_names(model, known)
    return near[0] if near else "NAME IN THE TABLE"
