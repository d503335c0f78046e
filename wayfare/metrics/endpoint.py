"""`/metrics` over HTTP, served by threads of its own: no scrape keeps a call waiting."""

from __future__ import annotations

import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
TIMEOUT_S = 10.0


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "wayfare", ""
    timeout = TIMEOUT_S
    server: MetricsServer

    def do_GET(self) -> None:
        """The page, or that there is none."""
        if self.path.partition("?")[0] == PATH:
            self._answer(HTTPStatus.OK, self.server.page().encode())
        else:
            self._answer(HTTPStatus.NOT_FOUND, f"nothing here; metrics are at {PATH}\n".encode())

    def _answer(self, status: HTTPStatus, body: bytes) -> None:
        """Sends a text."""
        self.send_response(status)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Keeps silent: scrapes are no news."""


class MetricsServer(ThreadingTCPServer):
    """Serves a page while it is open.

    Not the library's HTTP server: that one asks for its own name in the DNS when it starts.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, host: str, port: int, page: Callable[[], str]) -> None:
        """Listens.

        Raises:
            OSError: the address is not available.
        """
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            super().__init__((host, port), Handler)
        except OSError as error:
            message = f"cannot listen on '{host}:{port}' for metrics: {error}"
            raise OSError(message) from error
        self.page = page
        self._thread = threading.Thread(target=self.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listens no more."""
        self.shutdown()
        self.server_close()
        self._thread.join()
