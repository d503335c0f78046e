"""`wayfare predict` and `wayfare calibrate` with a profile, points and a log of one's own."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from catalogs import load_catalog
from simulator.calibration.fitting.logs import multiplied
from simulator.calibration.measured.points import Point, point_of
from simulator.calibration.predicted.open_loop import replayed
from simulator.calibration.predicted.times import formula_room_tokens, predicted_s, spec_of
from wayfare.cli import cli
from wayfare.cli.exits import WRONG_INPUT, exit_code

CATALOG = load_catalog()
START = CATALOG.serving_profile("vllm-0.19")
BARE = START.model_copy(update={"recipes": {}})
LLAMA = "meta-llama/Llama-3.1-8B-Instruct"
ROW = {
    "model": LLAMA, "accelerator": "h100", "engine": "vllm", "engine_version": "9.9", "precision": "bf16",
    "input_tokens": "512", "output_tokens": "256", "batch_size": "8", "tp": "1",
}  # fmt: skip
ENGINE = ("--model", LLAMA, "--accelerator", "h100")


def point(**changes: str) -> Point:
    """The point in a row with changes."""
    made = point_of({**ROW, **changes}, CATALOG)
    assert isinstance(made, Point)
    return made


def measured(profile: object, *batches: int, **changes: str) -> list[dict[str, str]]:
    """Rows with what a machine of a profile would measure."""
    rows = [{**ROW, "batch_size": str(batch), **changes} for batch in batches]
    times = [predicted_s(point(**row), CATALOG, profile) for row in rows]
    return [
        {**row, "ttft_ms": str(ttft_s * 1e3), "tpot_ms": str(tpot_s * 1e3)}
        for row, (ttft_s, tpot_s) in zip(rows, times, strict=True)
    ]


def served(profile: object, begin_s: np.ndarray, seed: int = 1) -> list[dict[str, str]]:
    """Rows of the log that a machine of a profile would write."""
    rng = np.random.default_rng(seed)
    prompts, answers = rng.integers(100, 1_500, len(begin_s)), rng.integers(50, 300, len(begin_s))
    times = replayed(spec_of(point(engine_version="0.19.0"), CATALOG, profile), begin_s, prompts, answers)
    columns = {
        "arrival_s": begin_s, "first_token_s": begin_s + times.ttft_s, "last_token_s": begin_s + times.e2e_s,
        "input_tokens": prompts, "output_tokens": answers,
    }  # fmt: skip
    return [{name: str(column[place]) for name, column in columns.items()} for place in range(len(begin_s))]


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    """Rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def run(*arguments: object) -> tuple[int | None, str]:
    """The exit code, and all that is said: printed, or by the error."""
    result = CliRunner().invoke(cli, [*map(str, arguments)], standalone_mode=False)
    if result.exception is None:
        return result.exit_code, result.output
    return exit_code(result.exception), f"{result.output}{result.exception}"


def predictions(path: Path) -> list[dict[str, str]]:
    """What predict wrote."""
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def entry(name: str = "mine", **changes: object) -> str:
    """A file with one profile."""
    plain = BARE.model_dump(mode="json", exclude={"name", "sources"}) | changes
    return yaml.safe_dump({name: plain})


def test_rows_are_predicted_by_a_named_profile(tmp_path: Path) -> None:
    """All of them, whatever their engine, which may then be one that nobody knows."""
    rows = write(tmp_path / "rows.csv", [ROW, {**ROW, "engine": "my-own-engine"}])
    code, _text = run("predict", rows, "--profile", "vllm-0.11", "-o", tmp_path / "out.csv")
    assert code == 0
    _ttft_s, tpot_s = predicted_s(point(), CATALOG, CATALOG.serving_profile("vllm-0.11"))
    assert [row["pred_tpot_ms"] for row in predictions(tmp_path / "out.csv")] == [f"{tpot_s * 1e3:.4f}"] * 2
    code, text = run("predict", rows, "-o", tmp_path / "usual.csv")
    assert code == 0
    assert "1 row cannot be predicted: unknown engine 'my-own-engine'" in text
    usual = predictions(tmp_path / "usual.csv")
    assert usual[0]["pred_tpot_ms"] != f"{tpot_s * 1e3:.4f}"
    assert usual[1]["pred_tpot_ms"] == usual[1]["pred_kv_room_tokens"] == ""


