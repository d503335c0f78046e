"""Send decisions made once per target, for policies that decide often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.decision import Send

if TYPE_CHECKING:
    from router.views.fleet import FleetView, Target


class SendCache:
    """Send decisions with one reason, reused: a decision costs a tuple look-up."""

    __slots__ = ("_decisions", "_reason", "_targets")

    def __init__(self, reason: str) -> None:
        """All decisions made here give this reason."""
        self._reason = reason
        self._targets: tuple[Target, ...] = ()
        self._decisions: tuple[Send, ...] = ()

    def to(self, fleet: FleetView, index: int) -> Send:
        """The decision to send to the target of that index."""
        if fleet.targets is not self._targets:
            self._targets = fleet.targets
            self._decisions = tuple(Send(self._reason, target.name) for target in fleet.targets)
        return self._decisions[index]
