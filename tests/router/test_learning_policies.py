"""Policies that learn from feedback: less regret with time, every choice recomputed from what was heard."""

from __future__ import annotations

from collections import deque
from math import inf, log, log1p, sqrt

import numpy as np
import pytest

from policy_choices import TARGETS
from policy_runs import PolicyRun
from router import Feedback, InvalidPolicyParameterError, make_policy
from router.learning.cells import SuccessCells
from router.learning.lines import DiscountedRidge, TaskColumns
from router.learning.routed import RoutedRequests
from router.testing.samples import TASK, sample_targets

LEARNERS = ("epsilon_greedy", "linucb", "thompson", "ucb")
NAMES = [target.name for target in TARGETS]
BEFORE = {"small": 0.3, "medium": 0.5, "large": 0.9, "frontier": 0.95}
AFTER = {**BEFORE, "medium": 0.9, "large": 0.2}
QUALITY, COST = 0.7, 0.3
MORE = {"thompson": {"cap": 1e9}, "ucb": {"exploration": 0.5}}
"""What else is set where gamma alone is to show: a belief without a cap, a bound less wide."""


def worth(name: str, quality: float) -> float:
    """The score of a target at a quality, from prices alone: 100 prompt and 200 answer tokens."""
    usd = {target.name: 100 * target.input_price_usd_per_mtok + 200 * target.output_price_usd_per_mtok
           for target in TARGETS}  # fmt: skip
    return QUALITY * quality + COST * (1.0 - usd[name] / usd["frontier"])


class Town:
    """A policy among models that are right so often, and hears of half the answers 20 requests later."""

    def __init__(self, name: str, parameters: dict[str, object] | None = None, seed: int = 1) -> None:
        """Nobody has asked."""
        self.run = PolicyRun(name, parameters, seed=seed)
        self.luck = np.random.default_rng(seed + 100)
        self.waiting: deque[Feedback | None] = deque()
        self.choices: list[str] = []
        self.heard: list[tuple[int, Feedback]] = []

    def ask(self, count: int, success: dict[str, float], share: float = 0.5) -> list[float]:
        """The regret of each of so many requests against the best constant choice."""
        best = max(worth(name, success[name]) for name in NAMES)
        regrets = []
        for _ in range(count):
            name = self.run.send()
            self.choices.append(name)
            regrets.append(best - worth(name, success[name]))
            self.waiting.append(self._feedback(name, success[name], share))
            if len(self.waiting) > 20:
                self._tell(self.waiting.popleft())
        return regrets

    def _feedback(self, name: str, success: float, share: float) -> Feedback | None:
        """What becomes known of the latest request, if anything does."""
        right, known = self.luck.random() < success, self.luck.random() < share
        count = self.run.count
        return Feedback(request_index=count, target=name, received_s=0.0, correct=right) if known else None

    def _tell(self, feedback: Feedback | None) -> None:
        """Tells the policy, and takes down after how many choices."""
        if feedback is not None:
            self.heard.append((len(self.choices), feedback))
            self.run.host.observe_feedback(feedback)

    def before(self, choice: int) -> list[Feedback]:
        """What was heard before a choice."""
        return [feedback for after, feedback in self.heard if after <= choice]


def test_the_best_constant_choices_are_those_meant() -> None:
    """Large before the swap, medium after it."""
    best = [max(NAMES, key=lambda name: worth(name, success[name])) for success in (BEFORE, AFTER)]
    assert best == ["large", "medium"]


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("seed", [1, 2])
def test_regret_falls_with_feedback(name, seed) -> None:
    """In a world that stays the same the last third has far less regret a request than the beginning."""
    regrets = Town(name, seed=seed).ask(3_000, BEFORE)
    first, last = np.mean(regrets[:100]), np.mean(regrets[-1_000:])
    assert last < 0.5 * first
    assert last < 0.06


@pytest.mark.parametrize("name", LEARNERS)
def test_forgetting_follows_a_swap_of_abilities(name) -> None:
    """With gamma below 1 the new best is found soon; without forgetting there is more regret on the way."""
    late = {}
    for gamma in (0.98, 1.0):
        town = Town(name, {"gamma": gamma, **MORE.get(name, {})})
        town.ask(3_000, BEFORE)
        late[gamma] = float(np.mean(town.ask(1_500, AFTER)))
        if gamma < 1.0:
            assert town.choices[-500:].count("medium") > 300
    assert late[0.98] < 0.75 * late[1.0]


