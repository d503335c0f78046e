"""Rows of measured points: models, chips, precisions, layouts and ranks as files mean them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from catalogs import load_catalog
from simulator.calibration.measured.points import InvalidPointsError, Point, in_domain, point_of, read_rows
from simulator.calibration.predicted.times import computed_precision

CATALOG = load_catalog()
ROW = {
    "model": "meta-llama/Llama-3.1-70B",
    "accelerator": "h100_sxm",
    "engine": "vllm",
    "engine_version": "0.19.0",
    "precision": "fp8",
    "input_tokens": "1024",
    "output_tokens": "256",
    "batch_size": "16",
    "tp": "4",
    "attention_dp": "1",
    "ttft_ms": "300",
    "tpot_ms": "20",
}


def point(**changes: str) -> Point:
    """A point made of a row with changes."""
    made = point_of({**ROW, **changes}, CATALOG)
    assert isinstance(made, Point)
    return made


def test_rows_say_little_of_caches_and_versions() -> None:
    """Caches follow weights, engine and chip unless a row says; a month stands for no version."""
    assert point(engine="trtllm").layout.kv_bytes == 1.0
    assert point(engine="vllm").layout.kv_bytes == 2.0
    assert point(engine="vllm", accelerator="b200_sxm").layout.kv_bytes == 1.0
    assert point(engine="vllm", kv_precision="fp8").layout.kv_bytes == 1.0
    assert point(engine="trtllm", precision="bf16").layout.kv_bytes == 2.0
    assert point(engine_version="", measured_on="2026-01-17").version == "2026-01"


def test_layouts_that_say_nothing_of_experts_are_read() -> None:
    """A dense model's row may give 0 or nothing for how experts are spread."""
    assert point(moe_tp_size="1", moe_ep_size="0").layout == point(moe_tp_size="").layout == point().layout


def test_layouts_are_read_as_the_files_mean_them() -> None:
    """Squared widths are undone; attention ranks spread the experts."""
    squared = point(model="deepseek-ai/DeepSeek-R1", tp="64", moe_tp_size="8", moe_ep_size="8")
    assert squared.layout.tensor_parallel == 8
    ranks = point(model="deepseek-ai/DeepSeek-R1", tp="1", attention_dp="8", moe_tp_size="1", moe_ep_size="8")
    assert (ranks.ranks, ranks.layout.tensor_parallel, ranks.layout.expert_chips) == (8, 1, 8)
    silent = point(model="deepseek-ai/DeepSeek-R1", tp="1", attention_dp="", moe_tp_size="4", moe_ep_size="1")
    assert (silent.ranks, silent.layout.tensor_parallel, silent.layout.expert_chips) == (4, 1, 4)


def test_ranks_share_the_concurrency() -> None:
    """Sequences of a rank are the concurrency over the ranks, whatever squared width the batch is of."""
    moe = {"model": "deepseek-ai/DeepSeek-R1", "concurrency": "256"}
    plain = point(**moe, tp="1", attention_dp="8", moe_tp_size="1", moe_ep_size="8", batch_size="32")
    squared = point(**moe, tp="1", attention_dp="64", moe_tp_size="8", moe_ep_size="8", batch_size="4")
    assert plain == squared
    assert (plain.ranks, plain.batch) == (8, 32)
    untold = {
        **moe,
        "tp": "8",
        "attention_dp": "",
        "moe_tp_size": "1",
        "moe_ep_size": "8",
        "batch_size": "32",
    }
    assert point(**untold) == plain
    assert not in_domain({**ROW, **untold})
    together = point(**{**untold, "batch_size": "256"})
    assert (together.ranks, together.batch, together.layout.tensor_parallel) == (1, 256, 8)
    assert in_domain({**ROW, **untold, "batch_size": "256"})


