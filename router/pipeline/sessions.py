"""Where sessions were sent last."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView

NO_SESSION = -1


class SessionMemory:
    """The target of each session's last request, forgotten when so long has passed since."""

    __slots__ = ("_sent", "_targets", "_ttl_s")

    def __init__(self, ttl_s: float) -> None:
        """Sessions are remembered for `ttl_s` seconds after each request."""
        self._ttl_s = ttl_s
        self._targets: tuple[Target, ...] = ()
        self._sent: dict[int, tuple[int, float]] = {}

    def last(self, request: RequestView, fleet: FleetView) -> int | None:
        """Index of the target that the request's session was sent to last; none where not remembered."""
        found = self._sent.get(request.session) if fleet.targets is self._targets else None
        return found[0] if found is not None and request.now_s - found[1] <= self._ttl_s else None

    def note(self, request: RequestView, fleet: FleetView, index: int) -> None:
        """Remembers the target for the request's session, and forgets what is too old."""
        if fleet.targets is not self._targets:
            self._targets, self._sent = fleet.targets, {}
        if request.session == NO_SESSION:
            return
        self._sent.pop(request.session, None)
        self._sent[request.session] = (index, request.now_s)
        self._forget(request.now_s - self._ttl_s)

    def forget(self, session: int) -> None:
        """Lets go of a session."""
        self._sent.pop(session, None)

    def _forget(self, before_s: float) -> None:
        """Drops sessions last heard of before the instant; the longest silent stand first."""
        while self._sent:
            oldest = next(iter(self._sent))
            if self._sent[oldest][1] >= before_s:
                return
            del self._sent[oldest]