def test_the_cap_of_beliefs_is_forgetting_too() -> None:
    """A belief of at most 200 answers changes sooner than one of all."""
    late = {}
    for cap in (200.0, 1e9):
        town = Town("thompson", {"cap": cap})
        town.ask(6_000, BEFORE)
        late[cap] = float(np.mean(town.ask(1_500, AFTER)))
    assert late[200.0] < 0.75 * late[1e9]


@pytest.mark.parametrize("name", LEARNERS)
def test_without_feedback_nothing_is_learnt_and_that_is_said(name) -> None:
    """One warning names the key that is missing; with feedback, or without a request, there is none."""
    town = Town(name)
    assert town.run.host.finish() == ()
    town.ask(200, BEFORE, share=0.0)
    (warning,) = town.run.host.finish()
    assert "no feedback came" in warning
    assert "quality.feedback" in warning
    town.ask(200, BEFORE)
    assert town.run.host.finish() == ()


@pytest.mark.parametrize("name", LEARNERS)
def test_feedback_on_what_is_not_remembered_changes_nothing(name) -> None:
    """Of a request that was never routed, of one twice, and of a target that is gone."""
    town, same = Town(name), Town(name)
    for each in (town, same):
        each.ask(400, BEFORE)
    known = town.heard[-1][1]
    for stray in (known, Feedback(request_index=10**6, target="small", received_s=0.0, correct=True)):
        town.run.host.observe_feedback(stray)
    assert [town.run.send() for _ in range(50)] == [same.run.send() for _ in range(50)]


def discounted(heard: list[Feedback], gamma: float) -> dict[str, tuple[float, float]]:
    """Counts and right answers by model, the k-th latest of all weighing gamma^k."""
    counts = dict.fromkeys(NAMES, (0.0, 0.0))
    for age, feedback in enumerate(reversed(heard)):
        count, right = counts[feedback.target]
        counts[feedback.target] = (count + gamma**age, right + gamma**age * feedback.correct)
    return counts


def best_of(qualities: dict[str, float], sent: list[str]) -> str:
    """The target that is worth most; ties to the one sent to least, then to the first."""
    return min(NAMES, key=lambda name: (-worth(name, qualities[name]), sent.count(name)))


@pytest.mark.parametrize("gamma", [1.0, 0.97])
def test_ucb_is_the_bound_recomputed_from_all_that_was_heard(gamma) -> None:
    """M + sqrt(2 ln N / n) from the log of feedback, choice by choice; those unheard of first."""
    town = Town("ucb", {"gamma": gamma})
    town.ask(400, BEFORE)
    for choice in range(0, 400, 7):
        counts = discounted(town.before(choice), gamma)
        total = max(sum(count for count, _right in counts.values()), 1.0)
        bounds = {
            name: right / count + sqrt(2.0 * log(total) / count) if count else inf
            for name, (count, right) in counts.items()
        }
        ranked = sorted((worth(name, bounds[name]) for name in NAMES), reverse=True)
        if ranked[0] == inf or ranked[0] - ranked[1] > 1e-9:
            assert town.choices[choice] == best_of(bounds, town.choices[:choice])


def test_thompson_draws_from_the_posterior_recomputed_from_all_that_was_heard() -> None:
    """With a second generator of the same seed every choice is that of Beta(5 + s, 5 + n - s)."""
    town, draws = Town("thompson", seed=4), np.random.default_rng(4)
    town.ask(300, BEFORE)
    for choice in range(300):
        counts = discounted(town.before(choice), 1.0)
        drawn = {name: draws.beta(5 + right, 5 + count - right) for name, (count, right) in counts.items()}
        assert town.choices[choice] == best_of(drawn, town.choices[:choice])


def test_epsilon_greedy_tries_as_often_as_it_says() -> None:
    """After learning, a fifth of the requests go anywhere, evenly; else the best record decides."""
    town = Town("epsilon_greedy", {"epsilon": 0.2}, seed=3)
    town.ask(1_000, BEFORE)
    town.ask(4_000, BEFORE)
    shares = {name: town.choices[-4_000:].count(name) / 4_000 for name in NAMES}
    for name in ("small", "medium", "frontier"):
        assert abs(shares[name] - 0.05) < 4.0 * sqrt(0.05 * 0.95 / 4_000)
    assert town.choices[-4_000:].count("large") > 3_200


