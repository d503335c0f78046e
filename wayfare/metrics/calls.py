"""The RPC layer's metrics, under the names that existing boards use."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
from prometheus_client import Counter, Histogram

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from prometheus_client import CollectorRegistry

    Context = grpc.aio.ServicerContext[Any, Any]
    Found = grpc.RpcMethodHandler[Any, Any] | None
    Continuation = Callable[[grpc.HandlerCallDetails], Awaitable[Found]]

METHOD = ("grpc_type", "grpc_service", "grpc_method")
TYPES = {
    (False, False): "unary",
    (True, False): "client_stream",
    (False, True): "server_stream",
    (True, True): "bidi_stream",
}
CODES = {code.value[0]: code for code in grpc.StatusCode}
MAKERS = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


class CallMetrics(grpc.aio.ServerInterceptor):
    """Counts calls that begin and end, by method and status, and how long they took."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Nothing counted."""
        self._started = Counter(
            "grpc_server_started", "RPCs started on the server.", METHOD, registry=registry
        )
        self._handled = Counter(
            "grpc_server_handled",
            "RPCs completed on the server, whatever their status.",
            (*METHOD, "grpc_code"),
            registry=registry,
        )
        self._handling = Histogram(
            "grpc_server_handling_seconds",
            "Response time of RPCs handled by the server.",
            METHOD,
            registry=registry,
        )

    async def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Found:
        """The handler, watched; unknown methods have none and are not counted."""
        handler: Any = await continuation(handler_call_details)
        if handler is None:
            return None
        shape = (bool(handler.request_streaming), bool(handler.response_streaming))
        service, _slash, method = handler_call_details.method.lstrip("/").rpartition("/")
        behaviour = behaviour_of(handler, shape)
        labels = (TYPES[shape], service, method)
        watched = self._streaming(behaviour, labels) if shape[1] else self._answering(behaviour, labels)
        return MAKERS[shape](watched, handler.request_deserializer, handler.response_serializer)

    def _answering(
        self, behaviour: Callable[..., Any], labels: tuple[str, str, str]
    ) -> Callable[[Any, Context], Awaitable[Any]]:
        """A method with one answer, watched."""

        async def answer(request: Any, context: Context) -> Any:  # noqa: ANN401  (any message)
            async with self._watching(labels, context):
                return await behaviour(request, context)

        return answer

    def _streaming(
        self, behaviour: Callable[..., Any], labels: tuple[str, str, str]
    ) -> Callable[[Any, Context], AsyncIterator[Any]]:
        """A method with many answers, watched; it may yield them or write them to the context."""

        async def answers(request: Any, context: Context) -> AsyncIterator[Any]:  # noqa: ANN401  (any message)
            async with self._watching(labels, context):
                found = behaviour(request, context)
                if hasattr(found, "__aiter__"):
                    async for one in found:
                        yield one
                else:
                    await found

        return answers

    @asynccontextmanager
    async def _watching(self, labels: tuple[str, str, str], context: Context) -> AsyncIterator[None]:
        """Counts a call's begin and, whichever way it ends, its end."""
        self._started.labels(*labels).inc()
        began_s = time.perf_counter()
        code = grpc.StatusCode.UNKNOWN
        try:
            yield
            code = status_set(context, grpc.StatusCode.OK)
        except BaseException as error:
            code = final_status(context, error)
            raise
        finally:
            self._handled.labels(*labels, code.name).inc()
            self._handling.labels(*labels).observe(time.perf_counter() - began_s)


def behaviour_of(handler: Any, shape: tuple[bool, bool]) -> Callable[..., Any]:  # noqa: ANN401  (gRPC's handlers have no types)
    """The method itself."""
    kinds = {
        (False, False): handler.unary_unary,
        (True, False): handler.stream_unary,
        (False, True): handler.unary_stream,
        (True, True): handler.stream_stream,
    }
    found: Callable[..., Any] = kinds[shape]
    return found


def status_set(context: Context, otherwise: grpc.StatusCode) -> grpc.StatusCode:
    """The status that the method set, which gRPC holds as a number."""
    code: Any = context.code()
    if isinstance(code, grpc.StatusCode):
        return code
    return CODES[code] if code in CODES and code != 0 else otherwise


def final_status(context: Context, error: BaseException) -> grpc.StatusCode:
    """The status of a call that an error ended: what the method set, or why its caller stopped waiting."""
    if isinstance(error, grpc.aio.AbortError):
        return status_set(context, grpc.StatusCode.UNKNOWN)
    left_s = context.time_remaining()
    if left_s is not None and left_s <= 0.0:
        return grpc.StatusCode.DEADLINE_EXCEEDED
    gone = isinstance(error, asyncio.CancelledError | GeneratorExit)
    return grpc.StatusCode.CANCELLED if gone else grpc.StatusCode.UNKNOWN
