"""The conformance suite over every policy, and over bad ones to prove that it can fail."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pytest

from router import Decision, Policy, StepPolicy, make_policy, policy_names
from router.conformance import RULES, check_policy
from router.steps import Fail, Follow, Sleep, Start

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from router import FleetView, Outcome, RequestView
    from router.steps import Reply, Step

VARIANTS: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("static", {"target": "frontier"}),
    ("least_outstanding", {"ties": "random"}),
    ("power_of_two", {"choices": 3}),
    ("cheapest_capable", {"floor": 0.0}),
    ("cheapest_capable", {"floor": 1.0}),
    ("hedge", {"share_ratio": 0.5, "after_s": 0.1}),
    ("edge_first", {"overflow_outstanding": 0.0}),
    ("weighted_score", {"floor": 0.9}),
    ("pipeline", {"scorers": [], "when_empty": "reject", "filters": [{"load_ceiling": {"outstanding": 0}}]}),
    ("pipeline", {"filters": ["session_stickiness", "kv_ceiling"], "picker": "random_by_score"}),
    ("pipeline", {"scorers": ["random", "session_affinity", "price"], "picker": {"softmax": {}}}),
    ("pipeline", {"scorers": ["strength", "queue", "kv_room", "success"], "picker": "top_k_random"}),
    (
        "pipeline",
        {
            "filters": [
                {"in_tiers": {"tiers": ["edge", "on_prem"]}},
                {"in_regions": {"regions": ["home"]}},
                {"success_floor": {"floor": 0.7}},
                {"cost_ceiling": {"cost_usd": 0.001}},
                "context_room",
                {"domain_rule": {"rules": {"support_chat": ["edge"]}}},
            ],
            "picker": "least_loaded",
        },
    ),
    ("budget_cap", {"budget_usd": 0.0}),
    ("budget_cap", {"budget_usd": 0.0, "per": "target", "when_spent": "cheapest"}),
    ("budget_cap", {"budget_usd": 1e-9, "per": "target", "pick": "cheapest"}),
    ("budget_pacing", {"mode": "hard", "target_usd_per_request": 1e-9}),
    ("expected_cost", {"length": "max", "cached_ratio": 1.0, "session_cached_ratio": 1.0}),
    ("lowest_latency", {"measure": "ttft", "ttft_percentile": 100.0, "lowest_latency_buffer": 9.0}),
    ("lowest_latency", {"max_latency_list_size": 1, "ttl_s": 0.0}),
    ("adversarial_delay", {"delay_s": 1e-6}),
    ("confidence_cascade", {"auc": 0.5, "threshold": 0.6, "escalation_order": "strength"}),
    ("confidence_cascade", {"auc": 1.0, "threshold": 1.0}),
    ("domain_rule", {"rules": {"support_chat": ["cloud"]}, "default": ["edge", "on_prem"]}),
    ("hedge", {"delay_percentile": 95.0, "slo_headroom_gate": True}),
    ("race", {"count": 3, "floor": 0.0}),
    ("race", {"count": 1, "floor": 1.0}),
    ("slo_headroom", {"headroom": "most", "epsilon_explore": 1.0, "tpot_weight": 0.0}),
    ("budgeted_oracle", {"target_usd_per_request": 0.0}),
    ("flapping", {"period_s": 1e-6}),
    ("multi_factor", {"latency_metric": "ttft", "max_inflight": 1, "on_no_candidates": "fail"}),
    ("multi_factor", {"max_ttft_ms": 1.0, "max_cost_per_1m": 1e-6, "on_no_candidates": "first"}),
    ("cache_regret", {"floor": 0.0, "horizon": 1e9, "ttl_s": 0.0}),
    ("prefix_affinity", {"cache_threshold": 0.0, "balance_abs_threshold": 0, "max_tree_blocks": 1}),
    ("carbon_aware", {"floor": 1.0, "cost_ceiling_usd": 1e-9}),
    ("carbon_deferral", {"floor": 0.0, "step_s": 1e-3}),
    ("consistent_hash", {"key": "tenant", "vnodes": 1, "load_factor": 1.0}),
    ("consistent_hash", {"key": "prefix", "load_factor": None}),
    ("session_stickiness", {"inner": "cheapest", "ttl_s": 0.0}),
    ("epsilon_greedy", {"epsilon": 1.0, "cost_weight": 0.0}),
    ("epsilon_greedy", {"epsilon": 0.0, "gamma": 0.5}),
    ("linucb", {"alpha": 0.0, "ridge": 1e-9, "gamma": 0.5}),
    ("thompson", {"prior_mean": 1.0, "prior_mass": 1e-3, "cap": 1.0}),
    ("ucb", {"exploration": 0.0, "gamma": 1e-9}),
    ("spill_over", {"spill_threshold": 0.0}),
    ("spill_over", {"measure": "kv_usage", "spill_threshold": 0.5, "return_threshold": 0.2}),
    ("utility", {"willingness_to_pay_usd": 0.0, "usd_per_s": 1.0, "ttl_s": 0.0}),
)


class Known(Policy):
    """A base for fakes: what `route` shares."""

    def first(self, fleet: FleetView, reason: str = "first") -> Decision:
        """A send to the first candidate."""
        return Decision.send(fleet.candidate_targets()[0].name, reason=reason)


class IgnoresCandidates(Known):
    """Sends to the fleet's first target whatever the constraints."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send that may not be permitted."""
        return Decision.send(fleet.targets[0].name, reason="first")


