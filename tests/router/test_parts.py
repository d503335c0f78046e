"""Each part by itself, against its rule worked out by hand; the table of parts; what is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from importlib.metadata import EntryPoint
from math import exp, nan
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from plain_pipeline import SCORES, cost_usd
from router import (
    Decision,
    InvalidPolicyParameterError,
    Send,
    StatedRequest,
    SuccessCurve,
    UnknownTargetError,
    make_policy,
)
from router.pipeline import parts
from router.pipeline.declared import _part
from router.pipeline.parts import METHODS, PARTS, describe_parts, part_names
from router.testing.samples import TASK, sample_fleet, sample_requests, sample_targets, sample_view

if TYPE_CHECKING:
    from pathlib import Path

TARGETS = sample_targets()
ALL = (0, 1, 2, 3)


def asked(session: int = -1, now_s: float = 0.0, task: str = TASK) -> StatedRequest:
    """A request of a session at an instant: 1,000 tokens of prompt, at most 500 of answer."""
    return StatedRequest(
        index=0,
        now_s=now_s,
        task=task,
        tenant="acme",
        region="home",
        prompt_token_count=1000,
        max_output_token_count=500,
        estimated_difficulty=0.5,
        session=session,
    )


def kept(name: str, knobs: dict, loads: tuple[int, ...] = (0, 2, 4, 8), task: str = TASK) -> tuple[int, ...]:
    """Candidates that a fresh filter keeps."""
    rule: Any = _part("filter", name, knobs)
    return tuple(rule.keep(asked(task=task), sample_fleet(TARGETS, loads), ALL))


@pytest.mark.parametrize(
    ("name", "knobs", "expected"),
    [
        ("in_tiers", {"tiers": ["edge", "cloud"]}, (0, 3)),
        ("in_regions", {"regions": ["home", "nowhere"]}, (0, 1)),
        ("with_models", {"models": ["large"]}, (2,)),
        ("without_models", {"models": ["large", "small"]}, (1, 3)),
        ("success_floor", {"floor": 0.5}, (1, 2, 3)),  # sigma(1.7 (0.5 - 0.5)) is a half
        ("load_ceiling", {"outstanding": 2}, (0, 1)),
        ("kv_ceiling", {"usage_ratio": 0.5}, (0, 1, 2)),  # 4 of 8 slots run
        ("cost_ceiling", {"cost_usd": 0.00014}, (0, 1)),  # 1,000 at 0.1 and 200 at 0.2 USD per million
        ("cost_ceiling", {"cost_usd": 0.000139}, (0,)),
        ("context_room", {"spare_tokens": 8192 - 1500}, ALL),
        ("context_room", {"spare_tokens": 8192 - 1499}, (1, 2, 3)),
        ("domain_rule", {"rules": {TASK: ["medium", "cloud"]}}, (1, 3)),
        ("domain_rule", {"rules": {"code": ["medium"]}}, ALL),
        ("domain_rule", {"rules": {"code": ["medium"]}, "otherwise": ["edge"]}, (0,)),
        ("session_stickiness", {}, ALL),
    ],
)
def test_each_filter_keeps_what_its_rule_says(name: str, knobs: dict, expected: tuple[int, ...]) -> None:
    """What lies exactly at a limit stays."""
    assert kept(name, knobs) == expected


@pytest.mark.parametrize("name", sorted(SCORES))
def test_each_scorer_scores_as_its_formula(name: str) -> None:
    """Scores are those of the plain reading, for whatever candidates are left."""
    scorer: Any = _part("scorer", name, {})
    targets = tuple(replace(target, replica_count=1 + target.index) for target in TARGETS)
    fleet, request = sample_fleet(targets, (9, 30, 4, 20)), sample_view(sample_requests(3), targets)
    for candidates in (ALL, (1, 3), (0, 2), (0, 2, 3)):
        found = scorer.scores(request, fleet, candidates, np.random.default_rng(1))
        assert list(found) == pytest.approx(SCORES[name](request, fleet, candidates))


@pytest.mark.parametrize("difficulty", [-9.0, -1.0, -0.25, 0.0, 0.9, 2.0, 9.0])
def test_success_is_read_off_the_curves_of_the_stream(difficulty: float) -> None:
    """Straight between the points, level beyond them, for each candidate its own."""
    points = (-1.0, 0.0, 2.0)
    curves = [SuccessCurve(difficulties=points, success=(0.9 - k / 10, 0.6, 0.1 + k / 10)) for k in ALL]
    targets = tuple(replace(one, success_curves={"": curves[one.index]}) for one in TARGETS)
    request = asked()
    request.estimated_difficulty = difficulty
    scorer: Any = _part("scorer", "success", {})
    found = scorer.scores(request, sample_fleet(targets), ALL, np.random.default_rng(1))
    assert list(found) == pytest.approx([np.interp(difficulty, points, one.success) for one in curves])


def test_prices_are_blended_by_the_share_of_answers() -> None:
    """Of all answer tokens the answers' prices count alone."""
    scorer: Any = _part("scorer", "price", {"output_share_ratio": 1.0})
    dear = (replace(TARGETS[0], input_price_usd_per_mtok=99.0), *TARGETS[1:])
    assert scorer.scores(asked(), sample_fleet(dear), (0, 1, 3), None)[0] == 1.0


