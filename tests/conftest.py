"""What tests of several folders share."""

from __future__ import annotations

import signal

import pytest

from prometheus_server import PrometheusServer

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
"""A shell's background job ignores interrupts, and so would every program that a test starts."""


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory):
    """A real Prometheus that takes samples of any past time."""
    server = PrometheusServer(tmp_path_factory.mktemp("prometheus"))
    yield server
    server.stop()
