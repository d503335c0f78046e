"""Predicted power: the simulator's own joules, laws of the power model, and the published errors."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from catalogs import load_catalog
from simulator.calibration.fitting.engines import tpot_columns
from simulator.calibration.fitting.power import POWER_BOUNDS, fit_powers, power_columns
from simulator.calibration.measured.energy_points import NEEDED, PROMPT_TOKENS, EnergyPoint, energy_point_of
from simulator.calibration.measured.points import InvalidPointsError, read_rows
from simulator.calibration.power_errors import JudgedPower, by_accelerator_and_kind, power_errors
from simulator.calibration.predicted.energy import loop_power, median_prompts, powered_spec, predicted_power
from simulator.calibration.predicted.times import chip
from wayfare.cli import cli

SHARED_POINTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "measurements" / "energy_points.csv"
CATALOG = load_catalog()
PROFILE = CATALOG.serving_profile("vllm-0.11")
ROW = {
    "model": "meta-llama/Llama-3.1-70B-Instruct",
    "task": "lm-arena-chat",
    "precision": "bfloat16",
    "gpu": "H100",
    "num_gpus": "4",
    "tp": "4",
    "ep": "1",
    "dp": "1",
    "avg_batch": "64",
    "avg_out": "350",
    "power_w": "2000",
    "j_per_token": "0.8",
    "out_tok_s": "2500",
}
EXPERTS = {"model": "Qwen/Qwen3-30B-A3B", "num_gpus": "2", "tp": "1", "ep": "2"}


def point(**changes: str) -> EnergyPoint:
    """A point made of a row with changes."""
    made = energy_point_of({**ROW, **changes}, CATALOG)
    assert isinstance(made, EnergyPoint)
    return made


@pytest.mark.parametrize("changes", [{}, {"itl_median_ms": "60"}, EXPERTS, {**EXPERTS, "dp": "2"}])
def test_power_is_linear_in_its_watts(changes: dict[str, str]) -> None:
    """Floor, waiting, memory and compute add up to what the simulated loop draws."""
    one = point(**changes)
    powers = chip(one.point, CATALOG)
    columns = power_columns(one, CATALOG, PROFILE)
    found = np.dot(columns, [powers.floor_w, powers.wait_w, powers.memory_w, powers.compute_w])
    assert found == pytest.approx(predicted_power(one, CATALOG, PROFILE)[0], rel=1e-9)


@pytest.mark.parametrize("changes", [{}, {"num_gpus": "8", "tp": "8"}, {**EXPERTS, "dp": "2"}])
def test_floor_of_one_watt_is_the_number_of_accelerators(changes: dict[str, str]) -> None:
    """Every accelerator of the group stands under the same floor, in all attention ranks."""
    one = point(**changes)
    unit = replace(chip(one.point, CATALOG), floor_w=1.0, memory_w=0.0, compute_w=0.0)
    watts, _joules = loop_power(one, powered_spec(one, CATALOG, PROFILE, unit))
    assert watts == pytest.approx(int({**ROW, **changes}["num_gpus"]))


def test_energy_per_token_falls_and_power_rises_with_the_batch() -> None:
    """Llama 3.1 70B on four H100, from batch 8 to 512."""
    found = [predicted_power(point(avg_batch=str(batch)), CATALOG, PROFILE) for batch in (8, 64, 512)]
    watts, joules = zip(*found, strict=True)
    assert list(watts) == sorted(watts)
    assert list(joules) == sorted(joules, reverse=True)
    assert joules[0] > 5.0 * joules[2]


def test_watts_come_back_from_power_they_made() -> None:
    """A fit to power without noise finds the four watts."""
    points = [
        point(avg_batch=str(batch), model=model, num_gpus=chips, itl_median_ms=itl)
        for batch, itl in ((4, "30"), (32, "0"), (256, "90"))
        for model, chips in ((ROW["model"], "4"), ("Qwen/Qwen3-8B", "1"))
    ]
    columns = np.array([power_columns(one, CATALOG, PROFILE) for one in points])
    told = np.array([300.0, 150.0, 120.0, 500.0])
    assert fit_powers(columns, columns @ told) == pytest.approx(told, rel=1e-6)


def test_a_chip_that_waits_for_its_host_draws_less() -> None:
    """Slower than it could be, a run draws towards the waiting watts, and its tokens cost more."""
    plain, slow = point(), point(itl_median_ms="400")
    watts, joules = predicted_power(slow, CATALOG, PROFILE)
    waiting = 4 * chip(slow.point, CATALOG).wait_w
    assert waiting < watts < 1.25 * waiting < predicted_power(plain, CATALOG, PROFILE)[0]
    assert joules * 64 / watts == pytest.approx(0.4, rel=0.05)
    assert predicted_power(slow, CATALOG, PROFILE, "predicted") == predicted_power(plain, CATALOG, PROFILE)


def test_a_run_faster_than_the_profile_says_is_paced_by_itself() -> None:
    """Decode steps shrink to the run's own, prompts come on top; the same bytes in less time draw more."""
    quick = point(itl_median_ms="10")
    watts, joules = predicted_power(quick, CATALOG, PROFILE)
    assert 0.010 < joules * 64 / watts < 0.015
    assert watts > predicted_power(point(), CATALOG, PROFILE)[0]


