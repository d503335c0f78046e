"""Reads an edition: every file of facts, checked one by one and against one another."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from pydantic import ValidationError

from catalogs.catalog import Catalog, entry_named
from catalogs.errors import InputProblem, InvalidCatalogError, UnknownEntryError
from catalogs.offers import Offer, Provider
from catalogs.own_figures import completed
from catalogs.reader import read_yaml
from catalogs.records import (
    Accelerator,
    Assumption,
    Device,
    Entry,
    Model,
    Region,
    ServingCoefficient,
    Task,
)
from catalogs.references import reference_problems
from catalogs.serving_profile import ServingProfile

if TYPE_CHECKING:
    from collections.abc import Mapping

    Plain = dict[str, dict[str, dict[str, object]]]
    Files = dict[tuple[str, str], str]

ROOT: Final = Path(__file__).parent
DEFAULT_EDITION: Final = "measured"
KINDS: Final[Mapping[str, tuple[str, type[Entry]]]] = {
    "models": ("models", Model),
    "offers": ("prices", Offer),
    "providers": ("providers", Provider),
    "accelerators": ("accelerators", Accelerator),
    "devices": ("devices", Device),
    "regions": ("regions", Region),
    "tasks": ("tasks", Task),
    "serving_profiles": ("serving_profiles", ServingProfile),
    "economics": ("economics", Assumption),
}
"""Each kind's folder, and the class of its entries."""

OF_THE_BASE: Final = {
    "electricity_usd_per_kwh": "electricity_before",
    "rent_usd_per_hour": "rents_before",
    **dict.fromkeys((*get_args(ServingCoefficient), "scale", "recipes"), "errors"),
}
"""Figures, and what holds only beside the base's: those of earlier days, the errors of a fit."""

OVERRIDES: Final = "overrides"
"""What a user's own figures are called in messages."""


def editions() -> tuple[str, ...]:
    """Names of all editions, the default first."""
    overlays = sorted(path.name for path in (ROOT / "editions").iterdir() if path.is_dir())
    return (DEFAULT_EDITION, *overlays)


def load_catalog(edition: str = DEFAULT_EDITION, overrides: Mapping[str, object] | None = None) -> Catalog:
    """The facts of an edition, overridden by a user's own figures.

    Args:
        edition: `measured`, or an overlay under `editions/`.
        overrides: kind to name to the parts of the entry that differ.

    Raises:
        UnknownEntryError: there is no such edition.
        InvalidCatalogError: lists every problem of every file.
    """
    if edition not in editions():
        known = ", ".join(map(repr, editions()))
        message = f"unknown edition {edition!r}; known: {known}"
        raise UnknownEntryError(message)
    return overlaid(edition, overrides) if overrides else shipped(edition)


@lru_cache
def shipped(edition: str) -> Catalog:
    """An edition as it ships."""
    return overlaid(edition, {})


def overlaid(edition: str, overrides: Mapping[str, object], root: Path = ROOT) -> Catalog:
    """An edition read from the folders under `root`, with the overrides on top."""
    problems: list[InputProblem] = []
    plain, files = base_entries(root, problems)
    if edition != DEFAULT_EDITION:
        overlay_files(plain, files, root / "editions" / edition, problems)
    overlay(plain, files, overrides, OVERRIDES, problems)
    entries = {kind: validated(kind, plain[kind], files, problems) for kind in KINDS}
    catalog = Catalog(edition=edition, **entries)  # type: ignore[arg-type]  # a map for each kind
    problems += reference_problems(catalog, plain, files)
    if problems:
        raise InvalidCatalogError(tuple(problems))
    return catalog


def base_entries(root: Path, problems: list[InputProblem]) -> tuple[Plain, Files]:
    """The plain entries of the base edition by kind and name, and the file of each."""
    plain: Plain = {kind: {} for kind in KINDS}
    files: Files = {}
    for kind, (folder, _class) in KINDS.items():
        for path in sorted((root / folder).glob("*.yaml")):
            for name, entry in entries_of(path, problems).items():
                if name in plain[kind]:
                    problems.append(InputProblem(str(path), name, f"also given in {files[kind, name]}"))
                plain[kind][name] = entry
                files[kind, name] = str(path)
    return plain, files