@pytest.mark.parametrize("form", ["calibrate", "catalog"])
def test_rows_are_predicted_by_a_file(tmp_path: Path, form: str) -> None:
    """One entry, as calibrate writes it or under its kind; twice the scale is about twice the time."""
    text = entry(scale=2.0)
    below = "serving_profiles:\n" + re.sub("^(?=.)", "  ", text, flags=re.MULTILINE)
    text = below if form == "catalog" else text
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    rows = write(tmp_path / "rows.csv", measured(BARE, 1, 64))
    code, told = run("predict", rows, "--profile", tmp_path / "mine.yaml", "-o", tmp_path / "out.csv")
    assert code == 0, told
    ratios = [float(row["pred_tpot_ms"]) / float(row["tpot_ms"]) for row in predictions(tmp_path / "out.csv")]
    assert ratios == pytest.approx([2.0, 2.0], rel=0.02)


def test_profiles_that_are_none_are_refused(tmp_path: Path) -> None:
    """An unknown name has near ones; a broken file lists all its faults; nothing is written."""
    rows, target, file = write(tmp_path / "rows.csv", [ROW]), tmp_path / "out.csv", tmp_path / "mine.yaml"

    def told(profile: object) -> str:
        code, text = run("predict", rows, "--profile", profile, "-o", target)
        assert code == WRONG_INPUT
        assert not target.exists()
        return text

    assert "unknown serving profile 'vllm-0.18'; did you mean 'vllm-0.19'" in told("vllm-0.18")
    assert "missing.yaml: cannot be read" in told(tmp_path / "missing.yaml")
    file.write_text(entry(weight_read=-1.0, kv_read="fast", colour="red"), encoding="utf-8")
    faults = told(file).splitlines()
    assert [re.search(r"mine\.yaml: ([\w.]+):", fault)[1] for fault in faults] == [
        "mine.weight_read", "mine.kv_read", "mine.colour",
    ]  # fmt: skip
    file.write_text(entry() + entry("yours"), encoding="utf-8")
    assert "should hold one serving profile, by its name; found 'mine', 'yours'" in told(file)
    file.write_text("serving_profiles: {mine: 3}", encoding="utf-8")
    assert "serving_profiles.mine: must be a map" in told(file)


def test_rows_say_how_the_engine_was_started(tmp_path: Path) -> None:
    """Sequences at once, tokens of a step and the logged room change times; the formula's room is told."""
    limits = [{}, {"max_num_seqs": "8"}, {"max_num_batched_tokens": "256"}, {"kv_room_tokens": "8000"}]
    names = ("max_num_seqs", "max_num_batched_tokens", "kv_room_tokens")
    rows = [{**ROW, "batch_size": "64", **dict.fromkeys(names, ""), **one} for one in limits]
    code, _text = run("predict", write(tmp_path / "rows.csv", rows), "-o", tmp_path / "out.csv")
    assert code == 0
    bare, few, narrow, small = predictions(tmp_path / "out.csv")
    assert float(few["pred_tpot_ms"]) < float(bare["pred_tpot_ms"])
    assert float(few["pred_ttft_ms"]) > 5.0 * float(bare["pred_ttft_ms"])
    assert float(narrow["pred_ttft_ms"]) > 1.1 * float(bare["pred_ttft_ms"])
    assert float(small["pred_ttft_ms"]) > 5.0 * float(bare["pred_ttft_ms"])
    rooms = [int(row["pred_kv_room_tokens"]) for row in (bare, few, narrow, small)]
    assert rooms[0] == rooms[3] == formula_room_tokens(point(), CATALOG, START)
    assert rooms[1] > rooms[0]
    assert rooms[2] != rooms[0]
    assert small["kv_room_tokens"] == "8000"


