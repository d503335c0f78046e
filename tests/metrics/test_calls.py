"""The interceptor counts every kind of call, whichever way it ends."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from prometheus_client import CollectorRegistry

from wayfare.metrics.calls import CallMetrics

SERVICE = "test.Service"


async def echo(request, context):
    """One for one."""
    return request


async def abort(request, context):
    """Refuses."""
    await context.abort(grpc.StatusCode.NOT_FOUND, "no")


async def set_code(request, context):
    """Answers with a status it only sets."""
    context.set_code(grpc.StatusCode.OUT_OF_RANGE)
    return b""


async def crash(request, context):
    """Raises what nobody expects."""
    message = "boom"
    raise RuntimeError(message)


async def linger(request, context):
    """Never ends by itself."""
    await asyncio.Event().wait()


async def many(request, context):
    """Three for one."""
    for _number in range(3):
        yield request


async def many_then_abort(request, context):
    """One, and a refusal."""
    yield request
    await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "enough")


async def written(request, context):
    """Three for one, written rather than yielded."""
    for _number in range(3):
        await context.write(request)


async def gathered(requests, context):
    """One for many."""
    return b"".join([request async for request in requests])


async def echoed(requests, context):
    """Each for each."""
    async for request in requests:
        yield request


HANDLERS = {
    **{
        method.__name__: grpc.unary_unary_rpc_method_handler(method)
        for method in (echo, abort, set_code, crash, linger)
    },
    **{
        method.__name__: grpc.unary_stream_rpc_method_handler(method)
        for method in (many, many_then_abort, written)
    },
    "gathered": grpc.stream_unary_rpc_method_handler(gathered),
    "echoed": grpc.stream_stream_rpc_method_handler(echoed),
}


def called(use):
    """What `use(channel)` returned against a served interceptor, and the registry afterwards."""

    async def run():
        registry = CollectorRegistry()
        server = grpc.aio.server(interceptors=[CallMetrics(registry)])
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, HANDLERS)])
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            found = await use(channel)
        await server.stop(5.0)
        return found, registry

    return asyncio.run(run())


def handled(registry, method):
    """Ended calls of a method by type and status."""
    return {
        (sample.labels["grpc_type"], sample.labels["grpc_code"]): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "grpc_server_handled_total" and sample.labels["grpc_method"] == method
    }


def started(registry, method):
    """Begun calls of a method."""
    labels = {"grpc_service": SERVICE, "grpc_method": method}
    kinds = ("unary", "client_stream", "server_stream", "bidi_stream")
    named = [{**labels, "grpc_type": kind} for kind in kinds]
    return sum(registry.get_sample_value("grpc_server_started_total", one) or 0.0 for one in named)


async def unary(channel, method, **options):
    """The status of a unary call."""
    try:
        await channel.unary_unary(f"/{SERVICE}/{method}")(b"x", **options)
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


@pytest.mark.parametrize(
    ("method", "code"),
    [("echo", "OK"), ("abort", "NOT_FOUND"), ("set_code", "OUT_OF_RANGE"), ("crash", "UNKNOWN")],
)
def test_unary_calls_count_under_their_status(method, code):
    """What the caller is told is what is counted."""
    told, registry = called(lambda channel: unary(channel, method))
    assert told.name == code
    assert handled(registry, method) == {("unary", code): 1.0}
    assert started(registry, method) == 1.0


def test_calls_that_are_too_late_count_as_such():
    """A deadline that passes on the server is told apart from a caller who left."""
    told, registry = called(lambda channel: unary(channel, "linger", timeout=0.2))
    assert told is grpc.StatusCode.DEADLINE_EXCEEDED
    assert handled(registry, "linger") == {("unary", "DEADLINE_EXCEEDED"): 1.0}


def test_callers_that_leave_count_as_cancelled():
    """A caller who hangs up ends the call as cancelled."""

    async def leave(channel):
        stream = channel.unary_stream(f"/{SERVICE}/many")(b"x")
        await stream.read()
        call = channel.unary_unary(f"/{SERVICE}/linger")(b"x")
        await unary(channel, "echo")
        call.cancel()

    _told, registry = called(leave)
    assert handled(registry, "linger") == {("unary", "CANCELLED"): 1.0}


@pytest.mark.parametrize("method", ["many", "written"])
def test_streams_pass_through_and_count(method):
    """Answers that are yielded and answers that are written arrive; the call counts once."""

    async def read(channel):
        return [one async for one in channel.unary_stream(f"/{SERVICE}/{method}")(b"x")]

    found, registry = called(read)
    assert found == [b"x"] * 3
    assert handled(registry, method) == {("server_stream", "OK"): 1.0}


def test_a_stream_that_is_refused_half_way():
    """The refusal is the status, what came before arrived."""

    async def read(channel):
        stream = channel.unary_stream(f"/{SERVICE}/many_then_abort")(b"x")
        first = await stream.read()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stream.read()
        return first, caught.value.code().name

    found, registry = called(read)
    assert found == (b"x", "RESOURCE_EXHAUSTED")
    assert handled(registry, "many_then_abort") == {("server_stream", "RESOURCE_EXHAUSTED"): 1.0}


def test_streams_of_requests_count_by_their_type():
    """Client streams and streams both ways have their own types."""

    async def call(channel):
        one = await channel.stream_unary(f"/{SERVICE}/gathered")(iter([b"a", b"b"]))
        stream = channel.stream_stream(f"/{SERVICE}/echoed")(iter([b"a", b"b"]))
        return one, [answer async for answer in stream]

    found, registry = called(call)
    assert found == (b"ab", [b"a", b"b"])
    assert handled(registry, "gathered") == {("client_stream", "OK"): 1.0}
    assert handled(registry, "echoed") == {("bidi_stream", "OK"): 1.0}


def test_unknown_methods_make_no_series():
    """Nobody can make series by calling names that do not exist."""
    told, registry = called(lambda channel: unary(channel, "nothing"))
    assert told is grpc.StatusCode.UNIMPLEMENTED
    assert handled(registry, "nothing") == {}
