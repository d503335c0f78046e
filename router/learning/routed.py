"""What a policy remembers of the requests it has routed, until it hears of them."""

from __future__ import annotations

from typing import Generic, TypeVar

MOST_REMEMBERED = 100_000
"""Requests remembered at once; with more under way the oldest are forgotten and not learnt from."""

C = TypeVar("C")


class RoutedRequests(Generic[C]):
    """What requests looked like when they were routed, by their numbers."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        """Remembers none; never more than `most`."""
        self._most = most
        self._seen: dict[int, C] = {}

    def note(self, index: int, seen: C) -> None:
        """Remembers a request; anew where it was routed before."""
        self._seen.pop(index, None)
        self._seen[index] = seen
        if len(self._seen) > self._most:
            del self._seen[next(iter(self._seen))]

    def take(self, index: int) -> C | None:
        """What the request looked like, forgotten with this; `None` where it is not remembered."""
        return self._seen.pop(index, None)
