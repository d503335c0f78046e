"""What tests of several folders share."""

from __future__ import annotations

import pytest

from prometheus_server import PrometheusServer


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory):
    """A real Prometheus that takes samples of any past time."""
    server = PrometheusServer(tmp_path_factory.mktemp("prometheus"))
    yield server
    server.stop()
