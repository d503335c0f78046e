"""The declarations of the how-to are run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from router import make_policy
from router.testing.samples import sample_fleet, sample_requests, sample_targets, sample_view
from simulator import load_scenario, simulate

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/how-to/declare-a-pipeline.md").read_text(encoding="utf-8")
DECLARATIONS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_has_three_declarations() -> None:
    """None is lost by a change of the page's form."""
    assert len(DECLARATIONS) == 3


@pytest.mark.parametrize("text", DECLARATIONS)
def test_a_declaration_of_the_page_runs(text: str) -> None:
    """In the scenario that the page names, requests are answered and the reasons are the pipeline's."""
    settings = yaml.safe_load((ROOT / "scenarios/hybrid-edge-cloud.yaml").read_text(encoding="utf-8"))
    settings["router"] = yaml.safe_load(text)["router"]
    report = simulate(load_scenario(settings, overrides=["duration=10min", "warmup=0s"])).report
    assert report.figure("requests.completed") > 0
    assert set(report.plain["decisions"]) <= {"pipeline", "no target passes in_tiers"}
    assert report.plain["decisions"]["pipeline"] > 0


def test_the_part_of_the_page_scores(tmp_path: Path) -> None:
    """The class of the page is a scorer that prefers the request's region."""
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "near_home.py"
    file.write_text(source, encoding="utf-8")
    targets = sample_targets()
    policy = make_policy("pipeline", {"scorers": [{f"{file}:NearHome": {"weight": 0.3}}]})
    request, fleet = sample_view(sample_requests(1), targets), sample_fleet(targets, (3, 2, 0, 0))
    assert policy.route(request, fleet, np.random.default_rng(1)).target == "medium"
