"""Open-loop runs as points: rates by Little's law, recordings by their own log."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from catalogs import load_catalog
from simulator.calibration.measured.points import InvalidPointsError
from simulator.calibration.measured.rate_sweeps import rate_runs
from simulator.calibration.measured.recordings import recordings

MEASURED = Path(__file__).resolve().parents[3] / "shared" / "data" / "measurements"
CATALOG = load_catalog()
RUN = {
    "config": "X", "engine": "vllm", "model": "meta-llama/Meta-Llama-3.1-8B-Instruct", "precision": "float16",
    "hardware": "A100_80GB_PCIe", "gpus": "1", "rps": "10", "request_throughput": "8", "tps_output": "2000",
    "ttft_mean_ms": "100", "ttft_p50_ms": "80", "ttft_p90_ms": "200", "tpot_p50_ms": "50",
}  # fmt: skip


def write_rows(path: Path, rows: list[dict[str, str]]) -> Path:
    """A table of rows."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_rate_run_is_the_closed_loop_of_its_sequences(tmp_path: Path) -> None:
    """2,000 tokens a second at 50 ms a token are 100 sequences at once."""
    (run,) = rate_runs(write_rows(tmp_path / "runs.csv", [RUN]), CATALOG)
    point = run.point
    assert (point.batch, point.input_tokens, point.output_tokens, point.tpot_s) == (100, 512, 256, 0.05)
    assert (point.accelerator, point.precision, point.version) == ("a100-80gb-pcie", "bf16", "0.19.0")
    assert (run.rate_per_s, run.throughput_per_s) == (10.0, 8.0)
    assert run.measured["ttft_p90"] == pytest.approx(0.2)
    assert point.weight > 1.0
    assert point.ttft_s is None


def test_rate_runs_of_what_nobody_knows_are_refused(tmp_path: Path) -> None:
    """A model, or a file without the columns."""
    with pytest.raises(ValueError, match="unknown model 'abacus'"):
        rate_runs(write_rows(tmp_path / "runs.csv", [{**RUN, "model": "abacus"}]), CATALOG)
    with pytest.raises(InvalidPointsError, match="missing columns: engine"):
        rate_runs(write_rows(tmp_path / "other.csv", [{"model": "x"}]), CATALOG)


def test_a_recording_is_the_closed_loop_of_what_ran(tmp_path: Path) -> None:
    """Sequences from the engine's log while it ran, lengths and times from its requests."""
    request = {
        "input_tokens": 100, "output_tokens": 11, "arrival_s": 0.0, "queued_s": 0.1,
        "first_token_s": 0.3, "last_token_s": 1.3,
    }  # fmt: skip
    rows = [request, {**request, "input_tokens": 300, "output_tokens": 21, "last_token_s": 1.3}]
    for name in ("rtx4090_llama-3.1-8b", "rtxpro6000_llama-3.1-8b"):
        write_rows(
            tmp_path / f"{name}.csv", [{key: str(value) for key, value in row.items()} for row in rows]
        )
        write_rows(tmp_path / f"{name}.seconds.csv", [{"running": text} for text in ("0", "4", "8")])
    small, large = recordings(tmp_path, CATALOG)
    assert (small.point.batch, small.point.input_tokens, small.point.output_tokens) == (6, 200, 16)
    assert small.point.tpot_s == pytest.approx((0.1 + 0.05) / 2)
    assert np.allclose(small.ttft_s, 0.2)
    assert np.allclose(small.e2e_s, 1.2)
    assert (small.point.accelerator, small.kv_room_tokens, small.max_sequences) == ("rtx-4090", 41_408, 256)
    assert (large.point.accelerator, large.kv_room_tokens, large.max_sequences) == ("rtx-pro-6000", None, 128)


def test_the_measured_files_are_read() -> None:
    """Twenty-eight runs and two recordings, where they are at hand."""
    if not MEASURED.exists():
        pytest.skip(f"the measurements are not at {MEASURED}")
    runs = rate_runs(MEASURED / "rate_sweeps.csv", CATALOG)
    assert len(runs) == 28
    assert {run.point.accelerator for run in runs} == {"a100-80gb-pcie", "h100"}
    assert [len(one.ttft_s) for one in recordings(MEASURED / "open_loop", CATALOG)] == [300, 300]
