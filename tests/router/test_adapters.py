"""Objects of other routing libraries decide as policies, recognised by the method they have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import nan
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from router.adapters.feedback import FeedbackParameters, FeedbackPolicy
from router.adapters.prompt import prompt_of
from router.conformance import check_policy
from router.errors import (
    InvalidDecisionError,
    InvalidPolicyParameterError,
    PolicyLoadError,
    UnknownTargetError,
)
from router.outcome import Outcome
from router.policies.score_threshold import ScoreThreshold
from router.policy import Policy
from router.registry import describe_policy, factory_of, make_policy
from router.testing.samples import sample_fleet, sample_requests, sample_targets
from router.views.request import RequestView

RNG = np.random.default_rng(1)
IDS = tuple(f"q-{number}" for number in range(30))


class ScoreTable:
    """A RouteLLM router with a score for each query id; 0.5 for what it does not know."""

    def __init__(self, scores: dict | None = None) -> None:
        self.scores = scores or {}

    def calculate_strong_win_rate(self, prompt: str) -> float:
        """The score of the prompt."""
        return self.scores.get(prompt, 0.5)

    def route(self, prompt, threshold, routed_pair):
        """As RouteLLM's base class has it."""


class NamesModel:
    """A RouterArena router that names the model it was made with."""

    def __init__(self, model: str = "small-model") -> None:
        self.model = model

    def _get_prediction(self, query: str) -> str:
        return self.model


class Learns:
    """A bandit that keeps what it was asked and rewarded with."""

    def __init__(self, model: str = "large-model") -> None:
        self.model, self.asked, self.rewards = model, [], []

    def route(self, prompt, *, max_cost=None, input_tokens=None, output_tokens=600):
        """Always its model."""
        self.asked.append((prompt, input_tokens, output_tokens))
        return self.model, SimpleNamespace(request_id=f"r{len(self.asked)}")

    def process_feedback(self, request_id: str, reward: float) -> None:
        """Keeps the reward."""
        self.rewards.append((request_id, reward))


def named_targets():
    """The sample's targets with models of their own, the last two of one model."""
    models = ("small-model", "middle-model", "large-model", "large-model")
    return tuple(replace(one, model=model) for one, model in zip(sample_targets(), models, strict=True))


def asked_about(count: int = 30) -> RequestView:
    """Requests that ask recorded queries."""
    table = replace(sample_requests(count), query_names=IDS, query_code=np.arange(count)[::-1].copy())
    return RequestView(table)


def made(policy: Policy) -> Callable:
    """What a policy sends the request of a number to, in a fleet with these loads."""

    def choose(request, index=0, loads=None, candidates=None):
        targets = named_targets()
        fleet = sample_fleet(targets, loads)
        fleet.candidates = candidates or fleet.candidates
        request.index = index
        return policy.route(request, fleet, RNG)

    return choose


def outcome(target: str, *, index: int = 0, completed: bool = True) -> Outcome:
    """How an attempt ended."""
    return Outcome(
        request_index=index, target=target, finished_s=2.0, completed=completed, reason="completed",
        ttft_s=nan, e2e_s=1.0, output_token_count=5,
    )  # fmt: skip


class Fitted:
    """An adapter made anew for each fleet of the suite, naming a model that it has."""

    def __init__(self, found: type) -> None:
        self.found = found
        self.inner: Any = None

    def prepare(self, targets) -> None:
        """Makes the adapter."""
        values = {} if self.found is ScoreTable else {"model": targets[0].model}
        self.inner = make_foreign(self.found, **values)

    def route(self, request, fleet, rng):
        """What the adapter decides."""
        return self.inner.route(request, fleet, rng)

    def observe(self, ended: Outcome) -> None:
        """Passes an outcome on."""
        if hasattr(self.inner, "observe"):
            self.inner.observe(ended)


@pytest.mark.parametrize("found", [ScoreTable, NamesModel, Learns])
def test_adapted_objects_keep_to_the_rules_of_policies(found) -> None:
    """The conformance suite runs over each adapter; its class's name is the policy's."""
    check_policy(lambda: Fitted(found))
    assert make_foreign(found).name == found.__name__


