"""What a router may know of the fleet: fixed facts of each target, and its load as last seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, inf, isfinite, nan
from typing import TYPE_CHECKING, Literal

from catalogs.units import TOKENS_PER_MTOK
from router.errors import UnknownTargetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from router.views.carbon import CarbonForecast
    from router.views.request import RequestView
    from router.views.success_curve import SuccessCurve

Tier = Literal["edge", "on_prem", "dedicated", "cloud"]
TIERS: tuple[Tier, ...] = ("edge", "on_prem", "dedicated", "cloud")
LOGIT_LIMIT = 700.0  # exp() of more overflows a float64; the probability is 0 long before


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing a policy can send to: a deployment, or one replica of it when the router balances.

    `ability` maps a task to the model's ability in logits (2PL item response, discrimination
    `discrimination`). `success_curves`, by stream of traffic, say how often the model is right on requests
    that look as difficult, where that is known: with the noise of the look and the spread of the
    stream in them, which the item response alone leaves out. Prices are marginal list prices, or for own
    capacity the amortised price at the utilisation the scenario plans with; infinite where it is unknown
    them. `replica_count` is how many
    replicas or devices stand behind the target when the deployment balances them itself.
    `expected_output_tokens` is the usual answer by task, `stream_output_tokens` by stream of traffic,
    which goes first. `cached_input_price_usd_per_mtok` is the price of prompt tokens that the provider has
    in its prefix cache, `None` where they cost as much as others. `provider` sells the tokens, "" for own
    capacity. `requests_per_minute` and `tokens_per_minute` (prompt and answer together) are its limits,
    `None` where unlimited. `weight` is the share that the operator gives the target, in any unit; `None`
    where nothing is said. `energy_j_per_input_token` and `energy_j_per_output_token` estimate what a token
    more draws at a middling load, at the electricity meter of whoever runs the target (PUE included);
    `None` where nobody knows. `carbon` is the grid where it stands, `None` where unknown.
    """

    index: int
    name: str
    deployment: str
    tier: Tier
    model: str
    region: str
    context_window_tokens: int
    ability: Mapping[str, float]
    discrimination: float
    input_price_usd_per_mtok: float
    output_price_usd_per_mtok: float
    expected_output_tokens: Mapping[str, float] = field(default_factory=dict)
    replica_count: int = 1
    stream_output_tokens: Mapping[str, float] = field(default_factory=dict)
    success_curves: Mapping[str, SuccessCurve] = field(default_factory=dict)
    cached_input_price_usd_per_mtok: float | None = None
    provider: str = ""
    weight: float | None = None
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    energy_j_per_input_token: float | None = None
    energy_j_per_output_token: float | None = None
    carbon: CarbonForecast | None = None

    def predicted_success(self, request: RequestView) -> float:
        """P(correct) as the router estimates it: in the mean over requests what the answers follow."""
        return self.success_at(request.task, request.estimated_difficulty, request.stream)

    def success_at(self, task: str, difficulty: float, stream: str = "") -> float:
        """P(correct) by the stream's curve; without one by the item response sigma(a (ability - difficulty)).

        `difficulty` is the expected one, logits.

        0 for a task at which no ability is known; `nan` for a difficulty of `nan`.
        """
        curve = self.success_curves.get(stream)
        if curve is not None:
            return curve.at(difficulty)
        gap = self.ability.get(task, -inf) - difficulty
        return 1.0 / (1.0 + exp(min(-self.discrimination * gap, LOGIT_LIMIT)))

    def expected_cost_usd(self, request: RequestView) -> float:
        """Prompt tokens and the stream's usual answer at this target's prices; see `cost_of_usd`."""
        prompt_count, longest = request.prompt_token_count, request.max_output_token_count
        return self.cost_of_usd(request.task, prompt_count, longest, request.stream)

    def usual_answer_tokens(self, task: str, stream: str = "") -> float | None:
        """The stream's usual answer, or the task's where nothing is known of the stream; None if neither."""
        usual = self.stream_output_tokens.get(stream)
        return self.expected_output_tokens.get(task) if usual is None else usual

    def cost_of_usd(
        self, task: str, prompt_token_count: int, max_output_token_count: int, stream: str = ""
    ) -> float:
        """Cost of a prompt with the usual answer, or the longest where none is usual."""
        usual = self.usual_answer_tokens(task, stream)
        return self.list_cost_usd(prompt_token_count, max_output_token_count if usual is None else usual)

    def list_cost_usd(self, prompt_token_count: float, output_token_count: float) -> float:
        """Cost of so many tokens at this target's list prices, nothing of the prompt cached."""
        tokens_in = prompt_token_count * self.input_price_usd_per_mtok
        return (tokens_in + output_token_count * self.output_price_usd_per_mtok) / TOKENS_PER_MTOK

    def marginal_energy_j(self, request: RequestView) -> float:
        """Joules of the prompt and the usual answer, or the longest; infinite where energy is unknown."""
        input_j, output_j = self.energy_j_per_input_token, self.energy_j_per_output_token
        if input_j is None or output_j is None:
            return inf
        usual = self.usual_answer_tokens(request.task, request.stream)
        answer = request.max_output_token_count if usual is None else usual
        return request.prompt_token_count * input_j + answer * output_j

    @property
    def is_priced(self) -> bool:
        """Whether both of its prices are known."""
        return isfinite(self.input_price_usd_per_mtok) and isfinite(self.output_price_usd_per_mtok)


