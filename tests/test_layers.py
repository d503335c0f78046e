"""Imports point down; the contracts that say so fail when they are violated."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("catalogs", "router", "simulator", "wayfare")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Import Linter's verdict on a tree."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    return subprocess.run([*command, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and their contracts in a folder of their own."""
    folder = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        ignore = shutil.ignore_patterns("__pycache__", "*.yaml")
        shutil.copytree(ROOT / package, folder / package, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_tree_keeps_its_contracts(copy: Path) -> None:
    """All contracts hold."""
    done = lint(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("router/views/fleet.py", "import simulator.report.report", "Imports point down"),
        ("catalogs/units.py", "import router.views.fleet", "Imports point down"),
        ("simulator/report/report.py", "import rich", "The core knows nothing"),
        ("router/views/loads.py", "import simpy", "Only the simulator imports"),
        ("router/policies/static.py", "import router.policies.cascade", "Policies never import"),
        (
            "simulator/kernel/compiled/batch/costs.py",
            "import simulator.world.clock",
            "The kernel stands on nothing",
        ),
        ("simulator/world/clock.py", "import simulator.accounting.money", "The world knows no scenario"),
        ("simulator/streams.py", "import simulator.experiment.pareto", "The simulator's own layers"),
        ("router/policies/static.py", "import router.registry", "The router's own layers"),
        ("router/policies/static.py", "import router.host.host", "The router's own layers"),
        ("wayfare/render/numbers.py", "import wayfare.cli.exits", "The shell's own layers"),
        ("wayfare/metrics/service.py", "import wayfare.service.limits", "The shell's own layers"),
        (
            "wayfare/service/rpc/simulation.py",
            "import wayfare.service.lifecycle",
            "The service's own layers",
        ),
        (
            "wayfare/service/live/hosted_routers.py",
            "import wayfare.service.intake.checker",
            "The service's own",
        ),
        ("wayfare/service/ports.py", "import wayfare.service.runs.scheduler", "The service's own layers"),
    ],
)
def test_a_violation_is_caught(copy: Path, file: str, line: str, contract: str) -> None:
    """An import in the wrong direction breaks the contract that forbids it."""
    path = copy / file
    kept = path.read_text(encoding="utf-8")
    marker = "from __future__ import annotations\n"
    path.write_text(kept.replace(marker, f"{marker}\n{line}\n", 1), encoding="utf-8")
    try:
        done = lint(copy)
    finally:
        path.write_text(kept, encoding="utf-8")
    assert done.returncode == 1
    broken = [text for text in done.stdout.splitlines() if " BROKEN" in text]
    assert any(text.startswith(contract) for text in broken), done.stdout
