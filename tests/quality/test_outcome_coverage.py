"""Which queries of a table are asked, whose answers are borrowed, and which scores routers read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from router.errors import PolicyFailedError, UnknownScoreError
from router.views.stated import StatedRequest
from simulator import simulate
from simulator.plan.resolution import resolve
from simulator.quality.outcomes import InvalidOutcomesError, OutcomeReading, OutcomeTable, read_outcomes
from simulator.scenario import InvalidScenarioError
from world_cases import FRONTIER, SMALL, scenario, with_stream

if TYPE_CHECKING:
    from pathlib import Path

    from simulator.scenario import Scenario

MODELS = (SMALL["model"], FRONTIER["model"])


def gappy(tmp_path: Path) -> Path:
    """Model c lacks every third query; a and b answer all, b right on even ones, a on multiples of four."""
    rows = ["query,model,correct,output_tokens"]
    for query in range(240):
        rows += [f"q{query},a,{int(query % 4 == 0)},5", f"q{query},b,{int(query % 2 == 0)},6"]
        if query % 3:
            rows.append(f"q{query},c,{int(query % 4 == 0)},{query + 10}")
    path = tmp_path / "gappy.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def per_model(tmp_path: Path) -> OutcomeTable:
    """All of the queries."""
    return read_outcomes(str(gappy(tmp_path)), ("a", "b", "c"), OutcomeReading(coverage="per_model"))


def test_common_coverage_leaves_gaps_out_and_says_whose_they_are(tmp_path: Path) -> None:
    """Of 240 queries 160 are used; c alone lacks the others."""
    table = read_outcomes(str(gappy(tmp_path)), ("a", "b", "c"))
    assert table.coverage is not None
    assert (table.coverage.query_count, table.coverage.used_count) == (240, 160)
    assert dict(table.coverage.only_gap_count) == {"a": 0, "b": 0, "c": 80}
    assert dict(table.coverage.borrowed_count) == {"a": 0, "b": 0, "c": 0}
    assert table.asked.all()


def test_per_model_coverage_judges_a_model_by_what_it_was_asked(tmp_path: Path) -> None:
    """Success of c over its 160 queries, that of a over all; difficulty counts those that were asked."""
    table = per_model(tmp_path)
    assert (table.success("a"), table.success("c")) == (0.25, 0.25)
    assert table.coverage is not None
    assert dict(table.coverage.borrowed_count) == {"a": 0, "b": 0, "c": 80}
    both = [(int(query % 4 == 0) + int(query % 2 == 0), 2) for query in (0, 3)]
    expected = [-np.log((right + 0.5) / (count - right + 0.5)) for right, count in both]
    assert table.difficulty[[0, 3]].tolist() == pytest.approx(expected)


def test_borrowed_answers_are_whole_ones_to_queries_as_hard_for_the_others(tmp_path: Path) -> None:
    """Right with its own length, of a query with the same share of right answers; all alike likely."""
    table = per_model(tmp_path)
    lacking = np.flatnonzero(~table.asked[2])
    level = {query: (query % 4 == 0) + (query % 2 == 0) for query in range(240)}
    taken = set()
    for seed in range(30):
        found = table.answers(["c"], np.arange(240), seed)
        donors = found.output_token_count[0] - 10
        taken |= set(donors[lacking].tolist())
        assert all(level[query] == level[donors[query]] for query in lacking.tolist())
        assert found.correct[0].tolist() == [query % 4 == 0 for query in donors.tolist()]
        own = np.flatnonzero(table.asked[2])
        assert (donors[own] == own).all()
    assert taken == set(np.flatnonzero(table.asked[2]).tolist())


def test_borrowing_is_a_function_of_seed_query_and_model(tmp_path: Path) -> None:
    """The same again, another with another seed, and the same whichever queries are looked at."""
    table = per_model(tmp_path)
    once = table.answers(["c"], np.arange(240), 3).output_token_count
    assert (once == table.answers(["c"], np.arange(240), 3).output_token_count).all()
    assert (once != table.answers(["c"], np.arange(240), 4).output_token_count).any()
    assert (once[:, ::2] == table.answers(["c"], np.arange(240)[::2], 3).output_token_count).all()


def test_the_nearest_share_lends_where_none_is_the_same() -> None:
    """A query that others got half right borrows from the lower of two shares as near."""
    asked = np.array([[1, 1, 1], [1, 1, 1], [1, 1, 0]], np.bool_)
    correct = np.array([[0, 1, 1], [0, 1, 0], [0, 1, 0]], np.bool_)
    table = OutcomeTable(
        models=("a", "b", "c"),
        queries=np.array(["x", "y", "z"], np.object_),
        asked=asked,
        correct=correct,
        output_token_count=np.array([[1, 2, 3], [1, 2, 3], [1, 2, -1]], np.int32),
        cost_usd=np.full((3, 3), np.nan),
        difficulty=np.zeros(3),
    )
    assert {int(table.answers(["c"], np.array([2]), seed).output_token_count[0, 0]) for seed in range(9)} == {
        1
    }


SCORED = "query,model,correct,prompt_tokens,domain,one_score,two_score\n"


def scored(tmp_path: Path, **quality: object) -> Scenario:
    """A fleet of two models with two columns of scores: on `one` all are low, on `two` all are high."""
    rows = "".join(
        f"q{query},{model},{int(query % 2 == 0)},{100 + query},s{query % 3},0.{query % 5},0.9\n"
        for query in range(30)
        for model in MODELS
    )
    path = tmp_path / "scored.csv"
    path.write_text(SCORED + rows, encoding="utf-8")
    stream = {"arrivals": {"pattern": "steady", "rate": 5.0}}
    return scenario(
        **with_stream(**stream),
        duration="30s",
        fleet=[SMALL, FRONTIER],
        quality={"outcomes": str(path), **quality},
    )


def test_requests_are_the_queries_they_ask(tmp_path: Path) -> None:
    """Prompt, segment, scores and answers of a request all belong to one query."""
    plan = resolve(scored(tmp_path)).plan
    query = plan.workload.query_code
    assert query is not None
    assert plan.workload.segment_code is not None
    assert (plan.requests.router_scores["one_score"] == (query % 5) / 10).all()
    assert (plan.requests.router_score == plan.requests.router_scores["one_score"]).all()
    assert (plan.answers.correct == (query % 2 == 0)).all()
    names = np.array(plan.workload.segment_names)
    assert (names[plan.workload.segment_code] == np.array([f"s{number % 3}" for number in query])).all()
    assert (plan.answers.output_token_count > 0).all()
    assert len(np.unique(plan.answers.output_token_count)) > 1
    assert (plan.workload.input_token_count == 100 + query).all()


def test_several_routers_are_compared_by_the_name_of_their_score(tmp_path: Path) -> None:
    """Scores of one column lie below the threshold, those of the other above it."""
    world = scored(tmp_path, score="two_score")
    decided = {
        name: simulate(world, "score_threshold", parameters={"score": name}).report.plain["decisions"]
        for name in ("one_score", "two_score", None)
    }
    assert list(decided["one_score"]) == ["score below threshold: weak"]
    assert list(decided["two_score"]) == list(decided[None]) == ["score from threshold on: strong"]


def test_a_score_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """By the scenario where it names one, by the view where a policy does."""
    with pytest.raises(
        InvalidScenarioError, match="no router score 'three'; the table's: 'one_score', 'two_score'"
    ):
        scored(tmp_path, score="three")
    with pytest.raises(PolicyFailedError, match="no router score 'three'"):
        simulate(scored(tmp_path), "score_threshold", parameters={"score": "three"})


def test_stated_requests_have_one_score() -> None:
    """Over the wire the default score is known, and a named one is refused in words."""
    request = StatedRequest(
        index=0, now_s=0.0, task="t", tenant="", region="", prompt_token_count=1, max_output_token_count=1,
        router_score=0.25,
    )  # fmt: skip
    assert request.score() == 0.25
    with pytest.raises(
        UnknownScoreError, match="no router score 'mine': stated requests have router_score alone"
    ):
        request.score("mine")


def test_ranks_make_scores_of_any_numbers(tmp_path: Path) -> None:
    """(rank - 1/2) / n, the mean rank where values are the same."""
    path = tmp_path / "t.csv"
    path.write_text("id,a_correct,b_correct,score\nq,1,1,7\nr,0,1,-3\ns,1,0,7\nt,1,0,90\n", encoding="utf-8")
    with pytest.raises(
        InvalidOutcomesError, match="a router's score is from 0 to 1: quality.score_scale: rank"
    ):
        read_outcomes(str(path), ("a", "b"))
    table = read_outcomes(str(path), ("a", "b"), OutcomeReading(score_scale="rank"))
    assert table.scores["score"].tolist() == [0.5, 0.125, 0.5, 0.875]


def test_the_report_counts_what_was_used_and_warns(tmp_path: Path) -> None:
    """Left-out queries stand in a block and in a warning, with the model that was not asked."""
    path = tmp_path / "t.csv"
    weak, strong = MODELS
    rows = "".join(f"q{query},{weak},1,9\n" for query in range(5))
    rows += "".join(f"q{query},{strong},1,9\n" for query in range(3))
    path.write_text("query,model,correct,output_tokens\n" + rows, encoding="utf-8")
    world = scenario(duration="10s", fleet=[SMALL, FRONTIER], quality={"outcomes": str(path)})
    report = simulate(world).report
    used = report.plain["recorded_answers"]
    assert (used["query_count"], used["used_count"], used["left_out_count"]) == (5, 3, 2)
    assert used["models"][strong] == {
        "asked_count": 3, "borrowed_count": 0, "gap_count": 2, "only_gap_count": 2,
    }  # fmt: skip
    said = f"2 of 5 queries left out; not asked: {strong} 2; quality.coverage: per_model uses them"
    assert f"quality.outcomes: {said}" in report.warnings
    assert simulate(scenario(duration="10s")).report.recorded_answers is None