class FleetView:
    """Read-only picture of the fleet, as old as the scenario's staleness says.

    `outstanding` counts waiting plus running attempts of each target; `waiting`, `running` and
    `kv_usage_ratio` likewise are indexed by `Target.index`. `candidates` are the indexes of the
    targets that hard constraints leave for the request at hand, ascending and never empty. While
    targets cool down, the host takes them out of `candidates` too and keeps what the constraints
    alone leave in `permitted` (`None` at all other times); see `permits`.
    """

    __slots__ = (
        "by_deployment",
        "by_name",
        "candidates",
        "kv_usage_ratio",
        "outstanding",
        "permitted",
        "running",
        "seen_s",
        "targets",
        "waiting",
    )

    def __init__(
        self,
        targets: Sequence[Target],
        *,
        outstanding: NDArray[np.int64],
        waiting: NDArray[np.int64],
        running: NDArray[np.int64],
        kv_usage_ratio: NDArray[np.float64],
    ) -> None:
        """Looks at the given load arrays, each of length `len(targets)`."""
        self.targets = tuple(targets)
        self.by_name = {target.name: target for target in self.targets}
        self.by_deployment = _indexes_by_deployment(self.targets)
        self.outstanding = outstanding
        self.waiting = waiting
        self.running = running
        self.kv_usage_ratio = kv_usage_ratio
        self.candidates: tuple[int, ...] = tuple(range(len(self.targets)))
        self.permitted: tuple[int, ...] | None = None
        self.seen_s = 0.0

    def target(self, name: str) -> Target:
        """The target of that name.

        Raises:
            UnknownTargetError: no such target; the message lists those there are.
        """
        try:
            return self.by_name[name]
        except KeyError:
            known = ", ".join(repr(known) for known in self.by_name)
            message = f"unknown target {name!r}; known: {known}"
            raise UnknownTargetError(message) from None

    def members(self, name: str) -> tuple[int, ...]:
        """Indexes of the targets a name stands for, ascending: one target, or a deployment's replicas.

        Raises:
            UnknownTargetError: neither a target nor a deployment is called so.
        """
        target = self.by_name.get(name)
        if target is not None:
            return (target.index,)
        return self.by_deployment.get(name) or (self.target(name).index,)

    def intensity_gco2e_per_kwh(self, index: int, at_s: float) -> float:
        """Grid carbon where a target stands, now or ahead; `nan` where unknown."""
        carbon = self.targets[index].carbon
        return nan if carbon is None else carbon.at(at_s)

    def permits(self, index: int) -> bool:
        """Whether hard constraints let the request go to this target, cooling down or not."""
        return index in (self.candidates if self.permitted is None else self.permitted)

    def candidate_targets(self) -> list[Target]:
        """The targets that the hard constraints leave for this request."""
        return [self.targets[index] for index in self.candidates]


def _indexes_by_deployment(targets: Sequence[Target]) -> dict[str, tuple[int, ...]]:
    """Indexes of each deployment's targets, ascending."""
    indexes: dict[str, list[int]] = {}
    for target in targets:
        indexes.setdefault(target.deployment, []).append(target.index)
    return {deployment: tuple(members) for deployment, members in indexes.items()}
