"""`path.to.key=value` settings that override a scenario's plain data."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, cast

from catalogs import UnknownEntryError, load_catalog
from catalogs.errors import InputProblem
from catalogs.near_names import did_you_mean, shown
from catalogs.reader import parse_yaml
from simulator.scenario.setting_paths import PathSegment, SettingPathError, split_setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SOURCE = "--set"
MOST_SHOWN = 200
"""Characters of a setting that a message repeats."""
MOST_DIGITS = 9
"""Digits of an entry's number."""
CATALOG_PATH = ("catalog", "overrides")


def overridden(data: object, settings: Sequence[str]) -> tuple[object, list[InputProblem]]:
    """A copy of the data with every setting applied, and what was wrong with settings.

    A list's entries are named by their number or by their `name`. A name with dots in it is quoted,
    or stands as it is where it is the only one there that the path can mean.
    """
    changed = copy.deepcopy(data)
    problems: list[InputProblem] = []
    for setting in settings:
        problem = put(changed, setting)
        if problem:
            problems.append(InputProblem(SOURCE, setting.partition("=")[0].strip()[:MOST_SHOWN], problem))
    return changed, problems


def put(data: object, setting: str) -> str:
    """Puts a setting's value at its path, making maps on the way; says what stands in the way."""
    try:
        steps, text = split_setting(setting)
        return walked(data, steps, parse_yaml(text))
    except (SettingPathError, NoSuchPlaceError) as error:
        return str(error)
    except ValueError as error:
        return f"the value is no YAML: {error}"


class NoSuchPlaceError(LookupError):
    """A path that leads nowhere; the message says from where on."""

    def __str__(self) -> str:
        """The message without quotes around it."""
        return str(self.args[0])


def walked(data: object, steps: list[PathSegment], value: object) -> str:
    """Sets the value at the end of the steps.

    Raises:
        NoSuchPlaceError: a step names nothing, or two things.
    """
    if not isinstance(data, dict):
        return "the scenario is no map of keys"
    here: object = data
    place = 0
    passed: list[str] = []
    while True:
        name, count = next_name(here, steps[place:], data, passed)
        place += count
        passed.append(name)
        if place == len(steps):
            assign(here, name, value)
            return ""
        here = entered(here, name)


def next_name(
    here: object, steps: list[PathSegment], data: dict[object, object], passed: list[str]
) -> tuple[str, int]:
    """The name that the next steps stand for, and how many of them it takes.

    Raises:
        NoSuchPlaceError: they name nothing, or two things.
    """
    if steps[0].exact or len(steps) == 1:
        return steps[0].text, 1
    known = set(names_in(here, data, tuple(passed)))
    found = [(name, count) for name, count in joined(steps) if name in known]
    if len(found) > 1:
        quoted = f'"{found[-1][0]}"'
        meant = " and ".join(repr(name) for name, _count in found)
        message = f"{meant} both exist here; quote the name you mean: {'.'.join([*passed, quoted])}"
        raise NoSuchPlaceError(message)
    return found[0] if found else (steps[0].text, 1)


def joined(steps: list[PathSegment]) -> Iterable[tuple[str, int]]:
    """The names that one, two and more unquoted steps in a row would make."""
    text = ""
    for count, step in enumerate(steps, start=1):
        if step.exact:
            return
        text = f"{text}.{step.text}" if text else step.text
        yield text, count


def names_in(here: object, data: dict[object, object], passed: tuple[str, ...]) -> Iterable[str]:
    """The names that may follow: keys, names of a list's entries, entries of the catalog."""
    if isinstance(here, dict):
        yield from map(str, here)
    if isinstance(here, list):
        yield from map(str, range(len(here)))
        yield from (str(entry["name"]) for entry in here if isinstance(entry, dict) and "name" in entry)
    if passed[:-1] == CATALOG_PATH:
        yield from catalog_names(data, passed[-1])


def catalog_names(data: dict[object, object], kind: str) -> Iterable[str]:
    """Names of the catalog's entries of a kind, of the edition that the scenario names."""
    settings = data.get("catalog")
    edition = settings.get("edition", "measured") if isinstance(settings, dict) else "measured"
    try:
        return load_catalog(str(edition)).kinds().get(kind, {})
    except UnknownEntryError:
        return ()


def entered(here: object, name: str) -> object:
    """What stands under a name; a map gets a new map where it has nothing.

    Raises:
        NoSuchPlaceError: nothing is called so.
    """
    if isinstance(here, dict):
        key = key_of(here, name)
        if here.get(key) is None:
            here[key] = {}
        return cast("object", here[key])
    return cast("list[object]", here)[place_in(here, name)]


def assign(here: object, name: str, value: object) -> None:
    """Sets what stands under a name.

    Raises:
        NoSuchPlaceError: nothing is called so.
    """
    if isinstance(here, dict):
        here[key_of(here, name)] = value
        return
    place = place_in(here, name)
    cast("list[object]", here)[place] = value


def key_of(here: dict[object, object], name: str) -> object:
    """The key that a step stands for: the text, or the number that is written so."""
    return next((key for key in here if not isinstance(key, str) and str(key) == name), name)


def place_in(here: object, name: str) -> int:
    """Number of the entry of a list that a step names by number or by name.

    Raises:
        NoSuchPlaceError: it is no list, or has no such entry.
    """
    entries = here if isinstance(here, list) else []
    if name.isascii() and name.isdigit() and len(name) <= MOST_DIGITS and int(name) < len(entries):
        return int(name)
    names = [entry.get("name") if isinstance(entry, dict) else None for entry in entries]
    if name in names:
        return names.index(name)
    known = [str(one) for one in names if one is not None]
    hint = did_you_mean(name, known)
    listed = f"here are: {', '.join(map(repr, known))}" if known else ""
    message = f"nothing is called {shown(name)} here; {hint}{listed}".rstrip("; ")
    raise NoSuchPlaceError(message)
