"""Variants and sweeps on the command line: tables that fit, folders apart, refusals whole."""

from __future__ import annotations

import json

import pytest
import yaml
from click.testing import CliRunner

from simulator import compare
from wayfare.cli import cli
from wayfare.cli.exits import exit_code
from wayfare.render.html.page import comparison_page
from wayfare.render.terminal.comparison import print_comparison
from world_cases import plain, scenario

VARIANTS = ("score_threshold:threshold=0.3", "score_threshold:threshold=0.6")
LONG = "score_threshold:strong=frontier,threshold=0.3,weak=small"


@pytest.fixture(scope="module")
def world():
    """A small scenario of a minute."""
    return scenario(duration="1min")


@pytest.fixture(scope="module")
def comparison(world):
    """A long variant swept, over two replications."""
    return compare(
        world, ["score_threshold:strong=frontier,weak=small"], replications=2,
        sweeps=["policy.threshold=0.3..0.9/3"],
    )  # fmt: skip


@pytest.fixture
def file(tmp_path):
    """The scenario as a file."""
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(plain(duration="1min")), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_long_labels_do_not_ruin_tables(world, comparison, monkeypatch, capsys, width):
    """No line is wider than the terminal, the sweep's table has a row a value, and labels are told whole."""
    monkeypatch.setenv("COLUMNS", str(width))
    print_comparison(world, comparison)
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= width
    sweep = text.split("Sweep of policy.threshold", 1)[1].splitlines()
    for value in ("0.3", "0.6", "0.9"):
        assert any(line.split(" ")[0] == value for line in sweep)
    assert LONG in text.replace("\n", "")


def test_marks_say_what_the_figures_say(world, comparison, monkeypatch, capsys):
    """A value is marked where it lies on the hull of the settings, and where above single deployments."""
    monkeypatch.setenv("COLUMNS", "120")
    print_comparison(world, comparison)
    sweep = capsys.readouterr().out.split("Sweep of policy.threshold", 1)[1].splitlines()
    (curve,) = comparison.sweeps
    for point in curve.points:
        row = next(line for line in sweep if line.startswith(str(point.value)))
        assert ("^" in row.split("  ")[0]) == (point.place in curve.hull_of_mixes)
        assert ("+" in row.split("  ")[0]) == (curve.gain_ratio(point) > 0)


def test_the_page_draws_every_curve(world, comparison):
    """The page has the sweep's chart with a point a value, both lines and every deployment's name."""
    page = comparison_page(world, comparison)
    (_before, _mark, rest) = page.partition("data-chart=chart-sweep-1>")
    drawn = json.loads(rest.partition("</script>")[0])
    rows = (
        [row for values in drawn["datasets"].values() for row in values]
        if "datasets" in drawn
        else [row for layer in drawn["layer"] for row in layer["data"]["values"]]
    )
    names = {row["name"] for row in rows if "name" in row}
    assert {"0.3", "0.6", "0.9", "small", "frontier", "without a router"} <= names
    costs = {round(row["cost"], 9) for row in rows if row.get("name") in {"0.3", "0.6", "0.9"}}
    assert costs == {round(1_000 * point.place[0], 9) for point in comparison.sweeps[0].points}


def test_variants_have_folders_of_their_own(file, tmp_path):
    """Each label becomes a safe folder with its own report in it."""
    out = tmp_path / "out"
    asked = [part for text in VARIANTS for part in ("--policy", text)]
    options = ["compare", file, *asked, "--replications", "1", "--out", str(out), "--quiet"]
    assert CliRunner().invoke(cli, options, catch_exceptions=False).exit_code == 0
    found = {
        json.loads((folder / "report.json").read_text())["policy"]: folder.name
        for folder in out.iterdir()
        if folder.is_dir()
    }
    assert set(VARIANTS) < set(found)
    assert len(set(found.values())) == len(found)
    assert all(name.replace("-", "").replace(".", "").replace("_", "").isalnum() for name in found.values())
    assert len(json.loads((out / "comparison.json").read_text())["reports"]) == len(found)


def test_a_run_takes_a_variant(file):
    """`run` reports under the variant's label."""
    done = CliRunner().invoke(cli, ["run", file, "--policy", "hedge:after_s=0.50", "--json", "--quiet"])
    assert json.loads(done.stdout)["policy"] == "hedge:after_s=0.5"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--policy", "score_threshold:thresh=1,threshold=high"),
            ("did you mean 'threshold'", "is not a number"),
        ),
        (
            ("--policy", "hedge:after_s=-1", "--sweep", "policy.x=1,2", "--set", "duration=-1"),
            ("--policy: hedge:after_s=-1: after_s", "--sweep: policy.x: no policy compared", "duration"),
        ),
        (
            ("--policy", "score_threshold", "--sweep", "policy.threshold=0.5..1.5/3"),
            ("1.5 is not in [0, 1]",),
        ),
        (("--policy", "hedge:after_s", "--sweep", "fleet.x=1,2"), ("sets none", "allowed: policy.KNOB")),
    ],
)
def test_what_cannot_run_is_refused_whole(file, options, said):
    """All problems of variants, sweeps and scenario are told before anything runs."""
    done = CliRunner().invoke(cli, ["compare", file, *options])
    assert exit_code(done.exception) == 2
    for text in said:
        assert text in str(done.exception)
