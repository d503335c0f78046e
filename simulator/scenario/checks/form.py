"""The form of a scenario: its problems, and what is well-formed of it in spite of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from catalogs.errors import InputProblem
from simulator.scenario.checks.form_problems import problems_of
from simulator.settings.document import ScenarioSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_core import ErrorDetails

    Path = tuple[str, ...]
    Kept = Mapping[str, tuple[int, ...]]

LISTS: Final[tuple[Path, ...]] = (("workload", "streams"), ("fleet",), ("faults",))
"""Lists whose entries are judged one by one."""
ENDPOINT: Final = {"servers": 1, "service_time": 1}
ARRIVALS: Final = {"pattern": "steady", "rate": 1.0}
STAND_INS: Final[Mapping[str, object]] = MappingProxyType(
    {
        "name": "scenario",
        "duration": 86_400.0,
        "fleet": [{"name": "a", "tier": "cloud", "model": "m", "region": "r", "endpoint": ENDPOINT}],
        "workload": {"streams": [{"name": "a", "task": "t", "region": "r", "arrivals": ARRIVALS}]},
    }
)
"""Takes the place of a required key that is faulty, until what the others say is read."""
KEYS: Final = ", ".join(ScenarioSettings.model_fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedSettings:
    """What is well-formed of a scenario, and what is not.

    `settings` lack the faulty entries of lists and have defaults for faulty keys; None where there
    is nothing to judge. `faulty` names the top-level keys that are so changed. `kept` gives by the
    dotted path of a list the numbers that the entries in `settings` have in the file.
    """

    settings: ScenarioSettings | None
    problems: tuple[InputProblem, ...] = ()
    faulty: frozenset[str] = frozenset()
    kept: Kept = field(default_factory=dict)


def form_of(data: object, file: str) -> ParsedSettings:
    """The form of plain data."""
    if not isinstance(data, dict):
        return ParsedSettings(settings=None, problems=(InputProblem(file, "", no_map(data)),))
    try:
        return ParsedSettings(settings=ScenarioSettings.model_validate(data))
    except ValidationError as error:
        problems = problems_of(error, ScenarioSettings, data, file)
        return partial_form(data, error.errors(include_url=False), tuple(problems))


def no_map(data: object) -> str:
    """What to say of a scenario that has no keys."""
    kind = "a list" if isinstance(data, list) else "a text" if isinstance(data, str) else "a single value"
    found = "there is nothing in it" if data is None else f"this is {kind}"
    return f"{found}; a scenario is a map of keys: {KEYS}"


def partial_form(
    data: dict[str, object], details: Iterable[ErrorDetails], problems: tuple[InputProblem, ...]
) -> ParsedSettings:
    """What is left of data with problems."""
    bad = [place_of(detail["loc"]) for detail in details]
    faulty = frozenset(str(path[0]) for path, _number in bad)
    standing = {key: value for key, value in data.items() if key in ScenarioSettings.model_fields}
    standing = {key: value for key, value in standing.items() if key not in faulty}
    if "duration" in faulty:
        standing.pop("warmup", None)
    kept = {".".join(path): kept_numbers(data, path, bad) for path in LISTS}
    lists = {path: [entries_at(data, path)[n] for n in kept[".".join(path)]] for path in LISTS}
    fleet, streams = lists["fleet",], lists["workload", "streams"]
    standing |= {"fleet": fleet, "workload": {"streams": streams}, "faults": lists["faults",]}
    empty = {"fleet": not fleet, "workload": not streams}
    return ParsedSettings(settings=read(standing, empty), problems=problems, faulty=faulty, kept=kept)


def read(standing: dict[str, object], empty: Mapping[str, bool]) -> ScenarioSettings | None:
    """The settings; required keys that are lacking or empty are read as stand-ins and taken out again."""
    lacking = {key for key in STAND_INS if key not in standing or empty.get(key)}
    try:
        settings = ScenarioSettings.model_validate({**standing, **{key: STAND_INS[key] for key in lacking}})
    except ValidationError:
        return None
    changes: dict[str, object] = {}
    if empty["fleet"]:
        changes["fleet"] = ()
    if empty["workload"]:
        changes["workload"] = settings.workload.model_copy(update={"streams": ()})
    return settings.model_copy(update=changes)


def place_of(location: tuple[int | str, ...]) -> tuple[tuple[int | str, ...], int | None]:
    """The list and number of the entry that a problem lies in; else the top-level key, and None.

    A problem of the whole is one of the warm-up: it leaves nothing of the duration.
    """
    for path in LISTS:
        size = len(path)
        number = location[size] if len(location) > size else None
        if location[:size] == path and isinstance(number, int):
            return path, number
    return location[:1] or ("warmup",), None


def entries_at(data: dict[str, object], path: Path) -> list[object]:
    """The entries of a list in plain data that may be malformed."""
    here: object = data
    for step in path:
        here = here.get(step) if isinstance(here, dict) else None
    return list(here) if isinstance(here, list | tuple) else []


def kept_numbers(
    data: dict[str, object], path: Path, bad: list[tuple[tuple[int | str, ...], int | None]]
) -> tuple[int, ...]:
    """Numbers of the entries without problems."""
    faulty = {number for where, number in bad if where == path}
    return tuple(n for n in range(len(entries_at(data, path))) if n not in faulty)


def in_file(path: str, kept: Kept) -> str:
    """A path with the number that its entry has in the file."""
    for name, numbers in kept.items():
        if path.startswith(f"{name}."):
            number, dot, rest = path[len(name) + 1 :].partition(".")
            return f"{name}.{numbers[int(number)]}{dot}{rest}" if number.isdigit() else path
    return path
