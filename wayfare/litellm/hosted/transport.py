"""Catches every call that the router makes below HTTP, and waits until the simulation answers it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import httpx

from wayfare.litellm.hosted.virtual_loop import REQUEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOST = "d{}.wayfare.invalid"
"""Host name of the n-th entry: `.invalid` never resolves (RFC 6761)."""
CHAT = "/chat/completions"


@dataclass(slots=True)
class OpenCalls:
    """Calls that the simulation owes an answer; what was asked of it waits in `commands`."""

    commands: list[list[object]] = field(default_factory=list)
    waiting: dict[int, asyncio.Future[dict[str, object]]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)


class CallTransport(httpx.AsyncBaseTransport):  # type: ignore[misc]  # untyped where it is not installed
    """Turns HTTP calls into commands `start` and, where the router gives them up, `cancel`."""

    def __init__(self, calls: OpenCalls, tell: Callable[[str], None]) -> None:
        """`tell` is told of calls that no simulation can answer."""
        self._calls = calls
        self._tell = tell

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The response, once the simulation gives it; a timeout of the router's own comes first."""
        number, asker = next(self._calls.numbers), REQUEST.get(-1)
        if asker < 0 or not request.url.path.endswith(CHAT):
            self._tell(f"a call that is not simulated: {request.method} {request.url}")
            raise httpx.ConnectError("not simulated", request=request)
        entry = int(request.url.host.partition(".")[0][1:])
        future = self._calls.waiting[number] = asyncio.get_running_loop().create_future()
        self._calls.commands.append([asker, "start", number, entry])
        return response(request, await self._answer(request, asker, number, future))

    async def _answer(
        self, request: httpx.Request, asker: int, number: int, future: asyncio.Future[dict[str, object]]
    ) -> dict[str, object]:
        """The answer.

        Raises:
            httpx.ReadTimeout: it did not come in the time that the caller allows.
        """
        try:
            async with asyncio.timeout(request.extensions.get("timeout", {}).get("read")):
                return await future
        except TimeoutError:
            self._calls.commands.append([asker, "cancel", number])
            raise httpx.ReadTimeout("timed out", request=request) from None
        except asyncio.CancelledError:
            self._calls.commands.append([asker, "cancel", number])
            raise
        finally:
            self._calls.waiting.pop(number, None)


def response(request: httpx.Request, answer: dict[str, object]) -> httpx.Response:
    """The response in an answer.

    Raises:
        httpx.ConnectError: the answer is that the connection broke.
    """
    if not answer["status"]:
        raise httpx.ConnectError("connection lost", request=request)
    return httpx.Response(
        answer["status"],
        headers=answer["headers"],
        json=answer["body"],
        request=request,
    )