def test_random_scores_are_uniform_draws_of_the_generator() -> None:
    """One draw for each candidate."""
    scorer: Any = _part("scorer", "random", {})
    found = scorer.scores(asked(), sample_fleet(TARGETS), ALL, np.random.default_rng(5))
    assert found == np.random.default_rng(5).random(4).tolist()


SHARES = {
    ("random_by_score", ()): (0.75, 0.0, 0.25, 0.0),
    ("softmax", (("temperature", 2.0),)): tuple(
        exp(score / 2.0) / sum(exp(one / 2.0) for one in (3, 0, 1, -5)) for score in (3, 0, 1, -5)
    ),
    ("softmax", (("temperature", 0.0),)): (1.0, 0.0, 0.0, 0.0),
    ("top_k_random", (("k", 3),)): (1 / 3, 1 / 3, 1 / 3, 0.0),
    ("top_k_random", (("k", 9),)): (0.25, 0.25, 0.25, 0.25),
    ("best_score", ()): (1.0, 0.0, 0.0, 0.0),
    ("least_loaded", ()): (0.0, 0.0, 0.0, 1.0),
}


@pytest.mark.parametrize(("name", "knobs"), list(SHARES))
def test_each_picker_picks_as_often_as_its_rule_says(name: str, knobs: tuple) -> None:
    """Shares of 4,000 picks lie within four standard errors; what has no share is never picked."""
    picker: Any = _part("picker", name, dict(knobs))
    fleet, rng = sample_fleet(TARGETS, (9, 9, 9, 0)), np.random.default_rng(3)
    picks = Counter(picker.pick(fleet, ALL, [3.0, 0.0, 1.0, -5.0], rng) for _ in range(4000))
    for index, share in enumerate(SHARES[name, knobs]):
        assert picks[index] / 4000 == pytest.approx(share, abs=4 * (share * (1 - share) / 4000) ** 0.5)


def test_a_tie_for_the_last_of_the_best_goes_to_the_least_busy() -> None:
    """Two of three equals are drawn from: those with the fewest outstanding, the lowest index first."""
    picker: Any = _part("picker", "top_k_random", {"k": 2})
    fleet, rng = sample_fleet(TARGETS, (5, 1, 1, 0)), np.random.default_rng(3)
    assert {picker.pick(fleet, (0, 1, 2), [1.0, 1.0, 1.0], rng) for _ in range(50)} == {1, 2}


def test_a_session_stays_while_its_target_is_a_candidate_and_it_is_remembered() -> None:
    """It leaves a target that is taken away, returns to none, and is forgotten after its time."""
    policy = make_policy(
        "pipeline", {"filters": [{"session_stickiness": {"ttl_s": 60}}], "scorers": ["load"]}
    )
    fleet = sample_fleet(TARGETS, (0, 1, 2, 3))

    def sent(session: int, now_s: float) -> str:
        return policy.route(asked(session, now_s), fleet, np.random.default_rng(1)).target

    fleet.candidates = (1, 2, 3)
    assert sent(7, 0.0) == "medium"
    fleet.candidates = ALL
    assert (sent(7, 60.0), sent(8, 60.0), sent(-1, 60.0)) == ("medium", "small", "small")
    assert sent(7, 120.0) == "medium"
    fleet.candidates = (0, 2, 3)
    assert sent(7, 130.0) == "small"
    fleet.candidates = ALL
    assert sent(7, 140.0) == "small"
    fleet.candidates = (3,)
    assert sent(7, 150.0) == "frontier"
    fleet.candidates = ALL
    assert (sent(7, 210.0), sent(7, 270.1)) == ("frontier", "small")


