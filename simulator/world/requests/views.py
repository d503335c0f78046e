"""What the router sees: views of the request at hand and of the fleet, as stale as configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from router.views.fleet import FleetView
from router.views.replay import ReplayRequestView
from router.views.request import AnswerTable, OracleRequestView, RequestView

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray
    from simpy import Event

    from simulator.kernel import Kernel
    from simulator.world.clock import Clock
    from simulator.world.plan import RunPlan

LOADS = ("outstanding", "waiting", "running", "kv_usage_ratio")


class RouterViews:
    """The views of every router instance.

    Without staleness a view looks at the kernel's own counters, otherwise at a copy renewed
    every `staleness_s`, each instance at its own phase of the interval.
    """

    def __init__(
        self,
        plan: RunPlan,
        kernel: Kernel,
        clock: Clock,
        arrival_s: NDArray[np.float64],
        *,
        oracle: bool,
        replays: bool,
    ) -> None:
        """Makes the views and, with staleness, the processes that renew them.

        `arrival_s` has, by request, when it came: nan until it does.
        """
        self._kernel = kernel
        self._clock = clock
        self._request = request_view(plan, arrival_s, oracle=oracle, replays=replays)
        self._fleets = [self._fleet(plan) for _ in range(plan.router_instances)]
        if plan.staleness_s:
            for number, fleet in enumerate(self._fleets):
                phase_s = plan.staleness_s * number / plan.router_instances
                clock.process(self._renew(fleet, plan.staleness_s, phase_s))

    def _fleet(self, plan: RunPlan) -> FleetView:
        """A view of live counters, or of copies when the router sees late."""
        groups = self._kernel.groups
        columns = {name: groups[name] for name in LOADS}
        if plan.staleness_s:
            columns = {name: column.copy() for name, column in columns.items()}
        return FleetView(plan.targets, **columns)

    def _renew(self, fleet: FleetView, every_s: float, phase_s: float) -> Generator[Event, object, None]:
        """Renews one view's copies every so often."""
        yield self._clock.timeout(phase_s)
        while True:
            for name in LOADS:
                np.copyto(getattr(fleet, name), self._kernel.groups[name])
            fleet.seen_s = self._clock.now
            yield self._clock.timeout(every_s)

    def aim(self, request: int, candidates: tuple[int, ...], instance: int) -> tuple[RequestView, FleetView]:
        """An instance's views, pointed at a request that has arrived now."""
        view = self._request
        view.index = request
        view.now_s = self._clock.now
        fleet = self._fleets[instance]
        fleet.candidates = candidates
        return view, fleet


def request_view(
    plan: RunPlan, arrival_s: NDArray[np.float64], *, oracle: bool, replays: bool = False
) -> RequestView:
    """A view of the requests; with every target's true answer for an oracle, a log's choices for a replay."""
    if replays:
        return ReplayRequestView(plan.requests)
    if not oracle:
        return RequestView(plan.requests, arrival_s=arrival_s)
    models = [target.model for target in plan.target_plans]
    answers = AnswerTable(
        correct=plan.answers.correct[models],
        output_token_count=plan.answers.output_token_count[models],
    )
    return OracleRequestView(plan.requests, answers, arrival_s=arrival_s)