class Invents(Known):
    """Sends to a target of its imagination."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to nowhere."""
        return Decision.send("nowhere", reason="dream")


class Silent(Known):
    """Gives no reason."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send with a blank reason."""
        return self.first(fleet, " ")


class Chatty(Known):
    """Makes up a reason for each request."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send with a reason of its own."""
        return self.first(fleet, f"because of {request.index}")


class Moody(Known):
    """Remembers earlier lives, so that two of them differ."""

    lives: ClassVar[list[int]] = []

    def __init__(self) -> None:
        """Counts itself."""
        self.lives.append(1)
        self._life = len(self.lives)

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send that depends on the number of policies before it."""
        count = len(fleet.candidates)
        return Decision.send(fleet.candidate_targets()[self._life % count].name, reason="mood")


class Writes(Known):
    """Counts its own request into the view's load."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send, after writing to the view."""
        fleet.outstanding[fleet.candidates[0]] += 1
        return self.first(fleet)


class Narrows(Known):
    """Changes the candidates for everybody."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send, after changing the view."""
        fleet.candidates = fleet.candidates[:1]
        return self.first(fleet)


class Turns(Known):
    """Aims the request view at the next request."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send, after changing the request."""
        request.index += 1
        return self.first(fleet)


class Ages(Known):
    """Marks the view as fresh."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send, after changing the view's age."""
        fleet.seen_s = request.now_s
        return self.first(fleet)


class NeedsTwo(Known):
    """Takes the second candidate, which there may not be."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to the second candidate."""
        return Decision.send(fleet.candidate_targets()[1].name, reason="second")


class NeedsNumbers(Known):
    """Makes whole numbers of estimates that may be nan."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to a candidate by score."""
        place = int(request.router_score * len(fleet.candidates))
        return Decision.send(fleet.targets[fleet.candidates[place]].name, reason="score")


class NeedsAbilities(Known):
    """Expects every target to have an ability at every task."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to the ablest."""
        best = max(fleet.candidate_targets(), key=lambda target: target.ability[request.task])
        return Decision.send(best.name, reason="ablest")


class LooksAtTheClock(Known):
    """Reads the wall clock."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send that takes note of the time."""
        time.time()
        return self.first(fleet)


class Gambles(Known):
    """Draws from the global generator."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to anybody, reproducible only by chance."""
        if random.random() < 2.0:  # noqa: S311 - the fault to be found
            return self.first(fleet)
        return Decision.reject(reason="never")


class MakesItsOwnLuck(Known):
    """Makes a generator of its own while deciding."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send, after seeding a generator."""
        np.random.default_rng(0).random()
        return self.first(fleet)


