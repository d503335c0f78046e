"""A policy's answer as data: which target or targets, under which rule, and why."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from router.errors import InvalidDecisionError


def _require(holds: bool, message: str) -> None:  # noqa: FBT001  (the condition is what is stated)
    """Raises `InvalidDecisionError` with the message unless the condition holds."""
    if not holds:
        raise InvalidDecisionError(message)


@dataclass(frozen=True, slots=True)
class Decision:
    """Base of all decisions; build one with the constructors below.

    `reason` is a short stable phrase: reports count decisions by it.
    """

    reason: str

    @staticmethod
    def send(target: str, *, reason: str, fallbacks: tuple[str, ...] = ()) -> Send:
        """Sends to one target; `fallbacks` are tried in order when it fails."""
        return Send(reason, target, fallbacks)

    @staticmethod
    def cascade(targets: tuple[str, ...], *, verifier: Verifier, reason: str) -> Cascade:
        """Tries targets in order until the verifier accepts an answer; the last one stands."""
        return Cascade(reason, targets, verifier)

    @staticmethod
    def hedge(target: str, backup: str, *, after_s: float, reason: str) -> Hedge:
        """Adds a second attempt when no first token came within `after_s` seconds."""
        return Hedge(reason, target, backup, after_s)

    @staticmethod
    def race(targets: tuple[str, ...], *, reason: str) -> Race:
        """Starts on all targets at once; the first token wins, the others are cancelled."""
        return Race(reason, targets)

    @staticmethod
    def defer(until_s: float, *, reason: str) -> Defer:
        """Asks the policy again at virtual time `until_s`."""
        return Defer(reason, until_s)

    @staticmethod
    def reject(*, reason: str) -> Reject:
        """Turns the request away."""
        return Reject(reason)


@dataclass(frozen=True, slots=True)
class Send(Decision):
    """One target, with ordered fallbacks."""

    target: str
    fallbacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """How an answer is judged: its error rates, and what judging costs and takes.

    A right answer is refused with probability `false_reject_ratio`, a wrong one accepted with
    `false_accept_ratio`; each judgement adds `latency_s` and `cost_usd`.
    """

    false_accept_ratio: float = 0.1
    false_reject_ratio: float = 0.1
    latency_s: float = 0.2
    cost_usd: float = 0.0

    def __post_init__(self) -> None:
        """Holds only possible rates, times and costs.

        Raises:
            InvalidDecisionError: a ratio outside [0, 1], or a negative time or cost.
        """
        for name in ("false_accept_ratio", "false_reject_ratio"):
            _require(0.0 <= getattr(self, name) <= 1.0, f"{name} of {getattr(self, name)!r} is not in [0, 1]")
        for name in ("latency_s", "cost_usd"):
            value = getattr(self, name)
            _require(isfinite(value) and value >= 0.0, f"{name} of {value!r} is not a finite number >= 0")


@dataclass(frozen=True, slots=True)
class Cascade(Decision):
    """Targets in order of escalation, with the verifier that accepts or escalates."""

    targets: tuple[str, ...]
    verifier: Verifier

    def __post_init__(self) -> None:
        """Holds only cascades with a first stage.

        Raises:
            InvalidDecisionError: no target is named.
        """
        _require(len(self.targets) > 0, "a cascade needs at least one target")


@dataclass(frozen=True, slots=True)
class Hedge(Decision):
    """A target, its backup, and the wait before the backup starts."""

    target: str
    backup: str
    after_s: float

    def __post_init__(self) -> None:
        """Holds only hedges between two targets with a wait that can pass.

        Raises:
            InvalidDecisionError: target and backup are the same, or the wait is negative or not finite.
        """
        _require(self.target != self.backup, f"a hedge needs two targets, not {self.target!r} twice")
        _require(
            isfinite(self.after_s) and self.after_s >= 0.0,
            f"after_s of {self.after_s!r} is not a finite number >= 0",
        )


@dataclass(frozen=True, slots=True)
class Race(Decision):
    """Targets started together."""

    targets: tuple[str, ...]

    def __post_init__(self) -> None:
        """Holds only races between distinct targets.

        Raises:
            InvalidDecisionError: no target, or one named twice.
        """
        _require(len(self.targets) > 0, "a race needs at least one target")
        _require(len(set(self.targets)) == len(self.targets), f"a target is named twice in {self.targets!r}")


@dataclass(frozen=True, slots=True)
class Defer(Decision):
    """The instant at which the policy wants to be asked again."""

    until_s: float


@dataclass(frozen=True, slots=True)
class Reject(Decision):
    """The request is turned away."""
