"""The autoscalers of a scenario, as the world needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fleet.cold_start import cold_start_s
from simulator.plan.incidents import places
from simulator.world.plan import Scaling

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from simulator.plan.targets import Slot
    from simulator.settings.scenario import Scenario


def scalings_of(scenario: Scenario, slots: Sequence[Slot]) -> Iterator[Scaling]:
    """One for every target whose deployment scales."""
    for index, first, slot in places(slots):
        settings = slot.deployment.autoscaling
        if settings is not None:
            yield Scaling(
                target=index,
                label=slot.name,
                queues=tuple(range(first, first + slot.service.queue_count)),
                least=settings.min,
                metric=settings.metric,
                target_load=settings.target,
                interval_s=settings.interval,
                cold_start_s=cold_start_s(scenario, slot.deployment),
                scale_in_delay_s=settings.scale_in_delay,
                to_zero=settings.scale_to_zero,
            )
