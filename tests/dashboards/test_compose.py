"""docker-compose.yml and Dockerfile: what they promise of safety, and that they fit the tree."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bench.compose import NoComposeError, compose_command, next_release
from wayfare.cli import serve

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
VARIABLE = re.compile(r"^\$\{(\w+):-(.+)\}$")
PIN = re.compile(r"^([a-z0-9-]+)==([^ ;]+)( ; \S.*?)? \\$", re.MULTILINE)


@pytest.fixture(scope="module")
def compose():
    """The words that start Compose v2; skipped where there is none, but not on CI."""
    try:
        return compose_command(fetching=bool(os.environ.get("CI")))
    except NoComposeError as error:
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop(str(error))


def config(compose, **environment):
    """What Compose makes of the file, all variables filled in."""
    words = [*compose, "--file", str(ROOT / "docker-compose.yml"), "config"]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


def test_compose_accepts_it(compose):
    """Compose itself reads the file, and every image and port can be another."""
    plain = config(compose)["services"]
    assert [service["image"] for service in plain.values()] == [
        "grafana/grafana:12.1.0", "prom/prometheus:v3.5.0", "wayfare:local",
    ]  # fmt: skip
    variables = {VARIABLE.match(service["image"])[1]: "mine:1" for service in SERVICES.values()}
    changed = config(compose, **variables, BASE_IMAGE="base:1", GRAFANA_PORT="1234")["services"]
    assert {service["image"] for service in changed.values()} == {"mine:1"}
    assert changed["wayfare"]["build"]["args"]["BASE"] == "base:1"
    assert changed["grafana"]["ports"][0]["published"] == "1234"


def test_compose_finds_faults(compose, tmp_path):
    """A misspelt key is refused: the check is a check."""
    spoilt = tmp_path / "docker-compose.yml"
    spoilt.write_text("services: {wayfare: {image: x, helthcheck: {}}}", encoding="utf-8")
    words = [*compose, "--file", str(spoilt), "config", "--quiet"]
    assert subprocess.run(words, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("name", SERVICES)
def test_services_are_hardened(name: str):
    """No service is root, writes to its root file system, gains privileges or listens beyond loopback."""
    service = SERVICES[name]
    assert int(service["user"].split(":")[0]) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert all(port.startswith("127.0.0.1:${") for port in service["ports"])
    assert "network_mode" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_exists(name: str):
    """Mounts are files of this tree, read-only, or volumes that are declared."""
    for mount in SERVICES[name]["volumes"]:
        source, _inside, *mode = mount.split(":")
        if source.startswith("."):
            assert (ROOT / source).exists()
            assert mode == ["ro"]
        else:
            assert source in COMPOSE["volumes"]


def test_the_server_knows_its_options():
    """Every option of the server's command is one that `wayfare serve` has."""
    known = {name for option in serve.command.params for name in option.opts}
    options = {word.split("=")[0] for word in SERVICES["wayfare"]["command"] if word.startswith("--")}
    assert len(options) > 3
    assert options <= known


def test_prometheus_keeps_and_takes_the_past():
    """It scrapes the server by its name, takes samples that are written to it, and deletes none."""
    command = SERVICES["prometheus"]["command"]
    assert "--web.enable-remote-write-receiver" in command
    assert "--storage.tsdb.retention.time=100y" in command
    target = yaml.safe_load((ROOT / "dashboards/prometheus/targets/compose.yml").read_text(encoding="utf-8"))
    assert target == [{"targets": ["wayfare:9464"]}]
    assert any(port.endswith(":9464") for port in SERVICES["wayfare"]["ports"])


def test_the_image_is_not_roots():
    """The last stage ends as an unprivileged user, and everything copied into the build is let in."""
    last = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert re.findall(r"^USER (\d+):\d+$", last, re.MULTILINE) == [SERVICES["wayfare"]["user"].split(":")[0]]
    let_in = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split() if line[0] == "!"
    }
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    wanted = {word for line in copied for word in line.split()}
    assert wanted == let_in
    assert all((ROOT / word).exists() for word in wanted)


def test_the_installed_kernel_is_compiled():
    """Machine code is made of the installed sources and read where it was made."""
    assert re.findall(r"python (.*)-m simulator\.kernel", DOCKERFILE) == ["-P "]
    made, found = re.findall(r"NUMBA_CACHE_DIR=(\S+)", DOCKERFILE)
    assert made == found
    assert len(set(re.findall(r"NUMBA_CPU_NAME=(\S+)", DOCKERFILE))) == 1


def test_the_dockerfile_has_no_lint():
    """Hadolint has nothing to say."""
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_service_runs_on_the_tested_versions():
    """What the image installs is a part of what the tests ran with, at the same versions."""
    tested, served = (
        {
            (name, version, where)
            for name, version, where in PIN.findall((ROOT / lock).read_text(encoding="utf-8"))
        }
        for lock in ("requirements.lock", "requirements.service.lock")
    )
    assert len(served) > 30
    assert served <= tested


def test_sources_become_those_of_the_next_release():
    """Debian's own archive is kept, in both ways of writing it; security's and others' are left out."""
    modern = "Types: deb\nURIs: http://mirror/debian\nSuites: bookworm bookworm-updates\nComponents: main\n"
    other = "Types: deb\nURIs: http://mirror/debian-security\nSuites: bookworm-security\nComponents: main\n"
    wanted = modern.replace("bookworm bookworm-updates", "trixie")
    assert next_release(f"{modern}\n{other}", ".sources").strip() == wanted.strip()
    assert next_release(other, ".sources") == ""
    old = "deb http://mirror/debian bookworm main\ndeb http://mirror/debian-security bookworm-security main\n"
    assert next_release(old, ".list") == "deb http://mirror/debian trixie main\n"
    assert next_release("deb [signed-by=k] http://elsewhere/tools stable main\n", ".list") == ""
