"""One request under way, as the generators that carry out its decision share it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from router.decision import Decision
    from router.steps import Event, Reply, Step
    from router.views.fleet import FleetView

    Steps: TypeAlias = Generator[Step, Reply, None]
    DecidedSteps: TypeAlias = Generator[Step, Reply, "Begun | None"]
    """Steps that may put a decision off: they end with what was decided then."""
    Begun: TypeAlias = tuple[Decision | None, DecidedSteps]
    """A request's decision, None of a step policy, and the steps that carry it out."""
    JitterSource: TypeAlias = Callable[[int, int, int], float]
    """`jitter_u(request_index, target_index, try_number)`: a uniform draw in [0, 1) that depends on its
    arguments (and the run's seed) only; the try is the number of earlier ones at that target."""


@dataclass(slots=True)
class RequestProgress:
    """Where a request stands: what it may use, which targets it tried, how often.

    `handles` maps each attempt's handle to its target; `permitted` are the targets that hard
    constraints allow, cooling down or not.
    """

    request_index: int
    permitted: tuple[int, ...]
    fleet: FleetView
    now_s: float
    handles: dict[int, int] = field(default_factory=dict)

    def tried(self) -> set[int]:
        """Targets this request was already sent to."""
        return set(self.handles.values())


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """How an awaited attempt ended: its handle and the event that says so."""

    handle: int
    event: Event