def test_linucb_is_ridge_regression_with_a_width() -> None:
    """Each model's bound against a plain solution over all it was heard of, discounted, in one go."""
    run = PolicyRun("linucb", {"gamma": 0.9, "alpha": 0.7, "ridge": 0.5})
    draws, heard = np.random.default_rng(8), {name: [] for name in NAMES}
    sent: list[str] = []
    for number in range(200):
        prompt, difficulty = int(draws.integers(1, 4_000)), float(draws.normal())
        x = np.array([1.0, difficulty, log1p(prompt) / 10.0, 1.0])
        bounds = {}
        for name in NAMES:
            weights = 0.9 ** np.arange(len(heard[name]))[::-1]
            seen = np.array([vector for vector, _reward in heard[name]]).reshape(-1, 4)
            rewards = np.array([reward for _vector, reward in heard[name]])
            square = 0.5 * np.eye(4) + seen.T @ (weights[:, None] * seen)
            theta = np.linalg.solve(square, seen.T @ (weights * rewards))
            bounds[name] = x @ theta + 0.7 * sqrt(x @ np.linalg.solve(square, x))
        usd = {t.name: prompt * t.input_price_usd_per_mtok + 200 * t.output_price_usd_per_mtok
               for t in TARGETS}  # fmt: skip
        worths = {n: QUALITY * bounds[n] + COST * (1 - usd[n] / usd["frontier"]) for n in NAMES}
        name = run.send(prompt=prompt, difficulty=difficulty)
        assert worths[name] == pytest.approx(max(worths.values()))
        sent.append(name)
        right = bool(draws.random() < BEFORE[name])
        run.host.observe_feedback(
            Feedback(request_index=run.count, target=name, received_s=float(number), correct=right)
        )
        heard[name].append((x, right))
    assert len(set(sent)) > 1


def test_replicas_of_a_model_share_what_is_learnt_and_the_work() -> None:
    """What is heard of one replica holds for the others; the least outstanding one is sent to."""
    run = PolicyRun("ucb", targets=sample_targets((0, 3, 0, 1)))
    for target, right in (("medium/2", True), ("frontier", False)):
        run.send()
        run.host.observe_feedback(
            Feedback(request_index=run.count, target=target, received_s=0.0, correct=right)
        )
    run.load(3, 1, 2, 0)
    assert run.send() == "medium/1"


def test_lines_grow_with_the_tasks() -> None:
    """A new task's column is zero in what was learnt before; old vectors still fit."""
    columns, line = TaskColumns(), DiscountedRidge(ridge=1.0, gamma=1.0)
    first = columns.vector((1.0,), "a")
    line.learn(first, 1.0)
    second = columns.vector((1.0,), "b")
    assert (first.tolist(), second.tolist()) == ([1.0, 1.0], [1.0, 0.0, 1.0])
    square = np.eye(3)
    square[:2, :2] += 1.0
    mean, variance = line.at(second)
    assert mean == pytest.approx(second @ np.linalg.solve(square, [1.0, 1.0, 0.0]))
    assert variance == pytest.approx(second @ np.linalg.solve(square, second))
    assert line.at(first)[0] == pytest.approx(2.0 / 3.0)


def test_memories_are_bounded_and_used_once() -> None:
    """The oldest request is forgotten; one routed again counts as new."""
    routed: RoutedRequests[str] = RoutedRequests(most=2)
    for index, seen in ((1, "a"), (2, "b"), (1, "c"), (3, "d")):
        routed.note(index, seen)
    assert [routed.take(index) for index in (1, 2, 3, 3)] == ["c", None, "d", None]


def test_tasks_are_learnt_apart() -> None:
    """Feedback on one task neither counts at another nor makes it forget."""
    cells = SuccessCells(gamma=0.5, cap=1.2)
    cells.learn("a", "m", 1.0)
    cells.learn("b", "m", 0.0)
    assert (cells.of("a", "m").count, cells.total("a"), cells.total("c")) == (1.0, 1.0, 0.0)
    cells.learn("a", "m", 0.0)
    assert cells.of("a", "m").count == pytest.approx(1.2)
    assert cells.of("a", "m").mean == pytest.approx(0.5 / 1.5)


@pytest.mark.parametrize(
    ("name", "parameters", "wrong"),
    [
        ("ucb", {"gamma": 0.0, "quality_weight": 0.0, "exploration": -1.0}, 3),
        ("thompson", {"prior_mean": 1.5, "prior_mass": 0.0, "cap": 0.0, "cost_weight": -1.0}, 4),
        ("linucb", {"gamma": 1.1, "alpha": -1.0, "ridge": 0.0}, 3),
        ("epsilon_greedy", {"epsilon": 1.1}, 1),
    ],
)
def test_all_that_is_wrong_with_parameters_is_listed(name, parameters, wrong) -> None:
    """Every parameter that cannot be is a problem of its own."""
    with pytest.raises(InvalidPolicyParameterError) as refused:
        make_policy(name, parameters)
    assert len(refused.value.problems) == wrong
    assert TASK