def test_limits_that_are_none_leave_their_row_empty(tmp_path: Path) -> None:
    """No number, nought, and a room that does not hold one request of the loop."""
    wrong = [("max_num_seqs", "0"), ("max_num_batched_tokens", "some"), ("kv_room_tokens", "800")]
    rows = [{**ROW, **{name: "" for name, _text in wrong}} for _ in range(4)]
    for row, (name, text) in zip(rows, wrong, strict=False):
        row[name] = text
    code, text = run("predict", write(tmp_path / "rows.csv", rows), "-o", tmp_path / "out.csv")
    assert code == 0
    assert "max_num_seqs is '0'; it should be a whole number from 1 on" in text
    assert "max_num_batched_tokens is 'some'" in text
    assert "kv_room_tokens is 800; it should hold one request, 845 tokens here" in text
    assert [bool(row["pred_tpot_ms"]) for row in predictions(tmp_path / "out.csv")] == [False] * 3 + [True]


def test_predict_shows_the_error_that_calibrate_printed(tmp_path: Path) -> None:
    """On the same points by the written file: recipes, limits and host terms are all in it."""
    machine = multiplied(START, np.log([1.5, 1.2, 0.8, 1.0]))
    rows = measured(machine, 1, 8, 32, 64, max_num_batched_tokens="1024")
    rows += measured(machine, 16, max_num_batched_tokens="1024", engine_version="0.19.0")
    rows[0]["tpot_ms"] = str(float(rows[0]["tpot_ms"]) * 1.07)
    points, mine = write(tmp_path / "points.csv", rows), tmp_path / "mine.yaml"
    code, told = run("calibrate", points, "--profile", "vllm-0.19", "-o", mine)
    assert code == 0, told
    printed = re.search(r"TPOT error on the points: ([\d.]+)% mean, ([\d.]+)% median", told)
    code, shown = run("predict", points, "--profile", mine, "-o", tmp_path / "out.csv")
    assert code == 0
    (line,) = [line for line in shown.splitlines() if line.strip().startswith("all")]
    assert re.findall(r"([\d.]+) %", line)[:2] == list(printed.groups())
    assert float(printed[1]) > 0.1
    assert "was not fitted" not in shown
    made = yaml.safe_load(mine.read_text(encoding="utf-8"))["mine"]
    assert made["token_budget"] == 1_024
    assert made["max_sequences"] is None
    assert (made["output_s"], made["first_steps_of"]) == (START.output_s, START.first_steps_of)
    assert made["recipes"].keys() == START.recipes.keys()


def test_points_that_a_calibration_would_worsen_are_refused(tmp_path: Path) -> None:
    """A profile that is right but for one odd point stays; both errors are said, nothing is written."""
    rows = measured(BARE, 1, 4, 8, 32, 64, 128)
    rows[2]["tpot_ms"] = str(2.0 * float(rows[2]["tpot_ms"]))
    (tmp_path / "right.yaml").write_text(entry("right"), encoding="utf-8")
    points, target = write(tmp_path / "points.csv", rows), tmp_path / "mine.yaml"
    code, told = run("calibrate", points, "--profile", tmp_path / "right.yaml", "-o", target)
    assert code == WRONG_INPUT
    found = re.search(r"mean error of TPOT: ([\d.]+)% as 'right', ([\d.]+)% calibrated", told)
    assert found[1] == "8.33"
    assert float(found[2]) > 8.33
    assert "nothing is written" in told
    assert not target.exists()


