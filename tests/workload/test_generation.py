"""Generated requests have the rates, shapes and shares that the scenario states."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from simulator.streams import RandomStreams
from simulator.workload.columns import Workload
from simulator.workload.generate import generate_workload
from world_cases import CHAT, scenario, with_stream

SHARED_TRACES = Path(__file__).resolve().parents[3] / "shared" / "data" / "traces"


def made(**changes: object) -> Workload:
    """The workload of a small scenario."""
    world = scenario(**changes)
    return generate_workload(world, RandomStreams(world.seed))


def gaps_cv(workload: Workload) -> float:
    """Coefficient of variation of the gaps between arrivals."""
    gaps = np.diff(workload.arrival_s)
    return float(gaps.std() / gaps.mean())


def test_poisson_arrivals_have_the_rate_and_the_variation() -> None:
    """Counts lie within four standard deviations, gaps vary like exponential ones."""
    workload = made(duration="1h", **with_stream(arrivals={"pattern": "steady", "rate": 5.0}))
    assert abs(len(workload) - 18_000) < 4 * math.sqrt(18_000)
    assert gaps_cv(workload) == pytest.approx(1.0, abs=0.05)


def test_deterministic_arrivals_are_evenly_spaced() -> None:
    """The first stands at half a gap."""
    arrivals = {"pattern": "steady", "rate": 2.0, "process": "deterministic"}
    workload = made(duration="10s", **with_stream(arrivals=arrivals))
    np.testing.assert_allclose(workload.arrival_s, 0.25 + 0.5 * np.arange(20))


def test_gamma_arrivals_have_the_given_variation() -> None:
    """Bursty renewals keep the mean rate, and their CV."""
    arrivals = {"pattern": "bursty", "rate": 5.0, "cv": 3.0}
    workload = made(duration="4h", **with_stream(arrivals=arrivals))
    assert len(workload) == pytest.approx(72_000, rel=0.05)
    assert gaps_cv(workload) == pytest.approx(3.0, rel=0.1)


def test_switching_rates_keep_the_mean_and_cluster() -> None:
    """MMPP and on/off have the mean rate and more variation than Poisson."""
    for process in ("mmpp", "on_off"):
        arrivals = {"pattern": "bursty", "rate": 5.0, "process": process, "burst_duration": "20s"}
        workload = made(duration="8h", **with_stream(arrivals=arrivals))
        assert len(workload) == pytest.approx(144_000, rel=0.15)
        counts = np.histogram(workload.arrival_s, bins=2_880)[0]
        assert counts.var() > 3 * counts.mean()


def test_diurnal_peak_is_on_the_clock_of_the_region() -> None:
    """A peak at 14 h local falls on another hour of the run in Tokyo than in Amsterdam."""
    for region, utc_hour in (("japan", 5), ("eu-netherlands", 13)):
        arrivals = {"pattern": "diurnal", "rate": 4.0, "peak_hour": 14, "peak_to_trough": 6}
        workload = made(duration="24h", **with_stream(region=region, arrivals=arrivals))
        phase = np.exp(2j * np.pi * workload.arrival_s / 86_400.0).mean()
        peak = (np.angle(phase) / (2 * np.pi) * 24) % 24
        assert peak == pytest.approx(utc_hour, abs=0.3)
        assert len(workload) == pytest.approx(4.0 * 86_400, rel=0.02)


def test_one_streams_parameters_do_not_move_anothers_draws() -> None:
    """Named streams: changing chat's rate leaves the other stream's requests alone."""
    other = {**CHAT, "name": "other", "task": "extraction"}
    base = made(workload={"streams": [CHAT, other]})
    faster = {**CHAT, "arrivals": {"pattern": "steady", "rate": 7.0}}
    moved = made(workload={"streams": [faster, other]})
    for name in ("arrival_s", "input_token_count", "difficulty"):
        mine = getattr(base, name)[base.stream_code == 1]
        np.testing.assert_array_equal(mine, getattr(moved, name)[moved.stream_code == 1])


def test_tenants_share_the_requests_as_stated() -> None:
    """Three to one."""
    workload = made(duration="1h", **with_stream(tenants={"a": 3, "b": 1}))
    share = float((workload.tenant_code == 0).mean())
    assert share == pytest.approx(0.75, abs=0.03)


def test_sessions_link_turns_and_carry_what_was_said() -> None:
    """Every session has its turns, in order, and prompts that grow by what was said and answered."""
    session = {"turns": 3, "think_time": "2s"}
    workload = made(**with_stream(session=session, input_tokens=100, output_tokens=50))
    first = np.flatnonzero(workload.turn == 0)
    assert len(workload) == 3 * len(first)
    assert np.isnan(workload.arrival_s[workload.turn > 0]).all()
    second = workload.next_request[first]
    third = workload.next_request[second]
    assert (workload.next_request[third] == -1).all()
    np.testing.assert_array_equal(workload.session[first], workload.session[third])
    assert set(workload.input_token_count[second]) == {250}
    assert set(workload.input_token_count[third]) == {400}


def test_recorded_requests_keep_their_lengths_and_unusable_rows_are_counted(tmp_path: Path) -> None:
    """A trace's rows arrive as recorded; a bad row is dropped and counted by reason."""
    path = tmp_path / "trace.csv"
    path.write_text(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n"
        "2023-11-16 18:15:46.68,374,44\n2023-11-16 18:15:50.99,396,109\n2023-11-16 18:15:51.99,-3,9\n",
        encoding="utf-8",
    )
    workload = made(**with_stream(arrivals={"pattern": "trace", "file": str(path)}))
    assert workload.input_token_count.tolist() == [374, 396]
    assert workload.output_recorded.all()
    assert workload.arrival_s.tolist() == pytest.approx([0.0, 4.31])
    assert sum(workload.dropped_row_count.values()) == 1


