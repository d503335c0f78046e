"""What policies would have earned on a log, with what speaks for and against believing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from simulator.offline.choices import action_probabilities
from simulator.offline.errors import InvalidReplayError
from simulator.offline.estimators import (
    doubly_robust,
    effective_rows,
    inverse_propensity,
    modelled_rewards,
    normal_interval,
    self_normalised,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from simulator.offline.log import DecisionLog
    from simulator.statistics import ConfidenceInterval

LEAST_EFFECTIVE_ROWS: Final = 30
LEAST_EFFECTIVE_RATIO: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardEstimates:
    """A reward's mean under a policy, by three estimators."""

    ips: ConfidenceInterval
    snips: ConfidenceInterval
    dr: ConfidenceInterval


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyReplay:
    """A policy on the log: estimates by reward, and how well the log covers its choices.

    `matched_ratio` is the share of rows whose logged action the policy may take; `mean_weight` is 1 in
    expectation where the propensities are right.
    """

    policy: str
    rewards: Mapping[str, RewardEstimates]
    effective_rows: float
    matched_ratio: float
    mean_weight: float
    max_weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReplay:
    """Policies on a log of so many rows, beside the means of the log itself."""

    rows: int
    confidence: float
    logged: Mapping[str, ConfidenceInterval]
    policies: tuple[PolicyReplay, ...]


def replay(
    log: DecisionLog, policies: Sequence[str], *, confidence: float = 0.95, draws: int = 200, seed: int = 0
) -> LogReplay:
    """What each policy would have earned.

    Raises:
        InvalidReplayError: lists every policy that the log cannot value, and why.
        RouterError: there is no such policy, or it fails.
    """
    found, problems = [], []
    for spec in policies:
        try:
            probability = action_probabilities(log, spec, draws, seed)
            found.append(replayed(log, spec, probability, confidence))
        except InvalidReplayError as error:
            problems.append(str(error))
    if problems:
        raise InvalidReplayError("\n".join(problems))
    logged = {name: normal_interval(reward, confidence) for name, reward in log.rewards.items()}
    return LogReplay(rows=len(log), confidence=confidence, logged=logged, policies=tuple(found))


def replayed(
    log: DecisionLog, spec: str, probability: NDArray[np.float64], confidence: float
) -> PolicyReplay:
    """One policy on the log, from the probabilities of its actions, rows x actions.

    Raises:
        InvalidReplayError: lists what the log does not cover.
    """
    weight = probability[np.arange(len(log)), log.action_code] / log.propensity
    problems = tuple(overlap_problems(log, probability, weight))
    if problems:
        raise InvalidReplayError("\n".join(f"{spec}: {problem}" for problem in problems))
    return PolicyReplay(
        policy=spec,
        rewards={
            name: estimates(log, reward, weight, probability, confidence)
            for name, reward in log.rewards.items()
        },
        effective_rows=effective_rows(weight),
        matched_ratio=float((weight > 0.0).mean()),
        mean_weight=float(weight.mean()),
        max_weight=float(weight.max()),
    )


def estimates(
    log: DecisionLog,
    reward: NDArray[np.float64],
    weight: NDArray[np.float64],
    probability: NDArray[np.float64],
    confidence: float,
) -> RewardEstimates:
    """The three estimates of one reward."""
    modelled = modelled_rewards(reward, log.action_code, log.task_code, len(log.action_names))
    return RewardEstimates(
        ips=inverse_propensity(weight, reward, confidence),
        snips=self_normalised(weight, reward, confidence),
        dr=doubly_robust(weight, reward, modelled, probability, log.action_code, confidence),
    )


def overlap_problems(
    log: DecisionLog, probability: NDArray[np.float64], weight: NDArray[np.float64]
) -> Iterator[str]:
    """Actions that the log never took for a task, and too few rows that count."""
    for code, task in enumerate(log.task_names):
        rows = log.task_code == code
        taken = np.bincount(log.action_code[rows], minlength=len(log.action_names)) > 0
        wanted = probability[rows].sum(axis=0)
        for action in np.flatnonzero((wanted > 0.0) & ~taken):
            of_task = f" for task {task!r}" if task else ""
            share = wanted[action] / rows.sum()
            yield f"chooses {log.action_names[action]!r}{of_task} ({share:.1%} of it), never logged there"
    found, least = effective_rows(weight), max(LEAST_EFFECTIVE_ROWS, LEAST_EFFECTIVE_RATIO * len(log))
    if found < least:
        yield (
            f"effective sample size {found:.1f} of {len(log):,} rows is below {least:g} "
            f"(at least {LEAST_EFFECTIVE_ROWS} and {LEAST_EFFECTIVE_RATIO:.0%} of rows)"
        )
