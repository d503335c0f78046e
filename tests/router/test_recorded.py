"""The status quo: each logged request goes to what served it, by name, by model or by the user's mapping."""

from __future__ import annotations

import numpy as np
import pytest

from router import ReplayRequestView, RequestView, make_policy
from router.errors import UnknownTargetError
from router.policies.recorded import NOT_PERMITTED, NOTHING_RECORDED, spellings
from router.testing.samples import sample_fleet, sample_requests, sample_targets

RNG = np.random.default_rng(1)
MODELS = {"small": "small", "big": "large", "other": "large"}


def view(*names: str) -> ReplayRequestView:
    """A request that these names served."""
    from dataclasses import replace

    code = np.zeros(1, np.int64) if names else np.full(1, -1)
    return ReplayRequestView(replace(sample_requests(1), recorded_names=(names,), recorded_code=code))


def chosen(request: RequestView, replicas: tuple[int, ...] = (1, 1, 1, 1), **knobs: object) -> str:
    """The target that is sent to, or why the request is rejected."""
    decision = make_policy("recorded", knobs).route(request, sample_fleet(sample_targets(replicas)), RNG)
    return getattr(decision, "target", decision.reason)


@pytest.mark.parametrize(
    ("names", "mapping", "target"),
    [
        (("large",), None, "large"),
        (("x", "medium"), None, "medium"),
        (("azure/eu/frontier",), None, "frontier"),
        (("small", "large"), None, "small"),
        (("small",), {"small": "frontier"}, "frontier"),
        (("7f3c", "gpt-4o"), {"gpt-4o": "large"}, "large"),
        (("7f3c", "small"), {"7f3c": "medium", "small": "large"}, "medium"),
        (("openai/gpt-4o", "small"), {"gpt-4o": "large"}, "large"),
    ],
)
def test_a_logged_name_stands_for_what_it_is_mapped_to_or_for_its_equal(
    names: tuple[str, ...], mapping: dict[str, str] | None, target: str
) -> None:
    """A mapping goes before equal names, exact names before others; prefixes before a slash may be absent."""
    assert chosen(view(*names), mapping=mapping) == target


def test_only_replays_see_the_choice() -> None:
    """The plain view of the same request shows nothing, and the policy rejects it or takes the cheapest."""
    shown, table = view("large"), sample_requests(1)
    assert (shown.recorded_target, RequestView(table).recorded_target) == ("large", "")
    assert chosen(RequestView(table)) == NOTHING_RECORDED == chosen(view())
    assert chosen(view(), otherwise="cheapest") == "small"
    assert chosen(view("large"), otherwise="cheapest") == "large"


def test_a_replica_with_least_work_takes_it_and_constraints_hold() -> None:
    """Of a deployment's replicas the least outstanding; a target that is barred is not replaced."""
    targets = sample_targets((1, 3, 1, 1))
    fleet = sample_fleet(targets, [0, 2, 1, 1, 0, 0])
    assert make_policy("recorded").route(view("medium"), fleet, RNG).target == "medium/1"
    fleet.candidates = fleet.permitted = (0, 4)
    assert make_policy("recorded").route(view("medium"), fleet, RNG).reason == NOT_PERMITTED


def test_names_that_stand_for_nothing_are_all_listed_with_how_to_map_them() -> None:
    """Missing names, each once, and mappings to what is no deployment; models need no mapping."""
    policy = make_policy("recorded", {"mapping": {"a": "nowhere", "b": "big"}})
    choices = [("id", "gpt-4o"), ("large",), ("b",), ("azure/x",), ("id2", "gpt-4o"), ()]
    problems = dict(policy.replay_problems(choices, MODELS))
    assert set(problems) == {"mapping", "mapping.a"}
    assert "'gpt-4o', 'azure/x'" in problems["mapping"]
    assert """--policy 'recorded:mapping={"gpt-4o": "small", "azure/x": "small"}'""" in problems["mapping"]
    plain = dict(make_policy("recorded").replay_problems([("gpt-4o",)], MODELS))["mapping"]
    assert "--policy 'recorded:mapping.gpt-4o=small'" in plain
    with pytest.raises(UnknownTargetError, match=r"mapping\.gpt-4o"):
        chosen(view("gpt-4o"))


def test_the_first_deployment_of_a_model_stands_for_it() -> None:
    """Of two deployments of one model the fleet's first."""
    policy = make_policy("recorded")
    assert policy._meant(("large",), MODELS) == "big"
    assert policy._meant(("other",), MODELS) == "other"
    assert list(spellings(("a/b/c", "d"))) == ["a/b/c", "b/c", "c", "d"]