def test_a_prompt_is_the_query_or_what_is_known() -> None:
    """The query's id where there is one, else stream, task and prompt tokens."""
    view = asked_about()
    view.index = 4
    assert (view.query, prompt_of(view)) == ("q-25", "q-25")
    plain = RequestView(sample_requests(3))
    described = f"task {plain.task}, {plain.prompt_token_count} prompt tokens"
    assert (plain.query, prompt_of(plain)) == ("", described)
    streams = replace(sample_requests(3), stream_names=("desk",), stream_code=np.zeros(3, np.int16))
    assert prompt_of(RequestView(streams)) == f"stream desk, {described}"


def test_win_rates_decide_as_the_same_scores_do() -> None:
    """A RouteLLM router with the requests' scores by query sends where `score_threshold` does."""
    view = asked_about()
    scores = {}
    for view.index in range(30):
        scores[view.query] = view.router_score
    own, hosted = made(ScoreThreshold()), made(make_foreign(ScoreTable, scores=scores))
    choices = [(own(view, i).target, hosted(view, i).target) for i in range(30)]
    assert all(one == other for one, other in choices)
    assert len(set(choices)) == 2


def make_foreign(found: object, **values: object) -> Any:
    """A policy around a class or an object."""
    return factory_of(found).make(values)


def test_win_rates_at_the_threshold_are_strong_and_unknown_ones_weak() -> None:
    """Strong from the threshold on; the ends are those named; `nan` is below."""
    view, fleet = asked_about(), sample_fleet(named_targets())
    weak, strong = fleet.targets[1].name, fleet.targets[0].name
    for rate, expected in ((0.7, strong), (0.69999, weak), (nan, weak), (1.0, strong), (0.0, weak)):
        router = ScoreTable({"q-29": rate})
        policy = make_foreign(router, threshold=0.7, weak=weak, strong=strong)
        assert policy.route(view, fleet, RNG).target == expected


@pytest.mark.parametrize("rate", [1.01, -0.01])
def test_what_is_no_win_rate_is_refused(rate: float) -> None:
    """A rate outside [0, 1] is an error that says so."""
    with pytest.raises(InvalidDecisionError, match="not in \\[0, 1\\]"):
        make_foreign(ScoreTable({"q-29": rate})).route(asked_about(), sample_fleet(named_targets()), RNG)


def test_predictions_are_models_deployments_or_mapped() -> None:
    """A name is a model's, a deployment's, or what the mapping says; the least loaded of one model serves."""
    view, targets = asked_about(), named_targets()
    assert made(make_foreign(NamesModel))(view).target == targets[0].name
    assert made(make_foreign(NamesModel, model=targets[1].deployment))(view).target == targets[1].name
    mapped = make_foreign(NamesModel, model="vendor/big", mapping={"vendor/big": "large-model"})
    assert made(mapped)(view, loads=[0, 0, 3, 2]).target == targets[3].name
    assert made(mapped)(view, loads=[0, 0, 2, 2]).target == targets[2].name


def test_predictions_that_constraints_exclude_give_way_to_the_strongest() -> None:
    """The strongest candidate takes the place of a model that is no candidate."""
    view, targets = asked_about(), named_targets()
    decision = made(make_foreign(NamesModel))(view, candidates=(1, 2))
    strongest = max((targets[1], targets[2]), key=lambda target: target.predicted_success(view))
    assert (decision.target, decision.reason) == (strongest.name, "model not permitted: strongest")


def test_unknown_predictions_say_what_is_known() -> None:
    """A name of nothing in the fleet, and a mapping to nothing, are errors with what there is."""
    with pytest.raises(UnknownTargetError, match="no deployment or model 'gpt-9'.*'small-model'.*mapping"):
        made(make_foreign(NamesModel, model="gpt-9"))(asked_about())
    policy = make_foreign(NamesModel, mapping={"a": "nowhere", "b": "small-model", "c": "nothing"})
    with pytest.raises(InvalidPolicyParameterError) as refused:
        policy.prepare(named_targets())
    assert [name for name, _what in refused.value.problems] == ["mapping.a", "mapping.c"]


