"""What the pages show works as written."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from router.conformance import check_policy
from router.registry import policy_names
from router.source_file import load_class
from simulator import compare, load_scenario, simulate
from wayfare.cli.serve import command as serve

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
POLICY_PAGES = (("README.md", "ShortStaysHome"), ("docs/how-to/write-a-policy.md", "LeastLoadedCapable"))


@pytest.mark.parametrize(("page", "name"), POLICY_PAGES)
def test_policies_on_the_pages_run_and_conform(page: str, name: str, tmp_path: Path) -> None:
    """The example is a policy by its own rules, and runs in a shipped scenario."""
    text = (ROOT / page).read_text(encoding="utf-8")
    example, *_others = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    file = tmp_path / "mine.py"
    file.write_text(example, encoding="utf-8")
    check_policy(load_class(f"{file}:{name}"))
    scenario = load_scenario("support-desk-diurnal", overrides=["duration=10min"])
    assert simulate(scenario, f"{file}:{name}").report.figure("requests.completed") > 50


def test_both_kinds_of_policy_on_the_page_are_compared(tmp_path: Path) -> None:
    """A policy and a policy in steps, ten lines each, stand in a comparison beside one that ships."""
    text = (ROOT / "docs/how-to/write-a-policy.md").read_text(encoding="utf-8")
    route, steps, *_server = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    file = tmp_path / "mine.py"
    file.write_text(route + steps, encoding="utf-8")
    names = [f"{file}:LeastLoadedCapable", f"{file}:NextOnFailure", "least_outstanding"]
    for shown, name in ((route, names[0]), (steps, names[1])):
        check_policy(load_class(name))
        assert len([line for line in shown.splitlines() if line]) <= 12
    scenario = load_scenario("support-desk-diurnal", overrides=["duration=5min"])
    found = compare(scenario, names, replications=1)
    assert found.policies[:3] == tuple(names)
    assert all(report.figure("requests.completed") > 20 for report in found.reports)


def test_the_policy_server_on_the_page_serves(tmp_path: Path) -> None:
    """The policy and its three lines more, as a script, decide for a run."""
    text = (ROOT / "docs/how-to/write-a-policy.md").read_text(encoding="utf-8")
    script = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    file = tmp_path / "served.py"
    file.write_text(script.replace(":50061", ":0"), encoding="utf-8")
    command = [sys.executable, "-u", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        scenario = load_scenario("support-desk-diurnal", overrides=["duration=10min"])
        served = simulate(scenario, f"grpc://{address}").report
        server.terminate()
    here = simulate(scenario, f"{file}:LeastLoadedCapable").report
    assert served.plain["decisions"] == here.plain["decisions"]


def routers_of_others(folder: Path) -> Path:
    """The page's file of other libraries' routers."""
    text = (ROOT / "docs/how-to/write-a-policy.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(import csv\n.*?)```", text, re.DOTALL)
    file = folder / "theirs.py"
    file.write_text(example, encoding="utf-8")
    return file


def test_a_named_model_of_the_page_serves_long_prompts(tmp_path: Path) -> None:
    """The RouterArena example sends prompts of more than fifty tokens to what `mapping.strong` says."""
    ends = "mapping.weak=small,mapping.strong=frontier-api"
    scenario = load_scenario("support-desk-diurnal", overrides=["duration=10min"])
    requests = simulate(scenario, f"{routers_of_others(tmp_path)}:LongIsHard:{ends}").requests
    strong = np.array([target.startswith("frontier-api") for target in requests["policy_target"]])
    assert (strong == (requests["input_token_count"] > 50)).all()
    assert 0 < strong.sum() < len(strong)


def test_scores_by_query_of_the_page_decide_over_recorded_answers(tmp_path: Path) -> None:
    """The RouteLLM example is asked by query id: with the table's own scores it decides as they do."""
    models = ("llama-3.1-8b", "claude-haiku-4.5", "claude-opus-5.5")
    scores = {f"q{number}": round((number * 7 % 40) / 40, 3) for number in range(40)}
    rows = [f"{query},{model},1,50,{score}" for query, score in scores.items() for model in models]
    table = tmp_path / "answers.csv"
    table.write_text("query,model,correct,output_tokens,score\n" + "\n".join(rows), encoding="utf-8")
    own = tmp_path / "scores.csv"
    own.write_text("query,win_rate\n" + "\n".join(f"{q},{s}" for q, s in scores.items()), encoding="utf-8")
    settings = ["duration=10min", f"quality.outcomes={json.dumps(str(table))}"]
    scenario = load_scenario("support-desk-diurnal", overrides=settings)
    spec = f"{routers_of_others(tmp_path)}:ScoresByQuery:path={own},threshold=0.6"
    hosted, plain = (simulate(scenario, one).requests for one in (spec, "score_threshold:threshold=0.6"))
    assert (hosted["policy_target"] == plain["policy_target"]).all()
    assert len(set(hosted["reason"])) == 2


@pytest.mark.parametrize("target", ["by-token", "batch", "units"])
def test_price_plans_cost_what_the_page_says(target: str) -> None:
    """The figures of the how-to about price plans are those of its scenario."""
    page = (ROOT / "docs/how-to/choose-a-price-plan.md").read_text(encoding="utf-8")
    scenario = load_scenario("api-price-plans", overrides=[f"router.parameters.target={target}"])
    parts = simulate(scenario).report.plain["by"]["deployment"]
    bought = [target, "by-token"] if target == "units" else [target]
    assert " + ".join(f"{parts[name]['cost_usd']['total']:,.2f}" for name in bought) in page


