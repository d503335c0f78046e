"""Which price holds: by the run's instant in UTC, weekday and plan, whatever stands in later rows."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from catalogs.offers import WEEKDAYS, DailyPrice
from simulator import InvalidScenarioError, Scenario, simulate
from world_cases import FRONTIER, scenario, with_stream

if TYPE_CHECKING:
    from pathlib import Path

ONE_A_MINUTE = {"pattern": "steady", "rate": "1/min", "process": "deterministic"}
ROW = {"input_usd_per_mtok": 2, "output_usd_per_mtok": 8, "source": "a test", "retrieved": "2026-01-01"}
CACHED = {**ROW, "cached_input_usd_per_mtok": 0.2}
BATCHED = {**ROW, "batch_input_usd_per_mtok": 1, "batch_output_usd_per_mtok": 4}
TALK = {"session": {"turns": 4, "think_time": "20s"}, "input_tokens": 2_000}


def dated(*rows: tuple[str, dict[str, object]]) -> dict[str, object]:
    """GPT-4o's prices replaced by rows, each from its day on."""
    prices = [{"valid_from": day, **row} for day, row in rows]
    return {"overrides": {"offers": {"openai/gpt-4o": {"prices": prices}}}}


def world(model: str = "gpt-4o", offer: str = "openai/gpt-4o", **changes: object) -> Scenario:
    """One API, a request a minute of a thousand tokens in and a hundred out."""
    api = {"offer": offer, **changes.pop("api", {})}
    stream = {"arrivals": ONE_A_MINUTE, "input_tokens": 1_000, "output_tokens": 100}
    stream = changes.pop("trace", None) or {**stream, **changes.pop("stream", {})}
    fleet = [{**FRONTIER, "model": model, "api": api}]
    return scenario(fleet=fleet, router={"policy": "round_robin"}, **with_stream(**stream), **changes)


def faults(**changes: object) -> list[str]:
    """What is said against a scenario; empty where it may run."""
    try:
        world(**changes)
    except InvalidScenarioError as error:
        return [str(fault) for fault in error.problems]
    return []


@pytest.mark.parametrize(
    ("start", "sold"),
    [
        ("2024-05-12T20:00:00-07:00", True),
        ("2024-05-13T03:00:00Z", True),
        ("2024-05-13T01:00:00+09:00", False),
        ("2024-05-12T16:00:00Z", False),
    ],
)
def test_the_day_of_a_price_is_the_instants_in_utc(start: str, sold: bool) -> None:
    """GPT-4o is sold from 2024-05-13 in UTC on, in whatever zone the start is written."""
    assert (not faults(start=start)) == sold, faults(start=start)


def test_one_instant_in_two_zones_is_one_run() -> None:
    """The same instant written with another zone gives the same bill."""
    bills = [
        simulate(world(start=start)).report.figure("cost_usd.api")
        for start in ("2024-08-05T20:30:00-07:00", "2024-08-06T03:30:00Z")
    ]
    assert bills[0] == bills[1] > 0.0


def test_a_retired_offer_is_refused_by_its_day_in_utc() -> None:
    """GPT-4 was retired on 2026-10-23: late on the 22nd it still runs, in any zone."""
    gpt4 = {"model": "gpt-4", "offer": "openai/gpt-4", "duration": "1min"}
    assert not faults(start="2026-10-23T01:00:00+02:00", **gpt4)
    assert "was retired on 2026-10-23" in faults(start="2026-10-22T20:00:00-07:00", **gpt4)[0]


def test_an_offer_retired_during_the_run_is_reported() -> None:
    """The report warns of a day that falls into the run, and of no other."""
    gpt4 = {"model": "gpt-4", "offer": "openai/gpt-4", "start": "2026-10-22T23:00:00Z"}
    warnings = simulate(world(duration="2h", **gpt4)).report.plain["warnings"]
    assert any("'openai/gpt-4' is retired on 2026-10-23" in text for text in warnings), warnings
    assert not simulate(world(duration="1h", **gpt4)).report.plain["warnings"]


def test_units_billed_by_a_later_days_price_are_reported() -> None:
    """The price of provisioned units is known from 2025 on; a run of 2024 says so, one of 2026 does not."""
    units = {"plan": "provisioned", "units": 15}
    early = simulate(world(api=units, start="2024-11-02")).report.plain["warnings"]
    assert any("is known from 2025-01-01 on" in text for text in early), early
    assert not simulate(world(api=units, start="2026-11-02")).report.plain["warnings"]


def test_the_future_begins_after_the_catalogs_day_in_utc() -> None:
    """The evening of the catalog's last day may begin a run although it is tomorrow somewhere."""
    day = world().catalog.date
    assert not faults(start=f"{day + timedelta(days=1)}T01:00:00+09:00")
    assert "lies in the future" in faults(start=f"{day}T20:00:00-07:00")[0]


@pytest.mark.parametrize(
    "rows", [("2024-01-01", CACHED, "2026-11-20", ROW), ("2024-01-01", ROW, "2026-11-20", CACHED)]
)
def test_a_later_row_does_not_decide_about_the_cache(
    rows: tuple[str, dict[str, object], str, dict[str, object]],
) -> None:
    """Prefixes are cached where the row of the run's day has a price for them."""
    first, row, second, later = rows
    report = simulate(
        world(start="2026-11-02", duration="10min", stream=TALK, catalog=dated((first, row), (second, later)))
    ).report
    assert (report.plain["tokens"]["cached_input"] > 0) == (row is CACHED)


