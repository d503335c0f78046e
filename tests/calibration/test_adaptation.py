"""Adapting a profile to a few points of one's own."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs import load_catalog
from simulator import load_scenario, simulate
from simulator.calibration import validation
from simulator.calibration.fitting.adaptation import TooFewPointsError, adapted, judge
from simulator.calibration.measured.points import Point, in_domain, point_of, read_rows
from simulator.calibration.predicted.times import profile_of
from wayfare.cli import cli
from world_cases import SMALL, plain

if TYPE_CHECKING:
    from catalogs.serving_profile import ServingProfile

ROOT = Path(__file__).resolve().parents[2]
SHARED_POINTS = ROOT.parent / "shared" / "data" / "measurements" / "serving_points.csv"
CATALOG = load_catalog()
START = profile_of(CATALOG, "vllm")
ROW = {
    "model": "meta-llama/Meta-Llama-3.1-8B",
    "accelerator": "h100_sxm",
    "engine": "vllm",
    "engine_version": "0.30",
    "precision": "bf16",
    "input_tokens": "512",
    "output_tokens": "256",
    "batch_size": "8",
    "tp": "1",
    "attention_dp": "1",
}


def points(*batches: int) -> list[Point]:
    """Points of one configuration at several batch sizes, nothing measured yet."""
    made = [point_of({**ROW, "batch_size": str(batch)}, CATALOG) for batch in batches]
    return [one for one in made if isinstance(one, Point)]


def measured_on(true_profile: object, *batches: int) -> list[Point]:
    """The points with what a machine of that profile would measure."""
    return [replace(one, tpot_s=judge(one, CATALOG, true_profile).tpot_s) for one in points(*batches)]


@settings(max_examples=15, deadline=None, derandomize=True)
@given(reads=st.floats(0.7, 1.6), overheads=st.floats(0.5, 2.0))
def test_a_machine_of_other_factors_is_found_from_five_points(reads: float, overheads: float) -> None:
    """A profile whose reads and overheads differ is met at batch sizes that were not measured."""
    truth = START.model_copy(
        update={
            "weight_read": START.weight_read * reads,
            "kv_read": START.kv_read * reads,
            "layer_s": START.layer_s * overheads,
            "sequence_s": START.sequence_s * overheads,
            "recipes": {},
        }
    )
    made = adapted(START, measured_on(truth, 1, 4, 16, 64, 128), CATALOG)
    for unseen in measured_on(truth, 2, 8, 32, 96):
        assert abs(judge(unseen, CATALOG, made.profile).tpot_error) < 0.06


def test_points_that_agree_change_nothing() -> None:
    """Measurements that are what the profile says leave its factors at 1."""
    even = START.model_copy(update={"recipes": {}})
    made = adapted(even, measured_on(even, 1, 8, 64), CATALOG)
    assert made.error.tpot_mean < 0.01
    assert all(factor == pytest.approx(1.0, abs=0.1) for factor in made.factors.values())


def test_recipes_keep_their_distance() -> None:
    """Factors of recipes stay in proportion, and the profile runs as the points' own version."""
    here, there = "0.30 h100 32x4096", "0.31 h100 32x4096"
    start = START.model_copy(update={"recipes": {here: 1.2, there: 0.9}, "scale": 0.5})
    truth = start.model_copy(update={"recipes": {here: 2.4}})
    made = adapted(start, measured_on(truth, 1, 4, 16, 64, 128), CATALOG).profile
    assert made.recipes[here] == 1.0
    assert made.recipes[there] == pytest.approx(0.9 / 1.2)
    assert made.version == "0.30"
    assert made.scale * sum_of_parts(made) == pytest.approx(2.4 * 0.5 * sum_of_parts(start), rel=0.02)


def sum_of_parts(profile: ServingProfile) -> float:
    """Something that every part's factor moves: the loop's time at scale 1 without recipes, seconds."""
    (one,) = measured_on(profile.model_copy(update={"recipes": {}, "scale": 1.0}), 32)
    assert one.tpot_s is not None
    return one.tpot_s


