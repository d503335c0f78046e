"""What each error means to a caller: one table of gRPC status, field violations in detail."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol, cast

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from catalogs import UnknownEntryError
from router.errors import PolicyFailedError, RouterError
from simulator import InvalidScenarioError
from wayfare.service.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
    from typing import NoReturn, TypeVar

    from catalogs.errors import InputProblem

    Q = TypeVar("Q")
    A = TypeVar("A")
    S = TypeVar("S")
    P = TypeVar("P", bound="StreamingServicer")
    Context = grpc.aio.ServicerContext[object, object]

LOG = logging.getLogger(__name__)
MOST_TEXT, MOST_DETAILS = 1_000, 4_000
"""Characters of an error, and of all its violations: both travel as metadata, which is small."""
FOLDERS = re.compile(r"(?<![\w.:/])/(?:[^\s/'\":,]+/)+")
"""Folders of an absolute path, as errors of the system name files."""
STORE_CODES = {
    sqlite3.SQLITE_FULL: grpc.StatusCode.RESOURCE_EXHAUSTED,
    sqlite3.SQLITE_CORRUPT: grpc.StatusCode.DATA_LOSS,
    sqlite3.SQLITE_NOTADB: grpc.StatusCode.DATA_LOSS,
}
OWN_TO_WIRE = {"scenario": "", "--set": "settings."}


class StreamingServicer(Protocol):
    """A servicer that streams: so long it waits for a caller to take the next message."""

    patience_s: float


def code_of(error: Exception) -> grpc.StatusCode:
    """The status an error stands for."""
    if isinstance(error, RefusedError):
        return error.code
    if isinstance(error, sqlite3.Error):
        return STORE_CODES.get(getattr(error, "sqlite_errorcode", 0), grpc.StatusCode.UNAVAILABLE)
    table = (
        (InvalidScenarioError, grpc.StatusCode.INVALID_ARGUMENT),
        (PolicyFailedError, grpc.StatusCode.FAILED_PRECONDITION),
        (RouterError, grpc.StatusCode.INVALID_ARGUMENT),
        (UnknownEntryError, grpc.StatusCode.INVALID_ARGUMENT),
        (OSError, grpc.StatusCode.UNAVAILABLE),
    )
    return next((code for kind, code in table if isinstance(error, kind)), grpc.StatusCode.INTERNAL)


def violations(error: Exception) -> error_details_pb2.BadRequest:
    """Every problem of a scenario as the violation of a field; how many more where they are too long."""
    found = error_details_pb2.BadRequest()
    problems = error.problems if isinstance(error, InvalidScenarioError) else ()
    left = MOST_DETAILS
    for number, problem in enumerate(problems):
        field, description = field_of(problem)[:MOST_TEXT], shown(problem.what)
        left -= len(field.encode()) + len(description.encode())
        if left < 0:
            found.field_violations.add(description=f"and {len(problems) - number} more")
            break
        found.field_violations.add(field=field, description=description)
    return found


def field_of(problem: InputProblem) -> str:
    """The field of the request that a problem is about: callers gave no files and no `--set`."""
    return OWN_TO_WIRE.get(problem.file, "") + problem.path


def message_of(error: Exception) -> str:
    """What a caller reads: every problem by its field, or the error's own text, cut where it is long."""
    if not isinstance(error, InvalidScenarioError):
        return shown(str(error))
    lines = (
        ": ".join(part for part in (field_of(problem), problem.what) if part) for problem in error.problems
    )
    return shown("\n".join(lines))


def shown(text: str) -> str:
    """A text as callers may see it: cut where it is long, without the server's folders."""
    return FOLDERS.sub("", text[:MOST_TEXT])


async def refuse(context: Context, error: Exception) -> NoReturn:
    """Ends the call with the error's status."""
    code = code_of(error)
    if code is grpc.StatusCode.INTERNAL:
        LOG.error("a call failed", exc_info=error)
    text = (
        "internal error; the service's log has more"
        if code is grpc.StatusCode.INTERNAL
        else message_of(error)
    )
    details = violations(error)
    packed = any_pb2.Any()
    packed.Pack(details)
    number, _name = code.value
    status = status_pb2.Status(
        code=number, message=text, details=[packed] if details.field_violations else []
    )
    await context.abort_with_status(rpc_status.to_status(status))
    raise AssertionError


def answering(
    method: Callable[[S, Q, Context], Awaitable[A]],
) -> Callable[[S, Q, Context], Awaitable[A]]:
    """A method whose errors become statuses."""

    async def answer(self: S, request: Q, context: Context) -> A:
        try:
            return await method(self, request, context)
        except (grpc.aio.AbortError, grpc.aio.BaseError):
            raise
        except Exception as error:  # noqa: BLE001  (the border: nothing passes unnamed)
            await refuse(context, error)

    return answer


def streaming(
    method: Callable[[P, Q, Context], AsyncGenerator[A]],
) -> Callable[[P, Q, Context], AsyncIterator[A]]:
    """A streaming method whose errors become statuses; it ends when its caller takes nothing any more.

    gRPC takes a coroutine that writes in the place of an iterator, as the stubs' types do not say.
    """

    async def answers(self: P, request: Q, context: Context) -> None:
        try:
            async with aclosing(method(self, request, context)) as found:
                async for one in found:
                    await taken(context, one, self.patience_s)
        except (grpc.aio.AbortError, grpc.aio.BaseError):
            raise
        except Exception as error:  # noqa: BLE001  (as above)
            await refuse(context, error)

    return cast("Callable[[P, Q, Context], AsyncIterator[A]]", answers)


async def taken(context: Context, message: object, patience_s: float) -> None:
    """Sends a message.

    Raises:
        RefusedError: the caller did not take it for so long.
    """
    try:
        async with asyncio.timeout(patience_s):
            await context.write(message)
    except TimeoutError as error:
        text = f"nothing was taken from this stream for {patience_s:g} s"
        raise RefusedError(grpc.StatusCode.DEADLINE_EXCEEDED, text) from error