def test_rewards_are_predicted_success_or_nothing_of_failures() -> None:
    """The first attempt's end is reported once, by the decision's id, 0 where it failed."""
    bandit, view, targets = Learns(), asked_about(), named_targets()
    policy = FeedbackPolicy(bandit, FeedbackParameters())
    choose = made(policy)
    first, second = choose(view, 0), choose(view, 1)
    usual = [target.usual_answer_tokens(view.task, view.stream) for target in targets]
    assert bandit.asked[1] == (view.query, view.prompt_token_count, round(sum(usual) / len(usual)))
    policy.observe(outcome(second.target, index=1))
    policy.observe(outcome(first.target, index=0, completed=False))
    policy.observe(outcome(first.target, index=0))
    view.index = 1
    assert first.target == targets[2].name
    assert bandit.rewards == [("r2", targets[2].predicted_success(view)), ("r1", 0.0)]


def test_rewards_can_be_completion_and_stand_ins_earn_none() -> None:
    """With `reward: completed` a completed attempt earns 1; one of another target nothing."""
    bandit, view, targets = Learns(), asked_about(), named_targets()
    policy = FeedbackPolicy(bandit, FeedbackParameters(reward="completed"))
    choose = made(policy)
    choose(view, 0)
    policy.observe(outcome(targets[0].name))
    gave_way = choose(view, 1, candidates=(0, 1))
    policy.observe(outcome(gave_way.target, index=1))
    policy.observe(outcome(choose(view, 2).target, index=2))
    assert bandit.rewards == [("r3", 1.0)]


def test_parameters_are_the_constructors_and_the_adapters() -> None:
    """Both are described; all that is wrong with either is listed at once."""
    with pytest.raises(InvalidPolicyParameterError) as refused:
        make_foreign(ScoreTable, threshold=1.5, weak=3, colour="red")
    assert {name for name, _what in refused.value.problems} == {"threshold", "weak", "colour"}
    names = [one.name for one in factory_of(ScoreTable).describe("x").parameters]
    assert names == ["scores", "threshold", "weak", "strong"]


def test_what_cannot_be_hosted_is_refused_with_the_reason(tmp_path: Path) -> None:
    """Objects that learn, arguments named as knobs, constructors that raise, functions that make routers."""

    class Clashes(ScoreTable):
        def __init__(self, threshold: float = 0.1) -> None:
            super().__init__()

    class Breaks(NamesModel):
        def __init__(self) -> None:
            raise RuntimeError("no weights")

    with pytest.raises(PolicyLoadError, match="'Learns' learns; every run needs a new one"):
        factory_of(Learns())
    with pytest.raises(PolicyLoadError, match="'threshold', knobs of the adapter"):
        factory_of(Clashes)
    with pytest.raises(PolicyLoadError, match="RuntimeError: no weights"):
        make_foreign(Breaks)
    file = tmp_path / "makes.py"
    file.write_text(
        "class R:\n    def _get_prediction(self, q):\n        return q\n\ndef make():\n    return R()\n"
    )
    with pytest.raises(PolicyLoadError, match="of another library: name its class"):
        make_policy(f"{file}:make")


def test_files_give_classes_and_objects(tmp_path: Path) -> None:
    """`file.py:Class` and `file.py:object` are policies; a policy of our own keeps its own interface."""
    file = tmp_path / "theirs.py"
    file.write_text(
        "class Half:\n"
        "    def calculate_strong_win_rate(self, prompt):\n"
        "        return 0.5\n\n"
        "class Own(Half):\n"
        "    def route(self, request, fleet, rng):\n"
        "        raise NotImplementedError\n\n"
        "half = Half()\n"
        "number = 7\n",
        encoding="utf-8",
    )
    view, fleet = asked_about(), sample_fleet(named_targets())
    sent = [make_policy(f"{file}:{name}").route(view, fleet, RNG) for name in ("Half", "half")]
    assert sent[0] == sent[1]
    assert sent[0].reason == "win rate from threshold on: strong"
    assert "Hosts `calculate_strong_win_rate" in describe_policy(f"{file}:half").contract
    assert type(make_policy(f"{file}:Own")).__name__ == "Own"
    with pytest.raises(LookupError, match="policy classes there: 'Half', 'Own'"):
        make_policy(f"{file}:number")