def test_a_cached_price_that_ends_in_mid_run_ends_at_its_instant() -> None:
    """After midnight nothing is taken from the cache any more; before it something is."""
    prices = dated(("2024-01-01", CACHED), ("2026-11-03", ROW))
    run = simulate(
        world(start="2026-11-02T23:50:00Z", duration="20min", stream=TALK, catalog=prices)
    ).settlement.run
    late = run.attempts.admitted_s >= 600.0
    assert (run.attempts.cached[~late] > 0).any()
    assert late.any()
    assert (run.attempts.cached[late] == 0).all()


def test_batches_are_sold_by_the_row_of_the_run() -> None:
    """A batch price that begins or ends on another day neither allows nor forbids today's batch."""
    batch = {"api": {"plan": "batch"}, "stream": {"deferrable": True}, "drain": "24h", "start": "2026-11-02"}
    later = dated(("2024-01-01", ROW), ("2026-11-20", BATCHED))
    assert "is not sold in batches on 2026-11-02" in faults(catalog=later, **batch)[0]
    assert not faults(catalog=dated(("2024-01-01", BATCHED), ("2026-11-20", ROW)), **batch)
    assert not faults(catalog=dated(("2024-01-01", ROW), ("2026-10-01", BATCHED)), **batch)
    ends = dated(("2024-01-01", BATCHED), ("2026-11-03", ROW))
    assert not faults(catalog=ends, duration="24h", **batch)
    assert "is not sold in batches on 2026-11-03" in faults(catalog=ends, duration="25h", **batch)[0]


def shared_prefix(tmp_path: Path) -> dict[str, object]:
    """Forty deferrable documents behind one prompt of 7,680 tokens."""
    rows = [
        {
            "timestamp": 30_000 * k,
            "input_length": 8_192,
            "output_length": 100,
            "hash_ids": [*range(15), 99 + k],
        }
        for k in range(40)
    ]
    file = tmp_path / "trace.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="ascii")
    arrivals = {"pattern": "trace", "file": str(file), "format": "mooncake"}
    return {"arrivals": arrivals, "input_tokens": None, "output_tokens": None, "deferrable": True}


@pytest.mark.parametrize(
    ("offer", "prices"),
    [
        (
            "anthropic/claude-sonnet-5.5",
            {"batch": (1.0, 0.05, 1.25, 5.0), "pay_as_you_go": (2, 0.1, 2.5, 10)},
        ),
        ("openai/gpt-6.1-sol", {"batch": (1.0, 0.05, 1.0, 5.0)}),
        ("google/gemini-2.5-flash", {"batch": (0.15, 0.03, 0.15, 1.25)}),
    ],
)
def test_batches_and_caches_give_the_discounts_the_provider_says(
    tmp_path: Path, offer: str, prices: dict[str, tuple[float, ...]]
) -> None:
    """Input, cached, written and answer tokens cost what the plan and the provider's rule make of them."""
    changes = {"duration": "1h", "drain": "24h", "trace": shared_prefix(tmp_path)}
    for plan, (given, cached, written, answer) in prices.items():
        run = simulate(
            world(model=offer.split("/")[1], offer=offer, api={"plan": plan}, start="2026-11-02", **changes)
        ).settlement.run
        attempts = run.attempts
        assert (attempts.cached[1:] >= 7_680 - 128).all()
        plain = attempts.prompt - attempts.cached - attempts.cache_written
        expected = plain * given + attempts.cached * cached + attempts.cache_written * written
        np.testing.assert_allclose(run.books.whole.api_usd, (expected + attempts.output * answer) / 1e6)


def test_a_batch_without_a_cached_price_pays_for_every_token(tmp_path: Path) -> None:
    """GPT-4o caches nothing in batches, though it does outside them."""
    changes = {"duration": "1h", "drain": "24h", "trace": shared_prefix(tmp_path)}
    tokens = {
        plan: simulate(world(api={"plan": plan}, start="2026-11-02", **changes)).report.plain["tokens"]
        for plan in ("batch", "pay_as_you_go")
    }
    assert tokens["batch"]["cached_input"] == 0
    assert tokens["pay_as_you_go"]["cached_input"] > 0


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        ("2026-11-06T16:29:59Z", False),
        ("2026-11-06T16:30:00Z", True),
        ("2026-11-07T00:29:59Z", True),
        ("2026-11-07T00:30:00Z", False),
        ("2026-11-07T17:00:00Z", False),
        ("2026-11-09T00:10:00Z", False),
        ("2026-11-09T17:00:00+00:30", True),
    ],
)
def test_hours_of_some_weekdays_belong_to_the_day_they_begin_on(at: str, holds: bool) -> None:
    """Monday to Friday from 16:30 to 00:30: Friday's hours reach into Saturday, Sunday's are none."""
    part = DailyPrice(
        from_utc="16:30",
        to_utc="00:30",
        weekdays=WEEKDAYS[:5],
        input_usd_per_mtok=1,
        output_usd_per_mtok=1,
    )
    assert part.holds(datetime.fromisoformat(at)) == holds


def test_peak_hours_of_weekdays_leave_the_weekend_alone() -> None:
    """On Saturday the hours that are dear from Monday to Friday cost the usual price."""
    peak = {"from_utc": "01:00", "to_utc": "04:00", "weekdays": ["mon", "tue", "wed", "thu", "fri"]}
    peak |= {"input_usd_per_mtok": 4, "output_usd_per_mtok": 16}
    catalog = dated(("2024-01-01", {**ROW, "daily": [peak]}))
    bills = {
        day: simulate(world(start=f"2026-11-{day}T02:00:00Z", catalog=catalog)).report.figure("cost_usd.api")
        for day in ("06", "07", "09")
    }
    assert bills["06"] == bills["09"] == pytest.approx(2.0 * bills["07"])
