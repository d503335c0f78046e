"""Requests that are no message of the contract are the caller's mistake, and are called so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import grpc
from google.protobuf.message import DecodeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from wayfare.service.rpc.errors import Context

    Handler = grpc.RpcMethodHandler[Any, Any]

OURS = "/wayfare."


class MalformedMessage:
    """Stands for a request that could not be read."""

    def __init__(self, error: DecodeError) -> None:
        """Keeps why."""
        self.text = f"the request is no message of the contract: {error}"


class WellFormedInterceptor(grpc.aio.ServerInterceptor):
    """Answers INVALID_ARGUMENT where gRPC itself would say UNKNOWN."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """The method's handler, or one that looks first."""
        handler = await continuation(handler_call_details)
        if not str(handler_call_details.method).startswith(OURS) or handler is None:
            return handler
        if handler.request_streaming:
            return handler
        return streaming(handler) if handler.response_streaming else unary(handler)


def unary(handler: Handler) -> Handler:
    """A handler of one answer that looks first."""
    method = cast("Callable[[object, Context], Awaitable[object]]", handler.unary_unary)

    async def answer(request: object, context: Context) -> object:
        if isinstance(request, MalformedMessage):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, request.text)
        return await method(request, context)

    return grpc.unary_unary_rpc_method_handler(
        answer, lenient(handler.request_deserializer), handler.response_serializer
    )


def streaming(handler: Handler) -> Handler:
    """A handler of many answers that looks first."""
    method = cast("Callable[[object, Context], Awaitable[None]]", handler.unary_stream)

    async def answers(request: object, context: Context) -> None:
        if isinstance(request, MalformedMessage):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, request.text)
        await method(request, context)

    return grpc.unary_stream_rpc_method_handler(
        answers, lenient(handler.request_deserializer), handler.response_serializer
    )


def lenient(read: Callable[[bytes], object] | None) -> Callable[[bytes], object]:
    """A reader that gives `MalformedMessage` for what it cannot read."""

    def found(data: bytes) -> object:
        try:
            return read(data) if read else data
        except DecodeError as error:
            return MalformedMessage(error)

    return found
