"""The table of adapters: which method tells whose interface an object has."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from router.adapters.feedback import FeedbackParameters, FeedbackPolicy
from router.adapters.prediction import PredictionParameters, PredictionPolicy
from router.adapters.win_rate import WinRateParameters, WinRatePolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from router.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """What hosts the objects of one interface: a policy, its knobs, and whether such objects learn."""

    policy: Callable[[Any, Any], Policy]
    parameters: type
    learns: bool = False


ADAPTERS: Final[Mapping[str, Adapter]] = {
    "process_feedback": Adapter(policy=FeedbackPolicy, parameters=FeedbackParameters, learns=True),
    "calculate_strong_win_rate": Adapter(policy=WinRatePolicy, parameters=WinRateParameters),
    "_get_prediction": Adapter(policy=PredictionPolicy, parameters=PredictionParameters),
}
"""Adapters by the method that an object of theirs has; the first that fits is taken."""

ADAPTED_METHODS: Final = tuple(ADAPTERS)


def adapter_of(found: object) -> Adapter | None:
    """The adapter of a class or object; None for a policy of our own interface and for anything else."""
    if is_own(found):
        return None
    return next((adapter for method, adapter in ADAPTERS.items() if hasattr(found, method)), None)


def is_own(found: object) -> bool:
    """Whether it has `steps`, or a `route` that takes a request and the fleet: others' take a prompt."""
    route = getattr(found, "route", None)
    if not callable(route):
        return hasattr(found, "steps")
    return {"request", "fleet"} <= set(inspect.signature(route).parameters)
