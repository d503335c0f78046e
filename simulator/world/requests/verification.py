"""What a verifier says of an answer: the truth, flipped with the verifier's error rates by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.streams import keyed_uniform_scalar

if TYPE_CHECKING:
    from router.decision import Verifier
    from simulator.world.plan import RunPlan


class Verification:
    """Judges answers of one run; the same answer judged the same way under every policy."""

    def __init__(self, plan: RunPlan) -> None:
        """Looks at the plan's true answers."""
        self._seed = plan.seed
        self._correct = plan.answers.correct
        self._models = [target.model for target in plan.target_plans]
        self._key = memoryview(plan.workload.key)
        self._draws = [f"verifier/{name}" for name in plan.model_names]

    def accepts(self, request: int, target: int, verifier: Verifier) -> bool:
        """Whether the verifier accepts the target's answer to the request."""
        model = self._models[target]
        draw = keyed_uniform_scalar(self._seed, self._draws[model], self._key[request])
        if self._correct.item(model, request):
            return draw >= verifier.false_reject_ratio
        return draw < verifier.false_accept_ratio
