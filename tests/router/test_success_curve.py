"""Success curves, log odds and estimates of targets, in exact numbers."""

from __future__ import annotations

from dataclasses import replace
from math import exp, inf, isnan, log, nan

import pytest

from router import SuccessCurve, UnknownTargetError
from router.testing.samples import TASK, sample_fleet, sample_requests, sample_targets, sample_view
from router.views.options import OptionTable, capable, cheapest, strongest

CURVE = SuccessCurve(difficulties=(-2.0, 0.0, 4.0), success=(0.9, 0.5, 0.1))
TARGETS = sample_targets()


@pytest.mark.parametrize(
    ("difficulty", "share"),
    [
        (-inf, 0.9),
        (-3.0, 0.9),
        (-2.0, 0.9),
        (-1.5, 0.8),
        (-0.5, 0.6),
        (0.0, 0.5),
        (1.0, 0.4),
        (3.0, 0.2),
        (4.0, 0.1),
        (9.0, 0.1),
        (inf, 0.1),
    ],
)
def test_a_curve_is_straight_between_its_points_and_level_beyond(difficulty: float, share: float) -> None:
    """The share is interpolated between neighbours."""
    assert CURVE.at(difficulty) == pytest.approx(share, abs=1e-12)


def test_a_curve_knows_nothing_of_an_unknown_difficulty() -> None:
    """A difficulty of nan gives nan; a curve of one point is level."""
    assert isnan(CURVE.at(nan))
    level = SuccessCurve(difficulties=(1.0,), success=(0.3,))
    assert [level.at(0.0), level.at(1.0), level.at(2.0)] == [0.3, 0.3, 0.3]
    assert (level.reach(0.3), level.reach(0.31)) == (inf, -inf)


@pytest.mark.parametrize(
    ("floor", "reach"),
    [
        (0.0, inf),
        (0.1, inf),
        (0.2, 3.0),
        (0.4, 1.0),
        (0.5, 0.0),
        (0.6, -0.5),
        (0.8, -1.5),
        (0.9, -2.0),
        (0.91, -inf),
    ],
)
def test_a_curve_reaches_where_it_meets_the_floor(floor: float, reach: float) -> None:
    """The greatest difficulty at which the share is the floor."""
    assert CURVE.reach(floor) == pytest.approx(reach, abs=1e-12)


def test_of_a_curve_that_rises_again_the_last_crossing_counts() -> None:
    """A floor that is met twice is left at the greater difficulty."""
    bumpy = SuccessCurve(difficulties=(0.0, 1.0, 2.0, 3.0), success=(0.8, 0.2, 0.6, 0.2))
    assert bumpy.reach(0.4) == pytest.approx(2.5)


@pytest.mark.parametrize(("floor", "odds"), [(0.5, 0.0), (0.7, log(0.7 / 0.3)), (0.2, log(0.25))])
def test_without_a_curve_the_item_response_meets_the_floor(floor: float, odds: float) -> None:
    """A target reaches its ability less the floor's log odds over the discrimination."""
    options = OptionTable(floor).of(sample_fleet(TARGETS), TASK)
    expected = [target.ability[TASK] - odds / 1.7 for target in TARGETS]
    assert [option.reach for option in options] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("floor", "reach"), [(0.0, inf), (-0.1, inf), (1.0, -inf), (1.5, -inf)])
def test_no_floor_is_met_everywhere_and_certainty_nowhere(floor: float, reach: float) -> None:
    """At the ends of its range a floor asks for nothing, or for what nobody has."""
    assert {option.reach for option in OptionTable(floor).of(sample_fleet(TARGETS), TASK)} == {reach}


def test_a_table_of_options_demands_nothing_unless_told() -> None:
    """Without a floor every option reaches every difficulty, ability known or not."""
    options = OptionTable().of(sample_fleet(TARGETS), "unknown task")
    assert [(option.ability, option.reach) for option in options] == [(-inf, inf)] * 4
    assert all(isnan(option.answer_token_count) for option in options)
    assert len(capable(options, 1e9)) == 4
    assert len(capable(OptionTable(0.5).of(sample_fleet(TARGETS), TASK), 1.5)) == 2