def test_session_affinity_scores_the_last_target_alone() -> None:
    """1 where the session was, 0 elsewhere; nothing for strangers."""
    scorer: Any = _part("scorer", "session_affinity", {"ttl_s": 10})
    fleet = sample_fleet(TARGETS)
    scorer.sent(asked(3, 5.0), fleet, 2)
    assert scorer.scores(asked(3, 15.0), fleet, ALL, None) == [0.0, 0.0, 1.0, 0.0]
    assert scorer.scores(asked(3, 15.1), fleet, ALL, None) == [0.0] * 4
    assert scorer.scores(asked(4, 5.0), fleet, ALL, None) == [0.0] * 4
    assert scorer.scores(asked(3, 5.0), sample_fleet(sample_targets()), ALL, None) == [0.0] * 4


@pytest.mark.parametrize("name", ["with_models", "without_models", "domain_rule"])
def test_a_model_that_the_fleet_lacks_is_an_error(name: str) -> None:
    """A mistyped name does not silently leave everybody or nobody."""
    knobs = {"rules": {TASK: ["mediun"]}} if name == "domain_rule" else {"models": ["mediun"]}
    with pytest.raises(
        UnknownTargetError, match="unknown model or deployment 'mediun'; did you mean 'medium'"
    ):
        kept(name, knobs)


def test_every_problem_of_a_declaration_is_listed_with_its_place() -> None:
    """Parts, knobs, values and forms that are wrong stand in one error."""
    parameters = {
        "filters": [{"in_tiers": {"tiers": ["edgy"]}}, {"success_floor": {}}, 7, {"load_ceilng": {}}],
        "scorers": ["success", {"cost": {"weights": 0.5}}, {"load": {"weight": "much"}}],
        "picker": {"softmax": {"temperature": -1}},
        "when_empty": "maybe",
        "filtres": [],
    }
    with pytest.raises(InvalidPolicyParameterError) as caught:
        make_policy("pipeline", parameters)
    told = dict(caught.value.problems)
    assert told["scorers[1].cost.weights"] == "unknown parameter; did you mean 'weight'? allowed: 'weight'"
    assert told["scorers[2].load.weight"] == "'much' is not a number"
    assert (
        told["filters[0].in_tiers.tiers"] == "['edgy'] is not one of 'edge', 'on_prem', 'dedicated', 'cloud'"
    )
    assert told["filters[1].success_floor.floor"] == "required, but not given"
    assert told["filters[2]"] == "7 is not a part: its name, or its name with its knobs as a mapping"
    assert told["filters[3]"].startswith("unknown filter 'load_ceilng'; did you mean 'load_ceiling'? known: ")
    assert told["picker.softmax.temperature"] == "-1.0 is not a finite number >= 0"
    assert told["when_empty"] == "'maybe' is not one of 'skip', 'reject'"
    assert told["filtres"].startswith("unknown parameter; did you mean 'filters'? allowed: ")
    assert len(told) == 9


@pytest.mark.parametrize(
    ("kind", "name", "knobs", "knob"),
    [
        ("filter", "success_floor", {"floor": 1.1}, "floor"),
        ("filter", "load_ceiling", {"outstanding": -1}, "outstanding"),
        ("filter", "kv_ceiling", {"usage_ratio": 1.1}, "usage_ratio"),
        ("filter", "cost_ceiling", {"cost_usd": -1}, "cost_usd"),
        ("filter", "context_room", {"spare_tokens": -1}, "spare_tokens"),
        ("filter", "session_stickiness", {"ttl_s": -1}, "ttl_s"),
        ("filter", "in_tiers", {"tiers": []}, "tiers"),
        ("filter", "in_regions", {"regions": []}, "regions"),
        ("filter", "with_models", {"models": []}, "models"),
        ("filter", "without_models", {"models": []}, "models"),
        ("filter", "domain_rule", {"rules": {"code": []}}, "rules.code"),
        ("filter", "kv_ceiling", {"when_empty": "relax"}, "when_empty"),
        ("scorer", "load", {"weight": float("inf")}, "weight"),
        ("scorer", "session_affinity", {"ttl_s": -1}, "ttl_s"),
        ("scorer", "price", {"output_share_ratio": 1.1}, "output_share_ratio"),
        ("picker", "softmax", {"temperature": -0.1}, "temperature"),
        ("picker", "top_k_random", {"k": 0}, "k"),
    ],
)
def test_a_knob_out_of_range_is_refused_by_name(kind: Any, name: str, knobs: dict, knob: str) -> None:
    """The one problem there is names the knob."""
    with pytest.raises(InvalidPolicyParameterError) as caught:
        _part(kind, name, knobs)
    assert [where for where, _what in caught.value.problems] == [knob]