@pytest.mark.slow
def test_groups_never_seen_are_calibrated_as_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """From five points, nine of ten other points of a vLLM group are within 18 %, with the points at hand."""
    if not SHARED_POINTS.exists():
        pytest.skip(f"the measured points are not at {SHARED_POINTS}")
    rows = [row for row in read_rows(SHARED_POINTS) if in_domain(row) and row["engine"] == "vllm"]
    known = [one for one in (point_of(row, CATALOG) for row in rows) if isinstance(one, Point)]
    monkeypatch.setattr(validation, "DRAWS", 2)
    draws = validation.calibrations(known, CATALOG, {"vllm": START})
    errors = np.concatenate([draw.errors for draw in draws])
    assert len(draws) > 50
    assert np.median(errors) < 0.06
    assert np.percentile(errors, 90) < 0.18


def test_too_few_or_repeated_points_are_refused() -> None:
    """What is missing is said."""
    even = START.model_copy(update={"recipes": {}})
    with pytest.raises(TooFewPointsError, match="2 points with a measured tpot_ms; needed: at least 3"):
        adapted(START, measured_on(even, 1, 8), CATALOG)
    with pytest.raises(TooFewPointsError, match="other batch sizes or lengths"):
        adapted(START, measured_on(even, 8, 8, 8), CATALOG)


def test_points_that_are_one_point_are_refused() -> None:
    """Repeated measurements of one configuration differ by noise alone: collinear, and refused."""
    even = START.model_copy(update={"recipes": {}})
    (one,) = measured_on(even, 8)
    noisy = [replace(one, tpot_s=(one.tpot_s or 0.0) * factor) for factor in (0.9, 0.97, 1.0, 1.06, 1.1)]
    with pytest.raises(TooFewPointsError, match="all 5 points are the same mixture") as caught:
        adapted(even, noisy, CATALOG)
    assert "needed: other batch sizes or lengths" in str(caught.value)


def write_points(path: Path, made: list[Point]) -> None:
    """Points as a file of measurements."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*ROW, "tpot_ms"])
        writer.writeheader()
        for one in made:
            writer.writerow({**ROW, "batch_size": str(one.batch), "tpot_ms": str((one.tpot_s or 0.0) * 1e3)})


def test_calibrated_profiles_serve_in_scenarios(tmp_path: Path) -> None:
    """What calibrate writes can be laid over a scenario's catalog and used by its engines."""
    source, target = tmp_path / "mine.csv", tmp_path / "my-vllm.yaml"
    write_points(source, measured_on(START.model_copy(update={"recipes": {}, "scale": 3.0}), 1, 8, 64))
    result = CliRunner().invoke(cli, ["calibrate", str(source), "--profile", "vllm-0.19", "-o", str(target)])
    assert result.exit_code == 0, result.output
    assert "TPOT error on the points" in result.output
    entry = yaml.safe_load(target.read_text(encoding="utf-8"))
    assert entry["my-vllm"]["domain"]["batch"] == [1, 406]
    (own,) = entry["my-vllm"]["measured"]
    assert (own["version"], own["accelerator"], own["points"]) == ("0.30", "h100", 3)
    fleet = [{**SMALL, "engine": {"profile": "my-vllm"}}]
    slow = load_scenario(
        plain(
            fleet=fleet, router={"policy": "round_robin"}, catalog={"overrides": {"serving_profiles": entry}}
        )
    )
    usual = [{**SMALL, "engine": {"profile": "vllm-0.19"}}]
    fast = load_scenario(plain(fleet=usual, router={"policy": "round_robin"}))
    paces = [simulate(world).report.figure("latency.tpot_s.p50") for world in (slow, fast)]
    assert paces[0] > 2.0 * paces[1]


def test_unusable_calibrations_are_wrong_input(tmp_path: Path) -> None:
    """Too few points end with 2, a sentence, and no file."""
    source, target = tmp_path / "mine.csv", tmp_path / "out.yaml"
    write_points(source, measured_on(START, 8))
    arguments = ["calibrate", str(source), "--profile", "vllm-0.19", "-o", str(target)]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert "needed: at least 3" in str(result.exception)
    assert not target.exists()
