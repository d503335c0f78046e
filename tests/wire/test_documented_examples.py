"""Every example of docs/how-to/grpc.md runs as it stands, in Python, Node and the shell."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from serving import Service

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "grpc.md").read_text(encoding="utf-8")
BUF = Path(sys.executable).with_name("buf")


def blocks(language):
    """The page's blocks in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service to call."""
    with Service(tmp_path_factory.mktemp("store")) as made:
        yield made


def ran(command, cwd=ROOT):
    """What a command prints; it must succeed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def missing(what):
    """Skips, or fails where nothing may be skipped."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}; it must be there on CI")
    pytest.skip(f"{what}: this client is not tested here")


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_python_examples(service, number):
    """The Python examples print costs."""
    text = blocks("python")[number].replace("127.0.0.1:50051", service.address)
    assert re.search(r"\d+\.\d+", ran([sys.executable, "-c", text]))


@pytest.fixture(scope="module")
def node_modules():
    """The Node packages, installed once from the lock."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        missing("no node and npm")
    folder = ROOT / "out" / "node"
    folder.mkdir(parents=True, exist_ok=True)
    lock = ROOT / "tests" / "node" / "package-lock.json"
    if not (folder / "node_modules").exists() or (folder / lock.name).read_text() != lock.read_text():
        for file in (lock, lock.with_name("package.json")):
            shutil.copy(file, folder)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            missing(f"npm cannot install @grpc/grpc-js: {done.stderr.strip()[-300:]}")
    return folder / "node_modules"


def test_the_node_example(service, node_modules, tmp_path):
    """A client in another language creates, watches, reports and cancels."""
    (text,) = blocks("js")
    (tmp_path / "node_modules").symlink_to(node_modules)
    (tmp_path / "proto").symlink_to(ROOT / "proto")
    (tmp_path / "client.mjs").write_text(text.replace("127.0.0.1:50051", service.address))
    lines = ran(["node", "client.mjs"], cwd=tmp_path).splitlines()
    assert "STATE_SUCCEEDED 1" in lines
    assert any(re.fullmatch(r"[0-9a-f]{64} \d+\.\d+", line) for line in lines)
    assert re.fullmatch(r"STATE_CANCELLED cancelled while it (ran|waited)", lines[-1])


@pytest.mark.skipif(not BUF.exists(), reason="no buf: the shell's examples are not tested here")
def test_the_shell_examples(service):
    """`buf curl` creates a run, lists it and the methods, through reflection alone."""
    (text,) = blocks("sh")
    commands = text.replace("127.0.0.1:50051", service.address).replace("buf curl", f"{BUF} curl")
    printed = ran(["bash", "-ec", commands])
    created, listed = json_objects(printed)[:2]
    assert created["scenario"] == "frontier-only"
    assert "runId" in listed["runs"][0]
    assert "wayfare.v1.SimulationService/WatchRun" in printed


def json_objects(text):
    """JSON objects that stand one after the other at the beginning of a text."""
    found, decoder, text = [], json.JSONDecoder(), text.lstrip()
    while text.startswith("{"):
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].lstrip()
    return found
