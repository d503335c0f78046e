"""What live policies learn of attempts, and what the service says of policies."""

import numpy as np
import pytest

from router import Decision, Host, Resilience, describe_policy, policy_names
from router.host.live import LiveRouter
from router.steps import Event, EventKind
from router.testing.samples import TASK, sample_targets
from router.views.stated import StatedRequest
from wayfare.service.rpc.catalog import policy_entry


class Hears:
    """Sends to the small target and keeps every outcome."""

    def __init__(self):
        """Has heard nothing."""
        self.heard = []

    def route(self, request, fleet, rng):
        """A send to the small target."""
        return Decision.send("small", reason="small")

    def observe(self, outcome):
        """Keeps it."""
        self.heard.append(outcome)


def test_live_outcomes_say_when_their_attempt_was_sent():
    """A retry's own time begins when it is sent, on the caller's clock; the prompt is the request's."""
    targets, policy = sample_targets(), Hears()
    resilience = Resilience(retries=1, backoff_s=3.0, jitter_s=0.0, cooldown_s=0.0)
    host = Host(policy, targets, rng=np.random.default_rng(1), resilience=resilience)
    router = LiveRouter(host, targets, clock=lambda: 0.0)
    asked = StatedRequest(
        index=0, now_s=100.0, task=TASK, tenant="t", region="home", prompt_token_count=321,
        max_output_token_count=99,
    )  # fmt: skip
    key = router.decide(asked, (0, 1, 2, 3), "none").request
    router.end(key, Event(0, EventKind.FAILED, 104.0, "server_error"))
    router.report(key, Event(-1, EventKind.TIMER, 107.0))
    router.end(key, Event(1, EventKind.COMPLETED, 112.0), 40, ttft_s=9.0)
    lost, won = policy.heard
    assert [outcome.prompt_token_count for outcome in (lost, won)] == [321, 321]
    assert (lost.started_s, lost.attempt_s) == (100.0, 4.0)
    assert (won.started_s, won.attempt_s, won.attempt_ttft_s) == (107.0, 5.0, 2.0)


@pytest.mark.parametrize("name", policy_names())
def test_the_service_says_all_that_is_known_of_a_policy(name):
    """Name, contract, source, and whether it is an oracle or a baseline."""
    about, entry = describe_policy(name), policy_entry(name)
    for fact in ("name", "contract", "source", "oracle", "baseline"):
        assert getattr(entry, fact) == getattr(about, fact)


def test_most_policies_name_a_source():
    """All but four of those that ship follow somebody's rule, and say whose; the fourth is the log's own."""
    unsourced = {name for name in policy_names() if not describe_policy(name).source}
    assert unsourced == {"cheapest_capable", "edge_first", "recorded", "static"}
