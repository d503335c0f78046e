"""What the views show, and nothing else."""

from __future__ import annotations

from math import isnan

import pytest

from router import OracleRequestView, UnknownTargetError
from router.testing.samples import TASK, sample_fleet, sample_requests, sample_targets, sample_view

REPLICATED = sample_targets((2, 1, 1, 1))


def test_request_view_shows_the_row_it_is_aimed_at() -> None:
    """Moving the index moves every property, and values are plain numbers."""
    table = sample_requests(3)
    view = sample_view(table, REPLICATED)
    view.index = 2
    assert (view.task, view.tenant, view.region) == (TASK, "acme", "home")
    assert view.prompt_token_count == table.prompt_token_count[2]
    assert type(view.prompt_token_count) is int
    assert (view.max_output_token_count, view.session, view.turn) == (1024, -1, 0)
    assert (view.estimated_difficulty, view.router_score) == (
        table.estimated_difficulty[2],
        table.router_score[2],
    )
    assert isnan(view.ttft_limit_s)
    assert isnan(view.e2e_limit_s)


def test_ordinary_requests_do_not_know_the_answer() -> None:
    """Only an oracle's view can be asked what is right."""
    table = sample_requests(1)
    assert not hasattr(sample_view(table, REPLICATED), "correct")
    oracle = sample_view(table, REPLICATED, oracle=True)
    assert isinstance(oracle, OracleRequestView)
    assert oracle.output_token_count(0) == 200
    assert oracle.correct(4) == (table.estimated_difficulty[0] < 3.0)


def test_names_stand_for_targets_and_deployments() -> None:
    """A target's name means itself, a deployment's all of its replicas."""
    fleet = sample_fleet(REPLICATED)
    assert fleet.members("small/1") == (1,)
    assert fleet.members("small") == (0, 1)
    assert fleet.target("large").index == 3
    with pytest.raises(UnknownTargetError, match=r"unknown target 'smal'; known: 'small/0', 'small/1'"):
        fleet.members("smal")


def test_permission_outlives_cooldown() -> None:
    """While targets cool down, `permits` still tells what constraints allow."""
    fleet = sample_fleet(REPLICATED)
    fleet.candidates = (0, 1)
    assert (fleet.permits(1), fleet.permits(2)) == (True, False)
    fleet.permitted, fleet.candidates = (0, 1), (0,)
    assert (fleet.permits(1), fleet.permits(2)) == (True, False)