def test_what_cannot_be_predicted_says_why(tmp_path: Path) -> None:
    """Unknown models and chips, broken numbers and files are named."""
    assert point_of({**ROW, "model": "abacus"}, CATALOG) == "unknown model 'abacus'"
    assert point_of({**ROW, "accelerator": "z80"}, CATALOG) == "unknown accelerator 'z80'"
    for text in ("many", "0", "inf", "2.5", "²", "99999999999"):
        assert f"tp is {text!r}" in str(point_of({**ROW, "tp": text}, CATALOG))
    assert "ttft_ms is 'inf'" in str(point_of({**ROW, "ttft_ms": "inf"}, CATALOG))
    assert point_of({**ROW, "batch_size": "5e1"}, CATALOG) == point_of({**ROW, "batch_size": "50"}, CATALOG)
    path = tmp_path / "points.csv"
    path.write_text("model,tp\nx,1\n", encoding="utf-8")
    with pytest.raises(InvalidPointsError, match="missing columns: accelerator, engine"):
        read_rows(path)
    with pytest.raises(InvalidPointsError, match="cannot be read"):
        read_rows(tmp_path / "nowhere.csv")


def test_points_are_read_in_every_dialect(tmp_path: Path) -> None:
    """JSON lines with numbers, and CSV with tabs and spaces, are the rows that plain CSV is."""
    plain, other, objects = (tmp_path / name for name in ("a.csv", "b.tsv", "c.jsonl"))
    plain.write_text(",".join(ROW) + "\n" + ",".join(ROW.values()) + "\n", encoding="utf-8")
    head = "\t".join(f" {name} " for name in ROW)
    other.write_text(head + "\r\n" + "\t".join(ROW.values()), encoding="utf-8-sig")
    objects.write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    assert read_rows(plain) == read_rows(other) == read_rows(objects)
    (row,) = read_rows(plain)
    assert point_of(row, CATALOG) == point_of(ROW, CATALOG)
    plain.write_text("tp,tp\n1,1\n", encoding="utf-8")
    with pytest.raises(InvalidPointsError, match="'tp' is given more than once"):
        read_rows(plain)


def test_names_of_points_are_told_with_near_ones() -> None:
    """Models, chips and precisions that nobody knows, with what was probably meant; case matters to none."""
    assert "did you mean 'h100'" in str(point_of({**ROW, "accelerator": "h1000"}, CATALOG))
    assert "did you mean 'meta-llama/" in str(
        point_of({**ROW, "model": "meta-llama/Llama-3.1-8B-Instuct"}, CATALOG)
    )
    said = str(point_of({**ROW, "precision": "fp9"}, CATALOG))
    assert said.startswith("unknown precision 'fp9'; did you mean 'fp8'? known: ")
    loud = point_of({**ROW, "engine": "VLLM", "accelerator": "H100_SXM"}, CATALOG)
    assert loud == point_of({**ROW, "engine": "vllm", "accelerator": "h100_sxm"}, CATALOG)


@pytest.mark.parametrize(
    ("told", "precision", "width"), [("int4", "int4", 0.5625), ("int8", "int8", 1.0), ("fp16", "bf16", 2.0)]
)
def test_precisions_of_the_column_stand(told: str, precision: str, width: float) -> None:
    """Integer weights are read as what they are, not as 16 bits."""
    found = point(precision=told, gemm_quant_mode="")
    assert (found.precision, found.layout.weight_bytes) == (precision, width)


def test_weights_are_multiplied_at_what_the_chip_has() -> None:
    """Integers of 4 bits and 16-bit floats at bf16; 4-bit floats at the next wider that there is."""
    h100 = CATALOG.accelerator("h100")
    made = {name: replace(point(), precision=name) for name in ("int4", "fp16", "fp4", "bf16")}
    assert {name: computed_precision(one, h100) for name, one in made.items()} == {
        "int4": "bf16",
        "fp16": "bf16",
        "fp4": "fp8",
        "bf16": "bf16",
    }
