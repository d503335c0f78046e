"""The same key, the same target, as long as it is there and has room."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from hashlib import blake2b
from math import ceil, inf
from typing import TYPE_CHECKING, ClassVar, Literal

from router.parameters import at_least, check, parameter
from router.pipeline.sends import SendCache
from router.pipeline.sessions import NO_SESSION

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistentHashParameters:
    """What is hashed, how finely the ring is divided, and how uneven loads may be."""

    key: Literal["session", "tenant", "prefix"] = parameter(
        "session", "what keeps its target: the session, the tenant, or the prompt's first block"
    )
    vnodes: int = parameter(100, "places of each target on the ring")
    load_factor: float | None = parameter(
        1.25, "most outstanding, as a multiple of the candidates' mean, 1 or more; no bound with null"
    )

    def __post_init__(self) -> None:
        """Holds only a ring with places and a bound that can be met.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        check(
            at_least("vnodes", self.vnodes, 1),
            None if self.load_factor is None else at_least("load_factor", self.load_factor, 1),
        )


class ConsistentHash:
    """Sends to the first candidate on a ring of hashes, from the key's own hash on, that has room.

    Every target of the fleet has `vnodes` places on the ring, by its name. A candidate has room while its
    outstanding attempts are below ceil(load_factor (outstanding of all candidates + 1) / candidates).
    When a target leaves, only its own keys move, to where they are next on the ring. What has no such key
    (no session, no prefix blocks) is hashed by the request's number. Nothing is drawn; hashes are the same
    in every process.
    """

    name: ClassVar[str] = "consistent_hash"
    source: ClassVar[str] = (
        "Karger et al., STOC 1997; bounded loads: Mirrokni, Thorup and Zadimoghaddam, SODA 2018; vllm-router"
    )

    def __init__(self, parameters: ConsistentHashParameters | None = None) -> None:
        """Knows no fleet."""
        self._given = parameters or ConsistentHashParameters()
        self._sends = SendCache("hashed")
        self._targets: tuple[Target, ...] = ()
        self._hashes: list[int] = []
        self._owners: list[int] = []

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the key's target."""
        if fleet.targets is not self._targets:
            self._place(fleet.targets)
        most, load = self._most(fleet), fleet.outstanding.item
        allowed, first = set(fleet.candidates), bisect_right(self._hashes, hash_of(self._key(request)))
        for step in range(len(self._owners)):
            index = self._owners[(first + step) % len(self._owners)]
            if index in allowed and load(index) < most:
                return self._sends.to(fleet, index)
        return self._sends.to(fleet, min(fleet.candidates, key=load))

    def _place(self, targets: tuple[Target, ...]) -> None:
        """Puts the fleet's targets on the ring."""
        places = sorted(
            (hash_of(f"target/{target.name}/{number}"), target.index)
            for target in targets
            for number in range(self._given.vnodes)
        )
        self._targets = targets
        self._hashes, self._owners = [place[0] for place in places], [place[1] for place in places]

    def _most(self, fleet: FleetView) -> float:
        """Outstanding attempts below which a candidate has room."""
        if self._given.load_factor is None:
            return inf
        total = sum(map(fleet.outstanding.item, fleet.candidates))
        return ceil(self._given.load_factor * (total + 1) / len(fleet.candidates))

    def _key(self, request: RequestView) -> str:
        """What keeps its target."""
        kind = self._given.key
        if kind == "tenant":
            return f"tenant/{request.tenant}"
        if kind == "session" and request.session != NO_SESSION:
            return f"session/{request.session}"
        blocks = request.prefix_blocks if kind == "prefix" else ()
        return f"prefix/{blocks[0]}" if blocks else f"request/{request.index}"


def hash_of(text: str) -> int:
    """64 bits of the text's BLAKE2b hash."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")
