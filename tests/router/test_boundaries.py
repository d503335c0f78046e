"""At least means at least: what stands exactly at a limit is inside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from router.errors import InvalidPolicyParameterError, UnknownPolicyError
from router.host.failures import failure_class
from router.parameters import at_least, check, ratio, weights
from router.pipeline.columns import lower_is_better
from router.pipeline.filters import LoadCeiling, SuccessFloor
from router.pipeline.pickers import BestScore, RandomByScore
from router.registry import describe_policy, make_policy, policy_names
from router.source_file import is_file_spec
from router.sources import source_of
from router.testing import samples as specimens
from router.views.options import OptionTable, cheapest, strongest

TARGETS = specimens.sample_targets()
ALL = tuple(range(len(TARGETS)))


class Drawn:
    """A generator that draws what it is told."""

    def __init__(self, value: float) -> None:
        """Keeps the value."""
        self._value = value

    def random(self) -> float:
        """The value."""
        return self._value


def test_a_success_exactly_at_the_floor_is_kept() -> None:
    """A floor keeps what is as likely to be right as it asks, and nothing below."""
    request = specimens.sample_view(specimens.sample_requests(1), TARGETS)
    fleet = specimens.sample_fleet(TARGETS)
    likely = [target.predicted_success(request) for target in TARGETS]
    for floor in likely:
        kept = SuccessFloor(floor=floor).keep(request, fleet, ALL)
        assert list(kept) == [index for index in ALL if likely[index] >= floor]


def test_a_load_exactly_at_the_ceiling_is_kept() -> None:
    """A ceiling keeps as many outstanding attempts per replica as it says."""
    request = specimens.sample_view(specimens.sample_requests(1), TARGETS)
    loads = [3 * target.replica_count + (index % 2) for index, target in enumerate(TARGETS)]
    kept = LoadCeiling(outstanding=3).keep(request, specimens.sample_fleet(TARGETS, loads), ALL)
    assert list(kept) == [index for index in ALL if index % 2 == 0]


@pytest.mark.parametrize(
    ("problem", "is_one"),
    [
        (ratio("x", 0.0), False),
        (ratio("x", 1.0), False),
        (ratio("x", 1.0001), True),
        (ratio("x", -0.0001), True),
        (at_least("x", 2.0, 2.0), False),
        (at_least("x", 1.999, 2.0), True),
        (at_least("x", float("inf"), 2.0), True),
        (weights("x", None), False),
        (weights("x", {"a": 0.0, "b": 0.5}), False),
        (weights("x", {"a": 0.0, "b": 0.0}), True),
        (weights("x", {"a": -0.5, "b": 2.0}), True),
        (weights("x", {"a": float("inf")}), True),
    ],
)
def test_limits_of_parameters_are_inside(problem: tuple[str, str] | None, is_one: bool) -> None:
    """Shares from 0 to 1, numbers from their least on, weights of which one is positive are no problem."""
    assert (problem is not None) == is_one
    if is_one:
        with pytest.raises(InvalidPolicyParameterError, match="x"):
            check(None, problem)


def test_scores_are_stretched_between_the_least_and_the_greatest() -> None:
    """The least scores 1, the greatest 0, what lies between by its place; equals score 1."""
    assert lower_is_better([3.0, 1.0, 5.0]) == [0.5, 1.0, 0.0]
    assert lower_is_better([2.0, 2.0]) == [1.0, 1.0]


@pytest.mark.parametrize(("drawn", "picked"), [(0.0, 7), (0.24, 7), (0.25, 9), (0.99, 9)])
def test_draws_by_score_fall_where_their_share_begins(drawn: float, picked: int) -> None:
    """A draw belongs to the candidate whose share of the scores it falls into; none to negative ones."""
    fleet = specimens.sample_fleet(TARGETS)
    assert RandomByScore().pick(fleet, (7, 8, 9), (1.0, -2.0, 3.0), Drawn(drawn)) == picked
    even = RandomByScore().pick(fleet, (7, 8, 9, 5), (0.0, -2.0, 0.0, 0.0), Drawn(drawn))
    assert even == (7, 8, 9, 5)[int(drawn * 4)]


def test_the_best_score_wins_and_ties_go_to_the_least_busy() -> None:
    """The greatest score, among equals the least outstanding, then the lowest index."""
    fleet = specimens.sample_fleet(TARGETS, [4, 1, 1, 0])
    assert BestScore().pick(fleet, ALL, (0.9, 0.9, 0.9, 0.1), np.random.default_rng(0)) == 1


def test_options_that_cost_the_same_go_to_the_first() -> None:
    """The cheapest of equals, and the strongest of equals, is the one with the lowest target index."""
    request = specimens.sample_view(specimens.sample_requests(1), TARGETS)
    known = OptionTable().of(specimens.sample_fleet(TARGETS), request.task, request.stream)
    twins = [replace(known[0], members=(index,)) for index in (3, 5, 8)]
    assert cheapest(twins, request).members == (3,)
    assert strongest(twins, request).members == (3,)
    dear = replace(known[0], members=(1,), output_usd_per_mtok=known[0].output_usd_per_mtok + 1.0)
    assert cheapest([dear, *twins], request).members == (3,)
    assert strongest([dear, *twins], request).members == (3,)
    assert strongest([*twins, replace(dear, ability=known[0].ability + 0.1)], request).members == (1,)


@pytest.mark.parametrize("name", policy_names())
def test_every_parameter_says_what_it_is_for_and_what_it_is(name: str) -> None:
    """Parameters have a type, a sentence, and a default which changes nothing when it is stated."""
    description = describe_policy(name)
    for told in description.parameters:
        assert told.about.strip(), told.name
        assert told.type
        assert told.default
    assert make_policy(name, {}) is not None
    assert description.about.strip() if hasattr(description, "about") else True


def test_an_unknown_scheme_lists_the_sources_there_are() -> None:
    """A policy of a scheme nobody knows is refused with the schemes that are known."""
    with pytest.raises(UnknownPolicyError) as refused:
        source_of("smoke://signals")
    assert str(refused.value) == (
        "unknown policy 'smoke://signals': no source 'smoke'; known sources: 'grpc', 'litellm'"
    )


@pytest.mark.parametrize(
    ("spec", "is_one"),
    [("a/b.py:Mine", True), ("c:/a/b.py:Mine", True), ("b.py:", False), ("b.py", False), ("cascade", False)],
)
def test_a_files_policy_is_named_after_the_last_colon(spec: str, is_one: bool) -> None:
    """A path may hold colons itself; a file without a name, or a bare name, is no such text."""
    assert is_file_spec(spec) == is_one


@pytest.mark.parametrize(
    ("reason", "retried", "cools"),
    [
        ("rate_limited", True, True),
        ("server_error", True, True),
        ("timeout", True, True),
        ("connection_error", True, False),
        ("too_large", False, False),
        ("context_length", False, False),
        ("refused", False, True),
        ("never heard of", True, True),
    ],
)
def test_only_what_the_target_did_counts_against_it(reason: str, retried: bool, cools: bool) -> None:
    """Prompts that are too long and broken connections are not held against a target."""
    found = failure_class(reason)
    assert (found.retried, found.cools) == (retried, cools)