def test_loop_and_time_scale_play_a_trace_as_stated(tmp_path: Path) -> None:
    """Half the time halves the gaps; a loop fills the duration."""
    path = tmp_path / "trace.csv"
    rows = "".join(f"{second},10,5\n" for second in range(10))
    path.write_text("arrival_s,input_tokens,output_tokens\n" + rows, encoding="utf-8")
    arrivals = {"pattern": "trace", "file": str(path), "time_scale": 0.5, "loop": True}
    workload = made(duration="20s", **with_stream(arrivals=arrivals))
    np.testing.assert_allclose(workload.arrival_s, np.arange(40) * 0.5)


def test_the_real_trace_arrives_whole() -> None:
    """All 19,366 requests of the Azure conversation trace are used, where the file is at hand."""
    path = SHARED_TRACES / "azure_llm_2023_conv.csv.gz"
    if not path.exists():
        pytest.skip(f"the public trace is not at {path}")
    workload = made(duration="1h", **with_stream(arrivals={"pattern": "trace", "file": str(path)}))
    assert len(workload) == 19_366
    assert not workload.dropped_row_count


def test_a_million_requests_are_columns() -> None:
    """A million requests come as typed columns in order of arrival."""
    workload = made(duration="100s", **with_stream(arrivals={"pattern": "steady", "rate": 10_000.0}))
    assert len(workload) == pytest.approx(1_000_000, rel=0.01)
    assert (np.diff(workload.arrival_s) >= 0).all()
    assert workload.input_token_count.dtype == np.int32


def test_uniform_counts_are_equally_likely_at_the_ends_too() -> None:
    """Every whole number between the bounds comes as often; the mean is halfway."""
    stream = with_stream(
        input_tokens={"uniform": [3, 7]},
        output_tokens={"mixture": [{"uniform": [1, 4], "weight": 1}, {"fixed": 9, "weight": 1}]},
        arrivals={"pattern": "steady", "rate": 100.0},
    )
    workload = made(duration="10min", **stream)
    count = len(workload)
    shares = np.bincount(workload.input_token_count, minlength=8) / count
    np.testing.assert_allclose(shares, [0, 0, 0, 0.2, 0.2, 0.2, 0.2, 0.2], atol=4 * np.sqrt(0.16 / count))
    mixed = np.bincount(workload.output_token_count, minlength=10) / count
    np.testing.assert_allclose(mixed[1:5], 0.125, atol=4 * np.sqrt(0.11 / count))
    assert mixed[9] == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / count))


@pytest.mark.parametrize(("turns", "mean"), [({"uniform": [2, 5]}, 3.5), ({"exponential": 3}, 3.0)])
def test_sessions_have_as_many_turns_as_stated_in_the_mean(turns: dict[str, object], mean: float) -> None:
    """Whole numbers of turns, at least one, have the distribution's own mean."""
    stream = with_stream(
        session={"turns": turns, "think_time": "1s"}, arrivals={"pattern": "steady", "rate": 50.0}
    )
    workload = made(duration="10min", **stream)
    sessions = (workload.turn == 0).sum()
    counts = np.bincount(workload.session)
    assert counts.mean() == pytest.approx(mean, abs=4 * counts.std() / np.sqrt(sessions))
