"""Every arrival pattern by name: the ones shipped, and those of installed plug-ins."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, get_args

from pydantic import ConfigDict, Discriminator, Tag, field_validator

from catalogs.near_names import unknown_name
from catalogs.units import rate_per_s
from simulator.arrivals.bursty import BurstyArrivals
from simulator.arrivals.diurnal import DiurnalArrivals
from simulator.arrivals.pattern import ArrivalPattern
from simulator.arrivals.steady import SteadyArrivals
from simulator.arrivals.trace import TraceArrivals
from simulator.quantities import Part
from simulator.traces.errors import ArrivalParameterError, UnknownArrivalPatternError

if TYPE_CHECKING:
    import numpy as np

    from simulator.arrivals.pattern import Arrivals, ArrivalWindow

ENTRY_POINT_GROUP: Final = "wayfare.arrivals"
PLUG_IN: Final = "plug-in"


@cache
def plug_ins() -> Mapping[str, EntryPoint]:
    """Entry points of installed plug-ins by name; no name of the table can be taken."""
    found = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    return {name: found[name] for name in sorted(found) if name not in SHIPPED}


def arrival_pattern_names() -> tuple[str, ...]:
    """Names of all patterns, the shipped ones first."""
    return (*SHIPPED, *plug_ins())


class PlugInArrivals(Part):
    """A pattern of an installed plug-in; its parameters are its own."""

    model_config = ConfigDict(frozen=True, extra="allow")

    pattern: str

    KEYS: ClassVar[Mapping[str, str]] = {
        "pattern": "Name of an installed arrival pattern; further keys are its own. Example: my_pattern.",
    }

    @field_validator("pattern")
    @classmethod
    def _known(cls, pattern: str) -> str:
        """Somebody registered the pattern."""
        if pattern not in arrival_pattern_names():
            message = unknown_name("arrival pattern", pattern, arrival_pattern_names())
            raise ValueError(message)
        return pattern

    @property
    def rate(self) -> float:
        """Mean arrivals a second, where the plug-in takes a `rate`; else 0."""
        return rate_per_s((self.model_extra or {}).get("rate", 0.0))

    def parameters(self) -> dict[str, object]:
        """What makes the pattern: `rate` arrives per second, the rest as written."""
        given = dict(self.model_extra or {})
        rate = {"rate_per_s": rate_per_s(given.pop("rate"))} if "rate" in given else {}
        return {**rate, **given}

    def made(self) -> ArrivalPattern:
        """The plug-in's own pattern.

        Raises:
            UnknownArrivalPatternError: what its entry point names is no pattern.
            ArrivalParameterError: it does not take these parameters.
        """
        try:
            found = plug_ins()[self.pattern].load()(**self.parameters())
        except (TypeError, ValueError) as error:
            what = f"pattern {self.pattern!r} does not take these parameters: {error}"
            raise ArrivalParameterError("", what) from error
        if not isinstance(found, ArrivalPattern):
            message = f"pattern {self.pattern!r} has no method arrivals(window, rng)"
            raise UnknownArrivalPatternError(message)
        return found

    def arrivals(self, window: ArrivalWindow, rng: np.random.Generator) -> Arrivals:
        """The plug-in's arrivals."""
        return self.made().arrivals(window, rng)


def pattern_of(value: object) -> str:
    """Which of the arrival classes a value is meant for."""
    pattern = value.get("pattern") if isinstance(value, dict) else getattr(value, "pattern", "")
    return str(pattern) if pattern in SHIPPED else PLUG_IN


ArrivalSettings = Annotated[
    Annotated[SteadyArrivals, Tag("steady")]
    | Annotated[BurstyArrivals, Tag("bursty")]
    | Annotated[DiurnalArrivals, Tag("diurnal")]
    | Annotated[TraceArrivals, Tag("trace")]
    | Annotated[PlugInArrivals, Tag("plug-in")],
    Discriminator(pattern_of),
]
"""The table of patterns: a line each."""

TAGGED = tuple(get_args(member) for member in get_args(get_args(ArrivalSettings)[0]))
PATTERN_CLASSES: Final = tuple(pattern for pattern, _tag in TAGGED)
SHIPPED: Final = tuple(tag.tag for _pattern, tag in TAGGED if tag.tag != PLUG_IN)
