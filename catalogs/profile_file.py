"""A serving profile by name, or from a file of one's own that holds one entry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from catalogs.errors import InputProblem, InvalidCatalogError
from catalogs.loading import entries_of, validated
from catalogs.serving_profile import ServingProfile

if TYPE_CHECKING:
    from catalogs.catalog import Catalog

KIND = "serving_profiles"
SUFFIXES = (".yaml", ".yml")


def profile_by(catalog: Catalog, given: str) -> ServingProfile:
    """The catalog's profile of that name, or the one entry of a YAML file.

    Raises:
        UnknownEntryError: neither a profile nor a file is called so; the message has near names.
        InvalidCatalogError: lists what is wrong with the file.
    """
    path = Path(given)
    if given in catalog.serving_profiles or not (path.suffix in SUFFIXES or path.is_file()):
        return catalog.serving_profile(given)
    return profile_in(path)


def profile_in(path: Path) -> ServingProfile:
    """The one entry of a file, as `wayfare calibrate` writes it; it may stand under `serving_profiles`.

    Raises:
        InvalidCatalogError: lists what is wrong with the file.
    """
    problems: list[InputProblem] = []
    plain = entries_of(path, problems)
    if set(plain) == {KIND}:
        plain = maps_in(path, plain[KIND], problems)
    if len(plain) != 1 and not problems:
        what = f"should hold one serving profile, by its name; found {', '.join(map(repr, plain)) or 'none'}"
        problems.append(InputProblem(str(path), "", what))
    made = validated(KIND, plain, {(KIND, name): str(path) for name in plain}, problems)
    if problems:
        raise InvalidCatalogError(tuple(problems))
    return next(entry for entry in made.values() if isinstance(entry, ServingProfile))


def maps_in(
    path: Path, data: dict[str, object], problems: list[InputProblem]
) -> dict[str, dict[str, object]]:
    """The entries under a kind; others are problems."""
    problems += [
        InputProblem(str(path), f"{KIND}.{name}", "must be a map")
        for name in data
        if not isinstance(data[name], dict)
    ]
    return {str(name): dict(entry) for name, entry in data.items() if isinstance(entry, dict)}
