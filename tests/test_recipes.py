"""The recipes of CONTRIBUTING.md, each performed in a copy of the tree: the files named are enough."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("catalogs", "router", "simulator", "wayfare", "proto", "docs/reference", "scenarios")
GENERATED = re.compile(r"proto/wayfare/v1/|wayfare/v1/|scenarios/scenario\.schema\.json|docs/reference/")
SMALL = ("--json", "--quiet", "--set", "duration=2min")

POLICY = '''"""The first candidate."""

from router.decision import Send


class AlwaysFirst:
    """Sends to the first candidate."""

    name = "always_first"

    def route(self, request, fleet, rng):
        """A send to the first candidate."""
        return Send(target=fleet.targets[fleet.candidates[0]].name, reason="first")
'''
PATTERN = '''"""Arrivals in pairs."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np

from simulator.arrivals.pattern import PATTERN, Arrivals
from simulator.quantities import Part, Rate


class PairedArrivals(Part):
    """Two requests at once, evenly spaced."""

    pattern: Literal["paired"]
    rate: Rate

    KEYS: ClassVar[Mapping[str, str]] = {"pattern": PATTERN, "rate": "Mean arrivals. Example: 2/s."}

    def arrivals(self, window, rng):
        """Pairs of arrivals."""
        return Arrivals(arrival_s=np.repeat(np.arange(0.0, window.duration_s, 2.0 / self.rate), 2))
'''
BACKEND = '''"""Back-end `stopwatch`: any number of requests, each answered after the same time."""

import numpy as np

from simulator.fleet.backend import Service
from simulator.kernel.spec import ServersSpec
from simulator.world.plan import Timings


class StopwatchBackend:
    """Answers after the time stated."""

    def problems(self, scenario, deployment):
        """None."""
        return iter(())

    def service(self, scenario, deployment):
        """One queue of many servers."""
        window = scenario.catalog.model(deployment.model).context_window_tokens
        return Service(queues=ServersSpec(servers=1_000), context_window_tokens=window)

    def timings(self, scenario, deployment, work, streams):
        """The same time for all."""
        first_s = np.full(len(work.output), deployment.stopwatch.answer)
        return Timings(first_s=first_s, gap_s=np.zeros(len(work.output)), redraw=False)
'''
COMMAND = '''"""`wayfare hello`: a greeting."""

import click


@click.command("hello")
def command() -> None:
    """Greet."""
    click.echo("good day")
'''
ACCELERATOR = """
test-chip:
  vendor: NVIDIA
  tflops: {bf16: 362, fp8: 733}
  memory_gb: 48.31
  bandwidth_gb_per_s: 1728
  link_gb_per_s: 32
  chips_per_host: 8
  tdp_w: 350
  idle_w: 35
  floor_w: 218
  memory_w: 28
  compute_w: 380
  host_w: 60
  rent_usd_per_hour: {on_demand: 1.5}
  purchase_usd: 8000
  host_purchase_usd: 12000
  embodied_kgco2e: 143
  host_embodied_kgco2e: 2736
  lifetime_years: 4
  source: a test
  retrieved: 2026-11-23
"""
STOPWATCH = '''class Stopwatch(Part):
    """The time of every answer."""

    answer: Span