def test_prompts_of_a_median_step_are_not_counted_as_decoding() -> None:
    """Long batches of short answers have prompts in every step; few do in long answers."""
    assert median_prompts(point(avg_batch="64", avg_out="2000").point) == 0
    assert median_prompts(point(avg_batch="1024", avg_out="256").point) == 2


def test_experts_of_one_byte_have_a_coefficient_of_their_own() -> None:
    """Eight-bit points move expert_read_8bit alone, others expert_read alone."""
    names = list(POWER_BOUNDS)
    wide = dict(zip(names, tpot_columns(point(**EXPERTS).point, CATALOG, names), strict=True))
    narrow = dict(
        zip(names, tpot_columns(point(**EXPERTS, precision="fp8").point, CATALOG, names), strict=True)
    )
    assert wide["expert_read"] > 0.0 == wide["expert_read_8bit"]
    assert narrow["expert_read_8bit"] == pytest.approx(wide["expert_read"] / 2.0)
    assert narrow["expert_read"] == 0.0


def test_errors_are_relative_and_beside_a_constant() -> None:
    """A prediction of twice the watts is an error of 100 %; a constant is the median per chip."""
    judged = [
        JudgedPower(point=replace(point(), power_w=watts), power_w=2.0 * watts, j_per_token=0.4)
        for watts in (1_000.0, 2_000.0, 4_000.0)
    ]
    found = power_errors("x", judged)
    assert found.power_mean == pytest.approx(1.0)
    assert found.constant_mean == pytest.approx((1.0 + 0.0 + 0.5) / 3.0)
    assert found.energy_bias == pytest.approx(-0.5)
    assert [row.name for row in by_accelerator_and_kind(judged)] == ["h100, all", "h100, dense", "all"]


def test_predict_energy_adds_its_columns_and_counts_what_it_leaves_out(tmp_path: Path) -> None:
    """Every row comes back, with predictions where there is one."""
    source, target = tmp_path / "points.csv", tmp_path / "pred.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ROW)
        writer.writeheader()
        writer.writerows([ROW, {**ROW, "model": "abacus"}, {**ROW, "task": "juggling"}])
    result = CliRunner().invoke(cli, ["predict-energy", str(source), "-o", str(target)])
    assert result.exit_code == 0, result.output
    assert "1 row cannot be predicted: unknown model 'abacus'" in result.output
    assert "1 row cannot be predicted: unknown task 'juggling'" in result.output
    with target.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["pred_power_w"]) > 1_000.0
    assert float(rows[0]["pred_j_per_token"]) > 0.3
    assert rows[1]["pred_power_w"] == rows[2]["pred_j_per_token"] == ""


def test_predict_energy_fails_where_no_row_can_be_predicted(tmp_path: Path) -> None:
    """Exit 1, the reasons, and no file that looks like predictions."""
    source, target = tmp_path / "points.csv", tmp_path / "pred.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ROW)
        writer.writeheader()
        writer.writerows([{**ROW, "model": "abacus"}, {**ROW, "model": "abacus"}])
    result = CliRunner().invoke(cli, ["predict-energy", str(source), "-o", str(target)])
    assert result.exit_code == 1
    assert result.output == (
        "2 rows cannot be predicted: unknown model 'abacus'\nno row can be predicted; nothing is written\n"
    )
    assert not target.exists()


def test_files_without_the_columns_are_refused(tmp_path: Path) -> None:
    """What is missing is named."""
    path = tmp_path / "points.csv"
    path.write_text("model,task\na,b\n", encoding="utf-8")
    with pytest.raises(InvalidPointsError, match="missing columns: precision, gpu, num_gpus"):
        read_rows(path, NEEDED)


@pytest.mark.slow
def test_power_is_met_as_published() -> None:
    """Dense models within 10 %, chips better than a constant; every row of the file is predicted."""
    if not SHARED_POINTS.exists():
        pytest.skip(f"the measured points are not at {SHARED_POINTS}")
    points = [energy_point_of(row, CATALOG) for row in read_rows(SHARED_POINTS, NEEDED)]
    known = [one for one in points if isinstance(one, EnergyPoint)]
    assert len(known) == len(points)
    assert {one.task for one in known} <= set(PROMPT_TOKENS)
    judged = []
    for one in known:
        power_w, j_per_token = predicted_power(one, CATALOG, PROFILE)
        judged.append(JudgedPower(point=one, power_w=power_w, j_per_token=j_per_token))
    errors = {row.name: row for row in by_accelerator_and_kind(judged)}
    assert max(errors["h100, dense"].power_mean, errors["b200, dense"].power_mean) < 0.10
    for name in ("h100, all", "b200, all"):
        assert errors[name].power_mean < 0.85 * errors[name].constant_mean
    assert errors["all"].energy_mean < 0.165
    assert errors["all"].energy_median < 0.12