def test_every_part_that_ships_is_described_with_its_source() -> None:
    """All parts have a sentence, a source, and knobs that say what they are for; names are their own."""
    told = describe_parts()
    assert [(one.kind, one.name) for one in told] == [(kind, name) for kind in PARTS for name in PARTS[kind]]
    for one in told:
        assert one.summary.endswith((".", ":")), one.name
        assert one.source, one.name
        assert all(knob.about for knob in one.parameters)
        assert getattr(PARTS[one.kind][one.name], "name", None) == one.name
        assert hasattr(PARTS[one.kind][one.name], METHODS[one.kind])


OWN = '''
from dataclasses import dataclass

from router import ScorerPart
from router.parameters import parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Favourite(ScorerPart):
    """One target is better."""

    index: int = parameter(0, "which")

    def scores(self, request, fleet, candidates, rng):
        return [float(one == self.index) for one in candidates]


class Last:
    """The last candidate."""

    def pick(self, fleet, candidates, scores, rng):
        return candidates[-1]
'''


def test_parts_come_from_files(tmp_path: Path) -> None:
    """A class of one's own is a part under `path/to/file.py:Class`, its knobs checked as any."""
    file = tmp_path / "own_parts.py"
    file.write_text(OWN, encoding="utf-8")
    fleet, request = sample_fleet(TARGETS), asked()
    favourite = make_policy("pipeline", {"scorers": [{f"{file}:Favourite": {"index": 2, "weight": 0.5}}]})
    assert favourite.route(request, fleet, np.random.default_rng(1)) == Send("pipeline", "large")
    last = make_policy("pipeline", {"picker": f"{file}:Last"})
    assert last.route(request, fleet, np.random.default_rng(1)) == Send("pipeline", "frontier")
    with pytest.raises(InvalidPolicyParameterError) as caught:
        make_policy(
            "pipeline",
            {
                "filters": [f"{file}:Last", f"{file}:Nobody", f"{tmp_path}/none.py:X"],
                "scorers": [{f"{file}:Favourite": {"indexx": 2}}],
                "picker": {f"{file}:Last": {"k": 1}},
            },
        )
    told = caught.value.problems
    assert [where for where, _what in told] == [
        "filters[0]",
        "filters[1]",
        "filters[2]",
        f"scorers[0].{file}:Favourite.indexx",
        f"picker.{file}:Last.k",
    ]
    assert "has no 'keep'" in told[0][1]
    assert "no filter 'Nobody'" in told[1][1]
    assert "did you mean 'index'" in told[3][1]
    assert told[4][1] == "unknown parameter; this part has none"


class Nobody:
    """A filter that keeps nobody."""

    when_empty = "reject"

    def keep(self, request: object, fleet: object, candidates: tuple[int, ...]) -> tuple[int, ...]:
        """None."""
        return ()


def test_parts_come_from_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package gives its parts names; one that cannot be loaded is told of by whoever asks for it."""
    group = parts.ENTRY_POINT_GROUP
    entries = [
        EntryPoint(name="nobody", value="tests.router.test_parts:Nobody", group=group),
        EntryPoint(name="gone", value="no_such_module:Gone", group=group),
        EntryPoint(name="load", value="tests.router.test_parts:Nobody", group=group),
    ]
    monkeypatch.setattr(parts, "entry_points", lambda group: [one for one in entries if one.group == group])
    policy = make_policy("pipeline", {"filters": ["nobody"], "scorers": ["load"]})
    refused = policy.route(asked(), sample_fleet(TARGETS), np.random.default_rng(1))
    assert refused == Decision.reject(reason="no target passes Nobody")
    assert "nobody" in part_names("filter")
    assert "nobody" not in part_names("scorer")
    with pytest.raises(InvalidPolicyParameterError, match="entry point 'gone' = 'no_such_module:Gone'"):
        make_policy("pipeline", {"scorers": ["gone"]})


def test_costs_of_the_plain_reading_are_those_of_targets() -> None:
    """The reference agrees with the view's own figure."""
    request = sample_view(sample_requests(1), TARGETS)
    assert [cost_usd(one, request) for one in TARGETS] == [one.expected_cost_usd(request) for one in TARGETS]


def test_unknown_difficulty_keeps_nobody_above_a_floor_and_scores_nothing() -> None:
    """What is not known is not likely; the other scores decide."""
    fleet, request = sample_fleet(TARGETS, (3, 2, 1, 2)), asked()
    request.estimated_difficulty = nan
    policy = make_policy("pipeline", {"scorers": [{"success": {"weight": 9}}, "load"]})
    assert policy.route(request, fleet, np.random.default_rng(1)) == Send("pipeline", "large")
    strict = make_policy("pipeline", {"filters": [{"success_floor": {"floor": 0, "when_empty": "reject"}}]})
    assert strict.route(request, fleet, np.random.default_rng(1)).reason == "no target passes success_floor"