@pytest.mark.parametrize("policy", ["always_cheapest", "cheapest_capable", "always_strongest"])
def test_agents_cost_what_the_page_says(policy: str) -> None:
    """The figures of the how-to about agents are those of its scenario."""
    page = (ROOT / "docs/how-to/route-agents.md").read_text(encoding="utf-8")
    figure = simulate(load_scenario("ticket-agents"), policy).report.figure
    cells = (
        f"`{policy}`",
        f"{figure('cost_usd.per_request') * 1_000:.2f}",
        f"{figure('quality.success_ratio') * 100:.1f} %",
        f"{figure('tokens.cached_input') / figure('tokens.input') * 100:.0f} %",
        f"{figure('tasks.success_ratio') * 100:.1f} %",
        f"{figure('tasks.cost_usd.per_task'):.3f}",
        f"{figure('tasks.cost_usd.per_success'):.3f}",
    )
    assert f"| {' | '.join(cells)} |" in page


def test_every_policy_has_its_place_in_the_methodology() -> None:
    """No shipped policy is missing from the page about routing."""
    text = (ROOT / "docs" / "methodology" / "routing.md").read_text(encoding="utf-8")
    assert [name for name in policy_names() if f"`{name}`" not in text] == []


def test_links_between_pages_lead_somewhere() -> None:
    """Every relative link of every page names a file that exists."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_functions_named_by_the_methodology_exist() -> None:
    """A formula's page and its function do not lose one another."""
    files = [path for folder in ("simulator", "catalogs") for path in (ROOT / folder).rglob("*.py")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in files)
    page = (ROOT / "docs" / "methodology" / "accounting.md").read_text(encoding="utf-8")
    for module, function in re.findall(r"`(\w+)\.(\w+)`", page):
        assert f"def {function}(" in source, f"{module}.{function}"


def test_schema_that_ships_is_the_current_one() -> None:
    """Editors check scenarios against the schema of this version."""
    import json

    from simulator import scenario_schema

    kept = json.loads((ROOT / "scenarios" / "scenario.schema.json").read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(scenario_schema()))


def test_every_limit_of_the_service_is_on_its_page() -> None:
    """The page for several teams has a row for every limit of `wayfare serve`, with its default."""
    page = (ROOT / "docs/how-to/run-for-several-teams.md").read_text(encoding="utf-8")
    rows = {line.split("`")[-2]: line for line in page.splitlines() if line.endswith("` |")}
    named = ("most_", "keep_", "slots", "stream_")
    limits = [option for option in serve.params if str(option.name).startswith(named)]
    assert {option.opts[0] for option in limits} == {name for name in rows if name.startswith("--")}
    for option in limits:
        default = option.default if isinstance(option.default, int | str) else None
        assert default is None or f"| {default} |" in rows[option.opts[0]]


MEASURED = re.compile(
    r"(?<![\w.])\d[\d,.]*\s?(?:%|ms|us|s|seconds?|minutes?|MB|GB|points|requests)(?![\w-])"
    r"|\b(?:two|three|four|five|six|seven|eight|nine|ten)\s(?:seconds|minutes|percent)\b"
)


def figures_module() -> ModuleType:
    """`bench/figures.py`, which is no package's."""
    spec = importlib.util.spec_from_file_location("figures", ROOT / "bench" / "figures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_marked_figures_are_those_of_their_sources() -> None:
    """Every figure and listing on a page equals what was measured and kept; `make figures` fills them."""
    figures = figures_module()
    known = figures.figures()
    stale = [
        page.name
        for page in figures.pages()
        if figures.filled(page.read_text(encoding="utf-8"), known) != page.read_text(encoding="utf-8")
    ]
    assert stale == []


def test_a_figure_that_differs_is_noticed() -> None:
    """A changed number, a changed listing and an unknown figure do not pass; words around them do."""
    figures = figures_module()
    known = {"bench.a": "1.5"}
    assert figures.filled("takes <!-- figure: bench.a -->9<!-- / --> s", known).endswith("-->1.5<!-- / --> s")
    page = "<!-- listing: docs/demo.txt -->\n```\nold\n```\n"
    assert "cheapest_capable *" in figures.filled(page, known)
    with pytest.raises(KeyError):
        figures.filled("<!-- figure: bench.b -->9<!-- / -->", known)


def test_results_are_read_by_row_and_column() -> None:
    """Seconds are requests over rate; the table meant is the one under its heading."""
    figures = figures_module()
    page = "# R\n| x |\n| --- |\n| 1 |\n\n"
    page += "## Second one\n|  | points |\n| --- | ---: |\n| all | 7 |\n\n| | other |\n"
    assert figures.rows_of(page, "Second") == {"all": {"": "all", "points": "7"}}
    assert figures.inside_s({"requests": "19,366", "per s inside": "100,000"}) == pytest.approx(0.19366)
    assert [figures.two_digits(value) for value in (0.1829, 11.85, 150.0)] == ["0.18", "12", "150"]


def test_the_readme_measures_nothing_by_hand() -> None:
    """No sentence of the first page states a measured figure outside of a mark."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    text = re.sub(r"<!-- figure: .*?<!-- / -->", "", text, flags=re.DOTALL)
    assert MEASURED.findall(text) == []


def test_the_demo_prints_what_the_page_shows() -> None:
    """The short demo prints what it printed when the page's listing was made; else: make figures."""
    figures = figures_module()
    assert figures.short_digest() == (ROOT / figures.SHORT_DEMO).read_text(encoding="ascii").strip()
