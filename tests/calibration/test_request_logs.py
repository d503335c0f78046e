"""Logs of requests: what is read of them, and profiles adapted to them by replaying."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from catalogs import load_catalog
from simulator.calibration.fitting.logs import adapted_to_log, log_error, multiplied, with_room
from simulator.calibration.measured.log_setup import LogSetup, corners, log_point
from simulator.calibration.measured.points import InvalidPointsError, Point, numbered_rows, point_of
from simulator.calibration.measured.request_log import RequestLog, is_log, request_log
from simulator.calibration.predicted.open_loop import replayed
from simulator.calibration.predicted.times import spec_of

MEASURED = Path(__file__).resolve().parents[3] / "shared" / "data" / "measurements" / "open_loop"
CATALOG = load_catalog()
START = CATALOG.serving_profile("vllm-0.19")
LLAMA = "meta-llama/Llama-3.1-8B-Instruct"
ROW = {
    "model": LLAMA, "accelerator": "h100", "engine": "vllm", "engine_version": "0.19.0",
    "precision": "bf16", "input_tokens": "800", "output_tokens": "200", "batch_size": "16", "tp": "1",
}  # fmt: skip


def point(**changes: str) -> Point:
    """The configuration behind the logs."""
    made = point_of({**ROW, **changes}, CATALOG)
    assert isinstance(made, Point)
    return made


def served(truth: object, one: Point, rate_per_s: float, count: int = 120, seed: int = 1) -> RequestLog:
    """The log that a machine of that profile would write."""
    rng = np.random.default_rng(seed)
    begin_s = np.cumsum(rng.exponential(1.0 / rate_per_s, count))
    begin_s -= begin_s[0]
    prompts, answers = rng.integers(100, 1_500, count), rng.integers(50, 400, count)
    times = replayed(spec_of(one, CATALOG, truth), begin_s, prompts, answers)
    return RequestLog(
        begin_s=begin_s, first_s=begin_s + times.ttft_s, last_s=begin_s + times.e2e_s,
        input_tokens=prompts, output_tokens=answers,
    )  # fmt: skip


def rows_of(log: RequestLog, zero_s: float = 0.0) -> list[dict[str, str]]:
    """A log as rows of a file, on a clock of any zero."""
    instants = (log.begin_s + zero_s, log.first_s + zero_s, log.last_s + zero_s)
    names = ("arrival_s", "first_token_s", "last_token_s", "input_tokens", "output_tokens")
    columns = [*(times.tolist() for times in instants), log.input_tokens.tolist(), log.output_tokens.tolist()]
    return [dict(zip(names, map(str, row), strict=True)) for row in zip(*columns, strict=True)]


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    """Rows as CSV, or as JSON lines where the name says so."""
    with path.open("w", newline="", encoding="utf-8") as file:
        if path.suffix == ".jsonl":
            file.writelines(json.dumps(row) + "\n" for row in rows)
        else:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return path


def read(path: Path) -> RequestLog:
    """The log in a file."""
    return request_log(path, *numbered_rows(path))


@pytest.mark.parametrize("truth", [(1.4, 0.7, 1.2, 1.9), (0.8, 1.3, 1.0, 1.0), (2.0, 2.0, 2.0, 1.0)])
def test_factors_of_a_machine_are_found_in_its_log(truth: tuple[float, ...]) -> None:
    """Decoding, prompts and the host of another machine, each by itself, and its times at another load."""
    one = point(kv_room_tokens="400000")
    machine = multiplied(START, np.log(truth))
    made = adapted_to_log(START, served(machine, one, 15.0), one, CATALOG)
    found = made.factors
    assert found["decode"] == pytest.approx(truth[0], rel=0.06)
    assert found["prompts"] == pytest.approx(truth[1], rel=0.2)
    assert found["host"] == pytest.approx(truth[3], rel=0.2)
    assert made.kv_room_tokens is None
    other = served(machine, one, 8.0, seed=5)
    assert log_error(START, other, one, CATALOG).error > 0.1
    assert log_error(made.profile, other, one, CATALOG).error < 0.03


def test_a_log_that_agrees_changes_nothing() -> None:
    """The profile's own log leaves its factors at 1 and no error."""
    one = point(kv_room_tokens="400000")
    log = served(START, one, 15.0)
    made = adapted_to_log(START, log, one, CATALOG)
    assert all(factor == pytest.approx(1.0, abs=1e-6) for factor in made.factors.values())
    assert log_error(made.profile, log, one, CATALOG).error == pytest.approx(0.0, abs=1e-9)