def entries_of(path: Path, problems: list[InputProblem]) -> dict[str, dict[str, object]]:
    """The entries of a file by name; a file is a map of names to entries."""
    try:
        data = read_yaml(path)
    except InvalidCatalogError as error:
        problems.extend(error.problems)
        return {}
    if not isinstance(data, dict):
        problems.append(InputProblem(str(path), "", "must be a map of names to entries"))
        return {}
    good = {str(name): entry for name, entry in data.items() if isinstance(entry, dict)}
    bad = [str(name) for name in data if str(name) not in good]
    problems.extend(InputProblem(str(path), name, "must be a map") for name in bad)
    return good


def overlay_files(plain: Plain, files: Files, folder: Path, problems: list[InputProblem]) -> None:
    """Lays every file of an overlay over the entries; its folders are those of the base."""
    for kind, (name, _class) in KINDS.items():
        for path in sorted((folder / name).glob("*.yaml")):
            for entry_name, entry in entries_of(path, problems).items():
                overlay_entry(plain[kind], entry_name, entry)
                files[kind, entry_name] = str(path)


def overlay(
    plain: Plain, files: Files, overrides: Mapping[str, object], label: str, problems: list[InputProblem]
) -> None:
    """Lays a user's own figures over the entries."""
    for kind, entries in overrides.items():
        if kind not in KINDS or not isinstance(entries, dict):
            what = f"must be a map under one of: {', '.join(KINDS)}"
            problems.append(InputProblem(label, str(kind), what))
            continue
        for name, entry in entries.items():
            if not isinstance(entry, dict):
                problems.append(InputProblem(label, f"{kind}.{name}", "must be a map"))
                continue
            overlay_entry(plain[kind], name, completed(kind, plain[kind].get(name, {}), entry))
            files.setdefault((kind, name), label)


def overlay_entry(entries: dict[str, dict[str, object]], name: str, entry: dict[str, object]) -> None:
    """Merges an entry over the one of that name, or adds it.

    A figure that is laid over holds at all times: the earlier ones of the base go with the base's, and the
    errors of a fit with its coefficients.
    """
    gone = {other for figure, other in OF_THE_BASE.items() if figure in entry}
    base = {key: value for key, value in entries.get(name, {}).items() if key not in gone}
    entries[name] = merged(base, entry)


def merged(base: dict[str, object], over: dict[str, object]) -> dict[str, object]:
    """The base overridden by the keys of the other, map by map; lists are replaced."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(value, dict) and isinstance(below, dict)
        result[key] = merged(below, value) if both else value  # type: ignore[arg-type]  # both are maps
    return result


def validated(
    kind: str, plain: dict[str, dict[str, object]], files: Files, problems: list[InputProblem]
) -> dict[str, Entry]:
    """The valid entries of a kind in alphabetical order; the problems of the others are noted."""
    _folder, record = KINDS[kind]
    valid: dict[str, Entry] = {}
    for name in sorted(plain):
        try:
            valid[name] = record.model_validate({"name": name, **plain[name]})
        except ValidationError as error:
            problems.extend(entry_problems(error, files[kind, name], name))
    return valid


def entry_problems(error: ValidationError, file: str, name: str) -> list[InputProblem]:
    """Every complaint about an entry as a problem of its file; a list is not short for its faulty rows."""
    details = error.errors(include_url=False)
    places = [detail["loc"] for detail in details]
    return [
        InputProblem(
            file, ".".join([name, *map(str, detail["loc"])]), problem_text(detail["msg"], detail["input"])
        )
        for detail in details
        if detail["type"] != "too_short" or not any(is_within(place, detail["loc"]) for place in places)
    ]


def is_within(place: tuple[object, ...], whole: tuple[object, ...]) -> bool:
    """Whether a place lies inside another."""
    return len(place) > len(whole) and place[: len(whole)] == whole


def problem_text(message: str, value: object) -> str:
    """What was wrong, and the value where it is short enough to show."""
    shown = repr(value)
    text = message.removeprefix("Value error, ")
    return f"{text}; found {shown}" if len(shown) < 60 else text  # noqa: PLR2004  (a line's worth)


__all__ = ["DEFAULT_EDITION", "KINDS", "editions", "entry_named", "load_catalog", "overlaid"]
