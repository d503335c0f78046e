"""A gateway that speaks the protocol of a hosted router: entries in turn, retries, a timeout."""

from __future__ import annotations

from itertools import count


class FakeGateway:
    """Sends each request to the next entry; after a failure to the one after that, `retry_s` later.

    A call that takes `timeout_s` is cancelled and counts as a failure. `told` keeps what was said.
    """

    def __init__(
        self, entry_count: int, *, retries: int = 1, retry_s: float = 0.0, timeout_s: float = 1e9
    ) -> None:
        self.entry_count, self.retries = entry_count, retries
        self.retry_s, self.timeout_s = retry_s, timeout_s
        self.turn, self.numbers = count(), count()
        self.told, self.commands = [], []
        self.tries, self.calls, self.timers = {}, {}, {}
        self.ended = False

    def ask(self, kind: str, request: int, now_s: float | None, **facts: object) -> dict[str, object]:
        """Does what a router would."""
        self.told.append((kind, request, now_s, facts))
        if kind == "arrive":
            self.tries[request] = 0
            self.start(request, now_s)
        elif kind == "answer":
            self.answered(request, now_s, facts)
        elif kind == "leave":
            self.timers.pop(request, None)
        elif request in self.timers and self.timers[request] <= now_s + 1e-9:
            self.due(request, now_s)
        commands, self.commands = self.commands, []
        return {"commands": commands, "until_s": self.timers.get(request)}

    def start(self, request: int, now_s: float) -> None:
        """Calls the next entry."""
        call = next(self.numbers)
        self.calls[request] = call
        self.timers[request] = now_s + self.timeout_s
        self.commands.append([request, "start", call, next(self.turn) % self.entry_count])

    def answered(self, request: int, now_s: float, facts: dict) -> None:
        """A call is over."""
        self.calls.pop(request)
        if facts["answer"]["status"] == 200:
            self.timers.pop(request)
            self.commands.append([request, "finish", facts["call"]])
        else:
            self.failed(request, now_s)

    def failed(self, request: int, now_s: float) -> None:
        """Tries again later, or gives the request up."""
        self.tries[request] += 1
        if self.tries[request] > self.retries:
            self.timers.pop(request, None)
            self.commands.append([request, "fail", "InternalServerError"])
        elif self.retry_s:
            self.timers[request] = now_s + self.retry_s
        else:
            self.start(request, now_s)

    def due(self, request: int, now_s: float) -> None:
        """A timer: of a call that took too long, or of a retry."""
        del self.timers[request]
        if request in self.calls:
            self.commands.append([request, "cancel", self.calls.pop(request)])
            self.failed(request, now_s)
        else:
            self.start(request, now_s)

    def end(self) -> None:
        """Is asked nothing more."""
        self.ended = True