@pytest.mark.slow
def test_a_room_that_requests_waited_for_is_found() -> None:
    """A tenth of the formula's room shows in the queue; a room that nobody filled does not."""
    one = point()
    crowded = served(multiplied(START, np.log([1.3, 0.9, 1.0, 1.0])), point(kv_room_tokens="20000"), 25.0)
    made = adapted_to_log(START, crowded, one, CATALOG)
    assert made.kv_room_tokens == pytest.approx(20_000, rel=0.05)
    assert made.factors["decode"] == pytest.approx(1.3, rel=0.08)
    assert log_error(made.profile, crowded, with_room(one, made.kv_room_tokens), CATALOG).error < 0.02
    empty = served(START, one, 3.0)
    assert adapted_to_log(START, empty, one, CATALOG).kv_room_tokens is None


def test_the_profile_carries_what_it_was_measured_with() -> None:
    """Limits, the recipe's factor and all others in proportion to it, and the host's steps of every start."""
    one = point(max_num_seqs="32", max_num_batched_tokens="1024", kv_room_tokens="100000")
    recipe, other = "0.19.0 h100 32x4096", "0.19.0 a100-80gb-pcie 32x4096"
    machine = multiplied(START, np.log([1.5, 1.5, 1.5, 2.0]))
    made = adapted_to_log(START, served(machine, one, 10.0), one, CATALOG)
    profile, host = made.profile, made.factors["host"]
    assert (profile.max_sequences, profile.token_budget, profile.version) == (32, 1_024, "0.19.0")
    assert profile.recipes[recipe] == 1.0
    assert profile.recipes[other] == pytest.approx(START.recipes[other] / START.recipes[recipe])
    assert profile.scale == pytest.approx(START.recipes[recipe])
    assert host == pytest.approx(2.0, rel=0.2)
    assert profile.first_steps == pytest.approx(START.first_steps * host)
    assert profile.first_steps_of["0.19.0 b200"] == pytest.approx(START.first_steps_of["0.19.0 b200"] * host)
    assert profile.request_s == START.request_s


def test_what_was_not_seen_yet_is_served_but_not_judged() -> None:
    """Until an instant and after it: the same requests, each time on one side alone."""
    log = served(START, point(), 10.0)
    instant_s = float(np.median(log.last_s))
    known, later = log.until(instant_s), log.after(instant_s)
    assert known.complete + later.complete == log.complete == 120
    assert np.nanmax(known.last_s) <= instant_s < np.nanmin(later.last_s)
    assert np.isfinite(known.first_s).sum() > known.complete
    assert (known.output_tokens == log.output_tokens).all()
    worse = multiplied(START, np.log([2.0, 2.0, 2.0, 1.0]))
    assert log_error(worse, known, point(), CATALOG).means["TPOT"] > 0.5
    assert log_error(START, known, point(), CATALOG).error < 1e-9


@pytest.mark.parametrize("name", ["log.csv", "log.jsonl"])
def test_logs_are_read_by_any_clock(tmp_path: Path, name: str) -> None:
    """Seconds since 1970, rows in any order, and the engine's queue instead of the arrival."""
    log = served(START, point(), 10.0, count=30)
    rows = rows_of(log, zero_s=1.7e9)
    for row in rows:
        row["queued_s"], row["arrival_s"] = row["arrival_s"], str(float(row["arrival_s"]) - 0.5)
    found = read(write(tmp_path / name, rows[::-1]))
    assert np.allclose(found.times_s, log.times_s, atol=1e-5)
    assert (found.input_tokens == log.input_tokens).all()
    assert found.begin_s[0] == 0.0


def test_every_fault_of_a_log_is_said(tmp_path: Path) -> None:
    """Rows by number, missing columns, and too few requests that ended."""
    rows = rows_of(served(START, point(), 10.0, count=30))
    broken = [dict(row) for row in rows]
    mistakes = {"input_tokens": "many", "first_token_s": "soon", "last_token_s": "-5", "arrival_s": ""}
    for row, (name, text) in zip(broken, mistakes.items(), strict=False):
        row[name] = text
    with pytest.raises(InvalidPointsError) as caught:
        read(write(tmp_path / "broken.csv", broken))
    told = [str(fault).split("broken.csv: ")[1] for fault in caught.value.problems]
    assert told[0] == "row 2: input_tokens is 'many'; it should be a whole number from 1 on"
    assert told[1] == "row 3: first_token_s is 'soon'; it should be seconds"
    assert told[2].startswith("row 4: its times should be in order")
    assert told[3] == "row 5: arrival_s is missing"
    assert len(told) == 4
    with pytest.raises(InvalidPointsError, match="missing columns: output_tokens"):
        read(
            write(
                tmp_path / "short.csv", [{k: v for k, v in r.items() if k != "output_tokens"} for r in rows]
            )
        )
    unended = [row | ({"last_token_s": ""} if number > 11 else {}) for number, row in enumerate(rows)]
    with pytest.raises(InvalidPointsError, match="12 complete requests; needed: at least 20"):
        read(write(tmp_path / "early.csv", unended))


