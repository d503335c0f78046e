"""The small fleets and requests that policies are tried on are what their docstrings say."""

from __future__ import annotations

from dataclasses import fields
from math import exp, isnan

import numpy as np
import pytest

from router import OracleRequestView, RequestTable, RequestView
from router.testing.samples import TASK, sample_fleet, sample_requests, sample_targets, sample_view

TARGETS = sample_targets()
LADDER = [
    ("small", "edge", "home", 8192, -0.5, 0.0, 0.0),
    ("medium", "on_prem", "home", 32768, 0.5, 0.1, 0.2),
    ("large", "dedicated", "near", 131072, 1.5, 0.5, 1.5),
    ("frontier", "cloud", "far", 524288, 3.0, 3.0, 15.0),
]
TYPES = {
    "task_code": np.int16,
    "tenant_code": np.int16,
    "region_code": np.int16,
    "prompt_token_count": np.int32,
    "max_output_token_count": np.int32,
    "estimated_difficulty": np.float64,
    "router_score": np.float64,
    "session": np.int64,
    "turn": np.int16,
    "ttft_limit_s": np.float64,
    "e2e_limit_s": np.float64,
}


def test_the_ladder_climbs_from_a_free_edge_model_to_a_dear_api() -> None:
    """Each rung has its tier, region, context window, ability and prices."""
    targets = sample_targets()
    found = [
        (
            target.name,
            target.tier,
            target.region,
            target.context_window_tokens,
            target.ability[TASK],
            target.input_price_usd_per_mtok,
            target.output_price_usd_per_mtok,
        )
        for target in targets
    ]
    assert found == LADDER
    for index, target in enumerate(targets):
        assert (target.index, target.model, target.deployment) == (index, target.name, target.name)
        assert (target.discrimination, target.replica_count) == (1.7, 1)
        assert (dict(target.expected_output_tokens), TASK) == ({TASK: 200.0}, "support_chat")


def test_replicas_are_numbered_within_their_deployment() -> None:
    """Several replicas of a rung are targets of their own, in one deployment, one after the other."""
    targets = sample_targets((1, 0, 3, 2))
    names = ["small", "large/0", "large/1", "large/2", "frontier/0", "frontier/1"]
    assert [target.name for target in targets] == names
    assert [target.index for target in targets] == [0, 1, 2, 3, 4, 5]
    assert [target.deployment for target in targets] == ["small", *["large"] * 3, *["frontier"] * 2]


def test_of_a_load_eight_run_and_the_others_wait() -> None:
    """Waiting, running and the KV cache in use follow from the outstanding attempts."""
    fleet = sample_fleet(TARGETS, [0, 4, 8, 11])
    assert fleet.outstanding.tolist() == [0, 4, 8, 11]
    assert fleet.running.tolist() == [0, 4, 8, 8]
    assert fleet.waiting.tolist() == [0, 0, 0, 3]
    assert fleet.kv_usage_ratio.tolist() == [0.0, 0.5, 1.0, 1.0]
    assert (fleet.candidates, fleet.permitted, fleet.seen_s) == ((0, 1, 2, 3), None, 0.0)
    idle = sample_fleet(TARGETS)
    assert idle.outstanding.tolist() == idle.waiting.tolist() == idle.running.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("name", ["outstanding", "waiting", "running", "kv_usage_ratio"])
def test_a_specimen_fleet_cannot_be_written_to(name: str) -> None:
    """A policy that changes the load it sees is stopped."""
    with pytest.raises(ValueError, match="read-only"):
        getattr(sample_fleet(TARGETS, [1, 2, 3, 4]), name)[0] = 1


def test_specimen_requests_vary_in_prompt_difficulty_and_score() -> None:
    """Difficulties are normal with a spread of 1.5, prompts even below 2,000, scores the logistic."""
    table, draw = sample_requests(40, seed=3), np.random.default_rng(3)
    difficulty = draw.normal(0.0, 1.5, 40)
    assert table.estimated_difficulty.tolist() == difficulty.tolist()
    assert table.prompt_token_count.tolist() == draw.integers(1, 2000, 40).tolist()
    expected = [1.0 / (1.0 + exp(-one)) for one in difficulty.tolist()]
    assert table.router_score.tolist() == pytest.approx(expected, rel=1e-12)
    default = sample_requests(5).estimated_difficulty.tolist()
    assert default == sample_requests(5, seed=1).estimated_difficulty.tolist()


def test_specimen_requests_have_one_task_tenant_and_region_and_no_limits() -> None:
    """What does not vary is the same for each request."""
    table = sample_requests(3)
    assert (table.task_names, table.tenant_names, table.region_names) == ((TASK,), ("acme",), ("home",))
    zeros = [table.task_code, table.tenant_code, table.region_code, table.turn]
    assert all(column.tolist() == [0, 0, 0] for column in zeros)
    assert table.max_output_token_count.tolist() == [1024] * 3
    assert table.session.tolist() == [-1] * 3
    assert all(map(isnan, [*table.ttft_limit_s.tolist(), *table.e2e_limit_s.tolist()]))
    assert (table.stream_names, table.stream_code) == ((), None)
    assert RequestView(table).stream == ""


def test_columns_of_requests_have_their_types_and_are_locked() -> None:
    """Every column is of the type that the table states, and read-only."""
    table = sample_requests(3)
    columns = [getattr(table, one.name) for one in fields(RequestTable)]
    arrays = [column for column in columns if isinstance(column, np.ndarray)]
    assert len(arrays) == len(TYPES) + 1
    assert table.recorded_code.tolist() == [-1, 0, 1]
    assert not any(column.flags.writeable for column in arrays)
    for name, kind in TYPES.items():
        assert getattr(table, name).dtype == kind


def test_a_specimen_view_starts_at_the_first_request_at_ten_seconds() -> None:
    """Ordinary and oracle's views look at the same place, unless another instant is given."""
    table = sample_requests(3)
    for oracle in (False, True):
        view = sample_view(table, TARGETS, oracle=oracle)
        assert (view.index, view.now_s, isinstance(view, OracleRequestView)) == (0, 10.0, oracle)
        assert sample_view(table, TARGETS, oracle=oracle, now_s=4.0).now_s == 4.0
    bare = RequestView(table)
    assert (bare.index, bare.now_s) == (0, 0.0)


def test_specimen_answers_are_right_where_ability_exceeds_difficulty() -> None:
    """The oracle's answers follow from the ladder, are 200 tokens long, and cannot be changed."""
    table = sample_requests(40)
    view = sample_view(table, TARGETS, oracle=True)
    assert isinstance(view, OracleRequestView)
    for view.index in range(40):
        difficulty = view.estimated_difficulty
        assert [view.correct(index) for index in range(4)] == [row[4] > difficulty for row in LADDER]
        assert [view.output_token_count(index) for index in range(4)] == [200] * 4
    answers = view._answers
    assert not answers.correct.flags.writeable
    assert answers.output_token_count.dtype == np.int32
