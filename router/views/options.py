"""What there is to choose among when load does not matter: targets grouped by ability and price."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, log, nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from router.views.fleet import FleetView, Target, Tier
    from router.views.request import RequestView

CACHE_LIMIT = 4096  # sets of candidates are few; a bound keeps an odd fleet from growing the cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Targets that differ in load only: same model, tier, ability at one task and prices.

    Attributes:
        members: target indexes, ascending, all of them candidates.
        model: what answers.
        tier: where it stands.
        ability: ability at the task, logits; -inf where none is known.
        reach: greatest estimated difficulty, logits, at which the predicted success still meets
            the table's floor.
        input_usd_per_mtok: price of prompt tokens.
        output_usd_per_mtok: price of answer tokens.
        answer_token_count: usual length of the answer; `nan` for the request's declared maximum.
    """

    members: tuple[int, ...]
    model: str
    tier: Tier
    ability: float
    reach: float
    input_usd_per_mtok: float
    output_usd_per_mtok: float
    answer_token_count: float


class OptionTable:
    """The options of a fleet, worked out once for each stream, task and set of candidates."""

    def __init__(self, floor: float = 0.0) -> None:
        """Reaches are measured against this floor on predicted success, 0 to 1."""
        self._floor = floor
        self._log_odds = _log_odds(floor)
        self._targets: tuple[Target, ...] = ()
        self._options: dict[tuple[str, str, tuple[int, ...]], tuple[Option, ...]] = {}

    def of(self, fleet: FleetView, task: str, stream: str = "") -> tuple[Option, ...]:
        """Options among the candidates for the stream's task, by their lowest target index."""
        if fleet.targets is not self._targets or len(self._options) > CACHE_LIMIT:
            self._targets = fleet.targets
            self._options = {}
        key = (task, stream, fleet.candidates)
        options = self._options.get(key)
        if options is None:
            options = self._options[key] = self._grouped(fleet.candidate_targets(), task, stream)
        return options

    def _grouped(self, targets: Iterable[Target], task: str, stream: str) -> tuple[Option, ...]:
        """One option for each distinct set of facts, with the targets that share it."""
        members: dict[Option, list[int]] = {}
        for target in targets:
            members.setdefault(self._facts(target, task, stream), []).append(target.index)
        return tuple(replace(facts, members=tuple(found)) for facts, found in members.items())

    def _reach(self, target: Target, ability: float, stream: str) -> float:
        """Difficulty d where the stream's curve, or sigma(a (ability - d)), meets the floor; +inf at 0."""
        if self._log_odds == -inf:
            return inf
        curve = target.success_curves.get(stream)
        return ability - self._log_odds / target.discrimination if curve is None else curve.reach(self._floor)

    def _facts(self, target: Target, task: str, stream: str) -> Option:
        """The target's facts as an option without members."""
        ability = target.ability.get(task, -inf)
        usual = target.usual_answer_tokens(task, stream)
        return Option(
            members=(),
            model=target.model,
            tier=target.tier,
            ability=ability,
            reach=self._reach(target, ability, stream),
            input_usd_per_mtok=target.input_price_usd_per_mtok,
            output_usd_per_mtok=target.output_price_usd_per_mtok,
            answer_token_count=nan if usual is None else usual,
        )


def cheapest(options: Sequence[Option], request: RequestView) -> Option:
    """The option with the lowest expected cost; ties go to the lowest target index."""
    if len(options) == 1:
        return options[0]
    prompt_count, best, least = request.prompt_token_count, options[0], inf
    for option in options:
        answer = option.answer_token_count
        if answer != answer:  # noqa: PLR0124  (nan: no usual length; a call would cost more than the rest)
            answer = request.max_output_token_count
        price = prompt_count * option.input_usd_per_mtok + answer * option.output_usd_per_mtok
        if price < least:
            best, least = option, price
    return best


def strongest(options: Sequence[Option], request: RequestView) -> Option:
    """The option with the greatest ability; ties go to the cheaper, then to the lowest index."""
    if len(options) == 1:
        return options[0]
    greatest = max(options, key=_ability).ability
    return cheapest([option for option in options if option.ability == greatest], request)


def capable(options: Sequence[Option], difficulty: float) -> list[Option]:
    """Options whose predicted success at this difficulty (logits) meets their table's floor."""
    return [option for option in options if option.reach >= difficulty]


def _ability(option: Option) -> float:
    """The option's ability."""
    return option.ability


def _log_odds(floor: float) -> float:
    """Log odds of a probability; infinite at 0 and 1."""
    if floor <= 0.0:
        return -inf
    return inf if floor >= 1.0 else log(floor / (1.0 - floor))
