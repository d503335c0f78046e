"""A real Prometheus on loopback, for tests: started, asked, stopped."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
storage: {{tsdb: {{out_of_order_time_window: {window}}}}}
scrape_configs:
- job_name: wayfare
  file_sd_configs: [{{files: [{targets}], refresh_interval: 1s}}]
"""
MISSING = "{name} is not installed (Debian: apt-get install prometheus)"
READY_S = 60.0


def program(name: str) -> str:
    """The path of a program; without it the test is skipped, and fails where CI runs."""
    found = shutil.which(name)
    if found is None:
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop(MISSING.format(name=name))
    return str(found)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition, what: str, within_s: float = READY_S):
    """What the condition returns once it is something; fails when it never is."""
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    pytest.fail(f"{what} did not happen within {within_s:g} s")


class PrometheusServer:
    """One server on a folder; `window` is how far back it takes samples."""

    def __init__(self, folder: Path, window: str = "10y") -> None:
        """Starts it and waits until it is ready."""
        binary = program("prometheus")
        folder.mkdir(parents=True, exist_ok=True)
        self.url = f"http://127.0.0.1:{free_port()}"
        self._targets = folder / "targets.json"
        self._targets.write_text("[]", encoding="utf-8")
        config = folder / "prometheus.yml"
        config.write_text(CONFIG.format(window=window, targets=self._targets), encoding="utf-8")
        command = [
            binary,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=100y",
            "--web.enable-remote-write-receiver",
            f"--web.listen-address={self.url.removeprefix('http://')}",
            "--log.level=warn",
        ]
        self._log = (folder / "log").open("w", encoding="utf-8")
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        wait_until(self._is_ready, "a ready Prometheus")

    @property
    def receiver(self) -> str:
        """Where samples are written to."""
        return f"{self.url}/api/v1/write"

    def _is_ready(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def scrape(self, address: str) -> None:
        """Scrapes an address from now on."""
        text = json.dumps([{"targets": [address]}])
        part = self._targets.with_suffix(".part")
        part.write_text(text, encoding="utf-8")
        part.replace(self._targets)

    def ask(self, path: str, **parameters: object) -> list[dict]:
        """The result of a query of the HTTP API."""
        query = urllib.parse.urlencode({name: str(value) for name, value in parameters.items()})
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=30) as answer:
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            pytest.fail(f"{parameters}: {error.read().decode()}")

    def instant(self, query: str, at_s: float | None = None) -> dict[frozenset, float]:
        """Values by labels of an instant query."""
        at = {} if at_s is None else {"time": at_s}
        found = self.ask("query", query=query, **at)
        return {frozenset(entry["metric"].items()): float(entry["value"][1]) for entry in found}

    def value(self, query: str, at_s: float | None = None) -> float:
        """The one value of a query."""
        (found,) = self.instant(query, at_s).values()
        return found

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait(timeout=30)
        self._log.close()