def test_a_log_calibrates_a_profile(tmp_path: Path) -> None:
    """Factors and errors are said, and the file is a profile whose predictions are the machine's."""
    machine = multiplied(BARE, np.log([1.5, 1.5, 1.5, 1.0]))
    log = write(tmp_path / "log.csv", served(machine, np.arange(60) * 0.1))
    mine, limits = tmp_path / "mine.yaml", ("--max-num-seqs", "64", "--kv-room-tokens", "400000")
    code, told = run("calibrate", log, "--profile", "vllm-0.19", *ENGINE, *limits, "-o", mine)
    assert code == 0, told
    assert re.search(r"decode x 1\.[23]\d, prompts x 1\.\d\d, sequences x [\d.]+, host x [\d.]+\n", told)
    found = re.search(r"error on the log: ([\d.]+)%, means TTFT .*\(([\d.]+)% as 'vllm-0.19'", told)
    after, before = map(float, found.groups())
    assert after < 2.0
    assert before > 10.0
    assert "KV room" not in told
    made = yaml.safe_load(mine.read_text(encoding="utf-8"))["mine"]
    assert (made["max_sequences"], made["version"]) == (64, "0.19.0")
    assert made["source"] == "measured: log.csv"
    assert made["note"].startswith("vllm-0.19 on a log of 60 requests; error on the log")
    rows = write(tmp_path / "points.csv", measured(machine, 4, 16, engine_version="0.19.0"))
    assert run("predict", rows, "--profile", mine, "-o", tmp_path / "out.csv")[0] == 0
    for row in predictions(tmp_path / "out.csv"):
        assert float(row["pred_tpot_ms"]) == pytest.approx(float(row["tpot_ms"]), rel=0.03)


def test_a_room_that_a_log_shows_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the formula's beside it and the key that sets it: no profile holds it."""
    from simulator.calibration.fitting import logs as log_fitting

    log = write(tmp_path / "log.csv", served(START, np.arange(40) * 0.1))
    monkeypatch.setattr(log_fitting.Search, "best_with_room", lambda _self, _logs: (np.zeros(4), 20_000))
    monkeypatch.setattr("wayfare.cli.calibrate.demand_better", lambda *_told: None)
    code, told = run("calibrate", log, "--profile", "vllm-0.19", *ENGINE, "-o", tmp_path / "mine.yaml")
    assert code == 0, told
    formula = formula_room_tokens(point(), CATALOG, START)
    assert f"KV room that fits best: 20,000 tokens (the formula's: {formula:,})" in told
    assert "engine.kv_room_tokens: 20000" in told


def test_logs_that_a_calibration_would_worsen_are_refused(tmp_path: Path) -> None:
    """A machine that was slow for its first minute alone is not as it was then."""
    first, then = np.arange(40) * 0.1, np.arange(40) * 0.1 + 100.0
    slow = multiplied(START, np.log([2.5, 2.5, 2.5, 1.0]))
    log = write(tmp_path / "log.csv", served(slow, first) + served(START, then, seed=2))
    target, room = tmp_path / "mine.yaml", ("--kv-room-tokens", "400000")
    arguments = ("calibrate", log, "--profile", "vllm-0.19", *ENGINE, *room, "-o", target)
    code, told = run(*arguments, "--until", "60")
    assert code == WRONG_INPUT
    found = re.search(r"mean error on what ended after 60 s: ([\d.]+)% as 'vllm-0.19', ([\d.]+)% calib", told)
    before, after = map(float, found.groups())
    assert before < 1.0
    assert after > 50.0
    assert not target.exists()


def test_options_of_logs_are_checked_together(tmp_path: Path) -> None:
    """All faults at once; with points the options are refused."""
    log = write(tmp_path / "log.csv", served(START, np.arange(40) * 0.1))
    target = tmp_path / "mine.yaml"
    code, told = run("calibrate", log, "--profile", "vllm-0.19", "--max-num-seqs", "few", "-o", target)
    assert code == WRONG_INPUT
    assert [line.split(":")[0] for line in told.splitlines()] == [
        "--model",
        "--accelerator",
        "--max-num-seqs",
    ]
    points = write(tmp_path / "points.csv", measured(START, 1, 8, 64))
    code, told = run("calibrate", points, "--profile", "vllm-0.19", *ENGINE, "-o", target)
    assert code == WRONG_INPUT
    assert "only with a log: --model, --accelerator" in told
    assert not target.exists()
