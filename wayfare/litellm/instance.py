"""One gateway of a run and its requests under way: who is told what, and where commands wait."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from router.steps import AttemptKind
from wayfare.litellm.errors import HostedGatewayError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wayfare.litellm.config import GatewayConfig

    Command = Sequence[Any]

LATE_S = 1e-6
"""From so much on a command counts as late; sums of seconds round."""


class GatewayConnection(Protocol):
    """What asks a hosted gateway: its process, or a fake that speaks as it does."""

    def ask(self, kind: str, request: int, now_s: float | None, **facts: object) -> Mapping[str, Any]:
        """Tells the gateway of `arrive`, `answer`, `wake` or `leave` at an instant (None: as it is).

        The reply has `commands` (`[request, "start", call, entry]`, `[request, "cancel", call]`,
        `[request, "finish", call]`, `[request, "fail", error]`), in order, for this request or others, and
        `until_s`: this request's next timer, or None.

        Raises:
            HostedGatewayError: the gateway cannot go on.
        """
        ...

    def end(self) -> None:
        """Ends it; nothing is asked afterwards."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayCall:
    """A call that became an attempt: its number, the entry it went to, the attempt's handle and target."""

    number: int
    entry: int
    handle: int
    target: int


@dataclass(slots=True, kw_only=True)
class GatewayRequest:
    """One request under way in a gateway.

    Attributes:
        number: what the gateway knows it by; a client that asks again is another request.
        index: the run's number of it.
        group: what it asks for.
        calls: those that became attempts, in order.
        open_handles: attempts that the gateway waits for.
        refused: calls that no attempt was made for, to be answered.
        commands: what the gateway asked and was not done yet, with the instant at which it did.
        reason: why the last attempt failed.
        ended: whether it is over.
    """

    number: int
    index: int
    group: str
    prompt_token_count: int
    calls: list[GatewayCall] = field(default_factory=list)
    open_handles: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    commands: deque[tuple[float, Command]] = field(default_factory=deque)
    reason: str = ""
    ended: bool = False

    def call(self, number: int) -> GatewayCall | None:
        """The attempt of a call; None where none was made."""
        return next((call for call in self.calls if call.number == number), None)

    def call_of(self, handle: int) -> GatewayCall:
        """The call that an attempt was made for."""
        return next(call for call in self.calls if call.handle == handle)

    def next_kind(self, entry: int, config: GatewayConfig) -> AttemptKind:
        """What an attempt at an entry is: the first, one more of its group, or one of another group."""
        if not self.calls:
            return AttemptKind.FIRST
        first = config.entries[self.calls[0].entry].group
        return AttemptKind.RETRY if config.entries[entry].group == first else AttemptKind.FALLBACK


class GatewayInstance:
    """A gateway and its requests.

    Attributes:
        late_count: commands that were carried out later than the gateway asked for.
    """

    def __init__(self, connection: GatewayConnection) -> None:
        """No request came yet."""
        self.connection = connection
        self.late_count = 0
        self._requests: dict[int, GatewayRequest] = {}
        self._numbers = count()
        self._over = False

    def begin(self, *, index: int, group: str, prompt_token_count: int) -> GatewayRequest:
        """A new request."""
        number = next(self._numbers)
        live = GatewayRequest(number=number, index=index, group=group, prompt_token_count=prompt_token_count)
        self._requests[number] = live
        return live

    def tell(self, kind: str, live: GatewayRequest, now_s: float | None, **facts: object) -> float | None:
        """Tells the gateway what happened; its commands wait with their requests. Returns the next timer."""
        reply = self._ask(kind, live, now_s, facts)
        for number, *command in reply["commands"]:
            concerned = self._requests.get(number)
            if concerned is not None:
                concerned.commands.append((now_s or 0.0, command))
        return reply["until_s"]

    def end(self) -> None:
        """Ends the gateway; of requests under way nothing is told any more."""
        self._over = True
        self.connection.end()

    def take(self, live: GatewayRequest, now_s: float) -> Command | None:
        """The request's next command; None without one."""
        if not live.commands or live.ended:
            return None
        asked_s, command = live.commands.popleft()
        self.late_count += now_s > asked_s + LATE_S
        return command

    def forget(self, live: GatewayRequest) -> None:
        """The request is over; one that the gateway still works on was hung up on."""
        if not live.ended and not self._over:
            self.tell("leave", live, None)
        live.ended = True
        del self._requests[live.number]

    def _ask(
        self, kind: str, live: GatewayRequest, now_s: float | None, facts: Mapping[str, object]
    ) -> Mapping[str, Any]:
        """The gateway's reply; after a failure it is asked nothing more."""
        try:
            return self.connection.ask(kind, live.number, now_s, **facts)
        except HostedGatewayError:
            self._over = True
            raise