def test_every_fault_of_a_setup_is_said() -> None:
    """Names with the near ones, numbers, a room that the longest request exceeds, and an empty half."""
    log = served(START, point(), 10.0, count=30)
    setup = LogSetup(
        model="meta-llama/Llama-3.1-8B-Instrukt", accelerator="h1000", precision="fp7", tensor_parallel="0",
        max_num_seqs="x", max_num_batched_tokens="-1", kv_room_tokens="64", until="0.01",
    )  # fmt: skip
    with pytest.raises(InvalidPointsError) as caught:
        log_point(setup, log, START, CATALOG)
    options = [fault.file for fault in caught.value.problems]
    assert options == [
        "--model", "--accelerator", "--precision", "--tensor-parallel", "--max-num-seqs",
        "--max-num-batched-tokens", "--kv-room-tokens", "--until",
    ]  # fmt: skip
    assert f"did you mean '{LLAMA}'" in str(caught.value)
    longest = int((log.input_tokens + log.output_tokens).max())
    assert f"whole number from {longest} on (the longest request)" in str(caught.value)
    with pytest.raises(
        InvalidPointsError, match="--model: is needed with a log of requests\n--accelerator: is"
    ):
        log_point(LogSetup(), log, START, CATALOG)


def test_a_setup_is_the_point_of_its_log() -> None:
    """Options as given, lengths and sequences of the log, width as told."""
    log = served(START, point(), 10.0)
    setup = LogSetup(
        model=LLAMA, accelerator="h100", tensor_parallel="16", max_num_seqs="64", kv_room_tokens="9999"
    )
    made = log_point(setup, log, START, CATALOG)
    assert (made.layout.tensor_parallel, made.version, made.engine) == (16, "0.19.0", "vllm")
    assert (made.max_num_seqs, made.max_num_batched_tokens, made.kv_room_tokens) == (64, None, 9_999)
    assert made.input_tokens == round(float(log.input_tokens.mean()))
    held = (log.last_s - log.first_s).sum() / (log.last_s.max() - log.first_s.min())
    assert made.batch == round(float(held))
    small, large = corners(made, log)
    assert small.input_tokens == log.input_tokens.min() < large.input_tokens <= log.input_tokens.max()
    assert small.batch == 1 < held < large.batch < 120


def test_columns_tell_logs_from_points() -> None:
    """First and last tokens stand in logs alone."""
    assert is_log(("arrival_s", "first_token_s"))
    assert not is_log(tuple(ROW))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "accelerator", "sequences", "room"),
    [("rtx4090", "rtx-4090", "256", "41408"), ("rtxpro6000", "rtx-pro-6000", "128", None)],
)
def test_recordings_are_met_after_their_first_minute(
    name: str, accelerator: str, sequences: str, room: str | None
) -> None:
    """Calibrated on what had ended by 60 s, TTFT, TPOT and E2E of the rest are within 5 %."""
    if not MEASURED.exists():
        pytest.skip(f"the recordings are not at {MEASURED}")
    log = read(MEASURED / f"{name}_llama-3.1-8b.csv")
    setup = LogSetup(
        model=LLAMA, accelerator=accelerator, max_num_seqs=sequences, max_num_batched_tokens="2048",
        kv_room_tokens=room,
    )  # fmt: skip
    one = log_point(setup, log, START, CATALOG)
    made = adapted_to_log(START, log.until(60.0), one, CATALOG)
    rest = log.after(60.0)
    found = log_error(
        made.profile, rest, replace(one, kv_room_tokens=made.kv_room_tokens or one.kv_room_tokens), CATALOG
    )
    assert all(abs(error) < 0.05 for error in found.means.values())
    assert found.error < 0.7 * log_error(START, rest, one, CATALOG).error
