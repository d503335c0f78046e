"""Remote write: messages that other programs read, and a client that knows when to give up."""

from __future__ import annotations

import http.server
import math
import threading
from typing import Any

import cramjam
import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given
from hypothesis import strategies as st

from simulator.report.metrics import Kind
from wayfare.metrics.errors import PushRejectedError, WrongAddressError
from wayfare.metrics.families import MetricFamily
from wayfare.metrics.remote_write.client import RemoteWriter
from wayfare.metrics.remote_write.wire import batches, varint, varints
from wayfare.metrics.sinks import RunSamples

DOUBLE, INT64, STRING, MESSAGE = 1, 3, 9, 11
FIELDS = {
    "Label": (("name", 1, STRING, ""), ("value", 2, STRING, "")),
    "Sample": (("value", 1, DOUBLE, ""), ("timestamp", 2, INT64, "")),
    "TimeSeries": (("labels", 1, MESSAGE, "Label"), ("samples", 2, MESSAGE, "Sample")),
    "WriteRequest": (("timeseries", 1, MESSAGE, "TimeSeries"),),
}


def write_request_class():
    """The protocol's message, made of its definition by Google's library."""
    file = descriptor_pb2.FileDescriptorProto(name="remote.proto", package="prom", syntax="proto3")
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        for field, number, kind, of in fields:
            repeated = 3 if kind == MESSAGE else 1
            made = message.field.add(name=field, number=number, type=kind, label=repeated)
            if of:
                made.type_name = f".prom.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("prom.WriteRequest"))


WriteRequest = write_request_class()


def run_samples(values, t_ms, run="r"):
    """A counter's series, one for each row of values."""
    family = MetricFamily(
        name="things_total",
        kind=Kind.COUNTER,
        text="Things.",
        labels=("task", "empty"),
        keys=[(f"t{number}", "") for number in range(len(values))],
        values=np.array(values, np.float64)[:, None, :],
    )
    return RunSamples(run=run, policy="päckchen", t_ms=np.array(t_ms, np.int64), families=(family,))


def decoded(samples, most):
    """What Google's library reads in the batches: by labels, instants and values; and the counts."""
    found, counts = {}, []
    for count, message in batches(samples, most):
        counts.append(count)
        for series in WriteRequest.FromString(message).timeseries:
            labels = tuple((label.name, label.value) for label in series.labels)
            found.setdefault(labels, []).extend((one.timestamp, one.value) for one in series.samples)
    return found, counts


rows = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.floats(allow_infinity=True, allow_nan=True), min_size=width, max_size=width),
        min_size=1,
        max_size=4,
    )
)


@given(values=rows, begin=st.integers(-(10**13), 2**45), most=st.integers(1, 12))
def test_other_programs_read_what_we_say(values, begin, most):
    """Every value that exists arrives once, at its instant, in order, whatever the batches."""
    t_ms = [begin + 700 * step for step in range(len(values[0]))]
    found, counts = decoded(run_samples(values, t_ms), most)
    expected = {
        (("__name__", "things_total"), ("policy", "päckchen"), ("run", "r"), ("task", f"t{number}")): [
            (at_ms, value) for at_ms, value in zip(t_ms, row, strict=True) if not math.isnan(value)
        ]
        for number, row in enumerate(values)
    }
    assert found == {labels: samples for labels, samples in expected.items() if samples}
    assert sum(counts) == sum(map(len, expected.values()))


@given(number=st.integers(0, 2**63 - 1))
def test_both_varints_are_the_same(number):
    """Numbers alone and in columns have the same bytes."""
    assert varints(np.array([number])).tobytes() == varint(number)


HANG_UP = 0


