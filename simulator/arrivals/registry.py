"""Every arrival pattern by name: the ones shipped, and those of installed plug-ins."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from simulator.arrivals.bursty import Bursty
from simulator.arrivals.diurnal import Diurnal
from simulator.arrivals.pattern import ArrivalPattern
from simulator.arrivals.steady import Steady
from simulator.arrivals.trace import Recorded
from simulator.traces.errors import ArrivalParameterError, UnknownArrivalPatternError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ENTRY_POINT_GROUP: Final = "wayfare.arrivals"

ARRIVAL_PATTERNS: Final[Mapping[str, Callable[..., ArrivalPattern]]] = MappingProxyType(
    {"steady": Steady, "bursty": Bursty, "diurnal": Diurnal, "trace": Recorded}
)


@cache
def _plugins() -> Mapping[str, EntryPoint]:
    """Entry points of installed plug-ins by name; shipped names cannot be taken."""
    found = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    return {name: found[name] for name in sorted(found) if name not in ARRIVAL_PATTERNS}


def arrival_pattern_names() -> tuple[str, ...]:
    """Names of all patterns, the shipped ones first."""
    return (*ARRIVAL_PATTERNS, *_plugins())


def arrival_pattern(name: str, parameters: Mapping[str, object]) -> ArrivalPattern:
    """The named pattern made from its parameters.

    Raises:
        UnknownArrivalPatternError: nobody registered the name; the message lists the known ones.
        ArrivalParameterError: a plug-in does not take these parameters.
    """
    if name in ARRIVAL_PATTERNS:
        return ARRIVAL_PATTERNS[name](**parameters)
    if name not in _plugins():
        message = f"unknown arrival pattern {name!r}; known: {', '.join(map(repr, arrival_pattern_names()))}"
        raise UnknownArrivalPatternError(message)
    try:
        made = _plugins()[name].load()(**parameters)
    except (TypeError, ValueError) as error:
        raise ArrivalParameterError(
            "", f"pattern {name!r} does not take these parameters: {error}"
        ) from error
    return _demand_pattern(name, made)


def _demand_pattern(name: str, made: object) -> ArrivalPattern:
    """The object itself, when it keeps the protocol."""
    if not isinstance(made, ArrivalPattern):
        message = f"pattern {name!r} has no method arrivals(window, rng)"
        raise UnknownArrivalPatternError(message)
    return made
