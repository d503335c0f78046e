"""The table of parts: kinds and names to classes; plug-ins and files beside those that ship."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, is_dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Literal, cast

from catalogs.near_names import unknown_name
from router.errors import PolicyLoadError, UnknownPolicyError
from router.parameters import ParameterDescription, describe_parameters
from router.pipeline.filters import (
    ContextRoom,
    CostCeiling,
    KvCeiling,
    LoadCeiling,
    SessionStickiness,
    SuccessFloor,
)
from router.pipeline.named_filters import DomainRule, InRegions, InTiers, WithModels, WithoutModels
from router.pipeline.pickers import BestScore, LeastLoaded, RandomByScore, Softmax, TopKRandom
from router.pipeline.scorers import (
    CostScore,
    KvRoomScore,
    LoadScore,
    PriceScore,
    QueueScore,
    RandomScore,
    SessionAffinity,
    StrengthScore,
    SuccessScore,
)
from router.source_file import is_file_spec, load_class

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    PartClass = Callable[..., object]

ENTRY_POINT_GROUP = "wayfare.pipeline_parts"
PartKind = Literal["filter", "scorer", "picker"]
METHODS: Mapping[PartKind, str] = {"filter": "keep", "scorer": "scores", "picker": "pick"}
"""What a part of each kind can do."""

PARTS: Mapping[PartKind, Mapping[str, PartClass]] = {
    "filter": {
        "context_room": ContextRoom,
        "cost_ceiling": CostCeiling,
        "domain_rule": DomainRule,
        "in_regions": InRegions,
        "in_tiers": InTiers,
        "kv_ceiling": KvCeiling,
        "load_ceiling": LoadCeiling,
        "session_stickiness": SessionStickiness,
        "success_floor": SuccessFloor,
        "with_models": WithModels,
        "without_models": WithoutModels,
    },
    "scorer": {
        "cost": CostScore,
        "kv_room": KvRoomScore,
        "load": LoadScore,
        "price": PriceScore,
        "queue": QueueScore,
        "random": RandomScore,
        "session_affinity": SessionAffinity,
        "strength": StrengthScore,
        "success": SuccessScore,
    },
    "picker": {
        "best_score": BestScore,
        "least_loaded": LeastLoaded,
        "random_by_score": RandomByScore,
        "softmax": Softmax,
        "top_k_random": TopKRandom,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDescription:
    """A part as documentation shows it; `source` says where the field has it."""

    kind: PartKind
    name: str
    summary: str
    source: str
    parameters: tuple[ParameterDescription, ...]


def part_names(kind: PartKind) -> tuple[str, ...]:
    """Names of all parts of a kind, those of entry points included, in alphabetical order."""
    plugged = (name for name, entry in _plug_ins().items() if _fits(entry, kind))
    return tuple(sorted({*PARTS[kind], *plugged}))


def part_class(kind: PartKind, name: str) -> PartClass:
    """The class of a part by its name, an entry point's, or `path/to/file.py:Class`.

    A name that ships with the pipeline is never taken by an entry point.

    Raises:
        UnknownPolicyError: there is no such part; near names first, then all there are.
        PolicyLoadError: its file or entry point cannot be loaded, or it is no part of the kind.
    """
    known = PARTS[kind].get(name)
    if known is not None:
        return known
    if is_file_spec(name):
        return _checked(kind, name, load_class(name, kind, (METHODS[kind],)))
    plug_in = _plug_ins().get(name)
    if plug_in is None:
        raise UnknownPolicyError(unknown_name(kind, name, part_names(kind)))
    return _checked(kind, name, _loaded(plug_in))


def part_knobs(kind: PartKind, name: str) -> tuple[str, ...]:
    """Names of the part's parameters; raises what `part_class` does."""
    return tuple(parameter.name for parameter in describe_part(kind, name).parameters)


def describe_part(kind: PartKind, name: str) -> PartDescription:
    """What there is to say about a part; raises what `part_class` does."""
    found = part_class(kind, name)
    contract, _, source = (inspect.getdoc(found) or "").partition("\n\nSource: ")
    return PartDescription(
        kind=kind,
        name=name,
        summary=contract.partition("\n\n")[0].replace("\n", " "),
        source=source.partition("\n\n")[0].replace("\n", " "),
        parameters=describe_parameters(cast("type", found)) if is_dataclass(found) else (),
    )


def describe_parts() -> tuple[PartDescription, ...]:
    """All parts by kind and name; plug-ins that cannot be loaded are left out."""
    return tuple(describe_part(kind, name) for kind in PARTS for name in part_names(kind))


def _checked(kind: PartKind, name: str, found: PartClass) -> PartClass:
    """The class, if its parts can do what the kind does."""
    if hasattr(found, METHODS[kind]):
        return found
    message = f"{name!r} is no {kind}: it has no {METHODS[kind]!r}"
    raise PolicyLoadError(message)


def _plug_ins() -> dict[str, EntryPoint]:
    """Entry points of the group by name."""
    return {entry.name: entry for entry in entry_points(group=ENTRY_POINT_GROUP)}


def _fits(entry: EntryPoint, kind: PartKind) -> bool:
    """Whether the entry point can be loaded and is a part of the kind."""
    try:
        return hasattr(_loaded(entry), METHODS[kind])
    except PolicyLoadError:
        return False


def _loaded(entry: EntryPoint) -> PartClass:
    """The class behind an entry point."""
    try:
        return cast("PartClass", entry.load())
    except Exception as error:
        message = f"entry point {entry.name!r} = {entry.value!r} cannot be loaded: {error}"
        raise PolicyLoadError(message) from error
