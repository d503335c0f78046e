"""Variants over the wire: the same texts, problems under the request's own fields, all of them counted."""

from __future__ import annotations

import pytest

from router.registry import BASELINES
from simulator import InvalidScenarioError
from wayfare.service.intake.scenarios import ScenarioIntake
from wayfare.v1 import simulation_pb2 as pb

NAME = "support-desk-diurnal"


@pytest.fixture
def intake(tmp_path):
    """Takes scenarios that name no files."""
    return ScenarioIntake(uploads=tmp_path)


def asked(**more):
    """Ten minutes of a shipped scenario."""
    return pb.CreateRunRequest(scenario_name=NAME, settings=["duration=10min"], **more)


def test_variants_are_accepted_and_counted(intake):
    """A comparison's variants count as so many policies."""
    alone = intake.checked("t", asked(), ()).request_count
    variants = ["score_threshold:threshold=0.3", "score_threshold:threshold=0.6", "cascade"]
    found = intake.checked("t", asked(), variants, 5)
    assert found.request_count == alone * 5 * (len(variants) + len(BASELINES))


def test_problems_name_the_field_and_the_knob(intake):
    """Each wrong knob stands under its own field of the request."""
    texts = ["cascade", "score_threshold:threshold=high,thresh=1", "hedge:after_s"]
    with pytest.raises(InvalidScenarioError) as refused:
        intake.checked("t", asked(), texts, 5)
    fields = [problem.path for problem in refused.value.problems]
    assert fields == ["policies[1].thresh", "policies[1].threshold", "policies[2].after_s"]
    with pytest.raises(InvalidScenarioError) as alone:
        intake.checked("t", asked(), ["hedge:after_s=-1"])
    assert [problem.path for problem in alone.value.problems] == ["policy.after_s"]


def test_only_policies_that_are_allowed_take_knobs(intake):
    """Knobs open no file and no address: the policy before them has to be known."""
    texts = ["hedg:after_s=1", "/etc/own.py:Own:knob=1", "grpc://127.0.0.1:1"]
    with pytest.raises(InvalidScenarioError) as refused:
        intake.checked("t", asked(), texts, 5)
    assert [problem.path for problem in refused.value.problems] == [f"policies[{n}]" for n in range(3)]
    assert "did you mean 'hedge'" in refused.value.problems[0].what
