"""The scenarios and the policy of the how-to pages run, and come to what the pages say."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from router.conformance import check_policy
from router.source_file import load_class
from simulator import InvalidScenarioError, load_scenario, simulate
from wayfare.cli import cli

if TYPE_CHECKING:
    from simulator import Scenario

HOW_TO = Path(__file__).resolve().parents[1] / "docs" / "how-to"
PAGES = ("own-prices", "own-model", "own-gpu")
ROW = re.compile(r"^\| ([^|]+) \| (`[^`]+`|-) \| ([\d.,]+) \| ([\d.]+ %) \|$", re.MULTILINE)


def text_of(page: str) -> str:
    """A page's text."""
    return (HOW_TO / f"{page}.md").read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """The listings of a page in a language; of none, the plain ones."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text_of(page), re.DOTALL | re.MULTILINE)
    return [listing for of, listing in found if of == language]


def scenario_of(page: str, folder: Path, *settings: str) -> Scenario:
    """The scenario that a page shows."""
    (shown,) = blocks(page, "yaml")
    file = folder / f"{page}.yaml"
    file.write_text(shown, encoding="utf-8")
    return load_scenario(file, overrides=settings)


ROWS = [(page, *found) for page in PAGES for found in ROW.findall(text_of(page))]


def test_every_page_has_its_rows() -> None:
    """No table of results is empty, and none has a cell that is not filled."""
    assert {page: sum(row[0] == page for row in ROWS) for page in PAGES} == {
        "own-prices": 5,
        "own-model": 3,
        "own-gpu": 4,
    }
    assert [page for page in (*PAGES, "steps-policy") if "|  |" in text_of(page)] == []


@pytest.mark.parametrize(("page", "change", "setting", "usd", "right"), ROWS)
def test_examples_come_to_what_the_page_says(
    page: str, change: str, setting: str, usd: str, right: str, tmp_path: Path
) -> None:
    """Each row's setting gives the row's dollars and right answers."""
    assert change
    settings = [] if setting == "-" else [setting.strip("`")]
    assert answered(scenario_of(page, tmp_path, *settings)) == (usd, right)


def answered(scenario: Scenario) -> tuple[str, str]:
    """Dollars of the deployments that answered, and the share of right answers, as the pages write them."""
    report = simulate(scenario).report
    parts = report.plain["by"]["deployment"].values()
    usd = sum(part["cost_usd"]["total"] for part in parts if part.get("requests", {}).get("completed"))
    return f"{usd:,.2f}", f"{100 * report.figure('quality.success_ratio'):.1f} %"


def test_prices_that_are_left_out_are_not_sold(tmp_path: Path) -> None:
    """Without a batch price there is no batch, without a cached price a cached prompt pays the usual one."""
    offer = 'catalog.overrides.offers."openai/gpt-4o".prices'
    bare = f"{offer}={{input_usd_per_mtok: 2, output_usd_per_mtok: 8}}"
    with pytest.raises(InvalidScenarioError, match="batch"):
        scenario_of("own-prices", tmp_path, bare)
    usual = ["fleet.batch.api.plan=pay_as_you_go", "duration=1h"]
    cached = "{input_usd_per_mtok: 2, output_usd_per_mtok: 8, cached_input_usd_per_mtok: "
    same = [
        answered(scenario_of("own-prices", tmp_path, *usual, setting))
        for setting in (bare, f"{offer}={cached}2}}")
    ]
    assert same[0] == same[1]
    cheaper = answered(scenario_of("own-prices", tmp_path, *usual, f"{offer}={cached}1}}"))
    assert float(cheaper[0]) < float(same[0][0])


def test_a_chip_that_no_profile_knows_is_warned_of_as_shown(tmp_path: Path) -> None:
    """The page's note is the run's, and what does not fit is refused with what would."""
    (note,) = blocks("own-gpu", "")
    scenario = scenario_of("own-gpu", tmp_path, "duration=10min")
    assert note.strip().removeprefix("note: ") in simulate(scenario).report.plain["warnings"]
    with pytest.raises(InvalidScenarioError, match=r"GB too large .* fits on tensor_parallel"):
        scenario_of("own-gpu", tmp_path, "fleet.workstation.model=llama-3.1-405b")


@pytest.mark.parametrize(("page", "kind"), [("own-model", "models"), ("own-gpu", "accelerators")])
def test_every_figure_of_an_own_entry_is_explained(page: str, kind: str) -> None:
    """The table of where figures come from has every key of the page's entry."""
    from catalogs.reader import parse_yaml

    (shown,) = blocks(page, "yaml")
    data: Any = parse_yaml(shown)
    (entry,) = data["catalog"]["overrides"][kind].values()
    keys = [*entry, *entry.get("architecture", {})]
    table = text_of(page).partition("**Where each figure comes from**")[2].partition("\n\n**")[0]
    plain = {"developer", "vendor", "open_weights", "source", "retrieved"}
    assert [
        key for key in keys if key not in plain and f"{key}`" not in table and f"`{key}." not in table
    ] == []


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's policy in a file of the name that the page gives it."""
    (shown,) = blocks("steps-policy", "python")
    file = tmp_path_factory.mktemp("steps") / "patient.py"
    file.write_text(shown, encoding="utf-8")
    return file


def test_the_policy_in_steps_conforms(policy: Path) -> None:
    """It passes the suite that all policies pass."""
    check_policy(load_class(f"{policy}:CheckedThenHedged"))


@cache
def hour() -> Scenario:
    """The page's hour of the support desk."""
    return load_scenario("support-desk-diurnal", overrides=["duration=1h"])


@pytest.mark.parametrize("name", ["patient.py:CheckedThenHedged", "cascade", "hedge", "cheapest_capable"])
def test_policies_of_the_page_come_to_its_figures(name: str, policy: Path) -> None:
    """The comparison's rows are those of the runs."""
    figure = simulate(hour(), name.replace("patient.py", str(policy))).report.figure
    cells = (
        f"`{name}`",
        f"{1_000 * figure('cost_usd.per_request'):.2f}",
        f"{100 * figure('quality.success_ratio'):.1f} %",
        f"{figure('latency.e2e_s.p95'):.1f} s",
    )
    assert f"| {' | '.join(cells)} |" in text_of("steps-policy")


def test_explained_requests_are_those_of_the_page(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`wayfare explain` prints what the page shows of both requests."""
    monkeypatch.chdir(policy.parent)
    run = ["run", "support-desk-diurnal", "--policy", "patient.py:CheckedThenHedged", "--set", "duration=1h"]
    done = CliRunner().invoke(cli, [*run, "--out", "out/patient", "--quiet"])
    assert done.exit_code == 0, done.output
    stories = [block for block in blocks("steps-policy", "") if block.startswith("Request")]
    assert len(stories) == 2
    for story in stories:
        number = story.split()[1]
        told = CliRunner().invoke(cli, ["explain", "out/patient", "--request", number]).output
        assert told.rstrip() == story.rstrip()