'''
IDLE_RATIO = """    idle_ratio: float | None = figure("Idle over total.", Format.RATIO, no_metric=RATIO)
"""
FORMAT = """        "acme": TraceLayout(
            columns={"timestamp": ("when",), "input_tokens": ("asked",), "output_tokens": ("answered",)},
            time_unit="s",
        ),
"""


@dataclass(frozen=True)
class Recipe:
    """A name for `NAME`, the new file's text, and replacements in files that are there."""

    name: str = ""
    text: str = ""
    replaced: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


RECIPES = {
    "a policy": Recipe(
        name="always_first",
        text=POLICY,
        replaced={
            "router/registry.py": [
                ("from router.policies.cascade", "from router.policies.always_first import AlwaysFirst\n"),
                ('    "always_strongest": Plain', '    "always_first": PlainPolicy(AlwaysFirst),\n'),
            ]
        },
    ),
    "an arrival pattern": Recipe(
        name="paired",
        text=PATTERN,
        replaced={
            "simulator/arrivals/registry.py": [
                ("from simulator.arrivals.pattern", "from simulator.arrivals.paired import PairedArrivals\n"),
                (
                    '    | Annotated[PlugInArrivals, Tag("plug-in")]',
                    '    | Annotated[PairedArrivals, Tag("paired")]\n',
                ),
            ]
        },
    ),
    "a back-end": Recipe(
        name="stopwatch",
        text=BACKEND,
        replaced={
            "simulator/fleet/registry.py": [
                ("\nif TYPE", "from simulator.fleet.backends.stopwatch import StopwatchBackend\n"),
                ("    }\n)", '        "stopwatch": StopwatchBackend(),\n'),
            ],
            "simulator/settings/fleet.py": [
                ('"hardware", "api"', '"stopwatch", '),
                (
                    "class Pricing(",
                    'class Stopwatch(Part):\n    """The time of every answer."""\n\n    answer: Span\n\n\n',
                ),
                ("    replicas: Annotated", "    stopwatch: Stopwatch | None = None\n"),
            ],
            "simulator/settings/descriptions/fleet.py": [
                (
                    '        "replicas": ',
                    '        "stopwatch": "Answers in the same time. Example: {answer: 2s}.",\n',
                ),
                ('    "Pricing": {', '    "Stopwatch": {"answer": "Time of every answer. Example: 2s."},\n'),
            ],
        },
    ),
    "an accelerator fact": Recipe(
        replaced={"catalogs/accelerators/accelerators.yaml": [("\nl40s:", ACCELERATOR)]}
    ),
    "a report figure": Recipe(
        name="energy",
        replaced={
            "simulator/report/blocks/energy.py": [
                ("\n\n@dataclass(frozen=True, slots=True, kw_only=True)\nclass Emissions", IDLE_RATIO),
                ("**kinds, per_request", 'idle_ratio=ratio(kinds["idle"], total), '),
            ]
        },
    ),
    "a CLI command": Recipe(
        name="hello",
        text=COMMAND,
        replaced={
            "wayfare/cli/__init__.py": [('    "serve": (', '    "hello": ("wayfare.cli.hello", "Greet."),\n')]
        },
    ),
    "a trace format": Recipe(replaced={"simulator/traces/formats.py": [("        # Azure LLM", FORMAT)]}),
}


def rows() -> dict[str, list[str]]:
    """The recipes of the page: cells of by hand and then, as code spans."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Recipes")[2]
    lines = re.findall(r"^\| (an? [^|]+) \| ([^|]+) \| ?([^|]*)\|$", text, re.MULTILINE)
    return {name: re.findall(r"`([^`]+)`", by_hand) for name, by_hand, _then in lines}


def digests(tree: Path) -> dict[str, str]:
    """Every source of the tree by path."""
    files = [file for file in tree.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    return {str(file.relative_to(tree)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def changed(tree: Path, before: dict[str, str]) -> set[str]:
    """Paths that are new or another than before."""
    return {path for path, digest in digests(tree).items() if before.get(path) != digest}


def perform(tree: Path, recipe: Recipe, new: str | None) -> None:
    """Makes the recipe's edits: each text goes before the first place named."""
    if new is not None:
        (tree / new).write_text(recipe.text, encoding="utf-8")
    for path, edits in recipe.replaced.items():
        text = (tree / path).read_text(encoding="utf-8")
        for place, added in edits:
            assert place in text, (path, place)
            text = text.replace(place, added + place, 1)
        (tree / path).write_text(text, encoding="utf-8")


def started(tree: Path, *command: object) -> str:
    """What a command prints that knows the copy alone."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=tree,
        env={**env, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def read(tree: Path, path: str) -> str:
    """A file of the copy."""
    return (tree / path).read_text(encoding="utf-8")


def wayfare(tree: Path, *arguments: object) -> str:
    """What the copy's command line prints."""
    return started(tree, sys.executable, "-m", "wayfare", *arguments)


@pytest.fixture(scope="module")
def performed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, set[str]]]:
    """A copy with all recipes performed and everything generated anew; the files each has touched."""
    tree = tmp_path_factory.mktemp("recipes")
    for folder in COPIED:
        shutil.copytree(ROOT / folder, tree / folder)
    shutil.copy(ROOT / "Makefile", tree)
    touched = {}
    for what, recipe in RECIPES.items():
        before = digests(tree)
        new = next((path for path in rows()[what] if recipe.text and "NAME" in path), None)
        perform(tree, recipe, None if new is None else new.replace("NAME", recipe.name))
        touched[what] = changed(tree, before)
    before = digests(tree)
    started(tree, "make", "--old-file=.venv/.ready", f"BIN={Path(sys.executable).parent}", "proto", "docs")
    touched["generated"] = changed(tree, before)
    return tree, touched


@pytest.fixture
def tree(performed: tuple[Path, dict[str, set[str]]]) -> Path:
    """The copy."""
    return performed[0]


@pytest.mark.parametrize("what", RECIPES)
def test_the_page_names_the_files_of_a_recipe(what: str, performed: tuple[Path, dict[str, set[str]]]) -> None:
    """The files edited are those that the page lists, no more and no fewer."""
    listed = {path.replace("NAME", RECIPES[what].name) for path in rows()[what]}
    assert performed[1][what] == listed


def test_every_recipe_of_the_page_is_performed() -> None:
    """A recipe without a trial proves nothing."""
    assert rows().keys() == RECIPES.keys()


def test_what_is_generated_is_where_the_page_says(performed: tuple[Path, dict[str, set[str]]]) -> None:
    """`make proto docs` writes the contract, its stubs, the schema and both references, and no source."""
    generated = performed[1]["generated"]
    assert all(GENERATED.match(path) for path in generated)
    assert generated >= {
        "proto/wayfare/v1/scenario.proto",
        "proto/wayfare/v1/report.proto",
        "wayfare/v1/report_pb2.py",
        "scenarios/scenario.schema.json",
        "docs/reference/scenario.md",
        "docs/reference/figures.md",
    }


def test_a_policy_decides(tree: Path) -> None:
    """A run goes by the new policy, and the list shows it."""
    report = json.loads(wayfare(tree, "run", "support-desk-diurnal", *SMALL, "--policy", "always_first"))
    assert report["policy"] == "always_first"
    assert report["requests"]["completed"] > 0
    assert "Sends to the first candidate." in wayfare(tree, "policies")


def test_an_arrival_pattern_arrives(tree: Path) -> None:
    """A scenario takes the new pattern; schema, reference and contract have it."""
    arrivals = "workload.streams.chat.arrivals={pattern: paired, rate: 1/s}"
    report = json.loads(wayfare(tree, "run", "frontier-only", *SMALL, "--set", arrivals))
    assert report["requests"]["arrived"] >= 120
    assert "PairedArrivals" in read(tree, "scenarios/scenario.schema.json")
    assert "## Paired arrivals\n" in read(tree, "docs/reference/scenario.md")
    assert "PairedArrivals paired = 6;" in (tree / "proto/wayfare/v1/scenario.proto").read_text(
        encoding="utf-8"
    )


def test_a_back_end_serves(tree: Path, tmp_path: Path) -> None:
    """A deployment stands on the new back-end and answers in its time; schema and contract have it."""
    text = read(tree, "scenarios/frontier-only.yaml")
    file = tmp_path / "stopwatch.yaml"
    file.write_text(
        text.replace("api: {offer: openai/gpt-6.1-sol}", "stopwatch: {answer: 2s}"), encoding="utf-8"
    )
    report = json.loads(wayfare(tree, "run", file, *SMALL, "--out", tmp_path / "out"))
    assert 2.0 <= report["latency"]["e2e_s"]["p50"] < 2.2
    assert "## Stopwatch\n" in read(tree, "docs/reference/scenario.md")
    assert "Stopwatch stopwatch = " in read(tree, "proto/wayfare/v1/scenario.proto")


def test_an_accelerator_is_a_fact(tree: Path) -> None:
    """A deployment stands on the new chip, and the catalog shows its source."""
    chip = "fleet.small.hardware={accelerator: test-chip}"
    report = json.loads(wayfare(tree, "run", "support-desk-diurnal", *SMALL, "--set", chip))
    assert report["requests"]["completed"] > 0
    assert "a test" in wayfare(tree, "catalog", "show", "test-chip")


def test_a_figure_reaches_every_reader(tree: Path) -> None:
    """JSON, the contract's message and the page of figures have the new figure."""
    text = wayfare(tree, "run", "support-desk-diurnal", *SMALL)
    energy = json.loads(text)["energy_wh"]
    assert energy["idle_ratio"] == pytest.approx(energy["idle"] / energy["total"])
    script = (
        "import json, sys; from wayfare.convert.report import report_message;"
        "print(report_message(json.loads(sys.argv[1])).energy_wh.idle_ratio)"
    )
    assert float(started(tree, sys.executable, "-c", script, text)) == energy["idle_ratio"]
    assert "double idle_ratio = " in read(tree, "proto/wayfare/v1/report.proto")
    assert "`energy_wh.idle_ratio` | ratio" in (tree / "docs/reference/figures.md").read_text(
        encoding="utf-8"
    )


def test_a_command_is_called(tree: Path) -> None:
    """The new command runs, and the help lists it."""
    assert wayfare(tree, "hello") == "good day\n"
    assert re.search(r"hello +Greet\.", wayfare(tree, "--help"))


def test_a_trace_format_is_read(tree: Path, tmp_path: Path) -> None:
    """A recording of the new format is detected, and schema and reference name it."""
    file = tmp_path / "acme.csv"
    file.write_text("when,asked,answered\n0,100,20\n5,200,30\n", encoding="utf-8")
    found = json.loads(wayfare(tree, "trace", "inspect", file, "--json"))
    assert found["format"] == "acme"
    assert '"acme"' in read(tree, "scenarios/scenario.schema.json")
    assert "`acme`" in read(tree, "docs/reference/scenario.md")
    script = (
        "from simulator.arrivals.trace import TraceArrivals;"
        "print(len(TraceArrivals(pattern='trace', file='%s', format='acme').trace()))"
    )
    assert started(tree, sys.executable, "-c", script % file) == "2\n"
