"""A policy asked again and again while a clock, loads and outcomes go on, as tests say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from policy_choices import TARGETS, fleet_of
from router import Host, Outcome, Send, StatedRequest, make_policy
from router.testing.samples import TASK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router import Decision, FleetView, Target


class PolicyRun:
    """One hosted policy in front of a fleet whose loads and outcomes a test makes up."""

    def __init__(
        self,
        name: str,
        parameters: Mapping[str, object] | None = None,
        targets: Sequence[Target] = TARGETS,
        seed: int = 1,
    ) -> None:
        """Stands before an idle fleet."""
        self.targets = tuple(targets)
        self.policy = make_policy(name, parameters)
        self.host = Host(self.policy, self.targets, rng=np.random.default_rng(seed))
        self.fleet: FleetView = fleet_of(self.targets)
        self.count = 0

    def decide(
        self,
        now_s: float = 0.0,
        *,
        prompt: int = 100,
        session: int = -1,
        difficulty: float = 0.0,
        most: int = 1024,
        turn: int = 0,
        tenant: str = "acme",
        until_s: float = np.nan,
        blocks: tuple[int, ...] = (),
        history: int = 0,
    ) -> Decision:
        """The decision on the next request."""
        self.count += 1
        request = StatedRequest(
            index=self.count,
            now_s=now_s,
            task=TASK,
            tenant=tenant,
            region="home",
            prompt_token_count=prompt,
            max_output_token_count=most,
            estimated_difficulty=difficulty,
            session=session,
            turn=turn,
            deferrable_until_s=until_s,
            prefix_blocks=blocks,
            history_token_count=history,
        )
        return self.host.decide(request, self.fleet)

    def send(self, now_s: float = 0.0, **request: object) -> str:
        """The target that the next request is sent to; "" where it is not sent."""
        decision = self.decide(now_s, **request)  # type: ignore[arg-type]  # facts of any kind
        return decision.target if isinstance(decision, Send) else ""

    def load(self, *outstanding: int) -> None:
        """Sets the loads that the policy sees from now on."""
        candidates = self.fleet.candidates
        fresh = fleet_of(self.targets, outstanding)
        self.fleet.outstanding, self.fleet.kv_usage_ratio = fresh.outstanding, fresh.kv_usage_ratio
        self.fleet.candidates = candidates

    def hear(
        self,
        target: str,
        *,
        started_s: float = 0.0,
        took_s: float = 1.0,
        waited_s: float = 0.0,
        first_s: float = 0.5,
        prompt: int = 100,
        output: int = 100,
        reason: str = "",
    ) -> None:
        """An attempt ended; it was sent `waited_s` after its request had arrived."""
        self.host.observe(
            Outcome(
                request_index=self.count,
                target=target,
                finished_s=started_s + took_s,
                completed=not reason,
                reason=reason,
                ttft_s=np.nan if reason else waited_s + first_s,
                e2e_s=waited_s + took_s,
                output_token_count=0 if reason else output,
                started_s=started_s,
                prompt_token_count=prompt,
            )
        )


def stated(**facts: Sequence[object]) -> tuple[Target, ...]:
    """The specimen targets with these facts, one value for each target."""
    return tuple(
        replace(target, **{fact: values[target.index] for fact, values in facts.items()})  # type: ignore[arg-type]  # any field
        for target in TARGETS
    )
