"""A live router passes on what callers report of answers later: once, by owner, to whoever learns."""

from __future__ import annotations

import numpy as np
import pytest

from router import Decision, Feedback, Host, Policy, PolicyFailedError
from router.host import live as module
from router.host.live import LiveRouter, UnknownRequestError
from router.steps import Event, EventKind
from router.testing.samples import TASK, sample_targets
from router.views.stated import StatedRequest


class Known(Policy):
    """Sends to the medium target; keeps what becomes known."""

    def __init__(self) -> None:
        """Knows nothing."""
        self.known: list[Feedback] = []

    def route(self, request, fleet, rng) -> Decision:
        """A send with a verifier to the medium target where the prompt is long, a plain one else."""
        return Decision.send("medium", reason="medium")

    def observe_feedback(self, feedback: Feedback) -> None:
        """Keeps it."""
        if feedback.received_s < 0.0:
            raise ValueError("before it began")
        self.known.append(feedback)


class Deaf(Policy):
    """Wants to know nothing."""

    def route(self, request, fleet, rng) -> Decision:
        """A send to the medium target."""
        return Decision.send("medium", reason="medium")


def answered(live: LiveRouter, owner: str = "ann", kind: EventKind = EventKind.COMPLETED) -> int:
    """The key of a request of the owner's that has ended so."""
    asked = StatedRequest(
        index=live.next_number(), now_s=1.0, task=TASK, tenant="t", region="home", prompt_token_count=10,
        max_output_token_count=99,
    )  # fmt: skip
    key = live.decide(asked, (0, 1, 2, 3), "none", owner).request
    live.end(key, Event(0, kind, 2.0, "" if kind is EventKind.COMPLETED else "refused"), 10, owner=owner)
    return key


def router_of(policy: Policy) -> LiveRouter:
    """A live router of the policy's."""
    targets = sample_targets()
    return LiveRouter(Host(policy, targets, rng=np.random.default_rng(1)), targets, clock=lambda: 0.0)


def test_feedback_reaches_the_policy_once_and_from_the_owner_only() -> None:
    """Number, target, instant and verdict are passed on; strangers and repeats find nothing."""
    policy = Known()
    live = router_of(policy)
    answered(live)
    key = answered(live)
    with pytest.raises(UnknownRequestError):
        live.assess(key, correct=True, now_s=5.0, owner="bob")
    reply = live.assess(key, correct=False, now_s=5.0, owner="ann")
    assert (reply.request, reply.decision, reply.steps) == (key, None, [])
    assert policy.known == [Feedback(request_index=1, target="medium", received_s=5.0, correct=False)]
    with pytest.raises(UnknownRequestError, match=f"no answer to a request {key} waits for feedback"):
        live.assess(key, correct=False, now_s=6.0, owner="ann")


def test_a_request_without_an_answer_cannot_be_right() -> None:
    """Of a failed request, and of one that a deaf policy routed, nothing is kept."""
    for policy, kind in ((Known(), EventKind.FAILED), (Deaf(), EventKind.COMPLETED)):
        live = router_of(policy)
        key = answered(live, kind=kind)
        with pytest.raises(UnknownRequestError):
            live.assess(key, correct=True, now_s=5.0, owner="ann")


def test_the_oldest_answers_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than the bound wait for feedback."""
    monkeypatch.setattr(module, "MOST_OPEN", 2)
    live = router_of(Known())
    keys = [answered(live) for _ in range(3)]
    with pytest.raises(UnknownRequestError):
        live.assess(keys[0], correct=True, now_s=5.0, owner="ann")
    assert [live.assess(key, correct=True, now_s=5.0, owner="ann").request for key in keys[1:]] == keys[1:]


def test_what_a_policy_raises_names_it_and_the_request() -> None:
    """A policy that cannot take feedback fails with its name."""
    live = router_of(Known())
    answered(live)
    key = answered(live)
    with pytest.raises(PolicyFailedError, match="Known.*request 1.*before it began"):
        live.assess(key, correct=True, now_s=-1.0, owner="ann")
