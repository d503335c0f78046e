"""Hard constraints as array code, against their definition request by request."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from router.constraints import StreamConstraints, candidate_sets, screen
from router.testing.samples import TASK, sample_targets
from router.views.fleet import TIERS, Target

TARGETS = sample_targets()
REGIONS = ("home", "near", "far", "nowhere")


@given(mask=hnp.arrays(np.bool_, st.tuples(st.integers(0, 30), st.integers(0, 12))))
def test_candidate_sets_say_what_the_mask_says(mask: np.ndarray) -> None:
    """Each row's set holds its true columns, ascending, and no set stands twice."""
    sets, set_of_request = candidate_sets(mask)
    assert len(set(sets)) == len(sets)
    assert set_of_request.dtype == np.int32
    for row, number in zip(mask, set_of_request, strict=True):
        assert sets[number] == tuple(np.flatnonzero(row))


def test_candidate_sets_of_a_wide_fleet() -> None:
    """More targets than fit into a machine word are told apart as well."""
    mask = np.zeros((3, 200), dtype=np.bool_)
    mask[0, 199] = mask[1, 0] = mask[2, 199] = True
    sets, set_of_request = candidate_sets(mask)
    assert [sets[number] for number in set_of_request] == [(199,), (0,), (199,)]


limits = st.builds(
    StreamConstraints,
    residency=st.none() | st.frozensets(st.sampled_from(REGIONS), min_size=1),
    banned_tiers=st.frozensets(st.sampled_from(TIERS), max_size=3),
    capability_floor=st.sampled_from([0.0, 0.3, 0.6, 0.95]),
    average_success=st.just((0.2, 0.5, 0.8, float("nan"))),
)


def permits(target: Target, limit: StreamConstraints, token_count: int, *, available: bool) -> bool:
    """The constraints' definition for one target and one request."""
    success = limit.average_success[target.index]
    return (
        available
        and (limit.residency is None or target.region in limit.residency)
        and target.tier not in limit.banned_tiers
        and (limit.capability_floor == 0.0 or success >= limit.capability_floor)
        and token_count <= target.context_window_tokens
    )


@given(
    classes=st.lists(limits, min_size=1, max_size=4),
    requests=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from([1, 8192, 8193, 32768, 32769, 524288, 524289, 2**40])),
        max_size=20,
    ),
    available=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_screening_agrees_with_the_definition(
    classes: list[StreamConstraints], requests: list[tuple[int, int]], available: list[bool]
) -> None:
    """A target is a candidate exactly when no constraint excludes it."""
    codes = np.array([code % len(classes) for code, _ in requests], dtype=np.int16)
    tokens = np.array([count for _, count in requests], dtype=np.int64)
    screening = screen(TARGETS, classes, codes, tokens, available=available)
    for code, count, number in zip(codes, tokens, screening.set_of_request, strict=True):
        expected = tuple(
            target.index
            for target in TARGETS
            if permits(target, classes[code], int(count), available=available[target.index])
        )
        assert screening.sets[number] == expected
        assert bool(screening.reasons[number]) == (not expected)


def reason_of(
    limit: StreamConstraints, token_count: int = 100, available: tuple[bool, ...] | None = None
) -> str:
    """Why a request under this limit has no candidates."""
    screening = screen(
        TARGETS, [limit], np.zeros(1, dtype=np.int16), np.array([token_count]), available=available
    )
    return screening.reasons[screening.set_of_request[0]]


@pytest.mark.parametrize(
    ("limit", "token_count", "reason"),
    [
        (StreamConstraints(), 100, ""),
        (StreamConstraints(), 10**9, "no target permitted: context_window"),
        (StreamConstraints(residency=frozenset({"moon"})), 100, "no target permitted: residency"),
        (StreamConstraints(banned_tiers=frozenset(TIERS)), 100, "no target permitted: tiers_banned"),
        (
            StreamConstraints(capability_floor=0.9, average_success=(0.1, 0.2, 0.3, 0.4)),
            1,
            "no target permitted: capability_floor",
        ),
        # home has small and medium, whose windows are too small: lifting either constraint helps
        (
            StreamConstraints(residency=frozenset({"home"})),
            100_000,
            "no target permitted: residency, context_window",
        ),
        # no single constraint is to blame
        (
            StreamConstraints(residency=frozenset({"moon"}), banned_tiers=frozenset(TIERS)),
            100,
            "no target permitted: residency, tiers_banned",
        ),
    ],
)
def test_reason_names_what_took_the_last_targets(
    limit: StreamConstraints, token_count: int, reason: str
) -> None:
    """The reason names the constraints that left a request without candidates."""
    assert reason_of(limit, token_count) == reason


def test_unavailable_targets_are_named_as_such() -> None:
    """A fleet of which nothing can be used says so."""
    assert reason_of(StreamConstraints(), available=(False,) * 4) == "no target permitted: availability"


def test_a_million_requests_are_screened_in_under_a_second() -> None:
    """Screening is array code: its cost per request is nanoseconds."""
    twelve = [
        replace(target, index=4 * k + target.index, name=f"{target.name}-{k}")
        for k in range(4)
        for target in TARGETS
    ]
    draw = np.random.default_rng(1)
    codes = draw.integers(0, 3, 1_000_000).astype(np.int16)
    tokens = draw.integers(1, 60_000, 1_000_000)
    classes = [
        StreamConstraints(),
        StreamConstraints(residency=frozenset({"home"})),
        StreamConstraints(banned_tiers=frozenset({"cloud"})),
    ]
    began_s = perf_counter()
    screening = screen(twelve, classes, codes, tokens)
    mask = np.array([target.context_window_tokens for target in twelve]) >= tokens[:, None]
    candidate_sets(mask)
    assert perf_counter() - began_s < 1.0
    assert len(screening.set_of_request) == 1_000_000


def test_no_requests_are_no_trouble() -> None:
    """An empty workload has no sets."""
    screening = screen(
        TARGETS, [StreamConstraints()], np.zeros(0, dtype=np.int16), np.zeros(0, dtype=np.int64)
    )
    assert (screening.sets, screening.reasons, len(screening.set_of_request)) == ((), (), 0)
    assert TASK in TARGETS[0].ability