def test_options_carry_their_targets_facts() -> None:
    """Replicas of one model are one option; the stream's curve and usual answer go first."""
    small, *_ = TARGETS
    known = {"stream_output_tokens": {"s": 50.0}, "success_curves": {"s": CURVE}}
    twins = tuple(replace(small, index=i, name=f"t{i}", **known) for i in (0, 1))
    fleet = sample_fleet((*twins, replace(TARGETS[3], index=2)))
    table = OptionTable(0.6)
    first, second = table.of(fleet, TASK, "s")
    assert (first.members, first.model, first.tier) == ((0, 1), "small", "edge")
    assert (first.reach, first.answer_token_count) == (pytest.approx(-0.5), 50.0)
    assert (second.members, second.answer_token_count) == ((2,), 200.0)
    assert (second.input_usd_per_mtok, second.output_usd_per_mtok) == (3.0, 15.0)
    other, _ = table.of(fleet, TASK)
    assert (other.reach, other.answer_token_count) == (pytest.approx(-0.5 - log(1.5) / 1.7), 200.0)
    assert table.of(fleet, TASK, "s") is table.of(fleet, TASK, "s")


def test_options_are_those_of_the_fleet_at_hand() -> None:
    """A table that knows one fleet works another out anew, and other candidates of the same as well."""
    table = OptionTable()
    whole, half = sample_fleet(TARGETS), sample_fleet(TARGETS[:2])
    assert [option.model for option in table.of(whole, TASK)] == ["small", "medium", "large", "frontier"]
    assert [option.model for option in table.of(half, TASK)] == ["small", "medium"]
    dear = tuple(replace(target, output_price_usd_per_mtok=99.0) for target in TARGETS)
    assert {option.output_usd_per_mtok for option in table.of(sample_fleet(dear), TASK)} == {99.0}
    whole.candidates = (1, 3)
    assert [option.members for option in table.of(whole, TASK)] == [(1,), (3,)]


def test_a_target_s_estimates_use_the_stream_before_the_task() -> None:
    """Success follows the stream's curve, the usual answer the stream's, else the task's, else none."""
    target = replace(TARGETS[2], stream_output_tokens={"s": 50.0}, success_curves={"s": CURVE})
    assert target.success_at(TASK, 1.0, "s") == pytest.approx(0.4)
    assert target.success_at(TASK, 1.0) == pytest.approx(1.0 / (1.0 + exp(-1.7 * 0.5)))
    assert target.success_at("unknown task", 0.0) == pytest.approx(0.0, abs=1e-300)
    assert isnan(target.success_at(TASK, nan))
    usual = [target.usual_answer_tokens(*asked) for asked in ((TASK, "s"), (TASK,), ("unknown", ""))]
    assert usual == [50.0, 200.0, None]
    assert target.cost_of_usd(TASK, 1000, 900, "s") == pytest.approx((1000 * 0.5 + 50 * 1.5) / 1e6)
    assert target.cost_of_usd(TASK, 1000, 900) == pytest.approx((1000 * 0.5 + 200 * 1.5) / 1e6)
    assert target.cost_of_usd("unknown", 1000, 900) == pytest.approx((1000 * 0.5 + 900 * 1.5) / 1e6)


def test_hopeless_targets_are_hopeless_without_an_overflow() -> None:
    """However far a difficulty lies beyond an ability, the success is a number, nearly none."""
    assert TARGETS[0].success_at(TASK, 1e9) == pytest.approx(1.0 / (1.0 + exp(700.0)), rel=1e-9)
    assert TARGETS[0].success_at(TASK, -1e9) == 1.0


def test_cheapest_and_strongest_weigh_prompt_and_answer() -> None:
    """The price of a prompt and its usual answer decides, or of the longest answer where none is usual."""
    request = sample_view(sample_requests(1), TARGETS)
    prompt = request.prompt_token_count
    dear_answers = replace(
        TARGETS[1], index=0, input_price_usd_per_mtok=0.0, output_price_usd_per_mtok=prompt
    )
    dear_prompts = replace(TARGETS[2], index=1, input_price_usd_per_mtok=300.0, output_price_usd_per_mtok=0.0)
    options = OptionTable().of(sample_fleet((dear_answers, dear_prompts)), TASK)
    assert cheapest(options, request).members == (0,)
    assert strongest(options, request).members == (1,)
    unknown = OptionTable().of(sample_fleet((dear_answers, dear_prompts)), "unknown task")
    assert cheapest(unknown, request).members == (1,)
    assert strongest(unknown, request).members == (1,)


def test_unknown_names_are_answered_with_those_there_are() -> None:
    """A name that is no target and no deployment raises, and lists all targets in order."""
    with pytest.raises(UnknownTargetError) as caught:
        sample_fleet(TARGETS).target("tiny")
    known = "'small', 'medium', 'large', 'frontier'"
    assert str(caught.value) == f"unknown target 'tiny'; known: {known}"