class Receiver(http.server.ThreadingHTTPServer):
    """Answers what it is told to, in turn, and keeps what it got."""

    daemon_threads = True

    def __init__(self, answers):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.got = list(answers), []
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_port}/api/v1/write"


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Any

    def do_POST(self):
        """Keeps the request and answers the next answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        status, text, headers = self.server.answers.pop(0) if self.server.answers else (204, "", {})
        if status == HANG_UP:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *words):
        """Keeps silent."""


@pytest.fixture
def receiver():
    """Makes receivers that end with the test."""
    made = []

    def make(*answers):
        made.append(Receiver(answers))
        return made[-1]

    yield make
    for one in made:
        one.shutdown()
        one.server_close()


SAMPLES = run_samples([[0.0, 1.0, 2.0], [0.0, 5.0, 5.5]], [1_000_000, 2_000_000, 3_000_000])
TOO_OLD = (500, "too old sample", {})


def test_requests_carry_the_protocols_headers(receiver):
    """Snappy, protobuf, the version, and the bearer token."""
    server = receiver()
    RemoteWriter(url=server.url, token="a" * 6).take(SAMPLES)
    ((headers, body),) = server.got
    assert headers["Content-Encoding"] == "snappy"
    assert headers["Content-Type"] == "application/x-protobuf"
    assert headers["X-Prometheus-Remote-Write-Version"] == "0.1.0"
    assert headers["Authorization"] == "Bearer aaaaaa"
    request = WriteRequest.FromString(bytes(cramjam.snappy.decompress_raw(body)))
    assert len(request.timeseries) == 2


def test_credentials_of_the_url_are_sent_and_never_said(receiver):
    """User and password go into the header; errors show the address without them."""
    server = receiver((403, "no", {}))
    url = server.url.replace("://", "://me:pass%20word@")
    with pytest.raises(PushRejectedError) as caught:
        RemoteWriter(url=url).take(SAMPLES)
    assert server.got[0][0]["Authorization"] == "Basic bWU6cGFzcyB3b3Jk"
    assert "word" not in str(caught.value)


def test_what_may_pass_is_tried_again_later(receiver):
    """Errors of the server and `429` are repeated, each wait longer, as long as asked for."""
    server, waits = receiver((503, "busy", {}), (429, "slow down", {"Retry-After": "7"}), (500, "", {})), []
    RemoteWriter(url=server.url, sleep=waits.append).take(SAMPLES)
    assert waits == [0.5, 7.0, 2.0]
    assert len({body for _headers, body in server.got}) == 1


def test_patience_has_an_end(receiver):
    """After six tries the last answer is the error."""
    server, waits = receiver(*[(503, "still busy", {})] * 10), []
    with pytest.raises(PushRejectedError, match="answered 503: still busy.*tried 6 times"):
        RemoteWriter(url=server.url, sleep=waits.append).take(SAMPLES)
    assert len(waits) == 5
    assert len(server.got) == 6


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (TOO_OLD, "out_of_order_time_window"),
        ((400, "out of bounds", {}), "out_of_order_time_window"),
        ((400, "duplicate sample for timestamp", {}), "another name"),
        ((404, "nothing", {}), "web.enable-remote-write-receiver"),
        ((401, "who are you?", {}), "who are you?"),
    ],
)
def test_what_no_repetition_helps_is_said_at_once(receiver, answer, advice):
    """Refusals are not repeated; the error has the answer and what to do about it."""
    server, waits = receiver(answer), []
    with pytest.raises(PushRejectedError, match=advice):
        RemoteWriter(url=server.url, sleep=waits.append).take(SAMPLES)
    assert waits == []
    assert len(server.got) == 1


def test_errors_say_how_much_arrived(receiver):
    """Batches that were taken before the refusal are counted."""
    server = receiver((204, "", {}), TOO_OLD)
    with pytest.raises(PushRejectedError, match="3 samples were taken before"):
        RemoteWriter(url=server.url, batch=3).take(SAMPLES)


def test_a_lost_connection_is_tried_again(receiver):
    """A receiver that hangs up without an answer gets the same batch again."""
    server, waits = receiver((HANG_UP, "", {})), []
    RemoteWriter(url=server.url, sleep=waits.append).take(SAMPLES)
    assert waits == [0.5]
    assert len(server.got) == 2


@pytest.mark.parametrize("url", ["", "localhost:9090", "ftp://host/x", "http:///api"])
def test_what_is_no_address_is_refused(url):
    """A URL has a scheme and a host."""
    with pytest.raises(WrongAddressError, match="http"):
        RemoteWriter(url=url)
