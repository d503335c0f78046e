"""The most right answers that a router could get, whatever they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding
from router.views.options import OptionTable, strongest
from router.views.request import OracleRequestView

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView
    from router.views.request import RequestView


class BestQuality:
    """Sends to the strongest candidate whose answer is right, else to the strongest: cost does not count.

    Clairvoyant about correctness only. It is right as often as `oracle`, and says what always preferring
    the strongest model costs at that ceiling. Equal abilities go to the cheaper, then to the lowest index;
    among the right targets of one model, tier and price the least outstanding is taken, ties by lowest index.

    Errors: `TypeError` when the host's surroundings give it a request without the answers.
    """

    name: ClassVar[str] = "best_quality"
    source: ClassVar[str] = "best-quality oracle of routing benchmarks such as RouterBench and RouterArena"
    oracle: ClassVar[bool] = True

    def __init__(self) -> None:
        """Prepares the table of options."""
        self._options = OptionTable()
        self._right = SendCache("strongest right")
        self._wrong = SendCache("none right: strongest")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the strongest right candidate, or to the strongest where none is right."""
        if not isinstance(request, OracleRequestView):
            message = f"an oracle needs an OracleRequestView, got {type(request).__name__}"
            raise TypeError(message)
        options = self._options.of(fleet, request.task, request.stream)
        right = [option for option in options if any(map(request.correct, option.members))]
        if not right:
            members = strongest(options, request).members
            return self._wrong.to(fleet, least_outstanding(fleet.outstanding, members))
        best = strongest(right, request).members
        members = tuple(index for index in best if request.correct(index))
        return self._right.to(fleet, least_outstanding(fleet.outstanding, members))