class DefersForever(Known):
    """Puts everything off, again and again."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A deferral by a second."""
        return Decision.defer(request.now_s + 1.0, reason="later")


class HatesFailure(Known):
    """Learns, but not from failures."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to the first candidate."""
        return self.first(fleet)

    def observe(self, outcome: Outcome) -> None:
        """Makes a whole number of a time that may be nan."""
        int(outcome.ttft_s)


class LeavesOff(StepPolicy):
    """A step policy that starts and then stops."""

    def steps(
        self,
        request: RequestView,
        fleet: FleetView,
        rng: np.random.Generator,
    ) -> Generator[Step, Reply, None]:
        """One step only."""
        yield Start(fleet.candidates[0])


class StartsAnywhere(StepPolicy):
    """A step policy that ignores the candidates."""

    def steps(
        self,
        request: RequestView,
        fleet: FleetView,
        rng: np.random.Generator,
    ) -> Generator[Step, Reply, None]:
        """An attempt at the fleet's first target."""
        handle = yield Start(0)
        yield Follow(handle if isinstance(handle, int) else -1)
        yield Fail("failed")


class Patient(StepPolicy):
    """A good step policy: waits a little, tries every candidate once."""

    def steps(
        self,
        request: RequestView,
        fleet: FleetView,
        rng: np.random.Generator,
    ) -> Generator[Step, Reply, None]:
        """One attempt after the other."""
        yield Sleep(request.now_s + 0.1)
        for index in fleet.candidates:
            handle = yield Start(index)
            yield Follow(handle if isinstance(handle, int) else -1)
        yield Fail("all failed")


@pytest.mark.parametrize("name", policy_names())
def test_every_registered_policy_conforms(name: str) -> None:
    """A policy that ships keeps to every rule with its default parameters."""
    check_policy(lambda: make_policy(name))


@pytest.mark.parametrize(("name", "parameters"), VARIANTS)
def test_policies_conform_with_other_parameters(name: str, parameters: Mapping[str, object]) -> None:
    """Parameters at the ends of their ranges break no rule."""
    if name == "static":
        pytest.skip("its target is not in every fleet of the suite")
    check_policy(lambda: make_policy(name, parameters))


def test_a_good_step_policy_conforms() -> None:
    """The suite covers policies that yield their own steps."""
    check_policy(Patient)


@pytest.mark.parametrize(
    ("factory", "rule"),
    [
        (object, "is_a_policy"),
        (IgnoresCandidates, "picks_only_candidates"),
        (Invents, "picks_only_candidates"),
        (Silent, "gives_reasons"),
        (Chatty, "reasons_are_few"),
        (Moody, "is_deterministic"),
        (Writes, "picks_only_candidates"),
        (Narrows, "picks_only_candidates"),
        (Turns, "picks_only_candidates"),
        (Ages, "leaves_views_alone"),
        (NeedsTwo, "picks_only_candidates"),
        (NeedsNumbers, "survives_unset_values"),
        (NeedsAbilities, "survives_unset_values"),
        (LooksAtTheClock, "keeps_to_its_generator"),
        (Gambles, "keeps_to_its_generator"),
        (MakesItsOwnLuck, "keeps_to_its_generator"),
        (DefersForever, "ends_every_request"),
        (HatesFailure, "receives_outcomes"),
        (LeavesOff, "ends_every_request"),
        (StartsAnywhere, "picks_only_candidates"),
    ],
)
def test_bad_policies_are_caught_by_the_rule_they_break(factory: Callable[[], Policy], rule: str) -> None:
    """Each fault is found, and the message begins with the rule's name."""
    with pytest.raises(AssertionError, match=f"^{rule}: "):
        check_policy(factory)


def test_suite_restores_what_it_forbade() -> None:
    """After a check the clock and the global generators work again."""
    with pytest.raises(AssertionError):
        check_policy(LooksAtTheClock)
    assert time.time() > 0.0
    assert np.random.default_rng(1).random() < 1.0


def test_every_rule_says_what_it_demands() -> None:
    """A rule's name and first line can stand in documentation."""
    assert all(rule.__doc__ for rule in RULES)
